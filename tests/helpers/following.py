"""Follows a piece of work, and stops it at a chosen moment."""

from __future__ import annotations

from terr.model.progress import Progress, ProgressUpdate


def followed(stop_after: float = float("inf"), *, at: str = "\0") -> tuple[Progress, list[ProgressUpdate]]:
    """A progress and the list of what it was told; it says stop after so many tells, or once a stage names `at`."""
    seen: list[ProgressUpdate] = []
    return Progress(seen.append, lambda: len(seen) >= stop_after or any(at in now.stage for now in seen)), seen
