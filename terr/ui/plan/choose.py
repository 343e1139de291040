"""A window that has no plan open yet: the plans there are, to choose from."""

from __future__ import annotations

from contextlib import suppress

import streamlit as st

from terr.errors import InputError
from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.ui.session.local_time import local
from terr.view.text import markdown
from terr.workspace.accounts.dataset import dataset
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.scenarios import tree

MOST = 6


def opened(sid: str) -> bool:
    """Whether what the map and the charts are made of is in memory; else how far that is stands here."""
    ws, info = state.workspace(), state.workspace().scenario(sid)

    def load(progress: Progress) -> bool:
        progress.tell(0.0, "loading the map areas")
        ws.units(info)
        progress.tell(0.4, "loading the accounts")
        dataset(ws, info.dataset_id)
        progress.tell(0.7, "measuring the territories")
        with suppress(InputError):  # a measure that is gone: the page asks for another one
            plan_snapshot(ws, sid)
        return True

    return window_jobs.worked_out("open_plan", (sid, info.units_version, info.dataset_id), load) is not None


def a_plan() -> bool:
    """The plans edited last, each a button that opens it here; False if there is none."""
    plans = tree.plans(state.workspace())
    if not plans:
        return False
    st.markdown("**Open a plan**")
    for info in plans[:MOST]:
        label = f"{markdown(info.name)} · revision {info.rev:,} · {local(info.updated_at)}"
        if st.button(label, key=f"open_{info.id}", icon=":material/map:"):
            state.open_scenario(info.id)
            st.query_params["scenario"] = info.id
            st.rerun()
    return True
