"""The functions metrics are made of, against numbers worked out by hand on a 4 x 4 grid of 10 km squares."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from terr.metrics import Context, balance, evaluate, shape
from terr.metrics.tally import full_tally
from tests.helpers import shapes

QUARTERS = np.array([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3], np.int16)


def grid(nx: int, ny: int) -> SimpleNamespace:
    idx = np.arange(nx * ny).reshape(ny, nx)
    e = np.r_[np.c_[idx[:, :-1].ravel(), idx[:, 1:].ravel()], np.c_[idx[:-1].ravel(), idx[1:].ravel()]]
    i, j = np.r_[e[:, 0], e[:, 1]], np.r_[e[:, 1], e[:, 0]]
    order = np.lexsort((j, i))
    y, x = np.divmod(np.arange(nx * ny), nx)
    outer = 10.0 * ((x == 0).astype(int) + (x == nx - 1) + (y == 0) + (y == ny - 1))
    return SimpleNamespace(
        indptr=np.r_[0, np.cumsum(np.bincount(i, minlength=nx * ny))].astype(np.int32),
        indices=j[order].astype(np.int32),
        border_km=np.full(len(order), 10.0),
        outer_km=outer,
        area_km2=np.full(nx * ny, 100.0),
        xy_km=np.c_[x, y] * 10.0,
    )


G = grid(4, 4)


def test_loads_leave_out_unassigned_units() -> None:
    slots = QUARTERS.copy()
    slots[0] = -1
    w = np.arange(16.0)
    assert balance.loads(slots, w, 4).ravel().tolist() == [1 + 4 + 5, 2 + 3 + 6 + 7, 8 + 9 + 12 + 13, 10 + 11 + 14 + 15]
    assert balance.loads(slots, np.c_[w, w], 4).shape == (4, 2)


def test_balance_by_hand() -> None:
    load, goal = np.array([[2.0], [4.0], [6.0]]), np.array([[4.0], [4.0], [4.0]])
    assert balance.deviation(load, goal).ravel().tolist() == [-0.5, 0.0, 0.5]
    assert balance.max_deviation(load, goal).tolist() == [0.5]
    assert balance.cv_pct(load)[0] == pytest.approx(100 * np.sqrt(8 / 3) / 4)
    assert balance.gini(load)[0] == pytest.approx(2 / 9)  # pairs: (2 + 4 + 2) x 2 / (2 x 9 x 4)
    assert balance.balance_index(load, goal)[0] == pytest.approx(100 * (1 - 1 / 3))
    assert balance.max_min(load)[0] == 3.0


def test_balance_of_nothing() -> None:
    zero = np.zeros((2, 1))
    assert balance.deviation(zero, zero).ravel().tolist() == [0.0, 0.0]
    assert balance.deviation(np.ones((2, 1)), zero).ravel().tolist() == [np.inf, np.inf]
    assert balance.cv_pct(zero)[0] == balance.gini(zero)[0] == 0.0
    assert balance.max_min(zero)[0] == 1.0
    assert balance.max_min(np.array([[0.0], [2.0]]))[0] == np.inf
    empty = np.zeros((0, 1))
    assert balance.gini(empty)[0] == balance.cv_pct(empty)[0] == balance.max_deviation(empty, empty)[0] == 0.0
    assert balance.balance_index(empty, empty)[0] == 100.0
    assert balance.balance_index(np.array([[9.0]]), np.array([[1.0]]))[0] == 0.0


def test_gini_of_one_who_has_all() -> None:
    assert balance.gini(np.array([[0.0], [0.0], [0.0], [8.0]]))[0] == pytest.approx(3 / 4)


def test_components_and_strays() -> None:
    slots = QUARTERS.copy()
    slots[15] = 0  # the far corner joins the first quarter
    assert shapes.components(slots, G.indptr, G.indices, 5).tolist() == [2, 1, 1, 1, 0]
    assert shapes.stray_pieces(slots, G.indptr, G.indices, np.ones(16)) == [(0, (15,))]
    heavy = np.ones(16)
    heavy[15] = 99.0
    assert shapes.stray_pieces(slots, G.indptr, G.indices, heavy) == [(0, (0, 1, 4, 5))]


def test_unassigned_units_are_no_component() -> None:
    assert shapes.components(np.full(16, -1, np.int16), G.indptr, G.indices, 2).tolist() == [0, 0]
    assert shapes.stray_pieces(np.full(16, -1, np.int16), G.indptr, G.indices, np.ones(16)) == []


def test_borders_and_polsby_popper() -> None:
    assert shape.border_km(QUARTERS, G.indptr, G.indices, G.border_km) == 80.0
    pp = shapes.polsby_popper(QUARTERS, G.indptr, G.indices, G.border_km, G.area_km2, G.outer_km, 5)
    assert pp[:4] == pytest.approx(np.pi / 4)
    assert pp[4] == 0.0
    rows = np.repeat(np.arange(4), 4)  # 40 x 10 km strips: 4 pi 400 / 100^2
    pp = shapes.polsby_popper(rows, G.indptr, G.indices, G.border_km, G.area_km2, G.outer_km, 4)
    assert pp == pytest.approx(4 * np.pi * 400 / 100**2)


def test_moment_and_distance() -> None:
    w = np.ones(16)
    assert shape.moment_of_inertia(QUARTERS, G.xy_km, w, 4) == pytest.approx(50.0)  # 5^2 + 5^2
    assert shape.mean_distance_km(QUARTERS, G.xy_km, w, 4) == pytest.approx(np.sqrt(50.0))
    assert shape.moment_of_inertia(QUARTERS, G.xy_km, 0 * w, 4) == pytest.approx(50.0)
    assert shape.moment_of_inertia(np.full(16, -1), G.xy_km, w, 4) == 0.0
    assert shape.mean_distance_km(np.full(16, -1), G.xy_km, w, 4) == 0.0


def test_reock() -> None:
    boxes = shapely.box(G.xy_km[:, 0], G.xy_km[:, 1], G.xy_km[:, 0] + 10, G.xy_km[:, 1] + 10)
    got = shape.reock(QUARTERS, boxes, G.area_km2, 5)
    assert got[:4] == pytest.approx(2 / np.pi)  # a square in its circle
    assert got[4] == 0.0


def test_squares_of_a_large_map_are_in_one_piece_each() -> None:
    big = grid(56, 56)
    x, y = (big.xy_km / 10 / 8).astype(int).T
    counted = full_tally(y * 7 + x, tuple(range(49)), big, np.ones((56 * 56, 2)), np.zeros(56 * 56, np.int64))
    assert evaluate(Context(counted, ("a", "b"))).values["extra_components"] == 0
