"""History: the tree of a scenario's edits as plain data. Undo goes to the parent, redo to the child last visited."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from terr.errors import LocateError
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.model.units import UNASSIGNED, noun

ROOT = 0
"""Id of the empty plan every scenario starts from."""


@dataclass(frozen=True)
class EditNode:
    """One stored edit, without its arrays.

    Attributes:
        id: the revision that made it; unique in its scenario, above its parent's.
        parent: the edit it was made on, ROOT for the first.
        kind: see `terr.model.edit.KINDS`; title: what happened, in words.
        author: who; note: why; at: when (UTC).
    """

    id: int
    parent: int
    kind: str
    title: str
    author: str
    note: str
    at: datetime


@dataclass(frozen=True)
class Visit:
    """One revision of a scenario: `head` after `action` (edit, undo, redo, go) by `author`."""

    rev: int
    head: int
    action: str
    author: str
    at: datetime


@dataclass(frozen=True)
class TimelineEntry:
    """One line of a timeline.

    Attributes:
        step: the edit.
        depth: number of edits from the start to this one, itself included.
        lane: 0 for the line of work in hand (done, then redo), 1, 2, ... for other branches.
        done: part of the plan as it is; head: the last such; ahead: redo leads here.
    """

    step: EditNode
    depth: int
    lane: int
    done: bool
    head: bool
    ahead: bool


@dataclass(frozen=True)
class UndoPath:
    """Edits to take back (`up`, in order), then to do (`down`, in order)."""

    up: tuple[int, ...]
    down: tuple[int, ...]


@dataclass(frozen=True)
class History:
    """All edits and revisions of a scenario.

    Attributes:
        steps: sorted by id.
        visits: sorted by rev; the first revision 0 (ROOT) isn't among them.
    """

    steps: tuple[EditNode, ...] = ()
    visits: tuple[Visit, ...] = ()
    _parent: dict[int, int] = field(init=False, repr=False, compare=False)
    _last_child: dict[int, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parent = {s.id: s.parent for s in self.steps}
        for step in self.steps:
            if step.parent != ROOT and (step.parent not in parent or step.parent >= step.id):
                raise LocateError(f"change {step.id} was made on a change that isn't stored")
        last: dict[int, int] = {}
        for visit in self.visits:
            if visit.head != ROOT:
                if visit.head not in parent:
                    raise LocateError(f"revision {visit.rev} shows a change that isn't stored")
                last[parent[visit.head]] = visit.head
        object.__setattr__(self, "_parent", parent)
        object.__setattr__(self, "_last_child", last)

    @property
    def head(self) -> int:
        """The edit the plan stands at, ROOT if none."""
        return self.visits[-1].head if self.visits else ROOT

    @property
    def rev(self) -> int:
        """The newest revision, 0 for a fresh scenario."""
        return self.visits[-1].rev if self.visits else 0

    @property
    def undo_target(self) -> int | None:
        """The edit undo leads to (ROOT included), None if there is nothing to undo."""
        return None if self.head == ROOT else self._parent[self.head]

    @property
    def redo_target(self) -> int | None:
        """The edit redo leads to, None if there is nothing to redo."""
        return self._last_child.get(self.head)

    def children(self, edit: int) -> tuple[int, ...]:
        """Edits made on `edit`, oldest first; more than one is a branch."""
        return tuple(s.id for s in self.steps if s.parent == edit)

    def trail(self, edit: int) -> tuple[int, ...]:
        """Ids from the first edit to `edit`, both included; empty for ROOT.

        Raises:
            LocateError: if there is no such edit.
        """
        out: list[int] = []
        while edit != ROOT:
            if edit not in self._parent:
                raise LocateError(f"this scenario has no change {edit}")
            out.append(edit)
            edit = self._parent[edit]
        return tuple(reversed(out))

    def path(self, start: int, end: int) -> UndoPath:
        """What to take back and what to do to get from one edit to another.

        Raises:
            LocateError: if there is no such edit.
        """
        a, b = self.trail(start), self.trail(end)
        shared = 0
        while shared < min(len(a), len(b)) and a[shared] == b[shared]:
            shared += 1
        return UndoPath(up=tuple(reversed(a[shared:])), down=b[shared:])

    def timeline(self) -> tuple[TimelineEntry, ...]:
        """One line per edit, newest first."""
        done = set(self.trail(self.head))
        ahead: set[int] = set()
        at: int | None = self.redo_target
        while at is not None:
            ahead.add(at)
            at = self._last_child.get(at)
        depth, lane, lanes = {ROOT: 0}, {ROOT: 0}, 0
        continued: set[int] = set()
        for step in self.steps:
            depth[step.id] = depth[step.parent] + 1
            if step.id in done or step.id in ahead:
                lane[step.id] = 0
            elif lane[step.parent] and step.parent not in continued:
                lane[step.id] = lane[step.parent]
                continued.add(step.parent)
            else:
                lanes += 1
                lane[step.id] = lanes
        return tuple(
            TimelineEntry(s, depth[s.id], lane[s.id], s.id in done, s.id == self.head, s.id in ahead)
            for s in reversed(self.steps)
        )


def describe(edit: Edit, plan: Plan, level: str = "") -> str:
    """What an edit does, in a few words.

    Args:
        edit: the edit.
        plan: the plan it is made on; gives the names of territories.
        level: level of the units, for "county" instead of "unit".
    """
    names = {t.code: t.name for t in plan.territories}
    pairs = edit.territories
    old, new = pairs[0] if pairs else (None, None)
    units = _counted(len(edit.units), level)
    if edit.kind == "design":
        return f"Designed {_counted_territories(plan, edit)}"
    if edit.kind == "rebalance":
        return f"Rebalanced: {units} moved"
    if edit.kind == "import":
        return f"Imported a plan: {units} placed"
    if edit.kind == "restore":
        return "Went back to an earlier state"
    if edit.kind == "takeback":
        return "Took back an own earlier change"
    if edit.kind == "again":
        return "Made an own change again"
    if edit.kind == "merge" and old is not None:
        into = sorted(set(edit.after.tolist()))
        return f"Merged {old.name}" + (f" into {names[into[0]]}" if len(into) == 1 and into[0] in names else "")
    if edit.kind == "delete" and old is not None:
        return f"Deleted {old.name}"
    if edit.kind == "new" and new is not None:
        return f"Created {new.name}"
    if edit.kind == "rename" and old is not None and new is not None:
        return f"Renamed {old.name} to {new.name}"
    if edit.kind == "rep" and new is not None:
        return f"Gave {new.name} to {new.rep}" if new.rep else f"Took the rep off {new.name}"
    if edit.kind == "lock":
        on = new.locked if new is not None else bool(edit.lock_after.any())
        what = new.name if new is not None else _counted(len(edit.lock_units), level)
        return f"{'Locked' if on else 'Unlocked'} {what}"
    targets = sorted(set(edit.after.tolist()))
    if targets == [UNASSIGNED]:
        return f"Unassigned {units}"
    return f"Moved {units}" + (f" to {names[targets[0]]}" if len(targets) == 1 and targets[0] in names else "")


def _counted(number: int, level: str) -> str:
    return f"{number:,} {noun(level, number)}"


def _counted_territories(plan: Plan, edit: Edit) -> str:
    number = len(plan.territories) + sum((old is None) - (new is None) for old, new in edit.territories)
    return f"{number} territor{'y' if number == 1 else 'ies'}"
