"""Opening hours as people write them: "9-17", "9:00 AM - 5:00 PM", "Mon-Thu 8-16; Fri 8-12", "closed", "24/7"."""

from __future__ import annotations

import re

from terr.errors import InputError
from terr.report.safe import shown

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ALWAYS = ((0, 1_440),) * 7
CLOSED = (1, 0)
_TIME = r"(\d{1,2})(?:[:.h](\d{2}))?\s*([ap])?\.?(?:m\b\.?)?"
_SPAN = re.compile(rf"{_TIME}\s*(?:-|–|—|to|until)\s*{_TIME}", re.IGNORECASE)
_DAYS = re.compile(r"([a-z]{2,9})\.?(?:\s*(?:-|–|—|to)\s*([a-z]{2,9})\.?)?", re.IGNORECASE)
_ALL = {"24/7", "24h", "always", "open", "any", "anytime", "24 hours"}

Week = tuple[tuple[int, int], ...]
"""Seven (open, close), Monday first, in minutes of the day; `CLOSED` where a day is closed."""


def read_hours(text: str) -> Week:
    """A week's opening hours; an empty text is always open.

    Raises:
        InputError: if the text can't be read.
    """
    flat = " ".join(text.casefold().split())
    if not flat or flat in _ALL:
        return ALWAYS
    if flat in {"closed", "none"}:
        return (CLOSED,) * 7
    week = [CLOSED] * 7
    for part in filter(None, (p.strip() for p in re.split(r"[;,|/\n]+|\band\b", flat))):
        span = _SPAN.search(part)
        front = part[: span.start()].strip(" :") if span else part.replace("closed", "").strip(" :")
        if (span is None and "closed" not in part) or (span and part[span.end() :].strip(" .")):
            raise InputError(_wrong(text))
        days = _days(front, text) if front else range(7)
        hours = _span(span, text) if span else CLOSED
        for d in days:
            if week[d] == CLOSED or hours == CLOSED or (hours[1] - hours[0]) > (week[d][1] - week[d][0]):
                week[d] = hours  # of two spans in a day, such as around lunch, the longer one
    return tuple(week)


def _wrong(text: str) -> str:
    return f'opening hours {shown(text)} can\'t be read; write them as "9:00-17:00" or "Mon-Fri 8-16"'


def _days(front: str, text: str) -> list[int]:
    found = _DAYS.fullmatch(front)
    if found is None:
        raise InputError(_wrong(text))
    if front in {"daily", "everyday"}:
        return list(range(7))
    if front in {"weekdays", "workdays"}:
        return list(range(5))
    ends = []
    for word in found.groups():
        at = [k for k, d in enumerate(WEEKDAYS) if word and word.startswith(d.casefold()[: max(2, min(3, len(word)))])]
        if word and len(at) != 1:
            raise InputError(_wrong(text))
        ends += at
    if len(ends) == 1:
        return ends
    first, last = ends
    return [k % 7 for k in range(first, last + 1 if last >= first else last + 8)]


def _span(found: re.Match[str], text: str) -> tuple[int, int]:
    h1, m1, half1, h2, m2, half2 = found.groups()
    open_at, close_at = _minute(h1, m1, half1, text), _minute(h2, m2, half2, text)
    if not half1 and not half2 and close_at <= open_at < 720 and close_at <= 720:
        close_at += 720  # "9-5"
    elif half2 and not half1 and open_at < 720 and half2.casefold() == "p" and open_at + 720 < close_at:
        open_at += 720 if int(h1) < 7 else 0  # "1-5pm", but "9-5pm" begins in the morning
    if close_at == 0:
        close_at = 1_440
    if not 0 <= open_at < close_at <= 1_440:
        raise InputError(_wrong(text))
    return open_at, close_at


def _minute(hour: str, minute: str | None, half: str | None, text: str) -> int:
    h, m = int(hour), int(minute or 0)
    if h > 24 or m > 59 or (half and not 1 <= h <= 12):
        raise InputError(_wrong(text))
    if half:
        h = h % 12 + (12 if half.casefold() == "p" else 0)
    return h * 60 + m
