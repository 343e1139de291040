"""Reports: what goes back into the CRM, who is left out of it and why, and the CRM's ids of the territories."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.view.text import markdown, number
from terr.workspace.reports.crm import (
    FILES,
    TEAM,
    back_to_crm,
    crm_kinds,
    crms,
    save_territory_ids,
    territory_ids,
    version,
)
from terr.workspace.reports.downloads import CSV, file_name

_WHAT = {
    FILES[0]: ("Territory assignments", "ObjectTerritory2Association: account, territory and cause"),
    FILES[1]: (
        "Owner updates",
        "Id and OwnerId of the accounts whose owner changes; the roster must have Salesforce user IDs",
    ),
    FILES[2]: (
        "Company owners",
        "Record ID and owner (email, or a unique name) of companies whose owner changes",
    ),
    TEAM: ("Account teams", "AccountTeamMember: account, user and role of the overlays; the owner stays"),
    FILES[3]: (
        "Account territories",
        "Account (the GUID) and Territory. Create territories of the same names in Dynamics 365 first; map Account to "
        "the primary key",
    ),
    FILES[4]: (
        "Account owners",
        "Account (the GUID) and Owner (full name if unique, else email) of accounts whose owner changes",
    ),
}
_TERRITORY, _ID = "Territory", "Salesforce ID (0MI...)"


def section(sid: str) -> None:
    """Downloads for one CRM, with what is left out."""
    st.subheader("Update your CRM")
    found = crms(state.workspace(), sid)
    if not found:
        st.caption(
            "These accounts have no Salesforce, HubSpot or Dynamics 365 IDs. Import accounts with your CRM's account "
            "ID column to get files that update it."
        )
        return
    chosen = st.segmented_control(
        "CRM",
        found,
        format_func=markdown,
        default=found[0],
        required=True,
        key="terr_crm",
        label_visibility="collapsed",
    )
    kinds = crm_kinds(state.workspace(), sid, str(chosen))
    if not kinds:
        st.caption("An overlay doesn't own accounts, so this CRM's files are those of the field plan.")
        return
    if FILES[0] in kinds:
        _ids(sid)
    for column, kind in zip(st.columns(max(2, len(kinds))), kinds, strict=False):
        with column:
            _file(sid, kind)


def _file(sid: str, kind: str) -> None:
    ws = state.workspace()
    made = window_jobs.worked_out(
        f"crm_{kind}", version(ws, sid), lambda progress: back_to_crm(ws, sid, kind, progress)
    )
    if made is None:
        return
    label, what = _WHAT[kind]
    st.download_button(
        f"{label} (CSV)",
        made.csv(),
        file_name(ws.scenario(sid).name, kind),
        CSV,
        icon=":material/download:",
        width="stretch",
        disabled=made.frame.empty,
        key=f"get_{kind}",
        on_click="ignore",
    )
    st.caption(what)
    rows, left = len(made.frame), sum(made.left_out.values())
    st.markdown(f"**{number(rows)} accounts** in the file" + (f", {number(left)} not included:" if left else "."))
    if left:
        st.markdown("\n".join(f"- {number(n)}: {markdown(why)}" for why, n in made.left_out.items()))


def _ids(sid: str) -> None:
    ws = state.workspace()
    plan, _ = ws.plan(sid)
    if not plan.territories:
        return
    known = territory_ids(ws, sid)
    with st.expander(
        f"Salesforce IDs of the territories: {len(known)} of {len(plan.territories)} entered", expanded=not known
    ):
        st.caption(
            "In Salesforce, open Setup › Territory Models › your model › a territory, and copy the ID from the page's "
            "URL. You can paste a whole column."
        )
        table = pd.DataFrame(
            {_TERRITORY: [t.name for t in plan.territories], _ID: [known.get(t.code, "") for t in plan.territories]}
        )
        edited = st.data_editor(
            table,
            disabled=[_TERRITORY],
            hide_index=True,
            width="stretch",
            column_config={_ID: st.column_config.TextColumn(max_chars=18)},
            key=f"terr_crm_ids_{sid}",
        )
        if st.button("Save IDs", key="terr_crm_keep"):
            try:
                given = [str(v or "") for v in edited[_ID]]
                save_territory_ids(ws, sid, {t.code: v for t, v in zip(plan.territories, given, strict=True)})
            except TerrError as error:
                st.error(markdown(str(error)), icon=":material/error:")
            else:
                state.say("IDs saved with the plan.")
                st.rerun()
