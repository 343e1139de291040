"""Files from outside read in a process of its own, for a file can end, stall or fill the program that reads it.

pyarrow (26.0) calls `std::terminate` on some damaged Parquet files, which no `except` catches: one upload would close
the windows of everybody. There the child does all that the readers do with such a file; if it lives, so will they.
pyshp believes what a Shapefile says of itself, such as records without end. There the child hands over what it read.
"""

from __future__ import annotations

import codecs
import json
import subprocess
import sys
import warnings
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from struct import error as StructError  # noqa: N812 (it is named like no other exception)
from typing import Any

SECONDS = 120.0
"""The longest a trial may take."""
MOST_UNPACKED = 2 << 30
"""A file that says it unpacks to more isn't unpacked here: the readers refuse it by its own figures."""
_MAGIC = b"PAR1"
_ROWS = 16_384

NULL, AREA, OTHER, BROKEN = range(4)
"""What a shape of a Shapefile is: none, a polygon, another kind, or one that can't be read."""
_AREAS = frozenset({5, 15, 25})


def parquet_is_harmless(data: bytes, *, seconds: float = SECONDS) -> bool:
    """Whether a program that reads these bytes as Parquet goes on living.

    Args:
        data: the file's bytes.
        seconds: how long to wait.

    Returns:
        True if the file could be read, or was refused by an ordinary error; False if it ended the process or took
        too long.
    """
    if len(data) < 12 or data[-4:] != _MAGIC or int.from_bytes(data[-8:-4], "little") > len(data) - 12:
        return True  # refused for its ends alone, before anything in it is looked at
    return _apart("parquet", data, seconds) is not None


def shapefile_parts(
    shp: bytes, dbf: bytes, encoding: str, *, rows: int, points: int, columns: int, seconds: float = SECONDS
) -> tuple[dict[str, Any], list[Any]] | None:
    """A Shapefile's shapes and table, as pyshp reads them.

    Args:
        shp: the shapes.
        dbf: the table, b"" if there is none.
        encoding: of its texts; bytes that aren't of it are read as cp1252.
        rows: the most shapes or rows.
        points: the most corners of all shapes.
        columns: how many columns of the table are read.
        seconds: how long to wait.

    Returns:
        `refused` alone ("short", "rows", "points" or "table") if it can't be used, else `kept`, rows of the table that
        aren't deleted (None without a table), and `columns`, [name, kind, decimals, values of those rows] each; and
        arrays: int8 (n,) what each shape is (see `NULL`), int64 (n,) its rings, int64 (r,) corners of each ring,
        float64 (m, 2) the corners. None if the file ended the process or took too long.
    """
    asked = {"shp": len(shp), "encoding": encoding, "rows": rows, "points": points, "columns": columns}
    answer = _apart("shapefile", json.dumps(asked).encode() + b"\n" + shp + dbf, seconds)
    if answer is None:
        return None
    import numpy as np

    told, rest = json.loads(answer[: answer.index(b"\n")]), BytesIO(answer[answer.index(b"\n") + 1 :])
    return told, [np.load(rest, allow_pickle=False) for _ in range(told.get("arrays", 0))]


def _apart(what: str, data: bytes, seconds: float) -> bytes | None:
    """What a process of its own says of these bytes, None if it was ended or took too long."""
    try:
        done = subprocess.run(  # noqa: S603 (our own file, with nothing of the upload on its command line)
            [sys.executable, "-I", str(Path(__file__).resolve()), what],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout if done.returncode == 0 else None


def _try_parquet(data: bytes) -> bytes:
    """What the readers do: the notes of every column, then every cell, texts as dictionaries, which stay small."""
    with suppress(Exception):  # an error the readers turn into words
        _read_parquet(data)
    return b""


def _read_parquet(data: bytes) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(data), memory_map=False)
    notes, schema = file.metadata, file.schema_arrow
    unpacked = 0
    for group in (notes.row_group(i) for i in range(notes.num_row_groups)):
        unpacked += max(0, group.total_byte_size)
        for column in (group.column(k) for k in range(group.num_columns)):
            unpacked += max(0, column.total_uncompressed_size)
    if unpacked > MOST_UNPACKED:
        return
    kinds = {f.name: f.type for f in schema}
    texts = [
        name
        for name, kind in kinds.items()
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind)
    ]
    again = pq.ParquetFile(pa.BufferReader(data), read_dictionary=texts)
    for _ in again.iter_batches(batch_size=_ROWS, use_threads=False):
        pass


class _RefusedError(Exception):
    """A Shapefile that can't be used; its text is the reason."""


