"""Rebalancing: the least moved load, checked against every plan of a small case."""

from __future__ import annotations

import itertools

import numpy as np
import pulp
import pytest

from terr.engine import design, moved_share, moves, rebalance
from terr.engine.arrays import make_work
from terr.engine.models.model import AssignModel, PersistentHiGHS
from terr.engine.rebalancing import EACH
from terr.errors import PlanError
from terr.model.problem import Problem
from tests.helpers.strategies import csr, extra_pieces, grid


def test_needs_a_start() -> None:
    with pytest.raises(PlanError, match="design one first"):
        rebalance(grid(2, 2, 2))


def test_nothing_to_do_is_optimal() -> None:
    r = rebalance(grid(4, 4, 2, start=np.repeat([0, 1], 8)))
    assert r.status == "optimal"
    assert r.objective == r.bound == r.gap == 0.0
    assert r.assign.tolist() == [0] * 8 + [1] * 8


@pytest.mark.parametrize("seed", range(4))
def test_least_of_all_contiguous_plans(seed: int) -> None:
    w = np.random.default_rng(seed).integers(1, 9, 12).astype(float)
    start = np.array([0] * 8 + [1] * 4)
    p = grid(4, 3, 2, w, limit=0.08, start=start)
    best = np.inf
    for bits in itertools.product((0, 1), repeat=12):
        a = np.array(bits)
        if 0 < a.sum() < 12 and p.excess(a).sum() == 0 and extra_pieces(p, a) == 0:
            best = min(best, w[a != start].sum() / w.sum() + EACH * (a != start).mean())
    r = rebalance(p, effort=0.2)
    if np.isfinite(best):
        assert r.status in {"feasible", "optimal"}
        assert r.objective == pytest.approx(best, rel=0.02)
        assert r.bound is not None
        assert r.bound <= best + 1e-9
    else:
        assert r.status == "limit_broken"


def test_one_move_beats_many_that_save_little() -> None:
    # a ring: territory 0 needs about 5 more, and borders a unit of 5.3 on one side and ten of 0.5 on the other
    w = np.array([10, 10, 5.3, 10, 10, *[0.5] * 10])
    n = len(w)
    ip, ix = csr(n, [(i, (i + 1) % n) for i in range(n)])
    turn = np.arange(n) * 2 * np.pi / n
    start = np.r_[0, 0, np.ones(n - 2)]
    p = Problem.from_arrays(
        w,
        ["load"],
        50 * np.c_[np.cos(turn), np.sin(turn)],
        ip,
        ix,
        np.ones(len(ix)),
        territories=2,
        limits={"load": 0.0061},
        start=start,
    )
    r = rebalance(p)
    assert np.flatnonzero(r.assign != start).tolist() == [2]
    assert r.objective == pytest.approx(5.3 / w.sum() + EACH / n)
    assert r.bound is not None
    assert r.bound <= r.objective
    assert "per moved area" in r.model


def test_moved_share_is_of_the_load_alone() -> None:
    p = grid(4, 1, 2, [1.0, 1, 1, 5], start=[0, 0, -1, 1])
    assert moved_share(p, [0, 0, 1, 1]) == 1 / 8
    assert moved_share(p, [0, 1, 1, 0]) == 7 / 8
    with pytest.raises(PlanError, match="design one first"):
        moved_share(grid(2, 2, 2), [0, 0, 1, 1])


