"""Hours a year of each rep: by today's owners, or by the territories of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import account_codes
from terr.locate import home_points
from terr.model.reps import Rep
from terr.scoring import columns, workload
from terr.scoring.workload import Effort, Workload
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan.named_accounts import overrides_of
from terr.workspace.workspace import Workspace

MOST_REPS = 2_000


@dataclass(frozen=True, eq=False)
class Hours:
    """Hours by rep or territory.

    Attributes:
        title: whose hours these are.
        table: one row each, most hours first: `name`, `accounts`, `hours`, `calls` (h), `travel` (h), `days`.
        mean: hours a year on average.
        notes: what was taken for granted.
    """

    title: str
    table: pd.DataFrame
    mean: float
    notes: tuple[str, ...]


def by_tier(found: Workload, labels: NDArray[np.object_], names: Sequence[str]) -> pd.DataFrame:
    """One row per tier with accounts: `tier`, `accounts`, `each` (hours per account), `hours`, `calls`, `travel`."""
    told = pd.DataFrame({"t": labels, "h": found.hours, "c": found.call_hours, "w": found.travel_hours})
    told["t"] = told["t"].str.casefold()
    sums = told.groupby("t").agg(n=("h", "size"), h=("h", "sum"), c=("c", "sum"), w=("w", "sum"))
    rows = [
        (name, int(s.n), float(s.h / s.n), float(s.h), float(s.c), float(s.w))
        for name in names
        if name.casefold() in sums.index
        for s in (sums.loc[name.casefold()],)
    ]
    return pd.DataFrame(rows, columns=["tier", "accounts", "each", "hours", "calls", "travel"])


def by_owner(data: Dataset, labels: NDArray[np.object_], effort: Effort) -> Hours | None:
    """Hours of each rep as the accounts are given today; None if no account names an owner, or too many do."""
    codes, words = pd.factorize(columns.texts(data.accounts, "owner"))
    names = [str(w) for w in words.tolist()]
    if names == [""] or not names or len(names) > MOST_REPS:
        return None
    known = {r.name.casefold(): r.rep_id for r in data.reps} | {r.rep_id.casefold(): r.rep_id for r in data.reps}
    reps = [known.get(n.casefold(), "") for n in names]
    shown = [n or "(no owner)" for n in names]
    title = "By rep, as accounts are assigned today"
    return _hours(data, labels, codes.astype(np.int64), shown, reps, effort, title)


def by_territory(
    ws: Workspace, data: Dataset, scenario_id: str, labels: NDArray[np.object_], effort: Effort
) -> Hours | None:
    """Hours of each territory of a plan; None if none has accounts.

    Raises:
        PlanError: if its boundaries changed or are gone.
    """
    info = ws.store.scenarios.get(scenario_id)
    plan, _ = ws.plan(scenario_id)
    if not plan.territories:
        return None
    territory = account_codes(data.accounts, ws.units(info), plan, held=overrides_of(ws, info, plan))
    slot = np.full(max(plan.codes) + 2, -1, dtype=np.int64)  # the last one is picked by -1
    slot[list(plan.codes)] = np.arange(len(plan.codes))
    names, reps = [t.name for t in plan.territories], [t.rep for t in plan.territories]
    if not (slot[territory] >= 0).any():
        return None
    return _hours(data, labels, slot[territory], names, reps, effort, f"By territory of the plan {info.name}")


def _hours(
    data: Dataset,
    labels: NDArray[np.object_],
    codes: NDArray[np.int64],
    names: Sequence[str],
    reps: Sequence[str],
    effort: Effort,
    title: str,
) -> Hours:
    lives = {r.rep_id: r.home for r in _known(data.reps)}
    homes = home_points([lives.get(r, "") for r in reps])
    done = workload.with_territories(data.accounts, labels, codes, homes, effort)
    t = done.table
    table = pd.DataFrame(
        {
            "name": names,
            "accounts": t["accounts"],
            "hours": t["hours"],
            "calls": t["call hours"],
            "travel": t["travel hours"],
            "days": t["days"],
        }
    ).sort_values("hours", ascending=False, ignore_index=True)
    return Hours(title, table, float(t["hours"].mean()), done.notes)


def _known(reps: Sequence[Rep]) -> list[Rep]:
    return [r for r in reps if r.home]
