"""SMART goals with progress, and activity targets, on the Quotas page."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.view.text import distinct, markdown, number, sentence
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.quotas import planning
from terr.workspace.quotas.goal_figures import KPI_HELP, goal_kpis

ALL = "The whole plan"


def show_goals(shown: PlanSnapshot) -> None:
    """The goals with where each stands, and a form for one more."""
    goals = planning.goals_of(shown.info)
    refused = bool(state.needs("edit"))
    if goals:
        st.dataframe(
            planning.goals_frame(state.workspace(), shown, goals),
            hide_index=True,
            placeholder="–",
            width="stretch",
            key="terr_goals",
            column_config={
                "Progress": st.column_config.ProgressColumn(min_value=0.0, max_value=1.0, format="percent"),
                "Start": st.column_config.NumberColumn(format="%,.0f"),
                "Now": st.column_config.NumberColumn(format="%,.0f"),
                "Target": st.column_config.NumberColumn(format="%,.0f"),
            },
        )
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        which = left.selectbox("Goal", range(len(goals)), format_func=lambda k: goals[k].title, key="goal_which")
        rest = tuple(g for k, g in enumerate(goals) if k != which)
        right.button(
            "Delete goal",
            key="goal_delete",
            disabled=refused,
            on_click=planning.save_goals,
            args=(state.workspace(), shown.info.id, rest),
            width="stretch",
        )
    else:
        st.info("No goals yet. A goal has a measure, a target, a date and an owner.", icon=":material/target:")
    _form(shown, refused)


def _form(shown: PlanSnapshot, refused: bool) -> None:
    people = distinct({r.rep_id: r.name for r in shown.reps})
    about = [ALL, *(t.name for t in shown.plan.territories), *people.values()]
    with st.form("goal_form", border=True):
        st.markdown("**New goal**")
        a, b, c = st.columns([2, 1.2, 1.2])
        title = a.text_input("What is to be achieved", key="goal_title", max_chars=200)
        measures = [*shown.accounts.measures, *goal_kpis(state.workspace(), shown), planning.OWN_METRIC]
        metric = b.selectbox(
            "Measured by", measures, index=None, key="goal_metric", placeholder="Choose a measure", help=KPI_HELP
        )
        own = c.text_input("Own measure", key="goal_own", max_chars=80, placeholder="Hospital visits")
        a, b, c, d, e = st.columns(5)
        start = a.number_input("From", value=None, key="goal_start", placeholder="Today's figure")
        target = b.number_input("To", value=None, key="goal_target")
        due = c.date_input("By", value=None, key="goal_due")
        owner = d.selectbox("Owner", list(people.values()), index=None, key="goal_owner", placeholder="Choose a person")
        whose = e.selectbox("About", about, key="goal_about")
        if st.form_submit_button("Add goal", disabled=refused):
            try:
                named = own if metric == planning.OWN_METRIC else metric
                what = "" if whose == ALL else whose
                made = planning.goal_from(
                    state.workspace(), shown, title, named or "", start, target, due, owner or "", what
                )
                planning.save_goals(state.workspace(), shown.info.id, (*planning.goals_of(shown.info), made))
            except TerrError as error:
                st.error(markdown(sentence(str(error))), icon=":material/error:")
            else:
                st.rerun()


def show_activities(shown: PlanSnapshot) -> None:
    """Activities a week that close a gap, from this company's own conversion where facts tell it."""
    known = planning.usual_conversion(state.workspace(), shown)
    st.caption(markdown(known.note))
    a, b, c, d = st.columns(4)
    gap = a.number_input("Still to be won", 0.0, 1e12, 100_000.0, 10_000.0, key="act_gap")
    weeks = b.number_input("Weeks left", 0.0, 520.0, 26.0, 1.0, key="act_weeks")
    deal = c.number_input("Deal size", 0.0, 1e12, known.deal, 1_000.0, key=f"act_deal_{shown.info.id}")
    rate = d.number_input("Win rate, %", 0.0, 100.0, 100 * known.win_rate, 1.0, key=f"act_rate_{shown.info.id}")
    frame = pd.DataFrame({"Activity": list(known.per_deal), "Per deal": list(known.per_deal.values())})
    left, right = st.columns(2, gap="large")
    edited = left.data_editor(
        frame,
        num_rows="dynamic",
        hide_index=True,
        placeholder="–",
        width="stretch",
        key=f"act_per_deal_{shown.info.id}",
    )
    with right:
        try:
            found = planning.activity_plan(gap, weeks, deal, rate / 100, edited)
        except TerrError as error:
            st.error(markdown(sentence(str(error))), icon=":material/error:")
            return
        st.metric("Deals to work on", number(found["deals"], 1))
        rows = [(name, value) for name, value in found.items() if name != "deals"]
        st.dataframe(
            pd.DataFrame(rows, columns=["Activity", "A week"]),
            hide_index=True,
            placeholder="–",
            width="stretch",
            key="terr_activities",
            column_config={"A week": st.column_config.NumberColumn(format="%.1f")},
        )