def test_a_giant_sheds_what_it_can_and_the_rest_is_even() -> None:
    w = np.ones(36)
    w[0] = 60.0
    start = (np.arange(36) % 6 // 2).astype(int)  # three stripes, the giant with 11 others
    p = grid(6, 6, 3, w, start=start, limit=0.05)
    r = rebalance(p)
    assert r.status == "limit_broken"
    assert r.assign[0] == 0
    assert np.sort(p.loads(r.assign).ravel())[:2].tolist() == [17.0, 18.0]
    assert extra_pieces(p, r.assign) == 0


def test_two_giants_in_one_territory_part() -> None:
    w = np.ones(36)
    w[[0, 35]] = 40.0
    start = np.zeros(36, int)
    start[30:35] = 1
    start[5] = 2
    p = grid(6, 6, 4, w, start=start, limit=0.05)
    r = rebalance(p)
    assert r.assign[0] != r.assign[35]
    assert np.sort(p.loads(r.assign).ravel()).tolist() == [17.0, 17.0, 40.0, 40.0]
    assert extra_pieces(p, r.assign) == 0


def test_unassigned_units_go_to_a_neighbour_and_count() -> None:
    start = np.repeat([0, 1], 8)
    start[7] = -1
    p = grid(4, 4, 2, start=start, limit=0.2)
    r = rebalance(p)
    assert r.assign[7] in (0, 1)
    assert r.objective == pytest.approx((1 + EACH) / 16)
    assert moved_share(p, r.assign) == 1 / 16
    assert "unassigned" in [e.code for e in r.explanations]


def test_stray_pieces_are_repaired() -> None:
    start = np.repeat([0, 1], 8)
    start[15] = 0
    p = grid(4, 4, 2, start=start, limit=0.3)
    r = rebalance(p)
    assert extra_pieces(p, r.assign) == 0
    assert r.assign[15] == 1
    assert "start_pieces" in [e.code for e in r.explanations]


def test_locks_are_kept() -> None:
    w = np.ones(16)
    w[:4] = 3
    locked = np.full(16, -1)
    locked[[4, 5]] = 0
    p = grid(4, 4, 2, w, start=np.repeat([0, 1], 8), locked=locked, limit=0.1)
    r = rebalance(p)
    assert r.assign[[4, 5]].tolist() == [0, 0]
    assert r.status == "optimal"
    assert extra_pieces(p, r.assign) == 0


def test_a_new_territory_grows_from_nothing() -> None:
    p = grid(6, 6, 3, start=np.repeat([0, 1], 18), limit=0.1)
    r = rebalance(p, effort=0.5)
    assert r.status == "optimal"
    assert extra_pieces(p, r.assign) == 0
    assert 0.3 <= moved_share(p, r.assign) <= 0.5  # a third must move


def test_same_seed_same_plan() -> None:
    w = np.random.default_rng(1).lognormal(0, 1, 36)
    p = grid(6, 6, 3, w, limit=0.05, start=np.repeat([0, 1, 2], 12))
    a, b = (rebalance(p, seed=2, time_limit_s=None, effort=0.2) for _ in range(2))
    assert np.array_equal(a.assign, b.assign)


def test_same_seed_same_plan_without_the_exact_model() -> None:
    w = np.random.default_rng(1).lognormal(0, 1, 144)
    p = grid(12, 12, 4, w, limit=0.02, start=np.repeat([0, 1, 2, 3], 36))
    a, b = (rebalance(p, seed=2, time_limit_s=None, effort=0.2, prove=False) for _ in range(2))
    assert np.array_equal(a.assign, b.assign)
    assert a.violation == 0


def test_moves_and_their_effect() -> None:
    p = grid(4, 1, 2, [1.0, 1, 1, 1], start=[0, 0, 0, 1])
    (move,) = moves(p, [0, 0, 0, 1], [0, 0, 1, 1])
    assert (move.unit, move.source, move.target, move.load) == (2, 0, 1, (1.0,))
    assert move.effect == pytest.approx(-0.5)
    assert moves(p, [0, 0, 1, 1], [0, 0, 1, 1]) == ()
    assert moves(p, [0, 0, 1, -1], [0, 0, 1, 1])[0].source == -1
    with pytest.raises(PlanError):
        moves(p, [0, 0], [1, 1])


def model(**more: object) -> tuple[AssignModel, np.ndarray]:
    p = grid(4, 4, 2, limit=0.01)
    work = make_work(p)
    base = np.repeat([0, 1], 8)
    unit = np.repeat(np.arange(16), 2)
    label = np.tile([0, 1], 16)
    cost = np.random.default_rng(0).random(32)
    return AssignModel(work, base, unit, label, cost, **more), base


def test_highs_and_cbc_agree() -> None:
    one, base = model()
    plan = one.solve(10, 0.0, base)
    other, _ = model()
    other.solver, other.solver_name = other._cbc(0.0), "CBC"
    same = other.solve(10, 0.0)
    assert plan is not None
    assert same is not None
    assert pulp.value(one.lp.objective) == pytest.approx(pulp.value(other.lp.objective))
    assert np.bincount(plan).tolist() == np.bincount(same).tolist() == [8, 8]
    assert one.bound() == pytest.approx(pulp.value(one.lp.objective))
    assert other.bound() is None


def test_cbc_takes_over_when_highs_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise pulp.PulpSolverError("no memory")

    monkeypatch.setattr(PersistentHiGHS, "callSolver", broken)
    one, base = model()
    assert one.solve(10, 0.0, base) is not None
    assert one.solver_name == "CBC"


def test_cuts_make_answers_contiguous() -> None:
    one, base = model()
    anchor = np.array([0, 15])
    base[[0, 15]] = [0, 1]
    one.lp += one.x[0] == 1
    one.lp += one.x[31] == 1
    plan, done = one.solve_contiguous(anchor, base, 0.0, lambda: 20.0)
    assert done
    assert plan is not None
    assert one.cuts > 0
    assert extra_pieces(grid(4, 4, 2), plan) == 0


def test_a_design_needs_no_rebalance() -> None:
    w = np.random.default_rng(5).lognormal(0, 0.5, 64)
    p = grid(8, 8, 4, w, limit=0.05)
    start = design(p, effort=0.2).assign
    again = rebalance(grid(8, 8, 4, w, limit=0.05, start=start))
    assert np.array_equal(again.assign, start)
