"""The Territory plans page as a person meets it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from terr.planbook.content import Action
from terr.workspace.territory_plans import plans
from tests.pages.test_accounts import _patient, ok, said  # noqa: F401 (a fixture)
from tests.workspace.territory_plans.test_plans import ANN, ME, PERIOD, made


@pytest.fixture
def sid(ws):
    return made(ws)


def button(window, label):
    return next(b for b in window.button if b.label == label)


def test_without_a_plan_it_says_what_to_do(open_app):
    window = open_app("territory_plans")
    ok(window.run())
    assert "Territory plans belong to a plan" in said(window)


def test_plans_are_begun_read_and_marked_as_agreed(open_app, ws, sid):
    window = open_app("territory_plans", scenario=sid)
    ok(window.run())
    assert window.dataframe[0].value["State"].tolist() == ["Not begun"] * 3
    next(t for t in window.text_input if t.label == "Period").set_value("2001")
    button(window, "Begin plans").click()
    window.run()
    assert [e.value.replace("\\", "") for e in window.error] == [
        "2001 is over; choose a period that is still to come or under way."
    ]
    next(t for t in window.text_input if t.label == "Period").set_value(PERIOD)
    button(window, "Begin plans").click()
    ok(window.run())
    assert window.dataframe[0].value["State"].tolist() == ["Draft"] * 3
    window.session_state["territory_plans_view"] = "One plan"
    ok(window.run())
    told = said(window)
    titles = [h.value for h in window.subheader]
    assert titles == [s.title for s in plans.open_plan(ws, sid, 0).view.sections]
    assert "A file of orders, imported on Accounts, brings" in told.replace("\\", "")
    button(window, "Mark as agreed").click()
    ok(window.run())
    assert plans.open_plan(ws, sid, 0).content.state == "agreed"
    button(window, "Undo").click()
    ok(window.run())
    assert plans.open_plan(ws, sid, 0).content.state == "draft"
    button(window, f"Freeze for {PERIOD}").click()
    ok(window.run())
    assert "it shows what it was then" in said(window)
    button(window, "Reopen").click()
    ok(window.run())
    assert plans.open_plan(ws, sid, 0).content.state == "draft"


def test_what_is_saved_by_another_window_is_told(open_app, ws, sid):
    plans.begin(ws, sid, [0], PERIOD, by=ME)
    window = open_app("territory_plans", scenario=sid)
    window.session_state["territory_plans_view"] = "One plan"
    ok(window.run())
    opened = plans.open_plan(ws, sid, 0)
    plans.change(ws, opened, replace(opened.content, actions=(Action("Call", due=date(2020, 1, 1)),)), by=ANN)
    button(window, "Save goals").click()  # another section: kept
    ok(window.run())
    assert plans.open_plan(ws, sid, 0).content.goals is not None
    assert "Overdue: Call, due Jan 1, 2020." in [w.value.replace("\\", "") for w in window.warning]
    opened = plans.open_plan(ws, sid, 0)
    plans.change(ws, opened, replace(opened.content, actions=()), by=ANN)
    button(window, "Save actions").click()  # the same section: not written over, and said
    ok(window.run())
    assert any("Ann changed what this section rests on" in i.value for i in window.info)
    assert plans.open_plan(ws, sid, 0).content.actions == ()


@pytest.mark.parametrize("view", ["All files", "Template"])
def test_the_other_views(open_app, ws, sid, view):
    plans.begin(ws, sid, [0], PERIOD, by=ME)
    window = open_app("territory_plans", scenario=sid)
    window.session_state["territory_plans_view"] = view
    ok(window.run())
    if view == "Template":
        next(t for t in window.text_area if t.label.startswith("Your own")).set_value("Why us?")
        button(window, "Save template").click()
        ok(window.run())
        assert [s.key for s in plans.open_plan(ws, sid, 0).view.sections][-1] == "questions"
    else:
        button(window, "Make a zip of 1 plan").click()
        ok(window.run())
        assert not said(window).count("Something went wrong")
