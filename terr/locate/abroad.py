"""Accounts that look to lie outside the USA although no column names their country."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.locate.gazetteer import Gazetteer, city_key, clean_zip, gazetteer, normalized_name
from terr.locate.town_names import city_keys
from terr.places.postal import foreign_form
from terr.places.states import is_military, state_code, territory_code

_TERRITORY_ZIPS = {"006": "PR", "007": "PR", "008": "VI", "009": "PR", "969": "GU"}
_SURE_ZIPS = 5
"""So many different codes of four digits that all are ZIPs without their zero are no other country's."""
_NEAR_KM = 80.0
"""A city farther than this from the point of the row's ZIP isn't the city that the ZIP means."""


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    """Normalized name of a city outside the USA -> the country of the largest of that name."""
    table = _table().drop_duplicates("key")
    return dict(zip(table["key"].to_numpy(dtype=object), table["country"].to_numpy(dtype=object), strict=True))


@lru_cache(maxsize=1)
def foreign_places() -> dict[tuple[str, str], tuple[float, float]]:
    """Country and normalized name of a city outside the USA -> degrees north and east of the largest of that name."""
    t = _table()
    keys = zip(t["country"].to_numpy(dtype=object), t["key"].to_numpy(dtype=object), strict=True)
    return dict(zip(keys, zip(t["lat"].tolist(), t["lon"].tolist(), strict=True), strict=True))


def _table() -> pd.DataFrame:
    return pd.read_parquet(Path(__file__).resolve().parents[2] / "data" / "foreign_cities.parquet")


def looks_abroad(zips: pd.Series, city: pd.Series, state: pd.Series) -> NDArray[np.object_]:
    """The country each row looks to lie in; "" where it may well be in the USA.

    Two things tell: a code that no US ZIP looks like ("M5V 3L9"), or a city known abroad that isn't known where the
    row's state, or its ZIP without a state, would put it ("Paris" with 75001, which is near Dallas). A city that is
    known in its state, and a ZIP of the row's own state, are American whatever else the row says.

    Args:
        zips, city, state: text, "" where blank; of the same length.

    Returns:
        object (n,), two letters or "".
    """
    out = np.full(len(zips), "", dtype=object)
    form, named = _each(zips, foreign_form), _each(city, lambda c: _cities().get(normalized_name(c), "") if c else "")
    maybe = np.flatnonzero((form != "") | (named != ""))
    if not len(maybe):
        return out
    g = gazetteer()
    # most rows of such a name are settled by city and state, of which there are few
    rows = pd.DataFrame({"c": city.iloc[maybe], "s": state.iloc[maybe]}).astype(object)
    code, pairs = pd.factorize(pd.MultiIndex.from_frame(rows))
    left = maybe[~np.array([_in_its_state(g, str(c), str(s)) for c, s in pairs], dtype=np.bool_)[code]]
    rows = pd.DataFrame({"z": zips.iloc[left], "c": city.iloc[left], "s": state.iloc[left]}).astype(object)
    code, triples = pd.factorize(pd.MultiIndex.from_frame(rows))
    left = left[~np.array([_american(g, str(z), str(c), str(s)) for z, c, s in triples], dtype=np.bool_)[code]]
    out[left] = np.where(form[left] != "", form[left], named[left])
    return out


def four_digits(zips: pd.Series, city: pd.Series, state: pd.Series) -> tuple[NDArray[np.bool_], int, int]:
    """Rows whose code of four digits may be Australia's, Norway's, ... where a column of codes has nothing but such.

    Four digits may also be a ZIP of the Northeast that lost its zero. A state or a city at the ZIP tells that, and so
    do codes that all are such ZIPs: of all numbers of four digits, only two in five are.

    Args:
        zips, city, state: text, "" where blank, of rows whose country isn't known; of the same length.

    Returns:
        bool (n,); how many different codes these rows have, and how many of those are ZIPs without their zero.
    """
    none = np.zeros(len(zips), dtype=np.bool_), 0, 0
    code, words = pd.factorize(zips)
    four = np.array([len(w) == 4 and w.isdigit() for w in map(str, words)] + [False], dtype=np.bool_)
    if not four.any() or any(str(w) and not f for w, f in zip(words, four[:-1], strict=True)):
        return none
    at = np.flatnonzero(four[code])
    if (state.iloc[at] != "").any():
        return none
    at = at[~surely_american(zips.iloc[at], city.iloc[at])]
    codes = {str(z) for z in zips.iloc[at].unique()}
    known = sum(z.zfill(5) in gazetteer().zips for z in codes)
    if not codes or (known == len(codes) and len(codes) >= _SURE_ZIPS):
        return none
    rows = none[0].copy()
    rows[at] = True
    return rows, len(codes), known


def _each(column: pd.Series, read: Callable[[str], str]) -> NDArray[np.object_]:
    """A column read, each different cell once."""
    index, words = pd.factorize(column)
    return np.asarray(np.array([read(str(w)) for w in words] + [""], dtype=object)[index], dtype=object)


def _in_its_state(g: Gazetteer, city: str, state: str) -> bool:
    """Whether a city is known in the row's state, or the row names a territory or military mail."""
    code = state_code(state)
    if territory_code(state) or is_military(state, city):
        return True
    return bool(code) and any((code, k) in g.cities for k in city_keys(city, code))


def _american(g: Gazetteer, zip_text: str, city: str, state: str) -> bool:
    """Whether a row whose city isn't known in its state reads as one place in the USA all the same, by its ZIP."""
    code, key = state_code(state), city_key(city)
    zipped = g.zips.get(clean_zip(zip_text)[0])
    if zipped is None:
        return False
    _, home, lat, lon = zipped
    if state or not city:
        return home == code or not state
    found = g.cities.get((home, key))
    return found is not None and _km(lat, lon, *found[1:]) <= _NEAR_KM


def surely_american(zips: pd.Series, city: pd.Series) -> NDArray[np.bool_]:
    """Whether each row's city lies where its US ZIP is, so that the code is no other country's."""
    g = gazetteer()
    code, pairs = pd.factorize(pd.MultiIndex.from_arrays([zips.astype(object), city.astype(object)]))
    sure = [bool(c) and _american(g, str(z), str(c), "") for z, c in pairs]
    return np.asarray(np.array([*sure, False], dtype=np.bool_)[code], dtype=np.bool_)


def _km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Kilometers between two points of one state, near enough."""
    return 111.2 * math.hypot(lat - other_lat, (lon - other_lon) * math.cos(math.radians(lat)))


def in_territory(zips: pd.Series, state: pd.Series) -> NDArray[np.object_]:
    """The US territory each row names by its state, or without one by its ZIP; "" where it names none."""
    out = _each(state, territory_code)
    blank = np.flatnonzero(np.asarray(state == "", dtype=np.bool_))
    if len(blank):
        out[blank] = _each(zips.iloc[blank], lambda z: _TERRITORY_ZIPS.get(z[:3], "") if len(z) in {5, 10} else "")
    return out
