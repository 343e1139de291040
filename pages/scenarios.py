"""Scenarios: the tree of plans, the history of one, two compared, and the accounts that go by name."""

import streamlit as st

from terr.ui import header
from terr.ui.scenarios import compare, exceptions, history, methods, tree
from terr.ui.session import navigation, state
from terr.workspace.scenarios.tree import plans

navigation.start_page()

header.line()
st.title("Scenarios")
if not plans(state.workspace(), archived=True):
    st.info("No plan yet. Start one from your accounts.", icon=":material/account_tree:")
    if st.button("Go to Accounts", type="primary", key="to_accounts"):
        navigation.switch("accounts")
else:
    views = {
        "Plans": tree.browse,
        "History": history.show_history,
        "Compare": compare.show_comparison,
        "Methods": methods.show_methods,
        "Exceptions": exceptions.show_exceptions,
    }
    chosen = st.segmented_control(
        "What to look at", list(views), default="Plans", required=True, key="terr_view", label_visibility="collapsed"
    )
    views[chosen or "Plans"]()
tree.trash()
