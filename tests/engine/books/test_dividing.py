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


def clustered(n: int, k: int, **more: object) -> BooksProblem:
    """Accounts in a few towns, of uneven size."""
    rng = np.random.default_rng(7)
    xy = rng.uniform(0, 900, (6, 2))[rng.integers(0, 6, n)] + rng.normal(0, 30, (n, 2))
    weights = np.exp(rng.normal(0, 0.8, n))
    return BooksProblem.from_arrays(weights, ("Revenue",), books=k, xy_km=xy, **more)  # type: ignore[arg-type]


def test_same_seed_gives_the_same_books_without_homes_too() -> None:
    problem = clustered(200, 5, limits={"Revenue": 0.05})
    a, b = (design_books(problem, seed=3, effort=0.1) for _ in range(2))
    assert a.assign.tolist() == b.assign.tolist()
    assert a.violation == 0
    assert np.isfinite(a.centers).all()
    assert a.split <= 10, "no more accounts are divided than limits bind"


def test_stopping_ends_with_books_and_says_so() -> None:
    result = design_books(clustered(200, 5, limits={"Revenue": 0.5}), cancel=lambda: True)
    assert len(result.assign) == 200
    assert result.status in {"stopped", "limit_broken"}


def test_an_account_larger_than_a_book_stands_alone_and_the_others_are_even() -> None:
    weights = [100.0, *np.ones(20)]
    result = design_books(line(list(range(21)), [0, 7, 14], weights=weights, limits={"Revenue": 0.1}))
    assert result.status == "limit_broken"
    assert result.bound is None
    assert np.bincount(result.assign).tolist().count(10) == 2
    codes = {e.code for e in result.explanations}
    assert {"account_too_large", "limit_broken"} <= codes


def test_a_skill_nobody_has_is_said() -> None:
    problem = line([0, 1, 10], [0, 10], needs=[[True], [False], [False]], has=[[False], [False]], skills=("Cloud",))
    result = design_books(problem)
    assert result.status == "limit_broken"
    assert "nobody_fits" in {e.code for e in result.explanations}
    assert result.reason(0).code == "unable"


def test_warming_up_loads_the_loops_of_books() -> None:
    from terr.engine import warm
    from terr.engine.books import exchange, items, middles, prices

    warm()
    loops = (exchange.anneal, exchange.judge, prices.cheapest, prices._soft, items._fill, middles.medians)
    assert all(f.signatures for f in loops)


def test_large_accounts_are_whole_before_small_ones_are_exchanged() -> None:
    """Three accounts of .4 to .6 of a book among many small ones: within the limits, near the bound, at any seed."""
    for seed in (1, 2, 3):
        rng = np.random.default_rng(seed)
        weights = np.exp(rng.normal(0, 0.5, (400, 2)))
        weights[:3] = np.array([[0.6], [0.5], [0.4]]) * weights.sum(axis=0) / 6
        xy = rng.uniform(0, 900, (400, 2))
        limits = {"Revenue": 0.03, "Hours": 0.03}
        problem = BooksProblem.from_arrays(
            weights, ("Revenue", "Hours"), books=6, xy_km=xy, homes=xy[10:16], limits=limits
        )
        result = design_books(problem, seed=1)
        assert result.status == "feasible"
        assert result.gap is not None
        assert result.gap < 0.01
