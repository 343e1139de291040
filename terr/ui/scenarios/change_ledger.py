"""The what-changed ledger on page Scenarios: filtered, shown by the thousand, and taken along as a file."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from terr.ui.session import state
from terr.view.text import count, markdown, short
from terr.workspace.reports.downloads import file_name, mime_of
from terr.workspace.scenarios import change_ledger
from terr.workspace.scenarios.comparison import PlanComparison, measures_shown

MOST = 1000
"""Rows a browser is given at once."""
MOST_EXCEL = 50_000
"""Rows from which on an Excel file takes too long to wait for; the CSV doesn't."""


def show_change_ledger(found: PlanComparison) -> None:
    """Every account that moves, from, to, why, by whom and when."""
    st.markdown("**Account changes**")
    whole = change_ledger.ledger(state.workspace(), found)
    if whole.empty:
        st.caption("No account moves.")
        return
    measure = measures_shown(found)[0]
    a, b, c, d, e = st.columns([1.5, 1.2, 1.2, 1.2, 1.1], vertical_alignment="bottom")
    text = a.text_input("Account or reason", key="terr_ledger_text", placeholder="Find …")
    source = b.multiselect("From", sorted(set(whole["from"])), key="terr_ledger_from", placeholder="Any")
    target = c.multiselect("To", sorted(set(whole["to"])), key="terr_ledger_to", placeholder="Any")
    people = sorted({x for x in whole["author"] if x})
    author = d.multiselect("By", people, key="terr_ledger_by", placeholder="Anybody")
    options = {"either": "Territory or rep", "territory": "Territory", "rep": "Rep"}
    hands = e.selectbox("What changes", list(options), format_func=lambda k: options[k], key="terr_ledger_hands")
    fits = change_ledger.filtered(whole, text=text, source=source, target=target, author=author, hands=str(hands))
    _table(found, fits, measure, len(whole))
    stem = f"{found.a.info.name} to {found.b.info.name}"
    left, right, _ = st.columns([1, 1, 2])
    for column, kind in ((left, "csv"), (right, "xlsx")):
        much = kind == "xlsx" and len(fits) > MOST_EXCEL
        why = f"Excel files hold up to {MOST_EXCEL:,} rows here; filter above, or download the CSV"
        column.download_button(
            f"Download changes ({'CSV' if kind == 'csv' else 'Excel'})",
            partial(_bytes, found, fits, kind),
            file_name(stem, f"changes.{kind}"),
            mime_of(f"x.{kind}"),
            icon=":material/download:",
            width="stretch",
            key=f"terr_ledger_{kind}",
            on_click="ignore",
            disabled=much,
            help=why if much else "The rows that match the filters above",
        )


def _bytes(found: PlanComparison, table: pd.DataFrame, kind: str) -> bytes:
    return change_ledger.download(table, found, kind).data


def _table(found: PlanComparison, fits: pd.DataFrame, measure: str, of: int) -> None:
    shown = fits if len(fits) <= MOST else fits.nlargest(MOST, measure)
    line = f"{count(len(fits), 'account')} of {of:,} · {short(float(fits[measure].sum()), found.currency(measure))} "
    line += f"of {measure}"
    if len(fits) > MOST:
        line += f" · showing the {MOST:,} largest; download the file for all"
    st.caption(markdown(line))
    money = {m: found.currency(m) for m in found.accounts.figures}
    st.dataframe(
        change_ledger.readable(shown),
        hide_index=True,
        width="stretch",
        key="terr_ledger",
        height=min(420, 38 + 35 * len(shown)),
        column_config={
            "Time": st.column_config.DatetimeColumn(format="MMM D, YYYY h:mm A", timezone=st.context.timezone),
            **{
                m: st.column_config.NumberColumn(format="dollar" if c == "USD" else "localized")
                for m, c in money.items()
            },
        },
    )
