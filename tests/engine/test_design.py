"""Designs on small grids whose answers are known."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from terr.engine import Problem, ProgressUpdate, design, precheck, rebalance
from terr.engine.arrays import make_work
from terr.engine.search.centering import polish
from terr.engine.search.drafts import power_labels, whole
from terr.engine.search.improve import Clock, rank
from terr.errors import PlanError
from tests.helpers.following import followed
from tests.helpers.strategies import csr, extra_pieces, grid


def codes(problem: Problem) -> list[str]:
    return [e.code for e in precheck(problem)]


def line(weights: list[float], k: int, gaps: tuple[int, ...] = (), **more: object) -> Problem:
    """Units in a row, 10 km apart; no border after the positions in `gaps`."""
    n = len(weights)
    ip, ix = csr(n, [(i, i + 1) for i in range(n - 1) if i not in gaps])
    xy = np.c_[np.arange(n) * 10.0, np.zeros(n)]
    limits = {"load": more.pop("limit", 0.1)}
    return Problem.from_arrays(
        np.array(weights, float), ["load"], xy, ip, ix, np.ones(len(ix)), territories=k, limits=limits, **more
    )


def test_quarters_of_a_square() -> None:
    p = grid(4, 4, 4, limit=0.01)
    assert codes(p) == []
    r = design(p, seed=1, effort=0.1)
    assert r.status == "feasible"
    assert r.objective == pytest.approx(50.0)  # four 2 x 2 blocks: 5^2 + 5^2
    assert r.max_deviation == (0.0,)
    assert r.bound is None
    assert "HiGHS" in r.solver
    assert r.trace[-1][2] == pytest.approx(50.0)


def test_one_territory_and_one_each() -> None:
    assert design(grid(3, 3, 1)).assign.tolist() == [0] * 9
    assert sorted(design(grid(3, 3, 9)).assign.tolist()) == list(range(9))
    assert design(grid(1, 1, 1)).assign.tolist() == [0]


def test_too_many_territories() -> None:
    with pytest.raises(PlanError, match="ask for 4 or fewer"):
        design(grid(2, 2, 5))
    with pytest.raises(PlanError, match="unlock some"):
        design(grid(2, 2, 3, locked=[0, 0, 0, -1]))


def test_a_unit_that_is_too_large_is_named_and_the_rest_balanced() -> None:
    w = np.ones(16)
    w[5] = 45.0
    p = grid(4, 4, 4, w, unit_names=[f"U{i}" for i in range(16)])
    (note,) = precheck(p)
    assert note.code == "unit_too_large"
    assert note.units == (5,)
    assert "U5 alone holds 300%" in note.message
    assert "200%" in note.message
    r = design(p, effort=0.1)
    assert r.status == "limit_broken"
    assert r.max_deviation[0] == pytest.approx(2.0)
    assert sorted(p.loads(r.assign).ravel().tolist()) == [5.0, 5.0, 5.0, 45.0]
    assert extra_pieces(p, r.assign) == 0
    assert "limit_broken" in [e.code for e in r.explanations]


def test_locks_are_kept_and_joined() -> None:
    locked = np.full(16, -1)
    locked[[0, 15]] = 2  # opposite corners
    p = grid(4, 4, 3, limit=0.3, locked=locked)
    assert codes(p) == []
    r = design(p, effort=0.2)
    assert r.assign[0] == r.assign[15] == 2
    assert extra_pieces(p, r.assign) == 0


def test_locked_apart_is_told() -> None:
    p = line([1, 1, 1, 1, 1], 2, locked=[0, -1, 1, -1, 0])
    assert codes(p) == ["locked_apart"]
    r = design(p, effort=0.1)
    assert r.assign[[0, 2, 4]].tolist() == [0, 1, 0]
    assert extra_pieces(p, r.assign) == 1
    assert r.status == "limit_broken"
    assert [e.code for e in r.explanations].count("locked_apart") == 1


def test_one_corridor_for_two_is_told_and_never_called_feasible() -> None:
    # corners of a 3 x 3 square, crosswise: each pair can be joined, but not both
    locked = [0, -1, 1, -1, -1, -1, 1, -1, 0]
    p = grid(3, 3, 2, limit=0.5, locked=locked)
    assert codes(p) == []
    for r in (design(p, effort=0.1), rebalance(grid(3, 3, 2, limit=0.5, locked=locked, start=np.maximum(locked, 0)))):
        assert extra_pieces(p, r.assign) > 0
        assert r.status == "limit_broken"
        assert "locked_apart" in [e.code for e in r.explanations]


def test_units_near_the_even_share_get_no_more_than_it_either() -> None:
    # targets 10; beside the giant of 16, the unit of 9.8 is above the even share of the rest and stays alone
    p = line([1, 1, 1, 1, 1, 1, 1, 1, 1, 16, 9.8, 1, 1, 1, 1, 1, 0.2], 4, limit=0.05)
    r = design(p, effort=0.3)
    assert np.sort(p.loads(r.assign).ravel()).round(6).tolist() == [5.2, 9.0, 9.8, 16.0]


def test_two_giants_and_an_even_rest() -> None:
    w = np.ones(64)
    w[[9, 54]] = 60.0
    p = grid(8, 8, 6, w, limit=0.05)
    r = design(p, effort=0.3)
    loads = np.sort(p.loads(r.assign).ravel())
    assert loads[4:].tolist() == [60.0, 60.0]
    assert loads[0] >= 15
    assert loads[3] <= 16
    assert extra_pieces(p, r.assign) == 0


def test_a_giant_keeps_the_pocket_only_it_borders() -> None:
    # the first two units lie behind the giant; the others share what remains
    p = line([1, 1, 40] + [1] * 18, 4, limit=0.05)
    room = make_work(p)
    ((_, _, j),) = room.too_large
    assert room.hi[j, 0] == pytest.approx(42.0)
    r = design(p, effort=0.3)
    assert np.sort(p.loads(r.assign).ravel()).tolist() == [6.0, 6.0, 6.0, 42.0]


def test_a_giant_of_the_first_measure_need_not_fill_the_second() -> None:
    w = np.ones((36, 2))
    w[14, 0] = 40.0
    p = grid(6, 6, 4, w, limit={"m0": 0.05, "m1": 0.2})
    r = design(p, effort=0.5)
    j = r.assign[14]
    load = p.loads(r.assign)
    assert load[j].tolist() == [40.0, 1.0]
    others = np.delete(load, j, axis=0)
    assert others.min() >= 11
    assert others.max() <= 12


def test_a_giant_of_the_second_measure_still_fills_the_first() -> None:
    w = np.ones((36, 2))
    w[14, 1] = 40.0
    p = grid(6, 6, 4, w, limit={"m0": 0.15, "m1": 0.5})
    r = design(p, effort=0.5)
    assert np.abs(p.deviations(r.assign)[:, 0]).max() <= 0.15
    assert extra_pieces(p, r.assign) == 0


def test_locked_units_that_fill_a_territory_leave_the_rest_even() -> None:
    locked = np.full(36, -1)
    locked[:18] = 1
    p = grid(6, 6, 4, limit=0.05, locked=locked)
    r = design(p, effort=0.3)
    assert p.loads(r.assign).ravel().tolist() == [6.0, 18.0, 6.0, 6.0]


def test_a_giant_with_a_lock_on_every_territory() -> None:
    w = np.ones(36)
    w[0] = 50.0
    locked = np.full(36, -1)
    locked[[1, 5, 30, 35]] = [2, 0, 1, 3]
    p = grid(6, 6, 4, w, limit=0.05, locked=locked)
    r = design(p, effort=0.3)
    loads = p.loads(r.assign).ravel()
    assert r.assign[0] == 2
    assert loads[2] == 51.0
    assert np.delete(loads, 2).min() >= 11


def test_targets_of_different_size_and_a_giant() -> None:
    w = np.ones(36)
    w[0] = 40.0
    p = grid(6, 6, 3, w, targets=[[15.0], [30.0], [30.0]], limit=0.05)
    r = design(p, effort=0.3)
    loads = p.loads(r.assign).ravel()
    assert loads[r.assign[0]] == 40.0
    assert r.assign[0] in (1, 2)
    rest = np.delete(loads / p.targets[:, 0], r.assign[0])
    assert np.ptp(rest) < 0.1


def test_pieces_get_territories_of_their_own() -> None:
    p = line([1] * 8, 4, gaps=(1,))  # 2 units, then 6
    assert codes(p) == ["pieces"]
    r = design(p, effort=0.1)
    assert r.assign[1] != r.assign[2]
    assert sorted(p.loads(r.assign).ravel().tolist()) == [2, 2, 2, 2]
    assert extra_pieces(p, r.assign) == 0


def test_fewer_territories_than_pieces() -> None:
    p = line([1] * 6, 2, gaps=(1, 3))
    (note,) = precheck(p)
    assert note.code == "pieces"
    assert "span a gap" in note.message
    r = design(p, effort=0.1)
    assert len(np.unique(r.assign)) == 2


def test_locks_in_another_piece_leave_it_a_territory() -> None:
    p = line([1] * 6, 2, gaps=(3,), locked=[0, 1, -1, -1, -1, -1])
    r = design(p, effort=0.1)
    assert r.assign[:2].tolist() == [0, 1]
    assert (r.assign >= 0).all()


def test_zero_measure() -> None:
    p = grid(3, 3, 3, np.zeros(9))
    assert codes(p) == ["zero_measure"]
    r = design(p, effort=0.1)
    assert r.status == "feasible"
    assert extra_pieces(p, r.assign) == 0


def test_two_measures_and_a_cap() -> None:
    x = np.arange(36) % 6
    p = grid(6, 6, 3, np.c_[1.0 + x, np.ones(36)], limit={"m0": 0.15, "m1": (None, 0.4)})
    r = design(p, effort=0.5)
    assert r.status == "feasible"
    d = p.deviations(r.assign)
    assert np.abs(d[:, 0]).max() <= 0.15
    assert d[:, 1].max() <= 0.4


def test_targets_of_different_size() -> None:
    p = grid(4, 4, 2, targets=[[4.0], [12.0]], limit=0.05)
    r = design(p, effort=0.2)
    assert p.loads(r.assign).ravel().tolist() == [4.0, 12.0]
    assert r.status == "feasible"


def test_seeds_name_their_territories() -> None:
    p = grid(4, 4, 4, seeds=[15, 0, 12, 3])
    r = design(p, effort=0.2)
    assert r.assign[[15, 0, 12, 3]].tolist() == [0, 1, 2, 3]


def test_start_gives_the_names() -> None:
    start = np.repeat([3, 3, 2, 2, 1, 1, 0, 0], 2)
    r = design(grid(4, 4, 4, start=start), effort=0.2)
    assert np.mean(r.assign == start) >= 0.5


def test_same_seed_same_plan_and_another_seed_may_differ() -> None:
    p = grid(8, 8, 5, np.random.default_rng(0).lognormal(0, 1, 64))
    a, b = (design(p, seed=3, effort=0.1) for _ in range(2))
    assert np.array_equal(a.assign, b.assign)
    assert [t[1:] for t in a.trace] == [t[1:] for t in b.trace]


def test_cancel_keeps_a_whole_plan() -> None:
    weights = np.random.default_rng(0).lognormal(0, 1, 144)
    p = grid(12, 12, 6, weights, limit=0.2, start=np.repeat(np.arange(6), 24))
    for solve in (design, rebalance):
        for count in (0, 1, 3):
            progress, seen = followed(stop_after=count)
            r = solve(p, progress=progress)
            assert extra_pieces(p, r.assign) == 0
            assert r.status in {"stopped", "limit_broken"}
            assert len(seen) <= count + 4, "after the stop only the end of what was under way is told"
            assert seen[-1].stage == "Done"
    r = design(p, cancel=lambda: True)  # as callers of 0.1.0 do
    assert extra_pieces(p, r.assign) == 0
    assert r.status in {"stopped", "limit_broken"}


def test_time_limit_is_kept_and_told() -> None:
    p = grid(30, 30, 12, np.random.default_rng(0).lognormal(0, 1, 900))
    r = design(p, time_limit_s=0.5, effort=50)
    assert r.runtime_s < 3
    assert "time_limit" in [e.code for e in r.explanations]
    assert extra_pieces(p, r.assign) == 0


def test_progress() -> None:
    seen: list[ProgressUpdate] = []
    design(grid(5, 5, 4), progress=seen.append, effort=0.1)
    assert seen[0].assign is None
    assert seen[-1].fraction == 1.0
    assert seen[-1].stage == "Done"
    assert seen[-1].assign is not None
    assert [p.seconds for p in seen] == sorted(p.seconds for p in seen)


def test_the_models_earn_their_place() -> None:
    p = grid(12, 12, 6, np.random.default_rng(4).lognormal(0, 1, 144), limit=0.05)
    work, clock = make_work(p), Clock(p)
    rng = np.random.default_rng(0)
    rough = whole(work, rng.integers(0, 6, 144))
    plan = whole(work, power_labels(work, rng, None))
    assert rank(work, plan) < rank(work, rough)
    polished, solver = polish(work, plan, clock, lambda _: None)
    assert solver == "HiGHS"
    assert rank(work, polished) < rank(work, plan)
    assert extra_pieces(p, polished) == 0


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_territories_of_different_targets_lie_at_the_homes_they_are_meant_for(order: tuple[int, ...]) -> None:
    """Thirty units in a row for shares of 20, 30 and 50 %, each with a home at an end or in the middle."""
    seeds = np.array([3, 15, 26])[list(order)]
    r = design(line([1.0] * 30, 3, targets=np.array([[6.0], [9.0], [15.0]]), seeds=seeds), seed=1, effort=0.3)
    assert r.status == "feasible"
    middle = [np.flatnonzero(r.assign == j).mean() for j in range(3)]
    assert np.argsort(middle).tolist() == np.argsort(seeds).tolist()
