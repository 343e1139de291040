"""How far a territory may be from its target: one limit, told in one way and judged in one."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.problem import ROUNDING
from terr.model.wording import percent_figure

Sides = Literal["both", "over", "under"]
"""Where a limit holds: above and below the target, or only above, or only below it."""
SIDES: tuple[str, ...] = get_args(Sides)


def within(deviation: Any, tolerance: float, sides: str = "both") -> NDArray[np.bool_]:
    """Whether deviations (load / target - 1) are within a limit, as the engine counts it; not where they are no number.

    Args:
        deviation: a share, or an array of them.
        tolerance: the limit, a share.
        sides: where it holds, one of `SIDES`.
    """
    off = np.asarray(deviation, dtype=np.float64)
    far = {"both": np.abs(off), "over": off, "under": -off}[sides]
    return np.asarray(far < tolerance + ROUNDING)


def limit_words(tolerance: float, sides: str = "both") -> str:
    """A limit for a person: "±5%", or "at most 5% over target"."""
    return range_words(None if sides == "over" else tolerance, None if sides == "under" else tolerance)


def range_words(low: float | None, high: float | None) -> str:
    """The same with a share for each side, None = any: "±5%", "−5% to +10%", "at most 10% over target", "none"."""
    if low is None and high is None:
        return "none"
    if low is None or high is None:
        side, share = ("over", high) if low is None else ("under", low)
        return f"at most {percent_figure(100 * (share or 0.0), 'g')} {side} target"
    if low == high:
        return f"±{percent_figure(100 * low, 'g')}"
    return f"−{percent_figure(100 * low, 'g')} to +{percent_figure(100 * high, 'g')}"


def within_words(tolerance: float, sides: str = "both") -> str:
    """What a territory is within: "±5%", or "the limit (at most 5% over target)"."""
    words = limit_words(tolerance, sides)
    return words if sides == "both" else f"the limit ({words})"


def check_tolerance(tolerance: float) -> None:
    """Refuse a tolerance that can't be met or means nothing.

    Raises:
        InputError: unless it lies from 0.1% to 100%.
    """
    if not 0.001 <= tolerance <= 1.0:
        given = (
            f"a tolerance of {100 * tolerance:g}%" if math.isfinite(tolerance) else "a tolerance that is not a number"
        )
        raise InputError(
            f"{given} can't be used; choose 0.1% to 100%, 5% is typical: whole areas rarely add up to exactly equal "
            "totals"
        )
