"""Inspect, the tool a map begins with: cards of counties and accounts, moves told beforehand, keys."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from terr.edits import moves
from terr.workspace import Workspace
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan import editing
from tests.browser.conftest import opened

TRAVIS, HAYS, HARRIS = "48453", "48209", "48201"


@pytest.fixture
def scenario(shared_demo: tuple[Workspace, Dataset]) -> tuple[Workspace, str]:
    """Texas with two territories: Travis and Hays in the first, Harris in South."""
    ws, data = shared_demo
    info = editing.create(ws, dataset_id=data.info.id, level="county", region="TX", measure="Potential")
    editing.edit(ws, info.id, 1, lambda p, c: moves.new_territory(p, next_code=c, name="South", color=1))
    code = ws.units(info).codes()
    editing.paint(ws, info.id, [code[TRAVIS], code[HAYS]], 0)
    editing.paint(ws, info.id, [code[HARRIS]], 1)
    return ws, info.id


def test_a_click_opens_a_card_and_changes_nothing(server, scenario, new_page) -> None:
    ws, sid = scenario
    page, here = opened(new_page, server, sid)
    rev = here.rev
    here.click(TRAVIS)
    card = here.frame.get_by_role("region", name="Details")
    expect(card).to_contain_text("Travis, TX")
    expect(card).to_contain_text("Territory 1")
    expect(card).to_contain_text("31 accounts")
    card.get_by_label("Move to").select_option(label="South")
    expect(card).to_contain_text("Max deviation")
    expect(card).to_contain_text("Potential")
    expect(card).to_contain_text("change hands")
    assert ws.plan(sid)[1] == rev, "told before it is done"
    card.get_by_role("button", name="Move", exact=True).click()
    expect(card.locator(".terr-where")).to_contain_text("South")
    here.settle()
    assert ws.plan(sid)[1] == rev + 1
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def test_the_card_tells_the_territory_a_county_has_now(server, scenario, new_page) -> None:
    ws, sid = scenario
    page, here = opened(new_page, server, sid)
    here.click(TRAVIS)
    where = here.frame.locator(".terr-where")
    expect(where).to_contain_text("Territory 1")
    editing.paint(ws, sid, [ws.units(ws.store.scenarios.get(sid)).codes()[TRAVIS]], 1)  # in another window
    expect(where).to_contain_text("South")
    page.keyboard.press("2")  # chooses a territory, and with it Assign
    page.keyboard.press("1")
    here.click(TRAVIS)
    expect(where).to_contain_text("Territory 1")
    assert here.territory(TRAVIS) == "Territory 1"


def test_an_accounts_card_has_its_fields_and_a_county_its_table(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    here.click(TRAVIS)
    card = here.frame.get_by_role("region", name="Details")
    card.get_by_role("list", name="Accounts").get_by_role("button").first.click()
    for words in ("Owner", "Industry", "Last Order", "Annual Revenue", "City"):
        expect(card.locator("dt", has_text=words).first).to_be_visible()
    card.get_by_role("button", name="Show Travis, TX").click()
    card.get_by_role("button", name="Show 31 accounts as a table").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Travis, TX")
    with page.expect_download() as got:
        dialog.get_by_role("button", name="Download CSV").click()
    lines = got.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 32
    assert lines[0].startswith("Account name,Account ID,Territory,Rep,")


def test_a_point_opens_the_card_of_its_account(server, scenario, new_page) -> None:
    _, here = opened(new_page, server, scenario[1])
    here.js("TerrMap.session.legend.points()")
    here.frame.wait_for_function("TerrMap.session.points !== null")
    here.settle()
    x, y, name = here.js(
        "() => { const s = TerrMap.session, q = s.points, size = s.map.getSize();"
        " for (let i = 0; i < q.n; i++) { const p = s.map.latLngToContainerPoint(TerrMap.lonLat(q.x[i], q.y[i]));"
        " const found = q.hit(q.x[i], q.y[i], s.painter.view, s.painter.unit, s.map.getZoom());"
        " let near = 0; for (let j = 0; j < q.n; j++)"
        " near += Math.hypot(q.x[i] - q.x[j], q.y[i] - q.y[j]) < 16 * s.painter.unit;"  # none other within 16 pixels
        " if (near === 1 && p.x > 380 && p.x < size.x - 240 && p.y > 80 && p.y < size.y - 40 && found.one === i)"
        " return [p.x, p.y, q.text[i].split(':')[0]]; } }"
    )  # type: ignore[misc]
    box = here.frame.frame_element().bounding_box()
    assert box is not None
    here.page.mouse.click(box["x"] + x, box["y"] + y)
    expect(here.frame.get_by_role("region", name="Details").locator("strong")).to_have_text(name)


def test_without_a_mouse(server, scenario, new_page) -> None:
    ws, sid = scenario
    page, here = opened(new_page, server, sid)
    page.keyboard.press("?")
    keys = here.frame.get_by_role("dialog", name="Keyboard shortcuts")
    expect(keys).to_contain_text("Undo")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("hays")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    card = here.frame.get_by_role("region", name="Details")
    expect(card).to_contain_text("Hays, TX")
    expect(card.get_by_label("Move to").locator("option", has_text="South")).to_be_attached()
    page.keyboard.press("Tab")  # Close
    page.keyboard.press("Tab")  # Move to
    page.keyboard.type("So")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(card.locator(".terr-where")).to_contain_text("South")
    here.settle()
    plan, _ = ws.plan(sid)
    assert plan.assign[ws.units(ws.store.scenarios.get(sid)).codes()[HAYS]] == 1


def test_places_are_named_where_they_fit(server, scenario, new_page) -> None:
    page, here = opened(new_page, server, scenario[1])
    named = "() => TerrMap.session.places ? TerrMap.session.places.placed.map(p => p.text) : []"
    here.frame.wait_for_function(f"({named})().includes('San Antonio')")
    far = here.js(named)
    assert "Bandera" not in far, "a county is named only where its name fits"
    here.js("TerrMap.session.map.setView([29.7, -99.2], 8, { animate: false })")
    here.frame.wait_for_function(f"({named})().includes('Bandera')")
    page.keyboard.press("n")
    assert here.js("TerrMap.session.showPlaces") is False


def test_accounts_are_colored_by_a_column_with_shares(server, scenario, new_page) -> None:
    _, here = opened(new_page, server, scenario[1])
    here.legend()
    here.option("Color accounts by", "Industry")
    shares = here.frame.get_by_role("list", name="Accounts by color")
    expect(shares).to_contain_text("Manufacturing")
    expect(shares).to_contain_text("%")
