"""Files of territory plans: of the one that is open, and of all of them in one zip with progress and Stop."""

from __future__ import annotations

from functools import partial

import streamlit as st

from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.view.text import count
from terr.workspace.territory_plans import files, plans
from terr.workspace.territory_plans.plans import OpenTerritoryPlan


def show_files(opened: OpenTerritoryPlan) -> None:
    """A button for each file; each is made when it is asked for."""
    for column, (kind, (label, what)) in zip(st.columns(len(files.KINDS)), files.KINDS.items(), strict=True):
        end = kind.rsplit(".", 1)[-1]
        column.download_button(
            label,
            partial(_bytes, opened, kind),
            files.name_of(opened.view, kind),
            files.mime_of(end),
            icon=":material/download:",
            width="stretch",
            key=f"tp_file_{kind}_{opened.code}",
            on_click="ignore",
        )
        column.caption(what)


def _bytes(opened: OpenTerritoryPlan, kind: str) -> bytes:
    return files.plan_file(state.workspace(), opened, kind).data


def show_all_files(sid: str) -> None:
    """All plans one may read as one zip, made beside the page."""
    ws = state.workspace()
    lines = [line for line in plans.lines(ws, sid) if line.state]
    if not lines:
        st.info("No plan is begun yet. Begin some under All plans.", icon=":material/assignment:")
        return
    kinds = st.multiselect(
        "Files for each plan",
        list(files.KINDS),
        default=["pdf"],
        format_func=lambda k: files.KINDS[k][0],
        key="tp_zip_kinds",
    )
    stand = (sid, tuple(kinds), ws.rev(sid), tuple((line.code, line.at) for line in lines))
    if state.get("tp_zip_wanted") != stand:
        st.button(
            f"Make a zip of {count(len(lines), 'plan')}",
            type="primary",
            key="tp_zip",
            disabled=not kinds,
            icon=":material/folder_zip:",
            on_click=state.put,
            args=("tp_zip_wanted", stand),
        )
        return
    made = window_jobs.worked_out("tp_zip_file", stand, lambda progress: files.all_files(ws, sid, kinds, progress))
    if made is not None:
        st.download_button(
            f"Download {count(len(lines), 'plan')} (zip)",
            made.data,
            made.name,
            made.mime,
            icon=":material/download:",
            key="tp_zip_get",
            on_click="ignore",
        )
