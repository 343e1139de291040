"""The tree of plans, the story of one, and the ways through its history."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from terr.edits import moves
from terr.edits.undo import go_back
from terr.engine import design
from terr.errors import ConflictError, InputError, LocateError, PlanError, RoleError
from terr.model.person import Person
from terr.store import schema as t
from terr.workspace import Workspace
from terr.workspace.access.guarded_store import for_person
from terr.workspace.caches import Caches
from terr.workspace.design.apply_result import DesignRequest, apply_design, design_task
from terr.workspace.live import proposals
from terr.workspace.plan import editing, undo
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.scenarios import exceptions, history, tree
from terr.workspace.scenarios.comparison import PlanPoint, compare
from tests.helpers.grids import grid_units, make_plan
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, data_set, more, start

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
    ws.store.marks.add(sid, "tag", "board draft", edit_id=4, by=ME)
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
    assert [m.text for m in nodes[1].tags] == ["board draft"]
    told = [tree.figures(ws, n) for n in nodes]
    assert [f.vitals.figure("max_deviation_pct") for f in told] == pytest.approx([0, 0, 100 / 3, 100 / 3])
    assert told[2].vitals.figure("max_deviation_pct") / 100 == pytest.approx(plan_snapshot(ws, branch.id).max_deviation)
    assert told[0].vitals.figure("polsby_popper_mean") == pytest.approx(
        plan_snapshot(ws, sid).table["polsby_popper"].mean()
    )
    assert np.isnan(told[0].moved), "nothing was generated"
    assert (told[2].moved, told[2].since) == (pytest.approx(100 / 600), "the copy")


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


def test_a_deleted_plan_is_kept_for_30_days_and_then_erased(ws, sid):
    copy = ws.store.scenarios.duplicate(sid)
    tree.delete(ws, sid)
    assert [p.id for p in tree.trash(ws)] == [sid]
    assert tree.restore(ws, sid).head == 4
    assert tree.trash(ws) == ()
    tree.delete(ws, sid)
    for days, left in ((29.9, 1), (30.1, 0)):  # looked at after a restart
        when = datetime.now(UTC) - timedelta(days=days)
        with ws.store._db.write() as c:
            c.execute(t.scenarios.update().where(t.scenarios.c.id == sid).values(deleted_at=when.isoformat()))
        with closing(Workspace(ws.root)) as again:
            found = again.store.scenarios.find(include_deleted=True)
        assert len([p for p in found if p.deleted_at]) == len(tree.trash(ws)) == left
    with pytest.raises(LocateError):
        tree.restore(ws, sid)
    with ws.store._db.read() as c:
        assert c.execute(select(t.edits.c.id).where(t.edits.c.scenario_id == sid)).all() == []
    assert ws.store.scenarios.get(copy.id).head == 4, "a copy lives on"


# --- the story ------------------------------------------------------------------------------------------------------


def test_each_line_says_who_what_and_what_it_did_to_the_balance(ws, sid):
    undo.undo(ws, sid, ws.store.scenarios.rev(sid), author="Zoe")
    tree.name_version(ws, sid, "Half", by=ME)
    lines = history.history_lines(ws, sid)
    told = [(x.event.who, x.event.what, x.kind, x.effect) for x in lines]
    assert told[:3] == [
        ("me", "Named a version: Half", "version", ""),
        (
            "Zoe",
            "Undid: moved 2 counties to South",
            "travel",
            "Max deviation of Revenue 0.0% → 100.0%",
        ),
        ("Zoe", "Moved 2 counties to South", "edit", "Max deviation of Revenue 100.0% → 0.0%"),
    ]
    assert [x.event.who for x in history.chosen(lines, who=["Eve"])] == ["Eve"]
    assert len(history.chosen(lines, kinds=["version"])) == 1
    assert len(history.chosen(lines, kinds=["edit"], who=["Eve"])) == 1


def effects(ws, sid):
    return {x.event.rev: x.event.effect for x in history.history_lines(ws, sid) if x.event.rev}


def test_effects_are_those_of_when_the_edit_was_made(ws, sid):
    before = effects(ws, sid)
    assert [(before[rev].before, before[rev].after) for rev in (1, 2, 3, 4)] == [
        (None, 1.0),
        (1.0, 1.0),
        (1.0, 1.0),
        (1.0, 0.0),
    ]
    exceptions.enter(ws, sid, ["A-1"], kind="named", territory=0, by=ME)
    assert effects(ws, sid) == before, "an exception rewrites nothing"
    ws.store.scenarios.update_settings(sid, measure="Number of accounts")
    assert effects(ws, sid) == before, "nor does another measure"
    other = data_set(ws, [(f"B-{i}", "Kent", "DE", 7.0) for i in range(3)]).info.id
    ws.store.scenarios.use_dataset(sid, other, expected=ws.store.scenarios.get(sid).dataset_id, settings={})
    ws.caches = Caches()
    assert effects(ws, sid) == before, "nor do other accounts"


def test_effects_count_accounts_that_go_by_name(ws, sid):
    exceptions.enter(ws, sid, ["A-1"], kind="named", territory=0, by=ME)
    rev = editing.paint(ws, sid, [SUSSEX], 0).rev
    assert effects(ws, sid)[rev].before == pytest.approx(1 / 3)
    assert effects(ws, sid)[rev].after == plan_snapshot(ws, sid).max_deviation == pytest.approx(1)


def test_every_way_to_change_a_plan_records_its_effect(ws, sid):
    def newest():
        return effects(ws, sid)[ws.store.scenarios.rev(sid)].after

    undo.undo(ws, sid, 4, author="Zoe")
    assert newest() == plan_snapshot(ws, sid).max_deviation == 1
    undo.redo(ws, sid, 5, author="Zoe")
    assert newest() == plan_snapshot(ws, sid).max_deviation == 0
    editing.paint(ws, sid, [KENT], 0, author="Eve")
    undo.undo(ws, sid, 7, author="Zoe")  # under another's edit
    assert newest() == plan_snapshot(ws, sid).max_deviation
    history.back_to(ws, sid, 4, 8)
    assert newest() == plan_snapshot(ws, sid).max_deviation == 0
    made = proposals.propose(ws, sid, [KENT], [0], reason="closer", by=ME)
    proposals.accept(ws, sid, made.id, proposals.effect(ws, sid, made), by=ME)
    assert newest() == plan_snapshot(ws, sid).max_deviation == pytest.approx(1 / 3)
    task = design_task(ws, sid, DesignRequest(territories=2, measure="Revenue", tolerance=0.5))
    apply_design(ws, task, design(task.problem, seed=1, time_limit_s=5), ws.store.scenarios.rev(sid))
    assert newest() == pytest.approx(plan_snapshot(ws, sid).max_deviation)


def test_a_history_from_before_effects_says_so(ws, sid):
    with ws.store._db.write() as c:
        c.execute(t.heads.update().values(measure=None, dev_before=None, dev_after=None))
    assert [x.effect for x in history.history_lines(ws, sid)] == ["not recorded"] * 4


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
    assert history.back_to(ws, sid, 4, 6).notice == "The plan is already like this."
    with pytest.raises(ConflictError):
        history.back_to(ws, sid, 3, 4)
    assert compare(ws, PlanPoint(sid, 4), PlanPoint(sid)).changed.sum() == 0


def test_plans_of_other_units_are_refused():
    one, other = make_plan(grid_units(2, 4), [0] * 8), make_plan(grid_units(1, 3), [0] * 3)
    with pytest.raises(PlanError, match="other map areas"):
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
    assert len(history.history_lines(his, sid)) == 7
    assert compare(his, PlanPoint(sid, 4), PlanPoint(sid)).changed.sum() == 1
    assert undo.undo(mine, sid, mine.store.scenarios.rev(sid), author="Ana").changed
    assert names(mine, sid)[KENT] == "South"
    copy = tree.branch(his, sid, 3, "Bob's", by=bob)
    assert [n.point.name for n in tree.tree(mine)] == ["Delaware by county"], "Bob's branch is his own"
    assert {n.info.id for n in tree.tree(his)} == {sid, copy.id}
