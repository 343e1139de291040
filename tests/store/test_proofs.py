"""Nothing acknowledged is lost: many writers, programs and servers killed, a database away, a full disk."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.store.postgres import START, Postgres
from benchmarks.workshop.storm import check_killed, flip, kill_often, make, race, workshop, write_until_killed
from terr.edits import moves
from terr.errors import ConflictError, LocateError, StoreError
from terr.store import DataFiles, Store, open_store
from terr.workspace import Workspace
from terr.workspace.plan import editing, undo
from tests.helpers.effort import rounds

ID = "0123456789abcdef0123"
_NOBODY = 65534


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server of the test's own, to be stopped and killed."""
    server = Postgres()
    yield server
    server.close()


def test_no_edit_of_eight_writers_is_lost(address: str) -> None:
    _, late = race(address, 8, rounds(60, long=200))
    assert late > 0  # they did get into each other's way


def test_no_acknowledged_edit_is_lost_by_a_kill(address: str) -> None:
    kills = rounds(20, long=150)
    assert kill_often(address, kills) > kills


def test_no_acknowledged_edit_is_lost_when_the_server_is_killed(own_postgres: Postgres) -> None:
    address = own_postgres.url()
    with closing(open_store(address)) as store:
        sid = make(store)
    acknowledged = 0
    for _ in range(2):
        here, there = START.Pipe(duplex=False)
        victim = START.Process(target=write_until_killed, args=(address, sid, there))
        victim.start()
        there.close()
        assert here.poll(30)
        time.sleep(0.1)
        own_postgres.kill()
        victim.join(30)
        assert victim.exitcode == 1  # it was told so, and stopped with a StoreError
        try:
            while here.poll(0):
                acknowledged = here.recv()
        except EOFError:
            pass
        here.close()
        own_postgres.start()
        check_killed(address, sid, acknowledged)
    assert acknowledged > 2


def test_a_database_that_is_away_is_said_and_nothing_is_lost(own_postgres: Postgres) -> None:
    with closing(open_store(own_postgres.url())) as store:
        sid = make(store)
        flip(store, sid, 0, "Ann")
        own_postgres.stop()
        for _ in range(20):  # more often than the pool holds connections
            for act in (lambda: store.scenarios.rev(sid), lambda: flip(store, sid, 0, "Ann"), store.scenarios.find):
                with pytest.raises(StoreError, match=r"can't be reached|starting or stopping") as caught:
                    act()
                assert "nothing was changed" in str(caught.value)
                assert "TERR_DATABASE_URL" in str(caught.value)
        own_postgres.start()
        assert store.scenarios.rev(sid) == 3
        assert flip(store, sid, 0, "Ann")[0] == 4  # the same program goes on
        assert len(store.edits.history(sid).steps) == 4


@contextmanager
def small_disk() -> Iterator[Path]:
    """A folder with room for 2 MB: a disk of its own for root, else files that may not grow."""
    folder = Path(tempfile.mkdtemp(prefix="terr-disk-"))
    mounted = (
        os.geteuid() == 0
        and subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True
        ).returncode
        == 0
    )
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if not mounted:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2 * 2**20, before[1]))
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        shutil.rmtree(folder)


def test_a_full_disk_refuses_and_keeps_what_was_there() -> None:
    with small_disk() as folder:
        (folder / "ballast").write_bytes(b"x" * 300_000)
        store = open_store(folder / "terr.db")
        sid = make(store, 20_000)
        rng, rev, refused = np.random.default_rng(1), 2, ""
        for _ in range(400):
            plan, rev = store.plans.load(sid)
            edit = moves.assign(plan, np.flatnonzero(rng.random(20_000) < 0.5), int(rng.integers(0, 2))).edit
            try:
                store.edits.append(sid, edit, rev)
            except StoreError as error:
                refused = str(error)
                break
        assert "nothing was changed" in refused
        assert "disk" in refused
        assert store.scenarios.rev(sid) == rev
        before = store.plans.load(sid)[0]
        with pytest.raises(StoreError, match="free space"):
            DataFiles(folder).save(os.urandom(3 * 2**20))
        store.close()
        (folder / "ballast").unlink()
        with closing(open_store(folder / "terr.db")) as again:
            assert again.notice == ""
            assert again.plans.load(sid)[0].same_as(before)
            assert len(again.edits.history(sid).steps) == rev
            assert flip(again, sid, 0, "Ann")[0] == rev + 1


