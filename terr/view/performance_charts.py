"""Charts of the Performance page: figures beside the year before, lines over time, fans of forecasts, the pipeline."""

from __future__ import annotations

import textwrap
from typing import Any

import altair as alt
import pandas as pd

from terr.view.charts import _styled
from terr.view.colors import NEUTRAL
from terr.view.scorecharts import _ink

_SYMBOLS = {"USD": "$", "GBP": "£", "EUR": "€"}


def axis_format(unit: str, currency: str = "") -> str:
    """A Vega expression that writes a figure on an axis: $1.2M, 45%, 1,200.

    Args:
        unit: "money", "share" (given as 0 to 1), "count", "days" or "times".
        currency: ISO code.
    """
    if unit == "share":
        return "format(datum.value, '.0%')"
    sign = _SYMBOLS.get(currency, "") if unit == "money" else ""
    short = "replace(replace(format(abs(datum.value), '~s'), 'G', 'B'), 'k', 'K')"
    return f"(datum.value < 0 ? '−' : '') + '{sign}' + {short}"


def bullets(frame: pd.DataFrame, *, title: str, mark: str, unit: str, currency: str = "", dark: bool = False) -> Any:
    """One bar per group against a mark: quota, or the year before.

    Args:
        frame: rows `group`, `value`, `mark` (NaN = none), `value_text`, `mark_text`, `label` ("+4%"), in drawing order.
        title: what the bars show, in a sentence.
        mark: what the mark is.
        unit, currency: see `axis_format`.
        dark: on a dark page.
    """
    ink, line = _ink(dark)
    most = float(frame[["value", "mark"]].max().max()) if len(frame) else 1.0
    low = min(0.0, float(frame["value"].min()) if len(frame) else 0.0)
    scale = alt.Scale(domain=[low, max(most, 1e-9) * 1.45], nice=False)
    y = alt.Y("group:N", sort=list(frame["group"]), title=None, axis=alt.Axis(labelLimit=150, labelOverlap=False))
    x = alt.X(
        "value:Q",
        title=None,
        scale=scale,
        axis=alt.Axis(labelExpr=axis_format(unit, currency), tickCount=4, grid=True),
    )
    tooltip = [
        alt.Tooltip("group:N", title="Group"),
        alt.Tooltip("value_text:N", title="Now"),
        alt.Tooltip("mark_text:N", title=mark),
    ]
    base = alt.Chart(frame)
    bars = base.mark_bar(color=line, height=12, cornerRadiusEnd=2).encode(y=y, x=x, tooltip=tooltip)
    ticks = (
        base.transform_filter("isValid(datum.mark)")
        .mark_tick(color=ink, thickness=2.5, height=20)
        .encode(y=y, x=alt.X("mark:Q"), tooltip=tooltip)
    )
    labels = base.mark_text(align="right", dx=-2, fontSize=12, color=ink).encode(
        y=y, x=alt.value("width"), text="label:N"
    )
    return _styled(alt.layer(bars, ticks, labels), height=alt.Step(26), title=textwrap.wrap(title, 26))


def trend(
    frame: pd.DataFrame,
    *,
    title: str,
    unit: str,
    currency: str = "",
    domain: tuple[float, float] | None = None,
    dark: bool = False,
) -> Any:
    """A figure over time, and a year before in gray.

    Args:
        frame: rows `period`, `value`, `before`, `value_text`, `before_text`, oldest first.
        title: what it shows.
        unit, currency: see `axis_format`.
        domain: of the figures, which panels beside each other share; then it is drawn small.
        dark: on a dark page.
    """
    _, line = _ink(dark)
    x = _periods(list(dict.fromkeys(frame["period"])), small=domain is not None)
    y = alt.Y(
        "value:Q",
        title=None,
        axis=alt.Axis(labelExpr=axis_format(unit, currency), tickCount=3 if domain else 4),
        scale=alt.Undefined if domain is None else alt.Scale(domain=list(domain), nice=False),
    )
    tooltip = [
        alt.Tooltip("period:N", title="Period"),
        alt.Tooltip("value_text:N", title="Figure"),
        alt.Tooltip("before_text:N", title="A year before"),
    ]
    base = alt.Chart(frame)
    then = base.mark_line(color=NEUTRAL, strokeWidth=1.5, strokeDash=[4, 3]).encode(
        x=x, y=alt.Y("before:Q", title=None)
    )
    now = base.mark_line(color=line, strokeWidth=2, point=alt.OverlayMarkDef(size=22, color=line, filled=True)).encode(
        x=x, y=y, tooltip=tooltip
    )
    return _sized(alt.layer(then, now), title, small=domain is not None)


