"""GeoParquet: its table by pyarrow, after the file's own figures were judged; its shapes as plain polygons."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyproj import CRS

from terr.boundaries.own.findings import Finding
from terr.boundaries.reading.crs import from_projjson
from terr.boundaries.reading.raw import BoundaryFileLimits, RawAreas, cell_value
from terr.boundaries.reading.wkb import areas
from terr.errors import InputError
from terr.model.json_values import parse, read
from terr.trial import parquet_is_harmless

MAGIC = b"PAR1"


@dataclass(frozen=True)
class _Geo:
    """What a GeoParquet file says of its columns of shapes."""

    primary_column: str
    columns: Mapping[str, dict[str, Any]]


def read_geoparquet(data: bytes, filename: str, limits: BoundaryFileLimits) -> RawAreas:
    """A GeoParquet file with shapes as WKB.

    Raises:
        InputError: a damaged file, a Parquet file without shapes, or more than `limits` allow.
    """
    if not parquet_is_harmless(data):
        raise InputError(f"{filename} is a damaged Parquet file; save it again")
    try:
        file = pq.ParquetFile(io.BytesIO(data))
        main, about = _main_column(file, filename)
        schema = file.schema_arrow
        _check_sizes(file, filename, limits)
        plain = [f.name for f in schema if f.name != main and _is_plain(f.type)]
        chosen = plain[: limits.columns]
        # as dictionaries: a text that all rows repeat is held once, and its true size is told before it is copied
        texts = [main, *(c for c in chosen if _is_text(schema.field(c).type))]
        table = pq.ParquetFile(io.BytesIO(data), read_dictionary=texts).read([main, *chosen], use_threads=False)
        _check_repeats(table, filename, limits)
        blobs = table.column(main).to_pylist()
        cells = {c: [_cell(v) for v in table.column(c).to_pylist()] for c in chosen}
    except InputError:
        raise
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError, NotImplementedError, OverflowError) as error:
        raise InputError(f"{filename} is a damaged Parquet file; save it again") from error
    shapes, broken, points = areas([bytes(b) if isinstance(b, bytes) else None for b in blobs])
    if points > limits.points:
        raise InputError(f"{filename} has more than {limits.points:,} points; simplify the shapes")
    notes = (
        (Finding("columns", f"Only the first {limits.columns} columns of the file were read; it has {len(plain)}."),)
        if len(plain) > len(chosen)
        else ()
    )
    frame = pd.DataFrame({c: pd.Series(v, dtype=object) for c, v in cells.items()}, index=pd.RangeIndex(len(shapes)))
    return RawAreas("GeoParquet", ("",), "", frame, shapes, broken, _system(about), notes)


def _main_column(file: pq.ParquetFile, filename: str) -> tuple[str, dict[str, Any]]:
    missing = InputError(f"{filename} is a Parquet file without shapes; save it as GeoParquet")
    text = (file.metadata.metadata or {}).get(b"geo")
    if text is None:
        raise missing
    try:
        geo = read(_Geo, parse(text, filename), filename)
        main, about = geo.primary_column, geo.columns[geo.primary_column]
    except (InputError, KeyError) as error:
        raise missing from error
    if main not in file.schema_arrow.names:
        raise missing
    kind = file.schema_arrow.field(main).type
    if str(about.get("encoding", "")).upper() != "WKB" or not (
        pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    ):
        raise InputError(f"{filename} keeps its shapes in a form other than WKB; save it as GeoParquet with WKB")
    return main, about


def _check_sizes(file: pq.ParquetFile, filename: str, limits: BoundaryFileLimits) -> None:
    meta = file.metadata
    if meta.num_rows > limits.rows:
        raise InputError(f"{filename} holds {meta.num_rows:,} rows; keep one row per area, {limits.rows:,} at most")
    total = sum(meta.row_group(g).total_byte_size for g in range(meta.num_row_groups))
    if total > limits.unpacked:
        raise InputError(f"{filename} unpacks to {total / 2**20:,.0f} MB; simplify the shapes or keep fewer columns")


def _check_repeats(table: pa.Table, filename: str, limits: BoundaryFileLimits) -> None:
    total = 0
    for column in table.columns:
        if not pa.types.is_dictionary(column.type):
            continue
        for chunk in column.chunks:
            sizes = pc.binary_length(chunk.dictionary)
            total += int(pc.sum(pc.take(sizes, chunk.indices)).as_py() or 0)
    if total > limits.unpacked:
        raise InputError(f"{filename} repeats long values until they fill {total / 2**20:,.0f} MB; save it again")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return _is_text(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)


def _cell(value: Any) -> Any:
    return cell_value(value)


def _system(about: dict[str, Any]) -> CRS | None:
    if "crs" not in about:
        return CRS.from_epsg(4326)  # so says the format
    return from_projjson(about["crs"])
