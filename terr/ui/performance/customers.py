"""Customers: who is at risk, who grows, how many orders are to come, and lifetime value."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.ui.jobs import window_jobs
from terr.ui.performance.controls import Chosen
from terr.view.text import markdown, money_format
from terr.workspace.performance.forecasts import contract_table, customer_table, customer_words, customers_in, table_csv

_LISTS = ("At risk", "Growing", "All customers")


def show_customers(chosen: Chosen) -> None:
    """Draw it."""
    if not {"orders", "contracts"} & set(chosen.facts.by_kind):
        st.info(
            "Customers are judged by their orders or contracts. Import either on the Accounts page.",
            icon=":material/groups:",
        )
        return
    found = window_jobs.worked_out("performance_customers", chosen.key[:2], lambda _: customers_in(chosen.facts))
    if found is None:
        return
    customers, contracts, why = found
    currency, accounts = chosen.currency, chosen.data.accounts
    money = money_format(currency)
    if why:
        st.info(markdown(why[:1].upper() + why[1:] + "."), icon=":material/hourglass_empty:")
    if customers is not None:
        st.markdown(customer_words(customers, currency), help=_MODEL)
        if customers.why:
            st.info(markdown(customers.why[:1].upper() + customers.why[1:] + "."), icon=":material/hourglass_empty:")
        which = st.segmented_control(
            "Customers", _LISTS, default=_LISTS[0], required=True, key="terr_perf_list", label_visibility="collapsed"
        )
        rows = {"At risk": customers.at_risk, "Growing": customers.growing}.get(
            which or _LISTS[0], lambda: customers.table
        )()
        _list(customer_table(rows, accounts), money, _SAID[which or _LISTS[0]], "customers")
    if contracts is not None:
        st.markdown(
            "**Contracts**: the years each customer is expected to stay, and what they are worth at a 10% discount.",
            help=_CONTRACTS,
        )
        _list(contract_table(contracts, accounts), money, "", "contracts")


def _list(frame: pd.DataFrame, money: str, said: str, name: str) -> None:
    st.dataframe(
        frame,
        hide_index=True,
        height=min(38 + 35 * max(len(frame), 1), 420),
        width="stretch",
        key=f"terr_perf_{name}",
        column_config={
            **{
                c: st.column_config.NumberColumn(format=money)
                for c in ("Last 12 months", "12 months before", "Expected revenue", "Lifetime value")
            },
            "Chance active": st.column_config.NumberColumn(format="%.0f%%"),
            "Expected orders": st.column_config.NumberColumn(format="%.1f"),
            "Expected years": st.column_config.NumberColumn(format="%.1f"),
            "Usual gap": st.column_config.NumberColumn(format="%.0f days"),
            "Days silent": st.column_config.NumberColumn(format="%.0f"),
        },
    )
    line = st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute")
    line.caption(said)
    line.download_button(
        "Download CSV",
        lambda: table_csv(frame),
        f"{name}.csv",
        "text/csv",
        icon=":material/download:",
        key=f"terr_perf_{name}_csv",
        on_click="ignore",
    )


_SAID = {
    "At risk": "Ordered three times or more; probably gone, or silent for four times the usual gap. Largest first.",
    "Growing": "Bought more in the last 12 months than in the 12 before; largest growth first.",
    "All customers": "Everyone with an order.",
}
_MODEL = (
    "BG/NBD for the orders and Gamma-Gamma for their amounts (Fader, Hardie and Lee 2005), fitted to all customers: "
    "who ordered often and then stopped is likely gone; who orders seldom may only be between two orders."
)
_CONTRACTS = "Shifted beta-geometric model (Fader and Hardie 2007), fitted to how long customers stayed so far"
