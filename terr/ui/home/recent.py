"""Recent plans as cards, and the next step for where a person stands."""

from __future__ import annotations

import streamlit as st

from terr.ui.jobs import window_jobs
from terr.ui.session import navigation, state
from terr.ui.session.local_time import local
from terr.view.text import markdown
from terr.workspace.home import recent_plans
from terr.workspace.home.recent_plans import PlanCard

COLUMNS = 3


def recent() -> None:
    """Cards of the plans edited last; without any, what to do first."""
    ws = state.workspace()
    step = recent_plans.next_step(ws)
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(f"**Next:** {markdown(step.text)}", width="stretch")
        if st.button(markdown(step.button), icon=":material/arrow_forward:", key="next_step"):
            navigation.switch(step.page)
    plans = recent_plans.recent(ws)
    if not plans:
        return
    st.subheader("Recent plans")
    key = tuple((p.id, p.head, p.seq, p.name, p.measure, p.tolerance, p.dataset_id) for p in plans)
    cards = window_jobs.worked_out(
        "home_cards", key, lambda progress: recent_plans.cards_of(ws, plans, progress=progress)
    ) or tuple(PlanCard(p) for p in plans)
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
        elif card.unreadable:
            st.caption("Its accounts or map boundaries can't be read on this computer.")
        if st.button("Open", key=f"home_open_{card.info.id}", width="stretch", icon=":material/map:"):
            state.open_scenario(card.info.id)
            st.query_params["scenario"] = card.info.id
            navigation.switch("plan")
