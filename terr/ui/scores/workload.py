"""Workload on the Scores page: hours a year of calls and travel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from terr.errors import TerrError
from terr.ui.scores import editor as base
from terr.ui.session import state
from terr.view.text import MILE_KM, markdown, number, sentence
from terr.workspace.access import distances
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.reps import hours
from terr.workspace.scores import suggestions as guess
from terr.workspace.scores.tiers import TiersBy
from terr.workspace.scores.wording import TRAVEL_HELP, hours_text
from terr.workspace.scores.workload import Effort, Tier, WorkloadBy

TIER, CALLS, MINUTES = "Tier", "Calls a year", "Minutes per call"
_MOST_TIERS = 12


def show_workload(data: Dataset) -> None:
    """The form at the left, hours in all and per rep at the right."""
    one: WorkloadBy | None = base.opened(data, WorkloadBy)
    base.form_and_preview(data, lambda: _form(data, one), _preview)


def _form(data: Dataset, one: WorkloadBy | None) -> WorkloadBy | None:
    made = [d.name for d in data.scored.recipe.kept if isinstance(d, TiersBy)] if data.scored else []
    offered = guess.grouping(data.accounts)
    usual = one.column if one else guess.tier_column(data.accounts, [m for m in made if m in offered])
    if one and one.column not in offered:
        offered = [one.column, *offered]
    if not usual and not made:
        st.info(
            "Calls depend on tier. Save tiers under 80/20 and tiers first, or choose a column of the file.",
            icon=":material/info:",
        )
    column = st.selectbox(
        "Calls depend on",
        offered,
        index=offered.index(usual) if usual in offered else None,
        key=base.key("by"),
        placeholder="Choose a column of tiers",
    )
    if column is None:
        return None
    tiers = _tiers(data, one, str(column))
    a, b = st.columns(2)
    effort = one.effort if one else Effort()
    miles = distances.miles(state.workspace().root)
    per = MILE_KM if miles else 1.0
    unit = "mph" if miles else "km/h"
    speed = b.number_input(
        f"Average speed, {unit}",
        round(5 / per),
        round(150 / per),
        round(effort.speed_kmh / per),
        key=base.key(f"speed_{unit}"),
        help="On the road, with stops",
    )
    factor = a.number_input(
        "Road factor",
        1.0,
        3.0,
        effort.road_factor,
        0.05,
        key=base.key("factor"),
        help="Road distance per mile of straight-line distance. 1.2 is typical in the US (Ballou et al. 2002)",
    )
    day = b.number_input("Maximum calls a day", 1, 50, round(effort.calls_a_day), key=base.key("day"))
    homes = st.checkbox(
        f"Start travel at reps' homes ({len(data.reps):,} in the roster)",
        value=(one.homes if one else True),
        disabled=not data.reps,
        key=base.key("homes"),
        help="Each account is visited from the nearest home",
    )
    k = one.territories if one else max(len(data.reps), 10)
    if not homes or not data.reps:
        k = int(st.number_input("Number of territories", 1, 2_000, k, key=base.key("k")))
    _source()
    name = base.name_field(data, one, "Hours a year")
    kmh = effort.speed_kmh if speed == round(effort.speed_kmh / per) else min(max(speed * per, 5.0), 150.0)

    def build() -> WorkloadBy:
        work = Effort(tiers, float(day), float(factor), kmh, effort.least_km)
        return WorkloadBy(name, str(column), work, bool(homes), k)

    found: WorkloadBy | None = base.made_by(build)
    return found


def _tiers(data: Dataset, one: WorkloadBy | None, column: str) -> tuple[Tier, ...]:
    if one and one.column == column:
        usual = one.effort.tiers
    else:
        maker = data.scored.recipe.maker(column) if data.scored else None
        words = guess.words_in(data.accounts, column)
        names = maker.cuts.names if isinstance(maker, TiersBy) else words[:_MOST_TIERS]
        usual = guess.tier_rows(names)
    rows = pd.DataFrame(
        {TIER: [t.name for t in usual], CALLS: [t.calls for t in usual], MINUTES: [t.minutes for t in usual]}
    )
    edited = st.data_editor(
        rows,
        key=base.key(f"tiers_{column}"),
        hide_index=True,
        width="stretch",
        disabled=[TIER],
        column_config={
            CALLS: st.column_config.NumberColumn(min_value=0.0, max_value=1000.0, required=True),
            MINUTES: st.column_config.NumberColumn(min_value=0.0, max_value=1440.0, required=True),
        },
    )
    return tuple(
        Tier(str(n), float(c), float(m))
        for n, c, m in edited[[TIER, CALLS, MINUTES]].fillna(0.0).itertuples(index=False)
    )


def _source() -> None:
    with st.expander("How travel is estimated"):
        st.code(TRAVEL_HELP, language=None, wrap_lines=True)


def _preview(data: Dataset, found: WorkloadBy) -> None:
    step = base.tried(data, found)
    if step is None or step.made is None:
        return
    done = step.made.detail
    calls, way = float(np.nansum(done.call_hours)), float(np.nansum(done.travel_hours))
    st.markdown(f"**{markdown(hours_text(calls + way, calls, way))}**")
    labels = found.labels(state.get("scores_tried").accounts)
    tiers = hours.by_tier(done, labels, [t.name for t in found.effort.tiers])
    titles = {"tier": found.column, "accounts": "Accounts", "each": "Hours per account", **_SUMS}
    st.dataframe(
        tiers.rename(columns=titles), hide_index=True, width="stretch", key="scores_tier_hours", column_config=_HOURS
    )
    _by_rep(data, found, labels)
    base.notes(step)


_SUMS = {"calls": "Calls, h", "travel": "Travel, h", "hours": "Hours a year"}
_HOURS = {
    "Accounts": st.column_config.NumberColumn(format="localized"),
    "Travel days": st.column_config.NumberColumn(format="%,.0f"),
    "Hours per account": st.column_config.NumberColumn(format="%.1f"),
    **{title: st.column_config.NumberColumn(format="%,.0f") for title in _SUMS.values()},
}


def _by_rep(data: Dataset, found: WorkloadBy, labels: NDArray[np.object_]) -> None:
    """Hours of each rep, by the territories of the open plan or as the accounts are given today."""
    ws, sid = state.workspace(), state.scenario_id()
    try:
        done = hours.by_territory(ws, data, sid, labels, found.effort) if sid else None
    except TerrError as error:
        st.caption(markdown(sentence(str(error))))
        return
    done = done or hours.by_owner(data, labels, found.effort)
    if done is None:
        return
    st.markdown(f"**{markdown(done.title)}: {number(done.mean)} hours a year on average**")
    titles = {"name": "Name", "accounts": "Accounts", "days": "Travel days", **_SUMS}
    st.dataframe(
        done.table.rename(columns=titles),
        hide_index=True,
        width="stretch",
        key="scores_rep_hours",
        height=min(300, 37 + 35 * len(done.table)),
        column_config=_HOURS,
    )
    for line in done.notes:
        st.caption(f":material/info: {markdown(line)}")
