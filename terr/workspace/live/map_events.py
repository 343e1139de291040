"""What the map says, turned into edits. The queue is read in order; what was taken in before is passed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from terr.errors import StoreError, TerrError
from terr.model.person import Person
from terr.workspace.live import edit_queue
from terr.workspace.live.payload import codes_of, is_int, is_name, text_of, units_of
from terr.workspace.plan import editing
from terr.workspace.workspace import Workspace

_LONGEST_TEXT = 80


@dataclass(frozen=True)
class WindowState:
    """What one window has shown and sent so far.

    Attributes:
        rev: the revision on its screen.
        active: code of the territory that clicks paint, -1 = unassign.
        ack: (map session, number of its last event taken in).
        have: version of the unit values the browser holds, "" = none.
        notices: lines for the person, newest last.
        got: versions of the further pieces the browser holds (see `terr.workspace.plan.map_layers`).
        holds: id of the plan the browser holds, "" = none; the next one may be sent as what differs from it.
        look: what else the person wants coloured, e.g. "measure:Visits" or "change:start", "" = nothing.
        points: accounts are wanted as points.
        find: what the person searches for, "" = nothing.
        tiles: the street map of the internet is wanted; never unless the person asked for it in this window.
        edits: (queue of edits of the map, number of its last one taken in), see `terr.workspace.live.edit_queue`.
        waits: why edits can't be stored at present, "" = they can.
    """

    rev: int
    active: int
    ack: tuple[str, int] = ("", 0)
    have: str = ""
    notices: tuple[str, ...] = field(default=())
    got: tuple[str, ...] = ()
    holds: str = ""
    look: str = ""
    points: bool = False
    find: str = ""
    tiles: bool = False
    edits: tuple[str, int] = ("", 0)
    waits: str = ""


def apply_events(
    ws: Workspace, scenario_id: str, seen: WindowState, value: Any, *, author: str = "", person: Person | None = None
) -> WindowState:
    """Take in the events of the map's value.

    Malformed events are passed over: they can't come from our own script. An event that can't be carried out becomes a
    notice; those after it are still taken in. What can't be stored now isn't taken in, and is sent again.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        seen: what this window has shown and sent so far.
        value: what the map says.
        author: who edits, for a reader; person: the same as known to the store.
    """
    events = value.get("events") if isinstance(value, Mapping) else None
    if not isinstance(events, Sequence):
        return seen
    queued = [e for e in events if isinstance(e, Mapping) and is_name(e.get("s")) and e["s"].endswith(edit_queue.QUEUE)]
    if queued:
        seen = _queue(ws, scenario_id, seen, queued, person or Person("", author))
    for event in events:
        if event in queued:
            continue
        if not isinstance(event, Mapping) or not is_name(event.get("s")) or not is_int(event.get("n")):
            continue
        session, n = event["s"], int(event["n"])
        if session != seen.ack[0]:
            # what this map sent before a restart, and was stored then, isn't taken in again
            taken = ws.store.edits.taken(scenario_id, session)
            seen = replace(seen, ack=(session, taken), have="", got=(), holds="", look="", points=False, find="")
        if n <= seen.ack[1]:
            continue
        now = replace(
            seen, ack=(session, n), have=text_of(event.get("have")), holds=text_of(event.get("holds")), got=_got(event)
        )
        try:
            seen = _one(ws, scenario_id, now, event, author)
        except StoreError as error:
            return replace(seen, notices=(*seen.notices, str(error)))
    return seen


def _queue(ws: Workspace, scenario_id: str, seen: WindowState, events: list[Any], person: Person) -> WindowState:
    """The map's edits, when they can't come by the quick way."""
    session = events[-1]["s"]
    done = edit_queue.apply_queue(ws, scenario_id, session, events, person)
    said = [*done.notices, *(edit_queue.sentence(ws, scenario_id, c) for c in done.clashes)]
    if done.waits and done.waits != seen.waits:
        said.append(done.waits)
    rev = seen.rev if done.rev < 0 else done.rev
    return replace(seen, edits=(session, done.n), rev=rev, notices=(*seen.notices, *said), waits=done.waits)


def _one(ws: Workspace, scenario_id: str, seen: WindowState, event: Mapping[str, Any], author: str) -> WindowState:
    kind = event.get("k")
    if event.get("p") != scenario_id:
        return seen  # meant for the plan that was open before
    try:
        if kind == "active" and is_int(event.get("to")):
            return replace(seen, active=int(event["to"]))
        if kind in ("look", "find", "points", "tiles"):
            return _asked(seen, event)
        done = _edit(ws, scenario_id, seen, event, author)
    except StoreError:
        raise
    except TerrError as error:
        with suppress(TerrError):  # the plan itself may be gone
            seen = replace(seen, rev=ws.store.scenarios.rev(scenario_id))
        return replace(seen, notices=(*seen.notices, str(error)))
    if done is None:
        return seen
    notices = (*seen.notices, done.notice) if done.notice else seen.notices
    return replace(seen, rev=done.rev, notices=notices)


def _asked(seen: WindowState, event: Mapping[str, Any]) -> WindowState:
    """What the person wants to see, without any change to the plan."""
    kind = event["k"]
    if kind == "look":
        return replace(seen, look=text_of(event.get("to"), _LONGEST_TEXT * 2))
    if kind == "find":
        return replace(seen, find=text_of(event.get("text"), _LONGEST_TEXT))
    return replace(seen, points=True) if kind == "points" else replace(seen, tiles=event.get("on") is True)


def _edit(
    ws: Workspace, scenario_id: str, seen: WindowState, event: Mapping[str, Any], author: str
) -> editing.EditOutcome | None:
    kind, units = event.get("k"), units_of(event.get("units"))
    if kind == "paint" and units is not None and is_int(event.get("to")):
        before = codes_of(event.get("seen"))
        if before is not None and len(before) != len(units):
            before = None
        return editing.paint(ws, scenario_id, units, int(event["to"]), seen=before, author=author, client=seen.ack)
    if kind == "lock" and units is not None:
        return editing.set_locks(ws, scenario_id, units, bool(event.get("on")), author=author, client=seen.ack)
    if kind == "undo" or kind == "redo":  # noqa: PLR1714 (a set would need a kind that can be hashed)
        travel = editing.undo if kind == "undo" else editing.redo
        return travel(ws, scenario_id, _on_screen(ws, scenario_id, seen, event), author=author, client=seen.ack)
    return None


def _on_screen(ws: Workspace, scenario_id: str, seen: WindowState, event: Mapping[str, Any]) -> int:
    """The revision the person saw when they asked: the newest one, if all since then came from their own map."""
    shown = event.get("rev")
    if shown is None or not is_int(shown):
        return seen.rev
    if ws.store.edits.others_since(scenario_id, int(shown), seen.ack[0]):
        return int(shown)
    return ws.store.scenarios.rev(scenario_id)


def _got(event: Mapping[str, Any]) -> tuple[str, ...]:
    told = event.get("got")
    return tuple(text_of(v) for v in told[:4]) if isinstance(told, list) else ()


def without_notices(seen: WindowState) -> WindowState:
    """The same, once its notices have been shown."""
    return replace(seen, notices=())
