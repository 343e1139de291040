"""Splitting what is too large, on the Plan page: offered in Generate, made in one click, taken back in another."""

from __future__ import annotations

import pytest

from terr.workspace.plan import editing
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start
from tests.pages.test_pages import ok, press

NAMED = (("A-1", "Kent", "DE", 100.0), ("A-2", "New Castle", "DE", 400.0), ("A-3", "Sussex", "DE", 100.0))


@pytest.fixture
def ws(open_app):
    from terr.ui.session import state

    return state.workspace()


@pytest.fixture
def sid(ws):
    """New Castle, in North, has 400 of 600; with a target of 300 no plan can have it whole."""
    made = start(ws, rows=NAMED).id
    more(ws, made, ["North"])
    editing.paint(ws, made, [KENT, SUSSEX], 0)
    editing.paint(ws, made, [NEW_CASTLE], 1)
    return made


def test_generate_offers_to_split_what_no_plan_can_have_whole(open_app, ws, sid):
    window = ok(press(open_app("plan", scenario=sid), "generate"))
    assert "No plan within the limit can have New Castle, DE whole." in window.warning[0].value.replace("\\", "")
    split = window.button(key="gen_split")
    assert split.label.replace("\\", "").startswith("Split New Castle, DE into ")
    plan = ws.plan(sid)[0]
    ok(press(window, "gen_split"))
    new = window.session_state["terr_scenario"]
    assert new != sid
    info = ws.scenario(new)
    assert info.level == "county+zip:10003"
    assert "Split New Castle, DE (" in window.success[0].value.replace("\\", "")
    assert window.number_input(key="gen_k").value == 2, "Generate is open on the new plan"
    assert "gen_split" not in {b.key for b in window.button}
    units, made = ws.units(info), ws.plan(new)[0]
    assert {int(made.assign[c]) for i, c in units.codes().items() if i.startswith("zip:")} == {1}
    ok(press(window, "undo_split"))
    assert window.session_state["terr_scenario"] == sid
    assert ws.plan(sid)[0].same_as(plan)
    assert [i.id for i in ws.store.scenarios.find()] == [sid]
    assert "undo_split" not in {b.key for b in window.button}


def test_counties_chosen_by_hand_are_split(open_app, ws, sid):
    window = ok(press(open_app("plan", scenario=sid), "by_list"))
    assert window.button(key="list_split_off").disabled
    window.multiselect(key="list_units").set_value([KENT])
    ok(window.run())
    ok(press(window, "list_split"))
    assert ws.scenario(window.session_state["terr_scenario"]).level == "county+zip:10001"
