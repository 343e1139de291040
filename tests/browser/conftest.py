"""One real server and one real Chromium for all tests of a worker, and a guard against requests off this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

pytest.importorskip("playwright.sync_api", reason="install requirements-dev.txt")

from playwright.sync_api import Browser, Frame, Page, expect, sync_playwright

from terr.workspace import Workspace
from terr.workspace.accounts import demo
from tests.browser.find_chromium import on_path
from tests.helpers.servers import Server

FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
] + (["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])
FRAME = 'iframe[title="streamlit_folium.st_folium"]'
ACTIVE = 'select[aria-label="Active territory"]'
HOME = ("127.0.0.1", "localhost")


@dataclass
class Map:
    """The map of one page, by what a person can do with it."""

    page: Page
    frame: Frame = field(init=False)

    def __post_init__(self) -> None:
        inner = self.page.frame_locator(FRAME)
        inner.locator('body[data-ready="1"]').wait_for(state="attached", timeout=30_000)
        inner.locator("body[data-rev]").wait_for(state="attached", timeout=30_000)
        self.frame = next(f for f in self.page.frames if "st_folium" in f.url)
        self.settle()

    def js(self, script: str, arg: object = None) -> object:
        return self.frame.evaluate(script, arg)

    def settle(self) -> None:
        """Until the server has confirmed everything."""
        self.frame.wait_for_function("TerrMap.session.acked >= TerrMap.session.seq", timeout=30_000)

    def pixel(self, unit: str) -> tuple[float, float]:
        """Page coordinates of a unit's label point."""
        x, y = self.js(
            "id => { const s = TerrMap.session, u = s.geo.index.get(id);"
            " const p = s.map.latLngToContainerPoint(TerrMap.lonLat(s.geo.x[u], s.geo.y[u])); return [p.x, p.y]; }",
            unit,
        )  # type: ignore[misc]
        box = self.frame.frame_element().bounding_box()
        assert box is not None
        return box["x"] + x, box["y"] + y

    def click(self, unit: str) -> None:
        """Click a unit with the tool that is chosen; a map begins with Inspect."""
        self.page.mouse.click(*self.pixel(unit))

    def tool(self, name: str) -> None:
        self.frame.locator(f'button[data-tool="{name}"]').click()

    def assign(self, unit: str) -> None:
        """Give a unit to the active territory."""
        self.tool("click")
        self.click(unit)

    def choose(self, label: str) -> None:
        active = self.frame.locator(ACTIVE)
        options = active.locator("option").all_inner_texts()
        active.select_option(next(o for o in options if label in o))

    def option(self, label: str, value: str) -> None:
        """Choose in one of the map's own lists."""
        self.frame.get_by_label(label, exact=True).select_option(value)

    def legend(self) -> None:
        """Open the legend if it is folded."""
        fold = self.frame.locator("button.terr-fold")
        if fold.get_attribute("aria-expanded") == "false":
            fold.click()

    def territory(self, unit: str) -> str:
        """Name of the territory a unit shows, "" if unassigned."""
        return str(
            self.js(
                "id => { const s = TerrMap.session, t = s.byCode.get(s.codes[s.geo.index.get(id)]);"
                " return t ? t.name : ''; }",
                unit,
            )
        )

    @property
    def rev(self) -> int:
        return int(self.frame.locator("body").get_attribute("data-rev") or -1)


def opened(new_page: Callable[..., Page], server: Server, sid: str, **size: int) -> tuple[Page, Map]:
    """A window on a plan, its map drawn."""
    page = new_page(**size)
    page.goto(f"{server.url}/plan?scenario={sid}")
    return page, Map(page)


def stored(scenario: tuple[Workspace, str], unit: str) -> str:
    """Territory of a unit as the database has it, "" if unassigned."""
    ws, sid = scenario
    plan, _ = ws.plan(sid)
    code = int(plan.assign[ws.units(ws.store.scenarios.get(sid)).codes()[unit]])
    return plan.territory(code).name if code >= 0 else ""


@pytest.fixture(scope="session")
def chromium() -> str:
    """No browser is a failure, not a skip."""
    found = on_path()
    if not found:
        pytest.fail("no Chromium found: run make test, which finds or installs one, or set CHROMIUM to its path")
    return found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as driver:
        instance = driver.chromium.launch(executable_path=chromium, args=FLAGS)
        yield instance
        instance.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the demo, shared: plan on scenarios of your own, and leave data sets as they are."""
    root = tmp_path_factory.mktemp("shared")
    ws = Workspace(root)
    demo.demo_dataset(ws)
    ws.close()
    with Server(root) as running:
        yield running


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Pages that must not ask anything of another machine; checked when the test ends."""
    contexts = []
    offsite: list[str] = []
    broken: list[str] = []

    def guard(route: object) -> None:
        url = route.request.url  # type: ignore[attr-defined]
        host = url.split("/")[2].rsplit(":", 1)[0] if "://" in url else ""
        if url.startswith(("data:", "blob:")) or host in HOME:
            route.continue_()  # type: ignore[attr-defined]
        else:
            offsite.append(url)
            route.abort()  # type: ignore[attr-defined]

    def make(width: int = 1440, height: int = 900, *, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.route("**/*", guard)
        page.on("pageerror", lambda e: broken.append(str(e)))
        page.set_default_timeout(20_000)
        return page

    expect.set_options(timeout=20_000)
    yield make
    for context in contexts:
        context.close()
    assert offsite == [], "a page asked something of another machine"
    assert broken == [], "a script failed in the page"
