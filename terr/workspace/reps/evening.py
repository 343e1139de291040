"""What would even a plan out: whose measure is to be shared, and which part of it each territory should have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.locate import home_points
from terr.scoring import workload
from terr.scoring.workload import Effort
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.reps.assignment import PeopleSettings, ground_of
from terr.workspace.reps.scorecard import capacity_at, usual_effort
from terr.workspace.reps.team import POTENTIAL_WORDS, REVENUE_WORDS, account_tiers, amounts, measure_named

__all__ = ["Effort"]  # of another floor, for the pages

EVENED = ("Potential", "Revenue", "Hours", "Accounts", "A accounts")
"""Measures of the scorecard that accounts bring along, so that moving them evens out."""


@dataclass(frozen=True, eq=False)
class EveningBasis:
    """What is to be shared fairly.

    Attributes:
        measure: of `EVENED`.
        amounts: float64 (n_accounts,), 0 or more.
        shares: territory code -> the part it should have, of full reps; territories without one stay as they are.
        left_out: names of those: nobody covers them, or nobody who works on the day.
    """

    measure: str
    amounts: NDArray[np.float64]
    shares: Mapping[int, float]
    left_out: tuple[str, ...]


def evening_basis(
    shown: PlanSnapshot, settings: PeopleSettings, day: date, measure: str, effort: Effort | None = None
) -> EveningBasis:
    """The shares of a measure that follow the reps' capacity on a day; a rep's territories share it as they do today.

    Hours are calls by tier and travel from the home of today's rep: those of an account that moves are estimated.

    Args:
        shown: the plan; settings: with the ramp.
        day: as of which capacity counts.
        measure: of `EVENED`.
        effort: calls and minutes behind the hours; the usual ones if not given.

    Raises:
        InputError: a measure that can't be evened out, or that these accounts haven't got; fewer than two territories
            whose rep has capacity.
    """
    if measure not in EVENED:
        raise InputError(f"{measure} can't be balanced by moving accounts; choose {', '.join(EVENED)}")
    territory = ground_of(shown).territory
    values = _amounts(shown, territory, measure, effort or usual_effort())
    if values is None or not np.nansum(values) > 0:
        raise InputError(f"these accounts have no {measure.casefold()} to balance")
    if (np.nan_to_num(values) < 0).any():
        raise InputError(f"{measure} is below zero for some accounts, so it can't be shared out; correct them first")
    values = np.nan_to_num(values)
    territories = shown.plan.territories
    inside = territory >= 0
    load = np.bincount(territory[inside], values[inside], len(territories))
    by_id = {r.rep_id: r for r in shown.reps}
    shares: dict[int, float] = {}
    for rep_id in dict.fromkeys(t.rep for t in territories if t.rep in by_id):
        mine = [k for k, t in enumerate(territories) if t.rep == rep_id]
        capacity = capacity_at(by_id[rep_id], day, settings.ramp_profile)
        whole = float(load[mine].sum())
        for k in mine:
            part = float(load[k]) / whole if whole > 0 else 1 / len(mine)
            if capacity * part > 0 and not territories[k].locked:
                shares[territories[k].code] = capacity * part
    if len(shares) < 2:
        raise InputError("this needs two territories or more whose rep works on that day and that aren't locked")
    return EveningBasis(measure, values, shares, tuple(t.name for t in territories if t.code not in shares))


def _amounts(
    shown: PlanSnapshot, territory: NDArray[np.int64], measure: str, effort: Effort
) -> NDArray[np.float64] | None:
    accounts = shown.accounts
    if measure == "Accounts":
        return np.ones(len(accounts))
    if measure in {"Potential", "Revenue"}:
        words = POTENTIAL_WORDS if measure == "Potential" else REVENUE_WORDS
        return amounts(accounts, measure_named(accounts, words))
    tier, _ = account_tiers(accounts)
    if measure == "A accounts":
        return np.asarray(tier == "A", dtype=np.float64)
    by_id = {r.rep_id: r for r in shown.reps}
    homes = home_points([by_id[t.rep].home if t.rep in by_id else "" for t in shown.plan.territories])
    hours: NDArray[np.float64] = workload.with_territories(accounts, tier, territory, homes, effort).hours
    return hours
