"""Reports: files that go back to the CRM, to a spreadsheet or to a map."""

import streamlit as st

from terr.ui import header
from terr.ui.plan import choose
from terr.ui.reports import crm, documents, downloads
from terr.ui.session import navigation, state

navigation.start_page()

header.line()
st.title("Reports")
sid = state.scenario_id()
if sid is None:
    st.info("Reports are made from a plan.", icon=":material/download:")
    if not choose.a_plan() and st.button("Go to Plan", type="primary", key="to_plan"):
        navigation.switch("plan")
else:
    documents.cards(sid)
    documents.company_looks()
    downloads.totals_line(sid)
    downloads.downloads(sid)
    crm.section(sid)
    downloads.plan_upload(sid)
