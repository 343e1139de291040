"""Months, quarters and years that the facts of a data set cover, the newest first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from terr.errors import InputError
from terr.view.text import date_text
from terr.workspace.facts.performance import FactSet, Period

LENGTHS = {"12 months": 0, "Year": 12, "Quarter": 3, "Month": 1}
"""What a person chooses -> months of the calendar; 0 = the twelve months that end with the newest fact."""
_NEARLY = np.timedelta64(4, "D")
"""A period counts as over when the newest fact lies so close to its end: weekends and holidays have no orders."""


@dataclass(frozen=True)
class NamedPeriod:
    """A period to choose.

    Attributes:
        title: "2026 Q3", "Nov 2026", "2026"; with the day it ends if it isn't over.
        period: its days.
        over: whether the facts cover all of it.
    """

    title: str
    period: Period
    over: bool = True


def periods_of(facts: FactSet, length: str, most: int = 60) -> tuple[NamedPeriod, ...]:
    """The periods of a length that the facts cover, the newest first.

    Args:
        facts: of one data set.
        length: one of `LENGTHS`.
        most: how many.

    Raises:
        InputError: an unknown length, or no fact with a day.
    """
    if length not in LENGTHS:
        raise InputError(f'there are no periods of the length "{length}"; choose {", ".join(LENGTHS)}')
    last, months = facts.last_day(), LENGTHS[length]
    if not months:
        one = facts.usual_period()
        return (NamedPeriod(f"{_day(one.start)} – {_day(one.end)}", one),)
    first = facts.first_day().astype("datetime64[M]")
    month = last.astype("datetime64[M]")
    start = month - int(month.astype(int)) % months
    out: list[NamedPeriod] = []
    while start + months > first and len(out) < most:
        end = (start + months).astype("datetime64[D]") - np.timedelta64(1, "D")
        over = last >= end - _NEARLY
        title = _title(start, months)
        shown_end = end if over else last
        out.append(
            NamedPeriod(
                title if over else f"{title}, to {_day(last)}", Period(start.astype("datetime64[D]"), shown_end), over
            )
        )
        start = start - months
    return tuple(out)


def period_text(period: Period) -> str:
    """ "Jan 1, 2026 to Mar 31, 2026"."""
    return f"{_day(period.start)} to {_day(period.end)}"


def _title(month: np.datetime64, months: int) -> str:
    year, at = (int(part) for part in str(month).split("-"))
    if months == 12:
        return str(year)
    return f"{year} Q{(at + 2) // 3}" if months == 3 else f"{month.item():%b} {year}"


def _day(day: np.datetime64) -> str:
    return date_text(day.astype("datetime64[D]").item())
