"""Fairness of another plan beside the open one's, on the Reps page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import streamlit as st

from terr.errors import TerrError
from terr.ui.session import state
from terr.view.text import markdown, sentence
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps import fairness_change as change
from terr.workspace.reps.scorecard import Scorecard


def show_change(shown: PlanSnapshot, card: Scorecard, day: date, quotas: Mapping[str, float] | None) -> None:
    """Choose a plan from before; its figures stand beside those of the open plan."""
    ws = state.workspace()
    others = change.other_plans(ws, shown)
    if not others:
        st.caption(":material/difference: Copy this plan under Scenarios to compare fairness before and after.")
        return
    place, _ = st.columns([2, 4])
    before = place.selectbox(
        "Before and after: the plan from before",
        list(others),
        index=None,
        format_func=lambda i: others[i],
        placeholder="Choose a plan",
        key=f"fair_before_{shown.info.id}",
    )
    if before is None:
        return
    try:
        old = change.scorecard_before(ws, before, day, quotas)
    except TerrError as error:
        st.error(markdown(sentence(str(error))), icon=":material/error:")
        return
    if not old.reps:
        st.info("No territory of that plan has a rep, so there is nothing to compare with.", icon=":material/info:")
        return
    table = change.fairness_change(old, card)
    st.markdown(
        f"**From {markdown(others[before])} to {markdown(shown.info.name)}**: {markdown(change.change_sentence(table))}"
    )
    c = st.column_config
    config = {f"Variation {side}": c.NumberColumn(format="%.1f%%") for side in ("before", "after")}
    config |= {f"Gini {side}": c.NumberColumn(format="%.3f") for side in ("before", "after")}
    config |= {f"Max / min {side}": c.NumberColumn(format="%.2f") for side in ("before", "after")}
    st.dataframe(table, hide_index=True, placeholder="–", width="stretch", key="terr_fair_change", column_config=config)
