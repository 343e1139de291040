"""The board: everything the Plan page shows of one plan at one revision, computed once per revision."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import PlanTotals, measures_per_unit, override_loads, plan_totals
from terr.edits.colors import territory_colors
from terr.edits.moves import apply
from terr.errors import InputError
from terr.metrics import balance
from terr.metrics.tally import Tally, tally
from terr.model.accounts import Accounts
from terr.model.edit import Edit
from terr.model.overrides import NOBODY_HELD, Overrides
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.model.units import UNASSIGNED, Units
from terr.workspace.accounts.dataset import dataset
from terr.workspace.caches import CacheKind
from terr.workspace.plan.named_accounts import overrides_key, overrides_of
from terr.workspace.plan.plan_settings import rules_of
from terr.workspace.plan.rule_check import broken_rules, measures_of
from terr.workspace.plan.rules import NO_RULES, PlanRules
from terr.workspace.plan.targets import targets
from terr.workspace.scores import recipe
from terr.workspace.workspace import Workspace

ROOT = 0


@dataclass(frozen=True, eq=False)
class PlanSnapshot:
    """One plan, measured.

    Attributes:
        info: the scenario; rev: its revision; plan, units, accounts, reps: what it is made of.
        measure: the measure balanced; currency: its currency code, "" if it is no money.
        loads: float64 (n_units,), the measure per unit; counts: int64 (n_units,), accounts per unit; of the accounts
            that follow geography.
        held: accounts that go to a territory by name; they are in the table's loads and accounts.
        table: one row per territory in plan order: `code, territory, rep, locked, color, load, target, deviation`
            (share), `accounts, units, pieces, compactness` (Polsby-Popper, 0 to 1).
        strays: codes of units of every piece cut off from the heaviest piece of its territory.
        max_deviation: largest |load / target - 1|, NaN without territories; within: it is inside the tolerance and
            every unit that counts is assigned.
        unassigned_units, unassigned_load: what no territory has.
        moved: share of the load that changed territory since the baseline, NaN without one; baseline: what that is.
        balance_index: 100 x (1 - mean |deviation|), clipped at 0.
        rules: what the plan is held to beside its limit.
        broken: what of the rules isn't kept, in words.
        data: the data set and its version, for the keys of what is kept in memory of its accounts.
    """

    info: ScenarioInfo
    rev: int
    plan: Plan
    units: Units
    accounts: Accounts
    reps: tuple[Rep, ...]
    measure: str
    currency: str
    loads: NDArray[np.float64]
    counts: NDArray[np.int64]
    table: pd.DataFrame
    strays: tuple[tuple[int, ...], ...]
    max_deviation: float
    within: bool
    unassigned_units: int
    unassigned_load: float
    moved: float
    baseline: str
    balance_index: float
    rules: PlanRules = NO_RULES
    broken: tuple[str, ...] = ()
    data: str = ""
    held: Overrides = NOBODY_HELD

    @property
    def total(self) -> float:
        """The measure of all accounts in the region, those that go by name included."""
        return float(self.loads.sum()) + float(
            override_loads(self.accounts, self.plan, (self.measure,), self.held)[0].sum()
        )


class SnapshotKey(NamedTuple):
    """All that a snapshot is made of; `held` and `data` stand for exceptions and accounts."""

    scenario_id: str
    rev: int
    held: str
    data: str
    measure: str
    tolerance: float
    name: str
    reps: tuple[Rep, ...]
    rules: PlanRules


class UnitSumsKey(NamedTuple):
    """Accounts, units and a measure; `held` stands for the accounts that are left out."""

    data: str
    units_version: str
    measure: str
    held: int


@dataclass(frozen=True, eq=False)
class Baseline:
    """What disruption is measured against.

    Attributes:
        assign: int16 (n_units,), territory code per unit.
        kind: of the edit that made the plan as a whole, "design" or "import".
    """

    assign: NDArray[np.int16]
    kind: str


UnitSums = tuple[NDArray[np.float64], NDArray[np.int64]]

SNAPSHOTS = CacheKind[SnapshotKey, PlanSnapshot]("plan snapshots", 96)
UNIT_SUMS = CacheKind[UnitSumsKey, UnitSums]("sums per unit", 64)
TALLIES = CacheKind[tuple[str, str], Tally]("tallies of territories", 32)
"""By scenario and measure."""
BASELINES = CacheKind[tuple[str, int], Baseline | None]("baselines", 16)
"""By scenario and edit the plan stands at."""


def plan_snapshot(ws: Workspace, scenario_id: str) -> PlanSnapshot:
    """Measure a scenario as stored now.

    Raises:
        LocateError: if it doesn't exist.
        PlanError: if its boundaries changed or are gone.
    """
    info = ws.store.scenarios.get(scenario_id)
    units = ws.units(info)  # first, since a file of areas may have been taken away since the board was made
    plan, rev = ws.plan(scenario_id)
    data = dataset(ws, info.dataset_id)
    rules = rules_of(ws, info)
    held = overrides_of(ws, info, plan)

    def make(known: PlanSnapshot | None) -> PlanSnapshot:
        if known is not None:  # what is kept with the plan changes without a new revision
            return replace(known, info=info)
        loads, counts = per_unit(ws, info, info.measure, held)
        made = _measure(ws, info, rev, plan, units, data.accounts, data.reps, loads, counts, rules, held)
        return replace(made, data=data.key)

    key = SnapshotKey(
        scenario_id, rev, overrides_key(held), data.key, info.measure, info.tolerance, info.name, data.reps, rules
    )
    return ws.caches[SNAPSHOTS].renew(key, make, lambda known: known.info == info)


def preview_snapshot(
    ws: Workspace,
    scenario_id: str,
    change: Edit,
    *,
    measure: str = "",
    tolerance: float = 0.0,
    rules: PlanRules | None = None,
) -> PlanSnapshot:
    """The board as it would be after an edit that isn't stored; `measure`, `tolerance`, `rules` replace the scenario's.

    Raises:
        ConflictError: if the edit doesn't fit the plan as stored now.
    """
    info = ws.store.scenarios.get(scenario_id)
    if measure:
        info = replace(info, measure=measure, tolerance=tolerance or info.tolerance)
    plan, rev = ws.plan(scenario_id)
    data = dataset(ws, info.dataset_id)
    units = ws.units(info)
    kept = rules_of(ws, info) if rules is None else rules
    after = apply(plan, change)
    held = overrides_of(ws, info, after)
    loads, counts = per_unit(ws, info, info.measure, held)
    made = _measure(ws, info, rev, after, units, data.accounts, data.reps, loads, counts, kept, held)
    return replace(made, data=data.key)


def per_unit(ws: Workspace, info: ScenarioInfo, measure: str, held: Overrides | None = None) -> UnitSums:
    """float64 (n_units,) sums of a measure and int64 (n_units,) accounts per unit; summed once, then kept.

    Accounts that go to a territory by name are in neither: `held` says which; None = those of the plan as stored.

    Raises:
        InputError: if the accounts don't have the measure.
    """
    data = dataset(ws, info.dataset_id)
    without = overrides_of(ws, info) if held is None else held
    mark = zlib.crc32(np.sort(without.rows).tobytes()) if len(without) else 0

    def make() -> UnitSums:
        if measure not in data.accounts.measures:
            raise InputError(recipe.missing(data.scored, measure))
        loads, counts = measures_per_unit(data.accounts, ws.units(info), (measure,), held=without)
        return loads[:, 0], counts

    return ws.caches[UNIT_SUMS].get_or_make(UnitSumsKey(data.key, info.units_version, measure, mark), make)


def _measure(
    ws: Workspace,
    info: ScenarioInfo,
    rev: int,
    plan: Plan,
    units: Units,
    accounts: Accounts,
    reps: tuple[Rep, ...],
    loads: NDArray[np.float64],
    counts: NDArray[np.int64],
    rules: PlanRules,
    held: Overrides,
) -> PlanSnapshot:
    k = len(plan.territories)
    on = plan.assign != UNASSIGNED
    found = _tally(ws, info, plan, units, loads, counts)
    by_name, named = override_loads(accounts, plan, (info.measure,), held)
    sums = found.load + by_name[:, 0]
    total = float(loads.sum() + by_name.sum())
    goals = targets(plan, loads, dict(rules.shares), by_name[:, 0])
    target = float(goals.min(initial=np.inf)) if k else 0.0
    deviation = sums / goals - 1.0 if target > 0 else np.full(k, np.nan)
    names = {r.rep_id: r.name for r in reps}
    table = pd.DataFrame(
        {
            "code": [t.code for t in plan.territories],
            "territory": [t.name for t in plan.territories],
            "rep": [names.get(t.rep, t.rep) for t in plan.territories],
            "locked": [t.locked for t in plan.territories],
            "color": list(territory_colors(plan, units.indptr, units.indices).values()),
            "load": sums,
            "target": goals,
            "deviation": deviation,
            "accounts": found.accounts + named,
            "units": found.size,
            "pieces": found.pieces,
            "compactness": found.polsby_popper,
        }
    )
    worst = float(np.abs(deviation).max()) if k and target > 0 else float("nan")
    moved, baseline = _moved(ws, info, plan, loads, float(by_name.sum()))
    further = {m: per_unit(ws, info, m, held)[0] for m in measures_of(rules, accounts)}
    more = {m: override_loads(accounts, plan, (m,), held)[0][:, 0] for m in further}
    broken = broken_rules(plan, units, rules, further, dict(accounts.currency), more)
    unassigned = float(loads[~on].sum())
    most = rules.unassigned * total
    left = unassigned > most * (1 + 1e-9) if most > 0 else bool(loads[~on].any())
    return PlanSnapshot(
        info=info,
        rev=rev,
        plan=plan,
        units=units,
        accounts=accounts,
        reps=reps,
        measure=info.measure,
        currency=dict(accounts.currency).get(info.measure, ""),
        loads=loads,
        counts=counts,
        table=table,
        strays=tuple(piece for of_one in found.strays for piece in of_one),
        max_deviation=worst,
        within=bool(worst <= info.tolerance + 1e-9) and not left and not broken,
        unassigned_units=int((~on).sum()),
        unassigned_load=unassigned,
        moved=moved,
        baseline=baseline,
        balance_index=float(balance.balance_index(sums[:, None], goals[:, None])[0])
        if k and target > 0
        else float("nan"),
        rules=rules,
        broken=broken,
        held=held,
    )


def _tally(
    ws: Workspace, info: ScenarioInfo, plan: Plan, units: Units, loads: NDArray[np.float64], counts: NDArray[np.int64]
) -> Tally:
    """The plan's sums and shapes; of what was measured last, whatever plan that was, only what differs is made anew."""
    key, tallies = (info.id, info.measure), ws.caches[TALLIES]
    return tallies.put(key, tally(plan, units, loads, counts, tallies.get(key)))


