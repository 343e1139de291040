"""`rebalance`: the least change that brings today's plan within its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.engine.centring import anchors, open_pairs
from terr.engine.check import FATAL, precheck
from terr.engine.construct import centres, ready, whole
from terr.engine.designing import finish, moment_km2
from terr.engine.improve import Clock, border, excess, moment, run_anneal
from terr.engine.model import AssignModel
from terr.engine.work import Work, pieces
from terr.errors import PlanError
from terr.model.problem import Problem
from terr.model.result import Explanation, Progress, Result

Labels = NDArray[np.int64]
EACH = 0.2
"""What moving a unit costs on top of its load, in mean units' loads: each is a handover, however small. With 25 units
per territory, one move is worth 0.8 % of a territory's load; with 100 units, 0.2 %."""
MODEL = f"least moved load plus {EACH:g} of a mean unit's load per moved unit, within the limits"
TIE = 0.01
"""How much dearer than its load a move may look for going to a far territory."""


@dataclass(frozen=True, eq=False)
class Aims:
    """What a rebalance minimises: home (n,) the start, -1 = none; cost (n,) of moving, as a share of the load."""

    home: Labels
    cost: NDArray[np.float64]

    def moved(self, plan: Labels) -> float:
        """Cost of all units that change territory, unassigned ones included."""
        return float(self.cost[plan != self.home].sum())

    def rank(self, work: Work, plan: Labels) -> tuple[float, float, float]:
        """Plans compare by penalty, then moved cost, then moment of inertia."""
        return (round(excess(work, plan), 9), round(self.moved(plan), 12), moment(work, plan))


def rebalance(
    problem: Problem,
    *,
    seed: int = 1,
    time_limit_s: float | None = 5.0,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    effort: float = 1.0,
) -> Result:
    """Moves the least load of the first measure, in few moves, from `problem.start` so that every limit holds.

    Minimises the share of the load that moves plus `EACH / n` for each unit that moves: what counts is load, but a
    move more must save at least `EACH` of a mean unit's load.

    Annealing gives the first answer; a PuLP model over the units near a border, with contiguity cuts, improves it and
    gives the bound. Unassigned units are given to a neighbour, stray pieces to the territory around them, and both
    count as moved.

    Args:
        problem: with a `start`.
        seed: same problem, seed and effort give the same plan unless the time limit stops the work.
        time_limit_s: wall-clock seconds, None = until the fixed number of steps is done.
        progress: called with a `Progress` a few times a second.
        cancel: asked often; True ends the work with the best plan so far.
        effort: multiplies the number of steps.

    Returns:
        `objective` is that sum, where units weigh alike if the first measure is 0 everywhere; `bound` is proven for
        the model that `model` describes. `terr.engine.moved_share` gives the load alone.

    Raises:
        PlanError: if there is no start or no plan can exist.
        SolveError: if no solver can run.
    """
    if problem.start is None:
        raise PlanError("there is no plan to rebalance; design one first")
    notes = list(precheck(problem))
    for note in notes:
        if note.code in FATAL:
            raise PlanError(note.message)
    clock = Clock(problem, time_limit_s, progress, cancel)
    work = ready(problem)
    home = problem.start.astype(np.int64)
    load = problem.weights[:, 0] if problem.weights[:, 0].sum() > 0 else np.ones(len(problem))
    aims = Aims(home, load / load.sum() + EACH / work.n)
    clock.tell("Looking at today's plan", None, 0.0, force=True)
    first = whole(work, home)
    notes += _start_notes(problem, work, home, first)
    trace: list[tuple[float, float, float]] = []
    best, top = first, aims.rank(work, first)

    def keep(plan: Labels) -> None:
        nonlocal best, top
        new = aims.rank(work, plan)
        if new < top or not trace:
            if new < top:
                best, top = plan, new
            deviation = float(np.abs(problem.deviations(best)[:, 0]).max())
            trace.append((clock.seconds(), deviation, moment_km2(problem, best)))

    keep(first)
    if work.k == 1 or (top[0] == 0 and np.array_equal(first, home)):
        forced = aims.moved(first)
        return finish(
            problem, work, first, clock, tuple(notes), tuple(trace), "", objective=forced, bound=forced,
            model=f"{MODEL}; nothing else can stay",
        )  # fmt: skip
    _anneal(work, aims, first, seed, clock, effort, keep, lambda f: clock.tell("Looking for few moves", best, f))
    clock.tell("Fewest moves with the exact model", best, 0.5, force=True)
    bound, model, solver = _exact(work, aims, first, lambda: best, clock, keep)
    clock.tell("Done", best, 1.0, force=True)
    moved = aims.moved(best)
    return finish(
        problem, work, best, clock, tuple(notes), tuple(trace), solver, objective=moved,
        bound=None if bound is None else min(bound, moved), model=model,
    )  # fmt: skip


