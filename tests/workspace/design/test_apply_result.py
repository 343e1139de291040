"""From a request to the engine's problem and back to one edit; locks, reps and names on the way."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from terr.edits import moves
from terr.engine import design, rebalance
from terr.errors import ConflictError, InputError, PlanError
from terr.model.reps import Rep
from terr.workspace.accounts.dataset import dataset
from terr.workspace.design import apply_result
from terr.workspace.design.apply_result import DesignRequest
from terr.workspace.plan import editing, undo
from terr.workspace.plan.snapshot import plan_snapshot, preview_snapshot
from terr.workspace.reps.homes import home_xy
from tests.helpers import shapes
from tests.helpers.spaces import DELAWARE, KENT, NEW_CASTLE, RHODE_ISLAND, SUSSEX, more, start

REPS = (Rep("U-1", "Ann Poe", "06103"), Rep("U-2", "Bob Ray", "06510"), Rep("U-3", "Cleo Lee", "06360"))
"""Homes in Hartford, New Haven and Norwich, Connecticut."""


def request(k=3, **more):
    return DesignRequest(**({"territories": k, "measure": "Potential", "tolerance": 0.3} | more))


@pytest.fixture
def ct(demo_ws):
    """The demo on Connecticut's nine planning regions: (workspace, scenario id)."""
    ws, data = demo_ws
    return ws, start(ws, "CT", data=data, measure="Potential", tolerance=0.3).id


def solved(ws, sid, asked):
    task = apply_result.design_task(ws, sid, asked)
    return task, design(task.problem, seed=asked.seed, time_limit_s=20)


def generate(ws, sid, asked):
    task, result = solved(ws, sid, asked)
    return apply_result.apply_design(ws, task, result, ws.store.scenarios.rev(sid), author="me")


def edit(ws, sid, make):
    return editing.edit(ws, sid, ws.store.scenarios.rev(sid), make)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"territories": 0}, "0 territories can't be made; choose a number from 1 to 500"),
        ({"territories": -3}, "-3 territories"),
        ({"territories": 501}, "1 to 500"),
        ({"tolerance": 0.0}, "0% can't be used; choose 0.1% to 100%"),
        ({"tolerance": -1.0}, "-100%"),
        ({"tolerance": 2.0}, "200%"),
        ({"tolerance": float("nan")}, "not a number"),
        ({"names": ("North", " north ")}, '"north" is given twice'),
        ({"names": ("a", "b", "c", "d")}, "4 names are given for 3 territories"),
        ({"reps": (*REPS, Rep("U-4", "D"))}, "4 reps are chosen for 3 territories"),
    ],
)
def test_requests_that_mean_nothing_are_refused_in_words(asked, words):
    with pytest.raises(InputError, match=words):
        request(**({"territories": 3} | asked))


def test_blank_names_do_not_count():
    assert request(2, names=("A", "", "  ", "B")).names == ("A", "", "  ", "B")


def test_a_design_becomes_one_edit_that_one_undo_takes_back(ct):
    ws, sid = ct
    before, rev = ws.plan(sid)
    task, result = solved(ws, sid, request(names=("Coast", "Hills", "Valley"), tolerance=0.25))
    assert result.status == "feasible"
    units = plan_snapshot(ws, sid).units
    made = apply_result.design_edit(units, task, result, before, ws.store.scenarios.get(sid).next_code)
    shown = preview_snapshot(ws, sid, made.edit)
    done = apply_result.apply_design(ws, task, result, rev, author="me")
    assert (done.rev, done.changed) == (rev + 1, True)
    one = plan_snapshot(ws, sid)
    assert sorted(one.table["territory"]) == ["Coast", "Hills", "Valley"]
    assert one.table[["territory", "load", "units", "components"]].equals(
        shown.table[["territory", "load", "units", "components"]]
    )
    assert one.within
    assert one.info.tolerance == 0.25
    assert (one.table["components"] == 1).all()
    assert one.max_deviation == pytest.approx(result.max_deviation[0])
    assert one.moved == 0.0
    assert one.baseline == "Generate"
    assert len(set(one.table["color"])) == 3
    undo.undo(ws, sid, done.rev)
    assert ws.plan(sid)[0].same_as(before)


