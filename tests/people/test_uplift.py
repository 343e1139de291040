"""Uplift: by hand, then as properties of a concave response."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.people.uplift import UpliftAssumptions, expected_sales, uplift
from tests.helpers.effort import examples

EVEN = np.array([1.0, 1.0])
HALF = UpliftAssumptions((0.5, 0.5, 0.5), (0.0, 0.1, 0.2))


def test_by_hand() -> None:
    # elasticity 1/2: sqrt(A x T), so 1 and 9 sell 4 where 5 and 5 sell 2 x sqrt(5)
    assert expected_sales(np.array([1.0, 9.0]), EVEN, 0.5) == pytest.approx(4.0)
    told = uplift((np.array([1.0, 9.0]), EVEN), (np.array([5.0, 5.0]), EVEN), 0.4, HALF)
    gain = 2 * np.sqrt(5) / 4 - 1
    assert told.alignment == pytest.approx(gain)
    assert told.disruption == pytest.approx(-0.04)
    assert (told.low, told.likely, told.high) == pytest.approx((gain - 0.08, gain - 0.04, gain))


def test_a_rep_with_half_the_time_sells_most_with_half_the_potential() -> None:
    time = np.array([1.0, 0.5])
    best = expected_sales(np.array([8.0, 4.0]), time, 0.3)
    assert all(expected_sales(np.array([a, 12.0 - a]), time, 0.3) < best for a in (0.0, 4.0, 7.0, 9.0, 12.0))


def test_what_cannot_be_compared_is_said() -> None:
    with pytest.raises(InputError, match="nothing can be compared"):
        uplift((np.zeros(2), EVEN), (EVEN, EVEN), 0.0)
    with pytest.raises(InputError, match="0% and 100%"):
        uplift((EVEN, EVEN), (EVEN, EVEN), 1.2)
    for wrong in ({"elasticity": (0.4, 0.3, 0.5)}, {"elasticity": (0.0, 0.3, 0.5)}, {"loss": (0.2, 0.1, 0.3)}):
        with pytest.raises(InputError, match="lies between"):
            UpliftAssumptions(**wrong)


@examples(100)
@given(
    st.lists(st.floats(0.0, 1e6), min_size=2, max_size=12).filter(lambda a: sum(a) > 1),
    st.floats(0.05, 0.95),
    st.floats(0.0, 1.0),
)
def test_even_territories_are_never_worse_and_scale_changes_nothing(loads, elasticity, moved) -> None:
    a, time = np.array(loads), np.ones(len(loads)) / len(loads)
    even = np.full(len(loads), a.mean())
    one = UpliftAssumptions((elasticity,) * 3, (0.0, 0.05, 0.5))
    told = uplift((a, time), (even, time), moved, one)
    assert told.alignment >= -1e-9
    assert told.low <= told.likely <= told.high + 1e-12
    again = uplift((3 * a, time), (3 * even, time), moved, one)
    assert again.likely == pytest.approx(told.likely, abs=1e-9)
    assert uplift((a, time), (a, time), 0.0, one).likely == pytest.approx(0.0, abs=1e-12)
