"""Long files summed on disk: every row is counted, and the database sees nothing but the file."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from terr.errors import InputError, StoppedError
from terr.ingest.ledger.sums import _sealed, aggregate_file
from terr.model.progress import Progress

CSV = (
    'Id,Zip,"Rev ""x"", $"\nA,02139,"$1,200.50"\nB, 02139 ,(200)\nC,,-\nD,10001,lots\nE,10001,\nF,10001,3\n'
    '"G\n2",10001,1.5\n'
)
REVENUE = 'Rev "x", $'


@pytest.mark.parametrize("kind", ["csv", "semicolon", "parquet"])
def test_sums_by_hand(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"it's a 'file'.{kind}"
    path.write_text(CSV, encoding="utf-8")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    if kind == "semicolon":
        frame.to_csv(path, sep=";", index=False)
    elif kind == "parquet":
        frame.to_parquet(path)
    got = aggregate_file(path, [REVENUE], "Zip")
    assert got.frame.to_numpy().tolist() == [["", 1, 0.0, 1, 0], ["02139", 2, 1000.5, 0, 0], ["10001", 4, 4.5, 1, 1]]
    assert got.frame.columns.tolist() == ["key", "rows", REVENUE, f"{REVENUE} blank", f"{REVENUE} unreadable"]
    assert (got.rows, dict(got.totals), dict(got.unreadable)) == (7, {REVENUE: 1005.0}, {REVENUE: 1})


def test_two_hundred_thousand_rows_agree_with_the_plain_sum(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = [(f"{i % 997:05d}", i * 0.25 - 100) for i in range(200_000)]
    path.write_text("Zip,Revenue\n" + "".join(f"{z},{v}\n" for z, v in rows))
    got = aggregate_file(path, ["Revenue"], "Zip")
    assert (got.rows, len(got.frame)) == (200_000, 997)
    assert got.totals["Revenue"] == pytest.approx(math.fsum(v for _, v in rows), rel=1e-12)
    assert got.frame.set_index("key").loc["00007", "Revenue"] == math.fsum(v for z, v in rows if z == "00007")


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("Zip,Revenue\n02139,5\n", ["Sales"], "has no column 'Sales'; it has 'Zip', 'Revenue'"),
        ("Report\nof today\nZip,Revenue\n02139,5\n10001,6\n", ["Revenue"], "rows above its header"),
        ("Zip,Revenue\n02139,5\n10001,6,7,8\n", ["Revenue"], "can't be read as a table"),
        ("<html></html>\n", ["Revenue"], "isn't a table of text"),
        ("Zip,Revenue\n02139,5\n", [], "at least one column"),
    ],
)
def test_what_cannot_be_summed(tmp_path: Path, text: str, columns: list[str], says: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=says) as caught:
        aggregate_file(path, columns, "Zip")
    assert "\n" not in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_nothing_but_the_file_can_be_read(tmp_path: Path) -> None:
    own, other = tmp_path / "own.csv", tmp_path / "other.csv"
    own.write_text("a\n1\n")
    other.write_text("a\n2\n")
    con = _sealed(own, 100, 1)
    assert con.execute("SELECT count(*) FROM read_csv(?)", [str(own.resolve())]).fetchall() == [(1,)]
    for attempt in (
        f"SELECT * FROM read_csv('{other}')",
        "SELECT * FROM read_text('/etc/passwd')",
        f"COPY (SELECT 1) TO '{tmp_path}/x.csv'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        f"ATTACH '{tmp_path}/x.db'",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x.csv')",
    ):
        with pytest.raises(Exception, match=r"(?i)permission|disabled|locked|not allowed|configuration|extension"):
            con.execute(attempt)
    con.close()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["other.csv", "own.csv"]
    with pytest.raises(InputError, match="there is no file"):
        aggregate_file(tmp_path, ["a"], "a")


def test_it_can_be_stopped(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Zip,Revenue\n" + "".join(f"{i},{i}\n" for i in range(3_000_000)))
    with pytest.raises(StoppedError):
        aggregate_file(path, ["Revenue"], "Zip", threads=1, progress=Progress(cancel=lambda: True))
