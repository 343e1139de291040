"""Improving a contiguous plan: recombination and annealing in steps short enough to stop between."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import WorkArrays
from terr.engine.kernels import Arena, judge, power_cells
from terr.engine.search.flips import anneal
from terr.engine.search.trees import recombine
from terr.model.problem import Problem
from terr.model.progress import UNWATCHED, Progress

Labels = NDArray[np.int64]
BORDER_SHARE = 0.1
"""Weight of the whole border length against the whole moment of inertia."""


@dataclass
class Clock:
    """Time and progress of one solve.

    Attributes:
        limit: seconds, None = no limit.
        late: True once the limit has cut work short; stopped: True once the caller asked to stop; hurried: True once
            a step was left out to stay within the limit.
        node: unit of `problem` each unit the caller knows is part of; None = the same units.
    """

    problem: Problem
    limit: float | None = None
    progress: Progress = UNWATCHED
    began: float = field(default_factory=time.perf_counter)
    late: bool = False
    stopped: bool = False
    hurried: bool = False
    last: float = -1.0
    node: Labels | None = None

    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self.began

    def left(self) -> float:
        """Seconds left."""
        return 1e9 if self.limit is None else self.limit - self.seconds()

    def over(self) -> bool:
        """True if work must stop now."""
        self.stopped = self.stopped or self.progress.stopped()
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
        if self.progress.listener is None or (not force and now - self.last < 0.2):
            return
        self.last = now
        worst, copy = np.inf, None
        if plan is not None:
            shown = np.where(plan == self.problem.territories, -1, plan)
            worst = float(np.abs(self.problem.deviations(shown)[:, 0]).max())
            copy = (shown if self.node is None else shown[self.node]).astype(np.int16)
        self.progress.show(fraction, stage, best_deviation=worst, assign=copy)


def price(work: WorkArrays, plan: Labels) -> float:
    """What a plan costs but for its borders, in km2 times weight: shape, and whatever else has a price."""
    return float(judge(work.arena, plan)[1])


def excess(work: WorkArrays, plan: Labels) -> float:
    """Penalty of the limits, 0 within all."""
    return float(judge(work.arena, plan)[0])


def border(work: WorkArrays, plan: Labels) -> float:
    """Length of all borders between territories, km."""
    return float(work.bw[plan[work.rows()] != plan[work.ix]].sum() / 2)


def rank(work: WorkArrays, plan: Labels) -> tuple[float, float, float]:
    """Plans compare by penalty, then price, then border; smaller is better."""
    penalty, cost = judge(work.arena, plan)
    return (round(float(penalty), 9), float(cost), border(work, plan))


def priced(work: WorkArrays, plan: Labels, *, edge: float = BORDER_SHARE) -> Arena:
    """The arena with prices as shares of this plan's, and `edge` for all of its borders."""
    arena = work.arena
    scale, length = max(price(work, plan), 1e-12), max(border(work, plan), 1e-12)
    return arena._replace(
        spread=1 / scale, edge=edge / length, soft=arena.soft / scale, toll=arena.toll / scale, none=arena.none / scale
    )


def run_recombine(arena: Arena, plan: Labels, steps: int, t0: float, al: float, seed: int, clock: Clock) -> Labels:
    """Recombination from `plan`; returns the best plan met."""
    a, best, cost, n = plan.copy(), plan.copy(), np.inf, len(plan)
    chunk = max(50, 400_000 // n)
    for z, begin in enumerate(range(0, steps, chunk)):
        if clock.over():
            break
        cost = recombine(
            arena, a, al, begin, min(steps, begin + chunk), steps, t0, 1e-3 / n, seed * 1009 + z, best, cost
        )
    return best


def run_anneal(
    arena: Arena,
    plan: Labels,
    steps: int,
    heat: tuple[float, float],
    press: tuple[float, float],
    seed: int,
    clock: Clock,
) -> Labels:
    """Annealing from `plan`; returns the best plan met.

    Args:
        arena: what to run on, with its prices.
        plan: a contiguous plan.
        steps: in all.
        heat: first and last temperature.
        press: first and last factor of the penalty.
        seed: of the random numbers.
        clock: stops it between chunks.
    """
    a, best, pen, cost = plan.copy(), plan.copy(), np.inf, np.inf
    chunk = 100_000
    for z, begin in enumerate(range(0, steps, chunk)):
        if clock.over():
            break
        pen, cost = anneal(
            arena,
            a,
            begin,
            min(steps, begin + chunk),
            steps,
            heat[0],
            heat[1],
            press[0],
            press[1],
            seed * 1013 + z,
            best,
            pen,
            cost,
        )
    return best


@lru_cache(maxsize=1)
def compiled() -> None:
    """Compiles or loads the loops, once per process, so that it doesn't count as time of the first solve."""
    two = np.zeros(2, np.int64)
    arena = Arena(
        xy=np.array([[0.0, 0.0], [1.0, 0.0]]),
        g=np.ones(2),
        w=np.ones((2, 1)),
        ip=np.array([0, 1, 2]),
        ix=np.array([1, 0]),
        bw=np.ones(2),
        lo=np.zeros((3, 1)),
        hi=np.ones((3, 1)),
        sc=np.ones((3, 1)),
        goal=np.ones((3, 1)),
        soft=np.zeros(1),
        centre=np.full((3, 2), np.nan),
        far=np.zeros((0, 0), np.uint8),
        locked=two - 1,
        home=two + 2,
        toll=np.zeros(2),
        share=np.zeros(2),
        part=np.full(2, 0.5),
        left=np.full(2, 0.5),
        spread=1.0,
        edge=0.0,
        none=1.0,
        most_moved=1e9,
        most_none=1e9,
        rest=False,
    )
    plan = np.arange(2)
    anneal(arena, plan, 0, 1, 1, 1.0, 1.0, 1.0, 1.0, 1, plan.copy(), np.inf, np.inf)
    recombine(arena, plan, 1.0, 0, 1, 1, 1.0, 1.0, 1, plan.copy(), np.inf)
    near = np.array([[0, 1], [1, 0]])
    power_cells(arena.xy, arena.g, arena.xy.copy(), np.zeros(2), near, np.ones(2), 1, two)
