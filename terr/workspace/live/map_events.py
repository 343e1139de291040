"""What the map says with its value: what a window wants to see. Read in order; what was taken in before is passed over.

Edits come by the line (see `terr.ui.live.socket`); only without one do they come here, for the same queue.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from terr.model.person import NOONE, Person
from terr.workspace.live import edit_queue
from terr.workspace.live.payload import (
    Accounts,
    Active,
    Find,
    Homes,
    Look,
    Numbered,
    Points,
    Tiles,
    Wish,
    fitting,
    text_of,
)
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
        points: accounts are wanted as points; points_by: the column that colors them, "" = none.
        homes: homes of reps are wanted.
        find: what the person searches for, "" = nothing.
        tiles: the street map of the internet is wanted; never unless the person asked for it in this window.
        edits: (queue of edits of the map, number of its last one taken in), see `terr.workspace.live.edit_queue`.
        waits: why edits can't be stored at present, "" = they can.
        listed: (unit, territory) whose accounts are wanted as a table, the unit before the territory; -1 = none.
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
    points_by: str = ""
    homes: bool = False
    find: str = ""
    tiles: bool = False
    edits: tuple[str, int] = ("", 0)
    waits: str = ""
    listed: tuple[int, int] = (-1, -1)


def apply_events(
    ws: Workspace,
    scenario_id: str,
    seen: WindowState,
    value: Any,
    *,
    person: Person = NOONE,
    known_as: Collection[str] = (),
) -> WindowState:
    """Import the events of the map's value: what the person wants to see, and edits that can't come by the line.

    Malformed events are passed over: they can't come from our own script.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        seen: what this window has shown and sent so far.
        value: what the map says.
        person: who edits; known_as: other names they edited under.
    """
    events = value.get("events") if isinstance(value, Mapping) else None
    if not isinstance(events, Sequence):
        return seen
    told = [(one, e) for e in events if (one := fitting(e, Numbered)) is not None]
    queued = [(one.s, e) for one, e in told if one.s.endswith(edit_queue.QUEUE)]
    if queued:
        seen = _queue(ws, scenario_id, seen, queued[-1][0], [e for _, e in queued], person, known_as)
    for one, event in told:
        if one.s.endswith(edit_queue.QUEUE):
            continue
        if one.s != seen.ack[0]:  # a map made anew: it holds nothing yet
            seen = replace(
                seen,
                ack=(one.s, 0),
                have="",
                got=(),
                holds="",
                look="",
                points=False,
                points_by="",
                homes=False,
                find="",
            )
        if one.n <= seen.ack[1]:
            continue
        got = tuple(text_of(v) for v in one.got[:5])
        seen = replace(seen, ack=(one.s, one.n), have=text_of(one.have), holds=text_of(one.holds), got=got)
        if one.p == scenario_id:  # else meant for the plan that was open before
            seen = _wished(seen, fitting(event, Wish))
    return seen


def _queue(
    ws: Workspace,
    scenario_id: str,
    seen: WindowState,
    session: str,
    events: list[Any],
    person: Person,
    known_as: Collection[str],
) -> WindowState:
    """The map's edits, when they can't come by the quick way."""
    done = edit_queue.apply_queue(ws, scenario_id, session, events, person, known_as=known_as)
    said = [*done.notices, *(edit_queue.sentence(ws, scenario_id, c) for c in done.clashes)]
    if done.waits and done.waits != seen.waits:
        said.append(done.waits)
    rev = seen.rev if done.rev < 0 else done.rev
    return replace(seen, edits=(session, done.n), rev=rev, notices=(*seen.notices, *said), waits=done.waits)


def _wished(seen: WindowState, wish: Wish | None) -> WindowState:
    """What the person wants to see, without any change to the plan."""
    match wish:
        case Active(to):
            return replace(seen, active=to)
        case Look(to):
            return replace(seen, look=text_of(to, _LONGEST_TEXT * 2))
        case Find(text):
            return replace(seen, find=text_of(text, _LONGEST_TEXT))
        case Points(by):
            return replace(seen, points=True, points_by=text_of(by, _LONGEST_TEXT * 2))
        case Homes():
            return replace(seen, homes=True)
        case Accounts(unit, to):
            return replace(seen, listed=(unit, to))
        case Tiles(on):
            return replace(seen, tiles=on)
    return seen


def without_notices(seen: WindowState) -> WindowState:
    """The same, once its notices and the table of accounts have been shown."""
    return replace(seen, notices=(), listed=(-1, -1))
