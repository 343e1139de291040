"""The log of a territory plan: what it holds after its changes, and what undo and redo do next.

Which change is next is told by `terr.edits.undo`, as for edits of the map: a person undoes their own, newest first, and
what others did since stays.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from terr.edits.history import ROOT, EditNode, History, Visit
from terr.edits.undo import undo_state
from terr.model.person import Person

START, EDIT, TAKEBACK, AGAIN = "start", "edit", "takeback", "again"


@dataclass(frozen=True)
class PlanChange:
    """One change of a territory plan.

    Attributes:
        id: unique in its scenario, growing; territory: code of the territory.
        kind: `START`, `EDIT`, `TAKEBACK` or `AGAIN`; title: what was done, in words.
        changes: field -> plain JSON, the whole new value of each field that changed.
        of_edit: the change it undoes or makes again, 0 = none.
        by: who; at: UTC.
    """

    id: int
    territory: int
    kind: str
    title: str
    changes: Mapping[str, Any]
    of_edit: int
    by: Person
    at: datetime


def parts_after(log: Sequence[PlanChange], until: int | None = None) -> dict[str, Any]:
    """Field -> value after all changes, or after those with an id up to `until`."""
    out: dict[str, Any] = {}
    for one in log:
        if until is None or one.id <= until:
            out.update(one.changes)
    return out


def last_change_of(log: Sequence[PlanChange], fields: Collection[str]) -> int:
    """Id of the newest change that touched one of some fields, 0 if none did."""
    return max((one.id for one in log if any(f in one.changes for f in fields)), default=0)


@dataclass(frozen=True)
class PlanStep:
    """What undo or redo does next.

    Attributes:
        of_edit: the change it reverses; kind: `TAKEBACK` or `AGAIN`.
        title: what that change did first, in words.
        changes: field -> value to go back to; None = the field as it was before anybody set it.
        left: fields that somebody changed since, which stay.
    """

    of_edit: int
    kind: str
    title: str
    changes: Mapping[str, Any]
    left: tuple[str, ...] = ()


def next_step(log: Sequence[PlanChange], names: Collection[str], *, redo: bool = False) -> PlanStep | None:
    """The newest change of a person of which something is left to undo, or to make again.

    Args:
        log: of one territory plan, oldest first; its first change, that began the plan, stays.
        names: the person's, as they are signed.
        redo: the other way.
    """
    state = undo_state(_history(log), names)
    now, rows = parts_after(log), {one.id: one for one in log}
    for step in state.redo if redo else state.undo:
        made = rows[step.edit]
        before = parts_after([one for one in log if one.id < made.id])
        back = {f: before.get(f) for f, value in made.changes.items() if now.get(f) == value}
        if back:
            left = tuple(f for f in made.changes if f not in back)
            return PlanStep(made.id, AGAIN if redo else TAKEBACK, step.title, back, left)
    return None


def _history(log: Sequence[PlanChange]) -> History:
    """The changes as the one line of edits they are."""
    steps, visits, parent = [], [], ROOT
    for one in log:
        who = one.by.name
        steps.append(EditNode(one.id, parent, one.kind, one.title, who, "", one.at, one.of_edit))
        visits.append(Visit(one.id, one.id, "edit", who, one.at))
        parent = one.id
    return History(tuple(steps), tuple(visits))
