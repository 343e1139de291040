"""Balance against change: the curve, and a point of it shown on the map before it is applied."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.jobs import window_jobs
from terr.ui.jobs.watched_job import WatchedJob
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.charts import frontier
from terr.view.text import markdown, sentence
from terr.workspace.design import apply_result
from terr.workspace.design import frontier as plan_frontier
from terr.workspace.plan import map_layers, plan_settings
from terr.workspace.plan.snapshot import PlanSnapshot

SECONDS = 25.0
THIS_PLAN = "this plan"
"""Where the curve starts unless another plan, or today's owners, is chosen."""
CHOSEN, NONCE = "trade_chosen", "trade_nonce"
"""The point on the map (0 = today's plan), and a number that makes new widgets of the chart or the list. A widget whose
value is set from elsewhere would be sent back with its old value by a rerun that was under way."""


def frontier_part(shown: PlanSnapshot) -> None:
    """The part of the Plan page that shows what change buys."""
    run: WatchedJob | None = state.get("trade")
    if run is not None and window_jobs.collect(run):
        state.put(CHOSEN, 0)
    if window_jobs.show("trade", stop="Stop and show the result so far", close=True):
        return
    if run is None or run.task.rev != shown.rev:
        _ask(shown, old=run is not None)
        return
    points = plan_frontier.apart(run.task, run.result)
    frame = _frame(run, shown)
    if not points:
        st.caption(_sentence(run, frame, shown))
        return
    for warning in run.task.warnings:
        if warning.code == "no_counterpart":
            st.caption(f":material/info: {markdown(sentence(warning.message))}")
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
        format_func=lambda n: plan_frontier.point_line(frame, n, run.task.start_name),
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
        st.caption(_sentence(run, frame, shown))


def _sentence(run: WatchedJob, frame: pd.DataFrame, shown: PlanSnapshot) -> str:
    limit = shown.info.tolerance, shown.rules.sides
    return markdown(plan_frontier.frontier_sentence(frame, shown.measure, *limit, run.task.start_name))


def _frame(run: WatchedJob, shown: PlanSnapshot) -> pd.DataFrame:
    """The points of the curve; worked out once, as the page asks for them every few seconds."""
    kept: tuple[object, PlanSnapshot, pd.DataFrame] | None = state.get("trade_frame")
    if kept is None or kept[0] is not run.result or kept[1] is not shown:
        points = plan_frontier.apart(run.task, run.result)
        kept = run.result, shown, plan_frontier.frontier_frame(run.task, shown, points)
        state.put("trade_frame", kept)
    return kept[2]


def _ask(shown: PlanSnapshot, *, old: bool) -> None:
    st.caption(
        "The plan changed since this was calculated."
        if old
        else "Compare balance and disruption: a chart of plans to choose from."
    )
    starts = {THIS_PLAN: "This plan"} | map_layers.baselines(state.workspace(), shown)
    if not shown.baseline:
        starts.pop("")
    compared = plan_settings.compared_with(shown.info)
    start = st.selectbox(
        "Count changes from",
        list(starts),
        index=list(starts).index(compared) if compared and compared in starts else 0,
        format_func=lambda s: starts[s],
        key=f"trade_from_{compared}",
    )
    chosen = None if start == THIS_PLAN else str(start)
    if apply_result.rebalance_task(state.workspace(), shown.info.id, chosen) is None:
        st.caption("Needs at least two unlocked territories that aren't empty.")
        return
    st.button(
        "Run",
        key="trade_go",
        icon=":material/show_chart:",
        on_click=_begin,
        args=(shown.info.id, chosen),
        width="stretch",
    )


def _begin(sid: str, start: str | None) -> None:
    task = apply_result.rebalance_task(state.workspace(), sid, start)
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
        state.say("Plan applied. Undo brings the earlier one back.")
        state.drop("trade")
    _drop()


def _drop() -> None:
    state.drop("proposal")
    state.put(CHOSEN, 0)
    state.put(NONCE, (state.get(NONCE, (0, 0))[0] + 1, 0))
    state.put("redraw", True)
