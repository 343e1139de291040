"""SQLite: opened crash-safe, looked at before it is touched, set aside if damaged, copied while in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection

from terr.errors import InputError, StoreError
from terr.store.schema import VERSION, meta

BUSY_MS = 15_000
"""How long a writer waits for another one."""

_HELD = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space and try again",
    sqlite3.SQLITE_READONLY: "it may not be written; check the folder's permissions",
    sqlite3.SQLITE_PERM: "it may not be opened; check the folder's permissions",
    sqlite3.SQLITE_CANTOPEN: "it can't be opened; check that the folder exists and may be written",
    sqlite3.SQLITE_BUSY: "another program keeps it locked; close that program and try again",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked; close that program and try again",
    sqlite3.SQLITE_IOERR: "the disk reports an error; check it before going on",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restart Terr, which sets it aside",
    sqlite3.SQLITE_NOTADB: "it is damaged; restart Terr, which sets it aside",
}


def error_text(error: sqlite3.Error) -> StoreError:
    """What SQLite reports, in plain words."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return StoreError(f"the database refused ({type(error).__name__}); nothing was changed")
    reason = _REASONS.get(code & 0xFF, f"it reports: {error}")
    return StoreError(f"the database can't be used: {reason} (nothing was changed)")


def check_version(version: int | None) -> None:
    """Leave a database alone that a newer Terr wrote.

    Raises:
        InputError: if its format is above `VERSION`.
    """
    if version is not None and version > VERSION:
        raise InputError(
            f"this database was written by a newer Terr (format {version}, this one knows {VERSION}); update Terr"
        )


def copy_database(source: Path, target: Path) -> None:
    """A copy of a database in one state, while others write to it; on disk when this returns.

    Raises:
        StoreError: if it can't be written; nothing is left at `target` then.
    """
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        old, new = _connect(source, "ro"), sqlite3.connect(part)
        try:
            old.backup(new)
            new.execute("PRAGMA journal_mode = DELETE").fetchone()  # one file, with nothing beside it
        finally:
            new.close()
            old.close()
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.chmod(0o600)
        part.replace(target)
    except sqlite3.Error as error:
        part.unlink(missing_ok=True)
        raise error_text(error) from error
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            f"{target} can't be written ({error.strerror}); free space or choose another folder"
        ) from error


def replace_database(source: Path, target: Path) -> None:
    """Put the content of one database in place of another's, in one transaction; those who have it open see it next.

    Raises:
        StoreError: if it can't be written; the old content stays then.
    """
    try:
        new, old = _connect(source, "ro"), _connect(target, "rw")
        try:
            new.backup(old)
        finally:
            old.close()
            new.close()
    except sqlite3.Error as error:
        raise error_text(error) from error


def prepare(connection: Any, _record: Any) -> None:
    """Make a new connection crash-safe, or refuse it."""
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA busy_timeout = 15000")
        mode = _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        found = (
            mode,
            cursor.execute("PRAGMA synchronous").fetchone()[0],
            cursor.execute("PRAGMA foreign_keys").fetchone()[0],
            cursor.execute("PRAGMA busy_timeout").fetchone()[0],
        )
    finally:
        cursor.close()
    if found != ("wal", 2, 1, BUSY_MS):
        raise StoreError("the database can't be made crash-safe on this disk; put it on a local one (TERR_DATA_DIR)")


def _write_ahead(cursor: Any) -> str:
    """Switch to write-ahead logging, and tell the mode that is on then.

    SQLite refuses the switch at once, whatever its time to wait, beside somebody who holds the lock to write; who opens
    a new database together with others meets that, so the wait is here.
    """
    until = monotonic() + BUSY_MS / 1000
    while True:
        try:
            return str(cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0])
        except sqlite3.OperationalError as error:
            if (error.sqlite_errorcode & 0xFF) not in _HELD or monotonic() > until:
                raise
        sleep(0.02)


def begin(connection: Connection) -> None:
    """Start a transaction where SQLAlchemy says so."""
    # A writer takes the lock at once: one that reads first could be refused halfway.
    write = connection.get_execution_options().get("terr_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def quick_commits(connection: Any, on: bool) -> None:
    """Let commits of this connection outlive the program, not the machine: for what is soon stale."""
    connection.execute(f"PRAGMA synchronous = {'NORMAL' if on else 'FULL'}").close()


def inspect_file(path: Path) -> str:
    """Look before touching. Returns the notice if a damaged file was set aside."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the path of a database file")
    if not path.exists() or path.stat().st_size == 0:
        return ""
    try:
        version, ours, verdict = _look(path)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            raise error_text(error) from error
        return _set_aside(path)
    check_version(version)
    if not ours:
        raise InputError(f"{path} is the database of another program; give another path")
    return "" if verdict == "ok" else _set_aside(path)


def _look(path: Path) -> tuple[int | None, bool, str]:
    """Format, whether it is ours (or empty), and what SQLite finds wrong."""
    connection = _connect(path, "ro")
    try:
        tables = {str(r[0]) for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        version, ours = None, not tables or meta.name in tables
        if meta.name in tables:
            try:
                row = connection.execute("SELECT schema_version FROM meta").fetchone()
                version = int(row[0]) if row else None
            except sqlite3.OperationalError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_ERROR:
                    raise
                ours = False  # another program's "meta", without this column
        verdict = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0])
    finally:
        connection.close()
    return version, ours, verdict


def _set_aside(path: Path) -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    aside = path.with_name(path.name + ".damaged-" + stamp)
    try:
        for end in ("", "-wal", "-shm"):
            part = path.with_name(path.name + end)
            with suppress(FileNotFoundError):  # absent, or another process was first
                part.rename(aside.with_name(aside.name + end))
    except OSError as error:
        raise StoreError(f"{path} is damaged and can't be set aside ({error.strerror}); move it yourself") from error
    return f"The database was damaged and a new, empty one is in use; the old file is kept at {aside}"


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    uri = path.absolute().as_uri() + "?mode=" + mode
    return sqlite3.connect(uri, uri=True, timeout=BUSY_MS / 1000, isolation_level=None)
