"""Generate while it runs and as a preview: begun, watched, stopped, applied or discarded."""

from __future__ import annotations

import streamlit as st

from terr.errors import TerrError
from terr.ui.design import certificate as certificate_view
from terr.ui.design import suggested_moves
from terr.ui.jobs import window_jobs
from terr.ui.jobs.watched_job import WatchedJob
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import markdown, percent, sentence
from terr.workspace.design import apply_result, causes, certificate
from terr.workspace.plan import plan_settings
from terr.workspace.plan.snapshot import PlanSnapshot


def start_design(sid: str, request: apply_result.DesignRequest, seconds: float) -> None:
    """Begin a design; suggestions wait meanwhile.

    Raises:
        InputError: if the request can't be met by any plan.
    """
    task = apply_result.design_task(state.workspace(), sid, request)
    suggested_moves.drop()
    state.drop("proposal", "marked")
    window_jobs.end("trade", "design_proof")
    window_jobs.begin_solver("design", "design", task, seed=request.seed, time_limit_s=seconds)


def drop_advice() -> None:
    """Forget what was worked out for a measure and a limit that aren't the plan's any more."""
    suggested_moves.drop()
    window_jobs.end("trade")


def _show_design(run: WatchedJob) -> None:
    st.markdown("**Generating territories**" if run.result is None else "**Generated plan (preview)**")
    for warning in run.task.warnings:
        st.caption(f":material/warning: {markdown(sentence(warning.message))}")
    if window_jobs.show("design", stop="Stop and use the best so far", close=True):
        return
    if state.get("proposal") is None:
        _propose(run)
    proposal: PlanSnapshot = state.get("proposal")
    told = {w.message for w in run.task.warnings}
    found = causes.on_the_plan(run.task, proposal, run.result.explanations)
    suggested_moves.explanations_list([e for e in found if e.message not in told], most=2)
    st.markdown(
        ("You stopped this early; Generate again for a better one. " if run.stopped else "")
        + f"Max deviation {percent(100 * proposal.max_deviation, limit=proposal.limit)}, "
        f"found in {run.result.runtime_s:.1f} s."
        " Gray ticks: current plan."
    )
    _design_proof(run)
    apply, drop = st.columns(2)
    apply.button("Apply", type="primary", width="stretch", on_click=_apply_design, args=(run,), key="apply_design")
    drop.button("Drop", width="stretch", on_click=_drop_design, key="drop_design")


def _design_proof(run: WatchedJob) -> None:
    """How good the previewed plan is, if a person asks."""
    proof: WatchedJob | None = state.get("design_proof")
    if proof is None:
        if run.result.violation == 0:
            st.button(
                "How good is this plan?",
                key="prove_design",
                icon=":material/verified:",
                width="stretch",
                on_click=_prove_design,
                args=(run,),
            )
        return
    window_jobs.collect(proof)
    asked = run.task.request
    if not window_jobs.show("design_proof", stop="Stop and show the result so far", close=True) and asked is not None:
        certificate_view.certificate_sentence(
            certificate.proof_of(proof.result, asked.measure, asked.tolerance, asked.sides), current=True
        )


def _prove_design(run: WatchedJob) -> None:
    try:
        window_jobs.begin_solver(
            "design_proof",
            "certify",
            run.task,
            seed=1,
            time_limit_s=60.0 * certificate.MINUTES[1],
            assign=run.result.assign,
        )
    except TerrError as error:
        state.say(str(error))


def _propose(run: WatchedJob) -> None:
    try:
        state.put("proposal", apply_result.proposal(state.workspace(), run.task, run.result))
    except TerrError as error:
        run.error = str(error)
    st.rerun()


def _apply_design(run: WatchedJob) -> None:
    proposal: PlanSnapshot | None = state.get("proposal")
    if run.result is None or proposal is None:
        return
    ws, sid = state.workspace(), run.task.scenario_id
    # made for the revision that was previewed: an edit since then is never overwritten unseen
    done = attempt(lambda: apply_result.apply_design(ws, run.task, run.result, proposal.rev, author=state.author()))
    if done is not None:
        proof: WatchedJob | None = state.get("design_proof")
        asked = run.task.request
        if proof is not None and proof.result is not None and asked is not None:
            plan_settings.save_certificate(
                ws, sid, done.rev, certificate.proof_of(proof.result, asked.measure, asked.tolerance, asked.sides)
            )
        window_jobs.end("design_proof")
        state.drop("design", "proposal", "marked")
        state.at_revision(done.rev)
        state.say("Plan applied. Undo brings the earlier territories back.")
    state.put("redraw", True)


def _drop_design() -> None:
    window_jobs.end("design_proof")
    state.drop("design", "proposal", "marked")
    state.put("redraw", True)
