"""Goals and activity targets of a territory plan: proposed from data and page Quotas, then accepted or changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from terr.errors import InputError
from terr.people.goals import Conversion, Goal, activity_targets
from terr.planbook.content import GoalChoices, PlanContent
from terr.planbook.view import PlanSection, PlanTable
from terr.view.text import count, date_text, full, number, percent, sentence, short
from terr.workspace.quotas.basis import QuotaPeriod, read_period
from terr.workspace.quotas.goal_figures import goal_figure
from terr.workspace.quotas.planning import UsualConversion, goals_of
from terr.workspace.territory_plans.ground import PlanbookGround
from terr.workspace.territory_plans.standing import TerritoryQuota, rep_of
from terr.workspace.workspace import Workspace

GROWTH = 0.05
"""Without a quota, the goal proposed is so much more than last year."""


SoFar = Callable[[int, str, QuotaPeriod], float | None]
"""Position of a territory, figure and period -> what it is so far in it; 0 if the period is still to come."""


@dataclass(frozen=True)
class ActivityTargets:
    """Activities a week, and what they rest on, as a sentence; empty with the reason where they can't be told."""

    a_week: Mapping[str, float]
    said: str


def proposed(g: PlanbookGround, at: int, content: PlanContent, quota: TerritoryQuota) -> tuple[Goal, ...]:
    """Goals of page Quotas about the territory or its rep, and what the figures suggest."""
    territory, rep = g.shown.plan.territories[at], rep_of(g, at)
    owner = rep.name if rep is not None else ""
    about = {n.casefold() for n in (territory.name, territory.rep, owner) if n}
    out = [one for one in goals_of(g.shown.info) if one.about.casefold() in about]
    span = _span(content.period)
    mine = _row(g, at)
    if span is None or mine is None or not owner:
        return tuple(out)
    metric, key = ("Bookings", "won_amount") if mine["won_amount"] is not None else ("Revenue", "revenue")
    last = mine[key] or 0.0
    if quota.amount is not None and quota.amount > 0:
        title = f"Reach the quota of {span.name}"
        out.append(Goal(title, f"{metric}, {span.name}", 0.0, quota.amount, span.last, owner, territory.name))
    elif round(last * (1 + GROWTH), -2) > 0:
        title = f"Grow {metric.lower()} by {percent(100 * GROWTH, 0)} on the last 12 months"
        goal = round(last * (1 + GROWTH), -2)
        out.append(Goal(title, f"{metric}, {span.name}", 0.0, goal, span.last, owner, territory.name))
    win, team = mine["win_rate_shrunk"], None if g.now is None else g.now.whole["win_rate"]
    if win is not None and team is not None and mine["win_rate_high"] < team:
        title = "Raise the win rate to the team's"
        out.append(
            Goal(title, "Win rate, %", round(100 * win, 1), round(100 * team, 1), span.last, owner, territory.name)
        )
    left = mine["untouched"]
    if left:
        title = "Contact every A account"
        out.append(Goal(title, "A accounts not contacted", float(left), 0.0, span.last, owner, territory.name))
    return tuple(out)


def figure_now(ws: Workspace, g: PlanbookGround, at: int, goal: Goal, won: SoFar) -> float | None:
    """Where a goal stands by the newest facts; None if nothing measures it."""
    mine = _row(g, at)
    metric, _, period = goal.metric.rpartition(", ")
    if metric.casefold() in ("bookings", "revenue") and (span := _span(period)) is not None:
        return won(at, "won_amount" if metric.casefold() == "bookings" else "revenue", span)
    keys = {"bookings": "won_amount", "revenue": "revenue", "win rate, %": "win_rate_shrunk"}
    keys |= {"a accounts not contacted": "untouched", "new customers": "new_customers", "open pipeline": "open_amount"}
    key = keys.get(goal.metric.casefold())
    if key is None or mine is None:
        return goal_figure(ws, g.shown, goal)
    value = mine[key]
    return None if value is None else float(value) * (100 if key == "win_rate_shrunk" else 1)


