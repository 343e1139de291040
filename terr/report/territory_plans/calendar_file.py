"""The outreach calendar as an iCalendar file (RFC 5545): one all-day event for each touch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from terr.planbook.view import CalendarEntry
from terr.report.documents.typst_pdf import clean

_LONGEST = 1_000


def calendar_ics(name: str, key: str, entries: Sequence[CalendarEntry], made: datetime | None = None) -> bytes:
    """A calendar that any calendar program opens; the library folds lines and escapes text.

    Args:
        name: of the calendar.
        key: of the territory plan; with an account and a step it makes ids that stay, so that a newer file replaces
            the events of an older one.
        entries: touches and decision points.
        made: when.
    """
    from icalendar import Calendar, Event

    at = (made or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    book = Calendar()
    book.add("prodid", "-//Terr//Territory plans//EN")
    book.add("version", "2.0")
    book.add("calscale", "GREGORIAN")
    book.add("method", "PUBLISH")
    book.add("x-wr-calname", _line(name))
    for one in entries:
        event = Event()
        digest = hashlib.sha256(f"{key}|{one.touch.account_id}|{one.touch.step}".encode()).hexdigest()[:32]
        event.add("uid", f"{digest}@terr")
        event.add("dtstamp", at)
        event.add("dtstart", one.touch.day)
        event.add("dtend", one.touch.day + timedelta(days=1))
        event.add("summary", _line(f"{_verb(one)}: {one.account}"))
        event.add("description", _text(_about(one)))
        if one.place:
            event.add("location", _line(one.place))
        event.add("categories", [one.touch.channel])
        event.add("transp", "TRANSPARENT")
        book.add_component(event)
    found: bytes = book.to_ical()
    return found


def _verb(one: CalendarEntry) -> str:
    return "Decide to continue, automate or drop" if one.touch.decision else one.touch.channel


def _about(one: CalendarEntry) -> str:
    parts = [one.reason, f"Buyer: {one.buyer}" if one.buyer else "", one.email, f"Tier {one.touch.tier}"]
    return "\n".join(p for p in parts if p)


def _line(text: str) -> str:
    return " ".join(clean(text, _LONGEST).split())


def _text(text: str) -> str:
    return clean(text.replace("\r", "\n"), _LONGEST)
