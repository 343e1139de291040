"""Parquet files as a table of text; sizes are judged from the file's own notes before its columns are unpacked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.reading.fast_text import text_frame
from terr.ingest.reading.header import unique_names
from terr.model.progress import Progress
from terr.trial import parquet_is_harmless

_NOTES_BYTES = 16 << 20
_NOTES_ITEMS = 1_000_000
_UNPACKED_BYTES = 1 << 30
_RATIO = 1_000
"""A column of one repeated word packs far better than a workbook does; what it unpacks to is bounded as well."""
_TEXT_BYTES = 1 << 30
_BATCH = 65_536


@dataclass(frozen=True)
class ParquetLimits:
    """The most a file may hold; see `terr.ingest.reading.files.Limits`."""

    max_rows: int
    max_columns: int
    max_cell_chars: int
    max_cells: int


def read_parquet(
    data: bytes, name: str, limits: ParquetLimits, progress: Progress
) -> tuple[tuple[str, ...], pd.DataFrame, dict[str, NDArray[np.bool_]]]:
    """The columns, the cells as text ("" where empty), and which cells were numbers.

    Whole numbers lose their ".0", dates are in ISO form, true and false read as in Excel.

    Raises:
        InputError: a broken file, one over the limits, one without rows, a column that holds lists or records.
    """
    broken = InputError(f"{name} is a broken Parquet file; write it again")
    if not parquet_is_harmless(data):
        raise broken
    progress.tell(0.05, "reading the columns")
    try:
        file = pq.ParquetFile(
            pa.BufferReader(data),
            memory_map=False,
            thrift_string_size_limit=_NOTES_BYTES,
            thrift_container_size_limit=_NOTES_ITEMS,
            page_checksum_verification=False,
        )
        schema, notes = file.schema_arrow, file.metadata
        _judge(data, name, limits, schema, notes)
        text = [f.name for f in schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
        # Words stay in their dictionary until their whole length is known.
        file = pq.ParquetFile(
            pa.BufferReader(data),
            read_dictionary=text,
            thrift_string_size_limit=_NOTES_BYTES,
            thrift_container_size_limit=_NOTES_ITEMS,
        )
        return _cells(file, schema, name, limits, progress)
    except (pa.ArrowException, OSError, OverflowError, MemoryError, UnicodeDecodeError, IndexError) as error:
        raise broken from error
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise broken from error


def _judge(data: bytes, name: str, limits: ParquetLimits, schema: pa.Schema, notes: pq.FileMetaData) -> None:
    if notes.num_rows == 0:
        raise InputError(f"{name} has no rows; choose a file with at least one account")
    if notes.num_rows < 0 or notes.num_rows > limits.max_rows:
        raise InputError(
            f"{name} has {notes.num_rows:,} rows, more than {limits.max_rows:,}; leave out what isn't planned"
        )
    if len(schema) == 0:
        raise InputError(f"{name} has no columns; choose a file that holds the accounts")
    if len(schema) > limits.max_columns or len(schema) * notes.num_rows > limits.max_cells:
        raise InputError(
            f"{name} has {notes.num_rows:,} rows of {len(schema):,} columns; keep only the columns you plan with"
        )
    for field in schema:
        if pa.types.is_nested(field.type):
            what = "records" if pa.types.is_struct(field.type) else "lists"
            raise InputError(
                f"{name}: column '{_short(field.name)}' holds {what}, not single cells; write it flat, or leave it out"
            )
        if pa.types.is_binary(field.type) or pa.types.is_large_binary(field.type) or _fixed(field.type):
            raise InputError(f"{name}: column '{_short(field.name)}' holds bytes, not text; leave it out")
    groups = [notes.row_group(i) for i in range(notes.num_row_groups)]
    unpacked = sum(max(0, g.column(k).total_uncompressed_size) for g in groups for k in range(g.num_columns))
    if unpacked > _UNPACKED_BYTES or (unpacked > 1 << 20 and unpacked > _RATIO * len(data)):
        raise InputError(f"{name} unpacks to {unpacked / 2**20:,.0f} MB; keep only the columns you plan with")


def _fixed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_binary(kind)) and not pa.types.is_decimal(kind)


def _short(text: str) -> str:
    line = "".join(c if c.isprintable() else " " for c in text)
    return line if len(line) <= 60 else line[:59] + "…"


def _cells(
    file: pq.ParquetFile, schema: pa.Schema, name: str, limits: ParquetLimits, progress: Progress
) -> tuple[tuple[str, ...], pd.DataFrame, dict[str, NDArray[np.bool_]]]:
    rows = file.metadata.num_rows
    pieces: list[list[pa.Array]] = [[] for _ in schema]
    known: list[list[NDArray[np.bool_]]] = [[] for _ in schema]
    total, seen = 0, 0
    for batch in _batches(file):
        progress.tell(0.1 + 0.8 * seen / rows, "reading the columns")
        seen += len(batch)
        if seen > rows:
            raise InputError(f"{name} holds more rows than it says; write it again")
        for at, column in enumerate(batch.columns):
            total += _weigh(column, name, str(schema.field(at).name), limits)
            if total > _TEXT_BYTES:
                raise InputError(
                    f"{name} holds long texts that many cells repeat; shorten them or leave that column out"
                )
            cells = _as_text(column)
            pieces[at].append(cells)
            if _is_number(column.type):
                known[at].append(np.asarray(pc.not_equal(cells, "").to_numpy(zero_copy_only=False), dtype=np.bool_))
    if seen != rows:
        raise InputError(f"{name} holds fewer rows than it says; write it again")
    names = unique_names([str(f.name) for f in schema])
    frame = text_frame({n: pa.chunked_array(p, pa.large_string()) for n, p in zip(names, pieces, strict=True)})
    numeric = {n: np.concatenate(k) for n, k, f in zip(names, known, schema, strict=True) if _is_number(f.type)}
    return names, frame, {n: m for n, m in numeric.items() if m.any()}


def _batches(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    yield from file.iter_batches(batch_size=_BATCH, use_threads=False)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _weigh(column: pa.Array, name: str, label: str, limits: ParquetLimits) -> int:
    """Bytes the column's cells take as text, found without writing them out."""
    if pa.types.is_dictionary(column.type):
        sizes = pc.utf8_length(column.dictionary)
        used = sizes.take(column.indices)
    elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        used = pc.utf8_length(column)
    else:
        return 24 * len(column)
    most = pc.max(used).as_py() or 0
    if most > limits.max_cell_chars:
        raise InputError(
            f"{name}: a cell of column '{_short(label)}' has {most:,} characters, more than {limits.max_cell_chars:,};"
            " shorten it"
        )
    return int(pc.sum(used).as_py() or 0) + 8 * len(column)


