"""Reviews: drift split by cause to the dollar, the smallest repair, records that keep the figures of then."""

from __future__ import annotations

import dataclasses
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.edits import moves
from terr.engine import rebalance
from terr.errors import InputError, LocateError, RoleError
from terr.model.person import Person
from terr.workspace.access import roles
from terr.workspace.access.guarded_store import for_person
from terr.workspace.accounts import dataset, next_extract, upload
from terr.workspace.facts import facts_upload
from terr.workspace.plan import editing
from terr.workspace.reps import territory_ratings
from terr.workspace.review import plan_reviews
from terr.workspace.review.drift_causes import DriftCauses, split_by_cause
from terr.workspace.review.efficiency import ASSUMPTION, sales_per_hour
from terr.workspace.review.plan_reviews import ReviewDue
from terr.workspace.review.repair import repair_task, smallest_repair
from terr.workspace.workspace import Workspace
from tests.helpers.effort import examples
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, csv_of, more, start
from tests.workspace.facts.test_performance import file_of

ANA, BOB, EVE = Person("ana@example.com", "Ana"), Person("bob@example.com", "Bob"), Person("eve@example.com", "Eve")
BEFORE = (
    ("A-1", "Kent", "DE", 100.0),
    ("A-2", "New Castle", "DE", 250.0),
    ("A-3", "New Castle", "DE", 50.0),
    ("A-4", "Sussex", "DE", 200.0),
)
AFTER = (
    ("A-1", "Kent", "DE", 130.0),  # 30 more
    ("A-3", "Sussex", "DE", 60.0),  # moved from the north, and 10 more
    ("A-4", "Sussex", "DE", 200.0),
    ("A-9", "New Castle", "DE", 70.0),  # new; A-2 is gone
)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def taken(ws: Workspace, rows: object, of: str = "") -> dataset.Dataset:
    draft = upload.suggested(upload.open_file(ws, csv_of(rows), "accounts.csv"))  # type: ignore[arg-type]
    if not of:
        return upload.import_file(ws, draft)
    return next_extract.save_next_extract(ws, next_extract.compare_next_extract(ws, of, draft))


def north_and_south(ws: Workspace, data: dataset.Dataset, tolerance: float = 0.05) -> str:
    """Territory 1 = New Castle, South = Kent and Sussex: 300 each with the accounts of `BEFORE`."""
    sid = start(ws, data=data, tolerance=tolerance).id
    more(ws, sid, ["South"])
    for units, code in (([NEW_CASTLE], 0), ([KENT, SUSSEX], 1)):
        rev = ws.plan(sid)[1]
        editing.edit(ws, sid, rev, lambda p, _, u=units, t=code: moves.assign(p, u, t).edit)  # type: ignore[misc]
    return sid


def test_a_drift_is_split_by_cause_to_the_dollar(ws: Workspace) -> None:
    old = taken(ws, BEFORE)
    sid = north_and_south(ws, old)
    plan = plan_reviews.reviewed_plans(ws)[0]
    assert (plan.over_limit, plan.causes, plan.newer) == (False, None, "")
    new = taken(ws, AFTER, old.info.id)
    plan = plan_reviews.reviewed_plans(ws)[0]
    assert plan.newer == new.info.id
    assert plan.over_limit
    assert plan.causes is not None
    rows = plan.causes.table.set_index("Territory")
    assert rows.iloc[0].tolist() == [300, 70, -250, -50, 0, 70]
    assert rows.loc["South"].tolist() == [300, 0, 0, 50, 40, 390]
    assert plan.causes.accounts == {"New": 1, "Gone": 1, "Moved": 1, "Changed": 2}
    first = str(rows.index[0])
    assert (
        plan.causes.sentence(first) == "−$250 from accounts that left, +$70 from new accounts and −$50 from accounts "
        "that moved"
    )
    next_extract.move(ws, sid, old.info.id, new.info.id)
    moved = plan_reviews.reviewed_plans(ws)[0]
    assert (moved.newer, moved.drift.deviation) == ("", plan.drift.deviation)  # type: ignore[union-attr]
    assert moved.causes is not None
    assert moved.causes.table.equals(plan.causes.table)


