"""Reps: the people who cover territories."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from terr.errors import InputError

REP_ROLES = ("rep", "SDR", "specialist", "partner", "support", "manager")
"""What somebody on a roster does; only a "rep" owns territories, the others share in them."""
MAX_LEVEL = 10
_ZIP = re.compile(r"(\d{5})(?:-?\d{4})?|(\d{3,4})(?:\.0+)?|(\d{5})\.0+")


class HomeFields(TypedDict):
    """The fields of a `Rep` that say where the home is."""

    home_zip: str
    home_place: str


def home_fields(text: str) -> HomeFields:
    """`home_zip` and `home_place` of a home as a person writes it: a ZIP in five digits, else the words."""
    text = text.strip()
    found = _ZIP.fullmatch(text)
    digits = (found[1] or found[2] or found[3]) if found else ""
    return {"home_zip": digits.zfill(5) if digits else "", "home_place": "" if digits else text[:200]}


@dataclass(frozen=True)
class Rep:
    """One person of a sales team.

    Attributes:
        rep_id: unique id; reps are joined on it, never on the name.
        name: display name.
        home_zip: five-digit ZIP of the rep's home, "" if unknown.
        capacity: share of a full territory the rep can work once ramped (FTE), 1.0 = a full one.
        email: "" if unknown; a rep who signs in is known by it.
        role: one of `REP_ROLES`.
        manager: rep_id of the manager, "" if none.
        start, end: first and last day, None = open.
        hours: selling hours a year of this person, None = as everybody's.
        skills: each once, as written.
        level: seniority, 1 (junior) to 10, None = unknown.
        quota: of the year, money, None = none.
        home_place: where the home is if no ZIP tells: city and state, city and country, an address; "" = none.
        active: False takes the person out of matching and Generate; the record stays.
    """

    rep_id: str
    name: str
    home_zip: str = ""
    capacity: float = 1.0
    email: str = ""
    role: str = "rep"
    manager: str = ""
    start: date | None = None
    end: date | None = None
    hours: float | None = None
    skills: tuple[str, ...] = ()
    level: int | None = None
    quota: float | None = None
    active: bool = True
    home_place: str = ""

    def __post_init__(self) -> None:
        who = self.name or self.rep_id
        if not self.rep_id:
            raise InputError("a rep needs an id")
        if not 0.0 < self.capacity <= 10.0:
            raise InputError(f"capacity of {who} must lie above 0 and up to 10")
        if self.role not in REP_ROLES:
            raise InputError(f"the role of {who} must be one of {', '.join(REP_ROLES)}")
        if self.start and self.end and self.end < self.start:
            raise InputError(f"{who} ends on {self.end}, before the start on {self.start}; correct one of the dates")
        if self.hours is not None and not 0 < self.hours <= 8784:
            raise InputError(f"hours a year of {who} must lie above 0 and up to 8,784")
        if self.level is not None and not 1 <= self.level <= MAX_LEVEL:
            raise InputError(f"the seniority level of {who} must lie between 1 and {MAX_LEVEL}")
        if self.quota is not None and not (math.isfinite(self.quota) and self.quota >= 0):
            raise InputError(f"the quota of {who} must be an amount of 0 or more")
        if self.manager == self.rep_id:
            raise InputError(f"{who} can't be their own manager; choose somebody else")

    @property
    def home(self) -> str:
        """Where the rep lives as `terr.locate.home_points` places it: the ZIP, else the place; "" if unknown."""
        return self.home_zip or self.home_place

    @property
    def covers(self) -> bool:
        """Whether this person can be given a territory of their own."""
        return self.active and self.role == "rep"
