"""Downloads of the open plan, the totals they must equal, and the plan file that comes back."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.view.text import markdown, number, sentence, short
from terr.workspace.plan.snapshot import plan_snapshot, totals
from terr.workspace.reports.crm import version
from terr.workspace.reports.downloads import KINDS, export, file_name, import_plan, mime_of, takes_long

_WHAT = {
    "accounts.csv": (
        "Accounts (CSV)",
        "The same rows as text; in Excel use Data > From Text to keep leading zeros in ZIPs",
    ),
    "plan.csv": ("Plan file (CSV)", "The plan itself (unit_id,territory), to save or to upload again"),
    "territories.geojson": ("Territories (GeoJSON)", "One shape per territory, for mapping software"),
    "territories-shapefile.zip": ("Territories (Shapefile)", "The same zipped, for ArcGIS and other GIS software"),
    "territories.gpkg": ("Territories (GeoPackage)", "The same for QGIS and other GIS software"),
}
_A_ROW = 3


def totals_line(sid: str) -> None:
    """accepted = assigned + unassigned + outside + unlocated, in accounts and in each measure."""
    one = totals(state.workspace(), sid)
    shown = plan_snapshot(state.workspace(), sid)
    money = dict(shown.accounts.currency)
    parts = {
        "Imported": one.accepted,
        "Assigned": one.assigned,
        "Unassigned": one.unassigned,
        "Outside the region": one.outside,
        "Not located": one.unlocated,
    }
    rows = [{"": "Accounts", **{name: number(p.rows) for name, p in parts.items()}}]
    for j, measure in enumerate(one.measures):
        rows.append({"": measure, **{n: short(p.loads[j], money.get(measure, "")) for n, p in parts.items()}})
    st.markdown("**Imported = assigned + unassigned + outside the region + not located**")
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="terr_totals")


def downloads(sid: str) -> None:
    """One button per file; each is made when it is asked for, a long one beside the page."""
    st.subheader("Files")
    ws = state.workspace()
    stem = plan_snapshot(ws, sid).info.name
    shown = [kind for kind in KINDS if kind in _WHAT]  # the workbook has a card of its own
    for first in range(0, len(shown), _A_ROW):
        for column, kind in zip(st.columns(_A_ROW), shown[first : first + _A_ROW], strict=False):
            label, what = _WHAT[kind]
            with column:
                if takes_long(ws, sid, kind):
                    _prepared(sid, kind, label, file_name(stem, kind))
                else:
                    _button(label, partial(_bytes, sid, kind), file_name(stem, kind), kind)
                st.caption(what)


def _button(label: str, data: Any, name: str, kind: str) -> None:
    st.download_button(
        label,
        data,
        name,
        mime_of(kind),
        icon=":material/download:",
        width="stretch",
        key=f"get_{kind}",
        on_click="ignore",
    )


def _prepared(sid: str, kind: str, label: str, name: str) -> None:
    """A file that takes long is made beside the page, with a bar and Stop, and then offered."""
    ws = state.workspace()
    stand = version(ws, sid)
    wanted = f"wanted_{kind}"
    if state.get(wanted) != stand:
        st.button(
            f"Prepare {label}",
            key=f"prepare_{kind}",
            icon=":material/hourglass_top:",
            width="stretch",
            on_click=state.put,
            args=(wanted, stand),
        )
        return
    made = window_jobs.worked_out(f"file_{kind}", stand, lambda progress: export(ws, sid, kind, progress))
    if made is not None:
        _button(label, made.data, name, kind)


def _bytes(sid: str, kind: str) -> bytes:
    return export(state.workspace(), sid, kind).data


def plan_upload(sid: str) -> None:
    """A plan file becomes one edit of the open plan."""
    st.subheader("Upload a plan file")
    given = st.file_uploader(
        "Plan file (CSV or Excel: a column of IDs and one of territories)",
        key="terr_plan_file",
        help="Replaces the plan in one step; Undo brings it back. Files of other programs work too: lost zeros are "
        "restored, and what the file leaves out stays unassigned.",
    )
    if given is None or state.get("plan_file_id") == given.file_id:
        if said := state.get("plan_file_notes"):
            st.info("\n".join(f"- {markdown(sentence(note))}" for note in said), icon=":material/info:")
        if message := state.get("plan_file_error"):
            st.error(markdown(message), icon=":material/error:")
        return
    state.put("plan_file_id", given.file_id)
    state.drop("plan_file_error")
    notes: list[str] = []
    try:
        done = import_plan(
            state.workspace(),
            sid,
            state.window_state().rev,
            given.getvalue(),
            author=state.author(),
            filename=given.name.replace("#", " "),
            tell=notes.append,
        )
    except TerrError as error:
        state.put("plan_file_error", str(error))
        state.at_newest()  # the next try is made on what is there now
    else:
        state.at_revision(done.rev)
        state.put("plan_file_notes", notes)
        state.say(
            "Plan file imported. Undo on the Plan page brings the earlier plan back."
            if done.changed
            else "The plan file matches the plan; nothing changed."
        )
    st.rerun()
