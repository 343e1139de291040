"""A 5,000-row workbook from bytes to a saved, located data set with its ledger, without a browser."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.marks import Figure, timed
from terr.demo import write_demo
from terr.workspace import Workspace
from terr.workspace.accounts import dataset

CASE = "5,000-row workbook to ledger"
SECONDS = 3.0
_RUNS = 5


def workbook() -> bytes:
    """The demo as a person would upload it."""
    buffer = BytesIO()
    write_demo(buffer)
    return buffer.getvalue()


def run() -> list[Figure]:
    """Read, recognise, take in, locate and save, each time into an empty folder; the first one loads the ZIP tables."""
    data, seconds, rows = workbook(), [], 0
    for _ in range(_RUNS):
        with TemporaryDirectory() as folder:
            ws = Workspace(Path(folder))
            started = time.perf_counter()
            raw, columns = dataset.inspect(data, "accounts.xlsx")
            taken = dataset.intake(raw, columns, dataset.guess_money(columns))
            dataset.save(ws, data, taken, reps=dataset.roster_in(data, raw))
            seconds.append(time.perf_counter() - started)
            rows = taken.ledger.rows_in
            ws.close()
    return [
        timed(CASE, "library call", seconds, "s", SECONDS, by="max"),
        Figure(CASE, "rows in the ledger", rows, "", 5000, exact=True),
    ]
