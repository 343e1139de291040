"""Ranges and bounds in cells that should hold one figure: "51-200", "$1M - $10M", ">1000", "10,001+", "~500k"."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

End = Literal["blank", "low", "middle", "high"]
ENDS: tuple[End, ...] = ("blank", "low", "middle", "high")
"""What a range may be taken as; blank is what happens unless a person chooses."""

_BEFORE = re.compile(
    r"(?:>=|<=|=>|=<|[≥≤><≧≦~≈∼]|\+/-|±"
    r"|(?:over|above|more than|greater than|at least|min(?:imum)?\.?|from|under|below|less than|fewer than|up to"
    r"|at most|max(?:imum)?\.?|about|approx(?:imately)?\.?|around|roughly|circa|ca?\.|est\.?|estimated"
    r"|ab|über|bis|mehr als|weniger als|mindestens|höchstens|etwa|rund|plus de|moins de|environ|jusqu'à"
    r"|más de|menos de|hasta|mais de|até|cerca de|unos)(?!\w))\s*(?P<figure>.+)",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"(?P<figure>.+?)\s*(?:\+|\bplus|\b(?:or|and|&) (?:more|above|over|up|higher|greater|less|fewer|below|under)"
    r"|\bund mehr|\bet plus|\bo más|\bou mais|以上|以下|未満)",
    re.IGNORECASE,
)
_TO = r"(?:--?|~|〜|\.\.\.?|…|\b(?:to|and|through|bis|und|à|et|a|y|e)\b)"
_BETWEEN = re.compile(
    rf"(?:between |from |zwischen |von |entre |de )?(?P<low>.+?)\s*{_TO}\s*(?P<high>.+)", re.IGNORECASE
)
_PEOPLE = re.compile(
    r"\s*(?:employees|people|staff|ftes?|users|seats|mitarbeiter|employés|empleados)\s*$", re.IGNORECASE
)


def ends_of(text: str, read: Callable[[str], tuple[float, float] | None]) -> tuple[float, float] | None:
    """The low and high end that a cell names; a bound is both.

    Args:
        text: the cell without its currency.
        read: a figure as (its digits' value, what its scale word multiplies by), None if it is none.
    """
    core = _PEOPLE.sub("", text)
    for found in (_BEFORE.fullmatch(core), _BEHIND.fullmatch(core)):
        one = None if found is None else read(found["figure"])
        if one is not None:
            return one[0] * one[1], one[0] * one[1]
    found = _BETWEEN.fullmatch(core)
    first, second = (None, None) if found is None else (read(found["low"]), read(found["high"]))
    if first is None or second is None:
        return None
    (low, size), (high, more) = first, second
    if size == 1.0 and low * more < high * more:  # "$1-10M"
        size = more
    return (low * size, high * more) if low * size < high * more else None


def taken_as(ends: tuple[float, float], end: End) -> float | None:
    """The one figure of a range, None if it is to be blank."""
    return {"blank": None, "low": ends[0], "middle": (ends[0] + ends[1]) / 2, "high": ends[1]}[end]
