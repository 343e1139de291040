"""The list of territory plans: state, who changed what last, and how to begin one."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.model.person import Person
from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.ui.session.local_time import local
from terr.view.text import count, distinct
from terr.workspace.territory_plans import plans

STATES = {"": "Not begun", "draft": "Draft", "agreed": "Agreed", "frozen": "Frozen"}


def show_list(sid: str) -> None:
    """Every territory one may see, and the way into its plan."""
    ws = state.workspace()
    lines = plans.lines(ws, sid)
    if not lines:
        st.info("No territory of this plan is yours to see yet; draw some on Plan, or ask to be on the roster.")
        return
    frame = pd.DataFrame(
        {
            "Territory": [line.territory for line in lines],
            "Rep": [line.rep or "–" for line in lines],
            "State": [STATES[line.state] for line in lines],
            "Last change": [plans.brief(line.changed, line.territory) or "–" for line in lines],
            "By": [line.by or "–" for line in lines],
            "When": ["–" if line.at is None else local(line.at) for line in lines],
        }
    )
    picked = st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        key="terr_territory_plans",
        on_select="rerun",
        selection_mode="single-row",
    )
    begun = [line for line in lines if line.state]
    st.caption(f"{count(len(begun), 'plan')} of {len(lines):,} begun. Click a row to open its plan.")
    rows = picked["selection"]["rows"] if isinstance(picked, dict) else picked.selection.rows
    if rows and lines[rows[0]].state and state.get("territory_plan_row") != rows[0]:
        state.put("territory_plan_row", rows[0])
        open_one(lines[rows[0]].code)
        st.rerun()
    if not rows:
        state.drop("territory_plan_row")
    _begin(sid, lines)


def open_one(code: int) -> None:
    """Show one plan in the next run."""
    state.put("territory_plan", code)
    state.put("territory_plans_next", "One plan")


def go_where_asked() -> None:
    """Choose the view a click asked for, before its control is drawn."""
    if wanted := state.get("territory_plans_next"):
        st.session_state["territory_plans_view"] = wanted
        state.drop("territory_plans_next")


def signed() -> Person:
    """Who changes a plan: the sign-in's name, else what they call themselves."""
    who = state.person()
    return who if who.user_id else Person("", state.author())


def _begin(sid: str, lines: tuple[plans.TerritoryPlanLine, ...]) -> None:
    """The form that begins plans from the data."""
    free = [line for line in lines if not line.state and line.may_edit]
    if not free:
        return
    names = distinct({line.code: f"{line.territory} · {line.rep}" if line.rep else line.territory for line in free})
    with st.form("begin_plans", border=True):
        st.markdown("**Begin plans from the data**")
        a, b, c = st.columns([3, 1, 1], vertical_alignment="bottom")
        chosen = a.multiselect(
            "Territories", list(names), default=list(names), format_func=lambda k: names[k], key="begin_which"
        )
        period = b.text_input("Period", str(plans.today().year + 1), key="begin_period", max_chars=20)
        if c.form_submit_button("Begin plans", type="primary", width="stretch"):
            ws, by = state.workspace(), signed()

            def body(progress: Progress) -> int:
                return plans.begin(ws, sid, chosen, period, by=by, progress=progress)

            window_jobs.quick("begin_plans", body, _said)
            st.rerun()
    window_jobs.follow("begin_plans", _said)
    state.show_said()


def _said(n: int) -> None:
    state.say(f"{count(n, 'plan')} begun from the data; open one to check and change it.")


def chooser(sid: str) -> int | None:
    """Which begun plan is shown; None if there is none."""
    lines = [line for line in plans.lines(state.workspace(), sid) if line.state]
    if not lines:
        st.info("No plan is begun yet. Begin some under All plans.", icon=":material/assignment:")
        return None
    names = distinct({line.code: f"{line.territory} · {line.rep}" if line.rep else line.territory for line in lines})
    codes = list(names)
    wanted = state.get("territory_plan")
    index = codes.index(wanted) if wanted in codes else 0
    code = st.selectbox("Territory", codes, index=index, format_func=lambda k: names[k], key=f"territory_plan_{wanted}")
    state.put("territory_plan", code)
    return int(code)
