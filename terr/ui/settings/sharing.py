"""Who may do what with the open plan: seen by everybody on it, changed by its owners. Only where people sign in."""

from __future__ import annotations

import streamlit as st

from terr.model.person import ROLES, Role
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import count, markdown
from terr.workspace.access import roles

_SAYS = {
    "viewer": "Viewer: view and export",
    "commenter": "Commenter: also comment and propose",
    "editor": "Editor: also change the plan",
    "owner": "Owner: also decide, delete and set roles",
}


def section() -> None:
    """The open plan's people, and for an administrator the plans that belong to nobody."""
    if not state.workspace().sign_in:
        return
    st.subheader("People")
    sid = state.scenario_id()
    if sid is None:
        st.caption("Open a plan to see who can work on it.")
    else:
        _of_plan(sid)
    _nobodys()


def _of_plan(sid: str) -> None:
    ws, me = state.workspace(), state.person()
    held = roles.people(ws, sid, me)
    refused = state.needs("give")
    st.markdown(f"**{markdown(ws.scenario(sid).name)}** · {count(len(held), 'person', 'people')}")
    for one in held:
        _line(sid, one, mine=one.user_id == me.user_id, closed=bool(refused))
    if refused:
        st.caption(markdown(refused))
        return
    who, what, act = st.columns([3, 3, 1], vertical_alignment="bottom")
    who.text_input("Email address", key="people_who", max_chars=200, placeholder="ana@example.com")
    what.selectbox("May", ROLES, index=ROLES.index("editor"), format_func=_SAYS.__getitem__, key="people_what")
    act.button(
        "Add",
        type="primary",
        icon=":material/person_add:",
        key="people_add",
        width="stretch",
        on_click=_add,
        args=(sid,),
    )
    st.caption("They find the plan under Scenarios when they sign in with this address. No email is sent.")


def _line(sid: str, one: Role, *, mine: bool, closed: bool) -> None:
    who, what, act = st.columns([3, 3, 1], vertical_alignment="center")
    who.markdown(markdown(one.user_id) + (" (you)" if mine else ""))
    key = f"people_{one.user_id}_{one.role}"  # another role is another field
    if closed:
        what.markdown(_SAYS[one.role])
    else:
        what.selectbox(
            f"What {markdown(one.user_id)} may do",
            ROLES,
            index=ROLES.index(one.role),
            format_func=_SAYS.__getitem__,
            key=key,
            label_visibility="collapsed",
            on_change=_change,
            args=(sid, one.user_id, key),
        )
    if mine or not closed:
        act.button(
            "Leave" if mine else "Remove",
            key=f"{key}_out",
            width="stretch",
            on_click=_remove,
            args=(sid, one.user_id),
            help="The plan is no longer yours to see" if mine else f"{markdown(one.user_id)} no longer sees the plan",
        )


def _add(sid: str) -> None:
    if _give(sid, str(st.session_state["people_who"]), str(st.session_state["people_what"])):
        st.session_state["people_who"] = ""


def _change(sid: str, address: str, key: str) -> None:
    _give(sid, address, str(st.session_state[key]))


def _remove(sid: str, address: str) -> None:
    _give(sid, address, "")


def _give(sid: str, address: str, role: str) -> bool:
    def act() -> bool:
        roles.give(state.workspace(), sid, state.person(), address, role)
        return True

    done = bool(attempt(act))
    if done:
        state.say(f"{address.strip().lower()} is {role}." if role else f"{address} was removed from the plan.")
        if not role and address == state.person().user_id:
            state.close_scenario()
    return done


def _nobodys() -> None:
    plans = roles.nobodys(state.workspace(), state.person())
    if not plans:
        return
    st.markdown("**Plans without an owner**")
    st.caption("They were made before people had to sign in. Only administrators see them.")
    for info in plans:
        name, act = st.columns([6, 1], vertical_alignment="center")
        name.markdown(markdown(info.name))
        act.button("Take ownership", key=f"people_take_{info.id}", width="stretch", on_click=_take, args=(info.id,))


def _take(sid: str) -> None:
    attempt(lambda: roles.take_over(state.workspace(), sid, state.person()))
