"""History of a plan: who did what, when, why, and what it did to the balance; and the ways to any point of it."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from terr.model.scenario import ScenarioInfo
from terr.ui.jobs import window_jobs
from terr.ui.scenarios import maps, picker
from terr.ui.scenarios import tree as tree_view
from terr.ui.session import state
from terr.ui.session.errors import attempt, guarded
from terr.ui.session.local_time import local
from terr.view.text import count, markdown
from terr.workspace import levels
from terr.workspace.accounts.dataset import dataset
from terr.workspace.plan import undo
from terr.workspace.scenarios import history, tree
from terr.workspace.scenarios.history import HistoryLine
from terr.workspace.scenarios.key_figures import deviation_text, key_figures

_PAGE = 50


@guarded
def show_history() -> None:
    """The story of one plan, and its point chosen in it."""
    ws = state.workspace()
    top = st.columns([2, 1.6, 1.8, 1], vertical_alignment="bottom")
    with top[0]:
        info = picker.plan("history_plan")
    lines = history.history_lines(ws, info.id)
    people = sorted({x.event.who for x in lines if x.event.who})
    who = top[1].multiselect("By", people, key=f"terr_who_{info.id}", placeholder="Everybody")
    there = {x.kind for x in lines}
    kinds = top[2].multiselect(
        "What",
        [k for k in history.KINDS if k in there],
        format_func=lambda k: history.KINDS[k],
        key=f"terr_kinds_{info.id}",
        placeholder="Everything",
    )
    fits = history.chosen(lines, who=who, kinds=kinds)
    pages = max(1, -(-len(fits) // _PAGE))
    page = 1
    if pages > 1:
        page = int(top[3].number_input(f"Page of {pages:,}", 1, pages, 1, key=f"terr_page_{info.id}_{pages}"))
    _travel(info)
    if not fits:
        st.info("No changes match the filters above.", icon=":material/filter_alt_off:")
        return
    part = fits[(page - 1) * _PAGE : page * _PAGE]
    key = _table_key(part, info)
    # the table has the room of what isn't shown yet
    left, right = st.columns([1.55 if _chosen_rows(key) else 4.5, 1], gap="medium")
    with left:
        chosen = _table(part, info, key)
    with right:
        if chosen is None:
            st.caption("Check a line to see the plan as it was, go back to it, copy it or save it as a version.")
        elif chosen.event.edit_id is None:
            st.info("This line didn't change the plan, so there is no earlier map to show.", icon=":material/info:")
        else:
            _point(info, chosen)


def _travel(info: ScenarioInfo) -> None:
    """Undo and redo of one's own edits, as on the map."""
    ws, rev = state.workspace(), info.rev
    author, known_as = state.author(), state.known_as()
    steps = undo.undo_steps(ws, info.id, author=author, known_as=known_as)
    buttons = st.container(horizontal=True, vertical_alignment="center", gap="small")
    for label, step, nothing, act in (
        ("Undo", steps.undo, steps.no_undo, undo.undo),
        ("Redo", steps.redo, steps.no_redo, undo.redo),
    ):
        what = f"{label} your last change: {step.title}. Other people's changes stay." if step else nothing
        buttons.button(
            label,
            key=label.lower(),
            on_click=lambda act=act: done(lambda: act(ws, info.id, rev, author=author, known_as=known_as)),
            **picker.allowed(info, "undo", markdown(what), off=step is None),
        )
    buttons.caption(f"{markdown(levels.heading(info))} · {count(info.rev, 'revision')}")


def done(act: Callable[[], Any]) -> None:
    """Do something to a plan, say what came of it, and let an open Plan page show the newest."""
    out = attempt(act)
    if out is None:
        return
    state.say(getattr(out, "notice", ""))
    state.at_newest()


def _table_key(lines: Sequence[HistoryLine], info: ScenarioInfo) -> str:
    rows = [(x.event.at, x.event.rev) for x in lines]
    return f"terr_story_{zlib.crc32(repr((info.id, rows)).encode()):08x}"


