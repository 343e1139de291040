"""Over- and under-served territories on the Reps page."""

from __future__ import annotations

import streamlit as st

from terr.errors import TerrError
from terr.ui.reps.evening import show_evening
from terr.ui.session import state
from terr.view.text import count, markdown, number, percent, sentence
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.quotas.planning import today
from terr.workspace.reps import assignment as people
from terr.workspace.reps import serving, team_size


def show_served(shown: PlanSnapshot) -> None:
    """Hours planned against hours needed by territory and tier, touches beside them, and what would even it out."""
    usual = team_size.SizeRequest()
    with st.expander("Assumptions", icon=":material/tune:"):
        a, b, place, _ = st.columns([1, 1, 1, 1], vertical_alignment="bottom")
        day = a.date_input("Capacity as of", value=today(), key="served_day")
        hours = b.number_input(
            "Selling hours a year per rep", 100.0, 8784.0, usual.selling_hours, 50.0, key="served_hours"
        )
        relative = place.toggle(
            "Relative to the team",
            key="served_relative",
            help="Scales the hours needed to what the reps have together: who is worse off than the team?",
        )
        edited = st.data_editor(
            team_size.calls_frame(shown.accounts),
            hide_index=True,
            placeholder="–",
            disabled=["Tier", "Accounts"],
            key=f"served_calls_{shown.info.id}",
        )
    try:
        request = team_size.request_from(edited, hours, usual.margin, usual.cost, usual.elasticity)
        settings = people.people_settings(shown.info)
        found = serving.served_plan(state.workspace(), shown, settings, request, day, relative=relative)
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    _figures(found)
    if found.under == len(found.territories) or found.over == len(found.territories):
        st.caption(
            ":material/info: The whole team has too few or too many hours for these calls. Change the calls under "
            "Assumptions, or switch on Relative to the team to see who is worse off than others."
        )
    c = st.column_config
    config = {n: c.NumberColumn(format="%,.0f") for n in ("Hours needed", "Hours planned", "Touches made")}
    config |= {"Touches planned": c.NumberColumn(format="%,.0f", help="Calls by tier, for the days of the activities")}
    config |= {"Served": c.NumberColumn(format="percent", help="Hours planned / hours needed; 80% to 120% is even")}
    config |= {"Touched": c.NumberColumn(format="percent", help="Touches made / touches planned")}
    config |= {"What would even it out": c.TextColumn(width="large")}
    table = found.territory_table()
    st.dataframe(table, hide_index=True, placeholder="–", width="stretch", key="terr_served", column_config=config)
    st.markdown("**By tier**")
    st.dataframe(
        found.tier_table(),
        hide_index=True,
        placeholder="–",
        width="stretch",
        key="terr_served_tiers",
        column_config=config,
    )
    show_evening(shown, day, ["Hours"], effort=serving.effort_of(request))
    for note in found.notes:
        st.caption(f":material/info: {markdown(note)}")


def _figures(found: serving.ServedPlan) -> None:
    a, b, c, d = st.columns(4)
    a.metric("Hours needed", number(found.needed), help="A year: calls by tier, and travel")
    b.metric("Hours planned", number(found.planned), help="A year: selling hours of the reps who have a territory")
    if found.needed > 0:
        b.caption(f"{percent(100 * found.planned / found.needed)} of what is needed")
    c.metric("Under-served", count(found.under, "territory", "territories"), help="Below 80%, or nobody works there")
    d.metric("Over-served", count(found.over, "territory", "territories"), help="Above 120%")
