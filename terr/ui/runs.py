"""Work in the background of a plan: begun, watched, stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import streamlit as st

from terr.errors import TerrError
from terr.ui import state
from terr.workspace.solve import Task


@dataclass
class Run:
    """A task the worker processes are busy with, or have finished.

    Attributes:
        task: what was asked; job: the pool's; head: the edit the plan stood at.
        result: what came of it; error: why nothing did; stopped: a person ended it early.
    """

    task: Task
    job: Any
    head: int = 0
    result: Any = None
    error: str = ""
    stopped: bool = False


def begin(name: str, kind: str, task: Task, **options: Any) -> Run:
    """Start a job and keep it in this window under a name; an earlier one of that name is ended."""
    end(name)
    job = state.pool().submit(kind, task.problem, **options)
    run = Run(task, job, state.workspace().store.scenario(task.scenario_id).head)
    state.put(name, run)
    return run


def end(name: str) -> None:
    """Forget a job and stop working on it."""
    run: Run | None = state.get(name)
    if is_running(run) and run is not None:
        run.job.cancel()
    state.drop(name)


def is_running(run: Run | None) -> bool:
    """Whether there is one that isn't done."""
    return run is not None and run.result is None and not run.error


def collect(run: Run) -> bool:
    """Take in what came of a run; true the first time there is something."""
    if not is_running(run) or not run.job.done():
        return False
    try:
        run.result = run.job.result()
    except TerrError as error:
        run.error = str(error)
    return True


def stop(run: Run) -> None:
    """End a run with the best so far."""
    run.job.cancel()
    run.stopped = True


def bar(run: Run, text: str = "") -> None:
    """How far a run is."""
    now = run.job.progress()
    part = 0.0 if now is None else min(1.0, max(0.0, now.fraction))
    st.progress(part, text=text or ("Starting …" if now is None else now.stage))
