"""Strengths and weaknesses in sentences: only where an interval of 90% excludes the team's figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from terr.facts.win_rates import win_rates
from terr.view.text import count, percent, short
from terr.workspace.facts.performance import NOBODY
from terr.workspace.performance.report import PerformanceReport


@dataclass(frozen=True)
class Standout:
    """A group that differs from the team by more than chance explains.

    Attributes:
        key: the group; good: whether it is a strength.
        text: a sentence with the group's figure, its interval and the team's.
        distance: how far it is off, in widths of its interval; the largest goes first.
    """

    key: str
    good: bool
    text: str
    distance: float


_RATES = (
    # figure, successes, trials, better high
    ("win rate", "won", ("won", "lost"), True),
    ("share of last year's customers kept", "kept", ("customers_before",), True),
    ("share of customers who ordered twice or more", "repeat_customers", ("customers",), True),
    ("share of accounts contacted", "touched", ("accounts",), True),
)
_MEDIANS = (
    ("median deal", "deal", True, False),
    ("sales cycle", "cycle_days", False, True),
)
_LEAST = 5
"""Deals or customers below which nothing is said."""


def standouts(report: PerformanceReport) -> tuple[Standout, ...]:
    """Where groups stand out, the clearest first.

    Rates are beta-binomial estimates as win rates are: drawn toward the team's where there is little to go by, so that
    among many groups few stand out by chance. Medians stand out if their distribution-free interval excludes the
    team's median.
    """
    rows = [_counted(r) for r in report.groups if r["key"] != NOBODY]
    if len(rows) < 2:
        return ()
    out = [s for name, got, tried, up in _RATES for s in _rate(rows, name, got, tried, up)]
    whole = report.whole
    for name, field, up, days in _MEDIANS:
        team = whole[f"{field}_median"]
        for row in rows if team is not None else ():
            out += _median(row, name, field, team, up, days, report.currency)
    return tuple(sorted(out, key=lambda s: (-s.distance, s.key)))


def _counted(row: dict[str, Any]) -> dict[str, Any]:
    kept = None if row["customers_before"] is None else row["customers_before"] - row["churned"]
    touched = None if row["coverage"] is None else round(row["coverage"] * row["accounts"])
    return {**row, "kept": kept, "touched": touched}


def _rate(rows: list[dict[str, Any]], name: str, got: str, tried: tuple[str, ...], up: bool) -> list[Standout]:
    some = [r for r in rows if r[got] is not None and all(r[f] is not None for f in tried)]
    if len(some) < 2:
        return []
    yes = np.array([r[got] for r in some], dtype=np.int64)
    trials = np.array([sum(r[f] for f in tried) for r in some], dtype=np.int64)
    if not trials.sum():
        return []
    found = win_rates(yes, trials - yes)
    team = float(yes.sum() / trials.sum())
    what = "deals" if got == "won" else "accounts" if got == "touched" else "customers"
    out = []
    for at, row in enumerate(some):
        low, high, n = float(found.low[at]), float(found.high[at]), int(trials[at])
        if n < _LEAST or low <= team <= high:
            continue
        higher = low > team
        text = (
            f"{row['key']}: {name} {percent(100 * float(found.estimate[at]), 0)} "
            f"(90% interval {percent(100 * low, 0)} to {percent(100 * high, 0)}; {int(yes[at]):,} of {n:,} {what}) "
            f"is {'above' if higher else 'below'} the team's {percent(100 * team, 0)}."
        )
        away = (low - team) if higher else (team - high)
        out.append(Standout(row["key"], higher == up, text, away / max(high - low, 1e-9)))
    return out


def _median(
    row: dict[str, Any], name: str, field: str, team: float, up: bool, days: bool, currency: str
) -> list[Standout]:
    low, high, own = row[f"{field}_low"], row[f"{field}_high"], row[f"{field}_median"]
    if low is None or low <= team <= high or row["won"] < _LEAST:
        return []
    higher = low > team

    def said(value: float) -> str:
        return count(round(value), "day") if days else short(value, currency)

    text = (
        f"{row['key']}: {name} {said(own)} (90% interval {said(low)} to {said(high)}; {count(row['won'], 'deal')} won) "
        f"is {'above' if higher else 'below'} the team's {said(team)}."
    )
    away = (low - team) if higher else (team - high)
    return [Standout(row["key"], higher == up, text, away / max(high - low, 1e-9))]
