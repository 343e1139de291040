"""`rebalance`: the least change that brings today's plan within its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import WorkArrays, pieces
from terr.engine.check import FATAL, precheck
from terr.engine.executor import Executor
from terr.engine.models.groups import merged, unmerged
from terr.engine.models.model import AssignModel
from terr.engine.objective import moment_km2
from terr.engine.result import finish
from terr.engine.search.centering import anchors, open_pairs
from terr.engine.search.drafts import ready, whole
from terr.engine.search.improve import Clock, border, excess, price, rank, run_anneal
from terr.engine.search.search import SOFT, Run, crew, returned, windows
from terr.errors import PlanError
from terr.model.problem import Problem
from terr.model.progress import Listener, Progress
from terr.model.result import Explanation, Result
from terr.model.wording import count

Labels = NDArray[np.int64]
EACH = 0.2
"""What moving a unit costs on top of its load, in mean units' loads: each is a handover, however small. With 25 units
per territory, one move is worth 0.8% of a territory's load; with 100 units, 0.2%."""
MODEL = (
    f"least moved of the first measure plus {EACH:g} of a mean area's per moved area, in one piece each, within the "
    "limits"
)
TIE = 0.01
"""How much dearer than its load a move may look for going to a far territory."""
WHOLE = 6000
"""Up to so many pairs of unit and territory the exact model holds all of them."""

HEATS = ((1.0, 0.3, 10.0), *2 * ((0.3, SOFT, 10.0), (1.0, SOFT, 10.0), (1.0, 0.02, 10.0)))
"""First temperature, and first and last factor of the penalty, of each run from today's plan."""


@dataclass(frozen=True, eq=False)
class RebalanceAims:
    """What a rebalance minimises: home (n,) the start, k = none; cost (n,) of moving, as a share of the load."""

    home: Labels
    cost: NDArray[np.float64]

    def moved(self, plan: Labels) -> float:
        """Cost of all units that change territory, unassigned ones included."""
        return float(self.cost[plan != self.home].sum())

    def rank(self, work: WorkArrays, plan: Labels) -> tuple[float, float, float]:
        """Plans compare by penalty, then moved cost, then price."""
        return (round(excess(work, plan), 9), round(self.moved(plan), 12), price(work, plan))


