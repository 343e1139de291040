"""Saved look-alikes: how much each account is like those that were won."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from terr.model.accounts import Accounts
from terr.scoring import columns
from terr.scoring.likeness import LEAST, Likeness, likeness
from terr.workspace.scores.definition import ScoreInputs, ScoreResult, checked_name

__all__ = ["LEAST", "Likeness"]  # of other floors, for the pages


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

    def work(self, on: ScoreInputs) -> ScoreResult:
        """Make the new columns."""
        # by itself it learns from the file's columns alone, so that other definitions don't change what it says
        ground = on.accounts if self.use else on.base
        found = likeness(
            ground, self.column, self.won, self.lost, use=self.use or None, allow=self.allow, progress=on.progress
        )
        return ScoreResult({self.name: found.amounts}, notes=found.notes, detail=found, off=found.why_off)


def likest(accounts: Accounts, defined: LikenessTo, found: Likeness, most: int) -> tuple[NDArray[np.intp], bool]:
    """Rows of the accounts most like won ones, the likest first.

    Args:
        accounts: all of them.
        defined: which outcomes are closed; found: how like each account is.
        most: how many rows at most.

    Returns:
        The rows, and whether they are the open accounts only: with none open it is all of them.
    """
    closed = {_plain(v) for v in (*defined.won, *defined.lost)}
    words = columns.texts(accounts, defined.column).tolist()
    is_open = np.array([_plain(str(w)) not in closed for w in words], dtype=np.bool_)
    pool = np.flatnonzero(is_open) if is_open.any() else np.arange(len(accounts))
    return pool[np.argsort(-found.amounts[pool], kind="stable")][:most], bool(is_open.any())


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
