"""Balance against change: the points of the frontier as a chart's frame and as words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from terr.model.result import Result
from terr.view.text import percent
from terr.workspace.design.problem import SolveTask
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.plan.tolerance import limit_words


class FrontierPlan(Protocol):
    """A plan on the frontier, as the engine gives it."""

    @property
    def moved(self) -> float:
        """Share of the load the engine may move that changes hands."""

    @property
    def deviation(self) -> float:
        """Largest deviation, a share."""

    @property
    def result(self) -> Result:
        """The plan."""


def moved_of_all(task: SolveTask, shown: PlanSnapshot, point: FrontierPlan) -> float:
    """Share of all the measure's load in the region that changes hands; what had no territory doesn't."""
    start = task.assign
    changed = (point.result.assign != start) & (start >= 0)
    total = shown.total
    return float(task.problem.weights[changed, 0].sum()) / total if total > 0 else 0.0


def frontier_frame(task: SolveTask, shown: PlanSnapshot, points: Sequence[FrontierPlan]) -> pd.DataFrame:
    """One row per point for `view.charts.frontier`, today's plan first.

    Columns: `number` (0 = today's plan), `label`, `moved_pct`, `deviation_pct`, `moved_text`, `deviation_text`,
    `inside` (within the limit).
    """
    now = float(np.abs(task.problem.deviations(task.assign)[:, 0]).max())
    pairs = [(0.0, now), *((moved_of_all(task, shown, p), p.deviation) for p in points)]
    plans = [task.assign, *(p.result.assign for p in points)]
    return pd.DataFrame(
        {
            "number": range(len(pairs)),
            "label": ["today", *(str(i) for i in range(1, len(pairs)))],
            "moved_pct": [100 * m for m, _ in pairs],
            "deviation_pct": [100 * d for _, d in pairs],
            "moved_text": [percent(100 * m) for m, _ in pairs],
            "deviation_text": [percent(100 * d) for _, d in pairs],
            "inside": [shown.inside(task.problem.deviations(a)[:, 0]).all() for a in plans],
        }
    )


def apart(task: SolveTask, points: Sequence[FrontierPlan]) -> tuple[FrontierPlan, ...]:
    """The points that differ from today's plan."""
    return tuple(p for p in points if bool((p.result.assign != task.assign).any()))


def point_line(frame: pd.DataFrame, number: int) -> str:
    """A point in a list, short enough for a narrow column: "3 · 2.6 % moves, ±3.9 %"."""
    row: dict[str, Any] = frame.iloc[number].to_dict()
    if number == 0:
        return f"Today's plan, ±{row['deviation_text']}"
    return f"{number} · {row['moved_text']} moves, ±{row['deviation_text']}"


def frontier_sentence(frame: pd.DataFrame, measure: str, tolerance: float) -> str:
    """What the curve says in one sentence."""
    if len(frame) < 2:
        return "No move makes this plan more even while every territory stays in one piece."
    inside = frame[frame["inside"] & (frame["number"] > 0)]
    limit = limit_words(tolerance)
    if bool(frame["inside"].iloc[0]):
        last = frame.iloc[-1]
        return (
            f"Within {limit} already. Moving {last['moved_text']} of {measure} brings the max deviation to "
            f"{last['deviation_text']}."
        )
    if inside.empty:
        return f"No plan found keeps {limit}; the most even one moves {frame['moved_text'].iloc[-1]} of {measure}."
    return f"Moving {inside['moved_text'].iloc[0]} of {measure} brings every territory within {limit}."
