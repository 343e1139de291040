"""What the fields of the Visits page offer, and what was typed into them."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.places.working_days import COUNTRIES
from terr.report.safe import shown
from terr.scoring import columns
from terr.workspace.reps.team import account_tiers
from terr.workspace.visits.settings import USUAL_CALL_MINUTES, VisitSettings

COLUMN_KINDS = {
    "last_column": "Column of the last visit",
    "hours_column": "Column of opening hours",
    "calls_column": "Column of calls a year",
    "minutes_column": "Column of minutes a call",
}
_MOST_TIERS = 30


def country_names() -> dict[str, str]:
    """Whose public holidays can be left out, by code; "" for nobody's."""
    return {"": "None", **COUNTRIES}


def offered_columns(accounts: Accounts) -> tuple[str, ...]:
    """Columns of the accounts a person may choose from."""
    return columns.offered(accounts)


def tier_table(accounts: Accounts, settings: VisitSettings) -> pd.DataFrame:
    """`Tier`, `Calls a year` and `Minutes` of each tier the accounts have."""
    tier, _ = account_tiers(accounts)
    names = sorted({str(t) for t in tier.tolist() if t})[:_MOST_TIERS]
    calls = {k.casefold(): v for k, v in settings.calls.items()}
    minutes = {k.casefold(): v for k, v in settings.minutes.items()}
    return pd.DataFrame(
        {
            "Tier": names,
            "Calls a year": [float(calls.get(n.casefold(), 0.0)) for n in names],
            "Minutes": [float(minutes.get(n.casefold(), USUAL_CALL_MINUTES)) for n in names],
        }
    )


def with_tiers(table: pd.DataFrame) -> tuple[dict[str, float], dict[str, float]]:
    """Calls and minutes by tier of such a table; a blank cell is none, or the usual minutes."""
    calls = {str(t): 0.0 if pd.isna(v) else float(v) for t, v in zip(table["Tier"], table["Calls a year"], strict=True)}
    minutes = {
        str(t): USUAL_CALL_MINUTES if pd.isna(v) else float(v)
        for t, v in zip(table["Tier"], table["Minutes"], strict=True)
    }
    return calls, minutes


def days_off_text(days: tuple[date, ...]) -> str:
    """Days as they are typed."""
    return ", ".join(d.isoformat() for d in days)


def days_off_from(text: str) -> tuple[date, ...]:
    """Days as typed, each 2026-12-24, several with commas, a stretch as 2026-12-24 to 2026-12-31.

    Raises:
        InputError: for anything else, or a stretch of over a year.
    """
    out: list[date] = []
    for part in filter(None, (p.strip() for p in re.split(r"[,;\n]", text))):
        ends = [p.strip() for p in part.split(" to ")]
        try:
            first, last = date.fromisoformat(ends[0]), date.fromisoformat(ends[-1])
        except ValueError:
            raise InputError(f"the day off {shown(part)} isn't a date; write it as 2026-12-24") from None
        if len(ends) > 2 or not 0 <= (last - first).days <= 366:
            raise InputError(f"the days off {shown(part)} can't be; write them as 2026-12-24 to 2026-12-31")
        out += [date.fromordinal(k) for k in range(first.toordinal(), last.toordinal() + 1)]
    return tuple(sorted(set(out)))
