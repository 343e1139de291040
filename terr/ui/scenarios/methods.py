"""Methods on page Scenarios: one click divides the accounts by geography, columns, size and a mix, side by side."""

from __future__ import annotations

import streamlit as st

from terr.ui.jobs import window_jobs
from terr.ui.scenarios.picker import plan
from terr.ui.scenarios.tree import open_plan
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import count, markdown
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.scenarios.methods import MethodPlan, MethodTable, attributes, compare_methods, open_method

JOB, MOST = "methods", 3


def show_methods() -> None:
    """The question, the table, and a button for each method."""
    ws = state.workspace()
    info = plan("methods_plan")
    shown = plan_snapshot(ws, info.id)
    k = len(shown.plan.territories)
    if k < 2:
        st.info("Methods are compared on a plan with at least two territories. Generate some first.")
        return
    columns = attributes(shown)
    chosen = st.multiselect(
        "Columns to divide by", columns, default=list(columns[:1]), max_selections=MOST, key="terr_methods_columns"
    )
    st.caption(
        "Geography, each of these columns, size, and large accounts above geography, each with "
        f"{count(k, 'territory', 'territories')}. It takes up to a minute."
    )
    key = (info.id, shown.rev, shown.data, shown.measure, tuple(chosen))
    if st.button("Compare methods", type="primary", icon=":material/rule:", key="terr_methods_go"):
        state.put("methods_asked", key)
    if state.get("methods_asked") != key:
        return
    found = window_jobs.worked_out(
        JOB, key, lambda progress: compare_methods(ws, shown, [str(c) for c in chosen], progress)
    )
    if found is not None:
        _table(found)
        for column, one in zip(st.columns(len(found.plans)), found.plans, strict=True):
            column.button(
                f"Open {markdown(one.title)}",
                key=f"terr_method_{one.key}",
                width="stretch",
                help="A scenario with these territories; this plan stays as it is",
                on_click=_open,
                args=(info.id, one),
            )
    if made := state.get("methods_made"):
        state.drop("methods_made")
        open_plan(str(made))


def _table(found: MethodTable) -> None:
    st.dataframe(found.table, hide_index=True, width="stretch", key="terr_methods")
    for note in found.notes:
        st.caption(markdown(note))


def _open(scenario_id: str, one: MethodPlan) -> None:
    ws = state.workspace()
    made = attempt(lambda: open_method(ws, plan_snapshot(ws, scenario_id), one, author=state.author()))
    if made is not None:
        state.say(f"“{made.name}” is a new scenario of books of accounts.")
        state.put("methods_made", made.id)