def fan(
    frame: pd.DataFrame, *, title: str, unit: str = "money", currency: str = "", small: bool = False, dark: bool = False
) -> Any:
    """What was, what is expected, and where it lies in 80 and 95 of 100 cases.

    Args:
        frame: rows `period`, `actual`, `mean`, `low80`, `high80`, `low95`, `high95`, `text`, in order of time.
        title: what it shows.
        unit, currency: see `axis_format`.
        small: one of several beside each other.
        dark: on a dark page.
    """
    ink, line = _ink(dark)
    x = _periods(list(dict.fromkeys(frame["period"])), small=small)
    axis = alt.Axis(labelExpr=axis_format(unit, currency), tickCount=3 if small else 5)
    base = alt.Chart(frame)

    tooltip = [alt.Tooltip("period:N", title="Period"), alt.Tooltip("text:N", title="Figure")]
    wide = base.mark_area(color=line, opacity=0.16).encode(
        x=x, y=alt.Y("low95:Q", title=None, axis=axis), y2="high95:Q"
    )
    narrow = base.mark_area(color=line, opacity=0.3).encode(
        x=x, y=alt.Y("low80:Q", title=None, axis=axis), y2="high80:Q"
    )
    then = base.mark_line(color=ink, strokeWidth=1.8).encode(x=x, y=alt.Y("actual:Q", title=None, axis=axis))
    ahead = base.mark_line(color=line, strokeWidth=2, strokeDash=[5, 3]).encode(
        x=x, y=alt.Y("mean:Q", title=None, axis=axis)
    )
    points = (
        base.transform_calculate(shown="isValid(datum.actual) ? datum.actual : datum.mean")
        .mark_point(filled=True, size=24, opacity=1, color=ink)
        .encode(x=x, y=alt.Y("shown:Q", title=None, axis=axis), tooltip=tooltip)
    )
    return _sized(alt.layer(wide, narrow, then, ahead, points), title, small=small)


def _periods(order: list[str], *, small: bool) -> Any:
    angle = -45 if small or len(order) > 16 else 0
    axis = alt.Axis(labelAngle=angle, labelOverlap=True, grid=False, labelLimit=120)
    return alt.X("period:O", sort=order, title=None, axis=axis)


def _sized(chart: Any, title: str, *, small: bool) -> Any:
    if not small:
        return _styled(chart, height=250, title=title)
    named = alt.TitleParams(text=title, fontSize=12, limit=230)
    return _styled(chart, height=170, title=named)


def pipeline(frame: pd.DataFrame, *, title: str, currency: str = "", dark: bool = False) -> Any:
    """Open deals by the month they are to close: the whole amount light, the weighted one dark.

    Args:
        frame: rows `label`, `amount`, `weighted`, `deals`, `amount_text`, `weighted_text`, in order.
        title: what it shows, in a sentence.
        currency: ISO code.
        dark: on a dark page.
    """
    _, line = _ink(dark)
    x = alt.X("label:O", sort=list(frame["label"]), title=None, axis=alt.Axis(labelAngle=-45, labelLimit=90))
    axis = alt.Axis(labelExpr=axis_format("money", currency), tickCount=5)
    tooltip = [
        alt.Tooltip("label:N", title="Expected close"),
        alt.Tooltip("deals:Q", title="Deals", format=","),
        alt.Tooltip("amount_text:N", title="Amount"),
        alt.Tooltip("weighted_text:N", title="Weighted"),
    ]
    base = alt.Chart(frame)
    whole = base.mark_bar(color=line, opacity=0.28).encode(
        x=x, y=alt.Y("amount:Q", title=None, axis=axis), tooltip=tooltip
    )
    part = base.mark_bar(color=line).encode(x=x, y=alt.Y("weighted:Q", title=None, axis=axis), tooltip=tooltip)
    return _styled(alt.layer(whole, part), height=260, title=title)
