"""Why a territory is outside its limits: the units that cause it, and the cheapest repair that troubles nobody else."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import WorkArrays, make_work, pieces
from terr.engine.changes import moves
from terr.engine.full_territories import NONE
from terr.engine.models.model import AssignModel
from terr.engine.search.centering import open_pairs
from terr.engine.search.chains import DEPTH, cheapest_chain
from terr.engine.search.windows import neighbors_of
from terr.errors import PlanError, SolveError
from terr.model.problem import ROUNDING, Problem
from terr.model.progress import Listener, Progress
from terr.model.result import Explanation, Move

F = NDArray[np.float64]
Ints = NDArray[np.int64]
NODES = 1_500_000
"""Moves tried for all territories together."""
EACH = 1e-9
"""What a move costs on top of its load, so that of repairs that move as much the one with fewer moves is taken."""
MODELS = 0.06
"""Seconds a model may take to be worth a start."""


@dataclass(frozen=True)
class Cause:
    """Why one territory's load is where it is, and what would repair it.

    Attributes:
        territory: index; measure: name; deviation: load / target - 1.
        units: the giant unit, or the fewest of its heaviest units (above) or of the heaviest units around it (below)
            that bring it inside by leaving or joining.
        repair: moves, made together, that bring the territory inside all its limits; None if there is none.
        cost: share of the first measure's load (of all units, if it is 0 everywhere) that the repair moves; 0 if None.
        after: deviation after the repair; as now if None.
        reason: why there is no repair; "" if there is one.
    """

    territory: int
    measure: str
    deviation: float
    units: tuple[int, ...]
    repair: tuple[Move, ...] | None
    cost: float
    after: float
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.repair is None) != bool(self.reason):
            raise PlanError("a cause has either a repair or a reason why there is none")
        if self.repair is not None and not self.repair:
            raise PlanError("a repair needs a move")
        if self.territory < 0 or not 0 <= self.cost <= 1 + ROUNDING:
            raise PlanError("a cause needs a territory, and a cost from 0 to 1")


def causes(
    problem: Problem,
    assign: Any,
    *,
    worst: int = 0,
    time_limit_s: float = 0.25,
    progress: Progress | Listener | None = None,
) -> tuple[Cause, ...]:
    """The cause of each territory and measure outside its limits, the worst first.

    A repair moves the least load of the first measure such that the territory is inside its limits, all others are
    inside theirs or no farther outside than now, no territory is in more pieces or empty, and locks, groups, distances
    and the most that may move hold. All chains of up to three moves are tried; where none will do, a model of the
    territory and those around it is solved while the time lasts. What the chains give doesn't depend on the time.

    Args:
        problem: limits, loads and graph.
        assign: (n,) territory index per unit, -1 = unassigned.
        worst: also tell about so many of the most uneven territories if fewer are outside; they get no repair.
        time_limit_s: after so many seconds no further model is begun.
        progress: a `Progress`, or a function called with a `ProgressUpdate`; once stopped, no further model is begun.

    Raises:
        PlanError: if the plan doesn't fit the problem.
    """
    began, progress = time.perf_counter(), Progress.of(progress)
    progress.show(0.0, "Looking for the cause")
    plan = checked(problem, assign)
    over = problem.excess(plan)
    off = problem.deviations(plan)
    found = sorted(np.argwhere(over > 0).tolist(), key=lambda p: (-round(over[p[0], p[1]], 9), p))
    seen = {(j, q) for j, q in found}
    for j, q in sorted(np.ndindex(off.shape), key=lambda p: (-round(abs(float(off[p])), 9), p)):
        if len(found) < worst and (j, q) not in seen and not any(j == t for t, _ in found):
            found.append([j, q])
    if not found or progress.stopped():
        return ()
    ground = _Ground.of(problem, plan)
    outside = list(dict.fromkeys(j for j, q in found if over[j, q] > 0))
    fixes: dict[int, Ints | str] = {j: ground.chain(j, NODES // len(outside)) for j in outside}
    left = time_limit_s - (time.perf_counter() - began)
    hopeful = [j for j in outside if isinstance(fixes[j], str) and not ground.hopeless(j)]
    work = make_work(problem, room=False) if hopeful and left > MODELS else None
    for j in hopeful:
        left = time_limit_s - (time.perf_counter() - began)
        if work is None or left < MODELS or progress.stopped():
            break
        fixes[j] = _modelled(ground, work, j, left)
    return tuple(_cause(ground, j, q, off[j, q], fixes.get(j, "it is within its limits")) for j, q in found)


def cause_text(problem: Problem, cause: Cause) -> Explanation:
    """A cause as one line for a person; code "cause"."""
    side = "above" if cause.deviation > 0 else "below"
    text = f"territory {cause.territory + 1} is {100 * abs(cause.deviation):.1f}% {side} its target for {cause.measure}"
    if cause.units:
        some = ", ".join(problem.name(u) for u in cause.units[:3])
        more = f" and {len(cause.units) - 3} more" if len(cause.units) > 3 else ""
        which = "because of" if cause.deviation > 0 else "and lacks areas such as"
        text += f" {which} {some}{more}"
    if cause.repair is None:
        return Explanation("cause", f"{text}; {cause.reason}", cause.units)
    steps = ", ".join(f"{problem.name(m.unit)} to territory {m.target + 1}" for m in cause.repair[:4])
    rest = f" and {len(cause.repair) - 4} more" if len(cause.repair) > 4 else ""
    then = f"{100 * abs(cause.after):.1f}% {'above' if cause.after > 0 else 'below'}"
    return Explanation(
        "cause",
        f"{text}; the least repair found moves {100 * cause.cost:.2g}% of {problem.measures[0]} ({steps}{rest}) and "
        f"leaves it {then}",
        cause.units,
    )


def checked(problem: Problem, assign: Any) -> Ints:
    """int64 (n,) copy of a plan.

    Raises:
        PlanError: if it doesn't fit the problem.
    """
    plan = np.array(assign).astype(np.int64)
    if plan.shape != (len(problem),) or plan.min() < -1 or plan.max() >= problem.territories:
        raise PlanError("the plan must give every area of the problem one of its territories, or -1")
    return plan


@dataclass(frozen=True, eq=False)
class _Ground:
    """A plan ready for the search of chains: lo, hi (k, m) what others may have; see `cheapest_chain`."""

    problem: Problem
    plan: Ints
    load: F
    lo: F
    hi: F
    scale: F
    free: NDArray[np.uint8]
    far: NDArray[np.uint8]
    first: Ints
    member: Ints
    parts: Ints
    home: Ints
    share: F
    moved: float
    most: float

    @classmethod
    def of(cls, problem: Problem, plan: Ints) -> _Ground:
        n, k = len(problem), problem.territories
        load = problem.loads(plan)
        even = np.maximum(problem.weights.sum(axis=0) / k, 1e-300)
        order = np.argsort(plan, kind="stable")
        _, label = pieces(problem.indptr, problem.indices, plan)
        pairs = np.unique(np.column_stack([plan, label]), axis=0)
        _, inside, size = np.unique(problem.groups, return_inverse=True, return_counts=True)
        alone = (problem.groups < 0) | (size[inside] == 1)
        share = problem.shares()
        home = np.full(n, -2, np.int64) if problem.start is None else problem.start.astype(np.int64)
        moved = float(share[plan != home].sum()) if problem.start is not None else 0.0
        capped = problem.start is not None and np.isfinite(problem.max_moved)
        far = problem.too_far().astype(np.uint8) if np.isfinite(problem.max_km).any() else np.zeros((0, 0), np.uint8)
        return cls(
            problem=problem,
            plan=plan,
            load=load,
            lo=np.minimum(problem.lowest, load),
            hi=np.maximum(problem.highest, load),
            scale=np.where(problem.targets > 0, problem.targets, even),
            free=((problem.locked < 0) & alone).astype(np.uint8),
            far=far,
            first=np.searchsorted(plan[order], np.arange(k + 1)),
            member=order,
            parts=np.bincount(pairs[pairs[:, 0] >= 0, 0], minlength=k),
            home=home,
            share=share,
            moved=moved,
            most=max(problem.max_moved, moved) + 1e-12 if capped else np.inf,
        )

    def window(self, t: int) -> tuple[F, F]:
        """(k, m) twice: what loads must lie between for territory t to be repaired. Others may be as they are."""
        slack = 1e-9 * self.scale  # sums in another order
        lo, hi = self.lo - slack, self.hi + slack
        lo[t], hi[t] = self.problem.lowest[t], self.problem.highest[t]
        return lo, hi

    def chain(self, t: int, nodes: int) -> Ints | str:
        """The plan after the cheapest chain for territory t, or why there is none."""
        why = self.hopeless(t)
        if why:
            return why
        lo, hi = self.window(t)
        p = self.problem
        cost, count, path, all_tried = cheapest_chain(
            t,
            self.plan.copy(),
            self.load.copy(),
            p.weights,
            self.share + EACH,
            lo,
            hi,
            self.scale,
            p.indptr,
            p.indices,
            self.free,
            self.far,
            self.first,
            self.member,
            self.parts,
            self.home,
            self.share,
            self.moved,
            self.most,
            nodes,
        )
        if np.isfinite(cost) and count:
            out = self.plan.copy()
            out[path[:count, 0]] = path[:count, 2]
            return out
        tried = f"no change of up to {DEPTH} areas" if all_tried else f"no change of up to {DEPTH} areas that was tried"
        return f"{tried} brings it inside without harm to another territory; rebalance the whole plan"

    def hopeless(self, t: int) -> str:
        """Why no move at all can help territory t; "" if one might."""
        p = self.problem
        inside = np.flatnonzero(self.plan == t)
        stay = inside[self.free[inside] == 0]
        for q in np.flatnonzero(np.isfinite(p.highest[t])):
            most = p.highest[t, q] + ROUNDING * self.scale[t, q]
            if self.load[t, q] <= most:
                continue
            for u in inside[p.weights[inside, q] > most].tolist():
                if p.weights[u, q] > (p.highest[:, q] + ROUNDING * self.scale[:, q]).max():
                    return f"{p.name(u)} alone is more than any territory may have; split it or allow more"
            if p.weights[stay, q].sum() > most:
                return "what is locked in it is already too much; unlock some of it"
        rows = np.repeat(np.arange(len(p)), np.diff(p.indptr))
        if not bool(((self.plan[rows] == t) & (self.plan[p.indices] != t)).any()):
            return "it has no area" if not len(inside) else "it borders no other territory"
        return ""

    def accepts(self, t: int, plan: Ints) -> bool:
        """Whether a plan is a repair of territory t."""
        p = self.problem
        lo, hi = self.window(t)
        lo[t], hi[t] = lo[t] - 0.5 * ROUNDING * self.scale[t], hi[t] + 0.5 * ROUNDING * self.scale[t]
        load = p.loads(plan)
        changed = np.flatnonzero(plan != self.plan)
        if (load < lo).any() or (load > hi).any() or not self.free[changed].all():
            return False
        if len(self.far) and self.far[changed, plan[changed]].any():
            return False
        if p.start is not None and float(self.share[plan != self.home].sum()) > self.most:
            return False
        _, label = pieces(p.indptr, p.indices, plan)
        pairs = np.unique(np.column_stack([plan, label]), axis=0)
        parts = np.bincount(pairs[pairs[:, 0] >= 0, 0], minlength=p.territories)
        return bool((parts <= np.maximum(self.parts, 1)).all() and (parts >= np.minimum(self.parts, 1)).all())


def _modelled(ground: _Ground, work: WorkArrays, t: int, seconds: float) -> Ints | str:
    """As `_Ground.chain`, by a PuLP model over territory t and those around it."""
    problem = ground.problem
    plan = np.where(ground.plan < 0, work.rest, ground.plan)
    why = (
        f"no change of up to {DEPTH} areas brings it inside, nor any change near it that was found; rebalance the plan"
    )
    if work.stray(plan):
        return why
    lo, hi = ground.window(t)
    cols = np.flatnonzero((problem.limited | (problem.balance > 0)) & (problem.weights.sum(axis=0) > 0))
    work = replace(
        work,
        lo=np.maximum(lo[:, cols], -NONE),
        hi=np.minimum(hi[:, cols], NONE),
        fixed=work.fixed | (ground.free == 0),
        arena=work.arena._replace(most_moved=ground.most if np.isfinite(ground.most) else work.arena.most_moved),
    )
    group = np.union1d(np.flatnonzero(neighbors_of(work, plan)[t]), [t]).astype(np.int64)
    anchor = _anchors(work, plan)
    unit, label = open_pairs(work, plan, anchor, 2, group)
    if not len(unit):
        return why
    model = AssignModel(work, plan, unit, label, np.where(label != plan[unit], ground.share[unit] + EACH, 0.0))
    model.first_cuts(anchor)
    end = time.perf_counter() + seconds
    try:
        out, _ = model.solve_contiguous(anchor, plan, 1e-3, lambda: end - time.perf_counter(), seconds=seconds)
    except SolveError:
        return why
    if out is None:
        return why
    out = np.where(out == work.rest, -1, out)
    return out if ground.accepts(t, out) else why


def _anchors(work: WorkArrays, plan: Ints) -> Ints:
    """(k,) the unit nearest to each territory's center, one that stays where there is any."""
    c = np.r_[work.centres(plan), [[0.0, 0.0]]]
    order = np.lexsort((((work.xy - c[plan]) ** 2).sum(axis=1), ~work.fixed, plan))
    held, first = np.unique(plan[order], return_index=True)
    out = np.full(work.k + 1, -1, np.int64)
    out[held] = order[first]
    return out[: work.k]


