"""Edit: one change to a plan, complete enough to be undone, explained and merged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.arrays import frozen
from terr.model.plan import Territory

KINDS = (
    "assign",
    "lock",
    "new",
    "rename",
    "merge",
    "delete",
    "design",
    "rebalance",
    "import",
    "rep",
    "color",
    "restore",
    "takeback",
    "again",
)
"""What a person did. `assign` covers click, box, lasso and paint; `rep` gives a territory to a rep, `color` another
color; `restore` goes back to an earlier plan; `takeback` reverses one earlier edit under later ones, `again` makes one
again that was undone."""


def _no_units() -> NDArray[np.int32]:
    return np.zeros(0, dtype=np.int32)


def _no_codes() -> NDArray[np.int16]:
    return np.zeros(0, dtype=np.int16)


def _no_flags() -> NDArray[np.bool_]:
    return np.zeros(0, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class Edit:
    """Changes of assignment, of unit locks and of territories, made together.

    Attributes:
        kind: one of KINDS.
        units: int32 (m,), codes of the units that change territory, unique.
        before, after: int16 (m,), territory codes (-1 = unassigned).
        lock_units: int32 (l,), codes of the units whose lock changes, unique.
        lock_after: bool (l,), the new lock; the old one is its opposite.
        territories: (old, new) pairs; old None = created, new None = deleted; codes of a pair agree.
        author: who did it; note: why, in words; at: when (timezone-aware, UTC).
        of_edit: id of the edit that a `takeback` reverses, or an `again` makes again or reverses; 0 for other kinds.
    """

    kind: str
    units: NDArray[np.int32] = field(default_factory=_no_units)
    before: NDArray[np.int16] = field(default_factory=_no_codes)
    after: NDArray[np.int16] = field(default_factory=_no_codes)
    lock_units: NDArray[np.int32] = field(default_factory=_no_units)
    lock_after: NDArray[np.bool_] = field(default_factory=_no_flags)
    territories: tuple[tuple[Territory | None, Territory | None], ...] = ()
    author: str = ""
    note: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    of_edit: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise PlanError(f"unknown kind of edit: {self.kind}")
        for name, dtype in (
            ("units", np.int32),
            ("before", np.int16),
            ("after", np.int16),
            ("lock_units", np.int32),
            ("lock_after", np.bool_),
        ):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))
        if not len(self.units) == len(self.before) == len(self.after):
            raise PlanError("an edit's areas, before and after must have one length")
        if len(np.unique(self.units)) != len(self.units) or len(np.unique(self.lock_units)) != len(self.lock_units):
            raise PlanError("an edit names an area twice")
        if len(self.lock_units) != len(self.lock_after):
            raise PlanError("an edit's locks must have one length")
        if self.at.tzinfo is None:
            raise PlanError("an edit's time needs a time zone")
        for old, new in self.territories:
            if old is None and new is None:
                raise PlanError("a territory change needs a before or an after")
            if old is not None and new is not None and old.code != new.code:
                raise PlanError("a territory keeps its code")

    def __bool__(self) -> bool:
        return bool(len(self.units) or len(self.lock_units) or self.territories)

    def inverse(self) -> Edit:
        """The edit that takes this one back."""
        return Edit(
            kind=self.kind,
            units=self.units,
            before=self.after,
            after=self.before,
            lock_units=self.lock_units,
            lock_after=~self.lock_after,
            territories=tuple((new, old) for old, new in self.territories),
            author=self.author,
            note=self.note,
            at=self.at,
        )
