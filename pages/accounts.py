"""Accounts: a spreadsheet in, every row and dollar accounted for."""

import streamlit as st

from terr.errors import LocateError
from terr.ui import header
from terr.ui.accounts import facts, next_extract, review, upload
from terr.ui.plan import new_plan
from terr.ui.session import local_time, navigation, state
from terr.view.text import distinct
from terr.workspace.accounts import dataset

navigation.start_page()

header.line()
st.title("Accounts")
ws = state.workspace()
saved = dataset.saved(ws)

line = st.container()
upload.choose_file(first=not saved)
with line:
    upload.steps(done=bool(saved))
upload.confirm()
next_extract.decide(review.measure_of)

if not state.get("pending") and not upload.busy() and not next_extract.pending_comparison():
    current = state.get("dataset")
    if saved and len(saved) > 1:
        ids = [info.id for info in saved]
        names = distinct({info.id: f"{info.name} · {local_time.local(info.created_at)}" for info in saved})
        picked = st.selectbox(
            "Data set",
            ids,
            index=ids.index(current) if current in ids else 0,
            format_func=lambda i: names[i],
            key=f"terr_dataset_{current}",
        )
        if picked != current:
            state.use_dataset(picked)
            st.rerun()
    elif saved and current is None:
        state.put("dataset", saved[0].id)
    current = state.get("dataset")
    if current:
        try:
            data = dataset.dataset(ws, current)
        except LocateError:
            state.drop("dataset")
            st.rerun()
        if facts.pending(data):
            facts.confirm(data, upload.facts_as_accounts)
        else:
            taken = review.summary(data)
            new_plan.form(data, "new_plan")
            if taken is not None:
                review.details(data, taken)
    else:
        st.info(
            "Upload an account spreadsheet, or try the demo. Each account needs a location: a ZIP, a city and state, a "
            "county and state, or latitude and longitude; and at least one number to balance, such as revenue.",
            icon=":material/upload_file:",
        )
