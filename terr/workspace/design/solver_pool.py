"""The solver's processes, which all windows of the program share, and where many solves at once are done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from terr.engine.executor import Executor
from terr.engine.pool import OwnProcesses, Processes
from terr.engine.pool import Pool as SolverPool
from terr.engine.remote.cluster import executor_here
from terr.model.progress import Progress

__all__ = ["SolverPool", "end_pools", "own_executor", "shared_executor", "start_pool"]

_started: list[SolverPool] = []


def start_pool() -> SolverPool:
    """Two processes, started and warmed so that the first click need not wait."""
    _started.append(SolverPool(workers=2))
    return _started[-1]


def end_pools() -> None:
    """End all that were started, whatever they work on: the program is about to end."""
    while _started:
        _started.pop().shutdown()


def shared_executor(pool: SolverPool, progress: Progress) -> Executor:
    """The cluster that `TERR_SCHEDULER` names, else the processes all windows share.

    Args:
        pool: those processes.
        progress: is told when the cluster goes away.

    Raises:
        InputError: if that names no address.
    """
    return executor_here(Processes(pool), progress)


@contextmanager
def own_executor(progress: Progress) -> Iterator[Executor]:
    """The cluster that `TERR_SCHEDULER` names, else processes for this piece of work alone.

    Raises:
        InputError: if that names no address.
    """
    here = OwnProcesses()
    try:
        yield executor_here(here, progress)
    finally:
        here.close()
