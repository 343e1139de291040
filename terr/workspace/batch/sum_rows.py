"""Files too long to upload, summed by place into a file that isn't: one row for each ZIP instead of for each sale."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from terr.errors import InputError
from terr.ingest.ledger.sums import Sums, aggregate_file
from terr.model.progress import UNWATCHED, Progress
from terr.workspace.batch.local_files import check_target, write_file
from terr.workspace.reports.downloads import safe_csv

NAME, ROWS = "Account Name", "Rows"


def sum_file(file: str, by: str, measures: Sequence[str], out: str, progress: Progress = UNWATCHED) -> dict[str, Any]:
    """Sum a file by place and write one row for each.

    The rows written are named after their place and have a column of how many rows they stand for. Rows without a
    place stay one row, so that `terr check` of the result accounts for the whole file.

    Args:
        file: CSV or Parquet on disk, as a person typed it.
        by: the column of the place.
        measures: the columns to sum.
        out: the file to write.
        progress: told how far it is.

    Returns:
        The report, as JSON.

    Raises:
        InputError: if a file or column can't be used.
        StoppedError: if the person stopped it; nothing is written.
    """
    target = check_target(out, sources=(file,))
    if by in measures:
        raise InputError(f"'{by}' can't be both the place and a measure")
    sums = aggregate_file(Path(file), list(measures), by, progress=progress)
    write_file(target, safe_csv(small_table(sums, by, measures)))
    return {
        "file": Path(file).name,
        "by": by,
        "rows_in": sums.rows,
        "places": int((sums.frame["key"] != "").sum()),
        "rows_without_place": int(sums.frame.loc[sums.frame["key"] == "", "rows"].sum()),
        "measures": {
            m: {
                "total": sums.totals[m],
                "blank": int(sums.frame[f"{m} blank"].sum()),
                "unreadable": sums.unreadable[m],
            }
            for m in measures
        },
    }


def small_table(sums: Sums, by: str, measures: Sequence[str]) -> pd.DataFrame:
    """The sums as a list of accounts: name, place, rows, measures."""
    rows = ROWS
    while rows in (by, *measures):
        rows += " (file)"
    name = NAME
    while name in (by, *measures):
        name += " (place)"
    key = sums.frame["key"]
    columns = {name: [f"All of {k}" if k else "Without a place" for k in key], by: key, rows: sums.frame["rows"]}
    return pd.DataFrame({**columns, **{m: sums.frame[m] for m in measures}})
