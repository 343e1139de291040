"""Tables and fields that change the sections of a territory plan; each saves as one change that can be undone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.ui.territory_plans import overview
from terr.view.text import markdown, sentence
from terr.workspace.territory_plans import goals, plans, sections, tables
from terr.workspace.territory_plans.compose import Composer
from terr.workspace.territory_plans.plans import OpenTerritoryPlan, PlanContent

_DATE = "MMM D, YYYY"


def _save(opened: OpenTerritoryPlan, make: Callable[[], PlanContent], title: str = "") -> None:
    """Keep what a form says; what is wrong stands below it."""
    try:
        new = make()
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    made = attempt(lambda: plans.change(state.workspace(), opened, new, by=overview.signed(), title=title) or True)
    if made is not None:
        state.say("Saved. Undo takes it back.")
    forget()
    st.rerun()


def forget() -> None:
    """The window's next look at the sections is a fresh one: after a change of its own nothing is said of changes."""
    state.drop(*(f"tp_mark_{name}" for name in EDITORS))


def _form(opened: OpenTerritoryPlan, name: str, *made_of: object) -> tuple[Any, str]:
    """A form and the key of its fields, which another content makes another one.

    What somebody types stays while others change other sections; if this one was changed, it shows that, and says so.
    """
    texts = [one.to_json(date_format="iso") if isinstance(one, pd.DataFrame) else repr(one) for one in made_of]
    mark = hashlib.sha256("|".join([opened.scenario_id, str(opened.code), *texts]).encode()).hexdigest()[:16]
    kept = f"tp_mark_{name}"
    before = state.get(kept)
    if before is not None and before[0] == opened.code and before[1] != mark:
        who = opened.log[-1].by.name or "Somebody else"
        st.info(f"{markdown(who)} changed what this section rests on; it shows the newest.", icon=":material/sync:")
    state.put(kept, (opened.code, mark))
    return st.form(f"tp_form_{name}_{mark}", border=False), mark


def _editor(name: str, mark: str, frame: pd.DataFrame, config: Mapping[str, Any], **more: Any) -> Any:
    return st.data_editor(
        frame,
        hide_index=True,
        width="stretch",
        key=f"tp_{name}_{mark}",
        column_config=dict(config),
        placeholder="",
        **more,
    )


def _day(title: str) -> Any:
    return st.column_config.DateColumn(title, format=_DATE)


def edit_targets(opened: OpenTerritoryPlan, known: Composer) -> None:
    """Pick, drop, reorder; buyer and contacts; more accounts of the territory."""
    g, content = known.g, opened.content
    frame, more = tables.targets_frame(g, content), tables.addable(g, g.position(opened.code), content)
    form, mark = _form(opened, "targets", frame)
    with form:
        edited = _editor(
            "targets",
            mark,
            frame,
            {
                "#": st.column_config.NumberColumn(width="small", format="%g", help="Numbers set the order"),
                "Keep": st.column_config.CheckboxColumn(width="small"),
                "Tier": st.column_config.TextColumn(width="small"),
                "Why": st.column_config.TextColumn(width="large"),
                "Your reason": st.column_config.TextColumn(help="Stands in place of the reason from the data"),
            },
            disabled=["Account", "Tier", "Why"],
        )
        added = st.multiselect(
            "Add accounts (the best ones first)",
            list(more),
            format_func=lambda i: more[i],
            key=f"tp_add_{mark}",
        )
        if st.form_submit_button("Save targets", type="primary"):
            _save(opened, lambda: tables.with_added(g, tables.with_targets(content, edited), added))


def edit_potential(opened: OpenTerritoryPlan, known: Composer) -> None:
    """One's own estimate with a reason."""
    content = opened.content
    money = st.column_config.NumberColumn(format="%,.0f")
    frame = tables.potential_frame(known.g, content)
    form, mark = _form(opened, "potential", frame)
    with form:
        edited = _editor(
            "potential",
            mark,
            frame,
            dict.fromkeys(("Estimate", "Low", "High", "Your estimate"), money),
            disabled=["Account", "Estimate", "Low", "High"],
        )
        if st.form_submit_button("Save potential", type="primary"):
            _save(opened, lambda: tables.with_potential(content, edited))


