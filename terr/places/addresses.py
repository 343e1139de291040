"""A whole place in one cell: an address, "City, State", or a point, taken apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from terr.places.countries import HOME, country_code
from terr.places.points import Point, read_point
from terr.places.postal import foreign_form
from terr.places.states import state_code

_ZIP_LAST = re.compile(r"(?:^|[\s,])(\d{5}(?:[- ]?\d{4})?)$")
_CODE_FIRST = re.compile(r"(?:[A-Z]{1,3}[- ])?(\d{4,5})\s+(\D{2,})", re.I)
_COUNTY = re.compile(r".*\b(?:county|parish|borough|census area|municipality|planning region)", re.I)
_FOREIGN_LAST = re.compile(
    r"(?:^|\s)([A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|[1-9]\d{3} ?[A-Z]{2})$", re.I
)
_LONGEST = 500


@dataclass(frozen=True)
class PlaceParts:
    """What one cell says of a place; "" and None where it doesn't.

    Attributes:
        city, state, zip, county: as written in the cell.
        country: two letters.
        point: degrees north and east.
    """

    city: str = ""
    state: str = ""
    zip: str = ""
    county: str = ""
    country: str = ""
    point: Point | None = None

    @property
    def enough(self) -> bool:
        """Whether it says where the account is."""
        placed = self.zip or ((self.city or self.county) and self.state) or (self.city and self.country)
        return self.point is not None or bool(placed)


NOWHERE = PlaceParts()


def read_place(text: str) -> PlaceParts:
    """Take a cell apart: "100 Main St, Austin, TX 78701", "Waco, TX", "(30.27, -97.74)", lines of an address block."""
    text = text.strip()[:_LONGEST]
    if not text:
        return NOWHERE
    tail = re.search(r"\(([^()]*)\)\s*$", text)
    behind = read_point(tail[1]) if tail else None
    if (point := read_point(text)) is not None:
        return PlaceParts(point=point)
    if tail and behind is not None:  # an address with its point behind it, as data portals export
        text = text[: tail.start()]
    parts = (p.strip(" .") for p in re.split(r"\s*(?:[,;|]|\r?\n|<br ?/?>)\s*", text))
    return _address([p for p in parts if p], behind)


def _address(parts: list[str], point: Point | None) -> PlaceParts:
    country = zipped = state = city = ""
    if len(parts) > 1 and not state_code(parts[-1]) and country_code(parts[-1]):
        country = country_code(parts.pop())
    elif parts and (found := re.search(r"\s(?:USA|U\.S\.A|United States(?: of America)?)$", parts[-1], re.I)):
        country, parts[-1] = HOME, parts[-1][: found.start()]
    if not parts:
        return PlaceParts(country=country, point=point)
    last = parts[-1]
    if found := _FOREIGN_LAST.search(last):
        if country != HOME and foreign_form(found[1]):
            zipped, country = found[1], country or foreign_form(found[1])
            last = last[: found.start()].strip()
    elif found := _ZIP_LAST.search(last):
        zipped, last = found[1], last[: found.start()].strip()
    elif found := _CODE_FIRST.fullmatch(last):  # "75001 Paris", as most of Europe writes
        zipped, city, last = found[1], found[2].strip(), ""
    parts = parts[:-1] + ([last] if last else [])
    if parts and not city:
        if state_code(parts[-1]) and not parts[-1].isdigit():
            state = parts.pop()
        else:
            words = parts[-1].split()
            for n in (3, 2, 1):
                behind = " ".join(words[-n:])
                if len(words) > n and state_code(behind) and not behind.isdigit():
                    state, parts[-1] = behind, " ".join(words[:-n])
                    break
        if state or zipped or len(parts) < 3:
            city = parts[-1] if parts else ""
    county = city if _COUNTY.fullmatch(city) else ""
    return PlaceParts("" if county else city, state, zipped, county, "" if country == HOME else country, point)
