"""`terr report`: the page's documents from files."""

from __future__ import annotations

import io
import json

import openpyxl
import pypdf
import pytest

from terr.cli.main import main
from tests.helpers.spaces import DELAWARE, csv_of

PLAN = "unit_id,territory\n10001,North\n10003,North\n10005,South\n"
BEFORE = "unit_id,territory\n10001,South\n10003,North\n10005,South\n"
ORDERS = "order_id,account_id,date,amount\n1,A-2,2026-01-05,40\n2,A-4,2026-02-01,60\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "accounts.csv").write_bytes(csv_of(DELAWARE))
    for name, text in (("plan.csv", PLAN), ("before.csv", BEFORE), ("orders.csv", ORDERS)):
        (tmp_path / name).write_text(text)
    return tmp_path


def run(*words: str) -> int:
    return main(["report", "accounts.csv", "--plan", "plan.csv", "--level", "county", "--region", "DE", *words])


def test_every_document_at_once(folder, capsys):
    outs = [
        "--pdf",
        "a.pdf",
        "--pptx",
        "a.pptx",
        "--xlsx",
        "a.xlsx",
        "--html",
        "a.html",
        "--kml",
        "a.kmz",
        "--png",
        "a.svg",
    ]
    more = ["--before", "before.csv", "--orders", "orders.csv", "--company", "Acme", "--json"]
    assert run(*outs, *more) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["territories"], told["accounts"], told["measure"]) == (2, 4, "Revenue")
    assert told["max_deviation_pct"] == pytest.approx(100 / 3)
    assert [f["path"] for f in told["files"]] == ["a.pdf", "a.pptx", "a.xlsx", "a.html", "a.kmz", "a.svg"]
    said = "".join(p.extract_text() for p in pypdf.PdfReader(folder / "a.pdf").pages)
    assert "1 account with 100, 16.7% of Revenue, moved compared with before.csv." in " ".join(said.split())
    book = openpyxl.load_workbook(io.BytesIO((folder / "a.xlsx").read_bytes()), data_only=True)
    assert next(r[:2] for r in book["Changes"].iter_rows(min_row=2, values_only=True)) == ("South", "North")
    performance = list(book["Performance"].iter_rows(values_only=True))
    at = performance[0].index("Revenue")
    assert [r[at] for r in performance[1:]] == [40, 60, 100]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "nothing is asked for"),
        (("--pdf", "a.docx"), "ends in .pdf"),
        (("--kml", "a.html"), ".kml or .kmz"),
        (("--pdf", "accounts.csv"), "ends in .pdf"),
        (("--pdf", "nowhere/a.pdf"), "no folder"),
        (("--pdf", "a.pdf", "--color", "red"), "#RRGGBB"),
        (("--pdf", "a.pdf", "--logo", "plan.csv"), "logo can't be read"),
        (("--pptx", "a.pptx", "--template", "plan.csv"), "PowerPoint"),
        (("--pdf", "a.pdf", "--orders", "gone.csv"), "gone.csv"),
        (("--pdf", "a.pdf", "--measure", "Sales"), "Sales"),
    ],
)
def test_what_cant_be_is_said_and_nothing_is_written(folder, capsys, words, said):
    assert run(*words) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "a.pdf").exists()
    assert not (folder / "a.pptx").exists()


def test_shapes_and_the_language_of_numbers(folder, capsys):
    assert run("--shapes", "t.gpkg", "--html", "a.html", "--numbers", "de-DE") == 0
    assert (folder / "t.gpkg").read_bytes().startswith(b"SQLite format 3")
    assert "33,3\xa0%" in (folder / "a.html").read_text("utf-8")
    capsys.readouterr()
    assert run("--html", "b.html", "--numbers", "klingon") == 2
    assert "choose en-US" in capsys.readouterr().err
    assert not (folder / "b.html").exists()
