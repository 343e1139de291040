"""Two plans compared: which territory is which, what changes hands, the ledger, and who gains and loses what."""

from __future__ import annotations

import csv
import io

import numpy as np
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.edits import moves
from terr.errors import InputError
from terr.model.person import Person
from terr.model.reps import Rep
from terr.workspace import Workspace
from terr.workspace.plan import editing
from terr.workspace.scenarios import change_ledger, comparison_tables, exceptions, tree
from terr.workspace.scenarios.comparison import PlanPoint, compare, disruption_line, disruption_share, matching_line
from terr.workspace.scenarios.key_figures import key_figures
from tests.helpers.effort import examples
from tests.helpers.spaces import DELAWARE, KENT, NEW_CASTLE, SUSSEX, data_set, more, start

ME = Person("me")
REPS = (Rep("U-1", "Ann Poe", "19901"), Rep("U-2", "Bob Ray", "19801"))


def edit(ws, sid, make):
    return editing.edit(ws, sid, ws.store.scenarios.rev(sid), make)


@pytest.fixture
def sid(ws):
    """North (Ann): New Castle 300 in 2; South (Bob): Kent 100 and Sussex 200. Edits 1 to 6; 4 and 5 paint."""
    made = start(ws, reps=REPS).id
    edit(ws, made, lambda p, _: moves.rename(p, 0, "North"))
    more(ws, made, ["South"])
    editing.paint(ws, made, [NEW_CASTLE], 0, author="Eve")
    editing.paint(ws, made, [KENT, SUSSEX], 1, author="Eve")
    for code, rep in ((0, "U-1"), (1, "U-2")):
        edit(ws, made, lambda p, _, c=code, r=rep: moves.set_rep(p, c, r))
    return made


def test_a_branch_compared_with_what_it_grew_from(ws, sid):
    head = ws.store.scenarios.get(sid).head
    copy = tree.branch(ws, sid, head, "Kent goes north", by=ME).id
    editing.edit(
        ws,
        copy,
        ws.store.scenarios.rev(copy),
        lambda p, _: moves.assign(p, [KENT], 0, author="Zoe", note="closer").edit,
    )
    edit(ws, copy, lambda p, _: moves.rename(p, 0, "Upper"))
    found = compare(ws, PlanPoint(sid), PlanPoint(copy))
    assert [(p.name, p.how) for p in found.pairs] == [("North → Upper", "same"), ("South", "same")]
    assert found.changed.tolist() == [True, False, False, False, False, False], "only A-1 lies in Kent"
    assert disruption_share(found, "Revenue") == pytest.approx(100 / 600)
    assert disruption_line(found, "Revenue") == (
        "16.7% of Revenue moves to another territory: $100 of $600, 1 account of 4 in either plan"
    )
    assert "moves to another rep: $100 of $600" in disruption_line(found, "Revenue", by_rep=True)
    assert matching_line(found) == "Matched: 2 territories that are the same."

    told = change_ledger.ledger(ws, found)
    assert told[["account_id", "from", "to", "from_rep", "to_rep", "author"]].values.tolist() == [
        ["A-1", "South", "Upper", "Bob Ray", "Ann Poe", "Zoe"]
    ]
    assert told["reason"].tolist() == ["Moved 1 county to North: closer"]
    step = ws.store.edits.history(copy).steps[-2]
    assert told["time"].tolist() == [step.at]
    assert told["Revenue"].tolist() == [100.0]

    back = change_ledger.ledger(ws, compare(ws, PlanPoint(copy), PlanPoint(sid)))
    assert back[["from", "to", "reason", "author"]].values.tolist() == [
        ["Upper", "South", "Without: Moved 1 county to North: closer", "Zoe"]
    ]


def test_who_gains_and_loses_what(ws, sid):
    head = ws.store.scenarios.get(sid).head
    editing.paint(ws, sid, [KENT], 0)
    found = compare(ws, PlanPoint(sid, head), PlanPoint(sid))
    table = comparison_tables.territory_gains(found, ["Revenue"]).set_index("name")
    assert table.loc["North"].tolist() == ["same territory", 2, 1, 0, 3, 300.0, 100.0, 0.0, 400.0]
    assert table.loc["South"].tolist() == ["same territory", 2, 0, 1, 1, 300.0, 0.0, 100.0, 200.0]
    assert table.loc["no territory", "accounts after"] == 0
    people = comparison_tables.rep_gains(found, ["Revenue"]).set_index("name")
    assert people.loc["Ann Poe", ["Revenue before", "Revenue gained", "Revenue lost", "Revenue after"]].tolist() == [
        300.0,
        100.0,
        0.0,
        400.0,
    ]
    assert people.index.tolist() == ["Ann Poe", "Bob Ray", "no rep"]


