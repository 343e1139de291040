"""Visits of a stored plan: what was asked, each rep's calendar, a visit moved, and files; a rep sees their own.

What is kept of a calendar is which visit is on which day, in order. Its times are worked out anew from the accounts, so
they can't contradict the rules; if the accounts, the territory or the home changed, the calendar is out of date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from terr.engine.visits import planning as engine
from terr.errors import InputError, PlanError, TerrError
from terr.model.json_values import read, readable, to_plain
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.report.visits import day_links, visits_csv, visits_gpx, visits_ics
from terr.view.text import date_text
from terr.workspace.caches import CacheKind
from terr.workspace.plan.plan_settings import save_setting
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reports.downloads import Download, file_name
from terr.workspace.reps.assignment import ground_of, own_quota_only
from terr.workspace.visits.calendar import OtherWay, RepCalendar, VisitDay, file_rows
from terr.workspace.visits.planning import RepGround, accounts_of, plan_rep, rep_ground, with_days
from terr.workspace.visits.settings import VisitSettings, next_monday
from terr.workspace.workspace import Workspace

VISITS = "visits"
"""Where a plan's settings keep this."""
FILES = {"csv": ("CSV", "text/csv"), "ics": ("Calendar (.ics)", "text/calendar"), "gpx": ("GPX", "application/gpx+xml")}


@dataclass(frozen=True)
class KeptCalendar:
    """A rep's calendar as it is kept.

    Attributes:
        mark: of everything it rests on; settings: what was asked; days: visits of each working day, in order.
        nearest, listed: what it is compared with; status: as `RepCalendar`. by: who planned it; at: UTC.
    """

    mark: str
    settings: VisitSettings
    days: tuple[tuple[int, ...], ...]
    nearest: OtherWay
    listed: OtherWay
    status: str = "planned"
    by: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class KeptVisits:
    """What a plan keeps of visits: what was asked last, and calendars by rep_id."""

    asked: VisitSettings | None = None
    reps: Mapping[str, KeptCalendar] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class OpenCalendar:
    """A rep's calendar, ready to be shown and changed.

    Attributes:
        ground: what it is made of; found: in words; kept: as it is kept.
    """

    ground: RepGround
    found: RepCalendar
    kept: KeptCalendar


def kept_visits(info: ScenarioInfo) -> KeptVisits:
    """What the plan keeps; what can't be read any more is left out."""
    raw = info.settings.get(VISITS)
    if not isinstance(raw, Mapping):
        return KeptVisits()
    asked = readable(KeptVisits, {"asked": raw.get("asked")}).get("asked")
    reps = {}
    given = raw.get("reps")
    for rep_id, one in (given if isinstance(given, Mapping) else {}).items():
        try:
            reps[str(rep_id)] = read(KeptCalendar, one, "a calendar of visits")
        except InputError:
            continue
    return KeptVisits(asked, reps)


def usual_settings(info: ScenarioInfo, today: date) -> VisitSettings:
    """What the page opens with: as asked last, from the next Monday if that start has passed."""
    asked = kept_visits(info).asked
    if asked is None:
        return VisitSettings(next_monday(today))
    return asked if asked.start >= today else replace(asked, start=next_monday(today))


def today() -> date:
    """The day, by the clock."""
    return datetime.now(UTC).date()


def visible_reps(ws: Workspace, shown: PlanSnapshot) -> tuple[Rep, ...]:
    """Reps with a territory whose visits this person may see: their own and their team's, or all."""
    own = own_quota_only(ws, shown.info.id, shown.reps)
    covering = {t.rep for t in shown.plan.territories}
    return tuple(r for r in shown.reps if r.rep_id in covering and (own is None or r.rep_id in own))


def rep_of(ws: Workspace, shown: PlanSnapshot, rep_id: str) -> Rep:
    """A rep whose visits this person may see.

    Raises:
        PlanError: for anybody else.
    """
    found = next((r for r in visible_reps(ws, shown) if r.rep_id == rep_id), None)
    if found is None:
        raise PlanError("this rep covers no territory of the plan, or their visits aren't yours to see")
    return found


GROUNDS = CacheKind[tuple[str, int, str, Rep, str], RepGround]("visits", 8)
"""By scenario, revision, accounts, rep and settings."""


def ground_for(ws: Workspace, shown: PlanSnapshot, rep: Rep, settings: VisitSettings) -> RepGround:
    """What a rep's calendar is made of; see `rep_ground`."""
    team = ground_of(shown)
    mine = accounts_of(team, rep)
    mark = hashlib.sha256(np.flatnonzero(mine).tobytes()).hexdigest()[:16]
    key = (shown.info.id, shown.rev, f"{shown.data} {mark}", rep, repr(settings))
    return ws.caches[GROUNDS].get_or_make(key, lambda: rep_ground(shown.accounts, mine, rep, settings))


def plan_calendar(
    ws: Workspace,
    shown: PlanSnapshot,
    rep_id: str,
    settings: VisitSettings,
    *,
    by: str = "",
    progress: Progress = UNWATCHED,
) -> KeptCalendar:
    """Plan a rep's visits; nothing is stored, see `keep`.

    Raises:
        InputError: a start in the past, no home, no account, nothing due. PlanError: somebody else's visits.
    """
    settings.check_start(today())
    rep = rep_of(ws, shown, rep_id)
    ground = ground_for(ws, shown, rep, settings)
    found, days = plan_rep(ground, progress=progress)
    return KeptCalendar(
        mark_of(ground), settings, days, found.nearest, found.listed, found.status, by, datetime.now(UTC)
    )


