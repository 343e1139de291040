"""As owned today: a plan from the owner column, and what every plan can be compared with."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from terr.engine import design
from terr.errors import InputError
from terr.model.person import Person
from terr.model.reps import Rep
from terr.workspace.accounts import dataset
from terr.workspace.design.apply_result import DesignRequest, ImportedAssignment, apply_design, design_task
from terr.workspace.design.frontier import frontier_frame, frontier_sentence, point_line
from terr.workspace.design.solve_task import rebalance_task
from terr.workspace.plan import editing, map_layers, plan_settings
from terr.workspace.plan.named_accounts import register
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.scenarios import as_owned
from tests.helpers.intakes import csv_bytes
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX

ME = Person("", "me")
ROSTER = (Rep("U-1", "Ann Poe", "19901"), Rep("U-2", "Bob Ray", "19801"))
HEAD = ["Account ID", "Name", "County", "State", "Owner", "Revenue"]
ROWS = (
    ("A-1", "One", "Kent", "DE", "Ann Poe", "100"),
    ("A-2", "Two", "New Castle", "DE", "Poe, Ann", "250"),
    ("A-3", "Three", "New Castle", "DE", "Bob Ray", "50"),
    ("A-4", "Four", "Sussex", "DE", "bob ray", "120"),
    ("A-5", "Five", "Sussex", "DE", "House Account", "80"),
    ("A-6", "Six", "Providence", "RI", "Bob Ray", "70"),
)
"""Ann has Kent and most of New Castle (350 in all), Bob most of Sussex and A-3 in New Castle (170); 80 are nobody's."""


def data_of(ws, rows=ROWS, reps=ROSTER):
    raw, columns = dataset.inspect(data := csv_bytes([HEAD, *rows]), "owned.csv")
    return dataset.save(ws, data, dataset.intake(raw, columns, {"Revenue": "USD"}), reps=reps)


def owned(ws, data, **more):
    given = {"dataset_id": data.info.id, "level": "county", "region": "DE", "measure": "Revenue", "by": ME}
    return as_owned.create(ws, **{**given, **more})


@pytest.fixture
def made(ws):
    return owned(ws, data_of(ws))


def test_the_areas_each_owner_mostly_has_and_the_others_by_name(ws, made):
    shown = plan_snapshot(ws, made.info.id)
    names = {t.code: (t.name, t.rep) for t in shown.plan.territories}
    assert [names[c] for c in shown.plan.assign[[KENT, NEW_CASTLE, SUSSEX]].tolist()] == [
        ("Ann Poe", "U-1"),
        ("Ann Poe", "U-1"),
        ("Bob Ray", "U-2"),
    ]
    assert shown.table.set_index("territory")["load"].to_dict() == {"Ann Poe": 350.0, "Bob Ray": 250.0}
    lines = register(ws, made.info).lines
    assert [(x.entry.what.account_id, x.to, x.state) for x in lines] == [("A-3", "Bob Ray", "active")]
    assert made.sentence == (
        "2 territories as owned today: 3 of 5 accounts lie in the area their owner mostly has, 1 goes to their owner "
        "by name, 1 ($80 Revenue) has no owner."
    )


def test_what_nobody_mostly_has_stays_unassigned(ws):
    rows = (*ROWS[:3], ("A-4", "Four", "Sussex", "DE", "Bob Ray", "20"), ROWS[4])
    shown = plan_snapshot(ws, owned(ws, data_of(ws, rows)).info.id)
    assert shown.plan.assign[SUSSEX] == -1
    assert shown.table.set_index("territory")["load"].to_dict() == {"Ann Poe": 350.0, "Bob Ray": 70.0}


def test_house_accounts_are_kept_if_one_says_so(ws):
    shown = plan_snapshot(ws, owned(ws, data_of(ws), answers={"house": "own"}).info.id)
    loads = shown.table.set_index("territory")["load"].to_dict()
    assert loads == {"Ann Poe": 350.0, "Bob Ray": 170.0, "House Account": 80.0}


def test_accounts_without_owners_are_refused(ws):
    blank = data_of(ws, [(*r[:4], "", r[5]) for r in ROWS])
    assert not as_owned.has_owners(blank)
    with pytest.raises(InputError, match="no account has an owner"):
        owned(ws, blank)


def test_any_plan_is_compared_with_the_owners_account_by_account(ws):
    data = data_of(ws)
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Revenue").id
    two = editing.new_territory(ws, sid, ws.rev(sid))[1]
    for code, rep in ((0, "U-1"), (two, "U-2")):
        editing.give_to_rep(ws, sid, ws.rev(sid), code, rep)
    editing.paint(ws, sid, [KENT], 0)
    editing.paint(ws, sid, [NEW_CASTLE, SUSSEX], two)
    assert np.isnan(plan_snapshot(ws, sid).moved), "never generated"
    assert plan_settings.TODAY in map_layers.baselines(ws, plan_snapshot(ws, sid))
    plan_settings.save_setting(ws, sid, plan_settings.COMPARED, plan_settings.TODAY)
    shown = plan_snapshot(ws, sid)
    assert shown.compared == "against as owned today"
    assert shown.moved == pytest.approx(250 / 600), "A-2 leaves Ann; A-3 is Bob's already, A-5 was nobody's"
    assert shown.moved_share_of == "Of $600 Revenue of 5 accounts in the region; changing hands: 1 account"
    editing.paint(ws, sid, [NEW_CASTLE], 0)
    assert plan_snapshot(ws, sid).moved == pytest.approx(50 / 600), "now A-3 leaves Bob"


