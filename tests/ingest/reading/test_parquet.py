"""Parquet files: the same ledger as a CSV, and nothing that can't be a table."""

from __future__ import annotations

import datetime as dt
import io
import tracemalloc
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from terr.errors import InputError
from terr.ingest import FileLimits, build_ledger, read_table, recognise
from tests.helpers.intakes import counts, money


def parquet(table: pa.Table, **options) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **options)
    return out.getvalue()


def test_cells_as_text() -> None:
    table = pa.table(
        {
            "Account ID": ["A1", "A2", None],
            "Zip": pa.array(["02139", "00501", ""]).dictionary_encode(),
            "Revenue": [1250000.5, 7.0, float("nan")],
            "Beds": pa.array([3, None, 5], pa.int64()),
            "Cost": pa.array([Decimal("1.50"), Decimal("2.00"), None], pa.decimal128(10, 2)),
            "Since": pa.array([dt.date(2024, 1, 2), None, dt.date(1999, 12, 31)]),
            "Seen": pa.array([dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4, 5), None], pa.timestamp("us")),  # noqa: DTZ001
            "Active": [True, False, None],
        }
    )
    for name in ("a.parquet", "a.csv"):
        raw = read_table(parquet(table), name)
        assert (raw.format, raw.header_row, raw.sheet, raw.source_rows.tolist()) == ("parquet", 0, None, [1, 2, 3])
        assert raw.rows.to_numpy().tolist() == [
            ["A1", "02139", "1250000.5", "3", "1.50", "2024-01-02", "2024-01-02", "TRUE"],
            ["A2", "00501", "7", "", "2", "", "2024-01-02 03:04:05", "FALSE"],
            ["", "", "", "5", "", "1999-12-31", "", ""],
        ]
    assert {c: m.tolist() for c, m in raw.numeric.items()} == {
        "Revenue": [True, True, False],
        "Beds": [True, False, True],
        "Cost": [True, True, False],
    }
    found = build_ledger(raw, recognise(raw))
    assert counts(found) == (3, 2, 0, 1)
    assert money(found, "Revenue") == (1250007.5, 1250007.5, 0, 0)


@pytest.mark.parametrize("packed", [False, True])
def test_a_byte_that_is_no_utf8_costs_neither_the_file_nor_its_cell(packed: bool) -> None:
    good = pa.table({"Account ID": ["A1", "A2"], "Zip": ["02139", "10001"], "Account Name": ["Acme", "CafXX"]})
    data = parquet(good, use_dictionary=packed, compression="none", write_statistics=False)
    bad = data.replace(b"CafXX", b"Caf\xe9\xff")
    assert bad != data
    raw = read_table(bad, "a.parquet")
    assert raw.rows["Account Name"].tolist() == ["Acme", "Caf\ufffd\ufffd"]
    assert build_ledger(raw, recognise(raw)).frame["account_id"].tolist() == ["A1", "A2"]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (pa.table({"ID": ["A"], "X": [[1, 2]]}), "column 'X' holds lists"),
        (pa.table({"ID": ["A"], "X": [{"a": 1}]}), "column 'X' holds records"),
        (pa.table({"ID": ["A"], "X": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64()))}), "column 'X' holds"),
        (pa.table({"ID": ["A"], "X": [b"\x00\xff"]}), "column 'X' holds bytes"),
        (pa.table({"ID": pa.array([], pa.string())}), "no rows"),
        (pa.table({"ID": ["A"] * 11}), "11 rows, more than 10"),
        (pa.table({f"c{i}": ["A"] for i in range(6)}), "1 rows of 6 columns"),
        (pa.table({"ID": ["x" * 40_000]}), "40,000 characters"),
    ],
)
def test_what_is_no_table(table: pa.Table, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        read_table(parquet(table), "a.parquet", limits=FileLimits(max_rows=10, max_columns=5))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("compression", ["snappy", "zstd", "none"])
def test_a_text_that_every_cell_repeats_is_refused_before_it_is_written_out(compression: str) -> None:
    table = pa.table({"ID": _repeated(200_000)})
    data = parquet(table, compression=compression)
    assert len(data) < 1_000_000
    tracemalloc.start()
    before = pa.total_allocated_bytes()
    with pytest.raises(InputError, match=r"that many cells repeat|unpacks to"):
        read_table(data, "a.parquet")
    assert pa.total_allocated_bytes() - before < 50_000_000
    tracemalloc.stop()


def _repeated(rows: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), pa.array(["x" * 30_000]))


def test_damaged_files_are_refused() -> None:
    good = parquet(pa.table({"Account ID": ["A1"], "Zip": ["02139"]}))
    for data in (
        good[:60],
        good[:-10] + good[-8:],
        good[:-8] + b"\xff\xff\xff\x7fPAR1",
        b"PAR1" + b"\x00" * 40 + b"PAR1",
    ):
        with pytest.raises(InputError, match="broken Parquet file"):
            read_table(data, "a.parquet")
    with pytest.raises(InputError, match="Parquet file without sheets"):
        read_table(good, "a.parquet", sheet="X")
