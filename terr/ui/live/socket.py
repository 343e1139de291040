"""The line between a map and this program: edits come in by it, and what others do goes out, without a rerun.

One task per plan looks for news and words them once; each window's socket only passes them on.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from streamlit import config
from streamlit.web.server.server_util import is_url_from_allowed_origins
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from terr.errors import LocateError, RoleError, StoreError, TerrError
from terr.ui.access.request_guard import person_of, still
from terr.ui.live.redraw_pace import PACE
from terr.workspace.access.roles import may
from terr.workspace.live import broadcast, cards, edit_queue, presence
from terr.workspace.live.broadcast import BroadcastState
from terr.workspace.live.payload import CardMessage, EditsMessage, Hello, Message, ViewMessage, said, text_of
from terr.workspace.live.presence import PresenceRoom, PresentPerson, WindowPresence, WindowToken
from terr.workspace.workspace import Workspace

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

ROUTE = "app/together"
LOOK_S, SPACE_S, PEOPLE_S, MEASURE_S = 0.25, 0.1, 0.3, 1.0
"""Seconds between two looks at what other programs did, two messages, two about people, and two about the balance."""

_MOST_WAITING, _LONGEST = 200, 4_000_000
_log = logging.getLogger("terr")
_edits = ThreadPoolExecutor(max_workers=2, thread_name_prefix="terr-edits")  # one at a time may write anyway
_threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="terr-together")


@dataclass(eq=False)
class _Line:
    """One open socket: its ticket, what waits to be sent, whether it presents, and whether it knows the plan."""

    ticket: WindowToken
    out: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(_MOST_WAITING))
    view: dict[str, Any] = field(default_factory=dict)
    presenting: bool = False
    ready: bool = False

    def send(self, message: dict[str, Any]) -> None:
        self.post(json.dumps(message, separators=(",", ":"), allow_nan=False))

    def post(self, text: str | None) -> None:
        """Never waits: a browser that doesn't read is cut off, comes back, and is told everything anew."""
        if self.out.full():
            while not self.out.empty():
                self.out.get_nowait()
            text = None
        self.out.put_nowait(text)

    def here(self) -> WindowPresence:
        return presence.seat(self.ticket, self.view, presenting=self.presenting)


