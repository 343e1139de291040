"""Two plans side by side: which territory is which, what moves, and which one does better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from terr.aggregate import account_codes, measure_values, unit_codes
from terr.edits.history import ROOT, History
from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.plan import Plan, Territory
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.model.units import UNASSIGNED, Units
from terr.view.text import count, percent, short
from terr.workspace.accounts.dataset import dataset
from terr.workspace.plan.named_accounts import register
from terr.workspace.workspace import Workspace

NEW = 32_100
"""Territories of the second plan that match none of the first are numbered from here on."""


@dataclass(frozen=True)
class PlanPoint:
    """A plan as it was after one edit.

    Attributes:
        scenario_id: whose; edit_id: after which edit, None = as it is now.
        name: for a person.
    """

    scenario_id: str
    edit_id: int | None = None
    name: str = ""

    @property
    def key(self) -> str:
        """The same point always has the same."""
        return f"{self.scenario_id}:{'' if self.edit_id is None else self.edit_id}"


@dataclass(frozen=True, eq=False)
class ComparedPlan:
    """One plan of a comparison.

    Attributes:
        point: what is looked at; edit_id: the edit it stands at, 0 = the empty plan.
        info, plan, units: the plan.
        codes: int16 (n_accounts,), territory of each account, exceptions included, -1 = none.
        reached: bool (n_accounts,), the account lies in the plan's region or goes to a territory by name.
    """

    point: PlanPoint
    edit_id: int
    info: ScenarioInfo
    plan: Plan
    units: Units
    codes: NDArray[np.int16]
    reached: NDArray[np.bool_]


@dataclass(frozen=True)
class TerritoryPair:
    """A territory of the first plan and the one of the second it has become; None = there is none.

    Attributes:
        how: "same" (one territory with a history), "overlap" (they share most), "only" (there is no other).
    """

    first: Territory | None
    second: Territory | None
    how: str

    @property
    def name(self) -> str:
        """One name for both."""
        if self.first is not None and self.second is not None and self.first.name != self.second.name:
            return f"{self.first.name} → {self.second.name}"
        one = self.first or self.second
        return one.name if one is not None else ""


@dataclass(frozen=True, eq=False)
class PlanComparison:
    """Two plans of one data set.

    Attributes:
        a, b: the sides; accounts, reps: what both are made of.
        data: the data set and its version, for the keys of what is kept in memory.
        pairs: territories matched, those of `a` first.
        key_a, key_b: int32 (n_accounts,), territory in one naming: codes of `a`, above `NEW` what only `b` has, -1 =
            none.
    """

    a: ComparedPlan
    b: ComparedPlan
    accounts: Accounts
    reps: tuple[Rep, ...]
    pairs: tuple[TerritoryPair, ...]
    key_a: NDArray[np.int32]
    key_b: NDArray[np.int32]
    data: str

    @property
    def inside(self) -> NDArray[np.bool_]:
        """bool (n_accounts,), what shares are of: accounts that either plan reaches."""
        return self.a.reached | self.b.reached

    @cached_property
    def changed(self) -> NDArray[np.bool_]:
        """bool (n_accounts,), accounts in another territory; from or to none counts."""
        return np.asarray(self.key_a != self.key_b, dtype=np.bool_)

    @cached_property
    def rep_a(self) -> NDArray[np.object_]:
        """Rep id of each account in the first plan, "" = nobody."""
        return _reps(self.a)

    @cached_property
    def rep_b(self) -> NDArray[np.object_]:
        """The same in the second plan."""
        return _reps(self.b)

    @cached_property
    def rep_changed(self) -> NDArray[np.bool_]:
        """bool (n_accounts,), accounts of another rep; from or to nobody counts."""
        return np.asarray(self.rep_a != self.rep_b, dtype=np.bool_)

    @property
    def has_reps(self) -> bool:
        """True if a territory of both plans has a rep."""
        return all(any(t.rep for t in side.plan.territories) for side in (self.a, self.b))

    @property
    def same_units(self) -> bool:
        """True if both are made on the same areas, so that a map can show what moves."""
        return self.a.plan.units_version == self.b.plan.units_version and len(self.a.plan) == len(self.b.plan)

    def total(self, measure: str, where: NDArray[np.bool_]) -> float:
        """Sum of a measure, in its own unit, over some accounts."""
        return float(measure_values(self.accounts, (measure,))[where, 0].sum())

    def currency(self, measure: str) -> str:
        """Currency code of a measure, "" if it is no money."""
        return dict(self.accounts.currency).get(measure, "")


def side(ws: Workspace, point: PlanPoint) -> ComparedPlan:
    """One plan of a comparison.

    Raises:
        LocateError: if the scenario or the edit is gone. PlanError: if its boundaries changed or are gone.
    """
    info = ws.store.scenarios.get(point.scenario_id)
    units = ws.units(info)
    at = info.head if point.edit_id is None else point.edit_id
    plan = ws.plan(info.id)[0] if point.edit_id is None else ws.store.plans.at(info.id, at)
    accounts = dataset(ws, info.dataset_id).accounts
    found = unit_codes(accounts, units)
    held = register(ws, info, plan).held
    codes = account_codes(accounts, units, plan, codes=found, held=held)
    reached = found >= 0
    reached[held.rows] = True
    return ComparedPlan(point, at, info, plan, units, codes, reached)


def compare(ws: Workspace, first: PlanPoint, second: PlanPoint, *, progress: Progress = UNWATCHED) -> PlanComparison:
    """Match two plans and find what moves.

    Territories that had one history are the same ones, whatever their names; the rest is matched by the accounts they
    share.

    Raises:
        InputError: if they are plans of different data sets.
        LocateError: if a plan is gone. PlanError: if its boundaries changed or are gone.
        StoppedError: if the person stopped it.
    """
    progress.tell(0.0, "locating the accounts on the first plan's map")
    a = side(ws, first)
    progress.tell(0.4, "locating the accounts on the second plan's map")
    b = side(ws, second)
    progress.tell(0.8, "matching territories")
    if a.info.dataset_id != b.info.dataset_id:
        raise InputError(
            f'"{a.info.name}" and "{b.info.name}" use different account files, so they can\'t be compared '
            "account by account; choose two plans of the same data set"
        )
    data = dataset(ws, a.info.dataset_id)
    shared = _shared(ws, a, b)
    weight = _weight(data.accounts, a, b)
    pairs = match(a, b, shared, weight)
    to_a = {p.second.code: p.first.code for p in pairs if p.first is not None and p.second is not None}
    lookup = np.arange(2**15 + 1, dtype=np.int32) + NEW
    lookup[-1] = UNASSIGNED  # what -1 picks
    for code, there in to_a.items():
        lookup[code] = there
    return PlanComparison(a, b, data.accounts, data.reps, pairs, a.codes.astype(np.int32), lookup[b.codes], data.key)


def paired_colors(ws: Workspace, found: PlanComparison) -> tuple[dict[int, int], dict[int, int]]:
    """Palette index by code of the first plan and of the second, where a territory keeps the first's if it can."""
    first = ws.colors(found.a.info, found.a.plan)
    same = {p.second.code: first[p.first.code] for p in found.pairs if p.first is not None and p.second is not None}
    wished = tuple(replace(t, color=same.get(t.code, t.color)) for t in found.b.plan.territories)
    return first, ws.colors(found.b.info, replace(found.b.plan, territories=wished))