READ_ONLY = """
import os, pathlib, sys
from terr.edits import moves
from terr.errors import TerrError
from terr.store import DataFiles, open_store
folder = pathlib.Path(sys.argv[1])
store = open_store(folder / "warm" / "terr.db")  # all is imported while the program may still read its own files
if os.geteuid() == 0:
    os.setgid({nobody}); os.setuid({nobody})
def edit():
    store = open_store(folder / "terr.db")
    plan, rev = store.plans.load(sys.argv[2])
    store.edits.append(sys.argv[2], moves.assign(plan, [0], 1).edit, rev)
for act in (lambda: open_store(folder / "new.db"), lambda: DataFiles(folder).save(b"x"), edit):
    try:
        act()
    except TerrError as error:
        print(type(error).__name__, error)
"""


def test_a_folder_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="terr-readonly-"))
    try:
        with closing(open_store(folder / "terr.db")) as store:
            sid = make(store)
        (folder / "warm").mkdir()
        (folder / "terr.db").chmod(0o444)
        folder.chmod(0o555)
        script = READ_ONLY.replace("{nobody}", str(_NOBODY))
        root = Path(__file__).resolve().parents[2]
        done = subprocess.run(
            [sys.executable, "-c", script, str(folder), sid], capture_output=True, text=True, cwd=root, timeout=60
        )
        lines = done.stdout.splitlines()
        assert len(lines) == 3, done.stderr
        assert all(line.startswith("StoreError") for line in lines)
        assert "check that the folder exists and may be written" in lines[0]
        assert "set TERR_DATA_DIR to one you may write to" in lines[1]
        assert "it may not be written; check the folder's permissions" in lines[2]
        folder.chmod(0o700)
        with closing(open_store(folder / "terr.db")) as store:
            assert store.scenarios.rev(sid) == 2
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)


def test_programs_on_one_database_see_each_others_edits_and_files(address: str, tmp_path: Path) -> None:
    shared = not address.startswith("postgresql")
    one = Workspace(tmp_path / "a", address)
    two = Workspace(tmp_path / ("a" if shared else "b"), address)
    try:
        sid = make(one.store, 8)
        assert two.store.changes.latest(sid)[0] == 2
        assert editing.paint(one, sid, [3], 1, author="Ann").rev == 3
        assert two.store.changes.latest(sid)[0] == 3
        assert two.plan(sid)[0].assign.tolist() == [-1, -1, -1, 1, -1, -1, -1, -1]
        with pytest.raises(ConflictError):
            undo.undo(one, sid, 2, author="Ann")
        assert undo.undo(two, sid, 3, author="Ann").rev == 4
        assert one.plan(sid)[0].assign.tolist() == [-1] * 8
        sha = one.store.files.save(b"rows")
        assert two.store.files.read(sha) == b"rows"
        frame = pd.DataFrame({"zip": ["02139"]})
        one.store.files.write_frame(ID, frame)
        one.store.files.write_frame(ID, frame)
        pd.testing.assert_frame_equal(two.store.files.read_frame(ID), frame)
        assert two.store.files.has_frame(ID)
        assert not two.store.files.exists("0" * 64)
        for missing in (
            lambda: two.store.files.read("0" * 64),
            lambda: two.store.files.read_frame("f" * 20),
            lambda: two.store.files.read("../x"),
        ):
            with pytest.raises(LocateError):
                missing()
    finally:
        one.close()
        two.close()


@pytest.mark.slow
def test_a_workshop_loses_nothing_and_each_sees_the_others(address: str, tmp_path: Path) -> None:
    programs = 2 if address.startswith("postgresql") else 1
    held = workshop(address, tmp_path, windows=50, programs=programs, seconds=3.0)
    assert (held.lost, held.failed) == (0, 0)
    assert held.edits >= 50  # each window's own at least
    assert len(held.seen_s) > 50
    assert held.here > 0


def test_changes_in_turn_are_guarded_too(address: str) -> None:
    with closing(open_store(address)) as store:
        sid = make(store)
        _edits_in_turn(store, sid)


def _edits_in_turn(store: Store, sid: str) -> None:
    made = store.edits.change(sid, lambda plan, code: moves.new_territory(plan, next_code=code))
    assert (made.rev, made.on, made.plan.codes) == (3, 2, (0, 1, 2))
    same = store.edits.change(sid, lambda plan, _: moves.assign(plan, [], 1).edit)
    assert (same.rev, bool(same.edit)) == (3, False)
    assert store.plans.load(sid)[0].same_as(made.plan)