def test_the_same_request_gives_the_same_plan(ct):
    ws, sid = ct
    first, second = (solved(ws, sid, request(seed=7))[1].assign.tolist() for _ in range(2))
    assert first == second


def test_a_second_design_keeps_what_it_can_of_names(ct):
    ws, sid = ct
    generate(ws, sid, request(names=("Coast", "Hills", "Valley")))
    was = ws.plan(sid)[0]
    generate(ws, sid, request())
    assert ws.plan(sid)[0].same_as(was), "the same plan under the same names"


def test_some_of_the_present_names_can_be_asked_for_again(ct):
    ws, sid = ct
    generate(ws, sid, request(names=("Coast", "Hills", "Valley")))
    before = ws.plan(sid)[0]
    for names in (("Hills",), ("Valley", "Coast"), ("Valley", "Hills", "Coast")):
        generate(ws, sid, request(names=names))
        assert ws.plan(sid)[0].same_as(before)
    generate(ws, sid, request(names=("Hills", "Lakes", "Shore")))
    after = ws.plan(sid)[0]
    hills = next(t.code for t in before.territories if t.name == "Hills")
    assert after.territory(hills).name == "Hills"
    assert sorted(t.name for t in after.territories) == ["Hills", "Lakes", "Shore"]


def test_locked_units_stay(ct):
    ws, sid = ct
    more(ws, sid, ["B"])
    editing.paint(ws, sid, [0, 5], 0)
    editing.paint(ws, sid, [8], 1)
    editing.set_locks(ws, sid, [0, 8, 2], True)  # 2 is locked in no territory
    generate(ws, sid, request(3))
    plan, _ = ws.plan(sid)
    assert (plan.assign[0], plan.assign[8], plan.assign[2]) == (0, 1, -1)
    assert (np.delete(plan.assign, 2) >= 0).all()
    assert len(plan.territories) == 3
    assert plan.locked_units.tolist() == [i in (0, 2, 8) for i in range(9)]


def test_a_locked_territory_stays_as_it_is_and_the_others_share_the_rest(ct):
    ws, sid = ct
    editing.paint(ws, sid, [5, 8], 0)
    edit(ws, sid, lambda p, _: moves.rename(p, 0, "Mine"))
    edit(ws, sid, lambda p, _: moves.set_rep(p, 0, "U-9"))
    edit(ws, sid, lambda p, _: moves.lock_territory(p, 0, True))
    held = ws.plan(sid)[0].territory(0)
    task, result = solved(ws, sid, request(3, names=("East", "West"), reps=REPS[:2]))
    assert task.warnings[0].message == "Mine is locked and stays as it is; the other 2 share what is left equally"
    apply_result.apply_design(ws, task, result, ws.store.scenarios.rev(sid))
    plan, _ = ws.plan(sid)
    assert np.flatnonzero(plan.assign == 0).tolist() == [5, 8]
    assert plan.territory(0) == held
    assert (plan.assign >= 0).all()
    assert sorted(t.name for t in plan.territories) == ["East", "Mine", "West"]
    assert sorted(t.rep for t in plan.territories) == ["U-1", "U-2", "U-9"]
    others = plan_snapshot(ws, sid).table.query("code != 0")["load"]
    assert others.max() / others.mean() - 1 <= 0.3 + 1e-9


def test_a_locked_empty_territory_stays_empty(ct):
    ws, sid = ct
    edit(ws, sid, lambda p, _: moves.lock_territory(p, 0, True))
    generate(ws, sid, request(3))
    plan, _ = ws.plan(sid)
    assert len(plan.territories) == 3
    assert not (plan.assign == 0).any()
    assert (plan.assign >= 0).all()


