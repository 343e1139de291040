"""Comments beside the map: say something about the plan or a part of it, answer, settle, delete one's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from terr.errors import TerrError
from terr.ui.live import window
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.ui.session.local_time import local
from terr.view.text import count, markdown, sentence, unit_noun
from terr.workspace.live import broadcast, proposals
from terr.workspace.live import comments as plan_comments
from terr.workspace.live.comments import CommentThread
from terr.workspace.plan.snapshot import PlanSnapshot

_MOST = 20
_KIND, _WHICH, _PLACE, _TEXT = "remark_kind", "remark_territory", "remark_place", "remark_text"


def comments(shown: PlanSnapshot) -> None:
    """The list, open ones first, and the form."""
    ws, sid, who = state.workspace(), shown.info.id, window.me()
    every = plan_comments.threads(ws, sid)
    left, settled = [c for c in every if not c.settled], [c for c in every if c.settled]
    st.markdown(f"**Comments** · {count(len(left), 'open', 'open')}")
    if plan_comments.may_do(ws, sid, who, "comment"):
        _form(shown)
    for one in reversed(left[-_MOST:]):
        _thread(shown, one)
    if settled:
        with st.expander(f"{count(len(settled), 'resolved', 'resolved')}"):
            for one in reversed(settled[-_MOST:]):
                _thread(shown, one)


def _form(shown: PlanSnapshot) -> None:
    word = unit_noun(shown.info.level, 1)
    kinds = {"plan": "The plan", "territory": "A territory", "unit": f"A {word}", "account": "An account"}
    left, right = st.columns(2)
    kind = left.selectbox("About", list(kinds), format_func=lambda k: kinds[k], key=_KIND, label_visibility="collapsed")
    if kind == "territory":
        names = {t.code: t.name for t in shown.plan.territories}
        right.selectbox(
            "Territory", list(names), format_func=lambda c: names[c], key=_WHICH, label_visibility="collapsed"
        )
    elif kind != "plan":
        right.text_input(
            "Name or ID",
            key=_PLACE,
            label_visibility="collapsed",
            placeholder=f"Name or ID of the {word if kind == 'unit' else 'account'}",
        )
    send("comment", _TEXT, "Comment", "Send", 1000, partial(_say, shown))
    if trouble := state.get("remark_error"):
        st.error(markdown(sentence(trouble)), icon=":material/error:")


def send(name: str, key: str, label: str, button: str, longest: int, then: Callable[[], None]) -> None:
    """A line of text with its button. What is half typed stays, and isn't sent by clicking elsewhere."""
    with st.form(f"form_{name}", border=False, enter_to_submit=True):
        left, right = st.columns([2.4, 1], vertical_alignment="bottom", gap="small")
        left.text_input(label, key=key, max_chars=longest, label_visibility="collapsed", placeholder=label)
        right.form_submit_button(button, width="stretch", on_click=then, key=f"send_{name}")


def _say(shown: PlanSnapshot) -> None:
    text = str(st.session_state[_TEXT]).strip()
    state.drop("remark_error")
    if not text:
        return
    kind = str(st.session_state.get(_KIND, "plan"))
    try:
        if kind == "territory":
            place = str(st.session_state.get(_WHICH))
        elif kind == "unit":
            place = plan_comments.unit_named(shown, str(st.session_state.get(_PLACE, "")))
        elif kind == "account":
            place = plan_comments.account_named(shown, str(st.session_state.get(_PLACE, "")))
        else:
            place = ""
        plan_comments.say(state.workspace(), shown.info.id, text, target=kind, target_id=place, by=window.me())
    except TerrError as error:
        state.put("remark_error", str(error))
        return
    st.session_state[_TEXT] = ""


def _thread(shown: PlanSnapshot, thread: CommentThread) -> None:
    ws, sid, who = state.workspace(), shown.info.id, window.me()
    one, settled = thread.first, thread.settled
    with st.container(border=True, key=f"comment_{one.id}", gap="small"):
        st.markdown(f"**{markdown(plan_comments.about(shown, one))}** · {markdown(one.by.name)}, {local(one.at)}")
        st.markdown(markdown(one.text))
        for answer in thread.answers:
            st.caption(f"{markdown(answer.by.name)}: {markdown(answer.text)}")
        line = st.container(horizontal=True, gap="small")
        place = broadcast.place_of(ws, sid, one)
        if place is not None:
            line.button("Show", key=f"see_{one.id}", icon=":material/my_location:", on_click=_see, args=(shown, place))
        if not plan_comments.may_do(ws, sid, who, "comment"):
            return
        line.button(
            "Reopen" if settled else "Resolve",
            key=f"settle_{one.id}",
            on_click=lambda: attempt(lambda: plan_comments.resolve(ws, sid, one.id, by=who, on=not settled)),
        )
        if proposals.is_own(one.by, who):
            line.button(
                "Delete",
                key=f"remove_{one.id}",
                on_click=lambda: attempt(lambda: plan_comments.delete(ws, sid, one.id, by=who)),
            )
        if not settled:
            send(f"to_{one.id}", f"answer_{one.id}", "Reply", "Reply", 1000, partial(_answer, sid, one.id))


def _answer(sid: str, comment_id: int) -> None:
    key = f"answer_{comment_id}"
    text = str(st.session_state[key]).strip()
    if text and attempt(lambda: plan_comments.say(state.workspace(), sid, text, answers=comment_id, by=window.me())):
        st.session_state[key] = ""


def _see(shown: PlanSnapshot, place: dict[str, int]) -> None:
    if "unit" in place:
        units = [place["unit"]]
    else:
        units = [u for u, code in enumerate(shown.plan.assign.tolist()) if code == place["territory"]]
    state.mark(units)
    state.put("redraw", True)
