"""What differs between two plans, unit by unit."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.problem import Problem
from terr.model.result import Move


def moved_share(problem: Problem, plan: NDArray[Any]) -> float:
    """Share of the first measure's load (of all units, if it is 0 everywhere) that `plan` takes from `problem.start`.

    Units without a territory in `start` count as moved.

    Args:
        problem: with a `start`.
        plan: (n,) territory indexes.

    Raises:
        PlanError: if there is no start.
    """
    if problem.start is None:
        raise PlanError("there is no plan to compare with; design one first")
    load = problem.weights[:, 0]
    moved = np.asarray(plan) != problem.start
    return float(load[moved].sum() / load.sum()) if load.sum() > 0 else float(moved.mean())


def moves(problem: Problem, before: NDArray[Any], after: NDArray[Any]) -> tuple[Move, ...]:
    """Units whose territory differs, the heaviest first.

    Args:
        problem: gives loads and targets.
        before: (n,) territory indexes, -1 = unassigned.
        after: (n,) territory indexes, -1 = unassigned.

    Raises:
        PlanError: if a plan doesn't fit the problem.
    """
    a, b = np.asarray(before, np.int64), np.asarray(after, np.int64)
    for plan in (a, b):
        if plan.shape != (len(problem),) or plan.min() < -1 or plan.max() >= problem.territories:
            raise PlanError("the two plans must give every area of the problem one of its territories")
    load, goal = problem.loads(a)[:, 0], problem.targets[:, 0]
    safe = np.where(goal > 0, goal, 1.0)
    off = np.where(goal > 0, np.abs(load / safe - 1), 0.0)
    out = []
    for u in np.flatnonzero(a != b):
        w = problem.weights[u, 0]
        then = off.copy()
        for j, step in ((int(a[u]), -w), (int(b[u]), w)):
            if j >= 0 and goal[j] > 0:
                then[j] = abs((load[j] + step) / goal[j] - 1)
        out.append(
            Move(
                int(u), int(a[u]), int(b[u]), tuple(float(v) for v in problem.weights[u]), float(then.max() - off.max())
            )
        )
    return tuple(sorted(out, key=lambda m: (-m.load[0], m.unit)))
