"""From accounts, a rep and settings to a calendar of visits in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from terr.engine.visits import planning as engine
from terr.engine.visits.frequency import DueVisits, due_visits
from terr.engine.visits.problem import DayRoute, VisitProblem
from terr.engine.visits.travel import along_a_curve, road_miles, whole
from terr.errors import InputError
from terr.locate import home_points, home_problem
from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.view.text import count, date_text
from terr.workspace.reps.matching import TeamGround
from terr.workspace.reps.team import owner_codes
from terr.workspace.visits.accounts_asked import VisitColumns, read_columns
from terr.workspace.visits.calendar import (
    MissedVisit,
    OtherWay,
    OverdueAccount,
    RepCalendar,
    VisitDay,
    VisitStop,
)
from terr.workspace.visits.matrix import HOME, DriveTimes
from terr.workspace.visits.settings import VisitSettings

MOST_ACCOUNTS = 2_000
"""Of one rep with visits due; more make the matrix of ways too large."""


@dataclass(frozen=True, eq=False)
class RepGround:
    """Everything a rep's calendar is made of.

    Attributes:
        rep: who; home: latitude and longitude.
        settings: what is asked; days: the working days.
        accounts: of the data set; rows: int64 (n,), the rep's accounts with visits due and a place.
        problem: of their visits; due: of all of the rep's accounts, `all_rows`; at: position in `all_rows` of each row.
        columns: what the accounts say of visits, by position in `all_rows`.
        notes: what was taken for granted.
    """

    rep: Rep
    home: tuple[float, float]
    settings: VisitSettings
    days: tuple[date, ...]
    accounts: Accounts
    all_rows: NDArray[np.int64]
    rows: NDArray[np.int64]
    at: NDArray[np.int64]
    problem: VisitProblem
    due: DueVisits
    columns: VisitColumns
    points: NDArray[np.float64]
    notes: tuple[str, ...]


def accounts_of(ground: TeamGround, rep: Rep) -> NDArray[np.bool_]:
    """bool (n,), the accounts in a rep's territories, and those without a place that name the rep as owner."""
    codes = np.array([t.rep == rep.rep_id for t in ground.plan.territories] + [False], dtype=np.bool_)
    out = codes[ground.territory]
    lost = ~np.isfinite(ground.accounts.frame["lat"].to_numpy(dtype=np.float64))
    if lost.any():
        owner = owner_codes(ground.accounts, ground.reps)
        at = next((k for k, r in enumerate(ground.reps) if r.rep_id == rep.rep_id), -2)
        out |= lost & (owner == at)
    return out


def rep_ground(
    accounts: Accounts,
    mine: NDArray[np.bool_],
    rep: Rep,
    settings: VisitSettings,
    times: DriveTimes | None = None,
) -> RepGround:
    """Lay out what a rep's calendar is made of.

    Args:
        accounts: n accounts.
        mine: bool (n,), the rep's.
        rep: who.
        settings: what is asked.
        times: drive times of one's own.

    Raises:
        InputError: no home, no account, no place, no visit; a home that is over a day's drive from everything.
    """
    days = settings.working()
    who = rep.name or rep.rep_id
    all_rows = np.flatnonzero(mine).astype(np.int64)
    if not len(all_rows):
        raise InputError(f"{who} covers no account in this plan; give {who} a territory on page Reps")
    home = home_points([rep.home])[0]
    if np.isnan(home).any():
        was = f"the home of {who} can't be placed: {home_problem(rep.home)}" if rep.home else f"{who} has no home"
        raise InputError(f"{was}. Add it to the roster, since every day begins and ends there")
    asked = read_columns(accounts, settings)
    frame = accounts.frame
    points = np.stack([frame["lat"].to_numpy(dtype=np.float64), frame["lon"].to_numpy(dtype=np.float64)], axis=1)
    points = points[all_rows]
    placed = np.isfinite(points).all(axis=1)
    calls = asked.calls[all_rows].copy()
    last = np.array(
        [np.nan if (d := asked.last[i]) is None else float((d - settings.start).days) for i in all_rows.tolist()]
    )
    working = np.array([(d - settings.start).days for d in days], dtype=np.int64)
    due = due_visits(np.where(placed, calls, 0.0), last, settings.days, working, order=along_a_curve(points))
    at = np.unique(due.account)
    if not placed.any():
        raise InputError(
            f"none of {who}'s {len(all_rows):,} accounts has a location; fix the addresses on page Accounts"
        )
    if not len(at):
        raise InputError(
            f"no visit of {who}'s accounts is due from {settings.start} to {settings.end}; raise the calls a year"
        )
    if len(at) > MOST_ACCOUNTS:
        raise InputError(
            f"{who} has {len(at):,} accounts with visits due, more than {MOST_ACCOUNTS:,}; plan fewer weeks, or divide "
            "them among more reps"
        )
    miles = road_miles(np.vstack([home, points[at]]), settings.rates)
    minutes = settings.rates.minutes(miles)
    notes = list(asked.notes)
    if times is not None:
        ids = [HOME, *(str(frame["account_id"].iloc[i]) for i in all_rows[at].tolist())]
        miles, minutes, estimated = times.laid_over(ids, miles, minutes)
        notes.append(
            f"Drive times: by {times.name}"
            + (f"; {count(estimated, 'way is', 'ways are')} missing there and estimated" if estimated else "")
        )
    else:
        notes.append(
            f"Drive times: straight miles x {settings.road_factor:g}, at {settings.mph:g} mph for the first "
            f"{settings.local_miles:g} miles of each way and {settings.far_mph:g} mph beyond"
        )
    if unknown := int((np.isnan(last) & placed & (calls > 0)).sum()):
        notes.append(
            f"The last visit of {count(unknown, 'account')} isn't known; their calls are spread evenly over the year"
        )
    whole_miles, whole_minutes = whole(miles, minutes)
    weekday = [d.weekday() for d in days]
    week = np.array([asked.hours[i] for i in all_rows[at].tolist()], dtype=np.int64).reshape(len(at), 7, 2)
    hours = week[:, weekday, :]
    local = np.searchsorted(at, due.account)
    worth = np.maximum(1, np.round(calls[due.account])).astype(np.int64)
    first_of = np.r_[True, np.diff(due.account) > 0] if len(due.account) else np.zeros(0, dtype=np.bool_)
    worth = np.where(first_of & (due.overdue[due.account] > 0), worth * 2, worth)
    problem = VisitProblem(
        whole_minutes,
        whole_miles,
        np.ceil(asked.minutes[all_rows[at]]).astype(np.int64),
        hours[:, :, 0],
        hours[:, :, 1],
        working,
        settings.day_start,
        settings.day_start + round(60 * settings.hours),
        local,
        due.first,
        due.last,
        due.gap,
        worth,
        by_minutes=times is not None,
    )
    _check_reach(problem, who, rep)
    return RepGround(
        rep,
        (float(home[0]), float(home[1])),
        settings,
        days,
        accounts,
        all_rows,
        all_rows[at],
        at,
        problem,
        due,
        asked,
        points,
        tuple(notes),
    )


