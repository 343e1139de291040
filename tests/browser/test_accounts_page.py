"""The Accounts page in a real browser: cells mended in place, repairs refused, a long file stopped."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
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


def taken(new_page: Callable[..., Page], server: Server, rows: Sequence[Sequence[str]], verdict: str) -> Page:
    """A window with a small file taken in; each test has a file of its own, so that no sentence is an earlier one's."""
    page = new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{server.url}/accounts")
    given = {"name": "crm.csv", "mimeType": "text/csv", "buffer": file_of([HEAD, *rows])}
    page.locator("input[type=file]").first.set_input_files(given)  # type: ignore[arg-type]
    page.get_by_role("button", name=f"Import {len(rows)} rows").click()
    says(page, verdict)
    return page


def says(page: Page, text: str) -> None:
    expect(page.get_by_text(text)).to_be_visible(timeout=60_000)


def grid(page: Page, key: str) -> Locator:
    found = page.locator(f'[class*="st-key-{key}"] [data-testid="stDataFrameResizable"]')
    expect(found).to_be_visible()
    return found


def test_a_cell_is_mended_in_place_and_taken_back(new_page, server):
    page = taken(new_page, server, ROWS, "3 of 4 rows imported ($3,300 of $3,300). 2 rows have issues")
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
    says(page, "All 4 rows imported ($3,370). 1 row has an issue")
    page.reload()
    says(page, "All 4 rows imported ($3,370). 1 row has an issue")
    page.get_by_role("tab", name="Changes").click()
    page.get_by_role("button", name="Undo").click()
    says(page, "3 of 4 rows imported ($3,300 of $3,300). 2 rows have issues")


def test_a_repair_is_refused_by_its_tick(new_page, server):
    rows = (*ROWS, ("A-5", "Delta", "60601", "IL", "$50"))
    page = taken(new_page, server, rows, "4 of 5 rows imported ($3,350 of $3,350). 2 rows have issues")
    page.get_by_role("tab", name="Automatic corrections").click()
    expect(page.get_by_text("Uncheck one to keep")).to_be_visible()
    table = grid(page, "terr_repairs")
    ws = Workspace(server.root)
    newest = ws.store.datasets.all()[0].id
    at = [r.column for r in dataset.ledger_of(ws, newest).ledger.repairs].index("ZIP")
    page.wait_for_timeout(500)
    table.click(position={"x": 20, "y": 35 + 35 * at + 17})
    page.wait_for_timeout(300)
    page.keyboard.press("Space")
    says(page, "4 of 5 rows imported ($3,350 of $3,350). 3 rows have issues")
    assert list(ws.store.datasets.get(newest).mapping["refuse"]) == ["padded_zip:ZIP"]
    ws.close()


def test_a_long_file_shows_its_progress_and_is_stopped_while_the_page_lives(new_page, server, tmp_path: Path):
    path = tmp_path / "long.xlsx"  # a workbook takes its time to read, on a quick machine too
    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Accounts")
        sheet.write_row(0, 0, HEAD)
        for i in range(360_000):
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
    if not page.get_by_role("button", name="Try the demo").is_visible():  # folded up once there are accounts
        page.get_by_text("Import another file").click()
    page.get_by_role("button", name="Try the demo").click()  # the page goes on
    expect(page.get_by_text("All 5,000 rows")).to_be_visible(timeout=60_000)
    assert len(ws.store.datasets.all()) == before + 1
    ws.close()
