"""Headers that carry a scale or a currency: applied and said, or asked where that is doubtful; each with its ledger."""

from __future__ import annotations

import pytest

from terr.ingest import build_ledger, questions, read_table, recognise
from terr.ingest.cleaning.header_scales import header_scale
from tests.helpers.intakes import counts, csv_bytes, issues, money, repairs, table


def made(name: str, *cells: str):
    return table(
        ["Account ID", "Account Name", "ZIP", name], *([f"A{k}", "Acme", "75001", c] for k, c in enumerate(cells))
    )


@pytest.mark.parametrize(
    ("header", "measure", "size", "currency"),
    [
        ("Revenue (in thousands)", "Revenue", 1e3, ""),
        ("Revenue ($000s)", "Revenue", 1e3, ""),
        ("Revenue $000", "Revenue", 1e3, ""),
        ("Annual Revenue (USD '000)", "Annual Revenue", 1e3, ""),
        ("Sales (in 000s USD)", "Sales", 1e3, ""),
        ("Umsatz in T€", "Umsatz", 1e3, "EUR"),
        ("Umsatz (TEUR)", "Umsatz", 1e3, "EUR"),
        ("Umsatz in 1.000 €", "Umsatz", 1e3, "EUR"),
        ("Umsatz (Mio. EUR)", "Umsatz", 1e6, "EUR"),
        ("Sales, $M", "Sales", 1e6, ""),
        ("Sales [$MM]", "Sales", 1e6, ""),
        ("Potential (£m)", "Potential", 1e6, "GBP"),
        ("CA (k€)", "CA", 1e3, "EUR"),
        ("CA (en milliers d'euros)", "CA", 1e3, ""),
        ("Ventas (en miles de €)", "Ventas", 1e3, "EUR"),
        ("Faturamento (R$ mil)", "Faturamento", 1e3, "BRL"),
        ("Faturamento (R$ milhões)", "Faturamento", 1e6, "BRL"),
        ("Omsättning (tkr)", "Omsättning", 1e3, ""),
        ("Выручка (тыс. руб.)", "Выручка", 1e3, "RUB"),
        ("Revenue (₹ Cr)", "Revenue", 1e7, "INR"),
        ("Revenue (in lakhs)", "Revenue", 1e5, ""),
        ("Revenue, $ thousands", "Revenue", 1e3, ""),
    ],
)
def test_a_header_with_a_scale_is_applied_and_said(header: str, measure: str, size: float, currency: str) -> None:
    raw = made(header, "12", "7.5", "")
    columns = recognise(raw)
    assert dict(columns.measures) == {measure: header}
    assert questions(raw, columns) == ()
    got = build_ledger(raw, columns)
    assert counts(got) == (3, 3, 0, 0)
    assert money(got, measure) == (19.5 * size, 19.5 * size, 0, 0)
    assert [i for i in issues(got) if i[3] == "header_scale"] == [(1, header, "", "header_scale", "accepted")]
    assert ("header_scale", header, 2) in repairs(got)
    assert got.currency.get(measure, "") == currency
    left = build_ledger(raw, columns, refuse=[f"header_scale:{header}"])
    assert money(left, measure) == (19.5, 19.5, 0, 0)
    assert [r.code for r in left.ledger.repairs if r.refused] == ["header_scale"]
    assert "header_scale" not in {i[3] for i in issues(left)}


@pytest.mark.parametrize(
    "header",
    [
        *("Revenue", "Revenue ($)", "Revenue 2024", "Revenue (converted)", "Annual Revenue (currency)", "Umsatz (EUR)"),
        *(
            "Distance (miles)",
            "Beds (total)",
            "Class B",
            "Sales per 1000",
            "Employees (K-12)",
            "Sales (M-F)",
            "Top 1000",
        ),
        *("Area (km)", "Sales / month", "Revenue (FY24)", "Sales (Q1)", "Hours, total", "Volume (m3)", "Visits, plan"),
    ],
)
def test_a_header_without_a_scale(header: str) -> None:
    assert header_scale(header) is None
    raw = made(header, "12", "7.5", "3")
    assert sum(build_ledger(raw, recognise(raw)).frame.get(header, [])) in {22.5, 0} or header == "Class B"