def _chosen_rows(key: str) -> list[int]:
    kept = st.session_state.get(key)
    return list(kept["selection"]["rows"]) if kept else []


def _table(lines: Sequence[HistoryLine], info: ScenarioInfo, key: str) -> HistoryLine | None:
    frame = pd.DataFrame(
        {
            "When": [local(x.event.at) for x in lines],
            "Who": [x.event.who or "–" for x in lines],
            "What": history.with_names(state.workspace(), info, lines),
            "Effect on balance": [x.effect for x in lines],
            "Why": [x.event.why for x in lines],
        }
    )
    picked = st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=min(560, 38 + 35 * len(frame)),
        on_select="rerun",
        selection_mode="single-row",
        key=key,
        column_config={
            "What": st.column_config.TextColumn(width=270),
            "Effect on balance": st.column_config.TextColumn(
                width=270, help="Biggest gap from target before and after the change, as measured when it was made"
            ),
        },
    )
    at = [r for r in picked.selection.rows if r < len(lines)]
    return lines[at[0]] if at else None


def _point(info: ScenarioInfo, line: HistoryLine) -> None:
    """The plan as it was after the chosen line."""
    ws, edit_id = state.workspace(), int(line.event.edit_id or 0)
    found = window_jobs.worked_out(
        "history_point",
        (info.id, edit_id, info.measure, info.seq, dataset(ws, info.dataset_id).key),
        lambda progress: key_figures(ws, info, edit_id, progress=progress),
    )
    if found is None:
        return
    at_head = edit_id == info.head
    st.markdown(
        f"**{'The plan as it is now' if at_head else 'The plan as it was then'}** · "
        f"{count(int(found.figure('territories')), 'territory', 'territories')} · "
        f"{markdown(deviation_text(found, info.tolerance))}"
    )
    plan = ws.plan_at(info.id, edit_id)
    shown = maps.pane(
        info,
        plan,
        edit_id,
        dataset(ws, info.dataset_id).reps,
        f"{info.name}, {local(line.event.at)}",
        line.event.what,
        ws.colors(info, plan),
    )
    maps.show_maps([maps.pair_map_inputs(info)], [shown], "point", height=330)
    a, b = st.columns([1, 1], vertical_alignment="bottom")
    rev = info.rev
    a.button(
        "Go back to this point",
        icon=":material/history:",
        width="stretch",
        key="back_to",
        **picker.allowed(info, "edit", "Restores the plan as it was; later changes stay in the history", off=at_head),
        on_click=lambda: done(lambda: history.back_to(ws, info.id, edit_id, rev, author=state.author())),
    )
    if b.button("Open plan", icon=":material/map:", width="stretch", key="open_point"):
        tree_view.open_plan(info.id)
    _named(info, edit_id)


def _named(info: ScenarioInfo, edit_id: int) -> None:
    ws = state.workspace()
    for label, key, verb, action, act in (
        (
            "Name of the copy",
            "branch_here",
            "Copy from here",
            "view",
            lambda text: tree.branch(ws, info.id, edit_id, text, by=tree_view.me()),
        ),
        (
            "Version name",
            "name_here",
            "Save version",
            "mark",
            lambda text: tree.name_version(ws, info.id, text, edit_id=edit_id, by=tree_view.me()),
        ),
    ):
        a, b = st.columns([1.5, 1], vertical_alignment="bottom")
        field = f"{key}_{info.id}_{edit_id}"
        a.text_input(label, key=field, max_chars=120)
        b.button(
            verb,
            key=key,
            width="stretch",
            on_click=_made,
            args=(field, verb, act),
            **picker.allowed(info, action),
        )


def _made(field: str, verb: str, act: Callable[[str], Any]) -> None:
    text = str(st.session_state[field])
    if attempt(lambda: act(text)) is not None:
        st.session_state[field] = ""
        state.say(f"{verb}: {text.strip()}. Find it under Plans.")
