"""Certificates against answers known by hand and against every plan there is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numba import njit

from terr.engine import Problem, certify, design
from terr.engine.arrays import pieces
from terr.engine.certificate.bounding import Bound, column_bound, lagrangian
from terr.engine.certificate.certificate_model import make_frame
from terr.engine.certificate.exact import connected_sets, partition
from terr.engine.certificate.fixed_centers import all_fixed, assignment_bound
from terr.engine.certificate.knapsack import INF
from terr.engine.certificate.oracle import prove
from terr.engine.certificate.pricing import within
from terr.engine.objective import objective_km2
from terr.engine.search.improve import Clock
from terr.errors import PlanError
from tests.helpers.effort import rounds
from tests.helpers.following import followed
from tests.helpers.strategies import csr, extra_pieces, grid

QUARTERS = np.array([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3])
SECONDS = 60.0
"""Time for a certificate that takes a fraction of a second when nothing else runs."""
CASES = rounds(80, long=320)


def by_columns(problem: Problem, plan: np.ndarray, seconds: float | None = None) -> float:
    """The bound of column generation alone; inf if it proves that there is no plan."""
    frame = make_frame(problem)
    if frame.impossible:
        return np.inf
    clock = Clock(problem, seconds)
    size = max(objective_km2(problem, plan) - frame.within, 1e-6 * frame.most)
    value = column_bound(frame, [frame.on_nodes(plan)], size, clock, 1, lambda *_: None).value
    return np.inf if value >= INF else value + frame.within


def test_quarters_of_a_square_are_optimal() -> None:
    p = grid(4, 4, 4, limit=0.01)
    r = certify(p, QUARTERS)
    assert r.objective == pytest.approx(50.0)  # four 2 x 2 blocks: 5^2 + 5^2
    assert r.bound == pytest.approx(50.0, rel=1e-5)
    assert r.bound <= 50.0
    assert r.status == "optimal"
    assert r.assign.tolist() == QUARTERS.tolist()


def test_strips_of_a_square_are_not() -> None:
    p = grid(4, 4, 4, limit=0.01)
    r = certify(p, np.repeat(np.arange(4), 4))
    assert r.objective == pytest.approx(125.0)  # a row of four: (15^2 + 5^2) / 2
    assert r.bound == pytest.approx(50.0, rel=1e-4)
    assert r.status == "feasible"
    assert r.gap == pytest.approx(0.6, rel=1e-3)


def test_contiguity_is_part_of_it() -> None:
    # two rows of three with a border only at their first units: the pairs one above the other are cheapest but for it
    ip, ix = csr(6, [(0, 1), (1, 2), (3, 4), (4, 5), (0, 3)])
    xy = np.array([[0, 0], [10, 0], [20, 0], [0, 1], [10, 1], [20, 1]], float)
    p = Problem.from_arrays(np.ones(6), ["load"], xy, ip, ix, np.ones(10), territories=3, limits={"load": 0.01})
    r = certify(p, np.array([0, 1, 1, 0, 2, 2]))
    assert r.status == "optimal"
    assert r.bound == pytest.approx((0.25 + 25 + 25) / 3, rel=1e-5)
    assert by_columns(p, r.assign) == pytest.approx(0.25, rel=1e-3)


def test_no_plan_is_said_only_with_proof() -> None:
    w = np.ones(16)
    w[5] = 45.0
    r = certify(grid(4, 4, 4, w), QUARTERS)
    assert r.status == "infeasible"
    assert r.bound is None
    assert "fits into no territory" in r.explanations[-1].message
    # locks, corner to corner, cross: each pair can be joined, but not both
    locked = [0, -1, 1, -1, -1, -1, 1, -1, 0]
    r = certify(grid(3, 3, 2, limit=0.5, locked=locked), np.maximum(locked, 0))
    assert r.status == "infeasible"
    # five units of 1 for two territories of at most 2.4
    r = certify(grid(5, 1, 2, targets=[[2.0], [2.0]], limit=0.2), np.array([0, 0, 0, 1, 1]))
    assert r.status == "infeasible"


def test_a_plan_outside_its_limits_is_not_called_feasible() -> None:
    p = grid(4, 4, 4, limit=0.01)
    plan = QUARTERS.copy()
    plan[1] = 1
    r = certify(p, plan)
    assert r.status == "limit_broken"
    assert r.bound == pytest.approx(50.0, rel=1e-4)
    torn = QUARTERS.copy()
    torn[[0, 3]] = torn[[3, 0]]
    assert certify(p, torn).status == "limit_broken"


def test_a_plan_that_is_none() -> None:
    with pytest.raises(PlanError, match="from 0 to 3"):
        certify(grid(4, 4, 4), np.full(16, 4))
    with pytest.raises(PlanError, match="each of 16 areas"):
        certify(grid(4, 4, 4), np.zeros(5))


def test_fixed_centres_price_the_way_to_them() -> None:
    p = grid(4, 4, 2, limit=0.01, centres=[[15.0, 5.0], [15.0, 25.0]])
    halves = np.repeat([0, 1], 8)
    r = certify(p, halves)
    assert r.objective == pytest.approx(150.0)  # 5^2 across and (15^2 + 5^2) / 2 along
    assert r.status == "optimal"


def test_larger_than_can_be_listed() -> None:
    p = grid(12, 12, 9, limit=0.01)
    x, y = np.arange(144) % 12, np.arange(144) // 12
    r = certify(p, x // 4 + 3 * (y // 4), time_limit_s=SECONDS)
    assert r.objective == pytest.approx(250.0)
    assert r.status == "optimal"
    assert "bounds over possible territories" in r.solver


@pytest.mark.slow
def test_same_seed_same_bound() -> None:
    p = grid(9, 9, 5, np.random.default_rng(3).lognormal(0, 1, 81), limit=0.1)
    plan = design(p, effort=0.1).assign
    a, b = (certify(p, plan, seed=2, time_limit_s=None) for _ in range(2))
    assert a.bound == b.bound
    assert 0.9 * a.objective < a.bound <= a.objective


def test_cancel_and_time_limit_are_heard() -> None:
    p = grid(30, 30, 12, np.random.default_rng(0).lognormal(0, 1, 900))
    plan = design(p, effort=0.02).assign
    r = certify(p, plan, time_limit_s=2)
    assert "time_limit" in [e.code for e in r.explanations]
    assert r.bound is None or 0 <= r.bound <= r.objective
    progress, seen = followed(stop_after=4)
    r = certify(p, plan, progress=progress)
    assert r.status in {"stopped", "limit_broken"}
    assert len(seen) <= 4 + 3, "after the stop only the end of what was under way is told"
    shares = [now.fraction for now in seen]
    assert shares == sorted(shares)


def test_what_rounding_forgives_is_not_called_impossible() -> None:
    # 1.1000006 and 0.8999994 of targets 1 with 10% allowed: `excess` is 0, and there is no other plan
    w = [0.5500003, 0.5500003, 0.4499997, 0.4499997]
    p = grid(4, 1, 2, w, targets=[[1.0], [1.0]], limit=0.1)
    plan = np.array([0, 0, 1, 1])
    assert p.excess(plan).sum() == 0
    r = certify(p, plan)
    assert r.status == "optimal"
    assert r.objective == pytest.approx(25.0)
    assert by_columns(p, plan) <= 25.0


def test_many_units_with_fixed_centres_are_solved_by_assignment() -> None:
    p = grid(
        9,
        8,
        3,
        np.random.default_rng(1).lognormal(0, 0.5, 72),
        limit=0.1,
        centres=[[20.0, 20.0], [60.0, 20.0], [40.0, 60.0]],
    )
    plan = design(p, effort=0.3).assign
    r = certify(p, plan, time_limit_s=SECONDS)
    assert r.status == "optimal"
    assert "contiguous" in r.model
    assert r.objective * 0.9999 <= r.bound <= r.objective


# every plan there is: programming over subsets, which tries each set as each territory


@njit(cache=True)
def least_plan(cost: np.ndarray, leave: np.ndarray) -> tuple[float, np.ndarray]:
    """Least sum over all ways to give each unit to one of k territories or to none; cost (k, 2^n), leave (2^n,)."""
    k, full = cost.shape
    best = np.empty((k + 1, full))
    pick = np.zeros((k + 1, full), np.int64)
    best[0] = leave
    for j in range(k):
        for have in range(full):
            top, at = best[j, have] + cost[j, 0], 0
            sub = have
            while sub > 0:
                value = cost[j, sub] + best[j, have ^ sub]
                if value < top:
                    top, at = value, sub
                sub = (sub - 1) & have
            best[j + 1, have], pick[j + 1, have] = top, at
    sets = np.zeros(k, np.int64)
    have = full - 1
    for j in range(k, 0, -1):
        sets[j - 1] = pick[j, have]
        have ^= pick[j, have]
    return best[k, full - 1], sets


@njit(cache=True)
def in_one_piece(near: np.ndarray) -> np.ndarray:
    """bool (2^n,): which sets are connected, the empty one included; near (n,) neighbors as bits."""
    n = len(near)
    out = np.zeros(1 << n, np.bool_)
    out[0] = True
    for have in range(1, 1 << n):
        seen = have & -have
        while True:
            more = seen
            for u in range(n):
                if (seen >> u) & 1:
                    more |= near[u] & have
            if more == seen:
                break
            seen = more
        out[have] = seen == have
    return out


def brute(p: Problem) -> tuple[float, np.ndarray]:
    """True optimum and a plan that has it; inf if there is none. Independent of the code it judges."""
    n, k = len(p), p.territories
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
    ends = [p.indices[p.indptr[u] : p.indptr[u + 1]].tolist() for u in range(n)]
    whole = in_one_piece(np.array([sum(1 << v for v in vs) for vs in ends], np.int64))
    share, scale = p.shares(), p.scale_km2
    mass = bits @ share
    mean = (bits @ (share[:, None] * p.xy_km)) / np.where(mass > 0, mass, 1.0)[:, None]
    load = bits @ p.weights
    even = np.maximum(p.weights.sum(axis=0) / k, 1e-300)
    together = np.ones(2**n, bool)
    for g in np.unique(p.groups[p.groups >= 0]):
        inside = bits[:, p.groups == g]
        together &= inside.all(axis=1) | ~inside.any(axis=1)
    cost = np.full((k, 2**n), np.inf)
    far = p.too_far()
    for j in range(k):
        centre = mean if np.isnan(p.centres[j]).any() else p.centres[j]
        away = ((p.xy_km[None] - np.broadcast_to(centre, mean.shape)[:, None]) ** 2).sum(axis=2)
        value = (bits * share * away).sum(axis=1)
        goal = p.targets[j]
        for q in range(p.weights.shape[1]):
            off = np.abs(load[:, q] / goal[q] - 1) if goal[q] > 0 else 0.0
            value = value + scale * p.balance[q] / k * off
        if p.start is not None:
            value = value + scale * p.continuity * (bits @ (share * (p.start != j)))
        over = np.maximum(p.lowest[j] - load, load - p.highest[j]) / np.where(goal > 0, goal, even)
        ok = whole & together & (over < 1e-6).all(axis=1) & ~(bits & far[:, j]).any(axis=1)
        ok &= ~(bits & ((p.locked >= 0) & (p.locked != j))).any(axis=1) & bits[:, p.locked == j].all(axis=1)
        cost[j, ok] = value[ok]
    leave = np.full(2**n, np.inf)
    moved = 0.0 if p.start is None else p.continuity * (bits @ (share * (p.start >= 0)))
    ok = together & (mass <= p.remainder) & ~(bits & (p.locked >= 0)).any(axis=1)
    leave[ok] = (scale * (100.0 * mass + moved))[ok]
    if p.remainder <= 0:
        leave[1:] = np.inf
    value, sets = least_plan(cost, leave)
    plan = np.full(n, -1)
    for j, s in enumerate(sets):
        plan[bits[s]] = j
    return value, plan


def some_problem(seed: int) -> Problem:
    """Up to 10 units on a grid with holes, islands on bridges, and a random choice of everything a problem can ask."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 11))
    ny, nx = (2, 6) if rng.random() < 0.5 else (3, 4)
    cells = np.sort(rng.permutation(nx * ny)[:n])
    y, x = np.divmod(cells, nx)
    pairs = [(u, v) for u in range(n) for v in range(u) if abs(x[u] - x[v]) + abs(y[u] - y[v]) == 1]
    ip, ix = csr(n, pairs)
    count, label = pieces(ip, ix, np.zeros(n, np.int8))
    if rng.random() < 0.8:
        for c in range(1, count):
            here, there = np.flatnonzero(label < c), np.flatnonzero(label == c)
            pairs.append((int(rng.choice(here)), int(rng.choice(there))))
    ip, ix = csr(n, pairs)
    kind = rng.choice(["real", "whole", "zeros", "none"], p=[0.5, 0.3, 0.15, 0.05])
    w = rng.lognormal(0, 0.7, n) if kind != "whole" else rng.integers(1, 6, n).astype(float)
    w *= {"zeros": rng.random(n) < 0.6, "none": 0.0}.get(kind, 1.0)
    two = rng.random() < 0.4
    weights = np.c_[w, rng.random(n)] if two else w[:, None]
    names = ["a", "b"][: weights.shape[1]]
    k = int(rng.integers(1, min(n, 4) + 1))
    tight = float(rng.choice([0.1, 0.3, 0.6]))
    limits = {"a": [tight, (None, tight), (tight, None)][int(rng.choice(3, p=[0.7, 0.15, 0.15]))]} if w.sum() else {}
    more: dict[str, object] = {}
    if two and rng.random() < 0.7:
        limits["b"] = (None, 0.5)
    if rng.random() < 0.3:
        more["targets"] = weights.sum(axis=0) * rng.dirichlet(np.full(k, 8.0))[:, None]
    if rng.random() < 0.3:
        locked = np.full(n, -1)
        at = rng.permutation(n)[: rng.integers(1, min(n, k + 1) + 1)]
        locked[at] = rng.integers(0, k, len(at))
        more["locked"] = locked
    xy = np.c_[x, y] * 10.0 + rng.normal(0, 2, (n, 2))
    if rng.random() < 0.3:
        centres = np.full((k, 2), np.nan)
        on = rng.random(k) < 0.7
        centres[on] = rng.uniform([0, 0], [60, 30], (int(on.sum()), 2))
        more["centres"] = centres
        if on.all() and rng.random() < 0.5:
            more["max_km"] = np.full(k, 45.0)
    if rng.random() < 0.2 and n > 3:
        groups = np.full(n, -1)
        groups[rng.permutation(n)[:2]] = 7
        more["groups"] = groups
    if rng.random() < 0.25:
        more["remainder"] = float(rng.choice([0.1, 0.3]))
    if rng.random() < 0.25 and w.sum():
        more["balance"] = {"a": 0.5}
    if rng.random() < 0.25:
        more |= {"start": rng.integers(-1, k, n), "continuity": 0.4}
    if rng.random() < 0.1 and w.sum():
        more["caps"] = {"a": float(0.7 * w.sum())}
    return Problem.from_arrays(weights, names, xy, ip, ix, np.ones(len(ix)), territories=k, limits=limits, **more)


