"""What must not happen to a database: lost updates, lost edits after a crash, a damaged file taken for a good one."""

from __future__ import annotations

import os
import sqlite3
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event

from benchmarks.workshop.storm import check_all_there, flip, make
from terr.edits import moves
from terr.errors import InputError, StoreError, TerrError
from terr.store import Store, data_dir, open_store
from terr.store.sqlite import prepare

WRITERS, EACH = 8, 25


def test_no_update_is_lost_among_threads_of_one_store(tmp_path: Path) -> None:
    path = tmp_path / "terr.db"
    store = open_store(path)
    sid = make(store)
    failed: list[TerrError] = []

    def work(writer: int) -> None:
        try:
            for _ in range(EACH):
                flip(store, sid, writer, f"w{writer}")
        except TerrError as error:
            failed.append(error)

    people = [threading.Thread(target=work, args=(w,)) for w in range(WRITERS)]
    for p in people:
        p.start()
    for p in people:
        p.join(25)
    assert failed == []
    store.close()
    check_all_there(str(path), sid, WRITERS, EACH)


def test_many_open_a_new_database_at_once(tmp_path: Path) -> None:
    opened: list[Store] = []
    failed: list[Exception] = []
    gate = threading.Barrier(12)

    def work() -> None:
        gate.wait(10)
        try:
            opened.append(open_store(tmp_path / "terr.db"))
        except TerrError as error:
            failed.append(error)

    people = [threading.Thread(target=work) for _ in range(12)]
    for p in people:
        p.start()
    for p in people:
        p.join(25)
    assert failed == []
    assert {s.notice for s in opened} == {""}
    make(opened[0])
    assert all(len(s.scenarios.find()) == 1 for s in opened)
    for s in opened:
        s.close()


def test_opening_waits_for_another_that_makes_the_database(tmp_path: Path) -> None:
    path = tmp_path / "terr.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE of_another (a)")
    other.execute("BEGIN IMMEDIATE")  # not yet write-ahead: the switch is refused without a wait
    cleared = threading.Timer(1.0, lambda: other.execute("ROLLBACK"))
    cleared.start()
    connection = sqlite3.connect(path)
    prepare(connection, None)
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    cleared.join()
    connection.close()
    other.close()


@pytest.mark.parametrize("damage", ["text", "truncated", "scribbled"])
def test_a_damaged_database_is_set_aside(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "terr.db"
    store = open_store(path)
    sid = make(store, n_units=4000)
    for _ in range(30):
        flip(store, sid, 0, "Ann")
    store.close()
    good = path.read_bytes()
    bad = {
        "text": b"These are not the tables you are looking for.\n" * 400,
        "truncated": good[: len(good) // 2],
        "scribbled": good[:4096] + os.urandom(len(good) - 4096),
    }[damage]
    path.write_bytes(bad)
    (tmp_path / "terr.db-wal").write_bytes(b"stale")
    store = open_store(path)
    aside = [p for p in tmp_path.iterdir() if ".damaged-" in p.name and not p.name.endswith(("-wal", "-shm"))]
    assert len(aside) == 1
    assert aside[0].read_bytes() == bad
    assert str(aside[0]) in store.notice
    assert "damaged" in store.notice
    assert "\n" not in store.notice
    assert store.scenarios.find() == []
    make(store)
    store.close()
    again = open_store(path)
    assert again.notice == ""
    assert len(again.scenarios.find()) == 1
    again.close()


def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "terr.db"
    store = open_store(path)
    make(store)
    store.close()
    with sqlite3.connect(path) as c:
        c.execute("UPDATE meta SET schema_version = 99")
    c.close()
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"newer Terr \(format 99"):
        open_store(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if "damaged" in p.name] == []


@pytest.mark.parametrize("table", ["albums", "meta"])
def test_the_database_of_another_program_is_left_alone(tmp_path: Path, table: str) -> None:
    path = tmp_path / "music.db"
    with sqlite3.connect(path) as c:
        c.execute(f"CREATE TABLE {table} (x)")
    c.close()
    before = path.read_bytes()
    with pytest.raises(InputError, match="another program"):
        open_store(path)
    assert path.read_bytes() == before


def test_places_where_no_database_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="can't be made"):
        open_store(tmp_path / "file" / "terr.db")
    with pytest.raises(InputError, match="is a folder"):
        open_store(tmp_path)
    for wrong in ("sqlite://", "sqlite:///:memory:", "://x"):
        with pytest.raises(InputError):
            open_store(wrong)
    with pytest.raises(InputError, match="nosuch"):
        open_store("nosuch://host/name")


def test_a_url_and_a_path_are_one_database(tmp_path: Path) -> None:
    path = tmp_path / "a folder ü" / "terr.db"
    store = open_store(path)
    sid = make(store)
    store.close()
    again = open_store("sqlite:///" + str(path))
    assert again.scenarios.rev(sid) == 2
    again.close()
    assert (path.parent.stat().st_mode & 0o777) == 0o700 or sys.platform == "win32"


def pragma(store: Store, statement: str) -> None:
    """On each connection from now on."""
    store._db.engine.dispose()
    event.listen(store._db.engine, "connect", lambda connection, _: connection.execute(statement).close())


def test_a_full_disk_is_said_and_nothing_is_half_written(tmp_path: Path) -> None:
    path = tmp_path / "terr.db"
    store = open_store(path)
    sid = make(store, n_units=20_000)
    with sqlite3.connect(path) as c:
        pages = c.execute("PRAGMA page_count").fetchone()[0]
    c.close()
    pragma(store, f"PRAGMA max_page_count = {pages}")  # SQLite then answers as it does on a full disk
    noise = np.random.default_rng(1).random(20_000) < 0.5
    plan, rev = store.plans.load(sid)
    before = store.edits.history(sid)
    with pytest.raises(StoreError, match="disk is full; free some space"):
        store.edits.append(sid, moves.assign(plan, np.flatnonzero(noise), 1).edit, rev)
    assert store.edits.history(sid) == before
    assert store.plans.load(sid)[0].same_as(plan)
    store.close()
    store = open_store(path)
    assert store.notice == ""
    assert store.edits.append(sid, moves.assign(plan, np.flatnonzero(noise), 1).edit, rev) == 3
    store.close()


def test_a_database_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    store = open_store(tmp_path / "terr.db")
    sid = make(store)
    pragma(store, "PRAGMA query_only = ON")
    plan, rev = store.plans.load(sid)
    with pytest.raises(StoreError, match="may not be written; check the folder's permissions"):
        store.edits.append(sid, moves.assign(plan, [3], 1).edit, rev)
    assert store.scenarios.rev(sid) == rev
    store.close()


def test_every_connection_is_crash_safe(tmp_path: Path) -> None:
    store = open_store(tmp_path / "terr.db")
    opened = [store._db.engine.connect() for _ in range(3)]
    for c in opened:
        assert c.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert c.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert c.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        c.close()
    store.close()


def test_data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path / "a" / "b"))
    assert data_dir() == tmp_path / "a" / "b"
    assert data_dir().stat().st_mode & 0o777 == 0o700 or sys.platform == "win32"
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path / "file" / "x"))
    with pytest.raises(StoreError, match="TERR_DATA_DIR"):
        data_dir()
