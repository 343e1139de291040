"""Who does something, and what they may do with a plan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Person:
    """Who does something.

    Attributes:
        user_id: who they are, told by the sign-in; "" on a laptop without one.
        name: as shown to others, "" if not known.
    """

    user_id: str = ""
    name: str = ""


NOONE = Person()

ROLES = ("viewer", "commenter", "editor", "owner")
"""From the least to the most; each may do what those before it may."""


@dataclass(frozen=True)
class Role:
    """What one user may do with one plan.

    Attributes:
        user_id: who; role: one of `ROLES`.
        given_by: who gave it, for a reader; at: UTC.
    """

    user_id: str
    role: str
    given_by: str
    at: datetime
