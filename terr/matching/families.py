"""Parents and children: where a parent's figure may hold its children's too, so that money is counted twice.

Like duplicates: suggested with evidence and effect, decided by a person, kept as plain text, worked out anew from the
originals each time.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.matching.names import company_key
from terr.matching.pairs import column_for
from terr.model.accounts import Accounts

Count = Literal["parent", "children", "rest", "both"]
COUNTS: tuple[Count, ...] = ("parent", "children", "rest", "both")
"""What counts: the parent's figure alone; its children's alone; the children's and what the parent has beyond them; or
everything as it stands."""
EQUAL_WITHIN = 0.005
"""A parent within this share of its children's sum equals it."""
_PARENT_WORDS = (
    "parentaccountid",
    "parentid",
    "parentaccount",
    "parentcompany",
    "parentaccountname",
    "parentname",
    "parent",
    "parentcustomer",
    "ultimateparent",
    "parentcompanyid",
    "headquarters",
)


@dataclass(frozen=True)
class FamilyOverlap:
    """One measure of a family.

    Attributes:
        measure: its name.
        parent: the parent's figure.
        children: sum of its children's.
        verdict: "equal" (within 0.5%) or "covers" (the parent's is larger, and may hold them).
        if_parent, if_children, if_rest: what the sum over all accounts changes by if that counts; never above 0 when
            all figures are positive. "both" changes nothing.
    """

    measure: str
    parent: float
    children: float
    verdict: Literal["equal", "covers"]
    if_parent: float
    if_children: float
    if_rest: float


@dataclass(frozen=True)
class Family:
    """A parent whose figures may hold its children's.

    Attributes:
        parent: id of the parent.
        name: its name.
        children: ids of its children, in the file's order.
        overlaps: one per measure that may be counted twice.
    """

    parent: str
    name: str
    children: tuple[str, ...]
    overlaps: tuple[FamilyOverlap, ...]

    @property
    def certain(self) -> bool:
        """True if a figure of the parent equals its children's sum."""
        return any(o.verdict == "equal" for o in self.overlaps)

    def decide(self, count: Count, measures: Sequence[str] = ()) -> FamilyDecision:
        """The decision about this family, for all measures in question or for some."""
        return FamilyDecision(self.parent, count, tuple(measures) or tuple(o.measure for o in self.overlaps))


@dataclass(frozen=True)
class FamilyDecision:
    """What counts of a family.

    Attributes:
        parent: id of the parent.
        count: one of `COUNTS`.
        measures: those it is about.
    """

    parent: str
    count: Count
    measures: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.count not in COUNTS:
            raise InputError("of a family count the parent, the children, the children and the rest, or both")
        if not self.measures:
            raise InputError("a decision about a family needs a measure")


@dataclass(frozen=True, eq=False)
class FamilyTree:
    """Who belongs to whom.

    Attributes:
        parent: int64 (n_accounts,), row position of the parent, -1 for none. Free of circles. Read-only.
        column: the column it was read from, "" if there is none.
        unknown: accounts that name a parent that isn't among the accounts.
        unclear: accounts that name a parent by a name several accounts have.
        circles: ids of accounts that were their own parent, directly or around a circle; they have none here.
    """

    parent: NDArray[np.int64]
    column: str
    unknown: int
    unclear: int
    circles: tuple[str, ...]


