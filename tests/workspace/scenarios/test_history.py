"""The tree of plans, the story of one, and the ways through its history."""

from __future__ import annotations

import numpy as np
import pytest

from terr.edits import moves
from terr.edits.undo import go_back
from terr.errors import ConflictError, InputError, PlanError, RoleError
from terr.model.person import Person
from terr.workspace.access.guarded_store import for_person
from terr.workspace.caches import Caches
from terr.workspace.plan import editing, undo
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.scenarios import exceptions, history, tree
from terr.workspace.scenarios.comparison import PlanPoint, compare
from tests.helpers.grids import grid_units, make_plan
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start

ME = Person("me")


@pytest.fixture
def sid(ws):
    """Territory 1 (0): New Castle 300; South (1): Kent and Sussex 300. Edits: 1 new, 2 new, 3 and 4 paint."""
    made = start(ws).id
    more(ws, made, ["South"])
    editing.paint(ws, made, [NEW_CASTLE], 0, author="Eve")
    editing.paint(ws, made, [KENT, SUSSEX], 1, author="Zoe")
    return made


def names(ws, sid):
    plan, _ = ws.plan(sid)
    label = {t.code: t.name for t in plan.territories} | {-1: ""}
    return [label[c] for c in plan.assign.tolist()]


# --- the tree -------------------------------------------------------------------------------------------------------


def test_the_tree_shows_plans_versions_and_branches_with_their_figures(ws, sid):
    tree.name_version(ws, sid, "As agreed", by=ME)
    ws.store.marks.add(sid, "tag", "board version", edit_id=4, by=ME)
    ws.store.marks.add(sid, "note", "for the meeting", by=ME)
    branch = tree.branch(ws, sid, 4, "Kent goes north", by=ME)
    editing.paint(ws, branch.id, [KENT], 0)
    tree.name_version(ws, branch.id, "Try", by=ME)
    nodes = tree.tree(ws)
    assert [(n.depth, n.point.name, n.mark is not None) for n in nodes] == [
        (0, "Delaware by county", False),
        (1, "As agreed", True),
        (1, "Kent goes north", False),
        (2, "Try", True),
    ]
    assert [m.text for m in nodes[0].notes] == ["for the meeting"]
    assert [m.text for m in nodes[1].tags] == ["board version"]
    told = [tree.figures(ws, n) for n in nodes]
    assert [f.vitals.figure("max_deviation_pct") for f in told] == pytest.approx([0, 0, 100 / 3, 100 / 3])
    assert told[2].vitals.figure("max_deviation_pct") / 100 == pytest.approx(plan_snapshot(ws, branch.id).max_deviation)
    assert told[0].vitals.figure("polsby_popper_mean") == pytest.approx(
        plan_snapshot(ws, sid).table["polsby_popper"].mean()
    )
    assert np.isnan(told[0].moved), "nothing was generated"
    assert (told[2].moved, told[2].since) == (pytest.approx(100 / 600), "the branch")


def test_a_plan_put_away_or_deleted_leaves_its_branches_in_the_tree(ws, sid):
    branch = tree.branch(ws, sid, 3, "Branch", by=ME)
    ws.store.scenarios.archive(sid, by=ME)
    assert [(n.depth, n.point.name) for n in tree.tree(ws)] == [(0, "Branch")]
    assert len(tree.tree(ws, archived=True)) == 2
    ws.store.scenarios.archive(sid, False, by=ME)
    ws.store.scenarios.delete(sid)
    nodes = tree.tree(ws)
    assert [n.info.id for n in nodes] == [branch.id]
    assert np.isnan(tree.figures(ws, nodes[0]).moved), "what it grew from is gone"


def test_two_versions_never_bear_one_name(ws, sid):
    tree.name_version(ws, sid, "As agreed", by=ME)
    with pytest.raises(InputError, match="choose another name"):
        tree.name_version(ws, sid, "As agreed", edit_id=3, by=ME)


# --- the story ------------------------------------------------------------------------------------------------------


