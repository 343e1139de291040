"""A sweep: designs of several numbers of territories, limits and seeds, asked in Generate, shown beside the map."""

from __future__ import annotations

import streamlit as st

from terr.errors import InputError, TerrError
from terr.ui.jobs import window_jobs
from terr.ui.jobs.watched_job import WatchedJob
from terr.ui.session import dialogs, state
from terr.ui.session.errors import attempt
from terr.view.charts import sweep as sweep_chart
from terr.view.text import count, markdown, sentence
from terr.workspace.design.request import DesignRequest
from terr.workspace.design.solver_pool import shared_executor
from terr.workspace.design.sweep import PlanSweep, SweepGrid, check_sweep, open_as_scenario, sweep_plan
from terr.workspace.plan.snapshot import PlanSnapshot

JOB = "sweep"
SIDE, TRADE = "side_part", "Trade-off"
"""Key of the choice beside the map, and the part where a sweep stands."""
_COLUMNS = {
    "territories": "Number",
    "limit_text": "Limit",
    "seed": "Seed",
    "deviation_text": "Max dev.",
    "shape_text": "Compactness",
    "moved_text": "Moved",
}


def fields(shown: PlanSnapshot, request: DesignRequest, seconds: float) -> None:
    """Which designs a sweep makes, and its button; the rest is as asked above."""
    most = min(500, len(shown.units))
    first, last, seeds = st.columns(3)
    low = first.number_input("From territories", 1, most, max(1, request.territories - 2), key="sweep_from")
    high = last.number_input("To territories", 1, most, min(most, request.territories + 2), key="sweep_to")
    tries = seeds.number_input("Seeds", 1, 20, 1, key="sweep_seeds", help="Designs of each, from different starts.")
    limits = st.text_input("Limits (%), with commas", f"3, {100 * request.tolerance:g}, 10", key="sweep_limits")
    try:
        grid = SweepGrid(tuple(range(int(low), int(high) + 1)), _limits(limits), tuple(range(1, int(tries) + 1)))
    except InputError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    st.caption(
        f"{count(len(grid), 'plan')}, at most {seconds:g} s each. Nothing changes on your plan; any of them opens as a "
        "scenario."
    )
    if st.button("Run sweep", icon=":material/stacked_line_chart:", key="sweep_go"):
        try:
            _begin(shown, request, grid, seconds)
        except TerrError as error:
            st.error(markdown(sentence(str(error))), icon=":material/error:")
        else:
            dialogs.close()
            st.rerun()


def _limits(text: str) -> tuple[float, ...]:
    try:
        found = sorted({float(part.strip().rstrip("%")) / 100 for part in text.split(",") if part.strip()})
    except ValueError:
        raise InputError(f"{text!r} aren't limits; write numbers with commas, such as 3, 5, 10") from None
    return tuple(found)


def _begin(shown: PlanSnapshot, request: DesignRequest, grid: SweepGrid, seconds: float) -> None:
    ws, pool, sid = state.workspace(), state.pool(), shown.info.id
    check_sweep(ws, sid, request, grid)
    window_jobs.begin_thread(
        JOB,
        lambda progress: sweep_plan(
            ws, sid, request, grid, shared_executor(pool, progress), progress, time_limit_s=seconds
        ),
    )
    state.put("show_sweep", True)
    state.put("redraw", True)


def wanted() -> bool:
    """Whether a sweep was begun just now, so that its part should be shown; once."""
    asked = bool(state.get("show_sweep"))
    state.drop("show_sweep")
    return asked


def sweep_part(shown: PlanSnapshot) -> bool:
    """The sweep of this window, under way or done; false if there is none for this plan."""
    run: WatchedJob | None = state.get(JOB)
    if run is None:
        return False
    window_jobs.collect(run)
    if window_jobs.show(JOB, stop="Stop and show the result so far", close=True):
        return True
    found: PlanSweep = run.result
    if shown.info.id not in (found.scenario_id, *state.get("sweep_opened", ())):
        return False
    for note in found.notes:
        st.caption(f":material/info: {markdown(sentence(note.message))}")
    if found.scenario_id == shown.info.id and found.rev != shown.rev:
        st.caption("The plan changed since this was calculated.")
    frame = found.frame
    told = [c for c in _COLUMNS if c != "seed" or frame["seed"].nunique() > 1]
    picked = st.dataframe(
        frame[told].rename(columns=_COLUMNS),
        hide_index=True,
        width="stretch",
        height=min(240, 38 + 35 * len(frame)),
        key="terr_sweep_plans",
        on_select="rerun",
        selection_mode="single-row",
        column_config={label: st.column_config.Column(width="small") for label in _COLUMNS.values()},
    )
    rows = picked["selection"]["rows"]
    place = int(rows[0]) if rows and rows[0] < len(frame) else -1
    st.altair_chart(
        sweep_chart(frame, measure=found.measure, chosen=place + 1, dark=st.context.theme.type == "dark"),
        width="stretch",
        key="terr_sweep_chart",
    )
    opens, closes = st.columns(2)
    opens.button(
        "Open as a scenario",
        type="primary",
        width="stretch",
        key="sweep_open",
        disabled=place < 0,
        help="Choose a row first." if place < 0 else None,
        on_click=_open,
        args=(found, place),
    )
    closes.button("Close", width="stretch", key="sweep_close", on_click=window_jobs.end, args=(JOB,))
    return True


def _open(found: PlanSweep, place: int) -> None:
    made = attempt(lambda: open_as_scenario(state.workspace(), found, place, by=state.person()))
    if made is not None:
        run, opened = state.get(JOB), (*state.get("sweep_opened", ()), made.id)
        state.open_scenario(made.id)
        state.put(JOB, run)  # it stays, so that another of its plans can be opened
        state.put("sweep_opened", opened)
        st.query_params["scenario"] = made.id
        state.say(f"Opened as “{made.name}”, beside the plan it came from.")
