"""The database: opened, checked, brought to this format; transactions with errors in plain words."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, Engine, Transaction, create_engine, event, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from terr.errors import InputError, StoreError
from terr.folders import make_folder
from terr.store import migrate, postgres, sqlite
from terr.store.schema import meta
from terr.store.sqlite import BUSY_MS

__all__ = ["BUSY_MS", "Database"]

T = TypeVar("T")


class Database:
    """An engine with its tables. Safe to share among threads.

    Args:
        where: a path (SQLite), or the address of a PostgreSQL database: postgresql://user:password@host/name.

    Attributes:
        engine: SQLAlchemy's engine.
        path: the SQLite file, None on PostgreSQL.
        notice: what happened on opening if the person should know, else "".

    Raises:
        InputError: for an address that isn't one, a database of a newer Terr, or of another program.
        StoreError: if it can't be opened or written.
    """

    def __init__(self, where: str | Path) -> None:
        url = _url(where)
        self.notice = ""
        self._turn = threading.RLock()
        self._steady = threading.local()
        self.path: Path | None = Path(str(url.database)) if url.get_backend_name() == "sqlite" else None
        if self.path is not None:
            make_folder(self.path.parent)
            self.notice = sqlite.inspect_file(self.path)
            self.engine: Engine = create_engine(url, pool_size=8, max_overflow=56, pool_timeout=30)
            event.listen(self.engine, "connect", sqlite.prepare)
            event.listen(self.engine, "begin", sqlite.begin)
        else:
            # A connection the server closed is noticed before it is used, not by the person's click.
            self.engine = create_engine(
                url,
                pool_size=8,
                max_overflow=24,
                pool_timeout=30,
                pool_pre_ping=True,
                connect_args=postgres.connect_args(url),
            )
            event.listen(self.engine, "connect", postgres.prepare)
        self._generation = ""
        try:
            self._open()
        except BaseException:
            self.engine.dispose()
            raise

    def _open(self) -> None:
        with self.read() as c:
            state = migrate.state(c)
        sqlite.check_version(state.version)
        if not state.current:
            with self.write(checked=False) as c:
                if self.path is None:
                    postgres.lock_tables(c)
                made = migrate.bring_up(c, self.path)
                self.notice = " ".join(part for part in (self.notice, made) if part)
                state = migrate.state(c)
        self._generation = state.generation

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that sees one state of the database."""
        with _plain_words(), self.engine.connect() as raw:
            c = raw if self.path is not None else raw.execution_options(isolation_level="REPEATABLE READ")
            with c.begin():
                yield c

    @contextmanager
    def steady(self) -> Iterator[None]:
        """Within it, what this thread asks by `once` is read once, until it writes.

        For what is drawn in one go: it asks the same few rows dozens of times, and may show one state of them.
        """
        if getattr(self._steady, "known", None) is not None:
            yield
            return
        self._steady.known = {}
        try:
            yield
        finally:
            self._steady.known = None

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is read under a key; remembered within `steady`."""
        known: dict[Hashable, Any] | None = getattr(self._steady, "known", None)
        if known is None:
            return make()
        if key not in known:
            known[key] = make()
        return known[key]  # type: ignore[no-any-return]

    def _forget(self) -> None:
        if known := getattr(self._steady, "known", None):
            known.clear()

    @contextmanager
    def write(self, *, checked: bool = True, lasting: bool = True) -> Iterator[Connection]:
        """One transaction that is stored whole or, if anything is raised, not at all.

        Args:
            checked: refuse if the database was restored from a backup since it was opened.
            lasting: wait for the disk; False for what is stale within a minute, such as who is here.
        """
        self._forget()
        with _plain_words(), self._in_turn(), self.engine.connect() as raw:
            c = raw.execution_options(terr_write=True)
            quick = self.path is not None and not lasting
            if quick:
                sqlite.quick_commits(raw.connection.driver_connection, on=True)
            try:
                transaction = c.begin()
                try:
                    if self.path is None and not lasting:
                        c.exec_driver_sql("SET LOCAL synchronous_commit = off")
                    if checked:
                        self._same_database(c)
                    yield c
                except BaseException:
                    transaction.rollback()
                    raise
                self._commit(transaction)
            finally:
                self._forget()
                if quick and not raw.invalidated:
                    sqlite.quick_commits(raw.connection.driver_connection, on=False)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """One writer of this program at a time: SQLite lets those who wait look again only every 0.1 s."""
        if self.path is None:
            yield
            return
        if not self._turn.acquire(timeout=sqlite.BUSY_MS / 1000):
            raise StoreError("too many people are saving at once; try again in a moment")
        try:
            yield
        finally:
            self._turn.release()

    def _commit(self, transaction: Transaction) -> None:
        try:
            transaction.commit()
        except DBAPIError as error:
            if self.path is None:
                raise postgres.error_text(error.orig, saving=True) from error
            raise

    def _same_database(self, c: Connection) -> None:
        if c.execute(select(meta.c.generation)).scalar() != self._generation:
            raise StoreError("the database was restored from a backup while this program ran; restart Terr")


def _url(where: str | Path) -> URL:
    text = str(where)
    if isinstance(where, Path) or "://" not in text:
        return URL.create("sqlite+pysqlite", database=str(Path(where).expanduser().absolute()))
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise InputError(
            "the database's address isn't one; it looks like postgresql://user:password@host/name"
        ) from error
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:" or url.query:
            raise InputError("give a path for the database, so that plans outlive the program")
        return url.set(drivername="sqlite+pysqlite", database=str(Path(url.database).absolute()))
    if url.get_backend_name() in {"postgresql", "postgres"}:
        return postgres.address(url)
    raise InputError(
        f"plans are kept in SQLite or PostgreSQL, not in {url.get_backend_name()}; check TERR_DATABASE_URL"
    )


@contextmanager
def _plain_words() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        raise StoreError("too many people are saving at once; try again in a moment") from error
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise sqlite.error_text(error.orig) from error
        raise postgres.error_text(error.orig, saving=False) from error
    except sqlite3.Error as error:
        raise sqlite.error_text(error) from error
