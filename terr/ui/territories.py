"""Dialogs that manage territories and that edit without the mouse."""

from __future__ import annotations

import numpy as np
import streamlit as st

from terr.boundaries.catalog import layer
from terr.edits import moves
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.ui import advice, state
from terr.ui.guard import attempt
from terr.view.text import and_list, count, markdown, units_title, units_word
from terr.workspace import pasted, plans
from terr.workspace.board import Board, board
from terr.workspace.groups import groups

MOST_TO_PICK = 3_500
"""Units a list to pick from may have; a longer one makes the browser wait, and a pasted list does the same."""


def _do(make: plans.Make, said: str, *, close: bool = True) -> None:
    done = attempt(lambda: plans.edit(state.workspace(), str(state.get("scenario")), state.seen().rev, make))
    if done is not None:
        state.at_revision(done.rev)
        state.say(said if done.changed else "Nothing to change.")
        if close:
            state.put("territories_done", True)


def _now(key: str) -> str:
    """A field's value when a button is pressed: what was typed last may come together with the click."""
    return str(st.session_state[key])


def new_territory() -> None:
    """Make an empty territory and make it the active one."""
    made: list[int] = []

    def make(plan: Plan, code: int) -> Edit:
        made[:] = [code]
        used = np.bincount([t.color for t in plan.territories], minlength=7)
        return moves.new_territory(plan, next_code=code, color=int(used.argmin()), author=state.author())

    _do(make, "New territory made; clicks now go to it.", close=False)
    if made:
        state.choose(made[0])


@st.dialog("Territories", width="medium")
def manage() -> None:
    """Rename, give to a rep, lock, merge, delete."""
    if state.get("territories_done"):
        state.drop("territories_done")
        st.rerun()
    state.show_said()
    shown = board(state.workspace(), str(state.get("scenario")))
    if not shown.plan.territories:
        st.info("There is no territory yet. Use New, or Generate some.", icon=":material/info:")
        return
    names = {t.code: t.name for t in shown.plan.territories}
    codes = list(names)
    active = state.seen().active
    code = st.selectbox(
        "Territory",
        codes,
        index=codes.index(active) if active in codes else 0,
        format_func=lambda c: names[c],
        key=f"man_code_{active}",
    )
    here = shown.plan.territory(int(code))
    who = state.author()
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    left.text_input("Name", here.name, max_chars=80, key=f"man_name_{code}")
    right.button(
        "Rename", width="stretch", key="man_rename",
        on_click=_do,
        args=(lambda p, _: moves.rename(p, here.code, _now(f"man_name_{code}"), author=who), "Renamed."),
    )  # fmt: skip
    reps = {"": "Nobody", **{r.rep_id: r.name for r in shown.reps}}
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    ids = list(reps)
    left.selectbox(
        "Rep",
        ids,
        index=ids.index(here.rep) if here.rep in ids else 0,
        format_func=lambda i: reps[i],
        key=f"man_rep_{code}",
    )
    right.button(
        "Set rep", width="stretch", key="man_set_rep",
        on_click=_do, args=(lambda p, _: moves.set_rep(p, here.code, _now(f"man_rep_{code}"), author=who), "Rep set."),
    )  # fmt: skip
    others = [c for c in codes if c != here.code]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    left.selectbox("Merge into", others, format_func=lambda c: names[c], key=f"man_into_{code}", disabled=not others)
    right.button(
        "Merge", width="stretch", key="man_merge", disabled=not others,
        on_click=_do,
        args=(
            lambda p, _: moves.merge(p, here.code, int(_now(f"man_into_{code}")), author=who),
            f"{here.name} is merged.",
        ),
    )  # fmt: skip
    lock, delete = st.columns(2)
    lock.button(
        "Unlock territory" if here.locked else "Lock territory", width="stretch", key="man_lock",
        icon=":material/lock_open:" if here.locked else ":material/lock:",
        on_click=_do,
        args=(
            lambda p, _: moves.lock_territory(p, here.code, not here.locked, author=who),
            f"{here.name} is {'unlocked' if here.locked else 'locked'}.",
        ),
    )  # fmt: skip
    delete.button(
        "Delete territory", width="stretch", key="man_delete", icon=":material/delete:",
        on_click=_do,
        args=(lambda p, _: moves.delete(p, here.code, author=who), f"{here.name} is deleted; Undo brings it back."),
    )  # fmt: skip
    st.caption("Every change here is one step of Undo.")


