"""A target divided for a plan or for today's owners, with what can be said of each quota."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.ingest.facts.fact_rows import OPEN, WON
from terr.people.attainability import Attainability, attainability, chance_to_reach, from_history
from terr.people.quotas import ManagerQuota, QuotaRules, Quotas, QuotaWeights, manager_levels
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.quotas.basis import KeyedBasis, QuotaPeriod

__all__ = ["QuotaRules", "QuotaWeights"]  # of another floor, for the command line and pages


@dataclass(frozen=True, eq=False)
class QuotaPipeline:
    """Deals of each key: `open`, float64 (k,), to be decided by the end of the period; `won`, float64 (k,), in it."""

    open: NDArray[np.float64]
    won: NDArray[np.float64]


def quota_pipeline(deals: JoinedFacts, of: NDArray[np.int64], k: int, period: QuotaPeriod) -> QuotaPipeline:
    """What deals say of a period's quotas.

    Args:
        deals: opportunities.
        of: int64 (n_accounts,), position of each account's key, -1 = none; k keys.
        period: of the quotas. An open deal counts if it is to be decided by its last day, or has no day; one that is
            overdue may still be won. A won deal counts if it was won in the period.
    """
    key = np.append(of, -1)[deals.account]  # -1 picks the last one
    days, status = deals.days("closed"), deals.facts.frame["status"].to_numpy()
    late = days > np.datetime64(period.last)  # NaT is never later
    inside = ~late & (days >= np.datetime64(period.first))
    sums = [
        np.bincount(key[use], deals.amounts[use], k).astype(np.float64)
        for use in ((key >= 0) & (status == OPEN) & ~late, (key >= 0) & (status == WON) & inside)
    ]
    return QuotaPipeline(sums[0], sums[1])


def chances(keyed: KeyedBasis, quotas: Quotas, deals: QuotaPipeline | None = None) -> tuple[Attainability, ...]:
    """Each quota beside potential, last period and pipeline, and the chance to reach it from like periods."""
    out = []
    for k, row in enumerate(quotas.rows):
        base = from_history(keyed.history[k][::-1]) if keyed.history.shape[1] > 1 else None
        chance = None if base is None else chance_to_reach(row.quota, base)
        potential = np.nan if keyed.basis.potential is None else float(keyed.basis.potential[k])
        last = np.nan if keyed.basis.last is None else float(keyed.basis.last[k])
        pipeline, won = (np.nan, 0.0) if deals is None else (float(deals.open[k]), float(deals.won[k]))
        out.append(
            attainability(row.key, row.quota, potential=potential, last=last, pipeline=pipeline, won=won, chance=chance)
        )
    return tuple(out)


def managers_of(keyed: KeyedBasis, quotas: Quotas, over: float, names: Mapping[str, str]) -> tuple[ManagerQuota, ...]:
    """Managers' quotas; reps without a manager on the roster are nobody's."""
    managers = ["" if r is None or not r.manager else names.get(r.manager, r.manager) for r in keyed.reps]
    return manager_levels(quotas, managers, over)


def quota_json(
    keyed: KeyedBasis, quotas: Quotas, over: float, names: Mapping[str, str], deals: QuotaPipeline | None = None
) -> dict[str, Any]:
    """The contract of `terr quota --json`; coverage is null without opportunities."""
    reached = chances(keyed, quotas, deals)
    return {
        "total": quotas.total,
        "weights": dict(quotas.weights),
        "over_assignment": over,
        "rows": [
            {
                "key": row.key,
                "rep": None if rep is None else rep.rep_id,
                "quota": row.quota,
                "share": row.share,
                "parts": dict(row.parts),
                "floor": row.floor,
                "cap": row.cap,
                "last": row.last,
                "of_potential": one.of_potential,
                "of_last": one.of_last,
                "coverage": one.coverage,
                "chance": one.chance,
            }
            for row, rep, one in zip(quotas.rows, keyed.reps, reached, strict=True)
        ],
        "managers": [
            {"manager": m.manager, "reps": list(m.reps), "street": m.street, "quota": m.quota}
            for m in managers_of(keyed, quotas, over, names)
        ],
        "notes": [*quotas.notes, *keyed.notes],
    }
