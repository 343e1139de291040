"""Shapes made sound one by one: valid polygons in degrees, on one side of the map's edge, whatever they were before."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from terr.model.progress import UNWATCHED, Progress

_AT_ONCE = 20_000
"""Corners that are repaired between two looks at whether to go on."""
_EDGE = 1e-6
"""Degrees within which a corner lies on the map's edge, or at a pole."""
_GAP = 30.0
"""Degrees of longitude without areas that make room for the map's edge."""


def polygons_of(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """The polygons in each shape: a Polygon or MultiPolygon; empty where there are none, None stays None."""
    kinds = shapely.get_type_id(geometry)
    out = geometry.copy()
    out[(kinds >= 0) & (kinds != 3) & (kinds != 6) & (kinds != 7)] = shapely.Polygon()
    for row in np.flatnonzero(kinds == 7).tolist():
        parts = shapely.get_parts(shapely.get_parts(geometry[row]))
        flat = [p for p in shapely.get_parts(parts) if shapely.get_type_id(p) == 3]
        out[row] = shapely.union_all(flat) if flat else shapely.Polygon()
    return out


def sound(
    geometry: NDArray[np.object_],
    bad: NDArray[np.bool_] | None = None,
    often: NDArray[np.bool_] | None = None,
    progress: Progress = UNWATCHED,
) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Valid polygons.

    Args:
        geometry: shapes; None among them stays.
        bad: bool (n,), those that aren't valid, if that is known.
        often: bool (n,), those whose outline crosses itself so often that it is put together from its loops, which is
            quick, and not line by line.
        progress: told how far it is.

    Returns:
        object (n,) of valid Polygons and MultiPolygons, empty where nothing of an area is left, and bool (n,) which
        ones had to be repaired.

    Raises:
        StoppedError: if the person stopped it.
    """
    if bad is None:
        bad = ~shapely.is_valid(geometry) & (shapely.get_type_id(geometry) >= 0)
    loops = np.zeros(len(geometry), dtype=bool) if often is None else often
    out, rows = geometry.copy(), np.flatnonzero(bad)
    size = np.cumsum(shapely.get_num_coordinates(geometry[rows]))
    for some in np.split(rows, np.flatnonzero(np.diff(size // _AT_ONCE)) + 1) if len(rows) else ():
        done = int(np.searchsorted(rows, some[0]))
        progress.tell(done / len(rows), f"Repairing shape {done + 1:,} of {len(rows):,} that cross themselves")
        plain, looped = some[~loops[some]], some[loops[some]]
        out[plain] = polygons_of(np.asarray(shapely.make_valid(geometry[plain]), dtype=object))
        whole = shapely.make_valid(geometry[looped], method="structure", keep_collapsed=False)
        out[looped] = polygons_of(np.asarray(whole, dtype=object))
    return out, bad


def turned(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """The shapes with their two coordinates swapped."""
    return np.asarray(shapely.transform(geometry, lambda xy: xy[:, ::-1]), dtype=object)


def one_side(geometry: NDArray[np.object_]) -> tuple[NDArray[np.object_], NDArray[np.int64], float]:
    """Areas on both sides of the 180th meridian brought together, so that none spans the whole map.

    The fewer move: by -360 degrees if most lie in the west, as in the bundled counties of Alaska, else by +360.

    Args:
        geometry: valid polygons in degrees; None among them stays.

    Returns:
        The shapes, the rows that moved, and by how many degrees (0 = nothing moved).
    """
    nothing = np.zeros(0, dtype=np.int64)
    parts = shapely.get_parts(geometry)
    if not len(parts):
        return geometry, nothing, 0.0
    box = shapely.bounds(parts)
    if box[:, 0].min() > -150 or box[:, 2].max() < 150:
        return geometry, nothing, 0.0
    cut = _widest_gap(box[:, [0, 2]], parts)
    if cut is None:
        return geometry, nothing, 0.0
    x, of = shapely.get_coordinates(geometry, return_index=True)
    east = x[:, 0] > cut
    by, moves = (-360.0, east) if east.sum() * 2 < len(east) else (360.0, ~east)
    moved = np.unique(of[moves]).astype(np.int64)

    def shift(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([xy[:, 0] + np.where((xy[:, 0] > cut) == (by < 0), by, 0.0), xy[:, 1]])

    out = geometry.copy()
    whole = shapely.transform(geometry[moved], shift)
    out[moved], _ = sound(np.asarray(whole, dtype=object))
    many = moved[shapely.get_num_geometries(out[moved]) > 1]
    out[many] = shapely.union_all(out[many][:, None], axis=1)  # halves that met at the edge become one piece
    return out, moved, by


def _all_round(parts: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Which polygons do go round the whole earth: they reach a pole, or have no corner but at the map's two edges."""
    xy, of = shapely.get_coordinates(parts, return_index=True)
    far, high = np.full(len(parts), np.inf), np.zeros(len(parts))
    np.minimum.at(far, of, np.abs(xy[:, 0]))
    np.maximum.at(high, of, np.abs(xy[:, 1]))
    return np.asarray((far >= 180 - _EDGE) | (high >= 90 - _EDGE))


def _widest_gap(spans: NDArray[np.float64], parts: NDArray[np.object_]) -> float | None:
    """The middle of the widest stretch of longitudes without areas; None if it is narrower than `_GAP`."""
    wide = (spans[:, 1] - spans[:, 0]) > 180  # drawn straight across the map: their corners tell where they are
    wide &= ~_all_round(parts)
    ends = spans[~wide]
    if wide.any():
        x = shapely.get_coordinates(parts[wide])[:, 0]
        ends = np.vstack([ends, np.column_stack([x, x])])
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    reach = np.maximum.accumulate(ends[:, 1])
    gaps = ends[1:, 0] - reach[:-1]
    if not len(gaps) or gaps.max() < _GAP:
        return None
    at = int(np.argmax(gaps))
    return float(reach[at] + ends[at + 1, 0]) / 2
