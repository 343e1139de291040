"""Work: a Problem made ready for the inner loops: one working graph, absolute load limits, shape weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from terr.model.problem import Problem

NONE = 1e30
"""Stands for no limit on a load: larger than any sum, small enough to subtract from."""
SHAPE_FLOOR = 1e-4
"""Share of the mean load that a unit weighs at least in shapes, so that empty units don't straggle."""
ROUNDING = 1e-9
"""Room above a load that must fit, as a share of it."""


@dataclass(frozen=True, eq=False)
class Work:
    """Arrays the kernels take (see `terr.engine.kernels`), n units, k territories, q limited measures.

    Attributes:
        xy: (n, 2) km, moved to their mean, which keeps the moment sums exact.
        g: (n,) shape weights > 0, g.sum() is about the total of the first measure.
        w: (n, q); lo, hi, sc: (k, q).
        ip, ix, bw: CSR of the working graph: the problem's, plus links where contiguity can't be had otherwise.
        locked: int64 (n,), -1 = free; fixed: bool (n,).
        aim: (k,) share of the load each territory should get, sums to 1.
        links: pairs of units joined only here.
        too_large: (unit, column of w, territory that holds it) for each unit above its upper limit.
    """

    xy: NDArray[np.float64]
    g: NDArray[np.float64]
    w: NDArray[np.float64]
    ip: NDArray[np.int64]
    ix: NDArray[np.int64]
    bw: NDArray[np.float64]
    lo: NDArray[np.float64]
    hi: NDArray[np.float64]
    sc: NDArray[np.float64]
    locked: NDArray[np.int64]
    fixed: NDArray[np.bool_]
    aim: NDArray[np.float64]
    links: tuple[tuple[int, int], ...]
    too_large: tuple[tuple[int, int, int], ...]

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.g)

    @property
    def k(self) -> int:
        """Number of territories."""
        return len(self.lo)

    def neighbours(self, unit: int) -> NDArray[np.int64]:
        """Neighbours in the working graph."""
        return self.ix[self.ip[unit] : self.ip[unit + 1]]

    def rows(self) -> NDArray[np.int64]:
        """The unit each entry of `ix` belongs to."""
        return np.repeat(np.arange(self.n), np.diff(self.ip))


def pieces(ip: NDArray[Any], ix: NDArray[Any], allowed: NDArray[Any]) -> tuple[int, NDArray[np.int32]]:
    """Connected pieces where an edge counts if both ends have the same value >= 0 in `allowed`.

    Returns:
        Number of pieces, and the piece of each unit (units with -1 are pieces of their own).
    """
    n = len(ip) - 1
    rows = np.repeat(np.arange(n), np.diff(ip))
    on = (allowed[rows] == allowed[ix]) & (allowed[rows] >= 0)
    graph = coo_matrix((np.ones(int(on.sum()), np.int8), (rows[on], ix[on])), shape=(n, n))
    count, label = connected_components(graph, directed=False)
    return int(count), label