def _read_shapefile(data: bytes) -> bytes:
    """See `shapefile_parts`; the answer as a line of JSON and the arrays."""
    import numpy as np

    line, _, parts = data.partition(b"\n")
    asked = json.loads(line)
    warnings.simplefilter("ignore")  # pyshp's own, for each odd cell
    out = BytesIO()
    try:
        arrays = _shapes(parts[: asked["shp"]], asked["rows"], asked["points"])
        told = {"arrays": len(arrays), **_table(parts[asked["shp"] :], asked["encoding"], asked)}
    except _RefusedError as error:
        arrays, told = [], {"refused": str(error)}
    out.write(json.dumps(told).encode() + b"\n")
    for array in arrays:
        np.save(out, array, allow_pickle=False)
    return out.getvalue()


def _shapes(shp: bytes, rows: int, points: int) -> list[Any]:
    import numpy as np
    import shapefile

    reader = shapefile.ShpReader(BytesIO(shp))
    end = reader.shp_file_size_B
    if end > len(shp):
        raise _RefusedError("short")
    kinds: list[int] = []
    counts: list[int] = []
    sizes: list[int] = []
    corners = [np.zeros((0, 2))]
    total = 0
    with suppress(StructError):  # less than a header is left
        for index, (at, size, _) in enumerate(reader.headers_gen()):
            if at + 8 > end:
                break
            if size < 4 or at + 8 + size > end:
                raise _RefusedError("short")
            if index >= rows:
                raise _RefusedError("rows")
            kind, rings, seen = _rings(reader, index, at, size)
            total += seen
            if total > points:
                raise _RefusedError("points")
            kinds.append(kind)
            counts.append(len(rings))
            sizes += [len(ring) for ring in rings]
            corners += rings
    return [np.array(kinds, np.int8), np.array(counts, np.int64), np.array(sizes, np.int64), np.concatenate(corners)]


def _rings(reader: Any, index: int, at: int, size: int) -> tuple[int, list[Any], int]:
    """What a shape is, its rings of four and more corners, and how many corners it has in all."""
    import numpy as np
    import shapefile

    try:
        shape = reader.shape(index, at, size)
    except shapefile.ShapefileException:  # a polygon without corners
        return AREA, [], 0
    except Exception:  # noqa: BLE001 (whatever it is, only this shape can't be read)
        return BROKEN, [], 0
    if shape.shapeType not in _AREAS:
        return (NULL if shape.shapeType == 0 else OTHER), [], 0
    xy = np.array(shape.points, dtype=np.float64)
    starts = np.array(shape.parts, dtype=np.int64)
    if starts[0] != 0 or (np.diff(starts) < 0).any() or starts[-1] > len(xy) or not np.isfinite(xy).all():
        return BROKEN, [], len(xy)
    return AREA, [ring for ring in np.split(xy, starts[1:]) if len(ring) >= 4], len(xy)


def _table(dbf: bytes, encoding: str, asked: dict[str, Any]) -> dict[str, Any]:
    import shapefile

    if not dbf:
        return {"kept": None, "columns": []}
    codecs.register_error("or cp1252", _or_cp1252)
    try:
        reader = shapefile.DbfReader(BytesIO(dbf), encoding=encoding, encodingErrors="or cp1252")
    except Exception as error:
        raise _RefusedError("table") from error
    if reader.numRecords > asked["rows"]:
        raise _RefusedError("table")
    rows: list[Any] = []
    for at in range(reader.numRecords):
        try:
            rows.append(reader.record(at))
        except StructError as error:  # past the end
            raise _RefusedError("table") from error
        except Exception:  # noqa: BLE001 (a cell that makes no sense costs its row's cells)
            rows.append([None] * len(reader.data_fields))
    kept = [row is not None for row in rows]
    there = [row for row in rows if row is not None]
    columns = [
        [field.name, str(field.field_type), field.decimal, [_cell(row[k]) for row in there]]
        for k, field in enumerate(reader.data_fields[: asked["columns"]])
    ]
    return {"kept": kept, "columns": columns}


def _or_cp1252(bad: UnicodeError) -> tuple[str, int]:
    """Bytes that aren't of the encoding a table names, as most programs that name none write them."""
    if not isinstance(bad, UnicodeDecodeError):
        raise bad
    return bad.object[bad.start : bad.end].decode("cp1252", "replace"), bad.end


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _bound() -> None:
    """Less memory than the machine has, where the system can bound it."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass


if __name__ == "__main__":
    _bound()
    sys.stdout.buffer.write(
        {"parquet": _try_parquet, "shapefile": _read_shapefile}[sys.argv[1]](sys.stdin.buffer.read())
    )
