"""First plans: balanced power diagrams, METIS, and the repair that makes any labelling contiguous."""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import pymetis
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_matrix
from scipy.spatial import cKDTree

from terr.engine.arrays import WorkArrays, make_work, pieces
from terr.engine.kernels import power_cells, removable
from terr.model.problem import Problem

Labels = NDArray[np.int64]
NEAR = 16
"""How many of the nearest centers a unit may go to in a power diagram."""
FEW = 8
"""METIS needs about so many units per territory, else it complains and returns empty parts."""


def shares_of_pieces(work: WorkArrays) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """(units, territories) for each connected piece of the working graph: locked territories where their units are,
    the others one by one to the piece with the most load per territory."""
    count, label = pieces(work.ip, work.ix, np.zeros(work.n, np.int8))
    if count == 1:
        return [(np.arange(work.n), np.arange(work.k))]
    load = np.bincount(label, work.g, count)
    size = np.bincount(label, minlength=count)
    given: list[list[int]] = [[] for _ in range(count)]
    used = np.zeros(work.k, bool)
    for j in np.unique(work.locked[work.locked >= 0]):
        mine = work.locked == j
        given[int(np.bincount(label[mine], work.g[mine], count).argmax())].append(int(j))
        used[j] = True
    for j in np.flatnonzero(~used):
        need = [
            (not given[c], load[c] / (work.aim[given[c]].sum() + 0.5 * work.aim[j]))
            if len(given[c]) < size[c]
            else (False, -1.0)
            for c in range(count)
        ]
        given[max(range(count), key=lambda c: need[c])].append(int(j))
    return [(np.flatnonzero(label == c), np.array(sorted(given[c]), np.int64)) for c in range(count) if given[c]]


def spread_centres(
    work: WorkArrays, units: Labels, labels: Labels, seeds: Labels | None, rng: np.random.Generator
) -> Any:
    """(len(labels), 2) centres: those of seeds or locked units, the others drawn far apart (k-means++)."""
    xy, g = work.xy[units], work.g[units]
    centre = np.full((len(labels), 2), np.nan)
    home = work.arena.centre[: work.k]
    for c, j in enumerate(labels):
        mine = work.locked == j
        if not np.isnan(home[j, 0]):
            centre[c] = home[j]
        elif mine.any():
            centre[c] = np.average(work.xy[mine], axis=0, weights=work.g[mine])
        elif seeds is not None and seeds[j] >= 0:
            centre[c] = work.xy[seeds[j]]
    known = centre[~np.isnan(centre[:, 0])]
    d = np.full(len(units), np.inf)
    for p in known:
        d = np.minimum(d, ((xy - p) ** 2).sum(axis=1))
    for c in np.flatnonzero(np.isnan(centre[:, 0])).tolist():
        p = g * np.where(np.isinf(d), 1.0, d)
        if p.sum() <= 0:
            p = np.ones(len(units))
        best: tuple[float, int, Any] | None = None
        for z in rng.choice(len(units), size=4, p=p / p.sum()).tolist():
            near = np.minimum(d, ((xy - xy[z]) ** 2).sum(axis=1))
            total = float((g * near).sum())
            if best is None or total < best[0]:
                best = (total, int(z), near)
        if best is not None:
            centre[c] = xy[best[1]]
            d = best[2]
    return centre


def power_labels(
    work: WorkArrays, rng: np.random.Generator, seeds: Labels | None, outer: int = 10, inner: int = 25
) -> Labels:
    """A power diagram whose cells are balanced by dual ascent and re-centred (Cohen-Addad, Klein, Young 2018)."""
    out = np.zeros(work.n, np.int64)
    for units, labels in shares_of_pieces(work):
        xy, g = work.xy[units], work.g[units]
        centre = spread_centres(work, units, labels, seeds, rng)
        held = ~np.isnan(work.arena.centre[labels, 0])
        cap = g.sum() * work.aim[labels] / work.aim[labels].sum()
        lift = np.zeros(len(labels))
        a = np.zeros(len(units), np.int64)
        for z in range(outer):
            near = cKDTree(centre).query(xy, k=min(NEAR, len(labels)))[1].reshape(len(xy), -1)
            power_cells(xy, g, centre, lift, near, cap, inner if z < outer - 1 else 2 * inner, a)
            if z < outer - 1:
                centre = np.where(held[:, None], centre, centres(xy, g, a, len(labels), centre))
        out[units] = labels[a]
    return out


