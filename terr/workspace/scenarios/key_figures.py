"""The few figures by which any point of any plan's history is judged; worked out once and kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import override_loads
from terr.metrics import balance
from terr.metrics.shape import mean_distance_km
from terr.metrics.tally import tally
from terr.model.overrides import Overrides
from terr.model.plan import Plan
from terr.model.scenario import ScenarioInfo
from terr.model.units import UNASSIGNED
from terr.workspace.accounts.dataset import dataset
from terr.workspace.caches import CacheKind
from terr.workspace.plan.named_accounts import overrides_key, overrides_of
from terr.workspace.plan.plan_settings import rules_of
from terr.workspace.plan.snapshot import per_unit
from terr.workspace.plan.targets import targets
from terr.workspace.workspace import Workspace


@dataclass(frozen=True)
class KeyFigures:
    """A plan in figures.

    Attributes:
        territories: how many; measure: what is balanced.
        max_deviation: largest |load / target - 1|, NaN without territories.
        balance_index: 100 x (1 - mean |deviation|), clipped at 0, NaN without territories.
        cv_pct: spread of the loads, % of their mean.
        compactness: mean Polsby-Popper of the territories that have units, 0 to 1, NaN without.
        pieces: pieces beyond one per territory.
        unassigned: share of the measure's load that no territory has.
        distance_km: mean distance of the load from its territory's centre.
    """

    territories: int
    measure: str
    max_deviation: float
    balance_index: float
    cv_pct: float
    compactness: float
    pieces: int
    unassigned: float
    distance_km: float


class FigureKey(NamedTuple):
    """A plan after an edit, and what it is measured by; `held` and `data` stand for exceptions and accounts."""

    scenario_id: str
    edit_id: int
    measure: str
    held: str
    shares: tuple[tuple[int, float], ...]
    data: str


KEY_FIGURES = CacheKind[FigureKey, KeyFigures]("key figures", 8)


def key_figures(ws: Workspace, info: ScenarioInfo, edit_id: int | None = None, *, measure: str = "") -> KeyFigures:
    """The figures of a scenario after an edit.

    Args:
        ws: the workspace.
        info: the scenario.
        edit_id: after which edit; None = as it is now.
        measure: instead of the scenario's.

    Raises:
        LocateError: if the scenario or the edit is gone. PlanError: if its boundaries changed or are gone.
    """
    at = info.head if edit_id is None else edit_id
    what = measure or info.measure
    plan = ws.store.plans.at(info.id, at)
    held = overrides_of(ws, info, plan)
    shares = rules_of(ws, replace(info, head=at)).shares
    key = FigureKey(info.id, at, what, overrides_key(held), shares, dataset(ws, info.dataset_id).key)
    return ws.caches[KEY_FIGURES].get_or_make(key, lambda: _measure(ws, info, plan, what, held, dict(shares)))


def _measure(
    ws: Workspace, info: ScenarioInfo, plan: Plan, measure: str, held: Overrides, shares: dict[int, float]
) -> KeyFigures:
    units = ws.units(info)
    loads, counts = per_unit(ws, info, measure, held)
    by_name = override_loads(dataset(ws, info.dataset_id).accounts, plan, (measure,), held)[0][:, 0]
    found = tally(plan, units, loads, counts)
    sums, goals = found.load + by_name, targets(plan, loads, shares, by_name)
    k, filled = len(plan.territories), found.size > 0
    good = k > 0 and float(goals.min(initial=np.inf)) > 0
    total = float(loads.sum() + by_name.sum())
    return KeyFigures(
        territories=k,
        measure=measure,
        max_deviation=float(balance.max_deviation(sums[:, None], goals[:, None])[0]) if good else float("nan"),
        balance_index=float(balance.balance_index(sums[:, None], goals[:, None])[0]) if good else float("nan"),
        cv_pct=float(balance.cv_pct(sums[:, None])[0]) if good else float("nan"),
        compactness=float(found.polsby_popper[filled].mean()) if filled.any() else float("nan"),
        pieces=int(np.maximum(found.pieces - 1, 0).sum()),
        unassigned=float(loads[plan.assign == UNASSIGNED].sum()) / total if total > 0 else 0.0,
        distance_km=float(mean_distance_km(plan.slots(), units.xy_km, loads, k)) if k else float("nan"),
    )


def deviation_of(
    plan: Plan, loads: NDArray[np.float64], by_name: NDArray[np.float64], shares: dict[int, float]
) -> float:
    """Largest |load / target - 1| of a plan, NaN where there is no target.

    Args:
        plan: the plan.
        loads: float64 (n_units,), of the accounts that follow geography.
        by_name: float64 (k,), what each territory has by name.
        shares: territory code -> share of a full territory.
    """
    k = len(plan.territories)
    goals = targets(plan, loads, shares, by_name)
    if not k or not float(goals.min(initial=np.inf)) > 0:
        return float("nan")
    sums = balance.loads(plan.slots(), loads, k)[:, 0] + by_name
    return float(np.abs(sums / goals - 1).max())
