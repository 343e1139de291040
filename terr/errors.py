"""Every error Terr raises on purpose. Each refines a built-in, so callers may catch either."""

from __future__ import annotations


class TerrError(Exception):
    """An error whose message is written for the person at the screen: what was wrong, where, how to mend it."""


class InputError(TerrError, ValueError):
    """A file, a cell or an option that can't be used."""


class LocateError(TerrError, LookupError):
    """A place, unit or region that isn't known."""


class PlanError(TerrError, ValueError):
    """A plan or an edit that contradicts itself or its units."""


class SolveError(TerrError, RuntimeError):
    """A solver that failed, as opposed to one that proved there is no answer."""


class StoppedError(TerrError):
    """The person stopped the work; nothing was kept of it."""


class RoleError(TerrError, PermissionError):
    """Something the person's role on this plan doesn't allow."""


class ConflictError(TerrError, RuntimeError):
    """Somebody else changed the plan first.

    Attributes:
        expected: the revision the edit was made on.
        found: the revision that is stored now.
        units: row positions (codes) of units that differ from what the edit expected.
    """

    def __init__(self, message: str, *, expected: int = -1, found: int = -1, units: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.expected = expected
        self.found = found
        self.units = units


class StoreError(TerrError, OSError):
    """The place where plans are kept can't be read or written; what is stored stays as it was."""
