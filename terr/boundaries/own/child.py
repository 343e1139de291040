"""A piece of work in a process of its own: bounded in memory and time, followed line by line, ended by killing it.

Libraries of shapes hold on for minutes in one call that nothing can interrupt, and take what memory they like. Behind
this door they take neither the time nor the memory of the program that waits.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import terr
from terr import errors
from terr.errors import InputError, TerrError
from terr.model.progress import UNWATCHED, Progress, ProgressUpdate

SECONDS = 600
"""Seconds of a processor that a step may take."""
MEMORY = 4 << 30
"""Bytes of memory that a step may take."""
BEHIND = 10
"""It takes what time of the processors the pages leave."""
_LOOK_S = 0.1
_LAST_S = 10.0
_STILL_S = 1.0
"""After so many seconds without a word, who waits is told again what is being done."""
_ANSWER, _TROUBLE = "answer.json", "trouble.txt"
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from terr.boundaries.own.child import serve; "
    "from terr.boundaries.own.apart import STEPS; serve(STEPS, sys.argv[2:])"
)
Step = Callable[[Path, dict[str, Any], Progress], Any]


def run(
    step: str,
    folder: Path,
    asked: Mapping[str, Any],
    what: str,
    *,
    progress: Progress = UNWATCHED,
    seconds: int = SECONDS,
    memory: int = MEMORY,
) -> Any:
    """Let a process of its own do a step.

    Args:
        step: its name in `terr.boundaries.own.apart.STEPS`.
        folder: where files are handed over.
        asked: what it is asked for, as plain JSON.
        what: what the work is on, for messages: a file's name.
        progress: told how far it is; asked ten times a second whether to stop.
        seconds: of a processor, at most.
        memory: bytes, at most, where the system can bound it.

    Returns:
        What the step returned, plain JSON.

    Raises:
        TerrError: what the step raised.
        InputError: if it took too long, too much memory, or was ended by what it read.
        StoppedError: if the person stopped it.
    """
    progress.check()
    (folder / _ANSWER).unlink(missing_ok=True)
    limits = {"seconds": seconds, "memory": memory}
    with (folder / _TROUBLE).open("wb") as trouble:
        process = subprocess.Popen(  # noqa: S603 (our own code, with nothing of the upload on its command line)
            [sys.executable, "-P", "-c", _START, str(Path(terr.__file__).parents[1]), step, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=trouble,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2"},
            start_new_session=True,
        )
    with process:
        try:
            assert process.stdin is not None  # noqa: S101 (for the types: it was asked for)
            with suppress(OSError):  # it has ended already
                process.stdin.write(json.dumps({**limits, "asked": asked}).encode() + b"\n")
                process.stdin.flush()
            _follow(process, progress)
            process.wait(timeout=_LAST_S)
        finally:
            _end(process)
    return _answer(folder, process.returncode, what, seconds, memory)


def _follow(process: subprocess.Popen[bytes], progress: Progress) -> None:
    """Hand on its lines until it has ended."""
    lines: SimpleQueue[bytes | None] = SimpleQueue()

    def read() -> None:
        assert process.stdout is not None  # noqa: S101
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    fraction, stage, said = 0.0, "", time.monotonic()
    while True:
        progress.check()
        try:
            line = lines.get(timeout=_LOOK_S)
        except Empty:
            if stage and time.monotonic() - said > _STILL_S:
                progress.tell(fraction, stage)
                said = time.monotonic()
            continue
        if line is None:
            return
        fraction, stage, settled = json.loads(line)
        if settled:
            progress = progress.settled()
        progress.tell(fraction, stage)
        said = time.monotonic()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Nothing of it goes on, nor of what it started."""
    if process.poll() is None:
        with suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(process.pid, signal.SIGKILL)
            else:
                process.kill()


def _answer(folder: Path, code: int, what: str, seconds: int, memory: int) -> Any:
    """What it left, or why it left nothing."""
    try:
        answer = json.loads((folder / _ANSWER).read_bytes())
    except (OSError, ValueError):
        trouble = (folder / _TROUBLE).read_text("utf-8", "replace")[-2_000:]
        if code == -getattr(signal, "SIGXCPU", 0):
            raise InputError(
                f"{what} takes more than {seconds / 60:,.2g} minutes; simplify its shapes, or keep fewer of them"
            ) from None
        if code < 0 or "MemoryError" in trouble or "bad_alloc" in trouble:
            raise InputError(
                f"{what} can't be worked with within {memory / 2**30:,.2g} GB of memory; simplify its shapes, or keep "
                "fewer of them"
            ) from None
        raise RuntimeError(f"a step on boundaries ended with {code}: {trouble}") from None
    if "error" in answer:
        kind = getattr(errors, str(answer["error"]), InputError)
        raise (kind if issubclass(kind, TerrError) else InputError)(answer["text"])
    return answer["result"]


def serve(steps: Mapping[str, Step], words: list[str]) -> None:
    """The other side: do one step, and leave the answer in the folder."""
    step, folder = words[0], Path(words[1])
    line = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what libraries print is no progress
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who waits decides
    given = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    _bound(given["seconds"], given["memory"])

    def tell(now: ProgressUpdate) -> None:
        line.write(json.dumps([now.fraction, now.stage, now.settled]).encode() + b"\n")

    try:
        answer = {"result": steps[step](folder, given["asked"], Progress(tell))}
    except TerrError as error:
        answer = {"error": type(error).__name__, "text": str(error)}
    new = folder / f"{_ANSWER}.new"
    new.write_text(json.dumps(answer), "utf-8")
    new.replace(folder / _ANSWER)
    # The interpreter's own end would wait a second for the thread that reads, and then give up on it.
    sys.stderr.flush()
    os._exit(0)


def _leave_with_parent() -> None:
    """Once who waits is gone, nobody wants the answer."""
    sys.stdin.buffer.read()
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _bound(seconds: int, memory: int) -> None:
    """No more memory and time than is asked for, where the system can bound it; the pages come first."""
    if hasattr(os, "nice"):
        os.nice(BEHIND)
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass
