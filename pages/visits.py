"""Visits: which accounts a rep calls on, on which day, in which order; a calendar, a map of each day, and files."""

import streamlit as st

from terr.ui import header
from terr.ui.session import navigation, state
from terr.ui.visits import asked, calendar, day
from terr.workspace.plan.snapshot import plan_snapshot

navigation.start_page()

header.line()
st.title("Visits")
sid = state.scenario_id()
if sid is None:
    st.info("Visits belong to a plan. Open or make one first.", icon=":material/map:")
    if st.button("Go to Plan", type="primary", key="to_plan"):
        navigation.switch("plan")
elif not asked.nobody(shown := plan_snapshot(state.workspace(), sid)):
    left, right = st.columns([1, 2.8], gap="large")
    with left:
        rep = asked.show_asked(shown)
    with right:
        opened = calendar.show_calendar(shown, rep) if rep else None
        if opened:
            day.show_day(shown, opened)
            calendar.show_lists(opened)
            calendar.show_files(shown, opened)