def test_each_line_says_who_what_and_what_it_did_to_the_balance(ws, sid):
    undo.undo(ws, sid, ws.store.scenarios.rev(sid), author="Zoe")
    tree.name_version(ws, sid, "Half", by=ME)
    lines = history.with_effects(ws, sid, history.history_lines(ws, sid))
    told = [(x.event.who, x.event.what, x.kind, x.effect) for x in lines]
    assert told[:3] == [
        ("me", "Named a version: Half", "version", ""),
        (
            "Zoe",
            "Undid a change; the plan is as after: Moved 1 county to Territory 1",
            "travel",
            "max deviation 0.0 % → 100.0 %",
        ),
        ("Zoe", "Moved 2 counties to South", "edit", "max deviation 100.0 % → 0.0 %"),
    ]
    assert [x.event.who for x in history.chosen(lines, who=["Eve"])] == ["Eve"]
    assert len(history.chosen(lines, kinds=["version"])) == 1
    assert len(history.chosen(lines, kinds=["edit"], who=["Eve"])) == 1


def test_effects_count_accounts_that_go_by_name(ws, sid):
    exceptions.enter(ws, sid, ["A-1"], kind="named", territory=0, by=ME)
    lines = history.with_effects(ws, sid, history.history_lines(ws, sid))
    assert lines[1].after == pytest.approx(1 / 3)
    assert lines[1].after == plan_snapshot(ws, sid).max_deviation


def test_effects_of_a_part_are_those_of_the_whole(ws, sid):
    for n in range(6):
        editing.paint(ws, sid, [n % 3], n % 2)
    whole = {x.event.rev: (x.before, x.after) for x in history.with_effects(ws, sid, history.history_lines(ws, sid))}
    ws.caches = Caches()
    part = history.with_effects(ws, sid, history.history_lines(ws, sid)[2:4])
    assert [(x.before, x.after) for x in part] == [whole[x.event.rev] for x in part]


# --- back to a point ------------------------------------------------------------------------------------------------


def test_going_back_is_a_new_edit_and_nothing_is_lost(ws, sid):
    editing.edit(ws, sid, 4, lambda p, _: moves.merge(p, 1, 0))
    assert names(ws, sid) == ["Territory 1"] * 3
    done = history.back_to(ws, sid, 4, 5, author="me")
    assert (done.changed, done.rev) == (True, 6)
    assert names(ws, sid) == ["South", "Territory 1", "South"]
    assert ws.plan(sid)[0].same_as(ws.store.plans.at(sid, 4))
    assert len(ws.store.edits.history(sid).steps) == 6, "the merge is still there"
    step = ws.store.edits.history(sid).steps[-1]
    assert (step.kind, step.note) == ("restore", "change 4: Moved 2 counties to South")
    assert history.back_to(ws, sid, 4, 6).notice == "The plan is like this already."
    with pytest.raises(ConflictError):
        history.back_to(ws, sid, 3, 4)
    assert compare(ws, PlanPoint(sid, 4), PlanPoint(sid)).changed.sum() == 0


def test_plans_of_other_units_are_refused():
    one, other = make_plan(grid_units(2, 4), [0] * 8), make_plan(grid_units(1, 3), [0] * 3)
    with pytest.raises(PlanError, match="other units"):
        go_back(one, other)


# --- what a role allows ---------------------------------------------------------------------------------------------


def test_ways_through_the_history_ask_for_the_right_to_edit(ws, sid):
    ana, bob = Person("ana@example.com", "Ana"), Person("bob@example.com", "Bob")
    ws.sign_in = True
    ws.store.roles.give(sid, ana.user_id, "owner", by=ana)
    ws.store.roles.give(sid, bob.user_id, "viewer", by=ana)
    ws.store.datasets.give_to(ws.store.scenarios.get(sid).dataset_id, ana.user_id)
    mine, his = for_person(ws, ana), for_person(ws, bob)
    editing.paint(mine, sid, [KENT], 0)
    for act in (
        lambda w: history.back_to(w, sid, 3, w.store.scenarios.rev(sid)),
        lambda w: tree.name_version(w, sid, "x", by=ana),
        lambda w: exceptions.enter(w, sid, ["A-1"], kind="named", territory=0, by=ana),
    ):
        with pytest.raises(RoleError, match="You can look at this plan"):
            act(his)
    assert len(history.with_effects(his, sid, history.history_lines(his, sid))) == 7
    assert compare(his, PlanPoint(sid, 4), PlanPoint(sid)).changed.sum() == 1
    assert undo.undo(mine, sid, mine.store.scenarios.rev(sid), author="Ana").changed
    assert names(mine, sid)[KENT] == "South"
    copy = tree.branch(his, sid, 3, "Bob's", by=bob)
    assert [n.point.name for n in tree.tree(mine)] == ["Delaware by county"], "Bob's branch is his own"
    assert {n.info.id for n in tree.tree(his)} == {sid, copy.id}
