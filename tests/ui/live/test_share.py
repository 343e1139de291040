"""The address of a plan, and who it says can open it."""

from __future__ import annotations

import pytest

from terr.ui.live.share import address, reach


def test_the_address_names_the_plan_and_nothing_else_of_the_page() -> None:
    assert address("http://terr.example:8501/plan?scenario=old&x=1#top", "abc") == (
        "http://terr.example:8501/plan?scenario=abc"
    )
    assert address("https://host/base/plan", "abc") == "https://host/base/plan?scenario=abc"


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501"])
def test_an_address_of_this_computer_says_that_others_cant_open_it(host: str) -> None:
    assert "works on this computer" in reach(f"http://{host}/plan", sign_in=False)
    assert "a role" in reach(f"http://{host}/plan", sign_in=True)
    assert "Everyone" in reach("http://team-laptop:8501/plan", sign_in=False)
