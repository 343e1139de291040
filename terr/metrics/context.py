"""Context: one plan with what is needed to measure it; what several metrics share is computed once, when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.metrics import balance, shape

F = NDArray[np.float64]
Ints = NDArray[np.int64]


class UnitArrays(Protocol):
    """What metrics need of the units; `terr.model.units.Units` has it."""

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


@dataclass(frozen=True, eq=False)
class Context:
    """One plan to be measured: n units, k territories, m measures. Arrays are kept as read-only copies.

    Attributes:
        slots: int64 (n,), territory position 0..k-1 per unit, -1 = unassigned.
        k: number of territories.
        weights: float64 (n, m), loads; the first measure weighs distances.
        measures: m names.
        targets: float64 (k, m), in the measures' units, or None for equal shares of all units' totals.
        units: graph, borders (km), areas (km2) and points (km) of the units.
        accounts: float64 (n,), accounts located on each unit, or None.
        before: int64 (n,), the plan it is compared with in the same naming of territories, -1 = unassigned, or None.
        outlines_km: (n,) shapely geometries on an equal-area plane in km, or None.

    Raises:
        PlanError: if the arrays don't fit each other.
    """

    slots: Ints
    k: int
    weights: F
    measures: tuple[str, ...]
    targets: F | None
    units: UnitArrays
    accounts: F | None = None
    before: Ints | None = None
    outlines_km: NDArray[Any] | None = None

    def __post_init__(self) -> None:
        a = np.array(self.slots).astype(np.int64)
        w = np.array(self.weights, np.float64)
        w = w[:, None] if w.ndim == 1 else w
        n = len(np.asarray(self.units.area_km2))
        if a.ndim != 1 or w.ndim != 2 or len(w) != len(a) or n != len(a) or w.shape[1] != len(self.measures):
            raise PlanError("the plan, the loads and the units don't fit each other")
        if len(a) and (a.min() < -1 or a.max() >= self.k):
            raise PlanError(f"the plan names a territory outside 0 to {self.k - 1}")
        goal = None if self.targets is None else np.array(self.targets, np.float64).reshape(-1, w.shape[1])
        if goal is not None and goal.shape != (self.k, w.shape[1]):
            raise PlanError(f"targets must be {self.k} rows of {w.shape[1]} number(s)")
        counts = None if self.accounts is None else np.array(self.accounts, np.float64)
        was = None if self.before is None else np.array(self.before).astype(np.int64)
        for what, values in (("accounts", counts), ("earlier plan", was), ("outlines", self.outlines_km)):
            if values is not None and len(values) != n:
                raise PlanError(f"the {what} must have an entry for each of {n} units")
        fixed = {
            "slots": a,
            "weights": w,
            "measures": tuple(self.measures),
            "targets": goal,
            "accounts": counts,
            "before": was,
        }
        for name, value in fixed.items():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)
            object.__setattr__(self, name, value)

    @classmethod
    def of(
        cls, slots: Any, k: int, weights: Any, measures: Sequence[str], targets: Any, units: UnitArrays, **more: Any
    ) -> Context:
        """A context from anything array-like; see the attributes."""
        return cls(slots, int(k), weights, tuple(measures), targets, units, **more)

    @cached_property
    def load(self) -> F:
        """float64 (k, m), sums per territory."""
        return _fixed(balance.loads(self.slots, self.weights, self.k))

    @cached_property
    def goal(self) -> F:
        """float64 (k, m), targets, equal shares if none are given."""
        return _fixed(balance.equal_targets(self.weights, self.k) if self.targets is None else self.targets.copy())

    @cached_property
    def deviation(self) -> F:
        """float64 (k, m), load / target - 1."""
        return _fixed(balance.deviation(self.load, self.goal))

    @cached_property
    def size(self) -> Ints:
        """int64 (k,), number of units."""
        return _fixed(np.bincount(self.slots[self.slots >= 0], minlength=self.k).astype(np.int64))

    @cached_property
    def parts(self) -> Ints:
        """int64 (k,), connected pieces."""
        return _fixed(shape.components(self.slots, self.units.indptr, self.units.indices, self.k))

    @cached_property
    def area_km2(self) -> F:
        """float64 (k,), km2."""
        on = self.slots >= 0
        return _fixed(np.bincount(self.slots[on], np.asarray(self.units.area_km2)[on], self.k).astype(np.float64))

    @cached_property
    def perimeter_km(self) -> F:
        """float64 (k,), km."""
        u = self.units
        return _fixed(shape.perimeter_km(self.slots, u.indptr, u.indices, u.border_km, np.asarray(u.outer_km), self.k))

    @cached_property
    def polsby_popper(self) -> F:
        """float64 (k,), 0 for a territory without units."""
        around = self.perimeter_km
        return _fixed(np.where(around > 0, 4 * np.pi * self.area_km2 / np.where(around > 0, around, 1.0) ** 2, 0.0))

    @cached_property
    def reock(self) -> F:
        """float64 (k,), 0 for a territory without units.

        Raises:
            PlanError: without outlines.
        """
        if self.outlines_km is None:
            raise PlanError("the outlines of the units are needed")
        return _fixed(shape.reock(self.slots, self.outlines_km, np.asarray(self.units.area_km2), self.k))

    def earlier(self) -> Ints:
        """The plan to compare with.

        Raises:
            PlanError: without one.
        """
        if self.before is None:
            raise PlanError("there is no earlier plan to compare with")
        return self.before

    def counts(self) -> F:
        """Accounts per unit.

        Raises:
            PlanError: without them.
        """
        if self.accounts is None:
            raise PlanError("the number of accounts on each unit is needed")
        return self.accounts


def _fixed(values: NDArray[Any]) -> NDArray[Any]:
    values.setflags(write=False)
    return values
