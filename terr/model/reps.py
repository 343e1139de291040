"""Reps: the people who cover territories."""

from __future__ import annotations

from dataclasses import dataclass

from terr.errors import InputError


@dataclass(frozen=True)
class Rep:
    """One sales rep.

    Attributes:
        rep_id: unique id; reps are joined on it, never on the name.
        name: display name.
        home_zip: five-digit ZIP of the rep's home, "" if unknown.
        capacity: share of a full territory the rep can work, 1.0 = a full one.
    """

    rep_id: str
    name: str
    home_zip: str = ""
    capacity: float = 1.0

    def __post_init__(self) -> None:
        if not self.rep_id:
            raise InputError("a rep needs an id")
        if not 0.0 < self.capacity <= 10.0:
            raise InputError(f"capacity of {self.name or self.rep_id} must lie above 0 and up to 10")
