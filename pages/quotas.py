"""Quotas: a target divided with every part in sight, proposed and accepted; goals and activity targets."""

import streamlit as st

from terr.ui import header
from terr.ui.quotas import divide, goals, versions
from terr.ui.session import navigation, state
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reps.assignment import own_quota_only

navigation.start_page()

header.line()
st.title("Quotas")
sid = state.scenario_id()
if sid is None:
    st.info("Quotas belong to a plan. Open or make one first.", icon=":material/map:")
    if st.button("Go to Plan", type="primary", key="to_plan"):
        navigation.switch("plan")
else:
    shown = plan_snapshot(state.workspace(), sid)
    everybody = own_quota_only(state.workspace(), sid, shown.reps) is None
    sections = {
        **({"Quotas": divide.show_divide} if everybody else {}),
        "Versions": versions.show_versions,
        "Goals": goals.show_goals,
        "Activities": goals.show_activities,
    }
    st.session_state.setdefault("quotas_section", next(iter(sections)))
    chosen = st.segmented_control("What to look at", list(sections), key="quotas_section", label_visibility="collapsed")
    sections.get(chosen or "", next(iter(sections.values())))(shown)
