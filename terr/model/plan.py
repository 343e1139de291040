"""Plan: one complete assignment of units to territories."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.arrays import frozen
from terr.model.units import UNASSIGNED

MAX_TERRITORIES = 500


@dataclass(frozen=True)
class Territory:
    """A territory of a plan.

    Attributes:
        code: small non-negative int, unique in the plan, never reused within a scenario's history.
        name: display name, unique in the plan, at most 80 characters.
        rep: rep_id of who covers it, "" if nobody.
        locked: True keeps its units from being changed by the optimiser or by painting.
        color: index into the map's palette; kept while the territory lives.
    """

    code: int
    name: str
    rep: str = ""
    locked: bool = False
    color: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.code < 32_000:
            raise PlanError(f"territory code {self.code} is out of range")
        if not self.name.strip() or len(self.name) > 80:
            raise PlanError("a territory's name needs 1 to 80 characters")


@dataclass(frozen=True, eq=False)
class Plan:
    """Immutable; edits return new plans.

    Attributes:
        assign: int16 (n_units,), territory code per unit, -1 = unassigned. Read-only.
        territories: sorted by code.
        locked_units: bool (n_units,), True = neither painted nor moved by the optimiser. Read-only.
        units_version: `Units.version` this plan was made on.
    """

    assign: NDArray[np.int16]
    territories: tuple[Territory, ...]
    locked_units: NDArray[np.bool_]
    units_version: str
    _by_code: dict[int, Territory] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "assign", frozen(self.assign, np.int16))
        object.__setattr__(self, "locked_units", frozen(self.locked_units, np.bool_))
        if len(self.locked_units) != len(self.assign):
            raise PlanError("locks don't fit the areas")
        codes = [t.code for t in self.territories]
        if codes != sorted(set(codes)):
            raise PlanError("territory codes must be unique and sorted")
        if len(codes) > MAX_TERRITORIES:
            raise PlanError(f"a plan holds at most {MAX_TERRITORIES} territories")
        names = [t.name.casefold() for t in self.territories]
        if len(set(names)) != len(names):
            twice = next(n for n in names if names.count(n) > 1)
            raise PlanError(f'two territories are called "{twice}"; give one another name')
        unknown = sorted(set(np.unique(self.assign).tolist()) - {UNASSIGNED, *codes})
        if unknown:
            raise PlanError(f"areas are assigned to unknown territory code {unknown[0]}")
        object.__setattr__(self, "_by_code", {t.code: t for t in self.territories})

    @classmethod
    def empty(cls, n_units: int, units_version: str) -> Plan:
        """A plan without territories: every unit is unassigned."""
        return cls(
            assign=np.full(n_units, UNASSIGNED, dtype=np.int16),
            territories=(),
            locked_units=np.zeros(n_units, dtype=np.bool_),
            units_version=units_version,
        )

    def __len__(self) -> int:
        return len(self.assign)

    def territory(self, code: int) -> Territory:
        """The territory with this code.

        Raises:
            PlanError: if the plan has none.
        """
        try:
            return self._by_code[code]
        except KeyError:
            raise PlanError(f"this plan has no territory {code}; it may have been deleted") from None

    @property
    def codes(self) -> tuple[int, ...]:
        """Territory codes in order."""
        return tuple(t.code for t in self.territories)

    def slots(self) -> NDArray[np.int16]:
        """int16 (n_units,), position of each unit's territory in `territories` (0..k-1), -1 = unassigned."""
        lookup = np.full(32_001, UNASSIGNED, dtype=np.int16)
        for slot, code in enumerate(self.codes):
            lookup[code] = slot
        return lookup[self.assign]  # -1 indexes the last cell, which stays UNASSIGNED

    def fixed(self) -> NDArray[np.bool_]:
        """bool (n_units,): locked by itself or through its territory."""
        locked = [t.code for t in self.territories if t.locked]
        return self.locked_units | np.isin(self.assign, locked)

    def same_as(self, other: Plan) -> bool:
        """True if both plans assign, name and lock alike."""
        return (
            self.units_version == other.units_version
            and self.territories == other.territories
            and bool(np.array_equal(self.assign, other.assign))
            and bool(np.array_equal(self.locked_units, other.locked_units))
        )

    def with_changes(
        self,
        *,
        assign: NDArray[np.int16] | None = None,
        territories: tuple[Territory, ...] | None = None,
        locked_units: NDArray[np.bool_] | None = None,
    ) -> Plan:
        """A new plan with some parts replaced."""
        return Plan(
            assign=self.assign if assign is None else assign,
            territories=self.territories if territories is None else territories,
            locked_units=self.locked_units if locked_units is None else locked_units,
            units_version=self.units_version,
        )

    def on_units(self, n_units: int, units_version: str) -> Plan:
        """The same plan on these units, which are its own with others behind them; those belong to no territory.

        Raises:
            PlanError: if there are fewer of them.
        """
        if self.units_version == units_version and len(self) == n_units:
            return self
        more = n_units - len(self)
        if more < 0:
            raise PlanError("the plan has more areas than those it is opened with")
        return Plan(
            assign=np.concatenate([self.assign, np.full(more, UNASSIGNED)]).astype(np.int16),
            territories=self.territories,
            locked_units=np.concatenate([self.locked_units, np.zeros(more)]).astype(np.bool_),
            units_version=units_version,
        )


def renamed(territory: Territory, name: str) -> Territory:
    """The same territory under another name (spaces trimmed)."""
    return replace(territory, name=name.strip())
