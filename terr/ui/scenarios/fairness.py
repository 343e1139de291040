"""Fairness of two plans in Compare: per full rep before and after, and rep by rep."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from terr.ui.session import state
from terr.view.text import markdown
from terr.workspace.quotas.planning import today
from terr.workspace.reps import fairness_change as change
from terr.workspace.reps.assignment import own_quota_only, people_settings
from terr.workspace.reps.scorecard import Scorecard, scorecard_of
from terr.workspace.scenarios.comparison import ComparedPlan, PlanComparison

_MONEY = ("Potential", "Revenue", "Quota")


def show_fairness(found: PlanComparison, first: str, second: str) -> None:
    """A fold with the scorecards of both plans as of one day; nothing where nobody covers anything."""
    if not found.has_reps:
        return
    with st.expander("Fairness to reps, before and after", icon=":material/balance:"):
        place, _ = st.columns([1, 4])
        day = place.date_input("Capacity as of", value=today(), key="terr_fair_compare_day")
        mine = own_quota_only(state.workspace(), found.b.info.id, found.reps)
        quotas = (
            None
            if mine is None
            else {r.rep_id: r.quota for r in found.reps if r.rep_id in mine and r.quota is not None}
        )

        def card(side: ComparedPlan) -> Scorecard:
            at = {t.code: k for k, t in enumerate(side.plan.territories)}
            territory = np.array([at.get(int(c), -1) for c in side.codes.tolist()], dtype=np.int64)
            settings = people_settings(side.info)
            return scorecard_of(found.accounts, side.plan, found.reps, territory, settings, day, quotas)

        before, after = card(found.a), card(found.b)
        if not before.reps or not after.reps:
            st.caption("One of the plans has no rep on any territory, so there is nothing to compare.")
            return
        table = change.fairness_change(before, after)
        said = change.change_sentence(table)
        st.markdown(f"**From {markdown(first)} to {markdown(second)}**: {markdown(said)}.")
        c = st.column_config
        config = {f"Variation {side}": c.NumberColumn(format="%.1f%%") for side in ("before", "after")}
        config |= {f"Gini {side}": c.NumberColumn(format="%.3f") for side in ("before", "after")}
        config |= {f"Max / min {side}": c.NumberColumn(format="%.2f") for side in ("before", "after")}
        st.dataframe(
            table, hide_index=True, placeholder="–", width="stretch", key="terr_fair_both", column_config=config
        )
        _by_rep(before, after)


def _by_rep(before: Scorecard, after: Scorecard) -> None:
    measures = change.shared_measures(before, after)
    if not measures:
        return
    place, _ = st.columns([1, 3])
    measure = str(place.selectbox("Rep by rep", measures, key="terr_fair_compare_measure"))
    rows: pd.DataFrame = change.rep_change(before, after, measure)
    places = "%,.0f" if measure in _MONEY or measure in ("Accounts", "A accounts") else "%,.1f"
    c = st.column_config
    config = {n: c.NumberColumn(format=places) for n in rows.columns if n != "Rep"}
    config |= {
        "Capacity": c.NumberColumn(format="percent", help="Of a full rep on the day: share of a full person and ramp"),
        "Per full rep before": c.NumberColumn(format=places, help="The sum before / capacity"),
        "Per full rep after": c.NumberColumn(format=places, help="The sum after / capacity"),
    }
    st.dataframe(
        rows, hide_index=True, placeholder="–", width="stretch", key="terr_fair_both_reps", column_config=config
    )
