"""Where a goal stands: by a measure of the accounts, or by a KPI of the facts that are kept with them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.people.goals import Goal
from terr.workspace.facts.kept_facts import fact_set_of, facts_kept
from terr.workspace.facts.performance import NOBODY, FactSet, performance
from terr.workspace.performance.kpis import KPIS, SHARE, Kpi, shown
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps.assignment import ground_of
from terr.workspace.workspace import Workspace

_NONE = ("revenue_before", "quota")
"""Figures that nobody has as a goal."""
KPI_HELP = "KPIs are of the 12 months that end with the newest fact; shares are in percent"


def goal_kpis(ws: Workspace, plan: PlanSnapshot) -> tuple[str, ...]:
    """The KPIs that a goal of this plan can be measured by, as the form lists them; () without facts."""
    kinds = {f.kind for f in facts_kept(ws, plan.info.dataset_id)}
    return tuple(_title(k) for k in shown(kinds) if k.key not in _NONE)


def goal_figure(ws: Workspace, plan: PlanSnapshot, goal: Goal) -> float | None:
    """Where a goal stands, if it is about a measure of the accounts or a KPI: of a territory, a rep, an account, or of
    all of them; None where there are no figures of it. KPIs are of the 12 months that end with the newest fact."""
    about = _about(plan, goal.about)
    if about is None:
        return None
    found = {m.casefold(): m for m in plan.accounts.measures}.get(goal.metric.casefold())
    if found is not None:
        values = np.nan_to_num(plan.accounts.frame[found].to_numpy(dtype=np.float64))
        return float(values[about].sum())
    kpi = next((k for k in KPIS if _title(k).casefold() == goal.metric.casefold()), None)
    return None if kpi is None else _kpi(fact_set_of(ws, plan.info.dataset_id, plan.accounts), about, kpi, goal)


def _kpi(facts: FactSet, about: NDArray[np.bool_], kpi: Kpi, goal: Goal) -> float | None:
    if not facts.by_kind:
        return None
    mine = goal.about or "mine"
    groups = np.where(about, mine, NOBODY).astype(object) if goal.about else np.zeros(0, dtype=object)
    try:
        rows = performance(facts, groups, facts.usual_period())
    except InputError:  # no fact has a day
        return None
    row = next((r for r in rows if r["key"] == (mine if goal.about else "all")), None)
    value = None if row is None else row[kpi.key]
    return None if value is None else float(value) * (100.0 if kpi.unit == SHARE else 1.0)


def _about(plan: PlanSnapshot, about: str) -> NDArray[np.bool_] | None:
    """bool (n_accounts,), the accounts a goal is about; None if it names nothing there is."""
    frame = plan.accounts.frame
    if not about:
        return np.ones(len(frame), dtype=np.bool_)
    names = {r.rep_id: r.name for r in plan.reps}
    wanted = about.casefold()
    at = [
        k
        for k, t in enumerate(plan.plan.territories)
        if wanted in (t.name.casefold(), t.rep.casefold(), names.get(t.rep, "").casefold())
    ]
    if at:
        return np.isin(ground_of(plan).territory, at)
    ids, called = (frame[c].astype(str).str.casefold() == wanted for c in ("account_id", "name"))
    mine = (ids | called).to_numpy(dtype=np.bool_)
    return mine if mine.any() else None


def _title(kpi: Kpi) -> str:
    return f"{kpi.title}, %" if kpi.unit == SHARE else kpi.title
