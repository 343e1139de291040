"""Book units: units of a plan whose accounts, all or those of some layers, are units of their own."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.arrays import frozen
from terr.model.units import ACCOUNT, Units


def _none() -> NDArray[np.int16]:
    return np.zeros(0, dtype=np.int16)


@dataclass(frozen=True, eq=False)
class BookUnits(Units):
    """Areas, perhaps none, and behind them accounts as units: points without borders, ids "account:A-17".

    Accounts stand in the order in which they came to the plan, so that its history holds when others come.

    Attributes:
        areas: the units of the layer of areas, the first rows of `frame`; None without one.
        layers: names of the plan's layers, in order.
        layer_of: int16 (n,), the layer each unit belongs to. Read-only.
        drawn: bool (n,), its place is known; the others lie at the middle of the rest. Read-only.
        uncovered: ids of accounts that an overlay leaves out: they are no units, and lie in none of the areas.
    """

    areas: Units | None = None
    layers: tuple[str, ...] = ()
    layer_of: NDArray[np.int16] = field(default_factory=_none)
    drawn: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    uncovered: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "layer_of", frozen(self.layer_of, np.int16))
        object.__setattr__(self, "drawn", frozen(self.drawn, np.bool_))
        if len(self.layer_of) != len(self) or len(self.drawn) != len(self):
            raise PlanError("each area and each account needs a layer")
        if len(self.layer_of) and not 0 <= self.layer_of.min() <= self.layer_of.max() < len(self.layers):
            raise PlanError("an area or account is in a layer the plan doesn't have")

    @property
    def n_areas(self) -> int:
        """How many of the units are areas; accounts follow."""
        return 0 if self.areas is None else len(self.areas)

    @cached_property
    def loose(self) -> NDArray[np.bool_]:
        """bool (n,), units that touch nothing and need not: accounts. Read-only."""
        return frozen(np.arange(len(self)) >= self.n_areas, np.bool_)

    @cached_property
    def account_ids(self) -> tuple[str, ...]:
        """Ids of the accounts that are units, in their order, as the data set has them."""
        return tuple(i.removeprefix(ACCOUNT) for i in self.ids[self.n_areas :])

    @cached_property
    def account_codes(self) -> dict[str, int]:
        """account_id -> code of its unit."""
        return {i: c for c, i in enumerate(self.account_ids, self.n_areas)}
