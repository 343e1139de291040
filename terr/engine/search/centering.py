"""PuLP in `design`: units to fixed centres at least moment of inertia, then re-centre and repeat."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from terr.engine.arrays import WorkArrays
from terr.engine.models.model import AssignModel
from terr.engine.search.improve import Clock, excess, rank

Labels = NDArray[np.int64]
FULL = 400
"""Up to so many units a polish looks at all of them; above, at those near borders."""
PAIRS = 1000
"""Largest number of open pairs in one window."""


def anchors(work: WorkArrays, plan: Labels) -> Labels:
    """(k,) the unit nearest to each territory's center; a locked one where there is any."""
    c = np.r_[work.centres(plan), [[0.0, 0.0]]]
    d = ((work.xy - c[plan]) ** 2).sum(axis=1)
    order = np.lexsort((d, ~work.fixed, plan))
    first = np.unique(plan[order], return_index=True)
    out = np.full(work.k + 1, -1, np.int64)
    out[first[0]] = order[first[1]]
    return out[: work.k]


def hops_to(work: WorkArrays, plan: Labels, j: int, most: int) -> NDArray[np.int64]:
    """Units outside territory j at most `most` steps from it."""
    inside = plan == j
    seen = inside.copy()
    ring = np.flatnonzero(inside)
    for _ in range(most):
        grown = [work.neighbors(u) for u in ring.tolist()]
        ring = np.unique(np.concatenate(grown)) if grown else ring[:0]
        ring = ring[~seen[ring]]
        seen[ring] = True
    out: NDArray[np.int64] = np.flatnonzero(seen & ~inside)
    return out


def open_pairs(work: WorkArrays, plan: Labels, anchor: Labels, hops: int, group: Labels) -> tuple[Labels, Labels]:
    """Pairs (unit, territory) of a window: units of `group`'s territories to those at most `hops` steps away."""
    chosen = np.zeros(work.k + 1, bool)
    chosen[group] = True
    stay = work.fixed.copy()
    stay[anchor[anchor >= 0]] = True
    units, labels = [], []
    for j in group:
        u = hops_to(work, plan, int(j), hops)
        u = u[chosen[plan[u]] & ~stay[u]]
        u = u[work.may(u, np.full(len(u), j))]
        units.append(u)
        labels.append(np.full(len(u), j))
    u = np.concatenate(units)
    own = np.unique(u)
    return np.concatenate([own, u]), np.concatenate([plan[own], np.concatenate(labels)]).astype(np.int64)


def windows(work: WorkArrays, plan: Labels, size: int) -> list[Labels]:
    """Groups of about `size` territories near each other that together cover all, each around one not yet covered."""
    c = work.centres(plan)
    tree = cKDTree(c)
    left = np.ones(work.k, bool)
    out = []
    for j in np.argsort(c[:, 0] + c[:, 1], kind="stable"):
        if left[j]:
            _, group = tree.query(c[j], k=min(size, work.k))
            group = np.sort(np.atleast_1d(group)).astype(np.int64)
            left[group] = False
            out.append(group)
    return out


def polish(
    work: WorkArrays,
    plan: Labels,
    clock: Clock,
    tell: Any,
    *,
    rounds: int = 3,
    gap: float = 1e-3,
    seconds: float = 20.0,
    nodes: int = 40,
) -> tuple[Labels, str]:
    """Moves units by a mixed-integer model with fixed centres and contiguity cuts, re-centres, repeats while it helps.

    The cost to a fixed centre is at least the cost to the new centre, so each accepted answer is a real improvement.

    Returns:
        The better plan, and the solver that ran.
    """
    name = ""
    if work.k == 1:
        return plan, name
    best, top = plan, rank(work, plan)
    hops = 2 if work.n <= FULL else 1
    size = work.k if work.n <= FULL else max(2, min(work.k, int(PAIRS / max(1.0, 1.3 * work.n / work.k))))
    for _ in range(rounds):
        before = top
        for group in windows(work, best, size):
            if clock.over():
                return best, name
            anchor = anchors(work, best)
            unit, label = open_pairs(work, best, anchor, hops, group)
            if not len(unit):
                continue
            c = work.centres(best)
            arena, scale = work.arena, max(top[1], 1e-12)
            cost = work.g[unit] * ((work.xy[unit] - c[label]) ** 2).sum(axis=1)
            cost += np.where(label != arena.home[unit], arena.toll[unit], 0.0)
            model = AssignModel(
                work, best, unit, label, cost / scale, elastic=excess(work, best) > 0, nodes=nodes, unit_price=1 / scale
            )
            model.first_cuts(anchor)
            out, _ = model.solve_contiguous(anchor, best, gap, clock.left, seconds=seconds)
            name = model.solver_name
            if out is not None:
                new = rank(work, out)
                if new < top:
                    best, top = out, new
            tell(best)
        if top[0] == before[0] and top[1] > before[1] * (1 - 1e-4):
            break
    return best, name
