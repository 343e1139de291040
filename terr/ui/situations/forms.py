"""What happened, asked field by field; what is missing is said beside the fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pandas as pd
import streamlit as st

from terr.errors import InputError
from terr.model.reps import Rep, home_fields
from terr.view.text import distinct, markdown
from terr.workspace.situations.ground import SituationGround
from terr.workspace.situations.questions import (
    Coverage,
    Merge,
    MidYear,
    Question,
    RepLeaves,
    RepsHired,
    Split,
    Swap,
)

NO_ONE = ""
Form = Callable[[SituationGround], Question]


def leave(ground: SituationGround) -> Question:
    """A rep leaves: who, from when, and who follows."""
    a, b, c = st.columns([2, 1, 2], vertical_alignment="bottom")
    with a:
        code = _territory(ground, "Who leaves", "leave_who")
    day = _day(b, ground, "First day without them", "leave_day")
    ways = {"none": "Nobody follows: share out the territory", "later": "Somebody follows later: cover until then"}
    way = c.radio("Backfill", list(ways), format_func=lambda k: ways[k], key="sit_leave_way")
    if way == "none":
        return RepLeaves(code, day)
    a, b = st.columns(2, vertical_alignment="bottom")
    until = _day(a, ground, "Last day others cover", "leave_until", day + timedelta(days=90))
    return Coverage(code, day, until, _successor(b, ground, "Who follows", "leave_next"))


def absence(ground: SituationGround) -> Question:
    """A leave of absence, or a vacancy: who covers until when."""
    a, b, c, d = st.columns([2, 1, 1, 2], vertical_alignment="bottom")
    with a:
        code = _territory(ground, "Who is away, or which territory is vacant", "away_who")
    day = _day(b, ground, "First day", "away_day")
    until = _day(c, ground, "Last day", "away_until", day + timedelta(days=60))
    if (
        ground.plan.territory(code).rep
        and d.radio("Afterwards", ["They come back", "Somebody else takes it"], key="sit_away_then", horizontal=True)
        == "They come back"
    ):
        return Coverage(code, day, until)
    return Coverage(code, day, until, _successor(d, ground, "Who takes it", "away_next"))


def hire(ground: SituationGround) -> Question:
    """Reps start: of the roster, or new ones with a home."""
    day = _day(st.columns([1, 3])[0], ground, "First day", "hire_day")
    people = _people(ground, "hire", day)
    between = st.toggle(
        "Let accounts move between reps who stay",
        key="sit_hire_between",
        help="Off: accounts only move to the new reps. On: the most even option may move others, too.",
    )
    return RepsHired(people, day, between)


def merge(ground: SituationGround) -> Question:
    """Two territories become one."""
    a, b, c = st.columns([2, 2, 1], vertical_alignment="bottom")
    with a:
        stays = _territory(ground, "Stays, and keeps its rep", "merge_stays")
    with b:
        goes = _territory(ground, "Merges into it", "merge_goes", at=1)
    return Merge(stays, goes, _day(c, ground, "From", "merge_day"))


def split(ground: SituationGround) -> Question:
    """One territory becomes several."""
    a, b, c = st.columns([2, 1, 1], vertical_alignment="bottom")
    with a:
        code = _territory(ground, "Territory to split", "split_which")
    parts = int(b.number_input("Into", 2, 20, 2, key="sit_split_parts"))
    day = _day(c, ground, "From", "split_day")
    return Split(code, day, parts, _people(ground, "split", day, needed=False))


def swap(ground: SituationGround) -> Question:
    """Two reps change territories."""
    a, b, c = st.columns([2, 2, 1], vertical_alignment="bottom")
    with a:
        first = _territory(ground, "This territory", "swap_first")
    with b:
        second = _territory(ground, "Swaps reps with", "swap_second", at=1)
    return Swap(first, second, _day(c, ground, "From", "swap_day"))


def mid_year(ground: SituationGround) -> Question:
    """The plan is balanced again within a cap on change."""
    a, b = st.columns([2, 1], vertical_alignment="bottom")
    most = a.slider(f"Maximum change (% of {markdown(ground.measure)})", 1, 50, 10, key="sit_mid_most")
    return MidYear(_day(b, ground, "From", "mid_day"), most / 100)


FORMS: dict[str, tuple[str, Form]] = {
    "leave": ("A rep leaves", leave),
    "hire": ("Reps are hired", hire),
    "absence": ("Leave or vacancy", absence),
    "merge": ("Merge", merge),
    "split": ("Split", split),
    "swap": ("Swap", swap),
    "mid_year": ("Balance mid-year", mid_year),
}
"""Key -> label and form, in the order of the page."""


def _territory(ground: SituationGround, label: str, key: str, *, at: int = 0) -> int:
    def called(name: str, holder: str) -> str:
        return name if name == holder else f"{holder} · {name}"

    names = distinct({t.code: called(t.name, ground.holder(t)) for t in ground.plan.territories})
    codes = list(names)
    return int(
        st.selectbox(label, codes, index=min(at, len(codes) - 1), format_func=lambda c: names[c], key=f"sit_{key}")
    )


def _day(
    where: st.delta_generator.DeltaGenerator, ground: SituationGround, label: str, key: str, usual: date | None = None
) -> date:
    picked = where.date_input(label, usual or ground.today, format="MM/DD/YYYY", key=f"sit_{key}")
    if not isinstance(picked, date):
        raise InputError(f"{label.lower()}: choose a day")
    return picked


def _free(ground: SituationGround) -> dict[str, str]:
    """Reps of the roster who can cover and have no territory."""
    have = {t.rep for t in ground.plan.territories}
    return distinct({r.rep_id: r.name for r in ground.reps if r.covers and r.rep_id not in have})


def _successor(where: st.delta_generator.DeltaGenerator, ground: SituationGround, label: str, key: str) -> str:
    names = {NO_ONE: "Not known yet", **_free(ground)}
    return str(where.selectbox(label, list(names), format_func=lambda i: names[i], key=f"sit_{key}"))


def _people(ground: SituationGround, key: str, day: date, *, needed: bool = True) -> tuple[Rep, ...]:
    """Reps without a territory, and new people typed in a table."""
    names, by_id = _free(ground), {r.rep_id: r for r in ground.reps}
    chosen = st.multiselect(
        "From the roster", list(names), format_func=lambda i: names[i], key=f"sit_{key}_roster",
        placeholder="Reps without a territory" if names else "Every rep has a territory", disabled=not names,
    )  # fmt: skip
    st.caption("New people: added to the roster when you apply an option." + ("" if needed else " Optional."))
    empty = pd.DataFrame(
        {"Name": pd.Series(dtype=str), "Home": pd.Series(dtype=str), "Start": pd.Series(dtype="datetime64[ns]")}
    )
    typed = st.data_editor(
        empty,
        num_rows="dynamic",
        hide_index=True,
        width="stretch",
        key=f"sit_{key}_new",
        column_config={
            "Home": st.column_config.TextColumn(help="A ZIP, or a city and state: Austin, TX"),
            "Start": st.column_config.DateColumn(format="MM/DD/YYYY", help="Empty: the first day above"),
        },
    )
    taken = {i.casefold() for i in by_id}
    out = [by_id[i] for i in chosen]
    for at, row in enumerate(typed.to_dict("records"), start=1):
        name, home = ("" if pd.isna(row[c]) else str(row[c]).strip() for c in ("Name", "Home"))
        if not name and not home:
            continue
        if not name:
            raise InputError(f"row {at}: give the new rep a name")
        number = 1
        while f"new-{number}" in taken:
            number += 1
        taken.add(f"new-{number}")
        start = day if pd.isna(row["Start"]) else pd.Timestamp(row["Start"]).date()
        out.append(Rep(f"new-{number}", name[:120], start=start, **home_fields(home)))
    if needed and not out:
        raise InputError("choose reps of the roster, or type a new rep's name and home")
    return tuple(out)
