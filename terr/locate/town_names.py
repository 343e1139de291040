"""Cities and counties by the names people use for them beside their own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from terr.locate.gazetteer import city_key, normalized_name
from terr.places.states import state_code

# fmt: off
_CALLED = {
    "NY": {"nyc": "newyork", "nycity": "newyork", "ny": "newyork", "thebronx": "bronx", "queensny": "queens"},
    "CA": {"la": "losangeles", "sf": "sanfrancisco", "sanfran": "sanfrancisco", "ventura": "sanbuenaventura",
           "sanbuenaventura": "ventura", "slo": "sanluisobispo"},
    "DC": {"dc": "washington", "washdc": "washington", "districtofcolumbia": "washington"},
    "PA": {"philly": "philadelphia", "phila": "philadelphia"},
    "NV": {"vegas": "lasvegas", "lv": "lasvegas"}, "LA": {"nola": "neworleans"},
    "UT": {"slc": "saltlakecity", "saltlake": "saltlakecity"}, "OK": {"okc": "oklahomacity"},
    "MO": {"kc": "kansascity", "kcmo": "kansascity", "stl": "stlouis"}, "KS": {"kc": "kansascity", "kck": "kansascity"},
    "TX": {"dfw": "dallas", "ftw": "ftworth", "corpus": "corpuschristi"},
    "FL": {"jax": "jacksonville", "stpete": "stpetersburg", "ftlaud": "ftlauderdale"},
    "GA": {"atl": "atlanta"}, "MD": {"balto": "baltimore"}, "IN": {"indy": "indianapolis"},
    "MN": {"mpls": "minneapolis"}, "AZ": {"phx": "phoenix"}, "OH": {"cincy": "cincinnati"},
    "ID": {"boisecity": "boise"}, "MI": {"grandrpds": "grandrapids"}, "CO": {"cosprings": "coloradosprings"},
}
# fmt: on
_KIND = re.compile(
    r"^(?:the)?(?:cityof|townof|townshipof|villageof|boroughof)|(?:city|town|village|borough|cdp|hts|metro)$"
)
_BETWEEN = re.compile(r"\s*(?:/|\(|\)|,|;|\||–|—|-| and | & )\s*")


def city_keys(name: str, state: str) -> Iterator[str]:
    """Keys to look a city up by in its state, the likeliest first: itself, a nickname, without its kind, its parts."""
    key = city_key(name)
    yield key
    yield _CALLED.get(state, {}).get(normalized_name(name).replace(" ", ""), key)
    yield _KIND.sub("", key)
    bare = without_state(name, state)
    if bare != name:
        yield from city_keys(bare, state)
    for part in _BETWEEN.split(name):
        if part != name and len(part) > 2:
            part_key = city_key(part)
            yield part_key
            yield _CALLED.get(state, {}).get(part_key, part_key)


def without_state(name: str, state: str) -> str:
    """A city without the state behind it: "Austin, TX" and "Washington D.C." in their own state; else unchanged."""
    head, tail = split_state(name)
    return head if tail == state else name


def split_state(text: str) -> tuple[str, str]:
    """A place and the state behind it, comma or not: ("Waco", "TX") of "Waco, Tex."; the text and "" if none."""
    words = re.sub(r"[,\s]+(?:USA?|U\.S\.A?\.?|United States(?: of America)?)\.?\s*$", "", text.strip(), flags=re.I)
    head, comma, tail = words.rpartition(",")
    if comma and head.strip() and state_code(tail):
        return head.strip(), state_code(tail)
    pieces = words.split()
    for n in (3, 2, 1):
        tail = " ".join(pieces[-n:])
        if len(pieces) > n and (code := state_code(tail)) and not tail.isdigit():
            return " ".join(pieces[:-n]).rstrip(" ,"), code
    return text, ""


_CITY_OF = re.compile(r"^(?:the )?(?:independent )?city of (.+)$|^(.+?) (?:independent city|city city)$")
_COUNTY_OF = re.compile(r"^(?:the )?(?:county|parish|borough|municipality) of (.+)$")


def county_words(name: str) -> str:
    """A county's name in the usual order: "City of Richmond" is "richmond city", "County of Kern" is "kern county"."""
    flat = normalized_name(name)
    found = _CITY_OF.fullmatch(flat)
    if found:
        return f"{found[1] or found[2]} city"
    found = _COUNTY_OF.fullmatch(flat)
    return f"{found[1]} county" if found else re.sub(r" (?:cnty|cty|cnt|par)$", " county", flat)