def _moved(ws: Workspace, info: ScenarioInfo, plan: Plan, loads: NDArray[np.float64], held: float) -> tuple[float, str]:
    """Share of the load that changed territory since the newest generated or imported plan on this line of work.

    Accounts that go by name stay where they are, and count among what was assigned.
    """
    base = _baseline(ws, info)
    if base is None or float(loads.sum()) + held <= 0:
        return float("nan"), ""
    known = base.assign != UNASSIGNED
    changed = known & (base.assign != plan.assign)
    whole = float(loads[known].sum()) + held
    baseline = "when the plan was generated" if base.kind == "design" else "when the plan was imported"
    return float(loads[changed].sum()) / whole if whole > 0 else 0.0, baseline


def _baseline(ws: Workspace, info: ScenarioInfo) -> Baseline | None:
    def make() -> Baseline | None:
        history = ws.store.edits.history(info.id)
        steps = {s.id: s for s in history.steps}
        for at in reversed(history.trail(info.head)):
            if steps[at].kind in {"design", "import"}:
                return Baseline(ws.store.plans.at(info.id, at).assign, steps[at].kind)
        return None

    return ws.caches[BASELINES].get_or_make((info.id, info.head), make)


def same_baseline(ws: Workspace, scenario_id: str, old_head: int, new_head: int) -> None:
    """Carry what disruption is measured against over to an edit that doesn't change it."""
    known = ws.caches[BASELINES].get((scenario_id, old_head))
    if known is not None:
        ws.caches[BASELINES].put((scenario_id, new_head), known)


