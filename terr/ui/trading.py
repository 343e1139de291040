"""Balance against change: the curve, and a point of it shown on the map before it is applied."""

from __future__ import annotations

from functools import partial

import streamlit as st

from terr.errors import TerrError
from terr.ui import runs, state
from terr.ui.guard import attempt
from terr.view.charts import frontier
from terr.view.text import markdown, sentence
from terr.workspace import solve, tradeoff
from terr.workspace.board import Board

SECONDS = 25.0
CHART, PICK = "terr_frontier", "trade_pick"


def part(shown: Board) -> None:
    """The part of the Plan page that shows what change buys."""
    run: runs.Run | None = state.get("trade")
    if run is not None and (runs.is_running(run) or run.error):
        _running(run)
        return
    if run is None or run.task.rev != shown.rev:
        _ask(shown, old=run is not None)
        return
    points = tradeoff.apart(run.task, run.result)
    frame = tradeoff.frontier_frame(run.task, shown, points)
    if not points:
        st.caption(markdown(tradeoff.frontier_sentence(frame, shown.measure, shown.info.tolerance)))
        return
    chosen = int(st.session_state.get(PICK, 0) or 0)
    key = f"{CHART}_{state.get('trade_nonce', 0)}"
    st.altair_chart(
        frontier(
            frame, measure=shown.measure, limit=100 * shown.info.tolerance, chosen=chosen,
            dark=st.context.theme.type == "dark",
        ),
        width="stretch", key=key, on_select=partial(_clicked, key), selection_mode="point",
    )  # fmt: skip
    st.selectbox(
        "Plan to show on the map", range(len(frame)), format_func=lambda n: tradeoff.point_line(frame, n), key=PICK,
        on_change=_choose, label_visibility="collapsed",
    )  # fmt: skip
    if chosen and state.get("proposal") is not None:
        apply, drop = st.columns(2)
        apply.button("Apply", type="primary", width="stretch", key="apply_point", on_click=_apply, args=(chosen,))
        drop.button("Drop", width="stretch", key="drop_point", on_click=_drop)
    else:
        st.caption(markdown(tradeoff.frontier_sentence(frame, shown.measure, shown.info.tolerance)))


def _ask(shown: Board, *, old: bool) -> None:
    st.caption(
        "The plan changed since the curve was worked out."
        if old
        else "See how little has to change hands for ever better balance, as a curve of plans to choose from."
    )
    if solve.rebalance_task(state.workspace(), shown.info.id) is None:
        st.caption("It starts when there are at least two unlocked territories, each with units.")
        return
    st.button(
        "Work it out", key="trade_go", icon=":material/show_chart:", on_click=_begin, args=(shown.info.id,),
        width="stretch",
    )  # fmt: skip


def _begin(sid: str) -> None:
    task = solve.rebalance_task(state.workspace(), sid)
    if task is None:
        return
    try:
        runs.begin("trade", "frontier", task, seed=1, time_limit_s=SECONDS)
    except TerrError as error:
        state.say(str(error))


def _running(run: runs.Run) -> None:
    if run.error:
        st.error(markdown(sentence(run.error)), icon=":material/error:")
        st.button("Close", key="trade_close", on_click=state.drop, args=("trade",), width="stretch")
        return
    runs.bar(run, "" if not run.stopped else "Stopping …")
    st.button(
        "Stop and show what is known", key="trade_stop", icon=":material/stop_circle:", width="stretch",
        disabled=run.stopped, on_click=runs.stop, args=(run,),
    )  # fmt: skip


def _clicked(key: str) -> None:
    """A click on a point; on nothing leaves things as they are."""
    rows = st.session_state[key].selection.get("point") or []
    numbers = [int(r["number"]) for r in rows if "number" in r]
    if numbers:
        st.session_state[PICK] = numbers[0]
        _choose()


def _choose() -> None:
    run: runs.Run | None = state.get("trade")
    number = int(st.session_state[PICK] or 0)
    if run is None or run.result is None:
        return
    points = tradeoff.apart(run.task, run.result)
    state.drop("preview", "marked")
    if not 0 < number <= len(points):
        state.drop("proposal")
    else:
        state.put(
            "proposal", attempt(lambda: solve.proposal(state.workspace(), run.task, points[number - 1].result))
        )  # fmt: skip
    state.put("redraw", True)


def _apply(number: int) -> None:
    run: runs.Run | None = state.get("trade")
    if run is None or run.result is None:
        return
    point = tradeoff.apart(run.task, run.result)[number - 1]
    done = attempt(lambda: solve.apply_moves(state.workspace(), run.task, point.result, author=state.author()))
    if done is not None:
        state.at_revision(done.rev)
        state.say("The chosen plan is applied; Undo brings the earlier one back.")
        state.drop("trade")
    _drop()


def _drop() -> None:
    state.drop("proposal")
    st.session_state[PICK] = 0
    state.put("trade_nonce", state.get("trade_nonce", 0) + 1)  # a chart in which nothing is selected
    state.put("redraw", True)
