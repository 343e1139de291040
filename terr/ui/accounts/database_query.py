"""Accounts from a database: a query on the page, the address in the environment of the machine Terr runs on."""

from __future__ import annotations

import streamlit as st

from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.view.text import markdown
from terr.workspace.accounts import database_query

_SET_UP = (
    "To import accounts from a database, set an environment variable such as `TERR_SOURCE_CRM` to its address "
    "(`postgresql+psycopg://user:password@host/name`) where Terr runs, and start Terr again."
)


def form() -> None:
    """A query, or one line that says how to set a database up."""
    if not database_query.may_ask(state.workspace()):
        return
    names = database_query.addresses()
    with st.expander("From a database", icon=":material/database:"):
        if not names:
            st.caption(_SET_UP)
            return
        variable = st.selectbox(
            "Database",
            names,
            key="terr_source",
            help="Variables that hold an address where Terr runs; the address itself is never shown.",
        )
        query = st.text_area(
            "Query (one SELECT; it changes nothing)",
            key="terr_query",
            height=110,
            placeholder="SELECT id, name, zip, revenue FROM accounts WHERE region = :region",
            help="A value such as :region is read from the variable TERR_SOURCE_REGION where Terr runs.",
        )
        wanted = sorted(set(database_query.parameters(query).values()))
        if wanted:
            st.caption(f"Values come from {markdown(', '.join(wanted))}.")
        if st.button("Run query", key="ask_database", icon=":material/play_arrow:", disabled=not query.strip()):
            state.drop("pending")
            ws, name = state.workspace(), str(variable)
            window_jobs.quick(
                "gate_open",
                lambda progress: database_query.open_query(ws, name, query, progress=progress),
                _opened,
            )
            st.rerun()


def _opened(draft: object) -> None:
    state.put("pending", draft)
    state.drop("pending_roles")
