"""Several people on one plan, each in a browser of their own."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from terr.edits import moves
from terr.workspace import Workspace
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan import editing
from tests.browser.conftest import Map, stored
from tests.helpers.servers import Server

TRAVIS, HAYS, BEXAR, HARRIS, BELL = "48453", "48209", "48029", "48201", "48027"
OF = """([id, name]) => {
  const s = TerrMap.session, t = s.byCode.get(s.codes[s.geo.index.get(id)]);
  return (t ? t.name : '') === name;
}"""


@pytest.fixture
def scenario(shared_demo: tuple[Workspace, Dataset]) -> tuple[Workspace, str]:
    """Texas: Territory 1 has everything, South nothing."""
    ws, data = shared_demo
    info = editing.create(ws, dataset_id=data.info.id, level="county", region="TX", measure="Potential")
    editing.edit(ws, info.id, 1, lambda p, c: moves.new_territory(p, next_code=c, name="South", color=1))
    editing.paint(ws, info.id, range(info.n_units), ws.plan(info.id)[0].codes[0])
    return ws, info.id


def sit(new_page: Callable[..., Page], server: Server, sid: str, name: str) -> tuple[Page, Map]:
    """Somebody opens the plan and says their name."""
    page = new_page()
    page.goto(f"{server.url}/plan?scenario={sid}")
    here = Map(page)
    here.frame.wait_for_selector("body[data-line]", state="attached")
    page.get_by_role("radio", name="Together").click(force=True)
    field = page.get_by_role("textbox", name="Your name")
    field.fill(name)
    field.press("Enter")
    here.frame.wait_for_function("name => TerrMap.session.company.named === name", arg=name)
    return page, here


def shows(here: Map, unit: str, name: str) -> None:
    here.frame.wait_for_function(OF, arg=[unit, name])


def test_others_edits_come_by_themselves_and_nothing_on_the_screen_is_lost(server, scenario, new_page) -> None:
    ann_page, ann = sit(new_page, server, scenario[1], "Ann Poe")
    bob_page, bob = sit(new_page, server, scenario[1], "Bob Ray")
    expect(ann_page.locator(".terr-here")).to_contain_text("Bob Ray")
    bob.js("TerrMap.session.map.setView([30, -98], 8, { animate: false })")
    bob.choose("South")
    comment = bob_page.get_by_placeholder("Comment", exact=True)
    comment.type("half a sen")
    view = bob.js("JSON.stringify([TerrMap.session.map.getZoom(), TerrMap.session.map.getCenter()])")
    ann.choose("South")
    ann.click(TRAVIS)
    shows(bob, TRAVIS, "South")
    expect(bob_page.locator(".terr-line")).to_contain_text("revision 4")  # the charts were drawn anew, too
    ann.click(HARRIS)
    shows(bob, HARRIS, "South")
    expect(bob_page.locator(".terr-line")).to_contain_text("revision 5")
    assert bob.js("JSON.stringify([TerrMap.session.map.getZoom(), TerrMap.session.map.getCenter()])") == view
    expect(comment).to_have_value("half a sen")
    expect(comment).to_be_focused()
    bob.frame.wait_for_function("TerrMap.session.company.others().some(p => p.name === 'Ann Poe' && p.units.length)")
    expect(bob_page.get_by_text("editing South near Harris, TX")).to_be_visible()
    # a drawer that is open stays, and is not emptied, while the other goes on
    bob_page.get_by_role("button", name="Territories", exact=True).click()
    name = bob_page.get_by_role("dialog").get_by_label("Name", exact=True)
    name.fill("Half a na")
    ann.click(BELL)
    shows(bob, BELL, "South")
    bob_page.wait_for_timeout(2500)
    expect(name).to_have_value("Half a na")


def test_the_later_of_two_edits_is_told_who_was_first_and_can_be_made_again(server, scenario, new_page) -> None:
    ws, sid = scenario
    _, ann = sit(new_page, server, sid, "Ann Poe")
    _, bob = sit(new_page, server, sid, "Bob Ray")
    # Bob's window doesn't hear of Ann's edit before his own is on its way
    bob.js("TerrMap.session.takeNews = () => {}; TerrMap.session.takePlan = () => {}")
    ann.choose("South")
    ann.click(TRAVIS)
    ann.settle()
    editing.edit(ws, sid, -1, lambda p, c: moves.new_territory(p, next_code=c, name="East", color=2), strict=False)
    east = ws.plan(sid)[0].codes[-1]
    unit = ws.units(ws.store.scenarios.get(sid)).codes()[TRAVIS]
    bob.js("([u, to]) => TerrMap.session.push({ k: 'paint', units: [u], to, seen: [0] })", [unit, east])
    card = bob.frame.locator('[data-card^="clash"]')
    expect(card).to_contain_text("Ann Poe gave Travis, TX to South")
    assert stored(scenario, TRAVIS) == "South"  # never last-save-wins
    bob.page.reload()
    again = Map(bob.page)
    again.choose("East")
    again.click(TRAVIS)
    shows(ann, TRAVIS, "East")


def test_undo_takes_back_ones_own_edit_while_others_go_on(server, scenario, new_page) -> None:
    _, ann = sit(new_page, server, scenario[1], "Ann Poe")
    _, bob = sit(new_page, server, scenario[1], "Bob Ray")
    ann.choose("South")
    ann.click(TRAVIS)
    shows(bob, TRAVIS, "South")
    bob.choose("South")
    bob.click(HARRIS)
    shows(ann, HARRIS, "South")
    ann.tool("undo")
    shows(bob, TRAVIS, "Territory 1")
    assert (stored(scenario, TRAVIS), stored(scenario, HARRIS)) == ("Territory 1", "South")


def test_a_proposal_is_made_shown_with_its_effect_and_accepted(server, scenario, new_page) -> None:
    ws, sid = scenario
    ann_page, _ = sit(new_page, server, sid, "Ann Poe")
    bob_page, bob = sit(new_page, server, sid, "Bob Ray")
    bob.choose("South")
    bob.tool("propose")
    bob.click(HARRIS)
    bob.click(BELL)
    assert stored(scenario, HARRIS) == "Territory 1"  # nothing changes before it is accepted
    card = bob.frame.locator('[data-card="draft"]')
    expect(card).to_contain_text("2 counties to South")
    card.get_by_role("button", name="Propose").click()
    expect(bob.frame.locator("#terr-say")).to_contain_text("Say why")
    card.get_by_label("Reason of the proposal").fill("Closer to <b>Bob</b>")
    card.get_by_role("button", name="Propose").click()
    expect(ann_page.get_by_text("Move 2 counties to South")).to_be_visible()
    expect(ann_page.get_by_text("“Closer to <b>Bob</b>”")).to_be_visible()
    expect(ann_page.get_by_text("2 counties with")).to_be_visible()
    # overtaken in part by an edit of Ann's: worked out anew, and said so
    units = ws.units(ws.store.scenarios.get(sid)).codes()
    editing.edit(ws, sid, -1, lambda p, c: moves.new_territory(p, next_code=c, name="East", color=2), strict=False)
    editing.paint(ws, sid, [units[BELL]], ws.plan(sid)[0].codes[-1], author="Cy")
    expect(ann_page.get_by_text("Skipped: 1 of its counties moved since")).to_be_visible()
    ann_page.get_by_role("button", name="Accept").click()
    shows(bob, HARRIS, "South")
    assert stored(scenario, BELL) == "East"
    assert ws.store.proposals.of(sid)[0].decided_by == "Ann Poe"
    expect(bob_page.get_by_text("0 to decide")).to_be_visible()


def test_the_others_follow_who_presents_until_they_leave(server, scenario, new_page) -> None:
    ann_page, ann = sit(new_page, server, scenario[1], "Ann Poe")
    _, bob = sit(new_page, server, scenario[1], "Bob Ray")
    ann_page.get_by_role("button", name="Present", exact=True).click()
    expect(ann.frame.locator('[data-card="present"]')).to_contain_text("You are presenting")
    banner = bob.frame.locator('[data-card="follow"]')
    expect(banner).to_contain_text("Following Ann Poe")
    ann.js("TerrMap.session.map.setView([29.5, -98], 9, { animate: false })")
    bob.frame.wait_for_function(
        "Math.abs(TerrMap.session.map.getCenter().lat - 29.5) < 0.3 && TerrMap.session.map.getZoom() > 8"
    )
    banner.get_by_role("button", name="Stop following").click()
    expect(banner).to_contain_text("Your map is your own")
    ann.js("TerrMap.session.map.setView([33, -98], 7, { animate: false })")
    bob.page.wait_for_timeout(1200)
    assert bob.js("TerrMap.session.map.getCenter().lat") < 31
    banner.get_by_role("button", name="Follow").click()
    bob.frame.wait_for_function("TerrMap.session.map.getCenter().lat > 32")


def test_an_edit_waits_in_the_browser_while_the_database_is_away(server, scenario, new_page) -> None:
    """Somebody else holds the database for longer than it is waited for."""
    _, ann = sit(new_page, server, scenario[1], "Ann Poe")
    ann.choose("South")
    ann.settle()
    held, free = threading.Event(), threading.Event()

    def hold() -> None:
        db = sqlite3.connect(server.root / "terr.db", isolation_level=None, timeout=30)
        db.execute("BEGIN IMMEDIATE")
        held.set()
        free.wait(60)
        db.execute("ROLLBACK")
        db.close()

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    ann.click(TRAVIS)
    shows(ann, TRAVIS, "South")  # on the screen at once
    card = ann.frame.locator('[data-card="trouble"]')
    expect(card).to_contain_text("Not stored at present", timeout=30_000)
    expect(card).to_contain_text("1 edit is kept in this browser")
    assert stored(scenario, TRAVIS) == "Territory 1"
    free.set()
    holder.join()
    ann.settle()
    expect(card).to_have_count(0)
    assert stored(scenario, TRAVIS) == "South"


def test_where_many_work_others_edits_draw_the_figures_alone_and_the_table_still_edits_the_plan(
    server, scenario, new_page
) -> None:
    ws, sid = scenario
    page, here = sit(new_page, server, sid, "Ann Poe")
    drawn = here.js("TerrMap.session.panel.rev")
    # what the line says where the machine can hold a redraw each 1.5 seconds
    here.js(
        "const hear = TerrMap.session.line._hear.bind(TerrMap.session.line);"
        " TerrMap.session.line._hear = m => hear({ ...m, calm: 1.5 }); TerrMap.session.calm = 1.5"
    )
    south = ws.plan(sid)[0].codes[1]
    unit = ws.units(ws.store.scenarios.get(sid)).codes()[HARRIS]
    _, rev = editing.paint(ws, sid, [unit], south, author="Bob Ray"), ws.rev(sid)
    shows(here, HARRIS, "South")
    expect(page.locator(f'.terr-figures[data-rev="{rev}"]')).to_be_attached(timeout=20_000)
    expect(page.get_by_role("button", name="Generate").first).to_be_visible()
    assert here.js("TerrMap.session.panel.rev") == drawn  # the map itself wasn't sent again
    here.frame.wait_for_function("r => TerrMap.session.panel.rev === r", arg=rev, timeout=40_000)  # the rest, at times
