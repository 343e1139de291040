"""Areas on the earth's ellipsoid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

AXIS_KM, FLATTENING = 6378.137, 1 / 298.257222101
_E2 = FLATTENING * (2 - FLATTENING)
_E = math.sqrt(_E2)


def ellipsoid_km2(geometry: NDArray[np.object_]) -> NDArray[np.float64]:
    """Areas in km2 on the ellipsoid GRS80, float64 (n,).

    Args:
        geometry: object (n,) of valid polygons in degrees, outer rings counter-clockwise, holes clockwise. Their sides
            are straight lines in longitude and latitude, as maps draw them.
    """
    polygons, owner = shapely.get_parts(geometry, return_index=True)
    rings, of_polygon = shapely.get_rings(polygons, return_index=True)
    xy, of_ring = shapely.get_coordinates(rings, return_index=True)
    if len(xy) < 2:
        return np.zeros(len(geometry))
    lon, lat = np.radians(xy[:, 0]), np.radians(xy[:, 1])
    height = _height(lat)
    # The area under each side down to the equator, by Simpson's rule.
    middle = _height((lat[1:] + lat[:-1]) / 2)
    under = (lon[:-1] - lon[1:]) * (height[:-1] + 4 * middle + height[1:]) / 6
    inside = of_ring[1:] == of_ring[:-1]
    row = owner[of_polygon[of_ring[:-1][inside]]]
    total = np.bincount(row, weights=under[inside], minlength=len(geometry))
    return np.asarray(total * AXIS_KM**2 / 2, dtype=np.float64)


def _height(lat: NDArray[np.float64]) -> NDArray[Any]:
    """The equal-area ordinate: the area between the equator and a latitude, per radian of longitude, over a^2 / 2."""
    sine = np.sin(lat)
    return (1 - _E2) * (sine / (1 - _E2 * sine**2) + np.arctanh(_E * sine) / _E)
