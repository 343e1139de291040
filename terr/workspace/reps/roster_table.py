"""The roster as a table a person edits: a row per rep, and the rows back as reps, with what is wrong by row."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

from terr.errors import InputError
from terr.locate import home_problem
from terr.model.reps import Rep, home_fields
from terr.people.skills import listed
from terr.view.text import count
from terr.workspace.access.territory_reach import own_team
from terr.workspace.accounts.dataset import Dataset, dataset
from terr.workspace.reps.assignment import own_quota_only
from terr.workspace.reps.roster import set_reps
from terr.workspace.workspace import Workspace

COLUMNS = (
    *("ID", "Name", "Role", "Manager", "Home", "FTE %", "Start", "End", "Hours a year", "Skills", "Level"),
    *("Quota", "Email", "Active"),
)

_MOST_HOMES = 5
"""Homes that can't be placed, each told with its reason; the others are only named."""


@dataclass(frozen=True)
class RosterLine:
    """One earlier roster: its number, and what was done, when (UTC) and by whom, for a reader."""

    version: int
    note: str
    at: datetime
    author: str


def roster_frame(reps: Sequence[Rep]) -> pd.DataFrame:
    """One row per rep in `COLUMNS`; managers by name where only one bears it, FTE in percent."""
    called = _called(reps)
    rows = [
        (
            *(r.rep_id, r.name, r.role, called.get(r.manager, r.manager), r.home, round(100 * r.capacity, 2)),
            *(r.start, r.end, r.hours, ", ".join(r.skills), r.level, r.quota, r.email, r.active),
        )
        for r in reps
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    for column in ("FTE %", "Hours a year", "Level", "Quota"):
        frame[column] = pd.to_numeric(frame[column]).astype("float64")
    for column in ("Start", "End"):
        frame[column] = pd.to_datetime(frame[column])
    return frame.astype({"Active": bool})


def reps_from(frame: pd.DataFrame, before: Sequence[Rep] = ()) -> tuple[Rep, ...]:
    """The reps of an edited table; a home that can't be placed may stay where `before` has it, not be typed anew.

    Raises:
        InputError: the first row that can't be one, by its place and name, with what to do.
    """
    out: list[Rep] = []
    rows = frame.to_dict("records")
    ids: dict[str, str] = {}
    names: dict[str, list[str]] = {}
    lived = {r.rep_id: r.home for r in before}
    for row in rows:
        rep_id, name = _text(row["ID"]), _text(row["Name"])
        if rep_id:
            ids.setdefault(rep_id.casefold(), rep_id)
            names.setdefault(name.casefold(), []).append(rep_id)
    for at, row in enumerate(rows, start=1):
        rep_id, name = _text(row["ID"]), _text(row["Name"])
        if not rep_id and not name:
            continue  # an empty row somebody added
        where = f"row {at}, {name or rep_id}"
        if not rep_id:
            raise InputError(f"{where}: the rep has no ID; type one that nobody else has")
        try:
            out.append(_rep_of(row, rep_id, name, _manager(_text(row["Manager"]), ids, names), lived))
        except InputError as error:
            raise InputError(f"{where}: {error}") from error
    check_roster(out)
    return tuple(out)


def check_roster(reps: Sequence[Rep]) -> None:
    """Refuse a roster whose rows contradict each other.

    Raises:
        InputError: two of one id, or managers in a circle.
    """
    known: dict[str, Rep] = {}
    for r in reps:
        if r.rep_id in known:
            raise InputError(f"{known[r.rep_id].name} and {r.name} both have the ID {r.rep_id}; give one another ID")
        known[r.rep_id] = r
    for r in reps:
        trail, at = [r], known.get(r.manager)
        while at is not None and at not in trail:
            trail.append(at)
            at = known.get(at.manager)
        if at is r:
            loop = " → ".join(x.name for x in (*trail, r))
            raise InputError(f"managers run in a circle: {loop}; leave one of them without a manager")


def roster_reach(ws: Workspace, data: Dataset, scenario_id: str | None) -> frozenset[str] | None:
    """Whose quota and home a person sees on the roster: None = all, else ids of themselves and everybody under them.

    With a plan open, its editors and owners see all; without one, who imported the data set.
    """
    if scenario_id:
        return own_quota_only(ws, scenario_id, data.reps)
    if not ws.whole.sign_in or data.info.owner == ws.person.user_id:
        return None
    return own_team(data.reps, ws.person.user_id)


def seen_by(frame: pd.DataFrame, mine: frozenset[str]) -> pd.DataFrame:
    """The table for somebody who may see quotas and homes of these ids only; the others' are blank."""
    out, other = frame.copy(), ~frame["ID"].isin(sorted(mine))
    out.loc[other, "Quota"] = float("nan")
    out.loc[other, "Home"] = ""
    return out


def roster_warnings(reps: Sequence[Rep], today: date, known: Sequence[Rep] = ()) -> tuple[str, ...]:
    """What a person should look at, though it can be kept: homes not found, names shared, people over 100%.

    Args:
        reps: to be told of; today: day.
        known: everybody on the roster, if `reps` are some of them.
    """
    out = []
    covering = [r for r in reps if r.covers]
    out += [f"Home of {r.name}: {wrong}" for r in covering if (wrong := home_problem(r.home))][:_MOST_HOMES]
    lost = [r.name for r in covering if not known_home(r)]
    if lost:
        out.append(f"No home found for {_some(lost)}; enter a ZIP or city and state, or travel counts as a day")
    names = [r.name.casefold() for r in reps]
    twice = sorted({r.name for r in reps if names.count(r.name.casefold()) > 1})
    if twice:
        out.append(f"More than one person is called {_some(twice)}; they are told apart by ID")
    over = [r.name for r in reps if r.capacity > 1]
    if over:
        out.append(f"Over 100% of a full rep: {_some(over)}")
    gone = [r.name for r in reps if r.active and r.end and r.end < today]
    if gone:
        out.append(f"Left already, but still active: {_some(gone)}")
    ids = {r.rep_id for r in (*reps, *known)}
    if bossless := [r.name for r in reps if r.manager and r.manager not in ids]:
        out.append(f"The manager of {_some(bossless)} isn't on the roster; add that person")
    return tuple(out)


def known_home(rep: Rep) -> bool:
    """Whether the rep has a home that can be placed."""
    return bool(rep.home) and not home_problem(rep.home)


def save_table(ws: Workspace, dataset_id: str, frame: pd.DataFrame) -> tuple[Dataset, str]:
    """Keep an edited table as the roster; the second value says what changed.

    Raises:
        InputError: see `reps_from`. RoleError: if the data set isn't this person's to change.
    """
    before = dataset(ws, dataset_id).reps
    reps = reps_from(frame, before)
    note = _changes(before, reps)
    return set_reps(ws, dataset_id, reps, note=note), note


def roster_history(ws: Workspace, dataset_id: str) -> tuple[RosterLine, ...]:
    """Every roster the data set has had, the newest first."""
    made = ws.store.reps.history(dataset_id)
    return tuple(RosterLine(v.id, v.note or "Imported with the accounts", v.at, v.by.name or "me") for v in made)


def restore_roster(ws: Workspace, dataset_id: str, version: int) -> Dataset:
    """Bring an earlier roster back; it becomes the newest.

    Raises:
        LocateError: if it isn't kept any more. RoleError: if the data set isn't this person's to change.
    """
    return set_reps(ws, dataset_id, ws.store.reps.at(dataset_id, version), note=f"Restored version {version}")


def _called(reps: Sequence[Rep]) -> dict[str, str]:
    names = [r.name for r in reps]
    return {r.rep_id: r.name if names.count(r.name) == 1 else r.rep_id for r in reps}


def _manager(text: str, ids: Mapping[str, str], names: Mapping[str, list[str]]) -> str:
    if not text:
        return ""
    if text.casefold() in ids:
        return ids[text.casefold()]
    found = names.get(text.casefold(), [])
    if len(found) > 1:
        raise InputError(f"{len(found)} people are called {text}; enter the manager's ID")
    if not found:
        raise InputError(f'the manager "{text}" isn\'t on the roster; add that person first, or leave it empty')
    return found[0]


def _rep_of(row: Mapping[Any, Any], rep_id: str, name: str, manager: str, lived: Mapping[str, str]) -> Rep:
    level = _number(row["Level"], "the level")
    fte = _number(row["FTE %"], "the FTE")
    home = _text(row["Home"])
    fields = home_fields(home)
    if fields["home_place"] and home != lived.get(rep_id) and (wrong := home_problem(home)):
        raise InputError(wrong)
    return Rep(
        rep_id,
        name or rep_id,
        capacity=1.0 if fte is None else fte / 100,
        email=_text(row["Email"]),
        role=_text(row["Role"]) or "rep",
        manager=manager,
        start=_day_of(row["Start"]),
        end=_day_of(row["End"]),
        hours=_number(row["Hours a year"], "hours a year"),
        skills=listed(_text(row["Skills"])),
        level=None if level is None else round(level),
        quota=_number(row["Quota"], "the quota"),
        active=True if _blank(row["Active"]) else bool(row["Active"]),
        **fields,
    )


def _blank(value: Any) -> bool:
    return bool(pd.isna(value))  # None, NaN and NaT; cells hold no lists


def _text(value: Any) -> str:
    return "" if _blank(value) else str(value).strip()


def _number(value: Any, what: str) -> float | None:
    if _blank(value):
        return None
    try:
        out = float(value)
    except (TypeError, ValueError):
        raise InputError(f'{what} must be a number, not "{str(value)[:20]}"') from None
    return out if math.isfinite(out) else None


def _day_of(value: Any) -> date | None:
    if _blank(value) or value == "":
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise InputError(f'"{str(value)[:20]}" isn\'t a date; enter it as 2026-01-31') from None


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4:,} more" if len(names) > 4 else "")


def _changes(before: Sequence[Rep], after: Sequence[Rep]) -> str:
    """What an edit did, in a line for the history."""
    old, new = {r.rep_id: r for r in before}, {r.rep_id: r for r in after}
    said = []
    if more := [r.name for i, r in new.items() if i not in old]:
        said.append(f"added {_some(more)}")
    if less := [r.name for i, r in old.items() if i not in new]:
        said.append(f"removed {_some(less)}")
    if other := [r.name for i, r in new.items() if i in old and old[i] != r]:
        said.append(f"changed {_some(other)}")
    text = "; ".join(said) or f"saved {count(len(after), 'person', 'people')} unchanged"
    return (text[0].upper() + text[1:])[:400]
