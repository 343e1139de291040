"""How good a plan is: started by a person, proven in the background, told in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from terr.errors import TerrError
from terr.ui import runs, state
from terr.ui.guard import attempt
from terr.view.text import markdown, sentence
from terr.workspace import keeping, proofs
from terr.workspace.board import Board


def watch() -> None:
    """Keep what was proven with the plan it was proven of, whatever is on screen."""
    run: runs.Run | None = state.get("proof")
    if run is not None and runs.collect(run) and run.result is not None:
        ws, sid = state.workspace(), run.task.scenario_id
        info = ws.store.scenario(sid)
        attempt(
            lambda: keeping.keep_proof(ws, sid, run.head, proofs.proof_of(run.result, info.measure, info.tolerance))
        )
        state.drop("proof")


def part(shown: Board) -> None:
    """The part of the Plan page beside the balance figures."""
    run: runs.Run | None = state.get("proof")
    if run is not None:
        _running(run)
        return
    proof, current = proofs.current_proof(state.workspace(), shown.info)
    if proof is not None:
        tell(proof, current=current)
    missing = proofs.whats_missing(shown)
    if missing:
        st.caption(markdown(sentence(missing)))
        return
    if proof is None:
        st.caption("Find out how much better any plan within the same limits could be: Terr looks for a proof.")
    left, right = st.columns([1.2, 1], vertical_alignment="bottom")
    minutes = left.selectbox(
        "Time for a proof", proofs.MINUTES, index=1, format_func=lambda m: f"up to {m} min",
        key="proof_minutes", label_visibility="collapsed",
    )  # fmt: skip
    right.button(
        "How good is this?" if not current else "Try again", key="prove", icon=":material/verified:", width="stretch",
        on_click=_begin, args=(shown.info.id, int(minutes)),
    )  # fmt: skip


def tell(proof: Mapping[str, Any], *, current: bool) -> None:
    """One sentence, and what stands behind it on demand."""
    text = markdown(proofs.proof_sentence(proof))
    if current:
        st.markdown(f":material/verified: {text}")
    else:
        st.caption(f":material/history: The plan or its limit changed since this was proven: {text}")
    with st.popover("Details", icon=":material/info:"):
        st.markdown(
            "\n".join(f"- **{label}:** {markdown(value)}" for label, value in proofs.proof_details(proof))
        )  # fmt: skip
        st.caption(
            "Compactness is the load-weighted moment of inertia: the mean squared distance of load from the middle of "
            "its territory. Smaller is better."
        )


def _running(run: runs.Run) -> None:
    if run.error:
        st.error(markdown(sentence(run.error)), icon=":material/error:")
        st.button("Close", key="proof_close", on_click=state.drop, args=("proof",), width="stretch")
        return
    runs.bar(run, "" if not run.stopped else "Stopping …")
    st.button(
        "Stop and tell what is known", key="proof_stop", icon=":material/stop_circle:", width="stretch",
        disabled=run.stopped, on_click=runs.stop, args=(run,),
    )  # fmt: skip


def _begin(sid: str, minutes: int) -> None:
    try:
        task = proofs.proof_task(state.workspace(), sid)
        runs.begin("proof", "certify", task, seed=1, time_limit_s=60.0 * minutes, assign=task.assign)
        state.put("redraw", True)  # looked after more often from now on
    except TerrError as error:
        state.say(str(error))
