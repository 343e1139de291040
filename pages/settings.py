"""Settings: which boundaries are at hand, and how more of them come in."""

import streamlit as st

from terr.ui import header
from terr.ui.session import navigation
from terr.ui.settings import boundary_library, distances, own_boundaries, sharing

navigation.start_page()

header.line()
st.title("Settings")
sharing.section()
distances.choice()
st.subheader("Map boundaries")
boundary_library.table()
left, right = st.columns([1, 1.25], gap="large")
with left:
    st.subheader("Exact ZIP areas")
    boundary_library.census()
with right:
    st.subheader("Your own boundaries")
    own_boundaries.add()
