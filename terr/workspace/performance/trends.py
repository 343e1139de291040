"""A figure over time as panels: all together first, then the largest groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from terr.workspace.facts.performance import NOBODY
from terr.workspace.performance.kpis import Kpi

_MOST = 12


@dataclass(frozen=True, eq=False)
class TrendPanels:
    """What is drawn.

    Attributes:
        whole: all together; groups: the largest groups, by name, as `terr.view.performance_charts.trend` takes them.
        domain: the least and the largest figure of the groups, with room above.
        every: all groups, for the file.
        note: what isn't drawn or still runs.
    """

    whole: pd.DataFrame
    groups: dict[str, pd.DataFrame]
    domain: tuple[float, float]
    every: pd.DataFrame
    note: str


def panels(frame: pd.DataFrame, kpi: Kpi, currency: str) -> TrendPanels:
    """The panels of `report.over_time`."""
    named = frame[~frame["key"].isin(["All", NOBODY])]
    ranked = named.groupby("key")["value"].sum().sort_values(ascending=False, kind="stable").index.tolist()
    keys = ranked[:_MOST]
    frame = frame.assign(
        value_text=[kpi.text(v, currency) for v in frame["value"].tolist()],
        before_text=[kpi.text(v, currency) for v in frame["before"].tolist()],
    )
    groups = {key: frame[frame["key"] == key] for key in keys}
    figures = frame[frame["key"].isin(keys)][["value", "before"]].to_numpy()
    known = figures[np.isfinite(figures)]
    domain = (min(0.0, float(known.min())), 1.08 * max(float(known.max()), 1e-9)) if len(known) else (0.0, 1.0)
    note = f"The largest {len(keys)} groups are drawn; the download has all of them." if len(ranked) > len(keys) else ""
    if any(" to " in str(p) for p in frame["period"].unique()):
        note = f"The last period isn't over. {note}".strip()
    every = frame[["key", "period", "value", "before"]].rename(
        columns={"value": kpi.key, "before": f"{kpi.key}_a_year_before"}
    )
    return TrendPanels(frame[frame["key"] == "All"], groups, domain, every, note)
