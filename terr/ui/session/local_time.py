"""Times in the clock of the person's browser."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from terr.view.text import date_text, time_text


def local(at: datetime) -> str:
    """A time as the person's clock shows it; the date too unless it is today."""
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    here = at.astimezone(zone)
    today = datetime.now(zone).date() == here.date()
    return time_text(here) if today else f"{date_text(here)}, {time_text(here)}"
