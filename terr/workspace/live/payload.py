"""Reading what a browser says: everything is checked, and what isn't as our own script makes it is left out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

LONGEST = 64
"""Characters of a name."""

_MOST_UNITS = 100_000
_MOST = 2**31 - 1
_MOST_TEXT = 1_000_000
_RANGES = re.compile(r"\d{1,7}(?:-\d{1,7})?(?:,\d{1,7}(?:-\d{1,7})?)*", re.ASCII)
_RUNS = re.compile(r"-?\d{1,5}\*\d{1,7}(?:,-?\d{1,5}\*\d{1,7})*", re.ASCII)


def units_of(value: Any) -> list[int] | None:
    """Unit codes: a list, or {"short": "3-5,9"} when there are many."""
    if isinstance(value, list):
        return _ints(value)
    out: list[int] = []
    for part in _parts(value, _RANGES):
        first, _, last = part.partition("-")
        lo, hi = int(first), int(last or first)
        if hi < lo or len(out) + hi - lo >= _MOST_UNITS:
            return None
        out.extend(range(lo, hi + 1))
    return out or None


def codes_of(value: Any) -> list[int] | None:
    """Territory codes, one per unit: a list, or {"short": "4*120,-1*3"}, each so many times."""
    if isinstance(value, list):
        return _ints(value)
    out: list[int] = []
    for part in _parts(value, _RUNS):
        code, _, times = part.partition("*")
        if len(out) + int(times) > _MOST_UNITS:
            return None
        out.extend([int(code)] * int(times))
    return out or None


def _ints(value: list[Any]) -> list[int] | None:
    if len(value) > _MOST_UNITS or not all(is_int(v) for v in value):
        return None
    return [int(v) for v in value]


def _parts(value: Any, pattern: re.Pattern[str]) -> list[str]:
    text = value.get("short") if isinstance(value, Mapping) else None
    if not isinstance(text, str) or len(text) > _MOST_TEXT or not pattern.fullmatch(text):
        return []
    return text.split(",")


def text_of(value: Any, longest: int = LONGEST) -> str:
    """A printable text of at most `longest` characters without spaces around it, "" for anything else."""
    return value.strip() if isinstance(value, str) and len(value) <= longest and value.isprintable() else ""


def is_name(value: Any) -> bool:
    """Whether it is a short plain name."""
    return isinstance(value, str) and len(value) <= LONGEST and value.isascii() and value.isprintable()


def is_int(value: Any) -> bool:
    """Whether it is a whole number of at most 31 bits; JavaScript has no other numbers than floats."""
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _MOST and value == int(value)
    )
