"""Saved plans: the tree of plans and versions, and what can be done with one of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import streamlit as st

from terr.model.person import Person
from terr.model.scenario import ScenarioInfo
from terr.ui.jobs import window_jobs
from terr.ui.scenarios.picker import allowed
from terr.ui.session import navigation, state
from terr.ui.session.errors import attempt
from terr.ui.session.local_time import local
from terr.view.text import count, date_text, markdown, metric_text, percent
from terr.workspace import levels
from terr.workspace.plan.snapshot import Metric
from terr.workspace.scenarios import tree
from terr.workspace.scenarios.key_figures import METRICS
from terr.workspace.scenarios.tree import TreeFigures, TreeNode
from terr.workspace.workspace import TRASH_DAYS

_FIGURES = ("max_deviation_pct", "polsby_popper_mean", "territories")
_PAGE = 20
MORE = "more_of"
COMPARE_WITH = "compare_with"
"""Point that page Scenarios' Compare begins with, kept in the window."""


def me() -> Person:
    """Who acts in this window."""
    return state.person()


def figures_line(node: TreeNode, found: TreeFigures) -> str:
    """What a plan or version reaches: "Max deviation 4.7% (limit ±5%) · 12 territories · Potential"."""
    known = found.vitals
    if known is None:
        return "Its figures can't be computed on this computer."
    limit = 100 * node.info.tolerance
    shown = [f"{METRICS[key].label} {_text(METRICS[key], known.figure(key), limit)}" for key in _FIGURES[:2]]
    return " · ".join([*shown, count(int(known.figure("territories")), "territory", "territories"), node.info.measure])


def moved_line(node: TreeNode, found: TreeFigures) -> str:
    """What moved, where the plan is and when it was worked on."""
    parts = [] if node.mark else [levels.heading(node.info)]
    if not np.isnan(found.moved):
        parts.append(f"{percent(100 * found.moved)} of {node.info.measure} moved since {found.since}")
    return " · ".join([*parts, f"{'saved' if node.mark else 'edited'} {local(node.at)}"])


def _text(metric: Metric, value: float, limit: float) -> str:
    return metric_text(metric, value, limit=limit if metric.key == "max_deviation_pct" else None)


