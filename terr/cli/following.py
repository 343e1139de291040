"""How the command line follows long work: a line on stderr, and Ctrl-C to stop it."""

from __future__ import annotations

import math
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from terr.cli.stopping import stop_now
from terr.errors import StoppedError
from terr.model.progress import Progress, ProgressUpdate


@contextmanager
def followed() -> Iterator[Progress]:
    """Tells on stderr how far work is, and stops it at Ctrl-C.

    Raises:
        KeyboardInterrupt: if it was stopped and keeps nothing.
    """
    with _stoppable() as stop, _told() as tell:
        try:
            yield Progress(tell, stop)
        except StoppedError as error:
            raise KeyboardInterrupt from error


@contextmanager
def _stoppable() -> Iterator[Callable[[], bool]]:
    """The first Ctrl-C ends the work with the best plan so far, the second one the program at once."""
    stop = threading.Event()

    def ask(*_: object) -> None:
        if stop.is_set():
            stop_now()
        stop.set()

    if threading.current_thread() is not threading.main_thread():
        yield stop.is_set
        return
    before = signal.signal(signal.SIGINT, ask)
    try:
        yield stop.is_set
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _told() -> Iterator[Callable[[ProgressUpdate], None]]:
    """Progress on stderr: one line that changes on a terminal, a line per stage elsewhere."""
    terminal = sys.stderr.isatty()
    last = ""

    def tell(now: ProgressUpdate) -> None:
        nonlocal last
        if terminal:
            best = (
                ""
                if math.isinf(now.best_deviation)
                else f", best so far: max deviation {100 * now.best_deviation:.1f}%"
            )
            line = f"{100 * min(1.0, now.fraction):3.0f}%  {now.stage}{best}  {now.seconds:.0f} s"
            sys.stderr.write("\r" + line.ljust(len(last)))
            last = line
        elif now.stage != last:
            sys.stderr.write(f"{now.stage}\n")
            last = now.stage
        sys.stderr.flush()

    try:
        yield tell
    finally:
        if terminal and last:
            sys.stderr.write("\r" + " " * len(last) + "\r")
            sys.stderr.flush()
