"""The one HTML file in a browser without a network: it draws, asks for nothing, and runs nobody's text."""

from __future__ import annotations

import pytest

from terr.report.documents.one_file import plan_page
from tests.report.documents.plans import HOSTILE, document


@pytest.mark.parametrize("accounts", [True, False])
def test_it_opens_without_a_network(browser, tmp_path, accounts):
    path = tmp_path / "plan.html"
    path.write_bytes(plan_page(document(HOSTILE, accounts=accounts)))
    said: list[str] = []
    asked: list[str] = []
    window = browser.new_context(offline=True)
    page = window.new_page()
    page.on("console", lambda m: said.append(m.text))
    page.on("pageerror", lambda e: said.append(str(e)))
    page.on("dialog", lambda d: (said.append(d.message), d.dismiss()))
    page.on("request", lambda r: asked.append(r.url))
    page.goto(path.as_uri())
    page.wait_for_selector("body[data-ready=yes]")
    shapes = page.locator("#map path.leaflet-interactive").count()
    labels = page.locator("#map .name").all_inner_texts()
    toggles = page.locator(".leaflet-control-layers-overlays input").count()
    window.close()
    assert said == []
    assert asked == [path.as_uri()]
    assert shapes == len(HOSTILE)
    assert any("<script>" in label for label in labels)
    assert toggles == (1 if accounts else 0)
