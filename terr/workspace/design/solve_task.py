"""From a plan to the engine's problems: a new design, the least repair, a proof, balance against change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.engine import precheck
from terr.engine.explain.check import FATAL
from terr.errors import InputError
from terr.model.plan import Plan, Territory
from terr.model.problem import Problem
from terr.model.result import Explanation
from terr.model.units import Units
from terr.store import ScenarioInfo
from terr.view.text import and_list
from terr.workspace.accounts.dataset import dataset
from terr.workspace.design.named_account_loads import with_named_accounts
from terr.workspace.design.planned_territories import (
    PlannedTerritory,
    bundles,
    planned_territories,
    settled,
    territories_with_locks,
    today,
)
from terr.workspace.design.problem import build_problem, by_name, pieces_warning
from terr.workspace.design.request import DesignRequest, bounds_of
from terr.workspace.plan.named_accounts import overrides_of
from terr.workspace.plan.plan_settings import rules_of
from terr.workspace.plan.rules import PlanRules
from terr.workspace.plan.snapshot import per_unit
from terr.workspace.plan.targets import usable_units
from terr.workspace.reps.homes import home_xy, nearest_units
from terr.workspace.workspace import Workspace


@dataclass(frozen=True, eq=False)
class SolveTask:
    """A problem ready for the engine, with the way back to the plan.

    Attributes:
        scenario_id, rev: the plan it was made from.
        problem: for the engine.
        rows: int64 (problem units,), code of each of the problem's units in the plan.
        codes: territory code each slot must become, -1 = any; the problem's slots first, then the locked territories',
            which the engine isn't given.
        request: what was asked; None for a change of the plan as it stands.
        warnings: what stands in the way, found before solving.
        slots: of a design, one per territory of the problem.
        settled: the reps of `slots` are certain; else whoever lives nearest gets a territory.
    """

    scenario_id: str
    rev: int
    problem: Problem
    rows: NDArray[np.int64]
    codes: tuple[int, ...]
    request: DesignRequest | None
    warnings: tuple[Explanation, ...]
    slots: tuple[PlannedTerritory, ...] = ()
    settled: bool = False

    @property
    def assign(self) -> NDArray[np.int16]:
        """int16 (problem units,), the plan the problem was made from.

        Raises:
            InputError: if it was made from none.
        """
        if self.problem.start is None:
            raise InputError("there is no plan to start from; generate one first")
        return self.problem.start


def measure_loads(ws: Workspace, scenario_id: str, measure: str) -> NDArray[np.float64]:
    """float64 (n_units,), sum of a measure per unit.

    Raises:
        InputError: if the accounts don't have it.
    """
    info = ws.store.scenario(scenario_id)
    data = dataset(ws, info.dataset_id)
    if measure not in data.accounts.measures:
        raise InputError(f'"{measure}" is not a measure of {data.info.name}')
    return per_unit(ws, info, measure)[0]


def design_task(ws: Workspace, scenario_id: str, request: DesignRequest) -> SolveTask:
    """The problem behind Generate; locked units and territories stay as they are.

    Locked territories are left out: the others share what is left.

    Raises:
        InputError: for a request that can't be met by any plan, saying why.
    """
    info = ws.store.scenario(scenario_id)
    units = ws.units(info)
    plan, rev = ws.plan(scenario_id)
    loads = np.column_stack([measure_loads(ws, scenario_id, m) for m in request.measures])
    keep = usable_units(plan)
    closed = [t for t in plan.territories if t.locked]
    k = _open_number(plan, request, closed, keep)
    held = overrides_of(ws, info, plan)
    slots = planned_territories(units, plan, request, loads[:, 0], by_name=set(held.codes.tolist()))
    locked = np.full(len(units), -1, dtype=np.int16)
    for j, slot in enumerate(slots):
        if slot.held:
            locked[plan.locked_units & (plan.assign == slot.code)] = j
    accounts = dataset(ws, info.dataset_id).accounts
    laid = with_named_accounts(
        units, plan, accounts, held, request.measures, loads, locked, [s.code for s in slots], keep
    )
    loads, locked = laid.loads, laid.locked
    limits, floors, caps = bounds_of(request.measure, request.tolerance, request.limits)
    balance, price = request.prices()
    start = today(plan, slots) if request.near_today else None
    share = np.array([s.share for s in slots])
    grouped = bool(request.groups or request.whole_states)
    problem = build_problem(
        units,
        keep,
        loads,
        request.measures,
        limits,
        k,
        locked=locked[keep],
        targets=None if (share == 1).all() else np.outer(share / share.sum(), loads[keep].sum(axis=0)),
        floors=floors,
        caps=caps,
        balance=balance,
        continuity=price if start is not None else 0.0,
        start=None if start is None else start[keep],
        max_moved=_most_moved(request, start, loads[:, 0], keep),
        groups=bundles(units, request.groups, request.whole_states)[keep] if grouped else None,
        remainder=request.unassigned,
        **_homes(units, slots, request, keep, keep & (locked < 0)),
    )
    told = precheck(problem)
    if told and told[0].code in FATAL:
        raise InputError(told[0].message)
    named = by_name(told, [s.label for s in slots])
    rows = np.flatnonzero(keep)
    there = [replace(e, units=tuple(int(rows[u]) for u in e.units)) for e in named]
    warnings = (
        *_closed_warning(closed, k),
        *laid.notes,
        *_unkept_warning(request, start),
        *pieces_warning(units),
        *there,
    )
    codes = (*(s.code for s in slots), *(t.code for t in closed))
    return SolveTask(scenario_id, rev, problem, rows, codes, request, warnings, slots, settled(request, slots))


def _open_number(plan: Plan, request: DesignRequest, closed: Sequence[Territory], keep: NDArray[np.bool_]) -> int:
    least = len(territories_with_locks(plan)) + len(closed)
    if least > request.territories:
        raise InputError(
            f"{least} territories hold locks, so at least {least} territories are needed; unlock some or ask for more"
        )
    k = request.territories - len(closed)
    if not k or not keep.any():
        raise InputError("everything is locked, so there is nothing to divide; unlock some units or territories")
    if len(request.reps) > k:
        raise InputError(f"{len(request.reps)} reps are chosen for {k} unlocked territories; choose fewer reps")
    return k


def _most_moved(
    request: DesignRequest, start: NDArray[np.int16] | None, loads: NDArray[np.float64], keep: NDArray[np.bool_]
) -> float | None:
    """The cap as the engine counts it: of the load it may move, and with what has no territory yet as moved."""
    total, inside = float(loads.sum()), float(loads[keep].sum())
    if request.most_moved is None or start is None or not inside > 0:
        return None
    unplaced = float(loads[keep & (start < 0)].sum()) if (start >= 0).any() else inside
    return min(1.0, (request.most_moved * total + unplaced) / inside)


def _homes(
    units: Units,
    slots: Sequence[PlannedTerritory],
    request: DesignRequest,
    keep: NDArray[np.bool_],
    free: NDArray[np.bool_],
) -> dict[str, NDArray[Any] | None]:
    """Seeds at the reps' homes; fixed centres and distances if they are asked for."""
    reps = [(j, s.rep) for j, s in enumerate(slots) if s.rep is not None]
    if not reps:
        return {}
    at = [j for j, _ in reps]
    points = np.array(home_xy(units, [r for _, r in reps]))  # says so if a home isn't known
    numbers = np.cumsum(keep) - 1
    seeds = np.full(len(slots), -1, dtype=np.int64)
    for j, unit in zip(at, nearest_units(units, points, free), strict=True):
        if unit >= 0 and not slots[j].held:
            seeds[j] = numbers[unit]
    centres = np.full((len(slots), 2), np.nan)
    if request.centred:
        centres[at] = points
    reach = np.full(len(slots), np.nan)
    if request.most_km is not None:
        reach[(seeds >= 0) | ~np.isnan(centres[:, 0])] = request.most_km
    return {"seeds": seeds, "centres": centres, "max_km": reach}


