"""Which plan does better, in words, and who gains and loses what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import measure_values
from terr.metrics import Metric, MetricValues, shown_in
from terr.view.text import metric_text, metric_title
from terr.workspace.scenarios.change_ledger import NOBODY, NOWHERE
from terr.workspace.scenarios.comparison import NEW, PlanComparison


def metrics_table(
    named: Mapping[str, MetricValues], measure: str, level: str, currency: str = "", *, miles: bool = True
) -> pd.DataFrame:
    """One row per metric that any of the plans has, a column per plan, and which one is better in words.

    Args:
        named: two or more plans by name, in the order shown.
        measure: what they are measured by; currency: its currency code, if it is money.
        level: of the units, for their name; miles: distances are told in miles, else in kilometers.
    """
    rows = []
    for metric in shown_in("compare"):
        values = {name: found.figure(metric.key) for name, found in named.items()}
        if any(metric.key not in found.failures for found in named.values()):
            row = {"": metric_title(metric, measure, level)}
            row |= {name: metric_text(metric, v, currency, miles=miles) for name, v in values.items()}
            rows.append(row | {"Better": verdict(metric, values, currency, miles=miles)})
    return pd.DataFrame(rows)


def verdict(metric: Metric, values: Mapping[str, float], currency: str = "", *, miles: bool = True) -> str:
    """Such as "B by 1.2 points", "the same", "–" if a figure is missing or neither way is better."""
    if metric.direction == "none" or any(not math.isfinite(v) for v in values.values()):
        return "–"
    shown = {name: round(v, metric.decimals) for name, v in values.items()}
    order = sorted(shown, key=lambda n: shown[n], reverse=metric.direction == "higher")
    best, next_ = order[0], order[1]
    leaders = [n for n in order if shown[n] == shown[best]]
    if len(leaders) == len(order):
        return "the same"
    if len(leaders) > 1:
        return f"{' and '.join(leaders)}, tied"
    points = metric.unit in ("%", "0 to 100")
    gap = abs(shown[best] - shown[next_])
    text = f"{gap:,.{metric.decimals}f} points" if points else metric_text(metric, gap, currency, miles=miles)
    return f"{best} by {text}{f' before {next_}' if len(order) > 2 else ''}"


def territory_gains(found: PlanComparison, measures: Sequence[str]) -> pd.DataFrame:
    """What each territory gains and loses from the first plan to the second; the last row is what has no territory.

    Returns:
        DataFrame: `name, matched`, and `accounts` and each measure as `<m> before`, `<m> gained`, `<m> lost`,
        `<m> after`; before + gained - lost = after.
    """
    keys = [p.first.code if p.first is not None else p.second.code + NEW for p in found.pairs]  # type: ignore[union-attr]
    words = {"same": "same territory", "overlap": "most shared accounts", "only": "only in one plan"}
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
