"""Which area of a layer each account lies in, and how that is known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.boundaries.layers.catalog import CITY, is_mixed, layer, national_index, parts_of
from terr.boundaries.layers.cities import city_ids
from terr.boundaries.layers.layer import Layer
from terr.boundaries.layers.regions import EVERYWHERE
from terr.errors import InputError
from terr.locate.abroad import surely_american
from terr.locate.areas import Shapes
from terr.locate.gazetteer import clean_zip, gazetteer
from terr.locate.home_countries import home_countries
from terr.locate.mixed_placing import MixedPlaces, place_on_parts
from terr.model.accounts import COUNTRY, countries_abroad
from terr.model.units import Units, noun
from terr.model.wording import distance_text
from terr.places.countries import GUESS, HOME, SOME, country_name, outside_usa
from terr.places.postal import bare_code, beginnings, whole_code
from terr.places.states import state_code

UNLOCATED = -1
"""Code of an account whose place isn't known."""
OUTSIDE = -2
"""Code of an account whose place is known, but lies in no unit of the region."""

WAYS = ("lat_lon", "zip", "city_state", "county", "id")
"""How an account came to its unit: its point, its ZIP, its city's point, its county, or an id that is the unit's."""

NEEDS = ("zip", "city", "state", "lat", "lon", "county", "located_by")
"""Columns of located accounts that `place` reads; those of `terr.model.accounts.HIDDEN` too, if they are there."""

_KEYED = ("county", "state")
_APART_KM = 100.0
"""A ZIP whose area ends farther than this from the coordinates contradicts them; those are trusted, as in `locate`."""
_ENOUGH = 0.5
"""Share of the rows whose cells must be unit ids for a column to count as the accounts' own."""
_MOST, _SOME = 0.8, 0.3
"""Share of the postal codes that must begin with an id: of digits alone, and with letters in it."""
_LONGEST_CODE = 8
_AREAS = re.compile(
    r"area|district|territor|region|zone|unit|sector|patch|gebiet|bezirk|zip|county|state", re.IGNORECASE
)
"""Words in the name of a column that may hold short numbers as ids of areas."""


@dataclass(frozen=True, eq=False)
class PlacedAccounts:
    """Where accounts lie.

    Attributes:
        codes: int32 (n,), row of the unit (or of the area, on a layer), `UNLOCATED` or `OUTSIDE`. Read-only.
        by: object (n,), one of `WAYS` where the account lies in a unit or outside, else "unlocated".
        note: object (n,), why an account isn't in any unit, or what in its row contradicts; "" = nothing to say.
    """

    codes: NDArray[np.int32]
    by: NDArray[np.object_]
    note: NDArray[np.object_]

    def __post_init__(self) -> None:
        for values in (self.codes, self.by, self.note):
            values.setflags(write=False)
        if not len(self.codes) == len(self.by) == len(self.note):
            raise InputError("places, ways and notes must come for each account")

    def __len__(self) -> int:
        return len(self.codes)

    def ways(self) -> dict[str, int]:
        """Number of accounts by way, then "outside" and "unlocated"; together all of them."""
        kind, names = pd.factorize(np.where(self.codes >= 0, self.by, ""))
        counts = dict(zip(names.tolist(), np.bincount(kind, minlength=len(names)).tolist(), strict=True))
        out = {way: int(counts.get(way, 0)) for way in WAYS}
        out["outside"] = int((self.codes == OUTSIDE).sum())
        return {**out, "unlocated": int((self.codes == UNLOCATED).sum())}

    def reasons(self) -> dict[str, int]:
        """Why accounts are unlocated -> how many, most first."""
        found = pd.Series(self.note[self.codes == UNLOCATED], dtype=object).value_counts(sort=False)
        return {str(k): int(v) for k, v in sorted(found.items(), key=lambda kv: (-kv[1], str(kv[0])))}


