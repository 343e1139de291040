"""Sign, scale, ranges and digits as people write them: each column with its exact ledger."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from terr.ingest import ColumnMap, build_ledger, questions, read_table, recognise
from terr.locate import locate
from tests.helpers.intakes import counts, csv_bytes, issues, money, repairs, table, taken

PLACED = ["Kundennummer", "Firma", "PLZ", "Ort", "Umsatz", "Lat", "Lon"]


def column(name: str, *cells: str, **options):
    """Accounts that differ in one column's cells."""
    rows = [[f"A{i}", f"Acme {i}", "75001", "TX", cell] for i, cell in enumerate(cells)]
    return taken(["Account ID", "Account Name", "ZIP", "State", name], *rows, **options)


def test_a_dash_for_no_cents_is_no_minus() -> None:
    cells = ["1.234,-", "250,--", "€ 2.500,-", "1.500,–", "1.500,50"]
    got = taken(PLACED, *([f"K{i}", "Alpha", "75001", "Addison", c, "32.96", "-96.83"] for i, c in enumerate(cells)))
    assert got.frame["Umsatz"].tolist() == [1234, 250, 2500, 1500, 1500.5]
    assert counts(got) == (5, 5, 0, 0)
    assert money(got, "Umsatz") == (6984.5, 6984.5, 0, 0)
    assert got.currency == {"Umsatz": "EUR"}
    assert issues(got) == []
    assert ("negative_brackets", "Umsatz", 1) not in repairs(got)


@pytest.mark.parametrize(
    ("name", "cells", "figures"),
    [
        # no cents, elsewhere
        ("Umsatz", ["Fr. 1'200.-", "1'234.50", "120.—"], [1200, 1234.5, 120]),
        ("Omsättning", ["1 234:-", "500:-", "12:-"], [1234, 500, 12]),
        ("Omzet", ["€ 250,=", "€ 1.250,50", "€ 3,--"], [250, 1250.5, 3]),
        ("Sales", ["(1.234,-)", "-250,-", "1.500,50"], [-1234, -250, 1500.5]),
        ("Sales", ["1,234-", "(1,234)", "$ (5)", "-5"], [-1234, -1234, -5, -5]),
        # words and letters for thousands and more
        (
            "Faturamento",
            ["R$ 500 mil", "R$ 1,2 mi", "R$ 850 mil", "R$ 2,5 bi", "R$ 300.000,00"],
            [5e5, 1.2e6, 8.5e5, 2.5e9, 3e5],
        ),
        (
            "Umsatz",
            ["1,2 Mio. €", "850 Tsd. €", "2,5 Mrd. €", "350 T€", "350.000,00 €"],
            [1.2e6, 8.5e5, 2.5e9, 3.5e5, 3.5e5],
        ),
        ("Umsatz", ["TEUR 12", "12 MEUR", "1,2 Millionen Euro", "3 Milliarden €"], [12e3, 12e6, 1.2e6, 3e9]),
        ("Ventas", ["2,5 mil millones €", "3 mil €", "1,5 millones €"], [2.5e9, 3e3, 1.5e6]),
        ("Chiffre d'affaires", ["1,2 M€", "350 k€", "2 Md€", "5 milliards €"], [1.2e6, 3.5e5, 2e9, 5e9]),
        ("Annual Revenue", ["₹ 1.2 Cr", "Rs 50 lakhs", "Rs. 1,23,456.50", "₹50L"], [1.2e7, 5e6, 123456.5, 5e6]),
        ("Omsättning", ["12 tkr", "1,5 mkr", "3 mdkr", "250 000 kr"], [12e3, 1.5e6, 3e9, 25e4]),
        ("Sprzedaż", ["1,2 mln zł", "350 tys. zł", "2 mld zł"], [1.2e6, 3.5e5, 2e9]),
        ("Выручка", ["1,5 млн руб.", "300 тыс. руб.", "2 млрд руб."], [1.5e6, 3e5, 2e9]),
        ("Revenue", ["120万円", "3億円", "5千円"], [1.2e6, 3e8, 5e3]),
        ("Revenue", ["$1.2T", "$3bn", "$5K", "$2.5 million", "US$ 7m"], [1.2e12, 3e9, 5e3, 2.5e6, 7e6]),
        ("Revenue", ["$ 3 mil", "$ 2 mil"], [3e6, 2e6]),
        ("Revenue", ["USDm 5", "5 m USD", "M$ 5", "5 MUSD"], [5e6, 5e6, 5e6, 5e6]),
        ("Revenue", ["$4MM", "$2.5 MM"], [4e6, 2.5e6]),
    ],
)
def test_sign_and_scale(name: str, cells: list[str], figures: list[float]) -> None:
    got = column(name, *cells)
    assert got.frame[name].tolist() == pytest.approx(figures, rel=1e-12)
    assert counts(got) == (len(cells), len(cells), 0, 0)
    assert money(got, name) == (pytest.approx(sum(figures)), pytest.approx(sum(figures)), 0, 0)
    assert [i for i in issues(got) if i[3] != "negative"] == []


