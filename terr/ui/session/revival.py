"""What a window gets of a server that was started anew: its whole page.

An open page asks for the part of itself that changed. A server that never ran the page doesn't know that part, and
Streamlit (1.67) leaves such a request unanswered: the page would stay as it was, with buttons that do nothing.
"""

from __future__ import annotations

from typing import Any

from streamlit.runtime.app_session import AppSession

_RAN = "_terr_ran_whole"


def give_new_sessions_whole_pages() -> None:
    """From now on a session's first run is of a whole page, also where a part was asked for."""
    ask = AppSession.request_rerun

    def request_rerun(self: Any, client_state: Any) -> None:
        part = client_state.fragment_id if client_state else ""
        if part and not getattr(self, _RAN, False) and not self.has_fragment(part):
            client_state.fragment_id, client_state.is_auto_rerun, part = "", False, ""
        if not part:
            setattr(self, _RAN, True)
        ask(self, client_state)

    AppSession.request_rerun = request_rerun  # type: ignore[method-assign]
