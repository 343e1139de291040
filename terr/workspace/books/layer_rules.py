"""Layer rules tried on the accounts: what each catches and what falls through, before a plan is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from terr.errors import InputError
from terr.model.accounts import CORE, HIDDEN, Accounts
from terr.model.books.plan_layers import ACCOUNTS, AREAS, BOOKS, LONGEST_NAME, METHODS, NAMES, UNCOVERED, PlanLayer
from terr.scoring.layers import divide
from terr.view.text import count, percent, short
from terr.workspace.accounts.dataset import Dataset

__all__ = [
    "ACCOUNTS",
    "AREAS",
    "LONGEST_NAME",
    "METHODS",
    "NAMES",
    "UNCOVERED",
    "PlanLayer",
]  # of other floors, for the pages

METHOD_WORDS = {ACCOUNTS: "Accounts (books)", AREAS: "Areas", NAMES: "Accounts by name", UNCOVERED: "Not covered"}
BLANK_WORD = "(blank)"
_MOST_VALUES = 200
_OWN = ("owner", "state", "city")
ALL_BOOKS = (PlanLayer("Accounts"),)
"""The layers of a plan of books alone."""


@dataclass(frozen=True)
class TriedLayer:
    """One layer tried.

    Attributes:
        name: its name; accounts: that belong to it; share: of all accounts, percent, as text.
        amount: of the measure, as text; left: accounts that fall through to the layers after it.
        notes: what is to be said of it.
    """

    name: str
    accounts: int
    share: str
    amount: str
    left: int
    notes: tuple[str, ...]


def rule_columns(accounts: Accounts) -> list[str]:
    """Columns whose values can be a rule: the accounts' own attributes, with segments and tiers, of few values."""
    frame = accounts.frame
    known = {*CORE, *HIDDEN, *accounts.measures} - set(_OWN)
    texts = [c for c in frame.columns if c not in known and not pd.api.types.is_float_dtype(frame[c])]
    found = [c for c in texts if 2 <= frame[c].astype(str).nunique() <= _MOST_VALUES]
    return [*(c for c in found if c not in _OWN), *(c for c in _OWN if c in found)]


def column_values(accounts: Accounts, column: str) -> list[str]:
    """The values of a column, the most frequent first, a blank as `BLANK_WORD` at the end."""
    counts = accounts.frame[column].astype(str).str.strip().value_counts()
    named = [str(v) for v in counts.index if v]
    return [*named, *([BLANK_WORD] if "" in counts.index else [])]


def values_rule(name: str, method: str, column: str, chosen: Sequence[str]) -> PlanLayer:
    """A layer of accounts with some values of a column.

    Raises:
        InputError: if none is chosen.
    """
    return PlanLayer(name, method, column=column, values=tuple("" if v == BLANK_WORD else v for v in chosen))


def named_rule(name: str, text: str) -> PlanLayer:
    """A layer of accounts listed one per line, by id or name.

    Raises:
        InputError: if none is listed.
    """
    return PlanLayer(name, NAMES, accounts=tuple(dict.fromkeys(v.strip() for v in text.splitlines() if v.strip())))


def tried(data: Dataset, layers: Sequence[PlanLayer], measure: str) -> tuple[TriedLayer, ...]:
    """What each layer catches, as far as its rule can be worked out.

    Raises:
        InputError: if the layers leave an account in none, or have two of areas.
    """
    found = divide(data.accounts, layers, measure, lenient=True)
    n, left, out = len(data.accounts), len(data.accounts), []
    money = dict(data.accounts.currency).get(measure, "")
    for layer, caught in zip(layers, found.caught, strict=True):
        left -= caught.accounts
        share = percent(100 * caught.accounts / max(n, 1))
        out.append(TriedLayer(layer.name, caught.accounts, share, short(caught.amount, money), left, caught.notes))
    return tuple(out)


def tried_words(one: TriedLayer, measure: str) -> str:
    """The same as a line under the rule: "412 accounts (8.2%), $1.2M Potential; 4,588 fall through"."""
    rest = f"; {one.left:,} fall through" if one.left else ""
    return f"{count(one.accounts, 'account')} ({one.share}), {one.amount} {measure}{rest}"


def moved_layer(order: Sequence[int], at: int, step: int) -> list[int]:
    """The order with one layer a place earlier (-1) or later (1); the last place is the rest's, and stays.

    Args:
        order: of the layers above the rest.
        at: place of the one that moves.
        step: -1 or 1.
    """
    out, to = list(order), at + step
    if 0 <= at < len(out) and 0 <= to < len(out):
        out[at], out[to] = out[to], out[at]
    return out


def catches_nothing(found: Sequence[TriedLayer]) -> bool:
    """Whether some layer has no accounts."""
    return bool(np.any([t.accounts == 0 for t in found]))


def checked(data: Dataset, layers: Sequence[PlanLayer]) -> None:
    """Refuse layers no plan can be made of, before one is.

    Raises:
        InputError: for a rule that can't be worked out, or layers without any account as a unit.
    """
    found = divide(data.accounts, layers)
    books = [k for k, v in enumerate(layers) if v.method in BOOKS]
    if not np.isin(found.of, books).any():
        raise InputError("no layer of accounts catches an account; change its rule, or plan areas alone")
