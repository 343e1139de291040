"""Duplicates and families decided by a person, and the next extract of the same accounts: for all that uses them."""

from __future__ import annotations

import pytest

from terr.errors import ConflictError, InputError
from terr.matching.duplicates import DuplicateDecision
from terr.workspace import Workspace
from terr.workspace.accounts import dataset, duplicates, merge_rules, next_extract, review, upload
from terr.workspace.plan import editing, plan_settings, undo
from terr.workspace.plan.rules import PlanRules
from terr.workspace.plan.snapshot import per_unit, plan_snapshot
from terr.workspace.reports import downloads
from terr.workspace.scenarios.drift import drift
from tests.helpers.intakes import csv_bytes

HEAD = ("Account ID", "Name", "County", "State", "Street", "ZIP", "Parent Account ID", "Revenue", "Visits")
ROWS = (
    ("A-1", "Alpha Inc.", "Kent", "DE", "1 Main St", "19901", "", "100", "1"),
    ("A-2", "Alpha Incorporated", "Kent", "DE", "1 Main Street", "19901", "", "140", "2"),
    ("P", "Mother", "Sussex", "DE", "2 Oak Ave", "19947", "", "70", "4"),
    ("C-1", "Son", "Sussex", "DE", "3 Elm Rd", "19958", "P", "30", "8"),
    ("C-2", "Daughter", "New Castle", "DE", "4 Low Rd", "19801", "P", "40", "16"),
)
"""Revenue 380, visits 31. A-1 and A-2 are one; P's 70 is C-1's 30 and C-2's 40."""


def kept(ws: Workspace, rows=ROWS, name: str = "q1.csv") -> dataset.Dataset:
    return upload.import_file(ws, upload.suggested(upload.open_file(ws, csv_bytes([HEAD, *rows]), name)))


def planned(ws: Workspace, data: dataset.Dataset) -> str:
    info = editing.create(ws, dataset_id=data.info.id, level="county", region="DE", measure="Revenue")
    editing.paint(ws, info.id, [0, 1, 2], 0)
    return info.id


def sums(ws: Workspace, sid: str) -> list[float]:
    """Revenue of Kent, New Castle, Sussex, as the board has it."""
    return per_unit(ws, ws.store.scenarios.get(sid), "Revenue")[0].tolist()


def test_duplicates_and_families_are_suggested_with_their_effect(ws):
    data = kept(ws)
    found = duplicates.find_duplicates(ws, data.info.id)
    one = found.duplicates[0]
    assert (one.accounts, len(found.duplicates)) == (("A-1", "A-2"), 1)
    assert [(e.measure, e.now, e.sum, e.max) for e in one.effects] == [
        ("Revenue", 240.0, 240.0, 140.0),
        ("Visits", 3.0, 3.0, 2.0),
    ]
    family = found.families[0]
    assert (family.parent, family.children, family.certain) == ("P", ("C-1", "C-2"), True)
    assert [(o.measure, o.if_parent, o.if_children) for o in family.overlaps] == [("Revenue", -70.0, -70.0)]
    assert duplicates.ready(ws, data.info.id) is not None
    assert dataset.dataset(ws, data.info.id).accounts.total("Revenue") == 380.0, "nothing is merged without a click"


def test_a_merge_reaches_the_board_the_engine_and_the_files_and_is_taken_back(ws):
    data = kept(ws)
    sid = planned(ws, data)
    assert sums(ws, sid) == [240.0, 40.0, 100.0]
    assert plan_snapshot(ws, sid).loads.tolist() == [240.0, 40.0, 100.0]
    one = duplicates.find_duplicates(ws, data.info.id).duplicates[0]
    duplicates.decide(ws, data.info.id, one.decide("max", "A-1", {"Visits": "sum"}))
    now = dataset.dataset(ws, data.info.id)
    assert now.accounts.frame["account_id"].tolist() == ["A-1", "P", "C-1", "C-2"]
    assert duplicates.totals(now) == {"Revenue": (380.0, 280.0), "Visits": (31.0, 31.0)}
    assert plan_snapshot(ws, sid).loads.tolist() == [140.0, 40.0, 100.0]
    assert plan_snapshot(ws, sid).counts.tolist() == [1, 1, 2]
    assert b"A-2" not in downloads.export(ws, sid, "accounts.csv").data
    assert duplicates.open_groups(duplicates.find_duplicates(ws, data.info.id), now.info) == ()
    duplicates.undecide(ws, data.info.id, ("A-2", "A-1"))
    assert plan_snapshot(ws, sid).loads.tolist() == [240.0, 40.0, 100.0]
    assert b"A-2" in downloads.export(ws, sid, "accounts.csv").data
    assert dataset.dataset(ws, data.info.id).info.mapping["merges"] == []


