"""Balance against change: the curve, and a point of it shown on the map before it is applied."""

from __future__ import annotations

from functools import partial

import streamlit as st

from terr.errors import TerrError
from terr.ui.jobs import window_jobs
from terr.ui.jobs.watched_job import WatchedJob
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.charts import frontier
from terr.view.text import markdown
from terr.workspace.design import apply_result
from terr.workspace.design import frontier as plan_frontier
from terr.workspace.plan.snapshot import PlanSnapshot

SECONDS = 25.0
CHOSEN, NONCE = "trade_chosen", "trade_nonce"
"""The point on the map (0 = today's plan), and a number that makes new widgets of the chart or the list. A widget whose
value is set from elsewhere would be sent back with its old value by a rerun that was under way."""


def frontier_part(shown: PlanSnapshot) -> None:
    """The part of the Plan page that shows what change buys."""
    run: WatchedJob | None = state.get("trade")
    if run is not None and window_jobs.collect(run):
        state.put(CHOSEN, 0)
    if window_jobs.show("trade", stop="Stop and show what is known", close=True):
        return
    if run is None or run.task.rev != shown.rev:
        _ask(shown, old=run is not None)
        return
    points = plan_frontier.apart(run.task, run.result)
    frame = plan_frontier.frontier_frame(run.task, shown, points)
    if not points:
        st.caption(markdown(plan_frontier.frontier_sentence(frame, shown.measure, shown.info.tolerance)))
        return
    chosen = min(int(state.get(CHOSEN, 0)), len(points))
    chart, pick = _keys()
    st.container(key="terr_trade").altair_chart(
        frontier(
            frame,
            measure=shown.measure,
            limit=100 * shown.info.tolerance,
            chosen=chosen,
            dark=st.context.theme.type == "dark",
        ),
        width="stretch",
        key=chart,
        on_select=partial(_clicked, chart),
        selection_mode="point",
    )
    st.selectbox(
        "Plan to show on the map",
        range(len(frame)),
        index=chosen,
        format_func=lambda n: plan_frontier.point_line(frame, n),
        key=pick,
        on_change=_listed,
        args=(pick,),
        label_visibility="collapsed",
    )
    if chosen and state.get("proposal") is not None:
        apply, drop = st.columns(2)
        apply.button("Apply", type="primary", width="stretch", key="apply_point", on_click=_apply, args=(chosen,))
        drop.button("Drop", width="stretch", key="drop_point", on_click=_drop)
    else:
        st.caption(markdown(plan_frontier.frontier_sentence(frame, shown.measure, shown.info.tolerance)))


def _ask(shown: PlanSnapshot, *, old: bool) -> None:
    st.caption(
        "The plan changed since the curve was worked out."
        if old
        else "See how little has to change hands for ever better balance, as a curve of plans to choose from."
    )
    if apply_result.rebalance_task(state.workspace(), shown.info.id) is None:
        st.caption("It starts when there are at least two unlocked territories, each with units.")
        return
    st.button(
        "Work it out",
        key="trade_go",
        icon=":material/show_chart:",
        on_click=_begin,
        args=(shown.info.id,),
        width="stretch",
    )


def _begin(sid: str) -> None:
    task = apply_result.rebalance_task(state.workspace(), sid)
    if task is None:
        return
    try:
        window_jobs.begin_solver("trade", "frontier", task, seed=1, time_limit_s=SECONDS)
        state.put("redraw", True)  # looked after more often from now on
    except TerrError as error:
        state.say(str(error))


def _keys() -> tuple[str, str]:
    """Keys of the chart and of the list."""
    dropped, clicked = state.get(NONCE, (0, 0))
    return f"terr_frontier_{dropped}", f"trade_pick_{dropped}_{clicked}"


def _listed(pick: str) -> None:
    """A point chosen in the list; a list that was replaced meanwhile has nothing to say any more."""
    if pick == _keys()[1]:
        _choose(int(st.session_state[pick]))


def _clicked(chart: str) -> None:
    """A click on a point; on nothing, or on the point shown already, leaves things as they are."""
    rows = st.session_state[chart].selection.get("point") or []
    numbers = [int(r["number"]) for r in rows if "number" in r]
    if chart == _keys()[0] and numbers and numbers[0] != state.get(CHOSEN, 0):
        dropped, clicked = state.get(NONCE, (0, 0))
        state.put(NONCE, (dropped, clicked + 1))
        _choose(numbers[0])


def _choose(number: int) -> None:
    run: WatchedJob | None = state.get("trade")
    if run is None or run.result is None:
        return
    points = plan_frontier.apart(run.task, run.result)
    state.put(CHOSEN, number)
    state.drop("preview", "marked", "proposal")
    if 0 < number <= len(points):
        shown = attempt(lambda: apply_result.proposal(state.workspace(), run.task, points[number - 1].result))
        if shown is not None:
            state.put("proposal", shown)
    state.put("redraw", True)


def _apply(number: int) -> None:
    run: WatchedJob | None = state.get("trade")
    if run is None or run.result is None:
        return
    point = plan_frontier.apart(run.task, run.result)[number - 1]
    done = attempt(lambda: apply_result.apply_moves(state.workspace(), run.task, point.result, author=state.author()))
    if done is not None:
        state.at_revision(done.rev)
        state.say("The chosen plan is applied; Undo brings the earlier one back.")
        state.drop("trade")
    _drop()


def _drop() -> None:
    state.drop("proposal")
    state.put(CHOSEN, 0)
    state.put(NONCE, (state.get(NONCE, (0, 0))[0] + 1, 0))
    state.put("redraw", True)
