"""Designs and suggested moves: from a plan to the engine's problem, and from its result back to one edit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from terr.edits import moves
from terr.edits.colors import choose_colors
from terr.engine import precheck
from terr.engine.check import FATAL
from terr.errors import InputError
from terr.model.edit import Edit
from terr.model.plan import Plan, Territory
from terr.model.problem import Problem
from terr.model.reps import Rep
from terr.model.result import Explanation, Result
from terr.model.units import UNASSIGNED, Units
from terr.view.text import and_list
from terr.workspace.board import per_unit
from terr.workspace.core import Workspace
from terr.workspace.homes import nearest_reps, seeds_at_homes
from terr.workspace.imports import dataset
from terr.workspace.plans import Outcome, check_tolerance, edit
from terr.workspace.problems import build_problem, check_territories, pieces_warning
from terr.workspace.targets import usable_units


@dataclass(frozen=True)
class Request:
    """What a person asks of Generate.

    Attributes:
        territories: how many.
        measure: what to balance; tolerance: allowed relative deviation.
        names: of the territories, in no order; fewer than `territories` is fine.
        reps: reps to start from and to give a territory each; () = none.
        seed: the same request and seed give the same plan.
    """

    territories: int
    measure: str
    tolerance: float
    names: tuple[str, ...] = ()
    reps: tuple[Rep, ...] = ()
    seed: int = 1

    def __post_init__(self) -> None:
        check_territories(self.territories)
        check_tolerance(self.tolerance)
        names = [n.strip().casefold() for n in self.names if n.strip()]
        if len(names) > self.territories:
            raise InputError(f"{len(names)} names are given for {self.territories} territories; shorten the list")
        if len(set(names)) != len(names):
            twice = next(n for n in names if names.count(n) > 1)
            raise InputError(f'the name "{twice}" is given twice; give each territory its own')
        if len(self.reps) > self.territories:
            raise InputError(f"{len(self.reps)} reps are chosen for {self.territories} territories; choose fewer reps")


@dataclass(frozen=True, eq=False)
class Task:
    """A problem ready for the engine, with the way back to the plan.

    Attributes:
        scenario_id, rev: the plan it was made from.
        problem: for the engine.
        rows: int64 (problem units,), code of each of the problem's units in the plan.
        codes: territory code each slot must become, -1 = any; the problem's slots first, then the locked territories',
            which the engine isn't given.
        request: what was asked; None for suggested moves.
        warnings: what stands in the way, found before solving.
    """

    scenario_id: str
    rev: int
    problem: Problem
    rows: NDArray[np.int64]
    codes: tuple[int, ...]
    request: Request | None
    warnings: tuple[Explanation, ...]


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


def design_task(ws: Workspace, scenario_id: str, request: Request) -> Task:
    """The problem behind Generate; locked units and territories stay as they are.

    Locked territories are left out: the others share equally what is left.

    Raises:
        InputError: for a request that can't be met by any plan, saying why.
    """
    info = ws.store.scenario(scenario_id)
    units = ws.units(info)
    plan, rev = ws.plan(scenario_id)
    loads = measure_loads(ws, scenario_id, request.measure)
    keep = usable_units(plan)
    closed = [t for t in plan.territories if t.locked]
    held = [t for t in plan.territories if not t.locked and bool((plan.locked_units & (plan.assign == t.code)).any())]
    least = len(held) + len(closed)
    if least > request.territories:
        raise InputError(
            f"{least} territories hold locks, so at least {least} territories are needed; unlock some or ask for more"
        )
    k = request.territories - len(closed)
    if not k or not keep.any():
        raise InputError("everything is locked, so there is nothing to divide; unlock some units or territories")
    if len(request.reps) > k:
        raise InputError(f"{len(request.reps)} reps are chosen for {k} unlocked territories; choose fewer reps")
    locked = np.full(len(units), -1, dtype=np.int16)
    for slot, territory in enumerate(held):
        locked[plan.locked_units & (plan.assign == territory.code)] = slot
    codes = (*(t.code for t in held), *[-1] * (k - len(held)), *(t.code for t in closed))
    problem = _problem(units, keep, loads, request.measure, request.tolerance, k, locked=locked[keep])
    if request.reps:
        seeds = seeds_at_homes(units, request.reps, k, loads)  # says so if a home isn't known
        rows = np.cumsum(keep) - 1
        if not held and bool(keep[seeds].all()):
            problem = replace(problem, seeds=rows[seeds])
    told = precheck(problem)
    if told and told[0].code in FATAL:
        raise InputError(told[0].message)
    warnings = (*_closed_warning(closed, k), *pieces_warning(units), *told)
    return Task(scenario_id, rev, problem, np.flatnonzero(keep), codes, request, warnings)


@dataclass(frozen=True)
class Forecast:
    """What can be told before solving: the load each open territory should get, and what stands in the way."""

    share: float
    notes: tuple[Explanation, ...]


def foresee(ws: Workspace, scenario_id: str, request: Request) -> Forecast:
    """What a design will aim at, with how many territories would fit if a unit is too large for its share.

    Raises:
        InputError: for a request that can't be met by any plan, saying why.
    """
    task = design_task(ws, scenario_id, request)
    share = float(task.problem.targets[:, 0].mean())
    big = [w for w in task.warnings if w.code == "unit_too_large"]
    if not big:
        return Forecast(share, task.warnings)
    load = task.problem.weights[:, 0]
    locked = request.territories - task.problem.territories
    fits = int((1 + request.tolerance) * load.sum() / load.max()) + locked
    text = (
        f"At most {fits} territories fit within ±{100 * request.tolerance:g} %; with more, Terr gives the best plan "
        "there is and shows which territories are outside the limit"
    )
    return Forecast(share, (*task.warnings, Explanation("fits", text, big[0].units)))


def _closed_warning(closed: Sequence[Territory], k: int) -> tuple[Explanation, ...]:
    if not closed:
        return ()
    names = and_list([t.name for t in closed])
    rest = "the other one takes what is left" if k == 1 else f"the other {k} share what is left equally"
    stay = "is locked and stays as it is" if len(closed) == 1 else "are locked and stay as they are"
    return (Explanation("locked_territories", f"{names} {stay}; {rest}"),)


def rebalance_task(ws: Workspace, scenario_id: str) -> Task | None:
    """The problem behind the suggested moves: the plan as it stands, its measure and tolerance.

    Returns:
        None while there is nothing to suggest on: fewer than two unlocked territories, or one without units.
    """
    info = ws.store.scenario(scenario_id)
    units = ws.units(info)
    plan, rev = ws.plan(scenario_id)
    free = [t.code for t in plan.territories if not t.locked]
    keep = usable_units(plan)
    start = np.searchsorted(free, plan.assign).astype(np.int16)
    start[plan.assign == UNASSIGNED] = -1
    if len(free) < 2 or not np.isin(free, plan.assign).all():
        return None
    loads = measure_loads(ws, scenario_id, info.measure)
    if not float(loads[keep].sum()) > 0 or bool((loads[keep] < 0).any()):
        return None
    locked = np.where(plan.locked_units, start, -1).astype(np.int16)
    problem = _problem(
        units, keep, loads, info.measure, info.tolerance, len(free), locked=locked[keep], start=start[keep]
    )
    codes = (*free, *(t.code for t in plan.territories if t.locked))
    return Task(scenario_id, rev, problem, np.flatnonzero(keep), codes, None, ())


def result_slots(task: Task, result: Result, plan: Plan) -> NDArray[np.int16]:
    """int16 (n_units,), slot per unit of the plan.

    Units the engine wasn't given stay where they are: in their locked territory, or unassigned (-1).
    """
    slots = np.full(len(plan), -1, dtype=np.int16)
    slots[task.rows] = result.assign
    for slot in range(task.problem.territories, len(task.codes)):
        slots[plan.assign == task.codes[slot]] = slot
    return slots


def design_edit(ws: Workspace, task: Task, result: Result, plan: Plan, next_code: int, author: str = "") -> Edit:
    """A design as one edit on `plan`: matched to the territories there are, named, coloured and given to reps.

    Raises:
        PlanError: if the plan's locks changed since the task was made and the design breaks them.
    """
    request = task.request
    if request is None:
        raise InputError("these are suggested moves, not a design")
    units = ws.units(ws.store.scenario(task.scenario_id))
    slots = result_slots(task, result, plan)
    k = request.territories
    codes = moves.match_codes(plan, slots, k, weights=units.area_km2)
    for slot, code in enumerate(task.codes):
        if code >= 0:
            codes[codes == code] = -1
            codes[slot] = code
    colors_now = np.array([plan.territory(int(c)).color if c >= 0 else -1 for c in codes], dtype=np.int64)
    colors = choose_colors(slots, units.indptr, units.indices, k, colors_now)
    reps: list[Rep | None] = [None] * k
    reps[: task.problem.territories] = nearest_reps(units, slots, task.problem.territories, request.reps)
    names = _names_for(plan, codes, request, reps)
    change = moves.adopt(
        plan, slots, next_code=next_code, kind="design", k=k, codes=codes, names=names, colors=colors, author=author
    )
    if not request.reps:
        return change
    order = [c if c >= 0 else -1 for c in codes.tolist()]
    fresh = iter(range(next_code, next_code + k))
    rep_of = {(c if c >= 0 else next(fresh)): reps[slot] for slot, c in enumerate(order)}
    return replace(change, territories=_with_reps(plan, change, rep_of))


def apply_design(ws: Workspace, task: Task, result: Result, seen_rev: int, *, author: str = "") -> Outcome:
    """Store a design as one edit that one undo takes back.

    Raises:
        ConflictError: if the plan changed since the person looked at it.
    """
    done = edit(ws, task.scenario_id, seen_rev, lambda p, c: design_edit(ws, task, result, p, c, author))
    if task.request is not None:
        ws.store.update_settings(task.scenario_id, measure=task.request.measure, tolerance=task.request.tolerance)
    return done


def apply_moves(ws: Workspace, task: Task, result: Result, *, author: str = "") -> Outcome:
    """Store suggested moves as one edit that one undo takes back.

    Raises:
        ConflictError: if the plan changed since they were computed.
    """

    def make(plan: Plan, code: int) -> Edit:
        slots = result_slots(task, result, plan)
        return moves.adopt(plan, slots, next_code=code, kind="rebalance", codes=task.codes, author=author)

    return edit(ws, task.scenario_id, task.rev, make)


@dataclass(frozen=True)
class Suggestion:
    """One suggested move: a unit (code, name), the territory it goes to (code, name), and the load it takes along."""

    code: int
    unit: str
    to: int
    target: str
    load: float


def suggestions(ws: Workspace, task: Task, result: Result) -> tuple[Suggestion, ...]:
    """The moves of a rebalance, heaviest first; empty if the engine found none worth making."""
    info = ws.store.scenario(task.scenario_id)
    units, (plan, _) = ws.units(info), ws.plan(task.scenario_id)
    if task.problem.start is None:
        return ()
    changed = np.flatnonzero(result.assign != task.problem.start)
    out = []
    for at in changed.tolist():
        unit, code = int(task.rows[at]), int(task.codes[result.assign[at]])
        if code in plan.codes:
            load = float(task.problem.weights[at, 0])
            out.append(Suggestion(unit, units.names[unit], code, plan.territory(code).name, load))
    return tuple(sorted(out, key=lambda m: (-m.load, m.code)))


def _problem(
    units: Units,
    keep: NDArray[np.bool_],
    loads: NDArray[np.float64],
    measure: str,
    tolerance: float,
    k: int,
    *,
    locked: NDArray[np.int16],
    start: NDArray[np.int16] | None = None,
) -> Problem:
    return build_problem(units, keep, loads[:, None], (measure,), {measure: tolerance}, k, locked=locked, start=start)


def _names_for(plan: Plan, codes: NDArray[np.int64], request: Request, reps: list[Rep | None]) -> list[str]:
    """Names asked for, else the rep's, else "" (keep the present one or take a default)."""
    asked = {n.strip().casefold(): n.strip() for n in request.names if n.strip()}
    if asked:  # a territory that has one of the names keeps it, the others take the rest
        given = [asked.pop(plan.territory(int(c)).name.casefold(), "") if c >= 0 else "" for c in codes]
        rest = iter(asked.values())
        return [n or next(rest, "") for n in given]
    taken: set[str] = {plan.territory(int(c)).name.casefold() for c in codes if c >= 0}
    out = []
    for code, rep in zip(codes, reps, strict=True):
        default = code < 0 or bool(re.fullmatch(r"Territory \d+", plan.territory(int(code)).name))
        name = rep.name if rep is not None and default and rep.name.casefold() not in taken else ""
        taken.add(name.casefold())
        out.append(name)
    return out


def _with_reps(
    plan: Plan, change: Edit, rep_of: dict[int, Rep | None]
) -> tuple[tuple[Territory | None, Territory | None], ...]:
    """The change's territories with reps set; one who gets another territory leaves the old one unless it is locked."""
    wanted = {code: rep.rep_id for code, rep in rep_of.items() if rep is not None}
    for t in plan.territories:
        if t.code not in wanted and t.rep in wanted.values() and not t.locked:
            wanted[t.code] = ""
    pairs = []
    done = set()
    for old, new in change.territories:
        pairs.append((old, replace(new, rep=wanted.get(new.code, new.rep)) if new is not None else None))
        done.add((new or old).code)  # type: ignore[union-attr]
    for t in plan.territories:
        if t.code not in done and wanted.get(t.code, t.rep) != t.rep:
            pairs.append((t, replace(t, rep=wanted[t.code])))
    return tuple(pairs)
