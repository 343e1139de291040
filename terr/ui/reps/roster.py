"""The roster on the Reps page: a file, a table to edit, and every earlier one."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.model.reps import REP_ROLES
from terr.ui.session import state
from terr.ui.session.local_time import local
from terr.view.text import count, markdown, sentence
from terr.workspace.accounts import dataset
from terr.workspace.quotas.planning import today
from terr.workspace.reps import roster, roster_table


def show_roster(data: dataset.Dataset) -> None:
    """Upload, table and history."""
    with st.expander("Upload a roster", icon=":material/upload:", expanded=not data.reps):
        upload(data)
    _way_back(data)
    if not data.reps:
        st.info(
            "No reps yet. Upload a roster: a CSV or Excel file with a user ID and a name in each row, and optionally "
            "role, manager, home (ZIP, city and state, or address), start and end date, FTE, skills, seniority and "
            "quota. Or type one below.",
            icon=":material/group_add:",
        )
    _table(data)
    mine = roster_table.roster_reach(state.workspace(), data, state.scenario_id())
    seen = data.reps if mine is None else tuple(r for r in data.reps if r.rep_id in mine)
    for line in roster_table.roster_warnings(seen, today(), known=data.reps):
        st.caption(f":material/warning: {markdown(line)}")
    _history(data)


def upload(data: dataset.Dataset) -> None:
    """A roster file replaces the roster of the data set."""
    given = st.file_uploader("Roster: CSV or Excel", key="terr_roster", help="Replaces the roster below.")
    if given is not None and state.get("roster_id") != given.file_id:
        state.put("roster_id", given.file_id)
        state.drop("roster_error", "roster_issues")
        before = (data.info.id, data.reps)
        try:
            _, issues = roster.replace_reps(state.workspace(), data.info.id, given.getvalue(), given.name)
        except TerrError as error:
            state.put("roster_error", str(error))
        else:
            state.put("roster_issues", issues)
            state.put("roster_before", before)
            st.rerun()
    if message := state.get("roster_error"):
        st.error(markdown(message), icon=":material/error:")
    issues = state.get("roster_issues")
    if issues is not None and len(issues):
        st.warning(f"{count(len(issues), 'issue')} in the roster file", icon=":material/info:")
        st.dataframe(roster.issues_shown(issues), hide_index=True, width="stretch")


def _way_back(data: dataset.Dataset) -> None:
    before = state.get("roster_before")
    if before is None or before[0] != data.info.id or not before[1]:
        return
    left, right = st.columns([4, 1.4], vertical_alignment="center")
    left.info(f"The roster now has {count(len(data.reps), 'rep')}; it had {len(before[1]):,}.", icon=":material/group:")
    right.button("Restore the earlier roster", key="roster_back", on_click=_bring_back, width="stretch")


def _bring_back() -> None:
    dataset_id, reps = state.get("roster_before")
    roster.set_reps(state.workspace(), dataset_id, reps, note="Restored the earlier roster")
    state.drop("roster_before", "roster_issues")


def _table(data: dataset.Dataset) -> None:
    """The roster to edit; what is typed is kept with Save."""
    reps = data.reps
    frame = roster_table.roster_frame(reps)
    mine = roster_table.roster_reach(state.workspace(), data, state.scenario_id())
    if mine is not None:
        frame = roster_table.seen_by(frame, mine)
        st.dataframe(
            frame, hide_index=True, placeholder="–", width="stretch", key="terr_reps", column_config=_columns()
        )
        return
    nonce = state.get("roster_nonce", 0)
    edited = st.data_editor(
        frame,
        num_rows="dynamic",
        hide_index=True,
        placeholder="–",
        width="stretch",
        height=min(600, 38 + 35 * (len(frame) + 1)),
        key=f"terr_reps_{data.info.id}_{nonce}",
        column_config=_columns(),
    )
    changed = not edited.equals(frame)
    left, right, _ = st.columns([1, 1, 4])
    left.button(
        "Save roster",
        type="primary",
        key="roster_save",
        disabled=not changed,
        on_click=_save,
        args=(data.info.id, edited),
        width="stretch",
    )
    right.button("Discard edits", key="roster_drop", disabled=not changed, on_click=_renew, width="stretch")
    if message := state.get("roster_edit_error"):
        st.error(markdown(sentence(message)), icon=":material/error:")


_DATE = 100
"""Pixels that a whole date takes."""


def _columns() -> dict[str, Any]:
    c = st.column_config
    return {
        "ID": c.TextColumn(required=True, help="Nobody else has it; reps are joined on it"),
        "Role": c.SelectboxColumn(options=list(REP_ROLES), help="Only a rep owns territories"),
        "Manager": c.TextColumn(help="Name or ID of somebody on this roster"),
        "Home": c.TextColumn(help="A ZIP, a city with its state (Austin, TX) or country, or an address"),
        "FTE %": c.NumberColumn(min_value=0.0, format="%.0f%%"),
        "Start": c.DateColumn(width=_DATE, help="New reps ramp up from here"),
        "End": c.DateColumn(width=_DATE),
        "Hours a year": c.NumberColumn(min_value=0.0, format="%,.0f", help="Selling hours; empty = as everybody's"),
        "Skills": c.TextColumn(help="Separated by commas"),
        "Level": c.NumberColumn(min_value=1, max_value=10, format="%d", help="Seniority, 1 = junior"),
        "Quota": c.NumberColumn(min_value=0.0, format="%,.0f"),
        "Active": c.CheckboxColumn(help="Uncheck to keep somebody out of matching and Generate"),
    }


def _save(dataset_id: str, edited: pd.DataFrame) -> None:
    state.drop("roster_edit_error")
    try:
        _, note = roster_table.save_table(state.workspace(), dataset_id, edited)
    except TerrError as error:
        state.put("roster_edit_error", str(error))
        return
    state.say(note)
    _renew()


def _renew() -> None:
    state.put("roster_nonce", state.get("roster_nonce", 0) + 1)
    state.drop("roster_edit_error")


def _history(data: dataset.Dataset) -> None:
    lines = roster_table.roster_history(state.workspace(), data.info.id)
    if len(lines) < 2:
        return
    with st.expander(f"History ({len(lines):,})", icon=":material/history:"):
        for line in lines[:20]:
            left, right = st.columns([5, 1], vertical_alignment="center")
            left.markdown(f"{local(line.at)} · {markdown(line.author)} · {markdown(line.note)}")
            if line.version != lines[0].version:
                right.button(
                    "Restore",
                    key=f"roster_at_{line.version}",
                    on_click=_restore,
                    args=(data.info.id, line.version),
                    width="stretch",
                )


def _restore(dataset_id: str, version: int) -> None:
    roster_table.restore_roster(state.workspace(), dataset_id, version)
    _renew()