@pytest.mark.slow
def test_no_number_is_wrong_where_every_plan_is_known() -> None:
    feasible = exact = closed = assigned = 0
    for seed in range(CASES):
        p = some_problem(seed)
        best, plan = brute(p)
        other = np.where(p.locked >= 0, p.locked, np.arange(len(p)) % p.territories)  # rarely a plan within the limits
        if np.isfinite(best):
            assert objective_km2(p, plan) == pytest.approx(best, rel=1e-9, abs=1e-9), seed
            assert not any(p.excesses(plan).values()), seed
            shown = plan
        else:
            shown = other
        r = certify(p, shown, time_limit_s=SECONDS)
        if not np.isfinite(best):
            assert r.status in {"infeasible", "limit_broken"}, seed
            closed += r.status == "infeasible"
            continue
        feasible += 1
        assert r.status != "infeasible", seed
        assert r.bound is not None, seed
        assert r.bound <= best * (1 + 1e-12) + 1e-9, seed
        assert r.objective >= best * (1 - 1e-12) - 1e-9, seed
        if r.status == "optimal":
            exact += 1
            assert extra_pieces(p, shown) == 0 if (shown >= 0).all() else True
        blind = certify(p, other, time_limit_s=SECONDS)  # the optimum isn't among what it starts from
        assert blind.bound is not None, seed
        assert best * (1 - 1e-5) - 1e-6 <= blind.bound <= best * (1 + 1e-12) + 1e-9, seed
        loose = by_columns(p, shown, 0.05)
        assert loose <= best * (1 + 1e-12) + 1e-9, seed
        frame = make_frame(p)
        if all_fixed(frame) and not frame.impossible:
            known = Bound(-INF, np.zeros(frame.n), np.full(len(frame.kinds), -INF), 0, closed=False)
            clock = Clock(p, 1.0)
            found = assignment_bound(p, frame, known, frame.on_nodes(shown), INF, clock)
            assert found is not None
            assert found.bound + frame.within <= best * (1 + 1e-12) + 1e-9, seed
            assigned += 1
    assert feasible >= 0.45 * CASES
    assert assigned >= 0.04 * CASES
    assert closed >= 0.9 * (CASES - feasible)
    assert exact >= 0.9 * feasible