def test_a_family_counts_once_and_everything_again(ws):
    data = kept(ws)
    sid = planned(ws, data)
    family = duplicates.find_duplicates(ws, data.info.id).families[0]
    duplicates.count_family(ws, data.info.id, family.decide("children"))
    assert plan_snapshot(ws, sid).loads.tolist() == [240.0, 40.0, 30.0]
    duplicates.count_family(ws, data.info.id, family.decide("parent"))
    assert plan_snapshot(ws, sid).loads.tolist() == [240.0, 0.0, 70.0]
    assert len(merge_rules.families_in(ws.store.datasets.get(data.info.id).mapping)) == 1, (
        "the newer decision takes the place"
    )
    duplicates.uncount_family(ws, data.info.id, "P")
    assert plan_snapshot(ws, sid).loads.tolist() == [240.0, 40.0, 100.0]


def test_decisions_are_there_after_a_restart_and_for_another_process(ws):
    data = kept(ws)
    other = Workspace(ws.root)
    assert dataset.dataset(other, data.info.id).accounts.total("Revenue") == 380.0
    duplicates.decide(ws, data.info.id, DuplicateDecision(("A-1", "A-2"), "keep", "A-1"))
    assert dataset.dataset(other, data.info.id).accounts.total("Revenue") == 240.0
    other.close()


def test_an_account_is_merged_once(ws):
    data = kept(ws)
    duplicates.decide(ws, data.info.id, DuplicateDecision(("A-1", "A-2"), "keep", "A-1"))
    with pytest.raises(InputError, match="take that back first"):
        duplicates.decide(ws, data.info.id, DuplicateDecision(("A-2", "C-1"), "keep", "A-2"))
    duplicates.decide(ws, data.info.id, DuplicateDecision(("A-2", "C-1"), "apart", "A-2"))
    duplicates.decide(ws, data.info.id, DuplicateDecision(("A-2", "A-1"), "sum", "A-2"))
    assert dataset.dataset(ws, data.info.id).accounts.total("Revenue") == 380.0


def test_mends_come_before_decisions_and_one_that_no_longer_fits_is_told(ws):
    data = kept(ws)
    duplicates.decide(ws, data.info.id, DuplicateDecision(("A-1", "A-2"), "max", "A-1"))
    review.fix_cells(ws, data.info.id, [(3, "Revenue", "500")])
    assert dataset.dataset(ws, data.info.id).accounts.total("Revenue") == 640.0
    review.fix_cells(ws, data.info.id, [(3, "Account ID", "B-9")])
    now = dataset.dataset(ws, data.info.id)
    assert now.accounts.total("Revenue") == 740.0
    assert len(now.notes) == 1
    assert "A-2" in now.notes[0]


def test_suggestions_are_looked_for_anew_when_a_mend_changes_the_accounts(ws):
    data = kept(ws)
    duplicates.find_duplicates(ws, data.info.id)
    review.fix_cells(ws, data.info.id, [(3, "Name", "Zebra"), (3, "ZIP", "19801"), (3, "Street", "9 Far Rd")])
    assert duplicates.ready(ws, data.info.id) is None
    assert duplicates.find_duplicates(ws, data.info.id).duplicates == ()


# --- the next extract

