"""The sections of a territory plan as tables to edit, and what comes back of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd

from terr.errors import InputError
from terr.people.goals import Goal
from terr.planbook.cadence import CHANNELS, DAYS, DECISIONS, Cadence, CadenceStep, TouchMove
from terr.planbook.content import (
    ACTION_STATES,
    OFFER_KINDS,
    SUPPORT_ROLES,
    Action,
    CalendarChoices,
    GoalChoices,
    Offer,
    PlanContent,
    PotentialOverride,
    SupportNeed,
    SwotEdit,
    Target,
)
from terr.planbook.reasons import reason
from terr.planbook.swot import SwotLine
from terr.planbook.template import SECTIONS, PlanTemplate
from terr.planbook.view import CalendarEntry
from terr.view.text import distinct
from terr.workspace.territory_plans.ground import PlanbookGround
from terr.workspace.territory_plans.sections import QUADRANT_TITLES, account_name

__all__ = ["ACTION_STATES", "CHANNELS", "DAYS", "DECISIONS", "OFFER_KINDS", "SUPPORT_ROLES", "PlanTemplate"]
_QUADRANT_OF = {title: key for key, title in QUADRANT_TITLES.items()}


def targets_frame(g: PlanbookGround, content: PlanContent) -> pd.DataFrame:
    """A row for each target in its order: `#`, `Keep`, account, reason of the data, and what people add."""
    rows = []
    for k, one in enumerate(content.targets, 1):
        row = g.row_of.get(one.account_id)
        rows.append(
            {
                "#": float(k),
                "Keep": True,
                "Account": account_name(g, one.account_id),
                "Tier": "" if row is None else str(g.tier[row]),
                "Why": "No longer among the accounts." if row is None else reason(g.reason_parts(row)),
                "Your reason": one.reason,
                "Buyer": one.buyer,
                "Contacts": one.contacts,
                "Email": one.email,
            }
        )
    columns = ["#", "Keep", "Account", "Tier", "Why", "Your reason", "Buyer", "Contacts", "Email"]
    return pd.DataFrame(rows, columns=columns)


def with_targets(content: PlanContent, frame: pd.DataFrame) -> PlanContent:
    """The plan with the targets of the edited table: those kept, in the order of their numbers.

    Raises:
        InputError: an email address that isn't one; a text that is too long.
    """
    rows = list(zip(content.targets, frame.to_dict("records"), strict=True))
    kept = [
        (float(r["#"]) if not pd.isna(r["#"]) else 1e9, k, t, r) for k, (t, r) in enumerate(rows) if bool(r["Keep"])
    ]
    out = []
    for _, _, one, row in sorted(kept, key=lambda e: (e[0], e[1])):
        buyer, contacts, email, why = (_text(row[c]) for c in ("Buyer", "Contacts", "Email", "Your reason"))
        out.append(replace(one, buyer=buyer, contacts=contacts, email=email, reason=why))
    return replace(content, targets=tuple(out))


def addable(g: PlanbookGround, at: int, content: PlanContent) -> dict[str, str]:
    """Ids of the territory's other accounts -> names, told apart, the best targets first."""
    listed = {t.account_id for t in content.targets}
    frame = g.shown.accounts.frame
    rows = [r for r in g.rows(at).tolist() if str(frame["account_id"].iloc[r]) not in listed]
    rows.sort(key=lambda r: -g.rank[r])
    ids = [str(frame["account_id"].iloc[r]) for r in rows]
    return distinct({i: account_name(g, i) for i in ids})


def with_added(g: PlanbookGround, content: PlanContent, ids: Sequence[str]) -> PlanContent:
    """The plan with more targets, at the end of the list."""
    more = tuple(Target(i, buyer=str(g.buyer[g.row_of[i]])) for i in ids if i in g.row_of)
    return replace(content, targets=(*content.targets, *more))


