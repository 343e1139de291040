"""Page Scenarios as a person meets it, run without a browser: tree, history, comparison, exceptions."""

from __future__ import annotations

import pytest

from terr.edits import moves
from terr.model.person import Person
from terr.model.reps import Rep
from terr.workspace.plan import editing, named_accounts
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.scenarios import exceptions, tree
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start
from tests.pages.test_pages import choose, frame, html, ok, press, rows, worked

HOSTILE = "<img src=x onerror=alert(1)> **b** $x$"


@pytest.fixture
def ws(open_app):
    from terr.ui.session import state

    return state.workspace()


@pytest.fixture
def sid(ws):
    """Delaware: North (New Castle 300, Ann) and South (Kent 100, Sussex 200, Bob); the paints are by Eve and me."""
    made = start(ws, reps=[Rep("U-1", "Ann Poe", "19901"), Rep("U-2", "Bob Ray", "19801")]).id
    editing.edit(ws, made, 1, lambda p, _: moves.rename(p, 0, "North"))
    more(ws, made, ["South"])
    editing.paint(ws, made, [NEW_CASTLE], 0, author="me")
    editing.paint(ws, made, [KENT, SUSSEX], 1, author="Eve")
    for code, rep in ((0, "U-1"), (1, "U-2")):
        editing.edit(
            ws, made, ws.store.scenarios.rev(made), lambda p, _, c=code, r=rep: moves.set_rep(p, c, r, author="Bob")
        )
    return made


def view(window, name):
    window.segmented_control(key="terr_view").set_value(name)
    return ok(worked(window.run()))


def having(window, column):
    """The table with this column: one without choices tells no key."""
    return next(d.value for d in window.dataframe if column in d.value.columns)


