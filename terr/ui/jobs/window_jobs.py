"""The jobs of a window: begun, followed with one bar and one Stop button, and taken in once when they are done."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from terr.errors import StoppedError, TerrError
from terr.model.progress import Progress, ProgressUpdate
from terr.ui.jobs import closed_windows
from terr.ui.jobs.background_job import BackgroundJob
from terr.ui.jobs.watched_job import RunningWork, WatchedJob
from terr.ui.session import state
from terr.ui.session.errors import guarded
from terr.view.text import markdown, percent, sentence
from terr.workspace.design.problem import SolveTask

PATIENCE_S = 6.0
"""After so many seconds without a sign of life, a job waits for a worker that is busy with others."""
_SECONDS, _MOMENT_S = 0.5, 1.0
T = TypeVar("T")
_SORRY = (
    "Something went wrong, and nothing you saved is affected. Try again; the details are in the window Terr was "
    "started from."
)


def begin(name: str, job: RunningWork, task: SolveTask | None = None) -> WatchedJob:
    """Keep a job in this window under a name; an earlier one of that name is ended."""
    end(name)
    head = 0 if task is None else state.workspace().scenario(task.scenario_id).head
    run = WatchedJob(job, task, head)
    closed_windows.follow(run)
    state.put(name, run)
    return run


def begin_solver(name: str, kind: str, task: SolveTask, **options: Any) -> WatchedJob:
    """Begin a job of the solver's processes.

    Raises:
        SolveError: if too many wait already.
    """
    end(name)  # before the new one asks for a place
    return begin(name, state.pool().submit(kind, task.problem, **options), task)


def begin_thread(name: str, body: Callable[[Progress], Any]) -> None:
    """Begin a job in a thread of its own."""
    begin(name, BackgroundJob(body))


def quick(
    name: str, body: Callable[[Progress], Any], done: Callable[[Any], None] = lambda _: None, *, wait_s: float = 1.5
) -> None:
    """The same, but what is done within a moment is taken in at once, without a look at its progress."""
    job = BackgroundJob(body)
    run = begin(name, job)
    if job.wait(wait_s):
        _take(name, run, done)


def end(*names: str) -> None:
    """Forget jobs and stop working on them."""
    for name in names:
        run: WatchedJob | None = state.get(name)
        if run is not None:
            run.job.cancel()
        state.drop(name)


def running(name: str) -> bool:
    """Whether one of this name is at work in this window."""
    run: WatchedJob | None = state.get(name)
    return run is not None and not run.finished


def stopped(name: str) -> bool:
    """Whether the last job of this name was stopped by the person."""
    run: WatchedJob | None = state.get(name)
    return run is not None and run.finished and run.stopped


def collect(run: WatchedJob, done: Callable[[Any], None] = lambda _: None) -> bool:
    """Import what came of a job, and hand it on to `done`; true the first time there is something."""
    if run.finished or not run.job.done():
        return False
    run.finished = True
    try:
        run.result = run.job.result()
        done(run.result)
    except TerrError as error:
        run.error, run.stopped = str(error), isinstance(error, StoppedError)
    except Exception as error:  # noqa: BLE001 (a person never sees a traceback)
        state.log_trouble("a job", error)
        run.error = _SORRY
    return True


def show(name: str, *, stop: str = "Stop", close: bool = False) -> bool:
    """How far a job is, with the button that stops it, or why nothing came of it; false if there is nothing to say.

    Args:
        name: of the job.
        stop: what the button says.
        close: an error stays until it is closed.
    """
    run: WatchedJob | None = state.get(name)
    if run is None or (run.finished and not run.error):
        return False
    if run.finished:
        (st.info if run.stopped else st.error)(
            markdown(sentence(run.error)), icon=":material/pause_circle:" if run.stopped else ":material/error:"
        )
        if close:
            st.button("Close", key=f"{name}_close", on_click=end, args=(name,), width="stretch")
        return True
    waits = "Starting …" if time.monotonic() - run.began < PATIENCE_S else "Waiting for other work to end …"
    now = run.job.progress() or ProgressUpdate(stage=waits)
    row = st.container(horizontal=True, vertical_alignment="center")
    best = "" if math.isinf(now.best_deviation) else f", best so far: max deviation {percent(100 * now.best_deviation)}"
    row.progress(
        now.fraction, text="Stopping …" if run.stopped else markdown(now.stage[:1].upper() + now.stage[1:] + best)
    )
    row.button(stop, key=f"{name}_stop", icon=":material/stop_circle:", disabled=run.stopped, on_click=run.stop)
    return True


def follow(name: str, done: Callable[[Any], None] = lambda _: None, *, stop: str = "Stop") -> None:
    """Show a thread's job until it is done; `done` is given what came of it.

    Only this part of the page is drawn again while it runs.
    """
    if not running(name):
        show(name)
        return

    @st.fragment(run_every=_SECONDS)
    @guarded
    def part() -> None:
        run: WatchedJob | None = state.get(name)
        if run is None or run.finished:
            return
        if run.job.done():
            _take(name, run, done)
            st.rerun()
        show(name, stop=stop)

    part()


def worked_out(name: str, key: object, body: Callable[[Progress], T], *, stop: str = "Stop") -> T | None:
    """What a part of the page shows, worked out beside it.

    What takes a moment is there at once. Anything longer stands here as a bar with Stop until it is done, then the
    page is drawn again; what was stopped can be begun again.

    Args:
        name: of the job.
        key: what the result depends on; it is kept in the window until another key is asked for.
        body: gives the result, never None.
        stop: what the button says.

    Returns:
        The result; None while there is none, and the reason stands on the page.
    """
    kept = f"{name}_of"

    def done(result: T) -> None:
        state.put(kept, (key, result))

    of, result = state.get(kept, (None, None))
    if of != key:
        state.put(kept, (key, None))
        quick(name, body, done, wait_s=_MOMENT_S)
        result = state.get(kept)[1]
    if result is not None:
        return result  # type: ignore[no-any-return]
    follow(name, done, stop=stop)
    run: WatchedJob | None = state.get(name)
    if run is None or run.finished:  # stopped, or failed
        st.button("Try again", key=f"{name}_again", icon=":material/refresh:", on_click=state.drop, args=(kept, name))
    return None


def _take(name: str, run: WatchedJob, done: Callable[[Any], None]) -> None:
    """Hand on what came of it, and forget it; why nothing did stays to be shown."""
    state.drop(name)
    collect(run, done)
    if run.error:
        state.put(name, run)
