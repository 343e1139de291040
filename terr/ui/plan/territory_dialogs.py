"""Dialogs that manage territories and that edit without the mouse."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from terr.ui.design import design_run, split_areas
from terr.ui.session import dialogs, state
from terr.ui.session.errors import attempt
from terr.view.text import and_list, count, distinct, markdown, unit_noun, units_title
from terr.workspace.design import form, split_plan
from terr.workspace.plan import editing, map_layers, new_plan, paste_units, plan_settings
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.plan.unit_groups import groups


def _do(change: Callable[..., editing.EditOutcome], said: str, code: int, *values: Callable[[], object]) -> None:
    """Change a territory of the open plan as this window shows it; values are read now, when the button is pressed."""
    ws, sid, rev, who = state.workspace(), str(state.get("scenario")), state.window_state().rev, state.author()
    _after(attempt(lambda: change(ws, sid, rev, code, *(value() for value in values), author=who)), said)


def _now(key: str) -> str:
    """A field's value when a button is pressed: what was typed last may come together with the click."""
    return str(st.session_state[key])


def new_territory() -> None:
    """Make an empty territory and make it the active one."""
    ws, sid = state.workspace(), str(state.get("scenario"))
    made = attempt(lambda: editing.new_territory(ws, sid, state.window_state().rev, author=state.author()))
    if made is not None:
        done, code = made
        state.at_revision(done.rev)
        state.say("New territory created. Click the map to assign areas to it.")
        state.choose(code)


def close_when_done() -> bool:
    """Close the dialog whose button changed something; whether there was one.

    The dialog itself then draws the whole page again; a page that is drawn anyway only leaves the dialog out, so that
    what was said of the change isn't lost with a second run.
    """
    done = bool(state.get("territories_done"))
    if done:
        state.drop("territories_done")
        dialogs.close()
    return done


@st.dialog("Territories", width="medium", on_dismiss=dialogs.close)
def manage() -> None:
    """Rename, assign a rep, lock, merge, delete."""
    if close_when_done():
        st.rerun()
    state.show_said()
    shown = plan_snapshot(state.workspace(), str(state.get("scenario")))
    if not shown.plan.territories:
        st.info("No territories yet. Use New or Generate.", icon=":material/info:")
        return
    names = {t.code: t.name for t in shown.plan.territories}
    codes = list(names)
    active = state.window_state().active
    code = st.selectbox(
        "Territory",
        codes,
        index=codes.index(active) if active in codes else 0,
        format_func=lambda c: names[c],
        key=f"man_code_{active}",
    )
    here = shown.plan.territory(int(code))
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    left.text_input("Name", here.name, max_chars=80, key=f"man_name_{code}")
    right.button(
        "Rename",
        width="stretch",
        key="man_rename",
        on_click=_do,
        args=(editing.rename_territory, "Renamed.", here.code, lambda: _now(f"man_name_{code}")),
    )
    team = {r.rep_id for r in shown.team} | {here.rep}
    reps = distinct({"": "Nobody", **{r.rep_id: r.name for r in shown.reps if r.rep_id in team}})
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
        "Set rep",
        width="stretch",
        key="man_set_rep",
        on_click=_do,
        args=(editing.give_to_rep, "Rep set.", here.code, lambda: _now(f"man_rep_{code}")),
    )
    others = [c for c in codes if c != here.code]
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    left.selectbox("Merge into", others, format_func=lambda c: names[c], key=f"man_into_{code}", disabled=not others)
    right.button(
        "Merge",
        width="stretch",
        key="man_merge",
        disabled=not others,
        on_click=_do,
        args=(editing.merge_territory, f"{here.name} merged.", here.code, lambda: int(_now(f"man_into_{code}"))),
    )
    lock, delete = st.columns(2)
    lock.button(
        "Unlock territory" if here.locked else "Lock territory",
        width="stretch",
        key="man_lock",
        icon=":material/lock_open:" if here.locked else ":material/lock:",
        on_click=_do,
        args=(
            editing.lock_territory,
            f"{here.name} is {'unlocked' if here.locked else 'locked'}.",
            here.code,
            lambda: not here.locked,
        ),
    )
    delete.button(
        "Delete territory",
        width="stretch",
        key="man_delete",
        icon=":material/delete:",
        on_click=_do,
        args=(editing.delete_territory, f"{here.name} deleted. Undo brings it back.", here.code),
    )
    st.caption("Undo reverses each change here.")


_SPLIT_HELP = "Pick states to split into counties, or counties to split into ZIPs"


