"""Improving a contiguous plan: recombination and annealing in steps short enough to stop between."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from terr.engine.kernels import anneal, inertia, penalty, sums
from terr.engine.trees import recombine
from terr.engine.work import Work
from terr.model.problem import Problem
from terr.model.result import Progress

Labels = NDArray[np.int64]
BORDER_SHARE = 0.1
"""Weight of the whole border length against the whole moment of inertia."""


@dataclass
class Clock:
    """Time, cancel and progress of one solve.

    Attributes:
        limit: seconds, None = no limit.
        late: True once the limit has cut work short; stopped: True once the caller asked to stop; hurried: True once
            a step was left out to stay within the limit.
    """

    problem: Problem
    limit: float | None
    progress: Callable[[Progress], None] | None
    cancel: Callable[[], bool] | None
    began: float = field(default_factory=time.perf_counter)
    late: bool = False
    stopped: bool = False
    hurried: bool = False
    last: float = -1.0

    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self.began

    def left(self) -> float:
        """Seconds left."""
        return 1e9 if self.limit is None else self.limit - self.seconds()

    def over(self) -> bool:
        """True if work must stop now."""
        if not self.stopped and self.cancel is not None and self.cancel():
            self.stopped = True
        if self.left() <= 0:
            self.late = True
        return self.stopped or self.late

    def past(self, share: float) -> bool:
        """True if this share of the limit is used up, so that what comes next should be left out."""
        used = self.limit is not None and self.seconds() > share * self.limit
        self.hurried |= used
        return used

    def tell(self, stage: str, plan: Labels | None, fraction: float, *, force: bool = False) -> None:
        """Reports at most five times a second, or when forced."""
        now = self.seconds()
        if self.progress is None or (not force and now - self.last < 0.2):
            return
        self.last = now
        worst = np.inf if plan is None else float(np.abs(self.problem.deviations(plan)[:, 0]).max())
        copy = None if plan is None else plan.astype(np.int16)
        self.progress(Progress(now, stage, worst, copy, min(1.0, fraction)))


def moment(work: Work, plan: Labels) -> float:
    """Shape cost: moment of inertia of the shape weights, km2 times weight."""
    s, _, _ = sums(work.xy, work.g, work.w, plan, work.k)
    return float(sum(inertia(*row) for row in s))


def excess(work: Work, plan: Labels) -> float:
    """Penalty of the limits, 0 within all."""
    _, load, _ = sums(work.xy, work.g, work.w, plan, work.k)
    return float(
        sum(
            penalty(load[j, q], work.lo[j, q], work.hi[j, q], work.sc[j, q])
            for j in range(work.k)
            for q in range(work.w.shape[1])
        )
    )


def border(work: Work, plan: Labels) -> float:
    """Length of all borders between territories, km."""
    return float(work.bw[plan[work.rows()] != plan[work.ix]].sum() / 2)


def rank(work: Work, plan: Labels) -> tuple[float, float, float]:
    """Plans compare by penalty, then moment of inertia, then border; smaller is better."""
    return (round(excess(work, plan), 9), moment(work, plan), border(work, plan))


def run_recombine(
    work: Work, plan: Labels, steps: int, t0: float, al: float, seed: int, clock: Clock, scale: float
) -> Labels:
    """Recombination from `plan`; returns the best plan met."""
    a, best, cost = plan.copy(), plan.copy(), np.inf
    chunk = max(50, 400_000 // work.n)
    for z, begin in enumerate(range(0, steps, chunk)):
        if clock.over():
            break
        cost = recombine(
            work.xy, work.g, work.w, work.ip, work.ix, a, work.lo, work.hi, work.sc, work.locked,
            1 / scale, al, begin, min(steps, begin + chunk), steps, t0, 1e-3 / work.n, seed * 1009 + z, best, cost,
        )  # fmt: skip
    return best


def run_anneal(
    work: Work,
    plan: Labels,
    steps: int,
    heat: tuple[float, float],
    press: tuple[float, float],
    seed: int,
    clock: Clock,
    weights: tuple[float, float],
    home: Labels | None = None,
    move_cost: NDArray[np.float64] | None = None,
) -> Labels:
    """Annealing from `plan`; returns the best plan met.

    Args:
        work: the working arrays.
        plan: a contiguous plan.
        steps: in all.
        heat: first and last temperature.
        press: first and last factor of the penalty.
        seed: of the random numbers.
        clock: stops it between chunks.
        weights: of moment of inertia and of border length.
        home: plan that moves are counted from.
        move_cost: (n,) cost of each unit away from `home`.
    """
    a, best, pen, cost = plan.copy(), plan.copy(), np.inf, np.inf
    home = plan if home is None else home
    move_cost = np.zeros(work.n) if move_cost is None else move_cost
    chunk = 100_000
    for z, begin in enumerate(range(0, steps, chunk)):
        if clock.over():
            break
        pen, cost = anneal(
            work.xy, work.g, work.w, work.ip, work.ix, work.bw, a, work.lo, work.hi, work.sc, work.fixed, home,
            move_cost, weights[0], weights[1], begin, min(steps, begin + chunk), steps, heat[0], heat[1],
            press[0], press[1], seed * 1013 + z, best, pen, cost,
        )  # fmt: skip
    return best


def improve(
    work: Work, plan: Labels, seed: int, clock: Clock, *, effort: float, rounds: int = 2, warm_start: bool = True
) -> Labels:
    """Rounds of recombination and annealing, cooler each time; returns the best plan of the last round or before.

    Args:
        work: the working arrays.
        plan: a contiguous plan.
        seed: of the random numbers.
        clock: stops it between chunks.
        effort: multiplies the number of steps.
        rounds: how often.
        warm_start: True starts hot (a first plan); False refines a good one.
    """
    if work.k == 1:
        return plan
    n = work.n
    scale, length = max(moment(work, plan), 1e-12), max(border(work, plan), 1e-12)
    best, top = plan, rank(work, plan)
    trees = int(effort * (10 * n + (2000 if n < 500 else 0)))
    flips = int(effort * n * (1000 if n < 10_000 else 100))
    for r in range(rounds):
        hot = warm_start and r == 0
        a = run_recombine(work, best, trees, (1.0 if hot else 0.1) / n, 2.0, seed * 10 + r, clock, scale)
        a = run_anneal(
            work, a, flips, ((2.0 if hot else 0.3) / n, 2e-3 / n), (0.3, 10.0), seed * 10 + r, clock,
            (1 / scale, BORDER_SHARE / length),
        )  # fmt: skip
        new = rank(work, a)
        if new < top or r == 0:
            best, top = a, new
        if clock.over():
            break
    return best
