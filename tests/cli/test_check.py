"""The gate on the command line: questions, repairs, decisions of the page, Parquet, a database."""

from __future__ import annotations

import io
import json
import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from terr.cli.main import main
from terr.matching.duplicates import DuplicateDecision
from terr.matching.families import FamilyDecision
from terr.workspace.accounts import dataset, decisions_file, duplicates, review, upload
from tests.helpers.intakes import csv_bytes

HEAD = ("Account ID", "Name", "ZIP", "State", "Street", "Parent Account ID", "Revenue")
ROWS = (
    ("A-1", "Alpha Inc.", "02116", "MA", "1 Main St", "", "1.234"),
    ("A-2", "Alpha Incorporated", "2116", "MA", "1 Main St", "", "2.500"),
    ("P", "Mother", "78701", "TX", "2 Oak Ave", "", "7.000"),
    ("C-1", "Son", "78702", "TX", "3 Elm Rd", "P", "3.000"),
    ("C-2", "Daughter", "78703", "TX", "4 Low Rd", "P", "4.000"),
    ("A-4", "Delta", "78701", "TX", "6 New Rd", "", "oops"),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    out = tmp_path / "crm.csv"
    out.write_bytes(csv_bytes([HEAD, *ROWS]))
    return out


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(w) for w in words])
    told = capsys.readouterr()
    return code, told.out, told.err


def check(capsys: pytest.CaptureFixture[str], *words: object) -> dict:
    code, out, err = run(capsys, "check", *words, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


def test_what_is_open_is_listed_and_answered(path, capsys):
    it = check(capsys, path)
    (one,) = it["questions"]
    assert (one["key"], one["answer"], one["answered"]) == ("decimal:Revenue", ".", False)
    assert [c["value"] for c in one["choices"]] == [".", ","]
    assert it["measures"]["Revenue"]["accepted"] == pytest.approx(17.734)
    answered = check(capsys, path, "--answer", "decimal:Revenue=,")
    assert answered["measures"]["Revenue"]["accepted"] == 17734.0
    assert answered["answers"] == {"decimal:Revenue": ","}
    assert [q["answered"] for q in answered["questions"]] == [True]


def test_repairs_are_listed_and_refused(path, capsys):
    it = check(capsys, path)
    padded = next(r for r in it["repairs"] if r["code"] == "padded_zip")
    assert (padded["column"], padded["count"], padded["examples"]) == ("ZIP", 1, [[3, "2116", "02116"]])
    left = check(capsys, path, "--refuse", "padded_zip:ZIP")
    assert [r["refused"] for r in left["repairs"] if r["code"] == "padded_zip"] == [True]
    assert (it["located"]["unlocated"], left["located"]["unlocated"]) == (0, 1)


def test_duplicates_and_families_are_told_and_not_decided(path, capsys):
    it = check(capsys, path, "--answer", "decimal:Revenue=,")
    (twin,), (family,) = it["duplicates"], it["families"]
    assert (twin["accounts"], twin["keep"]) == (["A-1", "A-2"], "A-2")
    assert twin["effects"]["Revenue"] == {"now": 3734.0, "keep": 2500.0, "sum": 3734.0, "max": 2500.0}
    assert (family["parent"], family["children"], family["certain"]) == ("P", ["C-1", "C-2"], True)
    assert family["measures"]["Revenue"]["change_if"] == {"parent": -7000.0, "children": -7000.0, "rest": -7000.0}
    assert it["decided"] is None
    assert it["rows_accepted"] == 5


def decided(ws, path: Path) -> dataset.Dataset:
    """On the page: a comma is the decimal mark's other, a mend, a merge, a family counted once."""
    data = upload.import_file(
        ws, upload.answer_question(upload.open_file(ws, path.read_bytes(), "crm.csv"), "decimal:Revenue", ",")
    )
    review.fix_cells(ws, data.info.id, [(7, "Revenue", "500")])
    duplicates.decide(ws, data.info.id, DuplicateDecision(("A-1", "A-2"), "max", "A-1"))
    duplicates.count_family(ws, data.info.id, FamilyDecision("P", "children", ("Revenue",)))
    return dataset.dataset(ws, data.info.id)


def test_the_decisions_of_the_page_give_the_same_accounts(path, ws, tmp_path, capsys):
    data = decided(ws, path)
    assert data.accounts.total("Revenue") == 2500.0 + 7000.0 + 500.0
    given = tmp_path / "decisions.json"
    given.write_bytes(decisions_file.decisions_of(ws, data.info.id))
    it = check(capsys, path, "--decisions", given)
    assert it["decided"] == {
        "accounts": 5,
        "measures": {"Revenue": {"before": 18234.0, "after": 10000.0}},
        "notes": [],
    }
    assert it["mended_cells"] == 1
    words = ["--level", "state", "--region", "MA,TX", "--measure", "revenue", "--territories", "2", "--json"]
    code, out, _ = run(capsys, "design", path, *words, "--decisions", given, "--limit", "revenue=1")
    assert code == 0
    assert sorted(t["load"]["revenue"] for t in json.loads(out)["territories"]) == [2500.0, 7500.0]
    text = run(capsys, "check", path, "--decisions", given)[1]
    assert "After the decisions: 5 accounts, Revenue 10,000" in text


def test_decisions_after_a_file_of_mended_rows_are_its_cells(path, ws, tmp_path, capsys):
    data = upload.import_file(ws, upload.suggested(upload.open_file(ws, path.read_bytes(), "crm.csv")))
    out = review.rejects_csv(dataset.ledger_of(ws, data.info.id)).replace(b"oops", b"500")
    upload.import_rejects(ws, data.info.id, out, "mended.csv")
    given = tmp_path / "decisions.json"
    given.write_bytes(decisions_file.decisions_of(ws, data.info.id))
    assert json.loads(given.read_bytes())["cells"] == [[7, "Revenue", "500"]]
    assert check(capsys, path, "--decisions", given)["rows_rejected"] == 0


EMPTY = {"fields": {}, "measures": {}, "order": [], "decimal": "auto", "sheet": None}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b'{"format": "terr decisions 1"}',
        b"\xff\xfe",
        b"[" * 100_000,
        json.dumps(
            {
                "format": "terr decisions 1",
                "answers": {},
                "refuse": [],
                "cells": [["x", 1, 2]],
                "merges": [],
                "families": [],
                **EMPTY,
            }
        ).encode(),
        json.dumps(
            {
                "format": "terr decisions 1",
                "answers": {},
                "refuse": [],
                "cells": [],
                "merges": [{"a": 1}],
                "families": [],
                **EMPTY,
            }
        ).encode(),
    ],
)
def test_a_file_that_holds_no_decisions_is_one_line(path, tmp_path, capsys, content):
    given = tmp_path / "decisions.json"
    given.write_bytes(content)
    code, out, err = run(capsys, "check", path, "--decisions", given)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_parquet_is_a_file_like_others(path, tmp_path, capsys):
    out = tmp_path / "crm.parquet"
    pd.read_csv(io.BytesIO(path.read_bytes()), dtype=str, keep_default_na=False).to_parquet(out)
    it = check(capsys, out, "--answer", "decimal:Revenue=,")
    assert (it["format"], it["header_row"], it["rows_accepted"]) == ("parquet", 0, 5)
    assert it["measures"]["Revenue"]["accepted"] == 17734.0


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    out = tmp_path / "hidden.db"
    with sqlite3.connect(out) as c:
        c.execute("CREATE TABLE accounts (id TEXT, name TEXT, zip TEXT, state TEXT, revenue REAL, big INTEGER)")
        rows = [("A-1", "Alpha", "02116", "MA", 1.234, 2**60), ("A-2", "Beta", "78701", "TX", 70.0, None)]
        c.executemany("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?)", rows)
    monkeypatch.setenv("TERR_SOURCE_CRM", f"sqlite:///{out}")
    monkeypatch.setenv("TERR_SOURCE_HOME", "MA")
    return out


