"""Uploads, and tables of accounts and facts, named by content or id, never by what was typed; written whole or not."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from terr.errors import InputError, LocateError, StoreError
from terr.folders import make_folder
from terr.store import schema as t
from terr.store.atomic import replace_file
from terr.store.database import Database
from terr.store.repositories.records import now

_SHA = re.compile(r"[0-9a-f]{64}")
_ID = re.compile(r"[0-9a-f]{8,64}")


class DataFiles:
    """Files under one folder. Safe to share among threads and processes.

    Args:
        root: the folder; made if it doesn't exist.

    Raises:
        StoreError: if the folder can't be made.
    """

    def __init__(self, root: Path) -> None:
        self.root = make_folder(Path(root))

    def save(self, content: bytes) -> str:
        """Keep `content`; the same bytes are kept once.

        Returns:
            Its SHA-256 in hexadecimal, the key for `read`.

        Raises:
            StoreError: if it can't be written.
        """
        sha = hashlib.sha256(content).hexdigest()
        name = _blob(sha)
        if not self._has(name):
            self._save(name, content)
        return sha

    def read(self, sha256: str) -> bytes:
        """The bytes saved under a hash.

        Raises:
            LocateError: if there are none.
            StoreError: if the file can't be read or its content no longer has this hash.
        """
        content = self._load(_blob(sha256), "this upload isn't stored any more; upload the file again")
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StoreError("the stored copy of this upload is damaged; upload the file again")
        return content

    def exists(self, sha256: str) -> bool:
        """True if bytes with this hash are kept."""
        return self._has(_blob(sha256))

    def write_frame(self, dataset_id: str, frame: pd.DataFrame) -> None:
        """Keep a table as Parquet, in place of an earlier one with this id.

        Raises:
            InputError: if the table has a column of a kind that can't be stored.
            StoreError: if it can't be written; the earlier one stays.
        """
        name = _frame(dataset_id)
        self._save(name, _parquet(frame))

    def read_frame(self, dataset_id: str) -> pd.DataFrame:
        """The table kept under an id.

        Raises:
            LocateError: if there is none.
            StoreError: if it can't be read or is damaged.
        """
        content = self._load(_frame(dataset_id), "the accounts of this data set aren't stored any more; upload again")
        return _table(content, "accounts")

    def has_frame(self, dataset_id: str) -> bool:
        """True if a table is kept under this id."""
        return self._has(_frame(dataset_id))

    def write_facts(self, dataset_id: str, revision: str, frame: pd.DataFrame) -> None:
        """Keep facts of a data set as Parquet: orders, deals ... as one revision of them stands.

        Args:
            dataset_id: whose facts they are.
            revision: 8 to 64 hexadecimal digits, another one for other facts.
            frame: the facts.

        Raises:
            InputError: if the table has a column of a kind that can't be stored.
            StoreError: if it can't be written.
        """
        self.write_facts_file(dataset_id, revision, _parquet(frame))

    def write_facts_file(self, dataset_id: str, revision: str, content: bytes) -> None:
        """The same for facts that are Parquet already."""
        self._save(_facts(dataset_id, revision), content)

    def read_facts(self, dataset_id: str, revision: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """The facts kept under a data set and a revision, or some of their columns.

        Raises:
            LocateError: if there are none.
            StoreError: if they can't be read or are damaged.
        """
        return _table(self.read_facts_file(dataset_id, revision), "facts", columns)

    def read_facts_file(self, dataset_id: str, revision: str) -> bytes:
        """The same as the bytes of their Parquet file."""
        missing = "these facts aren't stored any more; upload their file again"
        return self._load(_facts(dataset_id, revision), missing)

    def has_facts(self, dataset_id: str, revision: str) -> bool:
        """True if facts are kept under this data set and revision."""
        return self._has(_facts(dataset_id, revision))

    def _has(self, name: str) -> bool:
        return (self.root / name).is_file()

    def _load(self, name: str, missing: str) -> bytes:
        return _read(self.root / name, missing)

    def _save(self, name: str, content: bytes) -> None:
        write_file(self.root / name, content)


class SharedFiles(DataFiles):
    """The same in the database, for several machines that share it.

    Args:
        database: an open one.
    """

    def __init__(self, database: Database) -> None:
        self._db = database

    def _has(self, name: str) -> bool:
        with self._db.read() as c:
            return c.execute(select(t.files.c.name).where(t.files.c.name == name)).first() is not None

    def _load(self, name: str, missing: str) -> bytes:
        with self._db.read() as c:
            content = c.execute(select(t.files.c.content).where(t.files.c.name == name)).scalar()
        if content is None:
            raise LocateError(missing)
        return bytes(content)

    def _save(self, name: str, content: bytes) -> None:
        self.put(name, content)

    def put(self, name: str, content: bytes) -> None:
        """Keep bytes under the name they have in a folder."""
        row = {"name": name, "content": content, "saved_at": now()}
        with self._db.write() as c:
            put = insert(t.files).values(row)
            changes = {k: put.excluded[k] for k in ("content", "saved_at")}
            c.execute(put.on_conflict_do_update(index_elements=["name"], set_=changes))


def _blob(sha256: str) -> str:
    if not _SHA.fullmatch(sha256):
        raise LocateError("this upload isn't known; upload the file again")
    return f"uploads/{sha256[:2]}/{sha256}"


def _frame(dataset_id: str) -> str:
    if not _ID.fullmatch(dataset_id):
        raise LocateError("this data set isn't known; choose one from the list")
    return f"accounts/{dataset_id}.parquet"


def _facts(dataset_id: str, revision: str) -> str:
    if not _ID.fullmatch(dataset_id) or not _ID.fullmatch(revision):
        raise LocateError("these facts aren't known; choose their data set from the list")
    return f"facts/{dataset_id}/{revision}.parquet"


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer, engine="pyarrow", index=False)
    except (ValueError, TypeError) as error:
        raise InputError(f"the table can't be stored: {str(error).splitlines()[0]}") from error
    return buffer.getvalue()


def _table(content: bytes, what: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
    try:
        return pd.read_parquet(io.BytesIO(content), engine="pyarrow", columns=None if columns is None else [*columns])
    except (OSError, ValueError) as error:
        raise StoreError(f"the stored {what} are damaged; upload the file again") from error


def _read(path: Path, missing: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise LocateError(missing) from error
    except OSError as error:
        raise StoreError(f"{path} can't be read ({error.strerror}); check the folder's permissions") from error


def write_file(path: Path, content: bytes) -> None:
    """Write beside, flush to disk, then rename over: a reader sees the old file or the new one, never half."""
    make_folder(path.parent)
    try:
        replace_file(path, content, prefix=".part-")
        if os.name == "posix":
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)  # the rename itself
            finally:
                os.close(folder)
    except OSError as error:
        raise StoreError(
            f"{path.parent} can't be written ({error.strerror}); free space or check the folder's permissions"
        ) from error
