"""The engine beside its peers.

`python -m benchmarks.engine.suite [--only NAME ...] [--seeds N] [--quick] [--hospitals PATH] [--json OUT]`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import marks
from benchmarks.engine import cases, real_maps
from benchmarks.engine.judging import HEAD
from benchmarks.engine.runs import (
    PEERS,
    REBALANCE_HEAD,
    Report,
    plain,
    report_rebalance,
    run_certificate,
    run_design,
    run_exact,
    run_peer,
    run_rebalance,
)

OUT = Path(__file__).resolve().parents[1] / "out" / "suite.json"
PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "PuLP",
    "highspy",
    "pymetis",
    "kahip",
    "gerrychain",
    "spopt",
    "scikit-learn",
    "POT",
)
QUICK_SEEDS = 2
NOTES = """\
Seconds: median of a seed ("best of": all seeds together). Deviation, Polsby-Popper and moment of inertia: medians of
the seeds, each by itself; worst: of any seed; extra components: the most of any seed. ÷ METIS: moment of inertia over
METIS's best seed's. Marks are judged on the median seed: in the middle by (in one piece, within the tolerance, moment
of inertia)."""


def run(names: Sequence[str], options: argparse.Namespace) -> Report:
    """All of the named cases: the engine's with the machine to itself, then the peers, two at a time."""
    report = Report()
    designs = [c for c in cases.DESIGNS if c.name in names]
    large = [c for c in designs if c.peers]
    rebalances = [c for c in cases.REBALANCES if c.name in names]
    for case in designs:
        _say(case.name)
        run_design(case, report, options)
    mine = {}
    for moving in rebalances:
        _say(moving.name)
        mine[moving.name] = run_rebalance(moving, options)
    for proof in (c for c in cases.CERTIFICATES if c.name in names):
        _say(proof.name)
        run_certificate(proof, report, options)
    _say("peers")
    with ThreadPoolExecutor(max_workers=2) as pool:
        exact = {c.name: pool.submit(run_exact, c, options) for c in rebalances}
        theirs = [(p, [c for c in large if p.graphs or not c.partitioners]) for p in PEERS]
        others = [pool.submit(run_peer, p, those, report, options) for p, those in theirs]
        for job in others:
            job.result()
        for moving in rebalances:
            report_rebalance(moving, mine[moving.name], exact[moving.name].result(), report, options)
    return report


def _say(what: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} measuring {what} ...\n")


def markdown(report: Report, machine: dict[str, Any], title: str) -> str:
    """Date, machine and tables."""
    facts = ", ".join(f"{k} {v}" for k, v in machine.items() if k != "at")
    parts = [f"# {title} of {machine['at'][:10]}", marks.summary(report.figures), facts]
    if report.figures:
        parts.append(marks.table(report.figures))
    if report.rows:
        parts.append(marks.grid(HEAD, [r.cells() for r in report.ordered()]))
    if report.rebalances:
        parts.append(marks.grid(REBALANCE_HEAD, report.rebalances))
    return "\n\n".join([*parts, NOTES]) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0, also with marks missed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.engine.suite", description="Measure the engine beside its peers."
    )
    parser.add_argument("--only", nargs="+", choices=cases.NAMES, metavar="NAME", help=", ".join(cases.NAMES))
    parser.add_argument(
        "--hospitals", type=Path, metavar="PATH", help="a file of hospitals: its cases run too; it is only read"
    )
    parser.add_argument("--seeds", type=int, help="of the engine and at most of a peer; marks are meant for ten")
    parser.add_argument("--quick", action="store_true", help="two seeds, few cases, little time for peers")
    parser.add_argument("--json", type=Path, default=OUT, metavar="OUT", help="where the figures go as JSON")
    parser.add_argument("--markdown", type=Path, metavar="OUT", help="where the tables go")
    options = parser.parse_args(arguments)
    usual = cases.USUAL
    if options.hospitals is not None:
        os.environ[real_maps.HOSPITALS] = str(options.hospitals.resolve())
        usual += tuple(c.name for c in cases.HOSPITALS)
    elif wanted := {c.name for c in cases.HOSPITALS} & set(options.only or ()):
        parser.error(f"{' '.join(sorted(wanted))} needs --hospitals PATH")
    if options.quick:
        options.seeds = options.seeds or QUICK_SEEDS
    machine = marks.machine(PACKAGES)
    report = run(options.only or (cases.QUICK if options.quick else usual), options)
    machine["load_average_1min_after"] = marks.machine(())["load_average_1min"]
    text = markdown(report, machine, "Engine figures" + (" (quick run)" if options.quick else ""))
    told = {
        "machine": machine,
        "quick": options.quick,
        "figures": [{k: plain(v) for k, v in f.plain().items()} for f in report.figures],
        "rows": [r.plain() for r in report.ordered()],
        "rebalances": [dict(zip(REBALANCE_HEAD, r, strict=True)) for r in report.rebalances],
        "details": report.details,
    }
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(told, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if options.markdown:
        options.markdown.parent.mkdir(parents=True, exist_ok=True)
        options.markdown.write_text(text, encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
