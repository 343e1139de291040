"""Ranges: by hand, then as properties; what groups of accounts add up to, and their chance to reach a goal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.scoring.ranges import FigureRange, by_columns, by_misses, by_share, sums
from terr.workspace.accounts import dataset
from tests.helpers.effort import examples


def book(head: str, *rows: str) -> Accounts:
    raw, columns = dataset.inspect("\n".join([head, *rows]).encode(), "book.csv")
    return dataset.intake(raw, columns, dict.fromkeys(head.split(",")[3:], "USD")).accounts


def test_columns_and_what_is_blank_or_on_the_wrong_side() -> None:
    accounts = book(
        "Account ID,Name,ZIP,Revenue,Low Revenue,High Revenue",
        "A,a,19901,100,80,150",
        "B,b,19901,100,120,90",
        "C,c,19901,100,,130",
        "D,d,19901,,50,60",
    )
    found = by_columns(accounts, "Low Revenue", "Revenue", "High Revenue")
    assert found.low[:3].tolist() == [80, 100, 100]
    assert found.likely[:3].tolist() == [100, 100, 100]
    assert found.high[:3].tolist() == [150, 100, 130]
    assert np.isnan([found.low[3], found.likely[3], found.high[3]]).all()
    assert [n.split(" has ")[0] for n in found.notes] == ["1 account", "1 account"]


def test_shares_and_their_bounds() -> None:
    accounts = book("Account ID,Name,ZIP,Revenue", "A,a,19901,100", "B,b,19901,-50")
    found = by_share(accounts, "Revenue", 0.2, 0.5)
    assert found.low.tolist() == pytest.approx([80, -75])
    assert found.high.tolist() == pytest.approx([150, -40])
    for below, above in ((-0.1, 0), (1.1, 0), (0, -1), (0, 11)):
        with pytest.raises(InputError, match="below the likely"):
            by_share(accounts, "Revenue", below, above)


def test_misses_are_those_of_the_last_period() -> None:
    # 2023 and 2024 are 100 each, so 100 is forecast; 2025 came to 50 ... 150 in even steps
    rows = [f"A{i},a,19901,200,100,100,{50 + 5 * i}" for i in range(21)]
    accounts = book("Account ID,Name,ZIP,Potential,Revenue 2023,Revenue 2024,Revenue 2025", *rows)
    found = by_misses(accounts, "Potential", ("Revenue 2023", "Revenue 2024", "Revenue 2025"))
    assert found.low[0] == pytest.approx(200 * 0.6)  # the 10% quantile of .5, .55 ... 1.5
    assert found.high[0] == pytest.approx(200 * 1.4)
    assert "21 accounts" in found.notes[0]
    with pytest.raises(InputError, match="three or more"):
        by_misses(accounts, "Potential", ("Revenue 2023", "Revenue 2024"))
    few = book("Account ID,Name,ZIP,Potential,Revenue 2023,Revenue 2024,Revenue 2025", *rows[:19])
    with pytest.raises(InputError, match="19 accounts have enough"):
        by_misses(few, "Potential", ("Revenue 2023", "Revenue 2024", "Revenue 2025"))


def test_sums_and_chances_by_hand() -> None:
    one = FigureRange(np.array([0.0, 0.0]), np.array([3.0, 3.0]), np.array([6.0, 6.0]))
    alone = sums(one, np.array([0, 0]), 1, together=0.0)
    # a triangle over 0, 3, 6 has the mean 3 and the variance 36 + 9 - 18 over 18 = 1.5
    assert (alone.low[0], alone.likely[0], alone.high[0], alone.mean[0]) == (0, 6, 12, 6)
    assert alone.spread[0] == pytest.approx(np.sqrt(3.0))
    assert sums(one, np.array([0, 0]), 1, together=1.0).spread[0] == pytest.approx(2 * np.sqrt(1.5))
    assert alone.chance(np.array([6.0]))[0] == pytest.approx(0.5)
    assert alone.chance(np.array([6.0 + 1.6448536 * np.sqrt(3.0)]))[0] == pytest.approx(0.05, abs=1e-6)
    empty = sums(one, np.array([0, -1]), 2)
    assert empty.likely.tolist() == [3, 0]
    assert np.isnan(empty.chance(np.array([1.0, 1.0]))[1])


def test_a_range_the_wrong_way_around_is_refused() -> None:
    with pytest.raises(InputError, match="above the likely"):
        FigureRange(np.array([2.0]), np.array([1.0]), np.array([3.0]))


@examples(100)
@given(
    st.lists(st.tuples(*[st.floats(0, 1e6)] * 3, st.integers(-1, 3)), min_size=1, max_size=40),
    st.floats(0, 1),
    st.floats(0, 1e6),
)
def test_sums_keep_every_figure_and_chances_fall_with_the_goal(rows, together, goal) -> None:
    figures = np.sort(np.array([r[:3] for r in rows], dtype=np.float64), axis=1)
    group = np.array([r[3] for r in rows], dtype=np.int64)
    one = FigureRange(*(figures[:, j].copy() for j in range(3)))
    added = sums(one, group, 4, together)
    inside = group >= 0
    for part, whole in ((added.low, figures[:, 0]), (added.likely, figures[:, 1]), (added.high, figures[:, 2])):
        assert part.sum() == pytest.approx(whole[inside].sum())
    assert (added.low <= added.likely + 1e-6).all()
    assert (added.likely <= added.high + 1e-6).all()
    assert (sums(one, group, 4, 0.0).spread <= added.spread + 1e-6).all()
    chance, harder = added.chance(np.full(4, goal)), added.chance(np.full(4, goal + 1000.0))
    there = ~np.isnan(chance)
    assert ((chance[there] >= 0) & (chance[there] <= 1) & (harder[there] <= chance[there])).all()