def test_a_unit_left_out_is_not_worth_more_than_that_costs() -> None:
    p = grid(2, 1, 1, limit={}, centres=[[0.0, 0.0]], max_km=[5.0], remainder=0.5)  # the second unit is too far
    r = certify(p, np.array([0, -1]))
    assert r.status == "optimal"
    assert r.objective == pytest.approx(50.0 * p.scale_km2)
    frame = make_frame(p)
    assert lagrangian(frame, np.array([0.0, 1e9]), np.zeros(1)) <= r.objective


def test_squares_are_bounded_from_below() -> None:
    rng = np.random.default_rng(0)
    for _ in range(500):
        k, h = rng.uniform(0.1, 2.0), rng.uniform(0.1, 3.0)
        x, y = rng.uniform(-3, 3, 2)
        at, bend = rng.uniform(-4, 4, (5, 2)), rng.uniform(0, k, 5)
        low = rng.uniform(-3, 0, 5)

        def v(p: np.ndarray, at: Any = at, bend: Any = bend, low: Any = low) -> np.ndarray:
            return (low + bend * ((p[:, None] - at[None]) ** 2).sum(axis=2)).min(axis=1)

        corners = v(np.array([[x, y], [x + h, y], [x, y + h], [x + h, y + h]]))
        inside = v(np.array([x, y]) + h * rng.random((2000, 2)))
        square = np.r_[x, y, h, corners, np.zeros(5)]
        assert within(square, k) <= inside.min() + 1e-12