def test_the_smallest_repair_is_told_before_it_is_made(ws: Workspace) -> None:
    old = taken(ws, BEFORE)
    north_and_south(ws, old)
    taken(
        ws,
        (("A-1", "Kent", "DE", 100.0), ("A-2", "New Castle", "DE", 200.0), ("A-4", "Sussex", "DE", 300.0)),
        old.info.id,
    )
    plan = plan_reviews.reviewed_plans(ws)[0]
    task = repair_task(ws, plan)
    assert task is not None
    found = smallest_repair(ws, plan, task, rebalance(task.problem, seed=1, time_limit_s=30))
    assert [(m.unit.split(",")[0], m.target) for m in found.moves] == [("Kent", "Territory 1")] or len(found.moves) == 1
    assert (found.accounts, found.load, found.within) == (1, 100.0, True)
    assert found.before == pytest.approx(1 / 3)
    assert "takes the max deviation from 33.3% to 0.0%; every territory is within ±5% then." in found.sentence
    assert "with 1 account and $100 (16.7%) of Revenue" in found.sentence


def test_reviews_are_quarterly_and_keep_the_figures_of_then(ws: Workspace) -> None:
    old = taken(ws, BEFORE)
    sid = north_and_south(ws, old)
    plan = plan_reviews.reviewed_plans(ws)[0]
    assert 89 <= (plan.due - plan.info.created_at.date()).days <= 92
    note = plan_reviews.record_review(ws, plan, "All agreed.", ["Keep the border", " "], by=Person("", "Ana"))
    assert (note.minutes, note.decisions, note.figures.deviation, note.by.name) == (
        "All agreed.",
        ("Keep the border",),
        0,
        "Ana",
    )
    taken(ws, AFTER, old.info.id)
    plan = plan_reviews.reviewed_plans(ws)[0]
    assert plan.last == note.at.date()
    assert plan.moved_since == pytest.approx(plan.drift.deviation[1])  # type: ignore[union-attr]
    assert plan_reviews.reviews(ws, sid)[0].figures.deviation == 0, "what was true then stays"
    plan_reviews.set_due(ws, sid, ReviewDue(6, date.today() + timedelta(days=10)))  # noqa: DTZ011
    assert plan_reviews.reviewed_plans(ws)[0].due == date.today() + timedelta(days=10)  # noqa: DTZ011
    with pytest.raises(InputError, match="minutes or a decision"):
        plan_reviews.record_review(ws, plan, " ", [""], by=Person("", "Ana"))
    with pytest.raises(InputError, match="1 to 36 months"):
        ReviewDue(0)


