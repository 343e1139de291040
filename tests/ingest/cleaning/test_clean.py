"""Numbers as people write them: read for certain, or not read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.ingest.cleaning.clean import (
    _DOLLAR,
    _PROOF,
    PLAIN,
    decide_decimal,
    parse_number,
    read_column,
    read_number,
    style_of,
)
from terr.ingest.cleaning.damaged import _MONTHS, _ROUNDED
from terr.ingest.cleaning.marks import fits


@pytest.mark.parametrize(
    ("text", "value", "currency"),
    [
        ("$1,234", 1234, "USD"),
        ("(1,234)", -1234, None),
        ("-1,234", -1234, None),
        ("1,234-", -1234, None),
        ("1.234,56 €", 1234.56, "EUR"),
        ("USD 1.2M", 1_200_000, "USD"),
        ("1.2k", 1200, None),
        ("$1,250,000.50", 1250000.5, "USD"),
        ("1\u00a0234,5", 1234.5, None),
        ("1\u202f234", 1234, None),
        ("1'234.50", 1234.5, None),
        ("$(1,234.5)", -1234.5, "USD"),
        ("-$5", -5, "USD"),
        ("$-5", -5, "USD"),
        ("\u22125", -5, None),
        ("+5", 5, None),
        ("1e5", 100000, None),
        (" 12 ", 12, None),
        (".5", 0.5, None),
        ("€1.5bn", 1.5e9, "EUR"),
        ("CAD $5", 5, "CAD"),
        ("C$ 5", 5, "CAD"),
        ("5 chf", 5, "CHF"),
        ("１２３", 123, None),
        ("1.234.567", 1234567, None),
        ("0", 0, None),
        ("3 million", 3e6, None),
    ],
)
def test_numbers(text: str, value: float, currency: str | None) -> None:
    assert parse_number(text) == (pytest.approx(value, rel=1e-15), currency, None)


@pytest.mark.parametrize("text", ["", "  ", "-", "–", "N/A", "#N/A", "n/a", "null", "None", "$ -", "(blank)"])
def test_unknown_is_not_zero(text: str) -> None:
    assert parse_number(text) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("abc", "not_a_number"),
        ("12%", "percent"),
        ("inf", "not_a_number"),
        ("nan", "not_a_number"),
        ("1e999", "too_large"),
        ("1e16", "too_large"),
        ("1,23,4", "not_a_number"),
        ("--5", "not_a_number"),
        ("(-5)", "not_a_number"),
        ("=1+1", "not_a_number"),
        ("#DIV/0!", "not_a_number"),
        ("1 2", "not_a_number"),
        ("2024-01-02", "not_a_number"),
        ("5 EUR 6 USD", "not_a_number"),
        ("$€5", "not_a_number"),
        ("1_000", "not_a_number"),
        ("0x10", "not_a_number"),
        ("1,5", "not_a_number"),
    ],
)
def test_what_is_no_number(text: str, code: str) -> None:
    number = read_number(text, ".")
    assert number.value is None
    assert number.code == code
    assert number.problem


def test_style_of_a_cell() -> None:
    assert [
        style_of(c)
        for c in ("1,234.5", "1.234,5", "1.5", "1,5", "1,234", "1.234", "1,234,567", "1.234.567", "7", "0.123")
    ] == [
        ".",
        ",",
        ".",
        ",",
        "?",
        "?",
        ".",
        ",",
        "",
        ".",
    ]


def test_the_column_decides_the_decimal_mark() -> None:
    assert decide_decimal(["1.234", "2,5"]) == (",", False)
    assert decide_decimal(["1.234", "2.5"]) == (".", False)
    assert decide_decimal(["1.234", "7"]) == (".", True)
    assert decide_decimal(["1,234", "7"]) == (".", False)
    read = read_column(["1.234", "", "2,5", "x", "1.234,5 €"])
    np.testing.assert_array_equal(read.amounts, [1234, np.nan, 2.5, np.nan, 1234.5])
    assert list(read.odd) == [3]
    assert read.currency.tolist() == ["", "", "", "", "EUR"]
    assert read_column(["7", "1.234"]).guessed == 1
    assert read_column(["1.234"], ",").amounts.tolist() == [1234.0]


def test_workbook_numbers_are_plain_whatever_the_text_beside_them() -> None:
    numeric = np.array([True, False, False])
    read = read_column(["1.234", "1.234,5", "2,5"], numeric=numeric)
    assert read.amounts.tolist() == [1.234, 1234.5, 2.5]


@given(st.floats(-1e14, 1e14).filter(lambda v: v == 0 or abs(v) > 1e-4))
def test_plain_numbers_round_trip(value: float) -> None:
    assert read_column([repr(value)]).amounts[0] == value


@given(st.integers(-(10**14), 10**14))
def test_grouped_numbers_round_trip(cents: int) -> None:
    text = f"{abs(cents) / 100:,.2f}"
    sign = "-" if cents < 0 else ""
    european = text.translate(str.maketrans(",.", ".,"))
    assert parse_number(f"{sign}${text}")[0] == cents / 100
    assert parse_number(f"{sign}{european} €", ",")[0] == cents / 100
    assert parse_number(f"({text})")[0] == -abs(cents) / 100


@given(st.text(max_size=12), st.sampled_from([".", ",", "auto"]))
def test_any_text_is_read_or_refused(text: str, decimal: str) -> None:
    value, _, problem = parse_number(text, decimal)
    assert value is None or (np.isfinite(value) and problem is None)


def test_few_cells_are_described_as_many_are() -> None:
    """The two ways of looking at a column agree, on digits of other scripts, line ends and blanks too."""
    cells = [
        "",
        "7",
        "-7",
        "1,234",
        "1.234,50 €",
        "$1,000",
        "٣",
        "7\n",
        " 7",
        "1e5",
        "12345678901234567",
        "3-Mar",
        "(1.50)",
    ]
    few, many = pd.Series(cells, dtype="str"), pd.Series(cells * 200, dtype="str")
    patterns = (*PLAIN.values(), *_PROOF.values(), _DOLLAR, _MONTHS, _ROUNDED, r"[+-]?[0-9]*", r"\d+")
    for pattern in patterns:
        assert fits(many, pattern).tolist() == fits(few, pattern).tolist() * 200, pattern
    assert fits(pd.Series([], dtype="str"), r".*").tolist() == []


def test_another_currency_is_read_as_its_country_writes_it() -> None:
    euros = ["€1.200,50", "€300,00", "€80", "€1,50"]
    read = read_column([*euros, "$50", "$70.25", "US$ 1,000.75", "$12.345.67"])
    assert read.decimal == ","
    assert read.amounts[:7].tolist() == [1200.5, 300.0, 80.0, 1.5, 50.0, 70.25, 1000.75]
    assert read.currency.tolist() == ["EUR"] * 4 + ["USD"] * 3 + [""]
    assert set(read.odd) == {7}
    headed = read_column(pd.Series(["1.200,50", "300,00", "$70.25"], name="Umsatz (EUR)"))
    assert (headed.amounts[2], headed.currency[2]) == (70.25, "USD")


def test_several_currencies_do_not_outvote_the_decimal_mark_of_most() -> None:
    read = read_column(["€300,00", "€80,10", "€9", "€7", "£1,000.25", "$70.10", "$0.75"])
    assert read.decimal == ","
    assert np.isfinite(read.amounts).all()


def test_a_sign_in_a_column_without_one_says_what_is_wrong_with_it() -> None:
    read = read_column(["1.200,50", "300,00", "$70.25"])
    assert read.odd[2].problem == (
        "is in USD and isn't written as the column is, with a decimal comma; convert it, or leave the cell blank"
    )
