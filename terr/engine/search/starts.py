"""Starts for lumpy loads: many METIS partitions, raced against each other by windows, so that a plan which holds the
limits is never left for one that doesn't."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import NONE, WorkArrays
from terr.engine.search.drafts import FEW, metis_labels, whole
from terr.engine.search.improve import Clock, rank
from terr.engine.search.search import Run, firm, windows

Labels = NDArray[np.int64]
TIGHTNESS = (0.5, 0.98)
"""Shares of the tolerance METIS is asked for in turn: a tighter one holds more often, a wider one is more compact."""
ROUNDS = ((4, 8), (2, 12))
"""Of a race: how many of the best plans run, and for how many rounds of windows each."""
FEW_ROUNDS = ((2, 2), (1, 4))
"""The same on large maps, where a round takes long."""
MANY = 10_000
"""Above so many units a map is large: first plans are few, and good already."""
LOOSE = 0.05
"""Tolerance METIS is asked for where there is no limit."""


def tolerance(work: WorkArrays) -> float:
    """Half the width of the narrowest limit, as a share of the target; `LOOSE` without limits on both sides."""
    both = (work.lo > -NONE) & (work.hi < NONE)
    if not both.any():
        return LOOSE
    return float(np.clip(((work.hi - work.lo) / (2 * work.sc))[both].min(), 1e-3, 1.0))


def combined_load(work: WorkArrays) -> NDArray[np.float64]:
    """float64 (n,), the sum of all limited measures, each as a share of its total."""
    total = work.w.sum(axis=0)
    return np.asarray((work.w[:, total > 0] / total[total > 0]).sum(axis=1) + 1e-12, np.float64)


def metis_starts(
    work: WorkArrays,
    seed: int,
    count: int,
    clock: Clock,
    tell: Callable[[Labels], None] | None = None,
    *,
    share: float = 0.25,
) -> list[Labels]:
    """Plans in one piece per territory by METIS, the best by `rank` first; none where units per territory are few.

    Args:
        work: the working arrays.
        seed: of the random numbers.
        count: how many.
        clock: stops it after the first.
        tell: called with the first.
        share: of the time limit it may take; twice as much until one plan holds the limits, which comes first.
    """
    if work.n < FEW * work.k:
        return []
    width = tolerance(work)
    both = combined_load(work) if work.w.shape[1] > 1 else None
    out: list[tuple[tuple[float, float, float], Labels]] = []
    inside = False
    for z in range(count):
        if out and (clock.over() or clock.past(share if inside else 2 * share)):
            break
        near = max(1, round(1000 * width * TIGHTNESS[z % 2]))
        load = both if z % 4 < 3 else None  # with several measures the first alone now and then
        plan = whole(work, metis_labels(work, 1000 * seed + z, near, load))
        out.append((rank(work, plan), plan))
        inside |= out[-1][0][0] == 0
        if z == 0 and tell is not None:
            tell(plan)
    return [plan for _, plan in sorted(out, key=lambda made: made[0])]


def raced(
    work: WorkArrays,
    plans: list[Labels],
    seed: int,
    run: Run[Labels],
    clock: Clock,
    tell: Callable[[Labels, float], None],
) -> Labels:
    """The best of several plans after the best few of them were improved by windows, the worse half left each time."""
    race = FEW_ROUNDS if work.n > MANY else ROUNDS
    todo = sum(many * rounds for many, rounds in race)
    done = 0
    for stage, (many, rounds) in enumerate(race):
        plans = sorted(plans, key=lambda p: rank(work, p))[:many]
        out = []
        for z, plan in enumerate(plans):
            before = done

            def told(now: Labels, share: float, before: int = before, rounds: int = rounds) -> None:
                tell(now, (before + share * rounds) / todo)

            out.append(windows(work, plan, rounds, seed + 100 * stage + z, run, clock, told, draw=firm))
            done += rounds
        plans = out
    return min(plans, key=lambda p: rank(work, p))
