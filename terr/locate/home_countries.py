"""The countries that areas of one's own lie in, told by the cities inside them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.locate.areas import Shapes

_SHARE = 0.05
"""Share of the cities in the areas from which a country counts: borders drawn roughly take in a few of a neighbor."""


@lru_cache(maxsize=1)
def _cities() -> tuple[NDArray[np.object_], NDArray[np.float64], NDArray[np.float64]]:
    """Country, degrees north and east of cities outside the USA."""
    table = pd.read_parquet(Path(__file__).resolve().parents[2] / "data" / "foreign_points.parquet")
    return (
        table["country"].to_numpy(dtype=object),
        table["lat"].to_numpy(dtype=np.float64),
        table["lon"].to_numpy(dtype=np.float64),
    )


def home_countries(shapes: Shapes) -> frozenset[str]:
    """Two letters of the countries with cities in the areas; empty if no city of 15,000 people is.

    Args:
        shapes: areas outside the USA.
    """
    country, lat, lon = _cities()
    west, south, east, north = shapes.bounds
    near = np.flatnonzero(
        (lat >= south) & (lat <= north) & (((lon >= west) & (lon <= east)) | (west < -180) | (east > 180))
    )
    if not len(near):
        return frozenset()
    row, _ = shapes.at(lat[near], lon[near], shore=False)
    inside = pd.Series(country[near[row >= 0]], dtype=object).value_counts(normalize=True)
    return frozenset(str(c) for c in inside.index[inside >= _SHARE])
