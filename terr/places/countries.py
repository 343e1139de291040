"""Countries as people write them: names in many languages, two- and three-letter codes, numbers."""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import lru_cache

from babel import Locale
from babel.core import get_global

HOME = "US"
"""The country of the maps that come with Terr."""

TERRITORIES = {
    "PR": "Puerto Rico",
    "GU": "Guam",
    "VI": "the US Virgin Islands",
    "AS": "American Samoa",
    "MP": "the Northern Mariana Islands",
    "UM": "the US Minor Outlying Islands",
}
"""US territories by their country code, which is their state code too; no map that comes with Terr has them."""

SOME = "ZZ"
"""Another country than the USA, and which isn't known."""

GUESS = "?"
"""Behind a code: the country wasn't named, the place only looks like it."""

_LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "tr"),
    *("hr", "sl", "ca", "el", "ru", "uk", "ja", "zh", "zh_Hant", "ko", "ar", "he", "vi", "id"),
)
_ALSO = {
    "US": "usa|u s|america|united states of america|united states america|the united states of america"
    "|the united states|stati uniti america|estados unidos america|vereinigte staaten von amerika"
    "|etats unis d amerique|eeuu|ee uu|eua|e u a|amerika|lower 48|conus|untied states|unites states|unted states"
    "|us of a|continental us|domestic",
    "GB": "uk|u k|great britain|britain|england|scotland|wales|cymru|northern ireland|grossbritannien|grande bretagne"
    "|inglaterra|gran bretana|united kingdom of great britain and northern ireland|inghilterra|engeland|gb eng|gb sct",
    "KR": "korea|republic of korea|korea republic of|korea south|s korea|rok|corea|rep of korea|korea rep|korea rep of",
    "KP": "korea democratic peoples republic of|korea north|dprk",
    "RU": "russian federation|russia federation",
    "IR": "iran islamic republic of|persia",
    "VN": "viet nam|socialist republic of vietnam",
    "CZ": "czech republic|czech rep|ceska republika|tschechische republik|republique tcheque",
    "NL": "holland|the netherlands|hollande|holanda",
    "AE": "uae|u a e|emirates|vae",
    "CI": "ivory coast|cote divoire",
    "MM": "burma",
    "SZ": "swaziland",
    "CV": "cape verde",
    "MK": "macedonia|fyrom|republic of macedonia",
    "TR": "turkey|turkiye",
    "TW": "taiwan province of china|taiwan roc|roc|chinese taipei",
    "CN": "prc|p r china|peoples republic of china|mainland china|china mainland|china prc",
    "HK": "hong kong|hongkong|hong kong sar|hk sar",
    "MO": "macau|macao",
    "CD": "congo dr|dr congo|drc|democratic republic of the congo|congo the democratic republic of the|zaire",
    "CG": "congo|republic of the congo|congo brazzaville",
    "LA": "laos|lao peoples democratic republic",
    "SY": "syrian arab republic",
    "MD": "moldova republic of|republic of moldova",
    "TZ": "tanzania united republic of",
    "BO": "bolivia plurinational state of",
    "VE": "venezuela bolivarian republic of",
    "BN": "brunei darussalam",
    "PS": "palestine|palestine state of",
    "FM": "micronesia federated states of",
    "VA": "holy see|vatican",
    "TL": "east timor",
    "IE": "eire|republic of ireland|ireland republic of",
    "DE": "brd|federal republic of germany|bundesrepublik deutschland",
    "BS": "the bahamas|bahamas the",
    "GM": "the gambia|gambia the",
    "PH": "the philippines",
    "XK": "kosovo",
    "DO": "dominican rep|rep dominicana",
    "VI": "us virgin islands|usvi|virgin islands us|virgin islands u s|virgin islands",
    "VG": "virgin islands british|bvi",
    "MX": "mejico|estados unidos mexicanos|mex",
    "PR": "porto rico|commonwealth of puerto rico",
    "CH": "switzerland ch|die schweiz",
    "CA": "can",
}
_ONE_LETTER = {"D": "DE", "F": "FR", "I": "IT", "E": "ES", "A": "AT", "B": "BE", "L": "LU", "S": "SE", "N": "NO"}
"""Marks of cars, as files from Europe have them."""
_SPLIT = re.compile(r"\s*[-–—:/|()\[\],]\s*")
_BLANK = frozenset(("na", "none", "null", "nil", "unknown", "notavailable", "tbd", "other", "blank", "unspecified"))
"""Words for "not known", among them NA: far more files mean that than Namibia."""
_SHORTER = {"HK": "Hong Kong", "MO": "Macau", "MM": "Myanmar", "PS": "Palestine", "CG": "Congo", "CD": "DR Congo"}
_ALIKE = 0.9


