"""Territories as GeoJSON (RFC 7946) for other map programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.plan import Plan
from terr.model.progress import UNWATCHED, Progress
from terr.model.units import UNASSIGNED, Units

DECIMALS = 6
"""Decimals of a coordinate in degrees: about 0.1 m."""
UNASSIGNED_NAME = "Unassigned"
_NAMES = ("code", "name", "rep", "units")
"""Columns of the table of territories that aren't passed on as they are."""


def territories_geojson(
    plan: Plan,
    units: Units,
    table: pd.DataFrame,
    boundaries: Mapping[str, Any] | None = None,
    progress: Progress = UNWATCHED,
) -> bytes:
    """One feature for each territory that has units, dissolved; and one for the unassigned units if there are any.

    A book of accounts is its points.

    Coordinates are longitude and latitude rounded to `DECIMALS`, rings follow the right-hand rule, polygons are valid
    after rounding. Territories without units have no shape; they are named in `territories_without_units` beside
    `features`.

    Args:
        plan: the plan.
        units: its units.
        table: one row for each territory: `code, name, rep` and the columns of metrics, see `terr.metrics.columns`;
            further rows are ignored.
        boundaries: what the areas are, such as that they are approximate; stands beside `features`.
        progress: told how far it is; stops it between any two territories.

    Raises:
        StoppedError: if `progress` was stopped.
        PlanError: if the plan was made on other map areas, or a territory isn't in the table.
    """
    if plan.units_version != units.version or len(plan) != len(units):
        raise PlanError("the plan was made on other map areas; open it with its own level and region")
    facts = {int(row["code"]): row for row in table.to_dict("records")}
    geometry = units.frame.geometry.to_numpy()
    features, without = [], []
    for n, territory in enumerate(plan.territories):
        progress.tell(n / (len(plan.territories) + 1), "Drawing the territories")
        if territory.code not in facts:
            raise PlanError(f'territory "{territory.name}" is not in the table of territories')
        members = np.flatnonzero(plan.assign == territory.code)
        if not len(members):
            without.append(territory.name)
            continue
        row = facts[territory.code]
        properties = {
            "territory": territory.name,
            "rep": _plain(row.get("rep", territory.rep)),
            "units": len(members),
            **{str(k): _plain(v) for k, v in row.items() if k not in _NAMES},
        }
        features.append(_feature(properties, geometry[members]))
    members = np.flatnonzero(plan.assign == UNASSIGNED)
    if len(members):
        row = facts.get(UNASSIGNED, {})
        properties = {
            "territory": UNASSIGNED_NAME,
            "rep": "",
            "units": len(members),
            **{str(c): _plain(row.get(c)) for c in table.columns if c not in _NAMES},
        }
        features.append(_feature(properties, geometry[members]))
    collection: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    if boundaries is not None:
        collection["boundaries"] = dict(boundaries)
    if without:
        collection["territories_without_units"] = without
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8")


def dissolve(geometry: NDArray[Any]) -> Any:
    """The union of areas as a valid MultiPolygon on a grid of 10^-6 degrees, exterior rings counter-clockwise.

    Raises:
        PlanError: if nothing of the areas is left.
    """
    areas = geometry[~(shapely.is_missing(geometry) | shapely.is_empty(geometry))]
    sound = shapely.is_valid(areas)
    if not sound.all():
        areas = np.where(sound, areas, shapely.make_valid(areas))
    # areas that share their borders point by point can be joined much faster than by overlay
    if sound.all() and bool(shapely.coverage_is_valid(areas)):
        whole = shapely.coverage_union_all(areas)
    else:
        whole = shapely.union_all(areas)
    polygons = _rounded(whole)
    if not len(polygons):
        raise PlanError("the parts of a territory have no area to draw")
    return shapely.multipolygons(shapely.orient_polygons(polygons))


def _rounded(shape: Any) -> NDArray[Any]:
    """Valid polygons of `shape` with coordinates rounded to `DECIMALS`."""
    # snapping to the grid also mends what rounding breaks; its coordinates are the decimal numbers themselves
    return _polygons(shapely.set_precision(shapely.make_valid(shape), 10.0**-DECIMALS))


def _polygons(shape: Any) -> NDArray[Any]:
    parts = shapely.get_parts(shapely.get_parts(np.atleast_1d(shape)))  # a collection may hold multipolygons
    kept: NDArray[Any] = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)]
    return kept


def _feature(properties: dict[str, Any], geometry: NDArray[Any]) -> dict[str, Any]:
    spots = shapely.get_type_id(geometry) == shapely.GeometryType.POINT  # accounts that are units
    if spots.any():
        at = shapely.get_coordinates(geometry[spots]).round(DECIMALS).tolist()
        points: dict[str, Any] = {"type": "MultiPoint", "coordinates": at}
        if spots.all():
            return {"type": "Feature", "properties": properties, "geometry": points}
        both = {"type": "GeometryCollection", "geometries": [_feature({}, geometry[~spots])["geometry"], points]}
        return {"type": "Feature", "properties": properties, "geometry": both}
    whole = dissolve(geometry)
    rings = [[_ring(p.exterior), *(_ring(r) for r in p.interiors)] for p in shapely.get_parts(whole).tolist()]
    shape: dict[str, Any] = {"type": "MultiPolygon", "coordinates": rings}
    if len(rings) == 1:
        shape = {"type": "Polygon", "coordinates": rings[0]}
    return {"type": "Feature", "properties": properties, "geometry": shape}


def _ring(ring: Any) -> list[list[float]]:
    out: list[list[float]] = shapely.get_coordinates(ring).tolist()
    return out


def _plain(value: Any) -> Any:
    """A value JSON can hold: numpy scalars become Python's, unknown and infinite numbers become null."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, str | int | float) else str(value)
