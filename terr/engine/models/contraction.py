"""Empty units joined to their nearest loaded unit before the search, and taken apart after it.

Accounts are points, so on a real map most units have no load. Wherever they go, loads stay as they are: what they need
is a territory around them. So the search runs on loaded units, each with the empty ones nearest to it along the graph.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from terr.engine.models.groups import Codes, quotient_graph
from terr.model.problem import Problem

LEAST_SAVED = 0.2
"""Share of the units a contraction must save to be worth its loss of freedom."""
LEAST_PER_TERRITORY = 6
"""Units per territory that must be left: with fewer, empty units are needed to keep loaded ones in one piece."""
SHORTEST_KM = 1e-6
"""Length of a link between units at one point; a graph of scipy's has no links of length 0."""


def contracted(problem: Problem, plan: Codes | None = None) -> tuple[Problem, Codes]:
    """The problem with each free, empty unit joined to the nearest loaded one by distance along the graph.

    A unit is empty if it has no load of any measure. Units stay by themselves that are locked, that a territory starts
    around, and that have no loaded unit in reach over empty free units from which the same territories are near enough
    and which have the same territory today: so locks, distances and today's plan mean the same for all of a joined
    unit. Every plan of the smaller problem in one piece per territory is one of the problem.

    Args:
        problem: what to design.
        plan: int64 (n,), units join only within its territories, so that it is a plan of the smaller problem too.

    Returns:
        The smaller problem, whose loads are the same; int64 (n,), its unit for each of the problem's. The problem
        itself where too little would be saved, or too few units per territory left.
    """
    n = len(problem)
    alone = np.arange(n)
    head = _heads(problem)
    empty = head < 0
    left = n - int(empty.sum())
    most, least = (1 - LEAST_SAVED) * n, LEAST_PER_TERRITORY * problem.territories
    if problem.weights[:, 0].sum() <= 0 or not least <= left <= most:
        return problem, alone
    near = _nearest(problem, empty, plan)
    if (near != alone).sum() < LEAST_SAVED * n:
        return problem, alone
    heads, node = np.unique(near, return_inverse=True)
    node = node.reshape(-1).astype(np.int64)
    m = len(heads)
    ip, ix, bw = quotient_graph(problem, node, m)
    small = replace(
        problem,
        weights=problem.weights[heads],
        xy_km=problem.xy_km[heads],
        indptr=ip,
        indices=ix,
        border_km=bw,
        area_km2=None if problem.area_km2 is None else np.bincount(node, problem.area_km2, m).astype(np.float64),
        outer_km=None if problem.outer_km is None else np.bincount(node, problem.outer_km, m).astype(np.float64),
        locked=problem.locked[heads],
        start=None if problem.start is None else problem.start[heads],
        seeds=None if problem.seeds is None else np.where(problem.seeds >= 0, node[problem.seeds], -1),
        groups=problem.groups[heads],
        unit_names=None if problem.unit_names is None else tuple(problem.unit_names[u] for u in heads.tolist()),
    )
    return small, node


def _heads(problem: Problem) -> Codes:
    """int64 (n,): the unit itself, -1 for one that may join another."""
    keep = (problem.weights > 0).any(axis=1) | (problem.locked >= 0) | (problem.groups >= 0)
    if problem.seeds is not None:
        keep[problem.seeds[problem.seeds >= 0]] = True
    return np.where(keep, np.arange(len(problem)), -1)


def _nearest(problem: Problem, empty: NDArray[np.bool_], plan: Codes | None) -> Codes:
    """int64 (n,): the loaded unit each empty one joins, else the unit itself."""
    n = len(problem)
    rows = np.repeat(np.arange(n), np.diff(problem.indptr))
    cols = problem.indices.astype(np.int64)
    free = problem.locked < 0
    on = free[rows] & free[cols]
    if problem.start is not None:
        on &= problem.start[rows] == problem.start[cols]
    if plan is not None:
        on &= plan[rows] == plan[cols]
    if np.isfinite(problem.max_km).any():
        kind = np.unique(problem.too_far(), axis=0, return_inverse=True)[1].reshape(-1)
        on &= kind[rows] == kind[cols]
    rows, cols = rows[on], cols[on]
    km = np.maximum(np.hypot(*(problem.xy_km[rows] - problem.xy_km[cols]).T), SHORTEST_KM)
    graph: Any = csr_matrix((km, (rows, cols)), shape=(n, n))
    heads = np.flatnonzero(~empty & free)
    out = np.arange(n)
    if len(heads):
        _, _, source = dijkstra(graph, indices=heads, min_only=True, return_predecessors=True)
        reached = source >= 0
        out[reached] = source[reached]
    return out