def rebalance(
    problem: Problem,
    *,
    seed: int = 1,
    time_limit_s: float | None = 5.0,
    progress: Progress | Listener | None = None,
    cancel: Callable[[], bool] | None = None,
    effort: float = 1.0,
    prove: bool = True,
    executor: Executor | None = None,
) -> Result:
    """Moves the least load of the first measure, in few moves, from `problem.start` so that every limit holds.

    Minimises the share of the load that moves plus `EACH / n` for each unit that moves: what counts is load, but a
    move more must save at least `EACH` of a mean unit's load.

    Annealing gives the first answer; PuLP models of a few territories at a time, and of all units near a border, with
    contiguity cuts, improve it; one of the whole plan, where it is small enough, gives the bound. Unassigned units are
    given to a neighbour, disconnected areas to the territory around them, and both count as moved.

    Args:
        problem: with a `start`.
        seed: same problem, seed and effort give the same plan unless the time limit stops the work.
        time_limit_s: wall-clock seconds, None = until the fixed number of steps is done.
        progress: a `Progress`, or a function called with a `ProgressUpdate`, a few times a second; stopping it ends
            the work with the best plan so far.
        cancel: as of a `Progress`; for callers of 0.1.0.
        effort: multiplies the number of steps.
        executor: where runs and windows are worked out, which doesn't change the plan; None = threads.
        prove: False leaves out the exact model of the whole plan, which finds little more but proves.

    Returns:
        `objective` is that sum, where units weigh alike if the first measure is 0 everywhere; `bound` is proven for
        every plan within the limits. `terr.engine.moved_share` gives the load alone.

    Raises:
        PlanError: if there is no start or no plan can exist.
        SolveError: if no solver can run.
    """
    if problem.start is None:
        raise PlanError("there is no plan to rebalance; design one first")
    small, node, grouped = merged(problem)
    notes = [*unmerged(precheck(small), node), *grouped]
    for note in notes:
        if note.code in FATAL:
            raise PlanError(note.message)
    clock = Clock(small, time_limit_s, Progress.of(progress, cancel), node=node)
    work = ready(small)
    home = work.arena.home
    aims = RebalanceAims(home, small.shares() + EACH / work.n)
    clock.tell("Looking at today's plan", None, 0.0, force=True)
    first = whole(work, home)
    notes += unmerged(_start_notes(small, work, home, first), node)
    trace: list[tuple[float, float, float]] = []
    best, top = first, aims.rank(work, first)

    def keep(plan: Labels) -> None:
        nonlocal best, top
        new = aims.rank(work, plan)
        if new < top or not trace:
            if new < top:
                best, top = plan, new
            shown = np.where(best == work.rest, -1, best)
            deviation = float(np.abs(small.deviations(shown)[:, 0]).max())
            trace.append((clock.seconds(), deviation, moment_km2(small, shown)))

    keep(first)
    forced = float(aims.cost[(home == work.rest) & (work.locked >= 0)].sum()) if not problem.remainder else 0.0
    if work.k == 1 or (top[0] == 0 and np.array_equal(first, home)):
        least = aims.moved(first)
        bound: float | None = least if work.k == 1 or least == 0 else forced
        solver = ""
    else:
        near = _near(work, aims, first)
        with crew(executor) as run:
            now = _anneal(near, first, seed, clock, effort, keep, run)
            clock.tell("Looking for few moves", best, 0.2, force=True)
            rounds = round(effort * (12 if work.n < 500 else 6) * work.k / 16) + 1

            def told(plan: Labels, done: float) -> None:
                keep(plan)
                clock.tell("Looking for few moves", best, 0.2 + 0.3 * done)

            now = windows(near, now, rounds, seed, run, clock, told, draw=fewest_moves, sizes=(3, 4, 5))
            if prove and not clock.past(0.7):
                windows(near, now, rounds, seed + 1, run, clock, told, draw=returned)
        bound, solver = least_cost(work, aims), "HiGHS"
        if prove:
            clock.tell("Proving the fewest moves", best, 0.5, force=True)
            bound, solver = _exact(work, aims, first, lambda: best, clock, keep)
    clock.tell("Done", best, 1.0, force=True)
    moved = aims.moved(best)
    if bound is not None and (top[0] > 0 or work.links or work.too_large or len(small) < len(problem)):
        bound = None  # of another model than the one the plan is judged by
    return finish(
        problem,
        work,
        best,
        clock,
        (*notes, *(executor.notes if executor is not None else ())),
        tuple(trace),
        solver,
        node=node,
        objective=moved,
        bound=None if bound is None else min(bound, moved),
        model=MODEL,
    )


def _start_notes(problem: Problem, work: WorkArrays, home: Labels, first: Labels) -> list[Explanation]:
    out = []
    lost = np.flatnonzero((home == work.rest) & (first != work.rest))
    if len(lost):
        some = ", ".join(problem.name(int(u)) for u in lost[:3])
        out.append(
            Explanation(
                "unassigned",
                f"{count(len(lost), 'area')} had no territory ({some}); each goes to a neighbor and counts as moved",
                tuple(int(u) for u in lost),
            )
        )
    _, label = pieces(work.ip, work.ix, np.where(home == work.rest, -1, home))
    for j in np.unique(home[home < work.rest]):
        parts = len(np.unique(label[home == j]))
        strays = np.flatnonzero((home == j) & (first != j) & (work.locked < 0))
        if parts > 1 and len(strays):
            some = ", ".join(problem.name(int(u)) for u in strays[:3])
            out.append(
                Explanation(
                    "start_pieces",
                    f"territory {j + 1} was in {parts} pieces; its disconnected areas ({some}) join a neighbor or are "
                    "linked",
                    tuple(int(u) for u in strays),
                )
            )
    return out


def _anneal(
    work: WorkArrays,
    first: Labels,
    seed: int,
    clock: Clock,
    effort: float,
    keep: Callable[[Labels], None],
    run: Run[Labels],
) -> Labels:
    """Runs from today's plan at several heats on all cores; the first one alone, for a quick answer.

    What works is a penalty that grows slowly from next to nothing: a plan then leaves home only as far as it must.
    """
    one = partial(annealed, work, first, seed, effort, clock)
    best = one(0)
    keep(best)
    if not (clock.over() or clock.past(0.3)):
        for plan in run(one, range(1, len(HEATS))):
            keep(plan)
            best = min((best, plan), key=lambda p: rank(work, p))
    return best


