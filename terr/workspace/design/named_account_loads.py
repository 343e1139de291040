"""Loads that go by name, given to the engine: each territory's is laid on one unit that stays with it.

The engine shares out units; what a territory has whatever its units are counts in its load all the same. So it is added
to a unit of the territory, and that unit is locked: loads, limits, distances and proofs are then right as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import override_loads
from terr.model.accounts import Accounts
from terr.model.overrides import Overrides
from terr.model.plan import Plan
from terr.model.result import Explanation
from terr.model.units import Units
from terr.view.text import count


@dataclass(frozen=True, eq=False)
class NamedAccountLoads:
    """Loads and locks with what goes by name in them.

    Attributes:
        loads: float64 (n_units, m).
        locked: int16 (n_units,), slot a unit is fixed to, -1 = free.
        anchors: territory code -> unit its load was laid on.
        notes: what a person should know.
    """

    loads: NDArray[np.float64]
    locked: NDArray[np.int16]
    anchors: Mapping[int, int]
    notes: tuple[Explanation, ...] = ()


def with_named_accounts(
    units: Units,
    plan: Plan,
    accounts: Accounts,
    held: Overrides,
    measures: Sequence[str],
    loads: NDArray[np.float64],
    locked: NDArray[np.int16],
    slots: Sequence[int],
    usable: NDArray[np.bool_],
) -> NamedAccountLoads:
    """Lay what goes by name on a unit of each territory.

    A locked unit of the territory is taken if there is one, else the one nearest to its middle.

    Args:
        units: n units.
        plan: as it is.
        accounts: of the plan.
        held: which of them go by name.
        measures: m names, the columns of `loads`.
        loads: float64 (n, m), of the accounts that follow geography.
        locked: int16 (n,), slot a unit is fixed to, -1 = free.
        slots: territory code each slot must become, -1 = any.
        usable: bool (n,), units the engine is given.
    """
    if not len(held):
        return NamedAccountLoads(loads, locked, {})
    by_name, named = override_loads(accounts, plan, measures, held)
    out, fixed = loads.copy(), locked.copy()
    anchors: dict[int, int] = {}
    notes: list[Explanation] = []
    for j, territory in enumerate(plan.territories):
        if not named[j] or territory.locked:  # a locked territory isn't the engine's
            continue
        slot = next((i for i, code in enumerate(slots) if code == territory.code), -1)
        mine = np.flatnonzero((plan.assign == territory.code) & usable)
        if slot < 0 or not len(mine):
            notes.append(
                Explanation(
                    "exception_without_place",
                    f"{territory.name} has {count(int(named[j]), 'account')} by exception but "
                    f"{'no area yet' if slot >= 0 else 'is not kept'}, so they aren't counted while it is designed",
                )
            )
            continue
        kept = mine[fixed[mine] == slot]
        from_where = kept if len(kept) else mine
        weight = loads[mine, 0] if loads[mine, 0].sum() > 0 else np.ones(len(mine))
        middle = np.average(units.xy_km[mine], axis=0, weights=weight)
        unit = int(from_where[((units.xy_km[from_where] - middle) ** 2).sum(axis=1).argmin()])
        out[unit] += by_name[j]
        fixed[unit] = slot
        anchors[territory.code] = unit
        notes.append(
            Explanation(
                "exceptions_counted",
                f"{territory.name} keeps {count(int(named[j]), 'account')} by exception; "
                f"{units.names[unit]} stays with it",
                (unit,),
            )
        )
    return NamedAccountLoads(out, fixed, anchors, tuple(notes))
