"""Accounts: a spreadsheet in, every row and dollar accounted for."""

import streamlit as st

from terr.errors import LocateError
from terr.ui import header, intake, intake_next, intake_review, newplan, shell, state
from terr.workspace import imports

shell.gate()

header.line()
st.title("Accounts")
ws = state.workspace()
saved = ws.store.list_datasets()

st.subheader("1 · File")
intake.choose_file()
intake.confirm()
intake_next.decide(intake_review.measure_of)

if not state.get("pending") and not state.get("upload_error") and not intake.busy() and not intake_next.found():
    current = state.get("dataset")
    if saved and len(saved) > 1:
        ids = [info.id for info in saved]
        names = {info.id: f"{info.name} · {header.local(info.created_at)}" for info in saved}
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
            data = imports.dataset(ws, current)
        except LocateError:
            state.drop("dataset")
            st.rerun()
        intake_review.review(data)
        newplan.form(data, "new_plan")
    else:
        st.info(
            "Load an account spreadsheet, or try the demo. Each account needs a place: a ZIP, a city and state, a "
            "county and state, or latitude and longitude; and at least one number to balance, such as revenue.",
            icon=":material/upload_file:",
        )
