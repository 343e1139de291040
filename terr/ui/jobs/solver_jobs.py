"""Work in the background of a plan: begun, watched, stopped."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from terr.errors import TerrError
from terr.ui.jobs import closed_windows
from terr.ui.session import state
from terr.workspace.design.problem import SolveTask

PATIENCE_S = 6.0
"""After so many seconds without a sign of life, a run waits for a worker that is busy with others."""


@dataclass
class SolverJob:
    """A task the worker processes are busy with, or have finished.

    Attributes:
        task: what was asked; job: the pool's; head: the edit the plan stood at.
        result: what came of it; error: why nothing did; stopped: a person ended it early.
        begun: when, in seconds of `time.monotonic`.
    """

    task: SolveTask
    job: Any
    head: int = 0
    result: Any = None
    error: str = ""
    stopped: bool = False
    begun: float = field(default_factory=time.monotonic)


def begin_solver_job(name: str, kind: str, task: SolveTask, **options: Any) -> SolverJob:
    """Start a job and keep it in this window under a name; an earlier one of that name is ended."""
    end(name)
    job = state.pool().submit(kind, task.problem, **options)
    closed_windows.follow(job)
    run = SolverJob(task, job, state.workspace().scenario(task.scenario_id).head)
    state.put(name, run)
    return run


def end(name: str) -> None:
    """Forget a job and stop working on it."""
    run: SolverJob | None = state.get(name)
    if is_running(run) and run is not None:
        run.job.cancel()
    state.drop(name)


def is_running(run: SolverJob | None) -> bool:
    """Whether there is one that isn't done."""
    return run is not None and run.result is None and not run.error


def collect(run: SolverJob) -> bool:
    """Take in what came of a run; true the first time there is something."""
    if not is_running(run) or not run.job.done():
        return False
    try:
        run.result = run.job.result()
    except TerrError as error:
        run.error = str(error)
    return True


def stop(run: SolverJob) -> None:
    """End a run with the best so far."""
    run.job.cancel()
    run.stopped = True


def bar(run: SolverJob, text: str = "") -> None:
    """How far a run is."""
    now = run.job.progress()
    part = 0.0 if now is None else min(1.0, max(0.0, now.fraction))
    waits = "Starting …" if time.monotonic() - run.begun < PATIENCE_S else "Waiting for other work to end …"
    st.progress(part, text=text or (waits if now is None else now.stage))
