"""What a design minimises, as one number in km2, computed from the plan alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.model.problem import Problem

UNASSIGNED_PRICE = 100.0
"""Price of leaving the whole load unassigned, in `Problem.scale_km2`: only limits and distances are worth it."""


def moment_km2(problem: Problem, plan: NDArray[Any]) -> float:
    """Load-weighted moment of inertia of the first measure, km2: sum w d^2 / sum w.

    d is the distance to the territory's fixed centre, else to its own load-weighted centre. Every unit weighs 1 if the
    measure is 0 everywhere; unassigned units count nowhere, but in the total.

    Args:
        problem: n units.
        plan: (n,) territory index per unit, -1 = unassigned.
    """
    a = np.asarray(plan).astype(np.int64)
    on = a >= 0
    w, k = problem.shares()[on], problem.territories
    mid = problem.xy_km.mean(axis=0)
    xy, at = problem.xy_km[on] - mid, a[on]
    total = np.bincount(at, w, k)
    safe = np.where(total > 0, total, 1.0)
    own = np.column_stack([np.bincount(at, w * xy[:, d], k) / safe for d in (0, 1)])
    centre = np.where(np.isnan(problem.centres), own, problem.centres - mid)
    return float((w * ((xy - centre[at]) ** 2).sum(axis=1)).sum())


def unevenness(problem: Problem, plan: NDArray[Any]) -> NDArray[np.float64]:
    """float64 (m,), mean |load / target - 1| over the territories; 1 - balance index / 100."""
    out: NDArray[np.float64] = np.abs(problem.deviations(plan)).mean(axis=0)
    return out


def objective_km2(problem: Problem, plan: NDArray[Any]) -> float:
    """Moment of inertia plus what else has a price, in km2.

    moment + R (sum balance_q * mean |load / target - 1|_q + continuity * moved share + 100 * unassigned share), where R
    is `Problem.scale_km2`, the same for every plan.
    """
    a = np.asarray(plan).astype(np.int64)
    more = float((problem.balance * unevenness(problem, a)).sum())
    share = problem.shares()
    if problem.start is not None:
        more += problem.continuity * float(share[a != problem.start].sum())
    more += UNASSIGNED_PRICE * float(share[a < 0].sum())
    return moment_km2(problem, a) + problem.scale_km2 * more
