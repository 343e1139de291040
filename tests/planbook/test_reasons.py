"""Why an account is a target, and the order of targets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.planbook.reasons import ReasonParts, best, rank_accounts, reason, similar_won, size_bands
from tests.helpers.effort import examples


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            ReasonParts("Healthcare", "1,200 employees", 12, months_silent=14),
            "Healthcare, 1,200 employees; similar to 12 won deals; no order in 14 months.",
        ),
        (ReasonParts("retail", months_silent=5, tier="A"), "Retail; tier A."),
        (ReasonParts(size="3 beds", similar_won=2, never_ordered=True), "3 beds; has never ordered."),
        (ReasonParts(tier="B"), "Tier B."),
        (ReasonParts(), "One of the largest accounts of the territory."),
        (
            ReasonParts("X", "1 user", 3, "91 of 100", "$4K in open deals", 7, False, "contract ends Mar 3, 2027"),
            "X, 1 user; similar to 3 won deals; look-alike score 91 of 100; $4K in open deals; no order in 7 months.",
        ),
    ],
)
def test_the_sentence_is_made_of_its_parts(parts, said):
    assert reason(parts) == said


def test_similar_wins_are_of_others_of_the_same_segment_and_size():
    segment, size = np.array([0, 0, 0, 1, 0, -1]), np.array([1, 1, 0, 1, 1, 1])
    won = np.array([2, 3, 7, 5, 0, 9])
    assert similar_won(segment, size, won).tolist() == [3, 2, 0, 0, 5, 0]
    assert similar_won(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []


def test_bands_of_size_hold_equally_many():
    assert size_bands(np.array([1.0, 2, 3, 4, 5, 6, 7, 8])).tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert size_bands(np.array([5.0, np.nan, 5, 5, 5])).tolist() == [0, -1, 0, 0, 0]


def test_the_order_is_the_weighted_mean_of_percentiles():
    parts = {"money": np.array([1.0, 3, 2, np.nan]), "time": np.array([1.0, 0, 0, 0])}
    inside = np.array([True, True, True, True])
    found = rank_accounts(parts, {"money": 3, "time": 1}, inside)
    # money: (0+1)/2/3 = 1/6, 5/6, 1/2; time: of four, the last alone (3+4)/2/4 = 7/8, the three alike (0+3)/2/4 = 3/8
    assert found[:3] == pytest.approx([(3 / 6 + 7 / 8) / 4, (15 / 6 + 3 / 8) / 4, (3 / 2 + 3 / 8) / 4])
    assert found[3] == pytest.approx(3 / 8)  # blank in money: time alone
    assert best(found, 2) == [1, 2]
    assert np.isnan(rank_accounts(parts, {"money": 1}, ~inside)).all()
    with pytest.raises(InputError, match="0 or more"):
        rank_accounts(parts, {"money": -1.0}, inside)


@examples(40)
@given(values=st.lists(st.one_of(st.floats(-1e9, 1e9), st.just(float("nan"))), max_size=30))
def test_ranks_lie_between_0_and_1_and_follow_the_values(values):
    x = np.array(values, dtype=np.float64)
    found = rank_accounts({"x": x}, {"x": 2.0}, np.ones(len(x), dtype=np.bool_))
    assert ((found >= 0) & (found <= 1)).all()
    known = np.flatnonzero(np.isfinite(x))
    for a in known:
        for b in known:
            assert (x[a] < x[b]) <= (found[a] < found[b])