def match(
    a: ComparedPlan, b: ComparedPlan, shared: frozenset[int], weight: NDArray[np.float64]
) -> tuple[TerritoryPair, ...]:
    """Which territory is which.

    Args:
        a, b: the plans.
        shared: codes that mean one territory in both.
        weight: float64 (n_accounts,), what accounts count when the rest is matched by what they share.
    """
    there = {t.code: t for t in b.plan.territories}
    here = {t.code: t for t in a.plan.territories}
    became = {c: (c, "same") for c in here if c in shared and c in there}
    left = [c for c in here if c not in became]
    right = [c for c in there if c not in became]
    if left and right:
        table = np.zeros((len(left), len(right)))
        row, column = ({c: i for i, c in enumerate(codes)} for codes in (left, right))
        both = np.isin(a.codes, left) & np.isin(b.codes, right)
        at = [row[c] for c in a.codes[both].tolist()], [column[c] for c in b.codes[both].tolist()]
        np.add.at(table, (np.array(at[0], int), np.array(at[1], int)), weight[both])
        for i, j in zip(*linear_sum_assignment(table, maximize=True), strict=True):
            if table[i, j] > 0:
                became[left[int(i)]] = (right[int(j)], "overlap")
    pairs = [
        TerritoryPair(t, there[became[t.code][0]], became[t.code][1])
        if t.code in became
        else TerritoryPair(t, None, "only")
        for t in a.plan.territories
    ]
    used = {code for code, _ in became.values()}
    return (*pairs, *(TerritoryPair(None, t, "only") for t in b.plan.territories if t.code not in used))


