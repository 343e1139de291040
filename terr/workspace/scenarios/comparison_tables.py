"""Which plan does better, in words, and who gains and loses what."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import measure_values
from terr.view.text import percent
from terr.workspace.scenarios.change_ledger import NOBODY, NOWHERE
from terr.workspace.scenarios.comparison import NEW, PlanComparison
from terr.workspace.scenarios.key_figures import KeyFigures


@dataclass(frozen=True)
class ComparedMetric:
    """One figure plans are compared by.

    Attributes:
        name: for a person; help: what it is.
        of: gives it, in the unit shown.
        text: writes it; unit: of the difference, in words.
        less: True if less is better.
        digits: of the difference.
    """

    name: str
    help: str
    of: Callable[[KeyFigures], float]
    text: Callable[[float], str]
    unit: str
    less: bool
    digits: int = 1


def _plain(digits: int, unit: str = "") -> Callable[[float], str]:
    return lambda v: "–" if not math.isfinite(v) else f"{v:,.{digits}f}{unit}"


METRICS = (
    ComparedMetric(
        "Max deviation",
        "Largest |load ÷ target − 1| of any territory",
        lambda v: 100 * v.max_deviation,
        percent,
        "points",
        True,
    ),
    ComparedMetric(
        "Balance index",
        "100 × (1 − mean |deviation|); 100 is perfect",
        lambda v: v.balance_index,
        _plain(1),
        "points",
        False,
    ),
    ComparedMetric(
        "Spread of loads",
        "Standard deviation of the loads, % of their mean",
        lambda v: v.cv_pct,
        percent,
        "points",
        True,
    ),
    ComparedMetric(
        "Compactness",
        "Mean Polsby-Popper of the territories: 1 is a circle",
        lambda v: v.compactness,
        _plain(2),
        "",
        False,
        2,
    ),
    ComparedMetric(
        "Distance to centre",
        "Mean straight distance of the load from its territory's centre",
        lambda v: v.distance_km,
        _plain(0, " km"),
        "km",
        True,
        0,
    ),
    ComparedMetric(
        "Stray pieces", "Pieces cut off from their territory", lambda v: float(v.pieces), _plain(0), "", True, 0
    ),
    ComparedMetric(
        "Unassigned", "Share of the load that no territory has", lambda v: 100 * v.unassigned, percent, "points", True
    ),
)


def metrics_table(named: Mapping[str, KeyFigures]) -> pd.DataFrame:
    """One row per metric, a column per plan, and which one is better in words.

    Args:
        named: two or more plans by name, in the order shown.
    """
    rows = []
    for metric in METRICS:
        values = {name: metric.of(v) for name, v in named.items()}
        row = {"": metric.name} | {name: metric.text(v) for name, v in values.items()}
        rows.append(row | {"Better": verdict(metric, values)})
    return pd.DataFrame(rows)


def verdict(metric: ComparedMetric, values: Mapping[str, float]) -> str:
    """Such as "B by 1.2 points", "the same", "–" if a figure is missing."""
    if any(not math.isfinite(v) for v in values.values()):
        return "–"
    shown = {name: round(v, metric.digits) for name, v in values.items()}
    order = sorted(shown, key=lambda n: shown[n], reverse=not metric.less)
    best, next_ = order[0], order[1]
    gap = abs(shown[best] - shown[next_])
    leaders = [n for n in order if shown[n] == shown[best]]
    if len(leaders) == len(order):
        return "the same"
    if len(leaders) > 1:
        return f"{' and '.join(leaders)}, alike"
    unit = f" {metric.unit}" if metric.unit else ""
    second = f" before {next_}" if len(order) > 2 else ""
    return f"{best} by {gap:,.{metric.digits}f}{unit}{second}"


def territory_gains(found: PlanComparison, measures: Sequence[str]) -> pd.DataFrame:
    """What each territory gains and loses from the first plan to the second; the last row is what has no territory.

    Returns:
        DataFrame: `name, matched`, and `accounts` and each measure as `<m> before`, `<m> gained`, `<m> lost`,
        `<m> after`; before + gained - lost = after.
    """
    keys = [p.first.code if p.first is not None else p.second.code + NEW for p in found.pairs]  # type: ignore[union-attr]
    words = {"same": "same history", "overlap": "most accounts shared", "only": "in one plan only"}
    names = [p.name for p in found.pairs]
    matched = [words[p.how] for p in found.pairs]
    return _gains(found, measures, found.key_a, found.key_b, [*keys, -1], [*names, NOWHERE], [*matched, ""])


def rep_gains(found: PlanComparison, measures: Sequence[str]) -> pd.DataFrame:
    """The same for each rep who covers a territory in either plan; the last row is what nobody covers."""
    names = {r.rep_id: r.name for r in found.reps}
    there = [t.rep for s in (found.a, found.b) for t in s.plan.territories if t.rep]
    ids = sorted(dict.fromkeys(there), key=lambda i: str(names.get(i, i)).casefold())
    number = {rep: i for i, rep in enumerate(ids)} | {"": -1}
    a, b = (np.array([number[r] for r in reps.tolist()], dtype=np.int32) for reps in (found.rep_a, found.rep_b))
    keys = [*range(len(ids)), -1]
    return _gains(found, measures, a, b, keys, [*(names.get(i, i) for i in ids), NOBODY], [""] * len(keys))


def _gains(
    found: PlanComparison,
    measures: Sequence[str],
    a: NDArray[np.int32],
    b: NDArray[np.int32],
    keys: Sequence[int],
    names: Sequence[str],
    matched: Sequence[str],
) -> pd.DataFrame:
    inside = found.inside
    slot = {key: i for i, key in enumerate(keys)}
    before = np.array([slot[k] for k in a[inside].tolist()], dtype=np.int64)
    after = np.array([slot[k] for k in b[inside].tolist()], dtype=np.int64)
    moved = before != after
    out: dict[str, Any] = {"name": list(names), "matched": list(matched)}
    values = measure_values(found.accounts, list(measures))[inside]
    for j, measure in enumerate(["accounts", *measures]):
        worth = np.ones(len(before)) if j == 0 else values[:, j - 1]
        name = "accounts" if j == 0 else measure if measure != "accounts" else "accounts (measure)"
        for column, at, which in (
            ("before", before, slice(None)),
            ("gained", after, moved),
            ("lost", before, moved),
            ("after", after, slice(None)),
        ):
            sums = np.bincount(at[which], worth[which], minlength=len(keys))
            out[f"{name} {column}"] = sums.astype(np.int64) if j == 0 else sums
    return pd.DataFrame(out)
