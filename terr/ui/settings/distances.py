"""Miles or kilometers."""

from __future__ import annotations

import streamlit as st

from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.workspace.access import distances

_MILES, _KILOMETERS = "Miles", "Kilometers"


def choice() -> None:
    """The choice, kept for everybody who uses this Terr."""
    ws = state.workspace()
    st.radio(
        "Distances in",
        [_MILES, _KILOMETERS],
        index=int(not distances.miles(ws.root)),
        horizontal=True,
        key="settings_distances",
        disabled=not distances.may_choose(ws),
        help="For everybody who uses this Terr: in Compare, reports and forms. Only an administrator can change it.",
        on_change=_choose,
    )


def _choose() -> None:
    attempt(lambda: distances.choose(state.workspace(), miles=st.session_state["settings_distances"] == _MILES))
