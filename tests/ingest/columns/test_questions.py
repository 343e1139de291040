"""What a file leaves open is asked once with its evidence, and an answer has the effect it named."""

from __future__ import annotations

import json

import pytest

from terr.errors import InputError
from terr.ingest import ColumnMap, build_ledger, layout_key, questions, read_table, recognise, reusable_answers
from tests.helpers.intakes import book_bytes, counts, csv_bytes, money, table, taken

HEAD = ["Account ID", "Account Name", "Zip", "Revenue"]


def rows(*revenue: str) -> list[list[str]]:
    return [[f"A{i}", f"Acme {i}", "02139", r] for i, r in enumerate(revenue)]


def asked(raw, answers=None):
    return {q.key: q for q in questions(raw, recognise(raw), answers)}


def test_a_plain_file_asks_nothing() -> None:
    assert asked(table(HEAD, *rows("5", "$6.50", "1,234", ""))) == {}


def test_decimal_style() -> None:
    raw = table(HEAD, *rows("1.234", "7", "2.345"))
    (found,) = asked(raw).values()
    assert (found.key, found.default) == ("decimal:Revenue", ".")
    assert found.examples == ((2, "1.234"), (4, "2.345"))
    assert [(c.value, c.rows, dict(c.money)) for c in found.choices] == [
        (".", 3, {"Revenue": pytest.approx(10.579)}),
        (",", 3, {"Revenue": 3586}),
    ]
    for choice in found.choices:
        got = build_ledger(raw, recognise(raw), answers={found.key: choice.value})
        assert got.ledger.rows_accepted == choice.rows
        assert money(got, "Revenue")[1] == choice.money["Revenue"]
        assert not len(got.ledger.issues)
    assert asked(raw, {found.key: ","}) == {}


def test_decimal_styles_that_contradict_each_other() -> None:
    raw = table(HEAD, *rows("1,50", "2,75", "3.25", "1.234"))
    (found,) = asked(raw).values()
    assert (found.default, found.examples[:3]) == (",", ((2, "1,50"), (3, "2,75"), (4, "3.25")))
    assert {c.value: c.rows for c in found.choices} == {".": 2, ",": 3}


def test_mixed_currency() -> None:
    raw = table(HEAD, *rows("$5", "€7", "$6", "9"))
    (found,) = asked(raw).values()
    assert (found.key, found.default) == ("currency:Revenue", "USD")
    assert found.examples == ((2, "$5 (USD)"), (3, "€7 (EUR)"), (4, "$6 (USD)"))
    assert [(c.value, c.rows, c.money["Revenue"]) for c in found.choices] == [
        ("USD", 3, 20),
        ("EUR", 2, 16),
        ("all", 4, 27),
    ]
    for choice in found.choices:
        got = build_ledger(raw, recognise(raw), answers={found.key: choice.value})
        assert (got.ledger.rows_accepted, money(got, "Revenue")[1]) == (choice.rows, choice.money["Revenue"])
    assert got.ledger.issues["code"].tolist() == ["currencies_added"]


def test_which_of_two_columns_is_the_measure() -> None:
    header = ["Account ID", "Zip", "Annual Revenue", "Annual Revenue (converted)"]
    raw = table(header, ["A", "02139", "5", "6"], ["B", "02139", "lots", "7"])
    (found,) = asked(raw).values()
    assert found.key == "measure:Annual Revenue | Annual Revenue (converted)"
    assert [(c.value, c.rows, dict(c.money)) for c in found.choices] == [
        ("Annual Revenue", 1, {"Annual Revenue": 5}),
        ("Annual Revenue (converted)", 2, {"Annual Revenue (converted)": 13}),
        ("all", 2, {"Annual Revenue": 5, "Annual Revenue (converted)": 13}),
    ]
    got = build_ledger(raw, recognise(raw), answers={found.key: "Annual Revenue (converted)"})
    assert got.measures == ("Annual Revenue (converted)",)
    assert counts(got) == (2, 2, 0, 0)


def test_zip_or_number() -> None:
    raw = table(
        ["Account ID", "City", "State", "Area", "Revenue"],
        *([f"A{i}", "Boston", "MA", f"{10000 + i}", "5"] for i in range(4)),
    )
    columns = recognise(raw)
    assert "zip" not in columns.fields
    (found,) = asked(raw).values()
    assert (found.key, found.default, found.examples[0]) == ("zip:Area", "number", (2, "10000"))
    assert [(c.value, c.rows, dict(c.money)) for c in found.choices] == [
        ("zip", 4, {"Revenue": 20}),
        ("number", 4, {"Area": 40006, "Revenue": 20}),
        ("neither", 4, {"Revenue": 20}),
    ]
    got = build_ledger(raw, columns, answers={"zip:Area": "zip"})
    assert got.frame["zip"].tolist() == ["10000", "10001", "10002", "10003"]
    assert got.measures == ("Revenue",)