def test_the_plan_as_owned_has_moved_nothing_against_the_owners(ws, made):
    plan_settings.save_setting(ws, made.info.id, plan_settings.COMPARED, plan_settings.TODAY)
    assert plan_snapshot(ws, made.info.id).moved == 0


def test_a_saved_scenario_can_be_compared_with_and_gives_way_when_deleted(ws, made):
    sid = ws.store.scenarios.duplicate(made.info.id, "Draft").id
    bob = next(t.code for t in ws.plan(sid)[0].territories if t.name == "Bob Ray")
    editing.paint(ws, sid, [KENT], bob)
    plan_settings.save_setting(ws, sid, plan_settings.COMPARED, made.info.id)
    assert plan_snapshot(ws, sid).compared == "against As owned today"
    assert plan_snapshot(ws, sid).moved == pytest.approx(100 / 600)
    ws.store.scenarios.delete(made.info.id)
    assert plan_snapshot(ws, sid).compared == "since the import"


def test_keep_todays_assignments_is_near_the_owners_where_one_compares_with_them(ws):
    data = data_of(ws)
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Revenue").id
    two = editing.new_territory(ws, sid, ws.rev(sid))[1]
    for code, rep, units in ((0, "U-1", [SUSSEX]), (two, "U-2", [KENT, NEW_CASTLE])):  # the other way round
        editing.give_to_rep(ws, sid, ws.rev(sid), code, rep)
        editing.paint(ws, sid, units, code)
    plan_settings.save_setting(ws, sid, plan_settings.COMPARED, plan_settings.TODAY)
    task = design_task(ws, sid, DesignRequest(2, "Revenue", 0.5, keep="High"))
    apply_design(ws, task, design(task.problem, seed=1, time_limit_s=5), ws.rev(sid))
    rep_of = {t.code: t.rep for t in ws.plan(sid)[0].territories}
    assert [rep_of[c] for c in ws.plan(sid)[0].assign.tolist()] == ["U-1", "U-1", "U-2"]


def test_a_plan_without_territories_keeps_the_owners_areas_too(ws):
    data = data_of(ws)
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Revenue").id
    plan_settings.save_setting(ws, sid, plan_settings.COMPARED, plan_settings.TODAY)
    task = design_task(ws, sid, DesignRequest(2, "Revenue", 0.5, keep="High"))
    assert task.warnings == ()
    apply_design(ws, task, design(task.problem, seed=1, time_limit_s=5), ws.rev(sid))
    assign = ws.plan(sid)[0].assign
    assert assign[KENT] == assign[NEW_CASTLE] != assign[SUSSEX]


def test_the_trade_off_counts_from_todays_owners(ws, made):
    """A plan of its own has Kent with Bob; today it is Ann's: 350 and 250, of which the engine may move areas."""
    sid = made.info.id
    territories = ws.plan(sid)[0].territories
    ann, bob = (next(t.code for t in territories if t.name == n) for n in ("Ann Poe", "Bob Ray"))
    slot = {t.code: j for j, t in enumerate(territories)}
    editing.paint(ws, sid, [KENT], bob)
    here, today = rebalance_task(ws, sid), rebalance_task(ws, sid, plan_settings.TODAY)
    assert here is not None
    assert today is not None
    assert (here.start_name, today.start_name) == ("", "as owned today")
    assert today.assign.tolist() == [slot[ann], slot[ann], slot[bob]]
    assert here.assign.tolist() == ws.plan(sid)[0].slots().tolist()
    shown = plan_snapshot(ws, sid)
    after = ImportedAssignment(np.array([slot[bob], slot[ann], slot[bob]], dtype=np.int16))
    point = SimpleNamespace(moved=1 / 6, deviation=1 / 6, result=after)
    frame = frontier_frame(today, shown, [point])
    assert frame["label"].tolist() == ["as owned today", "1"]
    assert frame["moved_pct"].tolist() == pytest.approx([0, 100 / 6]), "Kent's 100 of 600"
    assert point_line(frame, 0, today.start_name).startswith("As owned today · max deviation")
    assert "against as owned today" in point_line(frame, 1, today.start_name)
    inside = frame.assign(inside=True)
    assert "of Revenue against as owned today" in frontier_sentence(inside, "Revenue", 0.05, "both", today.start_name)
    editing.lock_territory(ws, sid, ws.rev(sid), bob, on=True)
    editing.new_territory(ws, sid, ws.rev(sid))
    assert rebalance_task(ws, sid, plan_settings.TODAY) is None, "an empty territory is nothing to move between"


def test_owners_without_a_territory_are_told_beside_the_trade_off(ws):
    rows = (
        *ROWS[:3],
        ("A-4", "Four", "Sussex", "DE", "Cy Lee", "90"),
        ("A-7", "Seven", "Kent", "DE", "Bob Ray", "900"),
    )
    made = owned(ws, data_of(ws, rows))
    sid = made.info.id
    codes = {t.name: t.code for t in ws.plan(sid)[0].territories}
    editing.merge_territory(ws, sid, ws.rev(sid), codes["Cy Lee"], codes["Bob Ray"])
    task = rebalance_task(ws, sid, plan_settings.TODAY)
    assert task is not None
    assert [w.message for w in task.warnings if w.code == "no_counterpart"] == [
        "1 territory of as owned today has no counterpart in this plan; what goes from there doesn't count as moved"
    ]
    assert (task.assign == -1).sum() == 1
