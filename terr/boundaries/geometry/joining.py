"""Joins pieces that touch nothing by the fewest, shortest lines: a spanning tree over pieces, on a tree of points.

Boruvka's way: in each round every piece but the largest takes its nearest foreign point, and what was joined is one
piece from then on. Parts of the tree of points that belong to the asking piece alone are skipped, so that hundreds of
islands beside a mainland of a million points take a fraction of a second.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

LEAF = 12
"""Points in a leaf of the tree, at most."""

Array = NDArray[Any]


def join_components(
    label: NDArray[np.integer], points: NDArray[np.float64], owner: NDArray[np.integer]
) -> list[tuple[int, int, float]]:
    """Fewest, shortest joins that turn several components into one (a minimum spanning tree over components).

    Of joins of one length, the one of the smaller units counts as shorter.

    Args:
        label: int (n,), component number of each unit, 0 and up.
        points: float64 (m, 2), outline points of the units in km on a plane; at least one per component.
        owner: int (m,), the unit that each point belongs to.

    Returns:
        (unit, unit, distance in km) per join, smaller unit first, in the order of the distances.
    """
    count = int(label.max()) + 1 if len(label) else 0
    if count < 2:
        return []
    xy = np.ascontiguousarray(points, dtype=np.float64)
    unit = np.ascontiguousarray(owner, dtype=np.int64)
    order, low, high, child, box = _tree(xy)
    xy, unit = xy[order], unit[order]
    group = np.ascontiguousarray(label, dtype=np.int64)[unit]
    joins: list[tuple[int, int, float]] = []
    parent = np.arange(count)
    while len(joins) < count - 1:
        of_node = _uniform(group, low, high, child)
        size = np.bincount(group, minlength=count)
        best, u, v, other = _nearest(xy, unit, group, int(np.argmax(size)), count, low, high, child, box, of_node)
        before = len(joins)
        for c in np.lexsort((v, u, best)).tolist():
            if other[c] < 0:
                continue
            a, b = _root(parent, c), _root(parent, int(other[c]))
            if a != b:
                parent[max(a, b)] = min(a, b)
                joins.append((int(u[c]), int(v[c]), float(np.sqrt(best[c]))))
        if len(joins) == before:
            break  # a component without points can't be joined
        group = np.array([_root(parent, c) for c in range(count)], dtype=np.int64)[group]
    return sorted(joins, key=lambda j: (j[2], j[0], j[1]))


def closest_on_globe(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[int, int]:
    """Positions of the two points, one of each set, that are closest along the globe.

    The chord through the globe grows with the great circle, so that a tree of points in space finds it.

    Args:
        one, other: float64 (m, 2) and (n, 2), longitude and latitude in degrees.
    """
    from scipy.spatial import cKDTree

    distance, at = cKDTree(_in_space(other)).query(_in_space(one))
    first = int(np.argmin(distance))
    return first, int(at[first])


def _in_space(lon_lat: NDArray[np.float64]) -> NDArray[np.float64]:
    lon, lat = np.deg2rad(lon_lat).T
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _root(parent: Array, c: int) -> int:
    while parent[c] != c:
        parent[c] = parent[parent[c]]
        c = int(parent[c])
    return c


@njit(cache=True)
def _select(xy: Array, order: Array, axis: int, lo: int, hi: int, k: int) -> None:
    """Orders `order[lo:hi]` along the axis about its place k: nothing larger before it, nothing smaller after it."""
    hi -= 1
    while lo < hi:
        pivot = xy[order[(lo + hi) // 2], axis]
        i, j = lo, hi
        while i <= j:
            while xy[order[i], axis] < pivot:
                i += 1
            while xy[order[j], axis] > pivot:
                j -= 1
            if i <= j:
                order[i], order[j] = order[j], order[i]
                i += 1
                j -= 1
        if k <= j:
            hi = j
        elif k >= i:
            lo = i
        else:
            return


@njit(cache=True)
def _tree(xy: Array) -> tuple[Array, Array, Array, Array, Array]:
    """Order of the points, and per node: first and last + 1 point, its first child (-1 for a leaf), its box."""
    m = len(xy)
    order = np.arange(m)
    most = 4 * (m // LEAF + 1) + 1
    low, high = np.zeros(most, np.int64), np.zeros(most, np.int64)
    child = np.full(most, -1, np.int64)
    box = np.zeros((most, 4))
    high[0] = m
    nodes, k = 1, 0
    while k < nodes:
        lo, hi = low[k], high[k]
        x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
        for p in range(lo, hi):
            x, y = xy[order[p], 0], xy[order[p], 1]
            x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
        box[k, 0], box[k, 1], box[k, 2], box[k, 3] = x0, y0, x1, y1
        if hi - lo > LEAF:
            middle = (lo + hi) // 2
            _select(xy, order, 0 if x1 - x0 >= y1 - y0 else 1, lo, hi, middle)
            child[k] = nodes
            low[nodes], high[nodes] = lo, middle
            low[nodes + 1], high[nodes + 1] = middle, hi
            nodes += 2
        k += 1
    return order, low[:nodes], high[:nodes], child[:nodes], box[:nodes]


@njit(cache=True)
def _uniform(group: Array, low: Array, high: Array, child: Array) -> Array:
    """The component of all points of each node, -1 where there are several."""
    out = np.full(len(low), -1, np.int64)
    for k in range(len(low) - 1, -1, -1):
        if child[k] >= 0:
            a, b = out[child[k]], out[child[k] + 1]
            out[k] = a if a == b else -1
        else:
            out[k] = group[low[k]]
            for p in range(low[k] + 1, high[k]):
                if group[p] != out[k]:
                    out[k] = -1
    return out


@njit(cache=True)
def _nearest(
    xy: Array,
    unit: Array,
    group: Array,
    skipped: int,
    count: int,
    low: Array,
    high: Array,
    child: Array,
    box: Array,
    of_node: Array,
) -> tuple[Array, Array, Array, Array]:
    """Per component but the skipped one: squared distance to its nearest foreign point, both units, its component."""
    best = np.full(count, np.inf)
    u, v = np.full(count, -1, np.int64), np.full(count, -1, np.int64)
    other = np.full(count, -1, np.int64)
    stack = np.zeros(128, np.int64)
    for p in range(len(xy)):
        c = group[p]
        if c == skipped:
            continue
        x, y = xy[p, 0], xy[p, 1]
        stack[0], top = 0, 1
        while top > 0:
            top -= 1
            k = stack[top]
            if of_node[k] == c or _gap(box, k, x, y) > best[c]:
                continue
            if child[k] >= 0:
                a, b = child[k], child[k] + 1
                if _gap(box, a, x, y) < _gap(box, b, x, y):
                    a, b = b, a
                stack[top], stack[top + 1] = a, b
                top += 2
                continue
            for q in range(low[k], high[k]):
                if group[q] == c:
                    continue
                dx, dy = xy[q, 0] - x, xy[q, 1] - y
                d = dx * dx + dy * dy
                s, t = min(unit[p], unit[q]), max(unit[p], unit[q])
                if d < best[c] or (d == best[c] and (s < u[c] or (s == u[c] and t < v[c]))):
                    best[c], u[c], v[c], other[c] = d, s, t, group[q]
    return best, u, v, other


@njit(cache=True)
def _gap(box: Array, k: int, x: float, y: float) -> float:
    """Squared distance of a point to a node's box."""
    dx = max(box[k, 0] - x, 0.0, x - box[k, 2])
    dy = max(box[k, 1] - y, 0.0, y - box[k, 3])
    return float(dx * dx + dy * dy)
