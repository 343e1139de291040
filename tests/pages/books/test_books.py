"""Plans of books and layers as a person makes them, run without a browser."""

from __future__ import annotations

import time

import pytest

from terr.workspace.plan.snapshot import plan_snapshot
from tests.pages.test_pages import ok, press
from tests.workspace.books.plans import LAYERS, accounts_data, books


@pytest.fixture
def ws(open_app):
    """The workspace the app itself works on."""
    from terr.ui.session import state

    return state.workspace()


def captions(window) -> str:
    return " ".join(c.value for c in window.caption).replace("\\", "")


def chosen(window, by: str):
    """The form with what territories are made of chosen."""
    window.segmented_control(key="new_plan_here_by").set_value(by)
    return ok(window.run())


def test_books_are_started_in_one_click(open_app, ws):
    accounts_data(ws)
    window = chosen(ok(open_app("plan")), "Accounts (books)")
    assert "Each account is moved by itself, wherever it is: 6 accounts." in captions(window)
    ok(press(window, "new_plan_here_go"))
    (info,) = ws.store.scenarios.find()
    assert (info.level, info.n_units) == ("account", 6)


def test_layers_say_what_they_catch_and_what_falls_through(open_app, ws):
    accounts_data(ws)
    window = chosen(ok(open_app("plan")), "Layers")
    assert "Choose one or more values." in captions(window)
    window.multiselect(key="new_plan_here_rules_1_values_Industry").set_value(["Health"])
    ok(window.run())
    assert "3 accounts (50.0%), $420 Revenue; 3 fall through" in captions(window)
    assert "3 accounts (50.0%), $280 Revenue" in captions(window)
    window.selectbox(key="new_plan_here_rules_resthow").set_value("areas")
    window.button(key="new_plan_here_rules_add").click()
    ok(window.run())
    window.selectbox(key="new_plan_here_rules_2_way").set_value("Rule")
    ok(window.run())
    window.text_input(key="new_plan_here_rules_2_rule").set_value("revenue >= 200")
    ok(window.run())
    assert "1 account (16.7%), $200 Revenue; 2 fall through" in captions(window)
    window.button(key="new_plan_here_rules_2_up").click()
    ok(window.run())
    assert "2 accounts (33.3%), $450 Revenue; 4 fall through" in captions(window)
    window.multiselect(key="new_plan_here_region").set_value(["Delaware"])
    ok(window.run())
    ok(press(window, "new_plan_here_go"))
    (info,) = ws.store.scenarios.find()
    assert info.level == "account+county"
    assert ws.units(info).layers == ("Layer 2", "Key accounts", "Everything else")


def test_a_rule_that_is_wrong_is_said_beside_it_and_makes_no_plan(open_app, ws):
    accounts_data(ws)
    window = chosen(ok(open_app("plan")), "Layers")
    window.selectbox(key="new_plan_here_rules_1_way").set_value("Rule")
    ok(window.run())
    window.text_input(key="new_plan_here_rules_1_rule").set_value("profit > 3")
    ok(window.run())
    assert "The rule can't be used" in captions(window)
    window.button(key="new_plan_here_go").click()
    window.run()
    assert not window.exception
    assert any("profit" in e.value for e in window.error)
    assert ws.store.scenarios.find() == []


def test_books_are_generated_previewed_and_applied(open_app, ws):
    info = books(ws, layers=LAYERS)
    window = ok(press(open_app("plan", scenario=info.id), "generate"))
    window = ok(press(window, "generate_books"))
    window.number_input(key="books_k_0").set_value(2)
    ok(window.run())
    assert any(
        "2 accounts of the layer Key into 2 books of about" in m.value.replace("\\", "") for m in window.markdown
    )
    ok(press(window, "books_go"))
    ends = time.monotonic() + 60
    while not any(b.key == "books_apply" for b in window.button) and time.monotonic() < ends:
        time.sleep(0.3)
        ok(window.run())
    ok(press(window, "books_apply"))
    shown = plan_snapshot(ws, info.id)
    assert sorted(shown.table["load"].tolist()) == [200.0, 250.0]
