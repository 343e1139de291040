"""Reports: files that go back to the CRM, to a spreadsheet or to a map."""

import streamlit as st

from terr.ui import crm, files, header, shell, state

shell.gate()

header.line()
st.title("Reports")
sid = state.scenario_id()
if sid is None:
    st.info("Reports are made from a plan. Open one first.", icon=":material/download:")
    if st.button("Go to Plan", type="primary", key="to_plan"):
        shell.switch("plan")
else:
    files.totals_line(sid)
    files.downloads(sid)
    crm.section(sid)
    files.plan_upload(sid)
