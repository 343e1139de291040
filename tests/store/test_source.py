"""A database as a source: one SELECT, read-only, limited, and silent about its address."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path

import pytest

from terr.errors import InputError, StoppedError
from terr.ingest import FileLimits, build_ledger, recognise
from terr.model.progress import Progress
from terr.store.source import check_query, read_query, variable
from tests.helpers.following import followed
from tests.helpers.intakes import counts, money

QUERY = 'SELECT id AS "Account ID", name AS "Account Name", zip AS Zip, revenue AS Revenue FROM accounts ORDER BY id'


@pytest.fixture
def crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "secret crm.db"
    with sqlite3.connect(path) as c:
        c.execute("CREATE TABLE accounts (id TEXT, name TEXT, zip TEXT, revenue REAL, since TEXT, blob BLOB)")
        c.executemany(
            "INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?)",
            [
                ("A1", "Acme", "02139", 1250.5, "2024-01-02", b"x"),
                ("A2", "=cmd()", "00501", 7, None, b"y"),
                ("A3", None, "10001", None, "", b""),
            ],
        )
    c.close()
    monkeypatch.setenv("TERR_SOURCE_CRM", f"sqlite:///{path}")
    return path


def test_rows_come_in_like_a_file(crm: Path) -> None:
    progress, told = followed()
    raw = read_query("TERR_SOURCE_CRM", QUERY, progress=progress)
    assert (raw.format, raw.header_row, raw.filename, raw.source_rows.tolist()) == (
        "query",
        0,
        "TERR_SOURCE_CRM",
        [1, 2, 3],
    )
    assert raw.rows.to_numpy().tolist() == [
        ["A1", "Acme", "02139", "1250.5"],
        ["A2", "=cmd()", "00501", "7"],
        ["A3", "", "10001", ""],
    ]
    got = build_ledger(raw, recognise(raw))
    assert counts(got) == (3, 3, 0, 0)
    assert money(got, "Revenue") == (1257.5, 1257.5, 0, 0)
    assert (told[0].fraction, told[0].stage) == (0.0, "asking the database")
    assert read_query("TERR_SOURCE_CRM", QUERY).sha256 == raw.sha256


def test_values_come_from_the_environment(crm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERR_SOURCE_ZIP", "' OR 1=1 --")
    query = "SELECT id, zip, revenue FROM accounts WHERE zip = :zip"
    with pytest.raises(InputError, match="no rows"):
        read_query("TERR_SOURCE_CRM", query, parameters={"zip": "TERR_SOURCE_ZIP"})
    monkeypatch.setenv("TERR_SOURCE_ZIP", "02139")
    assert len(read_query("TERR_SOURCE_CRM", query, parameters={"zip": "TERR_SOURCE_ZIP"}).rows) == 1
    with pytest.raises(InputError, match=r"can't be used|refused"):
        read_query("TERR_SOURCE_CRM", query)


@pytest.mark.parametrize(
    "name", ["PATH", "TERR_DATABASE_URL", "terr_source_x", "TERR_SOURCE_", "TERR_SOURCE_X\n", "", "TERR_SOURCE_UNSET"]
)
def test_only_variables_meant_for_it_are_read(name: str) -> None:
    with pytest.raises(InputError, match="TERR_SOURCE_"):
        variable(name)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "DROP TABLE accounts",
        "SELECT 1; DROP TABLE accounts",
        "UPDATE accounts SET zip = ''",
        "PRAGMA query_only = OFF",
        "WITH x AS (DELETE FROM accounts RETURNING *) SELECT * FROM x",
        "SELECT * INTO x FROM accounts",
        "INSERT INTO accounts SELECT 1",
        "/* x */ ATTACH 'a.db' AS a",
        "EXPLAIN SELECT 1",
        "VALUES (1)",
        "SELECT 1 -- \n; DELETE FROM accounts",
        "BEGIN",
        "select\x00",
        "COPY accounts TO '/tmp/x'",
        "SELECT 1 INTO OUTFILE '/tmp/x'",
    ],
)
def test_one_select_only(crm: Path, query: str) -> None:
    with pytest.raises(InputError):
        read_query("TERR_SOURCE_CRM", query)
    with sqlite3.connect(crm) as c:
        assert c.execute("SELECT count(*) FROM accounts").fetchone() == (3,)
    c.close()


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1;",
        "select 'a;b; drop table x' AS note",
        "-- first\nSELECT 1",
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
        'SELECT "update" FROM x',
        "SELECT replace(a, 'x', 'y') FROM b",
        "SELECT updated, set_at FROM x",
    ],
)
def test_honest_selects_pass(query: str) -> None:
    assert check_query(query)


def test_the_database_itself_refuses_to_write(crm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("terr.store.source.check_query", lambda q: q)
    for query in ("DELETE FROM accounts", "CREATE TABLE x (a)"):
        with pytest.raises(InputError, match=r"readonly|read-only|refused"):
            read_query("TERR_SOURCE_CRM", query)
    with sqlite3.connect(crm) as c:
        assert c.execute("SELECT count(*) FROM accounts").fetchone() == (3,)
    c.close()


ENDLESS = "WITH RECURSIVE t(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM t) SELECT i AS id, '02139' AS zip FROM t"


def test_rows_and_time_are_limited_and_it_can_be_stopped(crm: Path) -> None:
    with pytest.raises(InputError, match="more than 25,000 rows"):
        read_query("TERR_SOURCE_CRM", ENDLESS, limits=FileLimits(max_rows=25_000))
    with pytest.raises(InputError, match="too long"):
        read_query("TERR_SOURCE_CRM", ENDLESS + " WHERE i < 0", timeout_s=0.3)
    asked = itertools.count()
    with pytest.raises(StoppedError):
        read_query(
            "TERR_SOURCE_CRM",
            ENDLESS + " WHERE i < 0",
            progress=Progress(cancel=lambda: next(asked) > 3),
            timeout_s=600,
        )
    assert next(asked) < 10


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://ann:hunter2@nowhere.example/crm",
        "mysql://ann:hunter2@nowhere.example/crm",
        "oracle://ann:hunter2@x/crm",
        "hunter2",
        "sqlite:////nowhere/hunter2.db",
        "sqlite://",
        "postgresql+hunter2://ann:hunter2@x/crm",
    ],
)
def test_no_message_holds_the_password(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("TERR_SOURCE_CRM", address)
    with pytest.raises(InputError) as caught:
        read_query("TERR_SOURCE_CRM", "SELECT 1", timeout_s=2)
    assert "hunter2" not in str(caught.value)
    assert "nowhere" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_wrong_column_is_said_without_the_path(crm: Path) -> None:
    with pytest.raises(InputError, match="no such column: nope") as caught:
        read_query("TERR_SOURCE_CRM", "SELECT nope FROM accounts")
    assert "secret" not in str(caught.value)
    with pytest.raises(InputError, match="'blob' holds bytes"):
        read_query("TERR_SOURCE_CRM", "SELECT blob FROM accounts")
    assert not list(crm.parent.glob("*-wal"))
