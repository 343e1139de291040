"""How good a plan is: started by a person, proven in the background, told in one sentence."""

from __future__ import annotations

import streamlit as st

from terr.errors import TerrError
from terr.ui.jobs import window_jobs
from terr.ui.jobs.watched_job import WatchedJob
from terr.ui.session import state
from terr.ui.session.errors import attempt
from terr.view.text import markdown, sentence
from terr.workspace.access import distances
from terr.workspace.design import certificate
from terr.workspace.plan import plan_settings
from terr.workspace.plan.plan_settings import Proof
from terr.workspace.plan.snapshot import PlanSnapshot


def watch() -> None:
    """Keep what was proven with the plan it was proven of, whatever is on screen."""
    run: WatchedJob | None = state.get("proof")
    if run is not None and window_jobs.collect(run) and run.result is not None:
        ws, sid = state.workspace(), run.task.scenario_id
        info = ws.scenario(sid)
        attempt(
            lambda: plan_settings.save_certificate(
                ws,
                sid,
                run.head,
                certificate.proof_of(run.result, info.measure, info.tolerance, plan_settings.rules_of(ws, info).sides),
            )
        )
        state.drop("proof")


def certificate_part(shown: PlanSnapshot) -> None:
    """The part of the Plan page beside the balance figures."""
    if window_jobs.show("proof", stop="Stop and show the result so far", close=True):
        return
    proof, current = certificate.current_proof(state.workspace(), shown.info)
    if proof is not None:
        certificate_sentence(proof, current=current)
    missing = certificate.whats_missing(shown)
    if missing:
        st.caption(markdown(sentence(missing)))
        return
    if proof is None:
        st.caption("Find out how much better any plan within the same limits could be.")
    left, right = st.columns([1.2, 1], vertical_alignment="bottom")
    minutes = left.selectbox(
        "Time limit",
        certificate.MINUTES,
        index=1,
        format_func=lambda m: f"up to {m} min",
        key="proof_minutes",
        label_visibility="collapsed",
    )
    right.button(
        "How good is this plan?" if not current else "Try again",
        key="prove",
        icon=":material/verified:",
        width="stretch",
        on_click=_begin,
        args=(shown.info.id, int(minutes)),
    )


def certificate_sentence(proof: Proof, *, current: bool) -> None:
    """One sentence, and what stands behind it on demand."""
    text = markdown(certificate.proof_sentence(proof))
    if current:
        st.markdown(f":material/verified: {text}")
    else:
        st.caption(f":material/history: The plan or its limit changed since then: {text}")
    with st.popover("Details", icon=":material/info:"):
        proof_details = certificate.proof_details(proof, miles=distances.miles(state.workspace().root))
        st.markdown("\n".join(f"- **{markdown(label)}:** {markdown(value)}" for label, value in proof_details))
        st.caption(
            "Compactness is the average squared distance to the center of the territory, weighted by the measure. "
            "Smaller is better."
        )


def _begin(sid: str, minutes: int) -> None:
    try:
        task = certificate.proof_task(state.workspace(), sid)
        window_jobs.begin_solver("proof", "certify", task, seed=1, time_limit_s=60.0 * minutes, assign=task.assign)
        state.put("redraw", True)  # looked after more often from now on
    except TerrError as error:
        state.say(str(error))
