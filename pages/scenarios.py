"""Scenarios: the tree of plans, the history of one, two compared, and the accounts that go by name."""

import streamlit as st

from terr.ui import header, saved, scenario_compare, scenario_exceptions, scenario_history, shell, state

shell.gate()

header.line()
st.title("Scenarios")
plans = state.workspace().store.list_scenarios(include_archived=True)
saved.undo_line()
if not plans:
    st.info("No plan yet. Start one from your accounts.", icon=":material/account_tree:")
    if st.button("Go to Accounts", type="primary", key="to_accounts"):
        shell.switch("accounts")
else:
    views = {
        "Plans": saved.browse,
        "History": scenario_history.show,
        "Compare": scenario_compare.show,
        "Exceptions": scenario_exceptions.show,
    }
    chosen = st.segmented_control(
        "What to look at", list(views), default="Plans", required=True, key="terr_view", label_visibility="collapsed"
    )
    views[chosen or "Plans"]()
