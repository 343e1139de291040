"""Work for the matrix library that keeps to one processor."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

from terr.model.progress import UNWATCHED, Progress

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

_TURN = Lock()


@lru_cache(maxsize=1)
def _libraries(_modules: int) -> ThreadpoolController:
    """The matrix libraries of this program, looked for anew only once more modules have been loaded."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_processor(progress: Progress = UNWATCHED) -> Iterator[None]:
    """The matrix library keeps to one processor, and one such work is done at a time: the limit is the whole program's.

    It would spread over all processors, and wait long for those that are busy with other people's work: on a busy
    machine a model of 1 s of work then takes 7 s of it.

    Args:
        progress: asked while it waits for its turn.

    Raises:
        StoppedError: if the person stopped it meanwhile.
    """
    while not _TURN.acquire(timeout=0.2):
        progress.check()
    try:
        with _libraries(len(sys.modules)).limit(limits=1, user_api="blas"):
            yield
    finally:
        _TURN.release()