def tick(window, table, *rows):
    """Choose rows of a table whose key begins so."""
    window.session_state[frame(window, table).key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return ok(window.run())


def test_versions_branches_tags_and_notes_from_the_tree(open_app, ws, sid):
    window = ok(open_app("scenarios", scenario=sid))
    choose(window, ws, sid)
    window.text_input(key=f"version_{sid}").set_value(HOSTILE)
    ok(press(window, "name_version"))
    ok(press(window, f"copy_{sid}:"))
    other = next(p.id for p in tree.plans(ws) if p.id != sid)
    window.text_input(key=f"name_{other}").set_value("Other way")
    ok(press(window, "rename"))
    choose(window, ws, sid)
    window.text_input(key=f"tag_{sid}:").set_value("board draft")
    ok(press(window, "tag"))
    choose(window, ws, sid)
    window.text_input(key=f"note_{sid}:").set_value("For Tuesday")
    ok(press(window, "note"))
    assert len(rows(window)) == 3
    assert [rows(window)[0], rows(window)[2]] == ["Delaware by county", "Other way"]
    said = [c.value.replace("\\", "") for c in window.caption]
    assert sum("Max deviation 0.0%" in c for c in said) == 3
    assert sum("0.0% of Revenue moved since the copy" in c for c in said) == 1
    head = next(m.value for m in window.markdown if "Delaware by county**" in m.value)
    assert ":gray-badge[board draft]" in head
    assert "Open now" in head
    choose(window, ws, sid)
    ok(press(window, "archive"))
    assert len(rows(window)) == 2, "a version of the plan put away stands below the branch that has it too"
    assert rows(window)[0] == "Other way"
    window.toggle(key="terr_archived").set_value(True)
    ok(window.run())
    assert any(":orange-badge[Archived]" in m.value for m in window.markdown)


def test_a_row_is_compared_with_the_open_plan(open_app, ws, sid):
    window = ok(open_app("scenarios", scenario=sid))
    assert window.button(key=f"compare_{sid}:").disabled
    for name in ("Delaware by county (copy)", "Delaware by county (copy 2)"):
        ok(press(window, f"copy_{sid}:"))
        assert name in {p.name for p in tree.plans(ws)}
    copy = next(p for p in tree.plans(ws) if p.name.endswith("(copy 2)"))
    ok(press(window, f"compare_{copy.id}:"))
    said = " ".join(m.value.replace("\\", "") for m in window.markdown)
    assert "From Delaware by county to Delaware by county (copy 2)" in said


def test_history_tells_the_effect_and_leads_back_to_a_point(open_app, ws, sid):
    window = view(open_app("scenarios", scenario=sid), "History")
    table = frame(window, "terr_story").value
    assert table["What"].tolist()[2] == "Moved 2 counties to South: Kent, DE, Sussex, DE"
    assert table["Effect on balance"].tolist()[2] == "Max deviation of Revenue 100.0% → 0.0%"
    assert table["Who"].tolist()[2] == "Eve"
    window.multiselect(key=f"terr_who_{sid}").set_value(["Eve"])
    ok(window.run())
    assert frame(window, "terr_story").value["What"].tolist() == [table["What"].tolist()[2]]
    window.multiselect(key=f"terr_who_{sid}").set_value([])
    ok(window.run())
    tick(window, "terr_story", 3)  # me: New Castle to North
    assert any("The plan as it was then" in m.value for m in window.markdown)
    ok(press(window, "back_to"))
    assert ws.plan(sid)[0].assign.tolist() == [-1, 0, -1]
    assert ws.store.edits.history(sid).steps[-1].kind == "restore"


def test_undo_and_redo_of_ones_own(open_app, ws, sid):
    window = view(open_app("scenarios", scenario=sid), "History")
    assert "Moved 1 county to North" in window.button(key="undo").help.replace("\\", "")
    assert window.button(key="redo").disabled
    ok(press(window, "undo"))
    assert ws.plan(sid)[0].assign.tolist() == [1, -1, 1], "Eve's change stays"
    assert any("“Moved 1 county to North” is undone" in t.value.replace("\\", "") for t in window.toast)
    ok(press(window, "redo"))
    assert ws.plan(sid)[0].assign.tolist() == [1, 0, 1]
    ok(press(window, "undo"))
    assert ws.plan(sid)[0].assign.tolist() == [1, -1, 1]


def test_two_plans_compared_with_their_ledger(open_app, ws, sid):
    copy = tree.branch(ws, sid, ws.store.scenarios.get(sid).head, "Kent goes north", by=Person("me")).id
    editing.paint(ws, copy, [KENT], 0, author="Eve")
    tree.name_version(ws, copy, "Try", by=Person("me"))
    window = view(open_app("scenarios", scenario=copy), "Compare")
    said = " ".join(m.value.replace("\\", "") for m in window.markdown)
    assert "From Delaware by county to Kent goes north" in said
    assert "16.7% of Revenue moves to another territory: $100 of $600, 1 account of 4" in said
    assert "moves to another rep" in said
    metrics = having(window, "Better")
    assert metrics["Better"].tolist()[0] == "Delaware by county by 33.3 points"
    gains = having(window, "Revenue gained")
    assert gains["Revenue gained"].tolist() == [100.0, 0.0]
    assert gains["Revenue lost"].tolist() == [0.0, 100.0]
    told = having(window, "Reason")
    assert told[["Account", "From", "To", "By"]].values.tolist() == [["A-1", "South", "North", "Eve"]]
    window.segmented_control(key="terr_pair_look").set_value("What moves")
    window.segmented_control(key="terr_gains_by").set_value("Rep")
    ok(window.run())
    assert having(window, "Revenue gained")["Rep"].tolist() == ["Ann Poe", "Bob Ray"]
    picked = next(m for m in window.multiselect if m.key.startswith("terr_compared"))
    points = tree.points(tree.tree(ws), ws.store.scenarios.get(sid).dataset_id)
    assert [p.name for p in points.values()] == ["Delaware by county", "Kent goes north", "Kent goes north · Try"]
    picked.set_value(list(points))
    ok(window.run())
    assert having(window, "Better")["Better"].tolist()[0] == (
        "Delaware by county by 33.3 points before Kent goes north"
    )
    window.selectbox(key="terr_pair_b").set_value(list(points)[2])
    ok(window.run())
    assert "From Delaware by county to Kent goes north · Try" in " ".join(
        m.value.replace("\\", "") for m in window.markdown
    )


def test_one_plan_alone_says_what_to_do(open_app, ws, sid):
    window = view(open_app("scenarios", scenario=sid), "Compare")
    assert "There is only one plan for these accounts" in window.info[0].value


def test_exceptions_are_found_entered_warned_of_and_ended(open_app, ws, sid):
    window = view(open_app("scenarios", scenario=sid), "Exceptions")
    assert "No exceptions" in window.info[0].value
    window.text_input(key="terr_find_accounts").set_value("customer a-3")
    ok(window.run())
    assert frame(window, "terr_hits").value["Account"].tolist() == ["A-3"]
    tick(window, "terr_hits", 0)
    window.selectbox(key=f"terr_goes_to_{sid}").set_value("t1")
    window.text_input(key="terr_exception_reason").set_value(HOSTILE)
    ok(press(window, "enter_exceptions"))
    assert plan_snapshot(ws, sid).table["load"].tolist() == [250.0, 350.0]
    table = frame(window, "terr_register").value
    assert table[["Account", "Assign to", "State", "Reason"]].values.tolist() == [["A-3", "South", "active", HOSTILE]]
    assert "Above 10%" in window.warning[0].value.replace("\\", "")
    tick(window, "terr_register", 0)
    ok(press(window, "end_exceptions"))
    assert plan_snapshot(ws, sid).table["load"].tolist() == [300.0, 300.0]


def test_a_holdover_that_ran_out_is_listed_and_not_applied(open_app, ws, sid, monkeypatch):
    exceptions.enter(
        ws, sid, ["A-2"], kind="holdover", territory=1, until=named_accounts.today(), reason="renewal", by=Person("me")
    )
    assert plan_snapshot(ws, sid).table["load"].tolist() == [50.0, 550.0]
    from datetime import timedelta

    tomorrow = named_accounts.today() + timedelta(days=1)
    monkeypatch.setattr(named_accounts, "today", lambda: tomorrow)
    assert plan_snapshot(ws, sid).table["load"].tolist() == [300.0, 300.0]
    window = view(open_app("scenarios", scenario=sid), "Exceptions")
    assert "1 holdover has ended: " in window.warning[0].value
    assert frame(window, "terr_register").value["State"].tolist() == ["expired"]


def test_the_plan_page_shows_what_goes_by_name(open_app, ws, sid):
    exceptions.enter(ws, sid, ["A-3"], kind="named", territory=1, by=Person("me"))
    window = ok(open_app("plan", scenario=sid))
    assert frame(window, "terr_table").value["Accounts"].tolist() == [1, 3]
    assert "16.7%" in html(window)
