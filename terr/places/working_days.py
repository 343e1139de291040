"""Working days: a week's working days without public holidays and days off. The door of the library `holidays`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

COUNTRIES = {
    "US": "USA (federal)",
    "CA": "Canada",
    "GB": "United Kingdom",
    "IE": "Ireland",
    "AU": "Australia",
    "NZ": "New Zealand",
    "DE": "Germany",
    "FR": "France",
    "ES": "Spain",
    "IT": "Italy",
    "NL": "Netherlands",
    "MX": "Mexico",
    "BR": "Brazil",
    "JP": "Japan",
    "IN": "India",
}
"""Countries whose public holidays can be left out, by two-letter code."""


def public_holidays(first: date, last: date, country: str) -> dict[date, str]:
    """Public holidays of a whole country from `first` to `last`, by day; none for ""."""
    if not country:
        return {}
    import holidays

    years = range(first.year, last.year + 1)
    found = holidays.country_holidays(country, years=years)
    return {day: name for day, name in sorted(found.items()) if first <= day <= last}


def working_days(
    first: date, days: int, workdays: Collection[int], country: str = "", days_off: Collection[date] = ()
) -> tuple[date, ...]:
    """The days worked among so many days from `first` on, in order.

    Args:
        workdays: days of the week, 0 = Monday.
        country: whose public holidays aren't worked, "" = none.
        days_off: further days that aren't.
    """
    free = {*public_holidays(first, first + timedelta(days), country), *days_off}
    every = (first + timedelta(k) for k in range(days))
    return tuple(d for d in every if d.weekday() in workdays and d not in free)
