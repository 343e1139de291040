"""How many reps a company needs, by three methods side by side, and what each rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.reps import Rep
from terr.people.capacity import Ramp, Service, capacity_on, hiring_plan
from terr.people.sizing import (
    USUAL_ELASTICITY,
    MarginalSize,
    PotentialSize,
    TierWork,
    WorkloadSize,
    by_marginal_return,
    by_potential,
    by_workload,
)
from terr.workspace.reps.team import (
    POTENTIAL_WORDS,
    REVENUE_WORDS,
    account_tiers,
    amounts,
    covering,
    measure_named,
    owner_codes,
)

USUAL_CALLS: Mapping[str, float] = {"A": 24.0, "B": 12.0, "C": 4.0}
USUAL_MINUTES: Mapping[str, float] = {"A": 60.0, "B": 45.0, "C": 30.0}
SELLING_HOURS = 1_200.0


@dataclass(frozen=True)
class SizeRequest:
    """What sizing assumes; all of it is the user's to change.

    Attributes:
        calls, minutes: tier -> calls a year and minutes a call; tiers that aren't named get no calls.
        selling_hours: a year of one full rep.
        margin: contribution as a share of sales; cost: of a rep a year.
        elasticity: of sales to the number of reps.
        travel_hours: a year in all.
    """

    calls: Mapping[str, float] = field(default_factory=lambda: dict(USUAL_CALLS))
    minutes: Mapping[str, float] = field(default_factory=lambda: dict(USUAL_MINUTES))
    selling_hours: float = SELLING_HOURS
    margin: float = 0.3
    cost: float = 150_000.0
    elasticity: float = USUAL_ELASTICITY
    travel_hours: float = 0.0


@dataclass(frozen=True)
class TeamSize:
    """What three methods say.

    Attributes:
        tiers: with their work; workload: Talley's method.
        potential, marginal: Semlow's and marginal return, None where they can't be used.
        why_not: method -> why it can't be used.
        reps: who can own a territory today; capacity: their shares on the day, added up.
        notes: what was taken for granted.
    """

    tiers: tuple[TierWork, ...]
    workload: WorkloadSize
    potential: PotentialSize | None
    marginal: MarginalSize | None
    why_not: Mapping[str, str]
    reps: int
    capacity: float
    notes: tuple[str, ...]


def team_size(
    accounts: Accounts,
    reps: Sequence[Rep],
    request: SizeRequest,
    day: date,
    *,
    territory: NDArray[np.int64] | None = None,
    ramp: Ramp | None = None,
) -> TeamSize:
    """Size a team.

    Args:
        accounts: n accounts.
        reps: the roster.
        request: assumptions.
        day: as of which capacity counts.
        territory: int64 (n,), the territory of each account for Semlow's method; by default its owner's.
        ramp: of new reps.

    Raises:
        InputError: for assumptions that can't be.
    """
    labels, told = account_tiers(accounts)
    notes = [f"Tiers: {told}"]
    names = sorted({str(v) for v in labels.tolist()})
    calls = {k.casefold(): v for k, v in request.calls.items()}
    minutes = {k.casefold(): v for k, v in request.minutes.items()}
    unknown = [n for n in names if n.casefold() not in calls]
    if unknown:
        notes.append(f"No calls are given for {', '.join(n or 'accounts without a tier' for n in unknown[:5])}")
    if extra := [k for k in request.calls if k.casefold() not in {n.casefold() for n in names}]:
        raise InputError(f"no account is in tier {extra[0]}; there are {', '.join(n for n in names if n)}")
    tiers = tuple(
        TierWork(n, int((labels == n).sum()), calls.get(n.casefold(), 0.0), minutes.get(n.casefold(), 45.0))
        for n in names
    )
    workload = by_workload(tiers, request.selling_hours, request.travel_hours)
    can = covering(reps)
    sales = amounts(accounts, measure_named(accounts, REVENUE_WORDS))
    potential = amounts(accounts, measure_named(accounts, POTENTIAL_WORDS))
    why_not: dict[str, str] = {}
    semlow: PotentialSize | None = None
    marginal: MarginalSize | None = None
    if sales is None or potential is None:
        why_not["potential"] = "it needs a measure of revenue and one of potential"
    else:
        of = owner_codes(accounts, can) if territory is None else territory
        k = len(can) if territory is None else int(of.max(initial=-1)) + 1
        there = (of >= 0) & (of < k)
        try:
            semlow = by_potential(
                np.bincount(of[there], sales[there], k).astype(np.float64),
                np.bincount(of[there], potential[there], k).astype(np.float64),
                request.margin,
                request.cost,
            )
        except InputError as error:
            why_not["potential"] = str(error)
    try:
        marginal = by_marginal_return(
            len(can),
            float("nan") if sales is None else float(sales.sum()),
            request.margin,
            request.cost,
            request.elasticity,
        )
    except InputError as error:
        why_not["marginal"] = str(error)
    capacity = sum(capacity_on(Service(r.start, r.end, r.capacity), day, ramp or Ramp()) for r in can)
    return TeamSize(tiers, workload, semlow, marginal, why_not, len(can), capacity, tuple(notes))


def size_json(found: TeamSize) -> dict[str, Any]:
    """What `terr size --json` prints."""
    work, semlow, more = found.workload, found.potential, found.marginal
    return {
        "tiers": [
            {
                "tier": t.tier,
                "accounts": t.accounts,
                "calls": t.calls,
                "minutes": t.minutes,
                "hours": t.hours,
                "accounts_per_rep": work.each[t.tier],
            }
            for t in found.tiers
        ],
        "workload": {"hours": work.hours, "selling_hours": work.selling_hours, "reps": work.reps},
        "potential": None
        if semlow is None
        else {
            "reps": semlow.reps,
            "response": semlow.response,
            "low": None if np.isnan(semlow.low) else semlow.low,
            "high": None if np.isnan(semlow.high) else semlow.high,
            "sales": semlow.sales,
            "profit": semlow.profit,
            "note": semlow.note,
        },
        "marginal": None
        if more is None
        else {
            "reps": more.reps,
            "next_sales": more.next_sales,
            "next_margin": more.next_margin,
            "cost": more.cost,
        },
        "why_not": dict(found.why_not),
        "reps": found.reps,
        "capacity": found.capacity,
        "notes": list(found.notes),
    }


def calls_frame(accounts: Accounts) -> pd.DataFrame:
    """The page's table: `Tier`, `Accounts`, `Calls a year`, `Minutes a call`, as usual."""
    labels, _ = account_tiers(accounts)
    names = sorted({str(v) for v in labels.tolist()})
    return pd.DataFrame(
        {
            "Tier": names,
            "Accounts": [int((labels == n).sum()) for n in names],
            "Calls a year": [USUAL_CALLS.get(n, 4.0) for n in names],
            "Minutes a call": [USUAL_MINUTES.get(n, 45.0) for n in names],
        }
    )