def test_a_cell_with_its_own_word_is_not_multiplied_again_and_asked_about() -> None:
    raw = made("Revenue ($000s)", "12", "$5M", "1-2", "2k - 3k")
    columns = recognise(raw)
    found = {q.key: q for q in questions(raw, columns)}["header_scale:Revenue ($000s)"]
    measure = next(iter(columns.measures))
    assert (found.default, [(c.value, c.money[measure]) for c in found.choices]) == (
        "scaled",
        [("scaled", 5_012_000), ("as_is", 5_000_012)],
    )
    high = build_ledger(raw, columns, answers={"range:Revenue ($000s)": "high"})
    assert money(high, measure)[1] == 5_012_000 + 2_000 + 3_000


@pytest.mark.parametrize(
    ("header", "cells", "default", "sums"),
    [
        ("Revenue (M)", ["12", "8"], "scaled", (20e6, 20)),
        ("Revenue_k", ["12", "8"], "scaled", (20e3, 20)),
        ("Sales_MM", ["12", "8"], "scaled", (20e6, 20)),
        ("Revenue (in thousands)", ["250000000", "350000000"], "as_is", (6e11, 6e8)),
        ("Revenue (in thousands)", ["25000000", "35000000"], "scaled", (6e10, 6e7)),
        ("Amt (mil)", ["3", "4"], "scaled", (7e6, 7)),
    ],
)
def test_where_it_is_doubtful_it_is_asked(
    header: str, cells: list[str], default: str, sums: tuple[float, float]
) -> None:
    raw = made(header, *cells)
    columns = recognise(raw)
    assert dict(columns.measures) == {header: header}
    (found,) = questions(raw, columns)
    assert (found.key, found.default) == (f"header_scale:{header}", default)
    assert [(c.value, c.rows, c.money[header]) for c in found.choices] == [
        ("scaled", 2, sums[0]),
        ("as_is", 2, sums[1]),
    ]
    assert len(found.examples) == 2
    for choice in found.choices:
        got = build_ledger(raw, columns, answers={found.key: choice.value})
        assert money(got, header)[1] == choice.money[header]
    assert money(build_ledger(raw, columns), header)[1] == sums[0 if default == "scaled" else 1]


@pytest.mark.parametrize(
    ("line", "size"),
    [("(all amounts in $ thousands)", 1e3), ("USD in millions, except per share", 1e6), ("Angaben in TEUR", 1e3)],
)
def test_a_line_above_the_table_is_asked_about_for_money_alone(line: str, size: float) -> None:
    head = ["Account ID", "ZIP", "Revenue", "Employees"]
    data = csv_bytes(
        [["Q4 report", "", "", ""], [line, "", "", ""], head, *([f"A{k}", "75001", "5", "9"] for k in "12")]
    )
    raw = read_table(data, "a.csv")
    columns = recognise(raw)
    (found,) = questions(raw, columns)
    assert (found.key, [c.money["Revenue"] for c in found.choices]) == ("header_scale:Revenue", [10 * size, 10])
    assert money(build_ledger(raw, columns), "Employees")[1] == 18


def test_a_figure_too_large_after_scaling_is_said_and_adds_nothing() -> None:
    raw = made("Revenue (in millions)", "5", "7", "9000000000000")
    columns = recognise(raw)
    got = build_ledger(raw, columns)
    assert counts(got) == (3, 2, 0, 1)
    assert money(got, "Revenue") == (12e6, 12e6, 0, 0)
    assert (4, "too_large") in [(i[0], i[3]) for i in issues(got)]


def test_the_euro_of_a_header_is_the_currency_of_its_cells() -> None:
    got = build_ledger(raw := made("Umsatz (EUR)", "12", "7"), recognise(raw))
    assert got.currency == {"Umsatz (EUR)": "EUR"}
    assert questions(raw, recognise(raw)) == ()
