"""How well each rep fits each territory: travel, skills, relationships, seniority, and the sentence that says so."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError

Floats = NDArray[np.float64]
FIT_PARTS = ("travel_hours", "skills_missing", "relationships_lost", "seniority_short")
WORKDAY_HOURS = 8.0
"""What a part of 1 (every skill missing, every relationship lost) counts as, in hours of driving, at a weight of 1."""
UNKNOWN_HOME_HOURS = WORKDAY_HOURS
"""Travel of a rep whose home isn't known: a day, so that not knowing is never an advantage over living near."""


@dataclass(frozen=True)
class FitWeights:
    """How much each part counts, 0 or more; at 1 a workday of driving weighs as much as lacking every skill."""

    travel: float = 1.0
    skills: float = 1.0
    relationships: float = 1.0
    seniority: float = 1.0

    def __post_init__(self) -> None:
        for name in ("travel", "skills", "relationships", "seniority"):
            value = getattr(self, name)
            if not (math.isfinite(value) and 0 <= value <= 1000):
                raise InputError(f"the weight of {name} must lie between 0 and 1,000")
        if not any((self.travel, self.skills, self.relationships, self.seniority)):
            raise InputError("at least one weight must be above 0: travel, skills, relationships or seniority")

    def per_part(self) -> Floats:
        """float64 (4,), what one of each part costs, in hours of driving."""
        day = WORKDAY_HOURS
        return np.array([self.travel, day * self.skills, day * self.relationships, day * self.seniority])


@dataclass(frozen=True, eq=False)
class Fit:
    """t territories by r reps.

    Attributes:
        parts: float64 (t, r, 4) in the order of `FIT_PARTS`: hours one way; shares of revenue 0 to 1; short 0 to 1.
        cost: float64 (t, r), in hours of driving.
        miles: float64 (t, r), by road, NaN where the home isn't known.
    """

    parts: Floats
    cost: Floats
    miles: Floats


def skills_missing(
    revenue: Floats, territory: NDArray[np.int64], needed: NDArray[np.object_], has: Sequence[frozenset[str]], t: int
) -> Floats:
    """Share of each territory's revenue in segments that need a skill the rep lacks.

    Args:
        revenue: float64 (n,) of each account, 0 or more.
        territory: int64 (n,), 0..t-1, -1 = in none.
        needed: object (n,), the skill each account needs, "" = none.
        has: the skills of each of r reps, in the same words.
        t: number of territories.

    Returns:
        float64 (t, r), 0 to 1; where a territory has no revenue its accounts are counted.
    """
    there = territory >= 0
    money = np.clip(np.nan_to_num(revenue), 0.0, None)
    sums = np.bincount(territory[there], money[there], t)
    weight = np.where((sums > 0)[np.maximum(territory, 0)], money, 1.0)
    whole = np.bincount(territory[there], weight[there], t)
    out = np.zeros((t, len(has)))
    for skill in {str(s) for s in needed[there].tolist()} - {""}:
        mine = there & (needed == skill)
        share = np.divide(np.bincount(territory[mine], weight[mine], t), whole, out=np.zeros(t), where=whole > 0)
        lacks = np.array([skill not in skills for skills in has], dtype=np.float64)
        out += share[:, None] * lacks[None, :]
    clipped: Floats = np.clip(out, 0.0, 1.0)
    return clipped


def relationships_lost(
    revenue: Floats, territory: NDArray[np.int64], owner: NDArray[np.int64], t: int, r: int
) -> Floats:
    """Share of each territory's revenue whose owner of today isn't the rep.

    Args:
        revenue: float64 (n,); territory: int64 (n,), -1 = in none.
        owner: int64 (n,), position of the rep, r = somebody not on the roster, -1 = nobody (nothing to lose).
        t, r: numbers of territories and reps.

    Returns:
        float64 (t, r), 0 to 1; 0 where nobody owns anything. Accounts without revenue count where all are without.
    """
    there = (territory >= 0) & (owner >= 0)
    money = np.clip(np.nan_to_num(revenue), 0.0, None)
    sums = np.bincount(territory[there], money[there], t)
    weight = np.where((sums > 0)[np.maximum(territory, 0)], money, 1.0)
    cells = np.bincount(territory[there] * (r + 1) + owner[there], weight[there], t * (r + 1)).reshape(t, r + 1)
    whole = cells.sum(axis=1, keepdims=True)
    kept = np.divide(cells[:, :r], whole, out=np.ones((t, r)), where=whole > 0)
    out: Floats = np.clip(1.0 - kept, 0.0, 1.0)
    return out


