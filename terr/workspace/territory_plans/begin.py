"""A territory plan begun from the data: targets in their order, support from those who share in it, a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from terr.errors import InputError
from terr.places.working_days import public_holidays
from terr.planbook.content import SUPPORT_ROLES, CalendarChoices, PlanContent, SupportNeed, Target
from terr.planbook.reasons import best
from terr.planbook.template import PlanTemplate
from terr.view.text import percent
from terr.workspace.quotas.basis import QuotaPeriod, read_period
from terr.workspace.reps.assignment import people_settings
from terr.workspace.territory_plans.ground import PlanbookGround


def begun(g: PlanbookGround, code: int, period: str, template: PlanTemplate, today: date) -> PlanContent:
    """What a territory plan starts with.

    Args:
        g: what it rests on.
        code: of the territory.
        period: such as 2027 or 2027-Q1.
        template: how many targets.
        today: the day it is.

    Raises:
        InputError: a period that can't be read or is over, or a territory that isn't there.
    """
    span = read_period(period)
    if span.last < today:
        raise InputError(f"{span.name} is over; choose a period that is still to come or under way")
    frame = g.shown.accounts.frame
    rows = suggested(g, code, template.targets)
    targets = tuple(Target(str(frame["account_id"].iloc[r]), buyer=str(g.buyer[r])) for r in rows)
    return PlanContent(
        period=span.name, targets=targets, support=_support(g, code), calendar=_calendar(g, code, span, today)
    )


def suggested(g: PlanbookGround, code: int, most: int, but: Sequence[int] = ()) -> list[int]:
    """Positions of the accounts of a territory that make the best targets, the best first.

    Args:
        g: what it rests on.
        code: of the territory.
        most: how many.
        but: positions that are on the list already.
    """
    mine = np.where(g.territory == g.position(code), np.nan_to_num(g.rank), np.nan)
    mine[list(but)] = np.nan
    return best(mine, most, g.shown.accounts.frame["account_id"].astype(str).to_numpy(dtype=object))


def first_day(span: QuotaPeriod, today: date) -> date:
    """The first Monday of a period, or of what is left of it."""
    day = max(span.first, today)
    return day + timedelta(days=-day.weekday() % 7)


def _support(g: PlanbookGround, code: int) -> tuple[SupportNeed, ...]:
    """A line for each person who shares in the territory."""
    people = {r.rep_id: r for r in g.shown.reps}
    out = []
    for one in people_settings(g.shown.info).shared:
        if one.territory == code and one.rep_id in people:
            role = one.role if one.role in SUPPORT_ROLES else one.role.capitalize()
            role = role if role in SUPPORT_ROLES else "Other"
            out.append(
                SupportNeed(
                    role, f"{percent(100 * one.share, 0)} of the time, {one.role}", people[one.rep_id].name, one.end
                )
            )
    return tuple(out)


def _calendar(g: PlanbookGround, code: int, span: QuotaPeriod, today: date) -> CalendarChoices:
    """From the first Monday, with the holidays of the state most accounts are in."""
    start = first_day(span, today)
    states = g.shown.accounts.frame["state"].astype(str).iloc[g.rows(g.position(code))]
    states = states[states.str.fullmatch("[A-Z]{2}")]
    state = str(states.mode().iloc[0]) if len(states) else ""
    try:
        public_holidays(start, start, "US", state)
    except InputError:  # accounts of another country
        return CalendarChoices(start, country="", state="")
    return CalendarChoices(start, state=state)