def test_locks_that_leave_nothing_to_divide(ct):
    ws, sid = ct
    editing.paint(ws, sid, range(9), 0)
    edit(ws, sid, lambda p, _: moves.lock_territory(p, 0, True))
    with pytest.raises(InputError, match="unlock"):
        apply_result.design_task(ws, sid, request(1))
    with pytest.raises(InputError, match="everything is locked"):
        apply_result.design_task(ws, sid, request(2))
    edit(ws, sid, lambda p, _: moves.lock_territory(p, 0, False))
    editing.set_locks(ws, sid, range(9), True)
    with pytest.raises(InputError, match="unlock some or ask for 1 or fewer"):
        apply_result.design_task(ws, sid, request(3))


def test_more_locked_territories_than_asked_for(ct):
    ws, sid = ct
    more(ws, sid, ["B"])
    editing.paint(ws, sid, [0], 0)
    editing.set_locks(ws, sid, [0], True)
    edit(ws, sid, lambda p, _: moves.lock_territory(p, 1, True))
    with pytest.raises(InputError, match="2 territories hold locks"):
        apply_result.design_task(ws, sid, request(1))


def test_locks_set_while_the_engine_worked_are_not_broken(ct):
    ws, sid = ct
    editing.paint(ws, sid, range(9), 0)
    task, result = solved(ws, sid, request(3))
    editing.set_locks(ws, sid, range(9), True)
    rev = ws.store.scenarios.rev(sid)
    with pytest.raises(PlanError, match="locked"):
        apply_result.apply_design(ws, task, result, rev)
    assert ws.store.scenarios.rev(sid) == rev


def test_each_rep_gets_one_territory_and_it_bears_the_name_of_a_place(ct):
    ws, sid = ct
    generate(ws, sid, request(4, reps=REPS))
    plan, _ = ws.plan(sid)
    assert sorted(t.rep for t in plan.territories) == ["", "U-1", "U-2", "U-3"]
    assert not {t.name for t in plan.territories} & {r.name for r in REPS}
    assert "Territory" not in " ".join(t.name for t in plan.territories)
    units = plan_snapshot(ws, sid).units
    homes = {"U-1": "Capitol, CT", "U-3": "Southeastern Connecticut, CT"}
    for rep, home in homes.items():
        mine = next(t.code for t in plan.territories if t.rep == rep)
        assert plan.assign[units.names.index(home)] == mine
    done = generate(ws, sid, request(3, reps=REPS[:1]))
    plan, _ = ws.plan(sid)
    assert [t.rep for t in plan.territories].count("U-1") == 1, "a rep who gets another territory leaves the old one"
    assert done.changed


def test_a_rep_without_a_known_home_is_named_before_the_engine_starts(ct):
    ws, sid = ct
    lost = Rep("U-7", "Zoe Nowhere", "")
    with pytest.raises(InputError, match="home of Zoe Nowhere"):
        apply_result.design_task(ws, sid, request(3, reps=(lost,)))
    editing.paint(ws, sid, [0], 0)
    editing.set_locks(ws, sid, [0], True)
    with pytest.raises(InputError, match="home of Zoe Nowhere"):
        apply_result.design_task(ws, sid, request(3, reps=(lost,)))


@pytest.mark.parametrize("region", ["HI, TX", "TX, FL"])
def test_a_region_in_pieces_is_told_before_solving(demo_ws, region):
    ws, data = demo_ws
    sid = start(ws, region, data=data, measure="Potential").id
    told = apply_result.design_task(ws, sid, request(4)).warnings
    assert told[0].code == "region_in_pieces"
    assert "share no border" in told[0].message
    assert "joined where they come closest" in told[0].message


def test_a_region_in_one_piece_needs_no_warning(ct):
    ws, sid = ct
    assert apply_result.design_task(ws, sid, request(2)).warnings == ()


def test_what_no_plan_can_meet_is_refused(ct):
    ws, sid = ct
    with pytest.raises(InputError, match="10 territories can't be made of 9 counties; ask for at most 9"):
        apply_result.design_task(ws, sid, request(10))
    with pytest.raises(InputError, match='"Profit" is not a measure of Demo accounts'):
        apply_result.design_task(ws, sid, request(3, measure="Profit"))


