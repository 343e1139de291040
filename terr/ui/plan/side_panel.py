"""Work in the background of a plan: suggested moves, proofs, curves, designs in progress, edits from other windows."""

from __future__ import annotations

import streamlit as st

from terr.model.books.book_units import BookUnits
from terr.ui.design import books, frontier, suggested_moves, sweep
from terr.ui.design import certificate as certificate_view
from terr.ui.design.design_run import _show_design
from terr.ui.design.sweep import SIDE, TRADE
from terr.ui.jobs import window_jobs
from terr.ui.jobs.watched_job import WatchedJob
from terr.ui.live import panel, window
from terr.ui.live.redraw_pace import PACE
from terr.ui.session import state
from terr.ui.session.errors import guarded
from terr.view.text import count
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot

MOVES, PROOF, TOGETHER = "Moves", "Proof", "Together"
PARTS = [MOVES, PROOF, TRADE, TOGETHER]


def discard_outdated(rev: int) -> None:
    """Drop what was suggested or proposed on an older revision; a proposal is made again on the newest."""
    run: WatchedJob | None = state.get("advice")
    if run is not None and run.task.rev != rev:
        suggested_moves.drop()
    proposal: PlanSnapshot | None = state.get("proposal")
    if proposal is not None and proposal.rev != rev:
        state.drop("proposal")
    if state.get(panel.SHOWN) is not None:
        panel.redraw(rev)


def area(sid: str) -> None:
    """The part of the page that looks after itself: often while something runs, seldom otherwise."""
    state.pool()
    busy = any(window_jobs.running(n) for n in state.RUNS)
    st.fragment(guarded(_watch), run_every=max(0.6 if busy else 2.0, PACE.wait()))(sid)


def _watch(sid: str) -> None:
    with PACE.turn(), state.workspace().steady():
        _beside(sid)


def _beside(sid: str) -> None:
    if state.get("scenario") != sid:
        return
    if state.get("redraw"):  # a button of this part changed what the map shows
        state.drop("redraw")
        st.rerun()
    if not window.has_line() and state.workspace().rev(sid) != state.window_state().rev:
        st.rerun()  # the panel shows the newest plan and says so; a map with a line asks for that itself
    certificate_view.watch()
    book_run: WatchedJob | None = state.get("book_design")
    if book_run is not None:
        window_jobs.collect(book_run)
        books.show_design(book_run)
        return
    design: WatchedJob | None = state.get("design")
    if design is not None:
        window_jobs.collect(design)
        _show_design(design)
        return
    shown = plan_snapshot(state.workspace(), sid)
    waiting = len(panel.waiting(sid))
    if sweep.wanted():
        st.session_state[SIDE] = TRADE
    # the choices' labels never change: Streamlit tells them apart by label, and one that changed can lose the choice
    booked = isinstance(shown.units, BookUnits) and bool(shown.units.loose.any())
    alone = isinstance(shown.units, BookUnits) and not shown.units.n_areas  # books without a layer of areas
    part = st.segmented_control(
        "Beside the map", PARTS, default=MOVES, key=SIDE, label_visibility="collapsed", required=True
    )
    if part != TOGETHER:
        panel.hide()
        if waiting:
            st.button(
                f"{count(waiting, 'proposal')} to review",
                key="review_proposals",
                icon=":material/campaign:",
                on_click=_look_together,
                width="stretch",
            )
    if booked and part in {TRADE, PROOF} and state.get("proposal") is None:
        (books.book_trade_part if part == TRADE else books.book_proof_part)(shown)
        if not alone:
            st.divider()
    if alone and part in {TRADE, PROOF}:
        pass
    elif state.get("proposal") is not None or part == TRADE:
        if not sweep.sweep_part(shown):
            frontier.frontier_part(shown)
    elif part == PROOF:
        certificate_view.certificate_part(shown)
    elif part == TOGETHER:
        panel.workshop_part(shown)
    elif part == MOVES and isinstance(shown.units, BookUnits):
        books.book_moves_part(shown)
        if shown.units.n_areas:
            st.divider()
            suggested_moves.suggested_moves_part(shown)
    elif window.with_others() and state.get("asked_moves") != shown.rev:
        _ask_for_moves(shown)
    else:
        suggested_moves.suggested_moves_part(shown)


def _look_together() -> None:
    st.session_state[SIDE] = TOGETHER


def _ask_for_moves(shown: PlanSnapshot) -> None:
    """With several people no window looks for moves by itself: each edit would set off as many searches."""
    suggested_moves.drop()
    if shown.within and not shown.strays:
        st.caption("None needed: every territory is within the limit.")
        return
    st.caption("Others are working on this plan, so ask for suggested moves when you want them; an edit clears them.")
    st.button(
        "Find the fewest moves",
        key="ask_moves",
        icon=":material/search:",
        width="stretch",
        on_click=state.put,
        args=("asked_moves", shown.rev),
    )
