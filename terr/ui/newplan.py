"""Starting a plan from a data set: level, region, measure, limit."""

from __future__ import annotations

import streamlit as st

from terr.boundaries.catalog import LEVELS, LOWER48, STATES
from terr.ui import shell, state
from terr.ui.guard import attempt
from terr.view.text import units_word
from terr.workspace import plans
from terr.workspace.imports import Dataset

LOWER, ALL = "Lower 48 states", "All 50 states and DC"


def form(data: Dataset, key: str) -> None:
    """A form that makes a scenario and opens it on the Plan page."""
    usable = [m for m in data.accounts.measures if data.accounts.total(m) > 0]
    if not usable:
        st.warning("No measure of this data set adds up to more than zero, so there is nothing to balance.")
        return
    with st.form(key, border=True):
        st.markdown("**Start a plan with these accounts**")
        a, b, c, d = st.columns([2, 1, 1.4, 1])
        chosen = a.multiselect(
            "Region", [LOWER, ALL, *STATES.values()], default=[state.suggested_region(data, LOWER)], key=f"{key}_region"
        )
        level = b.selectbox(
            "Level", LEVELS, index=LEVELS.index("county"), format_func=lambda v: units_word(v).capitalize(),
            key=f"{key}_level",
        )  # fmt: skip
        measure = c.selectbox("Measure to balance", usable, index=state.suggested_measure(usable), key=f"{key}_measure")
        tolerance = d.number_input("Limit (± %)", 0.1, 100.0, 5.0, 0.5, key=f"{key}_tolerance")
        name = st.text_input("Name (optional)", max_chars=120, key=f"{key}_name", placeholder="FY27 first draft")
        go = st.form_submit_button("Start planning", type="primary", icon=":material/map:")
    if not go:
        return
    if not chosen:
        st.error("Choose a region: one or more states, or the lower 48.", icon=":material/error:")
        return
    codes = {name: code for code, name in STATES.items()}
    region = list(STATES) if ALL in chosen else list(LOWER48) if LOWER in chosen else [codes[n] for n in chosen]
    info = attempt(
        lambda: plans.create(
            state.workspace(),
            dataset_id=data.info.id,
            level=str(level),
            region=region,
            measure=str(measure),
            tolerance=float(tolerance) / 100,
            name=name.strip(),
            author=state.author(),
        )
    )
    if info is None:
        state.show_said()
        return
    state.open_scenario(info.id)
    st.query_params["scenario"] = info.id
    shell.switch("plan")
