"""Where the edits of a map are taken in, whichever way they come: in order, once, and never over somebody else's."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from terr.errors import StoreError, TerrError
from terr.model.person import Person
from terr.store import Client
from terr.view.text import count
from terr.workspace.access.roles import may
from terr.workspace.caches import CacheKind
from terr.workspace.live import proposals
from terr.workspace.live.payload import (
    Codes,
    Edit,
    Lock,
    Numbered,
    Paint,
    Propose,
    Redo,
    Undo,
    codes_of,
    fitting,
    text_of,
    units_of,
)
from terr.workspace.plan import editing, undo
from terr.workspace.workspace import Workspace

QUEUE = "~"
"""Ends the name of a map's queue of edits; its events are numbered by themselves."""

NEEDS = {Paint: "edit", Lock: "edit", Undo: "undo", Redo: "undo", Propose: "propose"}
"""What the map can send here, and what one must be allowed to do for it."""

TRUST_S = 1.0
"""So long a role that was taken away may still be used."""

_LOOK_BACK = 200


@dataclass(frozen=True)
class EditConflict:
    """Units somebody else gave away first, left as they are there.

    Attributes:
        units: their codes; now: code of the territory that has them now, -1 = none.
        to: code of the territory that was wanted.
        who: who was first, "" if it can't be told; ago_s: seconds since then, -1 if it can't be told.
    """

    units: tuple[int, ...]
    now: int
    to: int
    who: str
    ago_s: float


@dataclass(frozen=True)
class QueueResult:
    """What came of a queue.

    Attributes:
        n: number of the last event that was taken in; those after it are to be sent again.
        rev: the plan's revision after it, -1 if the plan can't be read.
        notices: lines for the person; clashes: what somebody else did first.
        waits: why the rest can't be stored now, "" = all was taken in.
    """

    n: int
    rev: int
    notices: tuple[str, ...] = ()
    clashes: tuple[EditConflict, ...] = ()
    waits: str = ""


@dataclass
class _Queue:
    """What a map sent so far: number of its last event."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    n: int = -1


_QUEUES = CacheKind[tuple[str, str, str], _Queue]("queues of edits", 8)
"""By scenario, queue and person: nobody moves on the queue of another."""
_ALLOWED = CacheKind[tuple[str, str, str], float]("what a person may do", 1)
"""By scenario, person and action: until when, on the monotonic clock."""


def apply_queue(
    ws: Workspace,
    scenario_id: str,
    session: str,
    events: Sequence[Any],
    person: Person,
    *,
    known_as: Collection[str] = (),
) -> QueueResult:
    """Import a queue of edits of one map.

    Malformed events are passed over: they can't come from our own script. One that makes no sense on the plan, or isn't
    allowed, becomes a notice. If the database can't store, nothing more is taken in, and it can be sent again.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        session: name of the queue; what it sent before is passed over, also after a restart.
        events: as the map makes them, see `terr.workspace.live.payload`.
        person: who edits; known_as: other names they edited under.
    """
    told: list[tuple[Numbered, Any]] = [
        (one, e) for e in events if (one := fitting(e, Numbered)) is not None and one.s == session
    ]
    queue = ws.caches[_QUEUES].get_or_make((scenario_id, session, person.user_id), _Queue)
    with queue.lock:
        rev, waits = -1, ""
        notices: list[str] = []
        clashing: list[EditConflict] = []
        done: QueueResult | None = None
        try:
            if queue.n < 0:
                queue.n = ws.store.edits.taken(scenario_id, session)
            for one, event in told:
                if one.n <= queue.n:
                    continue
                edit: Edit | None = fitting(event, Edit) if one.p == scenario_id else None
                if edit is not None:
                    done = _one(ws, scenario_id, (session, one.n), edit, person, known_as)
                    notices += done.notices
                    clashing += done.clashes
                queue.n = one.n
            rev = ws.store.scenarios.rev(scenario_id) if done is None or done.rev < 0 else done.rev
        except StoreError as error:
            waits = str(error)
        except TerrError as error:  # the plan is gone, or isn't theirs
            notices.append(str(error))
            queue.n = max([queue.n, *(one.n for one, _ in told)])
        return QueueResult(max(queue.n, 0), rev, tuple(notices), tuple(clashing), waits)


def _one(ws: Workspace, sid: str, client: Client, edit: Edit, person: Person, known_as: Collection[str]) -> QueueResult:
    try:
        _allowed(ws, sid, person, NEEDS[type(edit)])
        return _edit(ws, sid, client, edit, person, known_as)
    except StoreError:
        raise
    except TerrError as error:
        return QueueResult(client[1], -1, (str(error),))


def _allowed(ws: Workspace, sid: str, person: Person, action: str) -> None:
    """As `may`; what was allowed a moment ago isn't asked again for each edit of a row."""
    key = sid, person.user_id, action
    if time.monotonic() < (ws.caches[_ALLOWED].get(key) or 0.0):
        return
    may(ws, sid, person, action)
    ws.caches[_ALLOWED].put(key, time.monotonic() + TRUST_S)


