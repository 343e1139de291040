"""One gap cut into parts, each for one of the areas around it, along lines half-way between them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

_NONE, _NODE = -1, -2
"""Labels of corners: on an edge nobody lies beyond; where two areas meet."""
_FINEST = 1_500
"""About how many corners the outline of a gap gets at most, besides its own."""


def divide(edges: NDArray[np.float64], owner: NDArray[np.int64], gap: object) -> list[tuple[int, object]]:
    """Cut a gap among the areas around it.

    The gap is divided into triangles between corners of its outline. A triangle whose corners belong to one area goes
    to that area; one that lies between several is cut at the middles of its sides. Where two areas meet on the
    outline, the cut begins exactly there.

    Args:
        edges: float64 (m, 4), the edges of the gap's rings in degrees.
        owner: int64 (m,), the area beyond each edge, -1 = none.
        gap: the polygon.

    Returns:
        (area, polygon) for each area that gets a part.
    """
    points, label, first, added = _corners(edges, owner, gap)
    fine = _with_corners(gap, edges, added)
    corners = shapely.get_coordinates(shapely.get_parts(shapely.constrained_delaunay_triangles(fine))).reshape(-1, 4, 2)
    index = _rows(points, corners[:, :3].reshape(-1, 2)).reshape(-1, 3)
    label = _spread(points, label, index)
    pieces: dict[int, list[object]] = {}
    for (a, b, c), (la, lb, lc), one in zip(points[index], label[index].tolist(), first[index[:, 0]], strict=True):
        for who, ring in _cut(a, b, c, la, lb, lc, int(one)):
            pieces.setdefault(who, []).append(ring)
    drop = np.vstack([new for new, by in added.values() if by >= 0] or [np.zeros((0, 2))])
    out = []
    for who in sorted(pieces):
        merged = shapely.coverage_union_all([shapely.Polygon(r) for r in pieces[who]])
        out += [(who, p) for p in shapely.get_parts(_dropped(merged, drop))]
    return out


def _corners(
    edges: NDArray[np.float64], owner: NDArray[np.int64], gap: object
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], dict[int, tuple[NDArray[np.float64], int]]]:
    """Corners of the outline, the label of each, an area at each, and corners added per edge with the edge's owner."""
    ends = np.vstack([edges[:, :2], edges[:, 2:]])
    points, number = np.unique(ends, axis=0, return_inverse=True)
    number = number.ravel()
    low = np.full(len(points), np.iinfo(np.int64).max)
    high = np.full(len(points), -1, dtype=np.int64)
    twice = np.concatenate([owner, owner])
    real = twice >= 0
    np.minimum.at(low, number[real], twice[real])
    np.maximum.at(high, number[real], twice[real])
    label = np.where(high < 0, _NONE, np.where(low == high, high, _NODE)).astype(np.int64)
    m = len(edges)
    node = (label[number[:m]] == _NODE) & (label[number[m:]] == _NODE) & (owner >= 0)
    length = np.hypot(edges[:, 2] - edges[:, 0], edges[:, 3] - edges[:, 1])
    around = float(length.sum())
    step = max(2 * float(shapely.area(gap)) / around, around / _FINEST)
    parts = np.maximum(np.ceil(length / step).astype(int), 1 + node)
    added: dict[int, tuple[NDArray[np.float64], int]] = {}
    for e in np.flatnonzero(parts > 1).tolist():
        at = np.arange(1, parts[e])[:, None] / parts[e]
        added[e] = edges[e, :2] + at * (edges[e, 2:] - edges[e, :2]), int(owner[e])
    first = np.maximum(high, 0)
    if added:
        points = np.vstack([points, *(new for new, _ in added.values())])
        more = np.concatenate([np.full(len(new), by) for new, by in added.values()])
        label = np.concatenate([label, np.where(more < 0, _NONE, more)])
        first = np.concatenate([first, np.maximum(more, 0)])
    return points, label, first, added


def _with_corners(gap: object, edges: NDArray[np.float64], added: dict[int, tuple[NDArray[np.float64], int]]) -> object:
    """The gap with the added corners on its rings."""
    rings = shapely.get_rings(gap)
    counts = shapely.get_num_coordinates(rings) - 1
    out, at = [], 0
    for n in counts.tolist():
        ring = []
        for e in range(at, at + n):
            ring.append(edges[e : e + 1, :2])
            if e in added:
                ring.append(added[e][0])
        out.append(np.vstack(ring))
        at += n
    return shapely.Polygon(out[0], out[1:])


def _rows(points: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row of each wanted point among `points`."""
    both = np.ascontiguousarray(np.vstack([points, wanted]) + 0.0).view(np.dtype((np.void, 16))).ravel()
    _, first, number = np.unique(both, return_index=True, return_inverse=True)
    return np.asarray(first[number[len(points) :]], dtype=np.int64)


def _spread(points: NDArray[np.float64], label: NDArray[np.int64], index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Corners nobody lies beyond get the label that is nearest along the triangles' sides."""
    blank = label == _NONE
    if not blank.any():
        return label
    i, j = index.ravel(), index[:, [1, 2, 0]].ravel()
    km = np.hypot(*(points[i] - points[j]).T) + 1e-12
    graph = coo_matrix((km, (i, j)), shape=(len(points), len(points))).tocsr()
    sources = np.flatnonzero(label >= 0)
    _, _, source = dijkstra(graph, directed=False, indices=sources, min_only=True, return_predecessors=True)
    out = label.copy()
    reached = blank & (source >= 0)
    out[reached] = label[source[reached]]
    out[out == _NONE] = label[sources[0]]
    return out


def _cut(a: object, b: object, c: object, la: int, lb: int, lc: int, one: int) -> list[tuple[int, object]]:
    """A triangle's parts as (area, ring); the whole goes to `one` if areas meet at each of its corners."""
    corners = [(a, la), (b, lb), (c, lc)]
    real = {x for _, x in corners if x != _NODE}
    if len(real) <= 1:
        return [(real.pop() if real else one, [a, b, c])]
    if len(real) == 3:
        ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2  # type: ignore[operator]
        centre = (a + b + c) / 3  # type: ignore[operator]
        return [(la, [a, ab, centre, ca]), (lb, [b, bc, centre, ab]), (lc, [c, ca, centre, bc])]
    labels = [la, lb, lc]
    odd = next(i for i in range(3) if labels[i] == _NODE or (_NODE not in labels and labels.count(labels[i]) == 1))
    corners = corners[odd:] + corners[:odd]
    (p, lp), (q, lq), (r, lr) = corners
    if lp == _NODE:
        middle = (q + r) / 2  # type: ignore[operator]
        return [(lq, [p, q, middle]), (lr, [p, middle, r])]
    pq, rp = (p + q) / 2, (r + p) / 2  # type: ignore[operator]
    return [(lp, [p, pq, rp]), (lq, [pq, q, r, rp])]


def _dropped(shape: object, drop: NDArray[np.float64]) -> object:
    """A polygon without the corners that were added on edges that areas lie beyond."""
    if not len(drop):
        return shape
    gone = set(map(tuple, drop.tolist()))
    parts = []
    for polygon in shapely.get_parts(shape):
        rings = []
        for ring in shapely.get_rings(polygon):
            kept = [p for p in shapely.get_coordinates(ring)[:-1].tolist() if tuple(p) not in gone]
            if len(kept) >= 3:
                rings.append(kept)
        if rings:
            parts.append(shapely.Polygon(rings[0], rings[1:]))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
