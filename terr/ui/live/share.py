"""Share, at the top right of the Plan page: the plan's address, who can open it, and who is here."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import streamlit as st

from terr.ui.live import window
from terr.ui.session import state
from terr.view.text import count, markdown

_ALONE = {"localhost", "127.0.0.1", "::1", ""}
_LISTED = 12


def address(url: str, scenario_id: str) -> str:
    """The address of a plan, from that of the page a person is on."""
    at = urlsplit(url)
    return urlunsplit((at.scheme, at.netloc, at.path, f"scenario={scenario_id}", ""))


def reach(url: str, *, sign_in: bool) -> str:
    """Who can open the address."""
    if sign_in:
        return "People you gave a role on the Settings page can open it when they sign in."
    if (urlsplit(url).hostname or "") in _ALONE:
        return (
            "It works on this computer. To let others in, start Terr with --address 0.0.0.0 and give them this "
            "computer's name in place of localhost."
        )
    return "Everyone who can reach this address can open and edit the plan."


def share() -> None:
    """The button and what it opens."""
    sid = state.scenario_id()
    if sid is None:
        return
    url = str(st.context.url or "")
    here, mine = window.present(), window.window_token().window
    with st.container(key="terr_share"), st.popover("Share", icon=":material/share:"):
        st.markdown("**Address of this plan**")
        st.code(address(url, sid), language=None, wrap_lines=True)
        st.caption(markdown(reach(url, sign_in=state.workspace().sign_in)))
        st.markdown(f"**Here now** · {count(max(1, len(here)), 'person', 'people')}")
        for one in here[:_LISTED]:
            more = " (you)" if one.window == mine else ""
            st.caption(markdown(f"{one.name}{more}{', presenting' if one.presenting else ''}"))
        if len(here) > _LISTED:
            st.caption(f"and {len(here) - _LISTED:,} more")
