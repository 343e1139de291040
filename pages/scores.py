"""Scores: segments, tiers, scores, likeness, potential and workload; kept, they are measures and filters everywhere."""

import streamlit as st

from terr.ui import (
    header,
    scoring_kept,
    scoring_likeness,
    scoring_potential,
    scoring_score,
    scoring_segments,
    scoring_tiers,
    scoring_workload,
    shell,
    state,
)
from terr.ui.scoring_base import SECTION, current, dataset_line

shell.gate()

data = current(state.workspace())
header.line()
st.title("Scores")
if data is None:
    st.info("Scores are made from accounts. Load a spreadsheet or the demo first.", icon=":material/table:")
    if st.button("Go to Accounts", type="primary", key="to_accounts"):
        shell.switch("accounts")
else:
    sections = {
        "Segments": scoring_segments.show,
        "80/20 and tiers": scoring_tiers.show,
        "Potential": scoring_potential.show,
        "Score": scoring_score.show,
        "Likeness": scoring_likeness.show,
        "Workload": scoring_workload.show,
        scoring_kept.KEPT: scoring_kept.show,
    }
    dataset_line(data)
    scoring_kept.line(data)
    st.session_state.setdefault(SECTION, next(iter(sections)))
    chosen = st.segmented_control("What to define", list(sections), key=SECTION, label_visibility="collapsed")
    sections[chosen or next(iter(sections))](data)
