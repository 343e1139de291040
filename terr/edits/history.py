"""History: the tree of a scenario's edits and the way through it so far, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
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
        of_edit: the edit it reverses or makes again, ROOT for an edit of its own (see `terr.edits.undo`).
    """

    id: int
    parent: int
    kind: str
    title: str
    author: str
    note: str
    at: datetime
    of_edit: int = ROOT

    @property
    def reverses(self) -> bool:
        """True if this edit undid another."""
        return self.of_edit != ROOT and self.kind != "again"


@dataclass(frozen=True)
class Effect:
    """What a revision did to the balance, as measured when it was made.

    Attributes:
        measure: what was balanced then.
        before, after: largest |load / target - 1|, None where there was none.
    """

    measure: str
    before: float | None
    after: float | None


@dataclass(frozen=True)
class Visit:
    """One revision of a scenario: `head` after `action` (edit, undo, redo, go, branch) by `author`.

    `client` is the window's map that asked for it, "" if none did.
    """

    rev: int
    head: int
    action: str
    author: str
    at: datetime
    client: str = ""


@dataclass(frozen=True)
class UndoPath:
    """Edits to undo (`up`, in order), then to do (`down`, in order)."""

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

    def __post_init__(self) -> None:
        parent = {s.id: s.parent for s in self.steps}
        for step in self.steps:
            if step.parent != ROOT and (step.parent not in parent or step.parent >= step.id):
                raise LocateError(f"change {step.id} was made on a change that isn't stored")
        for visit in self.visits:
            if visit.head != ROOT and visit.head not in parent:
                raise LocateError(f"revision {visit.rev} shows a change that isn't stored")
        object.__setattr__(self, "_parent", parent)

    @property
    def head(self) -> int:
        """The edit the plan stands at, ROOT if none."""
        return self.visits[-1].head if self.visits else ROOT

    @property
    def rev(self) -> int:
        """The newest revision, 0 for a fresh scenario."""
        return self.visits[-1].rev if self.visits else 0

    def then(self, steps: Sequence[EditNode], visits: Sequence[Visit]) -> History:
        """This history and what came after it.

        Raises:
            LocateError: if that doesn't fit.
        """
        return History((*self.steps, *steps), (*self.visits, *visits))

    def trail(self, edit: int) -> tuple[int, ...]:
        """Ids from the first edit to `edit`, both included; empty for ROOT.

        Raises:
            LocateError: if there is no such edit.
        """
        out: list[int] = []
        while edit != ROOT:
            if edit not in self._parent:
                raise LocateError(f"this plan has no change {edit}")
            out.append(edit)
            edit = self._parent[edit]
        return tuple(reversed(out))

    def path(self, start: int, end: int) -> UndoPath:
        """What to undo and what to do to get from one edit to another.

        Raises:
            LocateError: if there is no such edit.
        """
        if self._parent.get(end) == start:  # nearly all, in a long history
            return UndoPath((), (end,))
        if self._parent.get(start) == end:
            return UndoPath((start,), ())
        a, b = self.trail(start), self.trail(end)
        shared = 0
        while shared < min(len(a), len(b)) and a[shared] == b[shared]:
            shared += 1
        return UndoPath(up=tuple(reversed(a[shared:])), down=b[shared:])


def describe(edit: Edit, plan: Plan, level: str = "", of: str = "") -> str:
    """What an edit does, in a few words.

    Args:
        edit: the edit.
        plan: the plan it is made on; gives the names of territories.
        level: level of the units, for "county" instead of "unit".
        of: what the edit that it reverses or makes again did.
    """
    names = {t.code: t.name for t in plan.territories}
    pairs = edit.territories
    old, new = pairs[0] if pairs else (None, None)
    units = _counted(len(edit.units), level)
    if edit.kind == "design":
        return f"Generated {_counted_territories(plan, edit)}"
    if edit.kind == "rebalance":
        return f"Rebalanced: {units} moved"
    if edit.kind == "import":
        return f"Imported a plan: {units} assigned"
    if edit.kind == "restore":
        return "Went back to an earlier state"
    if edit.kind == "takeback":
        return f"Undid: {of[:1].lower()}{of[1:]}"
    if edit.kind == "again":
        return f"Redid: {of[:1].lower()}{of[1:]}"
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
        return f"Assigned {new.name} to {new.rep}" if new.rep else f"Removed the rep from {new.name}"
    if edit.kind == "color" and new is not None:
        return f"Changed the color of {new.name}"
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
