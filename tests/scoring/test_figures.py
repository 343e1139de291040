"""Segments, tiers, scores and potential: small cases by hand, then what always holds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.model.json_values import read, to_text
from terr.scoring import columns
from terr.scoring.potential import blend, by_formula, by_history, column, white_space
from terr.scoring.scores import Ingredient, percentile_scaled, score
from terr.scoring.segments import BLANK, Segment, by_bands, by_values, members, only, summary
from terr.scoring.tiers import Cuts, curve, headline, tiers
from tests.helpers.effort import examples
from tests.helpers.grids import make_accounts

NAN = np.nan
figures = st.lists(st.one_of(st.just(NAN), st.integers(-3, 12).map(float), st.floats(0, 1e9)), max_size=40)


def book(**measures: list[float]):
    return make_accounts(["48001"] * len(next(iter(measures.values()))), **measures)


BOOK = make_accounts(
    ["48001"] * 4, {"Industry": ["Health", "HEALTH", "Retail", ""]}, revenue=[10, 20, 30, NAN], seats=[1, 2, 3, 4]
)


# segments


def test_a_segment_by_values_filters_and_measures() -> None:
    health = Segment("Health", column="industry", values=("health",))
    assert members(BOOK, health).mask.tolist() == [True, True, False, False]
    assert only(BOOK, health).frame["account_id"].tolist() == ["A-1", "A-2"]
    table = summary(BOOK, by_values(BOOK, "industry"))
    assert table["segment"].tolist() == ["Health", "Retail", "(blank)"]
    assert table["revenue"].tolist() == [30, 30, 0]
    assert table["accounts"].tolist() == [2, 1, 1]


def test_a_segment_is_kept_as_plain_text() -> None:
    for s in (Segment("Big", "revenue >= 1M"), Segment("None", column="Industry", values=(BLANK, "Retail"))):
        assert read(Segment, json.loads(to_text(s, "s")), "s", closed=True) == s
    assert Segment("Big", 'revenue >= 1M and [Size band] = "L"').columns == ("revenue", "Size band")
    for bad in (
        {"name": "x"},
        {"name": "x", "rule": 3},
        {"name": "x", "rule": "a>1", "more": 1},
        {"rule": "a > 1"},
        {"name": "x", "rule": "a + 1"},
        {"name": "x", "rule": "a >"},
        {"name": "x", "column": "a"},
        {"name": "x", "column": "a", "values": [1]},
        {"name": "x", "column": "a", "values": "ab"},
    ):
        with pytest.raises(InputError):
            read(Segment, bad, "a segment", closed=True)
    with pytest.raises(InputError, match="no column"):
        members(BOOK, Segment("x", column="Color", values=("red",)))


def test_many_values_are_gathered() -> None:
    accounts = make_accounts(["48001"] * 6, {"City code": list("aabbcd")}, revenue=[1] * 6)
    made = by_values(accounts, "City code", most=2)
    assert [s.name for s in made] == ["a", "b", "(other values)"]
    assert sum(len(members(accounts, s)) for s in made) == 6


def test_size_bands() -> None:
    accounts = make_accounts(["48001"] * 5, {"Sales [USD]": ["-5", "0", "1,000", "2500000", ""]})
    made = by_bands(accounts, "sales usd", [-1, 1000, 2.5e6])
    assert [s.name for s in made][1:3] == ["Sales [USD] -1 to 1,000", "Sales [USD] 1,000 to 2,500,000"]
    assert [members(accounts, s).mask.tolist().index(True) for s in made] == [0, 1, 2, 3]
    assert [len(members(accounts, s)) for s in made] == [1, 1, 1, 1]
    for edges in ([], [2, 1], [1, 1], [NAN], [1e20]):
        with pytest.raises(InputError):
            by_bands(accounts, "Sales [USD]", edges)


@examples(100)
@given(st.lists(st.sampled_from(["", "a", "A", "b ", "c", "d"]), min_size=1, max_size=30), st.integers(1, 5))
def test_segments_by_values_part_rows_and_money(words: list[str], most: int) -> None:
    accounts = make_accounts(["48001"] * len(words), {"Kind": words}, revenue=np.arange(len(words)) + 0.5)
    made = by_values(accounts, "Kind", most)
    covered = sum(members(accounts, s).mask.astype(int) for s in made)
    assert (covered == 1).all()
    money = accounts.frame["revenue"].to_numpy()
    assert sum(money[members(accounts, s).mask].sum() for s in made) == pytest.approx(accounts.total("revenue"))


# tiers


OF_SUM = Cuts((0.8, 0.95), of="measure")


def test_tier_a_is_the_top_20_percent_of_accounts() -> None:
    values = [10, 90, 20, 80, 30, 70, 40, 60, 50, 5]
    found = tiers(book(revenue=values), "revenue")
    assert [v for v, t in zip(values, found.labels, strict=True) if t == "A"] == [90, 80]
    assert found.table["accounts"].tolist() == [2, 3, 5]
    many = tiers(book(revenue=list(np.random.default_rng(1).permutation(1000.0 + np.arange(500)))), "revenue")
    assert many.table["accounts"].tolist() == [100, 150, 250]
    half = tiers(book(revenue=[9, 8, 7, 6, 5, 0, 0, NAN, -1, NAN]), "revenue")
    assert half.table["accounts"].tolist() == [2, 3, 5], "20% of all accounts, with a figure or without"
    assert tiers(book(revenue=[7, 7, 7, 7, 1]), "revenue").labels.tolist() == ["A"] * 4 + ["C"], "equal ones together"


def test_tiers_of_the_sum_worked_by_hand() -> None:
    found = tiers(book(revenue=[50, 30, 15, 3, 2, 0, -5, NAN]), "revenue", OF_SUM)
    assert found.labels.tolist() == ["A", "A", "B", "C", "C", "C", "C", "C"]
    assert (found.zero, found.negative, found.blank) == (1, 1, 1)
    assert "1 with 0, 1 with a negative amount, 1 with no amount" in found.note()
    assert found.table["accounts"].tolist() == [2, 1, 5]
    np.testing.assert_allclose(found.table["share of sum"], [0.8, 0.15, 0.05])
    assert found.table["sum"].tolist() == [80, 15, 0]


def test_one_giant_is_in_a_and_equal_accounts_stay_together() -> None:
    assert tiers(book(revenue=[99, 1]), "revenue", OF_SUM).labels.tolist() == ["A", "C"]
    assert tiers(book(revenue=[10, 10, 10, 10]), "revenue", OF_SUM).labels.tolist() == ["A"] * 4
    assert tiers(book(revenue=[60, 10, 10, 10, 10]), "revenue", OF_SUM).labels.tolist() == ["A"] * 5
    assert tiers(book(revenue=[0, NAN, -1]), "revenue", OF_SUM).labels.tolist() == ["C"] * 3
    assert tiers(book(revenue=[]), "revenue", OF_SUM).labels.tolist() == []


def test_cuts_can_be_set_and_checked() -> None:
    found = tiers(book(revenue=[50, 30, 20]), "revenue", Cuts((0.5,), ("Key", "Rest"), "measure"))
    assert found.labels.tolist() == ["Key", "Rest", "Rest"]
    assert read(Cuts, json.loads(to_text(Cuts(), "cuts")), "cuts") == Cuts()
    assert read(Cuts, {}, "cuts") == Cuts(), "what is left out has its usual value"
    for kept in (
        {"shares": [0.5]},
        {"shares": [2], "names": ["A", "B"]},
        {"shares": None, "names": []},
        {"shares": ["x"], "names": ["A", "B"]},
    ):
        with pytest.raises(InputError):
            read(Cuts, kept, "cuts")
    for shares, names in (
        ((0.9, 0.8), "ABC"),
        ((0.0, 0.5), "ABC"),
        ((0.5,), "ABC"),
        ((0.5, 0.8), "AAB"),
        ((1.0,), "AB"),
        ((NAN,), "AB"),
    ):
        with pytest.raises(InputError):
            Cuts(shares, tuple(names))


def test_the_curve_of_80_and_20() -> None:
    frame = curve(book(revenue=[80, 5, 5, 5, 5]), "revenue")
    np.testing.assert_allclose(frame["share of sum"], [0, 0.8, 0.85, 0.9, 0.95, 1])
    np.testing.assert_allclose(frame["share of accounts"], [0, 0.2, 0.4, 0.6, 0.8, 1])
    assert headline(frame) == (1, 0.2)
    big = curve(book(revenue=list(np.arange(5000.0))), "revenue")
    assert len(big) < 450
    assert big["share of sum"].iloc[-1] == 1
    assert headline(curve(book(revenue=[0.0]), "revenue")) == (0, 0.0)


@examples(200)
@given(figures)
def test_tiers_part_the_accounts_by_size(values: list[float]) -> None:
    accounts = book(revenue=values)
    by_count = tiers(accounts, "revenue")
    v = np.array(values, dtype=float)
    top = by_count.codes == 0
    if top.any():
        assert (v[top] > v[top].min()).sum() < 0.2 * len(v), "without its smallest it wouldn't do"
        assert top.sum() >= min(0.2 * len(v), (v > 0).sum()) - 1e-9
    found = tiers(accounts, "revenue", OF_SUM)
    assert found.table["accounts"].sum() == len(values)
    assert found.table["sum"].sum() == pytest.approx(np.nansum(values), rel=1e-9, abs=1e-6)
    v = np.array(values, dtype=float)
    for a, b in zip(found.codes, v, strict=True):
        bigger = v > b
        assert (found.codes[bigger] <= a).all()  # never a smaller account in a better tier
        assert (found.codes[v == b] == a).all()
    whole = np.where(v > 0, v, 0).sum()
    if whole > 0:
        top = found.codes == 0
        assert v[top].sum() >= 0.8 * whole * (1 - 1e-9)
        smallest = v[top].min()
        assert v[top & (v > smallest)].sum() < 0.8 * whole * (1 + 1e-9)  # without its smallest it wouldn't do
    share = curve(accounts, "revenue")["share of sum"].to_numpy()
    assert (np.diff(share) >= -1e-12).all()


# scores


def test_a_score_worked_by_hand() -> None:
    found = score(BOOK, [Ingredient("revenue", 3), Ingredient("seats", 1, high_is_good=False)])
    # revenue: 0, 50, 100, blank = 50; seats turned round: 100, 66.7, 33.3, 0
    np.testing.assert_allclose(found.score, [25, 54.1666667, 83.3333333, 37.5])
    np.testing.assert_allclose(found.parts[2], [75, 8.3333333])
    assert found.blank == (1, 0)
    assert found.explained(2)["column"].tolist() == ["revenue", "seats"]
    assert found.frame().columns.tolist() == ["score", "points: revenue", "points: seats"]


def test_blanks_are_treated_as_asked() -> None:
    def last(blanks: str) -> float:
        return float(score(BOOK, [Ingredient("revenue", 1, blanks=blanks), Ingredient("seats")]).score[3])

    assert (last("middle"), last("lowest"), last("skip")) == (75, 50, 100)
    alone = score(BOOK, [Ingredient("revenue", blanks="skip")])
    assert alone.unscored == 1
    assert np.isnan(alone.score[3])


def test_texts_have_the_points_a_person_gives() -> None:
    found = score(BOOK, [Ingredient("Industry", points=(("Health", 100), ("Retail", 20)), blanks="lowest")])
    assert found.score.tolist() == [100, 100, 20, 0]
    with pytest.raises(InputError, match="enter what each value is worth"):
        score(BOOK, [Ingredient("Industry")])


def test_ingredients_are_checked_and_kept() -> None:
    i = Ingredient("Industry", 2, False, "skip", (("Health", 100.0),))
    assert read(Ingredient, json.loads(to_text(i, "i")), "i") == i
    for bad in ({"weight": 0}, {"weight": NAN}, {"blanks": "no"}, {"points": (("x", 101),)}):
        with pytest.raises(InputError):
            Ingredient("a", **bad)
    for kept in ({}, {"column": "a", "weight": None}, {"column": "a", "points": [3]}):
        with pytest.raises(InputError):
            read(Ingredient, kept, "a column of a score")
    with pytest.raises(InputError, match="twice"):
        score(BOOK, [Ingredient("revenue"), Ingredient("Revenue")])
    with pytest.raises(InputError, match="1 to 20"):
        score(BOOK, [])


def test_percentiles_of_equal_and_lone_figures() -> None:
    assert percentile_scaled(np.array([5.0, 5.0, 5.0])).tolist() == [50, 50, 50]
    np.testing.assert_array_equal(percentile_scaled(np.array([NAN, 3.0])), [NAN, 50])
    assert percentile_scaled(np.array([1.0, 2.0, 2.0, 3.0])).tolist() == [0, 50, 50, 100]


@examples(150)
@given(st.data(), st.integers(1, 25), st.integers(1, 4))
def test_parts_sum_to_the_score(data: st.DataObject, n: int, m: int) -> None:
    cell = st.one_of(st.just(NAN), st.integers(-5, 5).map(float))
    measures = {f"m{j}": data.draw(st.lists(cell, min_size=n, max_size=n)) for j in range(m)}
    kinds = st.builds(
        lambda w, g, b: (w, g, b), st.floats(0.01, 10), st.booleans(), st.sampled_from(["middle", "lowest", "skip"])
    )
    found = score(book(**measures), [Ingredient(name, *data.draw(kinds)) for name in measures])
    np.testing.assert_allclose(found.parts.sum(axis=1), found.score, atol=1e-9)
    known = found.score[~np.isnan(found.score)]
    assert ((known >= 0) & (known <= 100)).all()
    assert len(known) + found.unscored == n


# potential


def test_history_draws_the_line_on() -> None:
    accounts = book(q1=[10, 5, 30, NAN, 7], q2=[20, NAN, 20, NAN, 7], q3=[30, 9, 5, NAN, NAN])
    found = by_history(accounts, ["q1", "q2", "q3"])
    # 10 20 30 -> 40; two figures -> their mean; 30 20 5 falls by 12.5 to -6.67 -> 0; nothing; 7
    np.testing.assert_allclose(found.amounts, [40, 7, 0, NAN, 7])
    assert found.blank == 1
    assert any("fewer than three" in n for n in found.notes)
    assert any("below 0" in n for n in found.notes)
    np.testing.assert_allclose(by_history(accounts, ["q1", "q2", "q3"], ahead=2).amounts[0], 50)
    for bad in (["q1"], ["q1", "q1"], ["q1", "zz"]):
        with pytest.raises(InputError):
            by_history(accounts, bad)


def test_blend_and_white_space() -> None:
    accounts = book(users=[1, 2, NAN, 4], sold=[50, 900, 10, NAN])
    potential = by_formula(accounts, "users * 100")
    now = column(accounts, "sold")
    np.testing.assert_allclose(blend(potential, now, 0.25).amounts, [62.5, 725, 10, 400])
    assert "2 accounts have only" in blend(potential, now, 0.25).notes[-1]
    space = white_space(potential, now)
    np.testing.assert_allclose(space.amounts, [50, 0, NAN, NAN])
    assert "1 account already exceeds its potential, by 700" in space.notes[-1]
    np.testing.assert_allclose(
        white_space(potential, now, below_zero=True, blank_is_zero=True).amounts, [50, -700, NAN, 400]
    )
    with pytest.raises(InputError, match="between 0% and 100%"):
        blend(potential, now, 1.5)


def test_currencies_are_never_mixed() -> None:
    accounts = make_accounts(["48001"] * 2, {"Sold": ["$1", "$2"], "Umsatz": ["€1", "€2"]}, plain=[3, 4])
    with pytest.raises(InputError, match="USD"):
        white_space(column(accounts, "Sold"), column(accounts, "Umsatz"))
    taken = white_space(column(accounts, "plain"), column(accounts, "Sold"))
    assert taken.currency == "USD"
    assert "read as USD" in taken.notes[0]
    with pytest.raises(InputError, match="different currencies"):
        by_history(accounts, ["Sold", "Umsatz"])


@examples(100)
@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e6)), min_size=1, max_size=20), st.floats(0, 1))
def test_a_blend_lies_between_and_white_space_never_below_zero(pairs: list[tuple[float, float]], w: float) -> None:
    accounts = book(a=[p[0] for p in pairs], b=[p[1] for p in pairs])
    a, b = column(accounts, "a"), column(accounts, "b")
    mixed = blend(a, b, w).amounts
    assert (mixed >= np.minimum(a.amounts, b.amounts) * (1 - 1e-9)).all()
    assert (mixed <= np.maximum(a.amounts, b.amounts) * (1 + 1e-9)).all()
    space = white_space(a, b).amounts
    assert (space >= 0).all()
    kept = white_space(a, b, below_zero=True).amounts
    np.testing.assert_allclose(kept, a.amounts - b.amounts)


def test_columns_are_found_as_people_write_them() -> None:
    accounts = make_accounts(["48001"], {"Annual Revenue": ["$5"], "annual-revenue": ["7"]}, users=[1])
    assert columns.find(accounts, "USERS") == "users"
    assert columns.numbers(accounts, "Annual Revenue").currency == "USD"
    with pytest.raises(InputError, match="could be"):
        columns.find(accounts, "annual_revenue")
    mixed = make_accounts(["48001"] * 2, {"Sold": ["$5", "€5"]})
    with pytest.raises(InputError, match="mixes currencies"):
        columns.numbers(mixed, "Sold")