def seniority_short(needs: Floats, levels: Floats) -> Floats:
    """How far each rep is below what each territory needs, as a share of the roster's span of levels.

    Args:
        needs: float64 (t,), 0 = least demanding, 1 = most; NaN = unknown.
        levels: float64 (r,), NaN = unknown.

    Returns:
        float64 (t, r), 0 to 1; 0 where a level or need isn't known, or all levels are alike.
    """
    known = levels[np.isfinite(levels)]
    if not len(known) or np.ptp(known) == 0:
        return np.zeros((len(needs), len(levels)))
    scale = (levels - known.min()) / np.ptp(known)
    out: Floats = np.nan_to_num(np.clip(needs[:, None] - scale[None, :], 0.0, 1.0))
    return out


def demand(*figures: Floats) -> Floats:
    """float64 (t,), how demanding each territory is, 0 to 1: the mean rank of the figures (A accounts, potential)."""
    t = len(figures[0])
    if t < 2:
        return np.full(t, np.nan)
    ranks = []
    for values in figures:
        known = np.nan_to_num(values)
        if np.ptp(known) > 0:
            below = (known[None, :] < known[:, None]).sum(axis=1) + 0.5 * (
                (known[None, :] == known[:, None]).sum(axis=1) - 1
            )
            ranks.append(below / (t - 1))
    return np.mean(ranks, axis=0) if ranks else np.full(t, np.nan)


def fit(travel: Floats, miles: Floats, skills: Floats, lost: Floats, short: Floats, weights: FitWeights) -> Fit:
    """Put the parts together: cost = hours + 8 x (missing + lost + short), each times its weight.

    Args:
        travel: float64 (t, r), hours one way, NaN = home unknown, counted as a day.
        miles: float64 (t, r).
        skills, lost, short: float64 (t, r), 0 to 1.
        weights: of the parts.
    """
    parts = np.stack([np.where(np.isfinite(travel), travel, UNKNOWN_HOME_HOURS), skills, lost, short], axis=2)
    return Fit(parts, parts @ weights.per_part(), miles)


def why(
    parts: Mapping[str, float], *, miles: float, skill_share: float, owned: bool, a_accounts: tuple[int, int]
) -> str:
    """Why a rep fits a territory, in one sentence.

    Args:
        parts: of `FIT_PARTS`.
        miles: NaN = home unknown.
        skill_share: share of the territory's revenue that needs a skill at all.
        owned: somebody owns accounts of it today.
        a_accounts: how many A accounts the rep already has there, of how many; (0, 0) = tiers unknown.
    """
    said = []
    if skill_share > 0:
        covered = 1 - parts["skills_missing"] / skill_share
        said.append(f"covers {covered:.0%} of the revenue that needs a skill")
    if a_accounts[1]:
        said.append(f"keeps {a_accounts[0]} of {a_accounts[1]} A accounts")
    elif owned:
        said.append(f"keeps {1 - parts['relationships_lost']:.0%} of the revenue with today's owner")
    if parts["seniority_short"] > 0.2:
        said.append("is less senior than the territory asks for")
    if not math.isfinite(miles):
        said.append("home not known")
    else:
        hours = parts["travel_hours"]
        away = f"{60 * hours:,.0f} minutes" if hours < 2 else f"{hours:,.1f} hours"
        said.append(f"lives {away} ({miles:,.0f} mi) away")
    return "; ".join(said)
