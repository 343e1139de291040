"""A section of a territory plan as it is read: figures, map, warnings, sentences, tables, and what is missing."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from terr.view.text import markdown, sentence
from terr.workspace.territory_plans.compose import PlanSection, PlanTable

_SHORT, _LINE, _MOST_LINES = 4, 62, 4
"""A column of such short texts is narrow; characters of a sentence on one line; lines a row of a table has at most."""


def show_section(section: PlanSection, key: str, picture: str = "") -> None:
    """Everything a section says; names in it are text.

    Args:
        section: what is shown.
        key: unique on the page.
        picture: SVG of the map, "" = none.
    """
    if section.figures:
        for column, figure in zip(st.columns(max(4, len(section.figures))), section.figures, strict=False):
            column.metric(markdown(figure.label), markdown(figure.value), border=True)
            column.caption(markdown(figure.note))
    if section.picture and picture:  # beside the figures
        left, right = st.columns([1, 1.4], gap="medium")
        left.image(picture, width="stretch")
        with right:
            _told(section, key)
    else:
        _told(section, key)


def _told(section: PlanSection, key: str) -> None:
    """What stands below the figures."""
    for warning in section.warnings:
        st.warning(markdown(sentence(warning)), icon=":material/warning:")
    for said in section.sentences:
        st.markdown(markdown(said))
    if section.empty:
        st.caption(markdown(section.empty))
    if section.key == "swot":
        _quadrants(section.tables)
    else:
        for k, table in enumerate(section.tables):
            if table.title:
                st.markdown(f"**{markdown(table.title)}**")
            _table(table, f"{key}_{k}")
    for said in section.missing:
        st.caption(f":material/upload_file: {markdown(said)}")


def _table(table: PlanTable, key: str) -> None:
    frame = pd.DataFrame(table.rows, columns=list(table.columns))
    config: dict[str, Any] = {table.columns[j]: st.column_config.TextColumn(alignment="right") for j in table.right}
    config |= {table.columns[j]: st.column_config.TextColumn(width="large") for j in table.wide}
    for j, title in enumerate(table.columns):
        if all(len(row[j]) <= _SHORT for row in table.rows) and j not in table.right:
            config[title] = st.column_config.TextColumn(width="small")
    longest = max((len(row[j]) for row in table.rows for j in table.wide), default=0)
    lines = min(_MOST_LINES, 1 + longest // _LINE)
    st.dataframe(
        frame,
        hide_index=True,
        width="stretch",
        height="content",
        row_height=16 + 19 * lines,
        key=key,
        column_config=config,
    )


def _quadrants(tables: tuple[PlanTable, ...]) -> None:
    for pair in (tables[:2], tables[2:]):
        for column, table in zip(st.columns(2), pair, strict=False):
            with column.container(border=True):
                st.markdown(f"**{markdown(table.columns[0])}**")
                for row in table.rows:
                    st.markdown(f"- {markdown(row[0])}")
                if not table.rows:
                    st.caption("Nothing is clear of the team's figure.")
