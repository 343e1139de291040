"""The frontier of balance against change: what each share of load that moves buys."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from terr.engine.changes import moved_share
from terr.engine.executor import CORES, Executor, Threads
from terr.engine.rebalancing import rebalance
from terr.engine.search.improve import Clock
from terr.errors import PlanError
from terr.model.problem import Problem
from terr.model.progress import Listener, Progress
from terr.model.result import Result

TIGHTEST = 0.01
"""Deviation the last point asks for, unless the problem's own limit is tighter."""
FEWEST = 8
SMALL, SECONDS = 1000, 5.0
"""Up to so many pairs of unit and territory a limit that the quick way misses is asked of the exact model, for so
long: a few large units leave few plans, and moving one unit at a time doesn't reach them."""


@dataclass(frozen=True, eq=False)
class FrontierPoint:
    """One plan on the frontier.

    Attributes:
        limit: the deviation that was asked for, a share.
        moved: share of the first measure's load that leaves its territory of today.
        deviation: largest |load / target - 1| of the first measure.
        result: the plan.
    """

    limit: float
    moved: float
    deviation: float
    result: Result

    def __post_init__(self) -> None:
        if not 0 <= self.moved <= 1 + 1e-9:
            raise PlanError("a share that moves lies between 0 and 1")

    @property
    def max_moved(self) -> float:
        """The change that has to be allowed for this plan, a share."""
        return self.moved


def frontier(
    problem: Problem,
    *,
    points: int = 9,
    seed: int = 1,
    time_limit_s: float | None = None,
    progress: Progress | Listener | None = None,
    effort: float = 0.3,
    executor: Executor | None = None,
) -> tuple[FrontierPoint, ...]:
    """Least change for ever tighter balance of the first measure, from `problem.start`, points computed in parallel.

    The limits asked for shrink by a constant factor from today's largest deviation to 1%, the problem's own limit
    among them; all other limits stay. A plan found for one limit counts for every looser one, so that the points never
    cross.

    Args:
        problem: with a `start`.
        points: how many limits, at least 8.
        seed: of the solves.
        time_limit_s: wall-clock seconds for all, None = a fixed number of steps each.
        progress: a `Progress`, or a function called with a `ProgressUpdate`, a few times a second; stopping it ends
            it with the points so far.
        effort: multiplies the number of steps.
        executor: where the points are worked out, which doesn't change them; None = threads.

    Returns:
        Points by growing change and falling deviation; the first is today's plan, or the least change that makes it
        one (units without a territory, disconnected areas). Limits that cost no more change share a point.

    Raises:
        PlanError: if there is no start.
    """
    if problem.start is None:
        raise PlanError("there is no plan to start from; design one first")
    points = max(FEWEST, points)
    clock = Clock(problem, time_limit_s, Progress.of(progress))
    asked, crew = _limits(problem, points), executor or Threads()
    one = partial(point_at, problem, clock, seed, effort, (len(asked), crew.width))
    done = crew.run(one, list(enumerate(asked)), progress=clock.progress, stage="Plan")
    clock.tell("Done", None, 1.0, force=True)
    return _hull(problem, list(zip(asked, done, strict=True)))


def point_at(
    problem: Problem,
    clock: Clock,
    seed: int,
    effort: float,
    among: tuple[int, int],
    asked: tuple[int, float],
    *,
    progress: Progress,
) -> Result:
    """Least change for one limit.

    Args:
        problem: with a `start`.
        clock: of all points.
        seed: of the solve.
        effort: multiplies the number of steps.
        among: how many points there are, and how many are worked out at once.
        asked: number and limit of this one.
        progress: of this one.
    """
    number, limit = asked
    count, width = among
    over = Progress(progress.listener, lambda: progress.stopped() or clock.over())
    left = None if clock.limit is None else max(0.2, clock.left() / max(1, -(-(count - number) // width)))
    limited, crew = _with_limit(problem, limit), Threads(CORES // width)
    found = rebalance(limited, seed=seed, time_limit_s=left, progress=over, effort=effort, prove=False, executor=crew)
    if found.violation > 0 and len(problem) * problem.territories <= SMALL and not clock.over():
        sure = rebalance(limited, seed=seed, time_limit_s=min(left or SECONDS, SECONDS), progress=over)
        found = min((found, sure), key=lambda r: (r.violation, r.objective))
    return found


def _limits(problem: Problem, points: int) -> list[float]:
    start = np.asarray(problem.start, np.int64)
    now = float(np.abs(problem.deviations(start)[:, 0]).max())
    own = float(min(problem.low[0], problem.high[0]))
    last = min(TIGHTEST, own) if np.isfinite(own) else TIGHTEST
    first = max(now, 2 * last)
    shares = first * (last / first) ** (np.arange(points) / (points - 1))
    if np.isfinite(own) and last < own < first:  # the problem's own limit takes the place of the nearest one
        inner = 1 + int(np.abs(np.log(shares[1:-1] / own)).argmin())
        shares[inner] = own
    return [float(v) for v in shares]


def _with_limit(problem: Problem, share: float) -> Problem:
    low, high = problem.low.copy(), problem.high.copy()
    low[0] = high[0] = share * (1 + 1e-9)
    return replace(problem, low=low, high=high)


def _hull(problem: Problem, found: list[tuple[float, Result]]) -> tuple[FrontierPoint, ...]:
    """Of all plans, those that no other one beats in both change and deviation."""
    made = []
    for limit, result in found:
        plan: NDArray[np.int64] = result.assign.astype(np.int64)
        deviation = float(np.abs(problem.deviations(plan)[:, 0]).max())
        made.append(FrontierPoint(limit, min(1.0, moved_share(problem, plan)), deviation, result))
    made.sort(key=lambda p: (p.moved, p.deviation))
    out: list[FrontierPoint] = []
    for point in made:
        if not out or point.deviation < out[-1].deviation - 1e-12:
            out.append(point)
    return tuple(out)
