"""The scorecard: the quick metrics of a plan, whole and per territory, in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.metrics import balance, shape
from terr.metrics.context import Context, UnitArrays

F = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scorecard:
    """How good a plan is, whole and per territory. m measures in the order of `measures`, k territories by position.

    Attributes:
        measures: m names.
        units: int64 (k,), number of units; components: int64 (k,), connected pieces.
        load, target, deviation: float64 (k, m); deviation = load / target - 1.
        area_km2, perimeter_km, polsby_popper: float64 (k,).
        centre_km: float64 (k, 2), load-weighted by the first measure; nan for a territory without units.
        max_deviation, cv_pct, gini, balance_index, max_min: float64 (m,); max_deviation is a share, not %.
        extra_components: pieces beyond one per territory that has units.
        unassigned_units: how many; unassigned_load: float64 (m,).
        polsby_popper_mean: over territories that have units.
        moment_of_inertia_km2, mean_distance_km, border_km: see `terr.metrics.shape`; weighed by the first measure.
    """

    measures: tuple[str, ...]
    units: NDArray[np.int64]
    components: NDArray[np.int64]
    load: F
    target: F
    deviation: F
    area_km2: F
    perimeter_km: F
    polsby_popper: F
    centre_km: F
    max_deviation: F
    cv_pct: F
    gini: F
    balance_index: F
    max_min: F
    extra_components: int
    unassigned_units: int
    unassigned_load: F
    polsby_popper_mean: float
    moment_of_inertia_km2: float
    mean_distance_km: float
    border_km: float

    def __post_init__(self) -> None:
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    def table(self) -> list[dict[str, Any]]:
        """One row per territory: position, units, components, area_km2, polsby_popper, and load, target and
        deviation_pct by measure."""
        return [
            {
                "territory": j,
                "units": int(self.units[j]),
                "components": int(self.components[j]),
                "area_km2": float(self.area_km2[j]),
                "polsby_popper": float(self.polsby_popper[j]),
                "load": dict(zip(self.measures, self.load[j].tolist(), strict=True)),
                "target": dict(zip(self.measures, self.target[j].tolist(), strict=True)),
                "deviation_pct": dict(zip(self.measures, (100 * self.deviation[j]).tolist(), strict=True)),
            }
            for j in range(len(self.units))
        ]


def score(
    slots: NDArray[Any],
    k: int,
    weights: NDArray[Any],
    measures: Sequence[str],
    targets: NDArray[Any] | None,
    units: UnitArrays,
) -> Scorecard:
    """The scorecard of a plan (all but Reock, which needs outlines: see `terr.metrics.shape.reock`).

    Args:
        slots: int (n,), territory position 0..k-1 per unit, -1 = unassigned.
        k: number of territories.
        weights: (n, m) or (n,); the first measure weighs distances.
        measures: m names.
        targets: (k, m), or None for equal shares of all units' totals.
        units: graph, borders, areas and points of the units.

    Raises:
        PlanError: if the arrays don't fit each other.
    """
    return scorecard(Context.of(slots, k, weights, measures, targets, units))


def scorecard(context: Context) -> Scorecard:
    """The scorecard of a context; what other metrics of the same context need is then computed already."""
    c, xy, w = context, np.asarray(context.units.xy_km), context.weights
    free, held = c.slots < 0, c.parts > 0
    return Scorecard(
        measures=c.measures,
        units=c.size,
        components=c.parts,
        load=c.load,
        target=c.goal,
        deviation=c.deviation,
        area_km2=c.area_km2,
        perimeter_km=c.perimeter_km,
        polsby_popper=c.polsby_popper,
        centre_km=shape.territory_centres(c.slots, xy, w[:, 0], c.k),
        max_deviation=balance.max_deviation(c.load, c.goal),
        cv_pct=balance.cv_pct(c.load),
        gini=balance.gini(c.load),
        balance_index=balance.balance_index(c.load, c.goal),
        max_min=balance.max_min(c.load),
        extra_components=int(np.maximum(c.parts - 1, 0).sum()),
        unassigned_units=int(free.sum()),
        unassigned_load=w[free].sum(axis=0),
        polsby_popper_mean=float(c.polsby_popper[held].mean()) if held.any() else 0.0,
        moment_of_inertia_km2=shape.moment_of_inertia(c.slots, xy, w[:, 0], c.k),
        mean_distance_km=shape.mean_distance_km(c.slots, xy, w[:, 0], c.k),
        border_km=shape.border_km(c.slots, c.units.indptr, c.units.indices, c.units.border_km),
    )
