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
from scipy.optimize import linear_sum_assignment

from terr.aggregate import (
    PlanTotals,
    account_codes,
    main_owners,
    measure_values,
    measures_per_unit,
    override_loads,
    plan_totals,
    unit_codes,
)
from terr.boundaries.layers.catalog import outlines_km
from terr.edits.history import Effect
from terr.edits.moves import apply, match_codes
from terr.errors import InputError, LocateError, TerrError
from terr.matching.owners import Owners, owners_of
from terr.metrics import Context, Metric, MetricValues, balance, columns, evaluate, shown_in
from terr.metrics.tally import Tally, tally
from terr.model.accounts import Accounts
from terr.model.edit import Edit
from terr.model.overrides import NOBODY_HELD, Overrides
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.model.units import UNASSIGNED, Units
from terr.view.text import count, short
from terr.workspace.accounts.dataset import Dataset, dataset
from terr.workspace.caches import CacheKind
from terr.workspace.overlay_settings import team_of
from terr.workspace.plan.named_accounts import overrides_key, overrides_of
from terr.workspace.plan.plan_settings import TODAY, compared_with, owner_answers, rules_of
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
        baseline: since when accounts count as moved ("Generate"), "" without.
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
    def team(self) -> tuple[Rep, ...]:
        """Those of the roster who can be given territories of this plan: its reps, in an overlay people of its role."""
        return team_of(self.info, self.reps)

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
    def compared(self) -> str:
        """Such as "since Generate" or "against as owned today"."""
        usual = self.baseline in ("", "Generate", "the import")
        return f"since {self.baseline or 'Generate'}" if usual else f"against {self.baseline}"

    @property
    def limit(self) -> float:
        """The limit in percent, for texts beside it."""
        return 100 * self.info.tolerance

    @property
    def moved(self) -> float:
        """Share of the load in another territory than at the baseline, NaN without one."""
        return self.metrics.figure("load_pct") / 100

    @property
    def moved_share_of(self) -> str:
        """What the share moved is a share of, for a person."""
        n, whole = self.context.all_accounts, short(self.total, self.currency)
        handed = self.context.handed
        more = "" if handed is None else f"; changing hands: {count(handed[1], 'account')}"
        return f"Of {whole} {self.measure} of {n:,} accounts in the region{more}"

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
    compared: str


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
        since: what is compared with, as in "3.5% of Revenue moved since Generate".
        handed: what moves, where it is counted account by account; see `Context`.
    """

    assign: NDArray[np.int16]
    since: str
    handed: tuple[NDArray[np.float64], int] | None = None


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
        scenario_id,
        rev,
        overrides_key(held),
        data.key,
        info.measure,
        info.tolerance,
        info.name,
        data.reps,
        rules,
        _compared_mark(ws, info),
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
    handed: tuple[NDArray[np.float64], int] | None = None,
) -> Context:
    """A plan's sums and shapes, for any metric; of what was measured last, only territories that differ are made anew.

    Args:
        ws: the workspace.
        info: the plan's scenario; data: its accounts.
        plan: any of its plans.
        measure: what is balanced.
        held: accounts that go to a territory by name.
        shares: territory code -> share of a full territory.
        before: int16 (n_units,), the plan it is compared with; handed: see `Context`.
    """
    units, (loads, counts) = ws.units(info), per_unit(ws, info, measure, held, data)
    by_name, named = override_loads(data.accounts, plan, (measure,), held)
    key, tallies = (info.id, measure), ws.caches[TALLIES]
    found = tallies.put(key, tally(plan, units, loads, counts, tallies.get(key)))
    goals = targets(plan, loads, shares, by_name[:, 0], getattr(units, "layer_of", None))
    return Context(found, (measure,), goals[:, None], by_name, named, before, partial(outlines_km, units), handed)


def effect_of(
    ws: Workspace, info: ScenarioInfo, before: Plan, after: Plan, rules: PlanRules, measure: str = ""
) -> Effect | None:
    """What an edit does to the balance as it is measured now; None if it can't be told.

    Args:
        ws: the workspace.
        info: the scenario, as it stands before the edit.
        before, after: the plan before and after it.
        rules: what the plan is held to after it.
        measure: balanced from the edit on; "" = the scenario's.
    """
    what = measure or info.measure
    try:
        data = dataset(ws, info.dataset_id)
        was = _max_deviation(ws, info, data, before, what, rules_of(ws, info))
        return Effect(what, was, _max_deviation(ws, info, data, after, what, rules))
    except TerrError:  # the edit is stored even if its accounts or boundaries are gone
        return None


def _max_deviation(
    ws: Workspace, info: ScenarioInfo, data: Dataset, plan: Plan, measure: str, rules: PlanRules
) -> float | None:
    load, goal = loads_and_targets(ws, info, data, plan, measure, rules)
    if not len(goal) or not goal.sum() > 0:
        return None
    found = float(balance.max_deviation(load, goal))
    return found if np.isfinite(found) else None


def loads_and_targets(
    ws: Workspace, info: ScenarioInfo, data: Dataset, plan: Plan, measure: str, rules: PlanRules
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """float64 (k,) loads and targets of a plan's territories, without the shapes that a `Context` needs."""
    held = overrides_of(ws, info, plan)
    loads, _ = per_unit(ws, info, measure, held, data)
    by_name = override_loads(data.accounts, plan, (measure,), held)[0][:, 0]
    load = balance.loads(plan.slots(), loads, len(plan.territories))[:, 0] + by_name
    return load, targets(plan, loads, dict(rules.shares), by_name, getattr(ws.units(info), "layer_of", None))