def request_from(
    frame: pd.DataFrame, selling_hours: float, margin: float, cost: float, elasticity: float
) -> SizeRequest:
    """What the page's fields say."""
    rows = frame.fillna({"Calls a year": 0.0, "Minutes a call": 0.0}).to_dict("records")
    calls = {str(r["Tier"]): float(r["Calls a year"]) for r in rows}
    minutes = {str(r["Tier"]): float(r["Minutes a call"]) for r in rows}
    return SizeRequest(calls, minutes, selling_hours, margin, cost, elasticity)


def ramp_from(text: str) -> Ramp:
    """A ramp written as "0, 25, 50, 75, 100", in percent.

    Raises:
        InputError: for anything else.
    """
    try:
        shares = tuple(float(v.strip().rstrip("%")) / 100 for v in text.split(",") if v.strip())
    except ValueError:
        raise InputError("write the ramp as percentages by month, such as 0, 25, 50, 75, 100") from None
    return Ramp(shares)


def hiring_frame(reps: Sequence[Rep], needed: float, attrition: float, ramp: Ramp, day: date) -> pd.DataFrame:
    """Twelve months of hiring as a table: `Month`, `Start`, `Needed`, `Today's reps`, `New reps`, `Short`."""
    first = day.replace(day=1)
    months = [date(first.year + (first.month - 1 + k) // 12, (first.month - 1 + k) % 12 + 1, 1) for k in range(12)]
    # a vacancy isn't there, whatever start it has
    there = [sum(capacity_on(Service(r.start, r.end, r.capacity), m, ramp) for r in covering(reps)) for m in months]
    plan = hiring_plan([needed] * 12, there, first, attrition=attrition, ramp=ramp)
    return pd.DataFrame(
        {
            "Month": [f"{m.month:%b %Y}" for m in plan],
            "Start": [m.hires for m in plan],
            "Needed": [m.needed for m in plan],
            "Today's reps": [m.there for m in plan],
            "New reps": [m.hired for m in plan],
            "Short": [m.short for m in plan],
        }
    )