def place(frame: pd.DataFrame, where: Layer | Units) -> PlacedAccounts:
    """Put located accounts on the areas of a layer, or on the units of a region.

    Counties and states: by the county that `locate` found. ZIPs and ZIP3s, also in a file of one's own: by the
    account's own ZIP (with what is known of ZIPs without an area), then by coordinates, then the ZIP at the city's
    point; a county alone doesn't say which ZIP. Other areas of one's own: by coordinates, then by a column that holds
    their ids, then by the point of ZIP or city. Cities: by the ZIP. Mixed levels:
    see `terr.locate.mixed_placing.place_on_parts`.

    Args:
        frame: accounts as `locate` gives them, with the columns of `NEEDS`.
        where: a layer; or units of a level the catalog knows (counties and states: any).

    Returns:
        `Placed`; on units, what lies in the layer but not in the region is `OUTSIDE`.

    Raises:
        InputError: if a column is missing.
        LocateError: if the level isn't known.
    """
    missing = [c for c in NEEDS if c not in frame.columns]
    if missing:
        raise InputError(f"accounts can't be placed without the column(s) {', '.join(missing)}")
    if where.level in _KEYED:
        table = where.areas if isinstance(where, Layer) else where.frame
        return _keyed(frame, where.level, table["unit_id"].to_numpy(dtype=object))
    if isinstance(where, Layer):
        if is_mixed(where.level):
            return PlacedAccounts(*place_on_parts(frame, parts_of(where.level), _place_plainly))
        return _on_cities(frame, where) if where.level == CITY else _on_layer(frame, where)
    whole = layer(where.level)
    return in_region(frame, place(frame, whole), whole, where)


def _on_cities(frame: pd.DataFrame, whole: Layer) -> PlacedAccounts:
    """Each account in the city of its ZIP's area; one that is known by city and county alone in the city it names."""
    zips = layer("zip")
    found = place(frame, zips)
    ids = pd.Index(whole.areas["unit_id"])
    of_area = np.asarray(ids.get_indexer(zips.areas["unit_id"].map(whole.members)), dtype=np.int32)
    codes = np.where(found.codes >= 0, of_area[np.maximum(found.codes, 0)], found.codes)
    by_name = np.flatnonzero((found.by == "city_state") & (frame["county"] != "").to_numpy())
    named = ids.get_indexer(city_ids(frame["county"].iloc[by_name], frame["city"].iloc[by_name]))
    codes[by_name] = np.where(named >= 0, named, codes[by_name])
    note = found.note.copy()
    note[(codes == UNLOCATED) & (frame["located_by"] == "county").to_numpy()] = (
        f"a county alone doesn't say which {noun(CITY, 1)} it is"
    )
    return PlacedAccounts(codes.astype(np.int32), found.by.copy(), note)


def _place_plainly(frame: pd.DataFrame, whole: Layer) -> MixedPlaces:
    found = place(frame, whole)
    return MixedPlaces(found.codes, found.by, found.note)


def in_region(frame: pd.DataFrame, found: PlacedAccounts, whole: Layer, where: Units) -> PlacedAccounts:
    """What lies in a layer, by the units of a region of it: see `place`, which this is the second half of.

    Args:
        frame: accounts.
        found: `place(frame, whole)`.
        whole: the layer that `where` was cut from.
        where: the units.
    """
    code = np.full(len(whole) + 2, OUTSIDE, dtype=np.int32)
    code[UNLOCATED] = UNLOCATED  # the last two cells are those of -2 and -1
    code[national_index(where)] = np.arange(len(where), dtype=np.int32)
    codes, by, note = code[found.codes], found.by.copy(), found.note.copy()
    if where.region != EVERYWHERE:  # which unit isn't known, but it is one of another state
        county = frame["county"].to_numpy(dtype=object)
        away = (codes == UNLOCATED) & (county != "") & ~frame["state"].isin(where.region).to_numpy()
        codes[away], by[away], note[away] = OUTSIDE, "county", ""
    return PlacedAccounts(codes, by, note)


