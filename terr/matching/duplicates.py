"""Likely duplicates: suggested with their evidence and their effect on every total. Nothing merges by itself.

A decision is plain text that JSON keeps; `merge` makes the merged accounts from the originals and the decisions each
time, so taking a decision back is leaving it out.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.matching.pairs import AccountCards, AccountPair, cards, find_pairs, mean_likeness
from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.model.wording import count

How = Literal["keep", "sum", "max", "apart"]
HOWS: tuple[How, ...] = ("keep", "sum", "max", "apart")
"""What becomes of a group: the kept account's own figures, the sum, the largest figure, or no merge at all."""
MOST_EVIDENCE = 20


@dataclass(frozen=True)
class DuplicateEvidence:
    """Why two accounts may be one.

    Attributes:
        first, second: account ids.
        score: 0 to 100.
        fields: (field, text of the first, text of the second, likeness 0 to 100), for fields that both have.
    """

    first: str
    second: str
    score: float
    fields: tuple[tuple[str, str, str, float], ...]

    def __str__(self) -> str:
        told = [
            f"same {_FIELDS[f]}" if like == 100 else f"{_FIELDS[f]} {like:.0f}% alike"
            for f, _, _, like in self.fields
            if like
        ]
        other = [f"other {_FIELDS[f]}" for f, _, _, like in self.fields if not like]
        return ", ".join((*told, *other))


_FIELDS = {"name": "name", "street": "street", "zip": "ZIP", "city": "city", "domain": "website"}


@dataclass(frozen=True)
class MergeEffect:
    """What merging a group does to one measure; blanks count as nothing.

    Attributes:
        measure: its name.
        now: the group's sum as it stands.
        keep, sum, max: the group's figure after merging in that way.
    """

    measure: str
    now: float
    keep: float
    sum: float
    max: float


@dataclass(frozen=True)
class DuplicateSuggestion:
    """Accounts that may be one.

    Attributes:
        key: stands for exactly these accounts; the same in every run.
        kind: "duplicate"; or "elsewhere", one name at several places or without any, which is usually no duplicate.
        accounts: ids in the file's order.
        rows: rows of the file.
        name: as the kept account writes it.
        owners: distinct owners, "" left out.
        score: 0 to 100, of the weakest pair.
        evidence: of the pairs, strongest first; at most 20.
        keep: the account proposed to stay: most cells filled, then largest, then first.
        effects: one per measure.
    """

    key: str
    kind: Literal["duplicate", "elsewhere"]
    accounts: tuple[str, ...]
    rows: tuple[int, ...]
    name: str
    owners: tuple[str, ...]
    score: float
    evidence: tuple[DuplicateEvidence, ...]
    keep: str
    effects: tuple[MergeEffect, ...]

    def decide(self, how: How, keep: str = "", measures: Mapping[str, How] | None = None) -> DuplicateDecision:
        """The decision about this group."""
        return DuplicateDecision(self.accounts, how, keep or self.keep, dict(measures or {}))


@dataclass(frozen=True)
class DuplicateDecision:
    """What a person decided about a group.

    Attributes:
        accounts: two or more ids.
        how: one of `HOWS`.
        keep: the id that stays.
        measures: measure -> how, where one differs.
    """

    accounts: tuple[str, ...]
    how: How
    keep: str
    measures: Mapping[str, How] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measures", MappingProxyType(dict(self.measures)))
        if len(set(self.accounts)) < 2 or len(set(self.accounts)) < len(self.accounts):
            raise InputError("a merge needs two or more different accounts")
        if self.keep not in self.accounts:
            raise InputError(f"the account to keep, {self.keep[:40]!r}, isn't one of those that are merged")
        if self.how not in HOWS or any(h not in HOWS[:3] for h in self.measures.values()):
            raise InputError("choose keep, sum, max or apart for a merge")


