"""A Dask cluster as an executor: calls go to its workers, and are done here where it can't be reached."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any
from uuid import uuid4

from terr.engine.executor import Executor, SharedProgress, Threads
from terr.engine.remote import worker
from terr.engine.remote.calls import VersionsError, pack_call, reply
from terr.engine.remote.versions import differences
from terr.engine.remote.wire import Packed, UnsendableError
from terr.engine.search.improve import Clock
from terr.errors import InputError, SolveError
from terr.model.progress import UNWATCHED, Progress, ProgressUpdate
from terr.model.result import Explanation

SCHEDULER = "TERR_SCHEDULER"
TLS = ("TERR_SCHEDULER_CA", "TERR_SCHEDULER_CERT", "TERR_SCHEDULER_KEY")
"""Environment variables: the cluster's address, and the files of its certificates."""
CONNECT_S = 3.0
PATIENCE_S = 10.0
"""So long a cluster may be without any worker."""
SHORT_S = 0.2
"""Calls that take less than this on a worker aren't worth the way there (12 ms): the next of their kind stay here."""
CHECK_S = 0.5
_clients: dict[str, _Line] = {}
_lock = threading.Lock()


class AwayError(Exception):
    """The cluster can't be reached, or has no workers; the message says which."""


class _Line:
    """The connection of this process to one scheduler, which all solves share."""

    def __init__(self, address: str) -> None:
        import dask
        from distributed import Client

        for name in [n for n in logging.root.manager.loggerDict if n.partition(".")[0] == "distributed"]:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what a person should know is said by a note
        dask.config.set(
            {
                "distributed.admin.large-graph-warning-threshold": "1GB",  # a map is sent once, as one task
                "distributed.comm.timeouts.connect": f"{CONNECT_S}s",
                "distributed.comm.retry.count": 0,
            }
        )
        self.client = Client(address, timeout=CONNECT_S, security=_security(address), set_as_default=False, name="terr")
        self.topic = f"terr-{uuid4().hex}"
        self._listeners: dict[str, Callable[[Mapping[str, Any]], None]] = {}
        self.client.subscribe_topic(self.topic, self._heard)
        self.kept: dict[str, Any] = {}
        self.asked: set[str] = set()
        self.threads: dict[str, int] = {}

    def _heard(self, event: tuple[float, Mapping[str, Any]]) -> None:
        listener = self._listeners.get(str(event[1].get("run")))
        if listener is not None:
            listener(event[1])

    def listen(self, run: str, listener: Callable[[Mapping[str, Any]], None] | None) -> None:
        """Follow a run; None ends it."""
        if listener is None:
            self._listeners.pop(run, None)
        else:
            self._listeners[run] = listener

    def close(self) -> None:
        """Let go of it, without waiting for what can't be reached."""
        threading.Thread(target=partial(self.client.close, timeout=1), daemon=True).start()


def _security(address: str) -> Any:
    if not address.startswith("tls://"):
        return None
    from distributed import Security

    given = [os.environ.get(name, "") for name in TLS]
    for name, path in zip(TLS, given, strict=True):
        if not os.path.isfile(path):
            raise InputError(f"{SCHEDULER} begins with tls://, so {name} must name a file (PEM); it names {path!r}")
    return Security(tls_ca_file=given[0], tls_client_cert=given[1], tls_client_key=given[2], require_encryption=True)


def executor_here(here: Executor | None = None, progress: Progress = UNWATCHED) -> Executor:
    """Where calls are worked out: on the cluster that `TERR_SCHEDULER` names, else `here`.

    Args:
        here: without a cluster, and where the cluster can't be reached; None = threads.
        progress: is told when the cluster goes away.
    """
    address = os.environ.get(SCHEDULER, "").strip()
    local = here or Threads()
    return Cluster(address, local, progress) if address else local


def forget(address: str) -> None:
    """Let go of this process's connection to a scheduler; the next call makes a new one."""
    with _lock:
        line = _clients.pop(address, None)
    if line is not None:
        line.close()


@dataclass(frozen=True)
class Batch:
    """What one `Cluster.run` sent, for whoever measures.

    Attributes:
        name: of the function.
        calls, sent_bytes: that went out.
        seconds: each call took on its worker.
        wall_s: from the first call to the last reply.
    """

    name: str
    calls: int
    sent_bytes: int
    seconds: tuple[float, ...]
    wall_s: float


