"""Small problems for the engine: one territory's areas shared out, a new territory carved out, one divided, a repair.

Each hands the engine only the areas that may move and the territories beside them; whatever else a territory has stands
in as one node. So the answer comes in a fraction of a second, and nothing else can move.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from terr.edits.layers import areas_alone
from terr.engine import design, rebalance
from terr.errors import PlanError
from terr.model.overrides import Overrides
from terr.model.plan import Plan
from terr.model.progress import UNWATCHED, Progress
from terr.model.result import Result
from terr.model.units import UNASSIGNED, Units
from terr.workspace.design.planned_territories import bundles
from terr.workspace.design.problem import SolveTask, build_problem, solve_task
from terr.workspace.design.request import DesignRequest
from terr.workspace.plan.rules import PlanRules
from terr.workspace.situations import books
from terr.workspace.situations.ground import SituationGround

Codes = NDArray[np.int16]
Mask = NDArray[np.bool_]
EVEN = 10.0
"""Price of an uneven share where balance is what is asked for, as `Problem.balance` takes it."""
MOST_DONORS, ROUNDS, LEAST_STEP = 12, 2, 0.02


def beside(units: Units, area: Mask) -> NDArray[np.int64]:
    """int64, codes of the units that share a border or a bridge with an area and aren't in it."""
    source = np.repeat(np.arange(len(units)), np.diff(units.indptr))
    reached = np.unique(units.indices[area[source]]).astype(np.int64)
    return reached[~area[reached]]


def open_codes(plan: Plan) -> set[int]:
    """Codes of the territories that may gain and lose areas."""
    return {t.code for t in plan.territories if not t.locked}


def raised(load: NDArray[np.float64], goal: NDArray[np.float64], extra: float) -> NDArray[np.float64]:
    """float64 (k,), loads after `extra` is poured on the emptiest, measured by their targets: what can be most even."""
    low, high = 0.0, float(np.max(load / goal, initial=1.0)) + extra / float(goal.sum()) + 1.0
    for _ in range(60):
        level = (low + high) / 2
        low, high = (level, high) if np.maximum(level * goal - load, 0).sum() < extra else (low, level)
    return np.maximum(load, high * goal)


def share_out(
    ground: SituationGround,
    plan: Plan,
    held: Overrides,
    code: int,
    *,
    near_homes: bool = False,
    only: Sequence[int] = (),
    rules: PlanRules | None = None,
    seed: int = 1,
) -> Codes:
    """The plan's assignment with one territory's areas given to those beside it; nothing else moves.

    Args:
        ground: of the situation.
        plan: with the territory still in it.
        held: accounts by name afterwards.
        code: of the territory that is shared out.
        near_homes: each area goes to the rep who lives nearest, as far as territories stay in one piece; else the
            loads afterwards are as even as the areas allow.
        only: codes that may receive; () = all that are open.
        rules: of the plan afterwards.
        seed: of the engine.

    Returns:
        int16 (n_units,), territory codes.

    Raises:
        PlanError: if no open territory is left to receive them.
    """
    units, free = ground.units, plan.assign == code
    may = books.of_layer(units, plan, code, (set(only) or open_codes(plan)) - {code})
    if not may:
        raise PlanError("every other territory is locked, so nobody can take over; unlock one first")
    out = plan.assign.copy()
    if not free.any():
        return out
    apart = books.are_books(units, free)
    receivers = sorted(may if apart else set(plan.assign[beside(units, free)].tolist()) & may)
    if not receivers:
        receivers = [_nearest(ground, plan, free, may)]
    if len(receivers) == 1:
        out[free] = receivers[0]
        return out
    after = plan.with_changes(
        assign=np.where(free, UNASSIGNED, plan.assign).astype(np.int16),
        territories=tuple(t for t in plan.territories if t.code != code),
    )
    load, goal, named = ground.loads_and_goals(after, held, rules)
    at = [after.codes.index(c) for c in receivers]
    loads = ground.unit_loads(held)
    want = raised(load[at], np.maximum(goal[at], 1e-9), float(loads[free].sum())) - named[at]
    chosen = [after.territories[j] for j in at]
    homes = ground.homes(chosen) if near_homes or apart else None
    if apart and homes is not None:
        homes = _known_points(ground, plan, receivers, homes)
        have = np.array([float(loads[plan.assign == c].sum()) for c in receivers])
        book = books.divided(ground, loads, free, want, have, homes, near=near_homes, seed=seed)
        out[free] = np.array(receivers, dtype=np.int16)[book]
        return out
    label = np.full(len(units), -1, dtype=np.int16)
    for j, receiver in enumerate(receivers):
        label[plan.assign == receiver] = j
    keep = free | (label >= 0)
    found = _solve(ground, loads, keep, label, free, want, homes, EVEN if not near_homes else 0.0, seed)
    out[keep] = np.array(receivers, dtype=np.int16)[found.assign]
    return out


