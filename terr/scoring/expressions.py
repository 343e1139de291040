"""Formulas over the accounts' columns: `users * price`, `0.3 * revenue + 100 * seats`. See `terr.scoring.language`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.model.accounts import Accounts
from terr.model.wording import count
from terr.scoring import columns
from terr.scoring.evaluate import Evaluator
from terr.scoring.language import parse
from terr.scoring.nodes import FormulaError, Node, is_condition

HELP = (
    "Write columns by name; a name with spaces or signs goes in square brackets: [Seats in use]. "
    "Operators: + - * / ^ and parentheses. 1k, 1M and 1B are thousands, millions and billions; 30% is 0.3. "
    "Functions: min(a, b), max(a, b), abs(a), round(a, 2), sqrt(a), log(a), where(condition, this, that), "
    "ifblank(a, 0). A blank stays blank unless ifblank fills it."
)
"""For the box where a person writes a formula."""


@dataclass(frozen=True)
class Fault:
    """Accounts whose figure can't be worked out.

    Attributes:
        what: such as "division by zero".
        accounts: how many.
        rows: rows of the file of the first 20.
    """

    what: str
    accounts: int
    rows: tuple[int, ...]

    def __str__(self) -> str:
        more = ", ..." if self.accounts > len(self.rows) else ""
        return f"{self.what} in {count(self.accounts, 'account')}: row {', '.join(str(r) for r in self.rows)}{more}"


@dataclass(frozen=True, eq=False)
class Computed:
    """A formula worked out.

    Attributes:
        text: the formula.
        amounts: float64 (n_accounts,), NaN where blank. Read-only.
        currency: ISO code of the result, "1/" before it for figures per money, "" where it is no money.
        blank: accounts without a figure because one that goes into it is blank.
        faults: accounts without a figure for another reason; no account is in `blank` too.
        notes: what was taken for granted.
    """

    text: str
    amounts: NDArray[np.float64]
    currency: str
    blank: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]

    @property
    def known(self) -> int:
        """Accounts with a figure; known + blank + those with a fault are all accounts."""
        return int((~np.isnan(self.amounts)).sum())


def compute(accounts: Accounts, formula: str) -> Computed:
    """The figure of each account.

    Raises:
        FormulaError: if the formula can't be read, names a column that isn't there, or mixes currencies. Nothing else,
            whatever the text.
    """
    return compute_tree(accounts, formula, parse(formula))


def compute_tree(accounts: Accounts, formula: str, tree: Node) -> Computed:
    """`compute` for a formula that has been parsed.

    Raises:
        FormulaError: as `compute`.
    """
    if is_condition(tree):
        raise FormulaError("this is a condition, not a number; use where(condition, 1, 0)", 0, formula)
    run = Evaluator(accounts, formula)
    q = run.quantity(tree)
    code, power = q.money
    if power not in {0, 1, -1}:
        raise FormulaError(f"the result would be in {code} to the power {power:g}, which has no meaning", 0, formula)
    values = np.where(np.isnan(q.amounts), np.nan, q.amounts + 0.0)  # -0.0 becomes 0.0
    bad = np.zeros(len(accounts), dtype=np.bool_)
    faults = []
    for what, mask in q.faults.items():
        fresh = mask & np.isnan(values) & ~bad
        if fresh.any():
            faults.append(Fault(what, int(fresh.sum()), columns.rows_of(accounts, fresh)))
        bad |= fresh
    values.setflags(write=False)
    blank = int((np.isnan(values) & ~bad).sum())
    return Computed(
        formula, values, f"{'1/' if power < 0 else ''}{code}" if power else "", blank, tuple(faults), tuple(run.notes)
    )
