"""The Scores page in a real browser: from a segment to the map of a plan, and likeness with its progress."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from terr.workspace.plan import editing
from tests.browser.conftest import Map
from tests.helpers.servers import Server

ROWS = 900
KINDS = ("Healthcare", "Retail", "Energy")


def book() -> bytes:
    """900 accounts in Delaware's three counties; large ones are won more often."""
    lines = ["Account ID,Name,County,State,Industry,Users,Revenue,Stage"]
    for k in range(ROWS):
        users = 1 + (k * 37) % 100
        stage = "" if k % 5 == 0 else "Closed Won" if users + (k * 53) % 120 > 110 else "Closed Lost"
        county = ("Kent", "New Castle", "Sussex")[k % 7 % 3]
        lines.append(f"A-{k},Firm {k},{county},DE,{KINDS[k % 3]},{users},{1000 + 13 * k},{stage}")
    return "\n".join(lines).encode()


@pytest.fixture
def scenario(server: Server) -> str:
    """A plan of Delaware by revenue, its id; its accounts are the newest, which the page shows."""
    ws = Workspace(server.root)
    raw, columns = dataset.inspect(book(), "book.csv")
    data = dataset.save(ws, book(), dataset.intake(raw, columns, dataset.guess_money(columns)))
    made = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Revenue", name="Delaware")
    ws.close()
    return made.id


def section(page, name: str) -> None:
    page.locator("[data-testid=stButtonGroup] button", has_text=name).first.click()


def test_a_segment_is_kept_and_seen_on_the_map(server: Server, scenario: str, new_page) -> None:
    page = new_page()
    page.goto(f"{server.url}/scores")
    expect(page.get_by_text("900 accounts. What you save here")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").first).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved, in this order: By Industry")).to_be_visible()

    section(page, "80/20 and tiers")
    expect(page.get_by_text("20% of accounts bring")).to_be_visible()
    slider = page.get_by_role("slider").first
    slider.focus()
    slider.press("ArrowLeft")  # by keyboard
    expect(slider).to_have_attribute("aria-valuetext", "19% of accounts")

    page.goto(f"{server.url}/plan?scenario={scenario}")
    shown = Map(page)
    page.get_by_role("combobox", name="Accounts to show").click()
    page.get_by_role("option", name="By Industry: Retail").click()
    shown.settle()
    find = shown.frame.get_by_placeholder("Find").first
    find.fill("Firm 1")
    hits = shown.frame.get_by_text("Firm 1", exact=False)
    expect(hits.first).to_be_visible()
    for text in hits.all_inner_texts():
        number = text.split("Firm ")[1].split()[0].rstrip(",")
        assert int(number) % 3 == 1, "only Retail is looked for"


def test_likeness_learns_in_the_background_and_is_explained(server: Server, scenario: str, new_page) -> None:
    page = new_page(1024, 768, dark=True)
    page.goto(f"{server.url}/scores")
    section(page, "Look-alikes")
    page.get_by_role("button", name="Learn and test").click()
    expect(page.get_by_text("it picks the won one in")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Top look-alikes among open accounts")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved, in this order: Look-alike score")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Kept, in the order of working")).to_have_count(0)