def divide(
    ground: SituationGround,
    plan: Plan,
    held: Overrides,
    code: int,
    shares: Sequence[float],
    *,
    homes: NDArray[np.float64] | None = None,
    seed: int = 1,
) -> NDArray[np.int16]:
    """int16 (n_units,), part 0..n-1 of each of a territory's areas, -1 elsewhere.

    Args:
        ground: of the situation.
        plan, held: as they are.
        code: of the territory.
        shares: of the load, one per part.
        homes: float64 (parts, 2), km, centers of the parts; NaN = its own.
        seed: of the engine.

    Raises:
        PlanError: if it has fewer areas than parts.
    """
    inside = plan.assign == code
    n = len(shares)
    if int(inside.sum()) < n:
        raise PlanError(f"{plan.territory(code).name} has too few areas for {n} parts")
    loads = ground.unit_loads(held)
    label = np.full(len(ground.units), -1, dtype=np.int16)
    whole = float(loads[inside].sum())
    want = np.maximum(np.array(shares) / sum(shares) * whole, 1e-9)
    if books.are_books(ground.units, inside):
        points = np.full((n, 2), np.nan) if homes is None else homes
        part = np.full(len(ground.units), -1, dtype=np.int16)
        part[inside] = books.divided(ground, loads, inside, want, np.zeros(n), points, near=False, seed=seed)
        return part
    found = _solve(ground, loads, inside, label, inside, want, homes, EVEN, seed)
    out = np.full(len(ground.units), -1, dtype=np.int16)
    out[inside] = found.assign
    return out


def carve(
    ground: SituationGround,
    plan: Plan,
    held: Overrides,
    code: int,
    start: int,
    rules: PlanRules,
    *,
    aim: str,
    home: NDArray[np.float64],
    closed: Mapping[int, bool],
    seed: int = 1,
) -> Codes:
    """A new territory taken out of those around it, which give to it and to nobody else.

    One giver at a time is divided in two by the engine: what it keeps, and what joins the new territory. The first is
    the one around `start`; then "fewest" and "even" ask the fullest beside the new territory, "travel" the one whose
    areas lie nearest the home.

    Args:
        ground: of the situation.
        plan: with the new territory in it, empty.
        held: accounts by name.
        code: of the new territory.
        start: unit it begins with.
        rules: with its share of a full territory.
        aim: "fewest" = no more than it needs to be as far below its target as the limit allows; "even" = as much as
            leaves it and its neighbors alike; "travel" = as much, from whoever lies nearest the home.
        home: (2,), km.
        closed: codes of territories that give nothing.
        seed: of the engine.
    """
    units, assign = ground.units, plan.assign.copy()
    loads = ground.unit_loads(held)
    load, goal, _ = ground.loads_and_goals(plan, held, rules)
    goals = dict(zip(plan.codes, np.maximum(goal, 1e-9).tolist(), strict=True))
    loaded = dict(zip(plan.codes, load.tolist(), strict=True))
    may = open_codes(plan) - {code} - set(closed)
    first = int(assign[start])
    level = _level(ground, plan, first, may, loaded, goals, code)
    least = {"fewest": level, "even": level, "travel": level - 2 * ground.tolerance}[aim]
    wanted = goals[code] * level * (1 - ground.tolerance * (aim == "fewest"))
    for _ in range(ROUNDS):
        tried: set[int] = set()
        while len(tried) < MOST_DONORS:
            mine = assign == code
            need = wanted - float(loads[mine].sum())
            if need <= 1e-2 * goals[code]:
                return assign
            around = set(assign[beside(units, mine)].tolist()) if mine.any() else {first}
            full = (loaded[code] / goals[code]) + LEAST_STEP
            givers = [c for c in sorted(around & may - tried) if loaded[c] / goals[c] > full or not mine.any()]
            if not givers:
                break
            if aim == "travel":
                giver = min(givers, key=lambda c: _far(units, assign == c, home))
            else:
                giver = max(givers, key=lambda c: loaded[c] / goals[c])
            tried.add(giver)
            spare = loaded[giver] - goals[giver] * least
            if spare <= LEAST_STEP * goals[giver]:  # nothing left above the common level: end alike with it
                both = (loaded[giver] + loaded[code]) / (goals[giver] + goals[code])
                spare = loaded[giver] - goals[giver] * both
            give = min(need, max(spare, 0.0))
            if not mine.any():
                give = max(give, float(loads[start]), 1e-6 * goals[code])
            at = start if not mine.any() else -1
            taken = _take(ground, loads, assign, plan, giver, code, at, give, aim, home, seed)
            moved = float(loads[taken].sum())
            assign[taken] = code
            loaded[giver] -= moved
            loaded[code] += moved
    return assign


