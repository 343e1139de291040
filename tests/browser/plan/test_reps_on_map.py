"""Homes of reps as a layer of the map, and territories in the colors of their reps."""

from __future__ import annotations

from playwright.sync_api import expect

from terr.edits import moves
from terr.model.reps import Rep
from terr.workspace import Workspace
from terr.workspace.plan import editing
from tests.browser.conftest import opened
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start

KENT_ID, NEW_CASTLE_ID, SUSSEX_ID = "10001", "10003", "10005"
HOSTILE = "<b>Ann</b> ${1}"
FILL = "id => { const s = TerrMap.session; return s.fillOf(s.geo.index.get(id)); }"


def test_homes_and_colors_of_reps(server, new_page) -> None:
    ws = Workspace(server.root)
    sid = start(ws, reps=(Rep("1", HOSTILE, "19901"), Rep("2", "Bob", "19801"))).id
    more(ws, sid, ["B", "C"])
    for unit, code, rep in ((KENT, 0, "1"), (SUSSEX, 1, "1"), (NEW_CASTLE, 2, "")):
        editing.paint(ws, sid, [unit], code)
        editing.edit(ws, sid, -1, lambda p, _, c=code, r=rep: moves.set_rep(p, c, r), strict=False)
    page, here = opened(new_page, server, sid)
    here.legend()
    assert here.js(FILL, KENT_ID) != here.js(FILL, SUSSEX_ID)

    here.option("Color by", "rep")
    colors = here.frame.get_by_role("list", name="Colors")
    expect(colors).to_contain_text(HOSTILE)
    expect(colors).to_contain_text("No rep")
    assert here.js(FILL, KENT_ID) == here.js(FILL, SUSSEX_ID) != here.js(FILL, NEW_CASTLE_ID)
    assert here.js(FILL, NEW_CASTLE_ID) == "#9AA1AB"

    page.keyboard.press("h")
    homes = here.frame.get_by_role("list", name="Homes of reps, farthest first")
    expect(homes.get_by_role("button")).to_have_count(2)
    expect(homes).to_contain_text(HOSTILE)
    x, y = here.js(
        "() => { const s = TerrMap.session, h = s.homes.list.find((q) => q.codes.length);"
        " const p = s.map.latLngToContainerPoint([h.lat, h.lon]); return [p.x, p.y]; }"
    )
    box = here.frame.frame_element().bounding_box()
    page.mouse.move(box["x"] + x, box["y"] + y)
    tip = here.frame.get_by_role("tooltip")
    expect(tip.locator("strong")).to_have_text(HOSTILE)
    expect(tip).to_contain_text("mi by road")

    # another window edits: a unit goes to the rep's color, then the territory to another rep
    editing.paint(ws, sid, [NEW_CASTLE], 0)
    here.frame.wait_for_function(f"({FILL})('{NEW_CASTLE_ID}') === ({FILL})('{KENT_ID}')")
    editing.edit(ws, sid, -1, lambda p, _: moves.set_rep(p, 1, "2"), strict=False)
    here.frame.wait_for_function(f"({FILL})('{SUSSEX_ID}') !== ({FILL})('{KENT_ID}')")
    expect(colors).to_contain_text("Bob")
    page.keyboard.press("h")
    expect(homes).to_be_hidden()
    ws.close()
