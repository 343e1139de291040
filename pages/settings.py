"""Settings: which boundaries are at hand, and how more of them come in."""

import streamlit as st

from terr.ui import boundaries, header, ownfile, people, shell

shell.gate()

header.line()
st.title("Settings")
people.section()
st.subheader("Boundaries at hand")
boundaries.table()
left, right = st.columns([1, 1.25], gap="large")
with left:
    st.subheader("Exact ZIP areas")
    boundaries.census()
with right:
    st.subheader("Your own boundaries")
    ownfile.add()
