"""Files too long to hold: their rows summed by one column on disk, by DuckDB, with every row counted."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb
import pandas as pd

from terr.errors import InputError, StoppedError
from terr.ingest.cleaning.clean import UNKNOWN_WORDS, shorten
from terr.ingest.reading.files import display_name
from terr.ingest.reading.header import find_header
from terr.ingest.reading.sniff import PARQUET
from terr.ingest.reading.text import find_delimiter
from terr.model.progress import UNWATCHED, Progress

MAX_GROUPS = 2_000_000
_HEAD_BYTES = 1_000_000
_PLAIN = r"[+-]?\d{1,15}(?:\.\d+)?"
_MONEY = r"-?\$?\d{1,3}(?:,\d{3})*(?:\.\d+)?|-?\$\d{1,15}(?:\.\d+)?"
_BRACKETS = r"\(\$?\d{1,3}(?:,?\d{3})*(?:\.\d+)?\)"


@dataclass(frozen=True, eq=False)
class Sums:
    """A file summed by one column.

    Attributes:
        frame: one row per different cell of the column, sorted by it: `key` (trimmed text, "" where blank), `rows`,
            then per measure its sum ("X"), and the rows of the group whose cell was blank ("X blank") or unreadable
            ("X unreadable"), which count as nothing.
        rows: of the file; always the sum of `rows` in the frame.
        totals: measure -> sum over all rows.
        unreadable: measure -> cells that are no figure for certain, in rows that are counted but add nothing.
    """

    frame: pd.DataFrame
    rows: int
    totals: Mapping[str, float]
    unreadable: Mapping[str, int]

    def __post_init__(self) -> None:
        if int(self.frame["rows"].sum()) != self.rows:
            raise InputError("the sums don't account for every row of the file")
        object.__setattr__(self, "totals", MappingProxyType(dict(self.totals)))
        object.__setattr__(self, "unreadable", MappingProxyType(dict(self.unreadable)))


def aggregate_file(
    path: str | Path,
    columns: Sequence[str],
    by: str,
    *,
    memory_mb: int = 1_024,
    threads: int = 2,
    progress: Progress = UNWATCHED,
) -> Sums:
    """Sum columns of a CSV (UTF-8) or Parquet file by another column, without holding its rows.

    Figures are read as far as they are certain: digits with a point, "$1,234.50", "(1,234)"; any other cell is counted
    as unreadable, never guessed. The database sees this one file and nothing else of the machine or the network.

    Args:
        path: the file on disk.
        columns: the measures.
        by: the column whose different cells become the groups, such as the ZIP.
        memory_mb: the most memory the sums may take.
        threads: of the database.
        progress: asked a few times a second whether to stop.

    Raises:
        InputError: no such file or column, a file that isn't a table, rows that can't be cut, too many groups.
        StoppedError: if the person stopped it.
    """
    file = Path(path)
    name = display_name(file.name)
    if not file.is_file():
        raise InputError(f"there is no file {name}; check the name and the folder")
    if not columns or len(set(columns)) != len(columns):
        raise InputError("name at least one column to sum, each once")
    progress.tell(0.0, f"summing {name}")
    con = _sealed(file, memory_mb, threads)
    try:
        source, values = _source(file, name)
        found = [str(r[0]) for r in con.execute(f"DESCRIBE SELECT * FROM {source}", values).fetchall()]  # noqa: S608
        for column in (*columns, by):
            if column not in found:
                listed = ", ".join(f"'{shorten(c, 40)}'" for c in found[:30])
                raise InputError(f"{name} has no column '{shorten(column)}'; it has {listed}")
        frame = _run(con, _query(source, columns, by), values, progress)
    except duckdb.InterruptException as error:
        raise StoppedError("stopped; nothing was kept") from error
    except duckdb.OutOfMemoryException as error:
        raise InputError(
            f"{name} has more different values in '{shorten(by)}' than {memory_mb:,} MB hold; sum by another column"
        ) from error
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise InputError(f"{name} can't be read as a table: {_first_line(error, file)}") from error
    finally:
        con.close()
    if len(frame) > MAX_GROUPS:
        raise InputError(f"'{shorten(by)}' has {len(frame):,} different values; sum by a column of places")
    names = {f"sum_{i}": c for i, c in enumerate(columns)}
    names |= {f"blank_{i}": f"{c} blank" for i, c in enumerate(columns)}
    names |= {f"bad_{i}": f"{c} unreadable" for i, c in enumerate(columns)}
    unreadable = {c: int(frame[f"bad_{i}"].sum()) for i, c in enumerate(columns)}
    totals = {c: float(frame[f"sum_{i}"].sum()) for i, c in enumerate(columns)}
    return Sums(frame.rename(columns=names), int(frame["rows"].sum()), totals, unreadable)


def _sealed(file: Path, memory_mb: int, threads: int) -> duckdb.DuckDBPyConnection:
    """A database in memory that may read one file and can't be told otherwise."""
    con = duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "memory_limit": f"{int(memory_mb)}MB",
            "threads": str(int(threads)),
            "temp_directory": "",
            "preserve_insertion_order": "false",
        },
    )
    con.execute("SET allowed_paths = [" + _text(str(file.resolve())) + "]")
    con.execute("SET enable_progress_bar = false")
    con.execute("SET enable_external_access = false")
    con.execute("SET lock_configuration = true")
    return con


