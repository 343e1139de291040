"""Plan: the map, the balance beside it, and everything that changes them."""

import streamlit as st

from terr.ui import header
from terr.ui.plan import new_plan
from terr.ui.plan.panel import panel
from terr.ui.session import local_time, navigation, state
from terr.view.text import markdown
from terr.workspace.accounts import dataset
from terr.workspace.scenarios import tree

navigation.start_page()

sid = state.scenario_id()
ws = state.workspace()
if sid is None:
    header.line()
    st.title("Plan")
    plans = tree.plans(ws)
    if plans:
        st.markdown("**Open a plan**")
        for info in plans[:6]:
            label = f"{markdown(info.name)} · revision {info.rev:,} · {local_time.local(info.updated_at)}"
            if st.button(label, key=f"open_{info.id}", icon=":material/map:"):
                state.open_scenario(info.id)
                st.query_params["scenario"] = info.id
                st.rerun()
    if state.get("dataset"):
        new_plan.form(dataset.dataset(ws, state.get("dataset")), "new_plan_here")
    else:
        st.info("A plan starts from accounts. Load a spreadsheet or the demo first.", icon=":material/table:")
        if st.button("Go to Accounts", type="primary", key="to_accounts"):
            navigation.switch("accounts")
else:
    panel()