LATER = (
    ("A-1", "Alpha Inc.", "Kent", "DE", "1 Main St", "19901", "", "150", "1"),  # +50
    ("P", "Mother", "Kent", "DE", "2 Oak Ave", "19904", "", "70", "4"),  # moved
    ("C-1", "Son", "Sussex", "DE", "3 Elm Rd", "19958", "P", "10", "8"),  # -20
    ("C-2", "Daughter", "New Castle", "DE", "4 Low Rd", "19801", "P", "40", "16"),
    ("N-1", "Newcomer", "Sussex", "DE", "5 New Rd", "19947", "", "25", "1"),  # new
)
"""A-2 and its 140 are gone: 380 + 25 - 140 + 50 - 20 = 295."""


def looked(ws: Workspace, data: dataset.Dataset, rows=LATER) -> next_extract.NextExtract:
    draft = upload.suggested(upload.open_file(ws, csv_bytes([HEAD, *rows]), "q2.csv"))
    return next_extract.compare_next_extract(ws, data.info.id, draft)


def test_the_next_extract_is_compared_by_id_with_the_money(ws):
    data = kept(ws)
    one = looked(ws, data)
    r = one.reload
    assert {k: r.count(k) for k in next_extract.KINDS} == {
        "new": 1,
        "gone": 1,
        "moved": 1,
        "renamed": 0,
        "owner changed": 0,
        "figures changed": 2,
    }
    flows = next_extract.flows_table(r).set_index("Measure").loc["Revenue"].tolist()
    assert flows == [380.0, 25.0, -140.0, 50.0, -20.0, 295.0]
    assert next_extract.changed(r, "figures changed", "Revenue")["Account"].tolist() == ["A-1", "C-1"]
    assert next_extract.changed(r, "gone", "Revenue")[["Account", "Revenue before"]].values.tolist() == [["A-2", 140.0]]
    assert len(ws.store.datasets.all()) == 1, "nothing is kept yet"


def test_without_ids_accounts_are_told_by_name_and_zip(ws):
    head = [h for h in HEAD if h != "Account ID"]
    old = upload.import_file(
        ws, upload.suggested(upload.open_file(ws, csv_bytes([head, *(r[1:] for r in ROWS)]), "q1.csv"))
    )
    draft = upload.suggested(upload.open_file(ws, csv_bytes([head, *(r[1:] for r in LATER)]), "q2.csv"))
    r = next_extract.compare_next_extract(ws, old.info.id, draft).reload
    # both Alphas of the first file have one key, so it isn't guessed which stayed; Mother has another ZIP
    assert (r.count("new"), r.count("gone"), r.unclear) == (3, 3, 2)


def test_a_kept_extract_takes_decisions_along_and_plans_move_over_and_back(ws):
    data = kept(ws)
    duplicates.count_family(
        ws, data.info.id, duplicates.find_duplicates(ws, data.info.id).families[0].decide("children")
    )
    sid = planned(ws, data)
    rev, assign = ws.store.scenarios.rev(sid), ws.plan(sid)[0].assign.tolist()
    assert plan_snapshot(ws, sid).loads.tolist() == [240.0, 40.0, 30.0]
    later = next_extract.save_next_extract(ws, looked(ws, data))
    assert [i.id for i in next_extract.lineage(ws, data.info.id)] == [data.info.id, later.info.id]
    assert next_extract.lineage(ws, later.info.id) == next_extract.lineage(ws, data.info.id)
    assert later.accounts.total("Revenue") == 295.0 - 70.0
    (one,) = next_extract.plans_of(ws, later.info.id)
    assert (one.info.id, one.why_not) == (sid, "")
    assert next_extract.before(ws, ws.store.scenarios.get(sid)) is None
    next_extract.move(ws, sid, data.info.id, later.info.id)
    assert plan_snapshot(ws, sid).loads.tolist() == [150.0, 40.0, 35.0]
    assert (ws.store.scenarios.rev(sid), ws.plan(sid)[0].assign.tolist()) == (rev, assign), "its history is as it was"
    assert undo.undo(ws, sid, rev).changed
    undo.redo(ws, sid, ws.store.scenarios.rev(sid))
    with pytest.raises(ConflictError):
        next_extract.move(ws, sid, data.info.id, later.info.id)
    back = next_extract.before(ws, ws.store.scenarios.get(sid))
    assert back is not None
    next_extract.move(ws, sid, later.info.id, back.id)
    assert plan_snapshot(ws, sid).loads.tolist() == [240.0, 40.0, 30.0]
    assert [e["id"] for e in ws.store.scenarios.get(sid).settings["extracts"]] == [data.info.id, later.info.id]
    r = next_extract.between(ws, data.info.id, later.info.id)
    assert r.count("new") == 1


