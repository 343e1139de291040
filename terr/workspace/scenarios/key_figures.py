"""The few figures by which any point of any plan's history is judged; worked out once and kept."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from terr.metrics import METRICS, MetricValues, evaluate, shown_in
from terr.model.progress import UNWATCHED, Progress
from terr.model.scenario import ScenarioInfo
from terr.view.text import metric_text
from terr.workspace.accounts.dataset import dataset
from terr.workspace.caches import CacheKind
from terr.workspace.plan.named_accounts import overrides_key, overrides_of
from terr.workspace.plan.plan_settings import rules_of
from terr.workspace.plan.snapshot import measured
from terr.workspace.workspace import Workspace

__all__ = ["METRICS", "shown_in"]  # of other floors, for the pages


class FigureKey(NamedTuple):
    """A plan after an edit, and what it is measured by; `held` and `data` stand for exceptions and accounts."""

    scenario_id: str
    edit_id: int
    measure: str
    held: str
    shares: tuple[tuple[int, float], ...]
    data: str


KEY_FIGURES = CacheKind[FigureKey, MetricValues]("key figures", 8)


def key_figures(
    ws: Workspace,
    info: ScenarioInfo,
    edit_id: int | None = None,
    *,
    measure: str = "",
    progress: Progress = UNWATCHED,
) -> MetricValues:
    """The metrics Compare shows, of a scenario after an edit.

    Args:
        ws: the workspace.
        info: the scenario.
        edit_id: after which edit; None = as it is now.
        measure: instead of the scenario's.
        progress: told the stage.

    Raises:
        LocateError: if the scenario or the edit is gone. PlanError: if its boundaries changed or are gone.
        StoppedError: if the person stopped it.
    """
    progress.tell(0.0, "loading the map areas")
    ws.units(info)
    at = info.head if edit_id is None else edit_id
    what = measure or info.measure
    plan = ws.store.plans.at(info.id, at)
    held = overrides_of(ws, info, plan)
    shares = rules_of(ws, replace(info, head=at)).shares
    progress.tell(0.4, "locating the accounts")
    data = dataset(ws, info.dataset_id)
    key = FigureKey(info.id, at, what, overrides_key(held), shares, data.key)

    def make() -> MetricValues:
        progress.tell(0.6, "measuring balance and shapes")
        return evaluate(measured(ws, info, data, plan, what, held, dict(shares)), shown_in("compare"))

    return ws.caches[KEY_FIGURES].get_or_make(key, make)


def deviation_text(found: MetricValues, tolerance: float) -> str:
    """Such as "max deviation 4.7%", told so that it doesn't contradict the plan's tolerance."""
    metric = METRICS["max_deviation_pct"]
    return f"{metric.label.lower()} {metric_text(metric, found.figure(metric.key), limit=100 * tolerance)}"