def browse() -> None:
    """The tree as rows, each with what can be done with it."""
    ws = state.workspace()
    archived = st.toggle("Show archived", key="terr_archived", help="Archived plans are kept and can be restored")
    nodes = tree.tree(ws, archived=archived)
    if not nodes:
        st.info("Every plan is archived. Turn on “Show archived” to see them.", icon=":material/archive:")
        return
    pages, page = max(1, -(-len(nodes) // _PAGE)), 1
    if pages > 1:
        page = int(st.number_input(f"Page of {pages:,}", 1, pages, 1, key=f"terr_plans_page_{pages}", width=140))
    part = nodes[(page - 1) * _PAGE : page * _PAGE]
    key = tuple((n.point.key, n.edit_id, n.info.seq, n.info.measure, n.info.dataset_id) for n in part)
    known = window_jobs.worked_out("plan_figures", key, lambda progress: tree.all_figures(ws, part, progress=progress))
    several = Counter(n.info.dataset_id for n in nodes)
    for node in part:
        with st.container(border=True, key=f"plan_row_{node.point.key}"):
            _row(node, None if known is None else known[node.point.key], lonely=several[node.info.dataset_id] < 2)


def _row(node: TreeNode, found: TreeFigures | None, *, lonely: bool) -> None:
    """One plan or version, with its figures once they are there; `lonely` if there is nothing to compare it with."""
    key, opened = node.point.key, state.get(MORE) == node.point.key
    left, right = st.columns([1.15, 1], vertical_alignment="center")
    marks = "".join(f" :gray-badge[{markdown(t.text)}]" for t in node.tags)
    if node.mark is None and node.info.id == state.scenario_id():
        marks = " :green-badge[:material/check: Open now]" + marks
    if node.mark is None and node.info.archived_at:
        marks += " :orange-badge[Archived]"
    icon = "bookmark" if node.mark else "map" if node.depth == 0 else "subdirectory_arrow_right"
    of = f" · version of {markdown(node.info.name)}" if node.mark else ""
    left.markdown(f":material/{icon}: **{markdown(node.point.name)}**{of}{marks}")
    if found is not None:
        left.caption(f"{markdown(figures_line(node, found))}  \n{markdown(moved_line(node, found))}")
    row = right.container(horizontal=True, horizontal_alignment="right", gap="small")
    if row.button("Open", key=f"open_{key}", icon=":material/map:", type="primary"):
        open_plan(node.info.id)
    row.button("Copy", key=f"copy_{key}", help="A separate copy that you can edit", on_click=_copy, args=(node,))
    why = "Nothing to compare yet: copy a plan or save a version first" if lonely else None
    row.button("Compare", key=f"compare_{key}", disabled=lonely, help=why, on_click=_compare, args=(key,))
    row.button(
        "Less" if opened else "More",
        key=f"more_{key}",
        help="Versions, tags and notes; rename, archive or delete",
        on_click=state.put,
        args=(MORE, "" if opened else key),
    )
    if not opened:
        return
    if node.mark is None:
        _actions(node.info)
    else:
        _version(node)
    _marks(node)


def open_plan(scenario_id: str) -> None:
    """Open a plan on the Plan page."""
    state.open_scenario(scenario_id)
    st.query_params["scenario"] = scenario_id
    navigation.switch("plan")


def _copy(node: TreeNode) -> None:
    """A plan that stands where this one does; its row is opened, so that it can be renamed at once."""
    ws = state.workspace()
    taken = {p.name for p in tree.plans(ws, archived=True)}
    base = node.point.name[:100].rstrip()
    name = f"{base} (copy)"
    for number in range(2, len(taken) + 3):
        if name not in taken:
            break
        name = f"{base} (copy {number})"
    made = attempt(lambda: tree.branch(ws, node.info.id, node.edit_id, name, by=me()))
    if made is not None:
        state.put(MORE, f"{made.id}:")
        state.say(f"Copied to “{name}”, below its original.")


def _compare(key: str) -> None:
    state.put(COMPARE_WITH, key)
    st.session_state["terr_view"] = "Compare"


def _actions(info: ScenarioInfo) -> None:
    """Rename, archive, delete; name a version of the plan as it is."""
    ws = state.workspace()
    a, b, c, d, e, f = st.columns([1.6, 0.9, 1.6, 1.1, 0.9, 1], vertical_alignment="bottom")
    field, version = f"name_{info.id}", f"version_{info.id}"
    a.text_input("Name", info.name, max_chars=120, key=field)
    b.button(
        "Rename",
        width="stretch",
        key="rename",
        **allowed(info, "rename"),
        # read when clicked: what was typed last may come together with the click
        on_click=lambda: attempt(lambda: tree.rename(ws, info.id, str(st.session_state[field]), by=me())),
    )
    c.text_input("Version name", key=version, max_chars=120, placeholder="Draft for the board")
    d.button(
        "Save version",
        width="stretch",
        key="name_version",
        **allowed(info, "mark", "Save the plan as it is now under this name"),
        on_click=lambda: _cleared(version, lambda t: tree.name_version(ws, info.id, t, by=me())),
    )
    away = info.archived_at is None
    e.button(
        "Archive" if away else "Restore",
        width="stretch",
        key="archive",
        **allowed(info, "archive", "Hide from the lists; nothing is deleted"),
        on_click=lambda: attempt(lambda: tree.archive(ws, info.id, on=away, by=me())),
    )
    with f.popover("Delete", width="stretch", **allowed(info, "delete")):
        st.markdown(
            f"Move “{markdown(info.name)}” to the trash? You can restore it there for {TRASH_DAYS} days; then it "
            "is erased with its history."
        )
        st.button("Delete plan", key="delete", type="primary", on_click=_delete, args=(info,))


def _version(node: TreeNode) -> None:
    """What can be done with a named version."""
    ws, info, mark = state.workspace(), node.info, node.mark
    if mark is None:
        return
    left, right = st.columns([2, 1], vertical_alignment="center")
    left.caption(
        f"Saved by {markdown(node.by or 'me')}. Open shows the plan as it is now; Copy starts from this version."
    )
    right.button(
        "Remove version name",
        width="stretch",
        key="unname",
        **allowed(info, "mark", "The plan and its history don't change"),
        on_click=lambda: attempt(lambda: tree.remove_mark(ws, info.id, mark.id, by=me())),
    )


def _marks(node: TreeNode) -> None:
    """Tags and notes of a plan or version."""
    ws, info = state.workspace(), node.info
    a, b, c, d = st.columns([2, 1.2, 2, 1.2], vertical_alignment="bottom")
    tag, note = f"tag_{node.point.key}", f"note_{node.point.key}"
    a.text_input("Tag", key=tag, max_chars=60, placeholder="board draft")
    b.button(
        "Tag",
        icon=":material/sell:",
        width="stretch",
        key="tag",
        **allowed(info, "mark"),
        on_click=lambda: _cleared(tag, lambda t: tree.add_mark(ws, node, "tag", t, by=me())),
    )
    c.text_input("Note", key=note, max_chars=4000, placeholder="Why this plan")
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
        state.say(f"“{info.name}” is in the trash, below, until {date_text(tree.kept_until(info))}.")
        if state.get("scenario") == info.id:
            state.close_scenario()


def trash() -> None:
    """What was deleted in the last days, in this window or any other, with the way back."""
    gone = tree.trash(state.workspace())
    if not gone:
        return
    with st.expander(f"Trash ({len(gone):,})", icon=":material/delete:"):
        for info in gone:
            left, right = st.columns([5, 1], vertical_alignment="center")
            left.markdown(
                f"{markdown(info.name)} · deleted {local(info.deleted_at or info.updated_at)} · erased after "
                f"{date_text(tree.kept_until(info))}"
            )
            right.button("Restore", key=f"restore_{info.id}", on_click=_restore, args=(info,), width="stretch")


def _restore(info: ScenarioInfo) -> None:
    if attempt(lambda: tree.restore(state.workspace(), info.id)) is not None:
        state.say(f"“{info.name}” is restored.")
