"""Books by hand: small cases whose answer is plain to see."""

from __future__ import annotations

import numpy as np
import pytest

from terr.engine import BooksProblem, design_books
from terr.errors import InputError


def line(places: list[float], homes: list[float], **more: object) -> BooksProblem:
    """Accounts and homes along a road, km; each account weighs 1 unless said otherwise."""
    xy = [(x, 0.0) for x in places]
    given = {"xy_km": xy, "homes": [(x, 0.0) for x in homes], **more}
    weights = given.pop("weights", np.ones(len(places)))
    return BooksProblem.from_arrays(weights, ("Revenue",), books=len(homes), **given)  # type: ignore[arg-type]


def test_without_limits_everybody_goes_to_the_nearest_rep() -> None:
    result = design_books(line([0, 1, 2, 10, 11], [0, 10]))
    assert result.assign.tolist() == [0, 0, 0, 1, 1]
    assert result.objective == pytest.approx(4.0)
    assert result.bound == pytest.approx(4.0)
    assert result.status == "optimal"
    assert {result.reason(i).code for i in range(5)} == {"closest"}


def test_a_limit_moves_the_account_that_costs_least() -> None:
    result = design_books(line([0, 1, 2, 4, 10, 11], [0, 10], limits={"Revenue": 0.01}))
    assert result.assign.tolist() == [0, 0, 0, 1, 1, 1]  # 4 km is nearer to 0 (4) than to 10 (6): 2 km are paid
    reason = result.reason(3)
    assert (reason.code, reason.rival) == ("limit", 0)
    assert reason.rival_km == pytest.approx(2.0)


def test_bad_input_is_refused_with_all_faults() -> None:
    with pytest.raises(InputError, match=r"below zero.*choose between 1 and"):
        BooksProblem.from_arrays([[-1.0], [2.0]], ("Revenue",), books=0)