def test_a_measure_that_is_zero_here_is_refused(ws):
    sid = start(ws, "CT").id
    with pytest.raises(InputError, match='"Revenue" adds up to zero in Connecticut'):
        apply_result.design_task(ws, sid, request(3, measure="Revenue"))
    assert apply_result.rebalance_task(ws, sid) is None


def test_a_measure_below_zero_names_the_county(ws):
    rows = [*DELAWARE, ("A-9", "Kent", "DE", -150.0)]
    sid = start(ws, rows=rows).id
    with pytest.raises(InputError, match=r"Revenue is below zero in 1 area, first in Kent, DE"):
        apply_result.design_task(ws, sid, request(2, measure="Revenue"))
    more(ws, sid, ["B"])
    editing.paint(ws, sid, [KENT, NEW_CASTLE], 0)
    editing.paint(ws, sid, [SUSSEX], 1)
    assert apply_result.rebalance_task(ws, sid) is None


def test_a_unit_larger_than_a_territory_is_named(ws):
    sid = start(ws, "RI", RHODE_ISLAND).id
    told = apply_result.design_task(ws, sid, request(3, measure="Revenue", tolerance=0.05)).warnings
    assert "unit_too_large" in [w.code for w in told]
    assert any("Providence, RI" in w.message for w in told)


@pytest.fixture
def ri(ws):
    """Rhode Island, 120 in all: Providence (60) alone against Washington (10) alone, the others unassigned."""
    sid = start(ws, "RI", RHODE_ISLAND, tolerance=0.2).id
    more(ws, sid, ["B"])
    editing.paint(ws, sid, [3], 0)
    return sid


def test_suggestions_wait_for_two_territories_with_units(ws, ri):
    assert apply_result.rebalance_task(ws, ri) is None
    editing.paint(ws, ri, [4], 1)
    assert apply_result.rebalance_task(ws, ri) is not None
    edit(ws, ri, lambda p, _: moves.lock_territory(p, 1, True))
    assert apply_result.rebalance_task(ws, ri) is None, "only one is left to move units between"


def test_suggested_moves_are_applied_as_one_edit(ws, ri):
    editing.paint(ws, ri, [0, 1, 2], 0)  # 110 against 10
    editing.paint(ws, ri, [4], 1)
    before, rev = ws.plan(ri)
    task = apply_result.rebalance_task(ws, ri)
    result = rebalance(task.problem, seed=1, time_limit_s=20)
    found = apply_result.suggestions(ws, task, result)
    assert found
    assert {m.target for m in found} <= {"B", "Territory 1"}
    assert [m.load for m in found] == sorted((m.load for m in found), reverse=True)
    done = apply_result.apply_moves(ws, task, result, author="me")
    assert done.rev == rev + 1
    one = plan_snapshot(ws, ri)
    assert one.within
    assert one.max_deviation == pytest.approx(result.max_deviation[0])
    changed = np.flatnonzero(one.plan.assign != before.assign).tolist()
    assert changed == sorted(m.code for m in found)
    assert {t.name for t in one.plan.territories} == {"Territory 1", "B"}
    undo.undo(ws, ri, done.rev)
    assert ws.plan(ri)[0].same_as(before)


def test_suggestions_leave_locked_territories_alone(ct):
    ws, sid = ct
    generate(ws, sid, request(3))
    codes = ws.plan(sid)[0].codes
    edit(ws, sid, lambda p, _: moves.lock_territory(p, codes[0], True))
    kept = np.flatnonzero(ws.plan(sid)[0].assign == codes[0])
    units, loads = plan_snapshot(ws, sid).units, plan_snapshot(ws, sid).loads
    mine = np.flatnonzero(ws.plan(sid)[0].assign == codes[1])
    for u in mine[np.argsort(loads[mine])][1:]:  # only the lightest stays
        editing.paint(ws, sid, [int(u)], codes[2])
    plan, rev = ws.plan(sid)
    task = apply_result.rebalance_task(ws, sid)
    result = rebalance(task.problem, seed=1, time_limit_s=20)
    assert apply_result.suggestions(ws, task, result)
    assert apply_result.apply_moves(ws, task, result).rev == rev + 1
    after, _ = ws.plan(sid)
    assert np.flatnonzero(after.assign == codes[0]).tolist() == kept.tolist()
    assert after.codes == plan.codes
    assert shapes.components(after.slots(), units.indptr, units.indices, 3).max() >= 1


