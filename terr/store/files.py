"""Uploads and account tables as files, named by content or id, never by what a person typed; written whole or not."""

from __future__ import annotations

import hashlib
import io
import os
import re
from pathlib import Path

import pandas as pd

from terr.errors import InputError, LocateError, StoreError
from terr.folders import make_folder
from terr.store.atomic import replace_file

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
        path = self._blob(sha)
        if not path.is_file():
            _write(path, content)
        return sha

    def read(self, sha256: str) -> bytes:
        """The bytes saved under a hash.

        Raises:
            LocateError: if there are none.
            StoreError: if the file can't be read or its content no longer has this hash.
        """
        content = _read(self._blob(sha256), "this upload isn't stored any more; upload the file again")
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StoreError("the stored copy of this upload is damaged; upload the file again")
        return content

    def exists(self, sha256: str) -> bool:
        """True if bytes with this hash are kept."""
        return self._blob(sha256).is_file()

    def write_frame(self, dataset_id: str, frame: pd.DataFrame) -> None:
        """Keep a table as Parquet, in place of an earlier one with this id.

        Raises:
            InputError: if the table has a column of a kind that can't be stored.
            StoreError: if it can't be written; the earlier one stays.
        """
        path = self._frame(dataset_id)
        buffer = io.BytesIO()
        try:
            frame.to_parquet(buffer, engine="pyarrow", index=False)
        except (ValueError, TypeError) as error:
            raise InputError(f"the table can't be stored: {str(error).splitlines()[0]}") from error
        _write(path, buffer.getvalue())

    def read_frame(self, dataset_id: str) -> pd.DataFrame:
        """The table kept under an id.

        Raises:
            LocateError: if there is none.
            StoreError: if it can't be read or is damaged.
        """
        content = _read(self._frame(dataset_id), "the accounts of this data set aren't stored any more; upload again")
        try:
            return pd.read_parquet(io.BytesIO(content), engine="pyarrow")
        except (OSError, ValueError) as error:
            raise StoreError("the stored accounts are damaged; upload the file again") from error

    def has_frame(self, dataset_id: str) -> bool:
        """True if a table is kept under this id."""
        return self._frame(dataset_id).is_file()

    def _blob(self, sha256: str) -> Path:
        if not _SHA.fullmatch(sha256):
            raise LocateError("this upload isn't known; upload the file again")
        return self.root / "uploads" / sha256[:2] / sha256

    def _frame(self, dataset_id: str) -> Path:
        if not _ID.fullmatch(dataset_id):
            raise LocateError("this data set isn't known; choose one from the list")
        return self.root / "accounts" / (dataset_id + ".parquet")


def _read(path: Path, missing: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise LocateError(missing) from error
    except OSError as error:
        raise StoreError(f"{path} can't be read ({error.strerror}); check the folder's permissions") from error


def _write(path: Path, content: bytes) -> None:
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
