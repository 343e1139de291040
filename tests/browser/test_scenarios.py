"""Page Scenarios in a real browser: two maps that move together, what changes hands, and a way back to a point."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Frame, Page, expect

from terr.edits import moves
from terr.model.person import Person
from terr.workspace import Workspace
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan import editing
from terr.workspace.scenarios import tree
from tests.browser.conftest import FRAME
from tests.helpers.servers import Server

TRAVIS, HAYS = "48453", "48209"
HOSTILE = '<img src="https://img.example/x" onerror="alert(1)">'


@pytest.fixture
def pair(shared_demo: tuple[Workspace, Dataset]) -> tuple[Workspace, str, str]:
    """Texas in two territories, and a branch of a hostile name in which Hays County changes hands."""
    ws, data = shared_demo
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="TX", measure="Potential").id
    editing.edit(ws, sid, 1, lambda p, c: moves.new_territory(p, HOSTILE, next_code=c, color=1))
    codes = ws.units(ws.store.scenarios.get(sid)).codes()
    editing.paint(ws, sid, range(len(codes)), 0)
    copy = tree.branch(ws, sid, ws.store.scenarios.get(sid).head, f"Branch {HOSTILE}", by=Person("me")).id
    editing.paint(ws, copy, [codes[HAYS]], 1, author="Eve")
    return ws, sid, copy


def maps(page: Page) -> Frame:
    """The frame of the maps, once they are drawn."""
    inner = page.frame_locator(FRAME)
    inner.locator('body[data-ready="1"]').wait_for(state="attached", timeout=30_000)
    inner.locator("body[data-told]").wait_for(state="attached", timeout=30_000)
    return next(f for f in page.frames if "st_folium" in f.url)


def views(frame: Frame) -> list[list[float]]:
    return frame.evaluate(  # type: ignore[no-any-return]
        "TerrMap.pair.panes.map(p => [p.map.getCenter().lat, p.map.getCenter().lng, p.map.getZoom()])"
    )


def open_view(page: Page, server: Server, sid: str, name: str) -> None:
    page.goto(f"{server.url}/scenarios?scenario={sid}")
    page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()


def test_two_maps_move_together_and_show_what_changes_hands(
    new_page: Callable[..., Page], server: Server, pair: tuple[Workspace, str, str]
) -> None:
    _, _, copy = pair
    page = new_page()
    open_view(page, server, copy, "Compare")
    frame = maps(page)
    boxes = frame.evaluate(
        "TerrMap.pair.boxes.map(b => { const r = b.getBoundingClientRect(); return [r.left, r.right]; })"
    )
    assert len(boxes) == 2
    assert boxes[0][1] <= boxes[1][0], "next to each other"
    assert boxes[0][1] - boxes[0][0] == pytest.approx(boxes[1][1] - boxes[1][0], abs=1)
    names = "id => TerrMap.pair.panes.map(p => { const u = p.geo.index.get(id); return p.codes[u]; })"
    assert frame.evaluate(names, HAYS) == [0, 1]
    assert frame.evaluate(names, TRAVIS) == [0, 0]

    before = views(frame)
    assert before[0] == before[1]
    box = frame.frame_element().bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.6
    page.mouse.move(x, y)
    page.mouse.wheel(0, -300)
    frame.wait_for_function(f"TerrMap.pair.panes[1].map.getZoom() > {before[1][2]}")
    page.mouse.down()
    page.mouse.move(x - 60, y - 30, steps=4)
    page.mouse.up()
    frame.wait_for_function(
        "(() => { const [a, b] = TerrMap.pair.panes.map(p => p.map), d = a.project(a.getCenter()).subtract(b.project("
        "b.getCenter())); return a.getZoom() === b.getZoom() && Math.hypot(d.x, d.y) < 2; })()"
    )
    after = views(frame)
    assert after[0][2] > before[0][2]
    assert after[0][:2] != before[0][:2]

    page.get_by_text("What moves", exact=True).click()
    head = page.frame_locator(FRAME).locator(".terr-head").nth(1)
    expect(head).to_contain_text("1 county goes to another territory")
    expect(head).to_contain_text(HOSTILE)
    assert views(frame)[0][2] == after[0][2], "the view stays"
    mode = frame.evaluate("TerrMap.pair.panes.map(p => p.shading.mode)")
    assert mode == ["territory", "change"]
    assert frame.evaluate("document.querySelectorAll('img[src*=example]').length") == 0


def test_back_to_a_point_of_the_history(
    new_page: Callable[..., Page], server: Server, pair: tuple[Workspace, str, str]
) -> None:
    ws, _, copy = pair
    page = new_page(width=1024, height=768)
    open_view(page, server, copy, "History")
    table = page.get_by_test_id("stDataFrame").first
    table.wait_for()
    page.wait_for_timeout(600)  # the grid draws its rows on a canvas, which has nothing to wait for
    box = table.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 15, box["y"] + 52 + 35)  # the line below the newest: the branch itself
    maps(page)
    page.get_by_role("button", name="Go back to this point").click()
    expect(page.get_by_role("button", name="Go back to this point")).to_have_count(0)
    plan, rev = ws.plan(copy)
    assert set(plan.assign.tolist()) == {0}
    assert rev == 6
