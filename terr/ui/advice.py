"""Work in the background of a plan: suggested moves, proofs, curves, designs in progress, edits from other windows."""

from __future__ import annotations

import math

import streamlit as st

from terr.errors import TerrError
from terr.ui import proving, repairs, runs, state, together, together_window, trading
from terr.ui.guard import attempt, guarded
from terr.ui.together_pace import PACE
from terr.view.text import markdown, percent, sentence
from terr.workspace import keeping, proofs, reasons, solve
from terr.workspace.board import Board, board

MOVES, PROOF, TRADE, TOGETHER = "Moves", "Proof", "Trade-off", "Together"
PARTS = [MOVES, PROOF, TRADE, TOGETHER]
SIDE = "side_part"


def start_design(sid: str, request: solve.Request, seconds: float) -> None:
    """Begin a design; suggestions wait meanwhile.

    Raises:
        InputError: if the request can't be met by any plan.
    """
    task = solve.design_task(state.workspace(), sid, request)
    repairs.drop()
    state.drop("proposal", "marked")
    runs.end("trade")
    runs.end("design_proof")
    runs.begin("design", "design", task, seed=request.seed, time_limit_s=seconds)


def drop_advice() -> None:
    """Forget what was worked out for a measure and a limit that aren't the plan's any more."""
    repairs.drop()
    runs.end("trade")


def keep_up(rev: int) -> None:
    """Drop what was suggested or proposed on an older revision; a proposal is made again on the newest."""
    run: runs.Run | None = state.get("advice")
    if run is not None and run.task.rev != rev:
        repairs.drop()
    proposal: Board | None = state.get("proposal")
    if proposal is not None and proposal.rev != rev:
        state.drop("proposal")
    if state.get(together.SHOWN) is not None:
        together.redraw(rev)


def area(sid: str) -> None:
    """The part of the page that looks after itself: often while something runs, seldom otherwise."""
    state.pool()
    busy = any(runs.is_running(state.get(n)) for n in state.RUNS)
    st.fragment(guarded(_watch), run_every=max(0.6 if busy else 2.0, PACE.wait()))(sid)


def _watch(sid: str) -> None:
    with PACE.turn():
        _beside(sid)


def _beside(sid: str) -> None:
    if state.get("scenario") != sid:
        return
    if state.get("redraw"):  # a button of this part changed what the map shows
        state.drop("redraw")
        st.rerun()
    if not together_window.has_line() and state.workspace().store.rev(sid) != state.seen().rev:
        st.rerun()  # the panel shows the newest plan and says so; a map with a line asks for that itself
    proving.watch()
    design: runs.Run | None = state.get("design")
    if design is not None:
        runs.collect(design)
        _show_design(design)
        return
    shown = board(state.workspace(), sid)
    part = st.segmented_control(
        "Beside the map", PARTS, default=MOVES, key=SIDE, label_visibility="collapsed", required=True
    )
    if part != TOGETHER:
        together.hide()
    if state.get("proposal") is not None or part == TRADE:
        trading.part(shown)
    elif part == PROOF:
        proving.part(shown)
    elif part == TOGETHER:
        together.part(shown)
    elif together_window.with_others() and state.get("asked_moves") != shown.rev:
        _ask_for_moves(shown)
    else:
        repairs.part(shown)


def _ask_for_moves(shown: Board) -> None:
    """With several people no window looks for moves by itself: each edit would set off as many searches."""
    repairs.drop()
    if shown.within and not shown.strays:
        st.caption("None needed: every territory is within the limit.")
        return
    st.caption("Others are on this plan, so suggested moves come when you ask for them; an edit ends them.")
    st.button(
        "Look for the fewest moves", key="ask_moves", icon=":material/search:", width="stretch",
        on_click=state.put, args=("asked_moves", shown.rev),
    )  # fmt: skip


