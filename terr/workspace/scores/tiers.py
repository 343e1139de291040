"""Saved tiers: accounts cut into A, B, C by the 80/20 curve of a measure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from terr.model.accounts import Accounts
from terr.scoring import tiers
from terr.scoring.tiers import CUTS, NAMES, SHARES_OF, Cuts
from terr.workspace.scores.definition import ScoreInputs, ScoreResult, checked_name

__all__ = ["SHARES_OF"]  # of other floors, for the pages


@dataclass(frozen=True)
class TiersBy:
    """Tiers cut from the 80/20 curve of a measure; a column of texts.

    Attributes:
        measure: what accounts are ranked by.
        shares, names, of: of the tiers, as `Cuts` takes them; those kept before there was `of` are of the measure.
    """

    kind: ClassVar[str] = "tiers"
    rank: ClassVar[int] = 1
    name: str
    measure: str
    shares: tuple[float, ...] = CUTS
    names: tuple[str, ...] = NAMES
    of: str = "accounts"

    def __post_init__(self) -> None:
        checked_name(self.name, "tiers")
        self.cuts  # noqa: B018 (checks itself)

    @property
    def cuts(self) -> Cuts:
        """Where tiers are cut."""
        return Cuts(self.shares, self.names, self.of)

    def curve(self, accounts: Accounts) -> pd.DataFrame:
        """The 80/20 curve the tiers are cut from; see `terr.scoring.tiers.curve`."""
        return tiers.curve(accounts, self.measure)

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        return (self.measure,)

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        return (self.name,)

    def work(self, on: ScoreInputs) -> ScoreResult:
        """Make the new columns."""
        found = tiers.tiers(on.accounts, self.measure, self.cuts)
        return ScoreResult(texts={self.name: found.labels}, notes=tuple(n for n in (found.note(),) if n), detail=found)
