"""Hostile uploads: mutated files, and the rows of the list of risks that concern spreadsheets."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.files import fuzz
from terr.errors import InputError
from terr.ingest import build_ledger, read_table, recognise
from tests.conftest import ROOT
from tests.helpers.effort import rounds
from tests.helpers.intakes import book_bytes, counts, csv_bytes, table


def test_mutated_files_lose_no_row_and_crash_nothing() -> None:
    files = rounds(64, long=1_200)
    tally = fuzz.run(files, seed=77)
    assert tally.faults == []
    kinds = {kind for kind, outcome in tally.outcomes if outcome == "accepted"}
    assert {"csv", "utf-16", "cp1252", "inside", "scripts", "mixed", "mac", "dialect"} <= kinds
    assert sum(tally.outcomes.values()) == files


def test_the_search_itself_finds_what_is_planted(monkeypatch: pytest.MonkeyPatch) -> None:
    real = fuzz.build_ledger

    def loses_a_row(raw, columns):
        found = real(raw, columns)
        object.__setattr__(found, "frame", found.frame.iloc[1:])
        return found

    monkeypatch.setattr(fuzz, "build_ledger", loses_a_row)
    with pytest.raises(AssertionError, match="neither an account nor a reject"):
        fuzz.run(4, seed=1)
    monkeypatch.setattr(fuzz, "build_ledger", lambda *_: 1 // 0)
    monkeypatch.setattr(fuzz, "seeds", lambda: dict.fromkeys((), b""))
    with pytest.raises(ZeroDivisionError):
        fuzz.check(csv_bytes([fuzz.HEAD, *fuzz.ROWS]))


FIRST = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "＋1",
    "－1",
    "＠x",
    "=cmd|' /C calc'!A0",
    "%0A=1",
    "|x",
    '"=1"',
]


@pytest.mark.parametrize("cell", FIRST)
@pytest.mark.parametrize("as_book", [False, True])
def test_a_formula_is_text_from_the_file_to_the_rejects(cell: str, as_book: bool) -> None:
    rows = [
        ["Account ID", "Account Name", "Zip", "Revenue", cell],
        ["A", "Acme", "02139", "5", "x"],
        ["A", cell, "02139", cell, cell],
    ]
    raw = read_table(book_bytes({"S": rows}) if as_book else csv_bytes(rows), "a")
    assert raw.rows.iloc[1].tolist() == ["A", cell, "02139", cell, cell] or cell == "\r=1"  # Excel has no bare CR
    found = build_ledger(raw, recognise(raw))
    assert counts(found) == (2, 1, 0, 1)
    assert found.ledger.rejected_frame(raw).iloc[0].tolist()[:4] == raw.rows.iloc[1].tolist()[:4]


def test_five_large_uploads_at_once_stay_within_two_gigabytes() -> None:
    """In a process of its own, so that only these uploads count."""
    code = (
        "from concurrent.futures import ThreadPoolExecutor\nfrom benchmarks.memory import peak_mb\n"
        "from terr.ingest import read_table, recognise, build_ledger\n"
        "rows = ''.join(f'001{i:012d},\"Account {i}, Inc.\",02139,\"${i:,}.50\",{i},{i % 7}\\n'\n"
        "               for i in range(250_000))\n"
        "data = ('Account ID,Account Name,Zip,Revenue,Visits,Tier\\n' + rows).encode()\ndel rows\n"
        "def one(_):\n    raw = read_table(data, 'a.csv')\n"
        "    return build_ledger(raw, recognise(raw)).ledger.rows_accepted\n"
        "with ThreadPoolExecutor(5) as pool:\n    print(sum(pool.map(one, range(5))))\n"
        "print(int(peak_mb()))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, timeout=120, check=True
    )
    accepted, megabytes = map(int, done.stdout.split())
    assert accepted == 1_250_000
    assert megabytes < 2_000


def test_readers_on_many_threads_do_not_mix_their_tables() -> None:
    def one(k: int) -> list[str]:
        raw = read_table(csv_bytes([["Id", "Zip", "Note"], *([f"{k}-{i}", "02139", "x"] for i in range(200))]), "a")
        return build_ledger(raw, recognise(raw)).frame["account_id"].tolist()

    with ThreadPoolExecutor(4) as pool:
        for k, ids in enumerate(pool.map(one, range(12))):
            assert ids == [f"{k}-{i}" for i in range(200)]


@pytest.mark.parametrize(
    "cell", ["9" * 400, "1" + "," * 150, "(" * 190, "$" * 190, "1" * 100 + "e" + "9" * 90, "." * 199, "-" * 199]
)
def test_cells_made_to_tie_up_the_number_reader(cell: str) -> None:
    rows = [["A%d" % i, "Acme", "02139", cell] for i in range(300)]  # noqa: UP031
    raw = table(["Account ID", "Account Name", "Zip", "Revenue"], ["Z", "Acme", "02139", "5"], *rows)
    found = build_ledger(raw, recognise(raw))
    assert found.ledger.rows_in == 301


def test_a_workbook_that_leads_outside_reads_nothing() -> None:
    import zipfile

    data = book_bytes({"S": [["Account ID", "Zip"], ["A", "02139"]]})
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        parts = {i.filename: z.read(i) for i in z.infolist()}
    for target in ("../../../../etc/passwd", "file:///etc/passwd", "http://127.0.0.1:9/x", "/etc/passwd"):
        rels = parts["xl/_rels/workbook.xml.rels"].replace(b"worksheets/sheet1.xml", target.encode())
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as z:
            for name, content in (parts | {"xl/_rels/workbook.xml.rels": rels, "../../evil.txt": b"x"}).items():
                z.writestr(name, content)
        with pytest.raises(InputError):
            read_table(out.getvalue(), "a.xlsx")


def test_a_header_that_is_not_there_is_said_in_one_line() -> None:
    data = b'001,"Acme ""8"", Inc.\nNorth",MA,2108,"$10,004.00"\n002,"Bolt\x00\x1b[31m\nSouth",MA,2109,"$1.00"\n'
    with pytest.raises(InputError, match="has no header row") as caught:
        read_table(data.replace(b"\x00", b""), "x.csv")
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_panic_of_the_workbook_reader_is_a_broken_workbook(monkeypatch: pytest.MonkeyPatch) -> None:
    class PanicException(BaseException):
        pass

    def panic(*_: object) -> None:
        raise PanicException("index out of bounds")

    monkeypatch.setattr("terr.ingest.reading.book.calamine.CalamineWorkbook.from_filelike", panic)
    with pytest.raises(InputError, match="a broken workbook"):
        read_table(book_bytes({"S": [["Id", "Zip"], ["1", "02139"]]}), "a.xlsx")
