"""A window that was open when the server ended asks the new one for a part of a page, and gets the page."""

from __future__ import annotations

import pytest

from tests.helpers.oidc import window
from tests.helpers.servers import Server


@pytest.mark.slow
def test_a_part_of_a_page_asked_of_a_new_session_is_answered_with_the_page(app_server: Server) -> None:
    part = window(app_server.url, {}, "settings", fragment="0123456789abcdef")
    assert "You can plan with these areas" in part.words
