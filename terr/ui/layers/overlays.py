"""Overlays on the Plan page: a switch between the roles of a plan, and the dialog that adds and removes them."""

from __future__ import annotations

from typing import Any

import streamlit as st

from terr.errors import TerrError
from terr.model.progress import Progress
from terr.model.scenario import ScenarioInfo
from terr.ui.jobs import window_jobs
from terr.ui.layers.layers_form import layers_form
from terr.ui.layers.place import level_and_region, unfinished
from terr.ui.session import dialogs, state
from terr.ui.session.errors import attempt
from terr.view.text import count, markdown, sentence, short
from terr.workspace.accounts.dataset import dataset
from terr.workspace.books import layer_rules
from terr.workspace.overlays import coverage, making
from terr.workspace.plan.snapshot import PlanSnapshot

NAME = "overlays"
_MAKE = "make_overlay"
_BY = ("Accounts (books)", "Some accounts (layers)", "Areas")
_ROLES = ("SDR", "Specialist", "Partner", "Support")


def switch(shown: PlanSnapshot) -> None:
    """The roles of the open plan, the one on the map chosen; nothing for a plan without overlays."""
    names = coverage.switch_names(state.workspace(), shown.info)
    if not names:
        return
    key = f"terr_role_{shown.info.id}"
    st.segmented_control(
        "Role",
        list(names),
        format_func=lambda i: markdown(names[i]),
        default=shown.info.id,
        required=True,
        key=key,
        label_visibility="collapsed",
        on_change=_open_chosen,
        args=(key,),
    )


def _open_chosen(key: str) -> None:
    _open(str(st.session_state[key]))


def _open(scenario_id: str) -> None:
    state.open_scenario(scenario_id)
    st.query_params["scenario"] = scenario_id
    dialogs.close()
    state.put("role_opened", True)


def rerun_when_opened() -> None:
    """Draw the whole page for the plan that was chosen; the panel alone knows only the one before."""
    if state.get("role_opened"):
        state.drop("role_opened")
        st.rerun()


@st.dialog("Overlays: second roles over these accounts", width="large", on_dismiss=dialogs.close)
def overlays() -> None:
    """What each role covers, and a form that adds one."""
    rerun_when_opened()
    ws = state.workspace()
    field = coverage.field_plan(ws, ws.scenario(str(state.get("scenario"))))
    if field is None:
        st.info(
            "The field plan of this overlay is deleted. Restore it on page Scenarios first.", icon=":material/info:"
        )
        return
    state.show_said()
    _covered(field)
    _unused(field)
    st.divider()
    _form(field)


def _covered(field: ScenarioInfo) -> None:
    ws = state.workspace()
    plans = coverage.overlays_of(ws, field)
    if not plans:
        st.caption(
            "An overlay is a second role, such as SDRs, product specialists or partners, with territories of its own "
            "over the same accounts. Its edits, undo and history are its own; the field plan stays as it is."
        )
        return
    money = dict(dataset(ws, field.dataset_id).accounts.currency).get(field.measure, "")
    for one in coverage.role_sums(ws, field, field.measure):
        n, amount = sum(v.accounts for v in one.layers), sum(v.amount for v in one.layers)
        rest = f"; not covered: {one.uncovered.accounts:,} ({short(one.uncovered.amount, money)})"
        line = f"{count(n, 'account')}, {short(amount, money)} {field.measure}{rest}"
        st.markdown(f"**{markdown(one.role)}** · {markdown(line)}")
    for text in coverage.twice_words(ws, field):
        st.warning(markdown(text), icon=":material/warning:")
    for plan in plans:
        label, go, off = st.columns([4, 1, 1], vertical_alignment="center")
        label.markdown(markdown(plan.name))
        go.button("Open", key=f"overlay_open_{plan.id}", width="stretch", on_click=_open, args=(plan.id,))
        off.button(
            "Remove",
            key=f"overlay_off_{plan.id}",
            width="stretch",
            help="The field plan no longer uses it; it stays on page Scenarios",
            on_click=_remove,
            args=(field.id, plan.id, plan.name),
        )


def _unused(field: ScenarioInfo) -> None:
    """Copies of overlays, to be used in place of one or beside it."""
    ws = state.workspace()
    free = making.unused_overlays(ws, field)
    if not free:
        return
    names = {o.id: o.name for o in free}
    instead = {"": "Beside the others", **{o.id: f"In place of {o.name}" for o in coverage.overlays_of(ws, field)}}
    a, b, c = st.columns([2, 2, 1], vertical_alignment="bottom")
    chosen = str(a.selectbox("Plan not in use", list(names), format_func=names.__getitem__, key="overlay_free"))
    place = str(b.selectbox("Use it", list(instead), format_func=instead.__getitem__, key="overlay_place"))
    if c.button("Use", key="overlay_use", width="stretch"):
        attempt(lambda: making.attach(ws, field.id, chosen, instead_of=place))
        st.rerun()


def _remove(field_id: str, overlay_id: str, name: str) -> None:
    attempt(lambda: making.detach(state.workspace(), field_id, overlay_id))
    state.say(f"“{name}” is no longer an overlay of this plan; it stays on page Scenarios.")
    if state.get("scenario") == overlay_id:
        _open(field_id)


def _form(field: ScenarioInfo) -> None:
    ws = state.workspace()
    data = dataset(ws, field.dataset_id)
    st.markdown("**Add an overlay**")
    a, b = st.columns(2)
    roles = list(dict.fromkeys([*(r.role.capitalize() if r.role != "SDR" else "SDR" for r in data.reps), *_ROLES]))
    roles = [r for r in roles if r not in {"Rep", "Manager"}]
    role = str(a.selectbox("Role", roles, key="overlay_role", accept_new_options=True) or "")
    name = b.text_input("Name (optional)", max_chars=120, key="overlay_name")
    by = st.segmented_control("Territories of", _BY, default=_BY[0], key="overlay_by") or _BY[0]
    layers: tuple[layer_rules.PlanLayer, ...] | None = layer_rules.ALL_BOOKS
    areas = by == _BY[2]
    if by == _BY[1]:
        made = layers_form(data, field.measure, "overlay_rules", overlay=True)
        layers, areas = (None, False) if made is None else made
    elif areas:
        layers = (layer_rules.PlanLayer("Areas", layer_rules.AREAS),)
    level, region = "", None
    if areas:
        wide, narrow = st.columns([2, 1.3])
        level, region = level_and_region(data, wide, narrow, "overlay")
    busy = window_jobs.running(_MAKE)
    go = st.button("Add overlay", type="primary", icon=":material/add:", key="overlay_go", disabled=busy)
    window_jobs.follow(_MAKE, _made, stop="Cancel")
    if not go:
        return
    if unfinished(layers, region) or layers is None:
        return
    asked: dict[str, Any] = {"role": role, "layers": layers, "level": level, "region": region, "name": name}
    author = state.author()

    def make(progress: Progress) -> ScenarioInfo:
        progress.tell(0.3, "making the overlay")
        return making.create_overlay(ws, field.id, **asked, author=author)

    try:
        window_jobs.quick(_MAKE, make, _made)
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    st.rerun()


def _made(made: ScenarioInfo) -> None:
    state.say(f"“{made.name}” is open. Generate divides its accounts; the switch above the figures leads back.")
    _open(made.id)