def test_a_stale_result_is_a_conflict_and_changes_nothing(ws, ri):
    editing.paint(ws, ri, [0, 1, 2], 0)
    editing.paint(ws, ri, [4], 1)
    task = apply_result.rebalance_task(ws, ri)
    result = rebalance(task.problem, seed=1, time_limit_s=20)
    asked = request(2, measure="Revenue", tolerance=0.9)
    drawn, plan = solved(ws, ri, asked)
    shown = ws.store.scenarios.rev(ri)
    editing.paint(ws, ri, [0], 1)  # another window
    rev = ws.store.scenarios.rev(ri)
    with pytest.raises(ConflictError, match="another window"):
        apply_result.apply_moves(ws, task, result)
    with pytest.raises(ConflictError, match="another window"):
        apply_result.apply_design(ws, drawn, plan, shown)
    assert ws.store.scenarios.rev(ri) == rev
    assert ws.store.scenarios.get(ri).tolerance == 0.2, "nor does the limit change"


def test_suggested_moves_are_no_design(ws, ri):
    editing.paint(ws, ri, [4], 1)
    task = apply_result.rebalance_task(ws, ri)
    result = rebalance(task.problem, seed=1, time_limit_s=20)
    plan, _ = ws.plan(ri)
    with pytest.raises(InputError):
        apply_result.design_edit(plan_snapshot(ws, ri).units, task, result, plan, 5)
    drawn, drawn_result = solved(ws, ri, request(2, measure="Revenue"))
    assert apply_result.suggestions(ws, drawn, drawn_result) == ()


def test_names_of_places_follow_the_places_and_a_persons_own_stay(ct):
    ws, sid = ct
    generate(ws, sid, request(3, tolerance=0.7))
    plan, _ = ws.plan(sid)
    places = [t.name for t in plan.territories]
    assert all(p.endswith("Connecticut") or p in {"Hartford", "Bridgeport", "New Haven", "Waterbury"} for p in places)
    assert len(set(places)) == 3
    mine = next(t.code for t in plan.territories if t.name == places[0])
    edit(ws, sid, lambda p, _: moves.rename(p, mine, "Gold Coast"))
    generate(ws, sid, request(5, tolerance=0.9))
    plan, _ = ws.plan(sid)
    assert "Gold Coast" in {t.name for t in plan.territories}
    assert not any(t.name.startswith("Territory") for t in plan.territories)


def test_a_territory_called_after_a_rep_does_not_keep_that_name_with_another(ct):
    """Plans of earlier versions named territories after their reps."""
    ws, sid = ct
    reps = dataset(ws, ws.store.scenarios.get(sid).dataset_id).reps
    generate(ws, sid, request(3, names=(reps[0].name, "Coast", "Hills"), tolerance=0.7))
    generate(ws, sid, request(3, tolerance=0.7))
    plan, _ = ws.plan(sid)
    assert {"Coast", "Hills"} <= {t.name for t in plan.territories}
    assert reps[0].name not in {t.name for t in plan.territories}


