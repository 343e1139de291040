"""Which plan page Scenarios looks at, and what the person here may do with it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from terr.model.scenario import ScenarioInfo
from terr.ui.session import state
from terr.view.text import distinct, markdown
from terr.workspace.access import roles
from terr.workspace.scenarios.tree import plans


def plan(key: str, label: str = "Plan") -> ScenarioInfo:
    """Choose a plan; the open one comes first."""
    ws = state.workspace()
    every = plans(ws) or plans(ws, archived=True)
    ids = [p.id for p in every]
    names = distinct({p.id: p.name for p in every})
    current = state.scenario_id()
    at = ids.index(current) if current in ids else 0
    picked = st.selectbox(label, ids, index=at, format_func=lambda i: names[i], key=f"terr_{key}_{current}")
    return every[ids.index(picked)]


def allowed(info: ScenarioInfo, action: str, help_: str | None = None, *, off: bool = False) -> dict[str, Any]:
    """For a button: off, with the reason and whom to ask, for a person who may not do this with the plan."""
    why = roles.needs(state.workspace(), info.id, state.person(), action)
    return {"disabled": bool(why) or off, "help": markdown(why) if why else help_}