def tree(accounts: Accounts, column: str | None = None) -> FamilyTree:
    """Reads a parent column: ids first (15- and 18-character ones of one account are the same), else names.

    Args:
        accounts: the accounts.
        column: the column that names each account's parent; None finds it by its header.

    Raises:
        InputError: if the column isn't there.
    """
    f = accounts.frame
    n = len(f)
    head = column_for(accounts, _PARENT_WORDS) if column is None else column
    if head and head not in f.columns:
        raise InputError(f"there is no column {head[:40]!r}")
    if not head:
        return _sealed(np.full(n, -1, dtype=np.int64), "", 0, 0, ())
    ids = f["account_id"].to_numpy(dtype=object)
    by_id = {str(v): k for k, v in enumerate(ids.tolist())}
    short: dict[str, int] = {}
    for v, k in by_id.items():
        if len(v) == 18:
            short.setdefault(v[:15], k)
    codes, words = pd.factorize(f[head])
    by_name: dict[str, list[int]] = defaultdict(list)
    if any(str(w).strip() not in by_id for w in words.tolist() if str(w).strip()):
        for k, name in enumerate(f["name"].tolist()):
            by_name[company_key(str(name))].append(k)
    looked = []
    for w in words.tolist():
        text = "" if pd.isna(w) else str(w).strip()
        found = by_id.get(text, short.get(text, -1))
        if found < 0 and len(text) == 18:
            found = by_id.get(text[:15], -1)
        if found < 0 and text:
            named = by_name.get(company_key(text), []) if company_key(text) else []
            found = named[0] if len(named) == 1 else -3 if named else -2
        looked.append(found)
    parent = np.array([*looked, -1], dtype=np.int64)[codes]
    unknown, unclear = int((parent == -2).sum()), int((parent == -3).sum())
    parent = np.maximum(parent, -1)
    ring = _rings(parent)
    circles = tuple(str(ids[k]) for k in np.flatnonzero(ring).tolist())
    parent[ring] = -1
    return _sealed(parent, head, unknown, unclear, circles)


def _sealed(parent: NDArray[np.int64], column: str, unknown: int, unclear: int, circles: tuple[str, ...]) -> FamilyTree:
    parent.setflags(write=False)
    return FamilyTree(parent, column, unknown, unclear, circles)


