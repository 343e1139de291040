"""Measures what the project promises and says what is missed: `python -m benchmarks [--only NAME ...] [--json OUT]`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import marks

PARTS = (
    "intake",
    "calls",
    "gate",
    "scores",
    "workbook",
    "edits",
    "engine",
    "store",
    "workshop",
    "browser",
    "map",
    "books",
)  # intake first, so that its first run is a cold one
OUT = Path(__file__).resolve().parent / "out" / "latest.json"
NOTES = """\
click to recolour: from the mousedown event's own time to the first frame in which the canvas pixel under the pointer
  has the new territory's colour.
click to chart and table: from the same mousedown until all of these show the new revision: the map (confirmed by the
  server), the headline's revision, the chart (its SVG differs) and the table (the pixels of its first row differ).
lasso to recolour: from letting go of the mouse to the end of the redraw that shows the new colours.
frame to frame: between animation frames of the map while it is dragged or the wheel is turned; 50 ms are 20 a second.
one edit: on the server alone, without a browser; "new metrics" is what the charts, table and headline show.
design: the largest of all seeds. METIS and k-means: seconds of all seeds together, the best plan of them
  (fewest extra components, then within 5%, then most compact)."""


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, also with marks missed; 1 if a part couldn't be measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure what Terr promises.")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--json", type=Path, default=OUT, metavar="OUT", help="where the figures go as JSON")
    options = parser.parse_args(arguments)
    report: dict[str, Any] = {"machine": marks.machine(), "parts": list(options.only), "peers": [], "details": {}}
    figures: list[marks.Figure] = []
    peers: list[tuple[str, ...]] = []
    head: tuple[str, ...] = ()
    failed = []
    for part in [p for p in PARTS if p in options.only]:
        sys.stderr.write(f"measuring {part} ...\n")
        try:
            if part == "browser":
                from benchmarks.app import browser

                made, report["details"][part] = browser.run()
            elif part == "map":
                from benchmarks.app import mapping

                made, report["details"][part] = mapping.run()
            elif part == "books":
                from benchmarks.app import books

                made, report["details"][part] = books.run()
            elif part == "engine":
                from benchmarks.engine import engine

                made, peers, report["details"][part] = engine.run()
                head = engine.PEER_HEAD
            elif part == "calls":
                from benchmarks import calls

                made = calls.run()
            elif part == "gate":
                from benchmarks.files import gate

                made = gate.run()
            elif part == "scores":
                from benchmarks.files import scores

                made = scores.run()
            elif part == "workbook":
                from benchmarks.files import workbook

                made = workbook.run()
            elif part == "store":
                from benchmarks.store import store

                made = store.run()
            elif part == "workshop":
                from benchmarks.workshop import workshop

                made = workshop.run()
            elif part == "edits":
                from benchmarks.app import edits

                made = edits.run()
            else:
                from benchmarks.app import intake

                made = intake.run()
        except Exception as error:  # noqa: BLE001 (one part that can't run must not lose the others' figures)
            failed.append(part)
            sys.stderr.write(f"{part} could not be measured: {error}\n")
            continue
        figures += made
    report["machine"]["load_average_1min_after"] = marks.machine()["load_average_1min"]
    report["figures"] = [f.plain() for f in figures]
    report["peers"] = [dict(zip(head, row, strict=True)) for row in peers]
    report["failed"] = failed
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(", ".join(f"{k} {v}" for k, v in report["machine"].items()))
    print(f"\n{marks.table(figures)}\n")
    if peers:
        print(f"{marks.grid(head, peers)}\n")
    print(f"{NOTES}\n\n{marks.summary(figures)}\nfigures as JSON: {options.json}")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
