"""The command `sum`: a file too long to upload, summed by place into one that isn't."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any

from terr.cli.following import followed


def add_to(command: Callable[[str, str, Callable[[argparse.Namespace], int]], argparse.ArgumentParser]) -> None:
    """Add the command `sum` to the command line.

    Args:
        command: adds one, from its name, one line of help and what it runs.
    """
    made = command("sum", "Sum a file of any length by location, into one small enough to import.", _run)
    made.add_argument("file", metavar="FILE", help="CSV in UTF-8, or Parquet")
    made.add_argument("--by", required=True, metavar="COLUMN", help="the column to sum by, such as ZIP")
    made.add_argument("--measure", required=True, action="append", metavar="COLUMN", help="a column to sum; repeat it")
    made.add_argument("--out", required=True, metavar="OUT.csv", help="one row for each location")
    made.add_argument("--json", action="store_true", help="print the report as JSON")


def _run(args: argparse.Namespace) -> int:
    from terr.workspace.batch.sum_rows import sum_file

    with followed() as progress:
        report = sum_file(args.file, args.by, args.measure, args.out, progress)
    sys.stdout.write((json.dumps(report, indent=2) if args.json else _text(report, args.out)) + "\n")
    return 0


def _text(report: dict[str, Any], out: str) -> str:
    from terr.view.text import count

    lines = [f"{report['rows_in']:,} rows summed by {report['by']} into {report['places']:,} rows: {out}"]
    if report["rows_without_place"]:
        lines.append(
            f"  {count(report['rows_without_place'], 'row has', 'rows have')} no location, summed into one row"
        )
    for name, one in report["measures"].items():
        lines.append(f"  {name}: {one['total']:,.2f}")
        for what, cells in (("blank", one["blank"]), ("unreadable, counted as 0", one["unreadable"])):
            if cells:
                lines.append(f"    {count(cells, 'cell')} {what}")
    lines.append("Next: import it on the Accounts page, or run terr check on it")
    return "\n".join(lines)
