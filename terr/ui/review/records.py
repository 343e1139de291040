"""What a review leaves: minutes and decisions, the day of the next one, ratings of territories."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from terr.model.person import Person
from terr.ui.session import local_time, state
from terr.ui.session.errors import attempt
from terr.view.text import date_text, markdown
from terr.workspace.access import roles
from terr.workspace.reps import territory_ratings
from terr.workspace.review import plan_reviews
from terr.workspace.review.plan_reviews import ReviewDue, ReviewedPlan


def _by() -> Person:
    who = state.person()
    return who if who.user_id else Person("", state.author())


def minutes_part(plan: ReviewedPlan) -> None:
    """Minutes and decisions of this review, those of earlier ones, and when the next is due."""
    ws, sid = state.workspace(), plan.info.id
    may = roles.needs(ws, sid, state.person(), "mark")
    left, right = st.columns([2, 1], gap="medium")
    with left, st.form(f"review_{sid}_{plan.info.seq}", border=True):
        said = st.text_area("Minutes", key=f"terr_minutes_{sid}_{plan.info.seq}", max_chars=4_000)
        decided = st.text_area("Decisions, one per line", key=f"terr_decisions_{sid}_{plan.info.seq}", max_chars=4_000)
        if st.form_submit_button("Save the review", type="primary", disabled=bool(may), help=markdown(may) or None):
            done = attempt(lambda: plan_reviews.record_review(ws, plan, said, decided.splitlines(), by=_by()))
            if done is not None:
                state.say("Review saved, with the plan's figures of today.")
                st.rerun()
            state.show_said()
    with right:
        _due(plan)
    for one in reversed(plan_reviews.reviews(ws, sid)):
        with st.container(border=True):
            when, who = local_time.local(one.at), one.by.name or "Someone"
            st.markdown(f"**{when}** · {markdown(who)}")
            if one.minutes:
                st.markdown(markdown(one.minutes))
            for decision in one.decisions:
                st.markdown(f":material/gavel: {markdown(decision)}")
            st.caption(markdown(plan_reviews.figures_sentence(one.figures)))


def _due(plan: ReviewedPlan) -> None:
    ws, sid = state.workspace(), plan.info.id
    may, due = roles.needs(ws, sid, state.person(), "edit"), plan_reviews.due_of(plan.info)
    with st.form(f"due_{sid}_{plan.info.seq}", border=True):
        day = st.date_input("Next review", value=plan.due, key=f"terr_due_{sid}_{plan.info.seq}")
        every = st.number_input("Months between reviews", 1, 36, due.every, key=f"terr_every_{sid}_{plan.info.seq}")
        if st.form_submit_button("Save", disabled=bool(may), help=markdown(may) or None):
            chosen = day if isinstance(day, type(plan.due)) and day != plan.due else due.day
            made = attempt(lambda: plan_reviews.set_due(ws, sid, ReviewDue(int(every), chosen)))
            if made is not None:
                state.say("Saved.")
            st.rerun()
        if plan.due <= datetime.now(UTC).date():
            st.caption(f":material/event: Due since {date_text(plan.due)}.")


def ratings_part(plan: ReviewedPlan) -> None:
    """What reps think of the territories, each with a reason."""
    ws, sid = state.workspace(), plan.info.id
    table = territory_ratings.ratings_table(ws, sid)
    if not len(table):
        st.caption("This plan has no territories yet.")
        return
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        key=f"terr_ratings_{sid}",
        column_config={"Rating": st.column_config.NumberColumn("Rating (1 to 5)", format="%.1f")},
    )
    may = roles.needs(ws, sid, state.person(), "comment")
    names = plan_reviews.territory_names(ws, sid)
    with st.form(f"rate_{sid}_{plan.info.seq}", border=True):
        a, b, c = st.columns([1.4, 1, 3], vertical_alignment="bottom")
        code = a.selectbox(
            "Territory", list(names), format_func=lambda k: markdown(names[k]), key=f"terr_rate_which_{sid}"
        )
        stars = b.selectbox("Rating", territory_ratings.STARS, index=2, key=f"terr_rate_stars_{sid}", help="5 is best")
        why = c.text_input(
            "Reason", max_chars=300, key=f"terr_rate_why_{sid}", placeholder="More opportunity in health than in food"
        )
        if st.form_submit_button("Rate", disabled=bool(may), help=markdown(may) or None):
            done = attempt(lambda: territory_ratings.rate(ws, sid, int(code), int(stars), why, by=_by()))
            if done is not None:
                st.rerun()
            state.show_said()
