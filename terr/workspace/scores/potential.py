"""Saved potential and formulas: new figures of an account from those it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.scoring import columns, expressions, potential
from terr.scoring.language import column_name, parse
from terr.scoring.nodes import FormulaError, is_condition, names
from terr.scoring.potential import Potential
from terr.workspace.scores.definition import ScoreInputs, ScoreResult, checked_name

WAYS = ("formula", "history", "blend")


def _formula_names(text: str) -> tuple[str, ...]:
    tree = parse(text)
    if is_condition(tree):
        raise FormulaError("this is a condition, not a number; use where(condition, 1, 0)", 0, text)
    return names(tree)


@dataclass(frozen=True)
class Formula:
    """A measure by a formula over columns."""

    kind: ClassVar[str] = "formula"
    rank: ClassVar[int] = 0
    name: str
    text: str

    def __post_init__(self) -> None:
        checked_name(self.name, "a formula")
        _formula_names(self.text)

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        return _formula_names(self.text)

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        return (self.name,)

    def work(self, on: ScoreInputs) -> ScoreResult:
        """Make the new columns."""
        found = potential.by_formula(on.accounts, self.text)
        return _potential_made({self.name: found}, found.notes, found)


def _potential_made(found: Mapping[str, Potential], notes: Sequence[str], detail: Any) -> ScoreResult:
    return ScoreResult(
        {m: p.amounts for m, p in found.items()},
        {m: p.currency for m, p in found.items()},
        notes=tuple(dict.fromkeys(notes)),
        detail=detail,
    )


@dataclass(frozen=True)
class PotentialBy:
    """Potential by formula, by history or by a blend of both; with white space if `current` names what is sold now.

    Attributes:
        how: one of `WAYS`.
        formula, periods, ahead, weight: see `terr.scoring.potential`.
        current: the column of what is sold now, "" for no white space; white: the measure's name.
        blank_is_zero: a blank current figure means that nothing is sold yet.
    """

    kind: ClassVar[str] = "potential"
    rank: ClassVar[int] = 0
    name: str
    how: str = "formula"
    formula: str = ""
    periods: tuple[str, ...] = ()
    ahead: int = 1
    weight: float = 0.5
    current: str = ""
    white: str = "White space"
    blank_is_zero: bool = True

    def __post_init__(self) -> None:
        checked_name(self.name, "a potential")
        if self.current:
            checked_name(self.white, "white space")
            if columns.normalized_header(self.white) == columns.normalized_header(self.name):
                raise InputError("potential and white space need different names")
        if self.how not in WAYS:
            raise InputError("choose formula, history or blend for a potential")
        if self.how != "history":
            _formula_names(self.formula)
        if self.how != "formula" and len(self.periods) < 2:
            raise InputError("history needs two or more number columns, oldest period first")
        if not 0 <= self.weight <= 1:
            raise InputError("the share of the formula must lie between 0% and 100%")

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        own = () if self.how == "history" else _formula_names(self.formula)
        past = () if self.how == "formula" else self.periods
        return tuple(dict.fromkeys((*own, *past, *((self.current,) if self.current else ()))))

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        return (self.name, self.white) if self.current else (self.name,)

    def sold_now(self, accounts: Accounts) -> columns.AccountColumn:
        """The figures of what is sold now."""
        return columns.numbers(accounts, self.current)

    def work(self, on: ScoreInputs) -> ScoreResult:
        """Make the new columns."""
        formula = potential.by_formula(on.accounts, self.formula) if self.how != "history" else None
        history = potential.by_history(on.accounts, self.periods, self.ahead) if self.how != "formula" else None
        if formula is not None and history is not None:
            found = potential.blend(formula, history, self.weight)
        else:
            found = formula if formula is not None else history  # type: ignore[assignment]
        out, notes = {self.name: found}, list(found.notes)
        if self.current:
            now = potential.column(on.accounts, self.current)
            if not found.currency:  # what it is compared with says what it is
                out[self.name] = replace(found, currency=now.currency)
            out[self.white] = potential.white_space(found, now, blank_is_zero=self.blank_is_zero)
            notes += out[self.white].notes
        return _potential_made(out, notes, out)


def check_formula(accounts: Accounts, text: str) -> None:
    """Try a formula on accounts.

    Raises:
        InputError: if it can't be read or worked out; `terr.workspace.scores.wording.pointer` shows where.
    """
    expressions.compute(accounts, text)


def price_formula(price: float, column: str) -> str:
    """A price for each of something as a formula: "120 * users" the way formulas write it."""
    return f"{column_name(column)} * {price:.15g}"
