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
    plan: Plan,
    loads: NDArray[Any],
    shares: Mapping[int, float] | None = None,
    held: NDArray[Any] | None = None,
    layer_of: NDArray[np.integer] | None = None,
) -> NDArray[np.float64]:
    """float64 (k,), in the loads' unit: what locked territories leave, divided among the others by their shares.

    A locked territory's own target is its share of everything, and so is everybody's if none is open. With layers each
    shares out its own load among its own territories; one without units belongs to no layer yet, and aims at the mean.

    Args:
        plan: the plan.
        loads: (n_units,), one measure per unit.
        shares: territory code -> share of a full territory; 1 where not named.
        held: (k,), what each territory has by name, beside the units' loads.
        layer_of: int (n_units,), the layer of each unit, for a plan of layers.
    """
    more = np.zeros(len(plan.territories)) if held is None else held
    part = np.array([(shares or {}).get(t.code, 1.0) for t in plan.territories])
    is_open = np.array([not t.locked for t in plan.territories], dtype=np.bool_)
    usable = usable_units(plan)
    if layer_of is None or layer_of.min(initial=0) == layer_of.max(initial=0):
        return _shared_out(part, is_open, float(loads.sum()), float(loads[usable].sum()), more)
    of = _layers_of(plan, layer_of)
    out = np.zeros(len(part))
    for layer in np.unique(of[of >= 0]).tolist():
        mine, units = of == layer, layer_of == layer
        whole, left = float(loads[units].sum()), float(loads[units & usable].sum())
        out[mine] = _shared_out(part[mine], is_open[mine], whole, left, more[mine])
    empty = of < 0
    if empty.all():
        return _shared_out(part, is_open, float(loads.sum()), float(loads[usable].sum()), more)
    out[empty] = part[empty] * out[~empty].sum() / part[~empty].sum()
    return out


def _shared_out(
    part: NDArray[np.float64], is_open: NDArray[np.bool_], whole: float, left: float, more: NDArray[Any]
) -> NDArray[np.float64]:
    out = (whole + float(more.sum())) * part / part.sum() if len(part) else part
    if is_open.any() and not is_open.all():
        out[is_open] = (left + float(more[is_open].sum())) * part[is_open] / part[is_open].sum()
    return out


def _layers_of(plan: Plan, layer_of: NDArray[np.integer]) -> NDArray[np.int64]:
    """int64 (k,), the layer of each territory, that of its first unit; -1 = it has none."""
    slots = plan.slots()
    on = np.flatnonzero(slots >= 0)
    out = np.full(len(plan.territories), -1, dtype=np.int64)
    found, first = np.unique(slots[on], return_index=True)
    out[found] = layer_of[on[first]]
    return out
