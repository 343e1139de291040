"""Backup and restore, from either store to either: consistent, checked, and never over something without a copy."""

from __future__ import annotations

import threading
import zipfile
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.store.postgres import Postgres
from terr.cli.main import main
from terr.edits import moves
from terr.errors import InputError, StoppedError, StoreError
from terr.store import ExceptionRequest, Store, WindowPresence, open_store
from terr.store.backup import backup, check, restore
from terr.store.schema import VERSION
from tests.helpers.following import followed
from tests.helpers.steps import back, forth
from tests.store.test_workshop import ANN, BOB, make

FRAME = pd.DataFrame({"zip": ["02139"], "revenue": [5.0]})


def fill(address: str, root: Path) -> str:
    """A scenario with a bit of everything."""
    with closing(open_store(address, root)) as store:
        data = store.datasets.save(
            "Q3", sha256=store.files.save(b"a,b\n"), filename="q3.csv", mapping={}, summary={"rows": 1}
        )
        store.files.write_frame(data.id, FRAME)
        store.files.write_facts(data.id, "ab" * 10, FRAME)
        sid = make(store, "東京", ANN)
        store.edits.append(sid, moves.new_territory(store.plans.load(sid)[0], "West", next_code=0), 0)
        for unit in range(3):
            store.edits.append(sid, moves.assign(store.plans.load(sid)[0], [unit], 0, author="Ann").edit, unit + 1)
        back(store, sid, 4)
        store.comments.add(sid, "hm", by=ANN)
        store.marks.add(sid, "version", "Board", edit_id=2, by=ANN)
        store.exceptions.add(sid, [ExceptionRequest("A1", "named", 0)], by=ANN)
        made = store.proposals.add(sid, moves.assign(store.plans.load(sid)[0], [7], 0).edit, 5, reason="r", by=BOB)
        store.proposals.challenge(sid, made.id, "no", by=ANN)
        store.presence.seen(sid, WindowPresence("w", ANN))
    (root / "boundaries" / "own-1").mkdir(parents=True)
    (root / "boundaries" / "own-1" / "geometry.json").write_text("{}")
    return sid


def all_of(store: Store, sid: str) -> list[object]:
    plan, rev = store.plans.load(sid)
    return [
        rev,
        plan.assign.tolist(),
        store.edits.history(sid),
        store.scenarios.get(sid),
        store.comments.of(sid),
        store.marks.of(sid),
        store.exceptions.of(sid),
        store.changes.timeline(sid),
        store.roles.of(sid),
        [(p.title, p.state, p.challenges) for p in store.proposals.of(sid)],
        store.datasets.all(),
    ]


def test_a_backup_of_either_store_comes_back_on_either(address: str, postgres: Postgres, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    sid = fill(address, root)
    made = backup(address, root, tmp_path / "all.terrbackup")
    assert (made.scenarios, made.edits, made.data_sets, made.files) == (1, 4, 1, 4)
    with closing(open_store(address)) as store:
        expected = all_of(store, sid)
    with postgres.database() as elsewhere:
        for where, place in ((str(tmp_path / "new" / "terr.db"), tmp_path / "new"), (elsewhere, tmp_path / "pg")):
            done = restore(where, place, made.path)
            assert (done.kept, done.edits) == (None, 4)
            with closing(open_store(where, place)) as store:
                assert all_of(store, sid) == expected
                assert store.presence.here(sid) == ()
                data = store.datasets.all()[0]
                assert store.files.read(data.sha256) == b"a,b\n"
                pd.testing.assert_frame_equal(store.files.read_frame(data.id), FRAME)
                pd.testing.assert_frame_equal(store.files.read_facts(data.id, "ab" * 10), FRAME)
                assert forth(store, sid, 4, 5) == 6
            assert (place / "boundaries" / "own-1" / "geometry.json").read_text() == "{}"
    with pytest.raises(InputError, match="exists; choose another name"):
        backup(address, root, made.path)
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".terr-")] == []


def test_a_restore_keeps_what_was_there_and_running_programs_are_told(address: str, tmp_path: Path) -> None:
    root = tmp_path / "data"
    root.mkdir()
    sid = fill(address, root)
    path = backup(address, root, tmp_path / "a.terrbackup").path
    with closing(open_store(address)) as running:
        other = make(running, "later")
        done = restore(address, root, path)
        assert done.kept is not None
        assert check(done.kept).scenarios == 2
        with pytest.raises(StoreError, match="restart Terr"):
            forth(running, sid, 4, 5)
    with closing(open_store(address)) as store:
        assert [i.id for i in store.scenarios.find()] == [sid]
        assert forth(store, sid, 4, 5) == 6
    restore(address, root, done.kept)
    with closing(open_store(address)) as store:
        assert {i.id for i in store.scenarios.find()} == {sid, other}