def _unique_ids(accounts: Accounts) -> NDArray[np.object_]:
    ids: NDArray[np.object_] = accounts.frame["account_id"].to_numpy(dtype=object)
    if len(set(ids.tolist())) < len(ids):
        raise InputError("account ids must be unique before duplicates are looked for")
    return ids


def suggest(
    accounts: Accounts,
    *,
    street_column: str | None = None,
    domain_column: str | None = None,
    progress: Progress = UNWATCHED,
) -> tuple[DuplicateSuggestion, ...]:
    """Groups of likely duplicates, those that move most of the first measure first; then one name at several places.

    Args:
        accounts: the accounts.
        street_column: the column with streets; None finds it by its header, "" goes without.
        domain_column: the column with web or mail addresses, in the same way.
        progress: told how far it is.

    Raises:
        InputError: if account ids aren't unique.
        StoppedError: if the person stopped it.
    """
    ids = _unique_ids(accounts)
    every = cards(accounts, street_column, domain_column)
    alike = pd.DataFrame({f: getattr(every, f) for f in ("name", "street", "zip", "city", "domain")})
    alike["x"], alike["y"] = every.xyz[:, 0], every.xyz[:, 1]
    # accounts with equal cards are one node, so a thousand copies aren't half a million pairs
    node = alike.groupby(list(alike.columns), sort=False, dropna=False).ngroup().to_numpy(copy=True)
    node[every.name == ""] = node.max(initial=-1) + 1 + np.arange(int((every.name == "").sum()))
    _, first, node = np.unique(node, return_index=True, return_inverse=True)
    small = every.take(first)
    pairs = find_pairs(small, progress)
    cluster = _clusters(len(first), pairs)
    members: dict[int, list[int]] = defaultdict(list)
    for row, k in enumerate(cluster[node].tolist()):
        members[k].append(row)
    of_cluster: dict[int, list[AccountPair]] = defaultdict(list)
    for p in pairs:
        if cluster[p.first] == cluster[p.second]:
            of_cluster[int(cluster[p.first])].append(p)
    maker = _Maker(accounts, ids, every, first)
    placed = (small.zip != "") | (small.city != "") | (small.street != "") | ~np.isnan(small.xyz[:, 0])
    found = []
    told = set()
    for k, rows in members.items():
        # equal names that are nowhere have nothing but the name in common
        if (
            len(rows) > 1
            and every.name[rows[0]]
            and (placed[node[rows[0]]] or small.domain[node[rows[0]]] or of_cluster[k])
        ):
            found.append(maker.make("duplicate", rows, of_cluster[k]))
            told.add(k)
    found.sort(key=lambda s: (-_moved(s), -s.score, s.rows))
    return (*found, *_elsewhere(every, cluster[node], told, maker))


def _moved(s: DuplicateSuggestion) -> float:
    return abs(s.effects[0].now - s.effects[0].keep) if s.effects else 0.0


def _clusters(n: int, pairs: Sequence[AccountPair]) -> NDArray[np.intp]:
    """Groups in which every two are a pair: strongest pairs first, joined only where all members agree."""
    linked = {(p.first, p.second) for p in pairs}
    group = np.arange(n)
    members: dict[int, list[int]] = {}
    for p in sorted(pairs, key=lambda p: (-p.score, p.first, p.second)):
        a, b = int(group[p.first]), int(group[p.second])
        if a == b:
            continue
        left, right = members.get(a, [a]), members.get(b, [b])
        if all((min(x, y), max(x, y)) in linked for x in left for y in right):
            members[a] = left + right
            group[right] = a
            members.pop(b, None)
    return group


def _elsewhere(
    every: AccountCards, cluster: NDArray[np.intp], told: set[int], maker: _Maker
) -> list[DuplicateSuggestion]:
    by_name: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(every.name.tolist()):
        if name:
            by_name[name].append(row)
    groups = []
    for rows in by_name.values():
        if len(rows) > 1:
            clusters = set(cluster[rows].tolist())
            if len(clusters) > 1 or not clusters <= told:
                groups.append(rows)
    return [maker.make("elsewhere", rows, []) for rows in sorted(groups, key=lambda r: (-len(r), r[0]))]


