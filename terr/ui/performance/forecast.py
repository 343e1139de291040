"""Forecast of orders: fans with 80% and 95% intervals, in all and by group, with the method and its back-test."""

from __future__ import annotations

from functools import partial

import streamlit as st

from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.performance.controls import Chosen
from terr.ui.performance.trends import PANEL
from terr.view.performance_charts import fan
from terr.view.text import markdown, money_format
from terr.workspace.performance.forecasts import ForecastReport, forecast_of, longest

_EVERY = {"Quarter": "quarter", "Month": "month"}


def show_forecast(chosen: Chosen) -> None:
    """Draw it."""
    if "orders" not in chosen.facts.by_kind:
        st.info(
            "A forecast is made from orders. Import a file of orders (account, date, amount) on the Accounts page.",
            icon=":material/trending_up:",
        )
        return
    row = st.columns([1.2, 1, 4], vertical_alignment="bottom")
    every = row[0].segmented_control("Every", list(_EVERY), default="Quarter", required=True, key="terr_perf_ahead")
    unit = _EVERY[every or "Quarter"]
    most = longest(unit)
    periods = int(
        row[1].number_input(
            "Months ahead" if unit == "month" else "Quarters ahead",
            1,
            most,
            4 if unit == "quarter" else 12,
            key=f"terr_perf_periods_{unit}",
        )
    )

    def body(progress: Progress) -> ForecastReport:
        return forecast_of(chosen.facts, chosen.grouping, every=unit, periods=periods, progress=progress)

    made = window_jobs.worked_out("performance_forecast", (chosen.key, unit, periods), body)
    if made is not None:
        _drawn(chosen, made)


def _drawn(chosen: Chosen, made: ForecastReport) -> None:
    currency = chosen.currency
    if made.enough:
        st.caption(markdown(made.said()))
    else:
        st.warning(markdown(made.said()), icon=":material/hourglass_empty:")
    draw = partial(fan, currency=currency, dark=chosen.dark)
    st.altair_chart(
        draw(
            made.chart("all", currency),
            title=f"Orders by {made.every}: so far, and expected with 80% and 95% intervals",
        ),
        width="stretch",
        key="terr_perf_fan",
    )
    keys = made.largest()
    if keys:
        st.markdown("**By group**, each on a scale of its own; together they add up to the total")
    row = st.container(horizontal=True)
    for at, key in enumerate(keys):
        row.altair_chart(draw(made.chart(key, currency), title=key, small=True), width=PANEL, key=f"terr_perf_fan_{at}")
    frame = made.methods()
    money = money_format(currency)
    known = ("Group", "Method", "Back-test error", "Seasonal naive")
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        key="terr_perf_methods",
        column_config={
            "Group": st.column_config.TextColumn(pinned=True),
            "Back-test error": st.column_config.NumberColumn(format="%.2f", help=_ERROR),
            "Seasonal naive": st.column_config.NumberColumn(format="%.2f", help=_NAIVE),
            **{c: st.column_config.NumberColumn(format=money) for c in frame.columns if c not in known},
        },
    )
    line = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    line.caption(
        "Groups are the ones their accounts are in today. What has no group stands under “–”. "
        + markdown(made.back_test())
    )
    line.download_button(
        "Download CSV",
        made.csv,
        "forecast.csv",
        "text/csv",
        icon=":material/download:",
        key="terr_perf_forecast_csv",
        on_click="ignore",
    )


_ERROR = (
    "Mean absolute error of forecasts made at six earlier dates, as a share of what a period usually differs from that "
    "of the year before. Below 1 is better than repeating last year."
)
_NAIVE = "The same error, if each period is expected to be that of the year before"
