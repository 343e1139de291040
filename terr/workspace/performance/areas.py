"""A figure on the map: territories of a plan, or states, in shades."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import unit_codes
from terr.boundaries.layers.catalog import geometry_file, load_units, parse_region
from terr.model.scenario import ScenarioInfo
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.facts.groups import SEGMENT
from terr.workspace.facts.performance import NOBODY, FactSet
from terr.workspace.levels import state_name
from terr.workspace.performance.grouping import Grouping
from terr.workspace.performance.kpis import Kpi
from terr.workspace.performance.report import PerformanceReport, performance_of
from terr.workspace.plan.map_layers import plan_shapes
from terr.workspace.workspace import Workspace

SHADES = ("#D3ECEE", "#96CDD2", "#55A6AE", "#1F7B84", "#0A4A50")
"""From little to much, all different in gray too."""
NO_FIGURE = "#C9CDD2"


@dataclass(frozen=True, eq=False)
class ShadedAreas:
    """What a map of a figure shows.

    Attributes:
        geometry, states, words: of the shapes, as `PlanShapes`.
        slots: int16 (areas of the layer,), position in `names`, -1 = none.
        names, texts, colors: of each territory or state, its figure and its shade.
        legend: color and what it stands for, from little to much.
        what: "territory of FY27" or "state"; of_plan: whether it is the former.
    """

    geometry: str
    states: tuple[str, ...] | None
    words: tuple[str, str]
    slots: NDArray[np.int16]
    names: tuple[str, ...]
    texts: tuple[str, ...]
    colors: tuple[str, ...]
    legend: tuple[tuple[str, str], ...]
    what: str
    of_plan: bool


def shaded(
    ws: Workspace, data: Dataset, facts: FactSet, report: PerformanceReport, kpi: Kpi, plan: ScenarioInfo | None
) -> ShadedAreas | None:
    """A figure by the territories of the report's plan, else by the state that the accounts are in.

    Returns:
        None if no account is in a state.

    Raises:
        PlanError: if the plan's boundaries are gone.
    """
    if plan is not None and report.grouping.plan == plan.id:
        stored, _ = ws.plan(plan.id)
        of = plan_shapes(plan)
        rows = {r["key"]: r[kpi.key] for r in report.groups}
        names = [t.name for t in stored.territories]
        drawn = _colored([rows.get(n) for n in names], kpi, report.currency)
        what = f"territory of {plan.name}"
        return ShadedAreas(of.file, of.region, of.words, stored.slots(), tuple(names), *drawn, what, True)
    units = load_units("state", parse_region(["us"]))
    codes = unit_codes(data.accounts, units)
    if not (codes >= 0).any():
        return None
    ids = np.array([*(str(i) for i in units.ids), NOBODY], dtype=object)
    states = ids[np.maximum(codes, -1)]
    by_state = performance_of(facts, Grouping(f"{SEGMENT}state", states), report.period, currency=report.currency)
    rows = {r["key"]: r[kpi.key] for r in by_state.groups}
    drawn = _colored([rows.get(str(i)) for i in units.ids], kpi, report.currency)
    names = [state_name(str(i)) for i in units.ids]
    slots = np.arange(len(units), dtype=np.int16)
    return ShadedAreas(geometry_file("state"), None, ("state", "states"), slots, tuple(names), *drawn, "state", False)


def _colored(
    values: list[Any], kpi: Kpi, currency: str
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[tuple[str, str], ...]]:
    """Texts, shades and legend: five steps with as many areas each, as far as values differ."""
    figures = np.array([np.nan if v is None else float(v) for v in values])
    known = figures[np.isfinite(figures)]
    texts = tuple(kpi.text(v, currency) for v in figures.tolist())
    if not len(known):
        return texts, (NO_FIGURE,) * len(figures), ((NO_FIGURE, "no figure"),)
    edges = np.unique(np.quantile(known, np.linspace(0, 1, len(SHADES) + 1)))
    steps = max(len(edges) - 1, 1)
    shades = [SHADES[round(k * (len(SHADES) - 1) / max(steps - 1, 1))] for k in range(steps)]
    if steps == 1:
        shades = [SHADES[2]]
    at = np.clip(np.searchsorted(edges, figures, side="right") - 1, 0, steps - 1)
    colors = tuple(shades[int(k)] if np.isfinite(v) else NO_FIGURE for k, v in zip(at, figures, strict=True))
    legend = [
        (shade, f"{kpi.text(edges[k], currency)} to {kpi.text(edges[min(k + 1, len(edges) - 1)], currency)}")
        for k, shade in enumerate(shades)
    ]
    if len(known) < len(figures):
        legend.append((NO_FIGURE, "no figure"))
    return texts, colors, tuple(legend)