@st.dialog("Edit by list", width="medium")
def by_list() -> None:
    """Move or lock units by name or code: the route without a mouse."""
    if state.get("territories_done"):
        state.drop("territories_done")
        st.rerun()
    state.show_said()
    sid = str(state.get("scenario"))
    shown = board(state.workspace(), sid)
    word = units_word(shown.info.level)
    few = len(shown.units) <= MOST_TO_PICK
    if few:
        st.multiselect(
            units_title(shown.info.level), range(len(shown.units)), format_func=shown.units.names.__getitem__,
            key="list_units",
        )  # fmt: skip
    st.text_area(
        f"{'or paste' if few else 'Paste'} {word} from a spreadsheet (codes or names)", key="list_paste", height=100,
        placeholder=f"{shown.units.ids[0]}\n{shown.units.names[-1]}",
    )  # fmt: skip
    for kind, found in groups(shown.units).items():
        st.multiselect(f"Whole {units_word(kind)}", list(found), key=f"list_{kind}")
    units, unknown = _listed(shown)
    read = pasted_units(shown, str(st.session_state["list_paste"]))
    if read.entries:
        st.markdown(markdown(_said(read, shown.info.level)))
    if unknown:
        st.warning(f"Not in this plan: {markdown(and_list(unknown, 8))}", icon=":material/search_off:")
    names = {t.code: t.name for t in shown.plan.territories} | {-1: "Unassigned"}
    codes, active = list(names), state.seen().active
    at = codes.index(active) if active in names else 0
    st.selectbox("Give to", codes, index=at, format_func=lambda c: names[c], key="list_target")
    move, lock, unlock = st.columns(3)
    n = count(len(units), units_word(shown.info.level, 1), word)
    move.button(
        f"Move {n}", type="primary", width="stretch", disabled=not units, key="list_move",
        on_click=_paint, args=(sid,),
    )  # fmt: skip
    lock.button("Lock", width="stretch", disabled=not units, key="list_lock", on_click=_lock, args=(sid, True))
    unlock.button("Unlock", width="stretch", disabled=not units, key="list_unlock", on_click=_lock, args=(sid, False))


def _listed(shown: Board) -> tuple[list[int], list[str]]:
    """Codes of the units picked or pasted, and the pasted entries that name none."""
    found, unknown = match_units(shown, str(st.session_state["list_paste"]))
    picked = {*st.session_state.get("list_units", []), *found}
    for kind, units in groups(shown.units).items():
        for name in st.session_state.get(f"list_{kind}", []):
            picked.update(units.get(name, ()))
    return sorted(picked), unknown


def match_units(shown: Board, text: str) -> tuple[list[int], list[str]]:
    """Codes of the units a pasted list names, and the entries that name none."""
    read = pasted_units(shown, text)
    return list(read.units), list(read.unknown)


def pasted_units(shown: Board, text: str) -> pasted.Pasted:
    """What a pasted list names among the units of the plan."""
    members = layer(shown.info.level).members
    return pasted.read(text, shown.info.level, shown.units.ids, shown.units.names, members)


def _said(read: pasted.Pasted, level: str) -> str:
    """One line: how many of the entries were found, and what was done to find them."""
    parts = [
        f"{len(read.units):,} {units_word(level, len(read.units))} found in {count(read.entries, 'entry', 'entries')}"
    ]
    if read.repeated:
        parts.append(f"{read.repeated:,} repeated")
    if read.mended:
        parts.append(f"{read.mended:,} with lost zeros or a ZIP+4, put right")
    if read.elsewhere:
        parts.append(f"{read.elsewhere:,} without an area of their own, taken as the area they lie in")
    if read.unknown:
        parts.append(f"{len(read.unknown):,} not here")
    return "; ".join(parts)


def _paint(sid: str) -> None:
    units, _ = _listed(board(state.workspace(), sid))
    target = int(st.session_state["list_target"])
    done = attempt(lambda: plans.paint(state.workspace(), sid, units, target, author=state.author()))
    _after(done, f"{_counted(sid, len(units))} moved.")


def _lock(sid: str, on: bool) -> None:
    units, _ = _listed(board(state.workspace(), sid))
    done = attempt(lambda: plans.set_locks(state.workspace(), sid, units, on, author=state.author()))
    _after(done, f"{_counted(sid, len(units))} {'locked' if on else 'unlocked'}.")


def _counted(sid: str, n: int) -> str:
    level = state.workspace().store.scenario(sid).level
    return f"{n:,} {units_word(level, n)}"


def _after(done: plans.Outcome | None, said: str) -> None:
    if done is not None:
        state.at_revision(done.rev)
        state.say(done.notice or (said if done.changed else "Nothing to change."))
        state.put("territories_done", True)


@st.dialog("Measure and limit", width="small")
def measure() -> None:
    """Choose what is balanced and how closely; the plan itself stays."""
    sid = str(state.get("scenario"))
    shown = board(state.workspace(), sid)
    names = [m for m in shown.accounts.measures if shown.accounts.total(m) > 0 or m == shown.measure]
    name = st.selectbox("Measure to balance", names, index=names.index(shown.measure), key="set_measure")
    limit = st.number_input(
        "Limit: load within ± % of target",
        0.1,
        100.0,
        float(round(100 * shown.info.tolerance, 1)),
        0.5,
        key="set_limit",
    )
    if st.button("Use", type="primary", key="set_go"):
        attempt(lambda: state.workspace().store.update_settings(sid, measure=str(name), tolerance=float(limit) / 100))
        advice.drop_advice()
        st.rerun()
