"""Figures as cards, a table whose cells open their rows, bars beside quota or the year before, and what stands out."""

from __future__ import annotations

import math
import zlib
from html import escape
from typing import Any

import streamlit as st

from terr.ui.jobs import window_jobs
from terr.ui.performance.controls import Chosen
from terr.ui.session import state
from terr.view.performance_charts import bullets
from terr.view.text import count, markdown, money_format, short
from terr.workspace.facts.groups import TERRITORY
from terr.workspace.performance.cards import bullet_frame, cards
from terr.workspace.performance.findings import standouts
from terr.workspace.performance.kpis import BY_KEY, Kpi, missing
from terr.workspace.performance.report import PerformanceReport, performance_of
from terr.workspace.performance.rows_behind import rows_behind
from terr.workspace.reps.territory_ratings import ratings_table

_MOST_ROWS, _MOST_SENTENCES = 1_000, 4
_STYLE = (
    "<style>.terr-cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:.5rem .6rem}"
    ".terr-cards div{border-left:3px solid rgba(128,128,128,.35);padding-left:.55rem}"
    ".terr-cards small{display:block;opacity:.75;font-size:.78rem;line-height:1.25}"
    ".terr-cards b{font-size:1.3rem;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".terr-cards .good{border-color:#009E73}.terr-cards .bad{border-color:#D55E00}</style>"
)


def reports(chosen: Chosen) -> tuple[PerformanceReport, PerformanceReport] | None:
    """The figures of the period and those of the year before; None while they are worked out."""
    of, period = chosen.grouping, chosen.period.period

    def body(_: Any) -> tuple[PerformanceReport, PerformanceReport]:
        return (
            performance_of(chosen.facts, of, period, chosen.basis, chosen.currency),
            performance_of(chosen.facts, of, period.before, chosen.basis, chosen.currency),
        )

    return window_jobs.worked_out("performance_figures", chosen.key, body)


def show_overview(chosen: Chosen) -> None:
    """Draw it."""
    made = reports(chosen)
    if made is None:
        return
    now, before = made
    _cards(now, before)
    left, right = st.columns([1.75, 1], gap="medium")
    with left:
        _table(chosen, now)
        _stand_out(now)
    with right:
        _bars(chosen, now)
    _what_else(now)


def _cards(now: PerformanceReport, before: PerformanceReport) -> None:
    blocks = [
        f'<div class="{c.mood}" title="{escape(c.formula)}"><small>{escape(c.title)}</small><b>{escape(c.text)}</b>'
        f"<small>{escape(c.change) or '&nbsp;'}</small></div>"
        for c in cards(now, before)
    ]
    st.html(f'{_STYLE}<div class="terr-cards">{"".join(blocks)}</div>')


def _format(kpi: Kpi, currency: str) -> str:
    if kpi.unit == "money":
        return money_format(currency)
    return {"share": "%.1f%%", "times": "%.1f×", "days": "%.0f"}.get(kpi.unit, "localized")


def _table(chosen: Chosen, now: PerformanceReport) -> None:
    frame = now.table()
    if chosen.grouping.by == TERRITORY and chosen.plan is not None:
        rated = ratings_table(state.workspace(), chosen.plan.id)
        if rated["Ratings"].any():
            stars = dict(zip(rated["Territory"], rated["Rating"], strict=True))
            frame["Rating"] = frame["Group"].map(stars).astype("float64")
    mark = zlib.crc32(repr(chosen.key).encode())
    titles = {k.title: k for k in now.kpis}
    picked = st.dataframe(
        frame,
        key=f"terr_perf_table_{mark:08x}",
        hide_index=True,
        height=min(38 + 35 * len(frame), 400),
        width="stretch",
        on_select="rerun",
        selection_mode="single-cell",
        column_config={
            "Group": st.column_config.TextColumn(pinned=True),
            "Rating": st.column_config.NumberColumn(format="%.1f", help="Mean of 1 to 5 stars given on page Review"),
            **{
                k.title: st.column_config.NumberColumn(format=_format(k, now.currency), help=markdown(k.formula))
                for k in now.kpis
            },
        },
    )
    row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    row.caption("Click a figure to see the rows it is made of.")
    row.download_button(
        "Download CSV",
        now.csv,
        "performance.csv",
        "text/csv",
        icon=":material/download:",
        key="terr_perf_csv",
        on_click="ignore",
    )
    cells = picked.selection.get("cells") or []
    if cells:
        at, column = cells[0]
        if column in titles and at < len(now.rows):
            _rows(chosen, now, titles[column], now.rows[at]["key"])


def _rows(chosen: Chosen, now: PerformanceReport, kpi: Kpi, key: str) -> None:
    found = rows_behind(chosen.facts, chosen.data.accounts, chosen.grouping, now.period, now.basis, kpi.key, key)
    money = "" if math.isnan(found.total) else f", {markdown(short(found.total, now.currency))}"
    whose = "All" if key == "all" else key
    with st.container(border=True):
        row = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
        row.markdown(
            f"**{markdown(kpi.title)}, {markdown(whose)}**: "
            f"{count(len(found.frame), 'row')} of {markdown(found.kind)}{money}"
        )
        row.download_button(
            "Download rows",
            found.csv,
            "rows.csv",
            "text/csv",
            icon=":material/download:",
            key="terr_perf_rows_csv",
            on_click="ignore",
        )
        st.dataframe(
            found.frame.head(_MOST_ROWS),
            hide_index=True,
            height=260,
            width="stretch",
            key="terr_perf_rows",
            column_config={"Amount": st.column_config.NumberColumn(format=money_format(now.currency, 2))},
        )
        if len(found.frame) > _MOST_ROWS:
            st.caption(f"The first {_MOST_ROWS:,} rows; the download has all of them.")


def _bars(chosen: Chosen, now: PerformanceReport) -> None:
    made = bullet_frame(now)
    if made is None:
        return
    frame, figure, mark = made
    kpi = BY_KEY[figure]
    st.altair_chart(
        bullets(
            frame,
            title=f"{kpi.title} by group; the mark is {mark.lower()}",
            mark=mark,
            unit=kpi.unit,
            currency=now.currency,
            dark=chosen.dark,
        ),
        width="stretch",
        key="terr_perf_bullets",
    )


def _stand_out(now: PerformanceReport) -> None:
    if not now.groups:
        return
    found = standouts(now)
    st.markdown("**Strengths and weaknesses**", help=_HOW)
    for good, icon, word in (
        (True, ":green[:material/trending_up:]", "above"),
        (False, ":orange[:material/trending_down:]", "below"),
    ):
        mine = [s for s in found if s.good is good]
        for one in mine[:_MOST_SENTENCES]:
            st.markdown(f"{icon} {markdown(one.text)}")
        if len(mine) > _MOST_SENTENCES:
            with st.expander(f"{len(mine) - _MOST_SENTENCES} more {word} the team"):
                for one in mine[_MOST_SENTENCES:]:
                    st.markdown(f"{icon} {markdown(one.text)}")
    if not found:
        st.caption("No group differs from the team by more than chance explains.")


_HOW = (
    "Only where the 90% interval of a group excludes the team's figure. Rates are drawn toward the team's where there "
    "are few deals or customers, so that 2 of 2 does not beat 40 of 60."
)


def _what_else(now: PerformanceReport) -> None:
    lacking = missing(now.kinds)
    if lacking:
        with st.expander("Figures that need another file"):
            for kind, brings in lacking:
                st.markdown(f"- **{markdown(kind.capitalize())}** bring {markdown(', '.join(brings).lower())}.")
            st.caption("Import them on the Accounts page.")