def _start_notes(problem: Problem, work: Work, home: Labels, first: Labels) -> list[Explanation]:
    out = []
    lost = np.flatnonzero(home < 0)
    if len(lost):
        some = ", ".join(problem.name(int(u)) for u in lost[:3])
        out.append(
            Explanation(
                "unassigned",
                f"{len(lost)} unit(s) had no territory ({some}); each goes to a neighbour and counts as moved",
                tuple(int(u) for u in lost),
            )
        )
    _, label = pieces(work.ip, work.ix, home)
    for j in np.unique(home[home >= 0]):
        parts = len(np.unique(label[home == j]))
        strays = np.flatnonzero((home == j) & (first != j) & (work.locked < 0))
        if parts > 1 and len(strays):
            some = ", ".join(problem.name(int(u)) for u in strays[:3])
            out.append(
                Explanation(
                    "start_pieces",
                    f"territory {j + 1} was in {parts} pieces; its stray units ({some}) join a neighbour or are linked",
                    tuple(int(u) for u in strays),
                )
            )
    return out


def _anneal(
    work: Work,
    aims: Aims,
    first: Labels,
    seed: int,
    clock: Clock,
    effort: float,
    keep: Callable[[Labels], None],
    tell: Callable[[float], None],
) -> None:
    scale, length = max(moment(work, first), 1e-12), max(border(work, first), 1e-12)
    steps = int(effort * work.n * (800 if work.n < 10_000 else 100))
    runs = [(1.0, 0.3, 20.0)] + 2 * [(0.3, 0.02, 2.0), (1.0, 0.02, 2.0), (3.0, 0.02, 2.0)]
    for r, (heat, soft, hard) in enumerate(runs):  # the first finds the limits, the others the few moves
        if clock.over() or (r and clock.past(0.45)):
            break
        tell(0.07 * (r + 1))
        plan = run_anneal(
            work, first, steps, (heat / work.n, 1e-3 / work.n), (soft, hard), seed * 10 + r, clock,
            (0.01 / scale, 0.0025 / length), aims.home, aims.cost,
        )  # fmt: skip
        keep(plan)


def _exact(
    work: Work, aims: Aims, first: Labels, best: Callable[[], Labels], clock: Clock, keep: Callable[[Labels], None]
) -> tuple[float | None, str, str]:
    """Solves the model over ever more steps from a border while there is time; returns (bound, model, solver)."""
    bound: float | None = None
    text, name = MODEL, ""
    for hops in (1, 2) if work.n > 400 else (2, 3):
        if clock.over():
            break
        now = best()
        anchor = _common_anchors(work, first, now)
        unit, label = _pairs(work, aims, first, now, anchor, hops)
        if not len(unit):
            break
        c = centres(work.xy, work.g, first, work.k, work.xy[:1].repeat(work.k, axis=0))
        far = np.sqrt(((work.xy[unit] - c[label]) ** 2).sum(axis=1))
        tie = np.clip(far / max(float(np.median(far)) * 3, 1e-12), 0, 1)
        away = label != aims.home[unit]
        elastic = excess(work, now) > 0
        cost = np.where(away, aims.cost[unit] * (1 + TIE * tie), 0.0)
        model = AssignModel(work, first, unit, label, cost, elastic=elastic, nodes=400)
        model.first_cuts(anchor)

        def offer(plan: Labels, base: Labels = now) -> None:
            joined = whole(work, plan)
            if len(np.unique(joined)) == len(np.unique(base)):
                keep(joined)

        plan, done = model.solve_contiguous(anchor, now, 2e-3, clock.left, seconds=60.0, offer=offer)
        name = model.solver_name
        if plan is not None:
            keep(plan)
        least = model.bound()
        if least is not None and not elastic:
            stay = ~model.free & (first != aims.home)
            bound = max(0.0, float(aims.cost[stay].sum()) + least / (1 + TIE))
            text = (
                f"{MODEL}{' that can be reached' if work.too_large else ''}, when units up to {hops} step(s) from "
                "another territory may move and each territory keeps its centre"
            )
        if not done:
            break
    return bound, text, name


def _common_anchors(work: Work, first: Labels, now: Labels) -> Labels:
    """(k,) a central unit of each territory in both plans; of the later one where they share none."""
    out = anchors(work, now)
    c = centres(work.xy, work.g, first, work.k, work.xy[:1].repeat(work.k, axis=0))
    d = ((work.xy - c[first]) ** 2).sum(axis=1)
    same = first == now
    for j in range(work.k):
        both = np.flatnonzero(same & (now == j))
        if len(both):
            held = both[work.fixed[both]]
            both = held if len(held) else both
            out[j] = both[d[both].argmin()]
    return out


def _pairs(work: Work, aims: Aims, first: Labels, now: Labels, anchor: Labels, hops: int) -> tuple[Labels, Labels]:
    unit, label = open_pairs(work, first, anchor, hops, np.arange(work.k))
    stay = work.fixed.copy()
    stay[anchor[first[anchor] == now[anchor]]] = True
    extra = [np.column_stack([unit, label])]
    for plan in (first, now, aims.home):
        u = np.flatnonzero((plan >= 0) & ~stay & ((first != now) | (first != aims.home)))
        extra.append(np.column_stack([u, plan[u]]))
    moved_anchor = anchor[first[anchor] != now[anchor]]
    extra.append(np.column_stack([moved_anchor, first[moved_anchor]]))
    extra.append(np.column_stack([moved_anchor, now[moved_anchor]]))
    both = np.unique(np.concatenate(extra), axis=0)
    return both[:, 0].astype(np.int64), both[:, 1].astype(np.int64)