def potential_frame(g: PlanbookGround, content: PlanContent) -> pd.DataFrame:
    """A row for each target: estimate, low, high, and a person's own with the reason."""
    own = {o.account_id: o for o in content.potential}
    rows = []
    for one in content.targets:
        row, mine = g.row_of.get(one.account_id), own.get(one.account_id)
        figures = [None] * 3 if row is None else [float(v[row]) for v in (g.estimate, g.low, g.high)]
        rows.append(
            (account_name(g, one.account_id), *figures, mine.amount if mine else None, mine.reason if mine else "")
        )
    frame = pd.DataFrame(rows, columns=["Account", "Estimate", "Low", "High", "Your estimate", "Reason"])
    figures_of = ["Estimate", "Low", "High", "Your estimate"]
    return frame.astype(dict.fromkeys(figures_of, "float64"))


def with_potential(content: PlanContent, frame: pd.DataFrame) -> PlanContent:
    """The plan with the estimates of the edited table.

    Raises:
        InputError: an estimate without a reason, or below 0.
    """
    ids = [t.account_id for t in content.targets]
    shown = set(ids)
    out = [o for o in content.potential if o.account_id not in shown]
    for account, row in zip(ids, frame.to_dict("records"), strict=True):
        if not pd.isna(row["Your estimate"]):
            if not _text(row["Reason"]):
                raise InputError(f"give a reason for your own estimate of {str(row['Account'])[:60]}")
            out.append(PotentialOverride(account, float(row["Your estimate"]), _text(row["Reason"])))
    return replace(content, potential=tuple(out))


def target_names(g: PlanbookGround, content: PlanContent) -> dict[str, str]:
    """Ids of the targets -> names, told apart."""
    return distinct({t.account_id: account_name(g, t.account_id) for t in content.targets})


def offers_frame(g: PlanbookGround, content: PlanContent) -> pd.DataFrame:
    """A row for each offer; accounts as a list of names, empty = all targets."""
    names = target_names(g, content)
    rows = [(o.kind, o.title, [names.get(a, account_name(g, a)) for a in o.accounts], o.until) for o in content.offers]
    return _dated(pd.DataFrame(rows, columns=["Kind", "Offer", "Accounts", "Valid until"]), "Valid until")


def with_offers(g: PlanbookGround, content: PlanContent, frame: pd.DataFrame) -> PlanContent:
    """The plan with the offers of the edited table; an account that is no target any more stays with its offer.

    Raises:
        InputError: an offer without a kind or a title.
    """
    ids = {name: i for i, name in target_names(g, content).items()}
    for one in content.offers:
        ids |= {account_name(g, a): a for a in one.accounts if account_name(g, a) not in ids}
    out = []
    for row in _filled(frame):
        listed = (
            row["Accounts"] if isinstance(row["Accounts"], Iterable) and not isinstance(row["Accounts"], str) else ()
        )
        accounts = tuple(dict.fromkeys(ids[n] for n in listed if n in ids))
        out.append(Offer(_text(row["Kind"]), _text(row["Offer"]), accounts, _day(row["Valid until"])))
    return replace(content, offers=tuple(out))


def support_frame(content: PlanContent) -> pd.DataFrame:
    """A row for each need."""
    rows = [(s.role, s.what, s.who, s.due) for s in content.support]
    return _dated(pd.DataFrame(rows, columns=["From", "What", "Who", "By"]), "By")


def with_support(content: PlanContent, frame: pd.DataFrame) -> PlanContent:
    """The plan with the needs of the edited table.

    Raises:
        InputError: a need without a role or text.
    """
    rows = [SupportNeed(_text(r["From"]), _text(r["What"]), _text(r["Who"]), _day(r["By"])) for r in _filled(frame)]
    return replace(content, support=tuple(rows))


def actions_frame(content: PlanContent) -> pd.DataFrame:
    """A row for each action."""
    rows = [(a.what, a.who, a.due, a.status) for a in content.actions]
    return _dated(pd.DataFrame(rows, columns=["What", "Who", "By", "Status"]), "By")


def with_actions(content: PlanContent, frame: pd.DataFrame) -> PlanContent:
    """The plan with the actions of the edited table; a new one is open.

    Raises:
        InputError: an action without a text.
    """
    rows = [
        Action(_text(r["What"]), _text(r["Who"]), _day(r["By"]), _text(r["Status"]) or "Open") for r in _filled(frame)
    ]
    return replace(content, actions=tuple(rows))


