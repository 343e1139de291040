"""The same small problems where a territory is a book of accounts: no borders, so all of its layer may take over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from terr.edits.layers import territory_layers
from terr.engine.books.dividing import design_books
from terr.engine.books.problem import BooksProblem
from terr.model.books.book_units import BookUnits
from terr.model.overrides import Overrides
from terr.model.plan import Plan
from terr.model.progress import UNWATCHED, Progress
from terr.model.units import UNASSIGNED, Units
from terr.workspace.plan.rules import PlanRules
from terr.workspace.situations.ground import SituationGround

Codes = NDArray[np.int16]
CLOSE = 0.005
"""How far a book may be from what is wanted of it, as a share, where balance is what is asked for."""
STAY_KM = 1e5
"""Kilometers of travel that are accepted rather than take a mean account from who has it."""


def are_books(units: Units, area: NDArray[np.bool_]) -> bool:
    """Whether an area is made of accounts that are units themselves."""
    return isinstance(units, BookUnits) and bool(area.any()) and bool(units.loose[area].all())


def of_layer(units: Units, plan: Plan, code: int, may: set[int]) -> set[int]:
    """Those of some territories that can take what a territory has: of its layer, or without units."""
    if not isinstance(units, BookUnits):
        return may
    layers = territory_layers(units, plan)
    mine = layers.get(code, -1)
    return {c for c in may if layers.get(c, mine) == mine}


def divided(
    ground: SituationGround,
    loads: NDArray[np.float64],
    free: NDArray[np.bool_],
    want: NDArray[np.float64],
    have: NDArray[np.float64],
    homes: NDArray[np.float64],
    *,
    near: bool,
    seed: int,
) -> NDArray[np.int64]:
    """int64 (free units,), book of each free account.

    Args:
        ground: of the situation.
        loads: float64 (n_units,).
        free: bool (n_units,), the accounts to give out.
        want: float64 (k,), load each book should end with; have: what it has already and keeps.
        homes: float64 (k, 2), km, where travel is counted from; NaN = the middle of what it gets.
        near: travel decides alone; else the loads end as wanted, as far as accounts allow.
        seed: of the engine.
    """
    weights = loads[free]
    if not float(weights.sum()) > 0:
        weights = np.ones(int(free.sum()))
        want = have + len(weights) / len(want)
    goal = np.maximum(want - have, 0.0)
    floors = None if near else {ground.measure: np.maximum(goal * (1 - CLOSE), 0.0)}
    caps = None if near else {ground.measure: goal * (1 + CLOSE) + CLOSE * float(want.mean())}
    problem = BooksProblem.from_arrays(
        weights,
        (ground.measure,),
        books=len(want),
        xy_km=ground.units.xy_km[free],
        homes=homes,
        targets=np.maximum(goal, 1e-9)[:, None] if not near else None,
        floors=floors,
        caps=caps,
    )
    return design_books(problem, seed=seed, effort=0.3).assign.astype(np.int64)


def with_new(
    ground: SituationGround,
    plan: Plan,
    held: Overrides,
    new: Sequence[int],
    layer: int,
    rules: PlanRules,
    *,
    aim: str,
    homes: NDArray[np.float64],
    seed: int = 1,
) -> Codes:
    """The assignment with new books filled from those of a layer, which give to them and to nobody else.

    Args:
        ground: of the situation.
        plan: with the new territories in it, empty; held: accounts by name.
        new: their codes; layer: whose accounts they take.
        rules: with their shares.
        aim: "fewest" = no more than they need to be within the limit; "even" = as much as leaves all alike; "travel" =
            as much, and travel decides who gives.
        homes: float64 (new, 2), km.
        seed: of the engine.
    """
    units = ground.units
    assert isinstance(units, BookUnits)  # noqa: S101 (asked for plans of books only)
    layers = territory_layers(units, plan)
    givers = [t.code for t in plan.territories if not t.locked and layers.get(t.code) == layer]
    loads = ground.unit_loads(held)
    load, goal, named = ground.loads_and_goals(plan, held, rules)
    at = {c: j for j, c in enumerate(plan.codes)}
    who = [*givers, *new]
    rows = [at[c] for c in who]
    goals = np.maximum(goal[rows], 1e-9)
    level = min(1.0, float(load[rows].sum() / goals.sum()))
    free = np.isin(plan.assign, givers) & ~plan.locked_units
    slack = ground.tolerance if aim == "fewest" else CLOSE
    locked_load = np.array([float(loads[(plan.assign == c) & plan.locked_units].sum()) for c in who])
    fixed = named[rows] + locked_load
    least = {"fewest": 1 - ground.tolerance, "even": 1 - CLOSE, "travel": 1 - 2 * ground.tolerance}[aim]
    floor = np.where(np.isin(who, new), level * goals * (1 - slack), np.minimum(level * goals * least, load[rows]))
    cap = level * goals * {"fewest": 1 + ground.tolerance, "even": 1 + CLOSE, "travel": 1 + 2 * ground.tolerance}[aim]
    start = np.array([who.index(int(c)) for c in plan.assign[free]], dtype=np.int32)
    weights = loads[free]
    mean = max(float(weights.mean()), 1e-9)
    problem = BooksProblem.from_arrays(
        weights,
        (ground.measure,),
        books=len(who),
        xy_km=units.xy_km[free],
        homes=np.vstack([_middles(ground, plan, givers), homes]),
        targets=goals[:, None],
        floors={ground.measure: np.maximum(floor - fixed, 0.0)},
        caps={ground.measure: np.maximum(cap - fixed, np.maximum(floor - fixed, 0.0))},
        start=start,
        keep_price=STAY_KM * (0.5 * (aim == "fewest") + np.maximum(weights, 1e-3 * mean) / mean),
    )
    found = design_books(problem, seed=seed, effort=0.1).assign
    out = plan.assign.copy()
    moved = (found != start) & (found >= len(givers))  # to somebody new; nothing moves between those who stay
    out[np.flatnonzero(free)[moved]] = np.array(who, dtype=np.int16)[found[moved]]
    return out


def rebalanced(
    ground: SituationGround,
    plan: Plan,
    held: Overrides,
    rules: PlanRules,
    layer: int,
    tolerance: float,
    *,
    seconds: float,
    progress: Progress = UNWATCHED,
) -> Codes:
    """The assignment with the books of a layer within a limit at the least change; accounts without a book get one.

    Args:
        ground: of the situation.
        plan: where it starts; held: accounts by name; rules: of the plan.
        layer: whose books.
        tolerance: share a load may be off its target.
        seconds: wall-clock, at most; progress: follows it.
    """
    units = ground.units
    assert isinstance(units, BookUnits)  # noqa: S101 (asked for plans of books only)
    layers = territory_layers(units, plan)
    who = [t.code for t in plan.territories if not t.locked and layers.get(t.code, layer) == layer]
    out = plan.assign.copy()
    free = (np.isin(plan.assign, who) | (plan.assign == UNASSIGNED)) & (units.layer_of == layer) & ~plan.locked_units
    if len(who) < 2 or not free.any():
        return out
    loads = ground.unit_loads(held)
    _, goal, named = ground.loads_and_goals(plan, held, rules)
    at = {c: j for j, c in enumerate(plan.codes)}
    rows = [at[c] for c in who]
    locked_load = np.array([float(loads[(plan.assign == c) & plan.locked_units].sum()) for c in who])
    fixed = named[rows] + locked_load
    start = np.array([who.index(int(c)) if int(c) in who else -1 for c in plan.assign[free]], dtype=np.int32)
    weights = loads[free]
    mean = max(float(weights.mean()), 1e-9)
    low, high = (np.maximum(goal[rows] * s - fixed, 0.0) for s in (1 - tolerance, 1 + tolerance))
    problem = BooksProblem.from_arrays(
        weights,
        (ground.measure,),
        books=len(who),
        xy_km=units.xy_km[free],
        homes=_middles(ground, plan, who),
        targets=np.maximum(goal[rows], 1e-9)[:, None],
        floors={ground.measure: low} if rules.sides != "over" else None,
        caps={ground.measure: high} if rules.sides != "under" else None,
        start=start,
        keep_price=STAY_KM * np.maximum(weights, 1e-3 * mean) / mean,
    )
    found = design_books(problem, time_limit_s=seconds, progress=progress, effort=0.3)
    out[free] = np.array(who, dtype=np.int16)[found.assign]
    return out


def touched_layers(units: Units, plan: Plan) -> list[int]:
    """Layers of accounts that a plan has books of, in order."""
    if not isinstance(units, BookUnits):
        return []
    areas = int(units.layer_of[0]) if units.n_areas else -1
    return sorted({layer for layer in territory_layers(units, plan).values() if layer != areas})


def _middles(ground: SituationGround, plan: Plan, codes: Sequence[int]) -> NDArray[np.float64]:
    """float64 (k, 2), km: homes of the territories' reps, else the middle of what they have."""
    homes = ground.homes([plan.territory(c) for c in codes])
    for j, code in enumerate(codes):
        mine = plan.assign == code
        if np.isnan(homes[j]).any() and mine.any():
            homes[j] = ground.units.xy_km[mine].mean(axis=0)
    return homes
