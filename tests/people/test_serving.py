"""Over- and under-served territories: by hand, then what no moves may break."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.people.serving import EVEN, NO_WORK, NOBODY, OVER, UNDER, HoursMove, Served, advice, even_out
from tests.helpers.effort import examples

CHAIN = np.array([[0, 1, 0, 0], [1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0]], dtype=bool)
ROWS = (
    Served("West", 1000.0, 600.0, 30.0, 60.0),
    Served("Middle", 500.0, 800.0),
    Served("East", 400.0, 400.0),
    Served("Far", 300.0, 1200.0, 0.0, 0.0),
)


def test_ratios_and_states_by_hand() -> None:
    assert [r.ratio for r in ROWS] == [0.6, 1.6, 1.0, 4.0]
    assert [r.state for r in ROWS] == [UNDER, OVER, EVEN, OVER]
    assert [r.touched for r in ROWS] == [0.5, None, None, None]
    assert Served("Vacant", 10.0, 0.0).state == NOBODY
    assert Served("Empty", 0.0, 900.0).state == NO_WORK
    assert Served("Edge", 100.0, 80.0).state == EVEN


def test_what_evens_out_by_hand() -> None:
    assert even_out(ROWS, CHAIN) == (HoursMove(0, 1, 300.0),)
    assert advice(ROWS, CHAIN, 1000.0) == (
        "400 hours short: move accounts worth 300 hours to Middle, and add 0.1 of a full rep here, or call less often",
        "Take accounts worth 300 hours from West",
        "",
        "900 hours to spare: merge with East; together they need 700 hours",
    )
    assert advice(ROWS, CHAIN, 600.0)[3] == "900 hours to spare: add accounts here, or call more often"
    vacant = (Served("Vacant", 500.0, 0.0),)
    assert advice(vacant, np.zeros((1, 1), bool), 1000.0) == (
        "Nobody works here, and 500 hours are needed: add 0.5 of a full rep here, or call less often",
    )


def test_bad_hours_are_refused() -> None:
    with pytest.raises(InputError, match="must be 0 or more"):
        Served("A", float("nan"), 1.0)
    with pytest.raises(InputError, match="above 0"):
        advice(ROWS, CHAIN, 0.0)
    with pytest.raises(InputError, match="beside"):
        even_out(ROWS, CHAIN[:2])


HOURS = st.floats(0, 5000)


@examples(60)
@given(st.lists(st.tuples(HOURS, HOURS), min_size=1, max_size=7), st.integers(0, 2**49 - 1))
def test_no_move_makes_a_territory_worse_than_even(pairs, bits) -> None:
    rows = [Served(f"T{k}", n, p) for k, (n, p) in enumerate(pairs)]
    k = len(rows)
    some = np.array([bits >> i & 1 for i in range(k * k)], dtype=bool).reshape(k, k)
    beside = some | some.T
    moves = even_out(rows, beside)
    for at, row in enumerate(rows):
        given_away = sum(m.hours for m in moves if m.giver == at)
        taken = sum(m.hours for m in moves if m.taker == at)
        assert given_away <= max(0.0, row.needed - row.planned) + 1e-6
        assert taken <= max(0.0, row.planned - row.needed) + 1e-6
    assert all(beside[m.giver, m.taker] and m.giver != m.taker for m in moves)
    for row, told in zip(rows, advice(rows, beside, 1200.0), strict=True):
        assert bool(told) >= (row.state in (UNDER, OVER, NOBODY))
