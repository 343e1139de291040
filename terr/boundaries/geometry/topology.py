"""A coverage as arcs: every border once, with the areas on its two sides, as the browser draws it.

Everything is done on whole arrays, so that 33,000 areas take seconds.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CoordinateGrid:
    """Whole-number coordinates and the degrees they stand for."""

    scale_x: float
    scale_y: float
    off_x: float
    off_y: float

    def to_degrees(self, xy: NDArray[Any]) -> Floats:
        """Grid points to longitude and latitude."""
        return np.asarray(xy, dtype=float) * [self.scale_x, self.scale_y] + [self.off_x, self.off_y]

    def to_grid(self, xy: NDArray[Any]) -> Floats:
        """Longitude and latitude to the nearest grid point."""
        return np.round((np.asarray(xy, dtype=float) - [self.off_x, self.off_y]) / [self.scale_x, self.scale_y])


@dataclass(frozen=True, eq=False)
class Topology:
    """Arcs of a coverage, cut where more than two borders meet.

    Attributes:
        points: float64 (p, 2), the points of all arcs, one arc after the other.
        starts: int64 (a + 1,), where each arc starts in `points`.
        sides: int64 (a, 2), the areas left and right of each arc seen along it, -1 for none.
        rings: per area its polygons, of these the rings (outer one first), of these arc references: `i` along arc i,
            `~i` against it.
    """

    points: Floats
    starts: Ints
    sides: Ints
    rings: list[list[list[list[int]]]]

    def __len__(self) -> int:
        return len(self.sides)


@dataclass(frozen=True, eq=False)
class BorderUses:
    """Each segment of each ring, in the order in which the rings run: a border between two areas is used twice.

    Attributes:
        xy: float64 (m, 2), where the segment starts; it ends where the next one of its ring starts.
        start, end: int64 (m,), numbers of its ends; equal points have equal numbers.
        segment: int64 (m,), number of the segment, whichever way it is used.
        twin: int64 (m,), the use by the neighbour the other way round, -1 if there is none.
        ring: int64 (m,), its ring. first: int64 (r + 1,), where each ring starts.
        following: int64 (m,), the next use in the same ring.
        polygon, owner: int64 (r,), the polygon (numbered through all areas) and the area of each ring.
    """

    xy: Floats
    start: Ints
    end: Ints
    segment: Ints
    twin: Ints
    ring: Ints
    first: Ints
    following: Ints
    polygon: Ints
    owner: Ints

    @property
    def ends(self) -> Floats:
        """float64 (m, 4): both ends of each use."""
        return np.hstack([self.xy, self.xy[self.following]])


def uses(shapes: NDArray[np.object_]) -> BorderUses:
    """The segments of polygons, and which of them are used by two.

    Args:
        shapes: object (n,) of valid Polygons and MultiPolygons, outer rings counter-clockwise.
    """
    polygons, of_shape = shapely.get_parts(shapes, return_index=True)
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    xy, of_point = shapely.get_coordinates(rings, return_index=True)
    xy = xy + 0.0  # -0.0 and 0.0 are one
    # The last point of a ring repeats its first; points that repeat the one before say nothing.
    keep = np.zeros(len(xy), dtype=bool)
    keep[:-1] = (of_point[1:] == of_point[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    xy, ring = xy[keep], of_point[keep].astype(np.int64)
    first = np.searchsorted(ring, np.arange(len(rings) + 1)).astype(np.int64)
    start = point_numbers(xy)
    following = np.arange(1, len(xy) + 1)
    full = first[1:] > first[:-1]
    following[first[1:][full] - 1] = first[:-1][full]
    end = start[following]
    low, high = np.minimum(start, end), np.maximum(start, end)
    segment = np.asarray(pd.factorize(low * (int(start.max(initial=0)) + 1) + high)[0], dtype=np.int64)
    count = np.bincount(segment)
    order = np.argsort(segment, kind="stable")
    pairs = order[count[segment[order]] == 2].reshape(-1, 2)
    pairs = pairs[start[pairs[:, 0]] == end[pairs[:, 1]]]
    twin = np.full(len(xy), -1, dtype=np.int64)
    twin[pairs[:, 0]], twin[pairs[:, 1]] = pairs[:, 1], pairs[:, 0]
    return BorderUses(
        xy=xy,
        start=start,
        end=end,
        segment=segment,
        twin=twin,
        ring=ring,
        first=first,
        following=following,
        polygon=of_polygon.astype(np.int64),
        owner=of_shape[of_polygon].astype(np.int64),
    )


def point_numbers(xy: Floats) -> Ints:
    """Numbers of points, equal where both coordinates are equal to the last bit; int64 (n,), 0 and up."""
    x, _ = pd.factorize(xy[:, 0])
    y, known = pd.factorize(xy[:, 1])
    return np.asarray(pd.factorize(x.astype(np.int64) * (len(known) + 1) + y)[0], dtype=np.int64)


def cut_arcs(shapes: NDArray[np.object_]) -> Topology:
    """Cuts a coverage at the points where more than two borders meet.

    Where areas overlap, or meet along other points, each keeps arcs of its own.

    Args:
        shapes: object (n,) of valid Polygons and MultiPolygons, outer rings counter-clockwise.
    """
    use = uses(shapes)
    size = np.diff(use.first)
    if len(use.xy) == 0:
        return Topology(np.zeros((0, 2)), np.zeros(1, np.int64), np.zeros((0, 2), np.int64), [[] for _ in shapes])
    node = _nodes(use)[use.start]

    # Each ring starts at its first node, or at its smallest point if it has none.
    place = np.arange(len(use.xy)) - use.first[use.ring]
    turn = np.zeros(len(size), dtype=np.int64)
    at = np.flatnonzero(node)[::-1]
    smallest = np.lexsort((place, use.xy[:, 1], use.xy[:, 0], use.ring))
    turn[use.ring[smallest[::-1]]] = place[smallest[::-1]]
    turn[use.ring[at]] = place[at]
    order = use.first[use.ring] + (place + turn[use.ring]) % size[use.ring]

    begin = np.flatnonzero(node[order] | (place == 0))
    stop = np.append(begin[1:], len(order))
    head, tail = order[begin], order[stop - 1]
    ring = use.ring[begin]
    arc_at = np.full(len(order), -1, dtype=np.int64)
    arc_at[head] = np.arange(len(head))
    other = np.where(use.twin[tail] >= 0, arc_at[use.twin[tail]], -1)
    agreed = (other >= 0) & (other[other] == np.arange(len(other))) & (other != np.arange(len(other)))
    other = np.where(agreed, other, -1)

    own = (other < 0) | (other > np.arange(len(other)))
    number = np.cumsum(own) - 1
    ref = np.where(own, number, ~number[np.maximum(other, 0)])
    sides = np.column_stack([use.owner[ring], np.where(other >= 0, use.owner[ring[other]], -1)])[own]

    # The points of an arc are the starts of its uses, and then the end of the last one.
    length = (stop - begin)[own] + 1
    starts = np.concatenate([[0], np.cumsum(length)]).astype(np.int64)
    step = np.arange(starts[-1]) - np.repeat(starts[:-1], length)
    last = step == np.repeat(length - 1, length)
    took = order[np.minimum(np.repeat(begin[own], length) + step, len(order) - 1)]
    took[last] = use.following[tail[own]]
    return Topology(use.xy[took], starts, sides.astype(np.int64), _nested(use, ring, ref, len(shapes)))


def _nodes(use: BorderUses) -> NDArray[np.bool_]:
    """Which points (by number) end arcs: more or fewer than two segments meet there, or the neighbour changes."""
    _, one = np.unique(use.segment, return_index=True)
    degree = np.bincount(np.concatenate([use.start[one], use.end[one]]))
    across = np.where(use.twin >= 0, use.owner[use.ring[use.twin]], -1)
    node = degree != 2
    after = use.following
    node[use.start[after[across[after] != across]]] = True
    return np.asarray(node)


def _nested(use: BorderUses, ring: Ints, ref: Ints, n: int) -> list[list[list[list[int]]]]:
    out: list[list[list[list[int]]]] = [[] for _ in range(n)]
    bounds = np.searchsorted(ring, np.arange(len(use.owner) + 1)).tolist()
    refs, owner, polygon, before = ref.tolist(), use.owner.tolist(), use.polygon.tolist(), -1
    for r, unit in enumerate(owner):
        if polygon[r] != before:
            out[unit].append([])
            before = polygon[r]
        out[unit][-1].append(refs[bounds[r] : bounds[r + 1]])
    return out


def quantised(topology: Topology, grid: CoordinateGrid) -> Topology:
    """The same arcs on a grid, in whole numbers. Points that fall together become one; no arc is lost."""
    points = grid.to_grid(topology.points)
    count = np.diff(topology.starts)
    arc = np.repeat(np.arange(len(topology)), count)
    keep = np.ones(len(points), dtype=bool)
    keep[1:] = (points[1:] != points[:-1]).any(axis=1) | (arc[1:] != arc[:-1])
    left = np.bincount(arc[keep], minlength=len(topology))
    keep[topology.starts[1:][left < 2] - 1] = True
    left = np.bincount(arc[keep], minlength=len(topology))
    return replace(topology, points=points[keep], starts=np.concatenate([[0], np.cumsum(left)]).astype(np.int64))


def areas(topology: Topology) -> Floats:
    """Area of each area as drawn by its arcs, in squares of the points' unit, float64 (n,)."""
    out = np.zeros(len(topology.rings))
    if not len(topology):
        return out
    p = topology.points - topology.points[0]
    cross = np.zeros(len(p))
    cross[:-1] = p[:-1, 0] * p[1:, 1] - p[1:, 0] * p[:-1, 1]
    cross[topology.starts[1:] - 1] = 0.0
    half = np.add.reduceat(cross, topology.starts[:-1]) / 2
    np.add.at(out, topology.sides[:, 0], half)
    inner = topology.sides[:, 1] >= 0
    np.subtract.at(out, topology.sides[inner, 1], half[inner])
    return out


def geometry_json(
    grid: CoordinateGrid, topology: Topology, units: Mapping[str, Sequence[Any]], fills: Sequence[Floats] = ()
) -> bytes:
    """The browser's file of a coverage.

    Args:
        grid: the grid that the points lie on.
        topology: arcs in whole numbers of the grid.
        units: columns of the areas, in their order.
        fills: closed rings (k, 2), in whole numbers of the grid, of parts that were filled.
    """
    points = np.rint(topology.points).astype(np.int64)
    steps = np.diff(points, axis=0, prepend=points[:1] * 0)
    steps[topology.starts[:-1]] = points[topology.starts[:-1]]
    flat, bounds = steps.ravel().tolist(), (2 * topology.starts).tolist()
    body: dict[str, Any] = {
        "q": [grid.scale_x, grid.scale_y, grid.off_x, grid.off_y],
        "arcs": [flat[a:b] for a, b in itertools.pairwise(bounds)],
        "sides": topology.sides.tolist(),
        "units": {**units, "rings": topology.rings},
    }
    if len(fills):
        whole = [np.rint(ring).astype(np.int64) for ring in fills]
        body["fills"] = [np.vstack([r[:1], np.diff(r, axis=0)]).ravel().tolist() for r in whole]
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
