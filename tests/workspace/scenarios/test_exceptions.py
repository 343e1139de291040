"""Accounts that go by name: board, totals, files, the CRM's files and the engine all count them alike."""

from __future__ import annotations

import io
from datetime import date

import numpy as np
import pandas as pd
import pytest

from terr.aggregate import account_codes
from terr.edits import moves
from terr.errors import InputError
from terr.model.person import Person
from terr.model.reps import Rep
from terr.workspace.design import apply_result
from terr.workspace.design.solve_task import design_task, rebalance_task
from terr.workspace.plan import editing, named_accounts
from terr.workspace.plan.map_layers import account_points
from terr.workspace.plan.snapshot import plan_snapshot, report_table, totals
from terr.workspace.reports import crm, downloads
from terr.workspace.scenarios import exceptions
from tests.helpers.spaces import DELAWARE, KENT, NEW_CASTLE, SUSSEX, more, start

ME = Person("me")
REPS = (Rep("U-1", "Ann Poe", "19901"), Rep("U-2", "Bob Ray", "19801"))
DAY = date(2026, 11, 25)


@pytest.fixture
def sid(ws):
    """North (code 0, Ann): New Castle, 300 in 2 accounts; South (code 1, Bob): Kent and Sussex, 300 in 2 accounts."""
    made = start(ws, reps=REPS).id
    editing.edit(ws, made, 1, lambda p, _: moves.rename(p, 0, "North"))
    more(ws, made, ["South"])
    editing.paint(ws, made, [NEW_CASTLE], 0)
    editing.paint(ws, made, [KENT, SUSSEX], 1)
    for code, rep in ((0, "U-1"), (1, "U-2")):
        editing.edit(ws, made, ws.store.scenarios.rev(made), lambda p, _, c=code, r=rep: moves.set_rep(p, c, r))
    return made


def enter(ws, sid, accounts, **more_):
    given = {"kind": "named", "territory": 1, "by": ME, "day": DAY} | more_
    return exceptions.enter(ws, sid, accounts, **given)


def test_board_files_and_engine_agree_to_the_dollar(ws, sid):
    # A-3 (New Castle, 50) goes to South, A-5 (Rhode Island, 70) and A-6 (nowhere, 30) to North by name
    enter(ws, sid, ["A-3"], reason="Headquarters in Dover")
    enter(ws, sid, ["A-5", "A-6"], territory=0)
    one = plan_snapshot(ws, sid)
    assert one.table["load"].tolist() == [250 + 70 + 30, 100 + 200 + 50]
    assert one.table["accounts"].tolist() == [3, 3]
    assert one.table["target"].tolist() == [350.0, 350.0]
    assert one.max_deviation == 0.0
    assert one.total == 700.0
    assert one.loads.tolist() == [100.0, 250.0, 200.0], "the map's units hold what a click would move"
    assert one.counts.tolist() == [1, 1, 1]

    both = totals(ws, sid)
    assert (both.assigned.rows, both.assigned.loads[0]) == (6, 700.0)
    assert (both.outside.rows, both.unlocated.rows, both.unassigned.rows) == (0, 0, 0)

    table = report_table(ws, sid)
    assert table["load_Revenue"].tolist() == [350.0, 350.0]
    assert table["accounts"].tolist() == [3, 3]

    rows = pd.read_csv(io.BytesIO(downloads.export(ws, sid, "accounts.csv").data)).set_index("account_id")
    assert rows.groupby("territory")["Revenue"].sum().to_dict() == {"North": 350, "South": 350}
    assert rows.loc["A-3", ["territory", "rep", "status", "exception"]].tolist() == [
        "South",
        "Bob Ray",
        "assigned",
        "yes",
    ]
    assert rows.loc["A-6", ["territory", "status"]].tolist() == ["North", "assigned"]
    assert rows["exception"].isna().sum() == 3
    book = pd.read_excel(
        io.BytesIO(downloads.export(ws, sid, "accounts.xlsx").data), sheet_name=None, engine="openpyxl"
    )
    assert book["Accounts"].groupby("territory")["Revenue"].sum().to_dict() == {"North": 350, "South": 350}
    assert book["Territories"]["Revenue"].tolist() == [350, 350, 700]  # the last is the sum below

    task = rebalance_task(ws, sid)
    assert task is not None
    assert task.problem.loads(task.assign)[:, 0].tolist() == one.table["load"].tolist()
    assert task.problem.targets[:, 0].tolist() == one.table["target"].tolist()
    assert task.problem.deviations(task.assign)[:, 0].tolist() == one.table["deviation"].tolist()
    wanted = apply_result.DesignRequest(territories=2, measure="Revenue", tolerance=0.3)
    made = design_task(ws, sid, wanted)
    assert made.problem.weights[:, 0].sum() == 700.0
    assert set(made.codes) == {0, 1}, "territories with accounts by name stay what they are"
    assert [w.code for w in made.warnings].count("exceptions_counted") == 2


