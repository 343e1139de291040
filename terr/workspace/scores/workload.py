"""Saved workload: hours a year of calls and travel for each account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.locate import home_points
from terr.model.accounts import Accounts
from terr.scoring import columns, workload
from terr.scoring.workload import Effort, Tier
from terr.workspace.scores.definition import ScoreInputs, ScoreResult, checked_name

__all__ = ["Effort", "Tier"]  # of other floors, for the pages


@dataclass(frozen=True)
class WorkloadBy:
    """Hours a year of calls and travel.

    Attributes:
        column: whose texts are the tiers.
        effort: calls, minutes, road factor, speed.
        homes: travel starts at the nearest rep's home, if the roster has any that is known.
        territories: how many territories there will be, where homes aren't used.
    """

    kind: ClassVar[str] = "workload"
    rank: ClassVar[int] = 4
    name: str
    column: str
    effort: Effort = field(default_factory=Effort)
    homes: bool = True
    territories: int = 10

    def __post_init__(self) -> None:
        checked_name(self.name, "workload")
        if not 1 <= self.territories <= 2_000:
            raise InputError("workload needs 1 to 2,000 territories")

    def labels(self, accounts: Accounts) -> NDArray[np.object_]:
        """(n_accounts,), the tier of each account."""
        return columns.texts(accounts, self.column)

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        return (self.column,)

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        return (self.name,)

    def work(self, on: ScoreInputs) -> ScoreResult:
        """Make the new columns."""
        labels = self.labels(on.accounts)
        homes = home_points([r.home for r in on.reps]) if self.homes and on.reps else None
        if homes is not None and np.isnan(homes).any(axis=1).all():
            homes = None
        found = workload.before_territories(on.accounts, labels, self.effort, homes=homes, territories=self.territories)
        return ScoreResult({self.name: found.hours}, notes=found.notes, detail=found)
