"""The matching of reps and territories, against an independent solution of the same problem."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from terr.engine.matching import match
from terr.errors import InputError
from tests.helpers.effort import examples, rounds


def hungarian(cost: np.ndarray) -> float:
    i, j = linear_sum_assignment(cost)
    return float(cost[i, j].sum())


def test_three_by_three_by_hand() -> None:
    # the greedy choice 1 + 9 + 9 loses to 2 + 2 + 3 (rows to columns 1, 0, 2)
    found = match(np.array([[1.0, 2.0, 9.0], [2.0, 9.0, 9.0], [9.0, 9.0, 3.0]]))
    assert found.rep_of.tolist() == [1, 0, 2]
    assert found.total == pytest.approx(7.0)
    assert found.bound == pytest.approx(7.0)
    # row 0 on column 0: 1 + 9 + 3 = 13; row 2 on column 1: 1 swaps with 0 ... 9 + 1 + 9 = 19 or 2 + 2 + ... = 13 + ...
    assert found.second.tolist()[0] == 0
    assert found.second_cost[0] == pytest.approx(6.0)


@pytest.mark.parametrize("seed", range(5))
def test_equal_to_the_hungarian_method(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for _ in range(rounds(12, long=100)):
        shape = (int(rng.integers(1, 13)), int(rng.integers(1, 13)))
        cost = rng.normal(size=shape) * 10.0 ** rng.integers(-2, 4)
        cost = np.round(cost) if rng.random() < 0.4 else cost  # ties
        found = match(cost)
        scale = max(1.0, float(np.abs(cost).max()))
        assert found.total == pytest.approx(hungarian(cost), abs=1e-7 * scale)
        assert found.bound <= found.total + 1e-9 * scale
        assert found.total - found.bound <= 1e-6 * scale * max(shape)
        used = found.rep_of[found.rep_of >= 0].tolist()
        assert len(set(used)) == len(used) == min(shape)


@given(st.integers(0, 10_000), st.integers(1, 6), st.integers(1, 6))
@examples(60)
def test_the_second_best_is_what_forcing_it_costs(seed: int, t: int, r: int) -> None:
    rng = np.random.default_rng(seed)
    cost = np.round(rng.random((t, r)) * 20, 1)
    found = match(cost)
    for i in range(t):
        totals = {}
        for j in range(r):
            if j == found.rep_of[i]:
                continue
            rest = np.delete(np.delete(cost, i, 0), j, 1)
            totals[j] = cost[i, j] + (hungarian(rest) if rest.size else 0.0)
        if not totals:
            assert found.second[i] == -1
            continue
        assert found.second_cost[i] == pytest.approx(min(totals.values()) - found.total, abs=1e-9)
        assert totals[int(found.second[i])] == pytest.approx(min(totals.values()), abs=1e-9)


def test_locks_hold_and_the_rest_is_best() -> None:
    rng = np.random.default_rng(3)
    cost = rng.random((6, 8))
    found = match(cost, {2: 5, 4: 0})
    assert found.rep_of[2] == 5
    assert found.rep_of[4] == 0
    rest = cost[np.ix_([0, 1, 3, 5], [1, 2, 3, 4, 6, 7])]
    assert found.total == pytest.approx(hungarian(rest) + cost[2, 5] + cost[4, 0])
    assert found.second[2] == -1


def test_more_territories_than_reps_leave_some_without() -> None:
    found = match(np.array([[5.0], [1.0], [3.0]]))
    assert found.rep_of.tolist() == [-1, 0, -1]
    assert found.second.tolist() == [0, -1, 0]
    assert found.second_cost[[0, 2]].tolist() == [4.0, 2.0]


@pytest.mark.parametrize(
    ("cost", "locks", "said"),
    [
        ([[np.nan]], {}, "finite"),
        ([[1.0, 2.0], [1.0, 2.0]], {0: 1, 1: 1}, "locked to one rep"),
        ([[1.0]], {0: 3}, "isn't there"),
    ],
)
def test_what_cannot_be_matched_is_said(cost: list[list[float]], locks: dict[int, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        match(np.array(cost), locks)
