"""Situations where a territory is a book of accounts: no borders, the same promises."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from terr.edits import moves
from terr.edits.layers import territory_layers
from terr.errors import InputError
from terr.model.books.plan_layers import PlanLayer
from terr.model.person import Person
from terr.model.reps import Rep
from terr.workspace import Workspace
from terr.workspace.plan import editing
from terr.workspace.reps.assignment import assign_reps
from terr.workspace.reps.roster import set_reps
from terr.workspace.situations.answers import options
from terr.workspace.situations.applying import apply_option, bring_back
from terr.workspace.situations.ground import SituationGround, ground_of
from terr.workspace.situations.option import SituationOption
from terr.workspace.situations.pictures import option_picture
from terr.workspace.situations.questions import Coverage, Merge, MidYear, RepLeaves, RepsHired, Split
from tests.workspace.books.plans import BOOKS, accounts_data, books
from tests.workspace.situations.places import COUNTIES, DAY, LATER, REPS, TODAY

ME = Person("", "me")
LAYERS = (PlanLayer("Key", rule="Revenue >= 50"), PlanLayer("Everything else", "areas"))


def plan_of_books(ws: Workspace, *, layers: tuple[PlanLayer, ...] = BOOKS) -> SituationGround:
    """84 accounts of 10 in New Jersey, four in each county, in three books of 28 by turns."""
    rows = [(f"N-{i}-{n}", c, "NJ", "Health", 10.0) for i, c in enumerate(COUNTIES) for n in range(4)]
    data = accounts_data(ws, rows)
    set_reps(ws, data.info.id, REPS)
    info = books(ws, data, layers)
    plan, rev = ws.plan(info.id)
    slots = (np.arange(len(plan)) % 3).astype(np.int16)

    def make(now, code):
        codes = np.array([now.codes[0], -1, -1])
        return moves.adopt(now, slots, next_code=code, kind="import", k=3, codes=codes, names=["One", "Two", "Three"])

    editing.edit(ws, info.id, rev, make)
    plan, rev = ws.plan(info.id)
    assign_reps(ws, info.id, rev, dict(zip(plan.codes, ("U-1", "U-2", "U-3"), strict=True)))
    return replace(ground_of(ws, info.id), today=TODAY)


@pytest.fixture
def ground(ws: Workspace) -> SituationGround:
    return plan_of_books(ws)


def by_key(found: tuple[SituationOption, ...]) -> dict[str, SituationOption]:
    return {one.key: one for one in found}


def test_a_leavers_accounts_alone_move_and_end_even(ground: SituationGround) -> None:
    found = by_key(options(ground, RepLeaves(1, DAY)))
    before = ground.plan.assign
    for one in found.values():
        assert (one.acting.assign[before != 1] == before[before != 1]).all()
        assert one.figures.accounts == 28
        assert one.figures.between == 0
        assert one.notes == ()
    sizes = np.bincount(found["fewest"].acting.assign)[[0, 2]]
    assert sizes.tolist() == [42, 42]
    assert found["fewest"].figures.deviation == pytest.approx(0.0)
    assert option_picture(found["fewest"])[:4] == b"\x89PNG"


def test_shortest_travel_goes_to_the_nearest_home(ground: SituationGround) -> None:
    near = by_key(options(ground, RepLeaves(1, DAY)))["travel"]
    assert all("closest to" in near.reasons[u] for u in near.moved_units.tolist())


def test_hires_take_from_all_and_nothing_moves_between_those_who_stay(ground: SituationGround) -> None:
    for one in options(ground, RepsHired((REPS[3],), DAY)):
        moved = one.moved_units
        assert set(one.acting.assign[moved].tolist()) == {3}
        assert one.figures.between == 0
    few = by_key(options(ground, RepsHired((REPS[3],), DAY)))["fewest"]
    # a fourth of 84 is 21, and 5% less is within the limit: 20 accounts
    assert int((few.acting.assign == 3).sum()) == 20
    assert few.figures.inside  # 64 among three, none above 22


def test_split_merge_and_mid_year(ground: SituationGround) -> None:
    few = by_key(options(ground, Split(0, DAY)))["fewest"]
    assert sorted(np.bincount(few.acting.assign).tolist()) == [14, 14, 28, 28]
    merged = options(ground, Merge(0, 1, DAY))
    assert int((merged[0].acting.assign == 0).sum()) == 56
    assert by_key(merged)["even"].figures.deviation <= 0.05
    lopsided = ground.plan.assign.copy()
    lopsided[np.flatnonzero(lopsided == 1)[:8]] = 0
    uneven = replace(ground, plan=ground.plan.with_changes(assign=lopsided))
    found = options(uneven, MidYear(DAY, 0.2))
    assert found[0].figures.inside
    assert all(o.figures.share <= 0.2 for o in found)


def test_an_option_on_books_is_a_scenario_and_coverage_comes_back(ws: Workspace, ground: SituationGround) -> None:
    now = ground_of(ws, ground.scenario_id)
    asked = RepLeaves(1, now.today)
    one = options(now, asked)[0]
    made = apply_option(ws, one, asked, by=ME)
    assert ws.plan(made.info.id)[0].same_as(one.plan)
    cover = Coverage(1, now.today, max(LATER, now.today))
    away = options(now, cover)[0]
    sid = apply_option(ws, away, cover, by=ME).info.id
    assert bring_back(ws, sid, by=ME) == "Bob Ray is back: 28 accounts returned."


def test_more_reps_than_accounts(ground: SituationGround) -> None:
    many = tuple(Rep(f"n{i}", f"E{i}", "07102") for i in range(50))
    small = ground.plan.assign.copy()
    small[20:] = -1
    with pytest.raises(InputError, match="can give 17 accounts"):
        options(replace(ground, plan=ground.plan.with_changes(assign=small)), RepsHired(many, DAY))


def test_books_of_a_layer_go_to_books_of_that_layer(ws: Workspace) -> None:
    """Delaware with a layer of key accounts above its counties: areas and books don't mix."""
    rows = [(f"A-{i}", c, "DE", "Health", 100.0) for i, c in enumerate(("Kent", "New Castle", "Sussex") * 4)]
    rows += [(f"B-{i}", c, "DE", "Health", 10.0) for i, c in enumerate(("Kent", "New Castle", "Sussex"))]
    info = books(ws, accounts_data(ws, rows), LAYERS)
    plan, rev = ws.plan(info.id)
    slots = np.r_[[0, 1, 1], 2 + np.arange(len(plan) - 3) % 2].astype(np.int16)

    def make(now, code):
        codes = np.array([now.codes[0], -1, -1, -1])
        return moves.adopt(now, slots, next_code=code, kind="import", k=4, codes=codes, names=["N", "S", "K1", "K2"])

    editing.edit(ws, info.id, rev, make)
    ground = replace(ground_of(ws, info.id), today=TODAY)
    for code, stays in ((2, 3), (0, 1)):
        for one in options(ground, RepLeaves(code, DAY)):
            was = ground.plan.assign == code
            assert set(one.acting.assign[was].tolist()) == {stays}
            assert territory_layers(ground.units, one.acting).keys() == set(one.acting.codes)