class _Maker:
    def __init__(
        self, accounts: Accounts, ids: NDArray[np.object_], every: AccountCards, first: NDArray[np.intp]
    ) -> None:
        f = accounts.frame
        self.ids, self.every, self.first, self.measures = ids, every, first, accounts.measures
        self.rows = f["source_row"].to_numpy()
        self.names, self.owners = (f[c].to_numpy(dtype=object) for c in ("name", "owner"))
        self.figures = f[list(accounts.measures)].to_numpy(dtype=np.float64, na_value=np.nan)
        self.shown = {c: f[c].to_numpy(dtype=object) for c in ("name", "zip", "city")}
        self.filled = np.zeros(len(f), dtype=np.int64)
        for c in f.columns:
            column = f[c]
            self.filled += (column.notna() & (column != "")).to_numpy(dtype=np.int64)

    def make(
        self, kind: Literal["duplicate", "elsewhere"], rows: list[int], pairs: list[AccountPair]
    ) -> DuplicateSuggestion:
        """The suggestion for rows in the file's order."""
        names = [str(self.ids[r]) for r in rows]
        size = np.nan_to_num(self.figures[rows, 0]) if len(self.measures) else np.zeros(len(rows))
        best = max(range(len(rows)), key=lambda k: (self.filled[rows[k]], size[k], -k))
        evidence = self._evidence(kind, rows, pairs)
        effects = []
        for j, m in enumerate(self.measures):
            column = self.figures[rows, j]
            known = column[~np.isnan(column)]
            whole = math.fsum(known)
            kept = 0.0 if math.isnan(column[best]) else float(column[best])
            effects.append(MergeEffect(m, whole, kept, whole, float(known.max()) if len(known) else 0.0))
        key = hashlib.sha256("\x1f".join(sorted(names)).encode()).hexdigest()[:16]
        owners = tuple(dict.fromkeys(str(self.owners[r]) for r in rows if self.owners[r]))
        score = min((e.score for e in evidence), default=100.0)
        return DuplicateSuggestion(
            key,
            kind,
            tuple(names),
            tuple(int(self.rows[r]) for r in rows),
            str(self.names[rows[best]]),
            owners,
            score,
            evidence,
            names[best],
            tuple(effects),
        )

    def _evidence(self, kind: str, rows: list[int], pairs: list[AccountPair]) -> tuple[DuplicateEvidence, ...]:
        out = []
        for p in sorted(pairs, key=lambda p: -p.score):
            likes = tuple((f.field, f.likeness) for f in p.fields)
            out.append(self._of(int(self.first[p.first]), int(self.first[p.second]), p.score, likes))
        told = {(e.first, e.second) for e in out}
        fields = ("name", "street", "zip", "city", "domain")
        for r in rows[1 : MOST_EVIDENCE + 1]:
            texts = [(f, getattr(self.every, f)[rows[0]], getattr(self.every, f)[r]) for f in fields]
            likes = tuple((f, 100.0 if a == b else 0.0) for f, a, b in texts if a and b)
            equal = all(a == b for _, a, b in texts)
            if (str(self.ids[rows[0]]), str(self.ids[r])) not in told and (equal or kind == "elsewhere"):
                out.append(self._of(rows[0], r, mean_likeness(dict(likes)), likes))
        return tuple(out[:MOST_EVIDENCE])

    def _of(self, i: int, j: int, score: float, likes: tuple[tuple[str, float], ...]) -> DuplicateEvidence:
        fields = []
        for f, like in sorted(likes, key=lambda item: list(_FIELDS).index(item[0])):
            column = self.shown.get(f, getattr(self.every, f))
            fields.append((f, str(column[i]), str(column[j]), like))
        return DuplicateEvidence(str(self.ids[i]), str(self.ids[j]), score, tuple(fields))


