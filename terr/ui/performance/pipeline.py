"""Open deals by the month they are to close, weighted by how often deals like them were won."""

from __future__ import annotations

import streamlit as st

from terr.ui.performance.controls import Chosen
from terr.view.performance_charts import pipeline as pipeline_chart
from terr.view.text import money_format
from terr.workspace.performance.forecasts import pipeline_in, pipeline_months, pipeline_words, rate_table, table_csv


def show_pipeline(chosen: Chosen) -> None:
    """Draw it."""
    if "opportunities" not in chosen.facts.by_kind:
        st.info(
            "The pipeline is made from opportunities. Import a file of deals (account, stage, amount, created and "
            "close date) on the Accounts page.",
            icon=":material/filter_alt:",
        )
        return
    found, table = pipeline_in(chosen.facts, chosen.grouping, chosen.basis)
    currency = chosen.currency
    st.caption(pipeline_words(found, currency))
    left, right = st.columns([1.6, 1], gap="medium")
    left.altair_chart(
        pipeline_chart(
            pipeline_months(found, currency),
            title="Open deals by close month; dark is weighted",
            currency=currency,
            dark=chosen.dark,
        ),
        width="stretch",
        key="terr_perf_pipeline",
    )
    money = money_format(currency)
    right.markdown("**Chance to win**", help=_HOW)
    right.dataframe(
        rate_table(found),
        hide_index=True,
        width="stretch",
        key="terr_perf_rates",
        column_config={
            "Weight": st.column_config.NumberColumn(format="%.0f%%"),
            "Closed": st.column_config.NumberColumn(format="localized"),
            "Won": st.column_config.NumberColumn(format="localized"),
        },
    )
    left.dataframe(
        table,
        hide_index=True,
        width="stretch",
        key="terr_perf_pipeline_table",
        column_config={c: st.column_config.NumberColumn(format=money) for c in ("Open amount", "Weighted")},
    )
    left.download_button(
        "Download CSV",
        lambda: table_csv(table),
        "pipeline.csv",
        "text/csv",
        icon=":material/download:",
        key="terr_perf_pipeline_csv",
        on_click="ignore",
    )


_HOW = (
    "From your own closed deals: by stage, if the file says which stages closed deals had reached (a column such as "
    "Last Stage or Stage History); else by how long a deal has been open."
)
