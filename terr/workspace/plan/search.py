"""Search: accounts, cities and ZIPs by what a person types. The map itself knows its units and territories."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from terr.aggregate import unit_codes
from terr.boundaries.layers.catalog import EVERYWHERE, data_dir
from terr.locate.gazetteer import city_key, clean_zip, gazetteer
from terr.workspace.caches import CacheKind
from terr.workspace.plan.segment_filter import SegmentFilter
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.workspace import Workspace

MOST = 8
"""Hits of each kind."""


class SearchKey(NamedTuple):
    """What is searched, and for what; asked again at each click. `only` names a segment, "" = all accounts."""

    data: str
    units_version: str
    measure: str
    wanted: str
    only: str


SEARCH_HITS = CacheKind[SearchKey, list[dict[str, Any]]]("search hits", 4)
ACCOUNT_NAMES = CacheKind[str, "pd.Series[str]"]("names of accounts, without case", 64)
"""By the data set's key."""


def find(ws: Workspace, shown: PlanSnapshot, text: str, only: SegmentFilter | None = None) -> list[dict[str, Any]]:
    """Places a text names, best first: cities and ZIPs of the region, then accounts by the plan's measure.

    Args:
        ws: the workspace.
        shown: the plan.
        text: what a person typed.
        only: the accounts looked at, None for all.

    Returns:
        per hit: `kind` ("City", "ZIP", "Account"), `label`, and `lat` and `lon` in degrees or `units` (one unit code);
        of an account its `row` in the data set too.
        Accounts that have no place say so in their kind.
    """
    wanted = " ".join(text.casefold().split())
    if len(wanted) < 2:
        return []
    key = SearchKey(shown.data, shown.units.version, shown.measure, wanted, only.title if only else "")
    return ws.caches[SEARCH_HITS].get_or_make(
        key, lambda: [*_zips(shown, wanted), *_cities(shown, wanted), *_accounts(ws, shown, wanted, only)]
    )


def _in_region(shown: PlanSnapshot, state: str) -> bool:
    return shown.units.region == EVERYWHERE or state in shown.units.region


def _zips(shown: PlanSnapshot, wanted: str) -> list[dict[str, Any]]:
    zipped, _ = clean_zip(wanted) if len(wanted) >= 5 else ("", False)
    known = gazetteer().zips.get(zipped)
    if known is None or not _in_region(shown, known[1]):
        return []
    return [{"kind": "ZIP", "label": f"{zipped}, {known[1]}", "lat": known[2], "lon": _east(known[3])}]


def _cities(shown: PlanSnapshot, wanted: str) -> list[dict[str, Any]]:
    city, _, state = wanted.partition(",")
    key, code = city_key(city), state.strip().upper()
    if len(key) < 2:
        return []
    hits = [
        (not name.startswith(key), -size, label, lat, lon)
        for name, of, label, lat, lon, size in _city_names()
        if key in name and _in_region(shown, of) and (not code or of.startswith(code))
    ]
    return [
        {"kind": "City", "label": label, "lat": lat, "lon": _east(lon)} for _, _, label, lat, lon in sorted(hits)[:MOST]
    ]


@cache
def _city_names() -> list[tuple[str, str, str, float, float, int]]:
    """(key, state, label, lat, lon, number of ZIPs) of every city a ZIP is named after."""
    zips = pd.read_parquet(data_dir() / "zip_points.parquet", columns=["city", "state", "lat", "lon"])
    grouped = (
        zips[zips["city"] != ""]
        .groupby(["state", "city"], as_index=False)
        .agg(lat=("lat", "mean"), lon=("lon", "mean"), n=("lat", "size"))
    )
    return [
        (city_key(c), str(s), f"{c}, {s}", float(a), float(o), int(n))
        for s, c, a, o, n in grouped[["state", "city", "lat", "lon", "n"]].itertuples(index=False)
    ]


def place_names(shown: PlanSnapshot) -> dict[str, Any]:
    """Cities of the region for the map to write, the largest first: `names`, `lat` and `lon` (degrees), `people`."""
    return _places(shown.units.region)


@lru_cache(maxsize=4)
def _places(region: tuple[str, ...]) -> dict[str, Any]:
    towns = pd.read_parquet(data_dir() / "cities.parquet", columns=["city", "state", "population", "lat", "lon"])
    towns = towns[towns["state"].isin(region)] if region != EVERYWHERE else towns
    towns = towns.sort_values("population", ascending=False, kind="stable")
    return {
        "names": towns["city"].tolist(),
        "lat": towns["lat"].round(3).tolist(),
        "lon": [round(_east(v), 3) for v in towns["lon"]],
        "people": towns["population"].tolist(),
    }


def _accounts(ws: Workspace, shown: PlanSnapshot, wanted: str, only: SegmentFilter | None) -> list[dict[str, Any]]:
    frame = shown.accounts.frame
    names = ws.caches[ACCOUNT_NAMES].get_or_make(shown.data, frame["name"].str.casefold)
    fits = (names.str.contains(wanted, regex=False) | (frame["account_id"].str.casefold() == wanted)).to_numpy()
    hit = np.flatnonzero(fits if only is None else fits & only.mask)
    if not len(hit):
        return []
    weight = frame[shown.measure].fillna(0.0).to_numpy()[hit]
    best = hit[np.lexsort((hit, -weight))][:MOST]
    codes = unit_codes(shown.accounts, shown.units)
    out = []
    for i in best.tolist():
        row = frame.iloc[i]
        told: dict[str, Any] = {"kind": "Account", "label": str(row["name"] or row["account_id"]), "row": i}
        if codes[i] >= 0:
            told["units"] = [int(codes[i])]
        elif np.isfinite(row["lat"]) and np.isfinite(row["lon"]):
            told |= {"kind": "Account outside", "lat": float(row["lat"]), "lon": _east(float(row["lon"]))}
        else:
            told["kind"] = "Account, not located"
        out.append(told)
    return out


def _east(lon: float) -> float:
    """The far Aleutians are drawn west of -180, where the other islands are."""
    return float(lon) - 360.0 if lon > 170.0 else float(lon)