def plan_calendars(
    ws: Workspace,
    shown: PlanSnapshot,
    rep_ids: Sequence[str],
    settings: VisitSettings,
    *,
    by: str = "",
    progress: Progress = UNWATCHED,
) -> tuple[dict[str, KeptCalendar], dict[str, str]]:
    """Plan the visits of several reps: calendars by rep_id, and why others have none, by name.

    Raises:
        InputError: if nobody's visits can be planned.
    """
    names = {r.rep_id: r.name or r.rep_id for r in shown.reps}
    done, failed = dict[str, KeptCalendar](), dict[str, str]()
    for k, rep_id in enumerate(rep_ids):
        part = progress.part(k / len(rep_ids), (k + 1) / len(rep_ids))
        try:
            done[rep_id] = plan_calendar(ws, shown, rep_id, settings, by=by, progress=part)
        except InputError as error:
            if len(rep_ids) == 1:
                raise
            failed[names.get(rep_id, rep_id)] = str(error)
        if progress.stopped():
            break
    if not done:
        name, why = next(iter(failed.items()))
        raise InputError(f"no rep's visits can be planned; {name}: {why}")
    return done, failed


def keep(ws: Workspace, scenario_id: str, calendars: Mapping[str, KeptCalendar]) -> None:
    """Keep reps' calendars with the plan, in place of the ones before.

    Args:
        calendars: by rep_id.

    Raises:
        RoleError: if the plan isn't theirs to edit.
    """
    if not calendars:
        return
    last = list(calendars.values())[-1]
    raw = ws.scenario(scenario_id).settings.get(VISITS)
    before: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    reps = before.get("reps")
    save_setting(
        ws,
        scenario_id,
        VISITS,
        {
            "asked": to_plain(last.settings),
            "reps": {
                **(reps if isinstance(reps, Mapping) else {}),
                **{rep_id: to_plain(one) for rep_id, one in calendars.items()},
            },
        },
    )


def open_calendar(ws: Workspace, shown: PlanSnapshot, rep_id: str) -> OpenCalendar | None:
    """A rep's kept calendar; None if there is none.

    Raises:
        PlanError: if it is out of date, or somebody else's.
    """
    rep = rep_of(ws, shown, rep_id)
    kept = kept_visits(shown.info).reps.get(rep_id)
    if kept is None:
        return None
    try:
        ground = ground_for(ws, shown, rep, kept.settings)
        if mark_of(ground) != kept.mark:
            raise PlanError("changed")
        empty = RepCalendar(
            rep.rep_id,
            rep.name,
            ground.home,
            ground.settings.start,
            ground.settings.end,
            (),
            (),
            (),
            kept.nearest,
            kept.listed,
            kept.status,
            (),
        )
        return OpenCalendar(ground, with_days(ground, kept.days, empty), kept)
    except TerrError as error:
        raise PlanError(
            "the accounts, the territory or the home changed since these visits were planned; plan them again"
        ) from error


def mark_of(ground: RepGround) -> str:
    """What a calendar rests on, as a short text: another one means that its visits are others."""
    problem = ground.problem
    out = hashlib.sha256()
    for a in (
        problem.minutes,
        problem.miles,
        problem.service,
        problem.opens,
        problem.closes,
        problem.account,
        problem.first,
        problem.last,
        problem.gap,
        ground.all_rows,
    ):
        out.update(a.tobytes())
    ids = ground.accounts.frame["account_id"].astype(str)
    out.update("\x00".join(ids.iloc[i] for i in ground.rows.tolist()).encode())
    return out.hexdigest()[:24]


def days_for(opened: OpenCalendar, visit: int) -> tuple[date, ...]:
    """The days a visit may be moved to: those of its window on which the account is open."""
    allowed = opened.ground.problem.allowed()[visit]
    return tuple(d for d, ok in zip(opened.ground.days, allowed.tolist(), strict=True) if ok)


_WHY_NOT = {
    engine.NO_DAY: "{day} lies outside the days on which this visit is due",
    engine.FAR: "the account is too far from home for a day's drive",
    engine.CLOSED: "the account isn't open long enough on {day} when the rep can be there",
    engine.APART: "{day} is too near another visit of this account",
    engine.FULL: "{day} has no room for this visit: the hours of the day would be broken",
}


def move_visit(opened: OpenCalendar, visit: int, day: date | None, *, by: str = "") -> KeptCalendar:
    """The calendar with one visit on another day, both days routed again; None takes it off its day.

    Raises:
        PlanError: if that breaks a rule; says which.
    """
    days = opened.ground.days
    if day is not None and day not in days:
        raise PlanError(f"{date_text(day)} isn't a working day of this calendar; choose another day")
    at = -1 if day is None else days.index(day)
    after = engine.moved(opened.ground.problem, [list(d) for d in opened.kept.days], visit, at)
    if isinstance(after, str):
        said = _WHY_NOT[after].format(day="" if day is None else date_text(day))
        raise PlanError(f"{said}; choose another day")
    return replace(opened.kept, days=tuple(tuple(d) for d in after), by=by, at=datetime.now(UTC))


def links_of(opened: OpenCalendar, day: VisitDay) -> list[str]:
    """Links that open a day's route in a map app."""
    return day_links(opened.ground.home, [(s.lat, s.lon) for s in day.stops])


def visit_file(opened: OpenCalendar, kind: str, plan: str) -> Download:
    """One of `FILES` of a rep's calendar."""
    rows = file_rows(opened.found)
    if kind == "csv":
        data = visits_csv(rows)
    elif kind == "ics":
        data = visits_ics(rows, datetime.now(UTC))
    else:
        data = visits_gpx(rows, {opened.found.rep_id: opened.ground.home})
    return Download(file_name(f"{plan} visits {opened.found.rep}", f"visits.{kind}"), FILES[kind][1], data)