def test_points_of_the_map_say_where_an_account_goes_by_name(ws, sid):
    enter(ws, sid, ["A-3"])
    texts = account_points(plan_snapshot(ws, sid))["text"]
    assert "Customer A-3: $50 (exception: South)" in texts
    assert "Customer A-1: $100" in texts


def test_the_crm_gets_the_territory_by_name(ws):
    rows = [(f"00100000000000{i}AAA"[:18], c, "DE", v) for i, (_, c, _, v) in enumerate(DELAWARE[:4])]
    sid = start(ws, rows=rows).id
    more(ws, sid, ["South"])
    editing.paint(ws, sid, [NEW_CASTLE, KENT, SUSSEX], 0)
    ids = {0: "0MI000000000001AAA", 1: "0MI000000000002AAA"}
    crm.save_territory_ids(ws, sid, ids)
    account = rows[1][0]
    enter(ws, sid, [account], territory=1)
    made = crm.back_to_crm(ws, sid, "salesforce-territories.csv").frame.set_index("ObjectId")["Territory2Id"]
    assert made.to_dict() == {r[0]: ids[1] if r[0] == account else ids[0] for r in rows}


def test_a_holdover_ends_with_its_last_day(ws, sid):
    enter(ws, sid, ["A-3"], kind="holdover", until=DAY, reason="until the renewal")
    info, plan = ws.store.scenarios.get(sid), ws.plan(sid)[0]
    on = named_accounts.register(ws, info, plan, day=DAY)
    off = named_accounts.register(ws, info, plan, day=date(2026, 11, 26))
    assert on.held.codes.tolist() == [1]
    assert [x.state for x in on.lines] == ["active"]
    assert len(off.held) == 0
    assert [x.entry.what.account_id for x in off.of("expired")] == ["A-3"]
    with pytest.raises(InputError, match="is in the past"):
        enter(ws, sid, ["A-3"], kind="holdover", until=date(2026, 11, 24))


def test_an_exception_for_a_rep_follows_the_rep(ws, sid):
    enter(ws, sid, ["A-1"], kind="override", territory=None, rep="U-1")
    assert plan_snapshot(ws, sid).table["load"].tolist() == [400.0, 200.0]
    editing.edit(ws, sid, ws.store.scenarios.rev(sid), lambda p, _: moves.set_rep(p, 0, "U-2"))
    editing.edit(ws, sid, ws.store.scenarios.rev(sid), lambda p, _: moves.set_rep(p, 1, "U-1"))
    assert plan_snapshot(ws, sid).table["load"].tolist() == [300.0, 300.0], "Ann now covers where the account lies"
    editing.edit(ws, sid, ws.store.scenarios.rev(sid), lambda p, _: moves.set_rep(p, 1, ""))
    shown = named_accounts.register(ws, ws.store.scenarios.get(sid))
    assert [(x.state, x.to) for x in shown.lines] == [("no territory", "Ann Poe")]
    with pytest.raises(InputError, match="has no territory in the plan"):
        enter(ws, sid, ["A-2"], territory=None, rep="U-1")


