"""What would even a plan out, as a scenario: the fewest moves to fair parts, beside the plan as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

import streamlit as st

from terr.errors import TerrError
from terr.ui.jobs import window_jobs
from terr.ui.session import navigation, state
from terr.ui.session.errors import attempt
from terr.view.text import and_list, count, markdown, percent, sentence, unit_noun
from terr.workspace.design import apply_result, solve_task
from terr.workspace.design.problem import SolveTask
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps import assignment as people
from terr.workspace.reps import evening
from terr.workspace.reps.evening import Effort

_JOB, _ASKED, _FOUND = "evening", "evening_asked", "evening_found"
SECONDS = 15.0


class _Evened(NamedTuple):
    """The moves that even a measure out."""

    task: SolveTask
    measure: str
    left_out: tuple[str, ...]
    result: Any


def show_evening(
    shown: PlanSnapshot, day: date, measures: Sequence[str], first: str = "", effort: Effort | None = None
) -> None:
    """Choose what to even out; the moves, and a button that makes them in a copy.

    Args:
        shown: the plan; day: as of which capacity counts.
        measures: of `evening.EVENED` that the plan has; first: the one to begin with, if it is among them.
        effort: calls and minutes behind hours.
    """
    if not measures:
        return
    with st.container(border=True):
        st.markdown("**What would even it out**")
        a, b, c, _ = st.columns([1.2, 1, 1.2, 2], vertical_alignment="bottom")
        measure = a.selectbox(
            "Balance",
            list(measures),
            index=measures.index(first) if first in measures else 0,
            key=f"even_measure_{shown.info.id}",
        )
        within = b.number_input("Within ±%", 1, 50, 10, 1, key="even_within", help="Of each rep's fair part")
        if c.button("Find the fewest moves", key="even_find", icon=":material/balance:"):
            _begin(shown, day, str(measure), int(within), effort)
            st.rerun()
        window_jobs.follow(_JOB, _keep)
        found: _Evened | None = state.get(_FOUND)
        if found is not None and found.task.scenario_id == shown.info.id and not window_jobs.running(_JOB):
            _show(shown, found)


def _keep(result: Any) -> None:
    task, measure, left_out = state.get(_ASKED)
    state.put(_FOUND, _Evened(task, measure, left_out, result))


def _begin(shown: PlanSnapshot, day: date, measure: str, within: int, effort: Effort | None) -> None:
    ws = state.workspace()
    state.drop(_FOUND)
    try:
        basis = evening.evening_basis(shown, people.people_settings(shown.info), day, measure, effort)
        task = solve_task.evening_task(ws, shown.info.id, measure, basis.amounts, basis.shares, within / 100)
        state.put(_ASKED, (task, measure, basis.left_out))
        window_jobs.begin_solver(_JOB, "rebalance", task, seed=1, time_limit_s=SECONDS)
    except TerrError as error:
        window_jobs.end(_JOB)
        state.say(sentence(str(error)))


def _show(shown: PlanSnapshot, found: _Evened) -> None:
    if found.task.rev != shown.rev:
        st.caption("The plan was edited since; find the moves again.")
        return
    effect = apply_result.evening_effect(found.task, found.result)
    if not effect.moved:
        noun = unit_noun(shown.info.level)
        st.caption(f"No move of {noun} makes {markdown(found.measure)} more even per full rep.")
        return
    areas = count(effect.moved, unit_noun(shown.info.level, 1), unit_noun(shown.info.level))
    st.markdown(
        f"Moving {areas} with {percent(100 * effect.share)} of {markdown(found.measure)} takes the largest gap from a "
        f"fair part per full rep from {percent(100 * effect.before)} to **{percent(100 * effect.after)}**."
    )
    if found.left_out:
        st.caption(markdown(f"As they are, since nobody works there on that day: {and_list(list(found.left_out), 5)}"))
    if st.button("Open as a scenario", type="primary", key="even_open", icon=":material/alt_route:"):
        _open(shown, found)


def _open(shown: PlanSnapshot, found: _Evened) -> None:
    ws = state.workspace()
    name = f"{shown.info.name[:80].rstrip()}, {found.measure.casefold()} balanced"
    made = attempt(lambda: apply_result.moves_as_scenario(ws, found.task, found.result, name, by=state.person()))
    if made is None:
        st.rerun()
    state.drop(_FOUND)
    state.open_scenario(made.id)
    st.query_params["scenario"] = made.id
    state.put("compare_with", f"{made.id}:")
    st.session_state["terr_view"] = "Compare"
    navigation.switch("scenarios")
