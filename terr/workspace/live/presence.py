"""Who works on one plan at the same time: windows, their people, and what each looks at."""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from cachetools import LRUCache
from msgspec import Meta

from terr.model.json_values import readable, to_plain
from terr.model.person import Person
from terr.store import WindowPresence, same_view
from terr.workspace.caches import CacheKind
from terr.workspace.live.payload import Whole, text_of
from terr.workspace.workspace import Workspace

__all__ = ["WindowPresence"]  # of other floors, for the pages

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#9A6A00", "#5B4B9E", "#00798C", "#7A3B2E")
"""Colors of people: dark enough for white initials on them; the initials and names tell people apart as well."""

_AT_ONCE = 4
_TELL_S, _STILL_S, _READ_S, _MOST_TICKETS, _MOST_UNITS = 2.5, 6.0, 1.0, 4_000, 24
_Far = Annotated[float, Meta(gt=-1e9, lt=1e9)]


@dataclass(frozen=True)
class WindowToken:
    """What lets one window's map talk to this program about one plan.

    Attributes:
        token: secret, known to that window alone; window: its public name.
        ws: the workspace; scenario_id: whose plan; person: who sits there.
    """

    token: str
    window: str
    ws: Workspace
    scenario_id: str
    person: Person


class WindowTokens:
    """Tickets handed out by this program, the latest few thousand; safe to share among threads."""

    def __init__(self) -> None:
        self._known: LRUCache[str, WindowToken] = LRUCache(_MOST_TICKETS)
        self._lock = threading.Lock()

    def issue(self, ws: Workspace, scenario_id: str, person: Person, *, old: str = "", window: str = "") -> WindowToken:
        """A ticket for a plan; the old one, if it is for the same plan, with the person of today."""
        with self._lock:
            known = self._known.get(old)
            if known is not None and known.scenario_id == scenario_id and known.ws is ws:
                made = replace(known, person=person)
            else:
                self._known.pop(old, None)
                made = WindowToken(secrets.token_hex(20), window or secrets.token_hex(6), ws, scenario_id, person)
            self._known[made.token] = made
            return made

    def find(self, token: Any) -> WindowToken | None:
        """The ticket of a token, None if there is none."""
        if not isinstance(token, str) or not 20 <= len(token) <= 64:
            return None
        with self._lock:
            found = self._known.get(token)
        return found if found is not None and hmac.compare_digest(found.token, token) else None


TICKETS = WindowTokens()
"""Those of this program: the pages hand them out, the socket looks them up."""


def guest(window: str) -> str:
    """What somebody is called who didn't say a name."""
    return f"Guest {window[:3].upper()}"


def names_of(window: str) -> tuple[str, ...]:
    """Names under which a window may have edited, beside the one that was said in it."""
    return (guest(window),) if window else ()


def initials(name: str) -> str:
    """Up to two letters of a name."""
    words = [w for w in name.replace(".", " ").split() if w[:1].isalnum()]
    return ("".join(w[0] for w in (words[:1] + words[-1:] if len(words) > 1 else words)) or "?").upper()


@dataclass(frozen=True)
class _View:
    """What a window looks at.

    Attributes:
        to: the active territory; units: those selected; box: the part of the map, in world coordinates.
        look: what else is colored.
    """

    to: Whole
    units: Annotated[tuple[Whole, ...], Meta(max_length=_MOST_UNITS)]
    box: tuple[_Far, _Far, _Far, _Far]
    look: Annotated[str, Meta(max_length=160)]


def view_of(told: Any) -> dict[str, Any]:
    """What a window says it looks at, as far as it can be read: `to`, `units`, `box` and `look`, see `_View`."""
    out: dict[str, Any] = to_plain(readable(_View, told))
    if "box" in out:
        out["box"] = [round(v, 6) for v in out["box"]]
    look = text_of(out.pop("look", ""), 160)
    return {**out, "look": look} if look else out


def seat(ticket: WindowToken, view: Mapping[str, Any], *, presenting: bool) -> WindowPresence:
    """What a window says of itself; `view` as `view_of` gives it."""
    return WindowPresence(ticket.window, ticket.person, view.get("to"), presenting, view)


@dataclass(frozen=True)
class PresentPerson:
    """Somebody who is here, as the others see them.

    Attributes:
        window: which window of theirs; name: as shown; color: hex; initials: of the name.
        presenting: the others may follow; view: see `view_of`.
        user_id: by the sign-in, "" without one.
    """

    window: str
    name: str
    color: str
    initials: str
    presenting: bool = False
    view: Mapping[str, Any] = field(default_factory=dict)
    user_id: str = ""


@dataclass
class _Window:
    here: WindowPresence
    told: WindowPresence | None = None
    told_at: float = 0.0


