"""One day of a calendar: its map, its stops, links to a phone's map app, and moving a visit to another day."""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.ui.visits.calendar import far
from terr.view.text import count, date_text, markdown, sentence
from terr.view.visit_charts import day_map
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.visits import kept
from terr.workspace.visits.calendar import VisitDay, clock
from terr.workspace.visits.day_picture import day_picture
from terr.workspace.visits.kept import OpenCalendar

_OFF = "Leave out"


def show_day(shown: PlanSnapshot, opened: OpenCalendar) -> None:
    """A day to look at, and the visit to move."""
    days = [d for d in opened.found.days if d.stops]
    if not days:
        return
    by_date = {d.day: d for d in days}
    picked = st.selectbox(
        "Day", list(by_date), format_func=lambda d: _title(by_date[d]), key=f"visits_day_{opened.found.rep_id}"
    )
    day = by_date.get(picked, days[0])
    left, right = st.columns([1, 1.2], gap="medium")
    with left:
        drawn = day_picture(day, opened.ground.home, shown.units)
        chart = day_map(
            drawn.stops,
            drawn.way,
            drawn.borders,
            half=drawn.half,
            title=f"{day.day:%a} {date_text(day.day)}: {far(day.miles)}",
            dark=st.context.theme.type == "dark",
        )
        st.altair_chart(chart, width="content", key="terr_visits_map")
        st.caption("Lines are straight; distances and times are by road.")
    with right:
        _stops(day)
        links = kept.links_of(opened, day)
        for k, link in enumerate(links, start=1):
            part = f", part {k} of {len(links)}" if len(links) > 1 else ""
            st.link_button(f"Open the route in a map app{part}", link, icon=":material/open_in_new:")
        st.caption("A link sends the coordinates of home and stops to Google Maps when you click it.")
    _move(shown, opened, day)


def _title(day: VisitDay) -> str:
    return f"{day.day:%a}, {date_text(day.day)} · {count(len(day.stops), 'visit')} · {far(day.miles)}"


def _stops(day: VisitDay) -> None:
    rows = [("", clock(day.start), "Leave home", "")]
    rows += [(clock(s.arrive), clock(s.leave), s.name or s.account_id, s.tier) for s in day.stops]
    rows.append((clock(day.end), "", "Back home", ""))
    frame = pd.DataFrame(rows, columns=["Arrive", "Leave", "Account", "Tier"])
    st.dataframe(frame, hide_index=True, placeholder="–", width="stretch", key="terr_visits_stops")


def _move(shown: PlanSnapshot, opened: OpenCalendar, day: VisitDay) -> None:
    """A visit of this day, or one that was left out, to another day."""
    refused = state.needs("edit")
    names = {s.visit: f"{k}. {s.name or s.account_id}" for k, s in enumerate(day.stops, start=1)}
    names |= {m.visit: f"Left out: {m.name or m.account_id}" for m in opened.found.left_out if m.visit >= 0}
    a, b, c = st.columns([2, 1.6, 1], vertical_alignment="bottom")
    visit = a.selectbox("Move visit", list(names), format_func=lambda v: names[v], key=f"visits_move_{day.day}")
    here = next((d.day for d in opened.found.days for s in d.stops if s.visit == visit), None)
    targets: list[date | None] = [d for d in kept.days_for(opened, visit) if d != here]
    if here is not None:
        targets.append(None)
    to = b.selectbox(
        "To",
        targets,
        format_func=lambda d: _OFF if d is None else f"{d:%a}, {date_text(d)}",
        key=f"visits_to_{visit}",
        placeholder="No other day",
        help="Days on which the visit is due and the account is open",
    )
    c.button(
        "Move visit",
        key="visits_moved",
        width="stretch",
        disabled=bool(refused) or not targets,
        help=markdown(refused) or None,
        on_click=_moved,
        args=(shown.info.id, opened, visit, to),
    )
    if message := state.get("visits_error"):
        st.error(markdown(sentence(message)), icon=":material/error:")


def _moved(scenario_id: str, opened: OpenCalendar, visit: int, to: date | None) -> None:
    state.drop("visits_error")
    try:
        after = kept.move_visit(opened, visit, to, by=state.author())
        kept.keep(state.workspace(), scenario_id, {opened.found.rep_id: after})
    except TerrError as error:
        state.put("visits_error", str(error))
        return
    where = "left out of the calendar" if to is None else f"moved to {date_text(to)}"
    state.say(f"The visit is {where}; the days were routed again. Move it the same way to take that back.")
