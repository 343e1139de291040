"""Rebalancing: the least moved load, checked against every plan of a small case."""

from __future__ import annotations

import itertools

import numpy as np
import pulp
import pytest
from strategies import extra_pieces, grid

from terr.engine import design, moves, rebalance
from terr.engine.model import AssignModel, KeptHiGHS
from terr.engine.work import make_work
from terr.errors import PlanError


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
            best = min(best, w[a != start].sum() / w.sum())
    r = rebalance(p, effort=0.2)
    if np.isfinite(best):
        assert r.status in {"feasible", "optimal"}
        assert r.objective == pytest.approx(best, rel=0.02)
        assert r.bound is not None
        assert r.bound <= best + 1e-9
    else:
        assert r.status == "limit_broken"


def test_unassigned_units_go_to_a_neighbour_and_count() -> None:
    start = np.repeat([0, 1], 8)
    start[7] = -1
    r = rebalance(grid(4, 4, 2, start=start, limit=0.2))
    assert r.assign[7] in (0, 1)
    assert r.objective == pytest.approx(1 / 16)
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
    assert r.status == "feasible"
    assert extra_pieces(p, r.assign) == 0


def test_a_new_territory_grows_from_nothing() -> None:
    p = grid(6, 6, 3, start=np.repeat([0, 1], 18), limit=0.1)
    r = rebalance(p, effort=0.5)
    assert r.status == "feasible"
    assert extra_pieces(p, r.assign) == 0
    assert 0.3 <= r.objective <= 0.5  # a third must move


def test_same_seed_same_plan() -> None:
    w = np.random.default_rng(1).lognormal(0, 1, 64)
    p = grid(8, 8, 4, w, limit=0.05, start=np.repeat([0, 1, 2, 3], 16))
    a, b = (rebalance(p, seed=2, time_limit_s=None, effort=0.2) for _ in range(2))
    assert np.array_equal(a.assign, b.assign)


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

    monkeypatch.setattr(KeptHiGHS, "callSolver", broken)
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
