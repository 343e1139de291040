"""The page Scores as a person meets it, run without a browser."""

from __future__ import annotations

import pytest
from test_pages import ok, one, press

from terr.workspace import imports


@pytest.fixture
def ws(open_app):
    """The workspace the app itself works on."""
    from terr.ui import state

    return state.workspace()


@pytest.fixture
def window(open_app, ws):
    """The page on the demo."""
    opened = ok(press(open_app(), "demo"))
    from conftest import ROOT

    return ok(opened.switch_page(str(ROOT / "pages" / "scores.py")).run())


def section(window, name):
    window.segmented_control(key="terr_scores_section").set_value(name)
    return ok(window.run())


def said(window) -> str:
    texts = [m.value for m in window.markdown] + [c.value for c in window.caption]
    return "\n".join(t.replace("\\", "") for t in texts)


def kept(ws):
    data = imports.dataset(ws, ws.store.list_datasets()[0].id)
    return data, [d.name for d in data.scored.recipe.kept]


def keep(window):
    one(window.button, "scores_keep").click()
    return ok(window.run())


def test_it_says_what_to_do_without_accounts(open_app):
    window = ok(open_app("scores"))
    assert window.info[0].value.startswith("Scores are made from accounts.")


@pytest.mark.parametrize("name", ["Segments", "80/20 and tiers", "Potential", "Score", "Likeness", "Workload", "Kept"])
def test_every_section_opens_filled_in_and_keeps_nothing_by_itself(window, ws, name):
    section(window, name)
    assert kept(ws)[1] == []
