"""Situations: what happened between annual plans, three ways to answer it, each applied as a scenario."""

import streamlit as st

from terr.ui import header
from terr.ui.session import navigation, state
from terr.ui.situations import situation

navigation.start_page()

if made := state.get("go_to_situation_plan"):
    state.drop("go_to_situation_plan")
    state.open_scenario(made)
    st.query_params["scenario"] = made
    navigation.switch("plan")

header.line()
st.title("Situations")
sid = state.scenario_id()
if sid is None:
    st.info(
        "A situation is about a plan. Open one first, or start one from your accounts.", icon=":material/alt_route:"
    )
    if st.button("Go to Plan", type="primary", key="to_plan"):
        navigation.switch("plan")
else:
    situation.show(sid)