def _keyed(frame: pd.DataFrame, level: str, ids: NDArray[np.object_]) -> PlacedAccounts:
    located = frame["county"].to_numpy(dtype=object) != ""
    keyed = np.where(located, frame[level].to_numpy(dtype=object), "")
    # few distinct counties stand behind many accounts, so looking up is done once for each
    index, distinct = pd.factorize(keyed)
    keys = pd.Index(distinct, dtype=object)
    found = pd.Index(ids).get_indexer(keys)
    found = np.where(found < 0, np.where(keys == "", UNLOCATED, OUTSIDE), found)
    # factorize gives -1 for a missing value, which picks the last cell
    codes = np.append(found, UNLOCATED).astype(np.int32)[index]
    by = frame["located_by"].to_numpy(dtype=object).copy()
    by[codes == UNLOCATED] = "unlocated"
    note = np.full(len(frame), "", dtype=object)
    lost = codes == UNLOCATED
    note[lost] = _why_lost(frame, lost)
    return PlacedAccounts(codes, by, note)


class _Work:
    """Accounts on their way to the areas of a layer."""

    def __init__(self, frame: pd.DataFrame, whole: Layer) -> None:
        n = len(frame)
        self.frame, self.whole = frame, whole
        self.shapes = Shapes(whole.areas.geometry.to_numpy())
        self.row = np.full(n, UNLOCATED, dtype=np.int32)
        self.by = np.full(n, "unlocated", dtype=object)
        self.note = np.full(n, "", dtype=object)
        self.way = frame["located_by"].to_numpy(dtype=object)
        self.lat = frame["lat"].to_numpy(dtype=np.float64)
        self.lon = frame["lon"].to_numpy(dtype=np.float64)
        # areas that all lie in the USA have nothing of other countries, whatever their codes look like
        self.american = bool((whole.areas["state"] != "").all())
        self.shut = np.asarray(countries_abroad(frame) != "", dtype=np.bool_) & self.american
        # and areas that all lie abroad have nothing of the USA, or of other countries than theirs, by their codes
        abroad = bool((whole.areas["state"] == "").all())
        self.foreign = self._elsewhere() if abroad else np.full(n, "", dtype=object)
        self.home = (self._at_home() | (self.foreign != "")) if abroad else np.zeros(n, dtype=np.bool_)

    @property
    def open(self) -> NDArray[np.bool_]:
        return np.asarray((self.row < 0) & ~self.shut, dtype=np.bool_)

    def _at_home(self) -> NDArray[np.bool_]:
        """Accounts in the USA, by what the file says or by a city where the ZIP is: no other country's code."""
        said = np.zeros(len(self.frame), dtype=np.bool_)
        if COUNTRY in self.frame.columns:
            said = (self.frame[COUNTRY] == HOME).to_numpy(dtype=np.bool_, copy=True)
        rows = np.flatnonzero(~said & (countries_abroad(self.frame) == "") & (self.way == "zip"))
        said[rows] = surely_american(self.frame["zip"].iloc[rows], self.frame["city"].iloc[rows])
        return said

    def _elsewhere(self) -> NDArray[np.object_]:
        """Two letters of accounts whose row names a country that none of the areas lies in, "" for the others."""
        named = countries_abroad(self.frame).astype(str).astype(object)
        words = {w for w in np.unique(named.astype(str)).tolist() if w and not w.endswith(GUESS) and w != SOME}
        if not words:
            return np.full(len(named), "", dtype=object)
        homes = home_countries(self.shapes)
        other = [w for w in words if homes and w not in homes]
        return np.where(np.isin(named.astype(str), other), named, "")

    def take(self, rows: NDArray[np.int64], found: NDArray[np.int64], by: str) -> None:
        """Accounts (positions) with their areas; those with -1 stay open."""
        good = found >= 0
        self.row[rows[good]] = found[good]
        self.by[rows[good]] = by

    def at_point(
        self, rows: NDArray[np.int64], lat: NDArray[np.float64], lon: NDArray[np.float64], by: str, shore: bool = True
    ) -> None:
        """Accounts (positions) by their points; a point in no area makes an account one outside of all."""
        found, km = self.shapes.at(lat, lon, shore=shore)
        self.take(rows, found, by)
        off = np.flatnonzero((found >= 0) & (km > 0))
        names = self.whole.areas["label"].to_numpy(dtype=object)
        for k in off.tolist():
            self._add(int(rows[k]), f"the point lies {distance_text(km[k])} outside; {names[found[k]]} was used")
        out = rows[found < 0]
        self.row[out], self.by[out] = OUTSIDE, by
        self.note[out] = f"its point lies in no area of {self.whole.title}"

    def _add(self, row: int, text: str) -> None:
        self.note[row] = f"{self.note[row]}; {text}" if self.note[row] else text

    def done(self) -> PlacedAccounts:
        lost = self.row == UNLOCATED
        for code in {str(c) for c in self.foreign[lost]} - {""}:
            self.note[lost & (self.foreign == code)] = (
                f"its country, {country_name(code)}, isn't that of {self.whole.title}"
            )
        silent = lost & (self.note == "")
        self.note[silent] = _why_lost(self.frame, silent)
        return PlacedAccounts(self.row, self.by, self.note)


