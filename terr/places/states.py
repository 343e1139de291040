"""US states as people write them, and the territories and military mail that belong to none."""

from __future__ import annotations

import difflib
import re
import unicodedata
from functools import lru_cache

from terr.places.countries import TERRITORIES

# fmt: off
_STATES = {
    "AL": ("01", "Alabama", "ala"), "AK": ("02", "Alaska", "alas"), "AZ": ("04", "Arizona", "ariz"),
    "AR": ("05", "Arkansas", "ark"), "CA": ("06", "California", "calif cal cali"), "CO": ("08", "Colorado", "colo"),
    "CT": ("09", "Connecticut", "conn"), "DE": ("10", "Delaware", "del dela"),
    "DC": ("11", "District of Columbia", "washingtondc washdc distofcolumbia districtofcolombia"),
    "FL": ("12", "Florida", "fla flor"), "GA": ("13", "Georgia", ""), "HI": ("15", "Hawaii", "haw hawai"),
    "ID": ("16", "Idaho", "ida"), "IL": ("17", "Illinois", "ill ills"), "IN": ("18", "Indiana", "ind"),
    "IA": ("19", "Iowa", ""), "KS": ("20", "Kansas", "kan kans"), "KY": ("21", "Kentucky", "kty"),
    "LA": ("22", "Louisiana", "lou"), "ME": ("23", "Maine", ""), "MD": ("24", "Maryland", "mld"),
    "MA": ("25", "Massachusetts", "mass"), "MI": ("26", "Michigan", "mich"), "MN": ("27", "Minnesota", "minn"),
    "MS": ("28", "Mississippi", "miss"), "MO": ("29", "Missouri", "misso"), "MT": ("30", "Montana", "mont"),
    "NE": ("31", "Nebraska", "neb nebr"), "NV": ("32", "Nevada", "nev"),
    "NH": ("33", "New Hampshire", "nhamp newhamp nhampshire"), "NJ": ("34", "New Jersey", "njersey"),
    "NM": ("35", "New Mexico", "nmex newmex nmexico"), "NY": ("36", "New York", "nyork nys newyorkstate"),
    "NC": ("37", "North Carolina", "ncar ncarolina nocarolina nocar"),
    "ND": ("38", "North Dakota", "ndak ndakota nodak nodakota"), "OH": ("39", "Ohio", ""),
    "OK": ("40", "Oklahoma", "okla"), "OR": ("41", "Oregon", "ore oreg"),
    "PA": ("42", "Pennsylvania", "penn penna pennsyl"), "RI": ("44", "Rhode Island", "rhodeisl rhodeis"),
    "SC": ("45", "South Carolina", "scar scarolina socarolina socar"),
    "SD": ("46", "South Dakota", "sdak sdakota sodak sodakota"), "TN": ("47", "Tennessee", "tenn"),
    "TX": ("48", "Texas", "tex"), "UT": ("49", "Utah", ""), "VT": ("50", "Vermont", "verm"),
    "VA": ("51", "Virginia", "virg"), "WA": ("53", "Washington", "wash washst washingtonstate"),
    "WV": ("54", "West Virginia", "wva wvirginia westva"), "WI": ("55", "Wisconsin", "wis wisc"),
    "WY": ("56", "Wyoming", "wyo"),
}
# fmt: on
_ISLANDS = {
    "puertorico": "PR",
    "prico": "PR",
    "guam": "GU",
    "usvirginislands": "VI",
    "virginislands": "VI",
    "usvi": "VI",
    "virginislandsus": "VI",
    "americansamoa": "AS",
    "northernmarianaislands": "MP",
    "northernmarianas": "MP",
    "cnmi": "MP",
    "saipan": "MP",
    **dict.fromkeys(("pw", "palau"), "PW"),
    **dict.fromkeys(("fm", "micronesia", "federatedstatesofmicronesia"), "FM"),
    **dict.fromkeys(("mh", "marshallislands"), "MH"),
}
_MILITARY = frozenset(("ae", "aa", "ap", "apo", "fpo", "dpo", "armedforces"))
_ARMED = re.compile(r"armedforces\w*|(?:apo|fpo|dpo)(?:ae|aa|ap)?")
_PARTS = re.compile(r"\s*[-–—/(),:;|]\s*")
_AROUND = re.compile(r"^(?:the )?(?:state|commonwealth) of |^(?:usa?|u s a?|united states) | (?:usa?|united states)$")
_ALIKE = 0.9


def _flat(text: str) -> str:
    flat = unicodedata.normalize("NFKD", text[:80]).encode("ascii", "ignore").decode().lower()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", flat.replace("'", "")).split())


def _key(text: str) -> str:
    return _AROUND.sub("", _flat(text)).replace(" ", "")


@lru_cache(maxsize=1)
def _known() -> dict[str, str]:
    out: dict[str, str] = {}
    for code, (number, name, others) in _STATES.items():
        for word in (code.lower(), _key(name), number, number.lstrip("0"), *others.split()):
            out[word] = code
    return out


@lru_cache(maxsize=8_192)
def state_code(text: str) -> str:
    """The two letters of a state as people write it: "N.C.", "Calif.", "US-TX", "TX - Texas", "Texas (TX)", "48".

    A misspelled name is taken for the one it resembles. "" if the text is blank or no state (territories are none).
    """
    known, key = _known(), _key(text)
    if not key:
        return ""
    if key.endswith("0") and re.fullmatch(r"\d{1,2}\.0+", text.strip()):  # a number, as spreadsheets keep it
        key = text.strip().partition(".")[0]
    if key in known:
        return known[key]
    parts = [known[_key(p)] for p in _PARTS.split(text) if _key(p) in known and not _key(p).isdigit()]
    if parts:
        return parts[0] if len(set(parts)) == 1 else ""
    if len(key) < 6 or key in _ISLANDS:
        return ""
    near = difflib.get_close_matches(key, [_key(name) for _, name, _ in _STATES.values()], 2, _ALIKE)
    return known[near[0]] if len(near) == 1 else ""


def territory_code(text: str) -> str:
    """The code of a US territory as people write it ("PR", "P.R.", "Puerto Rico"); "" if it is none.

    Palau, Micronesia and the Marshall Islands, which have US ZIPs and state codes too, are told by theirs.
    """
    key = _key(text)
    return key.upper() if key.upper() in TERRITORIES else _ISLANDS.get(key, "")


def is_military(state: str, city: str) -> bool:
    """Whether an address is one of the armed forces: state AE, AA or AP, or city APO, FPO or DPO."""
    return _key(state) in _MILITARY or bool(_ARMED.fullmatch(_key(state)) or _ARMED.fullmatch(_key(city)))