def asked(name: str, *cells: str):
    raw = table(
        ["Account ID", "Account Name", "ZIP", "State", name],
        *([f"A{i}", f"Acme {i}", "75001", "TX", cell] for i, cell in enumerate(cells)),
    )
    return {q.key: q for q in questions(raw, recognise(raw))}


def test_m_beside_mm_is_asked() -> None:
    cells = ["$5M", "$5MM", "$7M"]
    (found,) = asked("Revenue", *cells).values()
    assert (found.key, found.default) == ("scale:Revenue", "thousand")
    assert [(c.value, c.rows, dict(c.money)) for c in found.choices] == [
        ("thousand", 3, {"Revenue": 5_012_000.0}),
        ("million", 3, {"Revenue": 17_000_000.0}),
    ]
    assert set(found.examples) == {(2, "$5M"), (3, "$5MM"), (4, "$7M")}
    got = column("Revenue", *cells, answers={found.key: "million"})
    assert money(got, "Revenue")[1] == 17e6


def test_mil_is_asked_where_nothing_tells_its_language() -> None:
    (found,) = asked("Amt", "3 mil", "2 mil", "500").values()
    assert (found.key, found.default) == ("scale:Amt", "million")
    assert money(column("Amt", "3 mil", "2 mil", "500", answers={found.key: "thousand"}), "Amt")[1] == 5_500
    assert asked("Annual Revenue", "$3 mil", "$2 mil") == {}
    assert asked("Faturamento", "3 mil", "2 mil") == {}


RANGES = [
    ["101", "Alpha", "75001", "TX", "51-200", "1000000"],
    ["102", "Beta", "75002", "TX", "11-50", "2000000"],
    ["103", "Gamma", "75006", "TX", "10,001+", "3000000"],
    ["104", "Delta", "75007", "TX", "250", "4000000"],
    ["105", "Eps", "75010", "TX", "300", "$1M - $10M"],
    ["106", "Zeta", "75011", "TX", "120", "5000000"],
    ["107", "Eta", "75013", "TX", "55", "6000000"],
    ["108", "Theta", "75015", "TX", "80", "7000000"],
]
RANGE_HEAD = ["Record ID", "Company name", "Postal Code", "State/Region", "Number of Employees", "Annual Revenue"]


