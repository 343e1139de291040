"""The top of Home: what Terr is, the demo in one click, an upload, and what to do next."""

from __future__ import annotations

import streamlit as st

from terr.model.scenario import ScenarioInfo
from terr.ui.jobs import window_jobs
from terr.ui.session import navigation, state
from terr.workspace.home.demo_plan import demo_picture, open_demo_plan

_DEMO = "home_demo"
HERO = (1080, 420)
"""Pixels of the large map, drawn from the demo plan."""


def hero() -> None:
    """One sentence, a map, and two ways to begin."""
    words, map_side = st.columns([5, 7], vertical_alignment="center")
    with words:
        st.title("Balanced sales territories, on a map, in minutes")
        st.markdown(
            "Upload an account spreadsheet. Terr draws or adjusts territories, shows the balance after every change, "
            "and says what each change costs. Everything stays on this computer."
        )
        st.button(
            "Open the demo plan",
            type="primary",
            icon=":material/map:",
            width="stretch",
            key="open_demo",
            help="5,000 sample accounts, 12 reps and 12 balanced territories",
            on_click=_open_demo,
            disabled=window_jobs.running(_DEMO),
        )
        window_jobs.follow(_DEMO, _opened, stop="Cancel")
        if st.button("Upload accounts", icon=":material/upload_file:", width="stretch", key="home_upload"):
            navigation.switch("accounts")
    with map_side:
        st.image(_hero_picture(), width="stretch", caption="The demo plan: 12 territories of equal potential")
    if state.get("go_to_plan"):
        state.drop("go_to_plan")
        navigation.switch("plan")


@st.cache_data(show_spinner=False)
def _hero_picture() -> bytes:
    return demo_picture(HERO)


def _open_demo() -> None:
    ws, author = state.workspace(), state.author()
    window_jobs.quick(_DEMO, lambda progress: open_demo_plan(ws, author=author, progress=progress), _opened)


def _opened(info: ScenarioInfo) -> None:
    state.open_scenario(info.id)
    st.query_params["scenario"] = info.id
    state.put("go_to_plan", True)
