"""Colors of territories: touching ones differ, whatever came before, and few change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike, NDArray

from terr.edits import moves
from terr.edits.colors import PALETTE, choose_colors, rep_colors, territory_colors
from terr.errors import PlanError
from terr.model.plan import Plan, Territory
from tests.helpers.effort import examples
from tests.helpers.strategies import csr

WIDE = 30


def borders(wide: int, high: int) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """The border graph of a grid, row by row."""
    at = np.arange(wide * high).reshape(high, wide)
    pairs = [
        *zip(at[:, :-1].ravel(), at[:, 1:].ravel(), strict=True),
        *zip(at[:-1].ravel(), at[1:].ravel(), strict=True),
    ]
    return csr(wide * high, [(int(a), int(b)) for a, b in pairs])[:2]


def touching(slots: NDArray[np.int64], indptr: NDArray[np.int32], indices: NDArray[np.int32]) -> set[tuple[int, int]]:
    a, b = np.repeat(slots, np.diff(indptr)), slots[indices]
    on = (a >= 0) & (b >= 0) & (a < b)
    return {(int(x), int(y)) for x, y in zip(a[on], b[on], strict=True)}


def drawn(rng: np.random.Generator, k: int, wide: int = WIDE) -> NDArray[np.int64]:
    """k territories on a grid, each the cells nearest to its point."""
    at = rng.integers(0, wide, (k, 2))
    cells = np.stack(np.divmod(np.arange(wide * wide), wide), axis=1)
    found: NDArray[np.int64] = ((cells[:, None] - at[None]) ** 2).sum(axis=2).argmin(axis=1)
    return found


def test_four_quarters_by_hand() -> None:
    indptr, indices = borders(4, 4)
    quarters = np.array([0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3, 2, 2, 3, 3])
    assert choose_colors(quarters, indptr, indices, 4).tolist() == [0, 1, 2, 3]
    # 0 and 3 only meet at a corner, but so few territories share no color at all: the later one gives way
    assert choose_colors(quarters, indptr, indices, 4, [3, -1, -1, 3]).tolist() == [3, 0, 1, 2]
    assert choose_colors(quarters, indptr, indices, 4, [5, 5, 7, 7]).tolist() == [5, 0, 7, 1]
    assert choose_colors(np.full(16, -1), indptr, indices, 0).tolist() == []
    with pytest.raises(PlanError, match="fit each other"):
        choose_colors(quarters, indptr, indices, 4, [0])


def test_territories_of_a_rep_share_a_color_by_hand() -> None:
    indptr, indices = borders(4, 1)
    reps, wished = ("ann", "", "bob", "ann"), (5, 5, 5, 2)
    plan = plan_of([0, 1, 2, 3], reps, wished)
    # both wish for 5, that of their first territories: the later one takes the least used, and who has no rep has none
    assert rep_colors(plan, indptr, indices) == {0: 5, 1: -1, 2: 0, 3: 5}
    assert rep_colors(plan_of([0, -1, -1, -1], [""], [3]), indptr, indices) == {0: -1}
    assert rep_colors(plan_of([-1] * 4, [], []), indptr, indices) == {}


def plan_of(codes: ArrayLike, reps: Sequence[str], colors: Sequence[int]) -> Plan:
    assign = np.asarray(codes, dtype=np.int16)
    made = (
        Territory(i, f"T{i}", rep=rep, color=color) for i, (rep, color) in enumerate(zip(reps, colors, strict=True))
    )
    return Plan(assign, tuple(made), np.zeros(len(assign), dtype=bool), "v")


@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 20))
@examples(20)
def test_each_rep_has_one_color_and_up_to_twelve_share_none(seed: int, k: int, r: int) -> None:
    rng = np.random.default_rng(seed)
    slots, (indptr, indices) = drawn(rng, k, 12), borders(12, 12)
    reps = [f"r{i}" if i else "" for i in rng.integers(0, r + 1, k).tolist()]
    shown = rep_colors(plan_of(slots, reps, rng.integers(0, PALETTE, k).tolist()), indptr, indices)
    by_rep: dict[str, set[int]] = {}
    for i in range(k):
        by_rep.setdefault(reps[i], set()).add(shown[i])
    assert all(len(c) == 1 for c in by_rep.values())
    assert by_rep.pop("", {-1}) == {-1}
    if len(by_rep) <= PALETTE:
        assert len(set.union(set(), *by_rep.values())) == len(by_rep)


@pytest.mark.parametrize("seed", range(200))
def test_no_two_that_touch_share_a_color_in_any_plan_after_any_other(seed: int) -> None:
    """The plan before hands its colors on, as a second Generate, a file or a reload does."""
    rng = np.random.default_rng(seed)
    indptr, indices = borders(WIDE, WIDE)
    k = int(rng.integers(2, 80))
    before = rng.integers(-1, 14, k)
    slots = drawn(rng, k)
    colors = choose_colors(slots, indptr, indices, k, before)
    assert all(colors[a] != colors[b] for a, b in touching(slots, indptr, indices))
    assert ((colors >= 0) & (colors < PALETTE)).all()
    assert k > PALETTE or len(set(colors.tolist())) == k
    assert colors.tolist() == choose_colors(slots, indptr, indices, k, before).tolist()


@pytest.mark.parametrize("k", [8, 12, 13, 40])
def test_200_edits_one_after_the_other_never_bring_two_alike_together_and_recolor_little(k: int) -> None:
    rng = np.random.default_rng(k)
    indptr, indices = borders(WIDE, WIDE)
    slots = drawn(rng, k)
    first = choose_colors(slots, indptr, indices, k)
    plan = Plan(
        assign=slots.astype(np.int16),
        locked_units=np.zeros(WIDE * WIDE, dtype=np.bool_),
        territories=tuple(Territory(t, f"T{t}", color=int(first[t])) for t in range(k)),
        units_version="grid",
    )
    shown = territory_colors(plan, indptr, indices)
    changed = 0
    for _ in range(200):
        row, col = rng.integers(0, WIDE - 3, 2)
        units = (np.arange(row, row + 3)[:, None] * WIDE + np.arange(col, col + 3)).ravel()
        to = int(plan.assign[units[0]])  # a block joins the territory at its corner, as a person paints
        done = moves.assign(plan, units, to if rng.random() < 0.9 else -1)
        plan = moves.apply(plan, done.edit)
        after = territory_colors(plan, indptr, indices)
        assert all(after[a] != after[b] for a, b in touching(plan.slots().astype(np.int64), indptr, indices))
        changed += sum(after[c] != shown[c] for c in after)
        shown = after
    assert k > PALETTE or changed == 0  # a color each: nothing ever has to change
    assert changed <= 60


def test_a_color_comes_back_when_the_two_that_share_it_part() -> None:
    indptr, indices = borders(40, 1)
    plan = Plan(
        assign=np.repeat(np.arange(20), 2).astype(np.int16),
        locked_units=np.zeros(40, dtype=np.bool_),
        territories=tuple(Territory(t, f"T{t}", color=t % 3) for t in range(20)),
        units_version="line",
    )
    own = {t.code: t.color for t in plan.territories}
    assert territory_colors(plan, indptr, indices) == own
    beside = moves.apply(plan, moves.assign(plan, [2, 3, 4, 5], 0).edit)  # 0 now touches 3, of its color
    shown = territory_colors(beside, indptr, indices)
    assert shown[0] != shown[3]
    assert sum(shown[c] != own[c] for c in own) == 1
    back = moves.apply(beside, moves.assign(beside, [2, 3], 1).edit)
    back = moves.apply(back, moves.assign(back, [4, 5], 2).edit)
    assert territory_colors(back, indptr, indices) == own


@examples(60)
@given(st.lists(st.integers(-1, 15), min_size=36, max_size=36), st.lists(st.integers(-1, 15), min_size=16, max_size=16))
def test_territories_in_many_pieces_differ_where_twelve_colors_can_do(slots: list[int], preferred: list[int]) -> None:
    indptr, indices = borders(6, 6)
    at = np.array(slots)
    colors = choose_colors(at, indptr, indices, 16, preferred)
    # 36 cells give each of 16 territories few neighbors: 12 colors always do
    assert all(colors[a] != colors[b] for a, b in touching(at, indptr, indices))


def test_more_that_all_touch_than_there_are_colors_share_as_little_as_can_be() -> None:
    pairs = [(a, b) for a in range(14) for b in range(a + 1, 14)]
    indptr, indices = csr(14, pairs)
    colors = choose_colors(np.arange(14), indptr, indices, 14)
    assert len(set(colors.tolist())) == PALETTE
