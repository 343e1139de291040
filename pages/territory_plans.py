"""Territory plans: the list, one plan opened and edited, the company's template, files."""

import streamlit as st

from terr.ui import header
from terr.ui.session import navigation, state
from terr.ui.territory_plans import company, files, overview, plan

navigation.start_page()

header.line()
st.title("Territory plans")
sid = state.scenario_id()
if sid is None:
    st.info("Territory plans belong to a plan. Open or make one first.", icon=":material/map:")
    if st.button("Go to Plan", type="primary", key="to_plan"):
        navigation.switch("plan")
else:
    views = {
        "All plans": overview.show_list,
        "One plan": plan.show_plan,
        "All files": files.show_all_files,
        "Template": company.show_template,
    }
    overview.go_where_asked()
    st.session_state.setdefault("territory_plans_view", "All plans")
    chosen = st.segmented_control(
        "What to look at", list(views), key="territory_plans_view", label_visibility="collapsed"
    )
    views[chosen or "All plans"](sid)
