"""Over- and under-served: hours that reps have against hours that accounts need, and what would even it out.

    served = planned hours / needed hours        touched = actual touches / planned touches

Needed hours are those of Talley's workload method (see `terr.people.sizing`), travel included.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError

BAND = 0.2
"""Served within 1 ± this counts as even: the ±20% this program flags elsewhere too."""
NOBODY, UNDER, OVER, EVEN, NO_WORK = "Nobody", "Under-served", "Over-served", "Even", "No calls planned"
_LEAST_HOURS = 1.0
"""A year; smaller moves aren't worth a sentence."""


@dataclass(frozen=True)
class Served:
    """One territory or tier.

    Attributes:
        key: its name.
        needed, planned: hours a year, 0 or more.
        touches, planned_touches: in one period, 0 or more; NaN where no activities are known.
    """

    key: str
    needed: float
    planned: float
    touches: float = math.nan
    planned_touches: float = math.nan

    def __post_init__(self) -> None:
        if not (math.isfinite(self.needed) and math.isfinite(self.planned) and min(self.needed, self.planned) >= 0):
            raise InputError(f"hours needed and planned of {self.key[:40]} must be 0 or more")

    @property
    def ratio(self) -> float | None:
        """Planned / needed; None where nothing is needed."""
        return self.planned / self.needed if self.needed > 0 else None

    @property
    def touched(self) -> float | None:
        """Actual / planned touches; None where no activities are known or none are planned."""
        return self.touches / self.planned_touches if self.planned_touches > 0 and self.touches >= 0 else None

    @property
    def state(self) -> str:
        """One of `NOBODY`, `UNDER`, `OVER`, `EVEN` and `NO_WORK`."""
        if self.ratio is None:
            return NO_WORK
        if self.planned == 0:
            return NOBODY
        if abs(self.ratio - 1) <= BAND + 1e-9:
            return EVEN
        return UNDER if self.ratio < 1 else OVER


@dataclass(frozen=True)
class HoursMove:
    """Accounts worth `hours` a year that would go from one territory to another, by position."""

    giver: int
    taker: int
    hours: float


def even_out(rows: Sequence[Served], beside: NDArray[np.bool_]) -> tuple[HoursMove, ...]:
    """What under-served territories could hand to those beside them that have hours to spare.

    The largest shortage goes first, and asks the largest spare beside it first; nobody gives more than is short, or
    takes more than is spare, so no move makes a territory worse than even. A greedy rule, not an optimum.

    Args:
        rows: k territories.
        beside: bool (k, k), which touch each other.

    Raises:
        InputError: another shape.
    """
    if beside.shape != (len(rows), len(rows)):
        raise InputError("each territory needs to know which others are beside it")
    left = np.array([r.planned - r.needed for r in rows], dtype=np.float64)  # below 0 = short
    short = [k for k, r in enumerate(rows) if r.state in (UNDER, NOBODY)]
    moves = []
    for giver in sorted(short, key=lambda k: float(left[k])):
        near = [int(t) for t in np.flatnonzero(beside[giver]).tolist() if t != giver and left[t] > 0]
        for taker in sorted(near, key=lambda t: -float(left[t])):
            hours = float(min(-left[giver], left[taker]))
            if hours < _LEAST_HOURS:
                continue
            moves.append(HoursMove(giver, taker, hours))
            left[giver] += hours
            left[taker] -= hours
    return tuple(moves)


def advice(rows: Sequence[Served], beside: NDArray[np.bool_], full_rep: float) -> tuple[str, ...]:
    """What would even each territory out, in words; "" for those that are even and take nothing.

    Args:
        rows, beside: see `even_out`.
        full_rep: selling hours a year of one full rep, above 0.

    Raises:
        InputError: hours of a full rep that aren't above 0.
    """
    if not full_rep > 0:
        raise InputError("selling hours a year of one rep must be above 0, such as 1,200")
    moves = even_out(rows, beside)
    out = []
    for k, row in enumerate(rows):
        gives = [f"{m.hours:,.0f} hours to {rows[m.taker].key}" for m in moves if m.giver == k]
        takes = [f"{m.hours:,.0f} hours from {rows[m.giver].key}" for m in moves if m.taker == k]
        if row.state in (UNDER, NOBODY):
            out.append(_short(row, gives, sum(m.hours for m in moves if m.giver == k), full_rep))
        elif takes:
            out.append(f"Take accounts worth {' and '.join(takes)}")
        elif row.state == OVER:
            out.append(_spare(k, rows, beside, full_rep))
        else:
            out.append("")
    return tuple(out)


def _short(row: Served, gives: list[str], given: float, full_rep: float) -> str:
    gap = row.needed - row.planned
    rest = (gap - given) / full_rep
    told = f"{gap:,.0f} hours short" if row.state == UNDER else f"Nobody works here, and {gap:,.0f} hours are needed"
    if gives:
        told += f": move accounts worth {' and '.join(gives)}"
    if rest >= 0.05:
        told += f"{', and add' if gives else ': add'} {rest:.1f} of a full rep here, or call less often"
    return told


def _spare(k: int, rows: Sequence[Served], beside: NDArray[np.bool_], full_rep: float) -> str:
    spare = rows[k].planned - rows[k].needed
    near = [int(t) for t in np.flatnonzero(beside[k]).tolist() if t != k and rows[t].needed > 0]
    small = min(near, key=lambda t: rows[t].needed, default=None)
    if small is not None and rows[k].needed + rows[small].needed <= full_rep:
        both = rows[k].needed + rows[small].needed
        return f"{spare:,.0f} hours to spare: merge with {rows[small].key}; together they need {both:,.0f} hours"
    return f"{spare:,.0f} hours to spare: add accounts here, or call more often"