def _on_layer(frame: pd.DataFrame, whole: Layer) -> PlacedAccounts:
    work = _Work(frame, whole)
    if whole.level.startswith("zip"):
        _by_zip(work)
        _point(work, "zip")
        _point(work, "lat_lon")
    else:
        if whole.members is not None:  # its areas are ZIPs
            _by_zip(work)
        _by_coordinates(work)
        _by_id(work)
        _by_postal_code(work)
        _point(work, "zip")
    _point(work, "city_state")
    alone = (work.row == UNLOCATED) & (work.way == "county")
    work.note[alone] = f"a county alone doesn't say which {noun(whole.level, 1)} it is"
    return work.done()


def _point(work: _Work, way: str) -> None:
    """What `locate` found this way, and has no area yet, by the point `locate` gave it."""
    rows = np.flatnonzero((work.row == UNLOCATED) & (work.way == way) & np.isfinite(work.lat) & np.isfinite(work.lon))
    if len(rows):
        work.at_point(rows, work.lat[rows], work.lon[rows], way)


def _by_zip(work: _Work) -> None:
    """By the account's own ZIP, unless `locate` had reason not to trust it."""
    g, areas = gazetteer(), work.whole.areas
    index, texts = pd.factorize(work.frame["zip"])
    cleaned = [clean_zip(str(t))[0] for t in texts]
    area = _area_of_zip(work.whole, cleaned)
    known = np.array([z in g.zips and g.zips[z][0] >= 0 for z in cleaned], dtype=np.bool_)
    home = np.append(areas["state"].to_numpy(dtype=object), "")[area]
    # missing cells have the index -1, which picks the cell appended here
    area, known, home = np.append(area, -1)[index], np.append(known, False)[index], np.append(home, "")[index]

    near = np.ones(len(index), dtype=np.bool_)
    pointed = np.flatnonzero((work.way == "lat_lon") & (area >= 0))
    km = _apart(work, pointed, area[pointed])
    near[pointed] = km <= _APART_KM
    state = _states(work.frame["state"])
    trusted = (work.way == "zip") | ((work.way == "lat_lon") & near)
    trusted |= ~known & np.isin(work.way, ("city_state", "county", "unlocated")) & ((state == "") | (state == home))
    rows = np.flatnonzero(trusted & (area >= 0) & ~work.shut)
    work.take(rows, area[rows], "zip")
    for k in np.flatnonzero(km > _APART_KM).tolist():
        r = int(pointed[k])
        text = cleaned[index[r]]
        work._add(
            r,
            f"ZIP and coordinates disagree: ZIP {text} is {distance_text(km[k])} or more away; the coordinates were "
            "used",
        )


