"""Generate for books: within limits, one edit, one undo, a reason for each account; suggested moves."""

from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest

from terr.errors import ConflictError, InputError
from terr.model.books.plan_layers import PlanLayer
from terr.model.reps import Rep
from terr.workspace.books import designing, suggested_moves, trade_off
from terr.workspace.books.designing import BookRequest
from terr.workspace.live import cards
from terr.workspace.plan import editing, undo
from terr.workspace.plan.plan_settings import whys_of
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reports.downloads import export
from terr.workspace.reps.roster import set_reps
from tests.helpers.spaces import more
from tests.workspace.books.plans import LAYERS, accounts_data, books

ROWS = tuple(
    (f"C-{i:02}", county, "DE", "", 50.0) for i, county in enumerate(["Kent"] * 4 + ["New Castle"] * 4 + ["Sussex"] * 4)
)
"""Twelve accounts of 50 each, four at a county's middle each."""


def asked(k: int = 3, **more_of: object) -> BookRequest:
    return BookRequest(layer=0, books=k, measure="Revenue", tolerance=0.05, **more_of)


def generated(ws, info, request):
    design = designing.solve(designing.book_task(ws, info.id, request), seconds=20)
    return design, designing.apply(ws, design, ws.rev(info.id))


def test_books_are_divided_by_place_in_one_edit_that_one_undo_takes_back(ws):
    info = books(ws, accounts_data(ws, ROWS))
    design = designing.solve(designing.book_task(ws, info.id, asked()))
    assert (design.result.violation, design.result.objective) == (0.0, pytest.approx(0.0, abs=1e-6))
    shown = designing.preview(ws, design)
    assert shown.table["load"].tolist() == [200.0, 200.0, 200.0]
    assert ws.rev(info.id) == 1
    designing.apply(ws, design, 1)
    plan = ws.plan(info.id)[0]
    assert [len(set(plan.assign[i : i + 4])) for i in (0, 4, 8)] == [1, 1, 1]
    undo.undo(ws, info.id, ws.rev(info.id))
    assert (ws.plan(info.id)[0].assign == -1).all()


def test_each_account_says_why_on_the_card_in_the_table_and_in_the_file(ws):
    info = books(ws, accounts_data(ws, ROWS))
    generated(ws, info, asked())
    shown = plan_snapshot(ws, info.id)
    home = shown.plan.territory(int(shown.plan.assign[0])).name
    fields = dict(cards.account_card(ws, info.id, 0)["fields"])
    assert fields["Why here"] == f"{home} has the least travel to it."
    assert fields["Second best"].startswith("Second best: Territory")
    table = cards.accounts_table(shown, np.arange(12), whys_of(ws, shown.info))
    assert table["Why here"].str.endswith("has the least travel to it.").all()
    sheet = pd.read_csv(io.BytesIO(export(ws, info.id, "accounts.csv").data))
    assert sheet["why"].tolist() == table["Why here"].tolist()
    other = next(t.code for t in shown.plan.territories if t.name != home)
    editing.paint(ws, info.id, [0], other)
    assert dict(cards.account_card(ws, info.id, 0)["fields"])["Why here"] == (
        f"Moved by hand; Generate put it in {home}."
    )
    for _ in range(2):
        undo.undo(ws, info.id, ws.rev(info.id))
    assert "Why here" not in dict(cards.account_card(ws, info.id, 0)["fields"])


def test_locks_stay_and_locked_books_are_left_out(ws):
    info = books(ws, accounts_data(ws, ROWS))
    more(ws, info.id, ["B"])
    editing.paint(ws, info.id, [0, 4], 0)
    editing.paint(ws, info.id, [8], 1)
    editing.lock_territory(ws, info.id, ws.rev(info.id), 0, True)
    editing.set_locks(ws, info.id, [8], True)
    design, _ = generated(ws, info, asked(3))
    assert design.task.warnings == ("1 locked book of this layer stays as it is.",)
    plan = ws.plan(info.id)[0]
    assert np.flatnonzero(plan.assign == 0).tolist() == [0, 4]
    assert plan.assign[8] == 1
    assert np.bincount(plan.assign).tolist()[1:] == [5, 5]


def test_reps_get_the_books_around_their_homes(ws):
    info = books(ws, accounts_data(ws, ROWS))
    ws.store.reps.save(info.dataset_id, (Rep("U-1", "Ann Poe", "19901"), Rep("U-2", "Bob Ray", "19801")))
    reps = ws.store.reps.of(info.dataset_id)
    generated(ws, info, asked(2, reps=reps))
    plan = ws.plan(info.id)[0]
    assert {t.rep for t in plan.territories} == {"U-1", "U-2"}
    north = next(t.code for t in plan.territories if t.rep == "U-2")
    assert (plan.assign[4:8] == north).all()