def test_ratings_have_reasons_and_roles_hold(ws: Workspace) -> None:
    ws.sign_in = True
    ana = for_person(ws, ANA)
    sid = north_and_south(ana, taken(ana, BEFORE))
    roles.give(ws, sid, ANA, BOB.user_id, "commenter")
    bob, eve = for_person(ws, BOB), for_person(ws, EVE)
    territory_ratings.rate(bob, sid, 1, 2, "few customers", by=BOB)
    territory_ratings.rate(bob, sid, 1, 4, "more opportunity in health than in food", by=BOB)
    territory_ratings.rate(ana, sid, 1, 5, "growing", by=ANA)
    table = territory_ratings.ratings_table(ana, sid).set_index("Territory")
    assert table.loc["South", ["Rating", "Ratings"]].tolist() == [4.5, 2]
    assert table.loc["South", "Reasons"] == "Bob: more opportunity in health than in food; Ana: growing"
    assert np.isnan(table["Rating"].iloc[0])
    weights, said = territory_ratings.rating_weights(ana, sid)
    assert weights.tolist() == [1.0, 1.0]  # the only one that is rated is the mean of all
    territory_ratings.rate(ana, sid, 0, 3, "far apart", by=ANA)
    weights, said = territory_ratings.rating_weights(ana, sid)
    assert weights.tolist() == pytest.approx([3 / 3.75, 4.5 / 3.75])
    assert said.startswith("Potential counts by the ratings of Review: South 1.20 times (4.5 of 5), Territory 1 0.80 ")
    with pytest.raises(InputError, match="needs a reason"):
        territory_ratings.rate(bob, sid, 1, 3, "  ", by=BOB)
    with pytest.raises(InputError, match="isn't in the plan any more"):
        territory_ratings.rate(bob, sid, 9, 3, "x", by=BOB)
    plan = plan_reviews.reviewed_plans(bob)[0]
    with pytest.raises(RoleError):
        plan_reviews.record_review(bob, plan, "Mine", [], by=BOB)
    with pytest.raises(RoleError):
        plan_reviews.set_due(bob, sid, ReviewDue(1))
    with pytest.raises(LocateError):
        territory_ratings.rate(eve, sid, 1, 3, "x", by=EVE)
    assert plan_reviews.reviewed_plans(eve) == ()
    assert plan_reviews.record_review(ana, plan_reviews.reviewed_plans(ana)[0], "Ours", [], by=EVE).by == ANA


def test_sales_per_planned_hour_beside_the_year_before(ws: Workspace) -> None:
    data = taken(ws, BEFORE)
    sid = north_and_south(ws, data)
    info = ws.scenario(sid)
    assert sales_per_hour(ws, info) is None
    orders = (
        ("Order ID", "Account ID", "Order Date", "Sales"),
        ("1", "A-2", "2025-01-31", "100"),
        ("2", "A-2", "2026-01-31", "60"),
        ("3", "A-4", "2025-01-31", "40"),
        ("4", "A-4", "2026-01-30", "50"),
    )
    draft = upload.open_files(ws, [("orders.csv", file_of(orders))], data.info.id).facts[0]
    facts_upload.import_facts(ws, data.info.id, draft)
    found = sales_per_hour(ws, info)
    assert found is not None
    table = found.table.set_index("Territory")
    assert table[["Sales", "Sales before"]].to_numpy().tolist() == [[60, 100], [50, 40], [110, 140]]
    assert found.assumption == ASSUMPTION
    assert (table["Hours"].iloc[:2] >= [6, 6]).all(), "2 accounts, 4 visits of 45 minutes each, and the way"
    assert table["Per hour"].iloc[0] == pytest.approx(60 / table["Hours"].iloc[0])
    assert found.worse == (str(table.index[0]),)
    assert table["At least as well"].tolist() == [False, True, False]


_SIDE = st.dictionaries(
    st.text("abc", min_size=1, max_size=2), st.tuples(st.integers(-1, 2), st.integers(0, 99)), max_size=9
)


@given(_SIDE, _SIDE)
@examples(50)
def test_causes_always_add_up(old: dict[str, tuple[int, int]], new: dict[str, tuple[int, int]]) -> None:
    before, now = (
        pd.DataFrame(
            {"territory": [t for t, _ in rows.values()], "value": [float(v) for _, v in rows.values()]},
            index=pd.Index(list(rows), dtype="str"),
        )
        for rows in (old, new)
    )
    table, counts = split_by_cause(before, now, {0: "North", 1: "South", 2: "East"})
    made = DriftCauses("Revenue", "USD", table, counts)
    for side, rows in (("Before", old), ("Now", new)):
        wanted = [sum(v for t, v in rows.values() if t == code) for code in (0, 1, 2)]
        assert table[side].tolist() == wanted
    assert counts["New"] - counts["Gone"] == len(new) - len(old)
    with pytest.raises(InputError, match="don't add up"):
        dataclasses.replace(made, table=table.assign(Now=table["Now"] + 1))
