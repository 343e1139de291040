"""What the engine found, brought back to a plan: one edit that is previewed, applied and undone like a click."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from terr.edits import moves
from terr.edits.colors import choose_colors
from terr.edits.layers import areas_alone
from terr.errors import ConflictError, InputError
from terr.locate.place_names import base_name, place_names
from terr.model.edit import Edit
from terr.model.person import Person
from terr.model.plan import Plan, Territory
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.model.units import Units
from terr.workspace.accounts.dataset import dataset
from terr.workspace.design.problem import SolveTask
from terr.workspace.design.request import DesignRequest
from terr.workspace.design.solve_task import DesignOutline, design_task, foresee, measure_loads, rebalance_task
from terr.workspace.plan.editing import EditOutcome, edit
from terr.workspace.plan.plan_settings import save_rules
from terr.workspace.plan.rules import NO_RULES, PlanRules
from terr.workspace.plan.snapshot import PlanSnapshot, preview_snapshot
from terr.workspace.reps.homes import nearest_reps
from terr.workspace.workspace import Workspace

__all__ = [
    "DesignOutline",
    "DesignRequest",
    "ImportedAssignment",
    "MoveSuggestion",
    "SolveTask",
    "UnitAssignment",
    "apply_design",
    "apply_moves",
    "design_edit",
    "design_task",
    "foresee",
    "measure_loads",
    "proposal",
    "rebalance_task",
    "result_territories",
    "suggestions",
]


class UnitAssignment(Protocol):
    """Whatever gives each unit of a problem a territory, such as a `Result`."""

    @property
    def assign(self) -> NDArray[np.int16]:
        """int16 (n,), -1 = unassigned."""


@dataclass(frozen=True, eq=False)
class ImportedAssignment:
    """A plan the engine didn't make: int16 (n,) territory index per unit, -1 = unassigned."""

    assign: NDArray[np.int16]


def result_territories(task: SolveTask, result: UnitAssignment, plan: Plan) -> NDArray[np.int16]:
    """int16 (n_units,), slot per unit of the plan.

    Units the engine wasn't given stay where they are: in their locked territory, or unassigned (-1).
    """
    slots = np.full(len(plan), -1, dtype=np.int16)
    slots[task.rows] = result.assign
    for slot in range(task.problem.territories, len(task.codes)):
        slots[plan.assign == task.codes[slot]] = slot
    return slots


@dataclass(frozen=True, eq=False)
class DesignEdit:
    """A design as a change of the plan.

    Attributes:
        edit: the one edit it is.
        rules: what the plan is held to once it is applied.
        codes: territory code of each slot of the task afterwards.
    """

    edit: Edit
    rules: PlanRules
    codes: tuple[int, ...]


