"""Columns as a model sees them: a few numbers per account, learnt from some rows and applied to any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning.clean import read_column
from terr.model.accounts import Accounts
from terr.scoring import columns

Floats = NDArray[np.float64]
KNOTS = 101
RARE_ROWS, RARE_SHARE = 10, 0.01
"""A text is a level of its own from this many rows and this share of the rows on; rarer ones are joined."""
MOST_LEVELS = 30
_SHRINK = 10.0


@dataclass(frozen=True, eq=False)
class TraitInputs:
    """One column before anything is learnt.

    Attributes:
        name: as the accounts have it.
        amounts: float64 (n,) for numbers, None for texts.
        codes: int64 (n,) position in `words` for texts, -1 where blank.
        words: distinct texts without case.
    """

    name: str
    amounts: Floats | None
    codes: NDArray[np.int64]
    words: tuple[str, ...]

    def blank(self) -> NDArray[np.bool_]:
        """Where nothing is known."""
        return np.isnan(self.amounts) if self.amounts is not None else self.codes < 0

    def take(self, at: NDArray[np.intp]) -> TraitInputs:
        """Some rows."""
        return TraitInputs(self.name, None if self.amounts is None else self.amounts[at], self.codes[at], self.words)


def read(accounts: Accounts, name: str) -> TraitInputs:
    """A column: numbers if it is kept so, or if nearly all its cells are figures; else texts."""
    n = len(accounts)
    name = columns.find(accounts, name)
    none = np.full(n, -1, dtype=np.int64)
    if columns.is_number(accounts, name):
        return TraitInputs(name, columns.numbers(accounts, name).amounts, none, ())
    cells = columns.texts(accounts, name)
    filled = int((cells != "").sum())
    few = cells[cells != ""][:: max(filled // 500, 1)]
    likely = filled and name != "zip" and (~np.isnan(read_column(few.tolist()).amounts)).sum() >= 0.9 * len(few)
    if likely:
        figures = columns.numbers(accounts, name)
        if (~np.isnan(figures.amounts)).sum() >= 0.95 * filled:
            return TraitInputs(name, figures.amounts, none, ())
    index, distinct = pd.factorize(cells)
    folded = [" ".join(str(c).casefold().split()) for c in distinct.tolist()]
    codes, words = pd.factorize(np.array(folded, dtype=object))
    out = codes[index].astype(np.int64)
    out[np.array([w == "" for w in words.tolist()] + [True], dtype=np.bool_)[out]] = -1
    return TraitInputs(name, None, out, tuple(str(w) for w in words))


@dataclass(frozen=True, eq=False)
class Trait:
    """What was learnt of one column.

    Attributes:
        name: the column.
        knots: float64 (101,) percentiles of its known figures, for numbers.
        level: int64 (words,) level of each text, for texts; the last level is "other".
        levels: names of the levels.
        centre: float64 (k,) mean of each of the column's k numbers over the rows it was learnt from.
        blanks: True if a number says whether the cell is blank.
    """

    name: str
    knots: Floats | None
    level: NDArray[np.int64]
    levels: tuple[str, ...]
    centre: Floats
    blanks: bool

    def numbers(self, raw: TraitInputs) -> Floats:
        """float64 (n, k), centred."""
        out: Floats = _bare(raw, self.knots, self.level, len(self.levels), self.blanks) - self.centre
        return out


def _bare(raw: TraitInputs, knots: Floats | None, level: NDArray[np.int64], k: int, blanks: bool) -> Floats:
    blank = raw.blank()
    if raw.amounts is not None and knots is not None:
        shares = np.linspace(0.0, 1.0, KNOTS)
        # equal knots stand for one figure of many accounts: the middle of their shares
        low = np.searchsorted(knots, raw.amounts, side="left")
        high = np.searchsorted(knots, raw.amounts, side="right")
        tied = high - low > 1
        at = np.interp(raw.amounts, knots, shares)
        middle = (shares[np.minimum(low, KNOTS - 1)] + shares[np.maximum(high - 1, 0)]) / 2
        rank = np.where(blank, 0.5, np.where(tied, middle, at))
        parts = [rank]
    else:
        known = np.append(level, 0)[raw.codes]  # -1 picks the last
        parts = [((known == j) & ~blank).astype(np.float64) for j in range(k)]
    if blanks:
        parts.append(blank.astype(np.float64))
    return np.stack(parts, axis=1) if parts else np.zeros((len(blank), 0))


def learn(raw: TraitInputs) -> Trait:
    """Learns percentiles or levels from all rows given."""
    blank = raw.blank()
    n, empty = len(blank), int(blank.sum())
    blanks = min(empty, n - empty) >= max(RARE_ROWS, RARE_SHARE * n)
    level = np.zeros(len(raw.words), dtype=np.int64)
    levels: tuple[str, ...] = ()
    knots: Floats | None = None
    if raw.amounts is not None:
        known = raw.amounts[~blank]
        knots = np.quantile(known, np.linspace(0.0, 1.0, KNOTS)) if len(known) else np.zeros(KNOTS)
    else:
        counts = np.bincount(raw.codes[~blank], minlength=len(raw.words))
        often = np.flatnonzero(counts >= max(RARE_ROWS, RARE_SHARE * n))
        often = often[np.argsort(-counts[often], kind="stable")][:MOST_LEVELS]
        level[:] = len(often)
        level[often] = np.arange(len(often))
        levels = (*(raw.words[k] for k in often.tolist()), "other")
    bare = _bare(raw, knots, level, len(levels), blanks)
    return Trait(raw.name, knots, level, levels, bare.mean(axis=0) if n else np.zeros(bare.shape[1]), blanks)


def matrix(traits: Sequence[Trait], raws: Sequence[TraitInputs]) -> tuple[Floats, NDArray[np.int64]]:
    """All traits' numbers side by side, float64 (n, p), and int64 (p,) which trait each comes from."""
    blocks = [t.numbers(r) for t, r in zip(traits, raws, strict=True)]
    owner = np.repeat(np.arange(len(blocks)), [b.shape[1] for b in blocks])
    return np.concatenate(blocks, axis=1), owner


