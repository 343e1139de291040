"""The search of all memory for what nothing refers to: seldom, and not among what is loaded for good."""

from __future__ import annotations

import atexit
import gc
import threading
import time
from collections.abc import Callable

GARBAGE_S = 5.0
"""Between two searches for garbage, at the least."""


class GarbageSearch:
    """Searches for garbage now and then while windows draw, instead of after each run as Streamlit would.

    A search moves nothing else in the program, and with many windows it was most of what a redraw cost. What only a
    search can free (a table in a circle of references) is there some seconds longer.

    Args:
        search: what searches.
    """

    def __init__(self, search: Callable[[], object] = gc.collect) -> None:
        self._search = search
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ask(self) -> None:
        """Have a search soon."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="garbage", daemon=True)
                self._thread.start()
        self._wanted.set()

    def _work(self) -> None:
        while True:
            self._wanted.wait()
            time.sleep(GARBAGE_S)
            self._wanted.clear()
            self._search()


GARBAGE = GarbageSearch()
"""That of this program."""

_settled: list[str] = []


def settle(when: str) -> None:
    """Take what is loaded for good out of the search for garbage, once for each `when`.

    A search moves nothing else in the program: with the libraries and boundaries in it that took three times as long as
    a run.
    """
    if when not in _settled:
        _settled.append(when)
        gc.collect()
        gc.freeze()
        if len(_settled) == 1:
            atexit.register(gc.unfreeze)  # at the end libraries look for what is left, and print a list of it
