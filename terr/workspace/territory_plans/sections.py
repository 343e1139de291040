"""Sections of a territory plan that people write: targets with reasons, potential, offers, support, actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from terr.planbook.content import PlanContent
from terr.planbook.reasons import reason
from terr.planbook.swot import SwotLine, draft_swot, with_edits
from terr.planbook.template import SECTIONS, PlanTemplate
from terr.planbook.view import CalendarEntry, PlanFigure, PlanSection, PlanTable
from terr.view.text import and_list, count, date_text, short
from terr.workspace.territory_plans.calendar import OutreachCalendar
from terr.workspace.territory_plans.ground import PlanbookGround

QUADRANT_TITLES = {
    "strength": "Strengths",
    "weakness": "Weaknesses",
    "opportunity": "Opportunities",
    "threat": "Threats",
}
_TOUCHES = {
    "Email": ("email", "emails"),
    "Call": ("call", "calls"),
    "LinkedIn": ("LinkedIn message", "LinkedIn messages"),
    "Visit": ("visit", "visits"),
    "Demo": ("demo", "demos"),
    "Letter": ("letter", "letters"),
}
_DAYS = 60
"""Days of the calendar a section lists; the calendar file has all of them."""


def account_name(g: PlanbookGround, account_id: str) -> str:
    """An account's name, its id where it has none or is gone."""
    row = g.row_of.get(account_id)
    name = "" if row is None else str(g.shown.accounts.frame["name"].iloc[row])
    return name or account_id


def targets_section(g: PlanbookGround, at: int, content: PlanContent) -> PlanSection:
    """Target accounts, each with its reason."""
    rows, away, gone = [], [], []
    for k, one in enumerate(content.targets, 1):
        row = g.row_of.get(one.account_id)
        if row is None:
            gone.append(one.account_id)
            continue
        if g.territory[row] != at:
            away.append(account_name(g, one.account_id))
        said = one.reason or reason(g.reason_parts(row))
        people = "; ".join(t for t in (one.buyer, one.contacts) if t) or "–"
        rows.append((str(k), account_name(g, one.account_id), str(g.tier[row]), said, people))
    warnings = []
    if away:
        warnings.append(f"No longer in this territory: {and_list(away)}; remove from the list or move back on Plan")
    if gone:
        warnings.append(f"No longer among the accounts: {and_list(gone)}")
    sentences, lacking = [], []
    if g.parts:
        sentences.append(f"Ordered by {and_list(list(g.parts))}, each against the other accounts here, then by people.")
    sentences.append(f"Tiers: {g.tier_note}.")
    if not g.kinds:
        lacking.append("Orders, opportunities and activities, imported on Accounts, say why an account and why now.")
    if not np.isfinite(g.likeness).any():
        lacking.append("Look-alikes, saved on Scores, say which accounts resemble those you won.")
    empty = ""
    if not rows:
        some = bool(len(g.rows(at)))
        empty = "No target accounts are picked." if some else "No account is in this territory; move some on Plan."
        sentences = []
    table = PlanTable(("#", "Account", "Tier", "Why", "Buyer and contacts"), tuple(rows), right=(0,), wide=(3,))
    return PlanSection(
        "targets",
        SECTIONS["targets"],
        sentences=tuple(sentences),
        tables=(table,) if rows else (),
        warnings=tuple(warnings),
        missing=tuple(lacking),
        empty=empty,
    )


