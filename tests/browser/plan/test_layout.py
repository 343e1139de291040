"""The Plan page around its map, in windows of many sizes: nothing is covered or scrolls, and the table edits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import expect

from terr.workspace.home.demo_plan import open_demo_plan
from terr.workspace.plan import editing, plan_settings, undo
from terr.workspace.plan.rules import PlanRules
from terr.workspace.plan.snapshot import plan_snapshot
from tests.browser.conftest import FRAME, Map


@pytest.fixture(scope="module")
def plan(shared_demo) -> str:
    """The demo plan of twelve territories."""
    return open_demo_plan(shared_demo[0]).id


def box(page, selector: str) -> dict[str, float]:
    found = page.locator(selector).first.bounding_box()
    assert found is not None, selector
    return found


def meet(a: dict[str, float], b: dict[str, float]) -> bool:
    return (
        a["x"] < b["x"] + b["width"]
        and b["x"] < a["x"] + a["width"]
        and a["y"] < b["y"] + b["height"]
        and b["y"] < a["y"] + a["height"]
    )


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1440, 900), (2560, 1440)])
def test_the_map_takes_the_window_and_the_page_does_not_scroll(server, plan, new_page, width, height) -> None:
    page = new_page(width, height)
    page.goto(f"{server.url}/plan?scenario={plan}")
    here = Map(page)
    expect(page.locator('[data-testid="stVegaLiteChart"]')).to_be_visible()
    page.wait_for_function(
        "() => { const m = document.querySelector('[data-testid=stMain]'); return m.scrollHeight <= m.clientHeight; }"
    )
    frame, table = box(page, FRAME), box(page, '[data-testid="stDataFrame"]')
    assert height - 20 <= table["y"] + table["height"] <= height
    assert table["y"] - (frame["y"] + frame["height"]) < 20
    assert frame["height"] > 0.5 * height
    assert here.js("TerrMap.session.map.getSize().y") == here.js("innerHeight"), "the map fills its frame"
    bars, beside = box(page, ".st-key-terr_bars"), box(page, ".st-key-terr_beside")
    assert bars["y"] + bars["height"] <= beside["y"] + beside["height"] <= height
    for word in ("Undo", "Redo", "Inspect"):
        expect(here.frame.get_by_role("toolbar").get_by_text(word, exact=True)).to_be_visible()
    bar, size = here.frame.locator(".terr-bar").bounding_box(), page.viewport_size
    assert bar is not None
    assert size is not None
    assert bar["x"] + bar["width"] <= frame["x"] + frame["width"]


@pytest.mark.parametrize("width", [1440, 390])
def test_what_is_said_for_a_moment_covers_no_figure(server, plan, new_page, width) -> None:
    page = new_page(width, 900)
    page.goto(f"{server.url}/plan?scenario={plan}")
    Map(page)
    page.get_by_role("button", name="New", exact=True).click()
    expect(page.get_by_test_id("stToast")).to_be_visible()
    toast = box(page, '[data-testid="stToast"]')
    for selector in (".terr-figures", '[data-testid="stVegaLiteChart"]', '[data-testid="stDataFrame"]', FRAME):
        assert not meet(toast, box(page, selector)), selector


@pytest.mark.parametrize("width", [1440, 390])
def test_with_the_navigation_folded_share_and_every_dialog_open(server, plan, new_page, width) -> None:
    page = new_page(width, 844)
    page.goto(f"{server.url}/plan?scenario={plan}")
    Map(page)
    if width > 700:
        page.locator('[data-testid="stSidebar"]').hover()
        page.locator('[data-testid="stSidebarCollapseButton"] button').click()
    page.locator(".st-key-terr_share button").first.click()
    expect(page.get_by_text("Address of this plan")).to_be_visible()
    page.keyboard.press("Escape")
    for key in ("generate", "manage", "by_list", "measure"):
        page.locator(f".st-key-{key} button:visible").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.get_by_role("dialog").get_by_role("button", name="Close").click()
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_legend_stands_beside_the_map(server, plan, new_page) -> None:
    page = new_page()
    page.goto(f"{server.url}/plan?scenario={plan}")
    here = Map(page)
    here.legend()
    here.frame.wait_for_function("TerrMap.session.map.getSize().x < innerWidth - 100")
    legend, frame = here.frame.locator(".terr-legend").bounding_box(), box(page, FRAME)
    assert legend is not None
    assert legend["x"] - frame["x"] >= float(str(here.js("TerrMap.session.map.getSize().x")))


def test_name_and_lock_are_edited_in_the_table(server, shared_demo, new_page) -> None:
    ws, data = shared_demo
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="CT", measure="Potential").id
    editing.paint(ws, sid, [0, 1], 0)
    page = new_page()
    page.goto(f"{server.url}/plan?scenario={sid}")
    Map(page)
    grid = '[data-testid="stDataFrame"]'

    def at(x: float) -> tuple[float, float]:
        """In the first row, so far from the left, or from the right if negative."""
        here: dict[str, float] | None = None
        before: dict[str, float] | None = None
        while here is None or here != before:  # until it stands still
            before = here
            page.wait_for_timeout(600)
            here = page.locator(grid).bounding_box()
        return here["x"] + (x if x > 0 else here["width"] + x), here["y"] + 54

    def rename() -> None:
        page.mouse.dblclick(*at(45))
        page.locator("#portal textarea").wait_for()
        page.keyboard.press("Control+a")
        page.keyboard.type("Hartford", delay=20)
        page.keyboard.press("Enter")

    def stored(revision: int, change: Callable[[], None]) -> None:
        """Change a cell; once more if the table was drawn anew in that very moment."""
        for _ in range(3):
            change()
            with suppress(AssertionError):
                expect(page.locator(".terr-line")).to_contain_text(f"revision {revision}", timeout=5_000)
                return
            page.keyboard.press("Escape")
        raise AssertionError(f"revision {revision} didn't come")

    stored(3, rename)
    stored(4, lambda: page.mouse.click(*at(-46)))
    territory = ws.plan(sid)[0].territories[0]
    assert (territory.name, territory.locked) == ("Hartford", True)
    undo.undo(ws, sid, 4)
    assert not ws.plan(sid)[0].territories[0].locked, "each is a step of Undo"


def test_a_territorys_accounts_are_one_click_away(server, shared_demo, plan, new_page) -> None:
    page = new_page()
    page.goto(f"{server.url}/plan?scenario={plan}")
    Map(page)
    grid = page.locator('[data-testid="stDataFrame"]')
    for step in range(12):  # the number stands in the middle of its column, which is as wide as its title
        here = grid.first.bounding_box()
        assert here is not None
        page.mouse.click(here["x"] + 372 + 6 * step, here["y"] + 54)
        with suppress(AssertionError):
            expect(page.get_by_role("dialog")).to_be_visible(timeout=800)
            break
    accounts = int(plan_snapshot(shared_demo[0], plan).table["accounts"].iloc[0])
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{accounts:,} accounts")
    expect(dialog.get_by_role("button", name="Download CSV")).to_be_visible()


def test_the_shading_tells_a_limit_on_one_side_as_it_is(server, shared_demo, new_page) -> None:
    ws, data = shared_demo
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="CT", measure="Potential").id
    editing.paint(ws, sid, [0, 1], 0)
    plan_settings.save_rules(ws, sid, ws.plan(sid)[1], PlanRules(sides="over"))
    page = new_page()
    page.goto(f"{server.url}/plan?scenario={sid}")
    here = Map(page)
    here.legend()
    here.js("TerrMap.session.legend.choose('deviation')")
    legend = here.frame.locator(".terr-legend")
    expect(legend).to_contain_text("at most 5% over target")
    assert "±" not in legend.inner_text()
    assert "under" not in legend.locator("ul").first.inner_text()