def centres(xy: Any, g: Any, a: Labels, k: int, old: Any = None) -> Any:
    """(k, 2) weighted centres; `old` where a territory is empty."""
    total = np.bincount(a, g, k)
    safe = np.maximum(total, 1e-300)
    out = np.c_[np.bincount(a, g * xy[:, 0], k) / safe, np.bincount(a, g * xy[:, 1], k) / safe]
    return out if old is None else np.where((total > 0)[:, None], out, old)


def metis_labels(work: WorkArrays, seed: int, ufactor: int, load: NDArray[np.float64] | None = None) -> Labels:
    """METIS k-way partition, contiguous, matched to locked territories by the load they share.

    Args:
        work: the working arrays.
        seed: of METIS.
        ufactor: tolerance in thousandths.
        load: float64 (n,) > 0, what it balances; the shape weights if None.
    """
    out = np.zeros(work.n, np.int64)
    graph = csr_matrix((np.ones(len(work.ix), np.int8), work.ix, work.ip), shape=(work.n, work.n))
    for units, labels in shares_of_pieces(work):
        if len(labels) == 1 or len(units) < FEW * len(labels):
            out[units] = labels[np.arange(len(units)) % len(labels)]
            continue
        part: Any = graph if len(units) == work.n else graph[units][:, units]
        g = (work.g if load is None else load)[units]
        found = pymetis.part_graph(
            len(labels),
            adjacency=pymetis.CSRAdjacency(part.indptr.astype(np.int32), part.indices.astype(np.int32)),
            vweights=np.maximum(1, np.rint(g / g.sum() * 1e7)).astype(int).tolist(),
            tpwgts=(work.aim[labels] / work.aim[labels].sum()).tolist(),
            recursive=False,
            options=pymetis.Options(seed=seed, ufactor=ufactor, contig=True),
        ).vertex_part
        a = np.asarray(found, np.int64)
        held = work.locked[units]
        if (held >= 0).any():
            at = {int(j): c for c, j in enumerate(labels)}
            shared = np.zeros((len(labels), len(labels)))
            for i in np.flatnonzero(held >= 0):
                if int(held[i]) in at:
                    shared[a[i], at[int(held[i])]] += g[i]
            a = linear_sum_assignment(-shared)[1][a]
        out[units] = labels[a]
    return out


def ready(problem: Problem) -> WorkArrays:
    """The working arrays; without room for units that are too large where that would part units a person locked."""
    work = make_work(problem)
    if work.too_large:
        claim = _join_locked(work, work.locked)
        _, label = pieces(work.ip, work.ix, claim)
        if len(np.unique(label[work.fixed])) > len(np.unique(work.locked[work.fixed])):
            work = make_work(problem, room=False)
    return work


def _join_locked(work: WorkArrays, a: Labels) -> Labels:
    """`_join_in_order`, in other orders too while one territory's paths leave another none."""
    held = np.unique(work.locked[work.locked >= 0])
    claim = work.locked
    least = np.inf
    rng = np.random.default_rng(0)
    for _ in range(12):
        now = _join_in_order(work, a, held)
        _, label = pieces(work.ip, work.ix, now)
        parts = len(np.unique(label[work.locked >= 0]))
        if parts < least:
            claim, least = now, parts
        if parts <= len(held):
            break
        held = rng.permutation(held)
    return claim


def _join_in_order(work: WorkArrays, a: Labels, held: Labels) -> Labels:
    """Joins each territory's locked units by cheapest paths over free units; returns the territory that claims each."""
    claim = work.locked.copy()
    for j in held:
        todo = set(np.flatnonzero(work.locked == j).tolist())
        first = min(todo)
        todo.discard(first)
        cost = {first: 0.0}
        back: dict[int, int] = {}
        heap = [(0.0, first)]
        while heap and todo:
            c, u = heapq.heappop(heap)
            if c > cost[u]:
                continue
            if u in todo:
                todo.discard(u)
                v = u
                while v in back and claim[v] != j:
                    claim[v] = j
                    v = back[v]
                while v in back:
                    claim[v] = j
                    v = back[v]
            for x in work.neighbors(u).tolist():
                if claim[x] not in (-1, j):
                    continue
                step = c + (0.0 if claim[x] == j else 0.01 if a[x] == j else 1.0)
                if step < cost.get(x, np.inf):
                    cost[x] = step
                    back[x] = u
                    heapq.heappush(heap, (step, x))
    return claim