def potential_section(g: PlanbookGround, content: PlanContent) -> PlanSection:
    """Estimate, range and method of each target; a person's own beside it with the reason."""
    own = {o.account_id: o for o in content.potential}
    if not g.measure and not own:
        said = "A column of potential or revenue, or a potential saved on Scores, brings the estimates."
        return PlanSection("potential", SECTIONS["potential"], missing=(said,), empty="No estimate of potential.")
    rows, total, spans = [], 0.0, [0.0, 0.0]
    for one in content.targets:
        row = g.row_of.get(one.account_id)
        if row is None:
            continue
        estimate, low, high = float(g.estimate[row]), float(g.low[row]), float(g.high[row])
        span = f"{_money(g, low)} to {_money(g, high)}" if np.isfinite(low) and np.isfinite(high) else "–"
        mine = own.get(one.account_id)
        used = mine.amount if mine is not None else estimate
        total += used if np.isfinite(used) else 0.0
        for k, end in enumerate((low, high)):
            spans[k] += used if mine is not None or not np.isfinite(end) else end
        rows.append(
            (
                account_name(g, one.account_id),
                _money(g, estimate),
                span,
                "–" if mine is None else _money(g, mine.amount),
                "" if mine is None else mine.reason,
            )
        )
    how, ranged = g.method
    notes = [f"Estimate: {how}." if how else "", f"Range: {ranged}." if ranged else ""]
    lacking = () if ranged else ("A range of the potential, saved on Scores, brings low and high.",)
    columns = ("Account", "Estimate", "Range", "Your estimate", "Reason for your estimate")
    table = PlanTable(columns, tuple(rows), right=(1, 2, 3), wide=(4,))
    figures = [PlanFigure("Potential of the targets", _money(g, total), count(len(rows), "account"))] if rows else []
    return PlanSection(
        "potential",
        SECTIONS["potential"],
        tuple(figures),
        tuple(s for s in notes if s),
        (table,) if rows else (),
        missing=lacking,
        empty="" if rows else "No target accounts are picked.",
    )


def _money(g: PlanbookGround, value: float) -> str:
    return short(value, g.currency)


def offers_section(g: PlanbookGround, content: PlanContent, today: date) -> PlanSection:
    """Offers, with a warning for each that isn't valid any more."""
    rows, warnings = [], []
    for one in content.offers:
        whom = and_list([account_name(g, a) for a in one.accounts], 6) if one.accounts else "All target accounts"
        until = "open" if one.until is None else date_text(one.until)
        rows.append((one.kind, one.title, whom, until + (" (past)" if one.past(today) else "")))
        if one.past(today) and one.until is not None:
            warnings.append(f"{one.title}: was valid until {date_text(one.until)}; renew or remove it")
    table = PlanTable(("Kind", "Offer", "Accounts", "Valid until"), tuple(rows), wide=(1, 2))
    empty = "" if rows else "No offers yet: an invitation, a customer story, a discount or a trial."
    return PlanSection(
        "offers", SECTIONS["offers"], tables=(table,) if rows else (), warnings=tuple(warnings), empty=empty
    )


def support_section(content: PlanContent) -> PlanSection:
    """What others have to do."""
    rows = tuple(
        (one.role, one.what, one.who or "–", date_text(one.due) if one.due else "–") for one in content.support
    )
    table = PlanTable(("From", "What", "Who", "By"), rows, wide=(1,))
    empty = "" if rows else "No support asked for yet: from marketing, partners, SDRs or specialists."
    return PlanSection("support", SECTIONS["support"], tables=(table,) if rows else (), empty=empty)


def calendar_section(
    content: PlanContent, calendar: OutreachCalendar, template: PlanTemplate, today: date
) -> PlanSection:
    """The cadence of each tier and the touches of the next weeks."""
    cadences = content.calendar.cadences or template.cadences
    sentences = []
    for one in cadences:
        steps = Counter(s.channel for s in one.steps)
        by = and_list([count(n, *_TOUCHES[channel]) for channel, n in steps.items()])
        weeks = count(one.weeks, "week")
        sentences.append(f"Tier {one.tier}: {by or 'no touch'} in {weeks}, then decide: continue, automate or drop.")
    entries = calendar.entries
    if not entries:
        return PlanSection(
            "calendar",
            SECTIONS["calendar"],
            sentences=tuple(sentences) if content.targets else (),
            warnings=calendar.warnings,
            empty="No touches to plan: pick target accounts first." if not content.targets else "No touches to plan.",
        )
    first, last = entries[0].touch.day, entries[-1].touch.day
    sentences.append(
        f"{count(sum(not e.touch.decision for e in entries), 'touch', 'touches')} from {date_text(first)} to "
        f"{date_text(last)}, at most {content.calendar.most_a_day} a day on working days."
    )
    sentences += [f"{note}." for note in calendar.notes]
    upto = max(first, today) + timedelta(days=_DAYS)
    near = [e for e in entries if today <= e.touch.day <= upto] or list(entries)
    rows = _by_day(near)
    return PlanSection(
        "calendar",
        SECTIONS["calendar"],
        sentences=tuple(sentences),
        tables=(PlanTable(("Day", "Touches"), rows, wide=(1,)),),
        warnings=calendar.warnings,
    )


