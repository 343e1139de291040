"""Working days: a week's working days without public holidays and days off. The door of the library `holidays`."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from terr.errors import InputError

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


def public_holidays(first: date, last: date, country: str, state: str = "") -> dict[date, str]:
    """Public holidays from `first` to `last`, by day.

    Args:
        country: two letters, "" = none.
        state: the library's code of a part of the country ("OH", "BY"), "" = those of the whole country alone.

    Raises:
        InputError: a country or state the library doesn't know.
    """
    if not country:
        return {}
    import holidays

    years = range(first.year, last.year + 1)
    try:
        found = holidays.country_holidays(country.strip().upper(), subdiv=state.strip() or None, years=years)
    except (NotImplementedError, KeyError) as error:  # how the library says that it knows no such country or state
        where = f"{country[:20]} {state[:20]}".strip()
        raise InputError(
            f'public holidays of "{where}" aren\'t known; write a country as US and a state as OH, or leave them blank'
        ) from error
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
