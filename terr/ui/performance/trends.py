"""A figure over time: a small panel for each group, beside the year before."""

from __future__ import annotations

from functools import partial

import streamlit as st

from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.performance.controls import Chosen
from terr.view.performance_charts import trend
from terr.view.text import markdown
from terr.workspace.performance.forecasts import table_csv
from terr.workspace.performance.kpis import BY_KEY, shown
from terr.workspace.performance.report import over_time
from terr.workspace.performance.trends import panels

PANEL = 255
"""Width of a small chart, px: three of them have room on a narrow page."""
_EVERY = ["Month", "Quarter", "Year"]
_SKIPPED = ("revenue_before", "growth", "open_amount", "pipeline_coverage")


def show_trends(chosen: Chosen) -> None:
    """Draw it."""
    offered = [k for k in shown(tuple(chosen.facts.by_kind)) if k.key not in _SKIPPED]
    row = st.columns([1.4, 1.6, 3], vertical_alignment="bottom")
    titles = {k.key: k.title for k in offered}
    figure = row[0].selectbox("Figure", list(titles), format_func=lambda k: titles[k], key="terr_perf_trend")
    every = row[1].segmented_control("Every", _EVERY, default="Quarter", required=True, key="terr_perf_every")
    kpi, length = BY_KEY[figure], every or "Quarter"

    def body(progress: Progress) -> object:
        return over_time(chosen.facts, chosen.grouping, length, kpi, chosen.basis, progress)

    frame = window_jobs.worked_out("performance_trends", (chosen.key, figure, length), body)
    if frame is None:
        return
    made = panels(frame, kpi, chosen.currency)
    draw = partial(trend, unit=kpi.unit, currency=chosen.currency, dark=chosen.dark)
    st.altair_chart(
        draw(made.whole, title=f"{kpi.title} by {length.lower()}, all together; gray is the year before"),
        width="stretch",
        key="terr_perf_trend_all",
    )
    if made.groups:
        st.markdown(f"**{markdown(kpi.title)} by {markdown(length.lower())} and group**, on one scale")
    panels_row = st.container(horizontal=True)
    for at, (key, part) in enumerate(made.groups.items()):
        panels_row.altair_chart(draw(part, title=key, domain=made.domain), width=PANEL, key=f"terr_perf_trend_{at}")
    line = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    line.caption(markdown(made.note))
    line.download_button(
        "Download CSV",
        lambda: table_csv(made.every),
        "performance over time.csv",
        "text/csv",
        icon=":material/download:",
        key="terr_perf_trends_csv",
        on_click="ignore",
    )