def _key(text: str) -> str:
    """Letters of any script and digits, without case, accents and marks."""
    flat = unicodedata.normalize("NFKD", text.replace("&", " and ")).casefold()
    return "".join(c for c in flat if c.isalnum())


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    """Key of a name or code -> two letters; read once from the language data of Babel (a quarter of a second)."""
    out: dict[str, str] = {}
    for code, names in _ALSO.items():
        out.update(dict.fromkeys((_key(n) for n in names.split("|")), code))
    for language in _LANGUAGES:
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in {"ZZ", "EU", "EZ", "UN", "QO", "XA", "XB"}:
                out.setdefault(_key(name), code)
                out.setdefault(_key(code), code)
    for alias, codes in get_global("territory_aliases").items():
        if len(codes) == 1 and len(alias) == 3 and codes[0] in Locale("en").territories:  # others name no country
            out.setdefault(_key(alias), codes[0])
    return out


@lru_cache(maxsize=8_192)
def country_code(text: str) -> str:
    """The two-letter code of a country as people write it: "Germany", "DEU", "276", "Deutschland", "DE - Germany".

    A misspelled name is taken for the one it resembles. "" if the text is blank or names no country.
    """
    known = _known()
    key = _key(text[:80])
    if not key or key in _BLANK:
        return ""
    if key in known:
        return known[key]
    if text.strip().upper() in _ONE_LETTER:
        return _ONE_LETTER[text.strip().upper()]
    if key.isdigit() and len(key) < 3:
        return known.get(key.zfill(3), "")
    found = {known[_key(part)] for part in _SPLIT.split(text) if _key(part) in known}
    if len(found) == 1:
        return found.pop()
    if len(key) < 5 or found:
        return ""
    near = difflib.get_close_matches(key, _english(), 1, 0.0)[0]
    alike = difflib.SequenceMatcher(None, key, near).ratio() >= _ALIKE or sorted(key) == sorted(near)
    return known[near] if alike else ""


@lru_cache(maxsize=1)
def _english() -> tuple[str, ...]:
    return tuple(_key(n) for c, n in Locale("en").territories.items() if len(c) == 2 and c.isalpha() and len(n) > 4)


def country_name(code: str) -> str:
    """What Americans call a country: "France", "the US Virgin Islands"; an unknown code stays as it is."""
    if code in TERRITORIES:
        return TERRITORIES[code]
    if code == SOME:
        return "another country"
    return _SHORTER.get(code) or str(Locale("en").territories.get(code, code))


def outside_usa(code: str) -> str:
    """Why an account of another country, or of a US territory, is on no map that comes with Terr."""
    if code.removesuffix(GUESS) == SOME:
        return "looks to be outside the USA" if code.endswith(GUESS) else "outside the USA"
    if code.endswith(GUESS):
        return f"looks to be outside the USA: {country_name(code.removesuffix(GUESS))}"
    if code in TERRITORIES:
        return f"in {TERRITORIES[code]}: the maps cover the 50 states and DC"
    return f"outside the USA: {country_name(code)}"
