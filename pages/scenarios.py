"""Scenarios: every saved plan; open, rename, duplicate, delete with undo."""

import streamlit as st

from terr.ui import header, saved, shell, state

shell.gate()

header.line()
st.title("Scenarios")
ws = state.workspace()
plans = ws.store.list_scenarios()
saved.undo_line()
if not plans:
    st.info("No plan yet. Start one from your accounts.", icon=":material/account_tree:")
    if st.button("Go to Accounts", type="primary", key="to_accounts"):
        shell.switch("accounts")
else:
    picked = st.dataframe(
        saved.table(plans),
        hide_index=True,
        width="stretch",
        on_select="rerun",
        selection_mode="single-row",
        key=saved.table_key(plans),
        column_config=saved.COLUMNS,
    )
    rows = [r for r in picked.selection.rows if r < len(plans)]
    if not rows:
        st.caption("Choose a row (tick box at its left) to open, rename, duplicate or delete that plan.")
    else:
        saved.actions(plans[rows[0]])
