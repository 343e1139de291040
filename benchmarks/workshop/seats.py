"""Windows of a workshop without a browser: each speaks to the app as a browser does, by both of its sockets.

A seat opens the page by Streamlit's own socket and is sent the whole Plan page; it then edits by the map's line, hears
of the others by it, and lets the page draw its charts anew whenever the map would.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

_TICKET = re.compile(rb"ticket[^a-z0-9]{3,20}([0-9a-f]{40})")
_LARGE = 100_000_000


@dataclass
class Seat:
    """One window and what it saw. All times are `time.time`, which the browsers share.

    Attributes:
        unit: the unit it alone paints; codes: the two territories it goes between.
        edits: (number, clicked, confirmed, revision); news: (revision, seen); redraws: (asked, done).
        plan: territory per unit as it shows them.
    """

    url: str
    scenario: str
    unit: int
    codes: tuple[int, int]
    edits: list[tuple[int, float, float, int]] = field(default_factory=list)
    news: list[tuple[int, float]] = field(default_factory=list)
    redraws: list[tuple[float, float]] = field(default_factory=list)
    plan: list[int] = field(default_factory=list)
    rev: int = -1
    calm: float = 0.0
    refused: list[str] = field(default_factory=list)
    _ticket: str = ""
    _map: str = ""
    _fragment: str = ""
    _auto: dict[str, float] = field(default_factory=dict)
    _clicks: dict[int, float] = field(default_factory=dict)
    _asked: float = 0.0
    _whole: float = 0.0
    _drawing: bool = False
    _shown: int = -1

    async def open(self) -> None:
        """Open the page and the line; returns when the plan is there."""
        where = self.url.replace("http", "ws", 1)
        self._page = await websockets.connect(
            f"{where}/_stcore/stream", origin=self.url, subprotocols=["streamlit"], max_size=_LARGE, compression=None
        )
        self._reading = asyncio.create_task(self._read_page())
        await self._ask("")
        for _ in range(600):
            if self._reading.done():
                self._reading.result()
            if self._ticket and not self._drawing:
                break
            await asyncio.sleep(0.1)
            if not self._ticket and not self._drawing:  # the page waits for its map and looks again by itself
                for name in list(self._auto):
                    await self._ask(name, auto=True)
                    break
        else:
            raise RuntimeError(f"the page sent no ticket ({self._ticket!r}, {self._drawing}, {len(self.redraws)} runs)")
        self._line = await websockets.connect(
            f"{where}/app/together", origin=self.url, max_size=_LARGE, compression=None
        )
        await self._line.send(json.dumps({"token": self._ticket, "view": {"to": self.codes[0]}}))
        self._hearing = asyncio.create_task(self._hear())
        await self._ask(
            self._fragment, events=[{"s": f"map{self.unit}", "n": 1, "k": "hello", "p": "", "have": "drawn"}]
        )
        for _ in range(300):
            if self.rev >= 0:
                return
            await asyncio.sleep(0.1)
        raise RuntimeError("the line sent no plan")

    async def work(self, begin: float, seconds: float) -> None:
        """An edit a second from `begin` on, with the page drawn anew as the map would ask for it."""
        beside = asyncio.create_task(self._beside())
        turn, at = 0, begin + random.random()  # noqa: S311 (no secret)
        while at < begin + seconds:
            await asyncio.sleep(max(0.0, at - time.time()))
            turn += 1
            self._clicks[turn] = time.time()
            event = {
                "s": f"seat{self.unit}~",
                "n": turn,
                "k": "paint",
                "p": self.scenario,
                "rev": self.rev,
                "units": [self.unit],
                "to": self.codes[turn % 2],
            }
            await self._line.send(json.dumps({"t": "edits", "s": event["s"], "events": [event]}))
            view = {"to": self.codes[turn % 2], "units": [self.unit], "box": [0, 0, 1, 1], "look": "territory"}
            await self._line.send(json.dumps({"t": "view", "view": view}))
            at += 1.0
        beside.cancel()

    async def close(self) -> None:
        for task in (self._hearing, self._reading):
            task.cancel()
        for socket in (self._line, self._page):
            with suppress(Exception):
                await socket.close()

    async def _hear(self) -> None:
        async for text in self._line:
            told, now = json.loads(text), time.time()
            self.calm = told.get("calm", self.calm)
            if told["t"] == "plan":
                for run in told["runs"].split(","):
                    code, times = run.split("*")
                    self.plan += [int(code)] * int(times)
                self.rev = told["rev"]
            elif told["t"] == "news":
                for u, c in zip(told["units"], told["codes"], strict=True):
                    self.plan[u] = c
                self.rev = told["rev"]
                self.news.append((self.rev, now))
            elif told["t"] == "ack":
                self.refused += told["notices"]
                if told["waits"]:
                    self.refused.append(told["waits"])
                for n in [n for n in self._clicks if n <= told["n"]]:
                    self.edits.append((n, self._clicks.pop(n), now, told["rev"]))

    async def _beside(self) -> None:
        """Redraws as the map asks for them, and those the page asks for itself."""
        due = {name: time.time() + every for name, every in self._auto.items()}
        while True:
            await asyncio.sleep(0.1)
            now = time.time()
            if self._drawing:
                continue
            if self.rev > self._shown and now - self._asked >= max(self.calm, 0.2):
                # as the map asks: where many work, the figures alone, and the whole each 15 seconds
                follow = self.calm > 1.0 and now - self._whole < 15.0
                await self._ask(self._fragment, follow=follow)
                continue
            for name, every in self._auto.items():
                if now >= due.get(name, 0.0):
                    due[name] = now + every
                    await self._ask(name, auto=True)
                    break

    async def _ask(
        self,
        fragment: str,
        *,
        auto: bool = False,
        follow: bool = False,
        events: list[dict[str, Any]] | None = None,
    ) -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = f"scenario={self.scenario}"
        state.page_name = "plan"
        if fragment:
            state.fragment_id = fragment
            state.is_auto_rerun = auto
        if fragment and not auto:
            one = state.widget_states.widgets.add()
            said = {"events": events or [], "sent": int(1000 * time.time()), **({"follow": True} if follow else {})}
            one.id, one.json_value = self._map, json.dumps(said)
            if not follow:
                self._whole = time.time()
            self._shown = self.rev
        self._asked, self._drawing = time.time(), True
        await self._page.send(message.SerializeToString())

    async def _read_page(self) -> None:
        async for raw in self._page:
            if not self._ticket and (found := _TICKET.search(raw)):
                self._ticket = found.group(1).decode()
            message = ForwardMsg.FromString(raw)
            kind = message.WhichOneof("type")
            if kind == "delta" and message.delta.new_element.WhichOneof("type") == "component_instance":
                self._map, self._fragment = message.delta.new_element.component_instance.id, message.delta.fragment_id
            elif kind == "auto_rerun":
                self._auto[message.auto_rerun.fragment_id] = message.auto_rerun.interval
            elif kind == "script_finished":
                self._drawing = False
                self.redraws.append((self._asked, time.time()))


def told(seats: list[Seat]) -> dict[str, Any]:
    """Counts for the report."""
    return {"edits": sum(len(s.edits) for s in seats), "redraws": sum(len(s.redraws) for s in seats)}
