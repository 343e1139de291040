"""Works out a tree over all accounts at once: numbers with their currency, texts, and conditions."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.wording import count
from terr.scoring import columns
from terr.scoring.nodes import (
    MAX_NUMBER,
    Blank,
    Call,
    Chain,
    ColumnName,
    Compare,
    FormulaError,
    Join,
    Node,
    Not,
    NumberLiteral,
    OneOf,
    Power,
    Sign,
    TextLiteral,
)

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

DIVISION = "division by zero"
LOGARITHM = "logarithm of zero or less"
ROOT = "root or power that has no value"
TOO_LARGE = "result beyond 1,000,000,000,000,000"


@dataclass(frozen=True, eq=False)
class Quantity:
    """Numbers over all accounts.

    Attributes:
        amounts: float64 (n,), NaN where nothing is known.
        money: currency code and its power: ("USD", 1) is dollars, ("", 0) no money.
        loose: True for plain factors such as 100 in `100 * seats`, which may stand for money.
        faults: kind of fault -> bool (n,): where there is no value because of it.
    """

    amounts: Floats
    money: tuple[str, float] = ("", 0.0)
    loose: bool = False
    faults: dict[str, Mask] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Condition:
    """Yes, no, or unknown (a number it compares is blank) over all accounts; bool (n,), never both true."""

    true: Mask
    unknown: Mask


class Evaluator:
    """Evaluates trees over one set of accounts, reading each column once.

    Attributes:
        notes: what a reader should know: currencies taken for granted, cells that aren't numbers.
    """

    def __init__(self, accounts: Accounts, text: str) -> None:
        self.accounts, self.text, self.n = accounts, text, len(accounts)
        self.notes: list[str] = []
        self._numbers: dict[str, Quantity] = {}
        self._texts: dict[str, tuple[NDArray[np.intp], NDArray[np.object_]]] = {}

    def wrong(self, what: str, at: int) -> FormulaError:
        """The error for a place in the text."""
        return FormulaError(what, at, self.text)

    def note(self, text: str) -> None:
        """Keeps a note once."""
        if text not in self.notes:
            self.notes.append(text)

    def column(self, node: ColumnName) -> str:
        """The accounts' column a name means."""
        try:
            return columns.find(self.accounts, node.value)
        except InputError as e:
            raise self.wrong(str(e), node.at) from None

    # numbers

    def quantity(self, node: Node) -> Quantity:
        """A node as numbers."""
        if isinstance(node, NumberLiteral):
            return Quantity(np.full(self.n, node.value), loose=True)
        if isinstance(node, ColumnName):
            return self._column_numbers(node)
        if isinstance(node, Sign):
            q = self.quantity(node.of)
            return Quantity(-q.amounts, q.money, q.loose, q.faults)
        if isinstance(node, Chain):
            out = self.quantity(node.first)
            for op, value, at in node.rest:
                out = self._pair(op, out, self.quantity(value), at)
            return out
        if isinstance(node, Power):
            return self._power(self.quantity(node.of), node)
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, TextLiteral):
            raise self.wrong("text can't be calculated with; write column names without quotes", node.at)
        raise self.wrong("a condition is used where a number is needed", node.at)

    def _column_numbers(self, node: ColumnName) -> Quantity:
        name = self.column(node)
        if name not in self._numbers:
            try:
                read = columns.numbers(self.accounts, name)
            except InputError as e:
                raise self.wrong(str(e), node.at) from None
            if read.unreadable:
                if read.unreadable == self.n or np.isnan(read.amounts).all():
                    raise self.wrong(f"{columns.shown(name)} contains text, not numbers", node.at)
                self.note(
                    f"{count(read.unreadable, 'cell', 'cells')} of {columns.shown(name)} aren't numbers and are read "
                    "as blank"
                )
            self._numbers[name] = Quantity(read.amounts, (read.currency, 1.0 if read.currency else 0.0))
        return self._numbers[name]

    def _same(self, a: Quantity, b: Quantity, at: int, doing: str) -> tuple[tuple[str, float], bool]:
        """What money two values are that are added or compared."""
        if a.money == b.money:
            return a.money, a.loose and b.loose
        if a.money[1] and b.money[1]:
            raise self.wrong(f"{_unit(a.money)} and {_unit(b.money)} can't be {doing}", at)
        money, bare = (a.money, b) if a.money[1] else (b.money, a)
        if not bare.loose:
            self.note(f"a number without a currency is {doing} with {_unit(money)} and taken as {_unit(money)}")
        return money, False

    def _pair(self, op: str, a: Quantity, b: Quantity, at: int) -> Quantity:
        faults = _both(a.faults, b.faults)
        if op in {"+", "-"}:
            money, loose = self._same(a, b, at, "added" if op == "+" else "subtracted")
            return self._bounded(a.amounts + b.amounts if op == "+" else a.amounts - b.amounts, money, loose, faults)
        power = b.money[1] if op == "*" else -b.money[1]
        if a.money[1] and b.money[1] and a.money[0] != b.money[0]:
            verb = "multiplied" if op == "*" else "divided"
            raise self.wrong(f"{_unit(a.money)} and {_unit(b.money)} can't be {verb}", at)
        total = a.money[1] + power
        money = (a.money[0] or b.money[0], total) if total else ("", 0.0)
        # a factor in front makes a count a figure that may stand for money: 100 * seats
        loose = (a.loose or b.loose) and not total
        if op == "*":
            return self._bounded(a.amounts * b.amounts, money, loose, faults)
        zero = (b.amounts == 0) & ~np.isnan(a.amounts)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            values = np.where(b.amounts == 0, np.nan, a.amounts / b.amounts)
        return self._bounded(values, money, loose, _both(faults, {DIVISION: zero}))

    def _power(self, q: Quantity, node: Power) -> Quantity:
        money = (q.money[0], q.money[1] * node.power) if node.power and q.money[1] else ("", 0.0)
        with np.errstate(all="ignore"):
            values = np.power(q.amounts, node.power)
        # a blank to the power 0 would be 1
        values = np.where(np.isnan(q.amounts) | np.isinf(values), np.nan, values)
        faults = _both(q.faults, {ROOT: np.isnan(values) & ~np.isnan(q.amounts)})
        return self._bounded(values, money, q.loose, faults)

    def _bounded(self, values: Floats, money: tuple[str, float], loose: bool, faults: dict[str, Mask]) -> Quantity:
        with np.errstate(invalid="ignore"):
            over = np.abs(values) > MAX_NUMBER
        if over.any():
            values = np.where(over, np.nan, values)
            faults = _both(faults, {TOO_LARGE: over})
        return Quantity(values, money, loose, faults)

    def _call(self, node: Call) -> Quantity:
        if node.name == "where":
            return self._where(node)
        parts = [self.quantity(n) for n in node.of]
        q = parts[0]
        if node.name in {"min", "max", "ifblank"}:
            pick: Callable[[Floats, Floats], Floats] = np.minimum if node.name == "min" else np.maximum
            for k, other in enumerate(parts[1:], 1):
                money, loose = self._same(q, other, node.of[k].at, "compared")
                if node.name != "ifblank":
                    q = Quantity(pick(q.amounts, other.amounts), money, loose, _both(q.faults, other.faults))
                    continue
                # a fault isn't a blank: it stays told
                blank = np.isnan(q.amounts) & ~_any(q.faults, self.n)
                taken = {kind: mask & blank for kind, mask in other.faults.items()}
                q = Quantity(np.where(blank, other.amounts, q.amounts), money, loose, _both(q.faults, taken))
            return q
        if node.name == "abs":
            return Quantity(np.abs(q.amounts), q.money, q.loose, q.faults)
        if node.name == "round":
            digits = int(parts[1].amounts[0]) if len(parts) > 1 and self.n else 0
            scale = 10.0 ** abs(digits)
            scaled = q.amounts * scale if digits >= 0 else q.amounts / scale
            # halves go away from zero, as people round
            whole = np.copysign(np.floor(np.abs(scaled) + 0.5), scaled)
            return self._bounded(whole / scale if digits >= 0 else whole * scale, q.money, q.loose, q.faults)
        if node.name == "sqrt":
            return self._power(q, Power(node.of[0], 0.5, node.at))
        if q.money[1]:
            self.note(f"log ignores the currency {_unit(q.money)}")
        bad = q.amounts <= 0
        values = np.log(np.where(bad, np.nan, q.amounts))
        return Quantity(values, ("", 0.0), q.loose, _both(q.faults, {LOGARITHM: bad}))

    def _where(self, node: Call) -> Quantity:
        asked = self.condition(node.of[0])
        yes, no = self.quantity(node.of[1]), self.quantity(node.of[2])
        money, loose = self._same(yes, no, node.at, "put side by side")
        values = np.where(asked.unknown, np.nan, np.where(asked.true, yes.amounts, no.amounts))
        other = ~asked.true & ~asked.unknown
        faults = _both({k: m & asked.true for k, m in yes.faults.items()}, {k: m & other for k, m in no.faults.items()})
        return Quantity(values, money, loose, faults)

    # conditions

    def condition(self, node: Node) -> Condition:
        """A node as yes, no or unknown."""
        if isinstance(node, Not):
            c = self.condition(node.of)
            return Condition(~c.true & ~c.unknown, c.unknown)
        if isinstance(node, Join):
            out = self.condition(node.of[0])
            for part in node.of[1:]:
                c = self.condition(part)
                false_out, false_c = ~out.true & ~out.unknown, ~c.true & ~c.unknown
                if node.op == "and":
                    true = out.true & c.true
                    out = Condition(true, ~true & ~(false_out | false_c))
                else:
                    true = out.true | c.true
                    out = Condition(true, ~true & ~(false_out & false_c))
            return out
        if isinstance(node, Blank):
            name = self.column(node.of)
            if columns.is_number(self.accounts, name):
                return self._sure(np.isnan(columns.numbers(self.accounts, name).amounts))
            index, words = self._words(node.of)
            return self._sure(np.array([w == "" for w in words], dtype=np.bool_)[index])
        if isinstance(node, OneOf):
            return self._one_of(node)
        if isinstance(node, Compare):
            return self._compare(node)
        raise self.wrong("a condition such as revenue >= 1M is needed here", node.at)

    def _sure(self, true: Mask) -> Condition:
        return Condition(true, np.zeros(self.n, dtype=np.bool_))

    def _is_text(self, node: Node) -> bool:
        return isinstance(node, TextLiteral) or (
            isinstance(node, ColumnName) and not columns.is_number(self.accounts, self.column(node))
        )

    def _words(self, node: ColumnName) -> tuple[NDArray[np.intp], NDArray[np.object_]]:
        """A text column as positions in its distinct texts, which are without case and outer blanks."""
        name = self.column(node)
        if name not in self._texts:
            index, words = pd.factorize(columns.texts(self.accounts, name))
            folded = np.array([" ".join(str(w).casefold().split()) for w in words], dtype=object)
            self._texts[name] = (index, folded)
        return self._texts[name]

    def _compare(self, node: Compare) -> Condition:
        left, right = node.left, node.right
        if node.op in {"contains", "starts", "ends"}:
            assert isinstance(right, TextLiteral)  # noqa: S101 - the reader lets nothing else through
            part = " ".join(right.value.casefold().split())
            test = {"contains": str.__contains__, "starts": str.startswith, "ends": str.endswith}[node.op]
            return self._by_word(left, lambda w: bool(test(w, part)))
        if isinstance(left, TextLiteral) and isinstance(right, TextLiteral):
            raise self.wrong("two texts are compared with each other; one side must be a column", node.at)
        if isinstance(left, TextLiteral):
            return self._compare(Compare(_TURNED[node.op], right, left, node.at))
        if isinstance(right, TextLiteral):
            word = " ".join(right.value.casefold().split())
            if node.op in {"=", "!="}:
                found = self._by_word(left, lambda w: w == word)
                return found if node.op == "=" else self._sure(~found.true)
            # a blank comes before every text, yet nobody means it
            return self._by_word(left, lambda w: w != "" and bool(_ORDER[node.op](w, word)))
        if (
            isinstance(left, ColumnName)
            and isinstance(right, ColumnName)
            and self._is_text(left)
            and self._is_text(right)
        ):
            return self._two_texts(node, left, right)
        a, b = self.quantity(left), self.quantity(right)
        self._same(a, b, node.at, "compared")
        unknown = np.isnan(a.amounts) | np.isnan(b.amounts)
        with np.errstate(invalid="ignore"):
            true = np.asarray(_ORDER[node.op](a.amounts, b.amounts), dtype=np.bool_)
        return Condition(true & ~unknown, unknown)

    def _two_texts(self, node: Compare, left: ColumnName, right: ColumnName) -> Condition:
        (i, a), (j, b) = self._words(left), self._words(right)
        if node.op not in {"=", "!="}:
            raise self.wrong("two columns of texts can only be compared with = and !=", node.at)
        same = np.asarray(np.append(a, "")[i] == np.append(b, "")[j], dtype=np.bool_)
        return self._sure(same if node.op == "=" else ~same)

    def _by_word(self, node: Node, test: Callable[[str], bool]) -> Condition:
        if not isinstance(node, ColumnName):
            raise self.wrong("a text can only be compared with a column", node.at)
        index, words = self._words(node)
        return self._sure(np.array([test(w) for w in words.tolist()], dtype=np.bool_)[index])

    def _one_of(self, node: OneOf) -> Condition:
        words = {" ".join(c.value.casefold().split()) for c in node.choices if isinstance(c, TextLiteral)}
        figures = [c.value for c in node.choices if isinstance(c, NumberLiteral)]
        out = self._sure(np.zeros(self.n, dtype=np.bool_))
        if words:
            out = self._by_word(node.of, words.__contains__)
        if figures:
            q = self.quantity(node.of)
            true = out.true | np.isin(q.amounts, figures)
            out = Condition(true, np.isnan(q.amounts) & ~true) if not words else self._sure(true)
        return out


_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TURNED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _both(a: dict[str, Mask], b: dict[str, Mask]) -> dict[str, Mask]:
    out = dict(a)
    for kind, mask in b.items():
        if mask.any():
            out[kind] = out[kind] | mask if kind in out else mask
    return out


def _any(faults: dict[str, Mask], n: int) -> Mask:
    out = np.zeros(n, dtype=np.bool_)
    for mask in faults.values():
        out |= mask
    return out


def _unit(money: tuple[str, float]) -> str:
    """A currency and its power in words."""
    code, power = money
    if power == 1:
        return code
    if power == -1:
        return f"1/{code}"
    return f"{code}^{power:g}" if power else "no currency"