def _show_design(run: runs.Run) -> None:
    st.markdown("**Generating territories**" if run.result is None else "**Generated plan (preview)**")
    for warning in run.task.warnings:
        st.caption(f":material/warning: {markdown(sentence(warning.message))}")
    if run.error:
        st.error(markdown(run.error), icon=":material/error:")
        st.button("Close", on_click=state.drop, args=("design", "proposal"), width="stretch")
        return
    if run.result is None:
        now = run.job.progress()
        text = "Starting …"
        if now is not None:
            best = "" if math.isinf(now.best_deviation) else f", best so far ±{percent(100 * now.best_deviation)}"
            text = f"{now.stage}{best}"
        runs.bar(run, text)
        st.button(
            "Stop and keep the best so far", disabled=run.stopped, width="stretch", icon=":material/stop_circle:",
            on_click=runs.stop, args=(run,), key="stop_design",
        )  # fmt: skip
        return
    if state.get("proposal") is None:
        _propose(run)
    proposal: Board = state.get("proposal")
    told = {w.message for w in run.task.warnings}
    found = reasons.on_the_plan(run.task, proposal, run.result.explanations)
    repairs.explain([e for e in found if e.message not in told], most=2)
    st.markdown(
        ("You stopped this early; Generate again for a better one. " if run.stopped else "")
        + f"Largest deviation {percent(100 * proposal.max_deviation)}, found in {run.result.runtime_s:.1f} s."
        " Grey ticks in the chart mark today's loads."
    )
    _design_proof(run)
    apply, drop = st.columns(2)
    apply.button("Apply", type="primary", width="stretch", on_click=_apply_design, args=(run,), key="apply_design")
    drop.button("Drop", width="stretch", on_click=_drop_design, key="drop_design")


def _design_proof(run: runs.Run) -> None:
    """How good the previewed plan is, if a person asks."""
    proof: runs.Run | None = state.get("design_proof")
    if proof is None:
        if run.result.violation == 0:
            st.button(
                "How good is this?", key="prove_design", icon=":material/verified:", width="stretch",
                on_click=_prove_design, args=(run,),
            )  # fmt: skip
        return
    runs.collect(proof)
    asked = run.task.request
    if proof.error:
        st.caption(markdown(sentence(proof.error)))
    elif proof.result is None:
        runs.bar(proof)
        st.button(
            "Stop and tell what is known", key="stop_design_proof", icon=":material/stop_circle:", width="stretch",
            disabled=proof.stopped, on_click=runs.stop, args=(proof,),
        )  # fmt: skip
    elif asked is not None:
        proving.tell(proofs.proof_of(proof.result, asked.measure, asked.tolerance), current=True)


def _prove_design(run: runs.Run) -> None:
    try:
        runs.begin(
            "design_proof", "certify", run.task, seed=1, time_limit_s=60.0 * proofs.MINUTES[1],
            assign=run.result.assign,
        )  # fmt: skip
    except TerrError as error:
        state.say(str(error))


def _propose(run: runs.Run) -> None:
    try:
        state.put("proposal", solve.proposal(state.workspace(), run.task, run.result))
    except TerrError as error:
        run.error = str(error)
    st.rerun()


def _apply_design(run: runs.Run) -> None:
    proposal: Board | None = state.get("proposal")
    if run.result is None or proposal is None:
        return
    ws, sid = state.workspace(), run.task.scenario_id
    # made for the revision that was previewed: an edit since then is never overwritten unseen
    done = attempt(lambda: solve.apply_design(ws, run.task, run.result, proposal.rev, author=state.author()))
    if done is not None:
        proof: runs.Run | None = state.get("design_proof")
        asked = run.task.request
        if proof is not None and proof.result is not None and asked is not None:
            keeping.keep_proof(ws, sid, done.rev, proofs.proof_of(proof.result, asked.measure, asked.tolerance))
        runs.end("design_proof")
        state.drop("design", "proposal", "marked")
        state.at_revision(done.rev)
        state.say("The generated plan is applied; Undo brings the earlier territories back.")
    state.put("redraw", True)


def _drop_design() -> None:
    runs.end("design_proof")
    state.drop("design", "proposal", "marked")
    state.put("redraw", True)
