"""Small cases against every possible division: bound <= best of all <= result, families, locks and skills included."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.engine import BooksProblem, BooksResult, design_books
from tests.helpers.effort import examples


def random_problem(seed: int) -> BooksProblem:
    """Up to 10 accounts and 3 reps; lumpy measures, and at random families, locks, skills, owners, a count range."""
    rng = np.random.default_rng(seed)
    n, k, m = int(rng.integers(3, 11)), int(rng.integers(2, 4)), int(rng.integers(1, 3))
    names = ("Revenue", "Hours")[:m]
    families = np.where(rng.random(n) < 0.3, rng.integers(0, 2, n), -1)
    locked = np.where((rng.random(n) < 0.15) & (families < 0), rng.integers(0, k, n), -1)
    has = rng.random((k, 2)) < 0.6
    has[0] = True
    size = n / k
    return BooksProblem.from_arrays(
        np.exp(rng.normal(0, 0.8, (n, m))),
        names,
        books=k,
        xy_km=rng.uniform(0, 300, (n, 2)),
        visits=rng.integers(1, 5, n),
        homes=rng.uniform(0, 300, (k, 2)),
        limits={q: float(rng.choice([0.1, 0.3, 0.6])) for q in names},
        accounts_range=(np.floor(size) - 1, np.ceil(size) + 1) if rng.random() < 0.5 else None,
        families=families if rng.random() < 0.5 else None,
        locked=locked if rng.random() < 0.5 else None,
        start=rng.integers(-1, k, n),
        keep_price=float(rng.choice([0.0, 50.0])),
        needs=rng.random((n, 2)) < 0.2,
        has=has,
        skills=("Cloud", "Spanish"),
        misfit_price=float(rng.choice([30.0, 100.0])) if rng.random() < 0.5 else None,
    )


def cost(problem: BooksProblem, assign: np.ndarray, centers: np.ndarray) -> float:
    """Km, by the definition and nothing else."""
    return sum(cost_of_one(problem, i, j, centers) for i, j in enumerate(assign.tolist()))


def cost_of_one(problem: BooksProblem, i: int, j: int, centers: np.ndarray) -> float:
    """Km of account i in book j."""
    total = problem.visits[i] * float(np.hypot(*(problem.xy_km[i] - centers[j])))
    if problem.start[i] >= 0 and problem.start[i] != j:
        total += problem.keep[i]
    if np.isfinite(problem.misfit):
        total += problem.misfit * int((problem.needs[i] & ~problem.has[j]).sum())
    return float(total)


def allowed(problem: BooksProblem, assign: np.ndarray) -> bool:
    """Families, locks, required skills and limits."""
    if ((problem.locked >= 0) & (problem.locked != assign)).any():
        return False
    for family in np.unique(problem.families[problem.families >= 0]):
        if len(set(assign[problem.families == family].tolist())) > 1:
            return False
    free = problem.locked < 0
    lacks = (problem.needs & ~problem.has[assign]).any(axis=1)
    if np.isinf(problem.misfit) and (lacks & free).any():
        return False
    return not problem.excess(assign).any()


def best_of_all(problem: BooksProblem, centers: np.ndarray) -> float:
    """The least cost of every division within the limits; inf if there is none.

    Cheap sums rule most divisions out; whatever they leave within a hair of the limits is judged by `allowed`.
    """
    n, k = len(problem), problem.books
    plans = np.array(list(itertools.product(range(k), repeat=n)))
    alone = np.array([[cost_of_one(problem, i, j, centers) for j in range(k)] for i in range(n)])
    total = alone[np.arange(n), plans].sum(axis=1)
    may = np.ones(len(plans), bool)
    for j in range(k):
        load = (plans == j) @ problem.weights
        slack = 1e-3 * problem.scale[j]
        may &= ((load >= problem.lowest[j] - slack) & (load <= problem.highest[j] + slack)).all(axis=1)
    for at in np.flatnonzero(may)[np.argsort(total[may], kind="stable")]:
        if allowed(problem, plans[at]):
            return cost(problem, plans[at], centers)
    return np.inf


def check(problem: BooksProblem, result: BooksResult) -> None:
    assert result.assign.min() >= 0
    assert result.assign.max() < problem.books
    assert ((problem.locked < 0) | (problem.locked == result.assign)).all()
    for family in np.unique(problem.families[problem.families >= 0]):
        assert len(set(result.assign[problem.families == family].tolist())) == 1
    assert result.objective == pytest.approx(cost(problem, result.assign, result.centers))
    assert problem.loads(result.assign).sum(axis=0) == pytest.approx(problem.weights.sum(axis=0))


@examples(100)
@given(st.integers(0, 100_000))
def test_bound_best_of_all_and_result_stand_in_this_order(seed: int) -> None:
    problem = random_problem(seed)
    result = design_books(problem, seed=seed, effort=0.2)
    check(problem, result)
    least = best_of_all(problem, result.centers)
    if np.isinf(least):
        assert result.status in {"limit_broken", "infeasible"}
        assert result.violation > 0
        assert result.explanations
        return
    assert result.violation == 0
    assert result.bound is not None
    assert result.bound <= least * (1 + 1e-6) + 1e-6
    assert least <= result.objective * (1 + 1e-9) + 1e-9
    assert result.objective <= least * (1 + 1e-6) + 1e-6, "a model this small is solved to the end"
