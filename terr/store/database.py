"""The database: opened, checked, and set aside if damaged; transactions with errors in plain words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from terr.errors import InputError, StoreError
from terr.folders import make_folder
from terr.store.schema import VERSION, meta, metadata

BUSY_MS = 15_000
"""How long a writer waits for another one."""

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
_NOTHING_LOST = "nothing was changed"


class Database:
    """An engine with its tables. Safe to share among threads.

    Args:
        where: a path (SQLite), or an SQLAlchemy URL.

    Attributes:
        engine: SQLAlchemy's engine.
        notice: what happened on opening if the person should know, else "".

    Raises:
        InputError: for a URL that isn't one, a database of a newer Terr, or of another program.
        StoreError: if it can't be opened or written.
    """

    def __init__(self, where: str | Path) -> None:
        url = _url(where)
        self.notice = ""
        self._sqlite = url.get_backend_name() == "sqlite"
        if self._sqlite:
            path = Path(str(url.database))
            make_folder(path.parent)
            self.notice = _inspect_file(path)
        try:
            self.engine: Engine = create_engine(url, pool_size=8, max_overflow=56, pool_timeout=30, pool_pre_ping=False)
        except (ModuleNotFoundError, NoSuchModuleError) as error:
            raise InputError(f"the driver for {url.drivername} isn't installed") from error
        if self._sqlite:
            event.listen(self.engine, "connect", _prepare)
            event.listen(self.engine, "begin", _begin)
        self._create()

    def _create(self) -> None:
        with self.write() as c:
            if inspect(c).has_table(meta.name):
                _check_version(c.execute(select(meta.c.schema_version)).scalar())
            metadata.create_all(c)
            if c.execute(select(meta.c.schema_version)).first() is None:
                c.execute(insert(meta).values(schema_version=VERSION))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that sees one state of the database."""
        with _plain_words(), self.engine.connect() as raw:
            c = raw if self._sqlite else raw.execution_options(isolation_level="REPEATABLE READ")
            with c.begin():
                yield c

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that is stored whole or, if anything is raised, not at all."""
        with _plain_words(), self.engine.connect() as raw:
            c = raw.execution_options(terr_write=True)
            with c.begin():
                yield c


def _url(where: str | Path) -> URL:
    text = str(where)
    if isinstance(where, Path) or "://" not in text:
        return URL.create("sqlite+pysqlite", database=str(Path(where).expanduser().absolute()))
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise InputError("the database's address isn't one; it looks like postgresql+psycopg://host/name") from error
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:" or url.query:
            raise InputError("give a path for the database, so that plans outlive the program")
        return url.set(drivername="sqlite+pysqlite", database=str(Path(url.database).absolute()))
    return url


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_begin` says, not where the driver guesses
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA busy_timeout = 15000")
        mode = cursor.execute("PRAGMA journal_mode = WAL").fetchone()[0]
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


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: one that reads first could be refused halfway.
    write = connection.get_execution_options().get("terr_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


@contextmanager
def _plain_words() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreError("too many people are saving at once; try again in a moment") from error
    except DBAPIError as error:
        raise _store_error(error.orig) from error
    except sqlite3.Error as error:
        raise _store_error(error) from error


def _store_error(error: BaseException | None) -> StoreError:
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return StoreError(f"the database refused ({type(error).__name__}); {_NOTHING_LOST}")
    reason = _REASONS.get(code & 0xFF, f"it reports: {error}")
    return StoreError(f"the database can't be used: {reason} ({_NOTHING_LOST})")


def _check_version(version: int | None) -> None:
    if version is not None and version > VERSION:
        raise InputError(
            f"this database was written by a newer Terr (format {version}, this one knows {VERSION}); update Terr"
        )


def _inspect_file(path: Path) -> str:
    """Look before touching. Returns the notice if a damaged file was set aside."""
    if path.is_dir():
        raise InputError(f"{path} is a folder; give the path of a database file")
    if not path.exists() or path.stat().st_size == 0:
        return ""
    try:
        version, ours, verdict = _look(path)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGED:
            raise _store_error(error) from error
        return _set_aside(path)
    _check_version(version)
    if not ours:
        raise InputError(f"{path} is the database of another program; give another path")
    return "" if verdict == "ok" else _set_aside(path)


def _look(path: Path) -> tuple[int | None, bool, str]:
    """Format, whether it is ours (or empty), and what SQLite finds wrong."""
    connection = sqlite3.connect(path.as_uri() + "?mode=ro", uri=True, timeout=BUSY_MS / 1000, isolation_level=None)
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
