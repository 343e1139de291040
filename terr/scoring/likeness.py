"""Likeness to closed-won accounts: a small model on the user's own won/lost column, which says how good it is.

Logistic regression with a ridge penalty (scikit-learn). Numbers enter as percentiles, texts as levels with rare ones
joined, blanks as a trait of their own. Its quality is measured on accounts it hasn't seen (five folds, the penalty
chosen inside each fold). It stays off with too few rows, or when it isn't clearly better than chance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from terr.errors import InputError
from terr.model.accounts import CORE, Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.one_processor import one_processor
from terr.scoring import columns
from terr.scoring.traits import Floats, ModelColumn, alone, auc, learner, read, table, traits

LEAST = 50
"""Won and lost accounts, of each, that a model needs."""
MOST_ROWS = 20_000
"""Closed accounts it learns from; of more, a sample with the same share of won ones."""
FOLDS = 5
PENALTIES = (1.0, 10.0, 100.0)
Z_99 = 2.576
GIVES_AWAY = 0.95
"""A column that by itself tells won from lost this well (AUC) is taken to know the outcome."""
WON_WORDS = frozenset("won closedwon customer client active yes true 1 gewonnen kunde gagne gagnee ganado".split())
LOST_WORDS = frozenset("lost closedlost no false 0 verloren perdu perdue perdido disqualified".split())
_OUTCOME = frozenset(
    "won lost win loss closed closing stage reason outcome result probability forecast contract churn churned lifecycle"
    " status".split()
)
"""Words in a column's name that speak of the outcome."""
_NEVER = frozenset(("account_id", "name", "owner", "zip", "city", "county", *columns.HIDDEN))


@dataclass(frozen=True)
class Flagged:
    """A column that is left out.

    Attributes:
        column: its name.
        why: the reason, as the end of a sentence.
        alone: AUC of the column by itself, 0.5 to 1.
    """

    column: str
    why: str
    alone: float


@dataclass(frozen=True, eq=False)
class Quality:
    """How good the model is on accounts it hasn't seen.

    Attributes:
        auc: chance that it puts a won account above a lost one; 0.5 is guessing.
        low, high: 99% interval of it (Hanley and McNeil 1982).
        brier: mean squared error of its shares; `brier_base` that of always saying the overall share.
        calibration: DataFrame `said` (mean likeness / 100), `was` (share won), `accounts`, in ten groups by likeness.
        off_by: mean distance between said and was, weighted by accounts, 0 to 1.
        won, lost: closed accounts it was measured on.
    """

    auc: float
    low: float
    high: float
    brier: float
    brier_base: float
    calibration: pd.DataFrame
    off_by: float
    won: int
    lost: int


@dataclass(frozen=True, eq=False)
class Likeness:
    """The model's answer; see `likeness`.

    Attributes:
        on: False if there is no model worth using; then `why_off` says why, and there are no figures.
        why_off: a sentence, "" if on.
        quality: None only with too few rows or columns.
        amounts: float64 (n_accounts,), 0 to 100: of 100 closed accounts like this one, so many were won. Read-only.
        base: 0 to 100, of an account that is average in everything.
        parts: float64 (n_accounts, m), what each column adds; base + a row's parts = its likeness. Read-only.
        names: the m columns used.
        weights: DataFrame `column`, `trait`, `log odds`, the model itself.
        flagged: columns left out, with the reason.
        notes: further sentences for the reader.
    """

    on: bool
    why_off: str
    quality: Quality | None
    amounts: Floats
    base: float
    parts: Floats
    names: tuple[str, ...]
    weights: pd.DataFrame
    flagged: tuple[Flagged, ...]
    notes: tuple[str, ...]

    def explained(self, row: int) -> pd.DataFrame:
        """One account's likeness: `column` and `points` it adds to the base, the strongest first."""
        out = pd.DataFrame({"column": self.names, "points": self.parts[row]})
        return out.sort_values("points", key=abs, ascending=False, kind="stable").reset_index(drop=True)


