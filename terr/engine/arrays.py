"""Work: a Problem made ready for the inner loops: one working graph, absolute load limits, shape weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree

from terr.engine.full_territories import NONE, RemainderLimits, own_limits, pieces, remainder_limits
from terr.engine.kernels import Arena
from terr.engine.objective import UNASSIGNED_PRICE
from terr.model.problem import Problem

__all__ = ["NONE", "WorkArrays", "adjacency", "joined_graph", "locked_parts", "make_work", "pieces"]
SHAPE_FLOOR = 1e-4
"""Share of the mean load that a unit weighs at least in shapes, so that empty units don't straggle."""
SURE = 1e-9
"""Room for rounding in a sum of shares."""
LARGE_SHARE = 1e9
"""Stands for no limit on a share."""


@dataclass(frozen=True, eq=False)
class WorkArrays:
    """Arrays the kernels take (see `terr.engine.kernels`), n units, k territories, q limited measures.

    Attributes:
        xy: (n, 2) km, moved to their mean, which keeps the moment sums exact.
        g: (n,) shape weights > 0, g.sum() is about the total of the first measure.
        w: (n, q); lo, hi, sc: (k, q).
        ip, ix, bw: CSR of the working graph: the problem's, plus links where contiguity can't be had otherwise.
        locked: int64 (n,), -1 = free; fixed: bool (n,).
        aim: (k,) share of the load each territory should get, sums to 1.
        links: pairs of units joined only here.
        too_large: (unit, measure, territory it fills) as in `terr.engine.full_territories.Room`.
        arena: all of it as the kernels take it, with prices in km2 times weight and none on borders.
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
    arena: Arena

    @property
    def n(self) -> int:
        """Number of units."""
        return len(self.g)

    @property
    def k(self) -> int:
        """Number of territories."""
        return len(self.lo)

    @property
    def rest(self) -> int:
        """Number that stands for "no territory" in plans of the kernels."""
        return self.k

    def centres(self, plan: NDArray[np.int64]) -> NDArray[np.float64]:
        """float64 (k, 2), fixed centres, else weighted ones; the map's middle for a territory without units."""
        on = plan < self.k
        total = np.bincount(plan[on], self.g[on], self.k)
        safe = np.maximum(total, 1e-300)
        own = np.column_stack([np.bincount(plan[on], self.g[on] * self.xy[on, d], self.k) / safe for d in (0, 1)])
        fixed = self.arena.centre[: self.k]
        out: NDArray[np.float64] = np.where(np.isnan(fixed), np.where((total > 0)[:, None], own, 0.0), fixed)
        return out

    def stray(self, plan: NDArray[np.int64]) -> int:
        """Pieces beyond one per territory."""
        a = np.where(plan == self.k, -1, plan)
        count, _ = pieces(self.ip, self.ix, a)
        return count - int((a < 0).sum()) - len(np.unique(a[a >= 0]))

    def may(self, unit: Any, territory: Any) -> Any:
        """Whether units are near enough to territories; arrays of one length."""
        return self.arena.far[unit, territory] == 0 if len(self.arena.far) else np.ones(np.shape(unit), bool)

    def neighbors(self, unit: int) -> NDArray[np.int64]:
        """Neighbours in the working graph."""
        return self.ix[self.ip[unit] : self.ip[unit + 1]]

    def rows(self) -> NDArray[np.int64]:
        """The unit each entry of `ix` belongs to."""
        return np.repeat(np.arange(self.n), np.diff(self.ip))


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


def make_work(problem: Problem, *, room: bool = True) -> WorkArrays:
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
    cols = np.flatnonzero((problem.limited | (problem.balance > 0)) & (totals > 0))
    load = problem.weights[:, 0] if totals[0] > 0 else np.ones(len(problem))
    aim = problem.targets[:, 0].copy() if totals[0] > 0 else np.ones(problem.territories)
    bounded = bool(np.isfinite(problem.floor).any() or np.isfinite(problem.cap).any() or problem.remainder > 0)
    made = remainder_limits(problem, cols) if room and not bounded else own_limits(problem, cols)
    if len(cols) and cols[0] == 0:
        aim = made.aim
    aim = np.maximum(aim, 1e-9 * max(aim.max(), 1e-300))
    g = load + SHAPE_FLOOR * load.mean()
    w = np.ascontiguousarray(problem.weights[:, cols])
    graph = (np.ascontiguousarray(ip), np.ascontiguousarray(ix), np.ascontiguousarray(bw))
    return WorkArrays(
        xy=problem.xy_km - problem.xy_km.mean(axis=0),
        g=g,
        w=w,
        ip=graph[0],
        ix=graph[1],
        bw=graph[2],
        lo=made.lo,
        hi=made.hi,
        sc=made.sc,
        locked=made.locked,
        fixed=made.locked >= 0,
        aim=aim / aim.sum(),
        links=tuple(links),
        too_large=made.too_large,
        arena=_arena(problem, made, cols, g, w, graph),
    )


def _arena(problem: Problem, made: RemainderLimits, cols: NDArray[Any], g: Any, w: Any, graph: Any) -> Arena:
    n, k = len(problem), problem.territories
    unit = float(g.sum()) * problem.scale_km2  # a price of 1
    goal = np.where(problem.targets[:, cols] > 0, problem.targets[:, cols], np.inf)
    far = np.zeros((0, 0), np.uint8)
    if np.isfinite(problem.max_km).any():
        far = np.c_[problem.too_far(), np.zeros(n, bool)].astype(np.uint8)
    started = problem.start is not None
    home = np.where(problem.start >= 0, problem.start, k) if problem.start is not None else np.full(n, k)
    share = problem.shares() if started else np.zeros(n)

    def ended(table: Any, last: float) -> Any:
        return np.ascontiguousarray(np.concatenate([table, np.full((1, table.shape[1]), last)]))

    return Arena(
        xy=problem.xy_km - problem.xy_km.mean(axis=0),
        g=g,
        w=w,
        ip=graph[0],
        ix=graph[1],
        bw=graph[2],
        lo=ended(made.lo, -NONE),
        hi=ended(made.hi, NONE),
        sc=ended(made.sc, 1.0),
        goal=ended(goal, 1.0),
        soft=unit * problem.balance[cols] / k,
        centre=ended(problem.centres - problem.xy_km.mean(axis=0), np.nan),
        far=far,
        locked=made.locked,
        home=home.astype(np.int64),
        toll=unit * problem.continuity * share,
        share=share,
        part=g / g.sum(),
        left=problem.shares(),
        spread=1.0,
        edge=0.0,
        none=unit * UNASSIGNED_PRICE,
        most_moved=min(problem.max_moved + SURE, LARGE_SHARE) if started else LARGE_SHARE,
        most_none=problem.remainder + SURE,
        rest=problem.remainder > 0,
    )


def adjacency(work: WorkArrays) -> Any:
    """The working graph as a scipy CSR matrix."""
    return csr_matrix((np.ones(len(work.ix), np.int8), work.ix, work.ip), shape=(work.n, work.n))