def _closed_warning(closed: Sequence[Territory], k: int) -> tuple[Explanation, ...]:
    if not closed:
        return ()
    names = and_list([t.name for t in closed])
    rest = "the other one takes what is left" if k == 1 else f"the other {k} share what is left equally"
    stay = "is locked and stays as it is" if len(closed) == 1 else "are locked and stay as they are"
    return (Explanation("locked_territories", f"{names} {stay}; {rest}"),)


def _unkept_warning(request: DesignRequest, start: NDArray[np.int16] | None) -> tuple[Explanation, ...]:
    if not request.near_today or (start is not None and bool((start >= 0).any())):
        return ()
    return (Explanation("nothing_to_keep", "No unit has a territory yet, so there is nothing to keep as it is today"),)


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
    if not big:
        return DesignOutline(share, task.warnings, task.slots)
    load = task.problem.weights[:, 0]
    locked = request.territories - task.problem.territories
    fits = int((1 + request.tolerance) * load.sum() / load.max()) + locked
    text = (
        f"At most {fits} territories fit within ±{100 * request.tolerance:g} %; with more, Terr gives the best plan "
        "there is and shows which territories are outside the limit"
    )
    return DesignOutline(share, (*task.warnings, Explanation("fits", text, big[0].units)), task.slots)