def _by_day(entries: Sequence[CalendarEntry]) -> tuple[tuple[str, str], ...]:
    """A row a day: `Call: Kestrel, Dornholt; Email: Umber`."""
    days: dict[date, dict[str, list[str]]] = {}
    for e in entries:
        days.setdefault(e.touch.day, {}).setdefault(e.touch.channel, []).append(e.account)
    return tuple(
        (
            f"{day:%a}, {date_text(day)}",
            "; ".join(_touched(channel, names) for channel, names in of.items()),
        )
        for day, of in days.items()
    )


def _touched(channel: str, names: Sequence[str]) -> str:
    """One channel of a day; decision points fall on one day, so many of them are counted."""
    if channel == "Decision":
        some = ", ".join(names) if len(names) <= _MOST_LINES else count(len(names), "account")
        return f"Decide to continue, automate or drop: {some}"
    return f"{channel}: {', '.join(names)}"


def swot_lines(g: PlanbookGround, at: int, content: PlanContent) -> tuple[SwotLine, ...]:
    """Drafted from figures clear of the team's, and as people left it."""
    name = f"{g.shown.plan.territories[at].name}: "
    team = []
    for one in g.found:
        if f"{one.key}: " != name:
            continue
        text = one.text.removeprefix(name)
        key = text.split(" (90%")[0].rstrip("0123456789%$., daysKMB").strip()
        team.append(SwotLine("strength" if one.good else "weakness", f"figure:{key}", _capital(text), _capital(text)))
    drafted = (*team, *draft_swot(g.rates.get(at, ())))
    kept: list[SwotLine] = []
    for quadrant in QUADRANT_TITLES:
        kept += [line for line in drafted if line.quadrant == quadrant][:_MOST_LINES]
    return with_edits(kept, content.swot)


_MOST_LINES = 5


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def swot_section(g: PlanbookGround, at: int, content: PlanContent) -> PlanSection:
    """Four lists."""
    lines = [line for line in swot_lines(g, at, content) if not line.hidden]
    tables = tuple(
        PlanTable((title,), tuple((line.text,) for line in lines if line.quadrant == quadrant), wide=(0,))
        for quadrant, title in QUADRANT_TITLES.items()
    )
    unclear = [line for line in lines if line.unclear]
    warnings = tuple(f"No longer clear of the team's figure: {line.text}" for line in unclear)
    lacking = []
    if "opportunities" not in g.kinds:
        lacking.append("A file of opportunities, imported on Accounts, brings win rates to compare with the team's.")
    if not g.segment_column:
        lacking.append("A column Industry or Segment of the accounts brings figures by segment.")
    empty = "" if lines else "No figure here is clear of the team's; write your own lines."
    said = ("Drafted only from figures whose 90% interval excludes the team's.",) if lines else ()
    return PlanSection(
        "swot", SECTIONS["swot"], sentences=said, tables=tables if lines else (), warnings=warnings,
        missing=tuple(lacking), empty=empty,
    )  # fmt: skip


def actions_section(content: PlanContent, today: date) -> PlanSection:
    """What, who, by when; those that are overdue are listed."""
    rows = tuple(
        (
            one.what,
            one.who or "–",
            date_text(one.due) if one.due else "–",
            "Overdue" if one.overdue(today) else one.status,
        )
        for one in content.actions
    )
    late = [one for one in content.actions if one.overdue(today)]
    warnings = tuple(
        f"Overdue: {one.what}" + (f" ({one.who})" if one.who else "") + f", due {date_text(one.due)}"
        for one in late
        if one.due
    )
    table = PlanTable(("What", "Who", "By", "Status"), rows, wide=(0,))
    empty = "" if rows else "No actions yet: what, who and by when."
    return PlanSection("actions", SECTIONS["actions"], tables=(table,) if rows else (), warnings=warnings, empty=empty)


def questions_section(content: PlanContent, template: PlanTemplate) -> PlanSection:
    """The company's own questions with their answers."""
    rows = tuple((q, content.answers.get(q, "") or "–") for q in template.questions)
    table = PlanTable(("Question", "Answer"), rows, wide=(0, 1))
    return PlanSection("questions", SECTIONS["questions"], tables=(table,) if rows else ())
