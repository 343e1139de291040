"""Review: every plan with its drift and why, the smallest repair, last year's efficiency, minutes and ratings."""

from datetime import UTC, datetime

import streamlit as st

from terr.ui import header
from terr.ui.jobs import window_jobs
from terr.ui.review import plans, records
from terr.ui.session import navigation, state
from terr.view.text import count, distinct
from terr.workspace.review import plan_reviews

navigation.start_page()

header.line()
st.title("Review")
ws = state.workspace()
key = plan_reviews.review_key(ws)
if not key[0]:
    st.info("No plan yet. Start one from your accounts; it is reviewed every quarter.", icon=":material/event_repeat:")
    if st.button("Go to Accounts", type="primary", key="to_accounts"):
        navigation.switch("accounts")
    st.stop()
found = window_jobs.worked_out("reviews", key, lambda _: plan_reviews.reviewed_plans(ws))
if found is None:
    st.stop()
today = datetime.now(UTC).date()
over, due = plan_reviews.over_limit(found), plan_reviews.due_by(found, today)
st.markdown(f"#### {count(len(found), 'plan')}, {over:,} over the limit, {due:,} due for review")
st.dataframe(plans.table(found, today), hide_index=True, width="stretch", key="terr_reviewed")
names = distinct({p.info.id: p.info.name for p in found})
opened = state.scenario_id()
ids = list(names)
picked = st.selectbox(
    "Plan to review",
    ids,
    index=ids.index(opened) if opened in ids else 0,
    format_func=lambda i: names[i],
    key="terr_review_plan",
)
plan = next(p for p in found if p.info.id == picked)
parts = st.tabs(("Drift and repair", "Last year", "Minutes", "Ratings"), key="terr_review_part", on_change="rerun")
draw = (plans.drift_part, plans.efficiency_part, records.minutes_part, records.ratings_part)
for tab, body in zip(parts, draw, strict=True):
    if tab.open:
        with tab:
            body(plan)
