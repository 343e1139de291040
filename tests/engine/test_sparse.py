"""Maps on which most units are empty, and loads in lumps: joined before the search, taken apart after it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.engine import Problem, design
from terr.engine.arrays import make_work, pieces
from terr.engine.models.contraction import contracted
from terr.engine.search.aside import open_part
from terr.engine.search.drafts import ready, whole
from terr.engine.search.drawing import SearchEffort, widened
from terr.engine.search.improve import Clock, excess
from terr.engine.search.search import crew
from terr.engine.search.starts import metis_starts
from terr.model.progress import ProgressUpdate
from tests.helpers.effort import examples
from tests.helpers.strategies import grid, sparse_problems


def joined_pieces(problem: Problem, plan: np.ndarray) -> int:
    """Pieces beyond one per territory in the graph the engine works on."""
    work = make_work(problem)
    return work.stray(np.where(plan < 0, work.rest, plan).astype(np.int64))


def test_empty_units_join_the_nearest_loaded_one() -> None:
    # a row, 10 km apart: 3 is one step from 2 and three from 6, 5 one from 6, 22 one from 23 and two from 20
    w = np.zeros(24)
    w[[0, 1, 2, 6, 7, 8, 10, 12, 14, 16, 18, 20, 23]] = 1.0
    small, node = contracted(grid(24, 1, 2, w))
    heads = np.flatnonzero(w)
    assert small.weights[:, 0].tolist() == [1.0] * 13
    assert heads[node[[3, 5, 22]]].tolist() == [2, 6, 23]


def test_a_map_without_empty_units_or_with_few_loaded_ones_stays_as_it_is() -> None:
    p = grid(6, 6, 2)
    assert contracted(p)[0] is p
    w = np.zeros(36)
    w[:5] = 1.0
    few = grid(6, 6, 2, w)
    assert contracted(few)[0] is few


@examples(100)
@given(sparse_problems(), st.integers(0, 2**20))
def test_joining_and_taking_apart_conserves_loads_contiguity_and_what_is_fixed(problem: Problem, seed: int) -> None:
    small, node = contracted(problem)
    assert np.allclose(small.weights.sum(axis=0), problem.weights.sum(axis=0))
    size = np.bincount(node)
    on = problem.locked >= 0
    assert (size[node[on]] == 1).all()
    assert (small.locked[node[on]] == problem.locked[on]).all()
    assert (small.locked >= 0).sum() == on.sum()
    if problem.start is not None:
        assert (small.start[node] == problem.start).all()
    assert (small.too_far()[node] == problem.too_far()).all()
    loaded = problem.weights.sum(axis=1) > 0
    assert len(np.unique(node[loaded])) == loaded.sum()
    work = ready(small)
    plan = whole(work, np.random.default_rng(seed).integers(0, small.territories, len(small)))
    apart = plan[node]
    assert np.allclose(problem.loads(apart), small.loads(plan))
    assert (apart[on] == problem.locked[on]).all()
    within = contracted(problem, apart)[1]  # joined anew within the plan, which stays one of the joined problem
    assert len(np.unique(np.column_stack([within, apart]), axis=0)) == len(np.unique(within))
    before = pieces(small.indptr, small.indices, plan)[0]
    assert pieces(problem.indptr, problem.indices, apart)[0] == before


@examples(60)
@given(sparse_problems(), st.integers(1, 5))
def test_a_sparse_design_holds(problem: Problem, seed: int) -> None:
    result = design(problem, seed=seed, effort=0.02)
    a = result.assign
    assert a.min() >= 0
    assert joined_pieces(problem, a) == 0
    on = problem.locked >= 0
    assert (a[on] == problem.locked[on]).all()
    assert len(np.unique(a)) == problem.territories
    assert np.array_equal(a, design(problem, seed=seed, effort=0.02).assign)


class At(Clock):
    """A clock that stands."""

    def seconds(self) -> float:
        return 0.3


def test_metis_plans_are_drawn_until_one_holds_the_limits_even_where_time_is_short() -> None:
    rng = np.random.default_rng(3)
    p = grid(20, 20, 5, rng.lognormal(0, 1, 400), limit=0.05)
    late = At(p, limit=1.0)
    some, none = ready(p), ready(grid(20, 20, 5, rng.lognormal(0, 1, 400), limit=1e-4))
    assert excess(some, metis_starts(some, 1, 40, late)[0]) == 0
    assert len(metis_starts(some, 1, 40, late)) < 40
    assert len(metis_starts(none, 1, 40, late)) == 40
    assert len(metis_starts(none, 1, 40, late, share=0.1)) == 1


def test_a_plan_outside_its_limits_is_brought_inside_over_other_empty_units() -> None:
    rng = np.random.default_rng(2)
    w = np.where(rng.random(400) < 0.2, rng.lognormal(0, 1, 400), 0.0)
    p = grid(20, 20, 6, w, limit=0.05)
    work, clock = ready(p), Clock(p)
    first = whole(work, rng.integers(0, 6, 400))
    assert excess(work, first) > 0
    steps = SearchEffort.of(len(contracted(p)[0]), 6, 0.2)
    with crew() as run:
        out = widened(p, work, first, 1, steps, run, clock, lambda *_: None)
    assert excess(work, out) == 0
    assert work.stray(out) == 0


def test_lumps_with_exact_halves_are_found() -> None:
    # 3 + 3 + 2 = 4 + 4, the rest empty: of all ways to part them in a row of lumps only few are even
    w = np.zeros((12, 12))
    w[1, 1], w[1, 9], w[10, 1], w[10, 9], w[5, 5], w[6, 6], w[2, 5], w[9, 5] = 3, 3, 2, 4, 4, 1, 1, 2
    w[0::3, 0::4] += 0.001
    r = design(grid(12, 12, 2, w.ravel(), limit=0.01), effort=0.3)
    assert r.status == "feasible"
    assert r.max_deviation[0] <= 0.01


def test_a_unit_that_fills_a_territory_leaves_the_search_with_its_pocket() -> None:
    w = np.ones(36)
    w[1] = w[6] = w[7] = 40.0  # together they enclose the corner
    p = grid(6, 6, 5, w, limit=0.1)
    part = open_part(ready(p))
    assert len(part.group) == 2
    assert len(part.units) == 32
    assert part.base[0] in part.base[[1, 6]]
    r = design(p, effort=0.3)
    # 32 units of load 1 for two territories
    assert sorted(p.loads(r.assign)[:, 0].tolist()) == pytest.approx([16, 16, 40, 40, 41])


def test_a_sparse_map_shows_a_whole_draft_long_before_the_end() -> None:
    rng = np.random.default_rng(1)
    w = np.where(rng.random(900) < 0.3, rng.lognormal(0, 1, 900), 0.0)
    p = grid(30, 30, 8, w, limit=0.05)
    told: list[ProgressUpdate] = []
    design(p, effort=0.1, progress=told.append)
    first = next(u for u in told if u.assign is not None)
    assert told[0].assign is None
    assert told[0].fraction == 0.0
    assert first.assign is not None
    assert len(first.assign) == 900
    assert first.fraction <= 0.15
