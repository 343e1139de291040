"""Altair charts, all with one theme and with titles that say what they show."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from terr.view.colors import ACCENT, NEUTRAL

FONT = "system-ui, -apple-system, 'Segoe UI', sans-serif"


def _styled(chart: Any, **extra: Any) -> Any:
    return (
        chart.properties(**extra)
        .configure(font=FONT, background="transparent")
        .configure_view(stroke=None)
        .configure_axis(domain=False, ticks=False, labelFontSize=12, titleFontSize=12, titleFontWeight="normal")
        .configure_title(anchor="start", fontSize=14, fontWeight=600, offset=8)
    )


def balance(frame: pd.DataFrame, *, measure: str, low: float, high: float, dark: bool = False) -> Any:
    """Load of each territory against its target, with the band of the limit; 24 px per territory.

    Args:
        frame: one row per territory: `code`, `territory`, `load_pct` (load as % of target), `color` (hex),
            `load_text`, `target_text`, `label` ("+4.1 %"), `before_pct` (NaN = no comparison), `inside` (bool).
        measure: name for the tooltip.
        low, high: the band in % of target, e.g. 95 and 105.
        dark: on a dark page.
    """
    most = max(float(frame["load_pct"].max()) if len(frame) else 100.0, high, 100.0)
    y = alt.Y(
        "territory:N",
        sort=list(frame["territory"]),
        title=None,
        axis=alt.Axis(labelLimit=92, labelOverlap=False, labelPadding=6),
    )
    # the right quarter is kept free for the deviations, which line up there
    scale = alt.Scale(domain=[0, most * 1.5], nice=False)
    ticks = [v for v in (0, 50, 100, 150, 200) if v <= most * 1.05]
    x = alt.X("load_pct:Q", title="% of target", scale=scale, axis=alt.Axis(values=ticks, grid=True))
    pick = alt.selection_point(name="territory", fields=["code"], on="click", empty=False)
    tooltip = [
        alt.Tooltip("territory:N", title="Territory"),
        alt.Tooltip("load_text:N", title=measure),
        alt.Tooltip("target_text:N", title="Target"),
        alt.Tooltip("label:N", title="Deviation"),
    ]
    ink = "#F2F3F5" if dark else "#14171C"
    line = "#5CC3C9" if dark else ACCENT
    base = alt.Chart(frame)
    band = (
        alt.Chart(pd.DataFrame({"low": [low], "high": [high]}))
        .mark_rect(color=line, opacity=0.25)
        .encode(x=alt.X("low:Q"), x2="high:Q")
    )
    target = alt.Chart(pd.DataFrame({"t": [100.0]})).mark_rule(color=line, strokeWidth=1.5).encode(x="t:Q")
    bars = (
        base.mark_bar(cornerRadiusEnd=2, stroke="#00000055", strokeWidth=0.5)
        .encode(y=y, x=x, color=alt.Color("color:N", scale=None, legend=None), tooltip=tooltip)
        .add_params(pick)
    )
    ghost = (
        base.transform_filter("isValid(datum.before_pct)")
        .mark_tick(color=NEUTRAL, thickness=2.5)
        .encode(y=y, x=alt.X("before_pct:Q"))
    )
    marks = base.mark_text(align="right", dx=-2, fontSize=12, color=ink).encode(
        y=y,
        x=alt.value("width"),
        text="label:N",
        opacity=alt.condition("datum.inside", alt.value(0.75), alt.value(1.0)),
    )
    outside = (
        base.transform_filter("!datum.inside")
        .mark_text(align="right", dx=-62, fontSize=12, text="!", fontWeight="bold", color=ink)
        .encode(y=y, x=alt.value("width"))
    )
    return _styled(alt.layer(bars, band, target, ghost, marks, outside), height=alt.Step(24))


def money_bar(frame: pd.DataFrame) -> Any:
    """One stacked bar: how an upload's rows or money split into fates.

    Args:
        frame: rows `fate`, `value`, `text`, `color` (hex) in drawing order.
    """
    order = list(frame["fate"])
    chart = (
        alt.Chart(frame.assign(rank=range(len(frame))))
        .mark_bar(height=20)
        .encode(
            x=alt.X("value:Q", stack="zero", axis=None, scale=alt.Scale(nice=False)),
            order="rank:Q",
            color=alt.Color(
                "fate:N",
                sort=order,
                scale=alt.Scale(domain=order, range=list(frame["color"])),
                legend=alt.Legend(orient="bottom", title=None, labelFontSize=12, labelLimit=220),
            ),
            tooltip=[alt.Tooltip("fate:N", title="Fate"), alt.Tooltip("text:N", title="Amount")],
        )
    )
    return _styled(chart, height=72)
