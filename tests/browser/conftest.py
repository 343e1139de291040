"""One real server and one real Chromium for all tests of a worker, and a guard against requests off this machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="install requirements-dev.txt")

from playwright.sync_api import Browser, Frame, Page, expect, sync_playwright

from terr.workspace import Workspace
from terr.workspace.accounts import dataset, demo
from terr.workspace.accounts.dataset import Dataset
from tests.browser.find_chromium import on_path
from tests.browser.windows import FLAGS, Windows
from tests.helpers.servers import Server

FRAME = 'iframe[title="streamlit_folium.st_folium"]'
ACTIVE = 'select[aria-label="Active territory"]'
FAILED = pytest.StashKey[bool]()


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
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo's accounts, to be copied."""
    root = tmp_path_factory.mktemp("demo")
    ws = Workspace(root)
    demo.demo_dataset(ws)
    ws.close()
    return root


@pytest.fixture(scope="session")
def server(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the demo, shared: plan on scenarios of your own, and leave data sets as they are."""
    root = tmp_path_factory.mktemp("shared")
    shutil.copytree(demo_folder, root, dirs_exist_ok=True)
    with Server(root) as running:
        yield running


@pytest.fixture(scope="session")
def shared_demo(server: Server) -> Iterator[tuple[Workspace, Dataset]]:
    """The tests' own door to what the shared server has, and the demo in it."""
    ws = Workspace(server.root)
    (info,) = (i for i in ws.store.datasets.all() if i.name == "Demo accounts")
    yield ws, dataset.dataset(ws, info.id)
    ws.close()


@pytest.fixture
def own_demo(demo_folder: Path, tmp_path: Path) -> Iterator[tuple[Workspace, str]]:
    """A workspace of this test alone and the id of the demo in it, for a server that is killed."""
    shutil.copytree(demo_folder, tmp_path, dirs_exist_ok=True)
    ws = Workspace(tmp_path)
    (info,) = ws.store.datasets.all()
    yield ws, info.id
    ws.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Marks a test that failed, whose windows nobody uses again."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Windows:
    return Windows(browser)


@pytest.fixture
def new_page(windows: Windows, request: pytest.FixtureRequest) -> Iterator[Callable[..., Page]]:
    """Pages that must not ask anything of another machine; checked when the test ends."""

    def make(width: int = 1440, height: int = 900, *, dark: bool = False) -> Page:
        return windows.take(width, height, dark=dark)

    expect.set_options(timeout=20_000)
    yield make
    offsite, broken = windows.give_back(reuse=FAILED not in request.node.stash)
    assert offsite == set(), "a page asked something of another machine"
    assert broken == [], "a script failed in the page"
