"""Published figures of the models of customers, and what must hold for any."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.facts.lifetime import OrderHistory, bg_nbd_log_likelihood, fit_activity, fit_spend
from terr.facts.renewals import fit_renewals
from terr.facts.retention import retention
from terr.facts.win_rates import win_rates
from tests.helpers.effort import examples

REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241)
HIGH_END = (1000, 869, 743, 653, 593, 551, 517, 491)
"""The two cohorts of Fader and Hardie 2007, table 1."""


@pytest.fixture(scope="module")
def cdnow() -> OrderHistory:
    """2,357 customers of CDNOW, weeks and dollars, as published with the paper."""
    found = importlib.util.find_spec("lifetimes")
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "datasets"
    frame = pd.read_csv(folder / "cdnow_customers_summary_with_transactions.csv")
    assert len(frame) == 2357
    x, recency, age, spend = (frame[c].to_numpy(dtype=np.float64) for c in ("x", "t_x", "T", "zbar"))
    return OrderHistory(x, recency, age, spend)


def test_the_activity_model_comes_out_as_published(cdnow: OrderHistory) -> None:
    """Fader, Hardie and Lee 2005, table 2."""
    model = fit_activity(cdnow)
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), rel=0.005)
    assert model.log_likelihood == pytest.approx(-9582.4, abs=0.05)
    assert bg_nbd_log_likelihood(0.2426, 4.4136, 0.7929, 2.4259, cdnow) == pytest.approx(model.log_likelihood, abs=0.01)


def test_expected_orders_come_out_as_published(cdnow: OrderHistory) -> None:
    """The paper's spreadsheet: x = 2, t_x = 30.43, T = 38.86 -> 1.226 orders in the 39 weeks that follow."""
    one = OrderHistory(np.array([2.0]), np.array([30.43]), np.array([38.86]), np.array([0.0]))
    assert fit_activity(cdnow).orders(one, 39.0)[0] == pytest.approx(1.226, abs=0.002)


def test_the_spend_model_comes_out_as_published(cdnow: OrderHistory) -> None:
    """Fader and Hardie, The Gamma-Gamma Model of Monetary Value (2013): p 6.25, q 3.74, v 15.44; 946 customers."""
    model = fit_spend(cdnow)
    assert (model.p, model.q, model.v) == pytest.approx((6.25, 3.74, 15.44), rel=0.01)


@pytest.mark.parametrize(
    ("cohort", "expected", "likelihood"), [(REGULAR, (0.704, 1.182), -1680.3), (HIGH_END, (0.668, 3.806), -1611.2)]
)
def test_renewals_come_out_as_published(cohort, expected, likelihood) -> None:
    model = fit_renewals(cohort)
    assert (model.alpha, model.beta) == pytest.approx(expected, rel=0.005)
    assert model.log_likelihood == pytest.approx(likelihood, abs=0.1)
    assert model.staying(7)[0] == 1.0
    assert (np.diff(model.staying(20)) < 0).all()


def test_too_little_history_is_said() -> None:
    few = OrderHistory(np.ones(5), np.ones(5), np.full(5, 9.0), np.ones(5))
    with pytest.raises(InputError, match="at least 30 customers"):
        fit_activity(few)
    with pytest.raises(InputError, match="at least 10 customers"):
        fit_spend(few)
    with pytest.raises(InputError, match="nobody of this cohort left"):
        fit_renewals((10, 10, 10))
    with pytest.raises(InputError, match="never growing"):
        fit_renewals((10, 11, 9))


def test_two_of_two_do_not_beat_forty_of_sixty() -> None:
    found = win_rates(np.array([2, 40, 0, 12, 9]), np.array([0, 20, 0, 28, 21]))
    assert found.raw[0] == 1.0
    assert np.isnan(found.raw[2])
    assert found.estimate[0] < found.estimate[1]
    assert found.low[2] < found.team < found.high[2]
    assert found.high[2] - found.low[2] > found.high[1] - found.low[1]


def test_intervals_hold_the_true_rate_as_often_as_they_say() -> None:
    """200 companies of 12 reps whose true rates are known; 90% intervals hold 88 to 92% of them."""
    rng = np.random.default_rng(7)
    inside, raw_error, error = [], 0.0, 0.0
    for _ in range(200):
        strength = rng.uniform(8, 60)
        mean = rng.uniform(0.15, 0.6)
        rate = rng.beta(mean * strength, (1 - mean) * strength, 12)
        n = rng.integers(2, 80, 12)
        won = rng.binomial(n, rate)
        found = win_rates(won, n - won)
        inside.append((found.low <= rate) & (rate <= found.high))
        raw_error += float(np.sum((found.raw - rate) ** 2))
        error += float(np.sum((found.estimate - rate) ** 2))
    assert 0.88 <= np.mean(inside) <= 0.92
    assert error < raw_error


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300)), min_size=1, max_size=20))
@examples(40)
def test_rates_lie_in_their_intervals(groups: list[tuple[int, int]]) -> None:
    won, lost = (np.array(v) for v in zip(*groups, strict=True))
    found = win_rates(won, lost)
    assert (found.low < found.estimate).all()
    assert (found.estimate < found.high).all()
    assert (found.low >= 0).all()
    assert (found.high <= 1).all()


def test_retention_by_hand() -> None:
    """Before 100, 50, 0, 30; now 60, 80, 20, 0: churn 30, contraction 40, expansion 30, new 20."""
    found = retention(np.array([100.0, 50, 0, 30]), np.array([60.0, 80, 20, 0]))
    assert (found.start, found.end) == (180, 160)
    assert (found.churn, found.contraction, found.expansion, found.new) == (30, 40, 30, 20)
    assert found.gross == pytest.approx(110 / 180)
    assert found.net == pytest.approx(140 / 180)
    assert (found.customers_before, found.customers_lost) == (3, 1)
    assert retention(np.array([0.0, -5]), np.array([3.0, 0])).gross is None


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), max_size=30))
@examples(100)
def test_nothing_is_lost_between_two_windows(sums: list[tuple[float, float]]) -> None:
    before, now = np.array([s[0] for s in sums]), np.array([s[1] for s in sums])
    r = retention(before, now)
    assert r.start - r.churn - r.contraction + r.expansion + r.new == pytest.approx(r.end, abs=1e-3)
