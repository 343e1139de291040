"""Opening plans and changing them: nothing lost, nothing overwritten unseen, everything undone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.edits import moves
from terr.errors import ConflictError, InputError, LocateError, PlanError, StoreError
from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from terr.workspace.plan import editing, undo
from terr.workspace.plan.snapshot import plan_snapshot
from tests.helpers.effort import examples
from tests.helpers.spaces import DELAWARE, KENT, NEW_CASTLE, SUSSEX, data_set, more, start


def rename(ws, sid, rev, code, name):
    return editing.edit(ws, sid, rev, lambda p, _: moves.rename(p, code, name))


def test_a_new_plan_has_one_empty_territory(ws):
    info = start(ws)
    plan, rev = ws.plan(info.id)
    assert info.name == "Delaware by county"
    assert rev == info.rev == 1
    assert [t.name for t in plan.territories] == ["Territory 1"]
    assert (plan.assign == -1).all()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"level": "parish"}, InputError, "parish"),
        ({"region": "Texass"}, LocateError, "Texass"),
        ({"region": []}, LocateError, "no region"),
        ({"measure": "Profit"}, InputError, "Revenue"),
        ({"tolerance": 0.0}, InputError, "0%"),
        ({"tolerance": -0.05}, InputError, "-5%"),
        ({"tolerance": 1.5}, InputError, "150%"),
        ({"tolerance": float("nan")}, InputError, "0.1% to 100%"),
        ({"dataset_id": "0" * 16}, LocateError, "data set"),
        ({"name": "x" * 200}, InputError, "120"),
    ],
)
def test_a_plan_that_cannot_be_started_says_why_and_leaves_nothing(ws, change, error, words):
    asked = {"dataset_id": data_set(ws).info.id, "level": "county", "region": "DE", "measure": "Revenue"}
    with pytest.raises(error, match=words) as raised:
        editing.create(ws, **(asked | change))
    assert "nan" not in str(raised.value)
    assert ws.store.scenarios.find() == []


@pytest.mark.parametrize(
    "name", ["</script><script>alert(1)</script>", "'; DROP TABLE scenarios; --", "=1+1", "Łódź 东京"]
)
def test_a_hostile_name_is_kept_as_text(ws, name):
    data = data_set(ws)
    info = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Revenue", name=name)
    assert ws.store.scenarios.get(info.id).name == name


def test_strict_edits_refuse_a_stale_view_and_others_do_not(ws):
    sid = start(ws).id
    rename(ws, sid, 1, 0, "North")
    with pytest.raises(ConflictError, match="another window") as raised:
        rename(ws, sid, 1, 0, "South")
    assert (raised.value.expected, raised.value.found) == (1, 2)
    assert ws.plan(sid)[0].territory(0).name == "North"
    done = editing.edit(ws, sid, 1, lambda p, _: moves.rename(p, 0, "South"), strict=False)
    assert (done.rev, done.changed) == (3, True)


def test_an_edit_that_changes_nothing_makes_no_revision(ws):
    sid = start(ws).id
    done = rename(ws, sid, 1, 0, "Territory 1")
    assert (done.rev, done.changed) == (1, False)
    editing.paint(ws, sid, [KENT], 0)
    assert editing.paint(ws, sid, [KENT], 0).changed is False
    assert editing.paint(ws, sid, [], 0).changed is False
    assert ws.plan(sid)[1] == 2


def test_paint_leaves_locked_units_and_says_so(ws):
    sid = start(ws).id
    editing.set_locks(ws, sid, [KENT, SUSSEX], True)
    done = editing.paint(ws, sid, [KENT, NEW_CASTLE, SUSSEX], 0)
    assert done.skipped_locked == 2
    assert done.notice == "2 locked counties were not changed."
    assert ws.plan(sid)[0].assign.tolist() == [-1, 0, -1]
    editing.set_locks(ws, sid, [SUSSEX], False)
    assert editing.paint(ws, sid, [KENT, SUSSEX], 0).notice == "1 locked county was not changed."


def test_paint_from_a_stale_view_is_reported_and_leaves_the_unit(ws):
    sid = start(ws).id
    more(ws, sid, ["East", "West"])
    editing.paint(ws, sid, [KENT, NEW_CASTLE], 0, seen=[-1, -1])
    done = editing.paint(ws, sid, [KENT, NEW_CASTLE, SUSSEX], 1, seen=[-1, -1, -1])  # this window shows them all empty
    assert done.conflicts == (KENT, NEW_CASTLE)
    assert done.notice.startswith("Kent, DE and 1 more were changed in another window first")
    assert ws.plan(sid)[0].assign.tolist() == [0, 0, 1]
    same = editing.paint(ws, sid, [SUSSEX], 1, seen=[-1])
    assert same.conflicts == ()
    assert same.notice == "", "already as wanted"
    one = editing.paint(ws, sid, [SUSSEX], 2, seen=[0])
    assert one.notice.startswith("Sussex, DE was changed in another window first")


@pytest.mark.parametrize(("units", "code"), [([99], 0), ([-7], 0), ([0], 12), ([0], -2)])
def test_paint_refuses_what_does_not_exist(ws, units, code):
    sid = start(ws).id
    with pytest.raises(PlanError):
        editing.paint(ws, sid, units, code)
    assert ws.plan(sid)[1] == 1


@pytest.mark.parametrize("windows", [2, 6])
def test_windows_painting_different_units_lose_nothing(demo_ws, windows):
    ws, data = demo_ws
    sid = start(ws, "TX", data=data, measure="Potential").id
    more(ws, sid, [f"Window {w}" for w in range(1, windows)])
    first = ws.plan(sid)[1]
    each = 60 // windows
    gate = threading.Barrier(windows)

    def window(code):
        gate.wait()
        for u in range(code, windows * each, windows):
            done = editing.paint(ws, sid, [u], code, seen=[-1])
            assert done.changed
            assert not done.conflicts

    with ThreadPoolExecutor(windows) as pool:
        for task in [pool.submit(window, code) for code in range(windows)]:
            task.result(60)
    plan, rev = ws.plan(sid)
    assert rev == first + windows * each
    assert plan.assign[: windows * each].tolist() == list(range(windows)) * each
    assert ws.store.plans.load(sid)[0].same_as(plan)


def test_two_windows_painting_the_same_unit_one_is_told(ws):
    sid = start(ws).id
    more(ws, sid, ["B"])
    gate = threading.Barrier(2)

    def window(code):
        gate.wait()
        return editing.paint(ws, sid, [KENT], code, seen=[-1])

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(window, (0, 1)))
    assert sorted(d.changed for d in done) == [False, True]
    told = next(d for d in done if not d.changed)
    assert told.conflicts == (KENT,)
    assert "another window" in told.notice


def test_undo_and_redo_stop_at_the_first_territory(ws):
    sid = start(ws).id
    assert undo.undo(ws, sid, 1).notice == "There is nothing to undo."
    assert undo.redo(ws, sid, 1).notice == "There is nothing to redo."
    editing.paint(ws, sid, [KENT], 0)
    assert undo.undo(ws, sid, 2) == editing.EditOutcome(3, changed=True)
    assert (ws.plan(sid)[0].assign == -1).all()
    assert undo.redo(ws, sid, 3).rev == 4
    assert ws.plan(sid)[0].assign[KENT] == 0
    with pytest.raises(ConflictError):
        undo.undo(ws, sid, 3)


def test_place_by_name_keeps_territories_of_the_same_name(ws):
    sid = start(ws).id
    more(ws, sid, ["East", "Gone"])
    editing.paint(ws, sid, [KENT], 1)
    done = editing.place_by_name(ws, sid, 3 + 1, ["north", "EAST", ""])
    assert done.changed
    plan, _ = ws.plan(sid)
    assert {t.name: t.code for t in plan.territories} == {"EAST": 1, "north": 3}
    assert plan.assign.tolist() == [3, 1, -1]
    undo.undo(ws, sid, done.rev)
    assert [t.name for t in ws.plan(sid)[0].territories] == ["Territory 1", "East", "Gone"]
    with pytest.raises(PlanError, match="assigns nothing"):
        editing.place_by_name(ws, sid, done.rev + 1, ["", "", ""])
    with pytest.raises(ConflictError):
        editing.place_by_name(ws, sid, 1, ["a", "a", "a"])


def test_names_sort_as_a_person_counts():
    names = ["Territory 10", "territory 2", "Gulf", "Territory 1", "2nd", ""]
    assert sorted(names, key=editing.natural) == ["", "Gulf", "Territory 1", "territory 2", "Territory 10", "2nd"]


def test_everything_is_there_after_a_restart(ws):
    sid = start(ws).id
    more(ws, sid, ["East"])
    editing.paint(ws, sid, [KENT, SUSSEX], 1)
    editing.set_locks(ws, sid, [SUSSEX], True)
    before, rev = ws.plan(sid)
    other = Workspace(ws.root)
    try:
        after, again = other.plan(sid)
        assert after.same_as(before)
        assert again == rev
        assert plan_snapshot(other, sid).table.equals(plan_snapshot(ws, sid).table)
        for step in range(3):
            undo.undo(other, sid, rev + step)
        assert [t.name for t in other.plan(sid)[0].territories] == ["Territory 1"]
        assert ws.plan(sid)[1] == rev + 3, "the first process sees it"
    finally:
        other.close()


def test_an_acknowledged_edit_is_in_the_database_before_the_call_returns(ws):
    import sqlite3

    sid = start(ws).id
    done = editing.paint(ws, sid, [KENT], 0)
    with sqlite3.connect(ws.root / "terr.db") as c:
        assert c.execute("SELECT rev FROM scenarios WHERE id = ?", (sid,)).fetchone() == (done.rev,)
        assert c.execute("SELECT count(*) FROM edits WHERE scenario_id = ?", (sid,)).fetchone() == (2,)
    c.close()


def test_a_damaged_database_is_put_aside_with_a_notice(ws):
    start(ws)
    ws.close()
    path = ws.root / "terr.db"
    path.write_bytes(b"not a database at all" * 500)
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    other = Workspace(ws.root)
    try:
        assert "damaged" in other.notice
        assert other.store.scenarios.find() == []
        assert [p.read_bytes() for p in ws.root.glob("terr.db.damaged-*")] == [b"not a database at all" * 500]
        assert start(other).rev == 1
    finally:
        other.close()


def test_a_deleted_plan_comes_back_as_it_was(ws):
    sid = start(ws).id
    editing.paint(ws, sid, [KENT], 0)
    plan, _ = ws.plan(sid)
    ws.store.scenarios.delete(sid)
    with pytest.raises(LocateError):
        ws.plan(sid)
    ws.store.scenarios.restore(sid)
    assert ws.plan(sid)[0].same_as(plan)


def test_boundaries_of_another_version_are_refused_in_words(ws):
    data = data_set(ws)
    info = ws.store.scenarios.create(
        "Old",
        dataset_id=data.info.id,
        level="county",
        region=("DE",),
        units_version="older",
        n_units=3,
        measure="Revenue",
        tolerance=0.05,
    )
    with pytest.raises(PlanError, match='"Old" was made on other boundaries'):
        plan_snapshot(ws, info.id)


def test_accounts_that_are_gone_are_said_to_be_gone(ws):
    info = start(ws)
    (ws.root / "accounts" / f"{info.dataset_id}.parquet").write_bytes(b"broken")
    other = Workspace(ws.root)
    try:
        with pytest.raises(StoreError, match="damaged"):
            dataset.dataset(other, info.dataset_id)
    finally:
        other.close()


EDITS = st.one_of(
    st.tuples(st.just("paint"), st.lists(st.integers(0, 2), max_size=3), st.integers(-1, 3)),
    st.tuples(st.just("lock"), st.lists(st.integers(0, 2), max_size=3), st.booleans()),
    st.tuples(st.just("new"), st.just(0), st.just(0)),
    st.tuples(st.just("merge"), st.integers(0, 3), st.integers(0, 3)),
    st.tuples(st.just("delete"), st.integers(0, 3), st.just(0)),
    st.tuples(st.just("rename"), st.integers(0, 3), st.sampled_from(["North", "South", "=1+1"])),
    st.tuples(st.just("rep"), st.integers(0, 3), st.sampled_from(["", "U-1"])),
    st.tuples(st.just("close"), st.integers(0, 3), st.booleans()),
)


def perform(ws, sid, edit):
    kind, a, b = edit
    makers = {
        "new": lambda p, c: moves.new_territory(p, next_code=c),
        "merge": lambda p, _: moves.merge(p, a, b),
        "delete": lambda p, _: moves.delete(p, a),
        "rename": lambda p, _: moves.rename(p, a, b),
        "rep": lambda p, _: moves.set_rep(p, a, b),
        "close": lambda p, _: moves.lock_territory(p, a, b),
    }
    try:
        if kind == "paint":
            return editing.paint(ws, sid, a, b).changed
        if kind == "lock":
            return editing.set_locks(ws, sid, a, b).changed
        return editing.edit(ws, sid, ws.store.scenarios.rev(sid), makers[kind]).changed
    except PlanError:
        return False


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    made = Workspace(tmp_path_factory.mktemp("plans"))
    yield made, data_set(made, DELAWARE)
    made.close()


@examples(25)
@given(st.lists(EDITS, max_size=14))
def test_undoing_everything_gives_the_first_plan_back_and_redoing_the_last(shared, edits):
    ws, data = shared
    sid = start(ws, data=data).id
    first, _ = ws.plan(sid)
    made = sum(perform(ws, sid, e) for e in edits)
    last, rev = ws.plan(sid)
    assert rev == 1 + made
    total = float(plan_snapshot(ws, sid).table["load"].sum() + plan_snapshot(ws, sid).unassigned_load)
    assert np.isclose(total, 600.0)
    for _ in range(made):
        rev = undo.undo(ws, sid, rev).rev
    assert ws.plan(sid)[0].same_as(first)
    assert not undo.undo(ws, sid, rev).changed
    for _ in range(made):
        rev = undo.redo(ws, sid, rev).rev
    assert ws.plan(sid)[0].same_as(last)
    assert ws.store.plans.load(sid)[0].same_as(last)