def test_a_range_costs_its_cell_and_not_its_row() -> None:
    raw = table(RANGE_HEAD, *RANGES)
    got = build_ledger(raw, recognise(raw))
    assert counts(got) == (8, 8, 0, 0)
    assert money(got, "Annual Revenue") == (28e6, 28e6, 0, 0)
    assert money(got, "Number of Employees") == (805, 805, 0, 0)
    assert issues(got) == [
        (2, "Number of Employees", "51-200", "range", "accepted"),
        (3, "Number of Employees", "11-50", "range", "accepted"),
        (4, "Number of Employees", "10,001+", "range", "accepted"),
        (6, "Annual Revenue", "$1M - $10M", "range", "accepted"),
    ]
    found = {q.key: q for q in questions(raw, recognise(raw))}
    employees = found["range:Number of Employees"]
    assert employees.default == "blank"
    assert {c.value: (c.rows, c.money["Number of Employees"]) for c in employees.choices} == {
        "blank": (8, 805),
        "low": (8, 805 + 51 + 11 + 10_001),
        "middle": (8, 805 + 125.5 + 30.5 + 10_001),
        "high": (8, 805 + 200 + 50 + 10_001),
    }
    middle = build_ledger(raw, recognise(raw), answers={"range:Annual Revenue": "middle"})
    assert money(middle, "Annual Revenue") == (33.5e6, 33.5e6, 0, 0)
    assert ("range_end", "Annual Revenue", 1) in repairs(middle)


@pytest.mark.parametrize(
    ("cell", "low", "high"),
    [
        (">1000", 1000, 1000),
        ("~500k", 5e5, 5e5),
        ("<= $2,500", 2500, 2500),
        ("up to 5,000", 5000, 5000),
        ("1,000 or more", 1000, 1000),
        ("between 5 and 10", 5, 10),
        ("$1-10M", 1e6, 1e7),
        ("500–999 employees", 500, 999),
        ("1 000 to 4 999", 1000, 4999),
        ("ca. 300", 300, 300),
        ("5k~10k", 5e3, 1e4),
        ("€1M – €2M", 1e6, 2e6),
    ],
)
def test_every_way_to_write_a_range(cell: str, low: float, high: float) -> None:
    got = column("Revenue", cell, "5", "6", "7")
    assert counts(got) == (4, 4, 0, 0)
    assert money(got, "Revenue") == (18, 18, 0, 0)
    assert [(i[0], i[3]) for i in issues(got)] == [(2, "range")]
    for end, figure in (("low", low), ("high", high), ("middle", (low + high) / 2)):
        read = column("Revenue", cell, "5", "6", "7", answers={"range:Revenue": end})
        assert read.frame["Revenue"].tolist()[0] == figure


@pytest.mark.parametrize("cell", ["1-2-2024", "75001-1234", "10-5", "$5 - €6", "A-B", "1-x"])
def test_what_is_no_range(cell: str) -> None:
    got = column("Revenue", cell, "5", "6", "7")
    assert counts(got) == (4, 3, 0, 1)


def test_an_unreadable_figure_costs_the_row_nothing_else() -> None:
    head = ["Account ID", "Account Name", "ZIP", "Revenue", "Visits"]
    rows = [["A", "Acme", "75001", "lots", "4"], ["B", "Bolt", "75001", "10", "5"], ["C", "Cobb", "75001", "?!", ""]]
    got = taken(head, *rows, ["D", "Dyer", "75001", "7", ""])
    assert counts(got) == (4, 3, 0, 1)
    assert money(got, "Visits") == (9, 9, 0, 0)
    assert money(got, "Revenue") == (17, 17, 0, 0)
    assert issues(got) == [
        (2, "Revenue", "lots", "not_a_number", "accepted"),
        (4, "Revenue", "?!", "not_a_number", "rejected"),
    ]


@pytest.mark.parametrize(
    ("cell", "figure"),
    [
        ("１２３４", 1234),
        ("١٬٢٣٤٫٥", 1234.5),
        ("۱۲۳۴", 1234),
        ("१२३४", 1234),
        ("১২৩৪", 1234),
        ("\u200e2000", 2000),
        ("\u202a1000\u202c", 1000),
        ("2\u200b000", 2000),
        ("2\u202f000", 2000),
        ("\ufeff5", 5),
        ("\u22125", -5),
        ("\u20105", -5),
        ("\uff0d５", -5),
        ("$１,２３４", 1234),
        ("￥５００", 500),
    ],
)
def test_digits_and_marks_of_all_scripts(cell: str, figure: float) -> None:
    got = column("Revenue", cell, cell, cell)
    assert got.frame["Revenue"].tolist() == [figure] * 3
    assert counts(got) == (3, 3, 0, 0)


