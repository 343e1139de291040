"""The board's figures, worked out by hand on Delaware's three counties."""

from __future__ import annotations

import math

import numpy as np
import pytest

from terr.edits import moves
from terr.model.reps import Rep
from terr.workspace.plan import editing, undo
from terr.workspace.plan.snapshot import plan_snapshot, preview_snapshot, report_table, totals
from terr.workspace.reps import roster
from tests.helpers.spaces import DELAWARE, KENT, NEW_CASTLE, RHODE_ISLAND, SUSSEX, data_set, more, start

REPS = (Rep("U-1", "Ann", "19901"), Rep("U-2", "Bob", "19801"))


def edit(ws, sid, make):
    return editing.edit(ws, sid, ws.store.scenarios.rev(sid), make)


@pytest.fixture
def sid(ws):
    """North: New Castle and Sussex (300 + 200), South: Kent (100); target 300."""
    made = start(ws, reps=REPS).id
    edit(ws, made, lambda p, _: moves.rename(p, 0, "North"))
    more(ws, made, ["South"])
    editing.paint(ws, made, [NEW_CASTLE, SUSSEX], 0)
    editing.paint(ws, made, [KENT], 1)
    edit(ws, made, lambda p, _: moves.set_rep(p, 0, "U-1"))
    return made


def test_loads_targets_and_deviations(ws, sid):
    one = plan_snapshot(ws, sid)
    table = one.table.set_index("territory")
    assert table["load"].tolist() == [500.0, 100.0]
    assert table["target"].tolist() == [300.0, 300.0]
    assert table["deviation"].tolist() == pytest.approx([2 / 3, -2 / 3])
    assert table["accounts"].tolist() == [3, 1]
    assert table["units"].tolist() == [2, 1]
    assert table["rep"].tolist() == ["Ann", ""]
    assert one.max_deviation == pytest.approx(2 / 3)
    assert one.metrics.figure("balance_index") == pytest.approx(100 / 3)
    assert not one.within
    assert (one.measure, one.currency) == ("Revenue", "USD")
    assert one.loads.tolist() == [100.0, 300.0, 200.0]
    assert one.counts.tolist() == [1, 2, 1]


def test_pieces_and_strays(ws, sid):
    one = plan_snapshot(ws, sid)
    assert one.table["components"].tolist() == [2, 1], "New Castle and Sussex don't touch"
    assert one.strays == ((SUSSEX,),), "the lighter piece strays"
    editing.paint(ws, sid, [KENT], 0)
    assert plan_snapshot(ws, sid).strays == ()
    assert plan_snapshot(ws, sid).table["components"].tolist() == [1, 0]
    assert (plan_snapshot(ws, sid).table["polsby_popper"] <= 1.0).all()


def test_unassigned_units_keep_a_plan_from_being_within(ws, sid):
    editing.paint(ws, sid, [KENT, SUSSEX], 1)
    assert plan_snapshot(ws, sid).within
    assert plan_snapshot(ws, sid).max_deviation == 0.0
    editing.paint(ws, sid, [KENT], -1)
    one = plan_snapshot(ws, sid)
    assert (one.unassigned_units, one.unassigned_load) == (1, 100.0)
    assert not one.within


def test_a_unit_without_load_may_stay_unassigned(ws):
    rows = [r for r in DELAWARE if r[1] != "Kent"] + [("A-9", "Sussex", "DE", 100.0)]
    sid = start(ws, rows=rows).id
    more(ws, sid, ["South"])
    editing.paint(ws, sid, [NEW_CASTLE], 0)
    editing.paint(ws, sid, [SUSSEX], 1)
    assert plan_snapshot(ws, sid).within


def test_unassigned_loads_that_cancel_out_are_still_unassigned(ws):
    rows = [("A-1", "Kent", "DE", 50.0), ("A-2", "New Castle", "DE", 100.0), ("A-3", "Sussex", "DE", -50.0)]
    sid = start(ws, rows=rows).id
    editing.paint(ws, sid, [NEW_CASTLE], 0)
    assert not plan_snapshot(ws, sid).within


def test_moved_counts_from_the_newest_import_on_this_line_of_work(ws, sid):
    assert math.isnan(plan_snapshot(ws, sid).moved)
    assert plan_snapshot(ws, sid).baseline == ""
    rev = editing.place_by_name(ws, sid, ws.store.scenarios.rev(sid), ["South", "North", "South"]).rev
    assert plan_snapshot(ws, sid).moved == 0.0
    assert plan_snapshot(ws, sid).baseline == "the import"
    editing.paint(ws, sid, [SUSSEX], 0)
    assert plan_snapshot(ws, sid).moved == pytest.approx(200 / 600)
    editing.paint(ws, sid, [SUSSEX], 1)
    assert plan_snapshot(ws, sid).moved == 0.0
    for _ in range(3):
        rev = undo.undo(ws, sid, ws.store.scenarios.rev(sid)).rev
    assert math.isnan(plan_snapshot(ws, sid).moved), "before the import there is nothing to compare with"
    undo.redo(ws, sid, rev)
    assert plan_snapshot(ws, sid).moved == 0.0