def annealed(work: WorkArrays, first: Labels, seed: int, effort: float, clock: Clock, number: int) -> Labels:
    """One of several runs from today's plan; number 0 is short."""
    n, (heat, soft, hard) = work.n, HEATS[number]
    many = min(3200.0, 2.5e6 / n) * effort
    steps = int(n * (min(400 * effort, many) if number == 0 else many)) + 1
    return run_anneal(work.arena, first, steps, (heat / n, 1e-3 / n), (soft, hard), seed * 10 + number, clock)


def _near(work: WorkArrays, aims: RebalanceAims, first: Labels) -> WorkArrays:
    """The working arrays with prices of change, and a hundredth of that for the shape."""
    scale, length = max(price(work, first), 1e-12), max(border(work, first), 1e-12)
    old = work.arena
    arena = old._replace(
        spread=0.01 / scale, edge=0.0025 / length, soft=old.soft * 0.01 / scale, none=1.0, toll=aims.cost
    )
    return replace(work, arena=arena)


def fewest_moves(small: WorkArrays, now: Labels, seed: int, clock: Clock) -> Labels:
    """A window's least change by the PuLP model, if it finds one in a few nodes; works best of all ways here."""
    home = small.arena.home
    aims = RebalanceAims(np.where(home >= 0, home, small.k + 1), small.arena.toll)
    first = whole(small, np.where((home >= 0) & (home < small.k), home, now))
    if len(np.unique(first)) < len(np.unique(now)):
        first = now
    anchor = _common_anchors(small, first, now)
    unit, label = _pairs(small, aims, first, now, anchor, 1 + seed % 2)
    if not len(unit):
        return now
    cost = _costs(small, aims, first, unit, label)
    model = AssignModel(small, now, unit, label, cost, elastic=excess(small, now) > 0, nodes=8)
    model.first_cuts(anchor)
    plan, _ = model.solve_contiguous(anchor, now, 1e-2, clock.left, seconds=20.0, rounds=3)
    return now if plan is None else plan


def least_cost(work: WorkArrays, aims: RebalanceAims) -> float:
    """A lower bound on the moved cost of any plan within the limits, contiguous or not.

    Territories above a limit must give load away, those below one must get some; per measure and load moved the
    cheapest units go first, in fractions, and the dearer side counts.
    """
    best = 0.0
    home, k = aims.home, work.k
    for q in range(work.w.shape[1]):
        load = np.bincount(home, work.w[:, q], k + 1)[:k]
        give = np.maximum(load - work.hi[:, q], 0.0)
        take = float(np.maximum(work.lo[:, q] - load, 0.0).sum())
        out = sum(_cheapest(work.w[home == j, q], aims.cost[home == j], give[j]) for j in np.flatnonzero(give))
        inward = _cheapest(work.w[:, q], aims.cost, take)
        best = max(best, out, inward)
    return float(best) * (1 - 1e-9)


def _cheapest(load: NDArray[np.float64], cost: NDArray[np.float64], need: float) -> float:
    """Least cost of units, in fractions, whose load adds up to `need`; inf if they can't."""
    if need <= 0:
        return 0.0
    on = load > 0
    order = np.argsort(cost[on] / load[on], kind="stable")
    w, c = load[on][order], cost[on][order]
    total = np.cumsum(w)
    if not len(w) or total[-1] < need * (1 - 1e-12):
        return float("inf")
    z = int(np.searchsorted(total, need * (1 - 1e-12)))
    before = float(total[z - 1]) if z else 0.0
    return float(c[:z].sum() + c[z] * max(0.0, need - before) / w[z])


