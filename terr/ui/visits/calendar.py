"""A rep's calendar: figures, the weeks as a grid, what isn't visited, files."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import pandas as pd
import streamlit as st

from terr.errors import PlanError
from terr.ui.session import state
from terr.ui.session.local_time import local
from terr.view.text import MILE_KM, count, date_text, markdown, number, sentence
from terr.workspace.access import distances
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.visits import kept
from terr.workspace.visits.calendar import OtherWay, RepCalendar, VisitDay
from terr.workspace.visits.kept import OpenCalendar

_MOST_NAMES = 6
_GRID = """
<style>
.terr-weeks { display: grid; gap: 4px; font-size: .8rem; line-height: 1.3; }
.terr-weeks > div { border: 1px solid rgba(128,128,128,.35); border-radius: 6px; padding: .35rem .45rem; min-width: 0; }
.terr-weeks > .off { border-style: dashed; opacity: .6; }
.terr-weeks b { font-variant-numeric: tabular-nums; }
.terr-weeks small { display: block; opacity: .8; font-variant-numeric: tabular-nums; }
.terr-weeks span { display: block; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
</style>
"""


def far(miles: float, digits: int = 0) -> str:
    """A distance in the unit the settings say."""
    if distances.miles(state.workspace().root):
        return f"{number(miles, digits)} miles"
    return f"{number(miles * MILE_KM, digits)} km"


def show_calendar(shown: PlanSnapshot, rep_id: str) -> OpenCalendar | None:
    """The kept calendar of a rep, or what to do for one."""
    try:
        opened = kept.open_calendar(state.workspace(), shown, rep_id)
    except PlanError as error:
        st.warning(markdown(sentence(str(error))), icon=":material/update:")
        return None
    if opened is None:
        st.info("No visits planned yet. Set calls and hours at the left, then plan visits.", icon=":material/route:")
        return None
    found = opened.found
    _figures(found)
    said = f"{date_text(found.start)} to {date_text(found.end)}"
    if opened.kept.at is not None:
        said += f" · planned {local(opened.kept.at)}" + (f" by {opened.kept.by}" if opened.kept.by else "")
    if found.status == "stopped":
        said += " · stopped early: a longer search may find shorter ways"
    st.caption(markdown(said))
    _grid(found)
    return opened


def _figures(found: RepCalendar) -> None:
    a, b, c, d, e = st.columns(5)
    a.metric("Visits", f"{found.visits:,}", help="Calls in the period")
    miles = distances.miles(state.workspace().root)
    b.metric(
        "Miles" if miles else "Kilometers",
        number(found.miles * (1 if miles else MILE_KM)),
        help="By road, from home and back each day",
    )
    c.metric("Driving", f"{number(found.drive / 60, 1)} h", help=f"Calls take {number(found.service / 60, 1)} h")
    d.metric("Saved vs. today", _saved(found, found.listed), help=markdown(_how(found.listed, "today's order")))
    e.metric("Saved vs. nearest", _saved(found, found.nearest), help=markdown(_how(found.nearest, "nearest neighbor")))


def _saved(found: RepCalendar, other: OtherWay) -> str:
    saved = found.saved_hours(other)
    return "–" if saved is None else f"{number(saved, 1)} h"


def _how(other: OtherWay, name: str) -> str:
    longest = " (longest not visited first, then as in the file)" if name == "today's order" else ""
    return (
        f"Hours on the road and of waiting, for as many visits. By {name}{longest}, under the same rules: "
        f"{other.visits:,} visits, {far(other.miles)}"
    )


def _grid(found: RepCalendar) -> None:
    """Weeks as rows, the days of the week that are worked as columns."""
    by_day = {d.day: d for d in found.days}
    used = sorted({d.day.weekday() for d in found.days})
    first = found.start.toordinal() - found.start.weekday()
    cells = []
    for monday in range(first, found.end.toordinal() + 1, 7):
        for weekday in used:
            day = found.start.fromordinal(monday + weekday)
            cells.append(_cell(by_day.get(day), f"{day:%a} {day:%b} {day.day}"))
    columns = f"repeat({len(used)}, minmax(0, 1fr))"
    st.html(f'{_GRID}<div class="terr-weeks" style="grid-template-columns:{columns}">{"".join(cells)}</div>')


def _cell(day: VisitDay | None, title: str) -> str:
    if day is None:
        return f'<div class="off"><b>{title}</b><small>Not worked</small></div>'
    if not day.stops:
        return f'<div class="off"><b>{title}</b><small>Free</small></div>'
    names = [f"<span>{escape(s.name or s.account_id)}</span>" for s in day.stops[:_MOST_NAMES]]
    if len(day.stops) > _MOST_NAMES:
        names.append(f"<small>and {len(day.stops) - _MOST_NAMES:,} more</small>")
    return f"<div><b>{title}</b><small>{count(len(day.stops), 'visit')}, {far(day.miles)}</small>{''.join(names)}</div>"


def show_lists(opened: OpenCalendar) -> None:
    """What isn't visited and what was overdue, each with its reason."""
    found = opened.found
    out = found.left_out
    with st.expander(f"Left out: {count(len(out), 'account')}", expanded=bool(out)):
        if out:
            rows = [(m.name, m.account_id, m.tier, f"{m.visits:,} of {m.of:,}", m.reason) for m in out]
            _table(rows, ["Account", "Account ID", "Tier", "Visits left out", "Reason"], "terr_visits_out")
        else:
            st.caption("Every visit that is due is in the calendar.")
    rest = [m for m in found.missed if not m.visits]
    with st.expander(f"Nothing due: {count(len(rest), 'account')}"):
        free = [(m.name, m.account_id, m.tier, m.reason) for m in rest]
        _table(free, ["Account", "Account ID", "Tier", "Reason"], "terr_visits_rest")
    if found.overdue:
        with st.expander(f"Overdue before the start: {count(len(found.overdue), 'account')}"):
            late = [
                (o.name, o.account_id, f"{o.days:,}", "Left out" if o.visit is None else date_text(o.visit))
                for o in found.overdue
            ]
            _table(late, ["Account", "Account ID", "Days overdue", "Visit"], "terr_visits_late")
    for note in found.notes:
        st.caption(f":material/info: {markdown(note)}")


def _table(rows: Sequence[tuple[str, ...]], names: list[str], key: str) -> None:
    st.dataframe(pd.DataFrame(rows, columns=names), hide_index=True, placeholder="–", width="stretch", key=key)


def show_files(shown: PlanSnapshot, opened: OpenCalendar) -> None:
    """The calendar as files."""
    if not opened.found.visits:
        return
    row = st.container(horizontal=True)
    for kind, (label, _) in kept.FILES.items():
        file = kept.visit_file(opened, kind, shown.info.name)
        row.download_button(label, file.data, file.name, file.mime, key=f"visits_file_{kind}", on_click="ignore")
