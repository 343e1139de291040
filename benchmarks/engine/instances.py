"""Instances of the engine's benchmark: counties of the project's own data, and seeded Voronoi cells.

Counties weigh as many ZIPs as they hold, Voronoi cells a lognormal draw with sigma 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.layers.catalog import load_units
from terr.model.problem import Problem

F = NDArray[np.float64]
ZIPS = Path(__file__).resolve().parents[2] / "data" / "zip_points.parquet"


@dataclass(frozen=True, eq=False)
class Instance:
    """A map with loads.

    Attributes:
        name: short; k: number of territories.
        weights: float64 (n, m); measures: m names.
        xy_km, area_km2, outer_km: as in `Problem`; indptr, indices, border_km: CSR.
    """

    name: str
    k: int
    weights: F
    measures: tuple[str, ...]
    xy_km: F
    area_km2: F
    outer_km: F
    indptr: NDArray[np.int32]
    indices: NDArray[np.int32]
    border_km: F

    def __len__(self) -> int:
        return len(self.weights)

    def problem(self, tolerance: float, **more: Any) -> Problem:
        """The engine's problem with every measure limited to the same tolerance, unless `limits` says otherwise."""
        limits = more.pop("limits", dict.fromkeys(self.measures, tolerance))
        k = more.pop("territories", self.k)
        return Problem.from_arrays(
            self.weights,
            self.measures,
            self.xy_km,
            self.indptr,
            self.indices,
            self.border_km,
            self.area_km2,
            self.outer_km,
            territories=k,
            limits=limits,
            **more,
        )


@lru_cache(maxsize=8)
def counties(region: str, k: int, name: str) -> Instance:
    """The counties of a region; a county's load is the number of its ZIPs, which grows with its people, plus 1."""
    units = load_units("county", region)
    zips = pd.read_parquet(ZIPS).groupby("county").size().reindex(units.ids).fillna(0).to_numpy(dtype=float)
    return Instance(
        name,
        k,
        (zips + 1.0)[:, None],
        ("zips",),
        units.xy_km,
        units.area_km2,
        units.outer_km,
        units.indptr,
        units.indices,
        units.border_km,
    )


@lru_cache(maxsize=8)
def voronoi(
    n: int, k: int, name: str, *, width_km: float = 1200.0, height_km: float = 1000.0, seed: int = 7
) -> Instance:
    """Voronoi cells of n uniform points in a rectangle, loads lognormal with sigma 1."""
    rng = np.random.default_rng(seed)
    xy = rng.random((n, 2)) * [width_km, height_km]
    frame = shapely.box(0, 0, width_km, height_km)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(xy), extend_to=frame, ordered=True))
    cells = shapely.intersection(cells, frame)
    tree = shapely.STRtree(cells)
    a, b = tree.query(cells, predicate="intersects")
    length = shapely.length(shapely.intersection(cells[a], cells[b]))
    on = (a != b) & (length > 1e-6)
    a, b, length = a[on], b[on], length[on]
    pairs = pd.DataFrame({"lo": np.minimum(a, b), "hi": np.maximum(a, b), "km": length})
    pairs = pairs.groupby(["lo", "hi"], sort=True)["km"].mean().reset_index()  # one length for both directions
    lo, hi, km = (pairs[c].to_numpy() for c in ("lo", "hi", "km"))
    rows, cols, both = np.r_[lo, hi], np.r_[hi, lo], np.r_[km, km]
    order = np.lexsort((cols, rows))
    indptr = np.r_[0, np.cumsum(np.bincount(rows, minlength=n))].astype(np.int32)
    border = both[order]
    shared = np.add.reduceat(border, indptr[:-1])
    return Instance(
        name,
        k,
        rng.lognormal(0.0, 1.0, n)[:, None],
        ("load",),
        xy,
        shapely.area(cells),
        np.maximum(0.0, shapely.length(cells) - shared),
        indptr,
        cols[order].astype(np.int32),
        border,
    )
