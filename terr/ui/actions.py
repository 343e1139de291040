"""The row of actions above the map."""

from __future__ import annotations

import streamlit as st

from terr.ui import drawer, figures, state, territories
from terr.view.text import markdown
from terr.workspace import levels
from terr.workspace.board import Board


def row(shown: Board, *, busy: bool) -> None:
    """What this plan is, and what can be done with it as a whole; nothing while a proposal waits (`busy`), nor for
    those who may only look."""
    closed = busy or bool(state.needs("edit"))  # the header says why
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    line.markdown(
        f"**{markdown(levels.heading(shown.info, brief=True))}** · {markdown(figures.heading(shown))}",
        width="stretch",
    )
    if line.button("Generate", type="primary", icon=":material/auto_awesome:", key="generate", disabled=closed):
        drawer.begin(shown)
        drawer.generate()
    line.button(
        "New",
        icon=":material/add:",
        key="new",
        disabled=closed,
        on_click=territories.new_territory,
        help="Make an empty territory and paint into it",
    )
    if line.button(
        "Territories",
        icon=":material/edit:",
        key="manage",
        disabled=closed,
        help="Rename, give to a rep, lock, merge, delete",
    ):
        territories.manage()
    if line.button(
        "By list",
        icon=":material/checklist:",
        key="by_list",
        disabled=closed,
        help="Move or lock units by name or code, without the mouse",
    ):
        territories.by_list()
    if line.button(
        "Measure",
        icon=":material/tune:",
        key="measure",
        disabled=closed,
        help="Choose the measure to balance and the limit",
    ):
        territories.measure()
