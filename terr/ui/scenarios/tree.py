"""Saved plans: the tree of plans and versions, and what can be done with one of them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from terr.model.person import Person
from terr.model.scenario import ScenarioInfo
from terr.ui.scenarios.picker import allowed
from terr.ui.session import navigation, state
from terr.ui.session.errors import attempt
from terr.ui.session.local_time import local
from terr.view.text import count, markdown, metric_text, percent
from terr.workspace import levels
from terr.workspace.scenarios import tree
from terr.workspace.scenarios.key_figures import METRICS
from terr.workspace.scenarios.tree import TreeNode

_FIGURES = ("max_deviation_pct", "polsby_popper_mean", "territories")
COLUMNS = {
    "Plan": st.column_config.TextColumn(width="medium", help="◆ a plan, ◇ a named version of it; branches stand below"),
    **{METRICS[key].label: st.column_config.TextColumn(help=METRICS[key].formula) for key in _FIGURES},
    "Changes hands": st.column_config.TextColumn(
        help="Share of the plan's measure that lies in another territory than in the plan it branched from, or than "
        "when it was generated or imported; of all accounts that either reaches"
    ),
}
_INDENT = "\u2003"  # spaces of a column's beginning are dropped, this one isn't


def me() -> Person:
    """Who acts in this window."""
    return state.person()


def table(nodes: Sequence[TreeNode]) -> pd.DataFrame:
    """One row per plan or version, branches below what they grew from."""
    rows, shown = [], [METRICS[key] for key in _FIGURES]
    for node in nodes:
        found = tree.figures(state.workspace(), node)
        known = found.vitals
        moved = "–" if np.isnan(found.moved) else f"{percent(100 * found.moved)} since {found.since}"
        tags = [f"#{t.text}" for t in node.tags] + (["put away"] if node.mark is None and node.info.archived_at else [])
        rows.append(
            {
                "Plan": f"{_INDENT * 2 * node.depth}{'◇' if node.mark else '◆'} {node.point.name}",
                "Changes hands": moved,
                **{m.label: "–" if known is None else metric_text(m, known.figure(m.key)) for m in shown},
                "Tags": ", ".join(tags),
                "Measure": node.info.measure,
                "Last edit": local(node.at),
                "Made on": levels.heading(node.info) if node.mark is None else "",
            }
        )
    return pd.DataFrame(rows)


def table_key(nodes: Sequence[TreeNode]) -> str:
    """Key of the table: another order of rows is another table, because a selection names a row by its number."""
    return f"terr_scenarios_{zlib.crc32(repr([n.point.key for n in nodes]).encode()):08x}"


def browse() -> None:
    """The tree, with what can be done with the row chosen in it."""
    ws = state.workspace()
    archived = st.toggle("Show what is put away", key="terr_archived", help="Nothing expires; it is only out of sight")
    nodes = tree.tree(ws, archived=archived)
    if not nodes:
        st.info("Every plan is put away. Switch on “Show what is put away” to see them.", icon=":material/archive:")
        return
    frame = table(nodes)
    picked = st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height=min(420, 38 + 35 * len(frame)),
        on_select="rerun",
        selection_mode="single-row",
        key=table_key(nodes),
        column_config=COLUMNS,
    )
    rows = [r for r in picked.selection.rows if r < len(nodes)]
    if not rows:
        st.caption(
            "Choose a row (tick box at its left) to open, rename, branch, tag or put away. To give today's plan a name "
            "that stays, choose it and name a version."
        )
        return
    node = nodes[rows[0]]
    if node.mark is None:
        actions(node.info)
        _more(node)
    else:
        _version(node)
    _marks(node)


def open_plan(scenario_id: str) -> None:
    """Open a plan on page Plan."""
    state.open_scenario(scenario_id)
    st.query_params["scenario"] = scenario_id
    navigation.switch("plan")


def actions(info: ScenarioInfo) -> None:
    """Open, rename, duplicate, delete."""
    ws = state.workspace()
    st.markdown(f"**{markdown(info.name)}** · {count(info.rev, 'revision')}")
    a, b, c, d, e, f = st.columns([1, 2.2, 1, 1.1, 1.1, 1], vertical_alignment="bottom")
    if a.button("Open", type="primary", icon=":material/map:", width="stretch", key="open"):
        open_plan(info.id)
    field = f"name_{info.id}"
    b.text_input("New name", info.name, max_chars=120, key=field, label_visibility="collapsed")
    c.button(
        "Rename",
        width="stretch",
        key="rename",
        **allowed(info, "rename"),
        # read when clicked: what was typed last may come together with the click
        on_click=lambda: attempt(lambda: tree.rename(ws, info.id, str(st.session_state[field]), by=me())),
    )
    d.button(
        "Duplicate",
        width="stretch",
        key="duplicate",
        help="A copy with its whole history, below this plan",
        on_click=lambda: attempt(lambda: tree.duplicate(ws, info.id)),
    )
    away = info.archived_at is None
    e.button(
        "Put away" if away else "Fetch back",
        width="stretch",
        key="archive",
        **allowed(info, "archive", "Out of the lists; nothing is erased and nothing expires"),
        on_click=lambda: attempt(lambda: tree.archive(ws, info.id, on=away, by=me())),
    )
    f.button(
        "Delete",
        icon=":material/delete:",
        width="stretch",
        key="delete",
        on_click=_delete,
        args=(info,),
        **allowed(info, "delete"),
    )


def _more(node: TreeNode) -> None:
    """Name a version of the plan as it is, or branch from it."""
    ws, info = state.workspace(), node.info
    a, b, c, d = st.columns([2, 1.2, 2, 1.2], vertical_alignment="bottom")
    version, branch = f"version_{info.id}", f"branch_{info.id}"
    a.text_input("Name of a version", key=version, max_chars=120, placeholder="Draft for the board")
    b.button(
        "Name version",
        icon=":material/bookmark_add:",
        width="stretch",
        key="name_version",
        **allowed(info, "mark", "Keeps the plan as it is now under this name"),
        on_click=lambda: _cleared(version, lambda t: tree.name_version(ws, info.id, t, by=me())),
    )
    c.text_input("Name of a branch", key=branch, max_chars=120, placeholder=f"{info.name}, other way")
    d.button(
        "Branch",
        icon=":material/alt_route:",
        width="stretch",
        key="branch",
        help="A plan of its own that starts from here; both go on by themselves",
        on_click=lambda: _cleared(branch, lambda t: tree.branch(ws, info.id, info.head, t, by=me())),
    )


def _version(node: TreeNode) -> None:
    """What can be done with a named version."""
    ws, info, mark = state.workspace(), node.info, node.mark
    if mark is None:
        return
    st.markdown(f"**{markdown(mark.text)}**, a version of {markdown(info.name)} · named by {markdown(node.by or 'me')}")
    a, b, c, d = st.columns([1.1, 2, 1.2, 1.2], vertical_alignment="bottom")
    if a.button("Open its plan", type="primary", icon=":material/map:", width="stretch", key="open"):
        open_plan(info.id)
    field = f"branch_{info.id}_{mark.id}"
    b.text_input("Name of a branch", key=field, max_chars=120, placeholder=f"{mark.text}, other way")
    c.button(
        "Branch from it",
        icon=":material/alt_route:",
        width="stretch",
        key="branch",
        on_click=lambda: _cleared(field, lambda t: tree.branch(ws, info.id, node.edit_id, t, by=me())),
    )
    d.button(
        "Take the name off",
        width="stretch",
        key="unname",
        **allowed(info, "mark", "The plan and its history stay as they are"),
        on_click=lambda: attempt(lambda: tree.remove_mark(ws, info.id, mark.id, by=me())),
    )


def _marks(node: TreeNode) -> None:
    """Tags and notes of a plan or version."""
    ws, info = state.workspace(), node.info
    a, b, c, d = st.columns([2, 1.2, 2, 1.2], vertical_alignment="bottom")
    tag, note = f"tag_{node.point.key}", f"note_{node.point.key}"
    a.text_input("Tag", key=tag, max_chars=60, placeholder="board version")
    b.button(
        "Tag",
        icon=":material/sell:",
        width="stretch",
        key="tag",
        **allowed(info, "mark"),
        on_click=lambda: _cleared(tag, lambda t: tree.add_mark(ws, node, "tag", t, by=me())),
    )
    c.text_input("Note", key=note, max_chars=4000, placeholder="Why this one")
    d.button(
        "Add note",
        icon=":material/sticky_note_2:",
        width="stretch",
        key="note",
        **allowed(info, "mark"),
        on_click=lambda: _cleared(note, lambda t: tree.add_mark(ws, node, "note", t, by=me())),
    )
    for mark in (*node.tags, *node.notes):
        left, right = st.columns([8, 1], vertical_alignment="center")
        icon = "sell" if mark.kind == "tag" else "sticky_note_2"
        who = mark.by.name or mark.by.user_id
        left.markdown(f":material/{icon}: {markdown(mark.text)} · {markdown(who)}, {local(mark.at)}")
        right.button(
            "Remove",
            key=f"unmark_{mark.id}",
            width="stretch",
            **allowed(info, "mark"),
            on_click=lambda m=mark: attempt(lambda: tree.remove_mark(ws, info.id, m.id, by=me())),
        )


def _cleared(field: str, act: object) -> None:
    """Do something with what was typed, and empty the field if it worked."""
    if attempt(lambda: act(str(st.session_state[field]))) is not None:  # type: ignore[operator]
        st.session_state[field] = ""


def _delete(info: ScenarioInfo) -> None:
    def act() -> bool:
        tree.delete(state.workspace(), info.id)
        return True

    if attempt(act):
        state.put("deleted", [*state.get("deleted", []), {"id": info.id, "name": info.name}])
        if state.get("scenario") == info.id:
            state.close_scenario()


def undo_line() -> None:
    """What was deleted in this window, newest first, with the way back."""
    for gone in reversed(state.get("deleted", [])):
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.info(f"“{markdown(gone['name'])}” is deleted.", icon=":material/delete:")
        right.button("Undo", key=f"undo_delete_{gone['id']}", on_click=restore, args=(gone["id"],), width="stretch")


def restore(scenario_id: str) -> None:
    """Bring a deleted plan back."""
    attempt(lambda: tree.restore(state.workspace(), scenario_id))
    state.put("deleted", [gone for gone in state.get("deleted", []) if gone["id"] != scenario_id])