def design_edit(
    units: Units,
    task: SolveTask,
    result: UnitAssignment,
    plan: Plan,
    next_code: int,
    author: str = "",
    roster: Sequence[Rep] | None = None,
) -> DesignEdit:
    """A design as one edit on `plan`: matched to the territories there are, named, colored and given to reps.

    Args:
        units: the plan's.
        task: of the design.
        result: what the engine found.
        plan: as it is now.
        next_code: first territory code that was never used.
        author: of the edit.
        roster: all reps, for territories named by place; a territory that bears the name of one is named anew. None =
            a new territory bears its rep's name, as in plan files, which know reps by it.

    Raises:
        PlanError: if the plan's locks changed since the task was made and the design breaks them.
    """
    request = task.request
    if request is None:
        raise InputError("these are suggested moves, not a generated plan")
    slots = result_territories(task, result, plan)
    k = request.territories
    codes = moves.match_codes(plan, slots, k, weights=units.area_km2)
    for slot, code in enumerate(task.codes):
        if code >= 0:
            codes[codes == code] = -1
            codes[slot] = code
    colors_now = np.array([plan.territory(int(c)).color if c >= 0 else -1 for c in codes], dtype=np.int64)
    colors = choose_colors(slots, units.indptr, units.indices, k, colors_now)
    loads = np.zeros(len(units))
    loads[task.rows] = task.problem.weights[:, 0]
    reps = [*_reps_for(units, slots, task, request, loads), *([None] * k)][:k]
    names = _asked_names(plan, codes, request)
    if names is None and roster is None:
        names = _rep_names(plan, codes, reps)
    elif names is None:
        stays = {r.rep_id: r for r in roster or ()}
        covers = reps if request.reps else [stays.get(plan.territory(int(c)).rep) if c >= 0 else None for c in codes]
        names = _place_names(units, areas_alone(units, plan), slots, codes, roster or (), covers)
    change = moves.adopt(
        plan, slots, next_code=next_code, kind="design", k=k, codes=codes, names=names, colors=colors, author=author
    )
    fresh = iter(range(next_code, next_code + k))
    after = [c if c >= 0 else next(fresh) for c in codes.tolist()]
    if request.reps:
        change = replace(change, territories=_with_reps(plan, change, dict(zip(after, reps, strict=True))))
    rules = PlanRules(
        limits=request.limits,
        groups=request.groups,
        shares=tuple((after[j], s.share) for j, s in enumerate(task.slots) if s.share != 1),
        unassigned=request.unassigned,
        whole_states=request.whole_states,
        sides=request.sides,
    )
    return DesignEdit(change, rules, tuple(after))


def proposal(ws: Workspace, task: SolveTask, result: UnitAssignment) -> PlanSnapshot:
    """The board as it would be with a design, or with a change of the plan, applied.

    Raises:
        PlanError: if the plan's locks changed since the task was made.
    """
    plan, _ = ws.plan(task.scenario_id)
    info = ws.store.scenarios.get(task.scenario_id)
    if task.request is None:
        return preview_snapshot(ws, task.scenario_id, _moves_edit(task, result, plan, info.next_code, ""))
    roster = dataset(ws, info.dataset_id).reps
    made, asked = design_edit(ws.units(info), task, result, plan, info.next_code, roster=roster), task.request
    return preview_snapshot(
        ws, task.scenario_id, made.edit, measure=asked.measure, tolerance=asked.tolerance, rules=made.rules
    )


def apply_design(
    ws: Workspace, task: SolveTask, result: UnitAssignment, seen_rev: int, *, author: str = ""
) -> EditOutcome:
    """Store a design as one edit that one undo takes back, with the rules the plan is held to from then on.

    Raises:
        ConflictError: if the plan changed since the person looked at it.
    """
    info = ws.store.scenarios.get(task.scenario_id)
    units, roster = ws.units(info), dataset(ws, info.dataset_id).reps
    rules, measure = NO_RULES, "" if task.request is None else task.request.measure

    def make(plan: Plan, code: int) -> Edit:
        nonlocal rules
        made = design_edit(units, task, result, plan, code, author, roster)
        rules = made.rules
        return made.edit

    done = edit(ws, task.scenario_id, seen_rev, make, basis=lambda: (measure, rules))
    if task.request is not None:
        info = ws.store.scenarios.update_settings(
            task.scenario_id, measure=task.request.measure, tolerance=task.request.tolerance
        )
        save_rules(ws, info.id, done.rev if done.changed else info.head, rules)
    return done


def _moves_edit(task: SolveTask, result: UnitAssignment, plan: Plan, code: int, author: str) -> Edit:
    slots = result_territories(task, result, plan)
    return moves.adopt(plan, slots, next_code=code, kind="rebalance", codes=task.codes, author=author)


def apply_moves(ws: Workspace, task: SolveTask, result: UnitAssignment, *, author: str = "") -> EditOutcome:
    """Store suggested moves as one edit that one undo takes back.

    Raises:
        ConflictError: if the plan changed since they were computed.
    """
    return edit(ws, task.scenario_id, task.rev, lambda plan, code: _moves_edit(task, result, plan, code, author))


