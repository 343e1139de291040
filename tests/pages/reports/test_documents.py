"""Page Reports: a card for each document, made beside the page, downloaded; the company's looks."""

from __future__ import annotations

import time

import pytest

from terr.workspace.plan import editing
from terr.workspace.reports import brand
from tests.helpers.spaces import NEW_CASTLE, SUSSEX, more, start
from tests.pages.test_pages import ok


@pytest.fixture
def sid(ws):
    made = start(ws).id
    more(ws, made, ["<script>*South*"])
    editing.paint(ws, made, [NEW_CASTLE], 0)
    editing.paint(ws, made, [SUSSEX], 1)
    return made


def labels(window) -> set[str]:
    return {b.proto.label for b in window.get("download_button")}


def waited(window, wanted: str):
    for _ in range(100):
        if wanted in labels(window):
            return window
        time.sleep(0.1)
        window = ok(window.run())
    raise AssertionError(f"{wanted} never came")


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("make_report", "Download Plan report"),
        ("make_deck", "Download Board deck"),
        ("make_reps", "Download Rep sheets"),
        ("make_excel", "Download Excel"),
        ("make_map", "Download Map"),
    ],
)
def test_each_card_makes_its_document(open_app, ws, sid, key, label):
    window = ok(open_app("reports", scenario=sid))
    window.button(key=key).click()
    waited(ok(window.run()), label)
    editing.paint(ws, sid, [SUSSEX], 0)  # another plan: made anew when it is asked for
    window = ok(window.run())
    assert label not in labels(window)


def test_cards_say_who_sees_accounts_and_the_map_asks(open_app, ws, sid):
    window = ok(open_app("reports", scenario=sid))
    said = [c.value for c in window.caption]
    assert sum("No single accounts" in s for s in said) == 2
    assert sum("Lists every account" in s for s in said) == 2
    assert window.checkbox(key="document_map_accounts").value is False
    window.selectbox(key="document_map_kind").select("png")
    window = ok(window.run())
    assert not any(c.key == "document_map_accounts" for c in window.checkbox)


def test_the_companys_looks_are_saved(open_app, ws, sid):
    window = ok(open_app("reports", scenario=sid))
    next(t for t in window.text_input if t.label == "Company name").input("Acme & Sons")
    next(b for b in window.button if b.label == "Save").click()
    ok(window.run())
    assert brand.brand_of(ws).company == "Acme & Sons"
