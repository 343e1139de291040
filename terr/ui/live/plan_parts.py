"""The parts of the Plan page that are drawn by themselves, and how a click asks for more than the part it lies in."""

from __future__ import annotations

import streamlit as st
from streamlit.errors import StreamlitAPIException

PANEL, FIGURES, TERRITORIES = "plan_panel", "plan_figures", "plan_territories"
FOLLOWING = (FIGURES, TERRITORIES)
"""Within the panel: what others' edits change, beside the map, which hears of them by its own line."""


def draw(*names: str) -> None:
    """From a callback: draw these parts, instead of the one the click lies in. Nothing after it is done.

    A page that was never drawn whole knows no parts yet; it is drawn whole.
    """
    try:
        st.rerun(list(names))
    except StreamlitAPIException:
        return
