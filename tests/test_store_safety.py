"""What must not happen to a database: lost updates, lost edits after a crash, a damaged file taken for a good one."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import event

from terr.edits import moves
from terr.errors import ConflictError, InputError, StoreError, TerrError
from terr.store import Store, data_dir, open_store

WRITERS, EACH, KILLS = 8, 25, 20
START = multiprocessing.get_context("forkserver" if sys.platform != "win32" else "spawn")
if sys.platform != "win32":
    START.set_forkserver_preload(["terr.store"])


def make(store: Store, n_units: int = 64) -> str:
    sid = store.create_scenario("Base", dataset_id="", level="county", region=("TX",), units_version="u",
                                n_units=n_units, measure="revenue", tolerance=0.05).id  # fmt: skip
    for code in (0, 1):
        store.append(sid, moves.new_territory(store.load_plan(sid)[0], next_code=code), code)
    return sid


def flip(store: Store, sid: str, unit: int, author: str) -> int:
    """Move one unit to the other territory, on whatever revision there is, until it is saved."""
    while True:
        plan, rev = store.load_plan(sid)
        edit = moves.assign(plan, [unit], int(plan.assign[unit] != 1), author=author).edit
        try:
            return store.append(sid, edit, rev)
        except ConflictError:
            continue


def write_many(path: str, sid: str, writer: int) -> None:
    store = open_store(path)
    for _ in range(EACH):
        flip(store, sid, writer, f"w{writer}")
    store.close()


def write_until_killed(path: str, sid: str, pipe: Connection) -> None:
    store = open_store(path)
    while True:
        pipe.send(flip(store, sid, 0, "victim"))


def check_all_there(path: Path, sid: str) -> None:
    store = open_store(path)
    story = store.history(sid)
    assert store.rev(sid) == 2 + WRITERS * EACH
    assert [v.rev for v in story.visits] == list(range(1, 3 + WRITERS * EACH))
    by = [s.author for s in story.steps]
    assert all(by.count(f"w{w}") == EACH for w in range(WRITERS))
    plan = store.load_plan(sid)[0]
    assert plan.assign[:WRITERS].tolist() == [EACH % 2] * WRITERS  # 25 flips each: 1, 0, ..., 1
    store.close()


def test_no_update_is_lost_among_processes(tmp_path: Path) -> None:
    path = tmp_path / "terr.db"
    store = open_store(path)
    sid = make(store)
    store.close()
    people = [START.Process(target=write_many, args=(str(path), sid, w)) for w in range(WRITERS)]
    for p in people:
        p.start()
    for p in people:
        p.join(25)
    assert [p.exitcode for p in people] == [0] * WRITERS
    check_all_there(path, sid)


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
    check_all_there(path, sid)


def test_no_acknowledged_edit_is_lost_by_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "terr.db"
    store = open_store(path)
    sid = make(store)
    store.close()
    rng = np.random.default_rng(7)
    acknowledged = 0
    for _ in range(KILLS):
        here, there = START.Pipe(duplex=False)
        victim = START.Process(target=write_until_killed, args=(str(path), sid, there))
        victim.start()
        there.close()
        assert here.poll(20)
        time.sleep(float(rng.uniform(0.0, 0.05)))
        victim.kill()
        victim.join(10)
        try:
            while here.poll(0):
                acknowledged = here.recv()
        except EOFError:
            pass
        here.close()
        store = open_store(path)
        assert store.notice == ""
        plan, rev = store.load_plan(sid)
        assert acknowledged <= rev <= acknowledged + 1  # one may be saved and not yet said
        assert len(store.history(sid).steps) == rev
        assert plan.assign[0] == (rev - 2) % 2
        store.close()
    assert acknowledged > KILLS


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
    assert all(len(s.list_scenarios()) == 1 for s in opened)
    for s in opened:
        s.close()


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
    assert store.list_scenarios() == []
    make(store)
    store.close()
    again = open_store(path)
    assert again.notice == ""
    assert len(again.list_scenarios()) == 1
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
    assert again.rev(sid) == 2
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
    plan, rev = store.load_plan(sid)
    before = store.history(sid)
    with pytest.raises(StoreError, match="disk is full; free some space"):
        store.append(sid, moves.assign(plan, np.flatnonzero(noise), 1).edit, rev)
    assert store.history(sid) == before
    assert store.load_plan(sid)[0].same_as(plan)
    store.close()
    store = open_store(path)
    assert store.notice == ""
    assert store.append(sid, moves.assign(plan, np.flatnonzero(noise), 1).edit, rev) == 3
    store.close()


def test_a_database_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    store = open_store(tmp_path / "terr.db")
    sid = make(store)
    pragma(store, "PRAGMA query_only = ON")
    plan, rev = store.load_plan(sid)
    with pytest.raises(StoreError, match="may not be written; check the folder's permissions"):
        store.append(sid, moves.assign(plan, [3], 1).edit, rev)
    assert store.rev(sid) == rev
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
