"""How far long work is, and how it is stopped: one thing, handed down from who waits to who works."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from terr.errors import StoppedError

if TYPE_CHECKING:  # the command line starts without numpy
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ProgressUpdate:
    """What long work says of itself.

    Attributes:
        fraction: share of the whole that is done, 0 to 1.
        stage: what is being done, in words for a person.
        seconds: since the whole began.
        best_deviation: of a solve, the largest |load / target - 1| of the best plan so far, first measure; inf before
            there is one.
        assign: int16 (n,), read-only copy of the best plan so far, or None.
        settled: something was kept, so the rest can't be stopped any more.
    """

    fraction: float = 0.0
    stage: str = "Starting …"
    seconds: float = 0.0
    best_deviation: float = math.inf
    assign: NDArray[np.int16] | None = None
    settled: bool = False

    def __post_init__(self) -> None:
        if self.assign is not None:
            from terr.model.arrays import frozen

            object.__setattr__(self, "assign", frozen(self.assign, "int16"))


Listener = Callable[[ProgressUpdate], None]


class Progress:
    """Who follows a piece of work: is told how far it is, and may stop it. Without arguments, nobody does.

    Work that keeps nothing until it is whole calls `tell`, which raises once it should stop. A search that ends with
    the best so far asks `stopped`, and tells by `show`, which never raises.

    Args:
        listener: given each update.
        cancel: asked at each step; True stops the work.
    """

    def __init__(self, listener: Listener | None = None, cancel: Callable[[], bool] | None = None) -> None:
        self.listener = listener
        self._cancel = cancel
        self._began = time.perf_counter()
        self._low, self._high = 0.0, 1.0  # the part of the whole that this piece is
        self._settled = False
        self._far = [0.0]  # of the whole; all pieces share the list

    @staticmethod
    def of(told: Progress | Listener | None, cancel: Callable[[], bool] | None = None) -> Progress:
        """What a caller of the engine gave: one of these, a function to tell, or nothing."""
        if not isinstance(told, Progress):
            return Progress(told, cancel)
        if cancel is not None:
            raise TypeError("give `cancel` to the Progress")
        return told

    def stopped(self) -> bool:
        """Whether the work should end."""
        return self._cancel is not None and self._cancel()

    def check(self) -> None:
        """Go on only if nobody stopped the work.

        Raises:
            StoppedError: if it should end.
        """
        if self.stopped():
            raise StoppedError("stopped; nothing was kept")

    def tell(self, fraction: float, stage: str) -> None:
        """Say that this share of the work is done, 0 to 1, and what is done next.

        Raises:
            StoppedError: if it should end.
        """
        self.check()
        self.show(fraction, stage)

    def show(
        self, fraction: float, stage: str, *, best_deviation: float = math.inf, assign: NDArray[np.int16] | None = None
    ) -> None:
        """Say how far the work is, whether or not it should end. What the listener is told never falls."""
        if self.listener is None:
            return
        done = self._low + (self._high - self._low) * min(1.0, max(0.0, fraction))
        self._far[0] = max(self._far[0], done)
        seconds = time.perf_counter() - self._began
        self.listener(ProgressUpdate(self._far[0], stage, seconds, best_deviation, assign, self._settled))

    def settled(self) -> Progress:
        """The same for what is left to do once something was kept: it can't be stopped any more."""
        rest = copy(self)
        rest._cancel, rest._settled = None, True
        return rest

    def part(self, low: float, high: float) -> Progress:
        """The progress of a piece of this work, from `low` to `high` of it."""
        piece, span = copy(self), self._high - self._low
        piece._low, piece._high = self._low + span * low, self._low + span * high
        return piece


UNWATCHED = Progress()
