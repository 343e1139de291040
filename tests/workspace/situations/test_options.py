"""Options of each situation on 21 counties of equal load, where every figure can be counted by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.metrics.tally import full_tally
from terr.workspace import Workspace
from terr.workspace.plan import editing
from terr.workspace.situations import answers
from terr.workspace.situations.answers import options
from terr.workspace.situations.ground import SituationGround, ground_of
from terr.workspace.situations.option import SituationOption
from terr.workspace.situations.questions import (
    Coverage,
    Merge,
    MidYear,
    RepLeaves,
    RepsHired,
    Split,
    Swap,
    share_of,
)
from terr.workspace.situations.sharing import raised
from tests.helpers.effort import examples
from tests.workspace.situations.places import DAY, LATER, REPS, TODAY, new_jersey

NORTH, MIDDLE, SOUTH = 0, 1, 2


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SituationGround]:
    ws = Workspace(tmp_path_factory.mktemp("nj"))
    yield replace(ground_of(ws, new_jersey(ws)), today=TODAY)
    ws.close()


def whole(option: SituationOption) -> bool:
    """Every territory is in one piece."""
    units = option.ground.units
    ones = np.ones(len(units), dtype=np.int64)
    found = full_tally(option.acting.assign, option.acting.codes, units, ones.astype(float), ones)
    return bool((found.pieces == 1).all())


def by_key(found: tuple[SituationOption, ...]) -> dict[str, SituationOption]:
    return {one.key: one for one in found}


def test_a_leavers_areas_alone_move_and_end_as_even_as_they_can(ground: SituationGround) -> None:
    found = by_key(options(ground, RepLeaves(MIDDLE, DAY)))
    few = found["fewest"]
    before = ground.plan.assign
    assert (few.acting.assign[before != MIDDLE] == before[before != MIDDLE]).all()
    assert set(few.acting.codes) == {NORTH, SOUTH}
    # 210 in two territories: 11 and 10 counties are the best there is, 110 / 105 - 1
    assert few.figures.deviation == pytest.approx(5 / 105)
    assert (few.figures.accounts, few.figures.load, few.figures.between) == (7, 70.0, 0)
    assert few.figures.share == pytest.approx(1 / 3)
    assert whole(few)
    assert few.summary.endswith("No account moves between reps who stay.")
    assert {p.name: (p.gained, p.lost) for p in few.figures.people}["Bob Ray"] == (0, 7)
    assert few.title == "Fewest changes, most even"  # one plan is both, so it stands there once


def test_shortest_travel_gives_each_area_to_the_nearest_home_in_one_piece(ground: SituationGround) -> None:
    near = by_key(options(ground, RepLeaves(MIDDLE, DAY)))["travel"]
    names = ground.units.names
    to = {names[u]: int(near.acting.assign[u]) for u in near.moved_units.tolist()}
    assert (to["Union, NJ"], to["Middlesex, NJ"], to["Ocean, NJ"]) == (NORTH, NORTH, SOUTH)
    assert whole(near)
    assert all("closest to" in near.reasons[u] for u in near.moved_units.tolist())


def test_every_account_that_moves_says_why_and_sums_agree(ground: SituationGround) -> None:
    for one in options(ground, RepLeaves(MIDDLE, DAY)):
        table = one.changes
        assert len(table) == one.figures.accounts
        assert table["Revenue"].sum() == pytest.approx(one.figures.load)
        assert (table["reason"].str.len() > 10).all()
        people = one.figures.people
        assert sum(p.gained for p in people) == sum(p.lost for p in people) == one.figures.accounts
        assert sum(p.gained_load for p in people) == pytest.approx(one.figures.load)


def test_coverage_leaves_the_map_alone_and_knows_who_acts(ground: SituationGround) -> None:
    found = by_key(options(ground, Coverage(MIDDLE, DAY, LATER)))
    assert set(found) == {"fewest", "even", "travel"}
    for one in found.values():
        assert (one.plan.assign == ground.plan.assign).all()
        assert one.plan.territory(MIDDLE).rep == "U-2"
        assert one.temporary
        assert one.last == LATER
        assert MIDDLE not in one.acting.codes
    one_rep = found["fewest"]
    assert len({p.name for p in one_rep.figures.people if p.gained}) == 1
    assert found["even"].figures.deviation == pytest.approx(5 / 105)


def test_a_successor_has_the_territory_once_the_coverage_ends(ground: SituationGround) -> None:
    one = options(ground, Coverage(MIDDLE, DAY, LATER, "U-4"))[0]
    assert one.plan.territory(MIDDLE).rep == "U-4"
    assert options(ground, Coverage(MIDDLE, DAY, LATER, ""))[0].plan.territory(MIDDLE).rep == ""


def test_new_territories_take_from_others_and_nothing_moves_between_those_who_stay(ground: SituationGround) -> None:
    for one in options(ground, RepsHired((REPS[3],), DAY)):
        moved = one.moved_units
        assert set(one.acting.assign[moved].tolist()) == {3}
        assert one.figures.between == 0
        assert one.acting.territory(3).rep == "U-4"
        assert one.acting.territory(3).name == "Di Fay"
        assert whole(one)
        assert len(moved) >= 4


def test_two_hires_get_a_territory_each_around_their_homes(ground: SituationGround) -> None:
    people = (replace(REPS[3], rep_id="new-1", name="Eve"), replace(REPS[0], rep_id="new-2", name="Flo"))
    one = options(ground, RepsHired(people, DAY))[0]
    assert [one.acting.territory(c).rep for c in (3, 4)] == ["new-1", "new-2"]
    assert [p.start for p in one.newcomers] == [DAY, DAY]
    assert one.figures.between == 0
    assert whole(one)
    names = np.array(ground.units.names)
    assert "Monmouth, NJ" in names[one.acting.assign == 3]


def test_accounts_move_between_reps_who_stay_only_if_that_is_chosen(ground: SituationGround) -> None:
    free = by_key(options(ground, RepsHired((REPS[3],), DAY, between=True)))
    assert free["fewest"].figures.between == 0
    assert min(o.figures.deviation for o in free.values()) < 0.3


def test_somebody_new_is_planned_with_what_the_ramp_leaves_of_the_first_year(ground: SituationGround) -> None:
    new = replace(REPS[3], start=DAY)
    # months 0 to 3 at 0, 25, 50 and 75%, then full: about 10.5 / 12 - 1 / 12 of a year
    assert share_of(ground, new) == pytest.approx(0.79, abs=0.01)
    assert share_of(ground, replace(new, capacity=0.5)) == pytest.approx(0.4, abs=0.01)
    assert share_of(ground, REPS[3]) == 1.0
    one = options(ground, RepsHired((new,), DAY))[0]
    assert dict(one.rules.shares) == {3: share_of(ground, new)}
    assert "79% of a full territory" in one.notes[0]


def test_a_merge_is_one_territory_or_shared_among_all(ground: SituationGround) -> None:
    found = by_key(options(ground, Merge(NORTH, MIDDLE, DAY)))
    few = found["fewest"]
    assert (few.acting.assign == NORTH).sum() == 14
    assert few.figures.people[0].name in ("Bob Ray", "Ann Poe")
    assert any("Bob Ray has no territory afterwards" in n for n in few.notes)
    assert found["even"].figures.deviation == pytest.approx(5 / 105)


def test_territories_that_share_no_border_say_so(ground: SituationGround) -> None:
    one = options(ground, Merge(NORTH, SOUTH, DAY))[0]
    assert any("in 2 pieces" in n for n in one.notes)


def test_a_split_divides_one_territory_and_leaves_the_others(ground: SituationGround) -> None:
    few = by_key(options(ground, Split(NORTH, DAY)))["fewest"]
    before = ground.plan.assign
    assert (few.acting.assign[before != NORTH] == before[before != NORTH]).all()
    assert sorted(int((few.acting.assign == c).sum()) for c in (NORTH, 3)) == [3, 4]
    essex = ground.units.names.index("Essex, NJ")
    assert few.acting.assign[essex] == NORTH  # the rep keeps the part with their home
    assert whole(few)


def test_a_swap_changes_reps_and_no_border(ground: SituationGround) -> None:
    (one,) = options(ground, Swap(NORTH, MIDDLE, DAY))
    assert (one.plan.territory(NORTH).rep, one.plan.territory(MIDDLE).rep) == ("U-2", "U-1")
    assert one.figures.accounts == 14
    assert len(one.moved_units) == 0


def test_mid_year_keeps_the_cap_on_change(ws: Workspace) -> None:
    sid = new_jersey(ws)
    units = ws.units(ws.scenario(sid)).names
    editing.paint(ws, sid, [units.index("Burlington, NJ"), units.index("Camden, NJ")], MIDDLE)
    lopsided = replace(ground_of(ws, sid), today=TODAY)
    found = options(lopsided, MidYear(DAY, 0.2))
    assert all(0 < o.figures.share <= 0.2 + 1e-9 for o in found)
    assert min(o.figures.deviation for o in found) == pytest.approx(0.0)


def test_a_leaver_on_an_edge_goes_to_the_one_beside_them(ground: SituationGround) -> None:
    found = options(ground, RepLeaves(NORTH, DAY))
    few = found[0]
    assert (few.acting.assign == MIDDLE).sum() == 14  # South doesn't touch North
    assert any(o.key == "even" and o.figures.between > 0 for o in found)


@given(
    load=st.lists(st.floats(0.1, 10), min_size=1, max_size=8),
    extra=st.floats(0.1, 50),
    data=st.data(),
)
@examples(100)
def test_what_is_poured_on_the_emptiest_adds_up_and_is_level(
    load: list[float], extra: float, data: st.DataObject
) -> None:
    goal = np.array(data.draw(st.lists(st.floats(0.5, 5), min_size=len(load), max_size=len(load))))
    now = np.array(load)
    want = raised(now, goal, extra)
    assert want.sum() == pytest.approx(now.sum() + extra, rel=1e-6)
    filled = want > now * (1 + 1e-9)
    level = want[filled] / goal[filled]
    assert np.ptp(level) < 1e-6
    assert (want[~filled] / goal[~filled] >= level.max() - 1e-6).all()


@given(st.permutations(range(21)), st.integers(0, 2))
@examples(20)
def test_whoever_leaves_only_their_areas_move_and_all_are_given_out(order: list[int], gone: int) -> None:
    """On any connected plan of three territories grown over the counties of New Jersey."""
    ground = _known()
    grown = _grown(ground, order)
    plan = ground.plan.with_changes(assign=grown)
    asked = replace(ground, plan=plan)
    if not (grown == gone).any() or len(set(grown.tolist())) < 2:
        return
    before_seconds, answers.SECONDS = answers.SECONDS, 0.05
    try:
        found = options(asked, RepLeaves(gone, DAY))
    finally:
        answers.SECONDS = before_seconds
    for one in found:
        assert gone not in one.acting.assign
        assert (one.acting.assign >= 0).all()
        assert one.figures.accounts == len(one.changes)
        if one.key in ("fewest", "travel"):
            assert (one.acting.assign[grown != gone] == grown[grown != gone]).all()
            assert one.figures.between == 0


_KNOWN: list[SituationGround] = []


def _known() -> SituationGround:
    if not _KNOWN:
        import tempfile

        ws = Workspace(Path(tempfile.mkdtemp()))
        _KNOWN.append(replace(ground_of(ws, new_jersey(ws)), today=TODAY))
        ws.close()
    return _KNOWN[0]


def _grown(ground: SituationGround, order: list[int]) -> np.ndarray:
    """Three territories grown from the first three counties of an order."""
    units = ground.units
    out = np.full(len(units), -1, dtype=np.int16)
    out[order[:3]] = (0, 1, 2)
    while (out < 0).any():
        for u in order:
            near = [int(out[v]) for v in units.neighbors(u).tolist() if out[v] >= 0]
            if out[u] < 0 and near:
                out[u] = near[0]
                break
    return out
