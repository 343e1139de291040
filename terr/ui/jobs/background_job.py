"""Long work beside the page: begun, watched, stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from terr.model.progress import Progress, ProgressUpdate

T = TypeVar("T")


class BackgroundJob(Generic[T]):
    """A piece of work in a thread of its own. The libraries that do it leave the other threads their turn.

    Args:
        body: does it; told by its `Progress` when to stop.
    """

    def __init__(self, body: Callable[[Progress], T]) -> None:
        self._now = ProgressUpdate()
        self._stop = threading.Event()
        self._result: T | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(body,), daemon=True)
        self._thread.start()

    def _run(self, body: Callable[[Progress], T]) -> None:
        try:
            self._result = body(Progress(self._tell, self._stop.is_set))
        except Exception as error:  # noqa: BLE001 (it is raised where the result is asked for)
            self._error = error

    def _tell(self, now: ProgressUpdate) -> None:
        self._now = now

    def progress(self) -> ProgressUpdate:
        """The latest."""
        return self._now

    def cancel(self) -> None:
        """Ask it to end; `result` then raises StoppedError."""
        self._stop.set()

    def done(self) -> bool:
        """True if `result` returns at once."""
        return not self._thread.is_alive()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Whether it is done, after waiting that many seconds for it at most."""
        self._thread.join(timeout_s)
        return self.done()

    def result(self, timeout_s: float | None = None) -> T:
        """What came of it; waits for it.

        Raises:
            TerrError: what the work raised.
            TimeoutError: if it isn't done in time.
        """
        if not self.wait(timeout_s):
            raise TimeoutError("still at work")
        if self._error is not None:
            raise self._error
        return self._result  # type: ignore[return-value]