def _area_of_zip(whole: Layer, zips: list[str]) -> NDArray[np.int64]:
    """Row of the area each clean ZIP belongs to, -1 = none; a ZIP3 is known by the first digits of any of its ZIPs."""
    ids = pd.Index(whole.areas["unit_id"].to_numpy(dtype=object))
    words = pd.Index(zips, dtype=object)
    out = np.asarray(ids.get_indexer(words), dtype=np.int64)
    if whole.members is not None:
        at = np.asarray(whole.members.index.get_indexer(words), dtype=np.int64)
        unit = np.append(whole.members.to_numpy(dtype=object), "")[at]
        listed = np.asarray(ids.get_indexer(pd.Index(unit, dtype=object)), dtype=np.int64)
        out = np.where(listed >= 0, listed, out)
    if whole.level.startswith("zip3"):
        first = np.asarray(ids.get_indexer(pd.Index([z[:3] or " " for z in zips], dtype=object)), dtype=np.int64)
        out = np.where(out >= 0, out, first)
    return out


def _apart(work: _Work, rows: NDArray[np.int64], area: NDArray[np.int64]) -> NDArray[np.float64]:
    """Great-circle km from each account's coordinates to the area, taken as a circle about its point."""
    lat, lon, size = (work.whole.areas[c].to_numpy(dtype=np.float64)[area] for c in ("lat", "lon", "area_km2"))
    a, b = np.radians(work.lat[rows]), np.radians(lat)
    half = np.sin((a - b) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(work.lon[rows] - lon) / 2) ** 2
    km = 2 * 6371.0 * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))) - 2 * np.sqrt(size / np.pi)
    out: NDArray[np.float64] = np.maximum(km, 0.0)
    return out


def _by_coordinates(work: _Work) -> None:
    """By coordinates as the file gave them, anywhere on Earth."""
    lat, lon = work.lat.copy(), work.lon.copy()
    own = np.isin(work.way, ("lat_lon", "unlocated"))
    if "given_lat" in work.frame.columns:
        given = [work.frame[c].to_numpy(dtype=np.float64) for c in ("given_lat", "given_lon")]
        kept = np.isfinite(given[0]) & np.isfinite(given[1])
        lat[kept], lon[kept] = given[0][kept], given[1][kept]
        own |= kept
    usable = (
        own & ~work.shut & (work.row == UNLOCATED) & np.isfinite(lat) & np.isfinite(lon) & ~((lat == 0) & (lon == 0))
    )
    rows = np.flatnonzero(usable & (np.abs(lat) <= 90) & (np.abs(lon) <= 180))
    work.at_point(rows, lat[rows], lon[rows], "lat_lon")
    swapped = np.flatnonzero(usable & work.open & (work.way != "lat_lon") & (np.abs(lon) <= 90) & (np.abs(lat) <= 180))
    found, _ = work.shapes.at(lon[swapped], lat[swapped], shore=False)
    work.take(swapped, found, "lat_lon")
    work.note[swapped[found >= 0]] = "latitude and longitude were swapped"


def _by_id(work: _Work) -> None:
    """By the column whose cells are the areas' ids, if there is one; where the point is in no area too."""
    todo = np.flatnonzero(work.open)
    if not len(todo):
        return
    ids = work.whole.areas["unit_id"].to_numpy(dtype=object)
    exact, loose = pd.Index(ids), pd.Index([str(v).strip().casefold() for v in ids], dtype=object)
    best, least = np.zeros(0, dtype=np.int64), _ENOUGH
    anybodys = all(str(v).isdigit() and len(str(v)) < 4 for v in ids)  # 1, 2, 3 are also ratings and priorities
    for column in work.frame.columns:
        values = work.frame[column]
        if column in {"account_id", "name", "owner", "located_by"} or pd.api.types.is_numeric_dtype(values):
            continue
        if anybodys and not _AREAS.search(str(column)):
            continue
        index, words = pd.factorize(values)
        texts = [str(w).strip() for w in words]
        tries: list[Callable[[str], str]] = [str, lambda t: clean_zip(t)[0]] if column == "zip" else [str]
        for reading in tries:
            read = [reading(t) for t in texts]
            hit = exact.get_indexer(pd.Index(read, dtype=object))
            if loose.is_unique:
                hit = np.where(hit >= 0, hit, loose.get_indexer(pd.Index([t.casefold() for t in read], dtype=object)))
            found = np.append(hit, -1).astype(np.int64)[index]
            if column == "zip":
                found[work.home] = -1
            share = max(float((found >= 0).mean()), float((found[todo] >= 0).mean()))
            if share >= least and (share > least or not len(best)):
                best, least = found, share
    if len(best):
        hit = todo[best[todo] >= 0]
        work.note[hit] = ""
        work.take(hit, best[hit], "id")