def rebalanced(
    ground: SituationGround,
    plan: Plan,
    held: Overrides,
    rules: PlanRules,
    tolerance: float,
    *,
    seconds: float = 2.5,
    progress: Progress = UNWATCHED,
) -> Codes:
    """The plan with the least change that brings everybody within a limit, or as near as the time allows.

    Args:
        ground: of the situation.
        plan: where it starts; areas without a territory go to a neighbor.
        held: accounts by name.
        rules: of the plan; limits on further measures hold too.
        tolerance: share a load may be off its target.
        seconds: wall-clock, at most.
        progress: follows it.
    """
    for layer in books.touched_layers(ground.units, plan):
        assign = books.rebalanced(ground, plan, held, rules, layer, tolerance, seconds=seconds, progress=progress)
        plan = plan.with_changes(assign=assign)
    mine = areas_alone(ground.units, plan)
    if sum(not t.locked and bool((mine.assign == t.code).any()) for t in mine.territories) < 2:
        return plan.assign.copy()
    task = standing_task(ground, plan, held, rules, tolerance)
    if task.problem.territories < 2:
        return plan.assign.copy()
    found = rebalance(task.problem, time_limit_s=seconds, effort=0.3, prove=False, progress=progress)
    out = plan.assign.copy()
    out[task.rows] = np.array([*task.codes[: task.problem.territories], UNASSIGNED], dtype=np.int16)[found.assign]
    return out


def standing_task(
    ground: SituationGround, plan: Plan, held: Overrides, rules: PlanRules, tolerance: float
) -> SolveTask:
    """The engine's problem of changing a plan as it stands.

    Raises:
        InputError: if every territory is locked, or the measure adds up to zero.
    """
    return solve_task(ground.inputs(plan, held), standing_request(ground, plan, rules, tolerance), anew=False)


def standing_request(ground: SituationGround, plan: Plan, rules: PlanRules, tolerance: float) -> DesignRequest:
    """What a plan is held to, as a request; limits on measures that aren't there any more are left out."""
    known = set(ground.accounts.measures)
    return DesignRequest(
        territories=len(plan.territories),
        measure=ground.measure,
        tolerance=tolerance,
        limits=tuple(one for one in rules.limits if one.hard and one.measure in known),
        shares=tuple((f"territory:{code}", share) for code, share in rules.shares if code in plan.codes),
        groups=rules.groups,
        whole_states=rules.whole_states,
        sides=rules.sides,
        unassigned=rules.unassigned,
    )


