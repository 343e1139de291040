"""Options side by side: a small map, who changes, what changes hands, balance and hours after, and how to take it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import count, date_text, markdown, number, percent, sentence, short
from terr.workspace.reports.downloads import file_name
from terr.workspace.scenarios.change_ledger import readable
from terr.workspace.situations.applying import apply_option
from terr.workspace.situations.letters import KINDS, letters_zip
from terr.workspace.situations.option import SituationOption
from terr.workspace.situations.questions import Question, sentence_of

MOST = 1000
"""Accounts a browser is given at once."""


def show(asked: Question, options: Sequence[SituationOption], pictures: Sequence[bytes]) -> None:
    """The cards, and below them the accounts of the one that is looked into."""
    st.markdown(f"##### {markdown(sentence_of(options[0].ground, asked))}")
    for column, option, picture in zip(st.columns(max(3, len(options))), options, pictures, strict=False):
        with column, st.container(border=True):
            _card(asked, option, picture)
    names = {one.key: one.title for one in options}
    picked = st.segmented_control(
        "Who takes what", list(names), format_func=lambda k: markdown(names[k]), default=options[0].key, required=True,
        key="sit_detail",
    )  # fmt: skip
    _detail(next((o for o in options if o.key == picked), options[0]))


def _card(asked: Question, option: SituationOption, picture: bytes) -> None:
    f, ground = option.figures, option.ground
    st.markdown(f"**{markdown(option.title)}**")
    st.image(picture, width="stretch")
    st.markdown(markdown(option.summary))
    left, right = st.columns(2)
    left.metric(
        "Accounts that change hands",
        f"{f.accounts:,}",
        help=f"Of {markdown(ground.measure)}: {markdown(short(f.load, ground.currency))}",
    )
    right.metric(
        "Max deviation",
        percent(100 * f.deviation, limit=100 * ground.tolerance),
        delta=f"{percent(100 * f.before)} today",
        delta_color="off",
        delta_arrow="off",
    )
    left.metric("Hours a year", number(f.hours), delta=f"{f.hours - f.hours_before:+,.0f}", delta_color="inverse")
    right.metric("Busiest", f"{number(f.busiest[1])} h", help=markdown(f.busiest[0]))
    for note in option.notes:
        st.caption(markdown(sentence(note)))
    st.button(
        "Apply as a scenario",
        type="primary",
        width="stretch",
        key=f"sit_apply_{option.key}",
        help="A new scenario; the plan stays as it is",
        on_click=_apply,
        args=(option, asked),
    )
    with st.popover("Letters", icon=":material/mail:", width="stretch"):
        kind = str(st.radio("Format", list(KINDS), format_func=lambda k: KINDS[k], key=f"sit_kind_{option.key}"))
        st.download_button(
            f"Download {count(len(f.people), 'letter')}",
            partial(letters_zip, option, kind),
            file_name(f"{ground.name} {option.title}", "letters.zip"),
            "application/zip",
            icon=":material/download:",
            key=f"sit_letters_{option.key}",
            on_click="ignore",
            disabled=not f.people,
        )


def _apply(option: SituationOption, asked: Question) -> None:
    done = attempt(lambda: apply_option(state.workspace(), option, asked, by=state.person()))
    if done is not None:
        state.drop("situation_found")
        state.say(done.sentence)
        state.put("go_to_situation_plan", done.info.id)


def _detail(option: SituationOption) -> None:
    """Who changes, and every account with its reason."""
    f, ground = option.figures, option.ground
    people = pd.DataFrame(
        {
            "Who": [p.name for p in f.people],
            "Gains": [p.gained for p in f.people],
            "Hands over": [p.lost for p in f.people],
            f"{ground.measure} gained": [p.gained_load for p in f.people],
            f"{ground.measure} handed over": [p.lost_load for p in f.people],
            "Off target": [100 * p.deviation for p in f.people],
            "Hours a year": [p.hours for p in f.people],
        }
    )
    money = "dollar" if ground.currency == "USD" else "localized"
    st.dataframe(
        people,
        hide_index=True,
        width="stretch",
        key="sit_people",
        column_config={
            f"{ground.measure} gained": st.column_config.NumberColumn(format=money),
            f"{ground.measure} handed over": st.column_config.NumberColumn(format=money),
            "Off target": st.column_config.NumberColumn(format="%+.1f%%"),
            "Hours a year": st.column_config.NumberColumn(format="localized"),
        },
    )
    changes = option.changes
    if changes.empty:
        st.caption("No account moves to another rep.")
        return
    held = (
        f"Holding list: until {date_text(option.last)} these accounts are with others."
        if option.last
        else (f"Until {date_text(option.first)} these accounts stay where they are.")
    )
    more = f" The {MOST:,} first of {len(changes):,} are shown." if len(changes) > MOST else ""
    st.caption(markdown(held + more))
    table = readable(changes.head(MOST)).drop(columns=["By", "Time"])
    st.dataframe(table, hide_index=True, width="stretch", key="sit_accounts", height=min(420, 38 + 35 * len(table)))
