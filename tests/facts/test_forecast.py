"""Forecasts: the naive one unless another did better, intervals that hold, parts that add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.facts.forecast import MEAN, NAIVE, Forecast, _freedom, _level, _swing, forecast, reconciled
from tests.helpers.effort import examples


def seasonal(months: int, growth: float, noise: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(months)
    level = 1_000 * (1 + growth) ** (t / 12) * (1 + 0.4 * np.sin(2 * np.pi * t / 12))
    return level * np.exp(rng.normal(0, noise, months))


def test_a_pure_season_is_repeated() -> None:
    year = np.array([1.0, 2, 3, 4])
    found = forecast(np.tile(year, 5), 4, 4)
    assert found.mean == pytest.approx(year)
    assert found.method == NAIVE
    assert found.mase == 0.0


def test_too_little_history_is_said_and_shows_the_naive_forecast() -> None:
    found = forecast(np.arange(20.0), 12, 3)
    assert not found.enough
    assert found.mase is None
    assert found.method == NAIVE
    assert found.mean == pytest.approx([8, 9, 10])
    assert (found.high80 > found.mean).all()


def test_growth_is_seen_and_beats_the_naive_forecast() -> None:
    y = seasonal(48, 0.3, 0.05, 1)
    found = forecast(y[:36], 12, 12)
    assert found.mase is not None
    assert found.mase_naive is not None
    assert found.mase < found.mase_naive
    assert np.abs(found.mean - y[36:]).mean() < np.abs(y[24:36] - y[36:]).mean()


def test_the_mean_of_methods_is_taken_unless_the_naive_forecast_did_clearly_better() -> None:
    assert forecast(seasonal(48, 0.0, 0.2, 3), 12, 12).method == MEAN
    y = np.tile(np.arange(1.0, 13), 4)
    y[18] += 0.5  # everything but the naive forecast follows it
    assert forecast(y, 12, 12).method == NAIVE


def test_a_year_that_is_off_as_a_whole_is_known_from_years_and_noise_from_periods() -> None:
    noise = [np.array([1.0, -1.0, 1.0, -1.0])] * 6  # no year is off
    year = [np.array([1.0, 1.0, 1.0, 1.0])] * 6
    # whole 1, noise var 4 / 3 > 1: all of it noise
    assert _freedom(noise, 2.0, 4) == pytest.approx(6.0)
    assert _freedom(year, 2.0, 4) == pytest.approx(2.0)
    mixed = [np.array([1.5, 0.5])] * 3  # whole 1.25, noise 0.5, year 0.75
    assert _freedom(mixed, 2.0, 4) == pytest.approx(1.25**2 / (0.75**2 / 2 + 0.5**2 / 6))


def test_the_whole_is_at_least_as_uncertain_as_its_parts() -> None:
    def one(sigma: float) -> Forecast:
        return Forecast(NAIVE, 1.0, 1.0, np.ones(2), np.full(2, sigma), 8.0, True)

    _, total = reconciled({"a": one(3.0), "b": one(4.0)}, one(1.0))
    assert total.sigma == pytest.approx([5.0, 5.0])


def test_quarters_are_sums_of_months() -> None:
    y = seasonal(48, 0.0, 0.0, 1)
    found = forecast(y, 12, 4, months=3)
    assert found.mean == pytest.approx(y[-12:].reshape(4, 3).sum(axis=1), rel=0.02)


def test_intervals_hold_at_least_about_as_often_as_they_say() -> None:
    inside = []
    for seed in range(12):
        y = seasonal(48, 0.05 * (seed % 4), 0.15, seed)
        found = forecast(y[:42], 12, 6)
        inside.append((found.low80 <= y[42:]) & (y[42:] <= found.high80))
    assert np.mean(inside) >= 0.72


def test_rare_orders_are_forecast_as_such() -> None:
    y = np.zeros(36)
    y[::9] = 90.0
    found = forecast(y, 12, 4)
    assert np.isfinite(found.mean).all()
    assert found.mean.sum() < 180


def test_bad_input_is_told() -> None:
    with pytest.raises(InputError, match="at least one period"):
        forecast(np.array([]), 12, 4)
    with pytest.raises(InputError, match="finite"):
        forecast(np.array([1.0, np.nan]), 12, 4)
    with pytest.raises(InputError, match="1 to 36"):
        forecast(np.ones(40), 12, 20, months=3)


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(0.1, 1e5)), min_size=1, max_size=9), st.floats(-1e7, 1e7))
@examples(60)
def test_parts_add_up_to_the_whole(parts: list[tuple[float, float]], whole: float) -> None:
    def one(mean: float, sigma: float) -> Forecast:
        return Forecast(NAIVE, 1.0, 1.0, np.full(3, mean), np.full(3, sigma), 8.0, True)

    made, total = reconciled({str(k): one(*p) for k, p in enumerate(parts)}, one(whole, 10.0))
    assert np.sum([f.mean for f in made.values()], axis=0) == pytest.approx(total.mean)
    assert list(made) == [str(k) for k in range(len(parts))]


def test_errors_count_as_shares_of_the_last_season_and_growth_is_no_noise() -> None:
    assert _level(np.r_[np.full(12, 1.0), np.full(12, 3.0)], 12) == 3.0
    assert _level(np.r_[np.full(12, 2.0), np.zeros(12)], 12) == 1.0  # nothing sold last year: the mean of all
    assert _level(np.zeros(24), 12) == 1.0
    trend = np.arange(48.0)
    assert _swing(trend, 12, 3) == pytest.approx(36.0)
    assert _swing(trend, 12, 3, growth=False) == pytest.approx(0.0)
