"""The Situations page: the question, its options beside each other, and what is covered for already."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from terr.errors import TerrError
from terr.model.progress import Progress
from terr.ui.jobs import window_jobs
from terr.ui.session import navigation, state
from terr.ui.session.errors import attempt
from terr.ui.situations import cards
from terr.ui.situations.forms import FORMS
from terr.view.text import count, date_text, markdown, sentence
from terr.workspace.plan.named_accounts import today
from terr.workspace.situations.answers import options
from terr.workspace.situations.applying import bring_back, coverage_of
from terr.workspace.situations.ground import SituationGround, ground_of
from terr.workspace.situations.option import SituationOption
from terr.workspace.situations.pictures import option_picture
from terr.workspace.situations.questions import Question, check

JOB, FOUND = "situation", "situation_found"


@dataclass(frozen=True, eq=False)
class Answered:
    """Options of a question, with a picture of each."""

    asked: Question
    options: tuple[SituationOption, ...]
    pictures: tuple[bytes, ...]


def show(scenario_id: str) -> None:
    """The page of an open plan."""
    ws = state.workspace()
    _covered(scenario_id)
    ground = ground_of(ws, scenario_id)
    if not ground.plan.territories or not (ground.plan.assign >= 0).any():
        st.info("This plan has no territories yet. Generate them first on page Plan.", icon=":material/map:")
        if st.button("Go to Plan", type="primary", key="sit_to_plan"):
            navigation.switch("plan")
        return
    if not ground.reps:
        row = st.container(horizontal=True, vertical_alignment="center")
        row.caption(
            ":material/info: This data set has no reps yet, so territories stand for their reps. Add a roster to plan "
            "with homes, hours and names."
        )
        if row.button("Add reps", key="sit_to_reps", icon=":material/group_add:"):
            navigation.switch("reps")
    labels = {key: label for key, (label, _) in FORMS.items()}
    kind = st.segmented_control(
        "What happened?", list(labels), format_func=lambda k: labels[k], default="leave", required=True, key="sit_kind"
    )
    with st.container(border=True):
        asked = _asked(ground, str(kind or "leave"))
    found: Answered | None = state.get(FOUND)
    if found is not None and (found.options[0].ground.scenario_id, found.options[0].ground.rev) != (
        scenario_id,
        ground.rev,
    ):
        state.drop(FOUND)
        st.caption("The plan changed since; show the options again.")
        found = None
    window_jobs.follow(JOB, _done, stop="Stop")
    if found is not None and not window_jobs.running(JOB):
        if asked is not None and asked != found.asked:
            st.caption("These options answer the question as it was asked before.")
        cards.show(found.asked, found.options, found.pictures)


def _asked(ground: SituationGround, kind: str) -> Question | None:
    """The form; what can't be answered is said in it. None while it can't be."""
    why, asked = "", None
    try:
        asked = FORMS[kind][1](ground)
        check(ground, asked)
    except TerrError as error:
        why = str(error)
    clicked = st.button(
        "Show options",
        type="primary",
        icon=":material/alt_route:",
        key="sit_show",
        disabled=bool(why) or window_jobs.running(JOB),
    )
    if why:
        st.warning(markdown(sentence(why)), icon=":material/edit:")
        return None
    if clicked and asked is not None:  # not a callback: what was chosen last may come together with the click
        _begin(ground, asked)
    return asked


def _begin(ground: SituationGround, asked: Question) -> None:
    def work(progress: Progress) -> Answered:
        found = options(ground, asked, progress.part(0.0, 0.8))
        for one in found:  # what the cards show
            _ = one.figures, one.changes
        progress.tell(0.9, "drawing the maps")
        return Answered(asked, found, tuple(option_picture(one) for one in found))

    state.drop(FOUND)
    window_jobs.quick(JOB, work, _done, wait_s=1.0)


def _done(found: Answered) -> None:
    state.put(FOUND, found)


def _covered(scenario_id: str) -> None:
    """What others cover for in this plan, and the way back."""
    found = coverage_of(state.workspace(), scenario_id)
    if found is None:
        return
    row = st.container(border=True, horizontal=True, vertical_alignment="center")
    ahead = found.since is not None and found.since > today()
    begins = f" from {markdown(date_text(found.since))} on" if ahead and found.since is not None else ""
    row.markdown(
        f":material/event_upcoming: {markdown(found.reason)}: {count(len(found.accounts), 'account')} with others"
        f"{begins}. They return by themselves after {markdown(date_text(found.until))}.",
        width="stretch",
    )
    why = state.needs("edit")
    row.button(
        "Cancel coverage" if ahead else "End coverage now",
        icon=":material/undo:",
        key="sit_back",
        disabled=bool(why),
        help=markdown(why)
        or ("All accounts stay where they are" if ahead else "All accounts go back to where they were"),
        on_click=_back,
        args=(scenario_id,),
    )


def _back(scenario_id: str) -> None:
    said = attempt(lambda: bring_back(state.workspace(), scenario_id, by=state.person()))
    state.say(said or "")
