"""The Plan page's look at one segment: which accounts its points, its search and its table show."""

from __future__ import annotations

import streamlit as st

from terr.ui import header
from terr.ui.live import plan_parts
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import markdown, sentence
from terr.workspace.accounts import dataset
from terr.workspace.plan import new_plan, plan_settings, segment_filter
from terr.workspace.plan.segment_filter import SegmentFilter
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.scores.recipe import missing
from terr.workspace.scores.wording import measure_origin

KEY = "terr_segment"
ALL = "All accounts"


def can_choose(shown: PlanSnapshot) -> bool:
    """Whether there are segments or tiers to choose from."""
    return bool(segment_filter.titles(_data(shown)))


def choose(shown: PlanSnapshot) -> None:
    """The choice, if there is one."""
    titles = segment_filter.titles(_data(shown))
    if not titles:
        return
    if st.session_state.get(KEY) not in titles:
        st.session_state[KEY] = ALL
    row = st.container(horizontal=True, vertical_alignment="center", gap="small")
    row.caption("Points on the map, search and this table show", width="content")
    row.selectbox(
        "Accounts to show",
        [ALL, *titles],
        key=KEY,
        on_change=plan_parts.draw,
        args=(plan_parts.PANEL,),
        label_visibility="collapsed",
        width=280,
        help="Territories and their totals don't change; define segments and tiers on the Scores page",
    )


def chosen(shown: PlanSnapshot) -> SegmentFilter | None:
    """The accounts looked at, None for all."""
    title = st.session_state.get(KEY, ALL)
    if title == ALL:
        return None
    found = _data(shown).scored
    return segment_filter.filtered(found, title)


def lost(scenario_id: str) -> bool:
    """Whether the plan's measure isn't there any more; then that is said, and another one can be chosen."""
    ws = state.workspace()
    info = ws.scenario(scenario_id)
    data = dataset.dataset(ws, info.dataset_id)
    if info.measure in data.accounts.measures:
        return False
    header.line()
    st.error(markdown(sentence(missing(data.scored, info.measure))), icon=":material/error:")
    names = new_plan.usable_measures(data.accounts)
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    name = row.selectbox(
        "Measure to balance instead",
        names,
        index=new_plan.suggested_measure(names) if names else None,
        key="terr_instead",
        width=320,
    )
    row.button(
        "Use", type="primary", key="terr_instead_go", on_click=_use, args=(scenario_id, name), disabled=not names
    )
    return True


def _use(scenario_id: str, name: str) -> None:
    attempt(lambda: plan_settings.balance(state.workspace(), scenario_id, str(name)))


def measure_definition(shown: PlanSnapshot) -> str | None:
    """How the plan's measure was defined, if it wasn't the file's own."""
    data = _data(shown)
    return measure_origin(data.scored, shown.measure) or None


def _data(shown: PlanSnapshot) -> dataset.Dataset:
    """The plan's data set, as the board was just made from it."""
    return dataset.dataset(state.workspace(), shown.info.dataset_id)
