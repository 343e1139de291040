"""The row of actions above the map."""

from __future__ import annotations

import streamlit as st

from terr.ui.design import generate
from terr.ui.plan import tables, territory_dialogs
from terr.ui.session import state
from terr.view.text import markdown
from terr.workspace import levels
from terr.workspace.plan.snapshot import PlanSnapshot


def row(shown: PlanSnapshot, *, busy: bool) -> None:
    """What this plan is, and what can be done with it as a whole; nothing while a proposal waits (`busy`), nor for
    those who may only look."""
    closed = busy or bool(state.needs("edit"))  # the header says why
    line = st.container(horizontal=True, vertical_alignment="center", gap="small")
    line.markdown(
        f"**{markdown(levels.heading(shown.info, brief=True))}** · {markdown(tables.heading(shown))}",
        width="stretch",
    )
    if line.button("Generate", type="primary", icon=":material/auto_awesome:", key="generate", disabled=closed):
        generate.begin(shown)
        generate.generate()
    line.button(
        "New",
        icon=":material/add:",
        key="new",
        disabled=closed,
        on_click=territory_dialogs.new_territory,
        help="Make an empty territory and paint into it",
    )
    if line.button(
        "Territories",
        icon=":material/edit:",
        key="manage",
        disabled=closed,
        help="Rename, give to a rep, lock, merge, delete",
    ):
        territory_dialogs.manage()
    if line.button(
        "By list",
        icon=":material/checklist:",
        key="by_list",
        disabled=closed,
        help="Move or lock units by name or code, without the mouse",
    ):
        territory_dialogs.by_list()
    if line.button(
        "Measure",
        icon=":material/tune:",
        key="measure",
        disabled=closed,
        help="Choose the measure to balance and the limit",
    ):
        territory_dialogs.measure()
