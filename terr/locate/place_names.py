"""Territories named by place: a state, the largest city, or a side of a state; unique, and the same each time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from terr.boundaries.layers.bundled import data_dir
from terr.boundaries.layers.cities import CITY, city_ids
from terr.boundaries.layers.mixed_level import is_mixed, parse_mixed
from terr.model.books.book_units import BookUnits
from terr.model.units import Units

_DOMINANT = 0.2
"""Share of a territory's city people from which its largest city names it."""

_KNOWN = 250_000
"""People from which a city names a territory whatever its share: everybody knows where it is."""

_NEAR_KM = 60.0
"""A city farther from every unit's point than this lies outside the region."""

_SIDES = ("North", "Northeast", "East", "Southeast", "South", "Southwest", "West", "Northwest")
_ADJECTIVES = {
    "North": "Northern",
    "Northeast": "Northeast",
    "East": "Eastern",
    "Southeast": "Southeast",
    "South": "Southern",
    "Southwest": "Southwest",
    "West": "Western",
    "Northwest": "Northwest",
}
_SHORT_SIDES = {"TX", "FL", "GA", "AL", "MS", "DE", "NJ"}
"""States people call "West Texas", not "Western Texas"."""

_NOT_CITIES = {"New South Memphis"}
"""Districts the list of cities gives the people of their whole city."""


@dataclass(frozen=True, eq=False)
class CityShares:
    """Which people of which city live in which unit of a region.

    Attributes:
        unit: int64 (n,), code of the unit; city: int64 (n,), row in `names`; people: float64 (n,).
        names, states: of each city.
    """

    unit: NDArray[np.int64]
    city: NDArray[np.int64]
    people: NDArray[np.float64]
    names: tuple[str, ...]
    states: tuple[str, ...]


@lru_cache(maxsize=1)
def state_names() -> dict[str, str]:
    """Code -> name of the states."""
    table = pd.read_parquet(data_dir() / "states.parquet", columns=["state", "name"])
    return {str(s): str(n) for s, n in zip(table["state"], table["name"], strict=True)}


@lru_cache(maxsize=16)
def city_shares(units: Units) -> CityShares:
    """The cities of a region and the units their people live in; empty outside the USA.

    A city's people are shared out among the ZIPs that bear its name, each of which lies in the unit of its id, of its
    county or state, or else in the one whose point is nearest.
    """
    inside = set(units.frame["state"]) - {""}
    cities = pd.read_parquet(data_dir() / "cities.parquet").drop_duplicates(["city", "state"])
    cities = cities[~cities["city"].isin(_NOT_CITIES) & (cities["state"].isin(inside) if inside else True)]
    zips = pd.read_parquet(data_dir() / "zip_points.parquet", columns=["zip", "city", "state", "county", "lat", "lon"])
    row = pd.Series(np.arange(len(cities)), index=pd.MultiIndex.from_frame(cities[["city", "state"]]))
    of_zip = row.reindex(pd.MultiIndex.from_frame(zips[["city", "state"]])).to_numpy()
    zips, of_zip = zips[~np.isnan(of_zip)], of_zip[~np.isnan(of_zip)].astype(np.int64)
    # a city that no ZIP bears the name of lies where its point is
    alone = np.setdiff1d(np.arange(len(cities)), of_zip)
    some = cities.iloc[alone]
    at = pd.concat([zips, some.assign(zip="")[["zip", "city", "state", "county", "lat", "lon"]]], ignore_index=True)
    city = np.r_[of_zip, alone]
    people = cities["population"].to_numpy(dtype=np.float64)[city] / np.bincount(city, minlength=len(cities))[city]
    unit = _units_of(units, at)
    on = unit >= 0
    return CityShares(
        unit[on], city[on], people[on], tuple(cities["city"].astype(str)), tuple(cities["state"].astype(str))
    )


def _units_of(units: Units, at: pd.DataFrame) -> NDArray[np.int64]:
    """Code of the unit each place lies in, -1 = in none; accounts that are units bear no places."""
    if isinstance(units, BookUnits):
        return np.full(len(at), -1, dtype=np.int64) if units.areas is None else _units_of(units.areas, at)
    codes = pd.Series(np.arange(len(units)), index=units.ids)
    kind = units.level.split("-", 1)[0]
    key = {"state": at["state"], "county": at["county"], "zip": at["zip"], "zip3": at["zip"].str[:3]}.get(kind)
    found = np.full(len(at), -1, dtype=np.int64) if key is None else codes.reindex(key).fillna(-1).to_numpy(np.int64)
    if units.level == CITY:
        found = codes.reindex(city_ids(at["county"], at["city"])).fillna(-1).to_numpy(np.int64)
    if is_mixed(units.level):
        for part in parse_mixed(units.level).levels:  # nested, so that no place has units of two levels
            if part == CITY:
                name = pd.Series(city_ids(at["county"], at["city"]))
            else:
                name = at["zip"].str[:3] if part == "zip3" else at[part].astype(str)
            mine = codes.reindex(f"{part}:" + name).fillna(-1).to_numpy(np.int64)
            found = np.where(mine >= 0, mine, found)
    if kind in {"state", "county"} or not len(units):
        return found
    # ZIPs without an area of their own, and areas of one's own: the unit whose point is nearest
    lost = np.flatnonzero(found < 0)
    points = units.lat_lon
    scale = np.array([111.2, 111.2 * np.cos(np.deg2rad(float(points[:, 0].mean())))])
    far, near = cKDTree(points * scale).query(at[["lat", "lon"]].to_numpy(dtype=np.float64)[lost] * scale)
    found[lost] = np.where(far <= _NEAR_KM, near, -1)
    return found


