"""The line every page starts with: data set, scenario, revision, and that it is saved."""

from __future__ import annotations

from html import escape

import streamlit as st

from terr.ui.live import window
from terr.ui.session import state
from terr.ui.session.local_time import local
from terr.workspace import levels
from terr.workspace.accounts import dataset as datasets
from terr.workspace.overlay_settings import overlay_of, role_name

_MOST, _NAMED = 8, 4


def _people() -> list[str]:
    """Who else is here, if anybody is: initials in their colour, with the name."""
    here, mine = window.present(), window.window_token().window
    if len(here) < 2:
        return []
    chips = []
    for one in here[:_MOST]:
        name = f"{one.name} (you)" if one.window == mine else one.name
        words = f"{name}, presenting" if one.presenting else name
        shown = f" {escape(name)}" if len(here) <= _NAMED else ""
        chips.append(
            f'<span class="terr-who" title="{escape(words)}"><i style="background:{one.color}">'
            f"{escape(one.initials)}</i>{shown}{' ▸ presents' if one.presenting else ''}</span>"
        )
    if len(here) > _MOST:
        chips.append(f"<span>and {len(here) - _MOST:,} more</span>")
    return [f'<span class="terr-here">{"".join(chips)}</span>']


def line() -> None:
    """Draw the line."""
    ws = state.workspace()
    parts = []
    dataset_id = state.get("dataset")
    if dataset_id:
        if name := datasets.name_of(ws, dataset_id):
            parts.append(f"<span>{escape(name)}</span>")
        else:
            state.drop("dataset")
    sid = state.scenario_id()
    if sid:
        info = ws.scenario(sid)
        parts = [f"<span>{escape(datasets.name_of(ws, info.dataset_id))}</span>"]
        parts.insert(0, f"<b>{escape(info.name)}</b>")
        if overlay_of(info) is not None:
            parts.append(f"<span>overlay: {escape(role_name(info))}</span>")
        if levels.is_rough(info):
            parts.append("<span>approximate areas</span>")
        parts.append(f"<span>revision {info.rev:,}</span>")
        parts.append(f"<span>Saved {local(info.updated_at)}</span>")
    if sid and (why := state.needs("edit")):
        parts.append(f"<span>{escape(why)}</span>")
    if sid:
        parts += _people()
    st.html(f'<div class="terr-line">{"<span>·</span>".join(parts) or "<b>Terr</b>"}</div>')