def edit_offers(opened: OpenTerritoryPlan, known: Composer) -> None:
    """Kind, what, for whom, until when."""
    g, content = known.g, opened.content
    frame = tables.offers_frame(g, content)
    form, mark = _form(opened, "offers", frame)
    with form:
        edited = _editor(
            "offers",
            mark,
            frame,
            {
                "Kind": st.column_config.SelectboxColumn(options=tables.OFFER_KINDS),
                "Accounts": st.column_config.MultiselectColumn(
                    options=list(tables.target_names(g, content).values()), help="Leave blank for all target accounts"
                ),
                "Valid until": _day("Valid until"),
            },
            num_rows="dynamic",
        )
        if st.form_submit_button("Save offers", type="primary"):
            _save(opened, lambda: tables.with_offers(g, content, edited))


def edit_support(opened: OpenTerritoryPlan, known: Composer) -> None:  # noqa: ARG001 (as the others)
    """From whom, what, by when."""
    content = opened.content
    config = {"From": st.column_config.SelectboxColumn(options=tables.SUPPORT_ROLES), "By": _day("By")}
    frame = tables.support_frame(content)
    form, mark = _form(opened, "support", frame)
    with form:
        edited = _editor("support", mark, frame, config, num_rows="dynamic")
        if st.form_submit_button("Save support", type="primary"):
            _save(opened, lambda: tables.with_support(content, edited))


def edit_actions(opened: OpenTerritoryPlan, known: Composer) -> None:  # noqa: ARG001 (as the others)
    """What, who, by when, status."""
    content = opened.content
    config = {"By": _day("By"), "Status": st.column_config.SelectboxColumn(options=tables.ACTION_STATES)}
    frame = tables.actions_frame(content)
    form, mark = _form(opened, "actions", frame)
    with form:
        edited = _editor("actions", mark, frame, config, num_rows="dynamic")
        if st.form_submit_button("Save actions", type="primary"):
            _save(opened, lambda: tables.with_actions(content, edited))


def edit_swot(opened: OpenTerritoryPlan, known: Composer) -> None:
    """Reword, move, hide drafted lines; add one's own."""
    content = opened.content
    lines = sections.swot_lines(known.g, known.g.position(opened.code), content)
    st.caption("Your wording stays when the figures change. Uncheck Show to leave a line out.")
    frame = tables.swot_frame(lines)
    form, mark = _form(opened, "swot", frame)
    with form:
        edited = _editor(
            "swot",
            mark,
            frame,
            {
                "List": st.column_config.SelectboxColumn(options=list(sections.QUADRANT_TITLES.values())),
                "Line": st.column_config.TextColumn(width="large", max_chars=600),
                "Show": st.column_config.CheckboxColumn(width="small", default=True),
            },
            num_rows="dynamic",
            disabled=["From the figures"],
        )
        if st.form_submit_button("Save SWOT", type="primary"):
            _save(opened, lambda: tables.with_swot(content, lines, edited))


def edit_goals(opened: OpenTerritoryPlan, known: Composer) -> None:
    """Accept what is proposed, or change it."""
    content, g = opened.content, known.g
    at, quota = g.position(opened.code), known.quota(opened.code, opened.content)
    weekly = goals.activities(g, at, content, quota, known.known, known.today, known.so_far).a_week
    if content.goals is None:
        drafted = goals.accepted(g, at, content, quota, weekly)
        if st.button("Accept as proposed", key=f"tp_accept_{opened.code}", icon=":material/check:"):
            _save(opened, lambda: replace(content, goals=drafted), "Accepted the proposed goals")
    else:
        drafted = content.goals
    a_week = drafted.activities if drafted.activities is not None else weekly
    number = st.column_config.NumberColumn(format="%,.10g")
    frame, weekly_frame = tables.goals_frame(drafted.goals), tables.activities_frame(a_week)
    form, mark = _form(opened, "goals", frame, weekly_frame)
    with form:
        edited = _editor(
            "goals",
            mark,
            frame,
            {"From": number, "To": number, "By": _day("By")},
            num_rows="dynamic",
        )
        activities = _editor(
            "activities",
            mark,
            weekly_frame,
            {"A week": st.column_config.NumberColumn(format="%.1f", min_value=0.0)},
            num_rows="dynamic",
        )
        if st.form_submit_button("Save goals", type="primary"):
            _save(opened, lambda: tables.with_goals(content, edited, activities, opened.view.territory))