def _check_reach(problem: VisitProblem, who: str, rep: Rep) -> None:
    there = problem.minutes[0, 1:] + problem.service + problem.minutes[1:, 0]
    if there.min() <= problem.day_end - problem.day_start:
        return
    near = int(np.argmin(there))
    raise InputError(
        f"the home of {who} ({rep.home[:60]}) is {problem.miles[0, near + 1] / 100:,.0f} miles from the "
        f"nearest account, {hours_text(int(problem.minutes[0, near + 1]))} one way: more than a working day there and "
        "back; correct the home on the roster, or choose more hours a day"
    )


def plan_rep(ground: RepGround, *, progress: Progress = UNWATCHED) -> tuple[RepCalendar, tuple[tuple[int, ...], ...]]:
    """The rep's calendar, and the visits of each working day in order, to keep."""
    settings = ground.settings
    found = engine.plan_visits(
        ground.problem, todays_order(ground), seed=settings.seed, effort=settings.effort, progress=progress
    )
    days = tuple(r.visits for r in found.routes)
    return in_words(ground, found), days


def todays_order(ground: RepGround) -> NDArray[np.int64]:
    """int64 (n,), place of each account in today's order: the longest not visited first, then as in the file."""
    last = [ground.columns.last[i] for i in ground.rows.tolist()]
    order = sorted(range(len(last)), key=lambda k: (last[k] is None, last[k] or date.min, k))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return rank


def with_days(ground: RepGround, days: Sequence[Sequence[int]], other: RepCalendar) -> RepCalendar:
    """The calendar of other days of the same ground, compared with what `other` was compared with."""
    listed = [list(d) for d in days]
    routes = engine.routes_of(ground.problem, listed)
    missed = engine.why_missed(ground.problem, listed)
    return _calendar(ground, routes, missed, other.nearest, other.listed, other.status)


def in_words(ground: RepGround, found: engine.VisitCalendar) -> RepCalendar:
    """What the engine found, as people read it."""
    return _calendar(ground, found.routes, found.missed, _other(found.nearest), _other(found.listed), found.status)


def _other(sums: engine.DaySums) -> OtherWay:
    return OtherWay(sums.visits, sums.miles / 100, sums.drive + sums.wait)


