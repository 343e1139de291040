"""Accounts from a database of the company's own: one SELECT, read-only, its address never shown."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from terr.errors import InputError
from terr.ingest.reading.files import FileLimits, RawTable
from terr.ingest.reading.header import unique_names
from terr.model.progress import UNWATCHED, Progress

VARIABLE = re.compile(r"TERR_SOURCE_[A-Z0-9_]{1,80}")
"""Names of variables that may be read; others hold what is none of a query's business."""

_BATCH = 10_000
_LONGEST_QUERY = 100_000
_KINDS = ("sqlite", "postgresql", "mysql", "mariadb")
_WRITES = frozenset(
    (
        "insert",
        "update",
        "delete",
        "merge",
        "into",
        "create",
        "alter",
        "drop",
        "truncate",
        "grant",
        "revoke",
        "copy",
        "call",
        "do",
        "set",
        "attach",
        "detach",
        "pragma",
        "vacuum",
        "execute",
        "load",
        "lock",
        "replace",
        "handler",
        "reindex",
        "analyze",
        "begin",
        "commit",
        "rollback",
        "savepoint",
        "listen",
        "notify",
        "outfile",
        "dumpfile",
    )
)
_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\$(\w*)\$.*?\$\1\$|[A-Za-z_]\w*|;|\S|\s+", re.DOTALL
)


def variable(name: str) -> str:
    """The value of an environment variable that a person named.

    Raises:
        InputError: a name that doesn't begin with TERR_SOURCE_, or a variable that isn't set.
    """
    if not VARIABLE.fullmatch(name):
        raise InputError("a variable for a query is named TERR_SOURCE_ and capitals, such as TERR_SOURCE_CRM")
    value = os.environ.get(name, "")
    if not value:
        raise InputError(f"the variable {name} isn't set where Terr runs; set it and start Terr again")
    return value


def check_query(query: str) -> str:
    """The query, if it is one SELECT that changes nothing.

    Raises:
        InputError: anything else; says which word or sign is too much.
    """
    if len(query) > _LONGEST_QUERY or "\x00" in query:
        raise InputError("the query is too long or damaged; shorten it")
    words = []
    body = query.strip().rstrip(";").strip()
    for found in _TOKEN.finditer(body):
        piece = found.group()
        if piece == ";":
            raise InputError("the query holds more than one statement; give one SELECT")
        if piece[0].isalpha() or piece[0] == "_":
            words.append(piece.casefold())
    if not words or words[0] not in {"select", "with"} or "select" not in words:
        raise InputError("the query isn't a SELECT; accounts are read, nothing is changed")
    called = {
        m.casefold() for m in re.findall(r"\b(replace)\s*\(", body, re.IGNORECASE)
    }  # the function, not the statement
    wrong = next((w for w in words if w in _WRITES and w not in called), None)
    if wrong is not None:
        raise InputError(
            f"the query has the word {wrong.upper()}, which changes things; put it in quotation marks if it is a name"
        )
    return body


def read_query(
    url_variable: str,
    query: str,
    *,
    parameters: Mapping[str, str] | None = None,
    limits: FileLimits | None = None,
    timeout_s: float = 60.0,
    progress: Progress = UNWATCHED,
) -> RawTable:
    """Rows of a query as a table of text, to be recognised and taken in like a file's.

    The transaction is read-only by the database's own means (SQLite, PostgreSQL, MySQL and MariaDB); use an account
    that may only read as well.

    Args:
        url_variable: environment variable with the address (SQLAlchemy URL).
        query: one SELECT; values come in as `:name`.
        parameters: name in the query -> environment variable with its value.
        limits: the most to take in.
        timeout_s: seconds the database may take.
        progress: told the share of the row limit read so far, at each batch of rows.

    Raises:
        InputError: a variable, address or query that can't be used, a database that refuses or takes too long, no rows,
            more than the limits. No message holds the address or the password.
        StoppedError: if the person stopped it.
    """
    limits = limits or FileLimits()
    body = check_query(query)
    values = {k: variable(v) for k, v in (parameters or {}).items()}
    progress.tell(0.0, "asking the database")
    deadline = time.monotonic() + timeout_s
    engine, url = _engine(variable(url_variable), url_variable, timeout_s)
    try:
        with (
            _plain_words(url, deadline, progress),
            engine.connect() as raw,
            _read_only(raw, timeout_s, deadline, progress) as c,
        ):
            asked = {k: v for k, v in values.items() if re.search(rf"(?<!:):{re.escape(k)}\b", body)}
            result = c.execution_options(stream_results=True).execute(text(body), asked)
            return _table(result.keys(), result.partitions(_BATCH), url_variable, limits, progress, deadline)
    finally:
        engine.dispose()


