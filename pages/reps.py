"""Reps: the roster of the data set in hand, and which territory each one covers."""

import streamlit as st

from terr.ui import header
from terr.ui.reps import roster
from terr.ui.session import navigation, state

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
    roster.upload(data)
    if data.reps:
        st.dataframe(roster.table(data, sid), hide_index=True, width="stretch", key="terr_reps")
        st.caption("Assign reps to territories on the Plan page, or start from reps' homes in Generate.")
    else:
        st.info(
            "No reps yet. Upload a roster: a CSV or Excel file with a user ID and a name in each row, and optionally a "
            "home ZIP and a capacity.",
            icon=":material/group_add:",
        )
