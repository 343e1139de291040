"""Puts the corners of finer areas into the borders of coarser ones beside them, so that both share every point."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

NEAR_DEG = 2e-6
"""How far off a border a corner may lie and still be one of it, in degrees: 0.2 m, twenty times what rounding does."""


def with_corners(shapes: NDArray[np.object_], corners: NDArray[np.float64]) -> NDArray[np.object_]:
    """Shapes with those corners put into their rings that lie on one of their segments, each into the nearest.

    A segment is bent to go through the corner, which may lie `NEAR_DEG` off it.

    Args:
        shapes: object (n,) of Polygons and MultiPolygons in degrees.
        corners: float64 (m, 2), longitude and latitude.
    """
    corners = np.unique(corners, axis=0)
    tree = shapely.STRtree(shapely.points(corners))
    return np.array([_with_corners(s, corners, tree) for s in shapes], dtype=object)


def _with_corners(shape: shapely.Geometry, corners: NDArray[np.float64], tree: shapely.STRtree) -> shapely.Geometry:
    at = tree.query(shapely.boundary(shape), predicate="dwithin", distance=NEAR_DEG)
    if not len(at):
        return shape
    polygons = [
        shapely.Polygon(_ring(p.exterior, corners[at]), [_ring(hole, corners[at]) for hole in p.interiors])
        for p in shapely.get_parts(shape)
    ]
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _ring(ring: shapely.LinearRing, corners: NDArray[np.float64]) -> NDArray[np.float64]:
    xy = np.asarray(shapely.get_coordinates(ring), dtype=np.float64)
    known = {tuple(p) for p in xy.tolist()}
    new = corners[[tuple(c) not in known for c in corners.tolist()]]
    if not len(new):
        return xy
    start, step = xy[:-1], np.diff(xy, axis=0)
    length = np.maximum((step**2).sum(axis=1), 1e-30)
    # (corners, segments): how far along each segment, and how far from it
    along = np.clip(((new[:, None] - start) * step).sum(axis=2) / length, 0.0, 1.0)
    off = np.hypot(*np.moveaxis(new[:, None] - (start + along[:, :, None] * step), 2, 0))
    segment = off.argmin(axis=1)
    row = np.arange(len(new))
    good = (off[row, segment] <= NEAR_DEG) & (along[row, segment] > 0) & (along[row, segment] < 1)
    order = np.lexsort((along[row, segment], segment))
    order = order[good[order]]
    return np.asarray(np.insert(xy, segment[order] + 1, new[order], axis=0), dtype=np.float64)