class PresenceRoom:
    """The windows on one plan: this program's from memory, other programs' from the database.

    Safe to share among threads.
    """

    def __init__(self, ws: Workspace, scenario_id: str) -> None:
        self._ws, self._sid = ws, scenario_id
        self._windows: dict[str, _Window] = {}
        self._others: tuple[WindowPresence, ...] = ()
        self._read_at = -1e9
        self._places: dict[str, int] = {}
        self._lock = threading.Lock()
        self.version = 0

    def say(self, here: WindowPresence) -> None:
        """A window of this program is here, and looks at something."""
        with self._lock:
            known = self._windows.get(here.session)
            if known is None:
                self._windows[here.session] = _Window(here)
            elif same_view(known.here, here):
                return
            else:
                known.here = here
            self.version += 1

    def has(self, window: str) -> bool:
        """Whether this window of this program has a line."""
        with self._lock:
            return window in self._windows

    def rename(self, window: str, who: Person) -> None:
        """A person said their name."""
        with self._lock:
            known = self._windows.get(window)
            if known is not None and known.here.who != who:
                known.here = replace(known.here, who=who)
                self.version += 1

    def leave(self, window: str) -> None:
        """A window was closed.

        Raises:
            StoreError: if the database can't be told; it forgets by itself.
        """
        with self._lock:
            if self._windows.pop(window, None) is None:
                return
            self.version += 1
        self._ws.store.presence.left(self._sid, window)

    def keep_up(self) -> None:
        """Tell the database of this program's windows, and read of the others'; call it about once a second.

        Raises:
            StoreError: if the database can't be reached.
        """
        now = time.monotonic()
        with self._lock:
            waiting = sorted((w for w in self._windows.values() if self._due(w, now)), key=lambda w: w.told_at)
            waiting = waiting[: max(_AT_ONCE, len(self._windows) // 10)]  # edits must not wait for all of them
            read = now - self._read_at >= _READ_S
        for one in waiting:
            here = one.here
            self._ws.store.presence.seen(self._sid, here)
            one.told, one.told_at = here, now
        if not read:
            return
        found = self._ws.store.presence.here(self._sid)
        with self._lock:
            self._read_at = now
            others = tuple(h for h in found if h.session not in self._windows)
            if len(others) != len(self._others) or not all(
                same_view(a, b) for a, b in zip(others, self._others, strict=True)
            ):
                self.version += 1
            self._others = others

    def _due(self, one: _Window, now: float) -> bool:
        if one.told is None or now - one.told_at > _STILL_S:
            return True
        return now - one.told_at > _TELL_S and not same_view(one.told, one.here)

    def count(self) -> int:
        """How many windows are here; for each message, so without what the others see of each."""
        with self._lock:
            mine = {w.here.session for w in self._windows.values()}
            return len(mine) + sum(h.session not in mine for h in self._others)

    def people(self) -> tuple[PresentPerson, ...]:
        """Everyone here, in the order they came; each keeps a colour while they stay."""
        with self._lock:
            all_of_them = {w.here.session: w.here for w in self._windows.values()}
            all_of_them |= {h.session: h for h in self._others if h.session not in all_of_them}
            places = {s: p for s, p in self._places.items() if s in all_of_them}
            for session in sorted(all_of_them.keys() - places.keys()):
                places[session] = next(i for i in range(len(all_of_them) + 1) if i not in places.values())
            self._places = places
            return tuple(_present(all_of_them[s], p) for s, p in sorted(places.items(), key=lambda item: item[1]))


def _present(here: WindowPresence, place: int) -> PresentPerson:
    name = here.who.name or guest(here.session)
    color = PALETTE[place % len(PALETTE)]
    return PresentPerson(here.session, name, color, initials(name), here.presenting, here.view, here.who.user_id)


ROOMS = CacheKind[str, PresenceRoom]("windows on a plan", 1)
"""By scenario."""


def present_people(ws: Workspace, scenario_id: str) -> PresenceRoom:
    """The windows on a plan."""
    return ws.caches[ROOMS].get_or_make(scenario_id, lambda: PresenceRoom(ws.whole, scenario_id))


def signed(ticket: WindowToken) -> Person:
    """Who a ticket's edits are by: the name they said; "me" while they are alone, else what the others call them."""
    who = ticket.person
    if who.name:
        return who
    alone = present_people(ticket.ws, ticket.scenario_id).count() < 2
    return replace(who, name="me" if alone else guest(ticket.window))


def people(ws: Workspace, scenario_id: str) -> tuple[PresentPerson, ...]:
    """Everyone who has the plan open, as far as this program knows; one person's windows count once."""
    seen: dict[tuple[str, str], PresentPerson] = {}
    for one in present_people(ws, scenario_id).people():
        seen.setdefault((one.user_id, one.name), one)
    return tuple(seen.values())
