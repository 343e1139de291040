"""One territory plan: its sections to read and to change, its state, undo, history and files."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.ui.session.local_time import local
from terr.ui.territory_plans import editing, files, overview, reading
from terr.view.text import markdown, sentence
from terr.workspace.territory_plans import plans
from terr.workspace.territory_plans.plans import OpenTerritoryPlan

_ICONS = {"draft": ":material/edit:", "agreed": ":material/handshake:", "frozen": ":material/lock:"}


def show_plan(sid: str) -> None:
    """The chosen plan."""
    code = overview.chooser(sid)
    if code is None:
        return
    ws = state.workspace()
    try:
        known = plans.composer_of(ws, sid)
        opened = plans.open_plan(ws, sid, code, known)
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    _head(opened)
    state.show_said()
    view = opened.view
    for section in view.sections:
        with st.container(border=True):
            st.subheader(markdown(section.title), anchor=False)
            reading.show_section(section, f"tp_{section.key}_{code}_{opened.seen}", view.picture)
            if opened.may_edit and not opened.frozen and section.key in editing.EDITORS:
                with st.expander("Change", icon=":material/edit:", key=f"tp_edit_{section.key}_{code}"):
                    editing.EDITORS[section.key](opened, known)
    with st.expander("History", icon=":material/history:"):
        _history(opened)
    with st.expander("Files", icon=":material/download:"):
        files.show_files(opened)
    for source in view.sources:
        st.caption(markdown(source))


def _head(opened: OpenTerritoryPlan) -> None:
    """State, what may be done with it, undo and redo."""
    view, now = opened.view, opened.content.state
    said = overview.STATES[now]
    if view.frozen:
        said += f" {view.frozen} by {view.by}; it shows what it was then"
    facts = f"facts to {view.as_of}" if view.as_of else "no facts imported"
    who = view.rep or "nobody assigned"
    st.markdown(f"{_ICONS[now]} **{markdown(said)}** · {markdown(view.period)} · {markdown(who)} · {markdown(facts)}")
    if not opened.may_edit:
        st.caption("You can read this plan; its rep, their manager and editors of the plan change it.")
        return
    row = st.container(horizontal=True)
    if opened.frozen:
        _button(row, opened, "Reopen", "draft", ":material/lock_open:", not opened.may_decide)
        return
    if now == "draft":
        _button(row, opened, "Mark as agreed", "agreed", ":material/handshake:", False)
    else:
        _button(row, opened, "Back to draft", "draft", ":material/edit:", False)
    _button(row, opened, f"Freeze for {view.period}", "frozen", ":material/lock:", not opened.may_decide)
    titles = plans.undo_titles(opened, names())
    for label, what, redo, icon in (
        ("Undo", titles.undo, False, ":material/undo:"),
        ("Redo", titles.redo, True, ":material/redo:"),
    ):
        row.button(
            label,
            key=f"tp_{label.lower()}",
            icon=icon,
            disabled=not what,
            help=markdown(what) or None,
            on_click=_undo,
            args=(opened, redo),
        )


def _button(
    row: st.delta_generator.DeltaGenerator, opened: OpenTerritoryPlan, label: str, to: str, icon: str, off: bool
) -> None:
    row.button(
        markdown(label),
        key=f"tp_state_{to}",
        icon=icon,
        disabled=off,
        help="The rep's manager or an editor of the plan does this." if off else None,
        on_click=_set_state,
        args=(opened, to),
    )


def names() -> frozenset[str]:
    """Names under which the person at this window changes plans."""
    who = state.person()
    return frozenset((who.name,) if who.user_id else (state.author(), *state.known_as()))


def _set_state(opened: OpenTerritoryPlan, to: str) -> None:
    attempt(lambda: plans.set_state(state.workspace(), opened, to, by=overview.signed()))
    editing.forget()


def _undo(opened: OpenTerritoryPlan, redo: bool) -> None:
    made = attempt(lambda: plans.undo(state.workspace(), opened, names(), by=overview.signed(), redo=redo))
    editing.forget()
    if made is not None:
        state.say(f"{made.title}.")


def _history(opened: OpenTerritoryPlan) -> None:
    rows = [
        (local(one.at), one.by.name or "me", plans.brief(one.title, opened.view.territory))
        for one in reversed(opened.log)
    ]
    st.dataframe(
        pd.DataFrame(rows, columns=["When", "Who", "What"]), hide_index=True, width="stretch", key="terr_tp_history"
    )