def swot_frame(lines: Sequence[SwotLine]) -> pd.DataFrame:
    """A row for each line: list, text, whether it is shown, and what the figures say today."""
    rows = [
        (QUADRANT_TITLES[one.quadrant], one.text, not one.hidden, one.drafted or ("–" if one.key else ""))
        for one in lines
    ]
    return pd.DataFrame(rows, columns=["List", "Line", "Show", "From the figures"])


def with_swot(content: PlanContent, lines: Sequence[SwotLine], frame: pd.DataFrame) -> PlanContent:
    """The plan with the lines of the edited table; a drafted line that was deleted is left out from now on.

    Args:
        content: the plan.
        lines: that the table was made of.
        frame: edited; its index says which line a row was, a new row has an index beyond them.

    Raises:
        InputError: a line of one's own without a list or a text.
    """
    out: list[SwotEdit] = []
    seen: set[int] = set()
    for at, row in zip(frame.index.tolist(), frame.to_dict("records"), strict=True):
        quadrant, text, show = _QUADRANT_OF.get(_text(row["List"]), ""), _text(row["Line"]), row["Show"]
        hidden = not (True if pd.isna(show) else bool(show))
        old = lines[int(at)] if isinstance(at, int) and 0 <= at < len(lines) else None
        if old is None:
            if text or quadrant:
                out.append(SwotEdit(quadrant, "", text, hidden))
            continue
        seen.add(int(at))
        if not old.key:
            out.append(SwotEdit(quadrant, "", text, hidden))
        elif hidden or quadrant != old.quadrant or old.edited or text != old.drafted:
            own = text if text != old.drafted else ""
            out.append(SwotEdit(quadrant or old.quadrant, old.key, own, hidden))
    for k, one in enumerate(lines):
        if k not in seen and one.key:
            out.append(SwotEdit(one.quadrant, one.key, "", True))
    return replace(content, swot=tuple(out))


def goals_frame(goals: Sequence[Goal]) -> pd.DataFrame:
    """A row for each goal."""
    rows = [(o.title, o.metric, o.start, o.target, o.due, o.owner) for o in goals]
    frame = pd.DataFrame(rows, columns=["Goal", "Measured by", "From", "To", "By", "Owner"])
    return _dated(frame.astype({"From": "float64", "To": "float64"}), "By")


def activities_frame(a_week: Mapping[str, float]) -> pd.DataFrame:
    """A row for each activity."""
    rows = [(name, float(value)) for name, value in a_week.items()]
    return pd.DataFrame(rows, columns=["Activity", "A week"]).astype({"A week": "float64"})


def with_goals(content: PlanContent, goals: pd.DataFrame, a_week: pd.DataFrame, about: str) -> PlanContent:
    """The plan with the goals and activity targets of the edited tables, accepted by that.

    Raises:
        InputError: what a SMART goal lacks, in words.
    """
    made = []
    for row in _filled(goals):
        start = 0.0 if pd.isna(row["From"]) else float(row["From"])
        target = start if pd.isna(row["To"]) else float(row["To"])
        texts = _text(row["Goal"]), _text(row["Measured by"])
        made.append(Goal(*texts, start, target, _day(row["By"]), _text(row["Owner"]), about))
    weekly = {
        _text(r["Activity"]): 0.0 if pd.isna(r["A week"]) else float(r["A week"])
        for r in a_week.to_dict("records")
        if _text(r["Activity"])
    }
    return replace(content, goals=GoalChoices(tuple(made), weekly))


def calendar_frame(entries: Sequence[CalendarEntry], choices: CalendarChoices) -> pd.DataFrame:
    """A row for each touch, with its day to change; a decision point has the decision."""
    rows = [
        (
            e.touch.day,
            "Decide" if e.touch.decision else e.touch.channel,
            e.account,
            e.touch.tier,
            choices.decided.get(e.touch.account_id, "Continue") if e.touch.decision else None,
            "moved" if e.touch.by_hand else "",
        )
        for e in entries
    ]
    columns = ["Day", "Touch", "Account", "Tier", "Decision", "Note"]
    return _dated(pd.DataFrame(rows, columns=columns), "Day")


