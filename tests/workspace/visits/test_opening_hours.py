"""Opening hours as people write them."""

from __future__ import annotations

import pytest

from terr.errors import InputError
from terr.workspace.visits.opening_hours import ALWAYS, CLOSED, read_hours


@pytest.mark.parametrize(
    ("text", "monday", "friday", "sunday"),
    [
        ("", (0, 1440), (0, 1440), (0, 1440)),
        ("24/7", (0, 1440), (0, 1440), (0, 1440)),
        ("9-17", (540, 1020), (540, 1020), (540, 1020)),
        ("9:00-17:30", (540, 1050), (540, 1050), (540, 1050)),
        ("9-5", (540, 1020), (540, 1020), (540, 1020)),
        ("9am-5pm", (540, 1020), (540, 1020), (540, 1020)),
        ("1-5 PM", (780, 1020), (780, 1020), (780, 1020)),
        ("8:00 a.m. to 12:00 p.m.", (480, 720), (480, 720), (480, 720)),
        ("Mon-Fri 8-16", (480, 960), (480, 960), CLOSED),
        ("Monday to Thursday 8-16; Fri 8-12", (480, 960), (480, 720), CLOSED),
        ("Mon 8-12, Mon 13-18", (780, 1080), CLOSED, CLOSED),  # the longer one
        ("Sat-Mon 10-14", (600, 840), CLOSED, (600, 840)),
        ("daily 10-14", (600, 840), (600, 840), (600, 840)),
        ("weekdays 10-14; Sunday closed", (600, 840), (600, 840), CLOSED),
        ("closed", CLOSED, CLOSED, CLOSED),
        ("20:00-24:00", (1200, 1440), (1200, 1440), (1200, 1440)),
    ],
)
def test_by_hand(text: str, monday: tuple[int, int], friday: tuple[int, int], sunday: tuple[int, int]) -> None:
    week = read_hours(text)
    assert (week[0], week[4], week[6]) == (monday, friday, sunday)
    assert len(week) == len(ALWAYS)


@pytest.mark.parametrize(
    "text", ["by appointment", "9", "25-26", "9:75-10", "17:00-9:00", "Xyz 9-17", "9-17-19 Mon", "13pm-2pm"]
)
def test_what_cant_be_read_is_said(text: str) -> None:
    with pytest.raises(InputError, match="opening hours"):
        read_hours(text)
