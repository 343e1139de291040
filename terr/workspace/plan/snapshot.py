"""The board: everything the Plan page shows of one plan at one revision, computed once per revision."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import PlanTotals, measures_per_unit, override_loads, plan_totals
from terr.boundaries.layers.catalog import outlines_km
from terr.edits.colors import territory_colors
from terr.edits.moves import apply
from terr.errors import InputError
from terr.metrics import Context, Metric, MetricValues, columns, evaluate, shown_in
from terr.metrics.tally import Tally, tally
from terr.model.accounts import Accounts
from terr.model.edit import Edit
from terr.model.overrides import NOBODY_HELD, Overrides
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.model.units import Units
from terr.workspace.accounts.dataset import Dataset, dataset
from terr.workspace.caches import CacheKind
from terr.workspace.plan.named_accounts import overrides_key, overrides_of
from terr.workspace.plan.plan_settings import rules_of
from terr.workspace.plan.rule_check import broken_rules, measures_of
from terr.workspace.plan.rules import NO_RULES, PlanRules
from terr.workspace.plan.targets import targets
from terr.workspace.plan.tolerance import within
from terr.workspace.scores import recipe
from terr.workspace.workspace import Workspace

__all__ = ["Metric", "shown_in"]  # of other floors, for the pages

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
        table: one row per territory in plan order: `code, territory, rep, locked, color, load, target`, and a column
            for each metric of territories the Plan page shows; percentages are shares.
        context: what was measured, for metrics not yet asked for; metrics: those of the plan the page shows.
        strays: codes of units of every piece cut off from the heaviest piece of its territory.
        within: the largest deviation is inside the tolerance, and every unit that counts is assigned.
        baseline: since when accounts count as moved, "" without.
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
    context: Context
    metrics: MetricValues
    strays: tuple[tuple[int, ...], ...]
    within: bool
    baseline: str
    rules: PlanRules = NO_RULES
    broken: tuple[str, ...] = ()
    data: str = ""
    held: Overrides = NOBODY_HELD

    @property
    def total(self) -> float:
        """The measure of all accounts in the region, those that go by name included."""
        return float(self.context.total[0])

    @property
    def max_deviation(self) -> float:
        """Largest |load / target - 1|, NaN without territories."""
        return self.metrics.figure("max_deviation_pct") / 100

    def inside(self, deviation: Any) -> NDArray[np.bool_]:
        """Whether deviations (load / target - 1) are within the plan's limit."""
        return within(deviation, self.info.tolerance, self.rules.sides)

    @property
    def moved(self) -> float:
        """Share of the load in another territory than at the baseline, NaN without one."""
        return self.metrics.figure("load_pct") / 100

    @property
    def unassigned_units(self) -> int:
        """How many units no territory has."""
        return int(self.context.free.sum())

    @property
    def unassigned_load(self) -> float:
        """The measure on units that no territory has."""
        return float(self.loads[self.context.free].sum())


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
        since: when the plan was made as a whole, in words.
    """

    assign: NDArray[np.int16]
    since: str


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
    ws.units(info)  # first, since a file of areas may have been taken away since the board was made
    plan, rev = ws.plan(scenario_id)
    data = dataset(ws, info.dataset_id)
    rules = rules_of(ws, info)
    held = overrides_of(ws, info, plan)

    def make(known: PlanSnapshot | None) -> PlanSnapshot:
        if known is not None:  # what is kept with the plan changes without a new revision
            return replace(known, info=info)
        return _snapshot(ws, info, rev, plan, data, rules, held)

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
    after = apply(plan, change)
    kept, held = rules_of(ws, info) if rules is None else rules, overrides_of(ws, info, after)
    return _snapshot(ws, info, rev, after, dataset(ws, info.dataset_id), kept, held)


def per_unit(
    ws: Workspace, info: ScenarioInfo, measure: str, held: Overrides | None = None, data: Dataset | None = None
) -> UnitSums:
    """float64 (n_units,) sums of a measure and int64 (n_units,) accounts per unit; summed once, then kept.

    Accounts that go to a territory by name are in neither: `held` says which; None = those of the plan as stored.
    `data` is the scenario's, if it was read already.

    Raises:
        InputError: if the accounts don't have the measure.
    """
    data = data or dataset(ws, info.dataset_id)
    without = overrides_of(ws, info) if held is None else held
    mark = zlib.crc32(np.sort(without.rows).tobytes()) if len(without) else 0

    def make() -> UnitSums:
        if measure not in data.accounts.measures:
            raise InputError(recipe.missing(data.scored, measure))
        loads, counts = measures_per_unit(data.accounts, ws.units(info), (measure,), held=without)
        return loads[:, 0], counts

    return ws.caches[UNIT_SUMS].get_or_make(UnitSumsKey(data.key, info.units_version, measure, mark), make)


def measured(
    ws: Workspace,
    info: ScenarioInfo,
    data: Dataset,
    plan: Plan,
    measure: str,
    held: Overrides,
    shares: Mapping[int, float],
    before: NDArray[np.int16] | None = None,
) -> Context:
    """A plan's sums and shapes, for any metric; of what was measured last, only territories that differ are made anew.

    Args:
        ws: the workspace.
        info: the plan's scenario; data: its accounts.
        plan: any of its plans.
        measure: what is balanced.
        held: accounts that go to a territory by name.
        shares: territory code -> share of a full territory.
        before: int16 (n_units,), the plan it is compared with.
    """
    units, (loads, counts) = ws.units(info), per_unit(ws, info, measure, held, data)
    by_name, named = override_loads(data.accounts, plan, (measure,), held)
    key, tallies = (info.id, measure), ws.caches[TALLIES]
    found = tallies.put(key, tally(plan, units, loads, counts, tallies.get(key)))
    goals = targets(plan, loads, shares, by_name[:, 0])
    return Context(found, (measure,), goals[:, None], by_name, named, before, partial(outlines_km, units))


def _snapshot(
    ws: Workspace, info: ScenarioInfo, rev: int, plan: Plan, data: Dataset, rules: PlanRules, held: Overrides
) -> PlanSnapshot:
    accounts, units = data.accounts, ws.units(info)
    before = _baseline(ws, info)
    was = None if before is None else before.assign
    context = measured(ws, info, data, plan, info.measure, held, dict(rules.shares), was)
    figures = evaluate(context, shown_in("plan"))
    names = {r.rep_id: r.name for r in data.reps}
    table = pd.DataFrame(
        {
            "code": [t.code for t in plan.territories],
            "territory": [t.name for t in plan.territories],
            "rep": [names.get(t.rep, t.rep) for t in plan.territories],
            "locked": [t.locked for t in plan.territories],
            "color": list(territory_colors(plan, units.indptr, units.indices).values()),
            "target": context.goal[:, 0],
            **columns(context, shown_in("plan", per_territory=True)),
        }
    )
    further = {m: per_unit(ws, info, m, held, data)[0] for m in measures_of(rules, accounts)}
    more = {m: override_loads(accounts, plan, (m,), held)[0][:, 0] for m in further}
    broken = broken_rules(plan, units, rules, further, dict(accounts.currency), more)
    most = rules.unassigned * float(context.total[0])
    free = context.tally.loads[context.free]
    left = float(free.sum()) > most * (1 + 1e-9) if most > 0 else bool(free.any())
    inside = within(table["deviation"], info.tolerance, rules.sides)
    return PlanSnapshot(
        info=info,
        rev=rev,
        plan=plan,
        units=units,
        accounts=accounts,
        reps=data.reps,
        measure=info.measure,
        currency=dict(accounts.currency).get(info.measure, ""),
        loads=context.tally.loads,
        counts=context.tally.counts,
        table=table,
        context=context,
        metrics=figures,
        strays=tuple(piece for of_one in context.tally.strays for piece in of_one),
        within=len(table) > 0 and bool(inside.all()) and not left and not broken,
        baseline="" if before is None else before.since,
        rules=rules,
        broken=broken,
        held=held,
        data=data.key,
    )


def _baseline(ws: Workspace, info: ScenarioInfo) -> Baseline | None:
    def make() -> Baseline | None:
        history = ws.store.edits.history(info.id)
        steps = {s.id: s for s in history.steps}
        for at in reversed(history.trail(info.head)):
            if steps[at].kind in {"design", "import"}:
                since = "when the plan was generated" if steps[at].kind == "design" else "when the plan was imported"
                return Baseline(ws.store.plans.at(info.id, at).assign, since)
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
    measures, shares = one.accounts.measures, dict(one.rules.shares)
    weights, counts = measures_per_unit(one.accounts, one.units, measures, held=one.held)
    by_name, named = override_loads(one.accounts, one.plan, measures, one.held)
    goals = [targets(one.plan, weights[:, j], shares, by_name[:, j]) for j in range(len(measures))]
    context = Context(tally(one.plan, one.units, weights, counts), measures, np.column_stack(goals), by_name, named)
    table = one.table[["code", "territory", "rep"]].rename(columns={"territory": "name"})
    table = table.assign(**columns(context, shown_in("files", per_territory=True), suffix=True))
    free = context.free
    if not rest or not free.any():
        return table
    last = {"code": -1, "name": "Unassigned", "rep": "", "units": int(free.sum()), "accounts": int(counts[free].sum())}
    last |= {f"load_{m}": v for m, v in zip(measures, weights[free].sum(axis=0).tolist(), strict=True)}
    return pd.DataFrame({c: [*table[c], last.get(c, np.nan)] for c in table.columns})
