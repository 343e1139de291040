"""A file from outside tried in a process of its own first, for the library that reads it can end the whole program.

pyarrow (26.0) calls `std::terminate` on some damaged Parquet files, which no `except` catches: one upload would close
the windows of everybody. The child does all that the readers do with such a file; if it lives, so will they.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

SECONDS = 120.0
"""The longest a trial may take."""
MOST_UNPACKED = 2 << 30
"""A file that says it unpacks to more isn't unpacked here: the readers refuse it by its own figures."""
_MAGIC = b"PAR1"
_ROWS = 16_384


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
    try:
        done = subprocess.run(  # noqa: S603 (our own file, with nothing of the upload on its command line)
            [sys.executable, "-I", str(Path(__file__).resolve())],
            input=data,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _read_all(data: bytes) -> None:
    """What the readers do: the notes of every column, then every cell, texts as dictionaries, which stay small."""
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
    with suppress(Exception):  # an error the readers turn into words
        _read_all(sys.stdin.buffer.read())
