"""Likeness to closed-won accounts: a small model on the user's own won/lost column, which says how good it is.

Logistic regression with a ridge penalty, fitted by Newton's method. Numbers enter as percentiles, texts as levels with
rare ones joined, blanks as a trait of their own. Its quality is measured on accounts it hasn't seen (five folds, the
penalty chosen inside each fold). It stays off with too few rows, or when it isn't clearly better than chance.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import CORE, Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.scoring import columns
from terr.scoring.traits import Floats, Trait, TraitInputs, alone, auc, learn, matrix, read

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
        low, high: 99 % interval of it (Hanley and McNeil 1982).
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
        raise InputError("say which values mean won and which mean lost; no value can mean both")
    codes, words = pd.factorize(columns.texts(accounts, column))
    folded = [" ".join(str(w).casefold().split()) for w in words.tolist()]
    each = np.array([1 if w in left else 0 if w in right else -1 for w in folded] + [-1], dtype=np.int8)
    out: NDArray[np.int8] = each[codes]
    return out


def fit(x: Floats, won: NDArray[np.bool_], penalty: float) -> tuple[float, Floats]:
    """Intercept and weights float64 (p,) that minimise log loss + penalty / 2 x the weights' squares.

    Newton's method with halved steps; the intercept isn't penalised.
    """
    from terr.scoring.kernels import down, times, weighted  # late: compiling takes a moment

    n, p = x.shape
    y = won.astype(np.float64)
    full = np.concatenate([np.ones((n, 1)), x], axis=1)
    ridge = np.r_[0.0, np.full(p, penalty)]
    beta = np.zeros(p + 1)
    beta[0] = math.log((y.sum() + 0.5) / (n - y.sum() + 0.5))

    def loss(b: Floats) -> float:
        z = times(full, b)
        return float(np.logaddexp(0.0, z).sum() - y @ z + 0.5 * (ridge * b * b).sum())

    now = loss(beta)
    for _ in range(50):
        share = _share(times(full, beta))
        slope = down(full, share - y) + ridge * beta
        bend = weighted(full, share * (1 - share) + 1e-9) + np.diag(ridge + 1e-9)
        step = np.linalg.solve(bend, slope)
        scale = 1.0
        while scale > 1e-6 and loss(beta - scale * step) > now:
            scale /= 2
        beta = beta - scale * step
        then = loss(beta)
        if now - then <= 1e-10 * (1 + abs(now)):
            break
        now = then
    return float(beta[0]), beta[1:]


def _share(z: Floats) -> Floats:
    out: Floats = 1.0 / (1.0 + np.exp(-np.clip(z, -500, 500)))
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
        notes.append(f"It learnt from {len(closed):,} of {n_won + n_lost:,} closed accounts, drawn at random.")
    progress.tell(0.05, "Reading the columns")
    raws, flagged = _choose(accounts, column, use, allow, closed, y)
    if not raws:
        return _off(accounts, "No column is left to learn from.", flagged=flagged)
    taught = [r.take(closed) for r in raws]
    truth = y[closed] == 1
    said = _unseen(
        taught, truth, rng, lambda fold: progress.tell(0.2 + 0.12 * fold, f"Testing the model, {fold + 1} of {FOLDS}")
    )
    quality = _quality(said, truth)
    if not quality.low > 0.5 or quality.brier >= quality.brier_base:
        why = (
            f"On accounts it hasn't seen the model isn't clearly better than guessing (AUC {quality.auc:.2f}, 99 %"
            f" interval {quality.low:.2f} to {quality.high:.2f}; 0.50 is guessing)."
        )
        return _off(accounts, why, quality, flagged)
    progress.tell(0.8, "Learning from all closed accounts")
    traits, start, weights = _model(taught, truth, rng)
    progress.tell(0.85, "Judging every account")
    return _judged(raws, traits, start, weights, quality, flagged, notes)


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
) -> tuple[list[TraitInputs], tuple[Flagged, ...]]:
    """The columns to learn from, and those that are left out with the reason."""
    allowed = {columns.find(accounts, a) for a in allow}
    if use is None:
        names = [c for c in map(str, accounts.frame.columns) if c not in _NEVER and c not in {"lat", "lon"}]
    else:
        names = list(dict.fromkeys(columns.find(accounts, u) for u in use))
    raws: list[TraitInputs] = []
    flagged: list[Flagged] = []
    truth = y[closed] == 1
    for name in names:
        if name == outcome:
            continue
        raw = read(accounts, name)
        part = raw.take(closed)
        known = ~part.blank()
        if raw.amounts is None:
            distinct = len(np.unique(part.codes[known]))
            if known.sum() > 20 and distinct > 0.5 * known.sum():
                flagged.append(Flagged(name, "has almost as many different texts as accounts", 0.5))
                continue
        else:
            distinct = len(np.unique(part.amounts[known])) if part.amounts is not None else 0
        if distinct < 2 and (known.all() or not known.any()):
            continue  # the same everywhere
        strength = alone(part, truth)
        why = ""
        if strength >= GIVES_AWAY:
            why = (
                f"by itself tells won from lost almost without fail (AUC {strength:.2f}): it seems to know the outcome"
            )
        elif _OUTCOME & _words(name) and name not in CORE:
            why = "sounds as if it were filled in when the outcome is known"
        if why and name not in allowed:
            flagged.append(Flagged(name, why, strength))
        else:
            raws.append(raw)
    return raws, tuple(flagged)


def _words(name: str) -> frozenset[str]:
    """The lower-case words of a header: "CloseReason" -> close, reason."""
    return frozenset(w.lower() for w in re.findall(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+", name))


def _folds(truth: NDArray[np.bool_], k: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Fold of each row, won and lost spread evenly."""
    out = np.empty(len(truth), dtype=np.int64)
    for side in (truth, ~truth):
        rows = rng.permutation(np.flatnonzero(side))
        out[rows] = np.arange(len(rows)) % k
    return out