def _cause(ground: _Ground, j: int, q: int, off: float, fix: Ints | str) -> Cause:
    problem = ground.problem
    units = _units(ground, j, q)
    measure = problem.measures[q]
    if isinstance(fix, str):
        return Cause(j, measure, float(off), units, None, 0.0, float(off), fix)
    changed = fix != ground.plan
    return Cause(
        territory=j,
        measure=measure,
        deviation=float(off),
        units=units,
        repair=moves(problem, ground.plan, fix),
        cost=float(ground.share[changed].sum()),
        after=float(problem.deviations(fix)[j, q]),
    )


def _units(ground: _Ground, j: int, q: int) -> tuple[int, ...]:
    """The units that cause it; see `Cause.units`. For a load inside its limits they lead to its target."""
    p = ground.problem
    load, w = ground.load[j, q], p.weights[:, q]
    low, high = p.lowest[j, q], p.highest[j, q]
    above = load > high if not low <= load <= high else load > p.targets[j, q]
    low, high = (low, high) if not low <= load <= high else (p.targets[j, q], p.targets[j, q])
    if above:
        pool = np.flatnonzero((ground.plan == j) & (w > 0))
    else:
        rows = np.repeat(np.arange(len(p)), np.diff(p.indptr))
        near = np.unique(p.indices[(ground.plan[rows] == j) & (ground.plan[p.indices] != j)])
        pool = near[w[near] > 0].astype(np.int64)
    pool = pool[np.lexsort((pool, -w[pool]))]
    if not len(pool):
        return ()
    if above and w[pool[0]] > high > -np.inf:
        return tuple(int(u) for u in pool[w[pool] > high])
    then = load - w[pool] if above else load + w[pool]
    fits = pool[(then >= low) & (then <= high)]
    if len(fits):
        return (int(fits[0]),)
    need = load - high if above else low - load
    total = np.cumsum(w[pool])
    return tuple(int(u) for u in pool[: int(np.searchsorted(total, need * (1 - 1e-12))) + 1])