def test_newer_accounts_say_how_far_each_plan_drifts(ws):
    """Kent has 240 of 380 before (26.3% over its half) and 220 of 295 after (49.2% over)."""
    data = kept(ws)
    sid = planned(ws, data)
    made = editing.new_territory(ws, sid, ws.rev(sid))[1]
    editing.paint(ws, sid, [1, 2], made)
    before = plan_snapshot(ws, sid)
    later = next_extract.save_next_extract(ws, looked(ws, data))
    found = drift(ws, ws.scenario(sid), later.info.id)
    assert plan_snapshot(ws, sid).loads.tolist() == before.loads.tolist(), "looking changes nothing"
    next_extract.move(ws, sid, data.info.id, later.info.id)
    after = plan_snapshot(ws, sid)
    assert found.deviation == pytest.approx((before.max_deviation, after.max_deviation))
    assert found.total == (380.0, 295.0)
    assert found.outside == (2, 2)
    assert found.sentence == (
        "Revenue $380 → $295; max deviation 26.3% → 49.2%; 2 of 2 territories outside ±5%, most of all Territory 1 "
        "(+49.2%)"
    )


def test_drift_of_a_limit_on_one_side_says_which_side_and_names_the_worst_there(ws):
    """Kent has 240 before and 220 after, the other two 140 and 75: half would be 190 and 147.5."""
    data = kept(ws)
    sid = planned(ws, data)
    made = editing.new_territory(ws, sid, ws.rev(sid))[1]
    editing.paint(ws, sid, [1, 2], made)
    plan_settings.save_rules(ws, sid, ws.scenario(sid).head, PlanRules(sides="under"))
    later = next_extract.save_next_extract(ws, looked(ws, data))
    found = drift(ws, ws.scenario(sid), later.info.id)
    assert found.outside == (1, 1)
    assert found.sentence.endswith(
        "1 of 2 territories outside the limit (at most 5% under target), most of all Territory 2 (−49.2%)"
    )
    plan_settings.balance(ws, sid, "Revenue", 0.6)
    found = drift(ws, ws.scenario(sid), later.info.id)
    assert found.sentence.endswith("every territory within the limit (at most 60% under target)")


def test_a_plan_stays_where_its_measure_is(ws):
    data = kept(ws)
    sid = planned(ws, data)
    rows = [(*r[:7], r[8]) for r in LATER]
    head = [h for h in HEAD if h != "Revenue"]
    draft = upload.suggested(upload.open_file(ws, csv_bytes([head, *rows]), "q2.csv"))
    later = next_extract.save_next_extract(ws, next_extract.compare_next_extract(ws, data.info.id, draft))
    (one,) = next_extract.plans_of(ws, later.info.id)
    assert one.why_not == "this version has no Revenue"
    with pytest.raises(InputError, match="Revenue"):
        next_extract.move(ws, sid, data.info.id, later.info.id)
    assert ws.store.scenarios.get(sid).dataset_id == data.info.id


def test_accounts_that_are_no_extract_of_the_plans_are_refused(ws):
    data, other = kept(ws), kept(ws, LATER, "other.csv")
    sid = planned(ws, data)
    with pytest.raises(InputError, match="not a version"):
        next_extract.move(ws, sid, data.info.id, other.info.id)
    assert next_extract.plans_of(ws, other.info.id) == ()
