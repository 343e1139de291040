"""A target divided for a plan or for today's owners, with what can be said of each quota."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from terr.people.attainability import Attainability, attainability, chance_to_reach, from_history
from terr.people.quotas import ManagerQuota, QuotaRules, Quotas, QuotaWeights, manager_levels
from terr.workspace.quotas.basis import KeyedBasis

__all__ = ["QuotaRules", "QuotaWeights"]  # of another floor, for the command line and pages


def chances(keyed: KeyedBasis, quotas: Quotas) -> tuple[Attainability, ...]:
    """Each quota beside potential and last period, and the chance to reach it from like periods."""
    out = []
    for k, row in enumerate(quotas.rows):
        base = from_history(keyed.history[k][::-1]) if keyed.history.shape[1] > 1 else None
        chance = None if base is None else chance_to_reach(row.quota, base)
        potential = np.nan if keyed.basis.potential is None else float(keyed.basis.potential[k])
        last = np.nan if keyed.basis.last is None else float(keyed.basis.last[k])
        out.append(attainability(row.key, row.quota, potential=potential, last=last, chance=chance))
    return tuple(out)


def managers_of(keyed: KeyedBasis, quotas: Quotas, over: float, names: Mapping[str, str]) -> tuple[ManagerQuota, ...]:
    """Managers' quotas; reps without a manager on the roster are nobody's."""
    managers = ["" if r is None or not r.manager else names.get(r.manager, r.manager) for r in keyed.reps]
    return manager_levels(quotas, managers, over)


def quota_json(keyed: KeyedBasis, quotas: Quotas, over: float, names: Mapping[str, str]) -> dict[str, Any]:
    """The contract of `terr quota --json`."""
    reached = chances(keyed, quotas)
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