class PlanChannel:
    """The windows of this program on one plan, and what they were told."""

    def __init__(self, ws: Workspace, scenario_id: str) -> None:
        self.ws, self.sid = ws, scenario_id
        self.lines: set[_Line] = set()
        self.company: PresenceRoom = presence.present_people(ws, scenario_id)
        self.wake = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self.told: BroadcastState | None = None
        self.task: asyncio.Task[None] | None = None
        self._people: dict[str, PresentPerson] = {}
        self._version = -1
        self._measured_at = self._kept_at = -1e9
        self._measured_rev, self._measure_cost = -1, 0.0
        self._trouble = ""

    async def run(self) -> None:
        """Look and tell, while anybody listens: of edits at once, of people and the balance beside that."""
        beside = self.loop.create_task(self._repeat(self._look_beside, PEOPLE_S))
        try:
            await self._repeat(self._look, SPACE_S)
        finally:
            beside.cancel()

    async def _repeat(self, look: Callable[[], list[dict[str, Any]]], every: float) -> None:
        while self.lines:
            began = time.monotonic()
            for text in await self._news(look):
                for line in [one for one in self.lines if one.ready]:
                    line.post(text)
            await asyncio.sleep(max(every, time.monotonic() - began))
            if look == self._look:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.wake.wait(), LOOK_S)
                self.wake.clear()

    async def _news(self, look: Callable[[], list[dict[str, Any]]]) -> list[str]:
        try:
            messages = await self.loop.run_in_executor(_threads, look)
            if self._trouble and look == self._look:
                self._trouble = ""
                messages.append({"t": "well"})
        except StoreError as error:
            messages = [] if str(error) == self._trouble else [{"t": "trouble", "message": str(error)}]
            self._trouble = str(error)
        except LocateError as error:  # deleted: the page says so at its next rerun
            messages = [{"t": "gone", "message": str(error)}]
        except Exception as error:  # noqa: BLE001 (one look that fails must not end the workshop)
            _log.error("a look at a plan failed: %s", type(error).__name__)
            messages = []
        return [json.dumps({**m, "calm": PACE.wait()}, separators=(",", ":")) for m in messages]

    def _look(self) -> list[dict[str, Any]]:
        """What is new in the plan. Runs in a thread, one at a time."""
        before = self.told
        at = broadcast.news(self.ws, self.sid, before)
        if at is None:
            return []
        self.told = at
        if before is None:
            return []
        self._let_go(before, at)
        return [broadcast.difference(self.ws, self.sid, before, at)]

    def _look_beside(self) -> list[dict[str, Any]]:
        """What is new about people and the balance. Runs in a thread, one at a time."""
        out, now = [], time.monotonic()
        if now - self._kept_at >= 1.0:
            self._kept_at = now
            with suppress(StoreError):  # whoever edits is told by the answer to the edit
                self.company.keep_up()
        if self.company.version != self._version:
            out.append(self._who())
        rev = -1 if self.told is None else self.told.rev
        if rev != self._measured_rev and now - self._measured_at >= max(MEASURE_S, 5.0 * self._measure_cost):
            out += self._measure(now)
        return out

    def _who(self) -> dict[str, Any]:
        self._version = self.company.version
        present = {p.window: p for p in self.company.people()}
        changed = tuple(p for w, p in present.items() if self._people.get(w) != p)
        self._people = present
        told = broadcast.presence_message(changed)
        return {**told, "here": list(present), "crowd": broadcast.crowd(tuple(present.values()))}

    def _measure(self, now: float) -> list[dict[str, Any]]:
        try:
            found = broadcast.measured(self.ws, self.sid)
        except StoreError:
            raise
        except TerrError:  # its boundaries are gone: the page says so
            return []
        self._measured_rev, self._measured_at = found["rev"], now
        self._measure_cost = time.monotonic() - now
        return [found]

    def _let_go(self, before: BroadcastState, now: BroadcastState) -> None:
        """Cut off those whose role was taken."""
        if not broadcast.roles_changed(self.ws, self.sid, before, now):
            return
        for line in list(self.lines):
            try:
                may(self.ws, self.sid, line.ticket.person, "view")
            except (LocateError, RoleError):
                self.loop.call_soon_threadsafe(line.post, None)

    async def tell_all(self, line: _Line) -> None:
        """Tell a window everything; from then on it is told what is different from that."""
        while self.lines:
            at = self.told
            if at is None:  # the first look is under way
                await asyncio.sleep(0.02)
                continue
            told = await self.loop.run_in_executor(_threads, broadcast.whole, self.ws, self.sid, at)
            if at is not self.told:
                continue
            present = self.company.people()
            people = {**broadcast.presence_message(present), "here": [p.window for p in present]}
            line.send({**told, "me": line.ticket.window, "calm": PACE.wait()})
            line.send({**people, "crowd": broadcast.crowd(present)})
            line.ready = True
            return


_rooms: dict[tuple[int, str], PlanChannel] = {}


async def serve_socket(socket: WebSocket) -> None:
    """Serve one map until it goes."""
    if not _from_here(socket):
        await socket.close(1008)
        return
    await socket.accept()
    line = await _let_in(socket)
    if line is None:
        return
    room = _join(line)
    PACE.opened()
    sender = asyncio.create_task(_pass_on(socket, line))
    loop = asyncio.get_running_loop()
    try:
        await room.tell_all(line)
        while True:
            told = await _hear(socket)
            if told is None or not still(socket):
                break
            message: Message | None = said(told, Message)
            if message is not None:
                await _one(room, line, message)
    except TerrError as error:
        line.send({"t": "trouble", "message": str(error)})
        line.post(None)
    finally:
        PACE.opened(-1)
        room.lines.discard(line)
        line.post(None)
        with suppress(TerrError):  # it is forgotten by itself
            await loop.run_in_executor(_threads, room.company.leave, line.ticket.window)
        room.wake.set()
        await sender


def _from_here(socket: WebSocket) -> bool:
    """Whether the page that asks is one of ours."""
    host, origin = socket.headers.get("host"), socket.headers.get("origin")
    if not is_host_allowed(host):
        return False
    return origin is None or urlparse(origin).netloc == host or is_url_from_allowed_origins(origin)


