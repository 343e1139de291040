"""A Chromium that is cold each time, may talk to this machine only, and counts what it asked of any other."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Frame, Page, Playwright

HOME = ("127.0.0.1", "localhost")
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# No name but ours resolves. Intercepting requests instead would switch the browser's cache off.
ONLY_HERE = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost"
FRAME = 'iframe[title="streamlit_folium.st_folium"]'
SELECT = {
    "overMap": ".terr-ui",
    "line": ".terr-line",
    "chart": '[data-testid="stVegaLiteChart"] svg',
    "table": '[data-testid="stDataFrame"] canvas[data-testid="data-grid-canvas"]',
}
READY = 'body[data-ready="1"][data-rev]'
PROBE = Path(__file__).with_name("probe.js")


def chromium() -> str:
    """The browser named by CHROMIUM, else the one on PATH.

    Raises:
        RuntimeError: if there is none.
    """
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found or not os.access(found, os.X_OK):
        raise RuntimeError("no Chromium found: run make bench, which finds one, or set CHROMIUM to its path")
    return found


@dataclass
class Guard:
    """Addresses asked for off this machine, and how many were asked for at all."""

    asked: int = 0
    offsite: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Count the requests and sockets of every page of a context."""
        context.on("request", lambda request: self.note(request.url))
        context.on("page", lambda page: page.on("websocket", lambda socket: self.note(socket.url)))

    def note(self, url: str) -> None:
        """Count one address."""
        parts = urlsplit(url)
        self.asked += 1
        if parts.scheme not in {"data", "blob", "about"} and parts.hostname not in HOME:
            self.offsite.append(url)


@contextmanager
def cold_page(driver: Playwright, guard: Guard) -> Iterator[Page]:
    """A page of a browser just started, without cache; the browser is closed at the end."""
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    browser: Browser = driver.chromium.launch(executable_path=chromium(), args=[*FLAGS, ONLY_HERE, *root])
    try:
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        guard.watch(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        yield page
    finally:
        browser.close()


def open_plan(page: Page, url: str, scenario_id: str) -> tuple[float, Frame]:
    """(seconds from navigation until the map can be clicked, the map's frame)."""
    started = time.perf_counter()
    page.goto(f"{url}/plan?scenario={scenario_id}", wait_until="commit")
    page.frame_locator(FRAME).locator(READY).wait_for(state="attached")
    took = time.perf_counter() - started
    frame = page.query_selector(FRAME).content_frame()  # type: ignore[union-attr]
    return took, frame  # type: ignore[return-value]


def settle(frame: Frame) -> None:
    """Until the server has confirmed every event of the map."""
    frame.wait_for_function("TerrMap.session.acked >= TerrMap.session.seq", timeout=120_000)


def install(frame: Frame) -> None:
    """Put the probe into the map's frame, open a card and take the tool that assigns: clicks are measured with both."""
    frame.evaluate(PROBE.read_text(encoding="utf-8"), SELECT)
    frame.evaluate("() => TerrMap.session.inspect.open(0)")
    frame.locator('button[data-tool="click"]').click()


def quiet(page: Page, frame: Frame, seconds: float = 10.0) -> None:
    """Leave the solver's workers, which start with the app, time to warm up."""
    settle(frame)
    page.wait_for_timeout(1000 * seconds)


def first_territory(frame: Frame) -> int:
    """Make the first territory active, whose row the table always shows; gives its code."""
    code: Any = frame.evaluate("() => { const s = TerrMap.session, c = s.territories[0].code; s.choose(c); return c; }")
    settle(frame)
    return int(code)
