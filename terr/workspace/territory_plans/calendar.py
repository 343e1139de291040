"""The outreach calendar of a territory plan: touches of its targets over working days, with what is to be seen to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from terr.errors import InputError
from terr.places.working_days import public_holidays
from terr.planbook.cadence import Touch, lay_out, outside, overfull
from terr.planbook.content import PlanContent
from terr.planbook.reasons import reason
from terr.planbook.template import PlanTemplate
from terr.planbook.view import CalendarEntry
from terr.view.text import and_list, count, date_text
from terr.workspace.territory_plans.ground import PlanbookGround

_YEARS = 3


@dataclass(frozen=True)
class OutreachCalendar:
    """Entries by day, and sentences for what needs somebody."""

    entries: tuple[CalendarEntry, ...]
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def calendar_of(
    g: PlanbookGround, code: int, content: PlanContent, template: PlanTemplate, today: date
) -> OutreachCalendar:
    """Lay the touches of a plan's targets out; targets that left the territory get none.

    An account that was dropped or automated at its decision point has no touch from today on.
    """
    choice, at = content.calendar, g.position(code)
    start = choice.start or today
    warnings: list[str] = []
    try:
        free = public_holidays(start, start + timedelta(weeks=52 * _YEARS), choice.country, choice.state)
    except InputError as error:
        free, warnings = {}, [str(error)]
    closed = {*free, *choice.days_off}
    listed = [t for t in content.targets if (row := g.row_of.get(t.account_id)) is not None and g.territory[row] == at]
    ranked = [(t.account_id, str(g.tier[g.row_of[t.account_id]])) for t in listed]
    cadences = choice.cadences or template.cadences
    try:
        touches = lay_out(
            ranked,
            cadences,
            start,
            most_a_day=choice.most_a_day,
            weekdays=choice.weekdays,
            closed=closed,
            moves=choice.moves,
        )
    except InputError as error:
        return OutreachCalendar((), (*warnings, str(error)))
    stopped = {a for a, d in choice.decided.items() if d in ("Automate", "Drop")}
    touches = tuple(t for t in touches if t.account_id not in stopped or t.day < today)
    if start < today - timedelta(days=1):
        gone = sum(1 for t in touches if t.day < today and not t.decision)
        if gone:
            warnings.append(
                f"{count(gone, 'touch', 'touches')} before today; choose a later first day to plan them again"
            )
    for day in overfull(touches, choice.most_a_day)[:3]:
        warnings.append(f"More than {choice.most_a_day} touches on {date_text(day)}; move some to another day")
    off = outside(touches, choice.weekdays, closed)
    for one in off[:3]:
        why = free.get(one.day, "not a working day")
        warnings.append(f"A touch of {_name(g, one)} is on {date_text(one.day)} ({why}); move it")
    without = sorted({tier for _, tier in ranked} - {c.tier for c in cadences})
    if without:
        warnings.append(f"No cadence for tier {and_list(without)}: these accounts have no touches")
    span = {d: n for d, n in free.items() if touches and touches[0].day <= d <= touches[-1].day}
    notes = [f"Closed: {and_list([f'{n} ({date_text(d)})' for d, n in span.items()], 6)}"] if span else []
    of = {t.account_id: t for t in listed}
    entries = tuple(
        _entry(g, t, of[t.account_id].buyer, of[t.account_id].email, of[t.account_id].reason) for t in touches
    )
    return OutreachCalendar(entries, tuple(warnings), tuple(notes))


def _name(g: PlanbookGround, touch: Touch) -> str:
    return str(g.shown.accounts.frame["name"].iloc[g.row_of[touch.account_id]])


def _entry(g: PlanbookGround, touch: Touch, buyer: str, email: str, own: str) -> CalendarEntry:
    row = g.row_of[touch.account_id]
    frame = g.shown.accounts.frame
    place = ", ".join(t for t in (str(frame["city"].iloc[row]), str(frame["state"].iloc[row])) if t)
    said = own or reason(g.reason_parts(row))
    return CalendarEntry(touch, _name(g, touch) or touch.account_id, buyer, email, place, said)


def with_start(content: PlanContent, start: date) -> PlanContent:
    """The same plan with another first day; days that people chose stay."""
    return replace(content, calendar=replace(content.calendar, start=start))
