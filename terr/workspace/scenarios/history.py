"""The history as a story: who did what, when, why, and what it did to the balance; and the ways through it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from terr.edits.history import ROOT
from terr.edits.undo import go_back
from terr.errors import LocateError
from terr.model.scenario import ScenarioInfo
from terr.store import ChangeEvent
from terr.view.text import percent
from terr.workspace.plan.editing import EditOutcome, edit
from terr.workspace.plan.plan_settings import rules_of, save_rules
from terr.workspace.workspace import Workspace

MOST = 2000
"""Lines of a story that are looked through at most, the newest."""

KINDS = {
    "edit": "Changes of the plan",
    "travel": "Undo, redo and copies",
    "version": "Versions, tags and notes",
    "talk": "Comments and proposals",
    "exception": "Exceptions",
    "other": "Other",
}
"""Kinds of lines a person can choose from."""


@dataclass(frozen=True)
class HistoryLine:
    """One line of the story.

    Attributes:
        event: what happened.
        kind: one of `KINDS`.
    """

    event: ChangeEvent
    kind: str

    @property
    def effect(self) -> str:
        """Such as "Max deviation of Revenue 6.1% → 4.1%", as measured then; "" if there is nothing to measure."""
        made, changes = self.event.effect, self.event.action in ("edit", "undo", "redo")
        if made is None:
            return "not recorded" if changes and self.event.topic == "plan" else ""
        if made.before is None and made.after is None:
            return ""
        was, now = (percent(100 * (math.nan if d is None else d)) for d in (made.before, made.after))
        what = f"ax deviation of {made.measure}"
        return f"Unchanged: m{what} {now}" if was == now else f"M{what} {was} → {now}"


def history_lines(ws: Workspace, scenario_id: str) -> tuple[HistoryLine, ...]:
    """The newest `MOST` lines, newest first.

    Raises:
        LocateError: if the plan is gone.
    """
    return tuple(HistoryLine(e, _kind(e)) for e in ws.store.changes.timeline(scenario_id, limit=MOST))


NAMED = 3
"""So many areas of a change are named."""
_MOVING = ("assign", "rebalance", "takeback", "again", "lock")


def with_names(ws: Workspace, info: ScenarioInfo, lines: Sequence[HistoryLine]) -> list[str]:
    """What each line did, with the names of the areas it moved or locked: "Moved 2 counties to South: Kent, Sussex"."""
    names = ws.units(info).names
    return [_with_names(ws, info, line, names) for line in lines]


def _with_names(ws: Workspace, info: ScenarioInfo, line: HistoryLine, names: Sequence[str]) -> str:
    event = line.event
    if event.edit_id is None or event.topic != "plan" or event.action not in ("edit", "redo"):
        return event.what
    made = ws.store.edits.get(info.id, event.edit_id)
    units = (made.units if len(made.units) else made.lock_units).tolist() if made.kind in _MOVING else []
    if not units:
        return event.what
    more = f" and {len(units) - NAMED:,} more" if len(units) > NAMED else ""
    return f"{event.what}: {', '.join(str(names[u]) for u in units[:NAMED])}{more}"


def _kind(event: ChangeEvent) -> str:
    if event.topic == "plan":
        return "edit" if event.action == "edit" else "travel"
    if event.topic in ("version", "tag", "note"):
        return "version"
    if event.topic in ("comment", "proposal", "challenge"):
        return "talk"
    return "exception" if event.topic == "exception" else "other"


def chosen(
    lines: Sequence[HistoryLine], *, who: Sequence[str] = (), kinds: Sequence[str] = ()
) -> tuple[HistoryLine, ...]:
    """Lines by some people and of some kinds; none given = all."""
    return tuple(x for x in lines if (not who or x.event.who in who) and (not kinds or x.kind in kinds))


def title(ws: Workspace, scenario_id: str, edit_id: int) -> str:
    """What a point of the history is called: the change that led to it.

    Raises:
        LocateError: if the plan or the edit is gone.
    """
    if edit_id == ROOT:
        return "the empty plan"
    for step in ws.store.edits.history(scenario_id).steps:
        if step.id == edit_id:
            return step.title
    raise LocateError(f"this plan has no change {edit_id}; reload the history")


def back_to(ws: Workspace, scenario_id: str, edit_id: int, seen_rev: int, *, author: str = "") -> EditOutcome:
    """Make the plan what it was after an edit, as a new edit: nothing of what came since is lost.

    Raises:
        ConflictError: if the plan changed since the person looked.
        LocateError: if the plan or the edit is gone.
    """
    info = ws.store.scenarios.get(scenario_id)
    earlier = ws.store.plans.at(scenario_id, edit_id)
    rules = rules_of(ws, replace(info, head=edit_id))
    note = f"change {edit_id}: {title(ws, scenario_id, edit_id)}"
    done = edit(
        ws,
        scenario_id,
        seen_rev,
        lambda plan, _: go_back(plan, earlier, author=author, note=note),
        basis=lambda: (info.measure, rules),
    )
    if done.changed:
        save_rules(ws, scenario_id, done.rev, rules)
        return done
    return replace(done, notice="The plan is already like this.")