def _rings(parent: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows lie on a circle of parents."""
    ring = np.zeros(len(parent), dtype=np.bool_)
    state = np.zeros(len(parent), dtype=np.int8)  # 1 = on the way, 2 = done
    for start in np.flatnonzero(parent >= 0).tolist():
        path = []
        k = start
        while k >= 0 and state[k] == 0:
            state[k] = 1
            path.append(k)
            k = int(parent[k])
        if k >= 0 and state[k] == 1:
            ring[path[path.index(k) :]] = True
        state[path] = 2
    return ring


def _children(parent: NDArray[np.int64]) -> dict[int, list[int]]:
    kids: dict[int, list[int]] = defaultdict(list)
    for k in np.flatnonzero(parent >= 0).tolist():
        kids[int(parent[k])].append(k)
    return kids


def _from_the_top(parent: NDArray[np.int64]) -> list[int]:
    """Rows that have a parent, each after its own parent."""
    depth = np.where(parent >= 0, -1, 0)
    order: list[int] = []
    for start in np.flatnonzero(parent >= 0).tolist():
        path = []
        k = start
        while depth[k] < 0:
            path.append(k)
            k = int(parent[k])
        for k in reversed(path):
            depth[k] = depth[parent[k]] + 1
            order.append(k)
    return order


def suggest(accounts: Accounts, column: str | None = None, known: FamilyTree | None = None) -> tuple[Family, ...]:
    """Families in which a parent's figure equals or exceeds its children's sum: the certain ones first, then by money.

    A parent that has a figure while some child has none is no less suspect: blanks count as nothing in the sum.

    Args:
        accounts: the accounts.
        column: the column that names each account's parent; None finds it by its header.
        known: `tree(accounts, column)` if it is at hand.

    Raises:
        InputError: if the column isn't there.
    """
    who = known or tree(accounts, column)
    kids = _children(who.parent)
    ids = [str(i) for i in accounts.frame["account_id"]]
    figures = {m: np.nan_to_num(accounts.frame[m].to_numpy(dtype=np.float64)) for m in accounts.measures}
    names = accounts.frame["name"].to_numpy(dtype=object)
    below = {m: np.zeros(len(ids)) for m in figures}
    for k in reversed(_from_the_top(who.parent)):
        for m, v in figures.items():
            below[m][who.parent[k]] += v[k] + below[m][k]
    out = []
    for top, rows in kids.items():
        overlaps = []
        for m, v in figures.items():
            mine, theirs = float(v[top]), math.fsum(v[rows])
            if theirs <= 0 or mine < theirs * (1 - EQUAL_WITHIN):
                continue
            equal = abs(mine - theirs) <= EQUAL_WITHIN * theirs
            rest = max(mine - theirs, 0.0) - mine
            verdict: Literal["equal", "covers"] = "equal" if equal else "covers"
            overlaps.append(FamilyOverlap(m, mine, theirs, verdict, -float(below[m][top]), -mine, rest))
        if overlaps:
            out.append(Family(ids[top], str(names[top]), tuple(ids[r] for r in rows), tuple(overlaps)))
    out.sort(key=lambda f: (not f.certain, -max(o.children for o in f.overlaps)))
    return tuple(out)


@dataclass(frozen=True, eq=False)
class FamilyCorrections:
    """What became of the figures.

    Attributes:
        table: one row per figure that changed: `account_id`, `name`, `source_row`, `measure`, `before`, `after`,
            `because` (the parent's id), `count`.
        totals: (measure, before, after).
        notes: decisions that couldn't be carried out, with the reason.
    """

    table: pd.DataFrame
    totals: tuple[tuple[str, float, float], ...]
    notes: tuple[str, ...]


def count_once(
    accounts: Accounts, decisions: Sequence[FamilyDecision], column: str | None = None, known: FamilyTree | None = None
) -> tuple[Accounts, FamilyCorrections]:
    """The accounts with each family counted as decided; the given ones stay as they are.

    Every account stays, with its place and owner; a figure that is counted elsewhere becomes 0. With "parent" all
    figures below it become 0, with "children" its own, with "rest" its own less its children's sum, never below 0.
    Families within families are each worked out from the original figures; a figure that any decision sets to 0 is 0.

    Raises:
        InputError: if one family has two decisions on one measure, or the column isn't there.
    """
    who = known or tree(accounts, column)
    kids = _children(who.parent)
    f = accounts.frame
    at = {str(i): k for k, i in enumerate(f["account_id"].tolist())}
    old = {m: f[m].to_numpy(dtype=np.float64, na_value=np.nan, copy=True) for m in accounts.measures}
    wanted, notes = _wanted(decisions, at, kids, accounts.measures)
    new = {m: v.copy() for m, v in old.items()}
    rows = []
    order = _from_the_top(who.parent)
    for m, v in old.items():
        why: dict[int, FamilyDecision] = {}
        counted_above: dict[int, FamilyDecision] = {}
        for k in order:
            top = int(who.parent[k])
            d = wanted.get((m, top))
            if d is not None and d.count == "parent":
                counted_above[k] = d
            elif top in counted_above:
                counted_above[k] = counted_above[top]
        for (measure, top), d in wanted.items():
            if measure == m and d.count in {"children", "rest"}:
                left = max(float(v[top]) - float(np.nansum(v[kids[top]])), 0.0) if d.count == "rest" else 0.0
                new[m][top], why[top] = min(left, float(v[top])), d
        for k, d in counted_above.items():
            new[m][k], why[k] = 0.0, d
        new[m] = np.where(np.isnan(v), np.nan, new[m])
        for k, d in why.items():
            if new[m][k] != v[k] and not np.isnan(v[k]):
                rows.append((k, m, float(v[k]), float(new[m][k]), d.parent, d.count))
    rows.sort(key=lambda r: r[:2])
    at_rows = [r[0] for r in rows]
    table = f[["account_id", "name", "source_row"]].iloc[at_rows].reset_index(drop=True)
    for part, name in enumerate(("measure", "before", "after", "because", "count"), 1):
        table[name] = [r[part] for r in rows]
    totals = tuple((m, math.fsum(v[~np.isnan(v)]), math.fsum(new[m][~np.isnan(v)])) for m, v in old.items())
    return Accounts(f.assign(**new), accounts.measures, accounts.currency), FamilyCorrections(
        table, totals, tuple(notes)
    )


def _wanted(
    decisions: Sequence[FamilyDecision],
    at: Mapping[str, int],
    kids: Mapping[int, Sequence[int]],
    measures: tuple[str, ...],
) -> tuple[dict[tuple[str, int], FamilyDecision], list[str]]:
    """(measure, row of the parent) -> decision, and what couldn't be carried out."""
    out: dict[tuple[str, int], FamilyDecision] = {}
    notes: list[str] = []
    for d in decisions:
        top = at.get(d.parent, -1)
        if top not in kids:
            notes.append(f"{d.parent[:40]!r} is no longer the parent of any account; its decision was skipped")
            continue
        for m in d.measures:
            if m not in measures:
                notes.append(f"there is no measure {m[:40]!r} any more; the family of {d.parent[:40]!r} keeps the rest")
            elif (m, top) in out:
                raise InputError(f"the family of {d.parent[:40]!r} has two decisions on {m[:40]!r}")
            else:
                out[m, top] = d
    return out, notes
