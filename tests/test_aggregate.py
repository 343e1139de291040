"""Rows and money are placed once and never lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.aggregate import (
    OUTSIDE,
    UNLOCATED,
    AggregatePart,
    PlanTotals,
    Totals,
    account_codes,
    measures_per_unit,
    plan_totals,
    totals,
    unit_codes,
)
from terr.errors import InputError, LocateError, PlanError
from terr.locate.placing import place
from tests.helpers.effort import examples
from tests.helpers.grids import grid_units, make_accounts, make_plan

UNITS = grid_units(4, 4)
STATES = grid_units(1, 2, ids=["NE", "TX"], level="state")


def test_grid_is_what_it_says():
    assert len(UNITS) == 16
    assert len(UNITS.indices) == 48
    assert UNITS.neighbors(5).tolist() == [1, 4, 6, 9]
    graph = UNITS.graph()
    assert (graph != graph.T).nnz == 0
    assert 94 < UNITS.area_km2[0] < 96  # 0.1 degree at 40 N: 11.10 km x 8.54 km
    assert UNITS.outer_km[5] < 0.01
    assert 19 < UNITS.outer_km[0] < 20


def test_unit_codes_by_county():
    accounts = make_accounts(["00001", "00016", "", "48453", "00006"], revenue=[1, 2, 3, 4, 5])
    got = unit_codes(accounts, UNITS)
    assert got.dtype == np.int32
    assert got.tolist() == [0, 15, UNLOCATED, OUTSIDE, 5]


def test_unit_codes_by_state():
    accounts = make_accounts(["48453", "31001", "", "06001", "48001"], revenue=[1, 2, 3, 4, 5])
    assert unit_codes(accounts, STATES).tolist() == [1, 0, UNLOCATED, OUTSIDE, 1]


def test_no_accounts():
    accounts = make_accounts([], revenue=[])
    assert unit_codes(accounts, UNITS).shape == (0,)
    sums, counts = measures_per_unit(accounts, UNITS, ["revenue"])
    assert sums.shape == (16, 1)
    assert not sums.any()
    assert not counts.any()
    assert totals(accounts, UNITS).accepted == AggregatePart(0, (0.0,))


def test_unknown_level_is_named():
    with pytest.raises(LocateError, match='"block" is not a level'):
        unit_codes(make_accounts(["00001"]), grid_units(1, 1, level="block"))


def test_measures_per_unit_by_hand():
    accounts = make_accounts(
        ["00001", "00001", "00003", "", "99999"], revenue=[10, np.nan, 5, 7, 9], visits=[1, 2, 3, 4, 5]
    )
    sums, counts = measures_per_unit(accounts, UNITS, ("visits", "revenue"))
    assert sums.shape == (16, 2)
    assert sums[0].tolist() == [3, 10]
    assert sums[2].tolist() == [3, 5]
    assert sums.sum(axis=0).tolist() == [6, 15]
    assert counts[[0, 1, 2]].tolist() == [2, 0, 1]
    with pytest.raises(InputError, match='no measure "profit"; the accounts have revenue, visits'):
        measures_per_unit(accounts, UNITS, ("profit",))


def test_plan_totals_by_hand():
    accounts = make_accounts(["00001", "00002", "00003", "", "99999"], revenue=[10, 20, 40, 80, 160])
    plan = make_plan(UNITS, [0, 1] + [-1] * 14)
    got = plan_totals(accounts, UNITS, plan)
    assert got.assigned == AggregatePart(2, (30.0,))
    assert got.unassigned == AggregatePart(1, (40.0,))
    assert got.unlocated == AggregatePart(1, (80.0,))
    assert got.outside == AggregatePart(1, (160.0,))
    assert got.accepted == AggregatePart(5, (310.0,))
    assert got.load("outside", "revenue") == 160.0
    assert totals(accounts, UNITS).in_region == AggregatePart(3, (70.0,))
    assert account_codes(accounts, UNITS, plan).tolist() == [0, 1, -1, -1, -1]


def test_plan_of_other_units_is_refused():
    with pytest.raises(PlanError, match="made on other map areas"):
        plan_totals(make_accounts(["00001"]), UNITS, make_plan(STATES, [0, 1]))


def test_totals_that_do_not_add_up_are_refused():
    one, two = AggregatePart(1, (1.0,)), AggregatePart(2, (2.0,))
    with pytest.raises(PlanError, match="2 accounts were accepted, but 3 are accounted for"):
        Totals(("revenue",), two, one, one, one)
    with pytest.raises(PlanError, match=r"revenue: 2\.50 was accepted, but 2\.00"):
        PlanTotals(("revenue",), AggregatePart(2, (2.5,)), one, one, AggregatePart(0, (0.0,)), AggregatePart(0, (0.0,)))
    with pytest.raises(PlanError, match="one sum for each measure"):
        Totals(("revenue", "visits"), two, one, one, AggregatePart(0, (0.0,)))


PLACES = st.sampled_from(["", "00001", "00005", "00016", "99999", "48453"])
MONEY = st.one_of(st.just(np.nan), st.floats(-1e12, 1e12, allow_nan=False, allow_subnormal=False))


@examples(150)
@given(st.lists(st.tuples(PLACES, MONEY, MONEY), max_size=40), st.lists(st.integers(-1, 1), min_size=16, max_size=16))
def test_nothing_is_lost(rows, assign):
    accounts = make_accounts([r[0] for r in rows], revenue=[r[1] for r in rows], potential=[r[2] for r in rows])
    plan = make_plan(UNITS, assign)
    got, where = plan_totals(accounts, UNITS, plan), totals(accounts, UNITS)
    sums, counts = measures_per_unit(accounts, UNITS, accounts.measures)
    assert got.accepted.rows == len(rows)
    assert got.assigned.rows + got.unassigned.rows == where.in_region.rows == counts.sum()
    assert counts[plan.assign >= 0].sum() == got.assigned.rows
    for j, measure in enumerate(accounts.measures):
        slack = 1e-9 * max(1.0, accounts.frame[measure].abs().sum())
        assert got.accepted.loads[j] == pytest.approx(accounts.total(measure), abs=slack)
        assert sums[:, j].sum() == pytest.approx(where.in_region.loads[j], abs=slack)
        assert sums[plan.assign >= 0, j].sum() == pytest.approx(got.assigned.loads[j], abs=slack)


def test_five_thousand_accounts_are_placed_once_however_often_they_are_summed(monkeypatch):
    units = grid_units(40, 40)
    rng = np.random.default_rng(1)
    accounts = make_accounts([f"{v:05d}" for v in rng.integers(1, 1700, 5000)], revenue=rng.gamma(2.0, 1e5, 5000))
    asked = []
    monkeypatch.setattr("terr.aggregate.place", lambda *a: asked.append(1) or place(*a))
    for _ in range(3):
        sums, counts = measures_per_unit(accounts, units, ["revenue"])
    assert asked == [1]
    by_hand = accounts.frame.groupby("county")["revenue"].agg(["sum", "count"]).reindex(units.frame["unit_id"])
    np.testing.assert_allclose(sums[:, 0], by_hand["sum"].fillna(0))
    assert counts.tolist() == by_hand["count"].fillna(0).tolist()
