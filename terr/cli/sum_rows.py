"""Files too long to upload, summed by place into a file that isn't: one row for each ZIP instead of for each sale."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from terr.cli.following import followed
from terr.errors import InputError
from terr.model.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

    from terr.ingest.ledger.sums import Sums

NAME, ROWS = "Account Name", "Rows"


def add_to(command: Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]) -> None:
    """Add the command `sum` to the command line.

    Args:
        command: adds one, from its name, one line of help and what it runs.
    """
    made = command("sum", "Sum a file of any length by place, into one small enough to load.", _run)
    made.add_argument("file", metavar="FILE", help="CSV in UTF-8, or Parquet; read from disk, never held whole")
    made.add_argument("--by", required=True, metavar="COLUMN", help="the column of the place, such as the ZIP")
    made.add_argument("--measure", required=True, action="append", metavar="COLUMN", help="a column to sum; repeat it")
    made.add_argument("--out", required=True, metavar="OUT.csv", help="one row for each place")
    made.add_argument("--json", action="store_true", help="print the report as JSON")


def sum_file(file: str, by: str, measures: Sequence[str], out: str, progress: Progress) -> tuple[Sums, dict[str, Any]]:
    """Sum a file by place and write one row for each.

    The rows written are named after their place and have a column of how many rows they stand for. Rows without a
    place stay one row, so that `terr check` of the result accounts for the whole file.

    Args:
        file: CSV or Parquet on disk, as a person typed it.
        by: the column of the place.
        measures: the columns to sum.
        out: the file to write.
        progress: asked whether to stop.

    Returns:
        The sums, and the report as JSON.

    Raises:
        InputError: if a file or column can't be used.
        StoppedError: if the person stopped it; nothing is written.
    """
    from terr.cli.local_files import check_target, write_file
    from terr.ingest.ledger.sums import aggregate_file
    from terr.workspace.reports.downloads import safe_csv

    target = check_target(out, sources=(file,))
    if by in measures:
        raise InputError(f"'{by}' can't be both the place and a measure")
    sums = aggregate_file(Path(file), list(measures), by, progress=progress)
    write_file(target, safe_csv(small_table(sums, by, measures)))
    report = {
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
    return sums, report


def small_table(sums: Sums, by: str, measures: Sequence[str]) -> pd.DataFrame:
    """The sums as a list of accounts: name, place, rows, measures."""
    import pandas as pd

    rows = ROWS
    while rows in (by, *measures):
        rows += " (file)"
    name = NAME
    while name in (by, *measures):
        name += " (place)"
    key = sums.frame["key"]
    columns = {name: [f"All of {k}" if k else "Without a place" for k in key], by: key, rows: sums.frame["rows"]}
    return pd.DataFrame({**columns, **{m: sums.frame[m] for m in measures}})


def _run(args: argparse.Namespace) -> int:

    with followed() as progress:
        _, report = sum_file(args.file, args.by, args.measure, args.out, progress)
    sys.stdout.write((json.dumps(report, indent=2) if args.json else _text(report, args.out)) + "\n")
    return 0


def _text(report: dict[str, Any], out: str) -> str:
    lines = [f"{report['rows_in']:,} rows summed by {report['by']} into {report['places']:,} places: {out}"]
    if report["rows_without_place"]:
        lines.append(f"  {report['rows_without_place']:,} rows name no place; they are one row of their own")
    for name, one in report["measures"].items():
        lines.append(f"  {name}: {one['total']:,.2f}")
        for what, count in (("blank", one["blank"]), ("unreadable, counted as nothing", one["unreadable"])):
            if count:
                lines.append(f"    {count:,} cells {what}")
    lines.append("Next: load it on page Accounts, or terr check it")
    return "\n".join(lines)
