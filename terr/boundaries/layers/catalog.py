"""Which areas exist: the layers at hand, and the units of a level in a region with their graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.geometry.adjacency import components, plane_km
from terr.boundaries.layers import library
from terr.boundaries.layers.bundled import LEVELS, bundled, data_dir
from terr.boundaries.layers.cities import CITY, join_cities
from terr.boundaries.layers.layer import Layer, cut, region_edges
from terr.boundaries.layers.mixed_level import is_mixed, parse_mixed
from terr.boundaries.layers.mixing import MixedPart, children, drawn_file, mix, mixed_parts
from terr.boundaries.layers.regions import ALBERS, EVERYWHERE, LOWER48, STATES, US, parse_region, region_label
from terr.errors import LocateError
from terr.model.books.book_units import BookUnits
from terr.model.units import Units, area_level

__all__ = [
    "ALBERS",
    "CITY",
    "EVERYWHERE",
    "LEVELS",
    "LOWER48",
    "STATES",
    "US",
    "areas",
    "data_dir",
    "declared_bridges",
    "geometry_file",
    "inside_of",
    "is_mixed",
    "layer",
    "load_units",
    "national_index",
    "outlines_km",
    "parse_mixed",
    "parse_region",
    "parts_of",
    "pieces",
    "region_label",
]


def layer(level: str) -> Layer:
    """All areas of a level, bundled or on the shelf. Cached.

    Raises:
        LocateError: if there is no such level, or what is kept of it is damaged.
        StoreError: if what is kept of it can't be read.
    """
    level = area_level(level)
    if level in LEVELS:
        return bundled(level)
    if level == CITY:
        return _cities()
    if is_mixed(level):
        return _mixed(level)
    if library.LEVELS.fullmatch(level):
        return library.open_stored(level)
    raise LocateError(f'"{level[:40]}" is not a level; choose one of {", ".join((*LEVELS, CITY))}')


@lru_cache(maxsize=1)
def _cities() -> Layer:
    city = pd.read_parquet(data_dir() / "zip_points.parquet", columns=["zip", "city"]).set_index("zip")["city"]
    return join_cities(bundled("zip"), city, bundled("county").areas.set_index("unit_id")["label"])


@lru_cache(maxsize=8)
def _mixed(level: str) -> Layer:
    return mix(parse_mixed(level), layer)


@lru_cache(maxsize=8)
def parts_of(level: str) -> tuple[MixedPart, ...]:
    """What a mixed level has of each of its levels. Cached.

    Raises:
        LocateError: if it is no mixed level, or one that can't be.
    """
    return mixed_parts(parse_mixed(level), layer)


@lru_cache(maxsize=8)
def inside_of(level: str) -> Mapping[str, tuple[int, ...]]:
    """Rows, in the layer of a mixed level, of the units inside each area that is split: "county:06037" -> rows."""
    return children(parts_of(level))


def areas(level: str) -> gpd.GeoDataFrame:
    """The areas of a level; shared and cached: don't change it. Columns: see `Layer`."""
    return layer(level).areas


def declared_bridges(level: str) -> pd.DataFrame:
    """Pairs joined in the whole layer though they share no border: columns `a`, `b` (ids), `a_name`, `b_name`."""
    whole = layer(level)
    found = whole.edges[whole.edges["bridge"]]
    ids, names = whole.areas["unit_id"].to_numpy(dtype=object), whole.areas["label"].to_numpy(dtype=object)
    return pd.DataFrame(
        {"a": ids[found["i"]], "b": ids[found["j"]], "a_name": names[found["i"]], "b_name": names[found["j"]]}
    )


def geometry_file(level: str) -> str:
    """Name of the level's geometry file, with the hash of its content; made levels are drawn first.

    Raises:
        StoreError: if that can't be written.
    """
    whole = layer(level)
    return drawn_file(whole).name if is_mixed(level) or area_level(level) == CITY else whole.geometry.name


def load_units(level: str, region: str | Sequence[str]) -> Units:
    """Units of a level in a region, with their connected graph (see `terr.boundaries.layers.layer.cut`). Cached.

    Args:
        level: one of `LEVELS`, or that of a layer on the shelf.
        region: see `parse_region`.

    Raises:
        LocateError: if the level or the region isn't known.
        StoreError: if what is kept of the level can't be read.
    """
    return _load(layer(level), parse_region(region))


@lru_cache(maxsize=32)
def _load(whole: Layer, region: tuple[str, ...]) -> Units:
    return cut(whole, region)


def national_index(units: Units) -> NDArray[np.int64]:
    """Row of each unit in its layer, which is also its place in the geometry file, int64 (n,).

    Raises:
        LocateError: if a unit isn't in the layer.
    """
    if isinstance(units, BookUnits):
        raise LocateError("accounts aren't areas of a map; ask for the plan's areas")
    known = pd.Index(layer(units.level).areas["unit_id"])
    out = np.asarray(known.get_indexer(units.ids), dtype=np.int64)
    if (out < 0).any():
        raise LocateError(f"area {units.ids[int(np.argmin(out))]} is not in the map boundaries")
    return out


def pieces(units: Units) -> list[list[int]]:
    """Codes of each piece of the region that real borders and declared bridges hold together, biggest first.

    More than one piece means that `load_units` had to join them, nearest to nearest, to make one graph.
    """
    if isinstance(units, BookUnits):
        return [] if units.areas is None else pieces(units.areas)
    i, j, _, _ = region_edges(layer(units.level), national_index(units))
    label = components(len(units), i, j)
    groups = [np.flatnonzero(label == c).tolist() for c in range(int(label.max()) + 1 if len(label) else 0)]
    return sorted(groups, key=lambda g: (-len(g), g))


def outlines_km(units: Units) -> NDArray[np.object_]:
    """Outlines of the units on an equal-area plane in km, as shapely geometries (n,)."""
    crs = ALBERS if set(units.region) <= set(LOWER48) else None
    shapes = units.frame.geometry.to_numpy()
    xy = shapely.get_coordinates(shapes)
    plane = plane_km(xy[:, 0], xy[:, 1], crs)
    out: NDArray[np.object_] = shapely.set_coordinates(np.array(shapes, dtype=object), plane)
    return out
