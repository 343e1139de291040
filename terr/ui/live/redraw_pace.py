"""How often windows draw their charts anew: at once while few are open, else at a pace this machine can hold."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SHARE = 0.45
"""Of one processor, for charts and tables; the rest is left to edits, maps and people's own clicks."""

SLOW_S, QUICK_S, MOST = 0.2, 0.1, 6.0
"""Edits that take longer than the first, in seconds, make redraws rarer, up to so many times; shorter than the second,
more frequent again."""

AROUND = 1.6
"""A redraw with all that Streamlit does around it, over the part that is timed."""

SLOWEST_S = 15.0
AT_ONCE = 1
"""Redraws that run side by side. More would take no less time, as one interpreter runs them, and edits would wait for
their turn among all of them at each step."""

_FEW = 1


class RedrawPace:
    """Seconds a redraw takes, as seen lately, and the windows that want one. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cost = 0.08
        self._windows = 0
        self._latency = 0.0
        self._stretch = 1.0
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._mine = threading.local()

    @contextmanager
    def turn(self, parts: int = 0) -> Iterator[None]:
        """Wait until few others draw; within a turn a further one costs nothing.

        `parts`: what is drawn in it is one of so many parts of a redraw, and its time is noted (see `note`); 0: not.
        """
        if getattr(self._mine, "on", False):
            yield
            return
        with self._turns:
            self._mine.on = True
            began = time.thread_time()
            try:
                yield
                if parts:
                    self.note(time.thread_time() - began, parts)
            finally:
                self._mine.on = False

    def note(self, seconds: float, parts: int = 1) -> None:
        """A redraw took so many seconds of a processor; or one of so many parts of a redraw did."""
        with self._lock:
            self._cost = 0.9 * self._cost + 0.1 * min(parts * seconds, 2.0)

    def felt(self, seconds: float) -> None:
        """An edit took so many seconds to be stored."""
        with self._lock:
            self._latency = 0.9 * self._latency + 0.1 * min(seconds, 5.0)
            if self._latency > SLOW_S:
                self._stretch = min(MOST, 1.05 * self._stretch)
            elif self._latency < QUICK_S:
                self._stretch = max(1.0, self._stretch / 1.02)

    def opened(self, by: int = 1) -> None:
        """A window was opened, or closed (-1)."""
        with self._lock:
            self._windows = max(0, self._windows + by)

    def wait(self) -> float:
        """Seconds a window leaves between two redraws; 0 while it is the only one."""
        with self._lock:
            if self._windows <= _FEW:
                return 0.0
            return round(min(SLOWEST_S, self._windows * self._cost * AROUND * self._stretch / SHARE), 2)


PACE = RedrawPace()
"""That of this program."""
