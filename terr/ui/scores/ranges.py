"""Ranges on the Scores page: low and high beside the likely figure, and what they mean for the open plan."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from terr.errors import TerrError
from terr.ui.scores import editor as base
from terr.ui.session import state
from terr.view.text import count, markdown, percent, sentence, short
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.scenarios.range_of_plan import FigureRange, range_of_plan
from terr.workspace.scores import suggestions as guess
from terr.workspace.scores.ranges import RangeBy

SHARE, COLUMNS, MISSES = "A share below and above", "Columns of the file", "What its forecast missed before"
_WAYS = {SHARE: "share", COLUMNS: "columns", MISSES: "misses"}


def show_ranges(data: Dataset) -> None:
    """The form at the left, what it gives at the right."""
    one: RangeBy | None = base.opened(data, RangeBy)
    base.form_and_preview(data, lambda: _form(data, one), _preview)


def _form(data: Dataset, one: RangeBy | None) -> RangeBy | None:
    kept = [d for d in (data.scored.recipe.kept if data.scored else ()) if isinstance(d, RangeBy)]
    made = {c for d in kept for c in d.makes}
    figures = [c for c in guess.numeric(data.accounts) if c not in made]
    ranged = {d.likely for d in kept if d != one}
    free = [c for c in figures if c not in ranged]
    if not free:
        st.info(
            "Every measure has its range; change one under Saved."
            if figures
            else "A range needs a column of numbers. Import one, or save a potential first.",
            icon=":material/info:",
        )
        return None
    usual = one.likely if one else guess.value_column(data.accounts)
    likely = str(
        st.selectbox("Likely figure", free, index=free.index(usual) if usual in free else 0, key=base.key("likely"))
    )
    ways = list(_WAYS)
    old_way = next((w for w, how in _WAYS.items() if one and how == one.how), SHARE)
    way = str(st.selectbox("Low and high are", ways, index=ways.index(old_way), key=base.key("range_how")))
    low = high = ""
    below, above = (one.below, one.above) if one else (0.2, 0.2)
    periods: tuple[str, ...] = ()
    if way == SHARE:
        a, b = st.columns(2)
        below = a.number_input("% below", 0, 100, round(100 * below), 5, key=base.key("below")) / 100
        above = b.number_input("% above", 0, 1000, round(100 * above), 5, key=base.key("above")) / 100
    elif way == COLUMNS:
        a, b = st.columns(2)
        low = str(a.selectbox("Low", figures, index=_place(figures, one.low if one else "low"), key=base.key("low")))
        high = str(b.selectbox("High", figures, index=_place(figures, one.high if one else "high"), key=base.key("hi")))
    else:
        known = [p for p in (one.periods if one else guess.periods(data.accounts)) if p in figures]
        periods = tuple(
            st.multiselect(
                "Columns of past periods, oldest first",
                figures,
                default=known,
                key=base.key("range_periods"),
                placeholder="Three or more, such as Revenue 2023 to 2025",
            )
        )
    together = st.slider(
        "Accounts miss together",
        0,
        100,
        round(100 * (one.together if one else 0.5)),
        5,
        format="%d%%",
        key=base.key("together"),
        help="0%: each for its own reasons, so misses cancel in a territory. 100%: all go up and down together. It "
        "changes the chance to reach a target, not low and high.",
    )
    name = base.name_field(data, one, f"{likely} range"[:80])
    found: RangeBy | None = base.made_by(
        lambda: RangeBy(
            name,
            likely,
            _WAYS[way],
            low,
            high,
            below,
            above,
            periods,
            together / 100,
        )
    )
    return found


def _place(names: list[str], wanted: str) -> int:
    return next((i for i, n in enumerate(names) if wanted.casefold() in n.casefold()), 0)


def _preview(data: Dataset, found: RangeBy) -> None:
    step = base.tried(data, found)
    if step is None or step.made is None:
        return
    figures: FigureRange = step.made.detail
    known = ~np.isnan(figures.likely)
    money = figures.currency
    low, likely, high = (short(float(v[known].sum()), money) for v in (figures.low, figures.likely, figures.high))
    st.markdown(
        f"**{markdown(low)} to {markdown(high)}**, likely {markdown(likely)}, in "
        f"{count(int(known.sum()), 'account')} ({percent(100 * float(known.mean()) if len(known) else 0)} of all)"
    )
    base.notes(step)
    _plan(data, found, figures)
    st.caption(
        ":material/info: To hold balance in all three at once, choose the likely measure in Generate and add low and "
        "high as further measures."
    )


def _plan(data: Dataset, found: RangeBy, figures: FigureRange) -> None:
    """What the range means for the open plan."""
    sid = state.scenario_id()
    if sid is None:
        st.caption("Open a plan to see the chance of each territory to reach its target.")
        return
    try:
        told = range_of_plan(state.workspace(), sid, data, figures, found.together)
    except TerrError as error:
        st.caption(markdown(sentence(str(error))))
        return
    if told.table.empty:
        return
    money = figures.currency
    parts = [f"{percent(100 * d)} where all are {name}" for name, d in told.worst.items() if np.isfinite(d)]
    st.markdown("**Chance of each territory to reach its target** in the open plan")
    st.caption(f"Largest deviation from target: {markdown(', '.join(parts))}." if parts else "Nothing is assigned yet.")
    shown = pd.DataFrame(
        {
            "Territory": told.table["territory"],
            **{t: [short(v, money) for v in told.table[t.lower()]] for t in ("Low", "Likely", "High", "Target")},
            "Chance": ["–" if np.isnan(v) else percent(100 * v, 0) for v in told.table["chance"]],
        }
    )
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        key="scores_range_table",
        column_config=dict.fromkeys(shown.columns[1:], base.RIGHT),
    )
