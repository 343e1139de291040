"""A rep's calendar of visits, as people read it: dates, names, miles and hours, and a reason for what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from terr.report.visits import VisitRow


@dataclass(frozen=True)
class VisitStop:
    """One call.

    Attributes:
        visit: position of the visit in the problem, for moving it.
        account_id, name, tier: whose call.
        lat, lon: degrees.
        arrive, begin, leave: minutes of the day: at the door, when the call begins, when it is over.
    """

    visit: int
    account_id: str
    name: str
    tier: str
    lat: float
    lon: float
    arrive: int
    begin: int
    leave: int


@dataclass(frozen=True)
class VisitDay:
    """One working day.

    Attributes:
        day: the date; start, end: minutes of the day a rep leaves home and is back.
        miles: by road; drive, service, wait: minutes.
        stops: in order.
    """

    day: date
    start: int
    end: int
    miles: float
    drive: int
    service: int
    wait: int
    stops: tuple[VisitStop, ...]


@dataclass(frozen=True)
class MissedVisit:
    """An account that isn't called on as often as it should be, or at all.

    Attributes:
        code: "not_due", "no_calls", "no_place", or one of `terr.engine.visits.planning`.
        reason: in words. visits: how many are missing; of: how many are due.
        visit: position of the first missing one, -1 = none is due.
    """

    account_id: str
    name: str
    tier: str
    code: str
    reason: str
    visits: int
    of: int
    visit: int = -1


@dataclass(frozen=True)
class OverdueAccount:
    """An account that should have been called on before the period.

    Attributes:
        days: since when; visit: the day it is called on now, None = left out.
    """

    account_id: str
    name: str
    days: int
    visit: date | None


@dataclass(frozen=True)
class OtherWay:
    """The same visits done another way: how many fit, their miles, and minutes on the road and before closed doors."""

    visits: int
    miles: float
    minutes: int


@dataclass(frozen=True)
class RepCalendar:
    """A rep's visits in a period.

    Attributes:
        rep_id, rep: who; home: latitude and longitude in degrees.
        start, end: of the period.
        days: each working day, in order.
        missed: what isn't visited, with reasons; overdue: what was late before.
        nearest, listed: by nearest neighbor, and in today's order.
        status: "planned", or "stopped" where the search was ended early.
        notes: what was taken for granted.
    """

    rep_id: str
    rep: str
    home: tuple[float, float]
    start: date
    end: date
    days: tuple[VisitDay, ...]
    missed: tuple[MissedVisit, ...]
    overdue: tuple[OverdueAccount, ...]
    nearest: OtherWay
    listed: OtherWay
    status: str
    notes: tuple[str, ...]

    @property
    def visits(self) -> int:
        """How many calls there are."""
        return sum(len(d.stops) for d in self.days)

    @property
    def miles(self) -> float:
        """By road, in all."""
        return round(sum(d.miles for d in self.days), 2)

    @property
    def drive(self) -> int:
        """Minutes on the road, in all."""
        return sum(d.drive for d in self.days)

    @property
    def service(self) -> int:
        """Minutes of calls, in all."""
        return sum(d.service for d in self.days)

    @property
    def wait(self) -> int:
        """Minutes before doors that aren't open yet, in all."""
        return sum(d.wait for d in self.days)

    def saved_hours(self, other: OtherWay) -> float | None:
        """Hours on the road and of waiting that another way takes more for as many visits; None if it makes none."""
        if not other.visits or not self.visits:
            return None
        return (other.minutes / other.visits * self.visits - self.drive - self.wait) / 60

    @property
    def left_out(self) -> tuple[MissedVisit, ...]:
        """What is due and isn't visited."""
        return tuple(m for m in self.missed if m.visits)


def clock(minute: int) -> str:
    """A minute of the day for a person: "8:05 AM"."""
    hour, rest = divmod(minute, 60)
    return f"{(hour - 1) % 12 + 1}:{rest:02d} {'AM' if hour % 24 < 12 else 'PM'}"


def clock24(minute: int) -> str:
    """A minute of the day for a program: "08:05"."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def calendar_json(found: RepCalendar) -> dict[str, Any]:
    """A calendar as `terr visits --json` prints it."""
    return {
        "rep": found.rep,
        "rep_id": found.rep_id,
        "start": found.start.isoformat(),
        "end": found.end.isoformat(),
        "days": [
            {
                "date": d.day.isoformat(),
                "leave_home": clock24(d.start) if d.stops else None,
                "back_home": clock24(d.end) if d.stops else None,
                "miles": d.miles,
                "drive_minutes": d.drive,
                "service_minutes": d.service,
                "wait_minutes": d.wait,
                "stops": [
                    {
                        "account_id": s.account_id,
                        "name": s.name,
                        "arrive": clock24(s.arrive),
                        "begin": clock24(s.begin),
                        "leave": clock24(s.leave),
                    }
                    for s in d.stops
                ],
            }
            for d in found.days
        ],
        "visits": found.visits,
        "not_visited": [
            {
                "account_id": m.account_id,
                "name": m.name,
                "code": m.code,
                "reason": m.reason,
                "visits_missing": m.visits,
                "visits_due": m.of,
            }
            for m in found.missed
        ],
        "overdue": [
            {
                "account_id": o.account_id,
                "days": o.days,
                "visit": None if o.visit is None else o.visit.isoformat(),
            }
            for o in found.overdue
        ],
        "miles": found.miles,
        "hours": {
            "drive": round(found.drive / 60, 2),
            "calls": round(found.service / 60, 2),
            "waiting": round(found.wait / 60, 2),
        },
        "miles_nearest_neighbor": found.nearest.miles,
        "visits_nearest_neighbor": found.nearest.visits,
        "hours_saved_nearest_neighbor": _rounded(found.saved_hours(found.nearest)),
        "miles_today": found.listed.miles,
        "visits_today": found.listed.visits,
        "hours_saved_today": _rounded(found.saved_hours(found.listed)),
        "status": found.status,
        "notes": list(found.notes),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def file_rows(found: RepCalendar) -> list[VisitRow]:
    """The visits as rows of a file, in order."""
    return [
        VisitRow(found.rep_id, found.rep, d.day, k, s.account_id, s.name, s.lat, s.lon, s.arrive, s.begin, s.leave)
        for d in found.days
        for k, s in enumerate(d.stops, start=1)
    ]