class Cluster:
    """The workers of a Dask cluster, for one solve or one sweep.

    Args:
        address: of its scheduler, such as `tcp://10.0.0.5:8786` or `tls://...`.
        here: what does the work where the cluster can't.
        progress: is told when the cluster goes away.

    Raises:
        InputError: if the address can't be one.
    """

    def __init__(self, address: str, here: Executor, progress: Progress = UNWATCHED) -> None:
        scheme, _, rest = address.partition("://")
        if scheme not in {"tcp", "tls"} or ":" not in rest:
            raise InputError(f"{SCHEDULER} is {address!r}; give an address such as tcp://10.0.0.5:8786")
        self._address, self._here, self._progress = address, here, progress
        self._notes: dict[str, Explanation] = {}
        self._gone = False
        self._width = 0
        self._short: set[Any] = set()
        self.batches: list[Batch] = []

    @property
    def sent_calls(self) -> int:
        """Calls that went to workers."""
        return sum(b.calls for b in self.batches)

    @property
    def sent_bytes(self) -> int:
        """Bytes that went there."""
        return sum(b.sent_bytes for b in self.batches)

    @property
    def width(self) -> int:
        """Threads of all workers; of this machine where there are none."""
        if not self._gone and not self._width:
            try:
                self._width = _threads(self._line())
            except AwayError as error:
                self._leave(str(error))
            except VersionsError as error:
                raise self._refusal(error) from error
        return self._here.width if self._gone else max(1, self._width)

    @property
    def notes(self) -> tuple[Explanation, ...]:
        """What happened to the cluster."""
        return tuple(self._notes.values())

    def run(
        self, function: Callable[..., Any], items: Sequence[Any], *, progress: Progress | None = None, stage: str = ""
    ) -> list[Any]:
        """As `Executor.run`.

        A call whose worker dies is done again by another one. If the scheduler goes away, or has no workers for
        `PATIENCE_S`, what is left is done by `here`.

        Raises:
            SolveError: if a worker's versions differ from this machine's, or several workers died of one call.
            TerrError: what the first call that failed raised.
        """
        base = function.func if isinstance(function, partial) else function
        if self._gone or base in self._short or not items or (progress is None and len(items) == 1):
            return self._here.run(function, items, progress=progress, stage=stage)
        run = _Run(function, items, progress, stage)
        try:
            run.prepare()
        except UnsendableError:
            return self._here.run(function, items, progress=progress, stage=stage)
        began = time.perf_counter()
        try:
            run.go(self._line(), self._say)
        except AwayError as error:
            self._leave(str(error))
        except VersionsError as error:
            raise self._refusal(error) from error
        wall = time.perf_counter() - began
        self.batches.append(Batch(base.__name__, run.sent_calls, run.sent_bytes, tuple(run.seconds), wall))
        if run.seconds and sum(run.seconds) / len(run.seconds) < SHORT_S:
            self._short.add(base)
        left = [z for z in range(len(items)) if z not in run.done]
        if left:
            rest = None if progress is None else progress.part(len(run.done) / len(items), 1.0)
            made = self._here.run(function, [items[z] for z in left], progress=rest, stage=stage)
            run.done.update(zip(left, made, strict=True))
        return [run.done[z] for z in range(len(items))]

    def _line(self) -> _Line:
        with _lock:
            line = _clients.get(self._address)
            if line is not None and line.client.status != "running":
                line.close()
                del _clients[self._address]
                line = None
            if line is None:
                try:
                    line = _Line(self._address)
                except (OSError, TimeoutError) as error:
                    raise AwayError("can't be reached") from error
                try:
                    self._check(line)
                except BaseException:
                    line.close()
                    raise
                _clients[self._address] = line
        return line

    def _check(self, line: _Line) -> None:
        """Wait a moment for its first worker."""
        until = time.monotonic() + PATIENCE_S / 3
        while not _threads(line):
            if time.monotonic() > until:
                raise AwayError("has no workers")
            time.sleep(0.1)

    def _refusal(self, error: VersionsError) -> SolveError:
        return SolveError(
            f"the cluster at {self._address} can't be used: a worker has {error}; install the same versions there "
            f"and here, or unset {SCHEDULER}"
        )

    def _leave(self, why: str) -> None:
        self._gone = True
        self._say("cluster_away", f"the cluster at {self._address} {why}; this machine does the work")

    def _say(self, code: str, text: str) -> None:
        if code not in self._notes:
            self._notes[code] = Explanation(code, text)
            self._progress.show(0.0, text[:1].upper() + text[1:])


def _threads(line: _Line) -> int:
    """Threads of all workers; those that are new are asked for their versions.

    Raises:
        AwayError: if the scheduler doesn't answer.
        VersionsError: if a worker has other versions, or can't load Terr.
    """
    if line.client.status != "running":
        raise AwayError("went away")
    try:
        threads = line.client.nthreads()
        new = [where for where in threads if where not in line.asked]
        found = line.client.run(worker.own_versions, workers=new, on_error="return") if new else {}
    except (OSError, TimeoutError, RuntimeError, ValueError) as error:
        raise AwayError("went away") from error
    for where, theirs in found.items():
        if isinstance(theirs, OSError):  # gone since
            continue
        if not isinstance(theirs, dict):
            raise VersionsError(f"no Terr that can be loaded ({theirs})")
        if wrong := differences(theirs):
            raise VersionsError(wrong)
        line.asked.add(where)
    line.threads = dict(threads)
    return sum(threads.values())


def _idle(line: _Line, busy: list[str]) -> str:
    """The worker with the most threads that have no call of this run; "" if none is known."""
    free = {where: threads - busy.count(where) for where, threads in line.threads.items()}
    return max(free, key=lambda where: free[where], default="")


