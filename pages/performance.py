"""Performance: what territories, reps and segments sold, won and kept, what stands out, and what is coming."""

import streamlit as st

from terr.ui import header
from terr.ui.performance import controls, customers, forecast, overview, pipeline, shaded_map, trends
from terr.ui.session import navigation, state

navigation.start_page()

data = state.dataset_in_hand()
header.line()
st.title("Performance")
if data is None:
    st.info("Performance needs accounts. Import a spreadsheet or the demo first.", icon=":material/monitoring:")
    if st.button("Go to Accounts", type="primary", key="to_accounts"):
        navigation.switch("accounts")
else:
    facts = controls.facts_in_hand(data)
    if facts is not None:
        chosen = controls.choose(data, facts)
        views = {
            "Overview": overview.show_overview,
            "Over time": trends.show_trends,
            "Map": shaded_map.show_map,
            "Forecast": forecast.show_forecast,
            "Pipeline": pipeline.show_pipeline,
            "Customers": customers.show_customers,
        }
        view = st.segmented_control(
            "What to look at",
            list(views),
            default="Overview",
            required=True,
            key="terr_perf_view",
            label_visibility="collapsed",
        )
        views[view or "Overview"](chosen)
    elif state.get("performance_facts") is None and st.button("Go to Accounts", type="primary", key="to_accounts"):
        navigation.switch("accounts")
