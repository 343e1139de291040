"""Files that end the program that reads them are tried in another one first."""

from __future__ import annotations

import io
import random
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.files import fuzz
from terr.boundaries.reading import LIMITS, geoparquet
from terr.errors import InputError
from terr.ingest import read_table
from terr.trial import parquet_is_harmless

ROOT = Path(__file__).resolve().parents[1]


def deadly() -> bytes:
    """A damaged file on which pyarrow 26.0 calls std::terminate; found by `benchmarks.files.fuzz --seed 12`."""
    return fuzz.mutate(fuzz.seeds()["parquet"], random.Random(12 * 1_000_003 + 4935))  # noqa: S311


def test_a_file_is_harmful_if_it_ends_a_program_that_reads_it_at_once() -> None:
    """With pyarrow 26.0 the program is ended by a signal; one that lives on would make the file harmless."""
    code = (
        "import sys, pyarrow as pa, pyarrow.parquet as pq\n"
        "notes = pq.ParquetFile(pa.BufferReader(sys.stdin.buffer.read())).metadata\n"
        "[notes.row_group(0).column(k).total_uncompressed_size for k in range(notes.num_columns)]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=deadly(), capture_output=True, check=False)
    assert parquet_is_harmless(deadly()) == (done.returncode in {0, 1})


@pytest.mark.parametrize("reader", ["read_table", "read_geoparquet"])
def test_terr_lives_on(reader: str) -> None:
    """In a process of its own, which must end by itself and with words."""
    call = {
        "read_table": "from terr.ingest import read_table\nread = lambda d: read_table(d, 'a.parquet')",
        "read_geoparquet": (
            "from terr.boundaries.reading import LIMITS, geoparquet\n"
            "read = lambda d: geoparquet.read_geoparquet(d, 'a.parquet', LIMITS)"
        ),
    }[reader]
    code = (
        f"import sys\nfrom terr.errors import InputError\n{call}\n"
        "try:\n    read(sys.stdin.buffer.read())\nexcept InputError as error:\n    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=deadly(), capture_output=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr.decode()[-300:]
    assert b"a.parquet is a " in done.stdout


def test_good_and_plainly_bad_files_are_harmless() -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"Account ID": ["A"], "Zip": ["02139"], "n": [1.5]}), out)
    assert parquet_is_harmless(out.getvalue())
    assert parquet_is_harmless(b"PAR1 and nothing more PAR1")
    assert parquet_is_harmless(b"")


def test_a_file_that_takes_too_long_is_not() -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"Account ID": ["A"]}), out)
    assert not parquet_is_harmless(out.getvalue(), seconds=0.001)


def test_both_readers_refuse_what_was_found_harmful(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    pq.write_table(pa.table({"Account ID": ["A"], "Zip": ["02139"]}), out)
    for module in ("terr.ingest.reading.parquet", "terr.boundaries.reading.geoparquet"):
        monkeypatch.setattr(f"{module}.parquet_is_harmless", lambda _: False)
    with pytest.raises(InputError, match="broken Parquet"):
        read_table(out.getvalue(), "a.parquet")
    with pytest.raises(InputError, match="damaged Parquet"):
        geoparquet.read_geoparquet(out.getvalue(), "a.parquet", LIMITS)
