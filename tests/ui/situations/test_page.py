"""Page Situations as a person meets it: ask, compare the options, apply one, and take a coverage back."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from terr.workspace.situations.applying import coverage_of
from tests.workspace.situations.places import new_jersey


@pytest.fixture
def ws(open_app):
    """The workspace the app itself works on."""
    from terr.ui.session import state

    return state.workspace()


def ok(window: AppTest) -> AppTest:
    assert not window.exception, [e.value for e in window.exception]
    assert not window.error, [e.value for e in window.error]
    return window


def answered(window: AppTest) -> AppTest:
    """The window once the options are there."""
    window.button(key="sit_show").click()
    ok(window.run())
    ends = time.monotonic() + 60
    while not any(b.key and b.key.startswith("sit_apply_") for b in window.button) and time.monotonic() < ends:
        time.sleep(0.2)
        ok(window.run())
    return window


def texts(window: AppTest) -> str:
    return "\n".join(m.value for m in (*window.markdown, *window.caption))


def test_a_rep_leaves_and_an_option_becomes_a_scenario(open_app, ws) -> None:
    sid = new_jersey(ws)
    window = ok(open_app("situations", scenario=sid).run())
    assert window.title[0].value == "Situations"
    window.selectbox(key="sit_leave_who").select(1)
    answered(window)
    assert "Bob Ray leaves" in texts(window)
    assert "No account moves between reps who stay" in texts(window)
    keys = {b.key for b in window.button if b.key and b.key.startswith("sit_apply_")}
    assert keys == {"sit_apply_fewest", "sit_apply_travel"}
    people = window.dataframe[0].value
    assert people.set_index("Who").loc["Bob Ray", "Hands over"] == 7
    window.button(key="sit_apply_fewest").click()
    window.run()
    plans = [p for p in ws.store.scenarios.find() if p.id != sid]
    assert [p.name.startswith("Bob Ray leaves") for p in plans] == [True]
    assert len(ws.plan(plans[0].id)[0].territories) == 2


def test_a_leave_of_absence_and_the_way_back(open_app, ws) -> None:
    sid = new_jersey(ws)
    window = ok(open_app("situations", scenario=sid).run())
    window.segmented_control(key="sit_kind").set_value("absence")
    ok(window.run())
    answered(window)
    window.button(key="sit_apply_fewest").click()
    window.run()
    (copy,) = (p.id for p in ws.store.scenarios.find() if p.id != sid)
    assert coverage_of(ws, copy) is not None
    other = ok(open_app("situations", scenario=copy).run())
    assert "is covered until" in texts(other)
    other.button(key="sit_back").click()
    ok(other.run())
    assert coverage_of(ws, copy) is None


@pytest.mark.parametrize("kind", ["leave", "hire", "absence", "merge", "split", "swap", "mid_year"])
def test_every_form_opens(open_app, ws, kind: str) -> None:
    window = ok(open_app("situations", scenario=new_jersey(ws)).run())
    window.segmented_control(key="sit_kind").set_value(kind)
    ok(window.run())
    assert (kind == "hire") == bool(window.warning)  # nobody is named yet


def test_the_plan_pages_first_button_leads_here(open_app, ws) -> None:
    window = ok(open_app("plan", scenario=new_jersey(ws)).run())
    first = next(b for b in window.button if b.key in ("situations", "generate"))
    assert first.key == "situations"
    assert first.label == "What happened?"


def test_a_data_set_without_reps_says_what_to_add(open_app, ws) -> None:
    from tests.workspace.books.plans import books

    info = books(ws)
    window = ok(open_app("situations", scenario=info.id).run())
    assert any("no territories yet" in i.value for i in window.info)
    assert any(b.key == "sit_to_plan" for b in window.button)
    from terr.workspace.plan import editing

    editing.paint(ws, info.id, range(3), 0)
    window = ok(open_app("situations", scenario=info.id).run())
    assert any("no reps yet" in c.value for c in window.caption)
    assert any(b.key == "sit_to_reps" for b in window.button)
