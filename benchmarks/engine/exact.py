"""What an exact model says of a rebalance: least moved load within the limits, by PuLP with HiGHS and much time.

It is written apart from the engine on purpose, to judge it. Only units within a few steps of a territory may move to
it, each territory keeps its central unit, and each of its other units needs a neighbour in it that is nearer to that
centre. That keeps every answer in one piece without further cuts, but leaves out some plans: its bound holds for this
model, and a plan that moves a little less may exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from benchmarks.engine.instances import Instance

Slots = NDArray[np.int64]
GAP = 0.002
FAR = 1_000_000
_OUTSIDE = 10_000
"""Depth of the first unit outside a territory: all of the start's own units are nearer to its centre."""


class Model:
    """The model of one instance and its start.

    Args:
        instance: measures beyond the first are limited too.
        tolerance: of every measure, a share of the target.
        start: int64 (n,), contiguous.
        hops: how many steps a unit may be from a territory it moves to.
    """

    def __init__(self, instance: Instance, tolerance: float, start: Slots, hops: int) -> None:
        n, k = len(instance), instance.k
        self.instance, self.start = instance, start
        self.graph = csr_matrix((np.ones(len(instance.indices)), instance.indices, instance.indptr), shape=(n, n))
        self.anchor = self._anchors()
        reach = np.zeros((n, k), np.bool_)
        reach[np.arange(n), start] = True
        own = reach.copy()
        for _ in range(hops):
            reach |= (self.graph @ reach.astype(np.float64)) > 0
        reach[self.anchor] = own[self.anchor]
        self.open, self.free = reach, reach.sum(axis=1) > 1
        load = instance.weights / instance.weights.sum(axis=0)
        self.lp = pulp.LpProblem("rebalance", pulp.LpMinimize)
        self.x: dict[tuple[int, int], Any] = {
            (i, j): self.lp.add_variable(f"x{i}_{j}", 0, 1, pulp.LpBinary)
            for i, j in np.argwhere(reach & self.free[:, None]).tolist()
        }
        self.lp += pulp.LpAffineExpression([(v, float(load[i, 0])) for (i, j), v in self.x.items() if j != start[i]])
        for i in np.flatnonzero(self.free).tolist():
            self.lp += pulp.LpAffineExpression([(self.x[i, j], 1) for j in np.flatnonzero(reach[i]).tolist()]) == 1
        for q in range(load.shape[1]):
            stays = np.bincount(start[~self.free], load[~self.free, q], k)
            for j in range(k):
                inside = np.flatnonzero(reach[:, j] & self.free).tolist()
                total = pulp.LpAffineExpression([(self.x[i, j], k * float(load[i, q])) for i in inside])
                self.lp += total <= 1 + tolerance - k * stays[j]
                self.lp += total >= 1 - tolerance - k * stays[j]
        for j in range(k):
            self._join(j)

    def solve(self, seconds: float) -> tuple[Slots | None, dict[str, Any]]:
        """(the best plan found or None, how it went: the model's bound as a share of the load, its binaries)."""
        self.lp.solve(pulp.HiGHS(msg=False, gapRel=GAP, timeLimit=seconds, threads=1))
        bound = float(self.lp.solverModel.getInfo().mip_dual_bound)
        told = {"bound": bound if np.isfinite(bound) else 0.0, "binaries": len(self.x)}
        if self.lp.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
            return None, told
        plan, top = self.start.copy(), np.zeros(len(self.start))
        for (i, j), v in self.x.items():
            if v.varValue > top[i]:
                plan[i], top[i] = j, v.varValue
        return plan, told

    def _anchors(self) -> Slots:
        """(k,) the unit nearest to the load-weighted centre of each territory."""
        w, xy = self.instance.weights[:, 0], self.instance.xy_km
        out = np.zeros(self.instance.k, dtype=np.int64)
        for j in range(self.instance.k):
            inside = np.flatnonzero(self.start == j)
            centre = np.average(xy[inside], axis=0, weights=w[inside])
            out[j] = inside[((xy[inside] - centre) ** 2).sum(axis=1).argmin()]
        return out

    def _depth(self, j: int) -> Slots:
        """(n,) steps to j's anchor: inside the start's territory first, then onwards through units open to it."""
        own = self.start == j
        depth = np.full(len(own), FAR, dtype=np.int64)
        front = np.zeros(len(own), np.bool_)
        front[self.anchor[j]] = True
        depth[front] = 0
        for allowed, base in ((own, 0), (self.open[:, j], _OUTSIDE)):
            seen, step = front.copy(), 0
            while front.any():
                step += 1
                front = ((self.graph @ front.astype(np.float64)) > 0) & allowed & ~seen
                depth[front] = base + step
                seen |= front
            front = seen
        return depth

    def _join(self, j: int) -> None:
        depth = self._depth(j)
        for i in np.flatnonzero(self.open[:, j]).tolist():
            around = self.graph.indices[self.graph.indptr[i] : self.graph.indptr[i + 1]]
            nearer = around[self.open[around, j] & (depth[around] < depth[i])]
            if i == self.anchor[j] or not self.free[nearer].all():  # one that can't leave j joins it anyway
                continue
            parents = pulp.LpAffineExpression([(self.x[u, j], 1) for u in nearer.tolist()])
            self.lp += parents >= (self.x[i, j] if self.free[i] else 1)


def least_moved(
    instance: Instance, tolerance: float, start: Slots, hops: int, seconds: float
) -> Callable[[int], tuple[Slots, dict[str, Any]]]:
    """A call (any seed) to the best plan and how it went; building the model is part of it.

    Raises:
        RuntimeError: from the call, if there was no answer in time.
    """

    def call(seed: int) -> tuple[Slots, dict[str, Any]]:  # noqa: ARG001 (it has no randomness)
        plan, told = Model(instance, tolerance, start, hops).solve(seconds)
        if plan is None:
            raise RuntimeError(f"no answer in {seconds:g} s")
        return plan, told

    return call
