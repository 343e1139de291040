"""Shape: compactness of territories and distances in them. Slots are int (n,), -1 = unassigned."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

F = NDArray[np.float64]
Ints = NDArray[np.int64]


def _rows(indptr: NDArray[Any]) -> Ints:
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


def border_km(slots: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any], border: NDArray[Any]) -> float:
    """Length in km of all borders between two different territories, or a territory and unassigned units, each once."""
    a = np.asarray(slots)
    return float(np.asarray(border)[a[_rows(indptr)] != a[indices]].sum() / 2)


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
