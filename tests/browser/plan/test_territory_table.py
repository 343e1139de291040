"""Rep and color of a territory, edited in the table itself with the keyboard, as stored and as the map shows them."""

from __future__ import annotations

import time

from playwright.sync_api import expect

from terr.edits import moves
from terr.view.colors import COLOR_NAMES, color
from terr.workspace.plan import editing
from tests.browser.conftest import Map


def test_rep_and_color_are_edited_in_their_cells(server, shared_demo, new_page) -> None:
    ws, data = shared_demo
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="TX", measure="Potential").id
    editing.edit(ws, sid, 1, lambda p, c: moves.new_territory(p, next_code=c, name="South", color=1))
    rep = data.reps[3]
    page = new_page(width=1440, height=900)
    page.goto(f"{server.url}/plan?scenario={sid}")
    here = Map(page)
    table = page.locator('[data-testid="stDataFrame"]').first
    expect(table).to_be_visible()

    def territory():
        return ws.plan(sid)[0].territories[0]

    def wait_for(what) -> None:
        ends = time.monotonic() + 60
        while not what() and time.monotonic() < ends:
            page.wait_for_timeout(200)
        assert what(), territory()

    def choose(right: int, left: int, text: str) -> None:
        """Choose in the first row, so many cells to the right of its name and then to the left."""
        table.click(position={"x": 40, "y": 37 + 17})
        for key, times in (("ArrowRight", right), ("ArrowLeft", left), ("Enter", 1)):
            for _ in range(times):
                page.keyboard.press(key)
        editor = page.locator('[id="portal"] input')
        expect(editor).to_be_visible()
        page.keyboard.type(text)
        page.keyboard.press("Enter")

    choose(1, 0, rep.name)
    wait_for(lambda: territory().rep == rep.rep_id)
    here.settle()
    choose(20, 1, COLOR_NAMES[5])  # the last cell is the lock
    wait_for(lambda: territory().color == 5)
    here.settle()
    shown = "TerrMap.session.territories[0]"
    here.frame.locator("body").wait_for()
    wait_for(lambda: here.js(f"{shown}.color").lower() == color(5).lower())
    assert here.js(f"{shown}.rep") == rep.name
    assert ws.rev(sid) == 4, "one edit for each cell"