def test_the_engine_keeps_the_anchor_and_what_is_laid_on_it(ws, sid):
    enter(ws, sid, ["A-3"])
    task = rebalance_task(ws, sid)
    assert task is not None
    south = task.codes.index(1)
    anchor = int(np.flatnonzero(task.problem.locked == south)[0])
    assert task.rows[anchor] in (KENT, SUSSEX)
    base = {KENT: 100.0, SUSSEX: 200.0}[int(task.rows[anchor])]
    assert task.problem.weights[anchor, 0] == base + 50


def test_more_than_a_tenth_is_warned_of(ws, sid):
    assert named_accounts.register(ws, ws.store.scenarios.get(sid)).warning == ""
    enter(ws, sid, ["A-3"])
    warned = named_accounts.register(ws, ws.store.scenarios.get(sid)).warning
    assert warned.startswith("1 account of 6 (16.7%) are exceptions")


def test_a_deleted_territory_lets_its_accounts_go_and_says_so(ws, sid):
    enter(ws, sid, ["A-2"])
    editing.edit(ws, sid, ws.store.scenarios.rev(sid), lambda p, _: moves.merge(p, 1, 0))
    shown = named_accounts.register(ws, ws.store.scenarios.get(sid))
    assert [x.state for x in shown.lines] == ["no territory"]
    assert plan_snapshot(ws, sid).table["load"].tolist() == [600.0]


def test_unknown_accounts_are_named(ws, sid):
    with pytest.raises(InputError, match="A-99 isn't among the accounts"):
        enter(ws, sid, ["A-1", "A-99"])


def test_search_finds_by_id_and_name_largest_first(ws, sid):
    data = ws.store.scenarios.get(sid).dataset_id
    found = exceptions.search(ws, data, "customer", "Revenue")
    assert found["account_id"].tolist()[:2] == ["A-2", "A-4"]
    assert exceptions.search(ws, data, "a-3")["account_id"].tolist() == ["A-3"]
    assert exceptions.search(ws, data, "  ").empty


def test_codes_of_accounts_and_sums_are_the_same_thing(ws, sid):
    enter(ws, sid, ["A-1", "A-6"], territory=0)
    one = plan_snapshot(ws, sid)
    codes = account_codes(one.accounts, one.units, one.plan, held=one.held)
    money = one.accounts.frame["Revenue"].to_numpy()
    assert [money[codes == c].sum() for c in (0, 1)] == one.table["load"].tolist()


def test_a_design_with_exceptions_comes_out_as_the_engine_said(ws):
    from terr.engine import design
    from tests.helpers.spaces import RHODE_ISLAND

    sid = start(ws, region="RI", rows=RHODE_ISLAND, tolerance=0.7).id
    more(ws, sid, ["South"])
    editing.paint(ws, sid, [0, 3], 0)  # Bristol 10 and Providence 60
    editing.paint(ws, sid, [1, 2, 4], 1)  # Kent 20, Newport 20, Washington 10
    enter(ws, sid, ["R-4"], territory=1)  # Providence's account goes to the south by name
    assert plan_snapshot(ws, sid).table["load"].tolist() == [10.0, 110.0]
    task = design_task(ws, sid, apply_result.DesignRequest(territories=2, measure="Revenue", tolerance=0.7, keep="Low"))
    result = design(task.problem, seed=1)
    apply_result.apply_design(ws, task, result, ws.store.scenarios.rev(sid))
    one = plan_snapshot(ws, sid)
    south = one.table.set_index("code").loc[1]
    assert south["load"] >= 60, "what goes by name stays with it"
    assert one.table["load"].sum() == 120.0
    engine = task.problem.loads(result.assign)[:, 0].tolist()
    assert [dict(zip(one.table["code"], one.table["load"], strict=True))[c] for c in task.codes] == engine
    assert one.max_deviation == pytest.approx(result.max_deviation[0])
    assert result.status == "feasible"
    assert one.within
