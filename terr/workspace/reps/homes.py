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
    places = home_points([r.home for r in reps])
    unknown = [r.name for r, p in zip(reps, places, strict=True) if np.isnan(p).any()]
    if unknown:
        raise InputError(f"the home of {unknown[0]} is missing or not known; fix the roster or leave this rep out")
    lat, lon = units.lat_lon.T
    out = []
    for home_lat, home_lon in places:
        scale = np.cos(np.radians(home_lat))
        near = int(((lat - home_lat) ** 2 + ((lon - home_lon) * scale) ** 2).argmin())
        east, north = (home_lon - lon[near]) * scale * 111.32, (home_lat - lat[near]) * 111.32
        out.append((float(units.xy_km[near, 0] + east), float(units.xy_km[near, 1] + north)))
    return out


def nearest_reps(
    units: Units, slots: NDArray[np.int16], k: int, reps: Sequence[Rep], loads: NDArray[np.float64] | None = None
) -> list[Rep | None]:
    """One rep per territory so that the miles from homes to territories' centers are least in total.

    Args:
        units: n units.
        slots: int16 (n,), 0..k-1, others are left aside.
        k: number of territories.
        reps: at most one territory each.
        loads: float64 (n,), what centers are weighted by; where a territory has none, all its units count alike.
    """
    out: list[Rep | None] = [None] * k
    if not reps:
        return out
    weight = np.ones(len(units)) if loads is None else np.asarray(loads, dtype=np.float64)
    centers = np.array([_center(units.xy_km, slots == s, weight) for s in range(k)])
    homes = np.array(home_xy(units, reps))
    cost = np.hypot(*np.moveaxis(homes[:, None, :] - centers[None, :, :], 2, 0))
    for r, s in zip(*linear_sum_assignment(cost), strict=True):
        out[int(s)] = reps[int(r)]
    return out


def _center(xy: NDArray[np.float64], rows: NDArray[np.bool_], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """The weighted center of some units in km; that of all where there are none."""
    here = rows if rows.any() else np.ones(len(xy), dtype=np.bool_)
    by = weight[here] if weight[here].sum() > 0 else None
    out: NDArray[np.float64] = np.average(xy[here], axis=0, weights=by)
    return out
