"""Potential of each account, by formula, by history or by a blend of both; and white space, what isn't sold yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.wording import count as counted
from terr.scoring import columns
from terr.scoring.expressions import compute

Floats = NDArray[np.float64]
MOST_PERIODS = 60


@dataclass(frozen=True, eq=False)
class Potential:
    """A figure per account with what a reader should know of it.

    Attributes:
        amounts: float64 (n_accounts,), NaN where nothing is known. Read-only.
        currency: ISO code, "" if it is no money.
        blank: accounts without a figure.
        notes: what was taken for granted, in sentences.
    """

    amounts: Floats
    currency: str
    blank: int
    notes: tuple[str, ...]


def _made(amounts: Floats, currency: str, notes: Sequence[str]) -> Potential:
    amounts.setflags(write=False)
    return Potential(amounts, currency, int(np.isnan(amounts).sum()), tuple(notes))


def by_formula(accounts: Accounts, formula: str) -> Potential:
    """Potential by a formula over columns, such as `[Users] * 1200`.

    Raises:
        FormulaError: as `terr.scoring.expressions.compute`.
    """
    made = compute(accounts, formula)
    notes = [*made.notes, *(str(f) for f in made.faults)]
    return _made(made.amounts.copy(), "" if made.currency.startswith("1/") else made.currency, notes)


def by_history(accounts: Accounts, periods: Sequence[str], ahead: int = 1) -> Potential:
    """Potential by history: a straight line through the periods' figures, drawn on.

    The line is fitted by least squares through the known figures of an account. With one or two of them there is no
    line worth the name: their mean is used. A result below 0 becomes 0. Blank periods are left out, not taken as 0.

    Args:
        accounts: the accounts.
        periods: two or more columns of figures, of equally long periods, the oldest first.
        ahead: how many periods after the last one is looked.

    Raises:
        InputError: if a column isn't there or comes twice, currencies differ, or `ahead` isn't 1 to 12.
    """
    read = [columns.numbers(accounts, p) for p in periods]
    if not 2 <= len(read) <= MOST_PERIODS or len({c.name for c in read}) < len(read):
        raise InputError(f"history needs 2 to {MOST_PERIODS} different columns, the oldest period first")
    if not 1 <= ahead <= 12:
        raise InputError("the trend can be extended by 1 to 12 periods")
    codes = {c.currency for c in read if c.currency}
    if len(codes) > 1:
        raise InputError(f"the periods are in different currencies ({', '.join(sorted(codes))}); convert them first")
    y = np.stack([c.amounts for c in read], axis=1)
    known = ~np.isnan(y)
    count = known.sum(axis=1)
    t = np.arange(y.shape[1], dtype=np.float64)
    filled = np.where(known, y, 0.0)
    safe = np.maximum(count, 1)
    mean_t, mean_y = (known * t).sum(axis=1) / safe, filled.sum(axis=1) / safe
    off = np.where(known, t - mean_t[:, None], 0.0)
    spread = (off * off).sum(axis=1)
    slope = (off * filled).sum(axis=1) / np.where(spread > 0, spread, 1.0)
    line = mean_y + slope * (t[-1] + ahead - mean_t)
    raw = np.where(count >= 3, line, mean_y)
    below = (raw < 0) & (count > 0)
    few = int(((count > 0) & (count < 3)).sum())
    notes = []
    if few:
        notes.append(
            f"{counted(few, 'account has', 'accounts have')} fewer than three known periods; their average is used."
        )
    if below.any():
        notes.append(f"{counted(int(below.sum()), 'account', 'accounts')} would fall below 0; they are set to 0.")
    out = np.where(count > 0, np.maximum(raw, 0.0), np.nan)
    return _made(out, next(iter(codes), ""), notes)


def blend(formula: Potential, history: Potential, weight: float) -> Potential:
    """weight x formula + (1 - weight) x history; where only one of them is known, that one, and it is told.

    Args:
        formula: potential by formula.
        history: potential by history, of the same accounts.
        weight: 0 to 1, the share of the formula.

    Raises:
        InputError: if the weight is no such share, or the currencies or the accounts differ.
    """
    if not 0.0 <= weight <= 1.0:
        raise InputError("the share of the formula must lie between 0% and 100%")
    currency, notes = _one_currency(formula, history, "formula", "history")
    a, b = formula.amounts, history.amounts
    if len(a) != len(b):
        raise InputError("formula and history are of different accounts")
    out = weight * a + (1.0 - weight) * b
    if weight in {0.0, 1.0}:  # what has no weight may be blank
        out = a.copy() if weight else b.copy()
    one = np.isnan(a) ^ np.isnan(b)
    out[one] = np.where(np.isnan(a), b, a)[one]
    if one.any():
        notes.append(
            f"{counted(int(one.sum()), 'account has', 'accounts have')} only a formula or only history; that one is "
            "used."
        )
    return _made(out, currency, [*formula.notes, *history.notes, *notes])


def white_space(
    potential: Potential, current: Potential, *, below_zero: bool = False, blank_is_zero: bool = False
) -> Potential:
    """What isn't sold yet: potential - current.

    Args:
        potential: of the accounts.
        current: what they buy now (see `column`).
        below_zero: keep figures below 0, where more is sold than the potential says; else they become 0.
        blank_is_zero: an account whose current figure is blank buys nothing yet; else its white space is blank.

    Raises:
        InputError: if the currencies or the accounts differ.
    """
    currency, notes = _one_currency(potential, current, "the potential", "the current amount")
    if len(potential.amounts) != len(current.amounts):
        raise InputError("potential and current amount are of different accounts")
    now = np.where(np.isnan(current.amounts), 0.0, current.amounts) if blank_is_zero else current.amounts
    out = potential.amounts - now
    blanks = int((np.isnan(current.amounts) & ~np.isnan(potential.amounts)).sum())
    if blanks:
        what = "read as 0" if blank_is_zero else "left blank"
        notes.append(f"{counted(blanks, 'account has', 'accounts have')} a potential but no current amount; {what}.")
    over = out < 0
    if over.any():
        money = f"{'$' if currency == 'USD' else ''}{-out[over].sum():,.0f}"
        what = "kept below 0" if below_zero else "set to 0"
        notes.append(
            f"{counted(int(over.sum()), 'account already exceeds its', 'accounts already exceed their')} potential, by "
            f"{money}; their white space is {what}."
        )
    return _made(out if below_zero else np.where(over, 0.0, out), currency, notes)


def column(accounts: Accounts, name: str) -> Potential:
    """A column as it stands, to blend or to subtract.

    Raises:
        InputError: if there is no such column.
    """
    read = columns.numbers(accounts, name)
    notes = (
        [f"{counted(read.unreadable, 'cell', 'cells')} of {columns.shown(read.name)} aren't numbers."]
        if read.unreadable
        else []
    )
    return _made(read.amounts.copy(), read.currency, notes)


def _one_currency(a: Potential, b: Potential, name_a: str, name_b: str) -> tuple[str, list[str]]:
    if a.currency and b.currency and a.currency != b.currency:
        raise InputError(f"{name_a} is in {a.currency}, {name_b} in {b.currency}; convert one of them first")
    code = a.currency or b.currency
    if a.currency == b.currency:
        return code, []
    bare = name_b if a.currency else name_a
    return code, [f"{bare[0].upper()}{bare[1:]} has no currency; it is read as {code}."]