def _absorb(work: WorkArrays, out: Labels, load: Any) -> None:
    """Grows territories over unassigned units, the least loaded first. Changes out and load."""
    heap: list[tuple[float, int, int]] = []

    def offer(u: int) -> None:
        for v in work.neighbors(u).tolist():
            if out[v] < 0 and work.locked[v] in (-1, out[u]):
                j = int(out[u])
                heapq.heappush(heap, ((load[j] + work.g[v]) / work.aim[j], v, j))

    for v in np.flatnonzero(out < 0).tolist():
        for u in work.neighbors(v).tolist():
            if 0 <= out[u] < work.k and work.locked[v] in (-1, out[u]):
                heapq.heappush(heap, ((load[out[u]] + work.g[v]) / work.aim[out[u]], v, int(out[u])))
    while heap:
        _, v, j = heapq.heappop(heap)
        if out[v] < 0:
            out[v] = j
            load[j] += work.g[v]
            offer(v)


def whole(work: WorkArrays, raw: Labels) -> Labels:
    """A contiguous plan near `raw`: every territory keeps its locked or heaviest piece, the rest is absorbed.

    Args:
        work: the working arrays.
        raw: int64 (n,), any labels 0..k-1, -1 = to be given a territory, k = stays without one.

    Returns:
        int64 (n,) with labels 0..k-1, and k where `raw` had it and it may be; each territory one piece of the working
        graph, and none empty while a free unit can be spared; locks kept.
    """
    raw = raw if work.arena.rest else np.where(raw == work.rest, -1, raw)
    resting = raw == work.rest
    raw = np.where(resting, -1, raw)
    claim = _join_locked(work, raw)
    resting &= claim < 0
    a = np.where(claim >= 0, claim, raw)
    _, label = pieces(work.ip, work.ix, a)
    keep = np.full(work.k, -1, np.int64)
    weight = np.bincount(label, work.g)
    held = np.bincount(label, np.where(claim >= 0, work.g, 0.0))
    for p, j in {int(label[i]): int(a[i]) for i in np.flatnonzero(a >= 0)}.items():
        if keep[j] < 0 or (held[p], weight[p], -p) > (held[keep[j]], weight[keep[j]], -keep[j]):
            keep[j] = p
    out = np.where((a >= 0) & (label == keep[np.maximum(a, 0)]), a, -1)
    out = np.where(work.locked >= 0, work.locked, out)
    load = np.bincount(out[out >= 0], work.g[out >= 0], work.k + 1)
    out[resting] = work.rest
    _absorb(work, out, load)
    count, label = pieces(work.ip, work.ix, np.zeros(work.n, np.int8))
    if work.arena.rest:  # nothing reaches them over units that stay without a territory
        out[out < 0] = work.rest
    while (out < 0).any():  # a piece of the region where no territory starts
        u = int(np.flatnonzero(out < 0)[0])
        j = _spare_label(work, out, label, count)
        out[(out == j)] = -1
        out[u] = j
        load = np.bincount(out[out >= 0], work.g[out >= 0], work.k + 1)
        _absorb(work, out, load)
    stamp = np.zeros(work.n, np.int64)
    queue = np.zeros(work.n, np.int64)
    mark = 0
    for j in range(work.k):
        if (out == j).any():
            continue
        load = np.bincount(out, work.g, work.k + 1)
        aim = np.append(work.aim, 1e-9)
        for u in sorted(range(work.n), key=lambda v: (-load[out[v]] / aim[out[v]], -work.g[v])):
            mark += 1
            if work.locked[u] < 0 and (out[u] == work.rest or removable(u, out, work.ip, work.ix, stamp, mark, queue)):
                out[u] = j
                break
    return out


def _spare_label(work: WorkArrays, out: Labels, label: Any, count: int) -> int:
    """A territory that can start elsewhere: an empty one, else the lightest unlocked one of a piece that has two."""
    used = np.unique(out[(out >= 0) & (out < work.k)])
    empty = np.setdiff1d(np.arange(work.k), used)
    if len(empty):
        return int(empty[0])
    per_piece = [np.unique(out[(label == c) & (out >= 0) & (out < work.k)]) for c in range(count)]
    locked = set(np.unique(work.locked).tolist())
    load = np.bincount(out[out >= 0], work.g[out >= 0], work.k + 1)
    options = [int(j) for js in per_piece if len(js) > 1 for j in js if int(j) not in locked]
    if not options:
        options = [int(j) for j in used]
    return min(options, key=lambda j: load[j])
