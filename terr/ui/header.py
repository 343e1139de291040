"""The line every page starts with: data set, scenario, revision, and that it is saved."""

from __future__ import annotations

from datetime import datetime
from html import escape
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from terr.errors import LocateError
from terr.ui import state
from terr.workspace import levels


def local(at: datetime) -> str:
    """A time as the person's clock shows it; the date too unless it is today."""
    try:
        zone = ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    here = at.astimezone(zone)
    today = datetime.now(zone).date() == here.date()
    return here.strftime("%H:%M:%S") if today else here.strftime("%b %d, %H:%M")


def line() -> None:
    """Draw the line."""
    ws = state.workspace()
    parts = []
    dataset_id = state.get("dataset")
    if dataset_id:
        try:
            parts.append(f"<span>{escape(ws.store.dataset(dataset_id).name)}</span>")
        except LocateError:
            state.drop("dataset")
    sid = state.scenario_id()
    if sid:
        info = ws.store.scenario(sid)
        parts = [f"<span>{escape(ws.store.dataset(info.dataset_id).name)}</span>"]
        parts.insert(0, f"<b>{escape(info.name)}</b>")
        if levels.is_rough(info):
            parts.append("<span>approximate areas</span>")
        parts.append(f"<span>revision {info.rev:,}</span>")
        parts.append(f"<span>Saved {local(info.updated_at)}</span>")
    if sid and (why := state.needs("edit")):
        parts.append(f"<span>{escape(why)}</span>")
    st.html(f'<div class="terr-line">{"<span>·</span>".join(parts) or "<b>Terr</b>"}</div>')