def _by_postal_code(work: _Work) -> None:
    """By the longest id that begins the account's postal code, where the areas are called as such codes begin.

    Areas in the USA have ZIPs, which are looked up. Ids of digits alone may be anything: most codes must fit them.
    """
    todo = np.flatnonzero(work.open & (work.row == UNLOCATED) & ~work.home)
    ids = [bare_code(str(v)) for v in work.whole.areas["unit_id"]]
    row = {code: k for k, code in enumerate(ids)}
    digits = all(v.isdigit() for v in ids)
    postal = sum(any(c.isdigit() for c in v) and len(v) <= _LONGEST_CODE for v in ids) >= _ENOUGH * len(ids)
    if not len(todo) or work.american or not postal or len(row) < len(ids) or (digits and max(map(len, ids)) < 2):
        return
    country = countries_abroad(work.frame).astype(str)
    index, cells = pd.factorize(pd.MultiIndex.from_arrays([work.frame["zip"].to_numpy(dtype=object), country]))
    known = [(str(text), str(where).rstrip("?")) for text, where in cells]
    lengths = Counter(len(c) for text, _ in known if (c := bare_code(text)).isdigit())
    length, often = max(lengths.items(), default=(0, 0))
    usual = length if 2 * often >= sum(lengths.values()) else 0
    codes = [whole_code(text, where, usual) for text, where in known]
    area = np.array([next((row[b] for b in beginnings(c) if b in row), -1) for c in codes], dtype=np.int64)
    written = np.array([c != "" for c in codes], dtype=np.bool_)[index] & ~work.home
    found = area[index]
    if not written.any() or (found[written] >= 0).mean() < (_MOST if digits else _SOME):
        return
    rows = todo[found[todo] >= 0]
    work.note[rows] = ""
    work.take(rows, found[rows], "zip")
    padded = np.array([c != bare_code(text) for c, (text, _) in zip(codes, known, strict=True)], dtype=np.bool_)
    for r in rows[padded[index[rows]]].tolist():
        work._add(r, f"postal code {known[index[r]][0].strip()} read as {codes[index[r]]}")


def _states(column: pd.Series) -> NDArray[np.object_]:
    """Two-letter codes of states as written, "" where there is none."""
    index, words = pd.factorize(column)
    codes: NDArray[np.object_] = np.array([state_code(str(w)) for w in words] + [""], dtype=object)
    out: NDArray[np.object_] = codes[index]
    return out


def _why_lost(frame: pd.DataFrame, lost: NDArray[np.bool_]) -> NDArray[np.object_]:
    """A reason for each account that is `lost`: what `locate` noted, else what its row lacks."""
    part = frame[lost]
    blank = {c: part[c].to_numpy(dtype=object) == "" for c in ("zip", "city", "county", "state")}
    pointless = ~(np.isfinite(part["lat"].to_numpy(np.float64)) & np.isfinite(part["lon"].to_numpy(np.float64)))
    out = np.full(len(part), "its place isn't known: check ZIP, city, state and country", dtype=object)
    out[~pointless] = "its coordinates lie outside the 50 states and DC, and nothing else tells its place"
    out[pointless & ~blank["city"] & blank["zip"]] = "its city isn't known in its state, and its ZIP is blank"
    out[pointless & ~blank["zip"]] = "its ZIP isn't known, or isn't one of its state or country"
    out[pointless & blank["zip"] & blank["city"] & blank["county"]] = "coordinates, ZIP, city and county are blank"
    country = countries_abroad(part)
    for code in np.unique(country[country != ""]).tolist():
        out[country == code] = outside_usa(code)
    return out
