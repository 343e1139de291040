"""The few large figures above the table, each beside the year before, and the bars beside quota."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from terr.view.text import percent
from terr.workspace.facts.performance import NOBODY
from terr.workspace.performance.kpis import BY_KEY, CARDS, Kpi
from terr.workspace.performance.report import PerformanceReport

_MOST_CARDS, _MOST_BARS = 8, 12


@dataclass(frozen=True)
class FigureCard:
    """One large figure.

    Attributes:
        title, text, formula: of the figure.
        change: against the year before, in words; "" where that isn't known.
        mood: "good" or "bad" as the change is, "" where it is neither.
    """

    title: str
    text: str
    formula: str
    change: str
    mood: str


def cards(now: PerformanceReport, before: PerformanceReport) -> tuple[FigureCard, ...]:
    """The cards of all groups together, as far as there are facts for them."""
    out: list[FigureCard] = []
    for key in CARDS:
        kpi, value, was = BY_KEY[key], now.whole[key], before.whole[key]
        if value is None or key == "growth" or len(out) == _MOST_CARDS:
            continue
        said, better = _change(kpi, value, was)
        mood = "" if better is None else "good" if better else "bad"
        if key == "attainment":
            mood = "good" if value >= 1 else "bad"
        out.append(FigureCard(kpi.title, kpi.text(value, now.currency), kpi.formula, said, mood))
    return tuple(out)


def _change(kpi: Kpi, value: float, was: float | None) -> tuple[str, bool | None]:
    if was is None or (kpi.key in {"revenue", "won_amount", "customers", "new_customers"} and was <= 0):
        return "", None
    if kpi.key == "open_amount":  # what is open now was never open a year before
        return "", None
    if kpi.unit == "share":
        points = 100 * (value - was)
        said = f"{percent(points, signed=True).rstrip('%')} points on a year before"
        moved = points
    elif was:
        moved = 100 * (value / was - 1)
        said = f"{percent(moved, signed=True)} on a year before"
    else:
        return "", None
    if abs(moved) < 0.05 or not kpi.better:
        return said, None
    return said, (moved > 0) == (kpi.better == "up")


def bullet_frame(report: PerformanceReport) -> tuple[pd.DataFrame, str, str] | None:
    """Bars for `bullets`: attainment against quota, else a figure beside the year before; figure and mark.

    Returns:
        None if there are no groups with such a figure.
    """
    rows = [r for r in report.groups if r["key"] != NOBODY]
    with_quota = [r for r in rows if r["quota"]]
    figure = "won_amount" if report.whole["won_amount"] is not None else "revenue"
    if report.whole[figure] is None or not rows:
        return None
    used, mark, name = (with_quota, "quota", "Quota") if with_quota else (rows, "revenue_before", "A year before")
    if not with_quota and figure == "won_amount":
        if report.whole["revenue"] is None:
            return None
        figure = "revenue"
    ranked = sorted(used, key=lambda r: -(r[figure] or 0.0))[:_MOST_BARS]
    kpi, currency = BY_KEY[figure], report.currency
    frame = pd.DataFrame(
        {
            "group": [r["key"] for r in ranked],
            "value": [float(r[figure] or 0.0) for r in ranked],
            "mark": [np.nan if r[mark] is None else float(r[mark]) for r in ranked],
            "value_text": [kpi.text(r[figure], currency) for r in ranked],
            "mark_text": [kpi.text(r[mark], currency) for r in ranked],
            "label": [_label(r[figure], r[mark], quota=bool(with_quota)) for r in ranked],
        }
    )
    return frame, figure, name


def _label(value: float | None, mark: float | None, *, quota: bool) -> str:
    if value is None or not mark or mark <= 0:
        return ""
    return percent(100 * value / mark, 0) if quota else percent(100 * (value / mark - 1), 0, signed=True)