def _edit(
    ws: Workspace, sid: str, client: Client, edit: Edit, person: Person, known_as: Collection[str]
) -> QueueResult:
    if isinstance(edit, Undo | Redo):
        travel = undo.undo if isinstance(edit, Undo) else undo.redo
        return _said(client, travel(ws, sid, edit.rev, author=person.name, known_as=known_as, client=client))
    units = units_of(edit.units)
    if units is None:
        return QueueResult(client[1], -1)
    if isinstance(edit, Lock):
        return _said(client, editing.set_locks(ws, sid, units, edit.on, author=person.name, client=client))
    if isinstance(edit, Paint):
        return _paint(ws, sid, client, edit, units, person.name)
    codes = codes_of(edit.codes)
    if codes is None:
        return QueueResult(client[1], -1)
    made = proposals.propose(ws, sid, units, codes, reason=text_of(edit.why, 4000), by=person)
    return QueueResult(client[1], -1, (f"Proposed: {made.title}. Everyone sees it under Share.",))


def _said(client: Client, done: editing.EditOutcome) -> QueueResult:
    return QueueResult(client[1], -1, (done.notice,) if done.notice else ())


def _paint(ws: Workspace, sid: str, client: Client, edit: Paint, units: list[int], author: str) -> QueueResult:
    seen = codes_of(fitting(edit.seen, Codes))
    if seen is not None and len(seen) != len(units):
        seen = None
    done = editing.paint(ws, sid, units, edit.to, seen=seen, author=author, client=client)
    rev = done.rev if done.changed else -1
    locked = editing.locked_notice(ws, sid, done.skipped_locked) if done.skipped_locked else ""
    notices = tuple(said for said in (locked, done.other_layer) if said)
    if not done.conflicts:
        return QueueResult(client[1], rev, notices)
    return QueueResult(client[1], -1, notices, edit_conflicts(ws, sid, done.conflicts, edit.to, edit.rev))


def edit_conflicts(
    ws: Workspace, scenario_id: str, units: Sequence[int], to: int, since: int
) -> tuple[EditConflict, ...]:
    """Who gave these units away after revision `since`, and to whom.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        units: their codes.
        to: the territory that was wanted.
        since: the revision the person saw.
    """
    plan, _ = ws.plan(scenario_id)
    left, by = set(units), {}
    visits = ws.store.changes.since(scenario_id, since, -1).visits
    for visit in reversed(visits[-_LOOK_BACK:]):
        if not left:
            break
        if visit.action != "edit":
            continue
        touched = left.intersection(ws.store.edits.get(scenario_id, visit.head).units.tolist())
        by.update(dict.fromkeys(touched, (visit.author, visit.at)))
        left -= touched
    other = next(((v.author, v.at) for v in reversed(visits)), ("", None))  # taken back, or done again
    groups: dict[tuple[int, str, datetime | None], list[int]] = {}
    for unit in units:
        author, at = by.get(unit, other)
        groups.setdefault((int(plan.assign[unit]), author, at), []).append(unit)
    now = datetime.now(UTC)
    return tuple(
        EditConflict(tuple(g), code, to, who, -1.0 if at is None else max(0.0, (now - at).total_seconds()))
        for (code, who, at), g in groups.items()
    )


def sentence(ws: Workspace, scenario_id: str, clash: EditConflict) -> str:
    """A clash in words, for where the map can't show it itself."""
    names = ws.units(ws.store.scenarios.get(scenario_id)).names
    plan, _ = ws.plan(scenario_id)
    here = "unassigned" if clash.now not in plan.codes else f"in {plan.territory(clash.now).name}"
    more = f" and {count(len(clash.units) - 1, 'more')}" if len(clash.units) > 1 else ""
    return (
        f"{names[clash.units[0]]}{more} was changed by {clash.who or 'someone else'} first and is now {here}. The map "
        "shows the latest plan; repeat your edit if you still want it."
    )
