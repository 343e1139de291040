"""Finds the county of each account, and says how."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from terr.errors import InputError
from terr.locate.former_counties import BY_CODE, BY_NAME
from terr.locate.gazetteer import Gazetteer, city_key, clean_zip, county_key, gazetteer
from terr.locate.town_names import city_keys, county_words, split_state
from terr.model.accounts import countries_abroad
from terr.model.progress import UNWATCHED, Progress
from terr.model.wording import distance_text
from terr.places.countries import outside_usa
from terr.places.states import is_military, state_code

NEEDS = ("zip", "city", "state", "lat", "lon", "county")
"""Columns that `locate` reads."""

SHORE_KM = 10.0
"""How far off a county's outline a point may lie and still belong to it, in km (simplified coasts, ports)."""

_SHORE_DEG = 0.26  # SHORE_KM of longitude at 70 degrees north
_GEOD = Geod(ellps="GRS80")


def _points(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.object_]:
    """Points as the file draws them: the last Aleutians, beyond the 180th meridian, lie below -180 there."""
    return np.asarray(shapely.points(np.where((lon > 170) & (lat > 45), lon - 360.0, lon), lat), dtype=object)


def _polygon_hits(g: Gazetteer, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row of the county each point lies in, -1 for none; NaN lies nowhere. A border point takes the smaller id."""
    out = np.full(len(lat), -1, dtype=np.int64)
    points = _points(lat, lon)
    point, county = g.tree.query(points, predicate="intersects")
    order = np.argsort(-county, kind="stable")
    out[point[order]] = county[order]
    return out


def _near_hits(
    g: Gazetteer, lat: NDArray[np.float64], lon: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Row of the nearest county within `SHORE_KM` of each point (-1 for none) and the distance in km."""
    out, best = np.full(len(lat), -1, dtype=np.int64), np.full(len(lat), np.inf)
    points = _points(lat, lon)
    point, county = g.tree.query(points, predicate="dwithin", distance=_SHORE_DEG)
    if len(point):
        ends = shapely.get_coordinates(shapely.shortest_line(points[point], g.tree.geometries[county])).reshape(-1, 4)
        _, _, metres = _GEOD.inv(ends[:, 0], ends[:, 1], ends[:, 2], ends[:, 3])
        km = np.asarray(metres) / 1000.0
        for k in np.lexsort((-county, -km)):
            out[point[k]], best[point[k]] = county[k], km[k]
    return np.where(best <= SHORE_KM, out, -1), best


class _Found(NamedTuple):
    """One answer of a look-up: a county's row or -1, a point to draw, and what the reader should know."""

    county: int
    lat: float = math.nan
    lon: float = math.nan
    note: str = ""


@dataclass
class _AccountRows:
    """What is known about each row while it is being located; all arrays have one entry per row."""

    county: NDArray[np.int64]
    by: NDArray[np.object_]
    lat: NDArray[np.float64]
    lon: NDArray[np.float64]
    notes: list[list[str]]
    abroad: NDArray[np.bool_]

    def take(self, rows: NDArray[np.int64], county: NDArray[np.int64], by: str) -> None:
        self.county[rows] = county
        self.by[rows] = by

    def look_up(self, by: str, texts: Sequence[NDArray[np.object_]], look: Callable[..., _Found]) -> None:
        """Asks `look` once per distinct combination of texts of the rows not located yet."""
        todo = np.flatnonzero((self.county < 0) & ~self.abroad)
        if not len(todo):
            return
        code = np.zeros(len(todo), dtype=np.int64)
        for column in texts:
            own, _ = pd.factorize(column[todo])
            code, _ = pd.factorize(code * (int(own.max()) + 1) + own)
        _, first = np.unique(code, return_index=True)
        answers = [look(*(str(column[todo[k]]) for column in texts)) for k in first]
        county = np.array([a.county for a in answers])[code]
        good = county >= 0
        self.take(todo[good], county[good], by)
        self.lat[todo[good]] = np.array([a.lat for a in answers])[code[good]]
        self.lon[todo[good]] = np.array([a.lon for a in answers])[code[good]]
        has = np.array([a.note != "" for a in answers])[code]
        for r, k in zip(todo[has].tolist(), code[has].tolist(), strict=True):
            self.notes[r].append(answers[k].note)

    def note(self, rows: NDArray[np.int64], text: Callable[[int], str]) -> None:
        for r in rows.tolist():
            self.notes[r].append(text(r))


def _by_point(g: Gazetteer, rows: _AccountRows, state: NDArray[np.object_], given: NDArray[np.object_]) -> None:
    lat, lon = rows.lat, rows.lon
    there = (np.isfinite(lat) | np.isfinite(lon)) & ~rows.abroad
    zero = (lat == 0) & (lon == 0)
    usable = there & np.isfinite(lat) & np.isfinite(lon) & ~zero
    fits = usable & (np.abs(lat) <= 90) & (np.abs(lon) <= 180)
    where = np.flatnonzero(fits)
    hit = np.full(len(lat), -1, dtype=np.int64)
    hit[where] = _polygon_hits(g, lat[where], lon[where])

    def retry(at: NDArray[np.int64], new_lat: NDArray[np.float64], new_lon: NDArray[np.float64], agree: bool) -> None:
        found = _polygon_hits(g, new_lat, new_lon)
        good = found >= 0
        if agree:
            good[good] &= g.county_state[found[good]] == state[at[good]]
        old = {int(r): (float(lat[r]), float(lon[r])) for r in at[good]}
        hit[at[good]], lat[at[good]], lon[at[good]] = found[good], new_lat[good], new_lon[good]
        what = "longitude had lost its minus sign" if agree else "latitude and longitude were swapped"
        rows.note(at[good], lambda r: f"{what}: read ({old[r][0]:g}, {old[r][1]:g}) as ({lat[r]:g}, {lon[r]:g})")

    left = np.flatnonzero(usable & (hit < 0) & (np.abs(lat) <= 180) & (np.abs(lon) <= 90))
    retry(left, lon[left].copy(), lat[left].copy(), agree=False)
    left = np.flatnonzero(fits & (hit < 0) & (lon > 0))
    retry(left, lat[left].copy(), -lon[left], agree=True)

    # Close to a border, a row that names a place abroad is abroad.
    left = np.flatnonzero(fits & (hit < 0) & ((state != "") | (given == "")))
    near, km = _near_hits(g, lat[left], lon[left])
    close = near >= 0
    hit[left[close]] = near[close]
    off = dict(zip(left[close].tolist(), km[close].tolist(), strict=True))
    rows.note(left[close], lambda r: f"the point lies {distance_text(off[r])} outside; {g.label[hit[r]]} was used")

    found = np.flatnonzero(hit >= 0)
    rows.take(found, hit[found], "lat_lon")
    astray = found[(state[found] != "") & (state[found] != g.county_state[hit[found]])]
    rows.note(astray, lambda r: f"the coordinates lie in {g.label[hit[r]]}, the row says {state[r]}")

    rows.note(np.flatnonzero(there & zero), lambda _: "the coordinates are (0, 0)")
    half = np.flatnonzero(there & ~usable & ~zero)
    rows.note(half, lambda _: "only one of latitude and longitude can be read")
    rows.note(np.flatnonzero(usable & (hit < 0) & ~fits), lambda r: f"no place has coordinates {_at(lat[r], lon[r])}")
    out = np.flatnonzero(fits & (hit < 0))
    rows.note(out, lambda r: f"the coordinates {_at(lat[r], lon[r])} lie outside the 50 states and DC")


def _at(lat: float, lon: float) -> str:
    return f"({lat:g}, {lon:g})"


def _cut(text: str) -> str:
    """A cell as shown in a note: one line, at most 40 characters."""
    word = " ".join(text.split())
    return word if len(word) <= 40 else word[:37] + "..."


def _by_zip(g: Gazetteer, text: str, state: str, given: str, city: str) -> _Found:
    if not text:
        return _Found(-1)
    code, short = clean_zip(text)
    if not code:
        return _Found(-1, note=f'"{_cut(text)}" is not a US ZIP')
    if code not in g.zips:
        return _Found(-1, note=f"ZIP {_cut(text)} is not known")
    county, home, lat, lon = g.zips[code]
    if county < 0:
        return _Found(-1, note=f"ZIP {code} is a military or overseas address")
    if given and not state and g.cities.get((home, city_key(city)), (-1,))[0] != county:
        return _Found(-1, note=f'ZIP {code} is in {home}, but "{_cut(given)}" is not one of the 50 states or DC')
    if short and given and state != home:
        return _Found(-1, note=f"ZIP {_cut(text)} would be {code} in {home}, but the row says {_cut(given)}")
    notes = [f"ZIP {_cut(text)} read as {code}"] if short else []
    if given and state != home:
        notes.append(f"ZIP {code} is in {home}, the row says {_cut(given)}")
    return _Found(county, lat, lon, "; ".join(notes))


def _with_state(text: str, state: str, given: str) -> tuple[str, str]:
    """ "Austin, TX" with a blank state is Austin and TX."""
    if not given:
        head, found = split_state(text)
        if found:
            return head, found
    return text, state


def _by_city(g: Gazetteer, city: str, state: str, given: str) -> _Found:
    name, code = _with_state(city, state, given)
    if not city_key(name) or not code:
        return _Found(-1)
    hit = next((g.cities[code, k] for k in city_keys(name, code) if (code, k) in g.cities), None)
    if hit is None:
        return _Found(-1, note=f"the city {_cut(name)}, {code} is not known")
    return _Found(*hit)


def _by_county(g: Gazetteer, text: str, state: str, given: str) -> _Found:
    if not text:
        return _Found(-1)
    number = re.fullmatch(r"(\d{4,5})(?:\.0)?", text)
    name, code = _with_state(text, state, given)
    key = number[1].zfill(5) if number else county_key(county_words(name))
    row = g.row.get(key, -1) if number else g.counties.get((code, key), -1)
    former = (BY_CODE.get(key) if number else BY_NAME.get((code, key))) if row < 0 else None
    if former is not None:
        row = g.row[former.now]
    if row < 0:
        why = "needs a state" if not number and not code else "is not known"
        return _Found(-1, note=f"the county {_cut(name)} {why}")
    home = str(g.county_state[row])
    note = f"the county lies in {home}, the row says {_cut(given)}" if given and home != state else ""
    if former is not None and former.divided:
        note = f"{_cut(name)} was divided; {g.label[row]}, where most of it is, was used: a ZIP or city would tell"
    return _Found(row, float(g.points[row, 0]), float(g.points[row, 1]), note)


def _texts(frame: pd.DataFrame, column: str) -> NDArray[np.object_]:
    """A column as stripped strings, "" where nothing is known."""
    code, words = pd.factorize(frame[column])
    out = np.array(["" if pd.isna(w) else str(w).strip() for w in words] + [""], dtype=object)
    return np.asarray(out[code], dtype=object)


_BLANKS = {
    (True, True, True): "ZIP, city and state are blank",
    (True, True, False): "ZIP and city are blank",
    (True, False, True): "ZIP and state are blank",
    (True, False, False): "ZIP is blank",
    (False, True, True): "city and state are blank",
    (False, True, False): "city is blank",
    (False, False, True): "state is blank",
}


def locate(frame: pd.DataFrame, progress: Progress = UNWATCHED) -> pd.DataFrame:
    """Finds the county of each account.

    A row whose `given_country` isn't blank lies outside the USA and isn't looked for. Of the others it trusts, in this
    order: coordinates (point in polygon; swapped ones are repaired, a point up to `SHORE_KM` outside
    goes to the nearest county), ZIP (also ZIP+4, nine digits, lost leading zeros where the state agrees), city and
    state (the county of most of the city's ZIPs), county by name and state or by its number.

    Args:
        frame: accounts with the columns of `NEEDS` (text, "" where unknown; `lat`, `lon` float degrees, NaN where
            unknown) and any others; `given_country`, if it is there, is the two-letter country of rows outside the USA.
        progress: told how far it is.

    Returns:
        A copy with the same rows, order and index. `county` is a 5-digit code or "", `state` the two-letter state of
        that county (as given where unlocated), `located_by` one of terr.model.accounts.LOCATED_BY, `locate_note` what
        was repaired, contradicts, or is missing ("" if nothing). `lat`, `lon` of rows located otherwise become the
        point of their ZIP, city or county, so that they can be drawn; if one of them came with coordinates outside the
        50 states and DC, all rows get `given_lat`, `given_lon`, which hold those coordinates and NaN elsewhere.

    Raises:
        InputError: if a column is missing.
        StoppedError: if the person stopped it.
    """
    missing = [c for c in NEEDS if c not in frame.columns]
    if missing:
        raise InputError(f"accounts can't be located without the column(s) {', '.join(missing)}")
    progress.tell(0.0, "finding the places")
    g = gazetteer()
    zips, city, given, county = (_texts(frame, c) for c in ("zip", "city", "state", "county"))
    code, words = pd.factorize(given)
    state = np.array([state_code(str(w)) for w in words] + [""], dtype=object)[code]
    n = len(frame)
    country = countries_abroad(frame)
    rows = _AccountRows(
        county=np.full(n, -1, dtype=np.int64),
        by=np.full(n, "unlocated", dtype=object),
        lat=pd.to_numeric(frame["lat"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan, copy=True),
        lon=pd.to_numeric(frame["lon"], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan, copy=True),
        notes=[[] for _ in range(n)],
        abroad=country != "",
    )
    rows.note(np.flatnonzero(rows.abroad), lambda r: outside_usa(country[r]))
    given_lat, given_lon = rows.lat.copy(), rows.lon.copy()
    _by_point(g, rows, state, given)
    progress.tell(0.4, "finding the places by ZIP and city")
    unclear = np.where((given != "") & (state == ""), city, "")
    rows.look_up("zip", (zips, state, given, unclear), lambda *t: _by_zip(g, *t))
    rows.look_up("city_state", (city, state, given), lambda *t: _by_city(g, *t))
    rows.look_up("county", (county, state, given), lambda *t: _by_county(g, *t))

    progress.tell(0.8, "noting what wasn't found")
    lost = np.flatnonzero((rows.county < 0) & ~rows.abroad)
    for r in lost.tolist():
        blank = _BLANKS.get((zips[r] == "", city[r] == "", given[r] == ""), "")
        unknown = f'"{_cut(given[r])}" is not one of the 50 states or DC' if given[r] and not state[r] else ""
        if is_military(given[r], city[r]):
            rows.notes[r] = ["a military address (APO, FPO or DPO), which lies in no state"]
            continue
        told = " ".join(rows.notes[r])
        rows.notes[r] += [t for t in (blank, unknown) if t and t not in told]
    found = rows.county >= 0
    out = frame.copy()
    out["lat"], out["lon"] = rows.lat, rows.lon
    out["county"] = np.where(found, g.geoid[rows.county], "").astype(object)
    out["state"] = np.where(found, g.county_state[rows.county], given).astype(object)
    out["located_by"] = rows.by
    out["locate_note"] = np.array(["; ".join(t) for t in rows.notes], dtype=object)
    # a point abroad means nothing to counties, but may lie in areas of one's own
    abroad = found & (rows.by != "lat_lon") & (np.abs(given_lat) <= 90) & (np.abs(given_lon) <= 180)
    abroad &= (given_lat != 0) | (given_lon != 0)
    if abroad.any():
        out["given_lat"] = np.where(abroad, given_lat, np.nan)
        out["given_lon"] = np.where(abroad, given_lon, np.nan)
    return out
