"""The row of actions above the map."""

from __future__ import annotations

import streamlit as st

from terr.boundaries.catalog import region_label
from terr.ui import drawer, figures, territories
from terr.view.text import markdown, units_word
from terr.workspace.board import Board


def row(shown: Board) -> None:
    """What this plan is, and what can be done with it as a whole."""
    text, generate, new, manage, by_list, limit = st.columns(
        [3.4, 1.15, 0.8, 1.15, 1.0, 1.1], vertical_alignment="center"
    )
    text.markdown(
        f"**{markdown(region_label(shown.info.region))}, {units_word(shown.info.level)}** · "
        f"{markdown(figures.heading(shown))}"
    )
    if generate.button("Generate", type="primary", icon=":material/auto_awesome:", width="stretch", key="generate"):
        drawer.generate()
    new.button(
        "New",
        icon=":material/add:",
        width="stretch",
        key="new",
        on_click=territories.new_territory,
        help="Make an empty territory and paint into it",
    )
    if manage.button(
        "Territories",
        icon=":material/edit:",
        width="stretch",
        key="manage",
        help="Rename, give to a rep, lock, merge, delete",
    ):
        territories.manage()
    if by_list.button(
        "By list",
        icon=":material/checklist:",
        width="stretch",
        key="by_list",
        help="Move or lock units by name or code, without the mouse",
    ):
        territories.by_list()
    if limit.button(
        "Measure",
        icon=":material/tune:",
        width="stretch",
        key="measure",
        help="Choose the measure to balance and the limit",
    ):
        territories.measure()
