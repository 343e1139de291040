"""What was found in a file of boundaries, and what was done about it, in words for a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

SHOWN = 1_000
"""Most examples a finding carries."""

Fate = Literal["mended", "left out", "noted"]


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        code: short, for programs: "overlap", "invalid", ...
        message: one sentence or two for a person.
        count: how many areas, or pairs of areas, it concerns; 0 if it concerns the file as a whole.
        examples: the areas it concerns, as a person knows them; at most `SHOWN`.
        fate: "mended" (changed so that it can be used), "left out", or "noted" (nothing was changed).
    """

    code: str
    message: str
    count: int = 0
    examples: tuple[str, ...] = ()
    fate: Fate = "noted"


def finding(code: str, message: str, examples: Sequence[str] = (), fate: Fate = "noted") -> Finding:
    """A finding that counts its examples and keeps the first `SHOWN`."""
    return Finding(code, message, len(examples), tuple(str(e) for e in examples[:SHOWN]), fate)


def few(names: Sequence[str], most: int = 5) -> str:
    """The first names in words: "A, B, C and 12 more"."""
    shown = [str(n) for n in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most:,} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""


def by_number(n: int, one: str, many: str) -> str:
    """The word that goes with a number."""
    return one if n == 1 else many


def count_of_areas(n: int) -> str:
    """ "1 area", "2,113 areas"."""
    return f"{n:,} {by_number(n, 'area', 'areas')}"
