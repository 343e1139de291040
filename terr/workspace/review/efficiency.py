"""Whether a plan does at least as well as the year before: sales per planned hour, by territory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from terr.aggregate import account_codes
from terr.errors import InputError
from terr.model.scenario import ScenarioInfo
from terr.scoring.workload import Effort, Tier
from terr.workspace.accounts.dataset import Dataset, dataset
from terr.workspace.facts.fact_measures import figure_named, figure_values
from terr.workspace.facts.kept_facts import fact_set_of
from terr.workspace.plan.named_accounts import overrides_of
from terr.workspace.reps.hours import by_territory
from terr.workspace.scores.workload import WorkloadBy
from terr.workspace.workspace import Workspace

_ASSUMED = Effort(tiers=(Tier("All", 4, 45),))
ASSUMPTION = "No workload is saved on Scores; 4 visits of 45 minutes a year to each account are assumed, and travel."


@dataclass(frozen=True, eq=False)
class SalesPerHour:
    """Sales per planned hour of two years.

    Attributes:
        table: one row per territory and, last, "All": `Territory`, `Hours` (planned a year), `Sales` and `Sales before`
            (12 months up to the newest order, and the 12 before), `Per hour`, `Per hour before`, `At least as well`.
        currency: of the sales.
        worse: territories that sell less per hour than the year before.
        assumption: what was taken for granted of the hours, "" if a workload is saved.
    """

    table: pd.DataFrame
    currency: str
    worse: tuple[str, ...]
    assumption: str


def sales_per_hour(ws: Workspace, info: ScenarioInfo) -> SalesPerHour | None:
    """Sales of the accounts each territory has today, this year and the one before, per hour planned for them today.

    The hours are those of the plan in both years: what is compared is what the accounts brought in.

    Returns:
        None without orders, or without accounts in a territory.

    Raises:
        PlanError: if the boundaries changed or are gone.
    """
    data = dataset(ws, info.dataset_id)
    facts = fact_set_of(ws, info.dataset_id, data.accounts)
    if "orders" not in facts.by_kind:
        return None
    now, before = figure_named("Sales, last 12 months"), figure_named("Sales, last 24 months")
    if now is None or before is None:
        raise InputError("sales of the last 12 and 24 months aren't known figures")
    n = len(data.accounts)
    lately = figure_values(facts, now, n)
    earlier = figure_values(facts, before, n) - lately
    labels, effort, assumption = _effort(data)
    hours = by_territory(ws, data, info.id, labels, effort)
    if hours is None:
        return None
    plan, _ = ws.plan(info.id)
    code = account_codes(data.accounts, ws.units(info), plan, held=overrides_of(ws, info, plan))
    of = hours.table.set_index("name")["hours"]
    rows = []
    for t in plan.territories:
        mine = code == t.code
        rows.append((t.name, float(of.get(t.name, 0.0)), float(lately[mine].sum()), float(earlier[mine].sum())))
    table = pd.DataFrame(rows, columns=["Territory", "Hours", "Sales", "Sales before"])
    table.loc[len(table)] = ["All", *table[["Hours", "Sales", "Sales before"]].sum()]
    some = table["Hours"].where(table["Hours"] > 0)
    table["Per hour"], table["Per hour before"] = table["Sales"] / some, table["Sales before"] / some
    table["At least as well"] = table["Per hour"] >= table["Per hour before"]
    each = table.iloc[:-1]
    worse = each.loc[~each["At least as well"] & each["Per hour"].notna(), "Territory"]
    return SalesPerHour(table, facts.by_kind["orders"].facts.currency, tuple(map(str, worse)), assumption)


def _effort(data: Dataset) -> tuple[np.ndarray, Effort, str]:
    """The saved workload of a data set, else what is assumed."""
    kept = data.scored.recipe.kept if data.scored is not None else ()
    for one in kept:
        if isinstance(one, WorkloadBy):
            return one.labels(data.accounts), one.effort, ""
    return np.full(len(data.accounts), "All", dtype=object), _ASSUMED, ASSUMPTION