def test_pricing_misses_no_set() -> None:
    """Against all sets, connected or not, at random prices: never above the least cost, and close below it."""
    tried, cases = 0, rounds(60, long=240)
    for seed in range(cases):
        p = some_problem(seed)
        frame = make_frame(p)
        if frame.impossible or frame.n < len(p):
            continue
        rng = np.random.default_rng(seed)
        n = len(p)
        bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1 == 1
        load = bits @ p.weights
        even = np.maximum(p.weights.sum(axis=0) / p.territories, 1e-300)
        unit = frame.most / p.territories + 1e-3
        price = frame.w * rng.uniform(0.0, 3.0, n) * unit * float(rng.choice([0.5, 1.0, 3.0]))
        price += rng.uniform(-0.05, 0.1, n) * unit
        exact = np.empty(len(frame.kinds))
        for q, kind in enumerate(frame.kinds):
            j = int(kind.members[0])
            goal = np.where(p.targets[j] > 0, p.targets[j], even)
            over = np.maximum(p.lowest[j] - load, load - p.highest[j]) / goal
            barred = p.too_far()[:, j] | ((p.locked >= 0) & (p.locked != j))
            ok = (over < 1e-6).all(axis=1) & ~(bits & barred).any(axis=1) & bits[:, p.locked == j].all(axis=1)
            least = INF
            for b in bits[ok]:
                units = np.flatnonzero(b)
                cost = frame.cost(q, units) if len(units) else 0.0
                least = min(least, cost - price[units].sum())
            exact[q] = least
            tol = 1e-3 * unit
            for known, reach in ((INF, tol), (least + 0.1 * unit, 5 * tol), (least, 0.0)):
                got = prove(frame, kind, price, known, tol, reach, Clock(p, SECONDS if reach else 0.01))
                assert got.bound <= least + 1e-9 * (unit + abs(least)), (seed, q)
                for units, cost in zip(got.sets, got.cost, strict=True):
                    assert frame.fits(q, units)
                    assert frame.cost(q, units) - price[units].sum() == pytest.approx(cost, rel=1e-9, abs=1e-9 * unit)
                if known < INF and reach > 0 and got.whole:
                    assert got.bound >= least - 1.5 * tol, (seed, q)
                tried += 1
        best, _ = brute(p)
        assert lagrangian(frame, price, exact) <= best * (1 + 1e-12) + 1e-9, seed
    assert tried >= 2.5 * cases


