"""From a stored plan to the engine's problems: a new design, the least repair, a proof, balance against change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import measures_per_unit
from terr.edits.layers import areas_alone
from terr.errors import InputError
from terr.model.books.book_units import BookUnits
from terr.model.result import Explanation
from terr.model.scenario import ScenarioInfo
from terr.model.units import UNASSIGNED
from terr.view.text import count
from terr.workspace.accounts.dataset import dataset
from terr.workspace.design.planned_territories import PlannedTerritory
from terr.workspace.design.problem import PlanInputs, SolveTask, solve_task
from terr.workspace.design.request import DesignRequest
from terr.workspace.plan.named_accounts import overrides_of
from terr.workspace.plan.plan_settings import COMPARED, compared_with, rules_of
from terr.workspace.plan.rules import SHARES, MeasureLimit
from terr.workspace.plan.snapshot import baseline_of, per_unit
from terr.workspace.plan.targets import usable_units
from terr.workspace.plan.tolerance import within_words
from terr.workspace.workspace import Workspace


def measure_loads(ws: Workspace, scenario_id: str, measure: str) -> NDArray[np.float64]:
    """float64 (n_units,), sum of a measure per unit.

    Raises:
        InputError: if the accounts don't have it.
    """
    return _loads(ws, ws.store.scenarios.get(scenario_id), measure)


def _loads(ws: Workspace, info: ScenarioInfo, measure: str) -> NDArray[np.float64]:
    data = dataset(ws, info.dataset_id)
    if measure not in data.accounts.measures:
        raise InputError(f'"{measure}" is not a measure of {data.info.name}')
    return per_unit(ws, info, measure)[0]


def plan_inputs(ws: Workspace, scenario_id: str, dataset_id: str = "") -> tuple[PlanInputs, int]:
    """What the problems of a stored plan are made of, and the plan's revision.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        dataset_id: of accounts it could have instead, "" = its own.

    Raises:
        LocateError: if it doesn't exist.
        PlanError: if its boundaries changed or are gone.
    """
    info = ws.store.scenarios.get(scenario_id)
    info = replace(info, dataset_id=dataset_id) if dataset_id else info
    units = ws.units(info)
    plan, rev = ws.plan(scenario_id)
    plan = areas_alone(units, plan)
    data = dataset(ws, info.dataset_id)
    held = overrides_of(ws, info, plan)
    against = baseline_of(ws, info, plan, data, held) if compared_with(info) else None
    today = None if against is None else against.assign
    return PlanInputs(units, plan, data.accounts, lambda m: _loads(ws, info, m), held, today), rev


def design_task(ws: Workspace, scenario_id: str, request: DesignRequest) -> SolveTask:
    """The problem behind Generate; see `terr.workspace.design.problem.solve_task`.

    Raises:
        InputError: for a request that can't be met by any plan, saying why.
    """
    inputs, rev = plan_inputs(ws, scenario_id)
    if isinstance(inputs.units, BookUnits):
        check_areas(inputs.units)
    return replace(solve_task(inputs, request), scenario_id=scenario_id, rev=rev)


def check_areas(units: BookUnits) -> None:
    """Refuse to draw areas in a plan that has none.

    Raises:
        InputError: saying what to do.
    """
    if not units.n_areas:
        raise InputError("this plan is made of accounts; divide them with Generate on Plan page")


@dataclass(frozen=True)
class DesignOutline:
    """What can be told before solving: the load a full territory should get, what stands in the way, and who is who."""

    share: float
    notes: tuple[Explanation, ...]
    slots: tuple[PlannedTerritory, ...] = ()


def foresee(ws: Workspace, scenario_id: str, request: DesignRequest) -> DesignOutline:
    """What a design will aim at, with how many territories would fit if a unit is too large for its share.

    Raises:
        InputError: for a request that can't be met by any plan, saying why.
    """
    task = design_task(ws, scenario_id, request)
    share = float(task.problem.targets[:, 0].sum() / sum(s.share for s in task.slots))
    big = [w for w in task.warnings if w.code == "unit_too_large"]
    if not big or request.sides == "under":
        return DesignOutline(share, task.warnings, task.slots)
    load = task.problem.weights[:, 0]
    locked = request.territories - task.problem.territories
    fits = int((1 + request.tolerance) * load.sum() / load.max()) + locked
    text = (
        f"At most {fits} territories fit within {within_words(request.tolerance, request.sides)}; with more, Terr "
        "gives the best plan there is and shows which territories are outside the limit"
    )
    return DesignOutline(share, (*task.warnings, Explanation("fits", text, big[0].units)), task.slots)


def rebalance_task(
    ws: Workspace, scenario_id: str, start: str | None = None, *, dataset_id: str = ""
) -> SolveTask | None:
    """The problem of changing the plan as it stands: its measure, limit and rules, from today's assignment.

    Limits on measures that are zero or below here are left out.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        start: what change is counted from instead, one of `map_layers.baselines`; what is locked stays as the plan has
            it.
        dataset_id: of accounts the plan could have instead, "" = its own.

    Returns:
        None while there is nothing to change: fewer than two unlocked territories, or one without units.
    """
    info = ws.store.scenarios.get(scenario_id)
    inputs, rev = plan_inputs(ws, scenario_id, dataset_id)
    name, warnings = "", tuple[Explanation, ...]()
    if start is not None:
        inputs, name, warnings = _begun_elsewhere(ws, info, inputs, start)
    plan, measures = inputs.plan, inputs.accounts.measures
    if isinstance(inputs.units, BookUnits) and not inputs.units.n_areas:
        return None
    free = [t.code for t in plan.territories if not t.locked]
    if len(free) < 2 or not np.isin(free, plan.assign).all():
        return None
    keep = usable_units(plan)

    def usable(measure: str) -> bool:
        loads = inputs.loads_of(measure)[keep]
        return float(loads.sum()) > 0 and not bool((loads < 0).any())

    def judged(one: MeasureLimit) -> bool:
        return one.hard and (one.measure == info.measure or (one.measure in measures and usable(one.measure)))

    if not usable(info.measure):
        return None
    rules = rules_of(ws, info)
    request = DesignRequest(
        territories=len(plan.territories),
        measure=info.measure,
        tolerance=info.tolerance,
        limits=tuple(one for one in rules.limits if judged(one)),
        shares=tuple((f"territory:{code}", share) for code, share in rules.shares),
        groups=rules.groups,
        whole_states=rules.whole_states,
        sides=rules.sides,
        unassigned=rules.unassigned,
    )
    task = solve_task(inputs, request, anew=False)
    return replace(task, scenario_id=scenario_id, rev=rev, start_name=name, warnings=(*task.warnings, *warnings))


def evening_task(
    ws: Workspace,
    scenario_id: str,
    measure: str,
    amounts: NDArray[np.float64],
    shares: Mapping[int, float],
    tolerance: float,
) -> SolveTask:
    """The problem of sharing anything that accounts bring along in given parts, by the fewest moves from today's plan.

    The plan's groups and whole states hold; its limits on other measures don't, and Compare shows what becomes of them.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        measure: what it is called.
        amounts: float64 (n_accounts,), 0 or more.
        shares: territory code -> part, above 0; the other territories stay as they are.
        tolerance: share that a territory may be off its part.

    Raises:
        InputError: a territory without areas, or a tolerance that can't be.
    """
    info = ws.store.scenarios.get(scenario_id)
    inputs, rev = plan_inputs(ws, scenario_id)
    if isinstance(inputs.units, BookUnits):
        check_areas(inputs.units)
    accounts, name = inputs.accounts, measure
    while name in accounts.frame.columns:
        name += " "  # what is evened out isn't the column of this name
    plan = inputs.plan.with_changes(
        territories=tuple(replace(t, locked=t.locked or t.code not in shares) for t in inputs.plan.territories)
    )
    empty = [t.name for t in plan.territories if not t.locked and not (plan.assign == t.code).any()]
    if empty:
        raise InputError(f"{empty[0]} has no areas yet; assign some or delete it")
    counted = replace(accounts, frame=accounts.frame.assign(**{name: amounts}), measures=(*accounts.measures, name))
    loads = measures_per_unit(counted, inputs.units, (name,), held=inputs.overrides)[0][:, 0]
    mean = sum(shares.values()) / len(shares)
    low, high = SHARES
    rules = rules_of(ws, info)
    request = DesignRequest(
        territories=len(plan.territories),
        measure=name,
        tolerance=tolerance,
        shares=tuple((f"territory:{c}", min(high, max(low, s / mean))) for c, s in shares.items()),
        groups=rules.groups,
        whole_states=rules.whole_states,
        unassigned=rules.unassigned,
    )
    task = solve_task(replace(inputs, plan=plan, accounts=counted, loads_of=lambda _: loads), request, anew=False)
    return replace(task, scenario_id=scenario_id, rev=rev)


def _begun_elsewhere(
    ws: Workspace, info: ScenarioInfo, inputs: PlanInputs, start: str
) -> tuple[PlanInputs, str, tuple[Explanation, ...]]:
    """The inputs with the assignment of a baseline, its name, and what of it this plan has no territory for."""
    wanted = replace(info, settings={**info.settings, COMPARED: start})
    plan, data = inputs.plan, dataset(ws, info.dataset_id)
    before = baseline_of(ws, wanted, plan, data, inputs.overrides)
    if before is None:
        return inputs, "", ()
    known = np.isin(before.assign, plan.codes)
    lost = len(np.unique(before.assign[~known & (before.assign >= 0)]))
    assign = np.where(plan.fixed(), plan.assign, np.where(known, before.assign, UNASSIGNED)).astype(np.int16)
    told = (
        f"{count(lost, 'territory', 'territories')} of {before.since} {'has' if lost == 1 else 'have'} no counterpart "
        f"in this plan; what goes from there doesn't count as moved"
    )
    warnings = (Explanation("no_counterpart", told),) if lost else ()
    return replace(inputs, plan=plan.with_changes(assign=assign)), before.since, warnings
