"""Solves in the background, in processes of their own, with progress and cancel."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.context import SpawnContext, SpawnProcess
from queue import Empty
from typing import Any

import numpy as np

from terr.engine.certificate.certifying import certify
from terr.engine.designing import design
from terr.engine.executor import CORES, SharedProgress
from terr.engine.explain.causes import causes
from terr.engine.explain.explaining import explain
from terr.engine.frontier import frontier
from terr.engine.rebalancing import rebalance
from terr.engine.remote.calls import pack_call, perform, reply
from terr.engine.remote.cluster import executor_here
from terr.engine.remote.wire import Packed
from terr.engine.warmup import warm
from terr.errors import SolveError, TerrError
from terr.model.problem import Problem
from terr.model.progress import Progress, ProgressUpdate
from terr.model.result import Explanation

SLOTS = 256
"""Largest number of jobs that wait or run at once."""
KINDS: dict[str, Callable[..., Any]] = {
    "design": design,
    "rebalance": rebalance,
    "certify": certify,
    "frontier": frontier,
    "explain": explain,
    "causes": lambda problem, plan, *, seed, **how: causes(problem, plan, **how),  # noqa: ARG005, PLW0108 (it takes no seed)
}
JUDGES = ("certify", "explain", "causes")
"""Kinds that judge a plan."""
SPREAD = ("design", "rebalance", "frontier")
"""Kinds made of independent calls, which a cluster may do."""
CALL = "call"
"""Kind of a job that is one of several calls, packed as for another machine."""
SECONDS = {"explain": 10.0, "causes": 1.0}
"""Time limits of kinds that always have one."""

_swap = threading.Lock()
_line: dict[str, Any] = {}  # in a worker: the queue for progress and the flags for cancel, set once at its start


class _Process(SpawnProcess):
    """A spawned process that doesn't run its parent's main script again (under Streamlit that is the whole app)."""

    @staticmethod
    def _Popen(process_obj: Any) -> Any:  # noqa: N802 (multiprocessing's name)
        with _swap:
            main = sys.modules["__main__"]
            sys.modules["__main__"] = types.ModuleType("__main__")
            try:
                return SpawnProcess._Popen(process_obj)
            finally:
                sys.modules["__main__"] = main


class _Context(SpawnContext):
    Process = _Process


BEHIND = 10
"""A worker takes what time of the processors the pages leave: a click must not wait for a search."""


def _begin(queue: Any, flags: Any, warmed: bool) -> None:
    """Starts a worker: ends it when its parent is gone, and, `warmed`, loads the compiled loops."""
    _line["queue"], _line["flags"] = queue, flags
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever asked: they stop the jobs
    if hasattr(os, "nice"):
        os.nice(BEHIND)
    parent = multiprocessing.parent_process()
    if parent is not None:

        def follow() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=follow, daemon=True).start()
    if warmed:
        warm()


def _ready() -> int:
    return os.getpid()


def _run(
    kind: str, slot: int, number: int, problem: Problem, plan: tuple[Any, ...], seed: int, time_limit_s: float | None
) -> Any:
    progress = _progress(slot, number)
    spread = {"executor": executor_here(progress=progress)} if kind in SPREAD else {}
    return KINDS[kind](problem, *plan, seed=seed, time_limit_s=time_limit_s, progress=progress, **spread)


def _progress(slot: int, number: int) -> Progress:
    flags, queue = _line["flags"], _line["queue"]
    return Progress(lambda now: queue.put((number, now)), lambda: bool(flags[slot]))


def _call(_kind: str, slot: int, number: int, packed: Packed, watched: bool) -> bytes:
    return perform(packed, _progress(slot, number), watched=watched)


class Job:
    """One solve in the background.

    Attributes:
        id: number, unique in its pool.
        kind: one of `KINDS`, or `CALL`.
    """

    def __init__(self, number: int, kind: str, slot: int, flags: Any, future: Future[Any]) -> None:
        self.id = number
        self.kind = kind
        self._slot = slot
        self._flags = flags
        self._future = future
        self._progress: ProgressUpdate | None = None

    def progress(self) -> ProgressUpdate | None:
        """The latest, or None before the first."""
        return self._progress

    def cancel(self) -> None:
        """Asks the worker to end; `result` then gives the best plan so far, with status "stopped"."""
        if not self._future.done():
            self._flags[self._slot] = 1

    def done(self) -> bool:
        """True if `result` returns at once."""
        return self._future.done()

    def result(self, timeout: float | None = None) -> Any:
        """The `Result` (of a call its reply, packed); waits for it.

        Raises:
            TerrError: what the solve raised.
            SolveError: if the worker died or the pool was shut down.
            TimeoutError: if it isn't done in `timeout` seconds.
        """
        try:
            return self._future.result(timeout)
        except BrokenProcessPool as error:
            raise SolveError("the background worker stopped unexpectedly; start the job again") from error
        except CancelledError as error:
            raise SolveError("the background workers were shut down before this job began") from error
        except (TerrError, TimeoutError):
            raise
        except (ArithmeticError, LookupError, MemoryError, OSError, RuntimeError, TypeError, ValueError) as error:
            raise SolveError(f"the background job failed: {error}") from error


class Pool:
    """Worker processes, started at once; replaces its workers if one dies.

    Args:
        workers: how many.
        warmed: each loads what every kind of job needs before the first comes; else when it comes.
    """

    def __init__(self, workers: int = 2, *, warmed: bool = True) -> None:
        self._workers, self._warmed = max(1, workers), warmed
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._closed = False
        self._start()

    def _start(self) -> None:
        context = _Context()
        self._queue: Any = context.Queue()
        self._flags: Any = context.Array("b", SLOTS, lock=False)
        self._free = list(range(SLOTS))
        self._executor = ProcessPoolExecutor(
            self._workers, mp_context=context, initializer=_begin, initargs=(self._queue, self._flags, self._warmed)
        )
        for _ in range(self._workers):  # each makes the executor start one more worker
            self._executor.submit(_ready)
        self._over = threading.Event()
        threading.Thread(target=self._listen, args=(self._queue, self._over), daemon=True).start()

    def _listen(self, queue: Any, over: threading.Event) -> None:
        while not over.is_set():
            try:
                number, progress = queue.get(timeout=0.2)
            except Empty:
                continue
            except (EOFError, OSError, pickle.UnpicklingError):
                break  # a worker died while it wrote
            job = self._jobs.get(number)
            if job is not None:
                job._progress = progress
        queue.close()

    def submit(
        self, kind: str, problem: Problem, *, seed: int = 1, time_limit_s: float | None = None, assign: Any = None
    ) -> Job:
        """Starts a job.

        Args:
            kind: one of `KINDS`.
            problem: what to solve.
            seed: of the solve.
            time_limit_s: of the solve, None = no limit, or the kind's own of `SECONDS`.
            assign: (n,) the plan to judge, for `JUDGES` only.

        Raises:
            SolveError: if the kind is unknown, a plan is missing or not asked for, the pool is shut down, or too many
                jobs wait.
        """
        if kind not in KINDS:
            raise SolveError(f'there is no job called "{kind}"; choose {" or ".join(KINDS)}')
        if (assign is not None) != (kind in JUDGES):
            text = "needs a" if kind in JUDGES else "takes no"
            raise SolveError(f'a job called "{kind}" {text} plan to judge')
        plan = () if assign is None else (np.asarray(assign),)
        time_limit_s = SECONDS.get(kind) if time_limit_s is None else time_limit_s
        return self._begin(_run, kind, problem, plan, seed, time_limit_s)

    def submit_call(self, packed: Packed, *, watched: bool) -> Job:
        """Starts one of several calls; its result is the reply, packed.

        Args:
            packed: the call.
            watched: it tells how far it is.

        Raises:
            SolveError: if the pool is shut down, or too many jobs wait.
        """
        return self._begin(_call, CALL, packed, watched)

    def _begin(self, function: Callable[..., Any], kind: str, *given: Any) -> Job:
        with self._lock:
            if self._closed:
                raise SolveError("the background workers are shut down")
            if not self._free:
                raise SolveError("too many jobs are waiting; let some finish or cancel them")
            number = next(self._numbers)
            try:
                return self._submit(function, number, kind, *given)
            except BrokenProcessPool:  # a worker died since: its jobs failed, this one gets new workers
                self._stop()
                self._start()
                return self._submit(function, number, kind, *given)

    def _submit(self, function: Callable[..., Any], number: int, kind: str, *given: Any) -> Job:
        slot = self._free.pop()
        flags, free = self._flags, self._free
        flags[slot] = 0
        future = self._executor.submit(function, kind, slot, number, *given)
        job = Job(number, kind, slot, flags, future)
        self._jobs[number] = job

        def release(_: Any) -> None:
            self._jobs.pop(number, None)
            free.append(slot)

        future.add_done_callback(release)
        return job

    @property
    def width(self) -> int:
        """Worker processes."""
        return self._workers

    def worker_pids(self) -> tuple[int, ...]:
        """Process ids of the workers, for monitoring."""
        processes = self._executor._processes
        return tuple(processes) if processes else ()

    def shutdown(self) -> None:
        """Cancels what runs and ends the workers. Can be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for job in list(self._jobs.values()):
                job.cancel()
            self._stop()

    def _stop(self) -> None:
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._over.set()


