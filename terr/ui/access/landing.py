"""Coming in and going out: what is seen before the sign-in, and the way to sign out."""

from __future__ import annotations

import streamlit as st

from terr.model.person import Person
from terr.ui.access import signin
from terr.view.text import markdown


def page(why: str) -> None:
    """The only thing people see before they signed in; `why` says why a sign-in wasn't taken."""
    made = signin.setup()
    _, middle, _ = st.columns([1, 1.2, 1])
    with middle.container(key="terr_welcome"):
        st.title("Terr")
        st.markdown("Sales territories: plan them together, on one map.")
        if why:
            st.warning(markdown(why), icon=":material/lock:")
        if made.problem:
            st.caption("Your administrator finds the steps in docs/sign-in.md.")
            return
        for name in made.providers:
            label = f"Sign in with {name.title()}" if name else "Sign in"
            if st.button(markdown(label), type="primary", icon=":material/login:", width="stretch", key=f"in_{name}"):
                st.login(name or None)
        st.caption("You sign in with your company's account; Terr never sees your password.")


def sign_out(person: Person) -> None:
    """Who is signed in, below the pages, and the way out."""
    with st.sidebar.container(key="terr_me"):
        st.caption(f"Signed in as {markdown(person.name)}")
        if st.button("Sign out", icon=":material/logout:", type="tertiary", key="sign_out"):
            signin.end(st.user.to_dict())
            st.logout()
            st.stop()
