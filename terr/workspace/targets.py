"""What each territory's load should be: one rule for the engine, the board and the exports."""

from __future__ import annotations

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


def targets(plan: Plan, loads: NDArray[Any]) -> NDArray[np.float64]:
    """float64 (k,), in the loads' unit: what locked territories leave, divided equally among the others.

    A locked territory's own target is an equal share of everything, and so is everybody's if none is open.

    Args:
        plan: the plan.
        loads: (n_units,), one measure per unit.
    """
    k = len(plan.territories)
    out = np.full(k, float(loads.sum()) / k if k else 0.0)
    is_open = np.array([not t.locked for t in plan.territories], dtype=np.bool_)
    if is_open.any() and not is_open.all():
        out[is_open] = float(loads[usable_units(plan)].sum()) / int(is_open.sum())
    return out