def _solve(
    ground: SituationGround,
    loads: NDArray[np.float64],
    keep: Mask,
    label: NDArray[np.int16],
    free: Mask,
    want: NDArray[np.float64],
    homes: NDArray[np.float64] | None,
    price: float,
    seed: int,
    effort: float = 1.0,
) -> Result:
    """The engine on the kept units: those with a label stay, as one node for each territory."""
    rules, n = ground.rules, len(ground.units)
    together = np.where(free, bundles(ground.units, rules.groups, rules.whole_states), -1)
    together = np.where(label >= 0, n + label.astype(np.int64), together)
    weights = loads if float(loads[keep].sum()) > 0 else np.where(keep, 1.0, 0.0)
    if not float(loads[keep].sum()) > 0:
        want = np.full(len(want), float(keep.sum()) / len(want))
    problem = build_problem(
        ground.units,
        keep,
        weights[:, None],
        (ground.measure,),
        {},
        len(want),
        locked=label[keep],
        targets=np.maximum(want, 1e-9)[:, None],
        balance={ground.measure: price} if price else {},
        centres=homes,
        groups=together[keep],
    )
    return design(problem, seed=seed, effort=effort)


def _take(
    ground: SituationGround,
    loads: NDArray[np.float64],
    assign: Codes,
    plan: Plan,
    giver: int,
    code: int,
    start: int,
    give: float,
    aim: str,
    home: NDArray[np.float64],
    seed: int,
) -> NDArray[np.int64]:
    """Units that a giver hands to the new territory; none if it can't be divided."""
    theirs, mine = assign == giver, assign == code
    stays = theirs & plan.locked_units
    free = theirs & ~stays
    if int(theirs.sum()) < 2 or not free.any():
        return np.zeros(0, dtype=np.int64)
    label = np.full(len(assign), -1, dtype=np.int16)
    label[stays], label[mine] = 0, 1
    if start >= 0:
        label[start] = 1
        free[start] = False
    if not free.any():
        return np.array([start], dtype=np.int64) if stays.any() else np.zeros(0, dtype=np.int64)
    keep = theirs | mine
    whole = float(loads[theirs].sum())
    want = np.array([max(whole - give, 0.0), float(loads[mine].sum()) + give])
    homes = np.array([[np.nan, np.nan], home]) if aim == "travel" else None
    found = _solve(ground, loads, keep, label, free, want, homes, EVEN, seed, effort=0.2)
    rows = np.flatnonzero(keep)
    taken = rows[(found.assign == 1) & theirs[rows]]
    return taken if len(taken) < int(theirs.sum()) else np.zeros(0, dtype=np.int64)


def _level(
    ground: SituationGround,
    plan: Plan,
    first: int,
    may: set[int],
    loaded: Mapping[int, float],
    goals: Mapping[int, float],
    code: int,
) -> float:
    """What share of its target everybody around a home can have once the new territory is among them; 1 at most."""
    beside_it = set(plan.assign[beside(ground.units, plan.assign == first)].tolist())
    near = {first, *beside_it} & may
    if not near:
        return 1.0
    return min(1.0, sum(loaded[c] for c in near) / (sum(goals[c] for c in near) + goals[code]))


def _known_points(
    ground: SituationGround, plan: Plan, codes: Sequence[int], homes: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Homes, and the middle of what a territory has where its rep's isn't known."""
    out = homes.copy()
    for j, code in enumerate(codes):
        mine = plan.assign == code
        if np.isnan(out[j]).any() and mine.any():
            out[j] = ground.units.xy_km[mine].mean(axis=0)
    return out


def _far(units: Units, area: Mask, point: NDArray[np.float64]) -> float:
    """Kilometers from a point to the nearest unit of an area."""
    return float(np.hypot(*(units.xy_km[area] - point).T).min()) if area.any() else float("inf")


def _nearest(ground: SituationGround, plan: Plan, free: Mask, may: set[int]) -> int:
    """The territory whose areas lie nearest to an area that borders none."""
    middle = ground.units.xy_km[free].mean(axis=0)
    there = [c for c in sorted(may) if (plan.assign == c).any()] or sorted(may)
    return min(there, key=lambda c: _far(ground.units, plan.assign == c, middle))