def test_a_backup_taken_while_others_write_is_of_one_moment(address: str, tmp_path: Path) -> None:
    with closing(open_store(address)) as store:
        sid = make(store)
        store.edits.append(sid, moves.new_territory(store.plans.load(sid)[0], next_code=0), 0)
        done = threading.Event()

        def work() -> None:
            rev = 1
            while not done.is_set():
                plan, _ = store.plans.load(sid)
                rev = store.edits.append(
                    sid, moves.assign(plan, [rev % 8], int(plan.assign[rev % 8] != 0) - 1).edit, rev
                )

        writer = threading.Thread(target=work)
        writer.start()
        try:
            made = [backup(address, tmp_path / "data", tmp_path / f"{n}.terrbackup") for n in range(3)]
        finally:
            done.set()
            writer.join(30)
        for one in made:
            place = str(tmp_path / one.path.stem / "terr.db")
            restore(place, tmp_path / one.path.stem, one.path)
            with closing(open_store(place)) as copy:
                plan, rev = copy.plans.load(sid)
                assert rev == one.edits
                assert plan.same_as(store.plans.at(sid, rev))


@pytest.mark.parametrize("damage", ["text", "cut", "byte", "added", "newer", "outside", "database"])
def test_a_bad_backup_changes_nothing(tmp_path: Path, damage: str) -> None:
    root, address = tmp_path / "data", str(tmp_path / "data" / "terr.db")
    root.mkdir()
    sid = fill(address, root)
    path = backup(address, root, tmp_path / "a.terrbackup").path
    good = path.read_bytes()
    if damage == "text":
        path.write_text("hello")
    elif damage == "cut":
        path.write_bytes(good[: len(good) // 2])
    elif damage == "byte":
        at = good.index(b"terr.db") + 200
        path.write_bytes(good[:at] + bytes([good[at] ^ 255]) + good[at + 1 :])
    else:
        _repack(path, damage)
    (tmp_path / "plain").mkdir()
    before = (root / "terr.db").read_bytes()
    with pytest.raises(InputError):
        restore(address, root, path)
    assert (root / "terr.db").read_bytes() == before
    assert not (tmp_path / "evil").exists()
    with closing(open_store(address)) as store:
        assert store.scenarios.rev(sid) == 5
    with pytest.raises(InputError, match="there is no backup"):
        restore(address, root, tmp_path / "nothing")


def _repack(path: Path, damage: str) -> None:
    with zipfile.ZipFile(path) as old:
        content = {i.filename: old.read(i) for i in old.infolist()}
    manifest = content["manifest.json"].decode()
    if damage == "newer":
        content["manifest.json"] = manifest.replace(f'"format": {VERSION}', '"format": 99').encode()
    elif damage == "database":
        content["terr.db"] = content["terr.db"][:-1] + b"x"
    elif damage == "added":
        content["uploads/aa/bb"] = b"x"
    else:
        name = next(n for n in content if n.startswith("uploads/"))
        content["../evil"] = content.pop(name)
        content["manifest.json"] = manifest.replace(name, "../evil").encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, data in content.items():
            new.writestr(name, data)


def test_the_two_commands(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "data"
    root.mkdir()
    monkeypatch.setenv("TERR_DATA_DIR", str(root))
    if address.startswith("postgresql"):
        monkeypatch.setenv("TERR_DATABASE_URL", address)
        where = address
    else:
        where = str(root / "terr.db")
    sid = fill(where, root)
    out = tmp_path / "all.terrbackup"
    assert main(["backup", str(out)]) == 0
    assert "1 scenario, 4 edits, 1 data set, 4 files. It was read back and is whole." in capsys.readouterr().out
    assert main(["backup", str(out)]) == 2
    assert main(["backup", str(tmp_path / "no" / "x")]) == 2
    assert "choose another name" in capsys.readouterr().err
    with closing(open_store(where)) as store:
        store.scenarios.delete(sid)
    assert main(["restore", str(out)]) == 0
    told = capsys.readouterr().out
    assert "What was there before is kept in" in told
    assert "restart it" in told
    with closing(open_store(where)) as store:
        assert store.scenarios.rev(sid) == 5
    assert main(["restore", str(tmp_path / "nothing")]) == 2


def test_a_stop_leaves_no_file_and_changes_nothing(tmp_path: Path) -> None:
    address, root = str(tmp_path / "terr.db"), tmp_path
    sid = fill(address, root)
    out = tmp_path / "out.terrbackup"
    progress, steps = followed()
    backup(address, root, tmp_path / "whole.terrbackup", progress)
    there = sorted(p.name for p in tmp_path.iterdir())
    for count in range(len(steps)):
        with pytest.raises(StoppedError):
            backup(address, root, out, followed(stop_after=count)[0])
        assert sorted(p.name for p in tmp_path.iterdir()) == there
    with closing(open_store(address, root)) as store:
        before = all_of(store, sid)
    progress, steps = followed()
    for count in range(3):
        with pytest.raises(StoppedError):
            restore(address, root, tmp_path / "whole.terrbackup", followed(stop_after=count)[0])
        assert sorted(p.name for p in tmp_path.iterdir()) == there
        with closing(open_store(address, root)) as store:
            assert all_of(store, sid) == before
    progress, heard = followed(at="putting it in place")
    restore(address, root, tmp_path / "whole.terrbackup", progress)
    assert "putting it in place" in heard[-1].stage
