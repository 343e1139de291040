"""CSV as programs write it against the rules: each file with its exact ledger, cut the slow way and the fast one."""

from __future__ import annotations

import pytest

from terr.ingest import build_ledger, read_table, recognise
from terr.ingest.reading import delimited
from tests.helpers.intakes import counts, issues, money

HEAD = "Account ID,Account Name,ZIP,Annual Revenue\n"


@pytest.fixture(params=["slow", "fast"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "fast":
        monkeypatch.setattr(delimited, "FAST_CHARS", 1)
    return request.param


def made(text: str):
    raw = read_table(text.encode(), "a.csv")
    return build_ledger(raw, recognise(raw))


Q = '"Account ID","Account Name","ZIP","Annual Revenue"\n'
OTHERS = [
    # a quotation mark written \\", alone and beside ""
    (Q, r'"A1","Say \"Hi, all\" Inc","75001","1000"', '"A2","Plain","75002","2000"', 'Say "Hi, all" Inc', "Plain"),
    (HEAD, r'A1,"Say \"Hi, all\" Inc",75001,1000', 'A2,"The ""B"", Co",75002,2000', 'Say "Hi, all" Inc', 'The "B", Co'),
    # a path that ends in a backslash is no such mark
    (HEAD, '"A1","C:\\dir\\","75001","1000"', '"A2","B, Inc","75002","2000"', "C:\\dir\\", "B, Inc"),
    # whole lines in quotation marks; only some, as Excel does it
    (f'"{HEAD.strip()}"\n', '"A1,Alpha,75001,1000"', '"A2,""Beta, Inc"",75002,2000"', "Alpha", "Beta, Inc"),
    (HEAD, "A1,Alpha,75001,1000", '"A2,""Beta, Inc"",75002,2000"', "Alpha", "Beta, Inc"),
    (f'"{HEAD.strip()}"\n'.replace(",", ";"), '"A1;Alpha;75001;1000"', '"A2;Beta;75002;2000"', "Alpha", "Beta"),
    # marks inside a cell that aren't doubled
    (HEAD, 'A1,"Say "Hi, all" Inc",75001,1000', "A2,Plain,75002,2000", 'Say "Hi, all" Inc', "Plain"),
    (HEAD, 'A1,12" Pipe,75001,1000', 'A2,"6" Pipe, Inc",75002,2000', '12" Pipe', '6" Pipe, Inc'),
    # a mark that is opened and closed in a later row has joined the two
    (HEAD, 'A1,"Open,75001,1000', 'A2,"Beta, Inc",75002,2000', '"Open', "Beta, Inc"),
    # blanks before the marks
    (Q.replace(",", ", "), '"A1", "Alpha, Inc", "75001", "1000"', '"A2", "B", "75002", "2000"', "Alpha, Inc", "B"),
    # single quotation marks: round every cell, only where they are needed, with a mark inside, and other separators
    (Q.replace('"', "'"), "'A1','Alpha, Inc','75001','1000'", "'A2','O''Hara','75002','2000'", "Alpha, Inc", "O'Hara"),
    (HEAD, "A1,'Alpha, Inc',75001,1000", "A2,O'Hara,75002,2000", "Alpha, Inc", "O'Hara"),
    (Q.replace('"', "'"), r"'A1','D\'Arcy, \'n Co','75001','1000'", "'A2','B','75002','2000'", "D'Arcy, 'n Co", "B"),
    (HEAD.replace(",", ";"), "A1;'Alpha; Inc';75001;1000", "A2;'Beta, \"B\"';75002;2000", "Alpha; Inc", 'Beta, "B"'),
    (
        Q.replace('"', "'").replace(",", "\t"),
        "'A1'\t'Alpha'\t'75001'\t'1000'",
        "'A2'\t'B'\t'75002'\t'2000'",
        "Alpha",
        "B",
    ),
    # an apostrophe is no such mark
    (HEAD, "A1,O'Hara,75001,1000", "A2,Rock 'n' Roll,75002,2000", "O'Hara", "Rock 'n' Roll"),
    # Excel's line, with another character; and none
    ("sep=^\n" + HEAD.replace(",", "^"), "A1^Alpha, Inc^75001^1000", "A2^B^75002^2000", "Alpha, Inc", "B"),
    (HEAD.replace(",", "^"), "A1^Alpha, Inc^75001^1000", "A2^B^75002^2000", "Alpha, Inc", "B"),
    ("SEP=;\r\n" + HEAD.replace(",", ";"), "A1;Alpha, Inc;75001;1000", "A2;B;75002;2000", "Alpha, Inc", "B"),
]


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("head", "one", "two", "first", "second"), OTHERS)
def test_every_dialect_gives_its_accounts_and_money(
    head: str, one: str, two: str, first: str, second: str, end: str
) -> None:
    got = made("\n".join([head.strip().replace("\r\n", "\n"), one, two, ""]).replace("\n", end))
    assert got.frame["name"].tolist() == [first, second]
    assert got.frame["zip"].tolist() == ["75001", "75002"]
    assert counts(got) == (2, 2, 0, 0)
    assert money(got, "Annual Revenue") == (3000, 3000, 0, 0)


@pytest.mark.usefixtures("way")
def test_comment_lines_are_told_and_left_out() -> None:
    rows = "".join(f"A{i},Acme {i},75001,10\n" for i in range(30))
    got = made(f"# exported by crm\n{HEAD}{rows}# page 2, of 3\n// total, 30, rows, 300\nB1,#1 Pizza,75001,5\n")
    assert counts(got) == (33, 31, 2, 0)
    assert money(got, "Annual Revenue") == (605, 305, 300, 0)
    assert [i[3] for i in issues(got)] == ["comment", "comment"]
    assert made("#Account ID,Account Name,ZIP,Revenue\n1,A,75001,5\n").frame["account_id"].tolist() == ["1"]


@pytest.mark.usefixtures("way")
def test_uneven_rows_keep_their_money_or_add_none() -> None:
    got = made(f"{HEAD}A1,Alpha,75001,1000\nA2,Beta,Inc,75002,2000\nA3,Gamma\nA4,Delta,75006,4000,,\n")
    assert counts(got) == (4, 3, 0, 1)
    assert money(got, "Annual Revenue") == (5000, 5000, 0, 0)
    assert [(i[0], i[3]) for i in issues(got)] == [(3, "broken_row"), (4, "short_row")]


@pytest.mark.usefixtures("way")
def test_what_was_done_to_quotation_marks_is_told() -> None:
    got = made(f'{HEAD}A1,"Say "Hi, all" Inc",75001,1000\nA2,Plain,75002,2000\n')
    assert got.ledger.issues["message"].tolist() == [
        "1 row was split again because quotation marks in them weren't doubled or closed"
    ]
    plain = made(f'{HEAD}A1,"Say ""Hi, all"" Inc",75001,1000\nA2,Plain,75002,2000\n')
    assert issues(plain) == []


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("odd", "name"),
    [
        (r'X,"Say \"Hi, all\" Inc",75001,1000', 'Say "Hi, all" Inc'),
        ('X,"Say "Hi, all" Inc",75001,1000', 'Say "Hi, all" Inc'),
        ("X,'Alpha, Inc',75001,1000", None),
        ('X, "Alpha, Inc",75001,1000', "Alpha, Inc"),
    ],
)
def test_a_dialect_that_begins_late_in_a_long_file(odd: str, name: str | None) -> None:
    rows = "".join(f'A{i},"Acme {i}, Inc",75001,10\n' for i in range(9_000))
    got = made(f"{HEAD}{rows}{odd}\n")
    assert got.ledger.rows_in == 9_001
    assert money(got, "Annual Revenue")[1] == (90_000 if name is None else 91_000)  # never from a wrong column
    assert name is None or got.frame["name"].tolist()[-1] == name
    assert got.frame["name"].tolist()[0] == "Acme 0, Inc"


@pytest.mark.usefixtures("way")
def test_a_list_in_one_cell_isnt_cut_into_columns() -> None:
    lists = ["; ".join(str(75001 + k) for k in range(n)) for n in (40, 41, 39)]
    text = "Account ID,ZIP,Revenue,Covers\n" + "".join(f'A{k},75001,10,"{one}"\n' for k, one in enumerate(lists))
    got = made(text)
    assert got.frame["Covers"].tolist() == lists
    assert money(got, "Revenue") == (30, 30, 0, 0)
