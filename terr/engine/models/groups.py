"""Groups that stay together: merged into one unit each before the search, taken apart after it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.problem import Problem
from terr.model.result import Explanation

Codes = NDArray[np.int64]


def merged(problem: Problem) -> tuple[Problem, Codes, tuple[Explanation, ...]]:
    """The problem with each group as one unit at its load-weighted centre.

    A group in several pieces takes the units between them along, where those are free, so that it can be one piece.
    The moment of inertia within a group is the same in every plan, so the search loses nothing.

    Returns:
        The smaller problem; int64 (n,), its unit for each of the problem's; what was done to make groups possible.

    Raises:
        PlanError: if a group's units are locked to different territories.
    """
    n = len(problem)
    if not (problem.groups >= 0).any():
        return problem, np.arange(n), ()
    groups = problem.groups.copy()
    notes = [note for g in np.unique(groups[groups >= 0]) for note in _join(problem, groups, int(g))]
    names, inside = np.unique(groups[groups >= 0], return_inverse=True)
    node = np.full(n, -1, np.int64)
    node[groups >= 0] = inside
    alone = np.flatnonzero(groups < 0)
    node[alone] = len(names) + np.arange(len(alone))
    m = len(names) + len(alone)
    locked = np.full(m, -1, np.int16)
    for i in np.flatnonzero(problem.locked >= 0):
        if locked[node[i]] not in (-1, problem.locked[i]):
            raise PlanError(
                f"{problem.name(int(i))} is locked to another territory than its group; unlock it or change the group"
            )
        locked[node[i]] = problem.locked[i]
    share = problem.shares()
    weights = np.column_stack([_sum(node, w, m) for w in problem.weights.T])
    mass = np.bincount(node, share, m)
    even = np.where(mass[node] > 0, share, 1.0)
    total = np.bincount(node, even, m)
    xy = np.column_stack([np.bincount(node, even * problem.xy_km[:, d], m) / total for d in (0, 1)])
    ip, ix, bw = quotient_graph(problem, node, m)
    start, most = _today(problem, node, m, share)
    far = problem.too_far() if np.isfinite(problem.max_km).any() else None
    if far is not None and bool((np.bincount(node, far.any(axis=1), m) > 0)[: len(names)].any()):
        notes.append(Explanation("group_far", "a group's distance to a home is judged by its center"))
    small = replace(
        problem,
        weights=weights,
        xy_km=xy,
        indptr=ip,
        indices=ix,
        border_km=bw,
        area_km2=None if problem.area_km2 is None else _sum(node, problem.area_km2, m),
        outer_km=None if problem.outer_km is None else _sum(node, problem.outer_km, m),
        locked=locked,
        start=start,
        max_moved=most,
        seeds=None if problem.seeds is None else _seeds(problem.seeds, node),
        groups=np.full(m, -1, np.int64),
        unit_names=None if problem.unit_names is None else _names(problem.unit_names, node, m),
    )
    return small, node, tuple(notes)


def unmerged(notes: Iterable[Explanation], node: Codes) -> tuple[Explanation, ...]:
    """Explanations of the smaller problem with the first of each group's units instead of the group."""
    first = np.zeros(int(node.max()) + 1, np.int64)
    first[node[::-1]] = np.arange(len(node))[::-1]
    return tuple(replace(e, units=tuple(int(first[u]) for u in e.units)) for e in notes)


def _sum(node: Codes, values: Any, m: int) -> NDArray[np.float64]:
    return np.bincount(node, values, m).astype(np.float64)


def quotient_graph(problem: Problem, node: Codes, m: int) -> tuple[Any, Any, Any]:
    """CSR (indptr, indices, border_km) of m joined units, given int64 (n,) which one each unit is part of."""
    rows = np.repeat(np.arange(len(problem)), np.diff(problem.indptr))
    a, b = node[rows], node[problem.indices]
    on = a != b
    key, at = np.unique(a[on] * m + b[on], return_inverse=True)
    ip = np.concatenate([[0], np.cumsum(np.bincount(key // m, minlength=m))]).astype(np.int32)
    return ip, (key % m).astype(np.int32), np.bincount(at, problem.border_km[on], len(key)).astype(np.float64)


def _today(problem: Problem, node: Codes, m: int, share: Any) -> tuple[NDArray[np.int16] | None, float]:
    """Each group's territory today is that of most of its load; what else it has must move anyway."""
    if problem.start is None:
        return None, problem.max_moved
    k = problem.territories
    key = node * (k + 1) + problem.start + 1
    by = np.bincount(key, share + 1e-12, m * (k + 1)).reshape(m, k + 1)
    start = (by.argmax(axis=1) - 1).astype(np.int16)
    forced = float(share[start[node] != problem.start].sum())
    return start, max(0.0, problem.max_moved - forced)


def _seeds(seeds: Codes, node: Codes) -> Codes:
    out = np.where(seeds >= 0, node[np.maximum(seeds, 0)], -1)
    for j in range(len(out)):  # two homes in one group: the first keeps it
        if out[j] >= 0 and out[j] in out[:j]:
            out[j] = -1
    return out


def _names(names: tuple[str, ...], node: Codes, m: int) -> tuple[str, ...]:
    first = np.full(m, -1, np.int64)
    first[node[::-1]] = np.arange(len(node))[::-1]
    size = np.bincount(node, minlength=m)
    return tuple(names[first[u]] if size[u] == 1 else f"{names[first[u]]} and {size[u] - 1} more" for u in range(m))


def _join(problem: Problem, groups: Codes, g: int) -> list[Explanation]:
    """Adds the free units on shortest ways between the pieces of group g to it. Changes `groups`."""
    taken: list[int] = []
    while True:
        mine = np.flatnonzero(groups == g)
        main = _reach(problem, groups == g, int(mine[0]))
        if main[mine].all():
            break
        path = _path(problem, groups, g, main)
        if path is None:
            text = f"areas that should stay together around {problem.name(int(mine[0]))} can't be joined"
            return [Explanation("group_apart", text, tuple(int(u) for u in mine))]
        groups[path] = g
        taken += path
    if not taken:
        return []
    some = ", ".join(problem.name(u) for u in taken[:3]) + (f" and {len(taken) - 3} more" if len(taken) > 3 else "")
    text = f"{some} lie between areas that should stay together, and go with them"
    return [Explanation("group_joined", text, tuple(taken))]


def _reach(problem: Problem, allowed: NDArray[np.bool_], first: int) -> NDArray[np.bool_]:
    seen = np.zeros(len(allowed), bool)
    seen[first] = True
    queue = deque([first])
    while queue:
        u = queue.popleft()
        for v in problem.indices[problem.indptr[u] : problem.indptr[u + 1]].tolist():
            if allowed[v] and not seen[v]:
                seen[v] = True
                queue.append(v)
    return seen


def _path(problem: Problem, groups: Codes, g: int, main: NDArray[np.bool_]) -> list[int] | None:
    """Units on a shortest way from the group's main piece to another one of its pieces."""
    home = problem.locked[groups == g]
    lock = int(home.max(initial=-1))
    back = np.full(len(groups), -2, np.int64)
    queue = deque(np.flatnonzero(main).tolist())
    back[main] = -1
    while queue:
        u = queue.popleft()
        for v in problem.indices[problem.indptr[u] : problem.indptr[u + 1]].tolist():
            if back[v] != -2:
                continue
            if groups[v] == g:
                out = []
                while u >= 0 and not main[u]:
                    out.append(u)
                    u = int(back[u])
                return out
            if groups[v] == -1 and problem.locked[v] in (-1, lock):
                back[v] = u
                queue.append(v)
    return None
