"""The Plan page's heart: map, headline figures, balance chart and table, rerun together and without the page.

Where many work on one plan, each window hears of the others' edits by its map's line; then only the figures and the
table are drawn anew, which takes half of the time.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from terr.ui import header
from terr.ui.design import split_areas, suggested_moves
from terr.ui.layers import overlays
from terr.ui.live import plan_parts, share, window
from terr.ui.live.redraw_pace import PACE
from terr.ui.plan import look, side_panel, tables, territory_map, territory_table, toolbar, years
from terr.ui.plan import segment_filter as segment_filter_view
from terr.ui.session import state
from terr.ui.session.errors import guarded
from terr.ui.session.garbage import settle
from terr.view.charts import balance_spec
from terr.view.text import markdown, short
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot


@st.fragment(key=plan_parts.PANEL)
@guarded
def panel() -> None:
    """Everything that follows an edit."""
    with PACE.turn(1), state.workspace().steady():
        _draw()
    settle("the first map is drawn")


def _draw() -> None:
    split_areas.rerun_when_split()
    overlays.rerun_when_opened()
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
            state.say("Someone changed this plan in another window; you see the latest version.")
    side_panel.discard_outdated(shown.rev)
    proposal: PlanSnapshot | None = state.get("proposal")
    state.show_said()
    header.line()
    share.share()
    toolbar.row(proposal or shown, busy=proposal is not None)
    look.style(len((proposal or shown).table), chooser=segment_filter_view.can_choose(shown))
    left, right = st.container(key="terr_plan").columns([2.35, 1], gap="small")
    with left:
        territory_map.show_map(proposal or shown, proposed=proposal is not None)
        _territories(sid)
    with right.container(key="terr_beside"):
        if proposal is None:
            overlays.switch(shown)
        _figures(sid)
        if (
            seen.have or state.get("design") or state.get("book_design")
        ):  # the map is up: what works in the background may now take the processors
            side_panel.area(sid)


@st.fragment(key=plan_parts.FIGURES)
@guarded
def _figures(sid: str) -> None:
    """The headline figures and the balance chart."""
    with PACE.turn(len(plan_parts.FOLLOWING)), state.workspace().steady():
        shown, proposal = _looked_at(sid)
        _headline(proposal or shown)
        _chart(proposal or shown, shown if proposal is not None else None)


@st.fragment(key=plan_parts.TERRITORIES)
@guarded
def _territories(sid: str) -> None:
    """The table of territories."""
    with PACE.turn(len(plan_parts.FOLLOWING)), state.workspace().steady():
        shown, proposal = _looked_at(sid)
        closed = proposal is not None or bool(state.needs("edit"))
        territory_table.territory_table(proposal or shown, closed=closed)


def _looked_at(sid: str) -> tuple[PlanSnapshot, PlanSnapshot | None]:
    """The plan as it is now, and the proposal that is looked at instead."""
    return plan_snapshot(state.workspace(), sid), state.get("proposal")


def _headline(shown: PlanSnapshot) -> None:
    st.html(tables.headline(shown, rev=shown.rev))
    icon, sentence = tables.state_of_balance(shown)
    color_word = {"check_circle": "green", "error": "orange", "info": "blue"}[icon]
    st.markdown(f":{color_word}[:material/{icon}:] {sentence}")


def _chart(shown: PlanSnapshot, before: PlanSnapshot | None) -> None:
    if not len(shown.table):
        return
    frame = tables.chart_frame(shown, before)
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.markdown(
        f"**{markdown(shown.measure)} by territory, % of target** "
        f"({markdown(short(shown.table['target'].mode().iloc[0], shown.currency))})",
        help=None if (told := segment_filter_view.measure_definition(shown)) is None else markdown(told),
        width="stretch",
    )
    years.choose(shown, row)
    limit = 100 * shown.info.tolerance
    area = st.container(key="terr_bars", border=False)
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
        on_select=partial(_pick, "terr_chart"),
        selection_mode="territory",
    )


def _pick(key: str) -> None:
    """A bar that is clicked makes its territory active and shows it on the map; runs before the fragment."""
    chosen = st.session_state[key].selection
    picked = [int(row["code"]) for row in chosen.get("territory") or [] if "code" in row]
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
    plan_parts.draw(plan_parts.PANEL)
