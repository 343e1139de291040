"""Visits as files: a table, a calendar (iCalendar, RFC 5545), routes for a navigator (GPX 1.1), links to a map app."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode
from xml.etree import ElementTree

import pandas as pd

from terr.report.safe import safe_frame

GPX = "http://www.topografix.com/GPX/1/1"
MOST_WAYPOINTS = 9
"""A link of Google Maps takes no more stops between the first and the last."""
_LONGEST = 200
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class VisitRow:
    """One visit of a file.

    Attributes:
        rep_id, rep: who; day: when; order: 1, 2, ... on that day.
        account_id, name: whom; lat, lon: degrees.
        arrive, begin, leave: minutes of the day.
    """

    rep_id: str
    rep: str
    day: date
    order: int
    account_id: str
    name: str
    lat: float
    lon: float
    arrive: int
    begin: int
    leave: int


def visits_frame(rows: Sequence[VisitRow]) -> pd.DataFrame:
    """One row a visit, with the columns of `terr visits --out`."""
    return pd.DataFrame(
        {
            "rep_id": [r.rep_id for r in rows],
            "rep": [r.rep for r in rows],
            "date": [r.day.isoformat() for r in rows],
            "stop": [r.order for r in rows],
            "account_id": [r.account_id for r in rows],
            "name": [r.name for r in rows],
            "arrive": [_clock(r.arrive) for r in rows],
            "begin": [_clock(r.begin) for r in rows],
            "leave": [_clock(r.leave) for r in rows],
            "lat": [round(r.lat, 6) for r in rows],
            "lon": [round(r.lon, 6) for r in rows],
            "map": [stop_link(r.lat, r.lon) for r in rows],
        }
    )


def visits_csv(rows: Sequence[VisitRow]) -> bytes:
    """UTF-8 with a byte order mark, no cell a formula."""
    text: str = safe_frame(visits_frame(rows)).to_csv(index=False, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def visits_ics(rows: Sequence[VisitRow], now: datetime) -> bytes:
    """An iCalendar with an event for each visit, in the local time of whoever opens it.

    An event keeps its id when the visit is moved to another hour of its day, so that a calendar loaded again moves it.
    """
    from icalendar import Calendar, Event

    out = Calendar()
    out.add("prodid", "-//Terr//Visits//EN")
    out.add("version", "2.0")
    for r in rows:
        event = Event()
        key = hashlib.sha256("\x00".join((r.rep_id, r.account_id, r.day.isoformat())).encode()).hexdigest()[:32]
        event.add("uid", f"{key}@terr.invalid")
        event.add("dtstamp", now.astimezone(UTC))
        event.add("dtstart", _at(r.day, r.begin))
        event.add("dtend", _at(r.day, r.leave))
        event.add("summary", f"Visit {_line(r.name or r.account_id)}")
        event.add("description", f"Stop {r.order}, account {_line(r.account_id)}")
        event.add("geo", (round(r.lat, 6), round(r.lon, 6)))
        out.add_component(event)
    return bytes(out.to_ical())


def visits_gpx(rows: Sequence[VisitRow], homes: dict[str, tuple[float, float]] | None = None) -> bytes:
    """A GPX 1.1 file with a route for each rep and day, from home and back where the home is given by rep_id."""
    ElementTree.register_namespace("", GPX)
    root = ElementTree.Element(f"{{{GPX}}}gpx", {"version": "1.1", "creator": "Terr"})
    days: dict[tuple[str, date], list[VisitRow]] = {}
    for r in rows:
        days.setdefault((r.rep_id, r.day), []).append(r)
    for (rep_id, day), mine in days.items():
        route = ElementTree.SubElement(root, f"{{{GPX}}}rte")
        ElementTree.SubElement(route, f"{{{GPX}}}name").text = f"{day.isoformat()} {_line(mine[0].rep)}"
        home = (homes or {}).get(rep_id)
        stops = [(r.lat, r.lon, r.name or r.account_id) for r in sorted(mine, key=lambda r: r.order)]
        if home is not None:
            stops = [(*home, "Home"), *stops, (*home, "Home")]
        for lat, lon, name in stops:
            point = ElementTree.SubElement(route, f"{{{GPX}}}rtept", {"lat": f"{lat:.6f}", "lon": f"{lon:.6f}"})
            ElementTree.SubElement(point, f"{{{GPX}}}name").text = _line(name)
    body: bytes = ElementTree.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body


def stop_link(lat: float, lon: float) -> str:
    """A link that opens a phone's map app with the way to a point; it holds coordinates only."""
    return "https://www.google.com/maps/dir/?" + urlencode(
        {"api": "1", "travelmode": "driving", "destination": f"{lat:.6f},{lon:.6f}"}
    )


def day_links(home: tuple[float, float], stops: Sequence[tuple[float, float]]) -> list[str]:
    """Links that open a day's stops in order in a map app, from home and back; several where one is too short."""
    places = [home, *stops, home]
    out = []
    for k in range(0, len(places) - 1, MOST_WAYPOINTS + 1):
        part = [f"{lat:.6f},{lon:.6f}" for lat, lon in places[k : k + MOST_WAYPOINTS + 2]]
        asked = {"api": "1", "travelmode": "driving", "origin": part[0], "destination": part[-1]}
        if part[1:-1]:
            asked["waypoints"] = "|".join(part[1:-1])
        out.append("https://www.google.com/maps/dir/?" + urlencode(asked))
    return out


def _line(text: str) -> str:
    """People's text on one line, without characters that XML and calendars don't have."""
    return " ".join(_CONTROL.sub(" ", text).split())[:_LONGEST]


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _at(day: date, minute: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(minutes=minute)