def totals(ws: Workspace, scenario_id: str) -> PlanTotals:
    """accepted = assigned + unassigned + outside + unlocated, in rows and each measure."""
    one = plan_snapshot(ws, scenario_id)
    return plan_totals(one.accounts, one.units, one.plan, one.held)


def report_table(ws: Workspace, scenario_id: str, *, rest: bool = False) -> pd.DataFrame:
    """One row per territory with loads, targets and deviations of every measure, as the exports want it.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        rest: add a row of code -1 for the unassigned units, if there are any; it has no target.
    """
    one = plan_snapshot(ws, scenario_id)
    slots, k = one.plan.slots(), len(one.plan.territories)
    weights, _ = measures_per_unit(one.accounts, one.units, one.accounts.measures, held=one.held)
    by_name = override_loads(one.accounts, one.plan, one.accounts.measures, one.held)[0]
    sums = balance.loads(slots, weights, k) + by_name
    out: dict[str, Any] = {
        "code": one.table["code"],
        "name": one.table["territory"],
        "rep": one.table["rep"],
        "units": one.table["units"],
        "accounts": one.table["accounts"],
    }
    for j, measure in enumerate(one.accounts.measures):
        goals = targets(one.plan, weights[:, j], dict(one.rules.shares), by_name[:, j])
        out[f"load_{measure}"] = sums[:, j]
        out[f"target_{measure}"] = goals
        out[f"deviation_{measure}"] = sums[:, j] / goals - 1.0 if k and goals.min() > 0 else np.full(k, np.nan)
    table = pd.DataFrame(out)
    free = slots < 0
    if not rest or not free.any():
        return table
    last = {"code": -1, "name": "Unassigned", "rep": "", "units": int(free.sum())}
    last["accounts"] = int(one.counts[free].sum())
    for j, measure in enumerate(one.accounts.measures):
        last[f"load_{measure}"] = float(weights[free, j].sum())
        last[f"target_{measure}"] = last[f"deviation_{measure}"] = np.nan
    return pd.DataFrame({c: [*table[c], last[c]] for c in table.columns})
