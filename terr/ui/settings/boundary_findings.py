"""What was found in boundaries, as a list a person reads."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from terr.view.text import count, markdown, sentence
from terr.workspace.boundary_library import Finding

_ICON = {"mended": ":material/build:", "left out": ":material/block:", "noted": ":material/info:"}
_WORD = {"mended": "Corrected", "left out": "Skipped", "noted": "Note"}
_TABLE_FROM = 6


def show_findings(findings: Sequence[Finding]) -> None:
    """Each with what became of it; what it concerns on demand."""
    if not findings:
        st.markdown(":material/check_circle: No corrections needed.")
    for at, found in enumerate(sorted(findings, key=lambda f: list(_ICON).index(f.fate))):
        text = f"{_ICON[found.fate]} **{_WORD[found.fate]}.** {markdown(sentence(found.message))}"
        if len(found.examples) < _TABLE_FROM:
            st.markdown(text)
            continue
        left, right = st.columns([5, 1.2], vertical_alignment="center")
        left.markdown(text)
        with right.popover("Show", icon=":material/list:", width="stretch"):
            if found.count > len(found.examples):
                st.caption(f"The first {len(found.examples):,} of {count(found.count, 'entry', 'entries')}")
            st.dataframe(
                pd.DataFrame({"Area": list(found.examples)}), hide_index=True, key=f"terr_found_{found.code}_{at}"
            )
