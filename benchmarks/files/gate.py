"""Long files through the gate: `python -m benchmarks.files.gate [--only csv xlsx parquet sums]`.

Makes the files in a temporary folder and takes each in with a process of its own, so that the peak of memory is its
own: a CSV of 1,000,000 rows, a workbook of 250,000, a Parquet file of 1,000,000 (12 columns, streets of two lines,
figures like "$1,234.50"), and a CSV of 10,000,000 rows summed by ZIP. "located" is `terr.locate.locate` on top.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.marks import Figure, summary, table, timed
from benchmarks.memory import peak_mb

HEAD = [
    "Account ID",
    "Account Name",
    "Account Owner",
    "Type",
    "Annual Revenue",
    "Employees",
    "Billing Street",
    "Billing City",
    "Billing State/Province",
    "Billing Zip/Postal Code",
    "Billing Country",
    "Last Activity",
]
ROWS = {"csv": 1_000_000, "xlsx": 250_000, "parquet": 1_000_000, "sums": 10_000_000}
NAMES = {"csv": "CSV", "xlsx": "workbook", "parquet": "Parquet file", "sums": "CSV summed by ZIP"}
MARKS = {"csv": 15.0, "xlsx": 40.0}
"""Seconds from the file to located accounts."""
MEGABYTES = 2_048


def rows(count: int) -> Iterator[list[str]]:
    """Accounts as a CRM writes them, at ZIPs that exist."""
    from terr.locate.gazetteer import gazetteer

    places = [(z, state) for z, (county, state, *_) in gazetteer().zips.items() if county >= 0]
    for i in range(count):
        code, state = places[(i * 7919) % len(places)]
        yield [
            f"001{i:012d}",
            f"Account {i}, Inc.",
            f"Rep {i % 40}",
            "Customer",
            f"${i * 1.5:,.2f}",
            str(i % 500),
            f"{i} Main St\nFloor 2",
            "Boston",
            state,
            code,
            "US",
            f"2024-01-{i % 28 + 1:02d}",
        ]


def write(kind: str, path: Path) -> None:
    """The file of one kind."""
    if kind == "csv":
        with path.open("w", newline="", encoding="utf-8") as f:
            csv.writer(f).writerows([HEAD])
            csv.writer(f).writerows(rows(ROWS[kind]))
    elif kind == "xlsx":
        import xlsxwriter

        with xlsxwriter.Workbook(path) as wb:
            ws = wb.add_worksheet("Accounts")
            ws.write_row(0, 0, HEAD)
            for r, row in enumerate(rows(ROWS[kind])):
                ws.write_row(r + 1, 0, [*row[:4], r * 1.5, r % 500, *row[6:]])
    elif kind == "parquet":
        import pandas as pd

        pd.DataFrame(rows(ROWS[kind]), columns=HEAD).to_parquet(path)
    else:
        import duckdb

        duckdb.execute(
            f"COPY (SELECT i AS id, lpad(CAST((i * 7919) % 41000 AS VARCHAR), 5, '0') AS zip,"
            f" format('${{:t,}}.50', i % 100000) AS revenue, i % 500 AS visits FROM range({ROWS[kind]}) t(i))"
            f" TO '{path}' (HEADER)"
        )


def measure(kind: str, path: Path) -> dict[str, float]:
    """Take one file in, in this process."""
    started, cpu = time.perf_counter(), time.process_time()
    out: dict[str, float] = {}
    if kind == "sums":
        from terr.ingest.ledger.sums import aggregate_file

        sums = aggregate_file(path, ["revenue", "visits"], "zip")
        out |= {"rows": sums.rows, "groups": len(sums.frame), "unreadable": sum(sums.unreadable.values())}
        out["seconds"] = time.perf_counter() - started
    else:
        from terr.ingest import build_ledger, read_table, recognise

        raw = read_table(path.read_bytes(), path.name)
        out["read"] = time.perf_counter() - started
        found = build_ledger(raw, recognise(raw))
        out["seconds"] = time.perf_counter() - started
        out["rows"] = found.ledger.rows_accepted
        out["cpu"] = time.process_time() - cpu
        out["ledger MB"] = peak_mb()
        from terr.locate import locate

        placed = locate(found.frame)
        out["located"] = time.perf_counter() - started
        out["places"] = int((placed["located_by"] != "unlocated").sum())
    out["peak MB"] = peak_mb()
    return out


def run(kinds: Iterable[str] = tuple(ROWS)) -> list[Figure]:
    """One figure of time and one of memory for each kind of file."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            path = Path(folder) / f"file.{'csv' if kind == 'sums' else kind}"
            write(kind, path)
            command = [sys.executable, "-m", "benchmarks.files.gate", "--measure", kind, str(path)]
            told = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            size = path.stat().st_size / 2**20
            sys.stderr.write(f"{kind:8} {size:6,.0f} MB  {', '.join(f'{k} {v:,.4g}' for k, v in told.items())}\n")
            path.unlink()
            case = f"{ROWS[kind]:,}-row {NAMES[kind]}"
            what = "to sums" if kind == "sums" else "to located accounts"
            figures += [
                Figure(
                    case,
                    f"rows {'counted' if kind == 'sums' else 'taken in'}",
                    told["rows"],
                    "",
                    ROWS[kind],
                    exact=True,
                ),
                timed(case, what, [told.get("located", told["seconds"])], "s", MARKS.get(kind), by="max"),
                Figure(case, "peak memory", told["peak MB"], "MB", MEGABYTES),
            ]
    return figures


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 if the marks are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files.gate", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=tuple(ROWS), default=tuple(ROWS))
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.measure:
        kind, path = options.measure
        print(json.dumps(measure(kind, Path(path))))
        return 0
    figures = run(options.only)
    print(f"{table(figures)}\n\n{summary(figures)}")
    return int(any(f.met is False for f in figures))


if __name__ == "__main__":
    sys.exit(main())
