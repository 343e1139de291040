"""A call in a process of its own with a hard time limit, so that a slow or crashing library can't stall a run."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

STARTS_WITHIN_S = 120.0
"""For importing and preparing, which the limit on the calls doesn't count."""
Call = Callable[[int], Any]
_PATH = re.compile(r"(?:/[^\s/:'\"]+){2,}/?")
_LONGEST = 110


@dataclass(frozen=True, eq=False)
class Try:
    """One finished call: its seed, seconds of wall-clock time, and what it returned."""

    seed: int
    seconds: float
    answer: Any


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of all seeds.

    Attributes:
        tries: the calls that finished, in the order of the seeds; others may be missing.
        failed: why it ended early, one line without paths; "" if it didn't.
        late: the time limit stopped it.
        limit_s: that limit.
    """

    tries: tuple[Try, ...]
    failed: str = ""
    late: bool = False
    limit_s: float = 0.0


def run(make: Callable[..., Call], args: Sequence[Any], seeds: Sequence[int], limit_s: float) -> Outcome:
    """Calls `make(*args)(seed)` for each seed in a child process and kills it when the time is up.

    Args:
        make: found by name in its module; what it returns is timed, `make` itself isn't.
        args: picklable.
        seeds: one call each. None is begun that, by the longest one so far, wouldn't end in time.
        limit_s: seconds for all calls together.
    """
    context = multiprocessing.get_context("spawn")  # a fork would share threads and compiled code of this process
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_work, args=(there, make, tuple(args), tuple(seeds), limit_s), daemon=False)
    child.start()
    there.close()
    tries: list[Try] = []
    failed, late, ready = "", False, False
    until = time.monotonic() + STARTS_WITHIN_S
    try:
        while True:
            if not here.poll(max(0.0, until - time.monotonic())):
                failed, late = ("", True) if ready else (f"not ready after {STARTS_WITHIN_S:g} s", False)
                break
            kind, value = here.recv()
            if kind == "ready":
                ready, until = True, time.monotonic() + limit_s
            elif kind == "try":
                tries.append(Try(*value))
            else:
                failed, late = (value, False) if kind == "failed" else ("", bool(value))
                break
    except EOFError:
        child.join(5)
        failed = f"its process ended with code {child.exitcode}"
    finally:
        _kill(child)
        here.close()
    return Outcome(tuple(tries), failed, late, limit_s)


def plain(error: BaseException) -> str:
    """An error in one short line that names no folder of this machine."""
    text = " ".join(f"{type(error).__name__}: {error}".split())
    text = _PATH.sub("...", text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _kill(child: Any) -> None:
    """The child and whatever solvers it started, which are in its process group."""
    if child.is_alive():
        try:
            if os.getpgid(child.pid) == child.pid:
                os.killpg(child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        child.kill()
    child.join()


def _end_with(parent: int) -> None:
    """Ends this process and its solvers when the run was killed, which can't end them any more."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.killpg(0, signal.SIGKILL)


def _work(
    back: Connection, make: Callable[..., Call], args: tuple[Any, ...], seeds: Sequence[int], limit: float
) -> None:
    os.setpgid(0, 0)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    warnings.simplefilter("ignore")
    try:
        call = make(*args)
        back.send(("ready", None))
        began, longest = time.perf_counter(), 0.0
        for seed in seeds:
            if time.perf_counter() - began + longest > limit:
                back.send(("done", True))
                return
            started = time.perf_counter()
            answer = call(seed)
            took = time.perf_counter() - started
            longest = max(longest, took)
            back.send(("try", (seed, took, answer)))
        back.send(("done", False))
    except Exception as error:  # noqa: BLE001 (whatever a library raises is a row of the table)
        back.send(("failed", plain(error)))
