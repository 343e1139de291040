"""Further kinds of kept definitions: tiers, scores, likeness, workload; see `scored_kinds`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from terr.errors import InputError
from terr.locate import home_points
from terr.scoring import columns, scores, tiers, workload
from terr.scoring.likeness import likeness
from terr.scoring.scores import Ingredient
from terr.scoring.tiers import Cuts
from terr.scoring.workload import Effort
from terr.workspace.scored_kinds import Formula, Ground, Made, PotentialBy, Segments, checked_name


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

    def work(self, on: Ground) -> Made:
        """Make the new columns."""
        found = tiers.tiers(on.accounts, self.measure, self.cuts)
        return Made(texts={self.name: found.labels}, notes=tuple(n for n in (found.note(),) if n), detail=found)


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

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it, without its kind."""
        return {"name": self.name, "ingredients": [i.to_plain() for i in self.ingredients]}

    @staticmethod
    def from_plain(kept: Mapping[str, Any]) -> ScoreBy:
        """The definition of its JSON."""
        return ScoreBy(kept["name"], tuple(Ingredient.from_plain(i) for i in kept["ingredients"]))

    def work(self, on: Ground) -> Made:
        """Make the new columns."""
        found = scores.score(on.accounts, self.ingredients)
        told = [
            f"{blank:,} account(s) have no usable figure in {columns.shown(name)}."
            for name, blank in zip(found.names, found.blank, strict=True)
            if blank
        ]
        if found.unscored:
            told.append(f"{found.unscored:,} account(s) have no score, as every column is blank.")
        return Made({self.name: found.score}, notes=tuple(told), detail=found)


@dataclass(frozen=True)
class LikenessTo:
    """Likeness to closed-won accounts, 0 to 100; see `terr.scoring.likeness`.

    Attributes:
        use: columns to learn from; () takes all of the file's own that suit.
        allow: columns to use although they seem to know the outcome.
    """

    kind: ClassVar[str] = "likeness"
    rank: ClassVar[int] = 3
    name: str
    column: str
    won: tuple[str, ...]
    lost: tuple[str, ...]
    use: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked_name(self.name, "likeness")

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        return tuple(dict.fromkeys((self.column, *self.use)))

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        return (self.name,)

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it, without its kind."""
        return {
            "name": self.name, "column": self.column, "won": list(self.won), "lost": list(self.lost),
            "use": list(self.use), "allow": list(self.allow),
        }  # fmt: skip

    @staticmethod
    def from_plain(kept: Mapping[str, Any]) -> LikenessTo:
        """The definition of its JSON."""
        lists = {k: tuple(map(str, kept.get(k, ()))) for k in ("won", "lost", "use", "allow")}
        return LikenessTo(kept["name"], kept["column"], **lists)

    def work(self, on: Ground) -> Made:
        """Make the new columns."""
        # by itself it learns from the file's columns alone, so that other definitions don't change what it says
        ground = on.accounts if self.use else on.base
        found = likeness(
            ground, self.column, self.won, self.lost, use=self.use or None, allow=self.allow, told=on.told
        )  # fmt: skip
        return Made({self.name: found.amounts}, notes=found.notes, detail=found, off=found.why_off)


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
            raise InputError("workload is worked out for 1 to 2,000 territories")

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        return (self.column,)

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        return (self.name,)

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it, without its kind."""
        return {
            "name": self.name, "column": self.column, "homes": self.homes, "territories": self.territories,
            "effort": self.effort.to_plain(),
        }  # fmt: skip

    @staticmethod
    def from_plain(kept: Mapping[str, Any]) -> WorkloadBy:
        """The definition of its JSON."""
        return WorkloadBy(
            kept["name"], kept["column"], Effort.from_plain(kept["effort"]), kept.get("homes", True) is not False,
            int(kept.get("territories", 10)),
        )  # fmt: skip

    def work(self, on: Ground) -> Made:
        """Make the new columns."""
        labels = columns.texts(on.accounts, self.column)
        homes = home_points([r.home_zip for r in on.reps]) if self.homes and on.reps else None
        if homes is not None and np.isnan(homes).any(axis=1).all():
            homes = None
        found = workload.before_territories(
            on.accounts, labels, self.effort, homes=homes, territories=self.territories
        )  # fmt: skip
        return Made({self.name: found.hours}, notes=found.notes, detail=found)


KINDS: dict[str, Any] = {k.kind: k for k in (Formula, PotentialBy, TiersBy, ScoreBy, LikenessTo, WorkloadBy, Segments)}
"""Kind -> class, in the suggested order."""
