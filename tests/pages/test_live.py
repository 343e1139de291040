"""Together, beside the map, run without a browser."""

from __future__ import annotations

from dataclasses import replace

import pytest

from terr.model.person import Person
from terr.store import WindowPresence
from terr.workspace.live import comments, presence, proposals
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start
from tests.pages.test_pages import ok, press

ANN = Person("", "Ann Poe")


@pytest.fixture
def ws(open_app):
    from terr.ui.session import state

    return state.workspace()


@pytest.fixture
def sid(ws):
    """Kent and Sussex in Territory 1, New Castle in South."""
    made = start(ws).id
    more(ws, made, ["South"])
    editing.paint(ws, made, [KENT, SUSSEX], 0)
    editing.paint(ws, made, [NEW_CASTLE], 1)
    return made


def texts(window) -> str:
    return " ".join([*(m.value for m in window.markdown), *(c.value for c in window.caption)]).replace("\\", "")


@pytest.fixture
def window(open_app, sid):
    opened = open_app("plan", scenario=sid)
    opened.session_state["terr_seen"] = replace(opened.session_state["terr_seen"], have="drawn")
    opened.session_state["side_part"] = "Together"
    return ok(opened.run())


def test_a_proposal_is_accepted_with_its_effect_told_before(ws, sid, window):
    one = proposals.propose(ws, sid, [KENT], [1], reason="nearer to <b>South</b>", by=ANN)
    ok(window.run())
    said = texts(window)
    assert "Move Kent" in said or "Move 1 county" in said
    assert "Max deviation 0.0% → 33.3% (worse)" in said
    assert "nearer to <b>South</b>" in said
    assert f"{plan_snapshot(ws, sid).units.names[KENT]}  \n" in said, "the counties by name"
    assert "Ann Poe proposes: Move" in window.toast[0].value.replace("\\", "")
    press(window, f"accept_{one.id}")
    assert ws.plan(sid)[0].assign.tolist() == [1, 1, 0]
    assert ws.store.proposals.of(sid)[0].state == "accepted"


def test_a_name_is_said_once_and_signs_comments(ws, sid, window):
    ok(window.text_input(key="together_name_field").set_value("Bob Ray").run())
    window.text_input(key="remark_text").set_value("Keep the coast together")
    press(window, "send_comment")
    (said,) = ws.store.comments.of(sid)
    assert (said.text, said.by.name, said.target) == ("Keep the coast together", "Bob Ray", "plan")
    assert "Keep the coast together" in texts(window)
    assert window.text_input(key="remark_text").value == ""
    press(window, f"settle_{said.id}")
    assert ws.store.comments.of(sid)[0].resolved_by == "Bob Ray"
    press(window, f"remove_{said.id}")
    assert ws.store.comments.of(sid) == ()


def test_a_comment_of_somebody_else_cant_be_deleted_here(ws, sid, window):
    one = comments.say(ws, sid, "thin", target="territory", target_id="1", by=ANN)
    ok(window.run())
    assert "South" in texts(window)
    assert not [b for b in window.button if b.key == f"remove_{one.id}"]


def test_who_is_here_is_told_with_what_they_look_at(ws, sid, window):
    presence.present_people(ws, sid).say(WindowPresence("w2", ANN, 1, True, {"to": 1, "units": [KENT, SUSSEX]}))
    ok(window.run())
    said = texts(window)
    assert "AP Ann Poe · editing South near Kent, DE and 1 more · presenting" in said.replace("*", "")
