"""Work in the background of a plan: suggested moves, designs in progress, edits from other windows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import streamlit as st

from terr.errors import TerrError
from terr.model.result import Result
from terr.ui import figures, state
from terr.ui.guard import attempt, guarded
from terr.view.text import and_list, count, markdown, percent, sentence, short
from terr.workspace import solve
from terr.workspace.board import Board, board

ADVICE_SECONDS = 8.0


@dataclass
class Run:
    """A task the worker processes are busy with, or have finished."""

    task: solve.Task
    job: Any
    result: Result | None = None
    error: str = ""
    stopped: bool = False


def start_design(sid: str, request: solve.Request, seconds: float) -> None:
    """Begin a design; suggestions wait meanwhile.

    Raises:
        InputError: if the request can't be met by any plan.
    """
    task = solve.design_task(state.workspace(), sid, request)
    drop_advice()
    state.drop("proposal")
    old: Run | None = state.get("design")
    if old is not None and old.result is None:
        old.job.cancel()
    state.put("design", Run(task, state.pool().submit("design", task.problem, seed=request.seed, time_limit_s=seconds)))


def drop_advice() -> None:
    """Forget the suggestion at hand and stop working on it."""
    run: Run | None = state.get("advice")
    if run is not None and run.result is None:
        run.job.cancel()
    state.drop("advice", "preview")


def keep_up(rev: int) -> None:
    """Drop what was suggested or proposed on an older revision; a proposal is made again on the newest."""
    run: Run | None = state.get("advice")
    if run is not None and run.task.rev != rev:
        drop_advice()
    proposal: Board | None = state.get("proposal")
    if proposal is not None and proposal.rev != rev:
        state.drop("proposal")


def area(sid: str) -> None:
    """The part of the page that looks after itself: often while something runs, seldom otherwise."""
    state.pool()
    busy = _running(state.get("design")) or _running(state.get("advice"))
    st.fragment(guarded(_watch), run_every=0.6 if busy else 2.0)(sid)


def _running(run: Run | None) -> bool:
    return run is not None and run.result is None and not run.error


def _watch(sid: str) -> None:
    if state.get("scenario") != sid:
        return
    if state.get("redraw"):  # a button of this part changed what the map shows
        state.drop("redraw")
        st.rerun()
    if state.workspace().store.rev(sid) != state.seen().rev:
        st.rerun()  # the panel shows the newest plan and says so
    design: Run | None = state.get("design")
    if design is not None:
        _collect(design)
        _show_design(design)
    else:
        _advise(sid)


def _collect(run: Run) -> None:
    if run.result is None and not run.error and run.job.done():
        try:
            run.result = run.job.result()
        except TerrError as error:
            run.error = str(error)


def _show_design(run: Run) -> None:
    st.markdown("**Generating territories**" if run.result is None else "**Generated plan (preview)**")
    for warning in run.task.warnings:
        st.caption(f":material/warning: {markdown(sentence(warning.message))}")
    if run.error:
        st.error(markdown(run.error), icon=":material/error:")
        st.button("Close", on_click=state.drop, args=("design", "proposal"), width="stretch")
        return
    if run.result is None:
        now = run.job.progress()
        text, part = "Starting …", 0.0
        if now is not None:
            part = min(1.0, max(0.0, now.fraction))
            best = "" if math.isinf(now.best_deviation) else f", best so far ±{percent(100 * now.best_deviation)}"
            text = f"{now.stage}{best}"
        st.progress(part, text=text)
        if st.button(
            "Stop and keep the best so far", disabled=run.stopped, width="stretch", icon=":material/stop_circle:"
        ):
            run.job.cancel()
            run.stopped = True
        return
    if state.get("proposal") is None:
        _propose(run)
    told = {w.message for w in run.task.warnings}
    _explain([e.message for e in run.result.explanations if e.message not in told], most=2)
    proposal: Board = state.get("proposal")
    st.markdown(
        ("You stopped this early; Generate again for a better one. " if run.stopped else "")
        + f"Largest deviation {percent(100 * proposal.max_deviation)}, found in {run.result.runtime_s:.1f} s."
        " Grey ticks in the chart mark today's loads."
    )
    apply, drop = st.columns(2)
    apply.button("Apply", type="primary", width="stretch", on_click=_apply_design, args=(run,), key="apply_design")
    drop.button("Drop", width="stretch", on_click=_drop_design, key="drop_design")


def _explain(messages: list[str], *, most: int) -> None:
    """The first few explanations in sight, the others on demand."""
    for message in messages[:most]:
        st.caption(markdown(sentence(message)))
    if len(messages) > most:
        with st.popover(f"{len(messages) - most} more", icon=":material/help:"):
            for message in messages[most:]:
                st.markdown(markdown(sentence(message)))


def _propose(run: Run) -> None:
    if run.result is None:
        return
    try:
        state.put("proposal", solve.proposal(state.workspace(), run.task, run.result))
    except TerrError as error:
        run.error = str(error)
    st.rerun()


def _apply_design(run: Run) -> None:
    result = run.result
    if result is None:
        return
    proposal: Board | None = state.get("proposal")
    if proposal is None:
        return
    # made for the revision that was previewed: an edit since then is never overwritten unseen
    done = attempt(lambda: solve.apply_design(state.workspace(), run.task, result, proposal.rev, author=state.author()))
    if done is not None:
        state.drop("design", "proposal")
        state.at_revision(done.rev)
        state.say("The generated plan is applied; Undo brings the earlier territories back.")
    state.put("redraw", True)


def _drop_design() -> None:
    state.drop("design", "proposal")
    state.put("redraw", True)


def _advise(sid: str) -> None:
    shown = board(state.workspace(), sid)
    st.markdown("**Suggested moves**")
    run: Run | None = state.get("advice")
    if run is not None and run.task.rev != shown.rev:
        drop_advice()
        run = None
    if shown.within and not shown.strays:
        drop_advice()
        st.caption("None needed: every territory is within the limit.")
        return
    if run is None:
        task = solve.rebalance_task(state.workspace(), sid)
        if task is None:
            empty = list(shown.table.loc[shown.table["units"] == 0, "territory"])
            st.caption(
                f"Suggestions start when {markdown(and_list(empty))} has units: click some in, delete it, or Generate."
                if empty
                else "Suggestions start when there are at least two territories."
            )
            return
        job = state.pool().submit("rebalance", task.problem, seed=1, time_limit_s=ADVICE_SECONDS)
        run = Run(task, job)
        state.put("advice", run)
    _collect(run)
    if run.error:
        st.caption(markdown(run.error))
    elif run.result is None:
        st.caption(
            ":material/hourglass_top: Looking for the fewest moves that bring every territory within the limit …"
        )
    else:
        _show_advice(run, shown)


def _show_advice(run: Run, shown: Board) -> None:
    result = run.result
    if result is None:
        return
    found = solve.suggestions(state.workspace(), run.task, result)
    if not found:
        st.caption("No move would bring this plan closer to its limit while every territory stays in one piece.")
        _explain([e.message for e in result.explanations], most=1)
        return
    total = sum(m.load for m in found)
    after = percent(100 * result.max_deviation[0])
    joins = f" · joins {count(len(shown.strays), 'stray piece')}" if shown.strays else ""
    fills = f" · assigns {shown.unassigned_units:,} units" if shown.unassigned_units else ""
    st.markdown(
        markdown(
            f"{count(len(found), 'move')} · {short(total, shown.currency)} changes hands · largest deviation "
            f"{percent(100 * shown.max_deviation)} → {after}{joins}{fills}"
        )
    )
    lines = [f"- {markdown(m.unit)} → {markdown(m.target)} · {short(m.load, shown.currency)}" for m in found[:3]]
    st.markdown("\n".join(lines + ([f"- and {len(found) - 3} more"] if len(found) > 3 else [])))
    look, apply = st.columns(2)
    on = state.get("preview") is not None
    look.button(
        "Hide" if on else "Preview",
        width="stretch",
        on_click=_toggle,
        args=([(m.code, m.to) for m in found],),
        key="preview_moves",
    )
    apply.button("Apply", type="primary", width="stretch", on_click=_apply_moves, args=(run,), key="apply_moves")


def _toggle(pairs: list[tuple[int, int]]) -> None:
    if state.get("preview") is None:
        state.put("preview", pairs)
        state.fly_to([u for u, _ in pairs])
    else:
        state.drop("preview")
    state.put("redraw", True)


def _apply_moves(run: Run) -> None:
    result = run.result
    if result is None:
        return
    done = attempt(lambda: solve.apply_moves(state.workspace(), run.task, result, author=state.author()))
    drop_advice()
    if done is not None:
        state.at_revision(done.rev)
        state.say("Suggested moves applied; Undo takes them back.")
    state.put("redraw", True)


__all__ = ["Run", "area", "drop_advice", "figures", "start_design"]
