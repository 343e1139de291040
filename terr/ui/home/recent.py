"""Recent plans as cards, and the next step for where a person stands."""

from __future__ import annotations

import streamlit as st

from terr.ui.session import navigation, state
from terr.ui.session.local_time import local
from terr.view.text import markdown
from terr.workspace.home.recent_plans import PlanCard, next_step, recent_plans

COLUMNS = 3


def recent() -> None:
    """Cards of the plans edited last; without any, what to do first."""
    ws = state.workspace()
    step = next_step(ws)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Next:** {step.text}", width="stretch")
        if st.button(step.button, icon=":material/arrow_forward:", key="next_step"):
            navigation.switch(step.page)
    cards = recent_plans(ws)
    if not cards:
        return
    st.subheader("Recent plans")
    for first in range(0, len(cards), COLUMNS):
        for column, card in zip(st.columns(COLUMNS), cards[first : first + COLUMNS], strict=False):
            with column:
                _card(card)


def _card(card: PlanCard) -> None:
    with st.container(border=True):
        if card.picture:
            st.image(card.picture, width="stretch")
        st.markdown(f"**{markdown(card.info.name)}**")
        if card.figures:
            st.caption(markdown(card.figures))
            st.caption(f"{markdown(card.dataset)} · edited {local(card.info.updated_at)}")
        else:
            st.caption("Its accounts or map boundaries can't be read on this computer.")
        if st.button("Open", key=f"home_open_{card.info.id}", width="stretch", icon=":material/map:"):
            state.open_scenario(card.info.id)
            st.query_params["scenario"] = card.info.id
            navigation.switch("plan")