def with_calendar(content: PlanContent, entries: Sequence[CalendarEntry], frame: pd.DataFrame) -> PlanContent:
    """The plan with days and decisions of the edited table; a touch whose day wasn't changed stays free to move."""
    choice = content.calendar
    moves = {(m.account_id, m.step): m for m in choice.moves}
    decided = dict(choice.decided)
    for one, row in zip(entries, frame.to_dict("records"), strict=True):
        touch, day = one.touch, _day(row["Day"])
        if touch.decision:
            said = _text(row["Decision"])
            if said in ("Automate", "Drop"):
                decided[touch.account_id] = said
            else:
                decided.pop(touch.account_id, None)
        elif day is not None and day != touch.day:
            moves[(touch.account_id, touch.step)] = TouchMove(touch.account_id, touch.step, day)
    return replace(content, calendar=replace(choice, moves=tuple(moves.values()), decided=decided))


def cadences_frame(cadences: Sequence[Cadence]) -> pd.DataFrame:
    """A row for each touch of each tier: tier, week, day, channel."""
    rows = [(c.tier, s.week, DAYS[s.weekday], s.channel) for c in cadences for s in c.ordered]
    return pd.DataFrame(rows, columns=["Tier", "Week", "Day", "Channel"]).astype({"Week": "float64"})


def cadences_from(frame: pd.DataFrame, weeks: int) -> tuple[Cadence, ...]:
    """The cadences of the edited table, each with a decision point after so many weeks.

    Raises:
        InputError: a touch without a tier, week, day or channel.
    """
    steps: dict[str, list[CadenceStep]] = {}
    for row in _filled(frame):
        tier, day, channel = (_text(row[c]) for c in ("Tier", "Day", "Channel"))
        if not tier or day not in DAYS or pd.isna(row["Week"]):
            raise InputError("each touch of a cadence needs a tier, a week, a day and a channel")
        steps.setdefault(tier, []).append(CadenceStep(int(row["Week"]), DAYS.index(day), channel))
    return tuple(Cadence(tier, weeks, tuple(found)) for tier, found in sorted(steps.items()))


def sections_frame(template: PlanTemplate) -> pd.DataFrame:
    """A row for each section there is: `#` (its place), `Section`, `Show`."""
    order = [*template.sections, *(s for s in SECTIONS if s not in template.sections)]
    rows = [(float(k), SECTIONS[s], s in template.shown) for k, s in enumerate(order, 1) if s != "questions"]
    return pd.DataFrame(rows, columns=["#", "Section", "Show"])


def template_from(frame: pd.DataFrame, questions: str, targets: int, cadences: Sequence[Cadence]) -> PlanTemplate:
    """The template of the edited table, with a question on each line of a text.

    Raises:
        InputError: no section, a question twice, a tier twice.
    """
    keys = {title: key for key, title in SECTIONS.items()}
    rows = [r for r in frame.to_dict("records") if bool(r["Show"])]
    rows.sort(key=lambda r: 1e9 if pd.isna(r["#"]) else float(r["#"]))
    asked = tuple(line.strip() for line in questions.splitlines() if line.strip())
    return PlanTemplate(tuple(keys[str(r["Section"])] for r in rows), asked, targets, tuple(cadences))


def _filled(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows in which somebody typed something."""
    rows: list[dict[str, Any]] = [{str(k): v for k, v in r.items()} for r in frame.to_dict("records")]
    return [r for r in rows if any(_some(v) for v in r.values())]


def _some(value: Any) -> bool:
    if value is None or value is pd.NaT or (isinstance(value, float) and pd.isna(value)):
        return False
    return bool(str(value).strip()) if isinstance(value, str) else not (isinstance(value, list) and not value)


def _text(value: Any) -> str:
    return "" if not _some(value) else str(value).strip()


def _day(value: Any) -> date | None:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()


def _dated(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """The same with a column of days as the page's editor takes it."""
    return frame.assign(**{column: pd.to_datetime(frame[column])})
