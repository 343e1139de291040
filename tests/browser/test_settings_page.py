"""Boundaries of one's own in a real browser: progress and result appear by themselves, nothing is asked abroad."""

from __future__ import annotations

import json
import re
from contextlib import closing
from pathlib import Path

from playwright.sync_api import expect

from terr.workspace import Workspace
from tests.helpers.geofiles import geojson, squares
from tests.helpers.hostile_shapes import feature_collection, nested_rings
from tests.helpers.servers import Server


def scenarios(server: Server) -> list[str]:
    with closing(Workspace(server.root)) as ws:
        return [s.id for s in ws.store.scenarios.find()]


def test_a_file_becomes_boundaries_without_a_click_too_many(server, new_page, tmp_path: Path) -> None:
    path = tmp_path / "sales regions.geojson"
    body = json.loads(geojson(squares([f"R-{i:03d}" for i in range(300)], west=-100, step=0.01)))
    body["features"][5]["geometry"] = None
    body["features"][6]["properties"]["name"] = "<img src=x onerror=alert(1)>"
    path.write_text(json.dumps(body))
    before = scenarios(server)
    page = new_page()
    page.goto(f"{server.url}/settings")
    page.locator('input[type="file"]').first.set_input_files(str(path))
    page.get_by_role("button", name="Check the areas").click()
    expect(page.get_by_text("299 areas can be used.")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("1 area had no shape and was left out: R-005.")).to_be_visible()
    page.get_by_label("Name of these boundaries").fill("Regions 2027")
    page.get_by_role("button", name="Save 299 areas").click()
    expect(page.get_by_text("“Regions 2027” saved with 299 areas")).to_be_visible(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert scenarios(server) == before
    kept = [json.loads(p.read_text()) for p in (server.root / "boundaries").glob("own-*/layer.json")]
    assert [(k["title"], k["count"]) for k in kept] == [("Regions 2027", 299)]


def test_a_file_that_cannot_be_used_says_why(server, new_page, tmp_path: Path) -> None:
    path = tmp_path / "map.kml"
    path.write_text("<kml></kml>")
    page = new_page(1024, 768, dark=True)
    page.goto(f"{server.url}/settings")
    page.locator('input[type="file"]').first.set_input_files(str(path))
    alert = page.get_by_test_id("stAlert").filter(has_text=re.compile("XML"))
    expect(alert).to_be_visible()
    assert "Traceback" not in page.inner_text("body")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_stop_ends_the_repair_of_costly_shapes_and_the_page_goes_on(server, new_page, tmp_path: Path) -> None:
    path = tmp_path / "costly.geojson"
    before = set((server.root / "boundaries").glob("own-*"))
    path.write_bytes(feature_collection([nested_rings(9_000)]))
    page, other = new_page(), new_page()
    page.goto(f"{server.url}/settings")
    page.locator('input[type="file"]').first.set_input_files(str(path))
    page.get_by_role("button", name="Check the areas").click(timeout=60_000)
    expect(page.get_by_test_id("stProgress")).to_contain_text("shapes", timeout=60_000)
    other.goto(f"{server.url}/settings")  # another window is served meanwhile
    expect(other.get_by_text("Map boundaries")).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped; nothing was kept")).to_be_visible()
    expect(page.get_by_role("button", name="Check the areas")).to_be_enabled()
    assert set((server.root / "boundaries").glob("own-*")) == before
