"""Saved scores: columns and weights that give each account 0 to 100."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from terr.errors import InputError
from terr.model.wording import count
from terr.scoring import columns, scores
from terr.scoring.scores import Blanks, Ingredient, Scores
from terr.workspace.scores.definition import ScoreInputs, ScoreResult, checked_name

__all__ = ["Blanks", "Ingredient", "Scores"]  # of other floors, for the pages


@dataclass(frozen=True)
class ScoreBy:
    """A score from 0 to 100 of columns and weights."""

    kind: ClassVar[str] = "score"
    rank: ClassVar[int] = 2
    name: str
    ingredients: tuple[Ingredient, ...]

    def __post_init__(self) -> None:
        checked_name(self.name, "a score")
        if not self.ingredients:
            raise InputError("a score needs one column or more")

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        return tuple(dict.fromkeys(i.column for i in self.ingredients))

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        return (self.name,)

    def work(self, on: ScoreInputs) -> ScoreResult:
        """Make the new columns."""
        found = scores.score(on.accounts, self.ingredients)
        told = [
            f"{count(blank, 'account has', 'accounts have')} no usable number in {columns.shown(name)}."
            for name, blank in zip(found.names, found.blank, strict=True)
            if blank
        ]
        if found.unscored:
            told.append(
                f"{count(found.unscored, 'account has', 'accounts have')} no score because every column is blank."
            )
        return ScoreResult({self.name: found.score}, notes=tuple(told), detail=found)
