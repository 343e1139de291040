"""Ends the work of windows that were closed, so that it doesn't hold up those that are open."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from terr.ui.jobs.watched_job import WatchedJob

GRACE_S, LOOK_S = 45.0, 5.0
"""Seconds a window may be away (a reload, a laptop that slept a moment) and between two looks."""


def cancel_closed(runs: Sequence[WatchedJob], is_open: Callable[[str], bool], now: float) -> list[WatchedJob]:
    """Cancels the jobs of windows away for longer than `GRACE_S`; those still to be watched come back."""
    left = []
    for run in runs:
        if run.job.done():
            continue
        if is_open(run.window):
            run.seen = now
        elif now - run.seen > GRACE_S:
            run.job.cancel()
            continue
        left.append(run)
    return left


class ClosedWindows:
    """A thread that looks after the jobs of all windows of this process."""

    def __init__(self, is_open: Callable[[str], bool]) -> None:
        self._jobs: list[WatchedJob] = []
        self._lock = threading.Lock()
        self._is_open = is_open
        threading.Thread(target=self._run, name="terr-leaving", daemon=True).start()

    def add(self, run: WatchedJob) -> None:
        """Look after one more."""
        with self._lock:
            self._jobs.append(run)

    def _run(self) -> None:
        while True:
            time.sleep(LOOK_S)
            with self._lock:
                self._jobs = cancel_closed(self._jobs, self._is_open, time.monotonic())


def _is_open(window: str) -> bool:
    """Whether a window is connected; without a server that could tell, it counts as open."""
    return not st.runtime.exists() or bool(st.runtime.get_instance().is_active_session(window))


@st.cache_resource(show_spinner=False)
def _looking() -> ClosedWindows:
    return ClosedWindows(_is_open)


def follow(run: WatchedJob) -> None:
    """Look after a job that this window began; without a server (in a test) there are no windows to leave."""
    here = get_script_run_ctx()
    if here is not None and st.runtime.exists():
        run.window = here.session_id
        _looking().add(run)
