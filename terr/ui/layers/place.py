"""Which areas a plan is made of, and where: a level and a region."""

from __future__ import annotations

from typing import Any

import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.view.text import distinct, markdown, sentence
from terr.workspace import levels
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.plan import new_plan


def level_and_region(data: Dataset, wide: Any, narrow: Any, key: str) -> tuple[str, list[str] | None]:
    """Which areas, and where; see `_region`."""
    titles = distinct({one.level: one.title for one in levels.choices()})
    level = str(
        narrow.selectbox(
            "Level",
            list(titles),
            index=list(titles).index("county"),
            format_func=lambda v: titles[v],
            key=f"{key}_level",
            help="Add your own boundaries and exact ZIP areas on the Settings page",
        )
    )
    with wide:
        return level, _region(data, level, key)


def unfinished(layers: object | None, region: list[str] | None) -> bool:
    """Whether the layers' rules or the region can't be planned with yet; then it says which."""
    if layers is None:
        st.error("Finish the rules of the layers first.", icon=":material/error:")
    elif region == []:
        st.error("Choose a region: one or more states, or the lower 48.", icon=":material/error:")
    return layers is None or region == []


def _region(data: Dataset, level: str, key: str) -> list[str] | None:
    """Codes of the states chosen; None where there are none to choose and the plan covers the whole layer."""
    try:
        states = levels.has_states(level)
    except TerrError as error:
        st.warning(markdown(sentence(str(error))), icon=":material/warning:")
        return []
    if not states:
        st.text_input("Region", "All areas of the file", disabled=True, key=f"{key}_everything")
        return None
    field, usual = f"{key}_region", [new_plan.suggested_region(data.accounts)]
    chosen = st.multiselect(
        "Region", new_plan.REGIONS, default=usual, key=field, on_change=_one_meaning, args=(field, usual)
    )
    if said := state.get(f"{field}_said"):
        st.caption(f":material/info: {markdown(said)}")
    return new_plan.region_codes(chosen)


def _one_meaning(field: str, usual: list[str]) -> None:
    kept, said = new_plan.one_meaning(state.get(f"{field}_before", usual), st.session_state[field])
    if kept != st.session_state[field]:  # else what is being typed meanwhile would be overwritten
        st.session_state[field] = kept
    state.put(f"{field}_before", kept)
    state.put(f"{field}_said", said)