def test_a_rep_s_name_on_a_territory_follows_the_rep(ct):
    ws, sid = ct
    reps = dataset(ws, ws.store.scenarios.get(sid).dataset_id).reps[:3]
    ann, bob = reps[0], reps[1].rep_id
    generate(ws, sid, request(3, reps=reps, tolerance=0.7))
    mine = {t.rep: t.code for t in ws.plan(sid)[0].territories}

    def covered():
        return next((t.rep for t in ws.plan(sid)[0].territories if t.name == ann.name), None)

    edit(ws, sid, lambda p, _: moves.rename(p, mine[ann.rep_id], ann.name))
    edit(ws, sid, lambda p, _: moves.set_rep(p, mine[ann.rep_id], ""))
    edit(ws, sid, lambda p, _: moves.set_rep(p, mine[bob], ann.rep_id))
    edit(ws, sid, lambda p, _: moves.set_rep(p, mine[ann.rep_id], bob))
    assert covered() == bob
    generate(ws, sid, request(3, tolerance=0.7))
    assert covered() == ann.rep_id, "who covers what stays, and the name goes along"
    generate(ws, sid, request(3, reps=reps, tolerance=0.7, seed=2))
    assert covered() == ann.rep_id
    generate(ws, sid, request(2, reps=reps[1:], tolerance=0.9))
    assert covered() is None


def test_a_plan_file_s_names_of_reps_follow_the_reps(ct):
    """Plan files know no reps but by the names of territories."""
    ws, sid = ct
    task, result = solved(ws, sid, request(3, reps=REPS, tolerance=0.7))
    units, plan = plan_snapshot(ws, sid).units, ws.plan(sid)[0]
    first = moves.apply(plan, apply_result.design_edit(units, task, result, plan, 1).edit)
    wrong = {t.code: REPS[(i + 1) % 3].name for i, t in enumerate(first.territories)}
    swapped = replace(first, territories=tuple(replace(t, name=wrong[t.code], rep="") for t in first.territories))
    again = moves.apply(swapped, apply_result.design_edit(units, task, result, swapped, 9).edit)
    assert {t.name: t.rep for t in again.territories} == {r.name: r.rep_id for r in REPS}


@pytest.mark.parametrize(
    "capacities", [(1, 1, 1), (0.6, 1, 1), (0.6, 0.6, 1), (0.5, 0.5, 0.5), (0.5, 0.7, 0.9), (0.95, 0.9, 1)]
)
def test_homes_are_as_near_as_any_naming_allows_whatever_the_capacities(ct, capacities):
    ws, sid = ct
    reps = tuple(replace(r, capacity=c) for r, c in zip(REPS, capacities, strict=True))
    task, result = solved(ws, sid, request(3, reps=reps, tolerance=0.7))
    plan, _ = ws.plan(sid)
    units = plan_snapshot(ws, sid).units
    made = apply_result.design_edit(units, task, result, plan, 9, roster=reps)
    after = moves.apply(plan, made.edit)
    loads = np.zeros(len(units))
    loads[task.rows] = task.problem.weights[:, 0]
    home = dict(zip([r.rep_id for r in reps], np.array(home_xy(units, reps)), strict=True))
    share = dict(made.rules.shares)
    assert sorted(share.get(t.code, 1.0) for t in after.territories) == sorted(capacities)

    def miles(of):
        return sum(
            np.hypot(*(np.average(units.xy_km[after.assign == c], axis=0, weights=loads[after.assign == c]) - home[r]))
            for c, r in of.items()
        )

    def fits(of):
        parts = np.array([capacity[r] for r in of.values()])
        held = np.array([loads[after.assign == c].sum() for c in of])
        return (np.abs(held / (loads.sum() * parts / parts.sum()) - 1) <= 0.7).all()

    mine = {t.code: t.rep for t in after.territories if t.rep}
    capacity = {r.rep_id: r.capacity for r in reps}
    assert sorted(mine.values()) == sorted(home)
    for other in itertools.permutations(mine.values()):
        swapped = dict(zip(mine, other, strict=True))
        if fits(swapped):
            assert miles(mine) <= miles(swapped) + 1e-6


def test_the_effect_of_a_design_is_that_on_the_measure_it_balances(ct):
    ws, sid = ct
    other = next(m for m in plan_snapshot(ws, sid).accounts.measures if m != "Potential")
    generate(ws, sid, request(measure=other, tolerance=1.0))
    made = ws.store.changes.timeline(sid)[0].effect
    assert (made.measure, made.after) == (other, pytest.approx(plan_snapshot(ws, sid).max_deviation))
