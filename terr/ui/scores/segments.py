"""Segments on the Scores page: by attribute, by size bands, or by rules."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from terr.errors import InputError
from terr.ui.scores import editor as base
from terr.view.scorecharts import by_segment
from terr.view.text import markdown, percent, short
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.scores import suggestions as guess
from terr.workspace.scores.segments import (
    ACCOUNTS,
    BLANKS,
    OTHERS,
    Segment,
    Segments,
    bands_of,
    first_rules,
    others_of,
    rule_line,
    rule_of,
    sums_of,
    values_of,
)
from terr.workspace.scores.wording import segments_title

ATTRIBUTE, BANDS, RULES = "By attribute", "By size bands", "By rules"
_MOST = 12


def show_segments(data: Dataset) -> None:
    """The form at the left, what it gives at the right."""
    one: Segments | None = base.opened(data, Segments)
    base.form_and_preview(data, lambda: _form(data, one), _preview)


def _form(data: Dataset, one: Segments | None) -> Segments | None:
    ways = [ATTRIBUTE, BANDS, RULES]
    by_values = one is not None and all(p.column for p in one.parts)
    usual = ATTRIBUTE if one is None or by_values else RULES
    way = st.segmented_control("How", ways, default=usual, key=base.key("way"), label_visibility="collapsed") or usual
    build = {ATTRIBUTE: _attribute, BANDS: _bands, RULES: _rules}[way]
    made = build(data, one if way == usual else None)
    if made is None:
        return None
    usual_name, parts = made
    names = [ACCOUNTS, *(m for m in data.accounts.measures if not one or m not in one.makes)]
    offered = [n for n in dict.fromkeys(names) if " · " not in n]
    first = [guess.money_column(data.accounts, [m for m in offered if m != ACCOUNTS])]
    counted = st.multiselect(
        "Create a measure for each segment",
        offered,
        default=[m for m in (one.measures if one else first) if m in offered],
        key=base.key("counted"),
        help="Each becomes a measure to plan with, such as “Revenue · Health”. Leave empty for filters only.",
    )
    name = base.name_field(data, one, usual_name, label="Name of these segments")
    found: Segments | None = base.made_by(lambda: Segments(name, tuple(parts), tuple(counted)))
    return found


def _attribute(data: Dataset, one: Segments | None) -> tuple[str, list[Segment]] | None:
    accounts = data.accounts
    offered = guess.grouping(accounts)
    mine = one.parts[0].column if one else ""
    if mine and mine not in offered:
        offered = [mine, *offered]
    if not offered:
        st.info("No column has 2 to 40 different values. Use size bands or rules.", icon=":material/info:")
        return None
    done = {d.split for d in (data.scored.recipe.kept if data.scored else ()) if isinstance(d, Segments)}
    usual_column = mine or next((c for c in offered if c not in done), offered[0])
    column = str(st.selectbox("Attribute", offered, index=offered.index(usual_column), key=base.key("column")))
    values: dict[str, Segment] | None = base.made_by(lambda: values_of(accounts, column))
    if values is None:
        return None
    usual = list(values)[:_MOST]
    if one and one.parts[0].column == column:
        usual = [v for v, part in values.items() if any(p.values == part.values for p in one.parts)]
    chosen = st.multiselect("Segments", list(values), default=usual, key=base.key(f"values_{column}"))
    left = [v for v in values if v not in chosen and v != BLANKS]
    rest = bool(left) and st.checkbox(
        f"Group the other {len(left):,} values into one segment",
        value=bool(one and any(p.name == OTHERS for p in one.parts)),
        key=base.key("rest"),
    )
    parts = [values[v] for v in chosen]
    if rest:
        parts.append(others_of(column, left))
    if not parts:
        st.info("Choose one or more values.", icon=":material/info:")
        return None
    return f"By {column}"[:80], parts


def _bands(data: Dataset, _one: Segments | None) -> tuple[str, list[Segment]] | None:
    accounts = data.accounts
    offered = guess.numeric(accounts)
    usual = guess.size_column(accounts)
    column = str(st.selectbox("Figure", offered, index=offered.index(usual), key=base.key("figure")))
    marks = ", ".join(f"{e:g}" for e in guess.edges(accounts, column))
    text = st.text_input(
        "Band limits", marks, key=base.key(f"edges_{column}"), help="Increasing numbers, such as 50, 500, 1M"
    )
    count = len([t for t in text.split(",") if t.strip()]) + 1
    usual_names = {2: "Small, Large", 3: "Small, Medium, Large"}.get(count, "")
    named = st.text_input("Names, smallest first (optional)", usual_names, key=base.key(f"names_{count}"))
    parts: list[Segment] | None = base.made_by(lambda: bands_of(accounts, column, text, named))
    return None if parts is None else (f"Size by {column}"[:80], parts)


def _rules(data: Dataset, one: Segments | None) -> tuple[str, list[Segment]] | None:
    money = guess.money_column(data.accounts)
    usual = first_rules(money)
    if one:
        usual = "\n".join(map(rule_line, one.parts))
    text = st.text_area(
        "One segment per line, as “Name: rule”", usual, height=130, key=base.key("rules"), max_chars=20_000
    )
    base.formula_help()
    parts = []
    for number, row in enumerate(text.splitlines(), start=1):
        if not row.strip():
            continue
        try:
            parts.append(rule_of(data.accounts, row))
        except InputError as error:
            base.wrong(error, f"Line {number}: ")
            return None
    if not parts:
        st.info("Write one or more lines.", icon=":material/info:")
        return None
    return "Segment", parts


def _preview(data: Dataset, found: Segments) -> None:
    step = base.tried(data, found)
    if step is None or step.made is None:
        return
    accounts = data.scored.base if data.scored else data.accounts
    members, _ = step.made.detail
    measures = [m for m in found.measures if m != ACCOUNTS] or [guess.money_column(data.accounts)]
    money = dict(data.accounts.currency)
    names = [p.name for p in found.parts]
    table = pd.DataFrame({"Segment": names, "Accounts": [len(m) for m in members]})
    table["Share"] = [percent(100 * len(m) / max(len(accounts), 1)) for m in members]
    sums: dict[str, list[float]] = {}
    for m in measures:
        sums[m] = sums_of(data.accounts, members, m)
        table[m] = [short(v, money.get(m, "")) for v in sums[m]]
    first = measures[0]
    bars = pd.DataFrame(
        {"segment": names, "value": sums[first], "text": [short(v, money.get(first, "")) for v in sums[first]]}
    )
    if all(p.values for p in found.parts):  # bands and rules have an order of their own
        bars = bars.sort_values("value", ascending=False, kind="stable")
    st.altair_chart(
        by_segment(bars, title=segments_title(names, sums[first], first), dark=base.dark()), width="stretch"
    )
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        key="scores_segments_table",
        height=min(330, 37 + 35 * len(table)),
        column_config={
            "Accounts": st.column_config.NumberColumn(format="localized"),
            **dict.fromkeys(["Share", *measures], base.RIGHT),
        },
    )
    base.notes(step)
    if not found.measures:
        st.caption(markdown("Filters only. To plan with these segments, choose measures on the left."))