def _calendar(
    ground: RepGround,
    routes: Sequence[DayRoute],
    missed: dict[int, str],
    nearest: OtherWay,
    listed: OtherWay,
    status: str,
) -> RepCalendar:
    frame, problem = ground.accounts.frame, ground.problem
    names = [(str(frame["account_id"].iloc[i]), str(frame["name"].iloc[i])) for i in ground.all_rows.tolist()]
    tier = [str(ground.columns.tier[i]) for i in ground.all_rows.tolist()]
    where = ground.at.tolist()  # position among the rep's accounts of each account of the problem

    def stop(route: DayRoute, k: int) -> VisitStop:
        v = route.visits[k]
        i = where[int(problem.account[v])]
        lat, lon = (float(x) for x in ground.points[i])
        account_id, name = names[i]
        return VisitStop(v, account_id, name, tier[i], lat, lon, route.arrive[k], route.begin[k], route.leave[k])

    days = tuple(
        VisitDay(
            ground.days[r.day],
            r.start,
            r.end,
            r.miles / 100,
            r.drive,
            r.service,
            r.wait,
            tuple(stop(r, k) for k in range(len(r.visits))),
        )
        for r in routes
    )
    day_of = {s.visit: d.day for d in days for s in d.stops}
    out = []
    due_of = np.bincount(ground.due.account, minlength=len(names))
    by_account: dict[int, list[int]] = {}
    for v in sorted(missed):
        by_account.setdefault(where[int(problem.account[v])], []).append(v)
    for i in range(len(names)):
        due = int(due_of[i])
        if i in by_account:
            lost = by_account[i]
            code = missed[lost[0]]
            reason = _why(ground, i, lost[0], code)
            out.append(MissedVisit(*names[i], tier[i], code, reason, len(lost), due, lost[0]))
        elif not due:
            code, reason = _why_not_due(ground, i)
            out.append(MissedVisit(*names[i], tier[i], code, reason, 0, 0))
    late = np.flatnonzero(ground.due.overdue).tolist()
    first_visit = {where[int(a)]: v for v, a in reversed(list(enumerate(problem.account.tolist())))}
    overdue = tuple(
        OverdueAccount(*names[i], int(ground.due.overdue[i]), day_of.get(first_visit.get(i, -1))) for i in late
    )
    notes = list(ground.notes)
    if lost_hours := [v for v, code in missed.items() if code == engine.FULL]:
        minutes = int(problem.service[problem.account[lost_hours]].sum())
        notes.append(
            f"{count(len(lost_hours), 'visit')} ({hours_text(minutes)} of calls, without the way) more than "
            f"{count(len(ground.days), 'day')} of {ground.settings.hours:g} hours can hold; the least important are "
            "left out"
        )
    return RepCalendar(
        ground.rep.rep_id,
        ground.rep.name or ground.rep.rep_id,
        ground.home,
        ground.settings.start,
        ground.settings.end,
        days,
        tuple(sorted(out, key=lambda m: (m.visits == 0, m.code, m.name))),
        tuple(sorted(overdue, key=lambda o: -o.days)),
        nearest,
        listed,
        status,
        tuple(notes),
    )


def _why(ground: RepGround, i: int, visit: int, code: str) -> str:
    problem = ground.problem
    k = int(problem.account[visit])
    first, last = (
        date_text(ground.settings.start + timedelta(int(x))) for x in (problem.first[visit], problem.last[visit])
    )
    when = first if first == last else f"{first} to {last}"
    if code == engine.FAR:
        return (
            f"{problem.miles[0, k + 1] / 100:,.0f} miles from home, {hours_text(int(problem.minutes[0, k + 1]))} one "
            f"way: a day of {ground.settings.hours:g} hours is too short"
        )
    if code == engine.NO_DAY:
        return f"No working day from {when}, when it is due"
    if code == engine.CLOSED:
        return f"Not open long enough when the rep can be there, from {when}"
    if code == engine.APART:
        return f"Every day from {when} is less than {int(problem.gap[visit])} days from another visit"
    calls = float(ground.columns.calls[ground.all_rows[i]])
    return (
        f"The days from {when} are full; it loses least ({calls:g} calls a year, "
        f"{hours_text(int(problem.minutes[0, k + 1]))} from home)"
    )


def _why_not_due(ground: RepGround, i: int) -> tuple[str, str]:
    row = int(ground.all_rows[i])
    calls = float(ground.columns.calls[row])
    if not np.isfinite(ground.points[i]).all():
        return "no_place", "No location; fix the address on page Accounts"
    if calls <= 0:
        tier = str(ground.columns.tier[row])
        return (
            "no_calls",
            f"No calls a year are planned for {'tier ' + tier[:40] if tier else 'accounts without a tier'}",
        )
    coming = int(ground.due.next_due[i])
    if coming >= 0:
        return "not_due", f"Due on {date_text(ground.settings.start + timedelta(coming))} ({calls:g} calls a year)"
    return "not_due", f"Not due in this period: {calls:g} calls a year, and the last visit isn't known"


def hours_text(minutes: int) -> str:
    """Minutes for a person: "2 h 5 min"."""
    hours, rest = divmod(minutes, 60)
    return f"{hours:,} h {rest} min" if hours and rest else f"{hours:,} h" if hours else f"{rest} min"
