"""Home as a person meets it: one click to a finished plan, recent plans, the next step."""

from __future__ import annotations

from tests.helpers.spaces import more, start
from tests.pages.test_pages import html, labels, ok, press, worked


def test_one_click_opens_the_finished_demo_on_the_map(open_app):
    window = ok(open_app("home"))
    assert "Open the demo plan" in labels(window)
    ok(worked(press(window, "open_demo")))
    assert window.query_params["scenario"]
    assert "Demo: lower 48 in 12 territories" in html(window)
    assert "Generate" in labels(window), "the Plan page"


def test_recent_plans_open_from_their_cards(open_app, ws):
    sid = start(ws).id
    more(ws, sid, ["South"])
    window = ok(open_app("home"))
    assert any("Recent plans" in s.value for s in window.subheader)
    ok(press(window, f"home_open_{sid}"))
    assert window.query_params["scenario"] == sid