def cadence_config() -> dict[str, Any]:
    """Columns of a table of touches."""
    return {
        "Week": st.column_config.NumberColumn(min_value=1, max_value=26, step=1, format="%d"),
        "Day": st.column_config.SelectboxColumn(options=tables.DAYS),
        "Channel": st.column_config.SelectboxColumn(options=tables.CHANNELS),
    }


def edit_calendar(opened: OpenTerritoryPlan, known: Composer) -> None:
    """First day, touches a day, holidays; the touches of each tier; single touches moved; decisions."""
    content, choice = opened.content, opened.content.calendar
    cadences = choice.cadences or known.template.cadences
    frame = tables.calendar_frame(opened.view.entries, choice)
    form, key = _form(opened, "calendar", frame, choice, cadences)
    with form:
        a, b, c, d, e = st.columns(5)
        start = a.date_input("First day", choice.start or known.today, key=f"tp_start_{key}", format="MM/DD/YYYY")
        most = b.number_input("Touches a day, at most", 1, 100, choice.most_a_day, key=f"tp_most_{key}")
        country = c.text_input("Holidays of country", choice.country, max_chars=2, key=f"tp_country_{key}")
        where = d.text_input("and state", choice.state, max_chars=6, key=f"tp_state_of_{key}")
        weeks = e.number_input(
            "Weeks until the decision", 1, 26, max((x.weeks for x in cadences), default=6), key=f"tp_weeks_{key}"
        )
        days = st.multiselect(
            "Working days",
            list(range(7)),
            default=list(choice.weekdays),
            format_func=lambda k: tables.DAYS[k],
            key=f"tp_days_{key}",
        )
        left, right = st.columns([1, 1.6], gap="medium")
        with left:
            st.markdown("**Touches of each tier**")
            steps = _editor(
                "cadences", key, tables.cadences_frame(cadences), cadence_config(), num_rows="dynamic", height=320
            )
        with right:
            st.markdown("**Calendar**: change a day to move a touch")
            moved = _editor(
                "moves",
                key,
                frame,
                {"Day": _day("Day"), "Decision": st.column_config.SelectboxColumn(options=tables.DECISIONS)},
                disabled=["Touch", "Account", "Tier", "Note"],
                height=320,
            )
        if st.form_submit_button("Save calendar", type="primary"):

            def make() -> PlanContent:
                made = tables.with_calendar(content, opened.view.entries, moved)
                own = tables.cadences_from(steps, int(weeks))
                new = replace(
                    made.calendar,
                    start=start,
                    most_a_day=int(most),
                    country=country.strip().upper(),
                    state=where.strip().upper(),
                    weekdays=tuple(sorted(days)),
                    cadences=() if own == known.template.cadences else own,
                )
                return replace(made, calendar=new)

            _save(opened, make)
    if choice.moves and st.button("Clear moved days", key=f"tp_clear_{key}"):
        _save(opened, lambda: replace(content, calendar=replace(choice, moves=())), "Cleared moved days")


def edit_questions(opened: OpenTerritoryPlan, known: Composer) -> None:
    """An answer to each question of the company."""
    content = opened.content
    form, mark = _form(opened, "questions", content.answers, known.template.questions)
    with form:
        answers = {
            q: st.text_area(markdown(q), content.answers.get(q, ""), max_chars=2000, key=f"tp_answer_{k}_{mark}")
            for k, q in enumerate(known.template.questions)
        }
        if st.form_submit_button("Save answers", type="primary"):
            given = {q: text.strip() for q, text in answers.items() if text.strip()}
            _save(opened, lambda: replace(content, answers={**content.answers, **given}))


EDITORS: Mapping[str, Callable[[OpenTerritoryPlan, Composer], None]] = {
    "targets": edit_targets,
    "potential": edit_potential,
    "offers": edit_offers,
    "support": edit_support,
    "calendar": edit_calendar,
    "swot": edit_swot,
    "goals": edit_goals,
    "actions": edit_actions,
    "questions": edit_questions,
}
"""Section -> what changes it; where we stand comes from the data alone."""
