"""Where independent calls are worked out: one interface for threads, processes of this machine, and a cluster."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol

from terr.model.progress import Progress, ProgressUpdate
from terr.model.result import Explanation

CORES = max(1, min(8, os.cpu_count() or 1))
"""Threads of this process that work at once."""


class Executor(Protocol):
    """Runs independent calls. Where they run changes nothing about what comes of them."""

    @property
    def width(self) -> int:
        """Calls that run at once."""

    @property
    def notes(self) -> tuple[Explanation, ...]:
        """What a person should know of where the work was done; () if all went as planned."""

    def run(
        self, function: Callable[..., Any], items: Sequence[Any], *, progress: Progress | None = None, stage: str = ""
    ) -> list[Any]:
        """`function(item)` for each item, results in the order of `items`.

        Args:
            function: a function of the engine, or a `functools.partial` of one.
            items: one for each call.
            progress: of all calls together. Given one, the function is called with `progress=`, which tells how far
                its own call is and whether it should end; calls that haven't begun by then begin all the same, and
                end as soon as they ask.
            stage: what one call makes, for a person: "Plan" tells "Plan 3 of 40".

        Raises:
            TerrError: what the first call that failed raised.
        """


class SharedProgress:
    """The progress of several calls as one.

    Args:
        whole: of all calls together.
        count: how many there are.
        stage: what one call makes.
    """

    def __init__(self, whole: Progress, count: int, stage: str) -> None:
        self._whole, self._stage = whole, stage
        self._lock = threading.Lock()
        self._far = [0.0] * max(1, count)
        self._done: set[int] = set()

    def told(self, number: int, update: ProgressUpdate) -> None:
        """A call says how far it is."""
        with self._lock:
            self._far[number] = max(self._far[number], update.fraction)
        self._show()

    def finished(self, number: int) -> None:
        """A call is done."""
        with self._lock:
            self._far[number] = 1.0
            self._done.add(number)
        self._show()

    def part(self, number: int) -> Progress:
        """The progress of one call."""
        return Progress(partial(self.told, number), self._whole.stopped)

    def _show(self) -> None:
        count, done = len(self._far), len(self._done)
        text = f"{self._stage} {min(done + 1, count)} of {count}"
        self._whole.show(math.fsum(self._far) / count, text)


class Threads:
    """Threads of this process. What the compiled loops do runs outside Python's lock."""

    notes: tuple[Explanation, ...] = ()

    def __init__(self, width: int = CORES) -> None:
        self.width = max(1, width)

    def run(
        self, function: Callable[..., Any], items: Sequence[Any], *, progress: Progress | None = None, stage: str = ""
    ) -> list[Any]:
        """As `Executor.run`."""
        if progress is None:
            if self.width == 1 or len(items) < 2:
                return [function(item) for item in items]
            with ThreadPoolExecutor(self.width) as pool:
                return list(pool.map(function, items))
        shared = SharedProgress(progress, len(items), stage)

        def one(number: int) -> Any:
            out = function(items[number], progress=shared.part(number))
            shared.finished(number)
            return out

        with ThreadPoolExecutor(self.width) as pool:
            return list(pool.map(one, range(len(items))))