def test_a_preview_is_what_comes_after_applying(ws, sid):
    plan, _ = ws.plan(sid)
    change = moves.assign(plan, [SUSSEX], 1).edit
    shown = preview_snapshot(ws, sid, change)
    assert ws.plan(sid)[0].same_as(plan), "nothing is stored"
    edit(ws, sid, lambda *_: change)
    after = plan_snapshot(ws, sid)
    assert shown.table.equals(after.table)
    assert shown.plan.same_as(after.plan)
    assert (shown.max_deviation, shown.within, shown.strays) == (after.max_deviation, after.within, after.strays)
    assert (shown.unassigned_units, shown.metrics.values) == (after.unassigned_units, after.metrics.values)


def test_a_preview_under_another_limit(ws, sid):
    plan, _ = ws.plan(sid)
    change = moves.assign(plan, [KENT], 0).edit
    assert preview_snapshot(ws, sid, change, measure="Revenue", tolerance=1.0).within
    assert not preview_snapshot(ws, sid, change).within
    assert ws.store.scenarios.get(sid).tolerance == 0.05


def test_rows_and_money_are_conserved(ws, sid):
    editing.paint(ws, sid, [KENT], -1)
    one = totals(ws, sid)
    assert (one.accepted.rows, one.assigned.rows, one.unassigned.rows) == (6, 3, 1)
    assert (one.outside.rows, one.unlocated.rows) == (1, 1)
    assert [one.load(p, "Revenue") for p in ("accepted", "assigned", "unassigned", "outside", "unlocated")] == [
        700.0,
        500.0,
        100.0,
        70.0,
        30.0,
    ]


def test_the_report_table_adds_up_for_every_measure(demo_ws):
    ws, data = demo_ws
    sid = start(ws, "CT", data=data, measure="Potential").id
    more(ws, sid, ["B"])
    editing.paint(ws, sid, range(4), 0)
    editing.paint(ws, sid, range(4, 9), 1)
    table, whole = report_table(ws, sid), totals(ws, sid)
    for measure in data.accounts.measures:
        assert table[f"load_{measure}"].sum() == pytest.approx(whole.load("assigned", measure))
        assert table[f"target_{measure}"].nunique() == 1
        off = table[f"load_{measure}"] / table[f"target_{measure}"] - 1
        assert np.allclose(table[f"deviation_{measure}"], off)
    assert table["accounts"].sum() == whole.assigned.rows
    assert plan_snapshot(ws, sid).table["load"].tolist() == table["load_Potential"].tolist()


def test_a_measure_that_adds_up_to_nothing_has_no_deviation(ws):
    sid = start(ws, "RI", rows=[r for r in DELAWARE if r[2] == "DE"]).id
    one = plan_snapshot(ws, sid)
    assert one.table["deviation"].isna().all()
    assert math.isnan(one.max_deviation)
    assert math.isnan(one.metrics.figure("balance_index"))
    assert not one.within


def test_another_measure_renaming_and_a_new_roster_show_at_once(ws, sid):
    assert plan_snapshot(ws, sid) is plan_snapshot(ws, sid), "computed once"
    ws.store.scenarios.update_settings(sid, tolerance=0.9)
    assert plan_snapshot(ws, sid).within
    ws.store.scenarios.rename(sid, "Other")
    assert plan_snapshot(ws, sid).info.name == "Other"
    dataset_id = ws.store.scenarios.get(sid).dataset_id
    roster.replace_reps(ws, dataset_id, b"User ID,Name\nU-1,Cleo\n", "reps.csv")
    assert [r.name for r in plan_snapshot(ws, sid).reps] == ["Cleo"]
    assert plan_snapshot(ws, sid).table["rep"].tolist() == ["Cleo", ""]


def test_states(ws):
    data = data_set(ws, (*DELAWARE, *RHODE_ISLAND))
    info = editing.create(ws, dataset_id=data.info.id, level="state", region="DE, RI", measure="Revenue")
    assert plan_snapshot(ws, info.id).units.names == ["Delaware", "Rhode Island"]
    assert plan_snapshot(ws, info.id).loads.tolist() == [600.0, 190.0]
    assert totals(ws, info.id).unlocated.rows == 1


def test_locked_territories_leave_the_rest_to_the_others():
    import numpy as np

    from terr.model.plan import Plan, Territory
    from terr.workspace.plan.targets import targets

    def plan(*locked: bool) -> Plan:
        return Plan(
            assign=np.array([0, 1, 2], dtype=np.int16),
            territories=tuple(Territory(i, f"T{i}", locked=on) for i, on in enumerate(locked)),
            locked_units=np.zeros(3, dtype=np.bool_),
            units_version="v",
        )

    loads = np.array([60.0, 20.0, 40.0])
    assert targets(plan(False, False, False), loads).tolist() == [40.0, 40.0, 40.0]
    assert targets(plan(True, False, False), loads).tolist() == [40.0, 30.0, 30.0]
    assert targets(plan(True, True, True), loads).tolist() == [40.0, 40.0, 40.0]
