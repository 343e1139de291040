"""The table of territories: name, rep, color and lock are changed in it; a click on a number lists its accounts."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from terr.ui.live import plan_parts
from terr.ui.plan import accounts_list, look, tables, years
from terr.ui.plan import segment_filter as segment_filter_view
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.colors import COLOR_NAMES
from terr.view.text import markdown, metric_title
from terr.workspace.plan import editing, segment_filter
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.reps.territory_ratings import ratings_table

_ANEW = "table_anew"
"""Counts what was typed: the next table shows what is stored, not what was typed into the one before."""
_LIST = "terr_list_accounts"
_RATING = "Rating"
_CHANGES: dict[str, Callable[..., editing.EditOutcome]] = {
    "Territory": editing.rename_territory,
    "Rep": editing.give_to_rep,
    "Color": editing.color_territory,
    "Locked": editing.lock_territory,
}


def territory_table(shown: PlanSnapshot, *, closed: bool) -> None:
    """Draw it; `closed`: nothing can be edited now."""
    if not len(shown.table):
        return
    segment_filter_view.choose(shown)
    only = segment_filter_view.chosen(shown)
    frame = tables.table_frame(shown, only)
    asked = years.columns(shown)
    both = {} if asked is None else {str(c): asked[1] for c in asked[0].columns}
    if asked is not None:
        frame = pd.concat([frame, asked[0]], axis=1)
    rated = ratings_table(state.workspace(), shown.info.id)
    if rated["Ratings"].any():  # by name: a preview may have other territories than the plan
        stars = dict(zip(rated["Territory"], rated["Rating"], strict=True))
        frame = frame.assign(**{_RATING: frame["Territory"].map(stars).astype("float64")})
    extra = () if only is None else segment_filter.column_titles(only, shown.measure)
    titles = {m.key: metric_title(m, shown.measure, shown.info.level) for m in tables.columns_shown()}
    codes = [int(c) for c in shown.table["code"]]
    told = frame[["Territory", "Rep", "Color", "Locked"]].to_numpy().tolist()
    key = f"terr_table_{zlib.crc32(repr((codes, told, list(both), state.get(_ANEW, 0))).encode()):08x}"
    reps = list(dict.fromkeys([*tables.rep_choices(shown).values(), *frame["Rep"]]))
    wanted = ["Territory", "Rep", *both, *titles.values(), *extra, _RATING, "Color", "Locked"]
    st.data_editor(
        frame,
        key=key,
        hide_index=True,
        height=look.table_height(len(frame)),
        disabled=True if closed else [*titles.values(), *extra, *both, _RATING],
        on_change=partial(_edited, key, codes),
        column_order=[c for c in wanted if c in frame],
        column_config={
            "Territory": st.column_config.TextColumn(
                max_chars=80, required=True, pinned=True, help="Click twice to rename"
            ),
            "Rep": st.column_config.SelectboxColumn(options=reps, required=True, help="Double-click to choose"),
            "Color": st.column_config.SelectboxColumn(options=list(COLOR_NAMES), required=True),
            "Locked": st.column_config.CheckboxColumn(help="A locked territory keeps its counties and accounts"),
            **{
                titles[m.key]: st.column_config.NumberColumn(
                    format=tables.column_format(shown, m), help=markdown(m.formula)
                )
                for m in tables.columns_shown()
            },
            **{title: st.column_config.NumberColumn(format="localized") for title in extra},
            **{title: st.column_config.NumberColumn(format=form) for title, form in both.items()},
            _RATING: st.column_config.NumberColumn(format="%.1f", help="Mean of 1 to 5 stars given on page Review"),
            titles["accounts"]: st.column_config.ButtonColumn(
                type="tertiary",
                help="Click a number to list its accounts",
                key=_LIST,
                on_click=partial(_list_accounts, codes),
            ),
        },
        alt="Territories",
    )


def _list_accounts(codes: list[int]) -> None:
    clicked = st.session_state.get(_LIST)
    row = None if clicked is None else clicked["row"]
    if row is not None and row < len(codes):
        accounts_list.ask(codes[row])
    plan_parts.draw(plan_parts.PANEL)


def _edited(key: str, codes: list[int]) -> None:
    """Make an edit of each cell that was changed; runs before the page is drawn anew."""
    changed: dict[int, dict[str, Any]] = st.session_state[key]["edited_rows"]
    state.put(_ANEW, state.get(_ANEW, 0) + 1)
    sid = str(state.get("scenario"))
    for row, cells in changed.items():
        for column, value in cells.items():
            if int(row) < len(codes) and column in _CHANGES:
                _change(sid, codes[int(row)], column, value)
    plan_parts.draw(plan_parts.PANEL)


def _change(sid: str, code: int, column: str, value: Any) -> None:
    ws, rev, who = state.workspace(), state.window_state().rev, state.author()
    if column == "Rep":
        choices = tables.rep_choices(plan_snapshot(ws, sid))
        value = next((rep for rep, name in choices.items() if name == value), "")
    elif column == "Color":
        value = COLOR_NAMES.index(value)
    elif column == "Territory":
        value = str(value or "")
    change = _CHANGES[column]
    done = attempt(lambda: change(ws, sid, rev, code, value, author=who))
    if done is not None:
        state.at_revision(done.rev)