@pytest.mark.parametrize("cell", ["1,234¹", "5²", "½", "①", "Ⅷ"])
def test_a_footnotes_mark_is_no_digit(cell: str) -> None:
    got = column("Revenue", cell, "5", "6", "7")
    assert counts(got) == (4, 3, 0, 1)
    assert money(got, "Revenue") == (18, 18, 0, 0)


def test_zips_in_other_digits_are_found() -> None:
    head = ["Account ID", "Account Name", "ZIP", "Annual Revenue"]
    got = taken(head, ["A1", "a", "７５００１", "1000"], ["A2", "b", "75002", "2000"], ["A3", "c", "٧٥٠٠١", "5"])
    assert got.frame["zip"].tolist() == ["75001", "75002", "75001"]
    assert locate(got.frame)["located_by"].tolist() == ["zip"] * 3
    assert money(got, "Annual Revenue") == (3005, 3005, 0, 0)
    assert repairs(got) == [("plain_marks", "ZIP", 2)]


def test_invisible_marks_hide_no_place_and_no_money() -> None:
    rows = [
        ["A1", "a", "Austin", "TX", "\u200e78701", "1000"],
        ["A2", "b", "Dallas\u200b", "TX", "", "1000"],
        ["A3", "c", "Waco", "TX\u200b", "76701", "\u200e2000"],
        ["A4", "d", "Waco", "TX\u00a0", "\u00a076701", "2\u00a0000"],
        ["A5", "e", "Houston", "\ufeffTX", "", "1000"],
        ["A6", "f", "El\u00a0Paso", "TX", "", "1000"],
        ["A7", "g", "Austin", "TX", "78701\u202c", "\u202a1000\u202c"],
    ]
    got = taken(["Account ID", "Account Name", "City", "State", "ZIP", "Annual Revenue"], *rows)
    assert counts(got) == (7, 7, 0, 0)
    assert money(got, "Annual Revenue") == (9000, 9000, 0, 0)
    assert "unlocated" not in set(locate(got.frame)["located_by"])


def marks() -> list[str]:
    """A few characters of every category of Unicode."""
    out: dict[str, list[str]] = {}
    for code in range(sys.maxunicode + 1):
        kind = unicodedata.category(chr(code))
        found = out.setdefault(kind, [])
        if kind not in {"Cc", "Cs", "Co", "Cn"} and (len(found) < 12 or (kind == "Nd" and code % 10 == 3)):
            found.append(chr(code))
    return [c for kind in sorted(out) for c in out[kind][:80]]


def test_no_character_of_any_category_raises_in_any_column() -> None:
    head = ["Account ID", "Account Name", "Owner", "City", "State", "County", "ZIP", "Latitude", "Longitude", "Revenue"]
    head += ["Seen", "Note"]
    good = ["A", "Acme", "Ann", "Austin", "TX", "Travis", "78701", "30.2", "-97.7", "1234", "1/2/2024", "x"]
    rows = [good] * 3
    for at, mark in enumerate(marks()):
        for cell in (mark, f"{mark}75001", f"12{mark}34", f"1{mark}"):
            rows.append([f"{cell}{at}" if k == 0 else cell for k in range(len(head))])
    raw = read_table(csv_bytes([head, *rows]), "a.csv")
    columns = recognise(read_table(csv_bytes([head, *([good] * 5)]), "a.csv"))
    got = build_ledger(raw, columns)
    assert got.ledger.rows_in == len(raw.rows)
    questions(raw, columns)
    assert len(locate(got.frame)) == got.ledger.rows_accepted
    alone = build_ledger(raw, ColumnMap({"zip": "ZIP"}, {"Seen": "Seen", "Note": "Note"}))
    assert alone.ledger.rows_in == len(raw.rows)
