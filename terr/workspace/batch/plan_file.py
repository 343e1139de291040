"""Plan files as plans, without a store."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.plan import Plan, Territory
from terr.model.units import UNASSIGNED, Units
from terr.report.plan import read_plan_csv
from terr.workspace.plan.editing import natural


def read_plan(data: bytes, units: Units) -> Plan:
    """A plan file as a plan; territories in the order a person counts them.

    Raises:
        InputError: if it doesn't fit the units, or assigns none.
    """
    names = read_plan_csv(data, units)
    order = sorted({n for n in names if n}, key=natural)
    if not order:
        raise InputError("the plan file assigns no unit to any territory; fill its territory column")
    at = {n: j for j, n in enumerate(order)}
    return plan_of(units, np.array([at.get(n, UNASSIGNED) for n in names], dtype=np.int16), order)


def plan_of(units: Units, slots: NDArray[np.int16], names: Sequence[str]) -> Plan:
    """A plan whose territories are in the order of their names."""
    return Plan(
        assign=slots,
        territories=tuple(Territory(j, n) for j, n in enumerate(names)),
        locked_units=np.zeros(len(units), dtype=np.bool_),
        units_version=units.version,
    )
