"""The roster: loading it and showing who covers what."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.view.text import count, markdown, percent, short
from terr.workspace.accounts import dataset
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reps import roster


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
    _way_back(data)
    issues = state.get("roster_issues")
    if issues is not None and len(issues):
        st.warning(f"{count(len(issues), 'issue')} in the roster file", icon=":material/info:")
        st.dataframe(issues, hide_index=True, width="stretch")


def _way_back(data: dataset.Dataset) -> None:
    before = state.get("roster_before")
    if before is None or before[0] != data.info.id or not before[1]:
        return
    left, right = st.columns([4, 1.4], vertical_alignment="center")
    left.info(f"The roster now has {count(len(data.reps), 'rep')}; it had {len(before[1]):,}.", icon=":material/group:")
    right.button("Restore the earlier roster", key="roster_back", on_click=_bring_back, width="stretch")


def _bring_back() -> None:
    dataset_id, reps = state.get("roster_before")
    roster.set_reps(state.workspace(), dataset_id, reps)
    state.drop("roster_before", "roster_issues")


def table(data: dataset.Dataset, sid: str | None) -> pd.DataFrame:
    """One row per rep: home, capacity, and the territory and load in the open plan."""
    shown = plan_snapshot(state.workspace(), sid) if sid else None
    rows = []
    for rep in data.reps:
        row = {
            "Rep": rep.name,
            "ID": rep.rep_id,
            "Home ZIP": rep.home_zip or "–",
            "Capacity": percent(100 * rep.capacity, 0),
        }
        if shown is not None:
            codes = [t.code for t in shown.plan.territories if t.rep == rep.rep_id]
            mine = shown.table[shown.table["code"].isin(codes)]
            row["Territory"] = ", ".join(mine["territory"]) or "–"
            row[shown.measure] = short(float(mine["load"].sum()), shown.currency) if codes else "–"
            row["Accounts"] = f"{int(mine['accounts'].sum()):,}" if codes else "–"
        rows.append(row)
    return pd.DataFrame(rows)
