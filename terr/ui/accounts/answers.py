"""Answers to what a file left open, shown after the import and changed there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from terr.model.progress import Progress
from terr.ui.accounts.questions import choice_title
from terr.ui.jobs import window_jobs
from terr.ui.session import state
from terr.view.text import markdown
from terr.workspace import Workspace
from terr.workspace.accounts import answers
from terr.workspace.accounts.dataset import Dataset, Intake
from terr.workspace.accounts.upload import Question

Changed = Callable[[Callable[[Progress], Intake]], None]


def change(data: Dataset, changed: Changed) -> None:
    """A button that shows the questions, then each with its answer to change.

    Args:
        data: the data set.
        changed: makes the accounts again.
    """
    ws, sid = state.workspace(), data.info.id
    known = state.get("asked_of")
    if known is None or known[0] != data.version:
        if st.button("Change answers", key="change_answers", icon=":material/help:"):

            def done(found: object) -> None:
                state.put("asked_of", (data.version, found))

            window_jobs.quick("gate_asked", lambda w: answers.asked_at_import(ws, sid, progress=w), done)
            st.rerun()
        window_jobs.follow("gate_asked", lambda found: state.put("asked_of", (data.version, found)), stop="Cancel")
        return
    asked, now = known[1]
    if not asked:
        st.caption("The file left nothing open: there is no answer to change.")
    for one in asked:
        titles = {c.value: choice_title(c, one, one.rows_looked_at, dict(data.accounts.currency)) for c in one.choices}
        values = list(titles)
        picked = st.selectbox(
            markdown(one.title),
            values,
            index=values.index(now[one.key]) if now[one.key] in values else 0,
            format_func=titles.__getitem__,
            key=f"terr_answer_{data.version}_{one.key}",
            disabled=window_jobs.running("gate_change"),
        )
        if picked is not None and picked != now[one.key]:
            changed(partial(_changed, ws, sid, one, picked))


def _changed(ws: Workspace, dataset_id: str, one: Question, value: str, progress: Progress) -> Intake:
    return answers.change_answer(ws, dataset_id, one, value, progress=progress)
