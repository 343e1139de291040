"""Plan layers: the ordered rules that say which accounts a territory can take, and by which method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from terr.errors import InputError

AREAS, ACCOUNTS, NAMES, UNCOVERED = "areas", "accounts", "names", "uncovered"
METHODS = (AREAS, ACCOUNTS, NAMES, UNCOVERED)
"""Territories of areas; books of accounts; accounts given by name; in an overlay, accounts its role doesn't cover."""
BOOKS = (ACCOUNTS, NAMES)
"""Methods whose accounts are units of their own."""
MOST_LAYERS = 12
LONGEST_NAME = 60


@dataclass(frozen=True)
class PlanLayer:
    """One layer: the accounts its rule holds for, unless a layer before it took them.

    Attributes:
        name: shown to people, unique in the plan.
        method: one of `METHODS`.
        rule: a condition such as `industry = "Health" and revenue >= 1M`; "" for the other ways.
        column, values: the rule as values of a column instead; "" in `values` is the blank cell.
        accounts: ids or names of accounts, for `NAMES`. A layer without any rule takes every account that is left.
    """

    name: str
    method: str = ACCOUNTS
    rule: str = ""
    column: str = ""
    values: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > LONGEST_NAME:
            raise InputError(f"a layer needs a name of 1 to {LONGEST_NAME} characters")
        if self.method not in METHODS:
            raise InputError(f"{self.method[:20]} is no method of a layer; choose {', '.join(METHODS)}")
        if bool(self.rule.strip()) + bool(self.column) + bool(self.accounts) > 1:
            raise InputError(f'the layer "{self.name}" has two rules; keep one')
        if self.column and not self.values:
            raise InputError(f'the layer "{self.name}" names no value of {self.column}; choose at least one')
        if (self.method == NAMES) != bool(self.accounts):
            raise InputError(f'the layer "{self.name}" needs a list of accounts; paste their ids or names')

    @property
    def takes_rest(self) -> bool:
        """It takes every account that no layer before it took."""
        return not (self.rule.strip() or self.column or self.accounts)


def check_layers(layers: Sequence[PlanLayer]) -> None:
    """Refuse a list of layers that leaves an account in none or in two.

    Raises:
        InputError: saying which layer, and what to change.
    """
    if not 1 <= len(layers) <= MOST_LAYERS:
        raise InputError(f"a plan has 1 to {MOST_LAYERS} layers")
    names = [v.name.strip().casefold() for v in layers]
    if twice := next((n for n in names if names.count(n) > 1), ""):
        raise InputError(f'two layers are called "{twice}"; rename one')
    if sum(v.method == AREAS for v in layers) > 1:
        raise InputError("a plan has one layer of areas; make the others books of accounts")
    if any(v.method == UNCOVERED for v in layers[:-1]) or [v.method for v in layers] == [UNCOVERED]:
        raise InputError("only the last layer can leave accounts uncovered, behind one that covers some")
    rest = [k for k, v in enumerate(layers) if v.takes_rest]
    if rest != [len(layers) - 1]:
        raise InputError(
            "the last layer takes every account that is left, and only the last one: put the layer without a rule at "
            "the end"
        )
