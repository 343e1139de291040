"""Shape: contiguity and compactness of territories. Slots are int (n,), -1 = unassigned."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

F = NDArray[np.float64]
Ints = NDArray[np.int64]


def _rows(indptr: NDArray[Any]) -> Ints:
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


def _pieces(slots: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any]) -> tuple[int, NDArray[np.int32]]:
    a = np.asarray(slots)
    rows = _rows(indptr)
    on = (a[rows] == a[indices]) & (a[rows] >= 0)
    graph = coo_matrix((np.ones(int(on.sum()), np.int8), (rows[on], np.asarray(indices)[on])), shape=(len(a), len(a)))
    count, label = connected_components(graph, directed=False)
    return int(count), label


def components(slots: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any], k: int) -> Ints:
    """int64 (k,), number of connected pieces of each territory by shared borders and bridges; 0 if it has no unit."""
    a = np.asarray(slots)
    count, label = _pieces(a, indptr, indices)
    owner = np.full(count, -1, np.int64)
    owner[label] = a
    return np.bincount(owner[owner >= 0], minlength=k).astype(np.int64)


def stray_pieces(
    slots: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any], weights: NDArray[Any]
) -> list[tuple[int, tuple[int, ...]]]:
    """(territory, unit codes) for every piece except each territory's heaviest one (ties: most units, lowest code).

    Args:
        slots: int (n,).
        indptr: CSR row pointers.
        indices: CSR neighbours.
        weights: (n,) load that decides which piece is heaviest.
    """
    a = np.asarray(slots)
    _, label = _pieces(a, indptr, indices)
    load = np.bincount(label, np.asarray(weights, np.float64))
    size = np.bincount(label)
    units: dict[int, list[int]] = {}
    for i in np.flatnonzero(a >= 0).tolist():
        units.setdefault(int(label[i]), []).append(i)
    by_territory: dict[int, list[int]] = {}
    for c, members in units.items():
        by_territory.setdefault(int(a[members[0]]), []).append(c)
    out = []
    for j in sorted(by_territory):
        ranked = sorted(by_territory[j], key=lambda c: (-load[c], -size[c], units[c][0]))
        out += [(j, tuple(units[c])) for c in ranked[1:]]
    return out


def border_km(slots: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any], border: NDArray[Any]) -> float:
    """Length in km of all borders between two different territories, or a territory and unassigned units, each once."""
    a = np.asarray(slots)
    return float(np.asarray(border)[a[_rows(indptr)] != a[indices]].sum() / 2)


def perimeter_km(
    slots: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any], border: NDArray[Any], outer: NDArray[Any], k: int
) -> F:
    """float64 (k,), km: borders with other territories or unassigned units, plus the outer border."""
    a = np.asarray(slots)
    rows = _rows(indptr)
    cut = (a[rows] != a[indices]) & (a[rows] >= 0)
    on = a >= 0
    inner = np.bincount(a[rows[cut]].astype(np.int64), np.asarray(border)[cut], k).astype(np.float64)
    out: F = inner + np.bincount(a[on].astype(np.int64), np.asarray(outer)[on], k)
    return out


def polsby_popper(
    slots: NDArray[Any],
    indptr: NDArray[Any],
    indices: NDArray[Any],
    border: NDArray[Any],
    area: NDArray[Any],
    outer: NDArray[Any],
    k: int,
) -> F:
    """float64 (k,), 4 pi area / perimeter^2: 1 for a circle, pi / 4 for a square; 0 for a territory without units.

    Source: Polsby and Popper 1991, Yale Law & Policy Review 9.
    """
    a = np.asarray(slots)
    on = a >= 0
    size = np.bincount(a[on].astype(np.int64), np.asarray(area)[on], k)
    around = perimeter_km(a, indptr, indices, border, outer, k)
    out: F = np.where(around > 0, 4 * np.pi * size / np.where(around > 0, around, 1.0) ** 2, 0.0)
    return out


def territory_centres(slots: NDArray[Any], xy_km: NDArray[Any], weight: NDArray[Any], k: int) -> F:
    """float64 (k, 2), load-weighted centre in km; the plain mean where the load is 0, nan for one without units."""
    a = np.asarray(slots)
    on = a >= 0
    at = a[on].astype(np.int64)
    w = np.asarray(weight, np.float64)[on]
    empty = np.bincount(at, w, k) <= 0
    w = np.where(empty[at], 1.0, w)
    total = np.bincount(at, w, k)
    safe = np.where(total > 0, total, np.nan)
    xy = np.asarray(xy_km)[on]
    return np.column_stack([np.bincount(at, w * xy[:, d], k) / safe for d in (0, 1)])


def _distance2(slots: NDArray[Any], xy_km: NDArray[Any], weight: NDArray[Any], k: int) -> tuple[F, F]:
    a = np.asarray(slots)
    on = a >= 0
    c = territory_centres(a, xy_km, weight, k)
    d2: F = ((np.asarray(xy_km)[on] - c[a[on]]) ** 2).sum(axis=1)
    w = np.asarray(weight, np.float64)[on]
    return d2, (w if w.sum() > 0 else np.ones(len(w)))


def moment_of_inertia(slots: NDArray[Any], xy_km: NDArray[Any], weight: NDArray[Any], k: int) -> float:
    """km2: sum of load x distance^2 to the territory's load-weighted centre / sum of load, assigned units only.

    Units weigh 1 each if no load is assigned. Source: Weaver and Hess 1963, Yale Law Journal 73 (as a sum).
    """
    d2, w = _distance2(slots, xy_km, weight, k)
    return float((w * d2).sum() / w.sum()) if len(w) else 0.0


def mean_distance_km(slots: NDArray[Any], xy_km: NDArray[Any], weight: NDArray[Any], k: int) -> float:
    """km: load-weighted mean straight-line distance to the territory's load-weighted centre, assigned units only."""
    d2, w = _distance2(slots, xy_km, weight, k)
    return float((w * np.sqrt(d2)).sum() / w.sum()) if len(w) else 0.0


def reock(slots: NDArray[Any], geometries_km: NDArray[Any], area: NDArray[Any], k: int) -> F:
    """float64 (k,), area / area of the smallest circle around the territory; 0 for one without units.

    Source: Reock 1961, Midwest Journal of Political Science 5.

    Args:
        slots: int (n,).
        geometries_km: (n,) shapely geometries in a planar, equal-area projection in km.
        area: (n,), km2.
        k: number of territories.
    """
    a = np.asarray(slots)
    out = np.zeros(k)
    shapes = np.asarray(geometries_km, dtype=object)
    for j in range(k):
        inside = np.flatnonzero(a == j)
        if len(inside):
            radius = shapely.minimum_bounding_radius(shapely.multipoints(shapely.get_coordinates(shapes[inside])))
            out[j] = np.asarray(area)[inside].sum() / (np.pi * radius**2) if radius > 0 else 0.0
    return out