def _as_text(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(pa.large_string()) if pa.types.is_string(kind.value_type) else column.dictionary_decode()
        kind = column.type
    if pa.types.is_boolean(kind):
        text = pc.if_else(column, "TRUE", "FALSE").cast(pa.large_string())
    elif pa.types.is_floating(kind):
        values = column.to_numpy(zero_copy_only=False).astype(np.float64)
        shown = [_figure(v) for v in values.tolist()]
        text = pa.array(shown, pa.large_string())
    elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        whole = pc.strftime(column, format="%Y-%m-%d %H:%M:%S").cast(pa.large_string())
        text = pc.replace_substring_regex(pc.replace_substring_regex(whole, r"\.0+$", ""), " 00:00:00$", "")
    elif pa.types.is_decimal(kind):
        text = pc.replace_substring_regex(column.cast(pa.large_string()), r"\.0+$", "")
    elif pa.types.is_null(kind):
        text = pa.array([""] * len(column), pa.large_string())
    else:
        text = column.cast(pa.large_string())
    return _readable(pc.fill_null(text, ""))


def _readable(text: pa.Array) -> pa.Array:
    """The texts, with a sign in place of each byte that is no UTF-8: one such cell must not cost the file."""
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        cells = text.cast(pa.large_binary()).to_pylist()
        return pa.array([c.decode("utf-8", errors="replace") for c in cells], pa.large_string())
    return text


def _figure(value: float) -> str:
    """A float as text, blank if it isn't finite."""
    if not math.isfinite(value):
        return ""
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
