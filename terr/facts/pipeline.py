"""What open deals are worth: each by how often deals like it were won so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.facts.win_rates import win_rates

_LEAST_CLOSED = 10
_STEPS = (0, 30, 60, 90, 120, 180, 270, 365)
"""Ages in days at which a deal is told from a younger one."""


@dataclass(frozen=True)
class StageRate:
    """How deals of a stage, or of an age, went.

    Attributes:
        name: of the stage, or "open 30 to 59 days".
        won, closed: deals that were there and are closed now.
        weight: chance that a deal there is won, drawn toward that of all where there are few.
    """

    name: str
    won: int
    closed: int
    weight: float


def stage_rates(reached: Sequence[frozenset[str]], won: NDArray[np.bool_]) -> tuple[StageRate, ...]:
    """Chance to win from each stage, of the closed deals that a stage history shows there; the least likely first.

    Args:
        reached: stages that each closed deal went through.
        won: bool (deals,), how each ended.

    Raises:
        InputError: unequal lengths.
    """
    if len(reached) != len(won):
        raise InputError("a stage history needs the end of every closed deal")
    names = sorted({s for stages in reached for s in stages})
    if not names:
        return ()
    there = np.array([[s in stages for s in names] for stages in reached], dtype=np.bool_)
    closed, good = there.sum(axis=0), (there & won[:, None]).sum(axis=0)
    weights = win_rates(good, closed - good).estimate
    made = [StageRate(n, int(g), int(c), float(w)) for n, g, c, w in zip(names, good, closed, weights, strict=True)]
    return tuple(sorted(made, key=lambda r: (r.weight, r.name)))


def age_rates(days_to_close: NDArray[np.float64], won: NDArray[np.bool_]) -> tuple[StageRate, ...]:
    """Chance to win of a deal that is still open after so many days: of the closed ones that were, too.

    Args:
        days_to_close: float64 (deals,), from created to closed; NaN where a day isn't known.
        won: bool (deals,), how each ended.

    Returns:
        One for each age that at least 10 closed deals reached; the first counts all of them.
    """
    known = ~np.isnan(days_to_close)
    spans = list(zip(_STEPS, (*_STEPS[1:], np.inf), strict=True))
    closed = np.array([int((known & (days_to_close >= low)).sum()) for low, _ in spans], dtype=np.int64)
    good = np.array([int((known & won & (days_to_close >= low)).sum()) for low, _ in spans], dtype=np.int64)
    use = [k for k in range(len(spans)) if closed[k] >= _LEAST_CLOSED]
    if not use:
        return ()
    weights = win_rates(good[use], (closed - good)[use]).estimate
    out = []
    for at, k in enumerate(use):
        low, high = spans[k] if at < len(use) - 1 else (spans[k][0], np.inf)
        name = f"open {low} days or more" if np.isinf(high) else f"open {low} to {int(high) - 1} days"
        out.append(StageRate(name, int(good[k]), int(closed[k]), float(weights[at])))
    return tuple(out)


def age_weights(age: NDArray[np.float64], rates: Sequence[StageRate]) -> NDArray[np.float64]:
    """float64 (deals,), weight of open deals by their age in days; the first rate where it isn't known.

    Args:
        age: days since each was created; NaN where that isn't known.
        rates: of `age_rates`, at least one.
    """
    lows = np.array(_STEPS[: len(rates)], dtype=np.float64)
    at = np.searchsorted(lows, np.nan_to_num(age, nan=0.0), side="right") - 1
    return np.array([r.weight for r in rates])[np.clip(at, 0, len(rates) - 1)]