def _exact(
    work: WorkArrays,
    aims: RebalanceAims,
    first: Labels,
    best: Callable[[], Labels],
    clock: Clock,
    keep: Callable[[Labels], None],
) -> tuple[float | None, str]:
    """Improves by a PuLP model; returns a bound on every plan's moved cost, and the solver.

    A small problem is modelled whole, and its bound is the model's. In a larger one the model holds the units near a
    border only: it improves the plan, but what it proves isn't about every plan, so the bound is `least_cost`.
    """
    least = least_cost(work, aims)
    everywhere = work.n * work.k <= WHOLE and not work.arena.rest
    name = ""

    def offer(plan: Labels) -> None:
        joined = whole(work, plan)
        if len(np.unique(joined)) == len(np.unique(best())):
            keep(joined)

    for hops in (1, 2) if work.n > 400 else (2, 3):
        if clock.over() or (everywhere and work.n * work.k <= WHOLE // 2):
            break
        now = best()
        anchor = _common_anchors(work, first, now)
        unit, label = _pairs(work, aims, first, now, anchor, hops)
        if not len(unit):
            break
        cost = _costs(work, aims, first, unit, label)
        model = AssignModel(work, first, unit, label, cost, elastic=excess(work, now) > 0, nodes=400)
        model.first_cuts(anchor)
        most = 0.5 * clock.left() if everywhere else 60.0
        plan, done = model.solve_contiguous(anchor, now, 2e-3, clock.left, seconds=most, offer=offer)
        name = model.solver_name
        if plan is not None:
            keep(plan)
        if not done:
            break
    if everywhere and not clock.over() and excess(work, best()) == 0:
        unit = np.repeat(np.arange(work.n), work.k)
        label = np.tile(np.arange(work.k), work.n)
        on = ((work.locked[unit] < 0) | (work.locked[unit] == label)) & work.may(unit, label)
        unit, label = unit[on], label[on]
        cost = np.where(label != aims.home[unit], aims.cost[unit], 0.0)
        model = AssignModel(work, best(), unit, label, cost)
        model.first_cuts(None)
        plan, _ = model.solve_contiguous(None, best(), 5e-5, clock.left, seconds=120.0, rounds=80, offer=offer)
        name = model.solver_name
        if plan is not None:
            keep(plan)
        proven = model.bound()
        if proven is not None:
            least = max(least, proven - 1e-9)
    return (least if np.isfinite(least) else None), name


def _costs(work: WorkArrays, aims: RebalanceAims, first: Labels, unit: Labels, label: Labels) -> NDArray[np.float64]:
    """Cost of each pair; of alike ones the nearer territory is a little cheaper."""
    c = work.centres(first)
    far = np.sqrt(((work.xy[unit] - c[label]) ** 2).sum(axis=1))
    tie = np.clip(far / max(float(np.median(far)) * 3, 1e-12), 0, 1)
    return np.where(label != aims.home[unit], aims.cost[unit] * (1 + TIE * tie), 0.0)


def _common_anchors(work: WorkArrays, first: Labels, now: Labels) -> Labels:
    """(k,) a central unit of each territory in both plans; of the later one where they share none."""
    out = anchors(work, now)
    c = np.r_[work.centres(first), [[0.0, 0.0]]]
    d = ((work.xy - c[first]) ** 2).sum(axis=1)
    same = first == now
    for j in range(work.k):
        both = np.flatnonzero(same & (now == j))
        if len(both):
            held = both[work.fixed[both]]
            both = held if len(held) else both
            out[j] = both[d[both].argmin()]
    return out


def _pairs(
    work: WorkArrays, aims: RebalanceAims, first: Labels, now: Labels, anchor: Labels, hops: int
) -> tuple[Labels, Labels]:
    unit, label = open_pairs(work, first, anchor, hops, np.arange(work.k))
    stay = work.fixed.copy()
    anchor = anchor[anchor >= 0]
    stay[anchor[first[anchor] == now[anchor]]] = True
    extra = [np.column_stack([unit, label])]
    for plan in (first, now, aims.home):
        u = np.flatnonzero((plan < work.rest) & ~stay & ((first != now) | (first != aims.home)))
        extra.append(np.column_stack([u, plan[u]]))
    moved_anchor = anchor[first[anchor] != now[anchor]]
    extra.append(np.column_stack([moved_anchor, first[moved_anchor]]))
    extra.append(np.column_stack([moved_anchor, now[moved_anchor]]))
    both = np.unique(np.concatenate(extra), axis=0)
    rest = np.unique(both[both[:, 1] == work.rest, 0])  # a unit without a territory isn't for this model
    both = both[(~np.isin(both[:, 0], rest)) & work.may(both[:, 0], both[:, 1])]
    own = np.isin(both[:, 0], np.unique(both[both[:, 1] == first[both[:, 0]], 0]))
    both = both[own]
    return both[:, 0].astype(np.int64), both[:, 1].astype(np.int64)
