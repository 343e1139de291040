"""Homes of reps as people write them: a ZIP, a city with its state or country, an address, or a point."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.locate.abroad import foreign_places, looks_abroad
from terr.locate.gazetteer import clean_zip, county_key, gazetteer, normalized_name
from terr.locate.town_names import city_keys, county_words
from terr.places.addresses import PlaceParts, read_place
from terr.places.countries import HOME, TERRITORIES, country_code, country_name
from terr.places.states import state_code

_NOWHERE = (math.nan, math.nan)
_MOST = 60


def home_points(homes: Sequence[str]) -> NDArray[np.float64]:
    """Where homes are, float64 (n, 2), degrees north and east; NaN where one can't be placed.

    Args:
        homes: each a ZIP, "City, ST", "City, Country", an address with one of these, or a point.
    """
    out = np.full((len(homes), 2), np.nan)
    for k, text in enumerate(homes):
        out[k] = _found(str(text))[0]
    return out


def home_problem(text: str) -> str:
    """Why a home can't be placed and what to write instead, for a reader; "" where it can, or is blank."""
    return _found(text)[1] if text.strip() else ""


@lru_cache(maxsize=4096)
def _found(text: str) -> tuple[tuple[float, float], str]:
    """Degrees north and east of a home, or nowhere and why."""
    text = text.strip()
    if not text:
        return _NOWHERE, ""
    code = clean_zip(text)[0]
    if code:
        hit = gazetteer().zips.get(code)
        return (hit[2:], "") if hit else (_NOWHERE, f"ZIP {code} isn't known; correct it, or enter city and state")
    place = read_place(text)
    if place.point is not None:
        lat, lon = float(place.point[0]), float(place.point[1])
        return (lat, lon), ""
    country = _country(place, text)
    return _abroad(text, place, country) if country else _in_the_usa(text, place)


def _country(place: PlaceParts, text: str) -> str:
    """The country outside the USA a home says it is in, two letters; "" where it is in the USA or says nothing."""
    if place.country:
        return "" if place.country == HOME else place.country
    if place.state:
        return ""
    last = re.split(r"[,;|\n]", text)[-1]
    if "," in text and (named := country_code(last)) and named != HOME:
        return named
    if not (place.zip and place.city):
        return ""
    return str(looks_abroad(pd.Series([place.zip]), pd.Series([place.city]), pd.Series([""]))[0])


def _in_the_usa(text: str, place: PlaceParts) -> tuple[tuple[float, float], str]:
    g, state = gazetteer(), state_code(place.state)
    hit = g.zips.get(clean_zip(place.zip)[0]) if place.zip else None
    if hit is not None:
        return hit[2:], ""
    shown = _cut(text)
    city = place.city or (place.state if state else "")  # "Washington DC" and "New York" are states and cities
    if state and city:
        for key in city_keys(city, state):
            if (state, key) in g.cities:
                return g.cities[state, key][1:], ""
    if state and place.county:
        row = g.counties.get((state, county_key(county_words(place.county))), -1)
        if row >= 0:
            return (float(g.points[row, 0]), float(g.points[row, 1])), ""
    if place.zip:
        return _NOWHERE, f"the ZIP in '{shown}' isn't known; correct it, or enter city and state"
    if state and (place.city or place.county):
        what = place.county or f"{place.city}, {state}"
        return _NOWHERE, f"'{_cut(what)}' isn't known; check the spelling, or enter a ZIP"
    return _NOWHERE, f"'{shown}' isn't a ZIP, or a city with its state or country; enter 02116, or Boston, MA"


def _abroad(text: str, place: PlaceParts, country: str) -> tuple[tuple[float, float], str]:
    """A home in another country, by its city: of the parts of the text, the last one that is a city there."""
    known = foreign_places()
    parts = [place.city, *reversed(re.split(r"[,;|\n]", text))]
    for part in (p for p in parts if country_code(p) != country):  # "Monterrey, Mexico" isn't Mexico City
        words = [w for w in normalized_name(part).split() if not any(c.isdigit() for c in w)]
        for n in range(len(words)):  # "75001 Paris" and "London NW1 6XE": the code aside, then word by word
            for one in (words[n:], words[: len(words) - n]):
                if (hit := known.get((country, " ".join(one)))) is not None:
                    return hit, ""
    where = country_name(country)
    if country in TERRITORIES:
        return _NOWHERE, f"places in {where} aren't known; enter the ZIP on the mainland where trips start"
    if not any(c.isalpha() for c in place.city):
        return _NOWHERE, f"'{_cut(text)}' is a postal code of {where}; add the city and country, as in Toronto, Canada"
    return (
        _NOWHERE,
        f"no city of 15,000 people or more in '{_cut(text)}' is known in {where}; enter the nearest large one, "
        "with its country",
    )


def _cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _MOST else flat[: _MOST - 1] + "…"
