"""What the map says, turned into edits. The queue is read in order; what was taken in before is passed over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from terr.errors import TerrError
from terr.workspace import plans
from terr.workspace.core import Workspace

_MOST_UNITS = 100_000
_MOST = 2**31 - 1
_LONGEST = 64
_LONGEST_TEXT = 80
_MOST_TEXT = 1_000_000
_RANGES = re.compile(r"\d{1,7}(?:-\d{1,7})?(?:,\d{1,7}(?:-\d{1,7})?)*", re.ASCII)
_RUNS = re.compile(r"-?\d{1,5}\*\d{1,7}(?:,-?\d{1,5}\*\d{1,7})*", re.ASCII)


@dataclass(frozen=True)
class Seen:
    """What one window has shown and sent so far.

    Attributes:
        rev: the revision on its screen.
        active: code of the territory that clicks paint, -1 = unassign.
        ack: (map session, number of its last event taken in).
        have: version of the unit values the browser holds, "" = none.
        notices: lines for the person, newest last.
        got: versions of the further pieces the browser holds (see `terr.workspace.looks`).
        holds: id of the plan the browser holds, "" = none; the next one may be sent as what differs from it.
        look: what else the person wants coloured, e.g. "measure:Visits" or "change:start", "" = nothing.
        points: accounts are wanted as points.
        find: what the person searches for, "" = nothing.
        tiles: the street map of the internet is wanted; never unless the person asked for it in this window.
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


def take(ws: Workspace, scenario_id: str, seen: Seen, value: Any, *, author: str = "") -> Seen:
    """Take in the events of the map's value.

    Malformed events are passed over: they can't come from our own script. An event that can't be carried out becomes a
    notice; those after it are still taken in.
    """
    events = value.get("events") if isinstance(value, Mapping) else None
    if not isinstance(events, Sequence):
        return seen
    for event in events:
        if not isinstance(event, Mapping) or not _is_name(event.get("s")) or not _is_int(event.get("n")):
            continue
        session, n = event["s"], int(event["n"])
        if session != seen.ack[0]:
            # what this map sent before a restart, and was stored then, isn't taken in again
            taken = ws.store.taken(scenario_id, session)
            seen = replace(seen, ack=(session, taken), have="", got=(), holds="", look="", points=False, find="")
        if n <= seen.ack[1]:
            continue
        seen = replace(
            seen, ack=(session, n), have=_text(event.get("have")), holds=_text(event.get("holds")), got=_got(event)
        )
        seen = _one(ws, scenario_id, seen, event, author)
    return seen


def _one(ws: Workspace, scenario_id: str, seen: Seen, event: Mapping[str, Any], author: str) -> Seen:
    kind = event.get("k")
    if event.get("p") != scenario_id:
        return seen  # meant for the plan that was open before
    try:
        if kind == "active" and _is_int(event.get("to")):
            return replace(seen, active=int(event["to"]))
        if kind in ("look", "find", "points", "tiles"):
            return _asked(seen, event)
        done = _edit(ws, scenario_id, seen, event, author)
    except TerrError as error:
        with suppress(TerrError):  # the plan itself may be gone
            seen = replace(seen, rev=ws.store.rev(scenario_id))
        return replace(seen, notices=(*seen.notices, str(error)))
    if done is None:
        return seen
    notices = (*seen.notices, done.notice) if done.notice else seen.notices
    return replace(seen, rev=done.rev, notices=notices)


def _asked(seen: Seen, event: Mapping[str, Any]) -> Seen:
    """What the person wants to see, without any change to the plan."""
    kind = event["k"]
    if kind == "look":
        return replace(seen, look=_text(event.get("to"), _LONGEST_TEXT * 2))
    if kind == "find":
        return replace(seen, find=_text(event.get("text"), _LONGEST_TEXT))
    return replace(seen, points=True) if kind == "points" else replace(seen, tiles=event.get("on") is True)


def _edit(ws: Workspace, scenario_id: str, seen: Seen, event: Mapping[str, Any], author: str) -> plans.Outcome | None:
    kind, units = event.get("k"), _units(event.get("units"))
    if kind == "paint" and units is not None and _is_int(event.get("to")):
        before = _codes(event.get("seen"))
        if before is not None and len(before) != len(units):
            before = None
        return plans.paint(ws, scenario_id, units, int(event["to"]), seen=before, author=author, client=seen.ack)
    if kind == "lock" and units is not None:
        return plans.set_locks(ws, scenario_id, units, bool(event.get("on")), author=author, client=seen.ack)
    if kind == "undo" or kind == "redo":  # noqa: PLR1714 (a set would need a kind that can be hashed)
        travel = plans.undo if kind == "undo" else plans.redo
        return travel(ws, scenario_id, _on_screen(ws, scenario_id, seen, event), author=author, client=seen.ack)
    return None


def _on_screen(ws: Workspace, scenario_id: str, seen: Seen, event: Mapping[str, Any]) -> int:
    """The revision the person saw when they asked: the newest one, if all since then came from their own map."""
    shown = event.get("rev")
    if shown is None or not _is_int(shown):
        return seen.rev
    if ws.store.others_since(scenario_id, int(shown), seen.ack[0]):
        return int(shown)
    return ws.store.rev(scenario_id)


def _units(value: Any) -> list[int] | None:
    """Unit codes: a list, or {"short": "3-5,9"} when there are many."""
    if isinstance(value, list):
        return _ints(value)
    out: list[int] = []
    for part in _parts(value, _RANGES):
        first, _, last = part.partition("-")
        lo, hi = int(first), int(last or first)
        if hi < lo or len(out) + hi - lo >= _MOST_UNITS:
            return None
        out.extend(range(lo, hi + 1))
    return out or None


def _codes(value: Any) -> list[int] | None:
    """Territory codes, one per unit: a list, or {"short": "4*120,-1*3"}, each so many times."""
    if isinstance(value, list):
        return _ints(value)
    out: list[int] = []
    for part in _parts(value, _RUNS):
        code, _, times = part.partition("*")
        if len(out) + int(times) > _MOST_UNITS:
            return None
        out.extend([int(code)] * int(times))
    return out or None


def _ints(value: list[Any]) -> list[int] | None:
    if len(value) > _MOST_UNITS or not all(_is_int(v) for v in value):
        return None
    return [int(v) for v in value]


def _parts(value: Any, pattern: re.Pattern[str]) -> list[str]:
    text = value.get("short") if isinstance(value, Mapping) else None
    if not isinstance(text, str) or len(text) > _MOST_TEXT or not pattern.fullmatch(text):
        return []
    return text.split(",")


def _text(value: Any, longest: int = _LONGEST) -> str:
    return value.strip() if isinstance(value, str) and len(value) <= longest and value.isprintable() else ""


def _got(event: Mapping[str, Any]) -> tuple[str, ...]:
    told = event.get("got")
    return tuple(_text(v) for v in told[:4]) if isinstance(told, list) else ()


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST and value.isascii() and value.isprintable()


def _is_int(value: Any) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MOST and value == int(value)
    )


def heard(seen: Seen) -> Seen:
    """The same, once its notices have been shown."""
    return replace(seen, notices=())
