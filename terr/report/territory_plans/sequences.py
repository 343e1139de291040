"""Touches for sales tools as CSV: HubSpot tasks, and prospects with the steps of their sequence for Outreach."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from terr.planbook.cadence import DAYS, Cadence
from terr.planbook.view import CalendarEntry
from terr.report.safe import safe_frame

HUBSPOT = ("Task Title", "Task Type", "Due Date", "Priority", "Notes", "Assigned To", "Company Name")
PROSPECTS = ("First Name", "Last Name", "Email", "Company", "City", "Sequence", "Start Date", "Tier", "Reason")
STEPS = ("Sequence", "Step", "Week", "Day", "Step Type", "Interval Days")
_HUBSPOT_TYPES = {"Call": "CALL", "Email": "EMAIL"}
_PRIORITY = {"A": "HIGH", "B": "MEDIUM"}


def hubspot_tasks(entries: Sequence[CalendarEntry], owner: str) -> bytes:
    """A row for each touch, for HubSpot's import of tasks; dates as MM/DD/YYYY, `owner` an email address."""
    rows = [
        (
            f"{'Decide' if e.touch.decision else e.touch.channel}: {e.account}",
            _HUBSPOT_TYPES.get(e.touch.channel, "TODO"),
            f"{e.touch.day:%m/%d/%Y}",
            _PRIORITY.get(e.touch.tier, "LOW"),
            "; ".join(t for t in (e.reason, f"Buyer: {e.buyer}" if e.buyer else "") if t),
            owner,
            e.account,
        )
        for e in entries
    ]
    return _csv(rows, HUBSPOT)


def sequence_name(tier: str, weeks: int) -> str:
    """What a tier's sequence is called in Outreach."""
    return f"Terr tier {tier}, {weeks} weeks"


def outreach_prospects(entries: Sequence[CalendarEntry], cadences: Sequence[Cadence]) -> bytes:
    """A row for each account with its buyer, sequence and first day, for Outreach's import of prospects."""
    weeks = {c.tier: c.weeks for c in cadences}
    rows = []
    seen: set[str] = set()
    for e in entries:
        if e.touch.account_id in seen or e.touch.decision:
            continue
        seen.add(e.touch.account_id)
        first, _, last = e.buyer.strip().rpartition(" ")
        rows.append(
            (
                first,
                last,
                e.email,
                e.account,
                e.place,
                sequence_name(e.touch.tier, weeks.get(e.touch.tier, 0)),
                e.touch.day.isoformat(),
                e.touch.tier,
                e.reason,
            )
        )
    return _csv(rows, PROSPECTS)


def outreach_steps(cadences: Sequence[Cadence]) -> bytes:
    """A row for each step of each sequence, as it is entered in Outreach; intervals in calendar days."""
    rows = []
    for cadence in cadences:
        before = None
        for n, step in enumerate(cadence.ordered, 1):
            day = 7 * (step.week - 1) + step.weekday
            name = sequence_name(cadence.tier, cadence.weeks)
            rows.append((name, n, step.week, DAYS[step.weekday], step.channel, 0 if before is None else day - before))
            before = day
    return _csv(rows, STEPS)


def _csv(rows: Sequence[tuple[object, ...]], columns: Sequence[str]) -> bytes:
    text: str = safe_frame(pd.DataFrame(rows, columns=list(columns))).to_csv(index=False)
    return text.encode("utf-8-sig")