@dataclass(frozen=True, eq=False)
class MergedAccounts:
    """What became of the accounts.

    Attributes:
        table: one row per account that went into another: `account_id`, `name`, `source_row`, `into` (an id), `how`.
        totals: (measure, before, after).
        notes: decisions that couldn't be carried out, or only in part, with the reason.
    """

    table: pd.DataFrame
    totals: tuple[tuple[str, float, float], ...]
    notes: tuple[str, ...]


def merge(accounts: Accounts, decisions: Sequence[DuplicateDecision]) -> tuple[Accounts, MergedAccounts]:
    """The accounts with every decision carried out; the given ones stay as they are.

    The account that stays keeps its row, texts and place; only its measures change, as decided. Accounts of a decision
    that aren't there any more are passed over; if fewer than two are left, or the one to keep is gone, nothing of it is
    done, and the notes say so.

    Raises:
        InputError: if ids aren't unique, or one account is in two decisions that merge.
    """
    ids = _unique_ids(accounts)
    at = {str(i): k for k, i in enumerate(ids.tolist())}
    figures = {m: accounts.frame[m].to_numpy(dtype=np.float64, na_value=np.nan, copy=True) for m in accounts.measures}
    before = {m: math.fsum(v[~np.isnan(v)]) for m, v in figures.items()}
    stays = np.ones(len(ids), dtype=np.bool_)
    used: set[str] = set()
    rows: list[tuple[int, str, How]] = []
    notes = []
    for d in decisions:
        if d.how == "apart":
            continue
        both = used & set(d.accounts)
        if both:
            raise InputError(f"the account {min(both)[:40]!r} is in two merges; undo one of them")
        used |= set(d.accounts)
        there = [i for i in d.accounts if i in at]
        if d.keep not in at or len(there) < 2:
            gone = next(i for i in d.accounts if i not in at)
            notes.append(f"the merge into {d.keep[:40]!r} wasn't done: {gone[:40]!r} isn't among the accounts")
            continue
        if len(there) < len(d.accounts):
            notes.append(
                f"{count(len(d.accounts) - len(there), 'account')} of the merge into {d.keep[:40]!r} no longer in the "
                "file"
            )
        mine = [at[i] for i in there]
        for m, v in figures.items():
            v[at[d.keep]] = _joined(v[mine], float(v[at[d.keep]]), d.measures.get(m, d.how))
        for i in there:
            if i != d.keep:
                stays[at[i]] = False
                rows.append((at[i], d.keep, d.how))
    frame = accounts.frame.assign(**figures)[stays].reset_index(drop=True)
    left = Accounts(frame, accounts.measures, accounts.currency)
    lost = [r for r, _, _ in rows]
    table = accounts.frame[["account_id", "name", "source_row"]].iloc[lost].reset_index(drop=True)
    table["into"], table["how"] = [k for _, k, _ in rows], [h for _, _, h in rows]
    after = {m: math.fsum(v[stays & ~np.isnan(v)]) for m, v in figures.items()}
    return left, MergedAccounts(table, tuple((m, before[m], after[m]) for m in figures), tuple(notes))


def _joined(group: NDArray[np.float64], kept: float, how: How) -> float:
    known = group[~np.isnan(group)]
    if how == "keep" or not len(known):
        return kept
    return math.fsum(known) if how == "sum" else float(known.max())


def undecided(
    suggestions: Sequence[DuplicateSuggestion], decisions: Sequence[DuplicateDecision]
) -> tuple[DuplicateSuggestion, ...]:
    """The suggestions that still need a decision: all but those whose accounts have all been decided together."""
    done = [frozenset(d.accounts) for d in decisions]
    return tuple(s for s in suggestions if not any(set(s.accounts) <= d for d in done))
