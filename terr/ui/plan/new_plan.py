"""Starting a plan from a data set: level, region, measure, limit."""

from __future__ import annotations

import streamlit as st

from terr.errors import TerrError
from terr.ui.session import navigation, state
from terr.ui.session.errors import attempt
from terr.view.text import markdown, sentence
from terr.workspace import levels
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan import editing, new_plan


def form(data: Dataset, key: str) -> None:
    """What a plan is made of, and a button that makes it and opens it on the Plan page."""
    usable = new_plan.usable_measures(data.accounts)
    if not usable:
        st.warning("No measure of this data set adds up to more than zero, so there is nothing to balance.")
        return
    with st.container(border=True):
        st.markdown("**Start a plan with these accounts**")
        a, b, c, d = st.columns([2, 1.3, 1.4, 0.9])
        titles = {one.level: one.title for one in levels.choices()}
        level = str(
            b.selectbox(
                "Level",
                list(titles),
                index=list(titles).index("county"),
                format_func=lambda v: titles[v],
                key=f"{key}_level",
                help="Your own boundaries and exact ZIP areas are added on the page Settings",
            )
        )
        with a:
            region = _region(data, level, key)
        measure = c.selectbox(
            "Measure to balance", usable, index=new_plan.suggested_measure(usable), key=f"{key}_measure"
        )
        tolerance = d.number_input("Limit (± %)", 0.1, 100.0, 5.0, 0.5, key=f"{key}_tolerance")
        if region != []:
            _outlook(data, level, region)
        name = st.text_input("Name (optional)", max_chars=120, key=f"{key}_name", placeholder="FY27 first draft")
        go = st.button("Start planning", type="primary", icon=":material/map:", key=f"{key}_go")
    if not go:
        return
    if region == []:
        st.error("Choose a region: one or more states, or the lower 48.", icon=":material/error:")
        return
    info = attempt(
        lambda: editing.create(
            state.workspace(),
            dataset_id=data.info.id,
            level=level,
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
    navigation.switch("plan")


def _region(data: Dataset, level: str, key: str) -> list[str] | None:
    """Codes of the states chosen; None where there are none to choose and the plan covers the whole layer."""
    try:
        states = levels.has_states(level)
    except TerrError as error:
        st.warning(markdown(sentence(str(error))), icon=":material/warning:")
        return []
    if not states:
        st.text_input("Region", "All areas of the file", disabled=True, key=f"{key}_everything")
        return None
    chosen = st.multiselect(
        "Region", new_plan.REGIONS, default=[new_plan.suggested_region(data.accounts)], key=f"{key}_region"
    )
    return new_plan.region_codes(chosen)


def _outlook(data: Dataset, level: str, region: list[str] | None) -> None:
    """How many accounts will be placed, and by which way, before the plan is made."""
    try:
        with st.spinner("Placing accounts …", show_time=True):
            seen = levels.plan_outlook(data.accounts, level, region)
    except TerrError as error:
        st.warning(markdown(sentence(str(error))), icon=":material/warning:")
        return
    st.caption(markdown(seen.line), help="\n".join(f"- {markdown(line)}" for line in seen.reasons) or None)
    for hint in seen.hints:
        st.caption(f":material/info: {markdown(hint)}")
