"""Saved tiers: accounts cut into A, B, C by the 80/20 curve of a measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from terr.scoring import tiers
from terr.scoring.tiers import Cuts
from terr.workspace.scores.definition import ScoreInputs, ScoreResult, checked_name


@dataclass(frozen=True)
class TiersBy:
    """Tiers cut from the 80/20 curve of a measure; a column of texts."""

    kind: ClassVar[str] = "tiers"
    rank: ClassVar[int] = 1
    name: str
    measure: str
    cuts: Cuts = field(default_factory=Cuts)

    def __post_init__(self) -> None:
        checked_name(self.name, "tiers")

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        return (self.measure,)

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        return (self.name,)

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it, without its kind."""
        return {"name": self.name, "measure": self.measure, **self.cuts.to_plain()}

    @staticmethod
    def from_plain(kept: Mapping[str, Any]) -> TiersBy:
        """The definition of its JSON."""
        return TiersBy(kept["name"], kept["measure"], Cuts.from_plain(kept))

    def work(self, on: ScoreInputs) -> ScoreResult:
        """Make the new columns."""
        found = tiers.tiers(on.accounts, self.measure, self.cuts)
        return ScoreResult(texts={self.name: found.labels}, notes=tuple(n for n in (found.note(),) if n), detail=found)