def test_the_better_one_is_said_in_words(ws, sid):
    head = ws.store.scenarios.get(sid).head
    editing.paint(ws, sid, [KENT], 0)
    info = ws.store.scenarios.get(sid)
    table = comparison_tables.metrics_table(
        {"Before": key_figures(ws, info, head), "After": key_figures(ws, info)}, "Revenue", "county", "USD"
    ).set_index("")
    assert table.loc["Max deviation"].tolist() == ["0.0%", "33.3%", "Before by 33.3 points"]
    assert table.loc["Balance index"].tolist() == ["100.0", "66.7", "Before by 33.3 points"]
    assert table.loc["Disconnected areas"].tolist() == ["0", "0", "the same"]
    assert table.loc["Unassigned", "Better"] == "the same"
    three = comparison_tables.metrics_table(
        {"A": key_figures(ws, info, head), "B": key_figures(ws, info), "C": key_figures(ws, info, head)},
        "Revenue",
        "county",
    ).set_index("")
    assert three.loc["Max deviation", "Better"] == "A and C, tied"


def test_plans_without_a_common_past_are_matched_by_what_they_share(ws, sid):
    data = ws.store.scenarios.get(sid).dataset_id
    other = editing.create(ws, dataset_id=data, level="county", region="DE", measure="Revenue")
    edit(ws, other.id, lambda p, _: moves.rename(p, 0, "Lower"))
    more(ws, other.id, ["Upper", "Spare"])
    editing.paint(ws, other.id, [SUSSEX], 0)
    editing.paint(ws, other.id, [NEW_CASTLE, KENT], 1)
    found = compare(ws, PlanPoint(sid), PlanPoint(other.id))
    assert [(p.name, p.how) for p in found.pairs] == [
        ("North → Upper", "overlap"),
        ("South → Lower", "overlap"),
        ("Spare", "only"),
    ]
    assert disruption_share(found, "Revenue") == pytest.approx(100 / 600)
    assert "1 territory is only in one plan" in matching_line(found)
    assert not found.has_reps


def test_territories_made_apart_after_a_branch_are_not_taken_for_one(ws, sid):
    copy = tree.branch(ws, sid, ws.store.scenarios.get(sid).head, "Copy", by=ME).id
    more(ws, sid, ["West"])
    more(ws, copy, ["East"])
    editing.paint(ws, sid, [SUSSEX], 2)
    editing.paint(ws, copy, [KENT], 2)
    found = compare(ws, PlanPoint(sid), PlanPoint(copy))
    assert [(p.name, p.how) for p in found.pairs] == [
        ("North", "same"),
        ("South", "same"),
        ("West", "only"),
        ("East", "only"),
    ]
    assert found.changed.tolist() == [True, False, False, True, False, False]


def test_plans_of_different_files_are_refused_in_words(ws, sid):
    other = start(ws, rows=(*DELAWARE, ("A-7", "Kent", "DE", 5.0)))
    with pytest.raises(InputError, match="different account files"):
        compare(ws, PlanPoint(sid), PlanPoint(other.id))


def test_another_level_is_compared_by_accounts(ws, sid):
    data = ws.store.scenarios.get(sid).dataset_id
    whole = editing.create(ws, dataset_id=data, level="state", region="DE", measure="Revenue").id
    editing.paint(ws, whole, [0], 0)
    found = compare(ws, PlanPoint(sid), PlanPoint(whole))
    assert not found.same_units
    assert disruption_share(found, "Revenue") == pytest.approx(0.5)
    told = change_ledger.ledger(ws, found)
    assert told["account_id"].tolist() == ["A-1", "A-2", "A-3", "A-4"], "A-2 and A-3 keep North and lose Ann"
    assert told["Revenue"][told["territory_changed"]].sum() == 300.0


def test_an_exception_is_the_reason_of_its_account(ws, sid):
    copy = tree.branch(ws, sid, ws.store.scenarios.get(sid).head, "Copy", by=ME).id
    exceptions.enter(ws, copy, ["A-6"], kind="named", territory=1, reason="knows the buyer", by=Person("Kim"))
    editing.paint(ws, copy, [NEW_CASTLE], 1)
    told = change_ledger.ledger(ws, compare(ws, PlanPoint(sid), PlanPoint(copy))).set_index("account_id")
    assert told.loc["A-6", ["from", "to", "reason", "author"]].tolist() == [
        "no territory",
        "South",
        "Exception: knows the buyer",
        "Kim",
    ]
    assert told.loc["A-2", "reason"] == "Moved 1 county to South"


def test_a_change_of_rep_alone_is_told_with_its_edit(ws, sid):
    head = ws.store.scenarios.get(sid).head
    editing.edit(ws, sid, ws.store.scenarios.rev(sid), lambda p, _: moves.set_rep(p, 0, "U-2", author="Max"))
    found = compare(ws, PlanPoint(sid, head), PlanPoint(sid))
    told = change_ledger.ledger(ws, found)
    assert told["account_id"].tolist() == ["A-2", "A-3"]
    assert told[["territory_changed", "rep_changed"]].values.tolist() == [[False, True]] * 2
    assert told["author"].tolist() == ["Max", "Max"]
    assert told["reason"].tolist() == ["Assigned North to U-2"] * 2