def joined_graph(
    problem: Problem, extra: list[tuple[int, int]]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """The border graph plus links of length 0."""
    n = len(problem)
    rows = np.repeat(np.arange(n), np.diff(problem.indptr))
    u = np.array([p for e in extra for p in e], dtype=np.int64)
    v = np.array([p for e in extra for p in e[::-1]], dtype=np.int64)
    r = np.concatenate([rows, u])
    c = np.concatenate([problem.indices.astype(np.int64), v])
    b = np.concatenate([problem.border_km, np.zeros(len(u))])
    order = np.lexsort((c, r))
    ip = np.concatenate([[0], np.cumsum(np.bincount(r, minlength=n))]).astype(np.int64)
    return ip, c[order], b[order]


def bridge_pieces(problem: Problem) -> list[tuple[int, int]]:
    """Links that join the pieces of a region at their nearest units, heaviest piece first."""
    count, label = pieces(problem.indptr, problem.indices, np.zeros(len(problem), np.int8))
    links: list[tuple[int, int]] = []
    order = np.argsort(-np.bincount(label, minlength=count), kind="stable")
    inside = label == order[0]
    for c in order[1:]:
        here = np.flatnonzero(inside)
        there = np.flatnonzero(label == c)
        gap, near = cKDTree(problem.xy_km[here]).query(problem.xy_km[there])
        b = int(np.argmin(gap))
        links.append((int(here[near[b]]), int(there[b])))
        inside |= label == c
    return links


def too_many_pieces(problem: Problem) -> bool:
    """True if the region has more pieces than territories could each stay within."""
    count, label = pieces(problem.indptr, problem.indices, np.zeros(len(problem), np.int8))
    on = problem.locked >= 0
    free = problem.territories - len(np.unique(problem.locked[on]))
    return count - len(np.unique(label[on])) > free


def locked_parts(problem: Problem, ip: NDArray[Any], ix: NDArray[Any]) -> list[tuple[int, list[NDArray[np.int64]]]]:
    """Territories whose locked units can't be joined because others' locked units, or nothing, lie between.

    Returns:
        (territory, its groups of locked units, heaviest first) for each such territory.
    """
    out = []
    locked = problem.locked
    for j in np.unique(locked[locked >= 0]):
        mine = locked == j
        if mine.sum() < 2:
            continue
        _, label = pieces(ip, ix, np.where(mine | (locked < 0), 0, -1))
        parts = np.unique(label[mine])
        if len(parts) > 1:
            groups = [np.flatnonzero(mine & (label == p)) for p in parts]
            groups.sort(key=lambda u: (-problem.weights[u, 0].sum(), int(u[0])))
            out.append((int(j), groups))
    return out


def _limits(problem: Problem, cols: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    goal = problem.targets[:, cols]
    lo = np.where(np.isfinite(problem.low[cols]), (1 - problem.low[cols]) * goal, -NONE)
    with np.errstate(invalid="ignore"):
        hi = np.where(np.isfinite(problem.high[cols]), (1 + problem.high[cols]) * goal, NONE)
    return lo, hi, goal.copy()


def _around(mean: float, goal: float, down: float, up: float) -> tuple[float, float]:
    """Limits of territories whose mean load is given: the wanted ones if it lies above the lower one, else limits half
    as wide around it, so that all are missed by about as little as can be."""
    least, most = (-NONE if down <= -NONE / goal else down * goal), (NONE if up >= NONE / goal else up * goal)
    if least <= mean:
        return least, most
    return mean * (1 + down) / 2, min(most, mean * (1 + up) / 2)


def _make_room(
    problem: Problem, cols: NDArray[Any], lo: NDArray[Any], hi: NDArray[Any], sc: NDArray[Any]
) -> tuple[list[tuple[int, int, int]], NDArray[np.int64]]:
    """Gives each unit above its upper limit a territory of its own and shares the rest evenly. Changes lo and hi."""
    locked = problem.locked.astype(np.int64).copy()
    k = problem.territories
    held: list[tuple[int, int, int]] = []
    count, _ = pieces(problem.indptr, problem.indices, np.zeros(len(problem), np.int8))
    for q in range(len(cols)):
        if np.ptp(sc[:, q]) > 1e-9 * sc[:, q].max() or (hi[:, q] >= NONE).all():
            continue  # unequal targets: the penalty alone decides
        w = problem.weights[:, cols[q]]
        down, up = lo[0, q] / sc[0, q], hi[0, q] / sc[0, q]
        taken: dict[int, int] = {}
        while len(taken) < k - max(count, 1):
            rest = (w.sum() - sum(w[u] for u in taken)) / (k - len(taken))
            above = np.flatnonzero(w > _around(rest, float(sc[0, q]), down, up)[1])
            new = [int(u) for u in above if int(u) not in taken]
            if not new:
                break
            u = max(new, key=lambda v: (w[v], -v))
            own = int(locked[u])
            if own < 0:
                free = [j for j in range(k) if not (locked == j).any() and j not in taken.values()]
                if not free:
                    break
                if problem.start is not None and problem.start[u] in free:
                    own = int(problem.start[u])
                elif problem.seeds is not None:
                    d = ((problem.xy_km[problem.seeds[free]] - problem.xy_km[u]) ** 2).sum(axis=1)
                    own = free[int(d.argmin())]
                else:
                    own = free[0]
            elif own in taken.values():
                break
            taken[u] = own
            locked[u] = own
            held.append((u, q, own))
        if not taken:
            continue
        rest = (w.sum() - sum(w[u] for u in taken)) / (k - len(taken))
        others = np.array([j for j in range(k) if j not in taken.values()])
        lo[others, q], hi[others, q] = _around(rest, float(sc[0, q]), down, up)
        for u, j in taken.items():
            hi[j, q] = max(hi[j, q], w[u] * (1 + ROUNDING))
    return held, locked


def make_work(problem: Problem, *, room: bool = True) -> Work:
    """The working arrays of a problem; `room` widens limits for units that are too large by themselves."""
    links = bridge_pieces(problem) if too_many_pieces(problem) else []
    ip, ix, bw = joined_graph(problem, links)
    for _, groups in locked_parts(problem, ip, ix):
        main = groups[0]
        for other in groups[1:]:
            gap, near = cKDTree(problem.xy_km[main]).query(problem.xy_km[other])
            b = int(np.argmin(gap))
            links.append((int(main[near[b]]), int(other[b])))
    ip, ix, bw = joined_graph(problem, links)
    totals = problem.weights.sum(axis=0)
    cols = np.flatnonzero(problem.limited & (totals > 0))
    lo, hi, sc = _limits(problem, cols)
    held: list[tuple[int, int, int]] = []
    locked = problem.locked.astype(np.int64)
    if room:
        held, locked = _make_room(problem, cols, lo, hi, sc)
    load = problem.weights[:, 0] if totals[0] > 0 else np.ones(len(problem))
    aim = problem.targets[:, 0].copy() if totals[0] > 0 else np.ones(problem.territories)
    if len(cols) and cols[0] == 0:
        for u, q, j in held:
            if q == 0:
                aim[j] = problem.weights[u, 0]
    aim = np.maximum(aim, 1e-9 * max(aim.max(), 1e-300))
    return Work(
        xy=problem.xy_km - problem.xy_km.mean(axis=0),
        g=load + SHAPE_FLOOR * load.mean(),
        w=np.ascontiguousarray(problem.weights[:, cols]),
        ip=ip,
        ix=ix,
        bw=bw,
        lo=lo,
        hi=hi,
        sc=sc,
        locked=locked,
        fixed=locked >= 0,
        aim=aim / aim.sum(),
        links=tuple(links),
        too_large=tuple((u, int(cols[q]), j) for u, q, j in held),
    )


def adjacency(work: Work) -> Any:
    """The working graph as a scipy CSR matrix."""
    return csr_matrix((np.ones(len(work.ix), np.int8), work.ix, work.ip), shape=(work.n, work.n))