def _source(file: Path, name: str) -> tuple[str, list[Any]]:
    """The table function that reads the file; everything is told, nothing is sniffed."""
    with file.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    path = str(file.resolve())
    if any(c in path for c in "*?[]{}"):
        raise InputError(f"{name}: the path holds one of * ? [ ] {{ }}; rename the file or its folder")
    if head[:4] == PARQUET:
        return "read_parquet(?)", [path]
    text = head[: head.rfind(b"\n") + 1 or len(head)].decode("utf-8-sig")
    if "\x00" in text or text.lstrip()[:1] in {"<", "{"}:
        raise InputError(f"{name} isn't a table of text in UTF-8; save it as CSV UTF-8")
    import csv
    import io

    delimiter = find_delimiter(text)
    top = [r for _, r in zip(range(40), csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), strict=False)]
    if find_header(top, name) != 0:
        raise InputError(f"{name} has rows above its header; remove them, since a file this long is read as it stands")
    return (
        "read_csv(?, all_varchar = true, header = true, delim = ?, quote = '\"', escape = '\"', auto_detect = false,"
        " columns = {" + ", ".join(f"{_text(c)}: 'VARCHAR'" for c in _unique(top[0])) + "}, max_line_size = 4194304)",
        [path, delimiter],
    )


def _unique(cells: Sequence[str]) -> tuple[str, ...]:
    from terr.ingest.reading.header import unique_names

    return unique_names(cells)


def _query(source: str, columns: Sequence[str], by: str) -> str:
    """One pass over the file; names are quoted, and the only values are the path and the delimiter."""
    words = ", ".join(_text(w) for w in sorted(UNKNOWN_WORDS))
    parts = []
    for i, column in enumerate(columns):
        cell = f"trim(coalesce(CAST({_name(column)} AS VARCHAR), ''))"
        bare = f"CAST(replace(replace({cell}, ',', ''), '$', '') AS DOUBLE)"
        figure = (
            f"CASE WHEN regexp_full_match({cell}, '{_PLAIN}') THEN CAST({cell} AS DOUBLE)"
            f" WHEN regexp_full_match({cell}, '{_MONEY}') THEN {bare}"
            f" WHEN regexp_full_match({cell}, '{_BRACKETS}')"
            f" THEN -CAST(regexp_replace({cell}, '[$,()]', '', 'g') AS DOUBLE)"
            " END"
        )
        blank = f"({cell} = '' OR lower({cell}) IN ({words}))"
        parts.append(f"coalesce(fsum({figure}), 0) AS sum_{i}")
        parts.append(f"count(*) FILTER (WHERE {blank}) AS blank_{i}")
        parts.append(f"count(*) FILTER (WHERE NOT {blank} AND ({figure}) IS NULL) AS bad_{i}")
    key = f"trim(coalesce(CAST({_name(by)} AS VARCHAR), ''))"
    listed = ", ".join(parts)
    return f"SELECT {key} AS key, count(*) AS rows, {listed} FROM {source} GROUP BY 1 ORDER BY 1"  # noqa: S608


def _run(con: duckdb.DuckDBPyConnection, query: str, values: list[Any], progress: Progress) -> pd.DataFrame:
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.2):
            if progress.stopped():
                con.interrupt()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        frame = con.execute(query, values).df()
    finally:
        done.set()
        watcher.join()
    return pd.DataFrame(frame)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def _first_line(error: Exception, file: Path) -> str:
    line = (str(error).strip().splitlines() or [""])[0].replace(str(file.resolve()), file.name)
    return shorten(line, 160)
