"""How often outlines cross, counted before anything is done that takes its time for each crossing.

Edges are put in an order in which neighbors in the list are neighbors on the map: a tree of boxes over that order finds
the few that can meet, without a look at all pairs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray

LEAF = 8
"""Edges in a leaf of the tree."""
MOST_PAIRS = 400_000_000
"""Pairs of edges that are looked at, at most; it takes some seconds."""

Array = NDArray[Any]


def crossings(geometry: NDArray[np.object_], most_pairs: int = MOST_PAIRS) -> tuple[NDArray[np.int64], bool]:
    """How many crossings lie on the outline of each area: with itself, and with the outlines of the others.

    Two edges cross if they meet anywhere but at a corner they share; borders with equal corners on both sides don't.

    Args:
        geometry: object (n,) of polygons, valid or not, empty, or None.
        most_pairs: pairs of edges that may be looked at.

    Returns:
        int64 (n,) and whether all pairs were looked at; if not, there are at least so many.
    """
    points, of_ring, owner = _outlines(geometry)
    inside = of_ring[1:] == of_ring[:-1]
    inside &= (points[1:] != points[:-1]).any(axis=1)
    ends = np.hstack([points[:-1], points[1:]])[inside]
    row = owner[of_ring[:-1][inside]]
    out = np.zeros(len(geometry), dtype=np.int64)
    if not len(ends):
        return out, True
    order = np.argsort(_along(ends), kind="stable")
    whole = _count(ends[order], row[order], out, most_pairs)
    return out, bool(whole)


def _along(ends: Array) -> NDArray[np.uint64]:
    """The place of each edge's middle on a curve through the plane (Morton's), so that what is near comes near."""
    middle = (ends[:, :2] + ends[:, 2:]) / 2
    low = middle.min(axis=0)
    grid = ((middle - low) / np.maximum(np.ptp(middle, axis=0), 1e-300) * 65_535).astype(np.uint64)
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        grid = (grid | (grid << np.uint64(shift))) & np.uint64(mask)
    return np.asarray(grid[:, 0] | (grid[:, 1] << np.uint64(1)), dtype=np.uint64)


def _outlines(geometry: NDArray[np.object_]) -> tuple[Array, Array, Array]:
    """Points of all rings, the ring of each, and the row of each ring."""
    parts, of_part = shapely.get_parts(geometry, return_index=True)
    polygons, of_shape = shapely.get_parts(parts, return_index=True)  # of collections, such as hold several polygons
    of_shape = of_part[of_shape]
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    points, of_ring = shapely.get_coordinates(rings, return_index=True)
    return points, of_ring.astype(np.int64), of_shape[of_polygon].astype(np.int64)


@njit(cache=True)
def _count(ends: Array, row: Array, out: Array, most: int) -> bool:
    m = len(ends)
    leaves = (m + LEAF - 1) // LEAF
    base = 1
    while base < leaves:
        base *= 2
    box = np.empty((2 * base, 4))
    box[:, :2], box[:, 2:] = np.inf, -np.inf
    for k in range(m):
        b = box[base + k // LEAF]
        b[0], b[1] = min(b[0], ends[k, 0], ends[k, 2]), min(b[1], ends[k, 1], ends[k, 3])
        b[2], b[3] = max(b[2], ends[k, 0], ends[k, 2]), max(b[3], ends[k, 1], ends[k, 3])
    for k in range(base - 1, 0, -1):
        for d in range(2):
            box[k, d] = min(box[2 * k, d], box[2 * k + 1, d])
            box[k, d + 2] = max(box[2 * k, d + 2], box[2 * k + 1, d + 2])
    stack = np.empty(128, np.int64)
    looked = 0
    for a in range(leaves):
        stack[0], top = 1, 1
        while top > 0:
            top -= 1
            k = stack[top]
            if not _meet(box, base + a, k):
                continue
            if k < base:
                stack[top], stack[top + 1] = 2 * k, 2 * k + 1
                top += 2
                continue
            other = k - base
            if other < a:
                continue
            looked += LEAF * LEAF
            if looked > most:
                return False
            for i in range(a * LEAF, min(m, (a + 1) * LEAF)):
                for j in range(max(i + 1, other * LEAF), min(m, (other + 1) * LEAF)):
                    if _cross(ends, i, j):
                        out[row[i]] += 1
                        if row[j] != row[i]:
                            out[row[j]] += 1
    return True


@njit(cache=True)
def _meet(box: Array, a: int, b: int) -> bool:
    return bool(box[a, 0] <= box[b, 2] and box[b, 0] <= box[a, 2] and box[a, 1] <= box[b, 3] and box[b, 1] <= box[a, 3])


@njit(cache=True)
def _cross(ends: Array, i: int, j: int) -> bool:
    ax, ay, bx, by = ends[i, 0], ends[i, 1], ends[i, 2], ends[i, 3]
    cx, cy, dx, dy = ends[j, 0], ends[j, 1], ends[j, 2], ends[j, 3]
    if max(ax, bx) < min(cx, dx) or max(cx, dx) < min(ax, bx) or max(ay, by) < min(cy, dy) or max(cy, dy) < min(ay, by):
        return False
    if (ax == cx and ay == cy) or (ax == dx and ay == dy) or (bx == cx and by == cy) or (bx == dx and by == dy):
        return False
    c, d = _side(ax, ay, bx, by, cx, cy), _side(ax, ay, bx, by, dx, dy)
    a, b = _side(cx, cy, dx, dy, ax, ay), _side(cx, cy, dx, dy, bx, by)
    return bool(((c >= 0 and d <= 0) or (c <= 0 and d >= 0)) and ((a >= 0 and b <= 0) or (a <= 0 and b >= 0)))


@njit(cache=True)
def _side(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> float:
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax)
