"""What the Scores page offers before a person has said anything, from the names and contents of columns."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from terr.model.accounts import CORE, Accounts
from terr.scoring import columns
from terr.scoring.likeness import guess_outcomes
from terr.scoring.scores import Ingredient
from terr.scoring.workload import Tier
from terr.workspace.scores.segments import MOST_VALUES

_TEXT_CORE = ("owner", "state", "city", "county")
_SIZE = ("employee", "user", "seat", "headcount", "license", "bed", "size")
_MONEY = ("revenue", "sales", "bookings", "arr", "spend")
_GROUP = ("industry", "segment", "sector", "vertical", "product", "type", "class", "tier")
_OUTCOME = ("stage", "outcome", "status", "won", "result")
_YEAR = re.compile(r"(?:19|20)\d{2}|\bq[1-4]\b|\bfy ?\d{2}\b", re.IGNORECASE)
_CALLS = ((4.0, 60.0), (2.0, 45.0), (1.0, 30.0))


def numeric(accounts: Accounts) -> list[str]:
    """Columns of figures: measures first, then attributes that are kept as numbers or nearly all read as ones."""
    return [*accounts.measures, *(c for c in _own(accounts) if _reads_as_number(accounts, c))]


def grouping(accounts: Accounts) -> list[str]:
    """Columns of texts with 2 to `MOST_VALUES` values, those that sound like a grouping first."""
    out = []
    for name in [*_own(accounts), *(c for c in _TEXT_CORE if c in accounts.frame.columns)]:
        words = accounts.frame[name].unique()
        if len(words) > MOST_VALUES + 2:  # one by one they would take long
            continue
        if 2 <= len([w for w in words if str(w) not in {"", "nan"}]) <= MOST_VALUES:
            out.append(name)
    return sorted(out, key=lambda c: _rank(c, _GROUP))


def words_in(accounts: Accounts, column: str) -> list[str]:
    """The different texts of a column, sorted, without the blank."""
    return sorted({str(w) for w in columns.texts(accounts, column).tolist()} - {""})


def outcomes_in(accounts: Accounts, column: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The texts of a column that sound like won, and like lost, to be confirmed by a person."""
    return guess_outcomes(accounts, column)


def traits(accounts: Accounts, outcome: str) -> list[str]:
    """Columns that likeness can learn from, where `outcome` tells won from lost."""
    return [c for c in columns.offered(accounts) if c not in {outcome, "name"}]


def _own(accounts: Accounts) -> list[str]:
    skip = {*CORE, *columns.HIDDEN, *accounts.measures}
    return [str(c) for c in accounts.frame.columns if c not in skip]


def _reads_as_number(accounts: Accounts, name: str) -> bool:
    if columns.is_number(accounts, name):
        return True
    few = accounts.frame.iloc[:: max(len(accounts) // 200, 1)]
    cells = [str(v) for v in few[name] if str(v) not in {"", "nan"}]
    plain = [c for c in cells if re.fullmatch(r"[-$€£(]*[\d.,]+[)%]*", c.strip())]
    return bool(cells) and len(plain) >= 0.95 * len(cells)


def _rank(name: str, words: Sequence[str]) -> int:
    low = name.casefold()
    return next((k for k, w in enumerate(words) if w in low), len(words))


def pick(names: Sequence[str], words: Sequence[str]) -> str:
    """The name that speaks of the first of some words, else the first one; "" if there is none."""
    return min(names, key=lambda n: _rank(n, words)) if names else ""


def size_column(accounts: Accounts) -> str:
    """The column of size to cut into bands."""
    return pick(numeric(accounts), _SIZE)


def money_column(accounts: Accounts, names: Sequence[str] | None = None) -> str:
    """The column of what is sold now."""
    return pick(list(accounts.measures) if names is None else names, _MONEY)


def value_column(accounts: Accounts) -> str:
    """The measure to rank accounts by: potential, else what is sold now."""
    return pick(list(accounts.measures), ("potential", *_MONEY))


def edges(accounts: Accounts, column: str) -> tuple[float, ...]:
    """Two round edges that cut the accounts into roughly a half, a third and the rest."""
    amounts = columns.numbers(accounts, column).amounts
    known = amounts[amounts > 0]
    if not len(known):
        return (10.0, 100.0)
    low, high = (_round(float(v)) for v in np.quantile(known, (0.5, 0.85)))
    return (low, high) if high > low else (low, low * 10)


def _round(value: float) -> float:
    """The nearest of 1, 2, 5 and 10 times a power of ten, from 1 up."""
    power = 10.0 ** np.floor(np.log10(max(value, 1.0)))
    return float(min((1, 2, 5, 10), key=lambda m: abs(m * power - value)) * power)


def ingredients(accounts: Accounts) -> tuple[Ingredient, ...]:
    """Up to three columns with weights, for a first score."""
    names = sorted(accounts.measures, key=lambda m: _rank(m, ("white", "potential", *_MONEY, "like", *_SIZE)))
    names = [n for n in names if " · " not in n][:3]
    return tuple(Ingredient(n, w) for n, w in zip(names, (50.0, 30.0, 20.0), strict=False))


def outcome_column(accounts: Accounts) -> str:
    """The column that tells won from lost, "" if none looks like one."""
    for name in sorted(grouping(accounts), key=lambda c: _rank(c, _OUTCOME)):
        won, lost = outcomes_in(accounts, name)
        if won and lost:
            return name
    return ""


def periods(accounts: Accounts) -> tuple[str, ...]:
    """Columns of figures of several periods, the oldest first."""
    dated = [(match[0].casefold(), n) for n in numeric(accounts) if (match := _YEAR.search(n))]
    return tuple(n for _, n in sorted(dated))


def formula(accounts: Accounts) -> tuple[float, str]:
    """Price per user and the column of users; the price is what brings the potential near what is sold now, doubled."""
    users = size_column(accounts)
    money = money_column(accounts)
    if not users or not money or users == money:
        return 100.0, users
    heads, sold = columns.numbers(accounts, users).amounts, columns.numbers(accounts, money).amounts
    both = ~np.isnan(heads) & ~np.isnan(sold)
    whole = float(heads[both].sum())
    return (_round(2.0 * float(sold[both].sum()) / whole) if whole > 0 else 100.0), users


def tier_column(accounts: Accounts, made: Sequence[str] = ()) -> str:
    """The column whose texts say how often an account is called on: tiers that were made, else one of that name."""
    if made:
        return made[0]
    names = grouping(accounts)
    best = pick(names, ("tier", "class", "rating", "priority"))
    return best if best and _rank(best, ("tier", "class", "rating", "priority")) < 4 else ""


def tier_rows(values: Sequence[str]) -> tuple[Tier, ...]:
    """Calls and minutes for the values of a column of tiers, the first ones called on most."""
    return tuple(Tier(v, *_CALLS[min(k, len(_CALLS) - 1)]) for k, v in enumerate(values))
