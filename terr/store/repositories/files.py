"""Uploads and account tables, named by content or id, never by what a person typed; written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import os
import re
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
        buffer = io.BytesIO()
        try:
            frame.to_parquet(buffer, engine="pyarrow", index=False)
        except (ValueError, TypeError) as error:
            raise InputError(f"the table can't be stored: {str(error).splitlines()[0]}") from error
        self._save(name, buffer.getvalue())

    def read_frame(self, dataset_id: str) -> pd.DataFrame:
        """The table kept under an id.

        Raises:
            LocateError: if there is none.
            StoreError: if it can't be read or is damaged.
        """
        content = self._load(_frame(dataset_id), "the accounts of this data set aren't stored any more; upload again")
        try:
            return pd.read_parquet(io.BytesIO(content), engine="pyarrow")
        except (OSError, ValueError) as error:
            raise StoreError("the stored accounts are damaged; upload the file again") from error

    def has_frame(self, dataset_id: str) -> bool:
        """True if a table is kept under this id."""
        return self._has(_frame(dataset_id))

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