def _snapshot(
    ws: Workspace, info: ScenarioInfo, rev: int, plan: Plan, data: Dataset, rules: PlanRules, held: Overrides
) -> PlanSnapshot:
    accounts, units = data.accounts, ws.units(info)
    before = baseline_of(ws, info, plan, data, held)
    was, handed = (None, None) if before is None else (before.assign, before.handed)
    context = measured(ws, info, data, plan, info.measure, held, dict(rules.shares), was, handed)
    figures = evaluate(context, shown_in("plan"))
    names = {r.rep_id: r.name for r in data.reps}
    table = pd.DataFrame(
        {
            "code": [t.code for t in plan.territories],
            "territory": [t.name for t in plan.territories],
            "rep": [names.get(t.rep, t.rep) for t in plan.territories],
            "locked": [t.locked for t in plan.territories],
            "color": list(ws.colors(info, plan).values()),
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


def _compared_mark(ws: Workspace, info: ScenarioInfo) -> str:
    """Stands for what the plan is compared with, as long as that doesn't change."""
    wanted = compared_with(info)
    if wanted == TODAY:
        return repr((wanted, sorted(owner_answers(info).items())))
    try:
        return f"{wanted}:{ws.rev(wanted)}" if wanted else ""
    except LocateError:
        return ""


def baseline_of(ws: Workspace, info: ScenarioInfo, plan: Plan, data: Dataset, held: Overrides) -> Baseline | None:
    """What a plan is compared with: as chosen, else as it was generated or imported last; None if it never was."""
    wanted = compared_with(info)
    if wanted == TODAY:
        return _as_owned(ws, info, plan, data, held)
    if wanted:
        try:
            other = ws.scenario(wanted)
            if other.units_version == info.units_version:
                return _other_plan(ws, info, plan, other, data)
        except LocateError:  # deleted: as if nothing was chosen
            pass
    return _baseline(ws, info)


OWNED = CacheKind[tuple[str, str, str, str], tuple[Owners, NDArray[np.int32]]]("areas of owners", 16)
"""By data, units, measure and answers."""
NOWHERE = 32_100
"""Territories of what is compared with that are none of this plan's are numbered from here on."""


def owned_areas(ws: Workspace, info: ScenarioInfo, data: Dataset) -> tuple[Owners, NDArray[np.int32]]:
    """Who has the accounts today, and int32 (n_units,) whose each unit mostly is, -1 = nobody's."""
    answers = owner_answers(info)

    def make() -> tuple[Owners, NDArray[np.int32]]:
        found = owners_of(data.accounts, data.reps, answers)
        return found, main_owners(data.accounts, ws.units(info), found.codes, info.measure)

    mark = repr((sorted(answers.items()), [(r.rep_id, r.name) for r in data.reps]))
    return ws.caches[OWNED].get_or_make((data.key, info.units_version, info.measure, mark), make)


def _as_owned(ws: Workspace, info: ScenarioInfo, plan: Plan, data: Dataset, held: Overrides) -> Baseline:
    """The owner column: territories of the plan are matched to owners by rep, the others by what they share most."""
    owners, areas = owned_areas(ws, info, data)
    units = ws.units(info)
    values = np.nan_to_num(measure_values(data.accounts, (info.measure,)))
    now = account_codes(data.accounts, units, plan, held=held).astype(np.int64)
    inside = (unit_codes(data.accounts, units) >= 0) | np.isin(np.arange(len(now)), held.rows)
    k, codes = len(owners.names), [t.code for t in plan.territories]
    shared = np.zeros((len(codes), k))
    at = {c: j for j, c in enumerate(codes)}
    slot = np.array([at.get(int(c), -1) for c in now])
    both = inside & (slot >= 0) & (owners.codes >= 0)
    np.add.at(shared, (slot[both], owners.codes[both]), np.clip(values[both, 0], 0.0, None) + 1e-9)
    sure = np.array([[bool(t.rep) and t.rep == rep for rep in owners.reps] for t in plan.territories], dtype=np.bool_)
    if sure.size:
        shared += sure.reshape(shared.shape) * (shared.sum() + 1.0)
    match = np.arange(k, dtype=np.int64) + NOWHERE
    for j, owner in zip(*linear_sum_assignment(-shared), strict=True):
        if shared[j, owner] > 0:
            match[owner] = codes[j]
    match = np.append(np.minimum(match, 32_766), -1)
    moved = inside & (owners.codes >= 0) & (match[owners.codes] != now)
    before = np.where(areas >= 0, match[areas], plan.assign).astype(
        np.int16
    )  # what nobody has isn't taken from anybody
    return Baseline(before, "as owned today", (values[moved].sum(axis=0), int(moved.sum())))


def _other_plan(ws: Workspace, info: ScenarioInfo, plan: Plan, other: ScenarioInfo, data: Dataset) -> Baseline:
    """Another plan on the same units, its territories matched to those that share most with them."""
    then, _ = ws.plan(other.id)
    loads = per_unit(ws, info, info.measure, NOBODY_HELD, data)[0]
    matched = match_codes(plan, then.slots(), len(then.territories), weights=loads)
    names = np.where(matched >= 0, matched, np.arange(len(matched)) + NOWHERE)
    return Baseline(np.append(names, UNASSIGNED)[then.slots()].astype(np.int16), other.name)


def _baseline(ws: Workspace, info: ScenarioInfo) -> Baseline | None:
    def make() -> Baseline | None:
        history = ws.store.edits.history(info.id)
        steps = {s.id: s for s in history.steps}
        for at in reversed(history.trail(info.head)):
            if steps[at].kind in {"design", "import"}:
                since = "Generate" if steps[at].kind == "design" else "the import"
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
    of = getattr(one.units, "layer_of", None)
    goals = [targets(one.plan, weights[:, j], shares, by_name[:, j], of) for j in range(len(measures))]
    context = Context(tally(one.plan, one.units, weights, counts), measures, np.column_stack(goals), by_name, named)
    table = one.table[["code", "territory", "rep"]].rename(columns={"territory": "name"})
    table = table.assign(**columns(context, shown_in("files", per_territory=True), suffix=True))
    free = context.free
    if not rest or not free.any():
        return table
    last = {"code": -1, "name": "Unassigned", "rep": "", "units": int(free.sum()), "accounts": int(counts[free].sum())}
    last |= {f"load_{m}": v for m, v in zip(measures, weights[free].sum(axis=0).tolist(), strict=True)}
    return pd.DataFrame({c: [*table[c], last.get(c, np.nan)] for c in table.columns})
