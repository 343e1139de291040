"""Context: one plan with what is needed to measure it; what several metrics share is computed once, when asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.metrics import balance, shape
from terr.metrics.tally import Tally, UnitArrays

F = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Context:
    """One plan to be measured: n units, k territories, m measures.

    Attributes:
        tally: the territories' sums and shapes; the first of its measures weighs distances.
        measures: m names.
        targets: float64 (k, m), in the measures' units, or None for equal shares of everything.
        named: float64 (k, m), loads of accounts that go to a territory by name, in no unit's load; None = none.
        named_accounts: int64 (k,), how many those are; None = none.
        before: int (n,), the plan it is compared with in the codes of `tally.assign`, -1 = unassigned, or None.
        handed: float64 (m,) loads and number of accounts that change hands, counted account by account where the plan
            it is compared with isn't made of whole units; None = counted by `before`.
        outlines: gives (n,) shapely geometries on an equal-area plane in km; called only if a metric asks.

    Raises:
        PlanError: if the arrays don't fit each other.
    """

    tally: Tally
    measures: tuple[str, ...]
    targets: F | None = None
    named: F | None = None
    named_accounts: NDArray[np.int64] | None = None
    before: NDArray[Any] | None = None
    outlines: Callable[[], NDArray[Any]] | None = None
    handed: tuple[F, int] | None = None

    def __post_init__(self) -> None:
        n, shape_ = len(self.tally.assign), self.tally.load.shape
        lengths = {len(self.tally.counts), len(self.units.area_km2), n}
        if self.weights.shape != (n, len(self.measures)) or len(lengths) > 1:
            raise PlanError("the plan, the loads and the units don't fit each other")
        for what, values in (("targets", self.targets), ("loads by name", self.named)):
            if values is not None and values.shape != shape_:
                raise PlanError(f"{what} must be {shape_[0]} rows of {shape_[1]} number(s)")
        if self.before is not None and len(self.before) != n:
            raise PlanError(f"the earlier plan must have an entry for each of {n} units")

    @property
    def k(self) -> int:
        """Number of territories."""
        return len(self.tally.codes)

    @property
    def units(self) -> UnitArrays:
        """The units."""
        return self.tally.units

    @property
    def weights(self) -> F:
        """float64 (n, m), loads per unit."""
        loads = self.tally.loads
        return loads if loads.ndim == 2 else loads[:, None]

    @cached_property
    def slots(self) -> NDArray[np.int64]:
        """int64 (n,), territory position 0..k-1 per unit, -1 = unassigned."""
        codes = np.array([*self.tally.codes, -1], dtype=np.int64)
        at = np.full(codes.max() + 2, -1)
        at[codes[:-1]] = np.arange(self.k)
        out: NDArray[np.int64] = at[self.tally.assign]  # -1 picks the last cell, which no code reaches
        return out

    @cached_property
    def free(self) -> NDArray[np.bool_]:
        """bool (n,), units without a territory."""
        return np.asarray(self.tally.assign < 0)

    @cached_property
    def total(self) -> F:
        """float64 (m,), everything there is of each measure, in a territory or not."""
        out: F = self.weights.sum(axis=0) + (0.0 if self.named is None else self.named.sum(axis=0))
        return out

    @cached_property
    def all_accounts(self) -> int:
        """How many there are, in a territory or not."""
        return int(self.tally.counts.sum()) + int(0 if self.named_accounts is None else self.named_accounts.sum())

    @cached_property
    def load(self) -> F:
        """float64 (k, m), sums per territory, accounts by name included."""
        return self.tally.load if self.named is None else self.tally.load + self.named

    @cached_property
    def accounts(self) -> NDArray[np.int64]:
        """int64 (k,), accounts per territory, those by name included."""
        more = self.named_accounts
        return self.tally.accounts if more is None else self.tally.accounts + more

    @cached_property
    def goal(self) -> F:
        """float64 (k, m), targets, equal shares if none are given."""
        return np.tile(self.total / max(self.k, 1), (self.k, 1)) if self.targets is None else self.targets

    @cached_property
    def shared(self) -> NDArray[np.bool_]:
        """bool (m,), there are territories and something of a measure to share out; else balance means nothing."""
        return np.asarray((self.total > 0) & (self.k > 0))

    @cached_property
    def deviation(self) -> F:
        """float64 (k, m), load / target - 1; NaN for a measure of which there is nothing to share out."""
        return np.where(self.shared, balance.deviation(self.load, self.goal), np.nan)

    @cached_property
    def reock(self) -> F:
        """float64 (k,), 0 for a territory without units.

        Raises:
            PlanError: without outlines.
        """
        if self.outlines is None:
            raise PlanError("the outlines of the units are needed")
        return shape.reock(self.slots, self.outlines(), np.asarray(self.units.area_km2), self.k)

    @cached_property
    def changed(self) -> NDArray[np.bool_]:
        """bool (n,), units of another territory than before; from or to unassigned counts.

        Raises:
            PlanError: without an earlier plan.
        """
        if self.before is None:
            raise PlanError("there is no earlier plan to compare with")
        return np.asarray(self.before != self.tally.assign)

    @property
    def moved_load(self) -> F:
        """float64 (m,), load that moves."""
        return self.weights[self.changed].sum(axis=0) if self.handed is None else self.handed[0]

    @property
    def moved_accounts(self) -> int:
        """How many accounts change hands."""
        return int(self.tally.counts[self.changed].sum()) if self.handed is None else self.handed[1]
