"""Columns as a model sees them: percentiles of figures, levels of texts, and blanks as a trait of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
class ModelColumn:
    """One column before anything is learnt.

    Attributes:
        name: as the accounts have it.
        values: float64 (n,): figures, NaN where blank; for texts the position in `words`, -1 where blank.
        words: distinct texts without case, None for figures.
    """

    name: str
    values: Floats
    words: tuple[str, ...] | None = None

    def blank(self) -> NDArray[np.bool_]:
        """Where nothing is known."""
        return np.isnan(self.values) if self.words is None else self.values < 0

    def take(self, at: NDArray[np.intp]) -> ModelColumn:
        """Some rows."""
        return ModelColumn(self.name, self.values[at], self.words)


def read(accounts: Accounts, name: str) -> ModelColumn:
    """A column: numbers if it is kept so, or if nearly all its cells are figures; else texts."""
    name = columns.find(accounts, name)
    if columns.is_number(accounts, name):
        return ModelColumn(name, columns.numbers(accounts, name).amounts)
    cells = columns.texts(accounts, name)
    filled = int((cells != "").sum())
    few = cells[cells != ""][:: max(filled // 500, 1)]
    likely = filled and name != "zip" and (~np.isnan(read_column(few.tolist()).amounts)).sum() >= 0.9 * len(few)
    if likely:
        figures = columns.numbers(accounts, name)
        if (~np.isnan(figures.amounts)).sum() >= 0.95 * filled:
            return ModelColumn(name, figures.amounts)
    index, distinct = pd.factorize(cells)
    folded = [" ".join(str(c).casefold().split()) for c in distinct.tolist()]
    codes, words = pd.factorize(np.array(folded, dtype=object))
    each = np.where(words == "", -1, np.arange(len(words)))[codes] if len(codes) else codes
    return ModelColumn(name, each[index].astype(np.float64), tuple(str(w) for w in words))


def table(raws: Sequence[ModelColumn]) -> Floats:
    """All columns side by side, float64 (n, m), as `learner` takes them."""
    return np.column_stack([r.values for r in raws])


def learner(raws: Sequence[ModelColumn], rows: int) -> Any:
    """A scikit-learn transformer of `table(raws)`, not fitted yet: one part per column, each trait's mean taken off.

    Figures become percentiles 0 to 1 with blanks in the middle, and a trait that says blank; texts a trait per level.

    Args:
        raws: the columns.
        rows: how many it will learn from, at least.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler

    figures = make_pipeline(
        QuantileTransformer(n_quantiles=min(KNOTS, rows), subsample=None),
        SimpleImputer(strategy="constant", fill_value=0.5, add_indicator=True, keep_empty_features=True),
    )
    texts = OneHotEncoder(
        min_frequency=max(RARE_ROWS, round(RARE_SHARE * rows)),
        max_categories=MOST_LEVELS + 1,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
    )
    parts = [(str(k), figures if r.words is None else texts, [k]) for k, r in enumerate(raws)]
    return make_pipeline(ColumnTransformer(parts), StandardScaler(with_std=False))


def traits(learnt: Any, raws: Sequence[ModelColumn]) -> list[tuple[int, str]]:
    """Of each number a fitted `learner` makes: which column it comes from, and the trait it stands for."""
    parts = learnt[0]
    out: list[tuple[int, str]] = []
    for k, raw in enumerate(raws):
        made = parts.output_indices_[str(k)]
        names = ["higher", "blank"]
        if raw.words is not None:
            one = parts.named_transformers_[str(k)]
            rare = one.infrequent_categories_[0]
            often = one.categories_[0] if rare is None else np.setdiff1d(one.categories_[0], rare)
            names = [*("blank" if code < 0 else raw.words[int(code)] for code in often), "other"]
        out += [(k, name) for name in names[: made.stop - made.start]]
    return out


def auc(score: Floats, won: NDArray[np.bool_]) -> float:
    """Chance that a won account has the higher score than a lost one; 0.5 if one of both is missing."""
    from sklearn.metrics import roc_auc_score

    return 0.5 if won.all() or not won.any() else float(roc_auc_score(won, score))


def alone(raw: ModelColumn, won: NDArray[np.bool_]) -> float:
    """How well one column by itself tells won from lost, as an AUC from 0.5 to 1.

    Texts are judged on rows they weren't learnt from: each half by the other half's shares of won.
    """
    from sklearn.model_selection import StratifiedKFold
    from sklearn.preprocessing import TargetEncoder

    blank = raw.blank()
    told = [auc(blank.astype(np.float64), won)]
    if raw.words is None:
        known = ~blank
        told += [auc(raw.values[known], won[known])] if known.sum() >= 2 * RARE_ROWS else []
    elif min(won.sum(), (~won).sum()) >= 2:
        halves = TargetEncoder(
            target_type="binary", smooth=_SHRINK, cv=StratifiedKFold(2, shuffle=True, random_state=0)
        )
        return max(*told, 1 - told[0], auc(halves.fit_transform(raw.values[:, None], won)[:, 0], won))
    return max(*told, *(1 - a for a in told))
