"""How often windows draw their charts anew: at once while few are open, else at a pace this machine can hold."""

from __future__ import annotations

import threading

SHARE = 0.35
"""Of one processor, for charts and tables; the rest is left to edits, maps and people's own clicks."""

SLOWEST_S = 15.0
_FEW = 1


class Pace:
    """Seconds a redraw takes, as seen lately, and the windows that want one. Safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cost = 0.08
        self._windows = 0

    def note(self, seconds: float) -> None:
        """A redraw took so many seconds of a processor."""
        with self._lock:
            self._cost = 0.9 * self._cost + 0.1 * min(seconds, 2.0)

    def opened(self, by: int = 1) -> None:
        """A window was opened, or closed (-1)."""
        with self._lock:
            self._windows = max(0, self._windows + by)

    def wait(self) -> float:
        """Seconds a window leaves between two redraws; 0 while it is the only one."""
        with self._lock:
            if self._windows <= _FEW:
                return 0.0
            return round(min(SLOWEST_S, self._windows * self._cost / SHARE), 2)


PACE = Pace()
"""That of this program."""
