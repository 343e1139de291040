"""A sweep on the command line: designs of several numbers of territories, limits and seeds, each measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from terr.errors import StoppedError
from terr.model.progress import UNWATCHED, Progress
from terr.workspace.batch.inputs import BatchInputs
from terr.workspace.batch.report import PlanReport
from terr.workspace.batch.solve import AskedDesign, Control, MeasuredPlans, design_asked, design_report
from terr.workspace.batch.starting_plan import todays_plan
from terr.workspace.design.problem import SolveTask
from terr.workspace.design.solver_pool import own_executor
from terr.workspace.design.sweep import SweepGrid, SweepPoint, swept
from terr.workspace.reports.downloads import safe_csv


class Sweep(MeasuredPlans):
    """The plans of a sweep, with their table."""

    def csv(self) -> bytes:
        """A row for each plan: what was asked, and its figures."""
        return safe_csv(pd.DataFrame([_flat(row) for row in self.report["points"]]))


def make_sweep(
    ground: BatchInputs,
    grid: SweepGrid,
    *,
    time_limit_s: float | None = None,
    effort: float = 1.0,
    progress: Progress = UNWATCHED,
) -> Sweep:
    """Designs of several numbers of territories, limits and seeds.

    Args:
        ground: what they are for, and what else is asked.
        grid: which.
        time_limit_s: wall-clock seconds of each design, None = until its steps are done.
        effort: multiplies the number of steps.
        progress: of all; stopping it keeps the designs that had begun.

    Raises:
        InputError: for a number, a unit or a territory that can't be.
        StoppedError: if it was stopped before any had begun.
    """
    began = time.perf_counter()
    ground, before = todays_plan(ground)
    made: dict[tuple[int, float], AskedDesign] = {}

    def task_at(point: SweepPoint) -> SolveTask:
        asked = replace(
            ground.asked,
            territories=point.territories,
            limits={**ground.asked.limits, ground.measures[0]: point.tolerance},
            names=ground.asked.names[: point.territories],
        )
        one = design_asked(replace(ground, asked=asked), before, Control(point.seed))
        made[point.territories, point.tolerance] = one
        return one.task

    work, rest = progress.part(0.0, 0.95), progress.part(0.95, 1.0)
    with own_executor(work) as executor:
        found = swept(grid.points(), task_at, executor, work, time_limit_s=time_limit_s, effort=effort)
        notes = executor.notes
    if not found:
        raise StoppedError("stopped; nothing was kept")
    answers, rows = [], []
    for number, one in enumerate(found, start=1):
        rest.show(number / len(found), "Measuring the plans")
        point = one.point
        answer = design_report(made[point.territories, point.tolerance], one.result, point.seed)
        answers.append(answer)
        rows.append(_row(number, point, answer))
    report = {
        "level": ground.units.level,
        "region": list(ground.units.region),
        "measure": ground.measures[0],
        "territories": list(grid.territories),
        "limits": list(grid.tolerances),
        "seeds": list(grid.seeds),
        "points": rows,
        "explanations": [{"code": e.code, "message": e.message, "units": []} for e in (*ground.notes, *notes)],
        "runtime_s": time.perf_counter() - began,
    }
    return Sweep(ground, tuple(answers), report)


def _row(number: int, point: SweepPoint, answer: PlanReport) -> dict[str, Any]:
    report = answer.report
    return {
        "point": number,
        "territories": point.territories,
        "limit": point.tolerance,
        "seed": point.seed,
        "status": report["status"],
        "max_deviation_pct": report["max_deviation_pct"],
        "compactness": report["compactness"],
        "disruption": report["disruption"],
        "runtime_s": report["runtime_s"],
        "plan": None,
    }


def _flat(row: dict[str, Any], before: Sequence[str] = ()) -> dict[str, Any]:
    """A report's row without nesting: "max_deviation_pct revenue"."""
    out: dict[str, Any] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            out |= _flat(value, (*before, key))
        else:
            out[" ".join((*before, key))] = "" if value is None else value
    return out
