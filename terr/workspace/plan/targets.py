"""What each territory's load should be: one rule for the engine, the board and the exports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.model.plan import Plan
from terr.model.units import UNASSIGNED


def usable_units(plan: Plan) -> NDArray[np.bool_]:
    """bool (n_units,), what can be shared out: not in a locked territory, nor locked outside any territory."""
    closed = [t.code for t in plan.territories if t.locked]
    usable: NDArray[np.bool_] = ~np.isin(plan.assign, closed) & ~(plan.locked_units & (plan.assign == UNASSIGNED))
    return usable


def targets(
    plan: Plan, loads: NDArray[Any], shares: Mapping[int, float] | None = None, held: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """float64 (k,), in the loads' unit: what locked territories leave, divided among the others by their shares.

    A locked territory's own target is its share of everything, and so is everybody's if none is open.

    Args:
        plan: the plan.
        loads: (n_units,), one measure per unit.
        shares: territory code -> share of a full territory; 1 where not named.
        held: (k,), what each territory has by name, beside the units' loads.
    """
    more = np.zeros(len(plan.territories)) if held is None else held
    part = np.array([(shares or {}).get(t.code, 1.0) for t in plan.territories])
    out = (float(loads.sum()) + float(more.sum())) * part / part.sum() if len(part) else part
    is_open = np.array([not t.locked for t in plan.territories], dtype=np.bool_)
    if is_open.any() and not is_open.all():
        left = float(loads[usable_units(plan)].sum()) + float(more[is_open].sum())
        out[is_open] = left * part[is_open] / part[is_open].sum()
    return out
