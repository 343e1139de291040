"""The two design cases, beside METIS and k-means in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine.judging import Quality, best, judge
from benchmarks.engine.peers import Slots, kmeans, metis
from benchmarks.marks import Figure, amount, timed
from terr.aggregate import measures_per_unit
from terr.boundaries.layers.catalog import load_units
from terr.engine import design, warm
from terr.model.units import Units
from terr.workspace import Workspace
from terr.workspace.accounts import demo
from terr.workspace.design.problem import build_problem

MEASURE = "Potential"
TOLERANCE = 0.05
PEER_HEAD = ("Case", "Method", "Seconds", "Largest deviation", "Extra components", "Moment of inertia, km²")


@dataclass(frozen=True)
class Case:
    """A region, how many territories, the seeds to run, and the seconds it may take."""

    name: str
    region: str
    k: int
    seeds: int
    seconds: float


CASES = (
    Case("design Texas, 254 counties, 10 territories", "TX", 10, 5, 5.0),
    Case("design lower 48, 3,109 counties, 50 territories", "lower48", 50, 3, 60.0),
)


def run() -> tuple[list[Figure], list[tuple[str, ...]], dict[str, Any]]:
    """(figures, rows of the comparison as in `PEER_HEAD`, details for the JSON)."""
    started = time.perf_counter()
    warm()
    details: dict[str, Any] = {"warming_s": round(time.perf_counter() - started, 2)}
    with TemporaryDirectory() as folder:
        ws = Workspace(Path(folder))
        accounts = demo.demo_dataset(ws).accounts
        ws.close()
    figures: list[Figure] = []
    rows: list[tuple[str, ...]] = []
    for case in CASES:
        units = load_units("county", case.region)
        loads = measures_per_unit(accounts, units, (MEASURE,))[0][:, 0]
        seconds, plans, statuses = _ours(units, loads, case)
        figures += [
            timed(case.name, "time", seconds, "s", case.seconds, by="max"),
            Figure(case.name, "extra components", max(p.extra for p in plans), "", 0, exact=True, n=len(plans)),
            timed(case.name, "largest deviation", [p.deviation for p in plans], "%", 100 * TOLERANCE, by="max"),
        ]
        middle = sorted(plans, key=lambda p: p.moment)[len(plans) // 2]
        rows.append(_row(case.name, f"Terr, median of {len(plans)} seeds", float(np.median(seconds)), middle))
        details[case.name] = {
            "terr": [
                {"seed": i + 1, "seconds": s, "status": w, **vars(p)}
                for i, (s, w, p) in enumerate(zip(seconds, statuses, plans, strict=True))
            ]
        }
        for name, tries, make in (
            ("METIS, best of {} seeds", 80, lambda z, u=units, w=loads, c=case: metis(u, w, c.k, TOLERANCE, z)),
            ("k-means by load, best of {} seeds", 10, lambda z, u=units, w=loads, c=case: kmeans(u, w, c.k, z)),
        ):
            took, best = _peer(units, loads, case.k, tries, make)
            rows.append(_row(case.name, name.format(tries), took, best))
            details[case.name][name.split(",")[0]] = {"tries": tries, "seconds": took, **vars(best)}
    return figures, rows, details


def _ours(units: Units, loads: NDArray[np.float64], case: Case) -> tuple[list[float], list[Quality], list[str]]:
    n = len(units)
    seconds, plans, statuses = [], [], []
    for seed in range(1, case.seeds + 1):
        started = time.perf_counter()
        problem = build_problem(
            units,
            np.ones(n, dtype=np.bool_),
            loads[:, None],
            (MEASURE,),
            {MEASURE: TOLERANCE},
            case.k,
            locked=np.full(n, -1, dtype=np.int16),
        )
        result = design(problem, seed=seed)
        seconds.append(time.perf_counter() - started)
        plans.append(judge(units, loads, result.assign.astype(np.int64), case.k))
        statuses.append(result.status)
    return seconds, plans, statuses


def _peer(
    units: Units, loads: NDArray[np.float64], k: int, tries: int, make: Callable[[int], Slots]
) -> tuple[float, Quality]:
    """Seconds for all tries together, and the best plan among them."""
    started = time.perf_counter()
    made = [make(seed) for seed in range(1, tries + 1)]
    took = time.perf_counter() - started
    return took, best([judge(units, loads, slots, k) for slots in made], TOLERANCE)


def _row(case: str, method: str, seconds: float, plan: Quality) -> tuple[str, ...]:
    return (case, method, amount(seconds, "s"), amount(plan.deviation, "%"), str(plan.extra), f"{plan.moment:,.0f}")
