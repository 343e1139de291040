"""An open Plan page outlives its server, killed at any moment: every click is kept, others' edits come."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from playwright.sync_api import Page, expect

from terr.edits import moves
from terr.workspace import Workspace
from terr.workspace.plan import editing
from tests.browser.conftest import Map
from tests.helpers.effort import rounds
from tests.helpers.servers import Server

COUNTIES = ("48453", "48209", "48029", "48201", "48027", "48113", "48439", "48141", "48303", "48215")
MOMENTS = ("clicks", "generate", "away", "idle", "row", "twice", "untouched")
BACK_MS = 20_000
"""The promise is 5 s from the server's first answer on a machine with nothing else to do; tests run beside others."""


class Window:
    """One open page, the county it clicks next, and what it clicked last."""

    def __init__(self, new_page: Callable[..., Page], address: str, mine: tuple[str, ...]) -> None:
        self.page: Page = new_page()
        self.page.goto(address)
        self.map = Map(self.page)
        self.map.tool("click")
        self.mine, self.next = mine, 0
        self.wanted: dict[str, str] = {}

    def click(self) -> None:
        """Give a county to the other of two territories."""
        unit = self.mine[self.next % len(self.mine)]
        name = "South" if self.wanted.get(unit) != "South" else "North"
        self.map.choose(name)
        self.map.click(unit)
        self.wanted[unit] = name
        self.next += 1

    def alive(self) -> None:
        """The line to the server is there, and the page around the map knows the newest revision too."""
        inner = self.page.frame_locator('iframe[title="streamlit_folium.st_folium"]')
        expect(inner.locator('body[data-line="1"]')).to_be_attached(timeout=BACK_MS)
        self.map = Map(self.page)


def test_an_open_page_outlives_its_server(own_demo: tuple[Workspace, str], new_page: Callable[..., Page]) -> None:
    ws, data = own_demo
    info = editing.create(ws, dataset_id=data, level="county", region="TX", measure="Potential")
    editing.edit(ws, info.id, -1, lambda p, _: moves.rename(p, 0, "North"), strict=False)
    editing.edit(ws, info.id, -1, lambda p, c: moves.new_territory(p, "South", next_code=c), strict=False)
    codes = ws.units(info).codes()

    def stored() -> dict[str, str]:
        plan, _ = ws.plan(info.id)
        return {u: plan.territory(c).name for u in COUNTIES if (c := int(plan.assign[codes[u]])) >= 0}

    chance = random.Random(11)  # noqa: S311 (moments, not secrets)
    with Server(ws.root) as server:
        address = f"{server.url}/plan?scenario={info.id}"
        windows = [Window(new_page, address, COUNTIES[:5]), Window(new_page, address, COUNTIES[5:])]
        for turn in range(rounds(3, long=200)):
            moment = MOMENTS[turn % len(MOMENTS)]
            _until_killed(server, windows, moment, chance)
            if moment == "away":  # clicks that no server heard
                windows[0].click()
            time.sleep(chance.uniform(0.0, 2.5))
            server.start()
            if moment == "twice":
                time.sleep(chance.uniform(0.0, 2.0))
                server.kill()
                time.sleep(chance.uniform(0.0, 1.0))
                server.start()
            if moment == "untouched":  # back by itself, and again, with nobody there
                for _ in range(2):
                    for window in windows:
                        window.alive()
                    time.sleep(chance.uniform(0.0, 4.0))
                    server.kill()
                    server.start()
            for window in windows:
                window.alive()
                window.click()
            for window in windows:
                window.map.settle()
            wanted = windows[0].wanted | windows[1].wanted
            assert stored() == wanted, f"turn {turn}, {moment}"
            rev = ws.store.scenarios.rev(info.id)
            for window in windows:  # the others' edits come, on the map and on the page around it
                window.map.frame.wait_for_function(
                    "r => Number(document.body.dataset.rev) >= r", arg=rev, timeout=BACK_MS
                )
                assert {u: window.map.territory(u) for u in wanted} == wanted, f"turn {turn}, {moment}"
                expect(window.page.locator(".terr-line")).to_contain_text(f"revision {rev:,}", timeout=BACK_MS)


def _until_killed(server: Server, windows: list[Window], moment: str, chance: random.Random) -> None:
    if moment == "clicks":
        for _ in range(3):
            chance.choice(windows).click()
            time.sleep(chance.uniform(0.0, 0.3))
    elif moment == "generate":
        windows[0].page.get_by_role("button", name="Generate").first.click()
        time.sleep(chance.uniform(0.0, 1.5))
    elif moment == "row":
        time.sleep(chance.uniform(0.0, 0.2))
    else:
        time.sleep(chance.uniform(0.5, 3.0))
    server.kill()


def test_a_page_whose_last_run_was_a_whole_one_comes_back(
    own_demo: tuple[Workspace, str], new_page: Callable[..., Page]
) -> None:
    """Streamlit's page asks a new server for nothing then, and the map's own request is for a part it doesn't know."""
    ws, data = own_demo
    info = editing.create(ws, dataset_id=data, level="county", region="TX", measure="Potential")
    with Server(ws.root) as server:
        window = Window(new_page, f"{server.url}/plan?scenario={info.id}", COUNTIES)
        window.map.click(COUNTIES[1])
        window.map.settle()
        window.page.locator(".terr-line").click()  # the page, not the map, has the keys
        window.page.keyboard.press("r")
        time.sleep(3)
        server.kill()
        server.start()
        window.alive()
        window.map.click(COUNTIES[0])
        window.map.settle()
        expect(window.page.get_by_text("252 counties unassigned")).to_be_visible(timeout=BACK_MS)
        rev = ws.store.scenarios.rev(info.id)
        window.page.reload()
        again = Map(window.page)
        assert again.rev == rev == 3
        assert again.territory(COUNTIES[0]) == again.territory(COUNTIES[1]) == "Territory 1"
