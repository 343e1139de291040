"""How far a long reading is, and how to stop it."""

from __future__ import annotations

from collections.abc import Callable

from terr.errors import TerrError

Progress = Callable[[float, str], None]
"""Called with the share done (0 to 1) and the stage in plain words."""
Cancel = Callable[[], bool]
"""Asked between steps; True stops the work."""


class Cancelled(TerrError):  # noqa: N818 (it is no fault)
    """The person stopped the reading; nothing was kept."""


class Steps:
    """Tells how far the work is and stops it when asked; without callbacks it does nothing.

    Args:
        progress: told at each step; the share never falls.
        cancel: asked at each step.
    """

    def __init__(self, progress: Progress | None = None, cancel: Cancel | None = None) -> None:
        self._progress, self._cancel, self._share = progress, cancel, 0.0

    def at(self, share: float, stage: str) -> None:
        """Say that `share` of the work is done and `stage` begins.

        Raises:
            Cancelled: if the person asked to stop.
        """
        if self._cancel is not None and self._cancel():
            raise Cancelled("stopped; nothing of the file was kept")
        self._share = max(self._share, min(1.0, share))
        if self._progress is not None:
            self._progress(self._share, stage)


def part(progress: Progress | None, start: float, end: float) -> Progress | None:
    """A callback for one part of a longer work: its 0 to 1 becomes `start` to `end`."""
    if progress is None:
        return None
    return lambda share, stage: progress(start + (end - start) * share, stage)
