"""From a spreadsheet to a balanced plan, edited, kept and exported, as a new user would do it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import xlsxwriter
from playwright.sync_api import expect

from terr import demo
from terr.workspace import Workspace
from terr.workspace.plan import editing, snapshot
from tests.browser.conftest import ACTIVE, Map
from tests.helpers.servers import Server

EXCEL = "Download Excel"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Server]:
    """A server that nobody has used."""
    with Server(tmp_path / "new") as running:
        yield running


def choose_region(page, name: str) -> None:
    box = page.get_by_test_id("stMultiSelect").locator("input")
    box.click()
    box.type(name)
    page.get_by_role("option", name=name, exact=True).click()
    box.press("Escape")
    expect(page.get_by_text(f"{name} replaced")).to_be_visible()  # a state takes the place of a group of states


def test_upload_plan_edit_apply_export_restart(empty, new_page, tmp_path: Path) -> None:
    book = tmp_path / "Q3 export (final).xlsx"
    demo.write_demo(book)
    page = new_page()
    page.goto(f"{empty.url}/accounts")
    page.locator('input[type="file"]').first.set_input_files(str(book))
    expect(page.get_by_text("5,000 rows below the header")).to_be_visible()
    with closing(Workspace(empty.root)) as ws:
        assert ws.store.datasets.all() == ()  # nothing is taken in before it is confirmed
    page.get_by_role("button", name="Import 5,000 rows").click()
    expect(page.get_by_text("All 5,000 rows")).to_be_visible()
    choose_region(page, "Texas")
    page.get_by_role("button", name="Start planning").click()
    here = Map(page)

    page.get_by_role("button", name="Generate").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Number of territories").fill("10")
    dialog.get_by_label("Number of territories").press("Tab")
    expect(dialog.get_by_text("into 10 territories")).to_be_visible()
    dialog.get_by_role("button", name="Generate").click()
    page.get_by_role("button", name="Apply").wait_for(timeout=60_000)
    here.assign("48453")
    expect(here.frame.locator("#terr-say")).to_contain_text("preview")  # a preview isn't edited by accident
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Every territory is within the limit")).to_be_visible()
    here.frame.wait_for_function("TerrMap.session.rev === 2 && [...TerrMap.session.base].every(c => c >= 0)")

    # one county too many for one territory: suggestions appear, are shown, and applied as one edit
    code, unit = here.js(
        "(() => { const s = TerrMap.session, w = s.geo, u = w.index.get('48113'), t = s.codes[u];"
        " const other = s.territories.map(q => q.code).find(c => c !== t &&"
        " w.left.some((l, a) => (l === u && s.codes[w.right[a]] === c) || (w.right[a] === u && s.codes[l] === c)));"
        " return [other, '48113']; })()"
    )
    here.frame.locator(ACTIVE).select_option(str(code))
    here.assign(unit)
    here.settle()
    page.get_by_role("button", name="Preview").wait_for(timeout=60_000)
    page.get_by_role("button", name="Preview").click()
    here.frame.wait_for_function("TerrMap.session.preview && TerrMap.session.preview.size > 0")
    page.get_by_test_id("stMain").get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Suggested moves applied")).to_be_visible()
    here.frame.wait_for_function("TerrMap.session.rev === 4")

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Reports").click()
    files = {}
    page.get_by_role("button", name="Create Excel").click()  # a document is made beside the page
    for label in (EXCEL, "Accounts (CSV)", "Plan file (CSV)", "Territories (GeoJSON)"):
        button = page.get_by_role("button", name=label)
        button.wait_for(timeout=90_000)
        with page.expect_download() as got:
            button.click()
        files[label] = Path(got.value.path()).read_bytes()
    ws = Workspace(empty.root)
    sid = ws.store.scenarios.find()[0].id
    shown, totals = snapshot.plan_snapshot(ws, sid), snapshot.totals(ws, sid)
    table = pd.read_csv(io.BytesIO(files["Accounts (CSV)"]), dtype={"zip": str})
    mine = table[table["status"] == "assigned"]
    assert len(table) == 5000
    assert len(mine) == totals.assigned.rows
    assert mine["Potential"].sum() == pytest.approx(totals.load("assigned", "Potential"), rel=1e-9)
    sums = mine.groupby("territory")["Potential"].sum()
    for name, load in zip(shown.table["territory"], shown.table["load"], strict=True):
        assert sums[name] == pytest.approx(load, rel=1e-9)
    excel = pd.read_excel(io.BytesIO(files[EXCEL]), sheet_name="Accounts", dtype={"zip": str}, engine="calamine")
    assert excel["Potential"].sum() == pytest.approx(table["Potential"].sum(), rel=1e-9)
    assert len(pd.read_csv(io.BytesIO(files["Plan file (CSV)"]))) == 254
    shapes = gpd.read_file(io.BytesIO(files["Territories (GeoJSON)"]))
    assert len(shapes) == 10
    assert shapes.is_valid.all()

    empty.kill()
    empty.start()
    page = new_page()
    page.goto(f"{empty.url}/plan?scenario={sid}")
    again = Map(page)
    assert again.rev == 4
    assert again.territory(unit) == shown.plan.territory(int(shown.plan.assign[shown.units.codes()[unit]])).name
    ws.close()


def broken_files(folder: Path) -> list[tuple[str, bytes, str]]:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as made:
        made.add_worksheet("Accounts").write_row(0, 0, ["Account ID", "Account Name", "ZIP", "Revenue"])
    return [
        ("empty.csv", b"", "empty"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + bytes(200), "PNG"),
        ("header-only.xlsx", book.getvalue(), "header"),
        ("torn.xlsx", book.getvalue()[:400], "Excel|workbook"),
        (
            "locked.xlsx",
            bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600) + "EncryptedPackage".encode("utf-16le"),
            "password|workbook",
        ),
    ]


def test_files_that_cannot_be_used_say_why(server, new_page, tmp_path: Path) -> None:
    page = new_page()
    page.goto(f"{server.url}/accounts")
    page.get_by_text("4 Plan").wait_for()
    for name, data, words in broken_files(tmp_path):
        path = tmp_path / name
        path.write_bytes(data)
        page.locator('input[type="file"]').first.set_input_files(str(path))
        alert = page.get_by_test_id("stAlert").filter(has_text=re.compile(words, re.IGNORECASE))
        expect(alert.first).to_be_visible()
        assert "Traceback" not in page.inner_text("body")
        page.reload()
        page.get_by_text("4 Plan").wait_for()


@pytest.mark.parametrize(("width", "height", "dark"), [(1440, 900, False), (1024, 768, True)])
def test_nothing_is_cut_off(server, shared_demo, new_page, width: int, height: int, dark: bool) -> None:
    ws, data = shared_demo
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="TX", measure="Potential").id
    editing.place_by_name(ws, sid, ws.store.scenarios.rev(sid), [f"Territory {1 + u % 10}" for u in range(254)])
    page = new_page(width, height, dark=dark)
    page.goto(f"{server.url}/plan?scenario={sid}")
    here = Map(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    tools = here.frame.locator(".terr-bar").bounding_box()
    frame = here.frame.frame_element().bounding_box()
    last = here.frame.locator(".terr-bar input").bounding_box()
    assert tools["x"] + tools["width"] <= frame["x"] + frame["width"] + 1
    assert last["x"] + last["width"] <= tools["x"] + tools["width"] + 1
    chart = page.get_by_test_id("stVegaLiteChart").first.bounding_box()
    assert chart["y"] < height * 0.75  # beside the map, without scrolling
    assert here.js("document.body.dataset.theme") == ("dark" if dark else "light")