async def _let_in(socket: WebSocket) -> _Line | None:
    try:
        text = await asyncio.wait_for(_hear(socket), 10)
        first: Hello | None = said(text or "", Hello)
    except TimeoutError:
        first = None
    ticket = presence.TICKETS.find(first.token) if first is not None else None
    asks = person_of(socket)
    if first is not None and ticket is not None and asks is not None and asks.user_id == ticket.person.user_id:
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(_threads, may, ticket.ws, ticket.scenario_id, ticket.person, "view")
            return _Line(ticket, view=presence.view_of(first.view))
        except TerrError:
            pass
    # of another run of the program, or of a plan that isn't theirs any more: the page gives a new one
    from starlette.websockets import WebSocketDisconnect

    with suppress(WebSocketDisconnect, RuntimeError):  # it may have gone meanwhile
        await socket.send_text('{"t":"unknown"}')
        await socket.close(1000)
    return None


def _join(line: _Line) -> PlanChannel:
    whole = line.ticket.ws.whole  # one room for all who are here; what each may do is asked by their own workspace
    key = (id(whole), line.ticket.scenario_id)
    room = _rooms.get(key)
    if room is None or room.task is None or room.task.done() or room.ws is not whole:
        room = _rooms[key] = PlanChannel(whole, line.ticket.scenario_id)
    room.lines.add(line)
    room.company.say(line.here())
    if room.task is None:
        room.task = room.loop.create_task(room.run())
    room.wake.set()
    return room


async def _hear(socket: WebSocket) -> str | None:
    """The next message; None when the browser went, or says more than our script ever does."""
    from starlette.websockets import WebSocketDisconnect

    try:
        text = await socket.receive_text()
    except (WebSocketDisconnect, RuntimeError, KeyError):
        return None
    return text if len(text) <= _LONGEST else None


async def _pass_on(socket: WebSocket, line: _Line) -> None:
    from starlette.websockets import WebSocketDisconnect

    try:
        while (text := await line.out.get()) is not None and still(socket):
            await socket.send_text(text)
        await socket.close(1000)
    except (WebSocketDisconnect, RuntimeError):
        pass


async def _one(room: PlanChannel, line: _Line, told: Message) -> None:
    if isinstance(told, EditsMessage):
        line.ticket = presence.TICKETS.find(line.ticket.token) or line.ticket  # the name may be new
        loop, began = asyncio.get_running_loop(), time.monotonic()
        take = partial(
            edit_queue.apply_queue,
            line.ticket.ws,
            room.sid,
            told.s,
            told.events,
            presence.signed(line.ticket),
            known_as=presence.names_of(line.ticket.window),
        )
        done = await loop.run_in_executor(_edits, take)
        line.send(_ack(done))
        PACE.felt(time.monotonic() - began)
        room.wake.set()
    elif isinstance(told, CardMessage):
        loop = asyncio.get_running_loop()
        with suppress(TerrError):  # gone in this very moment: the map says what it knows
            line.send(await loop.run_in_executor(_threads, _card, line.ticket.ws, room.sid, told))
    elif isinstance(told, ViewMessage):
        line.view = presence.view_of(told.view)
        line.presenting = told.presenting
        line.ticket = presence.TICKETS.find(line.ticket.token) or line.ticket
        room.company.say(line.here())
        room.wake.set()
    elif not line.ticket.person.user_id:
        name = text_of(told.name, 40)
        line.ticket = presence.TICKETS.issue(
            line.ticket.ws, room.sid, replace(line.ticket.person, name=name), old=line.ticket.token
        )
        room.company.say(line.here())
        room.wake.set()


def _card(ws: Workspace, sid: str, asked: CardMessage) -> dict[str, Any]:
    return cards.account_card(ws, sid, asked.row) if asked.row >= 0 else cards.unit_card(ws, sid, asked.unit)


def _ack(done: edit_queue.QueueResult) -> dict[str, Any]:
    clashes = [
        {"units": list(c.units), "now": c.now, "to": c.to, "who": c.who, "ago": round(c.ago_s)} for c in done.clashes
    ]
    return {
        "t": "ack",
        "n": done.n,
        "rev": done.rev,
        "notices": list(done.notices),
        "clashes": clashes,
        "waits": done.waits,
        "calm": PACE.wait(),
    }


def path() -> str:
    """The line's address below the base path the app is served under."""
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/{ROUTE}" if base else f"/{ROUTE}"
