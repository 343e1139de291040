"""The registry of measures of a plan, and the scorecard that computes the quick ones in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.metrics import balance, shape

F = NDArray[np.float64]


class UnitArrays(Protocol):
    """What a scorecard needs of the units; `terr.model.units.Units` has it."""

    @property
    def indptr(self) -> NDArray[Any]:
        """CSR row pointers."""
        ...

    @property
    def indices(self) -> NDArray[Any]:
        """CSR neighbours."""
        ...

    @property
    def border_km(self) -> NDArray[Any]:
        """Per CSR entry, km."""
        ...

    @property
    def outer_km(self) -> NDArray[Any]:
        """(n,), km."""
        ...

    @property
    def area_km2(self) -> NDArray[Any]:
        """(n,), km2."""
        ...

    @property
    def xy_km(self) -> NDArray[Any]:
        """(n, 2), km."""
        ...


@dataclass(frozen=True)
class Metric:
    """One entry of the registry: what it is called, how it is computed, in what unit, and which way is better."""

    key: str
    name: str
    formula: str
    unit: str
    better: str
    source: str = ""

    def __post_init__(self) -> None:
        if self.better not in {"lower", "higher"}:
            raise PlanError(f'"{self.better}" is not a direction; say lower or higher')


METRICS: dict[str, Metric] = {
    m.key: m
    for m in (
        Metric("max_deviation_pct", "Largest deviation", "max |load / target - 1| x 100", "%", "lower"),
        Metric("cv_pct", "Coefficient of variation", "standard deviation / mean of loads x 100", "%", "lower"),
        Metric("gini", "Gini", "sum |x_i - x_j| / (2 k^2 mean)", "0 to 1", "lower", "Gini 1912"),
        Metric("balance_index", "Balance index", "100 x (1 - mean |deviation|), at least 0", "0 to 100", "higher"),
        Metric("max_min", "Largest to smallest", "max load / min load", "ratio", "lower"),
        Metric("extra_components", "Extra pieces", "connected pieces beyond one per territory", "pieces", "lower"),
        Metric("unassigned_units", "Unassigned units", "units without a territory", "units", "lower"),
        Metric("polsby_popper", "Polsby-Popper", "4 pi area / perimeter^2", "0 to 1", "higher", "Polsby, Popper 1991"),
        Metric("reock", "Reock", "area / area of the smallest enclosing circle", "0 to 1", "higher", "Reock 1961"),
        Metric(
            "moment_of_inertia_km2", "Moment of inertia", "sum load x distance^2 to the centre / sum load", "km2",
            "lower", "Weaver, Hess 1963",
        ),
        Metric("mean_distance_km", "Mean distance", "load-weighted mean distance to the centre", "km", "lower"),
        Metric("border_km", "Inner border", "length of borders between territories", "km", "lower"),
        Metric("units_pct", "Units that move", "units with another territory / all units x 100", "%", "lower"),
        Metric("accounts_pct", "Accounts that move", "accounts that change / located accounts x 100", "%", "lower"),
        Metric("load_pct", "Load that moves", "load on units with another territory / all load x 100", "%", "lower"),
    )
}  # fmt: skip
"""Every measure of a plan Terr shows, by key."""


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
    a = np.asarray(slots).astype(np.int64)
    w = np.asarray(weights, np.float64)
    w = w[:, None] if w.ndim == 1 else w
    area, outer, xy = np.asarray(units.area_km2), np.asarray(units.outer_km), np.asarray(units.xy_km)
    if a.ndim != 1 or len(w) != len(a) or len(area) != len(a) or w.shape[1] != len(measures):
        raise PlanError("the plan, the loads and the units don't fit each other")
    if len(a) and (a.min() < -1 or a.max() >= k):
        raise PlanError(f"the plan names a territory outside 0 to {k - 1}")
    goal = balance.equal_targets(w, k) if targets is None else np.asarray(targets, np.float64).reshape(-1, w.shape[1])
    if goal.shape != (k, w.shape[1]):
        raise PlanError(f"targets must be {k} rows of {w.shape[1]} number(s)")
    load = balance.loads(a, w, k)
    on = a >= 0
    parts = shape.components(a, units.indptr, units.indices, k)
    around = shape.perimeter_km(a, units.indptr, units.indices, units.border_km, outer, k)
    size = np.bincount(a[on], area[on], k).astype(np.float64)
    pp = np.where(around > 0, 4 * np.pi * size / np.where(around > 0, around, 1.0) ** 2, 0.0)
    return Scorecard(
        measures=tuple(measures),
        units=np.bincount(a[on], minlength=k).astype(np.int64),
        components=parts,
        load=load,
        target=goal.copy(),
        deviation=balance.deviation(load, goal),
        area_km2=size,
        perimeter_km=around,
        polsby_popper=pp,
        centre_km=shape.territory_centres(a, xy, w[:, 0], k),
        max_deviation=balance.max_deviation(load, goal),
        cv_pct=balance.cv_pct(load),
        gini=balance.gini(load),
        balance_index=balance.balance_index(load, goal),
        max_min=balance.max_min(load),
        extra_components=int(np.maximum(parts - 1, 0).sum()),
        unassigned_units=int((~on).sum()),
        unassigned_load=w[~on].sum(axis=0),
        polsby_popper_mean=float(pp[parts > 0].mean()) if (parts > 0).any() else 0.0,
        moment_of_inertia_km2=shape.moment_of_inertia(a, xy, w[:, 0], k),
        mean_distance_km=shape.mean_distance_km(a, xy, w[:, 0], k),
        border_km=shape.border_km(a, units.indptr, units.indices, units.border_km),
    )