def test_date_order() -> None:
    header = [*HEAD, "Last Activity"]
    raw = table(
        header, *([*r, d] for r, d in zip(rows("1", "2", "3"), ["1/2/2024", "3/4/24", "12/11/2023"], strict=True))
    )
    (found,) = asked(raw).values()
    assert (found.key, found.default, [c.rows for c in found.choices]) == (
        "date_order:Last Activity",
        "as_is",
        [3, 3, 3],
    )
    dates = {
        order: build_ledger(raw, recognise(raw), answers={found.key: order}).frame["Last Activity"].tolist()
        for order in ("mdy", "dmy", "as_is")
    }
    assert dates == {
        "mdy": ["2024-01-02", "2024-03-04", "2023-12-11"],
        "dmy": ["2024-02-01", "2024-04-03", "2023-11-12"],
        "as_is": ["1/2/2024", "3/4/24", "12/11/2023"],
    }
    got = build_ledger(raw, recognise(raw), answers={found.key: "dmy"}, refuse=("iso_date",))
    assert got.frame["Last Activity"].tolist() == dates["as_is"]
    told = table(header, *([*r, d] for r, d in zip(rows("1", "2"), ["1/2/2024", "13/2/2024"], strict=True)))
    assert asked(told) == {}


def test_header_row() -> None:
    header = ["Account ID", "Account Name", "Zip", "Revenue"]
    raw = read_table(csv_bytes([["Company", "Customer", "Place", "Sales"], header, *rows("5", "6")]), "a.csv")
    found = asked(raw)["header_row:"]
    assert [c.value for c in found.choices] == ["1", "2"]
    assert found.default == str(raw.header_row)
    other = next(c for c in found.choices if c.value != found.default)
    again = read_table(
        csv_bytes([["Company", "Customer", "Place", "Sales"], header, *rows("5", "6")]),
        "a.csv",
        answers={"header_row:": other.value},
    )
    assert (again.header_row, len(again.rows)) == (int(other.value), other.rows)
    with pytest.raises(InputError, match="has no header in the row you chose"):
        read_table(csv_bytes([header, *rows("5")]), "a.csv", header_row=40)


def test_sheet() -> None:
    data = book_bytes(
        {"Q1": [HEAD, *rows("5")], "Q2": [HEAD, *rows("5", "6")], "Read me": [["Hello"]], "Old": [HEAD, *rows("9")]},
        ["Old"],
    )
    raw = read_table(data, "a.xlsx")
    found = asked(raw)["sheet:"]
    assert (found.default, raw.sheet) == ("Q2", "Q2")
    assert [(c.value, c.rows) for c in found.choices] == [("Q1", 1), ("Q2", 2), ("Old", None)]
    assert read_table(data, "a.xlsx", answers={"sheet:": "Q1"}).sheet == "Q1"


def test_answers_are_kept_for_the_layout() -> None:
    first, next_quarter = table(HEAD, *rows("1.234", "$5", "€6")), table(HEAD, *rows("4.321"))
    assert layout_key(first) == layout_key(next_quarter)
    assert layout_key(first) != layout_key(table([*HEAD, "Note"], ["A", "B", "02139", "1", ""]))
    book = read_table(book_bytes({"S": [HEAD, *rows("5")]}), "a.xlsx")
    assert layout_key(book) != layout_key(table(HEAD, *rows("5")))
    answers = json.loads(json.dumps({"decimal:Revenue": ",", "currency:Revenue": "GBP"}))
    again = questions(first, recognise(first))
    assert reusable_answers(answers, again) == {"decimal:Revenue": ","}
    assert build_ledger(next_quarter, recognise(next_quarter), answers=answers).frame["Revenue"].tolist() == [4321]
    for question in again:
        assert json.loads(json.dumps(question.plain()))["key"] == question.key


def test_an_answer_that_fits_nothing_changes_nothing() -> None:
    answers = {
        "decimal:Nope": ",",
        "zip:Nope": "zip",
        "measure:A | B": "A",
        "currency:Revenue": "XYZ",
        "x": "y",
        "date_order:Nope": "mdy",
    }
    plain = taken(HEAD, *rows("5", "6"))
    got = taken(HEAD, *rows("5", "6"), answers={k: v for k, v in answers.items() if k != "zip:Nope"})
    assert got.frame.equals(plain.frame)
    with pytest.raises(InputError, match="no column 'Nope'"):
        build_ledger(table(["Id", "X"], ["1", "2"]), ColumnMap({"account_id": "Id"}), answers=answers)


def test_a_roster_beside_the_accounts_is_no_second_sheet_of_accounts() -> None:
    rows = [["Account ID", "Account Name", "Zip", "Revenue"], *([f"A{i}", "Acme", "02139", "5"] for i in range(9))]
    reps = [["User ID", "Name", "Home ZIP"], ["U1", "Ann", "02139"], ["U2", "Bo", "10001"]]
    for order in (["Accounts", "Reps"], ["Reps", "Accounts"]):
        data = book_bytes({name: rows if name == "Accounts" else reps for name in order})
        raw = read_table(data, "a.xlsx")
        assert raw.sheet == "Accounts"
        assert "sheet:" not in {q.key for q in questions(raw, recognise(raw))}


def test_a_cell_that_is_unclear_within_other_text_is_asked_about_too() -> None:
    data = csv_bytes([["Account ID", "Zip", "Revenue"], ["A", "02139", "5x1.23/4"], ["B", "02139", "7"]])
    raw = read_table(data, "a.csv")
    columns = recognise(raw)
    assert columns.measures == {"Revenue": "Revenue"}
    found = {q.key: q for q in questions(raw, columns)}
    assert [row for row, _ in found["decimal:Revenue"].examples] == [2]