def moves_as_scenario(ws: Workspace, task: SolveTask, result: UnitAssignment, name: str, *, by: Person) -> ScenarioInfo:
    """Store suggested moves in a copy of the plan, which itself stays as it is.

    Raises:
        ConflictError: if the plan changed since they were computed.
        InputError: for a name that can't be. LocateError: if the plan is gone.
    """
    info = ws.store.scenarios.get(task.scenario_id)
    if info.rev != task.rev:
        raise ConflictError("the plan was edited since these moves were found; find them again")
    made = ws.store.scenarios.branch(info.id, info.head, name, by=by)
    apply_moves(ws, replace(task, scenario_id=made.id, rev=made.rev), result, author=by.name)
    return ws.store.scenarios.get(made.id)


@dataclass(frozen=True)
class EveningEffect:
    """What suggested moves do to the measure they even out.

    Attributes:
        moved: areas that change their territory; share: of the measure that goes along.
        before, after: largest |load / fair part - 1| of a territory.
    """

    moved: int
    share: float
    before: float
    after: float


def evening_effect(task: SolveTask, result: UnitAssignment) -> EveningEffect:
    """The same for the problem of `evening_task`, on its first measure."""
    problem = task.problem
    changed = result.assign != task.assign
    goal, whole = problem.targets[:, 0], float(problem.weights[:, 0].sum())
    before, after = (
        float(np.abs(problem.loads(a)[:, 0] / np.where(goal > 0, goal, 1.0) - 1).max(initial=0.0))
        for a in (task.assign, result.assign)
    )
    share = float(problem.weights[changed, 0].sum()) / whole if whole > 0 else 0.0
    return EveningEffect(int(changed.sum()), share, before, after)


@dataclass(frozen=True)
class MoveSuggestion:
    """One suggested move.

    Attributes:
        code, unit: the unit, by code and name.
        source, origin: the territory it is in, by code and name; -1 and "unassigned".
        to, target: the territory it goes to.
        load: what it takes along.
        effect: change of the larger deviation of the two territories if only this unit moves, as a share; below 0 is
            better.
    """

    code: int
    unit: str
    source: int
    origin: str
    to: int
    target: str
    load: float
    effect: float


def suggestions(ws: Workspace, task: SolveTask, result: UnitAssignment) -> tuple[MoveSuggestion, ...]:
    """The moves of a rebalance, heaviest first; empty if the engine found none worth making."""
    info = ws.store.scenarios.get(task.scenario_id)
    units, (plan, _) = ws.units(info), ws.plan(task.scenario_id)
    start = task.problem.start
    if start is None:
        return ()
    names = {t.code: t.name for t in plan.territories} | {-1: "unassigned"}
    codes = (*task.codes[: task.problem.territories], -1)
    out = []
    for at in np.flatnonzero(result.assign != start).tolist():
        was, now = int(start[at]), int(result.assign[at])
        if codes[was] in names and codes[now] in names:
            unit = int(task.rows[at])
            out.append(
                MoveSuggestion(
                    unit,
                    units.names[unit],
                    codes[was],
                    names[codes[was]],
                    codes[now],
                    names[codes[now]],
                    float(task.problem.weights[at, 0]),
                    _effect(task, at, was, now),
                )
            )
    return tuple(sorted(out, key=lambda m: (-m.load, m.code)))


def _effect(task: SolveTask, unit: int, was: int, now: int) -> float:
    problem = task.problem
    load, goal = problem.loads(task.assign)[:, 0], problem.targets[:, 0]
    weight = problem.weights[unit, 0]
    both = [(j, sign) for j, sign in ((was, -1), (now, 1)) if j >= 0 and goal[j] > 0]
    before = max((abs(load[j] / goal[j] - 1) for j, _ in both), default=0.0)
    after = max((abs((load[j] + sign * weight) / goal[j] - 1) for j, sign in both), default=0.0)
    return float(after - before)