def guess_outcomes(accounts: Accounts, column: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The values of a column that sound like won, and like lost, to be confirmed by a person.

    Raises:
        InputError: if there is no such column.
    """
    words = sorted({str(w) for w in columns.texts(accounts, column).tolist()} - {""})
    won = tuple(w for w in words if columns.normalized_header(w) in WON_WORDS)
    return won, tuple(w for w in words if columns.normalized_header(w) in LOST_WORDS)


def outcomes(accounts: Accounts, column: str, won: Sequence[str], lost: Sequence[str]) -> NDArray[np.int8]:
    """int8 (n_accounts,): 1 won, 0 lost, -1 neither, by the column's values, without case.

    Raises:
        InputError: if there is no such column, a value is on both lists, or a list is empty.
    """
    left, right = ({" ".join(v.casefold().split()) for v in side} for side in (won, lost))
    if not left or not right or left & right:
        raise InputError("choose which values mean won and which mean lost; no value can mean both")
    codes, words = pd.factorize(columns.texts(accounts, column))
    folded = [" ".join(str(w).casefold().split()) for w in words.tolist()]
    each = np.array([1 if w in left else 0 if w in right else -1 for w in folded] + [-1], dtype=np.int8)
    out: NDArray[np.int8] = each[codes]
    return out


def likeness(
    accounts: Accounts,
    column: str,
    won: Sequence[str],
    lost: Sequence[str],
    *,
    use: Sequence[str] | None = None,
    allow: Sequence[str] = (),
    seed: int = 0,
    progress: Progress = UNWATCHED,
) -> Likeness:
    """How like closed-won accounts each account is.

    Args:
        accounts: the accounts; closed ones teach, all are judged.
        column: the column that says won or lost.
        won: its values that mean won.
        lost: its values that mean lost; other values are still open.
        use: columns to learn from; None takes all that suit.
        allow: columns to use although they seem to know the outcome.
        seed: of the folds and the sample; the same seed gives the same model.
        progress: told how far it is.

    Raises:
        InputError: if a column isn't there, or won and lost aren't told apart.
        StoppedError: if the person stopped it.
    """
    column = columns.find(accounts, column)
    y = outcomes(accounts, column, won, lost)
    closed = np.flatnonzero(y >= 0)
    n_won, n_lost = int((y == 1).sum()), int((y == 0).sum())
    if min(n_won, n_lost) < LEAST:
        return _off(
            accounts,
            f"The model needs at least {LEAST} won and {LEAST} lost accounts; there are {n_won:,} and {n_lost:,}.",
        )
    rng = np.random.default_rng(seed)
    notes = []
    if len(closed) > MOST_ROWS:
        closed = _sample(closed, y, rng)
        notes.append(f"It learned from a random sample of {len(closed):,} of {n_won + n_lost:,} closed accounts.")
    progress.tell(0.05, "Reading the columns")
    raws, flagged = _choose(accounts, column, use, allow, closed, y)
    if not raws:
        return _off(accounts, "No column is left to learn from.", flagged=flagged)
    every, truth = table(raws), y[closed] == 1
    with one_processor(progress):
        model = _model(raws, len(closed), seed)
        said = _unseen(model, every[closed], truth, seed, progress)
        quality = _quality(said, truth)
        if not quality.low > 0.5 or quality.brier >= quality.brier_base:
            why = (
                f"On accounts it hasn't seen, the model isn't clearly better than guessing (AUC {quality.auc:.2f}, 99%"
                f" interval {quality.low:.2f} to {quality.high:.2f}; 0.50 is guessing)."
            )
            return _off(accounts, why, quality, flagged)
        progress.tell(0.8, "Learning from all closed accounts")
        model.fit(every[closed], truth)
        progress.tell(0.85, "Scoring every account")
        return _judged(model, every, raws, quality, flagged, notes)


def _off(accounts: Accounts, why: str, quality: Quality | None = None, flagged: tuple[Flagged, ...] = ()) -> Likeness:
    n = len(accounts)
    weights = pd.DataFrame({"column": [], "trait": [], "log odds": []})
    return Likeness(False, why, quality, np.full(n, np.nan), math.nan, np.zeros((n, 0)), (), weights, flagged, ())


def _sample(closed: NDArray[np.intp], y: NDArray[np.int8], rng: np.random.Generator) -> NDArray[np.intp]:
    """MOST_ROWS closed accounts with the whole's share of won ones, but never fewer of either than LEAST."""
    sides = [closed[y[closed] == k] for k in (0, 1)]
    share = len(sides[1]) / len(closed)
    take = min(max(round(MOST_ROWS * share), LEAST), MOST_ROWS - LEAST)
    picked = [rng.choice(side, k, replace=False) for side, k in zip(sides, (MOST_ROWS - take, take), strict=True)]
    return np.sort(np.concatenate(picked))


def _choose(
    accounts: Accounts,
    outcome: str,
    use: Sequence[str] | None,
    allow: Sequence[str],
    closed: NDArray[np.intp],
    y: NDArray[np.int8],
) -> tuple[list[ModelColumn], tuple[Flagged, ...]]:
    """The columns to learn from, and those that are left out with the reason."""
    allowed = {columns.find(accounts, a) for a in allow}
    if use is None:
        names = [c for c in map(str, accounts.frame.columns) if c not in _NEVER and c not in {"lat", "lon"}]
    else:
        names = list(dict.fromkeys(columns.find(accounts, u) for u in use))
    raws: list[ModelColumn] = []
    flagged: list[Flagged] = []
    truth = y[closed] == 1
    for name in names:
        if name == outcome:
            continue
        raw = read(accounts, name)
        part = raw.take(closed)
        known = ~part.blank()
        distinct = len(np.unique(part.values[known]))
        if raw.words is not None and known.sum() > 20 and distinct > 0.5 * known.sum():
            flagged.append(Flagged(name, "has almost as many different values as accounts", 0.5))
            continue
        if distinct < 2 and (known.all() or not known.any()):
            continue  # the same everywhere
        strength = alone(part, truth)
        why = ""
        if strength >= GIVES_AWAY:
            why = f"alone predicts won or lost almost perfectly (AUC {strength:.2f}): it seems to know the outcome"
        elif _OUTCOME & _words(name) and name not in CORE:
            why = "looks like it is filled in after the outcome is known"
        if why and name not in allowed:
            flagged.append(Flagged(name, why, strength))
        else:
            raws.append(raw)
    return raws, tuple(flagged)


def _words(name: str) -> frozenset[str]:
    """The lower-case words of a header: "CloseReason" -> close, reason."""
    return frozenset(w.lower() for w in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+", name))


def _model(raws: Sequence[ModelColumn], rows: int, seed: int) -> Any:
    """A scikit-learn pipeline, not fitted yet: traits, and a regression whose penalty is chosen on other rows."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit
    from sklearn.pipeline import Pipeline

    least = rows * (FOLDS - 1) // FOLDS  # what a fold learns from
    few = min(least, 4_000) // 3
    regression = LogisticRegression(solver="newton-cholesky", tol=1e-7)
    splits = StratifiedShuffleSplit(3, train_size=2 * few, test_size=few, random_state=seed)
    penalty = {"C": [1 / p for p in PENALTIES]}
    chosen = GridSearchCV(regression, penalty, scoring="neg_log_loss", cv=splits, refit=_strongest)
    return Pipeline([("traits", learner(raws, least)), ("regression", chosen)])


def _strongest(tried: Mapping[str, Any]) -> int:
    """The penalty with the least log loss; the stronger one where it makes no difference."""
    loss = -tried["mean_test_score"]
    return int(np.flatnonzero(loss <= loss.min() * 1.001)[-1])  # from weak to strong


def _unseen(model: Any, x: Floats, truth: NDArray[np.bool_], seed: int, progress: Progress) -> Floats:
    """Share won that is said of each row by a model that hasn't seen it."""
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    said = np.empty(len(truth))
    for fold, (at, rest) in enumerate(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, truth)):
        progress.tell(0.2 + 0.12 * fold, f"Testing the model, {fold + 1} of {FOLDS}")
        said[rest] = clone(model).fit(x[at], truth[at]).predict_proba(x[rest])[:, 1]
    return said


def _quality(said: Floats, truth: NDArray[np.bool_]) -> Quality:
    from sklearn.metrics import brier_score_loss

    a = auc(said, truth)
    won, lost = int(truth.sum()), int((~truth).sum())
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    spread = math.sqrt(max(a * (1 - a) + (won - 1) * (q1 - a * a) + (lost - 1) * (q2 - a * a), 0.0) / (won * lost))
    frame = pd.DataFrame({"said": said, "was": truth.astype(np.float64)}).sort_values("said", kind="stable")
    tenth = np.arange(len(frame)) * 10 // len(frame)
    groups = frame.groupby(tenth).agg(said=("said", "mean"), was=("was", "mean"), accounts=("was", "size"))
    share = won / len(truth)
    return Quality(
        a,
        max(a - Z_99 * spread, 0.0),
        min(a + Z_99 * spread, 1.0),
        float(brier_score_loss(truth, said)),
        share * (1 - share),
        groups,
        float(np.average((groups["said"] - groups["was"]).abs(), weights=groups["accounts"])),
        won,
        lost,
    )


def _judged(
    model: Any,
    every: Floats,
    raws: Sequence[ModelColumn],
    quality: Quality,
    flagged: tuple[Flagged, ...],
    notes: Sequence[str],
) -> Likeness:
    learnt, regression = model["traits"], model["regression"].best_estimator_
    weights, start = regression.coef_[0], regression.intercept_[0]
    meant = traits(learnt, raws)
    owner = np.array([k for k, _ in meant])
    x = learnt.transform(every)
    pull = np.column_stack([x[:, owner == k] @ weights[owner == k] for k in range(len(raws))])
    total = pull.sum(axis=1)
    amounts, base = 100.0 * expit(start + total), 100.0 * float(expit(start))
    # log odds add up, shares don't: each column gets its part of the way in proportion to its log odds
    steep = base * (100.0 - base) / 100.0
    ratio = np.where(np.abs(total) > 1e-9, (amounts - base) / np.where(np.abs(total) > 1e-9, total, 1.0), steep)
    parts = pull * ratio[:, None]
    for a in (amounts, parts):
        a.setflags(write=False)
    names = tuple(r.name for r in raws)
    rows = [(names[k], trait, w) for (k, trait), w in zip(meant, weights.tolist(), strict=True)]
    leanings = pd.DataFrame(rows, columns=["column", "trait", "log odds"])
    return Likeness(True, "", quality, amounts, base, parts, names, leanings, flagged, tuple(notes))
