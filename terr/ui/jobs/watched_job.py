"""A job that a window follows, whether a thread or a solver process does it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any, Protocol

from terr.model.progress import ProgressUpdate


class RunningWork(Protocol):
    """Work under way: `terr.engine.pool.Job`, or a `BackgroundJob`."""

    def progress(self) -> ProgressUpdate | None:
        """The latest, or None before the first."""

    def cancel(self) -> None:
        """Ask it to end."""

    def done(self) -> bool:
        """True if `result` returns at once."""

    def result(self) -> Any:
        """What came of it, or raises why nothing did."""


@dataclass(eq=False)
class WatchedJob:
    """One job and what this window knows of it.

    Attributes:
        job: does the work.
        task, head: what a solver was asked, and the edit the plan stood at.
        result: what came of it; error: why nothing did, for a person; finished: one of them was taken in.
        stopped: a person ended it.
        window: the window it is for, "" if none can be left.
        began, seen: when it began and when its window was last there, in seconds of `time.monotonic`.
    """

    job: RunningWork
    task: Any = None
    head: int = 0
    result: Any = None
    error: str = ""
    finished: bool = False
    stopped: bool = False
    window: str = ""
    began: float = field(default_factory=time.monotonic)
    seen: float = field(default_factory=time.monotonic)

    def stop(self) -> None:
        """End it: a search with the best so far, anything else with nothing."""
        self.stopped = True
        self.job.cancel()
