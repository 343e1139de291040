"""Reps' homes on the map: where designs start, and who gets which territory."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from terr.errors import InputError
from terr.locate import home_points
from terr.model.reps import Rep
from terr.model.units import Units


def nearest_units(units: Units, points: NDArray[np.float64], free: NDArray[np.bool_]) -> list[int]:
    """The free unit nearest each point, none twice; -1 once all are taken.

    Args:
        units: n units.
        points: float64 (r, 2), km in the units' grid.
        free: bool (n,), units that may be taken.
    """
    left = free.copy()
    out = []
    for x, y in points:
        distance = np.where(left, (units.xy_km[:, 0] - x) ** 2 + (units.xy_km[:, 1] - y) ** 2, np.inf)
        best = int(distance.argmin()) if left.any() else -1
        out.append(best)
        if best >= 0:
            left[best] = False
    return out


def home_xy(units: Units, reps: Sequence[Rep]) -> list[tuple[float, float]]:
    """Homes in the units' own km grid, through the unit whose point is nearest (homes needn't be in the region)."""
    places = home_points([r.home_zip for r in reps])
    unknown = [r.name for r, p in zip(reps, places, strict=True) if np.isnan(p).any()]
    if unknown:
        raise InputError(f"the home ZIP of {unknown[0]} is missing or not known; mend the roster or leave this rep out")
    lat, lon = units.lat_lon.T
    out = []
    for home_lat, home_lon in places:
        scale = np.cos(np.radians(home_lat))
        near = int(((lat - home_lat) ** 2 + ((lon - home_lon) * scale) ** 2).argmin())
        east, north = (home_lon - lon[near]) * scale * 111.32, (home_lat - lat[near]) * 111.32
        out.append((float(units.xy_km[near, 0] + east), float(units.xy_km[near, 1] + north)))
    return out


def nearest_reps(units: Units, slots: NDArray[np.int16], k: int, reps: Sequence[Rep]) -> list[Rep | None]:
    """One rep per territory so that homes lie nearest the territories' middles in total."""
    out: list[Rep | None] = [None] * k
    if not reps:
        return out
    xy = units.xy_km
    middles = np.array([xy[slots == s].mean(axis=0) if (slots == s).any() else xy.mean(axis=0) for s in range(k)])
    homes = np.array(home_xy(units, reps))
    cost = ((homes[:, None, :] - middles[None, :, :]) ** 2).sum(axis=2)
    for r, s in zip(*linear_sum_assignment(cost), strict=True):
        out[int(s)] = reps[int(r)]
    return out
