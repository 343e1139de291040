"""What the exact model says of a rebalance: least moved load within the limits, by PuLP with HiGHS and lazy cuts.

It is written apart from the engine on purpose, to judge it: only units within a few steps of a border may move, each
territory keeps its central unit, contiguity is added as cuts where an answer lacks it, and there is much time.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from benchmarks.instances import Instance

Slots = NDArray[np.int64]
GAPS = (0.05, 0.01, 0.002)
"""Loose until an answer is contiguous, then tighter: cuts found early are cheap."""


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
        graph = csr_matrix((np.ones(len(instance.indices)), instance.indices, instance.indptr), shape=(n, n))
        self.graph = graph
        self._rows = np.repeat(np.arange(n), np.diff(graph.indptr))
        self.anchor = self._anchors()
        near = np.zeros((n, k), np.bool_)
        near[np.arange(n), start] = True
        own = near.copy()
        for _ in range(hops):
            near |= (graph @ near.astype(np.float64)) > 0
        near[self.anchor] = own[self.anchor]
        self.open = near
        free = near.sum(axis=1) > 1
        self.free = free
        load = instance.weights / instance.weights.sum(axis=0)
        self.lp = pulp.LpProblem("rebalance", pulp.LpMinimize)
        self.x: dict[tuple[int, int], Any] = {
            (i, j): self.lp.add_variable(f"x{i}_{j}", 0, 1, pulp.LpBinary)
            for i, j in np.argwhere(near & free[:, None]).tolist()
        }
        self.lp += pulp.LpAffineExpression([(v, float(load[i, 0])) for (i, j), v in self.x.items() if j != start[i]])
        for i in np.flatnonzero(free).tolist():
            self.lp += pulp.LpAffineExpression([(self.x[i, j], 1) for j in np.flatnonzero(near[i]).tolist()]) == 1
        for q in range(load.shape[1]):
            stays = np.bincount(start[~free], load[~free, q], k)
            for j in range(k):
                inside = np.flatnonzero(near[:, j] & free).tolist()
                total = pulp.LpAffineExpression([(self.x[i, j], k * float(load[i, q])) for i in inside])
                self.lp += total <= 1 + tolerance - k * stays[j]
                self.lp += total >= 1 - tolerance - k * stays[j]
        for i, j in self.x:  # anchors have no variable, so that each of these needs a neighbour there
            self._cut(i, j, graph.indices[graph.indptr[i] : graph.indptr[i + 1]])

    def solve(self, seconds: float) -> tuple[Slots | None, dict[str, Any]]:
        """(the best contiguous plan found or None, how it went: bound as a share of the load, rounds, cuts)."""
        began = time.perf_counter()
        best: Slots | None = None
        told: dict[str, Any] = {"bound": 0.0, "rounds": 0, "cuts": 0, "binaries": len(self.x)}
        level = 0
        while level < len(GAPS):
            left = seconds - (time.perf_counter() - began)
            if left <= 0.5:
                break
            solver = pulp.HiGHS(msg=False, gapRel=GAPS[level], timeLimit=left, threads=1)
            self.lp.solve(solver)
            told["rounds"] += 1
            bound = float(self.lp.solverModel.getInfo().mip_dual_bound)
            told["bound"] = max(told["bound"], bound) if np.isfinite(bound) else told["bound"]
            if self.lp.sol_status not in (pulp.LpSolutionOptimal, pulp.LpSolutionIntegerFeasible):
                break
            plan = self._read()
            cuts = self._separate(plan)
            told["cuts"] += cuts
            if not cuts:
                best = plan if best is None or self.moved(plan) < self.moved(best) else best
                level += 1
        return best, told

    def moved(self, plan: Slots) -> float:
        """Share of the first measure's load that changes territory."""
        w = self.instance.weights[:, 0]
        return float(w[plan != self.start].sum() / w.sum())

    def _anchors(self) -> Slots:
        w, xy = self.instance.weights[:, 0], self.instance.xy_km
        out = np.zeros(self.instance.k, dtype=np.int64)
        for j in range(self.instance.k):
            inside = np.flatnonzero(self.start == j)
            centre = np.average(xy[inside], axis=0, weights=w[inside])
            out[j] = inside[((xy[inside] - centre) ** 2).sum(axis=1).argmin()]
        return out

    def _cut(self, i: int, j: int, around: NDArray[Any]) -> None:
        """x[i, j] <= sum of x[u, j] over `around`, unless one of these stays in j anyway."""
        reach = [u for u in around.tolist() if self.open[u, j]]
        if all(self.free[u] for u in reach):
            self.lp += pulp.LpAffineExpression([(self.x[i, j], 1), *((self.x[u, j], -1) for u in reach)]) <= 0

    def _read(self) -> Slots:
        plan, top = self.start.copy(), np.zeros(len(self.start))
        for (i, j), v in self.x.items():
            if (v.varValue or 0.0) > top[i]:
                plan[i], top[i] = j, v.varValue
        return plan

    def _separate(self, plan: Slots) -> int:
        """Cuts off each piece that isn't its territory's anchor's; returns how many pieces there were."""
        label = self._pieces(plan[self._rows] == plan[self.graph.indices])
        found = 0
        for c in np.setdiff1d(label, label[self.anchor]).tolist():
            inside = np.flatnonzero(label == c)
            j = int(plan[inside[0]])
            around = self._separator(inside, j)
            found += 1
            if self.free[inside].all():
                for i in inside.tolist():
                    self._cut(i, j, around)
            else:  # what can't leave must be joined
                self.lp += pulp.LpAffineExpression([(self.x[u, j], 1) for u in around.tolist()]) >= 1
        return found

    def _pieces(self, joined: NDArray[np.bool_]) -> NDArray[np.int32]:
        """(n,) the component of each unit when only these entries of the graph join."""
        inner = csr_matrix(
            (np.ones(int(joined.sum())), (self._rows[joined], self.graph.indices[joined])), shape=self.graph.shape
        )
        label: NDArray[np.int32] = connected_components(inner, directed=False)[1]
        return label

    def _separator(self, inside: Slots, j: int) -> Slots:
        """Units around a piece that any way from it to j's anchor must pass first, seen from the anchor."""
        around = np.setdiff1d(self.graph[inside].indices, inside)
        around = around[self.open[around, j]]
        on = self.open[:, j].copy()
        on[around] = False
        label = self._pieces(on[self._rows] & on[self.graph.indices])
        reached = on & (label == label[self.anchor[j]])
        seen: Slots = around[np.asarray(self.graph[around] @ reached.astype(np.float64)) > 0]
        return seen


def least_moved(
    instance: Instance, tolerance: float, start: Slots, hops: int, seconds: float
) -> Callable[[int], tuple[Slots, dict[str, Any]]]:
    """A call (any seed) to the best plan and how it went.

    Raises:
        RuntimeError: from the call, if there was no contiguous answer in time.
    """
    model = Model(instance, tolerance, start, hops)

    def call(seed: int) -> tuple[Slots, dict[str, Any]]:  # noqa: ARG001 (it has no randomness)
        plan, told = model.solve(seconds)
        if plan is None:
            raise RuntimeError(f"no contiguous answer in {seconds:g} s")
        return plan, told

    return call
