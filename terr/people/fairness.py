"""Fairness: how evenly potential, revenue, hours and quotas are spread over reps, per unit of capacity."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from terr.errors import InputError
from terr.metrics.balance import cv_pct, gini, max_min
from terr.people.apportion import Floats

FAIR_CV = 20.0
"""%, above it a measure is flagged: a convention of this program, about the spread of ±20% around the mean."""
FAR = 0.35
"""A rep that is this far from the median, as a share of it, is named."""


@dataclass(frozen=True, eq=False)
class Fairness:
    """One measure over reps.

    Attributes:
        measure: its name.
        each: float64 (r,), per full rep, NaN where the rep has no capacity or the figure isn't known.
        rank: int64 (r,), 1 = most, 0 = not ranked.
        cv_pct, gini, max_min: over those known; None where they say nothing.
        flags: what stands out, in sentences; note: why there is no figure, "" if there is.
    """

    measure: str
    each: Floats
    rank: np.ndarray
    cv_pct: float | None
    gini: float | None
    max_min: float | None
    flags: tuple[str, ...]
    note: str


def fairness(measure: str, reps: tuple[str, ...], values: Floats | None, capacity: Floats) -> Fairness:
    """How evenly a measure is spread per unit of capacity.

    each = value / capacity; CV, Gini and max / min as `terr.metrics.balance` has them, over reps with capacity.

    Args:
        measure: its name, for sentences.
        reps: r names.
        values: float64 (r,), NaN = unknown; None = unknown of everybody.
        capacity: float64 (r,), share of a full rep, 0 or more.

    Raises:
        InputError: unequal lengths, or a capacity below 0.
    """
    r = len(reps)
    if np.shape(capacity) != (r,) or (values is not None and np.shape(values) != (r,)):
        raise InputError(f"{measure} needs one figure and one capacity for each rep")
    if (np.nan_to_num(capacity) < 0).any():
        raise InputError("a rep's capacity must be 0 or more")
    works = np.nan_to_num(capacity) > 0
    given = np.full(r, np.nan) if values is None else np.asarray(values, dtype=np.float64)
    each = np.where(works, given / np.where(works, capacity, 1.0), np.nan)
    known = np.isfinite(each)
    rank = np.zeros(r, dtype=np.int64)
    order = np.flatnonzero(known)[np.argsort(-each[known], kind="stable")]
    rank[order] = np.arange(1, len(order) + 1)
    note = _nothing(measure, known, each)
    if note:
        return Fairness(measure, each, rank, None, None, None, (), note)
    some = each[known]
    cv, unequal = float(cv_pct(some[:, None])[0]), float(gini(some[:, None])[0])
    ratio = float(max_min(some[:, None])[0])
    names = [reps[k] for k in np.flatnonzero(known)]
    flags = _flags(measure, names, some, cv)
    if (missing := int((works & ~known).sum())) > 0:
        flags.append(f"{measure} isn't known for {missing} of {int(works.sum())} reps; they are left out")
    return Fairness(measure, each, rank, cv, unequal, ratio if math.isfinite(ratio) else None, tuple(flags), "")


def _nothing(measure: str, known: np.ndarray, each: Floats) -> str:
    """Why the spread of a measure says nothing, "" if it says something."""
    n = int(known.sum())
    if n == 0:
        return f"{measure} isn't known for any rep"
    if n == 1:
        return f"Only one rep has {measure}; there is nobody to compare with"
    if not (each[known] > 0).any():
        return f"{measure} is zero for every rep"
    if (each[known] < 0).any():
        return f"{measure} is below zero for some reps, so shares of it can't be compared"
    return ""


def _flags(measure: str, names: list[str], each: Floats, cv: float) -> list[str]:
    out = []
    if cv > FAIR_CV:
        out.append(f"{measure}: {cv:.0f}% variation around the mean; up to {FAIR_CV:.0f}% counts as even")
    middle = float(np.median(each))
    if middle <= 0:
        return [*out, f"Half of the reps or more have no {measure}"]
    off = each / middle - 1
    for k in np.argsort(-np.abs(off), kind="stable")[:3].tolist():
        if abs(off[k]) > FAR:
            side = "more" if off[k] > 0 else "less"
            out.append(f"{names[k]} has {abs(off[k]):.0%} {side} {measure} per full rep than the median rep")
    return out
