"""The tree of edits as it is stored: one edit, what it was made on, and the way from one to another."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection, exists, select

from terr.edits.history import ROOT
from terr.errors import LocateError
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.store import schema as t
from terr.store.codec import edit_from_bytes, plan_from_bytes


def edit_of(c: Connection, scenario_id: str, edit_id: int) -> Edit:
    """One edit as it was made.

    Raises:
        LocateError: if it isn't found.
    """
    e = t.edits.c
    row = c.execute(select(e.payload, e.of_edit).where(e.scenario_id == scenario_id, e.id == edit_id)).first()
    if row is None:
        raise no_edit(edit_id)
    edit = edit_from_bytes(row.payload)
    return replace(edit, of_edit=row.of_edit) if row.of_edit else edit


def parent_of(c: Connection, scenario_id: str, edit_id: int) -> int:
    """Id of the edit another was made on, 0 = the empty plan.

    Raises:
        LocateError: if it isn't found.
    """
    e = t.edits.c
    row = c.execute(select(e.parent).where(e.scenario_id == scenario_id, e.id == edit_id)).first()
    if row is None:
        raise no_edit(edit_id)
    return int(row.parent or ROOT)


def depth_of(c: Connection, scenario_id: str, edit_id: int) -> int:
    """Number of edits from the empty plan to one, that one included.

    Raises:
        LocateError: if it isn't found.
    """
    if edit_id == ROOT:
        return 0
    e = t.edits.c
    depth = c.execute(select(e.depth).where(e.scenario_id == scenario_id, e.id == edit_id)).scalar()
    if depth is None:
        raise no_edit(edit_id)
    return int(depth)


def head_at(c: Connection, scenario_id: str, rev: int) -> int:
    """The edit a plan stood at, at one revision.

    Raises:
        LocateError: if there is no such revision.
    """
    if rev == 0:
        return ROOT
    h = t.heads.c
    head = c.execute(select(h.head).where(h.scenario_id == scenario_id, h.rev == rev)).scalar()
    if head is None:
        raise LocateError(f"this scenario has no revision {rev}; reload it")
    return int(head)


def edits_between(c: Connection, scenario_id: str, a: int, b: int) -> list[Edit]:
    """The edits that lead from the plan after one edit to that after another, those undone as their inverse.

    Raises:
        LocateError: if one of them isn't found.
    """
    up: list[int] = []
    down: list[int] = []
    deep_a, deep_b = depth_of(c, scenario_id, a), depth_of(c, scenario_id, b)
    while a != b:
        if deep_a >= deep_b:
            up.append(a)
            a, deep_a = parent_of(c, scenario_id, a), deep_a - 1
        else:
            down.append(b)
            b, deep_b = parent_of(c, scenario_id, b), deep_b - 1
    edits = [edit_of(c, scenario_id, i).inverse() for i in up]
    return edits + [edit_of(c, scenario_id, i) for i in reversed(down)]


def trail_to(c: Connection, scenario_id: str, edit_id: int) -> list[int]:
    """Ids from an edit back to the nearest checkpoint or the first edit, that one included."""
    e, k = t.edits.c, t.checkpoints.c
    back = select(e.id, e.parent).where(e.scenario_id == scenario_id, e.id == edit_id).cte("back", recursive=True)
    stored = exists(select(k.edit_id).where(k.scenario_id == scenario_id, k.edit_id == back.c.id))
    back = back.union_all(select(e.id, e.parent).where(e.scenario_id == scenario_id, e.id == back.c.parent, ~stored))
    return [int(i) for i in c.execute(select(back.c.id).order_by(back.c.id.desc())).scalars()]


def checkpoint_of(c: Connection, scenario_id: str, edit_id: int) -> Plan | None:
    """The whole plan stored with an edit, None if none was."""
    k = t.checkpoints.c
    payload = c.execute(select(k.payload).where(k.scenario_id == scenario_id, k.edit_id == edit_id)).scalar()
    return None if payload is None else plan_from_bytes(payload)


def no_edit(edit_id: int) -> LocateError:
    """What is said of an edit that is not there."""
    return LocateError(f"this scenario has no change {edit_id}; reload it")
