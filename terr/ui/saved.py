"""Saved plans: their list and what can be done with one."""

from __future__ import annotations

import zlib

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.store import ScenarioInfo
from terr.ui import shell, state
from terr.ui.guard import attempt
from terr.ui.header import local
from terr.view.text import count, markdown, percent
from terr.workspace import levels
from terr.workspace.board import board

COLUMNS = {"Max deviation": st.column_config.TextColumn(help="Largest |load ÷ target − 1| of any territory")}


def table(plans: list[ScenarioInfo]) -> pd.DataFrame:
    """One row per plan, newest first."""
    rows = []
    for info in plans:
        worst, k = "–", "–"
        try:
            shown = board(state.workspace(), info.id)
            worst, k = percent(100 * shown.max_deviation), f"{len(shown.table):,}"
        except TerrError:
            pass  # a plan of other boundaries is still listed, opened with its own message
        rows.append(
            {
                "Plan": info.name,
                "Made on": levels.heading(info),
                "Territories": k,
                "Measure": info.measure,
                "Max deviation": worst,
                "Revision": info.rev,
                "Last edit": local(info.updated_at),
            }
        )
    return pd.DataFrame(rows)


def actions(info: ScenarioInfo) -> None:
    """Open, rename, duplicate, delete."""
    ws = state.workspace()
    st.markdown(f"**{markdown(info.name)}** · {count(info.rev, 'revision')}")
    a, b, c, d, e = st.columns([1, 2.4, 1, 1, 1], vertical_alignment="bottom")
    if a.button("Open", type="primary", icon=":material/map:", width="stretch", key="open"):
        state.open_scenario(info.id)
        st.query_params["scenario"] = info.id
        shell.switch("plan")
    field = f"name_{info.id}"
    b.text_input("New name", info.name, max_chars=120, key=field, label_visibility="collapsed")
    c.button(
        "Rename", width="stretch", key="rename",
        # read when clicked: what was typed last may come together with the click
        on_click=lambda: attempt(lambda: ws.store.rename(info.id, str(st.session_state[field]))),
    )  # fmt: skip
    d.button(
        "Duplicate", width="stretch", key="duplicate", help="A copy with its whole history",
        on_click=lambda: attempt(lambda: ws.store.duplicate(info.id)),
    )  # fmt: skip
    e.button("Delete", icon=":material/delete:", width="stretch", key="delete", on_click=_delete, args=(info,))


def _delete(info: ScenarioInfo) -> None:
    def act() -> bool:
        state.workspace().store.delete(info.id)
        return True

    if attempt(act):
        state.put("deleted", [*state.get("deleted", []), {"id": info.id, "name": info.name}])
        if state.get("scenario") == info.id:
            state.close_scenario()


def table_key(plans: list[ScenarioInfo]) -> str:
    """Key of the table: another order of plans is another table, because a selection names a row by its number."""
    return f"terr_scenarios_{zlib.crc32(repr([p.id for p in plans]).encode()):08x}"


def undo_line() -> None:
    """What was deleted in this window, newest first, with the way back."""
    for gone in reversed(state.get("deleted", [])):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.info(f"“{markdown(gone['name'])}” is deleted.", icon=":material/delete:")
        right.button("Undo", key=f"undo_delete_{gone['id']}", on_click=restore, args=(gone["id"],), width="stretch")


def restore(scenario_id: str) -> None:
    """Bring a deleted plan back."""
    attempt(lambda: state.workspace().store.restore(scenario_id))
    state.put("deleted", [gone for gone in state.get("deleted", []) if gone["id"] != scenario_id])
