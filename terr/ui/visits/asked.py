"""What visits are planned by: rep, period, calls and minutes by tier, hours, travel; and the buttons that plan."""

from __future__ import annotations

from datetime import date, time

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.jobs import window_jobs
from terr.ui.session import navigation, state
from terr.view.text import count, distinct, markdown, sentence
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.visits import kept
from terr.workspace.visits.choices import (
    COLUMN_KINDS,
    country_names,
    days_off_from,
    days_off_text,
    offered_columns,
    tier_table,
    with_tiers,
)
from terr.workspace.visits.settings import MOST_WEEKS, VisitSettings

JOB = "visits"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def nobody(shown: PlanSnapshot) -> bool:
    """Whether nobody's visits can be shown; then it says why and what to do."""
    if kept.visible_reps(state.workspace(), shown):
        return False
    if any(t.rep for t in shown.plan.territories):
        st.info("No territory here is yours or your team's, so there are no visits to show.", icon=":material/lock:")
        return True
    st.info("No territory has a rep yet. Give territories to reps first.", icon=":material/group:")
    if st.button("Go to Reps", type="primary", key="to_reps"):
        navigation.switch("reps")
    return True


def show_asked(shown: PlanSnapshot) -> str | None:
    """The rep to look at and the form; the rep_id, or None if no rep is chosen."""
    ws = state.workspace()
    reps = kept.visible_reps(ws, shown)
    names = distinct({r.rep_id: r.name or r.rep_id for r in reps})
    rep = st.selectbox("Rep", list(names), format_func=lambda r: names[r], key=f"visits_rep_{shown.info.id}")
    if not rep:
        return None
    refused = state.needs("edit")
    usual = kept.usual_settings(shown.info, kept.today())
    with st.form("visits_asked", border=False):
        made, told = _form(shown, usual)
        one = st.form_submit_button(
            "Plan visits", type="primary", width="stretch", disabled=bool(refused), help=markdown(refused) or None
        )
        everybody = len(reps) > 1 and st.form_submit_button(
            f"Plan visits of all {len(reps):,} reps",
            width="stretch",
            disabled=bool(refused),
            help=markdown(refused) or None,
        )
    if told:
        st.error(markdown(sentence(told)), icon=":material/error:")
    elif made is not None and (one or everybody):
        _begin(shown, [r.rep_id for r in reps] if everybody else [str(rep)], made)
    window_jobs.follow(JOB, lambda done: _keep(shown.info.id, done))
    for name, why in state.get("visits_failed", {}).items():
        st.warning(markdown(f"{name}: {why}"), icon=":material/warning:")
    return str(rep)


def _form(shown: PlanSnapshot, usual: VisitSettings) -> tuple[VisitSettings | None, str]:
    """What the fields say, and what is wrong with it."""
    sid = shown.info.id
    a, b = st.columns([1.5, 1])
    start = a.date_input("Start", usual.start, min_value=kept.today(), format="MM/DD/YYYY", key=f"visits_start_{sid}")
    weeks = b.number_input("Weeks", 1, MOST_WEEKS, usual.weeks, 1, key=f"visits_weeks_{sid}")
    c = st.column_config
    table = st.data_editor(
        tier_table(shown.accounts, usual),
        hide_index=True,
        width="stretch",
        key=f"visits_tiers_{sid}",
        disabled=["Tier"],
        column_config={
            "Calls a year": c.NumberColumn(min_value=0, max_value=260, step=1, help="52 is one in every week"),
            "Minutes": c.NumberColumn(min_value=1, max_value=960, step=5, help="Of a call, without the way"),
        },
    )
    a, b = st.columns(2)
    hours = a.number_input(
        "Hours a day", 0.5, 16.0, usual.hours, 0.5, key=f"visits_hours_{sid}", help="From leaving home to being back"
    )
    leave = b.time_input("Leave home after", _time(usual.day_start), step=900, key=f"visits_leave_{sid}")
    days = st.pills(
        "Working days",
        _DAYS,
        selection_mode="multi",
        default=[_DAYS[k] for k in usual.workdays],
        key=f"visits_days_{sid}",
    )
    countries = country_names()
    country = st.selectbox(
        "Public holidays off",
        list(countries),
        index=list(countries).index(usual.country),
        format_func=lambda k: countries[k],
        key=f"visits_country_{sid}",
    )
    off = st.text_input(
        "Days off", days_off_text(usual.days_off), key=f"visits_off_{sid}", placeholder="2026-12-24, 2026-12-28"
    )
    with st.expander("Travel and columns"):
        a, b = st.columns(2)
        factor = a.number_input(
            "Road miles per straight mile",
            1.0,
            3.0,
            usual.road_factor,
            0.05,
            key=f"visits_factor_{sid}",
            help="1.2 is usual in the USA (Ballou, Rahardja and Sakai 2002)",
        )
        local = b.number_input("Local miles of a way", 0.0, 100.0, usual.local_miles, 1.0, key=f"visits_local_{sid}")
        mph = a.number_input("Local speed, mph", 3.0, 95.0, usual.mph, 1.0, key=f"visits_mph_{sid}")
        far = b.number_input(
            "Speed beyond, mph",
            3.0,
            95.0,
            usual.far_mph,
            1.0,
            key=f"visits_far_{sid}",
            help="30 and 50 are assumptions; set what your reps drive",
        )
        columns = ["", *offered_columns(shown.accounts)]
        picked = {
            field: st.selectbox(
                label,
                columns,
                index=_place(columns, getattr(usual, field)),
                key=f"visits_{field}_{sid}",
                format_func=lambda name: name or "Automatic",
            )
            for field, label in COLUMN_KINDS.items()
        }
    try:
        assert isinstance(start, date)  # noqa: S101 (one date is asked for)
        calls, minutes = with_tiers(pd.DataFrame(table))
        return (
            VisitSettings(
                start,
                int(weeks),
                calls,
                minutes,
                hours,
                60 * leave.hour + leave.minute,
                tuple(k for k, d in enumerate(_DAYS) if d in days),
                days_off_from(off),
                country or "",
                factor,
                mph,
                far,
                local,
                picked["calls_column"] or "",
                picked["minutes_column"] or "",
                picked["hours_column"] or "",
                picked["last_column"] or "",
            ),
            "",
        )
    except TerrError as error:
        return None, str(error)


def _time(minute: int) -> time:
    return time(minute // 60, minute % 60)


def _place(columns: list[str], name: str) -> int:
    return columns.index(name) if name in columns else 0


def _begin(shown: PlanSnapshot, reps: list[str], asked: VisitSettings) -> None:
    ws, by = state.workspace(), state.author()
    state.drop("visits_failed", "visits_error")
    window_jobs.quick(
        JOB,
        lambda progress: kept.plan_calendars(ws, shown, reps, asked, by=by, progress=progress),
        lambda done: _keep(shown.info.id, done),
    )
    if not window_jobs.running(JOB) and not state.get(JOB):
        st.rerun()


def _keep(scenario_id: str, done: tuple[dict[str, kept.KeptCalendar], dict[str, str]]) -> None:
    made, failed = done
    kept.keep(state.workspace(), scenario_id, made)
    state.put("visits_failed", failed)
    early = any(one.status == "stopped" for one in made.values())
    state.say(f"Planned the visits of {count(len(made), 'rep')}{', stopped early' if early else ''}.")