def test_keeping_todays_books_moves_fewer_accounts(ws):
    info = books(ws, accounts_data(ws, ROWS))
    more(ws, info.id, ["B"])
    editing.paint(ws, info.id, [0, 4, 8, 1, 5, 9, 2], 0)
    editing.paint(ws, info.id, [3, 6, 7, 10, 11], 1)
    before = ws.plan(info.id)[0].assign.copy()
    generated(ws, info, asked(2, keep="High"))
    after = ws.plan(info.id)[0].assign
    assert (before != after).sum() == 1


def test_other_layers_are_left_alone(ws):
    info = books(ws, layers=LAYERS)
    editing.paint(ws, info.id, [0, 1, 2], 0)
    generated(ws, info, asked(2))
    plan = ws.plan(info.id)[0]
    assert plan.assign[:3].tolist() == [0, 0, 0]
    assert len(set(plan.assign[3:].tolist()) - {0}) == 2


def test_areas_of_a_plan_of_layers_are_generated_beside_its_books(ws):
    from terr.engine import design
    from terr.workspace.design import apply_result
    from terr.workspace.design.request import DesignRequest

    info = books(ws, layers=LAYERS)
    generated(ws, info, asked(2))
    before = ws.plan(info.id)[0]
    request = DesignRequest(territories=2 + 2, measure="Revenue", tolerance=0.9)
    task = apply_result.design_task(ws, info.id, request)
    result = design(task.problem, seed=1, time_limit_s=5)
    apply_result.apply_design(ws, task, result, ws.rev(info.id))
    after = ws.plan(info.id)[0]
    assert after.assign[3:].tolist() == before.assign[3:].tolist()
    assert (after.assign[:3] >= 0).all()
    names = {t.code: t.name for t in before.territories}
    assert all(after.territory(c).name == names[c] for c in set(before.assign[3:].tolist()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layer": 1}, "no accounts to divide"),
        ({"books": 0}, "1 to 500"),
        ({"tolerance": 0.0}, "0%"),
        ({"also": (("Revenue", 0.1),)}, "once"),
        ({"fewest": 9, "most": 2}, "swap"),
        ({"reps": (Rep("U-1", "Ann", "00000"),)}, "Ann"),
        ({"books": 1, "reps": (Rep("U-1", "A", "19901"), Rep("U-2", "B", "19801"))}, "choose fewer reps"),
    ],
)
def test_a_request_that_cannot_be_says_why(ws, change, words):
    info = books(ws, accounts_data(ws, ROWS))
    given = {"layer": 0, "books": 3, "measure": "Revenue", "tolerance": 0.05} | change
    with pytest.raises(InputError, match=words):
        designing.book_task(ws, info.id, BookRequest(**given))


def test_more_books_than_accounts_leave_some_empty_and_say_so(ws):
    info = books(ws)
    design = designing.solve(designing.book_task(ws, info.id, asked(9)), seconds=10)
    assert design.explanations()
    shown = designing.preview(ws, design)
    assert len(shown.table) == 9


def test_books_are_not_applied_over_an_edit_nobody_saw(ws):
    info = books(ws, accounts_data(ws, ROWS))
    design = designing.solve(designing.book_task(ws, info.id, asked()))
    editing.paint(ws, info.id, [0], 0)
    with pytest.raises(ConflictError):
        designing.apply(ws, design, 1)


def test_the_fewest_accounts_bring_books_back_within_the_limit(ws):
    info = books(ws, accounts_data(ws, ROWS))
    more(ws, info.id, ["B"])
    editing.paint(ws, info.id, list(range(8)), 0)
    editing.paint(ws, info.id, list(range(8, 12)), 1)
    found = suggested_moves.suggested(plan_snapshot(ws, info.id))
    assert found is not None
    assert (len(found.moves), found.before, found.after) == (2, pytest.approx(1 / 3), 0.0)
    assert all(m.source == 0 and m.to == 1 for m in found.moves)
    assert all(m.unit < 4 for m in found.moves)  # Kent is nearer to Sussex than New Castle
    suggested_moves.apply(ws, info.id, found)
    assert plan_snapshot(ws, info.id).within
    undo.undo(ws, info.id, ws.rev(info.id))
    assert (ws.plan(info.id)[0].assign[:8] == 0).all()


def test_locked_accounts_and_other_layers_are_not_suggested(ws):
    info = books(
        ws,
        accounts_data(ws, ROWS),
        layers=(PlanLayer("Half", "names", accounts=tuple(f"C-{i:02}" for i in range(6))), PlanLayer("Rest")),
    )
    more(ws, info.id, ["B", "C"])
    editing.paint(ws, info.id, [0, 1, 2, 3, 4], 0)
    editing.paint(ws, info.id, [5], 1)
    editing.set_locks(ws, info.id, [0, 1, 2], True)
    editing.paint(ws, info.id, list(range(6, 12)), 2)
    found = suggested_moves.suggested(plan_snapshot(ws, info.id))
    assert found is not None
    assert {m.unit for m in found.moves} == {3, 4}
    assert {m.to for m in found.moves} == {1}


