"""Scores: segments, tiers, scores, likeness, potential and workload; kept, they are measures and filters everywhere."""

import streamlit as st

from terr.ui import header
from terr.ui.scores import kept, likeness, potential, ranges, score, segments, tiers, workload
from terr.ui.scores.editor import SECTION, dataset_line
from terr.ui.session import navigation, state

navigation.start_page()

data = state.dataset_in_hand()
header.line()
st.title("Scores")
if data is None:
    st.info("Scores need accounts. Import a spreadsheet or the demo first.", icon=":material/table:")
    if st.button("Go to Accounts", type="primary", key="to_accounts"):
        navigation.switch("accounts")
else:
    sections = {
        "Segments": segments.show_segments,
        "80/20 and tiers": tiers.show_tiers,
        "Potential": potential.show_potential,
        "Range": ranges.show_ranges,
        "Score": score.show_score,
        "Look-alikes": likeness.show_likeness,
        "Workload": workload.show_workload,
        kept.KEPT: kept.show_saved,
    }
    dataset_line(data)
    kept.line(data)
    st.session_state.setdefault(SECTION, next(iter(sections)))
    chosen = st.segmented_control("What to define", list(sections), key=SECTION, label_visibility="collapsed")
    sections[chosen or next(iter(sections))](data)
