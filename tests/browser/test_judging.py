"""Proof and curve beside the map, in a real browser: with the mouse on the chart, and by keys alone."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Page, expect

from terr.edits import moves
from terr.workspace import Workspace
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan import editing
from tests.browser.conftest import Map
from tests.helpers.servers import Server

PREVIEWS = "TerrMap.session.readonly !== ''"


@pytest.fixture
def plan(shared_demo: tuple[Workspace, Dataset]) -> tuple[Workspace, str]:
    """Connecticut in three territories, dealt out like cards: two disconnected areas, one outside the limit."""
    ws, data = shared_demo
    info = editing.create(ws, dataset_id=data.info.id, level="county", region="CT", measure="Potential", tolerance=0.6)
    for name in ("B", "C"):
        editing.edit(ws, info.id, 0, lambda p, c, n=name: moves.new_territory(p, next_code=c, name=n), strict=False)
    for code in range(3):
        editing.paint(ws, info.id, [u for u in range(9) if u % 3 == code], code)
    return ws, info.id


def opened(new_page: Callable[..., Page], server: Server, sid: str) -> tuple[Page, Map]:
    page = new_page()
    page.set_default_timeout(90_000)  # solving shares the processors with whatever else runs
    page.goto(f"{server.url}/plan?scenario={sid}")
    return page, Map(page)


def beside(page: Page, what: str) -> None:
    page.get_by_text(what, exact=True).click()


def codes(here: Map) -> list[int]:
    return here.js("[...TerrMap.session.base]")  # type: ignore[return-value]


def previewing(here: Map, *, on: bool) -> None:
    here.frame.wait_for_function(f"(TerrMap.session.readonly !== '') === {'true' if on else 'false'}", timeout=90_000)


def test_a_point_of_the_curve_is_previewed_dropped_and_applied(server, plan, new_page) -> None:
    ws, sid = plan
    page, here = opened(new_page, server, sid)
    before, rev = codes(here), ws.store.scenarios.rev(sid)
    apply = page.locator(".st-key-apply_point button")
    beside(page, "Trade-off")
    page.get_by_role("button", name="Run").click()
    chart = page.locator(".st-key-terr_trade").get_by_test_id("stVegaLiteChart")
    chart.wait_for(timeout=60_000)
    for _ in range(8):  # a chart that is drawn again just then doesn't hear the click
        page.wait_for_timeout(500)
        box = chart.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"])  # the nearest point counts
        with suppress(Error):
            here.frame.wait_for_function(PREVIEWS, timeout=4_000)
            break
    previewing(here, on=True)
    expect(apply).to_be_visible()
    assert codes(here) != before
    assert ws.store.scenarios.rev(sid) == rev, "a preview changes nothing"
    page.wait_for_timeout(2500)  # reruns that were under way don't take the preview back
    expect(apply).to_be_visible()
    page.get_by_role("button", name="Drop", exact=True).click()
    previewing(here, on=False)
    assert codes(here) == before

    # the same by keys alone, and applied this time
    for _ in range(6):  # a list that is drawn again just then loses the keys
        page.wait_for_timeout(500)
        choice = page.get_by_test_id("stSelectbox").last.locator("input")
        choice.focus()
        choice.press("ArrowDown")
        page.get_by_role("listbox").wait_for()
        choice.press("ArrowDown")
        choice.press("Enter")
        with suppress(Error):
            here.frame.wait_for_function(PREVIEWS, timeout=4_000)
            break
    previewing(here, on=True)
    expect(apply).to_be_visible()
    apply.press("Enter")
    expect(page.get_by_text("Plan applied.")).to_be_visible()
    here.frame.wait_for_function("rev => TerrMap.session.rev === rev", arg=rev + 1)
    assert codes(here) != before


def test_a_proof_is_a_sentence_that_outlives_a_reload_and_tells_of_edits(server, plan, new_page) -> None:
    _, sid = plan
    page, here = opened(new_page, server, sid)
    page.get_by_role("button", name="Generate").click()
    page.get_by_role("dialog").get_by_role("button", name="Generate").click()
    previewing(here, on=True)
    page.locator(".st-key-apply_design button").click()  # that of a suggestion may still be fading beside it
    previewing(here, on=False)
    beside(page, "Proof")
    page.get_by_role("button", name="How good is this plan?").click()
    proof = page.get_by_text("Proven: this is the best possible plan").or_(
        page.get_by_text("more compact than this one")
    )
    expect(proof).to_be_visible(timeout=120_000)
    page.reload()
    here = Map(page)
    beside(page, "Proof")
    expect(proof).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Details").click()
    expect(page.get_by_text("No plan below")).to_be_visible()
    page.keyboard.press("Escape")
    here.choose("C")
    unit = here.js(
        "(() => { const s = TerrMap.session, u = s.geo.id.findIndex((_, i) => s.codes[i] !== s.active);"
        " return s.geo.id[u]; })()"
    )
    here.assign(str(unit))
    here.settle()
    expect(page.get_by_text("The plan or its limit changed since then")).to_be_visible()