def test_the_ledger_is_filtered_and_leaves_as_files(ws):
    rows = [("=cmd()", "Kent", "DE", 100.0), ("A-2", "New Castle", "DE", 250.0), ("A-4", "Sussex", "DE", 200.0)]
    sid = start(ws, rows=rows).id
    more(ws, sid, ["South"])
    head = ws.store.scenarios.get(sid).head
    editing.paint(ws, sid, [NEW_CASTLE, KENT], 0, author="Eve")
    editing.paint(ws, sid, [SUSSEX], 1, author="Zoe")
    found = compare(ws, PlanPoint(sid, head), PlanPoint(sid))
    told = change_ledger.ledger(ws, found)
    assert change_ledger.filtered(told, target=["South"])["account_id"].tolist() == ["A-4"]
    assert change_ledger.filtered(told, author=["Eve"])["account_id"].tolist() == ["=cmd()", "A-2"]
    assert change_ledger.filtered(told, text="a-2")["account_id"].tolist() == ["A-2"]
    assert change_ledger.filtered(told, hands="rep").empty
    lines = list(csv.reader(io.StringIO(change_ledger.download(told, found, "csv").data.decode("utf-8-sig"))))
    assert lines[0][:6] == ["Account", "Name", "From", "To", "From rep", "To rep"]
    assert lines[1][0] == "'=cmd()"
    assert sum(float(line[-1]) for line in lines[1:]) == 550.0
    made = change_ledger.download(told, found, "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(made.data))["What changed"]
    assert [c.data_type for c in next(sheet.iter_rows(min_row=2, max_row=2))].count("f") == 0
    assert made.name == "delaware-by-county-to-delaware-by-county-changes-changes.xlsx"


# --- the ledger's sums are the metrics' ------------------------------------------------------------------------------

COUNTIES = ("Kent", "New Castle", "Sussex")
rows_of = st.lists(
    st.tuples(st.sampled_from([*COUNTIES, "Atlantis"]), st.integers(0, 10_000_000)), min_size=1, max_size=12
)
paints = st.lists(st.tuples(st.integers(0, 2), st.integers(-1, 2)), max_size=6)
helds = st.dictionaries(st.integers(0, 11), st.integers(0, 2), max_size=4)


@pytest.fixture(scope="module")
def shared_ws(tmp_path_factory):
    made = Workspace(tmp_path_factory.mktemp("ledger"))
    yield made
    made.close()


@examples(25)
@given(rows=rows_of, before=paints, after=paints, held=helds)
def test_what_the_ledger_adds_up_to_is_what_the_metrics_say(shared_ws, rows, before, after, held):
    ws = shared_ws
    accounts = [(f"A-{i}", county, "DE", cents / 100) for i, (county, cents) in enumerate(rows)]
    data = data_set(ws, accounts, reps=REPS)
    sid = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Revenue").id
    more(ws, sid, ["South", "West"])
    for code, rep in ((0, "U-1"), (1, "U-2")):
        edit(ws, sid, lambda p, _, c=code, r=rep: moves.set_rep(p, c, r))
    for unit, code in before:
        editing.paint(ws, sid, [unit], code)
    copy = tree.branch(ws, sid, ws.store.scenarios.get(sid).head, "Copy", by=ME).id
    for unit, code in after:
        editing.paint(ws, copy, [unit], code)
    for i, code in held.items():
        if i < len(accounts):
            exceptions.enter(ws, copy, [f"A-{i}"], kind="named", territory=code, by=ME)
    found = compare(ws, PlanPoint(sid), PlanPoint(copy))
    told = change_ledger.ledger(ws, found)
    for hands, mask in (("territory", found.changed), ("rep", found.rep_changed)):
        part = change_ledger.filtered(told, hands=hands)
        assert len(part) == int((mask & found.inside).sum())
        assert part["Revenue"].sum() == pytest.approx(found.total("Revenue", mask & found.inside), abs=1e-6)
    whole = found.total("Revenue", found.inside)
    if whole > 0:
        moved = change_ledger.filtered(told, hands="territory")["Revenue"].sum()
        assert moved / whole == pytest.approx(disruption_share(found, "Revenue"))
    for hands, table in (
        ("territory", comparison_tables.territory_gains(found, ["Revenue"])),
        ("rep", comparison_tables.rep_gains(found, ["Revenue"])),
    ):
        part = change_ledger.filtered(told, hands=hands)
        for column, sums in (("lost", part), ("gained", part)):
            assert table[f"accounts {column}"].sum() == len(sums)
            assert table[f"Revenue {column}"].sum() == pytest.approx(sums["Revenue"].sum(), abs=1e-6)
        for what in ("accounts", "Revenue"):
            net = table[f"{what} before"] + table[f"{what} gained"] - table[f"{what} lost"]
            assert np.allclose(net, table[f"{what} after"])
