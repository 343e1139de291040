"""Why an account is a target: one sentence from its parts, and the order in which accounts come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.wording import figure

_MOST_PARTS = 5
LEAST_SIMILAR = 3
"""Won deals of similar accounts below which nothing is said of them."""
SILENT = 6
"""Whole months without an order from which on it is said."""


@dataclass(frozen=True)
class ReasonParts:
    """What is known of an account; "" or None where nothing is.

    Attributes:
        segment: "Healthcare"; size: "1,200 employees".
        similar_won: won deals of other accounts of its segment and size.
        likeness: "91 of 100".
        open_deal: "$40K open deal, Proposal".
        months_silent: whole months since the last order; never_ordered: there are orders, and none of it.
        renewal: "contract ends Mar 3, 2027".
        trend: "sales down 40% in 12 months".
        white_space: "$85K white space".
        untouched: nobody contacted it in the period.
        tier: "A".
    """

    segment: str = ""
    size: str = ""
    similar_won: int | None = None
    likeness: str = ""
    open_deal: str = ""
    months_silent: int | None = None
    never_ordered: bool = False
    renewal: str = ""
    trend: str = ""
    white_space: str = ""
    untouched: bool = False
    tier: str = ""


def reason(parts: ReasonParts) -> str:
    """One sentence: who it is; why it is likely; why now; what is in it.

    `Healthcare, 1,200 employees; similar to 12 won deals; no order in 14 months.` At most five parts, the first kinds
    first; without any, that it is on the list by its place in the territory.
    """
    said = [", ".join(t for t in (parts.segment, parts.size) if t)]
    if parts.similar_won is not None and parts.similar_won >= LEAST_SIMILAR:
        said.append(f"similar to {figure(parts.similar_won)} won deals")
    if parts.likeness:
        said.append(f"look-alike score {parts.likeness}")
    said.append(parts.open_deal)
    if parts.never_ordered:
        said.append("has never ordered")
    elif parts.months_silent is not None and parts.months_silent >= SILENT:
        said.append(f"no order in {figure(parts.months_silent)} months")
    said += [parts.renewal, parts.trend, parts.white_space]
    if parts.untouched:
        said.append("not contacted in 12 months")
    kept = [s for s in said if s][:_MOST_PARTS]
    if not kept or kept == [said[0]]:
        kept += [f"tier {parts.tier}"] if parts.tier else []
    if not kept:
        return "One of the largest accounts of the territory."
    text = "; ".join(kept)
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def similar_won(segment: NDArray[np.int64], size: NDArray[np.int64], won: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 (n,), won deals of the other accounts of the same segment and size.

    Args:
        segment: int64 (n,), code of each account's segment; size: int64 (n,), of its band of size; -1 = unknown.
        won: int64 (n,), won deals of each account.
    """
    known = (segment >= 0) & (size >= 0)
    code = np.where(known, segment * (int(size.max(initial=0)) + 1) + size, -1)
    sums = np.bincount(code[known], weights=won[known], minlength=int(code.max(initial=0)) + 1)
    out = np.where(known, sums[np.maximum(code, 0)] - won, 0)
    return np.asarray(np.rint(out), dtype=np.int64)


def size_bands(values: NDArray[np.float64], bands: int = 4) -> NDArray[np.int64]:
    """int64 (n,), equal-count band of each size, 0 the smallest; -1 where it is unknown or all are alike."""
    known = np.isfinite(values)
    out = np.full(len(values), -1, dtype=np.int64)
    if known.sum() < bands or np.unique(values[known]).size < 2:
        out[known] = 0
        return out
    edges = np.unique(np.quantile(values[known], np.linspace(0, 1, bands + 1)[1:-1]))
    out[known] = np.searchsorted(edges, values[known], side="right")
    return out


def rank_accounts(
    parts: Mapping[str, NDArray[np.float64]], weights: Mapping[str, float], within: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """float64 (n,), how much an account is a target, 0 to 1; NaN outside.

    The mean of an account's percentile ranks in each part, weighted; a part in which it is blank doesn't count for it.

    Args:
        parts: name -> float64 (n,), more is better, NaN = unknown.
        weights: name -> weight, 0 or more; a part without one isn't used.
        within: bool (n,), the accounts that are compared.

    Raises:
        InputError: a weight below 0.
    """
    if any(w < 0 for w in weights.values()):
        raise InputError("weights must be 0 or more")
    n = len(within)
    top, below = np.zeros(n), np.zeros(n)
    for name, values in parts.items():
        weight = weights.get(name, 0.0)
        use = within & np.isfinite(values)
        if not weight or not use.any():
            continue
        top[use] += weight * _percentiles(values[use])
        below[use] += weight
    out = np.full(n, np.nan)
    out[within] = np.divide(top[within], below[within], out=np.zeros(int(within.sum())), where=below[within] > 0)
    return out


def _percentiles(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean percentile rank, ties alike: (below + half of those alike) / n."""
    ordered = np.sort(values)
    low, high = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return np.asarray((low + high) / 2 / len(values), dtype=np.float64)


def best(score: NDArray[np.float64], most: int, tie: Sequence[str] = ()) -> list[int]:
    """Positions of the highest scores, the highest first; equal ones by `tie`, then by place. NaN is left out."""
    rows = [k for k in range(len(score)) if np.isfinite(score[k])]
    return sorted(rows, key=lambda k: (-score[k], tie[k] if len(tie) else "", k))[:most]
