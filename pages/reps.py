"""Reps: the roster, who covers what with reasons, skills, how many reps, who is served, fairness."""

import streamlit as st

from terr.ui import header
from terr.ui.reps import coverage, roster, served, team
from terr.ui.session import navigation, state
from terr.workspace.plan.snapshot import plan_snapshot

navigation.start_page()

header.line()
st.title("Reps")
sid = state.scenario_id()
data = state.dataset_in_hand()
if data is None:
    st.info("A roster belongs to a data set. Import accounts first.", icon=":material/group:")
    if st.button("Go to Accounts", type="primary", key="to_accounts"):
        navigation.switch("accounts")
else:
    shown = plan_snapshot(state.workspace(), sid) if sid else None
    sections = ("Roster", "Who covers what", "Skills", "How many reps", "Served", "Fairness")
    st.session_state.setdefault("reps_section", sections[0])
    chosen = st.segmented_control("What to look at", sections, key="reps_section", label_visibility="collapsed")
    if chosen in (None, "Roster"):
        roster.show_roster(data)
    elif chosen == "How many reps":
        team.show_size(data, shown)
    elif shown is None:
        st.info("Open a plan first: this section is about its territories.", icon=":material/map:")
        if st.button("Go to Plan", type="primary", key="to_plan"):
            navigation.switch("plan")
    elif chosen == "Who covers what":
        coverage.show_coverage(shown)
    elif chosen == "Skills":
        team.show_skills(shown)
    elif chosen == "Served":
        served.show_served(shown)
    else:
        team.show_fairness(shown)
