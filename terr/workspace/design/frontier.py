"""Balance against change: the points of the frontier as a chart's frame and as words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.metrics.tally import full_tally
from terr.model.result import Result
from terr.model.units import UNASSIGNED
from terr.view.text import number, percent
from terr.workspace.design.apply_result import ImportedAssignment, result_territories
from terr.workspace.design.problem import SolveTask
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.plan.tolerance import limit_words


class FrontierPlan(Protocol):
    """A plan on the frontier, as the engine gives it."""

    @property
    def moved(self) -> float:
        """Share of the load the engine may move that moves."""

    @property
    def deviation(self) -> float:
        """Largest deviation, a share."""

    @property
    def result(self) -> Result:
        """The plan."""


def moved_of_all(task: SolveTask, shown: PlanSnapshot, point: FrontierPlan) -> float:
    """Share of all the measure's load in the region that moves; what had no territory doesn't."""
    start = task.assign
    changed = (point.result.assign != start) & (start >= 0)
    total = shown.total
    return float(task.problem.weights[changed, 0].sum()) / total if total > 0 else 0.0


def frontier_frame(task: SolveTask, shown: PlanSnapshot, points: Sequence[FrontierPlan]) -> pd.DataFrame:
    """One row per point for `view.charts.frontier`, the plan it starts from first.

    Columns: `number` (0 = where it starts), `label`, `moved_pct`, `deviation_pct`, `moved_text`, `deviation_text`,
    `shape` (mean compactness of the territories, 0 to 1), `shape_text` (what a plan costs in it: "compactness 0.34 →
    0.31"), `inside` (within the limit).
    """
    now = float(np.abs(task.problem.deviations(task.assign)[:, 0]).max())
    pairs = [(0.0, now), *((moved_of_all(task, shown, p), p.deviation) for p in points)]
    plans = [task.assign, *(p.result.assign for p in points)]
    shapes = []
    for assign in plans:
        slots = result_territories(task, ImportedAssignment(assign), shown.plan)
        shapes.append(_compactness(shown, np.append(task.codes, UNASSIGNED)[slots]))
    return pd.DataFrame(
        {
            "number": range(len(pairs)),
            "label": [task.start_name or "today", *(str(i) for i in range(1, len(pairs)))],
            "moved_pct": [100 * m for m, _ in pairs],
            "deviation_pct": [100 * d for _, d in pairs],
            "moved_text": [percent(100 * m) for m, _ in pairs],
            "deviation_text": [percent(100 * d, limit=shown.limit) for _, d in pairs],
            "shape": shapes,
            "shape_text": [f"compactness {number(shapes[0], 2)}"]
            + [f"compactness {number(shapes[0], 2)} → {number(s, 2)}" for s in shapes[1:]],
            "inside": [shown.inside(task.problem.deviations(a)[:, 0]).all() for a in plans],
        }
    )


def _compactness(shown: PlanSnapshot, assign: NDArray[Any]) -> float:
    """Mean Polsby-Popper compactness of the territories that have units, as the page's figure of that name."""
    found = full_tally(assign, shown.plan.codes, shown.units, shown.loads, shown.counts)
    filled = found.size > 0
    return float(found.polsby_popper[filled].mean()) if filled.any() else float("nan")


def apart(task: SolveTask, points: Sequence[FrontierPlan]) -> tuple[FrontierPlan, ...]:
    """The points that differ from today's plan."""
    return tuple(p for p in points if bool((p.result.assign != task.assign).any()))


def start_words(start_name: str) -> str:
    """What change is counted from: "from this plan", "against as owned today"."""
    return f"against {start_name}" if start_name else "from this plan"


def point_line(frame: pd.DataFrame, at: int, start_name: str = "") -> str:
    """A point in a list: "3 · max deviation 3.9%, moves 2.6% from this plan, compactness 0.34 → 0.31"."""
    row: dict[str, Any] = frame.iloc[at].to_dict()
    if at == 0:
        name = start_name[:1].upper() + start_name[1:] or "This plan"
        return f"{name} · max deviation {row['deviation_text']}, {row['shape_text']}"
    since = start_words(start_name)
    return f"{at} · max deviation {row['deviation_text']}, moves {row['moved_text']} {since}, {row['shape_text']}"


def frontier_sentence(
    frame: pd.DataFrame, measure: str, tolerance: float, sides: str = "both", start_name: str = ""
) -> str:
    """What the curve says in one sentence.

    Args:
        frame: of `frontier_frame`.
        measure, tolerance: of the plan; sides: where the limit holds, see `terr.workspace.plan.tolerance`.
        start_name: as in `SolveTask`.
    """
    since = start_words(start_name)
    if len(frame) < 2:
        return "No move improves the balance while every territory stays in one piece."
    inside = frame[frame["inside"] & (frame["number"] > 0)]
    limit = f"the limit ({limit_words(tolerance, sides)})"
    if bool(frame["inside"].iloc[0]):
        last = frame.iloc[-1]
        return (
            f"Within {limit} already. Moving {last['moved_text']} of {measure} {since} brings the max deviation "
            f"to {last['deviation_text']}."
        )
    if inside.empty:
        return f"No plan found meets {limit}; the most balanced one moves {frame['moved_text'].iloc[-1]} of {measure}."
    return f"Moving {inside['moved_text'].iloc[0]} of {measure} {since} brings every territory within {limit}."
