"""Uploads and account tables as files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

from terr.errors import InputError, LocateError, StoreError
from terr.store import DataFiles

ID = "0123456789abcdef0123"


@pytest.fixture
def files(tmp_path: Path) -> DataFiles:
    return DataFiles(tmp_path / "data")


def everything(root: Path) -> list[str]:
    return sorted(str(p.relative_to(root)) for p in root.rglob("*") if p.is_file())


def test_content_is_kept_once_under_its_hash(files: DataFiles) -> None:
    sha = files.save(b"zip,revenue\n02139,5\n")
    assert sha == hashlib.sha256(b"zip,revenue\n02139,5\n").hexdigest()
    assert files.save(b"zip,revenue\n02139,5\n") == sha
    assert files.read(sha) == b"zip,revenue\n02139,5\n"
    assert files.exists(sha)
    assert not files.exists("0" * 64)
    assert everything(files.root) == [f"uploads/{sha[:2]}/{sha}"]
    with pytest.raises(LocateError, match="upload the file again"):
        files.read("0" * 64)


def test_a_changed_file_is_noticed(files: DataFiles) -> None:
    sha = files.save(b"abc")
    (files.root / "uploads" / sha[:2] / sha).write_bytes(b"abd")
    with pytest.raises(StoreError, match="damaged"):
        files.read(sha)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..", "", "/etc/passwd", "C:\\x", "a/../b", "x" * 300, "\0", "A" * 64, ID + "\n"]
)
def test_names_never_become_paths(files: DataFiles, name: str, tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]})
    for act in (
        lambda: files.read(name),
        lambda: files.exists(name),
        lambda: files.has_frame(name),
        lambda: files.read_frame(name),
        lambda: files.write_frame(name, frame),
        lambda: files.write_facts(name, ID, frame),
        lambda: files.write_facts(ID, name, frame),
        lambda: files.read_facts(ID, name),
        lambda: files.has_facts(name, ID),
    ):
        with pytest.raises(LocateError):
            act()
    assert everything(tmp_path) == []


def test_tables_round_trip(files: DataFiles) -> None:
    frame = pd.DataFrame(
        {"zip": ["02139", ""], "revenue": [1250000.5, float("nan")], "row": [18, 19], "=x": ["<b>", "🗺️"]}
    )
    assert not files.has_frame(ID)
    files.write_frame(ID, frame)
    pd.testing.assert_frame_equal(files.read_frame(ID), frame)
    files.write_frame(ID, frame.head(1))
    assert len(files.read_frame(ID)) == 1
    assert everything(files.root) == [f"accounts/{ID}.parquet"]
    with pytest.raises(LocateError):
        files.read_frame("f" * 20)
    (files.root / "accounts" / f"{ID}.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(StoreError, match="damaged"):
        files.read_frame(ID)


def test_a_table_that_can_not_be_stored_leaves_the_earlier_one(files: DataFiles) -> None:
    files.write_frame(ID, pd.DataFrame({"a": [1]}))
    with pytest.raises(InputError, match="can't be stored"):
        files.write_frame(ID, pd.DataFrame({"a": [1, "x", object()]}))
    assert files.read_frame(ID)["a"].tolist() == [1]


def test_a_place_that_can_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="can't be made"):
        DataFiles(tmp_path / "file" / "data")
    files = DataFiles(tmp_path / "data")
    (tmp_path / "data" / "uploads").write_text("in the way")
    with pytest.raises(StoreError):
        files.save(b"abc")


def test_facts_are_kept_by_data_set_and_revision(files: DataFiles) -> None:
    frame = pd.DataFrame({"account": ["A", "B"], "amount": [1.0, 2.5]})
    files.write_facts(ID, "ab" * 10, frame)
    files.write_facts(ID, "cd" * 10, frame.head(1))
    pd.testing.assert_frame_equal(files.read_facts(ID, "ab" * 10), frame)
    assert files.read_facts(ID, "cd" * 10, ["amount"])["amount"].tolist() == [1.0]
    assert files.has_facts(ID, "cd" * 10)
    assert not files.has_facts(ID, "ef" * 10)
    assert everything(files.root) == [f"facts/{ID}/{'ab' * 10}.parquet", f"facts/{ID}/{'cd' * 10}.parquet"]
    with pytest.raises(LocateError, match="upload their file again"):
        files.read_facts(ID, "ef" * 10)
    (files.root / f"facts/{ID}/{'cd' * 10}.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(StoreError, match="the stored facts are damaged"):
        files.read_facts(ID, "cd" * 10)
