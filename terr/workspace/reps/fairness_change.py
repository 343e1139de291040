"""Fairness before and after: the scorecards of two plans of one data set side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from terr.view.text import and_list, distinct
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.reps.assignment import people_settings
from terr.workspace.reps.scorecard import Scorecard, scorecard
from terr.workspace.workspace import Workspace

AFTER, BEFORE, ALIKE, UNKNOWN = "After", "Before", "Alike", "–"
_ALIKE = 0.5
"""Percentage points of variation; less isn't told apart."""


def other_plans(ws: Workspace, shown: PlanSnapshot) -> dict[str, str]:
    """Id -> name of this person's other plans of the same accounts, the one worked on last first."""
    found = [s for s in ws.store.scenarios.find() if s.dataset_id == shown.info.dataset_id and s.id != shown.info.id]
    return distinct({s.id: s.name for s in found})


def scorecard_before(ws: Workspace, scenario_id: str, day: date, quotas: Mapping[str, float] | None) -> Scorecard:
    """The scorecard of another plan, with its own ramp; see `scorecard`.

    Raises:
        LocateError, PlanError: if the plan or its boundaries are gone.
    """
    other = plan_snapshot(ws, scenario_id)
    return scorecard(other, people_settings(other.info), day, quotas)


def fairness_change(before: Scorecard, after: Scorecard) -> pd.DataFrame:
    """One row per measure, per full rep: `Measure, per full rep`; `Variation` (%), `Gini` and `Max / min`, each before
    and after, NaN where a plan has none; and `Fairer`, whichever has less variation by half a point or more."""
    rows = []
    for old, new in zip(before.figures, after.figures, strict=True):
        row: dict[str, object] = {"Measure, per full rep": new.measure}
        for title, a, b in (
            ("Variation", old.cv_pct, new.cv_pct),
            ("Gini", old.gini, new.gini),
            ("Max / min", old.max_min, new.max_min),
        ):
            row |= {f"{title} before": np.nan if a is None else a, f"{title} after": np.nan if b is None else b}
        rows.append(row | {"Fairer": _fairer(old.cv_pct, new.cv_pct)})
    return pd.DataFrame(rows)


def _fairer(before: float | None, after: float | None) -> str:
    if before is None or after is None:
        return UNKNOWN
    if abs(before - after) < _ALIKE:
        return ALIKE
    return AFTER if after < before else BEFORE


def change_sentence(change: pd.DataFrame) -> str:
    """Which measures got fairer and which less fair, in a sentence."""
    names = change["Measure, per full rep"]
    better, worse = (names[change["Fairer"] == side].tolist() for side in (AFTER, BEFORE))
    parts = []
    if better:
        parts.append(f"fairer after in {and_list(better)}")
    if worse:
        parts.append(f"less fair in {and_list(worse)}")
    if parts:
        told = "; ".join(parts)
        return told[0].upper() + told[1:]
    if (change["Fairer"] == ALIKE).any():
        return "No measure changes by half a point of variation or more"
    return "No measure has figures in both plans"


def rep_change(before: Scorecard, after: Scorecard, measure: str) -> pd.DataFrame:
    """One row per rep of either plan: `Rep`, `Capacity`, the measure's sum and the same per full rep, each before and
    after, and `Change per full rep`; NaN where the rep covers nothing or nothing is known.

    Args:
        before, after: the scorecards.
        measure: of `shared_measures`.
    """
    names = list(dict.fromkeys((*before.table["Rep"], *after.table["Rep"])))
    out = pd.DataFrame({"Rep": names})
    for side, card in (("before", before), ("after", after)):
        one = card.table.drop_duplicates("Rep").set_index("Rep").reindex(names)
        capacity = one["Capacity"].to_numpy(dtype=np.float64)
        value = one[measure].to_numpy(dtype=np.float64)
        if side == "before":
            out["Capacity"] = capacity
        out["Capacity"] = np.where(np.isnan(out["Capacity"]), capacity, out["Capacity"])
        out[f"{measure} {side}"] = value
        out[f"Per full rep {side}"] = np.where(capacity > 0, value / np.where(capacity > 0, capacity, 1.0), np.nan)
    out["Change per full rep"] = out["Per full rep after"] - out["Per full rep before"]
    return out.sort_values("Change per full rep", key=np.abs, ascending=False, kind="stable", ignore_index=True)


def shared_measures(before: Scorecard, after: Scorecard) -> list[str]:
    """The sums that both scorecards have by rep."""
    return [c for c in after.table.columns[3:] if c in before.table.columns and c != "Quota / potential"]
