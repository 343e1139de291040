"""Caps, floors, shares, homes, distances, groups, prices and a remainder: small cases with known answers, then any."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.engine import Problem, design, frontier, moment_km2, moved_share, objective_km2, precheck, rebalance
from terr.engine.arrays import pieces
from terr.engine.models.groups import merged
from terr.errors import InputError, PlanError
from terr.model.result import Result
from tests.helpers.effort import examples
from tests.helpers.strategies import extra_pieces, grid, problems


def row(n: int, k: int, **more: object) -> Problem:
    """Units of load 1 in a row, 10 km apart."""
    return grid(n, 1, k, more.pop("weights", None), more.pop("limit", 0.5), **more)


def test_a_fixed_home_is_where_the_shape_is_measured_from() -> None:
    p = grid(4, 4, 2, limit=0.01, centres=[[0.0, 15.0], [30.0, 15.0]])
    r = design(p, effort=0.2)
    assert r.assign.reshape(4, 4).tolist() == [[0, 0, 1, 1]] * 4
    # x: 0 or 10 km from the home, mean of squares 50; y: 15 or 5 km, mean (225 + 25) / 2 = 125
    assert r.objective == pytest.approx(175.0)
    assert moment_km2(p, r.assign) == pytest.approx(175.0)


def test_swapped_homes_swap_the_territories() -> None:
    p = grid(4, 4, 2, limit=0.01, centres=[[30.0, 15.0], [0.0, 15.0]])
    assert design(p, effort=0.2).assign.reshape(4, 4).tolist() == [[1, 1, 0, 0]] * 4


def test_a_new_rep_gets_six_tenths() -> None:
    w = np.ones(16)
    p = grid(4, 4, 2, w, limit=0.01, targets=[[10.0], [6.0]])
    r = design(p, effort=0.2)
    assert p.loads(r.assign).ravel().tolist() == [10.0, 6.0]
    assert r.status == "feasible"


def test_units_too_far_from_every_home_are_named_or_left() -> None:
    homes = {"centres": [[0.0, 0.0], [90.0, 0.0]], "max_km": 35.0}  # units at 40 and 50 km are out of reach
    r = design(row(10, 2, **homes), effort=0.2)
    assert r.status == "limit_broken"
    assert "too_far" in [e.code for e in r.explanations]
    assert r.violation > 0
    left = design(row(10, 2, remainder=0.2, **homes), effort=0.2)
    assert left.status == "feasible"
    assert left.assign.tolist() == [0] * 4 + [-1] * 2 + [1] * 4


def test_a_distance_counts_from_the_home_and_not_from_the_seed_near_it() -> None:
    # homes lie 8 km off the seeds at both ends: 28 km reach three units of ten from 0, two from 90
    homes = {"seeds": [0, 9], "homes": [[8.0, 0.0], [98.0, 0.0]], "max_km": 28.0}
    left = design(row(10, 2, remainder=0.5, **homes), effort=0.2)
    assert left.status == "feasible"
    assert left.assign.tolist() == [0] * 4 + [-1] * 3 + [1] * 3
    assert row(10, 2, **(homes | {"seeds": None})).homes_km.tolist() == homes["homes"]


def test_no_more_is_left_than_asked() -> None:
    p = row(10, 2, centres=[[0.0, 0.0], [90.0, 0.0]], max_km=25.0, remainder=0.2)  # four are out of reach
    r = design(p, effort=0.2)
    assert r.status == "limit_broken"
    assert set(np.flatnonzero(r.assign < 0)) <= {3, 4, 5, 6}
    assert {"unassigned", "too_far"} & {e.code for e in r.explanations}


def test_a_cap_is_a_load_whatever_the_target() -> None:
    p = row(10, 2, limit={}, caps={"load": [3.0, np.inf]})
    r = design(p, effort=0.2)
    assert p.loads(r.assign)[0, 0] <= 3
    assert r.status == "feasible"
    q = row(10, 2, limit={}, floors={"load": 4.0}, caps={"load": [5.5, 6.0]})
    assert sorted(q.loads(design(q, effort=0.2).assign).ravel().tolist()) in ([4.0, 6.0], [5.0, 5.0])


def test_caps_below_the_load_leave_a_remainder() -> None:
    p = row(10, 2, limit={}, caps={"load": 4.0}, remainder=0.3)
    r = design(p, effort=0.3)
    assert r.status == "feasible"
    assert p.loads(r.assign).ravel().tolist() == [4.0, 4.0]
    assert int((r.assign < 0).sum()) == 2


def test_groups_stay_together_and_take_along_what_lies_between() -> None:
    groups = np.full(16, -1)
    groups[[0, 2]] = 7  # unit 1 lies between
    p = grid(4, 4, 4, limit=0.6, groups=groups)
    small, node, notes = merged(p)
    assert len(small) == 14
    assert node[0] == node[1] == node[2]
    assert [e.code for e in notes] == ["group_joined"]
    assert notes[0].units == (1,)
    r = design(p, effort=0.2)
    assert r.assign[0] == r.assign[1] == r.assign[2]
    assert extra_pieces(p, r.assign) == 0


def test_a_group_locked_to_two_territories_is_refused() -> None:
    locked, groups = np.full(16, -1), np.full(16, -1)
    locked[0], locked[1], groups[[0, 1]] = 0, 1, 0
    with pytest.raises(PlanError, match="its group"):
        design(grid(4, 4, 2, locked=locked, groups=groups))


def test_a_price_on_balance_evens_what_a_wide_limit_leaves() -> None:
    w = np.array([5.0, 1, 1, 1, 1, 1, 1, 1])
    wide = row(8, 2, weights=w, limit=0.9)
    even = row(8, 2, weights=w, limit=0.9, balance={"load": 1e4})
    loads = np.sort(even.loads(design(even, effort=0.3).assign).ravel())
    assert loads.tolist() == [6.0, 6.0]
    assert np.abs(wide.deviations(design(wide, effort=0.3).assign)).max() > 0.1
    # 1e4 R mean |0| : the moment alone is left
    plan = design(even, effort=0.3).assign
    assert objective_km2(even, plan) == pytest.approx(moment_km2(even, plan))
    off = np.array([0] * 3 + [1] * 5)
    # loads 7 and 5 of 6: mean deviation 1/6
    assert objective_km2(even, off) == pytest.approx(moment_km2(even, off) + even.scale_km2 * 1e4 / 6)


def test_continuity_keeps_a_plan_that_is_good_enough() -> None:
    start = np.repeat([0, 1], 8)  # rows: as compact as columns
    start[[3, 4]] = start[[4, 3]]  # one crooked pair, still in one piece
    p = grid(4, 4, 2, limit=0.5, start=start, continuity=1e4)
    assert design(p, effort=0.2).assign.tolist() == start.tolist()
    assert objective_km2(p, start) == pytest.approx(moment_km2(p, start))


def test_the_most_that_may_move_is_kept_or_said() -> None:
    start = np.array([0] * 8 + [1] * 2)
    free = rebalance(row(10, 2, start=start, limit=0.01))
    assert moved_share(row(10, 2, start=start), free.assign) == pytest.approx(0.3)
    tight = row(10, 2, start=start, limit=0.01, max_moved=0.2)
    r = rebalance(tight)
    assert r.status == "limit_broken"
    assert moved_share(tight, r.assign) <= 0.2 + 1e-9 or "max_moved" in [e.code for e in r.explanations]
    again = design(row(10, 2, start=start, limit=0.61, max_moved=0.1), effort=0.2)
    assert moved_share(tight, again.assign) <= 0.1 + 1e-9


def test_what_cant_be_asked_is_refused() -> None:
    with pytest.raises(InputError, match="home"):
        row(4, 2, max_km=10.0)
    with pytest.raises(PlanError, match="homes must be 2 points"):
        row(4, 2, homes=[[0.0, 0.0]])
    with pytest.raises(InputError, match="today's plan"):
        row(4, 2, max_moved=0.1)
    with pytest.raises(InputError, match="from 0 to 1"):
        row(4, 2, remainder=2.0)
    with pytest.raises(InputError, match="swap them"):
        row(4, 2, floors={"load": 3.0}, caps={"load": 2.0})
    with pytest.raises(InputError, match="no measure"):
        row(4, 2, balance={"nonsense": 1.0})


def test_the_frontier_trades_change_for_balance() -> None:
    start = np.array([0] * 9 + [1] * 3)
    p = row(12, 2, start=start, limit=0.05)
    points = frontier(p, points=8, effort=0.2)
    assert points[0].moved == 0.0
    assert points[0].deviation == pytest.approx(0.5)
    for before, after in pairwise(points):
        assert after.moved > before.moved
        assert after.deviation < before.deviation
    # each unit that moves brings both loads one nearer to six; no limit asked for lies between 2/6 and 3/6
    assert [(round(12 * q.moved), round(6 * q.deviation)) for q in points] == [(0, 3), (2, 1), (3, 0)]


@st.composite
def wishes(draw: st.DrawFn) -> Problem:
    """Any small problem with any of the further wishes."""
    p = draw(problems(start=True))
    rng = np.random.default_rng(draw(st.integers(0, 2**20)))
    n, k = len(p), p.territories
    more: dict[str, object] = {}
    if draw(st.booleans()):
        centres = np.full((k, 2), np.nan)
        chosen = rng.random(k) < 0.6
        centres[chosen] = p.xy_km[rng.integers(n, size=int(chosen.sum()))]
        more["centres"] = centres
        if draw(st.booleans()):
            more["max_km"] = np.where(chosen, rng.uniform(15, 60), np.inf)
        if draw(st.booleans()):
            more["homes"] = centres + rng.uniform(-9, 9, (k, 2))
    if draw(st.booleans()):
        more["remainder"] = 0.3
    if draw(st.booleans()):
        groups = np.full(n, -1)
        free = np.flatnonzero(p.locked < 0)
        groups[rng.permutation(free)[:2]] = 4
        more["groups"] = groups.astype(np.int64)
    if draw(st.booleans()):
        more["balance"] = rng.uniform(0, 2, len(p.measures))
        more["continuity"] = float(rng.uniform(0, 2))
    if draw(st.booleans()):
        more["max_moved"] = float(rng.uniform(0, 1))
    if draw(st.booleans()):
        cap = p.cap.copy()
        cap[:, 0] = p.weights[:, 0].sum() / k * rng.uniform(0.8, 2.0)
        more["cap"] = cap
    return replace(p, **more)


def holds(p: Problem, r: Result) -> None:
    a = r.assign.astype(np.int64)
    assert a.min() >= (-1 if p.remainder > 0 else 0)
    on = p.locked >= 0
    assert (a[on] == p.locked[on]).all()
    over = p.excesses(a)
    assert r.violation == pytest.approx(sum(over.values()))
    torn = pieces(p.indptr, p.indices, a)[0] - int((a < 0).sum()) - len(np.unique(a[a >= 0]))
    assert (r.status == "limit_broken") == (r.violation > 0 or torn > 0)
    if torn:
        assert {"group_apart", "locked_apart"} & {e.code for e in r.explanations}
    nobody = p.weights[a < 0].sum(axis=0)
    assert np.allclose(p.loads(a).sum(axis=0) + nobody, p.weights.sum(axis=0))
    for kind, code in (("moved", "max_moved"), ("far", "too_far"), ("parted", "group_apart")):
        if over[kind] > 0:
            assert code in {e.code for e in r.explanations}


@examples(40)
@given(wishes(), st.integers(1, 5))
def test_any_wish_is_kept_or_reported(p: Problem, seed: int) -> None:
    small = merged(p)[0]
    if any(e.code == "too_many_territories" for e in precheck(small)):
        return
    r = design(p, seed=seed, effort=0.02)
    holds(p, r)
    assert r.objective == pytest.approx(objective_km2(p, r.assign))
    assert np.array_equal(design(p, seed=seed, effort=0.02).assign, r.assign)


@examples(40)
@given(wishes(), st.integers(1, 5))
def test_any_wish_is_kept_or_reported_in_a_rebalance(p: Problem, seed: int) -> None:
    small = merged(p)[0]
    if any(e.code == "too_many_territories" for e in precheck(small)):
        return
    r = rebalance(p, seed=seed, time_limit_s=3.0, effort=0.02)
    holds(p, r)
    assert r.bound is None or r.bound <= r.objective + 1e-9