def _always() -> bool:
    return True


LOOK_S = 0.05
"""How often the jobs of a run are looked after."""


class Processes:
    """The workers of a pool as an executor: no more jobs at once than workers, so that others' jobs come between."""

    notes: tuple[Explanation, ...] = ()

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.width = pool.width

    def run(
        self, function: Callable[..., Any], items: Sequence[Any], *, progress: Progress | None = None, stage: str = ""
    ) -> list[Any]:
        """As `Executor.run`. A call whose worker dies is done again, once.

        Raises:
            SolveError: if workers died twice of one call, or the pool is shut down.
            TerrError: what the first call that failed raised.
        """
        shared = None if progress is None else SharedProgress(progress, len(items), stage)
        todo, running, done = list(range(len(items)))[::-1], dict[int, Job](), dict[int, Any]()
        tried: dict[int, int] = {}
        try:
            while todo or running:
                while todo and len(running) < self.width:
                    number = todo.pop()
                    packed = pack_call(function, items[number])
                    running[number] = self._pool.submit_call(packed, watched=shared is not None)
                    tried[number] = tried.get(number, 0) + 1
                stopped = progress is not None and progress.stopped()
                if stopped:  # what hasn't begun ends as soon as it begins
                    done.update((z, function(items[z], progress=Progress(cancel=_always))) for z in todo)
                    todo.clear()
                for number, job in list(running.items()):
                    if stopped:
                        job.cancel()
                    now = job.progress()
                    if shared is not None and now is not None:
                        shared.told(number, now)
                    if not job.done():
                        continue
                    del running[number]
                    try:
                        answer = job.result()
                    except SolveError:
                        if tried[number] > 1:
                            raise
                        todo.append(number)
                        continue
                    done[number], _ = reply(answer)
                    if shared is not None:
                        shared.finished(number)
                time.sleep(LOOK_S if running else 0)
        finally:
            for job in running.values():
                job.cancel()
        return [done[z] for z in range(len(items))]


class OwnProcesses:
    """Processes of this machine for one piece of work: started when they are needed, ended by `close`."""

    notes: tuple[Explanation, ...] = ()

    def __init__(self, width: int = CORES) -> None:
        self.width = max(1, width)
        self._pool: Pool | None = None

    def run(
        self, function: Callable[..., Any], items: Sequence[Any], *, progress: Progress | None = None, stage: str = ""
    ) -> list[Any]:
        """As `Processes.run`."""
        if self._pool is None:
            self._pool = Pool(min(self.width, max(1, len(items))), warmed=False)
        return Processes(self._pool).run(function, items, progress=progress, stage=stage)

    def close(self) -> None:
        """End them."""
        if self._pool is not None:
            self._pool.shutdown()