def activities(
    g: PlanbookGround,
    at: int,
    content: PlanContent,
    quota: TerritoryQuota,
    known: UsualConversion,
    today: date,
    won: SoFar,
) -> ActivityTargets:
    """Activities a week that close the gap to the quota, from this company's own conversion."""
    span, mine = _span(content.period), _row(g, at)
    if span is None or mine is None:
        return ActivityTargets({}, "Activity targets need a quota and opportunities; import them on Accounts.")
    key = "won_amount" if mine["won_amount"] is not None else "revenue"
    last = mine[key]
    goal = quota.amount if quota.amount is not None else None if last is None else last * (1 + GROWTH)
    if goal is None or not goal > 0:
        return ActivityTargets({}, "Activity targets need a quota, orders or opportunities; import them on Accounts.")
    gap = goal - (won(at, key, span) or 0.0)
    weeks = max(0.0, (span.last - max(span.first, today)).days / 7)
    try:
        found = activity_targets(gap, weeks, Conversion(known.deal, known.win_rate, dict(known.per_deal)))
    except InputError as error:
        return ActivityTargets({}, sentence(str(error)))
    money = g.money or g.currency
    basis = "the quota" if quota.amount is not None else f"last year and {percent(100 * GROWTH, 0)}"
    said = (
        f"{short(max(gap, 0.0), money)} to win by {date_text(span.last)} ({basis}), at {short(known.deal, money)} a "
        f"deal and {percent(100 * known.win_rate, 0)} won: {number(found['deals'], 0)} deals to work on. {known.note}"
    )
    return ActivityTargets({k: round(v, 1) for k, v in found.items() if k != "deals"}, said)


def goals_section(
    ws: Workspace,
    g: PlanbookGround,
    at: int,
    content: PlanContent,
    quota: TerritoryQuota,
    known: UsualConversion,
    today: date,
    won: SoFar,
) -> PlanSection:
    """The section."""
    choice = content.goals
    goals = proposed(g, at, content, quota) if choice is None else choice.goals
    span = _span(content.period)
    begun = g.shown.info.created_at.date() if span is None else span.first
    rows = []
    for one in goals:
        now = figure_now(ws, g, at, one, won)
        status = one.status(now, today, begun)
        by = date_text(one.due) if one.due else "–"
        rows.append((one.title, one.metric, full(one.start), full(now), full(one.target), by, one.owner, status))
    columns = ("Goal", "Measured by", "From", "Now", "To", "By", "Owner", "Status")
    tables = [PlanTable(columns, tuple(rows), right=(2, 3, 4), wide=(0,))] if rows else []
    weekly = activities(g, at, content, quota, known, today, won)
    chosen = weekly.a_week if choice is None or choice.activities is None else choice.activities
    if chosen:
        drawn = [(name[:1].upper() + name[1:], number(value, 1)) for name, value in chosen.items()]
        tables.append(PlanTable(("Activity", "A week"), tuple(drawn), right=(1,), title="Activity targets"))
    said = [weekly.said] if weekly.a_week or not chosen else []
    if choice is None and rows:
        said.insert(0, f"{count(len(rows), 'goal')} proposed from the data; accept or change them.")
    empty = "" if rows or chosen else "No goals yet. A goal has a measure, a target, a date and an owner."
    return PlanSection("goals", "Goals and activities", sentences=tuple(said), tables=tuple(tables), empty=empty)


def accepted(
    g: PlanbookGround, at: int, content: PlanContent, quota: TerritoryQuota, a_week: Mapping[str, float]
) -> GoalChoices:
    """What is proposed today, as it is kept when a person accepts it."""
    return GoalChoices(proposed(g, at, content, quota), dict(a_week) or None)


def _span(period: str) -> QuotaPeriod | None:
    try:
        return read_period(period)
    except InputError:
        return None


def _row(g: PlanbookGround, at: int) -> dict[str, Any] | None:
    """Figures of a territory in the twelve months to the newest fact."""
    if g.now is None:
        return None
    name = g.shown.plan.territories[at].name
    found = next((r for r in g.now.groups if r["key"] == name), None)
    if found is None:
        return None
    return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in found.items()}
