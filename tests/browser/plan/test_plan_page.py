"""The Plan page in a real browser: paint, tools, bursts, locks, undo, two windows."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from terr.edits import moves
from terr.workspace import Workspace
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan import editing
from tests.browser.conftest import ACTIVE, opened, stored

TRAVIS, HAYS, BEXAR, HARRIS, BELL = "48453", "48209", "48029", "48201", "48027"


@pytest.fixture
def scenario(shared_demo: tuple[Workspace, Dataset]) -> tuple[Workspace, str]:
    """A fresh Texas plan with two territories; the test's own door to the same database."""
    ws, data = shared_demo
    info = editing.create(ws, dataset_id=data.info.id, level="county", region="TX", measure="Potential")
    editing.edit(ws, info.id, 1, lambda p, c: moves.new_territory(p, next_code=c, name="South", color=1))
    return ws, info.id


def test_a_click_paints_at_once_and_is_stored(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    assert here.territory(TRAVIS) == ""
    here.assign(TRAVIS)
    assert here.territory(TRAVIS) == "Territory 1"  # before any answer of the server
    here.settle()
    assert stored(scenario, TRAVIS) == "Territory 1"
    expect(page.get_by_text("253 counties unassigned")).to_be_visible()
    expect(page.locator(".terr-line")).to_contain_text("revision 3")


def test_the_tooltip_tells_the_territory_a_county_has_now(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    tip = here.frame.locator(".terr-tip")
    page.mouse.move(*here.pixel(TRAVIS))
    expect(tip).to_contain_text("Unassigned")
    page.keyboard.press("v")
    here.click(TRAVIS)
    expect(tip).to_contain_text("Territory 1")
    page.keyboard.press("u")
    expect(tip).to_contain_text("Unassigned")


def test_a_burst_of_100_clicks_loses_nothing(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    here.tool("click")
    ids = here.js("TerrMap.session.geo.id.slice(0, 100)")
    points = [here.pixel(unit) for unit in ids]
    for x, y in points:
        page.mouse.click(x, y)
    painted = here.js("[...TerrMap.session.codes].filter(c => c >= 0).length")
    here.settle()
    ws, sid = scenario
    plan, rev = ws.plan(sid)
    assert int((plan.assign >= 0).sum()) == painted
    assert painted >= 95  # two label points of slivers can share a pixel
    assert rev == 2 + painted
    assert len(ws.store.edits.history(sid).steps) == 2 + painted


def test_box_lasso_polygon_and_paint(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    here.choose("South")
    here.tool("box")
    x, y = here.pixel(TRAVIS)
    page.mouse.move(x - 40, y - 40)
    page.mouse.down()
    page.mouse.move(x + 40, y + 40, steps=4)
    page.mouse.up()
    assert here.territory(TRAVIS) == "South"
    here.settle()
    boxed = here.js("[...TerrMap.session.codes].filter(c => c >= 0).length")
    assert boxed > 3
    here.tool("lasso")
    hx, hy = here.pixel(HARRIS)
    page.mouse.move(hx - 30, hy - 30)
    page.mouse.down()
    for dx, dy in ((30, -30), (30, 30), (-30, 30), (-30, -28)):
        page.mouse.move(hx + dx, hy + dy, steps=4)
    page.mouse.up()
    assert here.territory(HARRIS) == "South"
    here.tool("polygon")
    px, py = here.pixel("48303")  # Lubbock
    for dx, dy in ((-25, -25), (25, -25), (25, 25), (-25, 25)):
        page.mouse.click(px + dx, py + dy)
    page.keyboard.press("Enter")
    assert here.territory("48303") == "South"
    here.tool("paint")
    bx, by = here.pixel("48141")  # El Paso, westwards to Hudspeth
    ex, ey = here.pixel("48229")
    page.mouse.move(bx, by)
    page.mouse.down()
    page.mouse.move(ex, ey, steps=10)
    page.mouse.up()
    assert here.territory("48141") == "South"
    assert here.territory("48229") == "South"
    here.settle()
    for unit in (TRAVIS, HARRIS, "48303", "48141", "48229"):
        assert stored(scenario, unit) == "South"


def test_keys_do_what_the_toolbar_does(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    page.locator(".terr-line").click()  # focus outside the map
    page.keyboard.press("2")
    expect(here.frame.locator(ACTIVE)).to_have_value(str(here.js("TerrMap.session.territories[1].code")))
    here.click(BEXAR)
    here.settle()
    page.keyboard.press("u")
    here.settle()
    assert here.territory(BEXAR) == ""
    page.keyboard.press("r")
    here.settle()
    assert here.territory(BEXAR) == "South"
    page.keyboard.press("l")
    here.click(BEXAR)
    here.settle()
    page.keyboard.press("v")
    page.keyboard.press("1")
    here.click(BEXAR)
    expect(here.frame.locator("#terr-say")).to_contain_text("Bexar, TX is locked")
    assert stored(scenario, BEXAR) == "South"
    page.keyboard.press("/")
    page.keyboard.type("harris")
    page.keyboard.press("Enter")
    here.frame.wait_for_function("TerrMap.session.map.getZoom() > 7")


def test_undo_is_unlimited_and_gives_the_first_plan_back(server, scenario, new_page) -> None:
    _, here = opened(new_page, server, scenario[1])
    for unit in (TRAVIS, HAYS, BEXAR, HARRIS, BELL):
        here.assign(unit)
    here.settle()
    for _ in range(5):
        here.tool("undo")
    here.settle()
    assert all(here.territory(u) == "" for u in (TRAVIS, HAYS, BEXAR, HARRIS, BELL))
    for _ in range(5):
        here.tool("redo")
    here.settle()
    assert all(stored(scenario, u) == "Territory 1" for u in (TRAVIS, HAYS, BEXAR, HARRIS, BELL))


def test_two_windows_never_overwrite_each_other_unseen(server, scenario, new_page) -> None:
    ws, sid = scenario
    _, one = opened(new_page, server, sid)
    _, two = opened(new_page, server, sid)
    units = ws.units(ws.store.scenarios.get(sid))
    plan, _ = ws.plan(sid)
    first = plan.codes[0]
    editing.paint(ws, sid, [units.codes()[TRAVIS]], first)
    two.js(
        "([u, to]) => { const s = TerrMap.session; s.push({ k: 'paint', units: [u], to, seen: [-1] }); }",
        [units.codes()[TRAVIS], plan.codes[1]],
    )
    card = two.frame.locator('[data-card^="clash"]')
    expect(card).to_contain_text("gave Travis, TX to Territory 1")
    expect(card).to_contain_text("before your edit to South arrived")
    two.frame.wait_for_function("TerrMap.session.acked >= TerrMap.session.seq")
    assert stored(scenario, TRAVIS) == "Territory 1"
    one.frame.wait_for_function(
        "id => { const s = TerrMap.session; return s.codes[s.geo.index.get(id)] >= 0; }", arg=TRAVIS, timeout=8_000
    )  # the first window learns of it by itself


def test_the_list_route_needs_no_mouse_on_the_map(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    page.get_by_role("button", name="Paste a list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("or paste counties").fill("48453\nHays, TX\nAtlantis")
    dialog.get_by_label("or paste counties").press("Control+Enter")
    expect(dialog.get_by_text("Not in this plan: Atlantis")).to_be_visible()
    dialog.get_by_role("button", name="Move 2 counties").click()
    expect(page.get_by_text("252 counties unassigned")).to_be_visible()
    here.settle()
    assert stored(scenario, TRAVIS) == stored(scenario, HAYS) == "Territory 1"


def test_a_stray_piece_is_marked_and_found(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    here.assign(TRAVIS)
    here.assign(HARRIS)
    here.settle()
    button = here.frame.locator("button.terr-stray")
    expect(button).to_contain_text("1 disconnected area")
    before = here.js("TerrMap.session.map.getZoom()")
    button.click()
    here.frame.wait_for_function("z => TerrMap.session.map.getZoom() > z", arg=before)
    expect(page.get_by_text("1 disconnected area").first).to_be_visible()
