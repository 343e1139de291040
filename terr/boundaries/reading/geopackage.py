"""A GeoPackage is an SQLite database: it is opened in memory, for reading named tables and nothing else."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

import pandas as pd
from pyproj import CRS

from terr.boundaries.own.findings import Finding
from terr.boundaries.reading.crs import from_name, from_wkt
from terr.boundaries.reading.raw import BoundaryFileLimits, RawAreas, cell_value
from terr.boundaries.reading.wkb import areas, unwrap_gpkg
from terr.errors import InputError

MAGIC = b"SQLite format 3\x00"
_SECONDS = 60.0
_STEPS = 50_000
_CATALOG = ("gpkg_contents", "gpkg_geometry_columns", "gpkg_spatial_ref_sys", "sqlite_master")


class _Guard:
    """Lets a database read the columns of tables that were asked for; no function, view, trigger or other file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.tables = set(_CATALOG)
        self.ends = time.monotonic() + _SECONDS
        connection.set_authorizer(self.judge)
        connection.set_progress_handler(lambda: int(time.monotonic() > self.ends), _STEPS)

    def judge(self, action: int, first: str | None, _second: str | None, _db: str | None, inner: str | None) -> int:
        if action == sqlite3.SQLITE_SELECT:
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_PRAGMA and first == "table_xinfo":
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and inner is None and first in self.tables:
            return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY


def read_geopackage(data: bytes, filename: str, limits: BoundaryFileLimits, layer: str | None = None) -> RawAreas:
    """One layer of a GeoPackage.

    Raises:
        InputError: a damaged or hostile database, one without layers of areas, no such layer.
    """
    connection = sqlite3.connect(":memory:", cached_statements=0)
    try:
        # 1 and 1 at 18 and 19: a database last written in WAL mode is read like any other
        connection.deserialize(data[:18] + b"\x01\x01" + data[20:])
        for pragma in ("trusted_schema=OFF", "query_only=ON", "cell_size_check=ON", "mmap_size=0"):
            connection.execute(f"PRAGMA {pragma}")
        guard = _Guard(connection)
        return _read(connection, guard, filename, limits, layer)
    except sqlite3.Error as error:
        if isinstance(error, sqlite3.OperationalError) and "interrupted" in str(error):
            raise InputError(f"{filename} takes too long to read; export the layer to a new GeoPackage") from error
        raise InputError(
            f"{filename} is a damaged GeoPackage, or holds more than plain tables; export the layer to a new one"
        ) from error
    except (UnicodeDecodeError, MemoryError, OverflowError) as error:
        raise InputError(f"{filename} is a damaged GeoPackage; export the layer to a new one") from error
    finally:
        connection.close()


def _read(
    connection: sqlite3.Connection, guard: _Guard, filename: str, limits: BoundaryFileLimits, layer: str | None
) -> RawAreas:
    tables = {
        str(n): str(sql or "")
        for n, sql in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchmany(5_000)
    }
    if "gpkg_contents" not in tables or "gpkg_geometry_columns" not in tables:
        raise InputError(f"{filename} is an SQLite database but not a GeoPackage; save the areas as GeoPackage")
    query = "SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns"
    listed = {str(t): (str(c), s) for t, c, s in connection.execute(query).fetchmany(limits.layers)}
    plain = {t: v for t, v in listed.items() if t in tables and "virtual" not in tables[t][:40].lower()}
    plain = {t: v for t, v in plain.items() if not t.lower().startswith(("sqlite_", "gpkg_"))}
    if not plain:
        more = "; a view can't be read, export it as a table" if listed else ""
        raise InputError(f"{filename} holds no layer with shapes{more}")
    name = next(iter(plain)) if layer is None else layer
    if name not in plain:
        raise InputError(f'{filename} has no layer called "{str(layer)[:60]}"')
    column, srs = plain[name]
    guard.tables.add(name)
    # a column that is worked out (its last figure isn't 0) may be made to fill the memory: it is passed over
    columns = [str(c[1]) for c in connection.execute(f"PRAGMA table_xinfo({_quoted(name)})").fetchall() if c[6] == 0]
    if column not in columns:
        raise InputError(f'layer "{name[:60]}" of {filename} has no column of shapes')
    others = [c for c in columns if c != column]
    chosen = others[: limits.columns]
    wanted = ", ".join(_quoted(c) for c in [column, *chosen])
    query = f"SELECT {wanted} FROM {_quoted(name)} LIMIT {limits.rows + 1}"  # noqa: S608 (names can't be parameters)
    rows = connection.execute(query).fetchall()
    if len(rows) > limits.rows:
        raise InputError(f'layer "{name[:60]}" of {filename} holds more than {limits.rows:,} rows; keep one per area')
    shapes, broken, points = areas([unwrap_gpkg(r[0]) for r in rows])
    if points > limits.points:
        raise InputError(f"{filename} has more than {limits.points:,} points; simplify the shapes")
    table = pd.DataFrame(
        {c: pd.Series([cell_value(r[i]) for r in rows], dtype=object) for i, c in enumerate(chosen, 1)},
        index=pd.RangeIndex(len(rows)),
    )
    notes = (
        (Finding("columns", f"Only the first {limits.columns} columns of the layer were read; it has {len(others)}."),)
        if len(others) > len(chosen)
        else ()
    )
    return RawAreas("GeoPackage", tuple(plain), name, table, shapes, broken, _system(connection, srs), notes)


def _system(connection: sqlite3.Connection, srs: Any) -> CRS | None:
    if not isinstance(srs, int) or srs <= 0:
        return None
    query = "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?"
    row = connection.execute(query, (srs,)).fetchone()
    if row is None:
        return None
    return from_name(f"{row[0]}:{row[1]}") or from_wkt(str(row[2]))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