class _Run:
    """The calls of one `Cluster.run`."""

    def __init__(
        self, function: Callable[..., Any], items: Sequence[Any], progress: Progress | None, stage: str
    ) -> None:
        self._function, self._items, self._progress = function, items, progress
        self._shared = None if progress is None else SharedProgress(progress, len(items), stage)
        given = function.args if isinstance(function, partial) else ()
        self._clock = next((a for a in given if isinstance(a, Clock)), None)
        self._id = uuid4().hex
        self._first: Packed | None = None
        self._began: dict[int, str] = {}
        self._again: set[int] = set()
        self.done: dict[int, Any] = {}
        self.seconds: list[float] = []
        self.sent_calls, self.sent_bytes = 0, 0

    def prepare(self) -> None:
        """Packs the first call, to see that it can travel.

        Raises:
            UnsendableError: if it can't.
        """
        self._first = pack_call(self._function, self._items[0])

    def go(self, line: _Line, say: Callable[[str, str], None]) -> None:
        """Has the calls done, until all are or a person stops them.

        Raises:
            AwayError: if the cluster goes away; `done` has what was done.
        """
        ready: SimpleQueue[Any] = SimpleQueue()
        waiting: dict[str, tuple[int, Any, str]] = {}
        todo = list(range(len(self._items)))[::-1]
        width = _threads(line)
        room = width  # one call at a time for each thread, so that a long one delays no other
        line.listen(self._id, self._heard)
        checked = alone = time.monotonic()
        stopped = False
        try:
            while waiting or (todo and not stopped):
                while todo and not stopped and len(waiting) < room:
                    number = todo.pop()
                    where = _idle(line, [place for _, _, place in waiting.values()])
                    future = self._submit(line, number, where)
                    waiting[future.key] = (number, future, where)
                    future.add_done_callback(ready.put)
                try:
                    future = ready.get(timeout=0.1)
                except Empty:
                    future = None
                if future is not None and future.key in waiting:
                    if self._take(waiting[future.key][0], future):
                        del waiting[future.key]
                    else:  # its worker died since: it is done again
                        future.add_done_callback(ready.put)
                now = time.monotonic()
                if self._again:
                    say("cluster_retry", "a worker of the cluster stopped; another one does its work again")
                if now - checked < CHECK_S:
                    continue
                checked, width = now, _threads(line)
                alone = now if width else alone
                if now - alone > PATIENCE_S:
                    raise AwayError("has no workers")
                if any(f.status in {"cancelled", "lost"} for _, f, _ in waiting.values()):
                    raise AwayError("went away")
                room = max(1, width)
                if self._over():
                    stopped = True
                    line.client.run(worker.stop, self._id, on_error="ignore")
        except (OSError, TimeoutError) as error:
            raise AwayError("went away") from error
        finally:
            line.listen(self._id, None)
            for _, future, _ in waiting.values():
                if line.client.status == "running":
                    future.cancel()

    def _over(self) -> bool:
        return bool((self._progress is not None and self._progress.stopped()) or (self._clock and self._clock.over()))

    def _submit(self, line: _Line, number: int, where: str) -> Any:
        packed = pack_call(self._function, self._items[number])
        for digest, data in packed.shared.items():
            if digest not in line.kept or line.kept[digest].status in {"cancelled", "lost", "error"}:
                line.kept[digest] = line.client.submit(worker.keep, data, key=f"terr-keep-{digest}", pure=False)
                self.sent_bytes += len(data)
                for old in list(line.kept)[: max(0, len(line.kept) - 16)]:
                    del line.kept[old]
        self.sent_calls, self.sent_bytes = self.sent_calls + 1, self.sent_bytes + len(packed.head)
        return line.client.submit(
            worker.work,
            line.topic,
            self._id,
            number,
            packed.head,
            tuple(packed.shared),
            self._shared is not None,
            *(line.kept[digest] for digest in packed.shared),
            key=f"terr-{self._id}-{number}",
            pure=False,
            workers=[where] if where else None,
            allow_other_workers=bool(where),  # a wish: Dask would rather queue calls where the map is already
            priority=0 if self._shared is not None else 10,  # a step of a design that somebody waits for
        )

    def _heard(self, news: Mapping[str, Any]) -> None:
        number = int(news["number"])
        if "began" in news:
            if number in self._began:
                self._again.add(number)
            self._began[number] = str(news["began"])
        elif self._shared is not None:
            self._shared.told(number, ProgressUpdate(float(news["fraction"])))

    def _take(self, number: int, future: Any) -> bool:
        """What came of a call; False if it was lost with its worker.

        Raises:
            AwayError: if the scheduler is gone.
            SolveError: if workers keep dying of it.
        """
        from distributed import KilledWorker

        if future.status in {"cancelled", "lost"}:
            raise AwayError("went away")
        try:
            data = future.result(timeout=CONNECT_S)
        except KilledWorker as error:
            raise SolveError(
                "several workers of the cluster stopped at the same call; they may need more memory"
            ) from error
        except (OSError, TimeoutError):
            return False
        self.done[number], seconds = reply(data)
        self.seconds.append(seconds)
        if self._shared is not None:
            self._shared.finished(number)
        return True
