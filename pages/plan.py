"""Plan: the map, the balance beside it, and everything that changes them."""

import streamlit as st

from terr.ui import header
from terr.ui.plan import choose, new_plan
from terr.ui.plan.panel import panel
from terr.ui.session import navigation, state

navigation.start_page()

sid = state.scenario_id()
if sid is None:
    header.line()
    st.title("Plan")
    choose.a_plan()
    if data := state.dataset_in_hand():
        new_plan.form(data, "new_plan_here")
    else:
        st.info("A plan starts from accounts. Import a spreadsheet or the demo first.", icon=":material/table:")
        if st.button("Go to Accounts", type="primary", key="to_accounts"):
            navigation.switch("accounts")
elif choose.opened(sid):
    panel()
