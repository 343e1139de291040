"""The company's template: sections and their order, questions, number of targets, cadences."""

from __future__ import annotations

import streamlit as st

from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.ui.territory_plans.editing import cadence_config
from terr.workspace.territory_plans import tables
from terr.workspace.territory_plans.company_template import PlanTemplate, may_change, save_template, template_of


def show_template(sid: str) -> None:  # noqa: ARG001 (as the other views)
    """The form of the template; it counts for all plans of this data folder."""
    ws = state.workspace()
    now = template_of(ws)
    st.caption("For all territory plans of your company. Uncheck a section to leave it out; numbers set the order.")
    mark = hash(repr(now))
    with st.form("tp_template", border=True):
        left, right = st.columns(2, gap="large")
        with left:
            sections = st.data_editor(
                tables.sections_frame(now),
                hide_index=True,
                width="stretch",
                key=f"tp_sections_{mark}",
                disabled=["Section"],
                column_config={"#": st.column_config.NumberColumn(width="small", format="%g")},
            )
            asked = st.text_area(
                "Your own questions, one per line",
                "\n".join(now.questions),
                key=f"tp_questions_{mark}",
                placeholder="What would you do with 10% more budget?",
            )
            targets = st.number_input(
                "Target accounts a plan begins with", 1, 100, now.targets, key=f"tp_targets_{mark}"
            )
        with right:
            weeks = st.number_input(
                "Weeks until the decision point",
                1,
                26,
                max((c.weeks for c in now.cadences), default=6),
                key=f"tp_weeks_{mark}",
            )
            steps = st.data_editor(
                tables.cadences_frame(now.cadences),
                hide_index=True,
                num_rows="dynamic",
                width="stretch",
                key=f"tp_cadences_{mark}",
                column_config=cadence_config(),
            )
        if st.form_submit_button("Save template", type="primary", disabled=not may_change(ws)):

            def save() -> bool:
                cadences = tables.cadences_from(steps, int(weeks))
                save_template(ws, tables.template_from(sections, asked, int(targets), cadences))
                return True

            if attempt(save):
                state.say("Template saved.")
                st.rerun()
    if not may_change(ws):
        st.caption("Only an administrator can change the company's template; ask one.")
    elif now != PlanTemplate():
        st.button("Use Terr's template", key="tp_template_usual", on_click=_usual)
    state.show_said()


def _usual() -> None:
    def save() -> bool:
        save_template(state.workspace(), PlanTemplate())
        return True

    if attempt(save):
        state.say("Terr's template is used again.")
