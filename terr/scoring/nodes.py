"""The tree that a rule or formula becomes: plain values that name columns, and nothing that can be run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from terr.errors import InputError

MAX_LENGTH = 10_000
"""Characters in a rule or formula."""
MAX_DEPTH = 25
"""How deep brackets, functions and signs may be nested."""
MAX_PARTS = 2_000
"""Numbers, names, texts and signs in a rule or formula."""
MAX_NUMBER = 1e15
MAX_POWER = 4.0
"""Largest power (and root, as 1 / 4) that may be taken."""

FUNCTIONS = {
    "min": (2, 20),
    "max": (2, 20),
    "where": (3, 3),
    "round": (1, 2),
    "log": (1, 1),
    "sqrt": (1, 1),
    "abs": (1, 1),
    "ifblank": (2, 2),
}
"""Function -> fewest and most values it takes."""

COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


class FormulaError(InputError):
    """A rule or formula that can't be read.

    Attributes:
        position: 0-based place in the text where the trouble begins.
        text: the whole text.
    """

    def __init__(self, what: str, position: int, text: str) -> None:
        self.position, self.text = position, text
        super().__init__(f"{what} (at character {position + 1})")

    def pointer(self) -> str:
        """Two lines for a fixed-width box: the text around the trouble, and an arrow below the place."""
        start = max(0, self.position - 40)
        line = "".join(c if c.isprintable() else " " for c in self.text[start : start + 80])
        return f"{line}\n{' ' * (self.position - start)}^"


@dataclass(frozen=True)
class NumberLiteral:
    """A number as written; 1M is 1,000,000."""

    value: float
    at: int


@dataclass(frozen=True)
class TextLiteral:
    """A text in quotes."""

    value: str
    at: int


@dataclass(frozen=True)
class ColumnName:
    """A column."""

    value: str
    at: int


@dataclass(frozen=True)
class Sign:
    """A minus in front of a value."""

    of: Node
    at: int


@dataclass(frozen=True)
class Chain:
    """Values joined from left to right by + and -, or by * and /; `rest` holds sign, value and the sign's place."""

    first: Node
    rest: tuple[tuple[str, Node, int], ...]
    at: int


@dataclass(frozen=True)
class Power:
    """A value to a power that is a plain number."""

    of: Node
    power: float
    at: int


@dataclass(frozen=True)
class Call:
    """A function of values."""

    name: str
    of: tuple[Node, ...]
    at: int


@dataclass(frozen=True)
class Compare:
    """One of `COMPARISONS`, "contains", "starts" or "ends"."""

    op: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True)
class OneOf:
    """A value that is one of a list of numbers and texts."""

    of: Node
    choices: tuple[NumberLiteral | TextLiteral, ...]
    at: int


@dataclass(frozen=True)
class Blank:
    """A column that has nothing in it."""

    of: ColumnName
    at: int


@dataclass(frozen=True)
class Not:
    """The opposite."""

    of: Node
    at: int


@dataclass(frozen=True)
class Join:
    """Conditions joined by "and" or "or"."""

    op: Literal["and", "or"]
    of: tuple[Node, ...]
    at: int


Node = NumberLiteral | TextLiteral | ColumnName | Sign | Chain | Power | Call | Compare | OneOf | Blank | Not | Join
CONDITIONS = (Compare, OneOf, Blank, Not, Join)


def is_condition(node: Node) -> bool:
    """True if a node is yes or no rather than a number or a text."""
    return isinstance(node, CONDITIONS)


def names(node: Node) -> tuple[str, ...]:
    """The columns a tree speaks of, each once, in the order they come."""
    found: dict[str, None] = {}

    def walk(n: Node) -> None:
        if isinstance(n, ColumnName):
            found.setdefault(n.value)
        elif isinstance(n, (Sign, Power, Not, Blank, OneOf)):
            walk(n.of)
        elif isinstance(n, Chain):
            walk(n.first)
            for _, value, _ in n.rest:
                walk(value)
        elif isinstance(n, Compare):
            walk(n.left)
            walk(n.right)
        elif isinstance(n, (Call, Join)):
            for part in n.of:
                walk(part)

    walk(node)
    return tuple(found)