@st.dialog("Paste a list", width="medium", on_dismiss=dialogs.close)
def by_list() -> None:
    """Move or lock units by name or code: the route without a mouse."""
    split_areas.rerun_when_split()
    if close_when_done():
        st.rerun()
    state.show_said()
    sid = str(state.get("scenario"))
    shown = plan_snapshot(state.workspace(), sid)
    word = unit_noun(shown.info.level)
    few = len(shown.units) <= paste_units.MOST_TO_PICK
    if few:
        units_by_name = distinct(dict(enumerate(shown.units.names)))
        st.multiselect(
            units_title(shown.info.level),
            list(units_by_name),
            format_func=units_by_name.__getitem__,
            key="list_units",
        )
    st.text_area(
        f"{'or paste' if few else 'Paste'} {word} from a spreadsheet (codes or names)",
        key="list_paste",
        height=100,
        placeholder=f"{shown.units.ids[0]}\n{shown.units.names[-1]}",
    )
    for kind, found in groups(shown.units).items():
        st.multiselect(f"Whole {unit_noun(kind)}", list(found), key=f"list_{kind}")
    units = _listed(shown)
    read = paste_units.in_plan(shown, str(st.session_state["list_paste"]))
    if read.entries:
        st.markdown(markdown(_said(read, shown.info.level)))
    if read.unknown:
        st.warning(f"Not in this plan: {markdown(and_list(list(read.unknown), 8))}", icon=":material/search_off:")
    names = distinct({t.code: t.name for t in shown.plan.territories} | {-1: "Unassigned"})
    codes, active = list(names), state.window_state().active
    at = codes.index(active) if active in names else 0
    st.selectbox("Assign to", codes, index=at, format_func=lambda c: names[c], key="list_target")
    move, lock, unlock, split = st.columns(4)
    n = count(len(units), unit_noun(shown.info.level, 1), word)
    move.button(
        f"Move {n}",
        type="primary",
        width="stretch",
        disabled=not units,
        key="list_move",
        on_click=_paint,
        args=(sid,),
    )
    lock.button("Lock", width="stretch", disabled=not units, key="list_lock", on_click=_lock, args=(sid, True))
    unlock.button("Unlock", width="stretch", disabled=not units, key="list_unlock", on_click=_lock, args=(sid, False))
    if offered := split_plan.units_offer(shown.units, units):
        split_areas.split_button(split, sid, offered, key="list_split", label="Split", width="stretch")
    else:
        split.button("Split", width="stretch", disabled=True, key="list_split_off", help=_SPLIT_HELP)


def _listed(shown: PlanSnapshot) -> list[int]:
    """Codes of the units picked or pasted."""
    pasted = paste_units.in_plan(shown, str(st.session_state["list_paste"]))
    picked = {*st.session_state.get("list_units", []), *pasted.units}
    for kind, units in groups(shown.units).items():
        for name in st.session_state.get(f"list_{kind}", []):
            picked.update(units.get(name, ()))
    return sorted(picked)


def _said(read: paste_units.PastedUnits, level: str) -> str:
    """One line: how many of the entries were found, and what was done to find them."""
    parts = [
        f"{len(read.units):,} {unit_noun(level, len(read.units))} found in {count(read.entries, 'entry', 'entries')}"
    ]
    if read.repeated:
        parts.append(f"{read.repeated:,} repeated")
    if read.mended:
        parts.append(f"{read.mended:,} with missing zeros or a ZIP+4, corrected")
    if read.elsewhere:
        parts.append(f"{read.elsewhere:,} without their own area, counted in the area around them")
    if read.unknown:
        parts.append(f"{len(read.unknown):,} not in this plan")
    return "; ".join(parts)


def _paint(sid: str) -> None:
    units = _listed(plan_snapshot(state.workspace(), sid))
    target = int(st.session_state["list_target"])
    done = attempt(lambda: editing.paint(state.workspace(), sid, units, target, author=state.author()))
    _after(done, f"{_counted(sid, len(units))} moved.")


def _lock(sid: str, on: bool) -> None:
    units = _listed(plan_snapshot(state.workspace(), sid))
    done = attempt(lambda: editing.set_locks(state.workspace(), sid, units, on, author=state.author()))
    _after(done, f"{_counted(sid, len(units))} {'locked' if on else 'unlocked'}.")


def _counted(sid: str, n: int) -> str:
    level = state.workspace().scenario(sid).level
    return f"{n:,} {unit_noun(level, n)}"


def _after(done: editing.EditOutcome | None, said: str) -> None:
    if done is not None:
        state.at_revision(done.rev)
        state.say(done.notice or (said if done.changed else "Nothing to change."))
        state.put("territories_done", True)


@st.dialog("Balance settings", width="small", on_dismiss=dialogs.close)
def measure() -> None:
    """Choose what is balanced and how closely; the plan itself stays."""
    sid = str(state.get("scenario"))
    shown = plan_snapshot(state.workspace(), sid)
    names = new_plan.usable_measures(shown.accounts, keep=shown.measure)
    st.selectbox("Measure to balance", names, index=names.index(shown.measure), key="set_measure")
    st.number_input(
        form.LIMIT_LABELS[shown.rules.sides],
        0.1,
        100.0,
        float(round(100 * shown.info.tolerance, 1)),
        0.5,
        key="set_limit",
    )
    choices = distinct(map_layers.baselines(state.workspace(), shown))
    now = plan_settings.compared_with(shown.info)
    st.selectbox(
        "Compare with",
        list(choices),
        index=list(choices).index(now) if now in choices else 0,
        format_func=lambda c: choices[c],
        key="set_compared",
        help="What “moved” counts from, and what Generate stays near when today's assignments are to be kept",
    )
    if st.button("Use", type="primary", key="set_go", on_click=_use_settings, args=(sid, now)):
        st.rerun()


def _use_settings(sid: str, compared: str) -> None:
    chosen, ws = st.session_state, state.workspace()
    attempt(lambda: plan_settings.balance(ws, sid, str(chosen["set_measure"]), float(chosen["set_limit"]) / 100))
    if chosen["set_compared"] != compared:
        attempt(lambda: plan_settings.save_setting(ws, sid, plan_settings.COMPARED, str(chosen["set_compared"])))
    design_run.drop_advice()
    dialogs.close()