def base_name(name: str) -> str:
    """A place without what tells it from others of its name: "Houston West", "Houston–Pasadena" are "Houston"."""
    words = name.split("–", maxsplit=1)[0].split()
    while len(words) > 1 and (words[-1] in _SIDES or words[-1] == "Central" or words[-1].isdecimal()):
        words.pop()
    return " ".join(words)


def place_names(
    units: Units, slots: ArrayLike, k: int, *, shares: CityShares | None = None, taken: Iterable[str] = ()
) -> list[str]:
    """A name for each of k territories: "Texas", "Houston", "Houston West", "Western Kansas".

    A whole state bears its name. Else the territory's largest city names it, if a fifth of its city people live there
    or everybody knows it; else the side of the state most of its area lies in. Where several would be called the same,
    the compass tells them apart, then the next city.

    Args:
        units: the plan's.
        slots: int (n_units,), 0..k-1, -1 = unassigned.
        k: number of territories.
        shares: of the same units; looked up unless given.
        taken: names that other territories have.

    Returns:
        k names, unique among themselves and against `taken`, whatever their case; "Territory 3" where nothing is known
        of the place.
    """
    slot = np.asarray(slots, dtype=np.int64).reshape(-1)
    cities = city_shares(units) if shares is None else shares
    ranked = _cities_by_territory(cities, slot, k)
    bases = [_base(units, slot, t, ranked[t], cities) for t in range(k)]
    used = {name.casefold() for name in taken}
    out = [""] * k
    alike: dict[str, list[int]] = defaultdict(list)
    for t, name in enumerate(bases):
        alike[name].append(t)
    for name, group in alike.items():
        sides = _sides(units, slot, group) if name and len(group) > 1 else [""] * len(group)
        for t, side in zip(group, sides, strict=True):
            out[t] = _free(name, side, [cities.names[c] for c, _ in ranked[t][:6]], used)
            used.add(out[t].casefold())
    return out


def _cities_by_territory(cities: CityShares, slot: NDArray[np.int64], k: int) -> list[list[tuple[int, float]]]:
    """For each territory its cities (row, people there), largest first."""
    of = slot[cities.unit]
    on = of >= 0
    table = pd.DataFrame({"t": of[on], "city": cities.city[on], "people": cities.people[on]})
    sums = table.groupby(["t", "city"], as_index=False)["people"].sum()
    sums = sums.sort_values(["people", "city"], ascending=[False, True])
    out: list[list[tuple[int, float]]] = [[] for _ in range(k)]
    for t, city, people in sums.itertuples(index=False):
        out[int(t)].append((int(city), float(people)))
    return out


def _base(
    units: Units, slot: NDArray[np.int64], t: int, ranked: Sequence[tuple[int, float]], cities: CityShares
) -> str:
    here = slot == t
    if not here.any():
        return ""
    state = units.frame["state"].to_numpy(dtype=object)
    inside = sorted({str(s) for s in state[here]} - {""})
    names = state_names()
    if inside and len(inside) <= 2 and not (np.isin(state, inside) & ~here).any() and len(set(state)) > len(inside):
        return "–".join(names.get(s, s) for s in inside)
    if ranked:
        city, people = ranked[0]
        if people >= _DOMINANT * sum(p for _, p in ranked) or people >= _KNOWN:
            return cities.names[city]
    area = units.area_km2
    if inside:
        home = max(inside, key=lambda s: (float(area[here & (state == s)].sum()), s))
        side = _side_of(units, here, state == home)
        if side:
            word = side if home in _SHORT_SIDES else _ADJECTIVES[side]
            return f"{word} {names.get(home, home)}"
        return f"Central {names.get(home, home)}"
    if ranked:
        return cities.names[ranked[0][0]]
    return _side_of(units, here, np.ones(len(slot), dtype=np.bool_)) or "Central"


def _center(units: Units, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Area-weighted center in km."""
    out: NDArray[np.float64] = np.average(units.xy_km[rows], axis=0, weights=units.area_km2[rows] + 1e-9)
    return out


def _side_of(units: Units, here: NDArray[np.bool_], whole: NDArray[np.bool_]) -> str:
    """On which side of the whole a territory lies; "" in the middle."""
    xy = units.xy_km[whole]
    span = np.maximum(xy.max(axis=0) - xy.min(axis=0), 1e-6)
    middle = (xy.max(axis=0) + xy.min(axis=0)) / 2
    x, y = (_center(units, here) - middle) / span
    if np.hypot(x, y) < 0.12:
        return ""
    return _SIDES[round(float(np.arctan2(x, y)) / (np.pi / 4)) % 8]


def _sides(units: Units, slot: NDArray[np.int64], group: Sequence[int]) -> list[str]:
    """A compass word for each of several territories of one name: along the longer way for two, else all around."""
    centers = np.array([_center(units, slot == t) for t in group])
    off = centers - centers.mean(axis=0)
    if len(group) == 2:
        along = int(np.abs(off[0]).argmax())
        words = (("West", "East"), ("South", "North"))[along]
        return [words[int(o[along] > 0)] for o in off]
    spread = np.maximum(np.abs(off).max(axis=0), 1e-6)
    out = []
    for x, y in off / spread:
        out.append("Central" if np.hypot(x, y) < 0.25 else _SIDES[round(float(np.arctan2(x, y)) / (np.pi / 4)) % 8])
    return out


def _free(name: str, side: str, cities: Sequence[str], used: set[str]) -> str:
    """The first of several forms of a name that is free."""
    if not name:
        number = 1
        while f"territory {number}" in used:
            number += 1
        return f"Territory {number}"
    first = f"{name} {side}".strip()
    forms = [first, *(f"{name}–{c}" for c in cities if c != name), *(f"{first} {n}" for n in range(2, 1_000))]
    return next(f for f in forms if f.casefold() not in used)
