"""Long work that tells how far it is and can be stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from terr.errors import TerrError


class StoppedError(TerrError):
    """A person stopped the work; nothing was kept of it."""


@dataclass(frozen=True)
class Watch:
    """Who follows a piece of work.

    Attributes:
        progress: is told the share that is done, 0 to 1, and what is being done, in words for a person.
        cancel: answers true once the work should stop.
        low, high: the part of the whole that this piece is.
    """

    progress: Callable[[float, str], None] = lambda _part, _text: None
    cancel: Callable[[], bool] = lambda: False
    low: float = 0.0
    high: float = 1.0

    def at(self, part: float, text: str) -> None:
        """Tell how far it is.

        Raises:
            StoppedError: if it should stop.
        """
        if self.cancel():
            raise StoppedError("stopped; nothing was kept")
        self.progress(self.low + (self.high - self.low) * min(1.0, max(0.0, part)), text)

    def part(self, low: float, high: float) -> Watch:
        """The watch over a piece of this work, from `low` to `high` of it."""
        span = self.high - self.low
        return Watch(self.progress, self.cancel, self.low + span * low, self.low + span * high)


UNWATCHED = Watch()