def _weight(accounts: Accounts, a: ComparedPlan, b: ComparedPlan) -> NDArray[np.float64]:
    both = (a.codes >= 0) & (b.codes >= 0)
    values = np.clip(measure_values(accounts, (a.info.measure,))[:, 0], 0, None)
    return values if values[both].sum() > 0 else np.ones(len(accounts))


def _shared(ws: Workspace, a: ComparedPlan, b: ComparedPlan) -> frozenset[int]:
    """Codes that mean one territory in both: of one scenario all, of copies those there were when they parted."""
    if a.info.id == b.info.id:
        return frozenset(range(2**15))
    at = parting(ws.store.edits.history(a.info.id), a.edit_id, ws.store.edits.history(b.info.id), b.edit_id)
    return frozenset() if at == ROOT else frozenset(ws.store.plans.at(a.info.id, at).codes)


def parting(one: History, at: int, other: History, there: int) -> int:
    """The last edit that two lines of work have in common, ROOT if none: copies keep their edits' ids and times."""
    mine, theirs = ({s.id: s for s in h.steps} for h in (one, other))
    last = ROOT
    for a, b in zip(one.trail(at), other.trail(there), strict=False):
        if a != b or mine[a] != theirs[b]:
            break
        last = a
    return last


def _reps(one: ComparedPlan) -> NDArray[np.object_]:
    """object (n_accounts,), rep id of each account's territory."""
    names = np.full(2**15 + 1, "", dtype=object)
    for t in one.plan.territories:
        names[t.code] = t.rep
    names[-1] = ""
    out: NDArray[np.object_] = names[one.codes]
    return out


def matching_line(found: PlanComparison) -> str:
    """How territories were matched, in one or two sentences."""
    same, near, only = (sum(p.how == how for p in found.pairs) for how in ("same", "overlap", "only"))
    ways = []
    if same:
        ways.append(f"{count(same, 'territory', 'territories')} that are the same")
    if near:
        ways.append(f"{count(near, 'territory', 'territories')} by the most shared accounts")
    line = f"Matched: {' and '.join(ways)}." if ways else "No territories match."
    if only:
        line += f" {count(only, 'territory is', 'territories are')} only in one plan."
    return line


def disruption_line(found: PlanComparison, measure: str, *, by_rep: bool = False) -> str:
    """What moves and of what, such as "3.2% of Revenue goes to another territory: $1.32M of $41.3M, ..."."""
    moved = found.inside & (found.rep_changed if by_rep else found.changed)
    whole = found.total(measure, found.inside)
    part = found.total(measure, moved)
    share = percent(100 * part / whole) if whole > 0 else "–"
    money = found.currency(measure)
    n, of = int(moved.sum()), int(found.inside.sum())
    hands = "moves to another rep" if by_rep else "moves to another territory"
    return (
        f"{share} of {measure} {hands}: {short(part, money)} of {short(whole, money)}, "
        f"{count(n, 'account')} of {of:,} in either plan"
    )


def disruption_share(found: PlanComparison, measure: str) -> float:
    """Share of a measure, over the accounts either plan reaches, that goes to another territory; NaN of nothing."""
    whole = found.total(measure, found.inside)
    return found.total(measure, found.inside & found.changed) / whole if whole > 0 else float("nan")


def measures_shown(found: PlanComparison) -> Sequence[str]:
    """Measures to compare: the first plan's own one first."""
    own = found.a.info.measure
    return [own, *(m for m in found.accounts.measures if m != own)]
