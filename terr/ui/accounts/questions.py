"""What a file leaves open, asked once with the evidence; what was answered before is shown, and can be changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from terr.model.progress import Progress
from terr.ui.session import state
from terr.view.text import count, markdown, short
from terr.workspace.accounts import upload
from terr.workspace.accounts.upload import Question, QuestionChoice, UploadDraft

Answered = Callable[[Callable[[Progress], UploadDraft]], None]


def ask(draft: UploadDraft, answered: Answered) -> None:
    """The open questions as cards, then what was answered.

    Args:
        draft: the file.
        answered: works out the draft after an answer.
    """
    left = draft.open
    if left:
        st.markdown(f"**{count(len(left), 'question')} about your file**")
        for one in left:
            _card(draft, one, answered)
        if st.button(
            "Use the suggested answers",
            key="answer_all",
            icon=":material/done_all:",
            help="Each suggestion says why; you can change it afterwards.",
        ):
            answered(lambda w: upload.suggested(draft, progress=w))
            st.rerun()
    done = [q for q in draft.asked if q.key in draft.answers]
    if done:
        _done(draft, done)


def _card(draft: UploadDraft, one: Question, answered: Answered) -> None:
    with st.container(border=True):
        st.markdown(f":material/help: {markdown(one.title)}")
        text, evidence = st.columns([1.35, 1], gap="medium")
        titles = {c.value: choice_title(c, one, len(draft.raw.rows), draft.money) for c in one.choices}
        with text:
            picked = st.radio(
                markdown(one.title),
                list(titles),
                index=None,
                format_func=lambda v: titles[v],
                label_visibility="collapsed",
                key=f"terr_ask_{draft.raw.sha256[:8]}_{one.key}_{len(draft.answers)}",
            )
            st.caption(f"Suggested: {_plain(one)}; {markdown(one.why)}.")
        if one.examples:
            with evidence:
                st.dataframe(
                    pd.DataFrame({"Row": [r for r, _ in one.examples], "Cell": [c for _, c in one.examples]}),
                    hide_index=True,
                    width="stretch",
                    key=f"terr_seen_{draft.raw.sha256[:8]}_{one.key}",
                )
        if picked is not None:
            answered(lambda w: upload.answer_question(draft, one.key, str(picked), progress=w))
            st.rerun()


def _plain(one: Question) -> str:
    return markdown(next((c.title for c in one.choices if c.value == one.default), one.default))


def choice_title(choice: QuestionChoice, one: Question, rows: int, money: Mapping[str, str]) -> str:
    """A choice with what it does to rows and money.

    Args:
        choice: of the question; one: the question.
        rows: of the file.
        money: measure -> currency.
    """
    parts = [markdown(choice.title)]
    if one.code == "date_order":
        if choice.value != "as_is" and choice.rows is not None:
            parts.append(f"fits {count(choice.rows, 'cell')}")
    elif one.code not in {"sheet", "header_row", "encoding"} and choice.rows is not None:
        known = [f"{markdown(short(v, money.get(m, '')))} {markdown(m)}" for m, v in choice.money.items()]
        part = f"the first {one.rows_looked_at:,} rows" if one.rows_looked_at < rows else ""
        made = [] if choice.accounts in {None, choice.rows} else [count(choice.accounts or 0, "account")]
        parts.append(", ".join([count(choice.rows, "row"), *made, *known[:2]]) + (f" in {part}" if part else ""))
    return " · ".join(parts)


def _done(draft: UploadDraft, done: list[Question]) -> None:
    st.markdown("**Answered**")
    for one in done:
        value = draft.answers[one.key]
        said = next((c.title for c in one.choices if c.value == value), value)
        how = "answered as last time" if one.key in draft.as_last_time else "your answer"
        text, button = st.columns([5, 1], vertical_alignment="center")
        text.markdown(f":material/check_circle: {markdown(one.title)} **{markdown(said)}** · {how}")
        if button.button("Change", key=f"change_{one.key}", width="stretch"):
            state.put("pending", upload.reopen_question(draft, one.key))
            st.rerun()