def test_a_query_is_checked_like_a_file(database, capsys):
    it = check(capsys, "--source", "TERR_SOURCE_CRM", "--query", "SELECT * FROM accounts")
    assert (it["rows_in"], it["rows_accepted"], it["questions"]) == (2, 2, [])
    assert it["measures"]["revenue"]["accepted"] == pytest.approx(71.234), "a number of a database is never in doubt"
    assert "hidden" not in json.dumps(it)
    one = check(capsys, "--source", "TERR_SOURCE_CRM", "--query", "SELECT * FROM accounts WHERE state = :home")
    assert one["rows_in"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--source", "TERR_SOURCE_CRM"],
        ["--query", "SELECT 1"],
        ["--source", "TERR_SOURCE_NONE", "--query", "SELECT 1"],
        ["--source", "PATH", "--query", "SELECT 1"],
        ["--source", "TERR_SOURCE_CRM", "--query", "DELETE FROM accounts"],
        ["--source", "TERR_SOURCE_CRM", "--query", "SELECT * FROM nowhere"],
        ["--source", "TERR_SOURCE_CRM", "--query", "SELECT * FROM accounts WHERE state = :other"],
        ["crm.csv", "--source", "TERR_SOURCE_CRM", "--query", "SELECT 1"],
        [],
    ],
)
def test_a_query_that_cannot_be_asked_is_one_line_without_the_address(database, capsys, words):
    code, out, err = run(capsys, "check", *words)
    assert (code, out) == (2, "")
    assert err.startswith("terr: error: ")
    assert err.count("\n") == 1
    assert "hidden" not in err


def test_an_answer_nobody_asked_for_is_one_line(path, capsys):
    assert "there is no question" in run(capsys, "check", path, "--answer", "decimal:Nothing=,")[2]
    assert "choose ., ," in run(capsys, "check", path, "--answer", "decimal:Revenue=;")[2]
    assert "no correction" in run(capsys, "check", path, "--refuse", "magic")[2]