def rebalance_task(ws: Workspace, scenario_id: str) -> SolveTask | None:
    """The problem of changing the plan as it stands: its measure, limit and rules, from today's assignment.

    Returns:
        None while there is nothing to change: fewer than two unlocked territories, or one without units.
    """
    info = ws.store.scenario(scenario_id)
    plan, rev = ws.plan(scenario_id)
    free = [t.code for t in plan.territories if not t.locked]
    if len(free) < 2 or not np.isin(free, plan.assign).all():
        return None
    keep = usable_units(plan)
    loads = measure_loads(ws, scenario_id, info.measure)
    if not float(loads[keep].sum()) > 0 or bool((loads[keep] < 0).any()):
        return None
    problem = current_problem(ws, info, plan, rules_of(ws, info))
    codes = (*free, *(t.code for t in plan.territories if t.locked))
    return SolveTask(scenario_id, rev, problem, np.flatnonzero(keep), codes, None, ())


def current_problem(ws: Workspace, info: ScenarioInfo, plan: Plan, rules: PlanRules) -> Problem:
    """The engine's problem of a plan as it stands; limits on measures that are zero or below here are left out.

    Raises:
        InputError: if its own measure can't be balanced.
    """
    units, keep = ws.units(info), usable_units(plan)
    free = [t.code for t in plan.territories if not t.locked]
    start = np.searchsorted(free, plan.assign).astype(np.int16)
    start[~np.isin(plan.assign, free)] = -1
    known = {m: measure_loads(ws, info.id, m)[keep] for m in _known(ws, info, rules)}
    usable = [m for m, v in known.items() if m == info.measure or (float(v.sum()) > 0 and not bool((v < 0).any()))]
    limits, floors, caps = bounds_of(info.measure, info.tolerance, [m for m in rules.limits if m.measure in usable])
    laid = with_named_accounts(
        units,
        plan,
        dataset(ws, info.dataset_id).accounts,
        overrides_of(ws, info, plan),
        usable,
        np.column_stack([measure_loads(ws, info.id, m) for m in usable]),
        np.where(plan.locked_units, start, -1).astype(np.int16),
        free,
        keep,
    )
    loads = laid.loads
    shares = dict(rules.shares)
    share = np.array([shares.get(c, 1.0) for c in free])
    return build_problem(
        units,
        keep,
        loads,
        usable,
        limits,
        len(free),
        locked=laid.locked[keep],
        start=start[keep],
        targets=None if (share == 1).all() else np.outer(share / share.sum(), loads[keep].sum(axis=0)),
        floors=floors,
        caps=caps,
        groups=bundles(units, rules.groups, rules.whole_states)[keep] if rules.groups or rules.whole_states else None,
        remainder=rules.unassigned,
    )


def _known(ws: Workspace, info: ScenarioInfo, rules: PlanRules) -> list[str]:
    """The plan's measure and those of its further limits that the accounts have."""
    measures = dataset(ws, info.dataset_id).accounts.measures
    further = [m.measure for m in rules.limits if m.hard and m.measure in measures]
    return list(dict.fromkeys((info.measure, *further)))
