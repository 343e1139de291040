"""The tree of plans, the story of one, and the ways through its history."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.edits import moves
from terr.edits.applied import apply
from terr.edits.undo_one import go_back, undo_edit
from terr.errors import ConflictError, InputError, PlanError, RoleError
from terr.model.person import Person
from terr.workspace.access.guarded_store import for_person
from terr.workspace.caches import Caches
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.scenarios import exceptions, history, tree
from terr.workspace.scenarios.comparison import PlanPoint, compare
from tests.helpers.effort import examples
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
    editing.undo(ws, sid, ws.store.scenarios.rev(sid), author="Eve")
    tree.name_version(ws, sid, "Half", by=ME)
    lines = history.with_effects(ws, sid, history.history_lines(ws, sid))
    told = [(x.event.who, x.event.what, x.kind, x.effect) for x in lines]
    assert told[:3] == [
        ("me", "Named a version: Half", "version", ""),
        (
            "Eve",
            "Took back a change; the plan is as after: Moved 1 county to Territory 1",
            "travel",
            "max deviation 0.0 % → 100.0 %",
        ),
        ("Zoe", "Moved 2 counties to South", "edit", "max deviation 100.0 % → 0.0 %"),
    ]
    assert [x.event.who for x in history.chosen(lines, who=["Zoe"])] == ["Zoe"]
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


# --- own undo and redo ----------------------------------------------------------------------------------------------


def test_own_undo_leaves_what_others_did_since(ws, sid):
    done = history.undo_own(ws, sid, author="Eve")
    assert done.notice == "“Moved 1 county to Territory 1” is taken back."
    assert names(ws, sid) == ["South", "", "South"], "Zoe's counties stay"
    again = history.redo_own(ws, sid, author="Eve")
    assert again.changed
    assert names(ws, sid) == ["South", "Territory 1", "South"]
    assert history.redo_own(ws, sid, author="Eve").notice == "There is no change of yours to make again."


def test_own_undo_respects_later_edits_of_others_on_the_same_units_and_says_so(ws, sid):
    editing.paint(ws, sid, [KENT, NEW_CASTLE], 0, author="Zoe")
    editing.paint(ws, sid, [SUSSEX, KENT], -1, author="Eve")  # 6: Eve takes two out
    editing.paint(ws, sid, [KENT], 1, author="Zoe")  # 7: Zoe puts Kent into South
    done = history.undo_own(ws, sid, author="Eve")
    assert done.changed
    assert "but for 1 county changed again since then, or locked, and left as now" in done.notice
    assert names(ws, sid) == ["South", "Territory 1", "South"], "Sussex is back in South; Kent stays as Zoe put it"


def test_own_undo_goes_back_step_by_step_and_a_new_change_ends_redo(ws, sid):
    editing.paint(ws, sid, [KENT], 0, author="Eve")  # 5
    assert history.undo_own(ws, sid, author="Eve").changed  # takes 5 back
    assert names(ws, sid)[KENT] == "South"
    assert history.undo_own(ws, sid, author="Eve").changed  # takes 3 back
    assert names(ws, sid)[NEW_CASTLE] == ""
    assert history.undo_own(ws, sid, author="Eve").notice == "There is no change of yours to take back."
    mine = history.own(ws.store.edits.history(sid), "Eve")
    assert (mine.undo, mine.redo_title) == (None, "Moved 1 county to Territory 1")
    editing.paint(ws, sid, [SUSSEX], 0, author="Eve")
    assert history.own(ws.store.edits.history(sid), "Eve").redo is None


def test_a_note_somebody_typed_is_no_takeback(ws, sid):
    editing.edit(ws, sid, 4, lambda p, _: moves.assign(p, [KENT], 0, author="Eve", note="change 3: x").edit)
    assert history.own(ws.store.edits.history(sid), "Eve").undo == 5


def test_a_territory_somebody_filled_since_is_not_deleted_with_its_making(ws, sid):
    editing.edit(ws, sid, 4, lambda p, c: moves.new_territory(p, "West", next_code=c, author="Eve"))
    editing.paint(ws, sid, [SUSSEX], 2, author="Zoe")
    done = history.undo_own(ws, sid, author="Eve")
    assert not done.changed
    assert "territory West" in done.notice
    assert names(ws, sid)[SUSSEX] == "West"


UNITS = grid_units(2, 4)
edits_of = st.lists(
    st.tuples(st.lists(st.integers(0, 7), min_size=1, max_size=4), st.integers(-1, 1)), min_size=1, max_size=6
)


@examples(60)
@given(steps=edits_of, which=st.integers(0, 5))
def test_taking_back_touches_only_what_the_edit_did_and_nobody_changed_since(steps, which):
    plan = make_plan(UNITS, [0, 0, 0, 0, 1, 1, 1, 1])
    done, before = [], []
    for units, code in steps:
        change = moves.assign(plan, units, code).edit
        before.append(plan)
        done.append(change)
        plan = apply(plan, change)
    n = which % len(done)
    made = undo_edit(plan, done[n])
    after = apply(plan, made.edit)
    touched_since = set().union(*(set(e.units.tolist()) for e in done[n + 1 :]), set())
    for unit in range(len(UNITS)):
        was_changed = unit in done[n].units.tolist()
        if was_changed and unit not in touched_since:
            assert after.assign[unit] == before[n].assign[unit]
        elif not was_changed:
            assert after.assign[unit] == plan.assign[unit]
    assert apply(plan, go_back(plan, before[n])).same_as(before[n]) if go_back(plan, before[n]) else True


def test_plans_of_other_units_are_refused():
    one, other = make_plan(UNITS, [0] * 8), make_plan(grid_units(1, 3), [0] * 3)
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
    assert history.undo_own(mine, sid, author="Ana").changed
    assert names(mine, sid)[KENT] == "South"
    copy = tree.branch(his, sid, 3, "Bob's", by=bob)
    assert [n.point.name for n in tree.tree(mine)] == ["Delaware by county"], "Bob's branch is his own"
    assert {n.info.id for n in tree.tree(his)} == {sid, copy.id}
