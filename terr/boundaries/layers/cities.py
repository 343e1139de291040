"""Cities as areas: the ZIPs of one postal city within a county, joined; made of the ZIP areas at hand."""

from __future__ import annotations

import re
import unicodedata

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from terr.boundaries.layers.building import measure
from terr.boundaries.layers.layer import Layer
from terr.boundaries.layers.mixing import drawing_path

CITY = "city"
"""The level. It ships with the app as the ZIP areas it is made of do, and is made when it is asked for."""
TITLE = "Cities within counties, approximate"


def city_ids(county: pd.Series, city: pd.Series) -> NDArray[np.object_]:
    """Ids of cities within counties: "06037-los-angeles"; spellings that differ in marks and case alone are one.

    Args:
        county: five digits each; city: names; of one length.
    """
    code, words = pd.factorize(city)
    slugs = np.array([_slug(str(w)) for w in words] + [""], dtype=object)[code]
    return np.asarray(county.astype(str).to_numpy(dtype=object) + "-" + slugs, dtype=object)


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-") or "other"


def join_cities(zips: Layer, city: pd.Series, county_names: pd.Series) -> Layer:
    """The layer of cities.

    Borders are those of the ZIP areas, added up; those inside a city are gone.

    Args:
        zips: ZIP areas with the `county` each lies in.
        city: the postal city of each ZIP, indexed by ZIP.
        county_names: what a county is called ("Cook, IL"), indexed by its code; cities of one name in a state are told
            apart by it.
    """
    areas = zips.areas
    named = areas["unit_id"].map(city).fillna("").astype(str)
    code, ids = pd.factorize(city_ids(areas["county"], named), sort=True)
    first = pd.Series(np.arange(len(code))).groupby(code).first().to_numpy()
    i, j = (code[zips.edges[c].to_numpy()] for c in ("i", "j"))
    inner = np.where(i == j, zips.edges["border_km"].to_numpy(dtype=np.float64), 0.0)
    outlines = np.bincount(code, weights=areas["perimeter_km"].to_numpy(dtype=np.float64))
    perimeter = np.asarray(outlines - 2 * np.bincount(i, weights=inner, minlength=len(ids)), dtype=np.float64)
    shapes = _joined(np.asarray(areas.geometry.to_numpy(), dtype=object), code, len(ids))
    state, county = (areas[c].to_numpy(dtype=object)[first] for c in ("state", "county"))
    table = gpd.GeoDataFrame(
        {
            "unit_id": np.asarray(ids, dtype=object),
            "label": _labels(named.to_numpy(dtype=object)[first], state, county, county_names),
            "state": state,
            "county": county,
            **measure(shapes, perimeter).assign(
                area_km2=np.bincount(code, weights=areas["area_km2"].to_numpy(dtype=np.float64))
            ),
        },
        geometry=shapes,
        crs="EPSG:4326",
    )
    of_area = dict(zip(areas["unit_id"], np.asarray(ids, dtype=object)[code], strict=True))
    return Layer(
        level=CITY,
        title=TITLE,
        areas=table,
        edges=_edges(zips, code),
        geometry=drawing_path(CITY, [zips]),
        members=None if zips.members is None else zips.members.map(of_area).rename("unit_id").astype(object),
        approximate=zips.approximate,
        source=zips.source,
    )


def _edges(zips: Layer, code: NDArray[np.int64]) -> pd.DataFrame:
    a, b = (code[zips.edges[c].to_numpy()] for c in ("i", "j"))
    pairs = pd.DataFrame(
        {"i": np.minimum(a, b), "j": np.maximum(a, b), "border_km": zips.edges["border_km"].astype(np.float64)}
    ).assign(bridge=zips.edges["bridge"].to_numpy(dtype=bool))
    found = pairs[pairs["i"] != pairs["j"]].groupby(["i", "j"], as_index=False)
    return found.agg(border_km=("border_km", "sum"), bridge=("bridge", "all"))


def _joined(shapes: NDArray[np.object_], code: NDArray[np.int64], n: int) -> NDArray[np.object_]:
    """The areas of each city as one shape."""
    order, count = np.argsort(code, kind="stable"), np.bincount(code, minlength=n)
    ends = np.cumsum(count)
    out = shapes[order[ends - count]].copy()
    for k in np.flatnonzero(count > 1).tolist():
        some = shapes[order[ends[k] - count[k] : ends[k]]]
        whole = shapely.coverage_union_all(some)
        out[k] = whole if shapely.is_valid(whole) else shapely.union_all(some)
    return np.asarray(shapely.orient_polygons(out), dtype=object)


def _labels(
    city: NDArray[np.object_], state: NDArray[np.object_], county: NDArray[np.object_], county_names: pd.Series
) -> NDArray[np.object_]:
    """ "Los Angeles, CA"; "Chicago (Cook), IL" where a state has the name in several counties."""
    table = pd.DataFrame({"city": city, "state": state})
    twice = table.duplicated(keep=False).to_numpy()
    names = pd.Series(county).map(county_names).fillna("").str.rpartition(", ")[0].to_numpy(dtype=object)
    return np.asarray(np.where(twice, city + " (" + names + "), " + state, city + ", " + state), dtype=object)
