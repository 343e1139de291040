"""A tally carried through edits is the one made at once, and that is what the metrics say."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.edits import moves
from terr.errors import TerrError
from terr.metrics import balance
from terr.metrics.tally import Tally, tally
from terr.model.edit import Edit
from terr.model.plan import Plan
from tests.helpers import shapes
from tests.helpers.effort import examples
from tests.helpers.grids import grid_units, make_plan

UNITS = grid_units(5, 6)
N = len(UNITS)
LOADS = np.random.default_rng(7).lognormal(size=N)
COUNTS = np.random.default_rng(8).integers(0, 9, N)


def same(a: Tally, b: Tally) -> bool:
    """Equal to the last bit."""
    arrays = [f.name for f in fields(a) if isinstance(getattr(a, f.name), np.ndarray)]
    assert len(arrays) == 9
    return (a.codes, a.strays) == (b.codes, b.strays) and all(
        np.array_equal(getattr(a, name), getattr(b, name)) for name in arrays
    )


def test_a_tally_by_hand():
    units = grid_units(2, 3)  # codes 3 4 5 above 0 1 2
    loads, counts = np.array([1.0, 2, 4, 8, 16, 32]), np.array([1, 0, 2, 0, 0, 5])
    got = tally(make_plan(units, [0, 1, 0, 0, -1, 1]), units, loads, counts)
    assert got.load.tolist() == [[13.0], [34.0]]
    assert got.accounts.tolist() == [3, 5]
    assert got.size.tolist() == [3, 2]
    assert got.pieces.tolist() == [2, 2]
    assert got.strays == (((2,),), ((1,),))  # 0 and 3 weigh 9 against 4; 5 weighs 32 against 2
    assert got.area_km2[1] == pytest.approx(units.area_km2[[1, 5]].sum())
    own = [units.border_km[units.indptr[u] : units.indptr[u + 1]].sum() + units.outer_km[u] for u in range(6)]
    shared = units.border_km[units.indptr[0] : units.indptr[1]][units.neighbors(0) == 3].sum()
    assert got.around_km[0] == pytest.approx(own[0] + own[2] + own[3] - 2 * shared)
    assert got.around_km[1] == pytest.approx(own[1] + own[5])


def test_pieces_of_one_weight_are_told_apart_by_size_and_code():
    units = grid_units(1, 7)
    got = tally(make_plan(units, [0, 1, 0, 0, 1, 0, 1]), units, np.zeros(7), np.zeros(7, dtype=np.int64))
    assert got.strays == (((0,), (5,)), ((4,), (6,)))


def test_a_plan_without_territories_and_one_without_units():
    empty = Plan.empty(N, UNITS.version)
    assert tally(empty, UNITS, LOADS, COUNTS).load.tolist() == []
    bare = tally(make_plan(UNITS, [-1] * N), UNITS, LOADS, COUNTS)
    assert (bare.pieces.tolist(), bare.polsby_popper.tolist(), bare.strays) == ([0, 0], [0.0, 0.0], ((), ()))


def test_only_what_is_touched_is_measured_and_another_measure_starts_anew(monkeypatch):
    plan = make_plan(UNITS, [u % 6 // 2 for u in range(N)], names=("A", "B", "C"))
    first = tally(plan, UNITS, LOADS, COUNTS)
    measured = []

    def spy(assign, codes, *rest):
        measured.append(codes)
        return real(assign, codes, *rest)

    from terr.metrics import tally as module

    real = module.full_tally
    monkeypatch.setattr(module, "full_tally", spy)
    moved = moves.apply(plan, moves.assign(plan, [1], 1).edit)
    second = tally(moved, UNITS, LOADS, COUNTS, first)
    renamed = tally(moves.apply(moved, moves.rename(moved, 2, "D")), UNITS, LOADS, COUNTS, second)
    other = tally(moved, UNITS, LOADS * 2, COUNTS, second)
    assert measured == [(0, 1), (0, 1, 2)]
    assert same(renamed, second)
    assert other.load.tolist() == (2 * second.load).tolist()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("paint"), st.sets(st.integers(0, N - 1), min_size=1, max_size=8), st.integers(-1, 6)),
        st.tuples(st.just("new"), st.none(), st.none()),
        st.tuples(st.just("merge"), st.integers(0, 6), st.integers(0, 6)),
        st.tuples(st.just("delete"), st.integers(0, 6), st.none()),
        st.tuples(st.just("undo"), st.none(), st.none()),
        st.tuples(st.just("redo"), st.none(), st.none()),
    ),
    max_size=25,
)


def made(plan: Plan, kind: str, a, b, next_code: int) -> Edit | None:
    """The edit of one step, None if the plan has no such territory."""
    try:
        if kind == "paint":
            return moves.assign(plan, sorted(a), b).edit
        if kind == "new":
            return moves.new_territory(plan, next_code=next_code)
        return moves.merge(plan, a, b) if kind == "merge" else moves.delete(plan, a)
    except TerrError:
        return None


@examples(150)
@given(st.lists(st.integers(-1, 2), min_size=N, max_size=N), STEPS)
def test_edits_leave_what_a_full_count_finds(assign, steps):
    plan = make_plan(UNITS, assign, names=("A", "B", "C"))
    carried = tally(plan, UNITS, LOADS, COUNTS)
    done: list[Edit] = []
    undone: list[Edit] = []
    code = 3
    for kind, a, b in steps:
        if kind == "undo":
            change = done.pop().inverse() if done else None
            undone += [change.inverse()] if change is not None else []
        elif kind == "redo":
            change = undone.pop() if undone else None
            done += [change] if change is not None else []
        else:
            change = made(plan, kind, a, b, code)
            if change:
                done, undone, code = [*done, change], [], code + (kind == "new")
        if not change:
            continue
        plan = moves.apply(plan, change)
        carried = tally(plan, UNITS, LOADS, COUNTS, carried)
        assert same(carried, tally(plan, UNITS, LOADS, COUNTS))
        slots, k = plan.slots(), len(plan.territories)
        graph = UNITS.indptr, UNITS.indices
        assert carried.load.tolist() == balance.loads(slots, LOADS, k).tolist()
        assert carried.accounts.tolist() == balance.loads(slots, COUNTS, k)[:, 0].tolist()
        assert carried.pieces.tolist() == shapes.components(slots, *graph, k).tolist()
        around = shapes.perimeter_km(slots, *graph, UNITS.border_km, UNITS.outer_km, k)
        assert carried.around_km.tolist() == around.tolist()
        round_ = shapes.polsby_popper(slots, *graph, UNITS.border_km, UNITS.area_km2, UNITS.outer_km, k)
        assert carried.polsby_popper.tolist() == round_.tolist()
        strays = [(j, piece) for j, pieces in enumerate(carried.strays) for piece in pieces]
        assert strays == shapes.stray_pieces(slots, *graph, LOADS)
