"""A sweep: the designs of several numbers of territories, limits and seeds, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from terr.edits.moves import apply
from terr.engine.executor import Executor
from terr.engine.remote.calls import designed
from terr.errors import InputError, StoppedError
from terr.metrics.tally import full_tally
from terr.model.person import Person
from terr.model.plan import MAX_TERRITORIES
from terr.model.progress import Progress
from terr.model.result import Explanation, Result
from terr.model.scenario import ScenarioInfo
from terr.view.text import count, number, percent
from terr.workspace.accounts.dataset import dataset
from terr.workspace.design.apply_result import apply_design, design_edit
from terr.workspace.design.problem import SolveTask
from terr.workspace.design.request import DesignRequest
from terr.workspace.design.solve_task import design_task
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.plan.tolerance import check_tolerance
from terr.workspace.workspace import Workspace

MOST_POINTS = 1000


@dataclass(frozen=True)
class SweepPoint:
    """One design of a sweep: how many territories, the limit as a share, and the seed."""

    territories: int
    tolerance: float
    seed: int


@dataclass(frozen=True)
class SweepGrid:
    """Which designs a sweep makes: each number of territories with each limit and each seed.

    Attributes:
        territories: numbers of territories, ascending.
        tolerances: limits of the first measure, as shares, ascending.
        seeds: of the designs.
    """

    territories: tuple[int, ...]
    tolerances: tuple[float, ...]
    seeds: tuple[int, ...] = (1,)

    def __post_init__(self) -> None:
        for name, some in (("number of territories", self.territories), ("limit", self.tolerances)):
            if not some or len(set(some)) < len(some):
                raise InputError(f"a sweep needs each {name} once, and at least one")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise InputError("a sweep needs each seed once, and at least one")
        if not 1 <= min(self.territories) <= max(self.territories) <= MAX_TERRITORIES:
            raise InputError(f"a sweep's numbers of territories must lie between 1 and {MAX_TERRITORIES}")
        for tolerance in self.tolerances:
            check_tolerance(tolerance)
        if len(self) > MOST_POINTS:
            raise InputError(
                f"{count(len(self), 'plan')} are more than the {MOST_POINTS:,} a sweep may have; ask for fewer numbers "
                "of territories, limits or seeds"
            )

    def __len__(self) -> int:
        return len(self.territories) * len(self.tolerances) * len(self.seeds)

    def points(self) -> tuple[SweepPoint, ...]:
        """Every design, seeds fastest."""
        return tuple(SweepPoint(*p) for p in product(self.territories, self.tolerances, self.seeds))


def asked_at(request: DesignRequest, point: SweepPoint) -> DesignRequest:
    """What is asked of one design: the same but for number, limit, seed and names that would be too many.

    Raises:
        InputError: if there are more reps than territories, or the request means nothing with that number.
    """
    names = [n for n in request.names if n.strip()][: point.territories]
    return replace(
        request, territories=point.territories, tolerance=point.tolerance, seed=point.seed, names=tuple(names)
    )


@dataclass(frozen=True, eq=False)
class SweptPlan:
    """What one design of a sweep found."""

    point: SweepPoint
    task: SolveTask
    result: Result


def swept(
    points: Sequence[SweepPoint],
    task_at: Callable[[SweepPoint], SolveTask],
    executor: Executor,
    progress: Progress,
    *,
    time_limit_s: float | None = None,
    effort: float = 1.0,
) -> tuple[SweptPlan, ...]:
    """The designs of a sweep.

    Args:
        points: which.
        task_at: the problem of one; asked once for each number of territories and limit.
        executor: where they are worked out.
        progress: of all; stopping it ends the work with the designs that had begun.
        time_limit_s: wall-clock seconds of each design, None = until its steps are done.
        effort: multiplies the number of steps.

    Returns:
        In the order of `points`, without those that hadn't begun when it was stopped.

    Raises:
        TerrError: what the first design that failed raised.
    """
    tasks: dict[tuple[int, float], SolveTask] = {}
    for point in points:
        key = (point.territories, point.tolerance)
        if key not in tasks:
            progress.check()
            tasks[key] = task_at(point)
    made = [tasks[p.territories, p.tolerance] for p in points]
    items = [(task.problem, point.seed) for task, point in zip(made, points, strict=True)]
    found = executor.run(partial(designed, time_limit_s, effort), items, progress=progress, stage="Plan")
    return tuple(SweptPlan(p, t, r) for p, t, r in zip(points, made, found, strict=True) if r is not None)


@dataclass(frozen=True, eq=False)
class PlanSweep:
    """A sweep of a stored plan.

    Attributes:
        scenario_id: whose; rev: the revision it was made from.
        measure: what was balanced.
        plans: those that were made.
        frame: a row for each, see `sweep_frame`.
        notes: of where the work was done.
    """

    scenario_id: str
    rev: int
    measure: str
    plans: tuple[SweptPlan, ...]
    frame: pd.DataFrame
    notes: tuple[Explanation, ...]


def check_sweep(ws: Workspace, scenario_id: str, request: DesignRequest, grid: SweepGrid) -> None:
    """Refuse, before anything runs, a sweep whose smallest or largest design can't be asked.

    Raises:
        InputError: saying why.
    """
    for point in (grid.points()[0], grid.points()[-1]):
        design_task(ws, scenario_id, asked_at(request, point))


def sweep_plan(
    ws: Workspace,
    scenario_id: str,
    request: DesignRequest,
    grid: SweepGrid,
    executor: Executor,
    progress: Progress,
    *,
    time_limit_s: float | None,
) -> PlanSweep:
    """A sweep of what Generate is asked.

    Args:
        ws: the workspace.
        scenario_id: whose plan.
        request: what is asked beside the number of territories, the limit and the seed.
        grid: which designs.
        executor: where they are worked out.
        progress: of all; stopping it keeps the designs that had begun.
        time_limit_s: of each design.

    Raises:
        InputError: for a request that can't be met by any plan, saying why.
        StoppedError: if it was stopped before any had begun.
    """
    shown = plan_snapshot(ws, scenario_id)
    found = swept(
        grid.points(),
        lambda point: design_task(ws, scenario_id, asked_at(request, point)),
        executor,
        progress.part(0.0, 0.95),
        time_limit_s=time_limit_s,
    )
    if not found:
        raise StoppedError("stopped; nothing was kept")
    roster = dataset(ws, shown.info.dataset_id).reps
    progress.show(0.95, "Measuring the plans")
    frame = sweep_frame(shown, found, roster)
    return PlanSweep(scenario_id, shown.rev, request.measure, found, frame, executor.notes)


def sweep_frame(shown: PlanSnapshot, found: Sequence[SweptPlan], roster: Any) -> pd.DataFrame:
    """One row per plan for `view.charts.sweep` and a table.

    Columns: `number` (from 1), `territories`, `limit_pct`, `limit_text`, `seed`, `deviation_pct`, `shape` (mean
    compactness of the territories, 0 to 1), `moved_pct` (share of the first measure's load that changes territory,
    what has none today left out), `inside` (within every limit), and `deviation_text`, `shape_text`, `moved_text`.
    """
    rows = []
    for place, one in enumerate(found, start=1):
        task, point = one.task, one.point
        edit = design_edit(shown.units, task, one.result, shown.plan, shown.info.next_code, roster=roster).edit
        plan = apply(shown.plan, edit)
        tally = full_tally(plan.assign, plan.codes, shown.units, shown.loads, shown.counts)
        filled = tally.size > 0
        load = np.zeros(len(shown.units))
        load[task.rows] = task.problem.weights[:, 0]
        before = shown.plan.assign
        changed = (before >= 0) & (plan.assign != before)
        deviation = 100 * float(np.abs(task.problem.deviations(one.result.assign)[:, 0]).max())
        shape = float(tally.polsby_popper[filled].mean()) if filled.any() else float("nan")
        moved = 100 * float(load[changed].sum() / load.sum()) if load.sum() > 0 else 0.0
        rows.append(
            {
                "number": place,
                "territories": point.territories,
                "limit_pct": 100 * point.tolerance,
                "limit_text": f"{100 * point.tolerance:g}%",
                "seed": point.seed,
                "deviation_pct": deviation,
                "shape": shape,
                "moved_pct": moved,
                "inside": one.result.violation == 0,
                "deviation_text": percent(deviation, limit=100 * point.tolerance),
                "shape_text": number(shape, 2),
                "moved_text": percent(moved),
            }
        )
    return pd.DataFrame(rows)


def plan_name(name: str, point: SweepPoint) -> str:
    """What a plan of a sweep is called as a scenario of its own."""
    made = f"{count(point.territories, 'territory', 'territories')}, {100 * point.tolerance:g}%"
    return f"{name[:80].rstrip()}: {made}" + ("" if point.seed == 1 else f", seed {point.seed}")


def open_as_scenario(ws: Workspace, sweep: PlanSweep, place: int, *, by: Person) -> ScenarioInfo:
    """A plan of a sweep as a new scenario beside the one it was made from, as one edit that can be undone.

    Args:
        ws: the workspace.
        sweep: of the plan.
        place: which of its plans, from 0.
        by: whose scenario it becomes.

    Raises:
        PlanError: if what is locked changed since the sweep.
        LocateError: if the scenario is gone.
    """
    one = sweep.plans[place]
    name = plan_name(ws.scenario(sweep.scenario_id).name, one.point)
    copy = ws.store.scenarios.duplicate(sweep.scenario_id, name, owner=by)
    apply_design(ws, replace(one.task, scenario_id=copy.id), one.result, copy.rev, author=by.name)
    return ws.scenario(copy.id)