def test_what_prices_leave_out_is_not_missed() -> None:
    tried, cases = 0, rounds(40, long=120)
    for seed in range(cases):
        p = some_problem(seed)
        frame = make_frame(p)
        best, plan = brute(p)
        if not np.isfinite(best) or best <= 0:
            continue
        sets = connected_sets(p, frame)
        assert sets is not None
        clock = Clock(p, None)
        size = max(best - frame.within, 1e-6 * frame.most)
        known = column_bound(frame, [frame.on_nodes(plan)], size, Clock(p, 0.05), 1, lambda *_: None)
        got = partition(p, frame, sets, known, best * 1.05, clock)
        assert got is not None
        assert best * (1 - 1e-5) <= got.bound + frame.within <= best * (1 + 1e-12) + 1e-9, seed
        tried += 1
    assert tried >= 0.4 * cases


def test_cuts_leave_every_contiguous_plan() -> None:
    tried, cases = 0, rounds(100, long=400)
    for seed in range(cases):
        base = some_problem(seed)
        if base.territories < 2 or (base.groups >= 0).any() or len(base) < 6:
            continue
        rng = np.random.default_rng(seed)
        home = rng.uniform([0, 0], [60, 30], (base.territories, 2))
        p = replace(base, centres=home, max_km=np.full(base.territories, np.inf))
        frame = make_frame(p)
        best, plan = brute(p)
        if not np.isfinite(best) or frame.impossible or not all_fixed(frame):
            continue
        known = Bound(-INF, np.zeros(frame.n), np.full(len(frame.kinds), -INF), 0, closed=False)
        found = assignment_bound(p, frame, known, plan, INF, Clock(p, 1.0))
        assert found is not None
        assert found.bound <= best * (1 + 1e-12) + 1e-9, seed
        if found.whole:
            assert found.bound >= best * (1 - 1e-5) - 1e-6, seed
        tried += 1
    assert tried >= 0.15 * cases