def auc(score: Floats, won: NDArray[np.bool_]) -> float:
    """Chance that a won account has the higher score than a lost one; 0.5 if one of both is missing."""
    from scipy.stats import rankdata

    n_won, n_lost = int(won.sum()), int((~won).sum())
    if not n_won or not n_lost:
        return 0.5
    ranks = rankdata(score)
    return float((ranks[won].sum() - n_won * (n_won + 1) / 2) / (n_won * n_lost))


def alone(raw: TraitInputs, won: NDArray[np.bool_]) -> float:
    """How well one column by itself tells won from lost, as an AUC from 0.5 to 1.

    Texts are judged on rows they weren't learnt from: each half by the other half's shares of won.
    """
    blank = raw.blank()
    told = auc(blank.astype(np.float64), won)
    best = max(told, 1 - told)
    if raw.amounts is not None:
        known = ~blank
        one = auc(raw.amounts[known], won[known])
        both = [max(one, 1 - one)] if known.sum() >= 2 * RARE_ROWS else []
        return max(best, *both) if both else best
    half = np.arange(len(won)) % 2 == 0
    score = np.zeros(len(won))
    for train in (half, ~half):
        codes = np.where(blank, len(raw.words), raw.codes)
        n = np.bincount(codes[train], minlength=len(raw.words) + 1)
        k = np.bincount(codes[train], weights=won[train].astype(float), minlength=len(raw.words) + 1)
        base = won[train].mean() if train.any() else 0.5
        score[~train] = ((k + _SHRINK * base) / (n + _SHRINK))[codes[~train]]
    return max(best, auc(score, won))