def test_an_account_goes_only_to_a_rep_with_the_skill_it_needs(ws):
    rows = [(i, c, s, "Tech" if c == "New Castle" else "Health", v) for i, c, s, _, v in ROWS]
    data = accounts_data(ws, rows)
    info = books(ws, data)
    set_reps(ws, data.info.id, (Rep("U-1", "Ann Poe", "19901", skills=("Cloud",)), Rep("U-2", "Bob Ray", "19801")))
    reps = plan_snapshot(ws, info.id).reps
    request = BookRequest(0, 2, "Revenue", 0.5, reps=reps, needs=(("Industry:Tech", "cloud"),))
    generated(ws, info, request)
    plan = ws.plan(info.id)[0]
    ann = next(t.code for t in plan.territories if t.rep == "U-1")
    assert (plan.assign[4:8] == ann).all()  # though Bob lives beside them
    with pytest.raises(InputError, match="no book has a rep with the skill pilot"):
        designing.book_task(
            ws, info.id, BookRequest(0, 2, "Revenue", 0.5, reps=reps, needs=(("Industry:Tech", "Pilot"),))
        )


def test_families_stay_in_one_book(ws):
    from terr.workspace.accounts import dataset

    lines = ["Account ID,Name,County,State,Parent Account ID,Revenue"]
    lines += [f"{i},{i},{c},{s},{'C-00' if i in {'C-05', 'C-10'} else ''},{v:g}" for i, c, s, _, v in ROWS]
    raw, columns = dataset.inspect("\n".join(lines).encode(), "kin.csv")
    data = dataset.save(ws, "\n".join(lines).encode(), dataset.intake(raw, columns, {"Revenue": "USD"}))
    info = books(ws, data)
    generated(ws, info, asked(families=True))
    assert len(set(ws.plan(info.id)[0].assign[[0, 5, 10]].tolist())) == 1
    other = books(ws, accounts_data(ws, ROWS))
    with pytest.raises(InputError, match="needs a column that names each account's parent"):
        designing.book_task(ws, other.id, asked(families=True))


def test_distance_and_amounts_of_a_book_are_limits(ws):
    info = books(ws, accounts_data(ws, ROWS))
    task = designing.book_task(
        ws, info.id, asked(most_km=30.0, floors=(("Revenue", 150.0),), caps=(("Revenue", 250.0),))
    )
    assert np.isfinite(task.problem.max_km).all()
    found = designing.solve(task, seconds=20).result
    assert found.violation == 0.0
    assert (found.km <= 30.0).all()
    load = task.problem.loads(found.assign)[:, 0]
    assert ((load >= 150.0) & (load <= 250.0)).all()


@pytest.mark.parametrize(
    ("more_of", "words"),
    [
        ({"floors": (("Accounts", 3.0),)}, "isn't balanced"),
        ({"floors": (("Revenue", 9.0),), "caps": (("Revenue", 3.0),)}, "least Revenue of a book is above the most"),
        ({"most_km": 0.0}, "above 0"),
    ],
)
def test_limits_that_cannot_be_say_why(more_of, words):
    with pytest.raises(InputError, match=words):
        asked(**more_of)


def test_more_books_than_accounts_leaves_some_empty_and_says_so(ws):
    info = books(ws, accounts_data(ws, ROWS[:2]))
    design = designing.solve(designing.book_task(ws, info.id, asked(5)), seconds=20)
    assert len(set(design.result.assign.tolist())) == 2
    said = " ".join(e.message for e in design.explanations())
    assert "5" in said
    assert "2 accounts" in said


def test_the_trade_off_moves_less_the_more_todays_books_count(ws):
    info = books(ws, accounts_data(ws, ROWS))
    more(ws, info.id, ["B", "C"])
    for k in range(12):
        editing.paint(ws, info.id, [k], k % 3)
    shown = plan_snapshot(ws, info.id)
    found = trade_off.trade_off(ws, info.id, trade_off.usual_request(shown))
    assert [p.keep for p in found] == list(designing.KEEP)
    assert found[0].accounts > found[-1].accounts
    assert found[-1].moved == 0.0
    assert found[0].km < found[-1].km
    rows = trade_off.trade_rows(found, "Revenue", miles=True)
    assert rows[-1]["Accounts that move"] == "0"
    designing.apply(ws, found[0].design, shown.rev)
    proof, current = trade_off.book_proof(ws, plan_snapshot(ws, info.id))
    assert (proof.sentence, current) == (found[0].design.sentence, True)
    editing.paint(ws, info.id, [0], 1)
    assert trade_off.book_proof(ws, plan_snapshot(ws, info.id))[1] is False
