"""Miles and minutes between places from where they lie, or from a matrix of one's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.scoring.travel import distance, xyz

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
MILE_KM = 1.609344
MOST_MINUTES = 1_440.0


@dataclass(frozen=True)
class TravelRates:
    """How far and how fast one drives.

    Attributes:
        road_factor: miles by road per straight mile, 1 to 3. 1.2 is usual in the USA (R. H. Ballou, H. Rahardja,
            N. Sakai, "Selected country circuity factors for road travel distance estimation", Transportation
            Research A 36, 2002).
        mph: the mean speed of the first `local_miles` of every way, stops and parking included; far_mph: of the rest.
            30 and 50 are Terr's assumption, near the 50 km/h of its workload; they are the user's to change.
        local_miles: how far a way is local.
    """

    road_factor: float = 1.2
    mph: float = 30.0
    far_mph: float = 50.0
    local_miles: float = 10.0

    def __post_init__(self) -> None:
        for what, value, low, high in (
            ("the road factor", self.road_factor, 1, 3),
            ("the speed", self.mph, 3, 95),
            ("the speed of long ways", self.far_mph, 3, 95),
            ("the length of local ways", self.local_miles, 0, 100),
        ):
            if not low <= value <= high:
                raise InputError(f"{what} must lie between {low:,} and {high:,}")

    def minutes(self, miles: Floats) -> Floats:
        """Minutes of so many miles by road, any shape."""
        near = np.minimum(miles, self.local_miles)
        out: Floats = 60 * (near / self.mph + (miles - near) / self.far_mph)
        return out


def road_miles(lat_lon: Floats, rates: TravelRates) -> Floats:
    """Miles by road between every two points, float64 (n, n); `lat_lon` float64 (n, 2) in degrees."""
    at = xyz(lat_lon[:, 0], lat_lon[:, 1])
    out: Floats = distance(at[:, None, :], at[None, :, :]) / MILE_KM * rates.road_factor
    np.fill_diagonal(out, 0.0)
    return out


def whole(miles: Floats, minutes: Floats) -> tuple[Ints, Ints]:
    """Hundredths of a mile, and minutes rounded up, as `VisitProblem` takes them.

    Raises:
        InputError: for a matrix that isn't square, or holds what can't be.
    """
    if miles.shape != minutes.shape or miles.ndim != 2 or miles.shape[0] != miles.shape[1]:
        raise InputError("a matrix of minutes needs as many rows as columns")
    if not (np.isfinite(minutes).all() and np.isfinite(miles).all()) or min(minutes.min(), miles.min()) < 0:
        raise InputError("minutes between places must be numbers of 0 or more")
    capped = np.minimum(minutes, 30 * MOST_MINUTES)  # beyond any day; keeps sums small
    return np.round(miles * 100).astype(np.int64), np.ceil(capped - 1e-6).astype(np.int64)


def along_a_curve(lat_lon: Floats) -> Ints:
    """int64 (n,), the points in an order that keeps near ones together: cells of a grid, row by row, back and forth."""
    known: NDArray[np.bool_] = np.asarray(np.isfinite(lat_lon).all(axis=1))
    n = len(lat_lon)
    if not known.any():
        return np.arange(n, dtype=np.int64)
    low, high = lat_lon[known].min(axis=0), lat_lon[known].max(axis=0)
    cells = max(1, int(np.sqrt(known.sum() / 2)))
    span = np.where(high > low, high - low, 1.0)
    at = np.where(known[:, None], (lat_lon - low) / span * cells, 0.0)
    row = np.minimum(at[:, 0].astype(np.int64), cells - 1)
    across = np.where(row % 2 == 0, at[:, 1], -at[:, 1])
    return np.lexsort((np.arange(n), across, row, ~known)).astype(np.int64)