def _reps_for(
    units: Units, slots: NDArray[np.int16], task: SolveTask, request: DesignRequest, loads: NDArray[np.float64]
) -> list[Rep | None]:
    """Who covers each territory of a design: whoever it was drawn around, else so that homes are nearest in total.

    Territories drawn for shares of their own are given out among the reps of the same share: any of them can cover any
    of these.
    """
    if not task.settled:
        return nearest_reps(units, slots, task.problem.territories, request.reps, loads)
    out = [s.rep for s in task.slots]
    if request.centred or request.most_km is not None or request.near_today:
        return out
    for share in sorted({s.share for s in task.slots}):
        group = [j for j, s in enumerate(task.slots) if s.share == share and s.code < 0]
        mine = [rep for j in group if (rep := out[j]) is not None]
        part = np.full(len(units), -1, dtype=np.int16)
        for at, j in enumerate(group):
            part[slots == j] = at
        for j, rep in zip(group, nearest_reps(units, part, len(group), mine, loads), strict=True):
            out[j] = rep
    return out


def _asked_names(plan: Plan, codes: NDArray[np.int64], request: DesignRequest) -> list[str] | None:
    """The names asked for: a territory that has one of them keeps it, the others take the rest. None if none are."""
    asked = {n.strip().casefold(): n.strip() for n in request.names if n.strip()}
    if not asked:
        return None
    given = [asked.pop(plan.territory(int(c)).name.casefold(), "") if c >= 0 else "" for c in codes]
    rest = iter(asked.values())
    return [n or next(rest, "") for n in given]


def _rep_names(plan: Plan, codes: NDArray[np.int64], reps: Sequence[Rep | None]) -> list[str]:
    """The rep's name for new territories and those called by a number or a rep; "" keeps the present one or takes a
    number."""
    theirs = {r.name.casefold() for r in reps if r is not None}
    before = ["" if c < 0 else plan.territory(int(c)).name for c in codes]
    free = [not n or n.casefold() in theirs or bool(re.fullmatch(r"Territory \d+", n)) for n in before]
    taken = [n for n, f in zip(before, free, strict=True) if not f]
    out: list[str] = []
    for was, default, rep in zip(before, free, reps, strict=True):
        name = rep.name if rep is not None and default and rep.name not in taken else ""
        if not name and was.casefold() in theirs:
            name = moves.default_name([*taken, *before], len(out))
        taken.append(name)
        out.append(name)
    return out


def _place_names(
    units: Units,
    plan: Plan,
    slots: NDArray[np.int16],
    codes: NDArray[np.int64],
    roster: Sequence[Rep],
    covers: Sequence[Rep | None],
) -> list[str]:
    """Names of places; "" where the name is a person's own and stays. A rep's name on a territory follows the rep."""
    own = _named_by_people(units, plan, roster)
    stay = {int(c) for c in codes if c >= 0} & own
    borne = {t.name.casefold() for t in plan.territories}
    follow = [
        "" if r is None or r.name.casefold() not in borne or int(c) in stay else r.name
        for c, r in zip(codes, covers, strict=True)
    ]
    free = np.array([int(c) not in stay and not f for c, f in zip(codes, follow, strict=True)])
    at = np.cumsum(free) - 1  # positions among those that are to be named
    among = np.where(slots >= 0, np.where(free[slots], at[slots], -1), -1)
    taken = [*(plan.territory(c).name for c in sorted(own)), *filter(None, follow)]
    names = iter(place_names(units, among, int(free.sum()), taken=taken))
    return [next(names) if f else name for f, name in zip(free, follow, strict=True)]


def _named_by_people(units: Units, plan: Plan, roster: Sequence[Rep]) -> set[int]:
    """Codes of the territories whose names are neither numbers, nor reps', nor those of the places they cover."""
    places = place_names(units, plan.slots(), len(plan.territories)) if plan.territories else []
    reps = {r.name.casefold() for r in roster}
    return {
        t.code
        for t, place in zip(plan.territories, places, strict=True)
        if t.locked
        or not (
            re.fullmatch(r"Territory \d+", t.name) or t.name.casefold() in reps or base_name(t.name) == base_name(place)
        )
    }


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
