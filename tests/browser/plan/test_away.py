"""While the server is away: said in Terr's words, clicks kept, and the page comes back by itself."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from playwright.sync_api import expect

from terr.workspace import Workspace
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan import editing
from tests.browser.conftest import FRAME, Map
from tests.helpers.servers import Server

TRAVIS, HAYS = "48453", "48209"


def test_clicks_while_the_server_is_away_are_kept_and_the_page_comes_back(
    own_demo: tuple[Workspace, str], new_page
) -> None:
    ws, data = own_demo
    info = editing.create(ws, dataset_id=data, level="county", region="TX", measure="Potential")
    with Server(ws.root) as server:
        page = new_page()
        page.goto(f"{server.url}/plan?scenario={info.id}")
        here = Map(page)
        here.assign(TRAVIS)
        here.settle()
        server.kill()
        said = page.locator("#terr-away")
        expect(said).to_contain_text("Terr isn't answering")
        expect(said).to_contain_text("kept in this browser")
        page.wait_for_timeout(6_000)  # Streamlit has said so too by now
        expect(page.get_by_text("Streamlit", exact=False)).to_have_count(0)
        expect(page.get_by_role("dialog")).to_have_count(0)
        here.click(HAYS)
        assert here.territory(HAYS) == "Territory 1", "painted though nobody answers"
        server.start()
        expect(said).to_have_count(0, timeout=60_000)
        here.settle()
        expect(page.locator(".terr-line")).to_contain_text("revision 3")
        _ends_in_peace(server)
    plan, rev = ws.plan(info.id)
    assert rev == 3
    assert [int(plan.assign[ws.units(info).codes()[unit]]) for unit in (TRAVIS, HAYS)] == [0, 0]


def _ends_in_peace(server: Server) -> None:
    """Told to end, a server whose solver runs leaves neither a process nor a word about what was left behind."""
    assert server.process is not None
    until = time.monotonic() + 60
    while len(workers := _workers(server.process.pid)) < 2 and time.monotonic() < until:
        time.sleep(0.2)
    assert len(workers) == 2
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(60) == 0
    said = server.log.read_text()
    assert "Traceback" not in said
    assert "leaked" not in said
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)


def _workers(parent: int) -> list[int]:
    listed = " ".join(p.read_text() for p in Path(f"/proc/{parent}/task").glob("*/children")).split()
    return [int(p) for p in listed if b"spawn_main" in Path(f"/proc/{p}/cmdline").read_bytes()]


def test_a_dialog_opened_while_the_page_is_drawn_anew_stays_open(
    server: Server, shared_demo: tuple[Workspace, Dataset], new_page
) -> None:
    ws, data = shared_demo
    info = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Potential")
    page = new_page()
    page.goto(f"{server.url}/plan?scenario={info.id}")
    page.get_by_role("button", name="Territories", exact=True).click()  # before the map has said its first word
    dialog = page.get_by_role("dialog")
    name = dialog.get_by_label("Name", exact=True)
    name.fill("North by the sea")
    for unit in ws.units(info).codes().values():
        editing.paint(ws, info.id, [unit], 0)  # somebody else's
        page.wait_for_timeout(700)
    expect(page.frame_locator(FRAME).locator('body[data-rev="4"]')).to_be_attached()
    expect(name).to_have_value("North by the sea")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator(".terr-line")).to_contain_text("revision 4")  # and drawn anew, the dialog isn't there again
    expect(dialog).to_have_count(0)
