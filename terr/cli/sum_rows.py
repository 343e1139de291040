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
    made = command("sum", "Sum a file of any length by place, into one small enough to load.", _run)
    made.add_argument("file", metavar="FILE", help="CSV in UTF-8, or Parquet; read from disk, never held whole")
    made.add_argument("--by", required=True, metavar="COLUMN", help="the column of the place, such as the ZIP")
    made.add_argument("--measure", required=True, action="append", metavar="COLUMN", help="a column to sum; repeat it")
    made.add_argument("--out", required=True, metavar="OUT.csv", help="one row for each place")
    made.add_argument("--json", action="store_true", help="print the report as JSON")


def _run(args: argparse.Namespace) -> int:
    from terr.workspace.batch.sum_rows import sum_file

    with followed() as progress:
        report = sum_file(args.file, args.by, args.measure, args.out, progress)
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
