"""Chance to win by stage and by age, and medians with their interval, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from terr.errors import InputError
from terr.facts.medians import median_interval
from terr.facts.pipeline import age_rates, age_weights, stage_rates
from tests.helpers.effort import examples


def test_a_stage_counts_the_closed_deals_that_reached_it() -> None:
    """20 deals were in Demo, 10 of them went on to Offer; 8 of those were won, none of the others."""
    early, late = frozenset({"Demo"}), frozenset({"Demo", "Offer"})
    rates = stage_rates([late] * 10 + [early] * 10, np.array([True] * 8 + [False] * 12))
    assert [(r.name, r.won, r.closed) for r in rates] == [("Demo", 8, 20), ("Offer", 8, 10)]
    demo, offer = (r.weight for r in rates)
    assert 0.3 < demo < 0.55
    assert 0.6 < offer < 0.85  # drawn toward the other
    with pytest.raises(InputError, match="every closed deal"):
        stage_rates([early], np.zeros(2, dtype=np.bool_))
    assert stage_rates([], np.zeros(0, dtype=np.bool_)) == ()


def test_an_old_deal_is_weighted_by_those_that_got_as_old() -> None:
    """40 deals won within 20 days, 40 lost after 100: of those open for 30 days none was won."""
    days = np.array([20.0] * 40 + [100.0] * 40)
    rates = age_rates(days, np.array([True] * 40 + [False] * 40))
    assert [(r.name, r.won, r.closed) for r in rates] == [
        ("open 0 to 29 days", 40, 80),
        ("open 30 to 59 days", 0, 40),
        ("open 60 to 89 days", 0, 40),
        ("open 90 days or more", 0, 40),
    ]
    fresh, stale, unknown = age_weights(np.array([5.0, 400.0, np.nan]), rates)
    assert fresh == pytest.approx(0.5, abs=0.1)
    assert stale < 0.1
    assert unknown == fresh
    assert age_rates(days[:9], np.ones(9, dtype=np.bool_)) == ()  # nine closed deals say nothing


def test_medians_by_hand() -> None:
    assert median_interval(np.zeros(0)) is None
    assert median_interval(np.array([3.0, 1.0])) == (2.0, -np.inf, np.inf)  # two figures have no 90% interval
    assert median_interval(np.array([5.0, 1.0, 2.0, 3.0, 4.0])) == (3.0, 1.0, 5.0)  # 1 - 2 / 32 = 94%
    middle, low, high = median_interval(np.arange(1.0, 101.0)) or (0.0, 0.0, 0.0)
    assert (middle, low, high) == (50.5, 42.0, 59.0)  # Conover: ranks 42 and 59 of 100


@given(st.integers(5, 400), st.sampled_from([0.8, 0.9, 0.95]))
@examples(40)
def test_the_interval_covers_what_it_promises_and_no_rank_less_would(n: int, coverage: float) -> None:
    _, low, high = median_interval(np.arange(float(n)), coverage) or (0.0, 0.0, 0.0)
    if np.isinf(low):
        assert 2 * binom.cdf(0, n, 0.5) > 1 - coverage
        return
    rank = int(low) + 1
    assert high == n - rank
    assert 1 - 2 * binom.cdf(rank - 1, n, 0.5) >= coverage
    assert 1 - 2 * binom.cdf(rank, n, 0.5) < coverage
