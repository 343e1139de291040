"""A score from 0 to 100 per account, made of columns and weights, and explained by its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.scoring import columns

Blanks = Literal["middle", "lowest", "skip"]
MOST_PARTS = 20


@dataclass(frozen=True)
class Ingredient:
    """One column of a score.

    Attributes:
        column: a column of numbers; or of texts, then `points` says what each text is worth.
        weight: above 0; only the proportions of weights matter.
        high_is_good: False turns the scale round.
        blanks: a blank cell counts as 50 ("middle"), as 0 ("lowest"), or its weight goes to the other columns ("skip").
        points: (text, 0 to 100) pairs for a column of texts; texts that aren't named count as blank.
    """

    column: str
    weight: float = 1.0
    high_is_good: bool = True
    blanks: Blanks = "middle"
    points: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if not (np.isfinite(self.weight) and 0 < self.weight <= 1e6):
            raise InputError(f"the weight of {columns.shown(self.column)} must lie above 0 and up to 1,000,000")
        if self.blanks not in {"middle", "lowest", "skip"}:
            raise InputError(
                f"{columns.shown(str(self.blanks))} is not a way to treat blanks; choose middle, lowest or skip"
            )
        if not all(0 <= p <= 100 for _, p in self.points):
            raise InputError(f"the points of {columns.shown(self.column)} must lie between 0 and 100")


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores and what they are made of.

    Attributes:
        score: float64 (n_accounts,), 0 to 100, NaN only where every column is blank and skipped. Read-only.
        parts: float64 (n_accounts, m), points each column adds; a row's parts add up to its score. Read-only.
        scaled: float64 (n_accounts, m), each column from 0 (worst) to 100 (best), after blanks were treated; NaN where
            a blank was skipped. Read-only.
        names: the m columns, as the accounts have them.
        blank: the number of blanks in each column.
        unscored: accounts without a score.
    """

    score: NDArray[np.float64]
    parts: NDArray[np.float64]
    scaled: NDArray[np.float64]
    names: tuple[str, ...]
    blank: tuple[int, ...]
    unscored: int

    def explained(self, row: int) -> pd.DataFrame:
        """One account's score: `column`, `scaled` (0 to 100) and `points`, the largest part first."""
        out = pd.DataFrame({"column": self.names, "scaled": self.scaled[row], "points": self.parts[row]})
        return out.sort_values("points", ascending=False, kind="stable").reset_index(drop=True)

    def frame(self) -> pd.DataFrame:
        """`score` and one column of points per part, for a table or a file."""
        return pd.DataFrame(
            {"score": self.score} | {f"points: {n}": self.parts[:, j] for j, n in enumerate(self.names)}
        )


def percentile_scaled(amounts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Ranks from 0 (smallest) to 100 (largest); equal figures share the mean of their ranks; NaN stays NaN.

    If all figures are equal, each is 50.
    """
    out = np.full(len(amounts), np.nan)
    known = ~np.isnan(amounts)
    count = int(known.sum())
    if count == 1:
        out[known] = 50.0
    elif count:
        out[known] = (pd.Series(amounts[known]).rank().to_numpy() - 1.0) / (count - 1) * 100.0
    return out


def score(accounts: Accounts, ingredients: Sequence[Ingredient]) -> Scores:
    """The weighted mean of the columns' percentiles among these accounts.

    Raises:
        InputError: without an ingredient, with one column twice, or if a column isn't there or holds no numbers.
    """
    if not 1 <= len(ingredients) <= MOST_PARTS:
        raise InputError(f"a score needs 1 to {MOST_PARTS} columns")
    names = tuple(columns.find(accounts, i.column) for i in ingredients)
    if len(set(names)) < len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise InputError(f"the score uses {columns.shown(twice)} twice; combine its weights")
    n, m = len(accounts), len(ingredients)
    scaled, blank = np.empty((n, m)), []
    weights = np.empty((n, m))
    for j, i in enumerate(ingredients):
        points = _points(accounts, names[j], i)
        missing = np.isnan(points)
        blank.append(int(missing.sum()))
        fill = {"middle": 50.0, "lowest": 0.0, "skip": np.nan}[i.blanks]
        scaled[:, j] = np.where(missing, fill, points)
        weights[:, j] = np.where(np.isnan(scaled[:, j]), 0.0, i.weight)
    whole = weights.sum(axis=1)
    none = whole == 0
    parts = np.where(weights > 0, scaled * weights, 0.0) / np.where(none, 1.0, whole)[:, None]
    parts[none] = np.nan
    total = np.clip(parts.sum(axis=1), 0.0, 100.0)
    for a in (total, parts, scaled):
        a.setflags(write=False)
    return Scores(total, parts, scaled, names, tuple(blank), int(none.sum()))


def _points(accounts: Accounts, name: str, i: Ingredient) -> NDArray[np.float64]:
    """A column from 0 to 100 with NaN for blanks."""
    if i.points:
        worth = {" ".join(t.casefold().split()): p for t, p in i.points}
        index, words = pd.factorize(columns.texts(accounts, name))
        each = np.array([worth.get(" ".join(str(w).casefold().split()), np.nan) for w in words.tolist()])
        points = np.asarray(each[index], dtype=np.float64)
    else:
        read = columns.numbers(accounts, name)
        if len(accounts) and read.unreadable and np.isnan(read.amounts).all():
            raise InputError(f"{columns.shown(name)} contains text; enter what each value is worth, from 0 to 100")
        points = percentile_scaled(read.amounts)
    return points if i.high_is_good else 100.0 - points
