"""What a range of figures means for a plan: balance where all are low or high, and each territory's chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from terr.aggregate import account_codes
from terr.errors import InputError
from terr.metrics.balance import max_deviation
from terr.scoring import ranges
from terr.scoring.ranges import FigureRange
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.workspace import Workspace

__all__ = ["FigureRange", "PlanRange", "range_of_plan"]


@dataclass(frozen=True, eq=False)
class PlanRange:
    """What a range means for a plan.

    Attributes:
        table: a row per territory: territory, low, likely, high, target (the plan's, of the likely figures), chance
            to reach it (0 to 1).
        worst: "low", "likely" and "high" -> largest deviation from target where every account is as low, likely or
            high, as a share; NaN where nothing is to be shared.
    """

    table: pd.DataFrame
    worst: dict[str, float]


def range_of_plan(ws: Workspace, scenario_id: str, data: Dataset, figures: FigureRange, together: float) -> PlanRange:
    """What a range means for the territories of a plan.

    Args:
        ws: the workspace.
        scenario_id: the plan's.
        data: its data set, whose accounts the figures are of.
        figures: the range.
        together: correlation of any two accounts, 0 to 1.

    Raises:
        LocateError: if the plan doesn't exist.
        InputError: if the plan is of other accounts.
    """
    shown = plan_snapshot(ws, scenario_id)
    if shown.info.dataset_id != data.info.id or len(shown.accounts) != len(figures.likely):
        raise InputError("the open plan is of other accounts")
    code = account_codes(shown.accounts, shown.units, shown.plan, held=shown.held).astype(np.int64)
    place = {c: i for i, c in enumerate(shown.plan.codes)}
    group = np.array([place.get(int(c), -1) for c in code], dtype=np.int64)
    added = ranges.sums(figures, group, len(place), together)
    share = shown.table.set_index("code").loc[list(place), "target"].to_numpy(dtype=np.float64)
    share = share / share.sum() if share.sum() > 0 else np.full(len(place), 1.0 / max(1, len(place)))
    goal = share * added.likely.sum()
    worst = {}
    for name, load in (("low", added.low), ("likely", added.likely), ("high", added.high)):
        worst[name] = float(max_deviation(load, share * load.sum())) if load.sum() > 0 else float("nan")
    table = pd.DataFrame(
        {
            "territory": [t.name for t in shown.plan.territories],
            "low": added.low,
            "likely": added.likely,
            "high": added.high,
            "target": goal,
            "chance": added.chance(goal),
        }
    )
    return PlanRange(table, worst)
