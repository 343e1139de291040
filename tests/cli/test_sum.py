"""`terr sum`: a long file becomes one that can be loaded, with every row and dollar of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from terr.cli.main import main

CSV = "Sale,Zip,Amount\n1,02139,$1.50\n2,02139,(0.50)\n3,10001,lots\n4,,7\n5,10001,\n6,=1+1,2\n"


def test_the_sums_load_with_every_row_and_dollar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given, out = tmp_path / "sales.csv", tmp_path / "places.csv"
    given.write_text(CSV, encoding="utf-8")
    asked = ["sum", str(given), "--by", "Zip", "--measure", "Amount", "--out", str(out), "--json"]
    assert main(asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "file": "sales.csv",
        "by": "Zip",
        "rows_in": 6,
        "places": 3,
        "rows_without_place": 1,
        "measures": {"Amount": {"total": 10.0, "blank": 1, "unreadable": 1}},
    }
    assert out.read_text(encoding="utf-8-sig").splitlines() == [
        "Account Name,Zip,Rows,Amount",
        "Without a place,,1,7.0",
        "All of 02139,02139,2,1.0",
        "All of 10001,10001,2,0.0",
        "All of =1+1,'=1+1,1,2.0",
    ]
    assert main(["check", str(out), "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert seen["rows_accepted"] == 4
    assert {m: t["accepted"] for m, t in seen["measures"].items()} == {"Rows": 6.0, "Amount": 10.0}
    assert seen["located"]["zip"] == 2


def test_the_report_is_plain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given, out = tmp_path / "sales.csv", tmp_path / "places.csv"
    given.write_text(CSV, encoding="utf-8")
    assert main(["sum", str(given), "--by", "Zip", "--measure", "Amount", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "6 rows summed by Zip into 3 rows" in said
    assert "1 row has no location" in said
    assert "1 cell unreadable, counted as 0" in said


@pytest.mark.parametrize(
    ("by", "measure", "says"),
    [("Zip", "Sales", "no column 'Sales'"), ("Zip", "Zip", "can't be both"), ("Zap", "Amount", "no column 'Zap'")],
)
def test_nothing_is_written_when_a_column_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], by: str, measure: str, says: str
) -> None:
    given, out = tmp_path / "sales.csv", tmp_path / "places.csv"
    given.write_text(CSV, encoding="utf-8")
    assert main(["sum", str(given), "--by", by, "--measure", measure, "--out", str(out)]) == 2
    assert says in capsys.readouterr().err
    assert not out.exists()
    assert main(["sum", str(given), "--by", "Zip", "--measure", "Amount", "--out", str(given)]) == 2
    assert given.read_text(encoding="utf-8") == CSV


def test_ctrl_c_ends_it_and_nothing_is_written(tmp_path: Path) -> None:
    given, out = tmp_path / "sales.csv", tmp_path / "places.csv"
    given.write_text("Zip,Amount\n" + "".join(f"{i},{i}\n" for i in range(3_000_000)))
    asked = ["sum", str(given), "--by", "Zip", "--measure", "Amount", "--out", str(out)]
    with subprocess.Popen([sys.executable, "-m", "terr", *asked], stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        assert run.stderr.readline() == "summing sales.csv\n"
        run.send_signal(signal.SIGINT)
        assert run.wait(120) == 130
        assert "nothing written" in run.stderr.read()
    assert not out.exists()
