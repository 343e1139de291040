"""The Plan page's heart: map, headline figures, balance chart and table, rerun together and without the page."""

from __future__ import annotations

import time
import zlib
from functools import partial

import numpy as np
import streamlit as st

from terr.ui import header
from terr.ui.design import suggested_moves
from terr.ui.live import window
from terr.ui.live.redraw_pace import PACE, settle
from terr.ui.plan import segment_filter as segment_filter_view
from terr.ui.plan import side_panel, tables, territory_map, toolbar
from terr.ui.session import state
from terr.ui.session.errors import guarded
from terr.view.charts import balance_spec
from terr.view.text import markdown, metric_format, metric_title, short
from terr.workspace.plan import segment_filter
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot


@st.fragment
@guarded
def panel() -> None:
    """Everything that follows an edit."""
    with PACE.turn():
        began = time.thread_time()
        _draw()
        PACE.note(time.thread_time() - began)
        settle("the first map is drawn")


def _draw() -> None:
    if state.scenario_id() is None:  # deleted in another window
        st.rerun()
    sid = str(state.get("scenario"))
    seen = state.window_state()
    if segment_filter_view.lost(sid):
        return
    shown = plan_snapshot(state.workspace(), sid)
    if shown.rev != seen.rev:
        state.at_revision(shown.rev)
        if not window.has_line():  # with a line the map shows who does what as it is done
            state.say("Somebody changed this plan in another window; you see the newest version.")
    side_panel.discard_outdated(shown.rev)
    proposal: PlanSnapshot | None = state.get("proposal")
    state.show_said()
    header.line()
    toolbar.row(shown, busy=proposal is not None)
    left, right = st.columns([2.35, 1], gap="small")
    with left:
        territory_map.show_map(proposal or shown, proposed=proposal is not None)
        _table(proposal or shown)
    with right:
        _headline(proposal or shown)
        _chart(proposal or shown, shown if proposal is not None else None)
        if seen.have or state.get("design"):  # the map is up: what works in the background may now take the processors
            side_panel.area(sid)


def _headline(shown: PlanSnapshot) -> None:
    st.html(tables.headline(shown))
    icon, sentence = tables.state_of_balance(shown)
    color_word = {"check_circle": "green", "error": "orange", "info": "blue"}[icon]
    st.markdown(f":{color_word}[:material/{icon}:] {sentence}")


def _chart(shown: PlanSnapshot, before: PlanSnapshot | None) -> None:
    if not len(shown.table):
        return
    frame = tables.chart_frame(shown, before)
    st.markdown(
        f"**{markdown(shown.measure)} by territory, % of target** "
        f"({markdown(short(shown.table['target'].mode().iloc[0], shown.currency))})",
        help=None if (told := segment_filter_view.measure_definition(shown)) is None else markdown(told),
    )
    limit = 100 * shown.info.tolerance
    area = st.container(height=min(300, 72 + 24 * len(frame)), border=False)
    codes = [int(c) for c in shown.table["code"]]
    area.vega_lite_chart(
        spec=balance_spec(
            frame,
            measure=shown.measure,
            low=0.0 if shown.rules.sides == "over" else 100 - limit,
            high=100.0 * len(shown.table) if shown.rules.sides == "under" else 100 + limit,
            dark=st.context.theme.type == "dark",
        ),
        width="stretch",
        key="terr_chart",
        on_select=partial(_pick, "terr_chart", codes),
        selection_mode="territory",
    )


def _table(shown: PlanSnapshot) -> None:
    if not len(shown.table):
        return
    room = 168 if segment_filter_view.choose(shown) else 212
    only = segment_filter_view.chosen(shown)
    frame = tables.table_frame(shown, only)
    extra = () if only is None else segment_filter.column_titles(only, shown.measure)
    codes = [int(c) for c in shown.table["code"]]
    # another set of rows is another table: a selection names a row by its number
    key = f"terr_table_{zlib.crc32(repr(codes).encode()):08x}"
    st.dataframe(
        frame,
        key=key,
        hide_index=True,
        height=min(room, 37 + 35 * len(frame)),
        on_select=partial(_pick, key, codes),
        selection_mode="single-row",
        column_config={
            **{
                metric_title(m, shown.measure, shown.info.level): st.column_config.NumberColumn(
                    format=metric_format(m, shown.currency), help=m.formula
                )
                for m in tables.columns_shown()
            },
            **{title: st.column_config.NumberColumn(format="localized") for title in extra},
        },
    )


def _pick(key: str, codes: list[int]) -> None:
    """A new pick in chart or table makes that territory active and shows it on the map; runs before the fragment."""
    chosen = st.session_state[key].selection
    if key == "terr_chart":
        picked = [int(row["code"]) for row in chosen.get("territory") or [] if "code" in row]
    else:
        picked = [codes[row] for row in chosen.rows if row < len(codes)]
    sid = state.get("scenario")
    if not picked or not sid:
        return
    proposal: PlanSnapshot | None = state.get("proposal")
    plan = proposal.plan if proposal is not None else state.workspace().plan(sid)[0]
    state.drop("marked")
    if proposal is None and picked[0] in plan.codes:
        state.choose(picked[0])
        if suggested_moves.outside(plan_snapshot(state.workspace(), sid), picked[0]):
            suggested_moves.ask_why(picked[0])
    state.fly_to(np.flatnonzero(plan.assign == picked[0]).tolist())
