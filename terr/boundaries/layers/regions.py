"""Regions by name: which states a person means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from terr.errors import LocateError

STATES: dict[str, str] = {
    "AK": "Alaska",
    "AL": "Alabama",
    "AR": "Arkansas",
    "AZ": "Arizona",
    "CA": "California",
    "CO": "Colorado",
    "CT": "Connecticut",
    "DC": "District of Columbia",
    "DE": "Delaware",
    "FL": "Florida",
    "GA": "Georgia",
    "HI": "Hawaii",
    "IA": "Iowa",
    "ID": "Idaho",
    "IL": "Illinois",
    "IN": "Indiana",
    "KS": "Kansas",
    "KY": "Kentucky",
    "LA": "Louisiana",
    "MA": "Massachusetts",
    "MD": "Maryland",
    "ME": "Maine",
    "MI": "Michigan",
    "MN": "Minnesota",
    "MO": "Missouri",
    "MS": "Mississippi",
    "MT": "Montana",
    "NC": "North Carolina",
    "ND": "North Dakota",
    "NE": "Nebraska",
    "NH": "New Hampshire",
    "NJ": "New Jersey",
    "NM": "New Mexico",
    "NV": "Nevada",
    "NY": "New York",
    "OH": "Ohio",
    "OK": "Oklahoma",
    "OR": "Oregon",
    "PA": "Pennsylvania",
    "RI": "Rhode Island",
    "SC": "South Carolina",
    "SD": "South Dakota",
    "TN": "Tennessee",
    "TX": "Texas",
    "UT": "Utah",
    "VA": "Virginia",
    "VT": "Vermont",
    "WA": "Washington",
    "WI": "Wisconsin",
    "WV": "West Virginia",
    "WY": "Wyoming",
}
"""Code -> name of the 50 states and the District of Columbia."""

FAR_STATES = ("AK", "HI")
"""States that touch no other."""

LOWER48: tuple[str, ...] = tuple(sorted(set(STATES) - set(FAR_STATES)))
"""Codes of the 48 states that touch one another, and the District of Columbia."""

US: tuple[str, ...] = tuple(sorted(STATES))

_WORDS = {
    "lower48": LOWER48,
    "lower 48": LOWER48,
    "lower 48 states": LOWER48,
    "contiguous united states": LOWER48,
    "us": US,
    "u.s.": US,
    "usa": US,
    "united states": US,
    "all": US,
    "washington dc": ("DC",),
    "washington d.c.": ("DC",),
}
_BY_NAME: dict[str, tuple[str, ...]] = {
    **{code.lower(): (code,) for code in STATES},
    **{name.lower(): (code,) for code, name in STATES.items()},
    **_WORDS,
}
ALBERS = "EPSG:5070"
"""NAD83 / Conus Albers: the equal-area plane of everything within the lower 48."""


EVERYWHERE: tuple[str, ...] = ("*",)
"""The region that is the whole of a layer; the only one of a layer whose areas have no states."""


def parse_region(text: str | Sequence[str]) -> tuple[str, ...]:
    """State codes of a region, sorted and without repeats.

    Args:
        text: codes or names in any case ("TX", "Texas, OK"), "lower48" or "us"; or several of these; or `EVERYWHERE`.

    Raises:
        LocateError: naming the part that isn't known and the closest one that is; or if nothing is given.
    """
    parts = [text] if isinstance(text, str) else list(text)
    if tuple(parts) == EVERYWHERE:
        return EVERYWHERE
    words = [w for part in parts for w in re.split(r"[,;+&\n]|\band\b", str(part), flags=re.IGNORECASE)]
    codes: set[str] = set()
    for word in words:
        key = " ".join(word.lower().split())
        if not key:
            continue
        if key not in _BY_NAME:
            near = difflib.get_close_matches(key, _BY_NAME, n=1, cutoff=0.0)
            guess = _BY_NAME[near[0]]
            shown = near[0] if len(guess) > 1 else STATES[guess[0]]
            raise LocateError(f'"{word.strip()[:40]}" is not a state or region; the closest is {shown}')
        codes.update(_BY_NAME[key])
    if not codes:
        raise LocateError('no region is given: name states such as "TX, OK", or "lower48"')
    return tuple(sorted(codes))


def region_label(region: str | Sequence[str]) -> str:
    """What a person calls a region: "Texas", "Texas and Oklahoma", "Lower 48 states", "United States"."""
    codes = parse_region(region)
    if codes == EVERYWHERE:
        return "Everything"
    if codes == US:
        return "United States"
    if codes == LOWER48:
        return "Lower 48 states"
    names = sorted(STATES[c] for c in codes)
    if len(names) == 1:
        return names[0]
    if len(names) > 5:
        return f"{len(names)} states"
    return f"{', '.join(names[:-1])} and {names[-1]}"
