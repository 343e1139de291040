"""Hand-made units, accounts and plans on a grid of squares, for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from terr.model.accounts import CORE, Accounts
from terr.model.plan import Plan, Territory
from terr.model.units import Units

SIDE = 0.1
"""Side of a square in degrees."""
WEST, SOUTH = -100.0, 40.0


def grid_units(
    rows: int, cols: int, *, ids: Sequence[str] | None = None, level: str = "county", state: str = "NE"
) -> Units:
    """A rows x cols grid of squares, row by row from the south-west corner; ids "00001", "00002", ...

    Areas, points and borders are those of the squares in EPSG:5070, so a 4x4 grid has 24 shared borders.
    """
    n = rows * cols
    names = [f"{i + 1:05d}" for i in range(n)] if ids is None else list(ids)
    if len(names) != n:
        raise ValueError("one id for each square")
    # rounded, so that neighbors share their corners to the last bit
    xs = [round(WEST + c * SIDE, 6) for c in range(cols + 1)]
    ys = [round(SOUTH + r * SIDE, 6) for r in range(rows + 1)]
    boxes = [shapely.box(xs[c], ys[r], xs[c + 1], ys[r + 1]) for r in range(rows) for c in range(cols)]
    flat = gpd.GeoSeries(boxes, crs=4326).to_crs(5070)
    points = flat.representative_point()
    frame = gpd.GeoDataFrame(
        {
            "unit_id": names,
            "name": [f"Square {name}, {state}" for name in names],
            "state": [state] * n,
            "area_km2": flat.area.to_numpy() / 1e6,
            "x_km": points.x.to_numpy() / 1e3,
            "y_km": points.y.to_numpy() / 1e3,
        },
        geometry=boxes,
        crs=4326,
    )
    indptr, indices, border = [0], [], []
    for i in range(n):
        r, c = divmod(i, cols)
        around = ((r - 1, c), (r, c - 1), (r, c + 1), (r + 1, c))
        for j in (y * cols + x for y, x in around if 0 <= y < rows and 0 <= x < cols):
            indices.append(j)
            lo, hi = min(i, j), max(i, j)  # one order, so that both entries are equal to the last bit
            border.append(flat[lo].intersection(flat[hi]).length / 1e3 or _edge_km(boxes[lo], boxes[hi]))
        indptr.append(len(indices))
    border_km = np.array(border, dtype=np.float64)
    shared = np.array([border_km[indptr[i] : indptr[i + 1]].sum() for i in range(n)])
    digest = hashlib.sha256(repr((level, rows, cols, names)).encode()).hexdigest()[:16]
    return Units(
        level=level,
        region=(state,),
        frame=frame,
        indptr=np.array(indptr),
        indices=np.array(indices, dtype=np.int32),
        border_km=border_km,
        outer_km=np.maximum(flat.length.to_numpy() / 1e3 - shared, 0.0),
        bridges=(),
        version=digest,
    )


def _edge_km(a: shapely.Polygon, b: shapely.Polygon) -> float:
    return float(gpd.GeoSeries([a.intersection(b)], crs=4326).to_crs(5070).length.iloc[0]) / 1e3


def make_accounts(counties: Sequence[str], attributes: dict[str, Sequence] | None = None, **measures) -> Accounts:
    """Accounts "A-1", "A-2", ... in the given counties ("" = unlocated), with measures by keyword."""
    n = len(counties)
    text = {c: [""] * n for c in CORE}
    frame = pd.DataFrame(
        {
            **text,
            "account_id": [f"A-{i + 1}" for i in range(n)],
            "name": [f"Customer {i + 1}" for i in range(n)],
            "owner": [f"Rep {i % 3}" for i in range(n)],
            "zip": [f"{2139 + i:05d}" for i in range(n)],
            "lat": np.full(n, np.nan),
            "lon": np.full(n, np.nan),
            "county": list(counties),
            "state": [{"48": "TX", "31": "NE", "06": "CA"}.get(c[:2], "") for c in counties],
            "located_by": ["county" if c else "unlocated" for c in counties],
            "source_row": np.arange(2, n + 2),
            **{m: np.asarray(v, dtype=np.float64) for m, v in measures.items()},
            **(attributes or {}),
        }
    )
    return Accounts(frame=frame, measures=tuple(measures))


def make_plan(units: Units, assign: Sequence[int], names: Sequence[str] = ("North", "South")) -> Plan:
    """A plan with territories 0, 1, ... of these names, covered by reps "R0", "R1", ..."""
    return Plan(
        assign=np.array(assign, dtype=np.int16),
        territories=tuple(Territory(code=i, name=v, rep=f"R{i}", color=i) for i, v in enumerate(names)),
        locked_units=np.zeros(len(units), dtype=np.bool_),
        units_version=units.version,
    )