def _engine(address: str, name: str, timeout_s: float) -> tuple[Engine, URL]:
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise InputError(f"the address in {name} isn't one; it looks like postgresql+psycopg://host/name") from None
    kind = url.get_backend_name()
    if kind not in _KINDS:
        raise InputError(f"{kind} databases can't be read safely yet; use SQLite, PostgreSQL, MySQL or a CSV export")
    if kind == "sqlite":
        if not url.database or not Path(url.database).is_file():
            raise InputError(f"the address in {name} names no SQLite file that is there; give its path")
        path = Path(url.database).resolve().as_uri()
        url = make_url(f"sqlite+pysqlite:///{path}?mode=ro&uri=true")
    try:
        engine = create_engine(url, hide_parameters=True, pool_size=1, max_overflow=0, pool_timeout=timeout_s)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise InputError(f"the driver for {kind} isn't installed; install it beside Terr") from None
    except (SQLAlchemyError, TypeError, ValueError):
        raise InputError(f"the address in {name} can't be used; check its options") from None
    if kind == "sqlite":
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA query_only = ON"))
    return engine, make_url(address)


@contextmanager
def _read_only(raw: Connection, timeout_s: float, deadline: float, progress: Progress) -> Iterator[Connection]:
    """A transaction that the database itself keeps from writing and from running on."""
    kind = raw.dialect.name
    if kind == "sqlite":
        driver = raw.connection.driver_connection

        def stop() -> int:
            return int(time.monotonic() > deadline or progress.stopped())

        if driver is not None:
            driver.set_progress_handler(stop, 20_000)
        try:
            yield raw
        finally:
            if driver is not None:
                driver.set_progress_handler(None, 0)
        return
    milliseconds = int(timeout_s * 1000)
    if kind == "postgresql":
        raw = raw.execution_options(postgresql_readonly=True)
        with raw.begin():
            raw.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds}")
            yield raw
        return
    raw.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
    maria = getattr(raw.dialect, "is_mariadb", False)
    limit = f"max_statement_time = {timeout_s:f}" if maria else f"max_execution_time = {milliseconds}"
    raw.exec_driver_sql(f"SET SESSION {limit}")
    with raw.begin():
        yield raw


@contextmanager
def _plain_words(url: URL, deadline: float, progress: Progress) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        progress.check()
        if time.monotonic() > deadline or "interrupted" in str(error.orig):
            raise InputError("the database took too long; ask for fewer rows or raise the time") from None
        raise InputError(f"the database refused the query: {_clean(str(error.orig), url)}") from None
    except SQLAlchemyError as error:
        raise InputError(f"the query can't be used: {_clean(str(error), url)}") from None


def _clean(message: str, url: URL) -> str:
    """The first line of a database's message without anything of its address."""
    line = (message.strip().splitlines() or ["no reason given"])[0]
    secret = [url.password, url.render_as_string(hide_password=False), str(url), url.host, url.username, url.database]
    for part in sorted((str(s) for s in secret if s and len(str(s)) > 2), key=len, reverse=True):
        line = line.replace(part, "***")
    line = re.sub(r"\w+(?:\+\w+)?://\S+", "***", line)
    return line if len(line) <= 200 else line[:199] + "…"


def _table(
    keys: Any, batches: Iterator[Sequence[Any]], name: str, limits: FileLimits, progress: Progress, deadline: float
) -> RawTable:
    names = unique_names([str(k) for k in keys])
    if len(names) > limits.max_columns:
        raise InputError(
            f"the query gives {len(names):,} columns, more than {limits.max_columns:,}; name those you need"
        )
    columns: list[list[str]] = [[] for _ in names]
    numeric: list[list[bool]] = [[] for _ in names]
    digest = hashlib.sha256("\x1f".join(names).encode())
    count = 0
    for batch in batches:
        count += len(batch)
        if count > limits.max_rows or count * len(names) > limits.max_cells:
            raise InputError(
                f"the query gives more than {limits.max_rows:,} rows or {limits.max_cells:,} cells; ask for fewer"
            )
        if time.monotonic() > deadline:
            raise InputError("the database took too long; ask for fewer rows or raise the time")
        for at, cells in enumerate(zip(*batch, strict=True)):
            told = [_cell(v, names[at], limits) for v in cells]
            columns[at] += told
            numeric[at] += [isinstance(v, int | float | Decimal) and not isinstance(v, bool) for v in cells]
            digest.update("\x1f".join(told).encode("utf-8", "replace"))
        progress.tell(min(0.95, count / limits.max_rows), f"{count:,} rows read")
    if not count:
        raise InputError("the query gives no rows; check its conditions")
    frame = pd.DataFrame(dict(zip(names, columns, strict=True)), dtype=object).astype("str")
    masks = {n: np.array(m, dtype=np.bool_) for n, m in zip(names, numeric, strict=True)}
    return RawTable(
        names,
        frame,
        np.arange(1, count + 1, dtype=np.int64),
        "query",
        None,
        None,
        None,
        (),
        0,
        digest.hexdigest(),
        name,
        numeric={n: m for n, m in masks.items() if m.any()},
    )


def _cell(value: Any, column: str, limits: FileLimits) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        if len(value) > limits.max_cell_chars or "\x00" in value:
            raise InputError(f"a cell of column '{column[:60]}' is too long or damaged; leave the column out")
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, Decimal):
        shown = format(value, "f") if value.is_finite() else ""
        return shown.rstrip("0").rstrip(".") if "." in shown else shown
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ") if value.time() != dt.time() else value.date().isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        raise InputError(f"column '{column[:60]}' holds bytes, not text; leave it out")
    return str(value)
