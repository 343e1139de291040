"""The Accounts page in a real browser: cells mended in place, repairs refused, a long file stopped."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import Locator, Page, expect

from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from tests.helpers.servers import Server

HEAD = ("Account ID", "Name", "ZIP", "State", "Revenue")
ROWS = (
    ("A-1", "Alpha", "02116", "MA", "$1,000"),
    ("A-2", "Beta", "2116", "MA", "$2,000"),
    ("A-3", "Gamma", "99999", "", "$300"),
    ("A-4", "<img src=x onerror=alert(1)>", "78701", "TX", "oops"),
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One of its own, which begins without accounts."""
    with Server(tmp_path_factory.mktemp("accounts")) as running:
        yield running


def file_of(rows: object) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)  # type: ignore[arg-type]
    return out.getvalue().encode()


def taken(new_page: Callable[..., Page], server: Server) -> Page:
    """A window with the small file taken in."""
    page = new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{server.url}/accounts")
    given = {"name": "crm.csv", "mimeType": "text/csv", "buffer": file_of([HEAD, *ROWS])}
    page.locator("input[type=file]").first.set_input_files(given)  # type: ignore[arg-type]
    page.get_by_role("button", name="Take in 4 rows").click()
    says(page, "3 of 4 rows and $3,300 of $3,300 Revenue are in; 2 rows need you.")
    return page


def says(page: Page, text: str) -> None:
    expect(page.get_by_text(text)).to_be_visible(timeout=60_000)


def grid(page: Page, key: str) -> Locator:
    found = page.locator(f'[class*="st-key-{key}"] [data-testid="stDataFrameResizable"]')
    expect(found).to_be_visible()
    return found


def test_a_cell_is_mended_in_place_and_taken_back(new_page, server):
    page = taken(new_page, server)
    editor = grid(page, "terr_mend")
    editor.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    editor.click(position={"x": 30, "y": 35 + 35 + 17})  # the row number of the second row, which the keys start from
    for _ in range(6):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(100)  # the table draws itself on a canvas and tells nothing of where it is
    page.keyboard.type("70", delay=100)
    page.wait_for_timeout(300)
    page.keyboard.press("Enter")
    says(page, "4 of 4 rows and $3,370 of $3,370 Revenue are in; 1 row needs you.")
    page.reload()
    says(page, "4 of 4 rows and $3,370 of $3,370 Revenue are in; 1 row needs you.")
    page.get_by_role("tab", name="Changes").click()
    page.get_by_role("button", name="Undo").click()
    says(page, "3 of 4 rows and $3,300 of $3,300 Revenue are in; 2 rows need you.")


def test_a_repair_is_refused_by_its_tick(new_page, server):
    page = taken(new_page, server)
    page.get_by_role("tab", name="Repairs").click()
    table = grid(page, "terr_repairs")
    ws = Workspace(server.root)
    newest = ws.store.datasets.all()[0].id
    at = [r.column for r in dataset.ledger_of(ws, newest).ledger.repairs].index("ZIP")
    page.wait_for_timeout(500)
    table.click(position={"x": 20, "y": 35 + 35 * at + 17})
    page.wait_for_timeout(300)
    page.keyboard.press("Space")
    says(page, "3 of 4 rows and $3,300 of $3,300 Revenue are in; 3 rows need you.")
    assert list(ws.store.datasets.get(newest).mapping["refuse"]) == ["padded_zip:ZIP"]
    ws.close()


def test_a_long_file_shows_its_progress_and_is_stopped_while_the_page_lives(new_page, server, tmp_path: Path):
    path = tmp_path / "long.xlsx"  # a workbook takes its time to read, on a quick machine too
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Accounts")
        sheet.write_row(0, 0, HEAD)
        for i in range(120_000):
            sheet.write_row(i + 1, 0, (f"A-{i}", f"Account {i}", "02116", "MA", f"${i % 900}.50"))
    ws = Workspace(server.root)
    before = len(ws.store.datasets.all())
    page = new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{server.url}/accounts")
    page.locator("input[type=file]").first.set_input_files(path)
    stop = page.get_by_role("button", name="Cancel", exact=True)
    expect(stop).to_be_visible(timeout=60_000)
    stop.evaluate("button => button.click()")  # at once, before the next redraw
    expect(page.get_by_text("Stopped; nothing")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Try the demo").click()  # the page goes on
    expect(page.get_by_text("5,000 of 5,000 rows")).to_be_visible(timeout=60_000)
    assert len(ws.store.datasets.all()) == before + 1
    ws.close()
