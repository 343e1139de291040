"""Starting a plan from a data set: areas, books or layers; level, region, measure, limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from terr.model.person import Person
from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.layers.layers_form import layers_form
from terr.ui.layers.place import level_and_region, unfinished
from terr.ui.session import navigation, state
from terr.view.text import count, markdown
from terr.workspace import levels
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.books import layer_rules
from terr.workspace.books.layer_rules import PlanLayer
from terr.workspace.plan import editing, new_plan
from terr.workspace.scenarios import as_owned

_MAKE, _GO = "make_plan", "plan_made"
BY = ("Areas", "Accounts (books)", "Layers")
"""What the territories of a plan are made of."""


def form(data: Dataset, key: str) -> None:
    """What a plan is made of, and a button that makes it and opens it on the Plan page."""
    if state.get(_GO):
        state.drop(_GO)
        navigation.switch("plan")
    usable = new_plan.usable_measures(data.accounts)
    if not usable:
        st.warning("No measure of this data set adds up to more than zero, so there is nothing to balance.")
        return
    with st.container(border=True):
        st.markdown("**Start a plan with these accounts**")
        by = st.segmented_control("Territories of", BY, default=BY[0], key=f"{key}_by") or BY[0]
        a, b, c, d = st.columns([2, 1.3, 1.4, 0.9])
        measure = str(
            c.selectbox("Measure to balance", usable, index=new_plan.suggested_measure(usable), key=f"{key}_measure")
        )
        tolerance = d.number_input("Limit (± %)", 0.1, 100.0, 5.0, 0.5, key=f"{key}_tolerance")
        layers: tuple[PlanLayer, ...] | None = ()
        areas = by == BY[0]
        if by == BY[1]:
            layers = layer_rules.ALL_BOOKS
            a.caption(f"Each account is moved by itself, wherever it is: {count(len(data.accounts), 'account')}.")
        elif by == BY[2]:
            made = layers_form(data, measure, f"{key}_rules")
            layers, areas = (None, False) if made is None else made
            if areas:
                a, b = st.columns([2, 1.3])
        level, region = ("", None) if not areas else level_and_region(data, a, b, key)
        if areas and region != []:
            _outlook(data, level, region)
        answers = _owners(data, key) if by != BY[2] and as_owned.has_owners(data) else None
        row = st.container(horizontal=True, vertical_alignment="bottom")
        name = row.text_input("Name (optional)", max_chars=120, key=f"{key}_name", placeholder="FY27 first draft")
        busy = window_jobs.running(_MAKE)
        go = row.button("Start planning", type="primary", icon=":material/map:", key=f"{key}_go", disabled=busy)
        today = answers is not None and row.button(
            "Start as owned today",
            icon=":material/badge:",
            key=f"{key}_owned",
            disabled=busy,
            help="A plan of the areas each owner mostly has; their other accounts go to them by name"
            if by == BY[0]
            else "Each account in the book of its owner",
        )
    window_jobs.follow(_MAKE, _made, stop="Cancel")
    if not go and not today:
        return
    if unfinished(layers, region) or layers is None:
        return
    asked: dict[str, Any] = {
        "dataset_id": data.info.id,
        "level": level,
        "region": region,
        "measure": measure,
        "tolerance": float(tolerance) / 100,
        "name": name.strip(),
    }
    ws, author = state.workspace(), state.author()

    def make(progress: Progress) -> as_owned.AsOwned:
        progress.tell(0.0, "locating the accounts on the map")
        if level:
            levels.plan_outlook(data.accounts, level, region)
        progress.tell(0.5, "making the plan")
        if today:
            return as_owned.create(ws, **asked, layers=layers, answers=answers, by=Person("", author))
        if layers:
            return as_owned.AsOwned(editing.create_layers(ws, **asked, layers=layers, author=author), "")
        return as_owned.AsOwned(editing.create(ws, **asked, author=author), "")

    window_jobs.quick(_MAKE, make, _made)
    st.rerun()


def _made(made: as_owned.AsOwned) -> None:
    state.say(made.sentence)
    state.open_scenario(made.info.id)
    st.query_params["scenario"] = made.info.id
    state.put(_GO, True)


def _owners(data: Dataset, key: str) -> dict[str, str]:
    """Questions about today's owners, each with its usual answer chosen; key -> answer."""
    asked = as_owned.questions(data)
    if not asked:
        return {}
    with st.expander(f"Today's owners: {count(len(asked), 'question')}", icon=":material/help:"):
        return {one.key: _owner(one.text, one.choices, f"{key}_{data.info.id}_{one.key}") for one in asked}


def _owner(text: str, choices: Mapping[str, str], key: str) -> str:
    return str(
        st.radio(markdown(text), list(choices), format_func=lambda k: markdown(choices[k]), key=key, horizontal=True)
    )


def _outlook(data: Dataset, level: str, region: list[str] | None) -> None:
    """How many accounts will be placed, and by which way, before the plan is made."""
    seen = window_jobs.worked_out(
        "outlook",
        (data.key, level, None if region is None else tuple(region)),
        lambda progress: levels.plan_outlook(data.accounts, level, region, progress=progress),
    )
    if seen is None:
        return
    st.caption(markdown(seen.line), help="\n".join(f"- {markdown(line)}" for line in seen.reasons) or None)
    for hint in seen.hints:
        st.caption(f":material/info: {markdown(hint)}")
