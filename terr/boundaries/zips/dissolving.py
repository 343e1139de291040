"""ZIP3 areas from ZIP areas: all ZIPs that share their first three digits, as one area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.errors import InputError


def dissolve(
    frame: gpd.GeoDataFrame,
    members: pd.Series | None = None,
    *,
    people: Mapping[str, int] | None = None,
    digits: int = 3,
) -> tuple[gpd.GeoDataFrame, pd.Series]:
    """Joins ZIP areas by the first digits of their ids.

    Args:
        frame: a clean coverage of ZIP areas: `unit_id` (the ZIP), `label` ("60601 Chicago, IL"), `state`, geometry;
            `area_km2` is used as the weight of an area where it is there.
        members: each known ZIP -> `unit_id`, indexed by ZIP.
        people: people who live in places, by "Chicago, IL", to choose the name by.
        digits: how many digits count.

    Returns:
        The joined areas, ready for `terr.boundaries.layers.building.build`: `unit_id` ("606"), `label`
        ("606 Chicago, IL": of the places that most of the area's ZIPs name, the one with most people),
        `state` (that of most of its area),
        geometry. And the members: each known ZIP -> the joined area of its own first digits, or else the one that its
        ZIP area went into.

    Raises:
        InputError: if an id has fewer digits.
    """
    zips = frame["unit_id"].to_numpy(dtype=object)
    short = [z for z in zips if len(z) < digits]
    if short:
        raise InputError(f'"{str(short[0])[:40]}" has no {digits} digits to join areas by')
    code, ids = pd.factorize(np.array([z[:digits] for z in zips], dtype=object), sort=True)
    geometry = np.asarray(frame.geometry.to_numpy(), dtype=object)
    rows = [np.flatnonzero(code == k) for k in range(len(ids))]
    weight = frame["area_km2"].to_numpy(float) if "area_km2" in frame.columns else shapely.area(geometry)
    state = [_heaviest(frame["state"].to_numpy(dtype=object)[r], weight[r]) for r in rows]
    labels = frame["label"].to_numpy(dtype=object)
    names = [_place(labels[r], state[k], people or {}) for k, r in enumerate(rows)]
    joined = gpd.GeoDataFrame(
        {
            "unit_id": np.asarray(ids, dtype=object),
            "label": [f"{i} {n}".strip() for i, n in zip(ids, names, strict=True)],
            "state": np.array(state, dtype=object),
        },
        geometry=[_joined(geometry[r]) for r in rows],
        crs="EPSG:4326",
    )
    own = pd.Series(zips, index=zips) if members is None else members
    first = own.index.to_series().str[:digits].to_numpy(dtype=object)
    via = own.str[:digits].to_numpy(dtype=object)
    area = pd.Series(
        np.where(np.isin(first, np.asarray(ids, dtype=object)), first, via),
        index=own.index,
        name="unit_id",
        dtype=object,
    )
    return joined, area


def _joined(shapes: NDArray[np.object_]) -> shapely.Geometry:
    whole = shapely.coverage_union_all(shapes)
    return whole if shapely.is_valid(whole) else shapely.union_all(shapes)


def _heaviest(words: NDArray[np.object_], weight: NDArray[np.float64]) -> str:
    code, known = pd.factorize(words, sort=True)
    return str(known[int(np.argmax(np.bincount(code, weights=weight)))])


def _place(labels: NDArray[np.object_], state: str, people: Mapping[str, int]) -> str:
    """Of the places in the state that are named at least half as often as any, the largest; then the first by name."""
    places = [label.partition(" ")[2] for label in labels]
    inside = [p for p in places if p.endswith(f", {state}")] or [p for p in places if p]
    counted = Counter(inside)
    most = max(counted.values(), default=0)
    often = [p for p in counted if 2 * counted[p] >= most]
    return min(often, key=lambda p: (-people.get(p, 0), -counted[p], p)) if often else state
