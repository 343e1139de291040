"""What the accounts' own columns say of visits: tier, calls, minutes, opening hours and the last visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.report.safe import shown
from terr.scoring import columns
from terr.view.text import count
from terr.workspace.reps.team import account_tiers
from terr.workspace.visits.opening_hours import ALWAYS, Week, read_hours
from terr.workspace.visits.settings import USUAL_CALL_MINUTES, VisitSettings

LAST_WORDS = (
    "lastvisit",
    "lastvisited",
    "lastvisitdate",
    "lastcall",
    "lastcalldate",
    "lastcontact",
    "lastmeeting",
    "lastactivity",
    "lastactivitydate",
)
CALLS_WORDS = ("callsayear", "callsperyear", "visitsayear", "visitsperyear", "callfrequency", "visitfrequency")
MINUTES_WORDS = ("minutespercall", "minutespervisit", "callminutes", "visitminutes", "minutesacall", "visitduration")
HOURS_WORDS = ("openinghours", "businesshours", "hoursofoperation", "openhours", "visitinghours")


@dataclass(frozen=True, eq=False)
class VisitColumns:
    """By account of the data set.

    Attributes:
        tier: object (n,). calls: float64 (n,), a year. minutes: float64 (n,), of a call.
        last: the last visit, None = not known. hours: opening hours.
        notes: what was taken for granted.
    """

    tier: NDArray[np.object_]
    calls: NDArray[np.float64]
    minutes: NDArray[np.float64]
    last: tuple[date | None, ...]
    hours: tuple[Week, ...]
    notes: tuple[str, ...]


def read_columns(accounts: Accounts, settings: VisitSettings) -> VisitColumns:
    """Read what a calendar needs from the accounts.

    Raises:
        InputError: for a column or a tier that isn't there.
    """
    tier, told = account_tiers(accounts)
    notes = [f"Tiers: {told}"]
    names = {str(t).casefold(): str(t) for t in tier.tolist()}
    for given in settings.calls:
        if given.casefold() not in names and not _usual(settings, given):
            known = ", ".join(sorted(n for n in names.values() if n)[:8])
            raise InputError(f"no account is in tier {shown(given)}" + (f"; there are {known}" if known else ""))
    by_calls = {k.casefold(): float(v) for k, v in settings.calls.items()}
    by_minutes = {k.casefold(): float(v) for k, v in settings.minutes.items()}
    calls = np.array([by_calls.get(str(t).casefold(), 0.0) for t in tier.tolist()], dtype=np.float64)
    minutes = np.array([by_minutes.get(str(t).casefold(), USUAL_CALL_MINUTES) for t in tier.tolist()], dtype=np.float64)
    silent = sorted({n for k, n in names.items() if k not in by_calls})
    if silent and not settings.calls_column:
        notes.append(f"No calls are given for {', '.join(n or 'accounts without a tier' for n in silent[:5])}")
    for column, words, values, low, high, what in (
        (settings.calls_column, CALLS_WORDS, calls, 0.0, 260.0, "calls a year"),
        (settings.minutes_column, MINUTES_WORDS, minutes, 1.0, 60 * settings.hours, "minutes of a call"),
    ):
        name = _column(accounts, column, words)
        if name:
            notes += _numbers(accounts, name, values, low, high, what)
    last_name, hours_name = (
        _column(accounts, settings.last_column, LAST_WORDS),
        _column(accounts, settings.hours_column, HOURS_WORDS),
    )
    last = _dates(accounts, last_name, settings.start, notes) if last_name else (None,) * len(accounts)
    hours = _hours(accounts, hours_name, notes) if hours_name else (ALWAYS,) * len(accounts)
    return VisitColumns(tier, calls, minutes, last, hours, tuple(notes))


def _usual(settings: VisitSettings, tier: str) -> bool:
    """Whether a tier's calls are those nobody typed."""
    from terr.workspace.reps.team_size import USUAL_CALLS

    return dict(settings.calls) == dict(USUAL_CALLS) and tier in USUAL_CALLS


def _column(accounts: Accounts, given: str, words: tuple[str, ...]) -> str:
    if given:
        return columns.find(accounts, given)
    return next((str(c) for c in accounts.frame.columns if columns.normalized_header(str(c)) in words), "")


def _numbers(
    accounts: Accounts, name: str, values: NDArray[np.float64], low: float, high: float, what: str
) -> list[str]:
    """Puts a column's numbers in place of the tiers', in place; says what of it can't be used."""
    found = columns.numbers(accounts, name).amounts
    there = np.isfinite(found)
    good = there & (found >= low) & (found <= high)
    values[good] = found[good]
    notes = [f"{what.capitalize()}: by the column {name}, of the tier where it is blank"]
    if bad := int((there & ~good).sum()):
        notes.append(
            f"{count(bad, 'account has', 'accounts have')} {what} outside {low:,.0f} to {high:,.0f}; the tier's are "
            "used"
        )
    return notes


def _dates(accounts: Accounts, name: str, start: date, notes: list[str]) -> tuple[date | None, ...]:
    out: list[date | None] = []
    wrong = later = 0
    for text in columns.texts(accounts, name).tolist():
        day = _day(str(text))
        wrong += bool(text) and day is None
        later += day is not None and day >= start
        out.append(None if day is not None and day >= start else day)
    known = sum(d is not None for d in out)
    notes.append(f"Last visits: by the column {name}, known of {count(known, 'account')}")
    if wrong:
        notes.append(f"{count(wrong, 'last visit')} can't be read as a date; write it as 2026-01-31")
    if later:
        notes.append(f"{count(later, 'last visit')} on or after the start; taken as not known")
    return tuple(out)


def _day(text: str) -> date | None:
    text = text.strip()
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        pass
    for form in ("%m/%d/%Y", "%m/%d/%y", "%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d.%m.%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no time zone)
        except ValueError:
            continue
    return None


def _hours(accounts: Accounts, name: str, notes: list[str]) -> tuple[Week, ...]:
    read: dict[str, Week] = {}
    wrong = 0
    out = []
    first = ""
    for text in map(str, columns.texts(accounts, name).tolist()):
        if text not in read:
            try:
                read[text] = read_hours(text)
            except InputError as error:
                read[text] = ALWAYS
                first = first or str(error)
                wrong += 1
        out.append(read[text])
    notes.append(f"Opening hours: by the column {name}")
    if wrong:
        notes.append(f"{count(wrong, 'text')} of {name} can't be read, taken as always open; the first: {first}")
    return tuple(out)
