"""How the command line is stopped: one line on stderr and its exit code, at any moment, however often."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from glob import glob

INTERRUPTED = 130
"""Exit code of a command stopped by a person before there was a plan (128 + SIGINT, as shells have it)."""
NOTHING_WRITTEN = "terr: stopped, nothing written"


def answer_interrupts() -> None:
    """Ends the program at Ctrl-C with one line, and gives it the streams it was started without.

    No exception is raised for it: one that meets a library while that is loaded ends in a traceback of the library's.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:  # closed: the next file that is opened would become it, and get what C libraries print
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere != descriptor:
                os.dup2(nowhere, descriptor)
                os.close(nowhere)
    signal.signal(signal.SIGINT, lambda *_: stop_now())


def stop_now() -> None:
    """End at once with one line, and with this program the processes it started."""
    for process in _children():
        with suppress(OSError):
            os.kill(process, signal.SIGTERM)
    with suppress(OSError):
        os.write(2, f"{NOTHING_WRITTEN}\n".encode())
    os._exit(INTERRUPTED)


def leave(code: int) -> int:
    """The exit code; a command that was stopped ends here, without what Python does at its end for a second."""
    if code == INTERRUPTED:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    return code


def _children() -> set[int]:
    """Processes this one started; those of `subprocess` only where the system lists them (Linux)."""
    found = set()
    for listing in glob("/proc/self/task/*/children"):
        with suppress(OSError, ValueError), open(listing, encoding="ascii") as text:
            found |= {int(word) for word in text.read().split()}
    if "multiprocessing" in sys.modules:
        from multiprocessing import active_children

        found |= {p.pid for p in active_children() if p.pid is not None}
    return found
