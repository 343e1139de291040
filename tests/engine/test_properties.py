"""Whatever the map, loads, locks and number of territories: what every result must hold."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from terr.engine import design, precheck, rebalance
from terr.model.problem import Problem
from terr.model.result import Result
from tests.helpers.effort import examples
from tests.helpers.strategies import extra_pieces, problems


def holds(problem: Problem, result: Result) -> None:
    a = result.assign
    assert a.dtype == np.int16
    assert not a.flags.writeable
    assert a.shape == (len(problem),)
    assert extra_pieces(problem, a) == 0
    assert a.min() >= 0
    assert a.max() < problem.territories
    on = problem.locked >= 0
    assert (a[on] == problem.locked[on]).all()
    assert len(np.unique(a)) == problem.territories
    assert np.allclose(problem.loads(a).sum(axis=0), problem.weights.sum(axis=0))
    over = problem.excess(a).sum()
    assert result.violation == over
    assert (result.status == "limit_broken") == (over > 0)


@examples(40)
@given(problems(), st.integers(1, 5))
def test_design_holds(problem: Problem, seed: int) -> None:
    if any(e.code == "too_many_territories" for e in precheck(problem)):
        return
    result = design(problem, seed=seed, effort=0.02)
    holds(problem, result)
    again = design(problem, seed=seed, effort=0.02)
    assert np.array_equal(result.assign, again.assign)


@examples(40)
@given(problems(start=True), st.integers(1, 5))
def test_rebalance_holds(problem: Problem, seed: int) -> None:
    result = rebalance(problem, seed=seed, time_limit_s=2.0, effort=0.02)
    holds(problem, result)
    assert result.bound is None or result.bound <= result.objective + 1e-9