def _taught(raws: Sequence[TraitInputs], at: NDArray[np.intp], rest: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Numbers of rows to learn from and of others, with everything learnt from the first alone."""
    traits = [learn(r.take(at)) for r in raws]
    return matrix(traits, [r.take(at) for r in raws])[0], matrix(traits, [r.take(rest) for r in raws])[0]


def _best_penalty(raws: Sequence[TraitInputs], truth: NDArray[np.bool_], rng: np.random.Generator) -> float:
    """The penalty with the least log loss on three inner folds; the stronger one where it makes no difference."""
    rows = np.arange(len(truth))
    if len(rows) > 4_000:
        rows = np.sort(rng.choice(rows, 4_000, replace=False))
    if min(truth[rows].sum(), (~truth[rows]).sum()) < 6:
        return PENALTIES[-1]
    fold = _folds(truth[rows], 3, rng)
    loss = np.zeros(len(PENALTIES))
    for f in range(3):
        at, rest = rows[fold != f], rows[fold == f]
        x, other = _taught(raws, at, rest)
        for k, penalty in enumerate(PENALTIES):
            start, weights = fit(x, truth[at], penalty)
            z = start + other @ weights
            loss[k] += float(np.logaddexp(0.0, z).sum() - truth[rest] @ z)
    return max(p for p, v in zip(PENALTIES, loss, strict=True) if v <= loss.min() * 1.001)


def _unseen(
    raws: Sequence[TraitInputs], truth: NDArray[np.bool_], rng: np.random.Generator, begun: Callable[[int], None]
) -> Floats:
    """Share won that is said of each row by a model that hasn't seen it."""
    said = np.empty(len(truth))
    fold = _folds(truth, FOLDS, rng)
    for f in range(FOLDS):
        begun(f)
        at, rest = np.flatnonzero(fold != f), np.flatnonzero(fold == f)
        penalty = _best_penalty([r.take(at) for r in raws], truth[at], rng)
        x, other = _taught(raws, at, rest)
        start, weights = fit(x, truth[at], penalty)
        said[rest] = _share(start + other @ weights)
    return said


def _quality(said: Floats, truth: NDArray[np.bool_]) -> Quality:
    a = auc(said, truth)
    won, lost = int(truth.sum()), int((~truth).sum())
    q1, q2 = a / (2 - a), 2 * a * a / (1 + a)
    spread = math.sqrt(max(a * (1 - a) + (won - 1) * (q1 - a * a) + (lost - 1) * (q2 - a * a), 0.0) / (won * lost))
    y = truth.astype(np.float64)
    order = np.argsort(said, kind="stable")
    table = pd.DataFrame(
        [(float(said[g].mean()), float(y[g].mean()), len(g)) for g in np.array_split(order, 10)],
        columns=["said", "was", "accounts"],
    )
    off = float(((table["said"] - table["was"]).abs() * table["accounts"]).sum() / len(y))
    base = float(y.mean() * (1 - y.mean()))
    return Quality(
        a,
        max(a - Z_99 * spread, 0.0),
        min(a + Z_99 * spread, 1.0),
        float(((said - y) ** 2).mean()),
        base,
        table,
        off,
        won,
        lost,
    )


def _model(
    raws: Sequence[TraitInputs], truth: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[list[Trait], float, Floats]:
    penalty = _best_penalty(raws, truth, rng)
    traits = [learn(r) for r in raws]
    start, weights = fit(matrix(traits, raws)[0], truth, penalty)
    return traits, start, weights


def _judged(
    raws: Sequence[TraitInputs],
    traits: Sequence[Trait],
    start: float,
    weights: Floats,
    quality: Quality,
    flagged: tuple[Flagged, ...],
    notes: Sequence[str],
) -> Likeness:
    x, owner = matrix(traits, raws)
    pull = np.zeros((len(x), len(raws)))
    for k in range(len(raws)):
        pull[:, k] = x[:, owner == k] @ weights[owner == k]
    total = pull.sum(axis=1)
    amounts = 100.0 * _share(start + total)
    base = 100.0 * float(_share(np.array([start]))[0])
    # log odds add up, shares don't: each column gets its part of the way in proportion to its log odds
    steep = base * (100.0 - base) / 100.0
    ratio = np.where(np.abs(total) > 1e-9, (amounts - base) / np.where(np.abs(total) > 1e-9, total, 1.0), steep)
    parts = pull * ratio[:, None]
    names = tuple(r.name for r in raws)
    rows = []
    for k, t in enumerate(traits):
        mine = weights[owner == k].tolist()
        labels = [*(["higher"] if t.knots is not None else t.levels), *(["blank"] if t.blanks else [])]
        rows += [(t.name, label, w) for label, w in zip(labels, mine, strict=True)]
    for a in (amounts, parts):
        a.setflags(write=False)
    table = pd.DataFrame(rows, columns=["column", "trait", "log odds"])
    return Likeness(True, "", quality, amounts, base, parts, names, table, flagged, tuple(notes))
