"""The small language of rules and formulas: text in, a tree of plain values out. Nothing here looks at any data.

A formula: `0.3 * revenue + 100 * [Seats in use]`. A rule: `industry = "Health" and revenue >= 1M or owner in ("Ann",
"Bob")`. Names are columns; one with blanks or signs in it stands in square brackets. There are no attributes, no
indexing, no strings that are run, and no names but columns and the functions listed in `FUNCTIONS`.

Inside square brackets a name is taken as it is, dots and quotes too; brackets may stand in it if they match, others
after a backslash: `[a.b [x] "y"]` and `[a\\]b]`. In a text a quotation mark is written twice: `"24"" screens"`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from terr.scoring.nodes import (
    COMPARISONS,
    FUNCTIONS,
    MAX_DEPTH,
    MAX_LENGTH,
    MAX_NUMBER,
    MAX_PARTS,
    MAX_POWER,
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
    is_condition,
)

_TIMES = {"": 1.0, "k": 1e3, "m": 1e6, "mm": 1e6, "b": 1e9, "bn": 1e9, "%": 0.01}
_TOKEN = re.compile(
    r"""(?P<number>(?:\d{1,3}(?:_\d{3})+|\d+)(?:\.\d*)?|\.\d+)(?P<exp>[eE][+-]?\d{1,3})?(?P<times>%|(?:mm|bn|[kKmMbB])\b)?
    |(?P<quoted>"(?:[^"]|"")*"|'(?:[^']|'')*'|“[^”]*”)
    |(?P<name>[^\W\d]\w*)
    |(?P<op><=|>=|==|!=|<>|≤|≥|≠|\*\*|[-+*/^(),<>=×÷−–])""",
    re.VERBOSE | re.IGNORECASE,
)
_SAME = {"==": "=", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">=", "**": "^", "×": "*", "÷": "/", "−": "-", "–": "-"}
_WORDS = frozenset(
    ("and", "or", "not", "in", "is", "blank", "between", "contains", "starts", "ends", "with", *FUNCTIONS)
)


@dataclass(frozen=True)
class _Token:
    kind: Literal["number", "text", "name", "column", "op", "end"]
    text: str
    value: float
    at: int


def _tokens(text: str) -> list[_Token]:
    out: list[_Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        if text[at] == "[" and len(out) < MAX_PARTS:
            name, end = _bracketed(text, at)
            out.append(_Token("column", name, 0.0, at))
            at = end
            continue
        hit = _TOKEN.match(text, at)
        if hit is None and text[at] != "[":
            raise FormulaError(_odd(text[at]), at, text)
        if hit is None or len(out) >= MAX_PARTS:
            raise FormulaError(f"this is too long: more than {MAX_PARTS:,} numbers, names and signs", at, text)
        if hit["number"]:
            value = float(hit["number"].replace("_", "") + (hit["exp"] or "")) * _TIMES[(hit["times"] or "").lower()]
            if not value <= MAX_NUMBER:
                raise FormulaError("the number is larger than 1,000,000,000,000,000", at, text)
            if hit.end() < len(text) and (text[hit.end()].isalnum() or text[hit.end()] in "_."):
                raise FormulaError("a number is followed directly by a letter or digit", hit.end(), text)
            out.append(_Token("number", hit[0], value, at))
        elif hit["quoted"]:
            mark, inner = hit[0][0], hit[0][1:-1]
            out.append(_Token("text", inner.replace(mark * 2, mark) if mark != "“" else inner, 0.0, at))
        elif hit["name"]:
            out.append(_Token("name", hit[0], 0.0, at))
        else:
            out.append(_Token("op", _SAME.get(hit[0], hit[0]), 0.0, at))
        at = hit.end()
    out.append(_Token("end", "", 0.0, len(text)))
    return out


def column_name(name: str) -> str:
    """A column as a formula writes it, whatever is in its name."""
    if re.fullmatch(r"[^\W\d]\w*", name) and name.casefold() not in _WORDS:
        return name
    safe = re.sub(r"([\\\[\]])", r"\\\1", name) if "\\" in name or not _matching(name) else name
    return f"[{safe}]"


def text_literal(text: str) -> str:
    """A text as a formula writes it, whatever is in it."""
    return '"' + text.replace('"', '""') + '"'


def _matching(name: str) -> bool:
    depth = 0
    for char in name:
        depth += (char == "[") - (char == "]")
        if depth < 0:
            return False
    return depth == 0


def _bracketed(text: str, at: int) -> tuple[str, int]:
    """The name that begins with the bracket at `at`, and where what follows it begins."""
    name, depth, i = "", 0, at
    while i < len(text):
        char = text[i]
        if char == "\\" and text[i + 1 : i + 2] in {"\\", "[", "]"}:
            name, i = name + text[i + 1], i + 2
            continue
        depth += (char == "[") - (char == "]")
        i += 1
        if depth == 0:
            name = name[1:].strip()
            if not name:
                raise FormulaError("there is no column's name between the square brackets", at, text)
            return name, i
        name += char
    raise FormulaError(_odd("["), at, text)


def _odd(char: str) -> str:
    if char in "\"'“":
        return "the quotation mark isn't closed"
    if char in "[]":
        return "the square brackets don't match; a column's name stands between [ and ]"
    if char == ".":
        return "a dot can only stand inside a number"
    name = char if char.isprintable() else f"U+{ord(char):04X} {unicodedata.name(char, '')}".strip()
    return f"{name} has no meaning here"


class _Reader:
    def __init__(self, text: str) -> None:
        if len(text) > MAX_LENGTH:
            raise FormulaError(f"this is longer than {MAX_LENGTH:,} characters", MAX_LENGTH, text)
        if not text.strip():
            raise FormulaError("the formula is empty", 0, text)
        self.text, self.tokens, self.i, self.depth = text, _tokens(text), 0, 0

    @property
    def now(self) -> _Token:
        return self.tokens[self.i]

    def word(self, *words: str) -> bool:
        """True if the next words are these; they are passed over."""
        for k, w in enumerate(words):
            t = self.tokens[min(self.i + k, len(self.tokens) - 1)]
            if t.kind != "name" or t.text.casefold() != w:
                return False
        self.i += len(words)
        return True

    def op(self, *signs: str) -> str:
        """The next sign if it is one of these, passed over; else ""."""
        if self.now.kind == "op" and self.now.text in signs:
            self.i += 1
            return self.tokens[self.i - 1].text
        return ""

    def need(self, sign: str, why: str) -> None:
        if not self.op(sign):
            raise self.wrong(f"a {sign} is missing {why}")

    def wrong(self, what: str, at: int | None = None) -> FormulaError:
        return FormulaError(what, self.now.at if at is None else at, self.text)

    def deeper(self, read: Callable[[], Node]) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.wrong(f"parentheses are nested deeper than {MAX_DEPTH}")
        out = read()
        self.depth -= 1
        return out

    def number(self, node: Node) -> Node:
        if is_condition(node):
            raise self.wrong("a condition is used where a number is needed; use where(condition, this, that)", node.at)
        return node

    def condition(self, node: Node) -> Node:
        if not is_condition(node):
            raise self.wrong("a condition such as revenue >= 1M is needed here", node.at)
        return node

    def any_of(self) -> Node:
        return self.joined("or", lambda: self.joined("and", self.negated))

    def joined(self, word: Literal["and", "or"], read: Callable[[], Node]) -> Node:
        first = read()
        if not (self.now.kind == "name" and self.now.text.casefold() == word):
            return first
        parts = [self.condition(first)]
        while self.word(word):
            parts.append(self.condition(read()))
        return Join(word, tuple(parts), first.at)

    def negated(self) -> Node:
        at = self.now.at
        if self.word("not"):
            return Not(self.condition(self.deeper(self.negated)), at)
        return self.compared()

    def compared(self) -> Node:
        left = self.sum()
        at = self.now.at
        sign = self.op(*COMPARISONS)
        if sign:
            out: Node = Compare(sign, self.number(left), self.number(self.sum()), at)
            if self.now.kind == "op" and self.now.text in COMPARISONS:
                raise self.wrong("two comparisons in a row; join them with and")
            return out
        if self.word("is"):
            no = self.word("not")
            if not self.word("blank"):
                raise self.wrong('after "is" comes blank or not blank; use = for a value')
            if not isinstance(left, ColumnName):
                raise self.wrong("only a column can be blank", left.at)
            return Not(Blank(left, at), at) if no else Blank(left, at)
        no = self.word("not")
        made = self.worded(left, at)
        if made is None:
            if no:
                raise self.wrong('after "not" comes in, between, contains, starts with or ends with')
            return left
        return Not(made, at) if no else made

    def worded(self, left: Node, at: int) -> Node | None:
        """The comparisons written as words."""
        if self.now.kind == "name" and self.now.text.casefold() in {"in", "between", "contains", "starts", "ends"}:
            self.number(left)
        if self.word("in"):
            return OneOf(left, self.choices(), at)
        if self.word("between"):
            low = self.number(self.sum())
            if not self.word("and"):
                raise self.wrong("between needs two values: between 1M and 5M")
            high = self.number(self.sum())
            return Join("and", (Compare(">=", left, low, at), Compare("<=", left, high, at)), at)
        for op in ("contains", "starts", "ends"):
            if self.word(op):
                if op != "contains":
                    self.word("with")
                if self.now.kind != "text":
                    raise self.wrong(f"a text in quotes is needed after {op}{'' if op == 'contains' else ' with'}")
                return Compare(op, left, self.atom(), at)
        return None

    def choices(self) -> tuple[NumberLiteral | TextLiteral, ...]:
        self.need("(", "before the list")
        out: list[NumberLiteral | TextLiteral] = []
        while True:
            minus = bool(self.op("-"))
            t = self.now
            if t.kind == "text" and not minus:
                out.append(TextLiteral(t.text, t.at))
            elif t.kind == "number":
                out.append(NumberLiteral(-t.value if minus else t.value, t.at))
            else:
                raise self.wrong('a list holds texts in quotes and numbers: ("Health", "Retail")')
            self.i += 1
            if not self.op(","):
                break
        self.need(")", "after the list")
        return tuple(out)

    def sum(self) -> Node:
        return self.chain(("+", "-"), lambda: self.chain(("*", "/"), self.signed))

    def chain(self, signs: tuple[str, ...], read: Callable[[], Node]) -> Node:
        first = read()
        rest: list[tuple[str, Node, int]] = []
        while True:
            at = self.now.at
            sign = self.op(*signs)
            if not sign:
                return Chain(self.number(first), tuple(rest), first.at) if rest else first
            rest.append((sign, self.number(read()), at))

    def signed(self) -> Node:
        at = self.now.at
        sign = self.op("-", "+")
        if sign:
            inner = self.number(self.deeper(self.signed))
            return Sign(inner, at) if sign == "-" else inner
        return self.power()

    def power(self) -> Node:
        base = self.atom()
        at = self.now.at
        if not self.op("^"):
            return base
        minus = bool(self.op("-"))
        t = self.now
        if t.kind != "number" or abs(t.value) > MAX_POWER:
            raise self.wrong(f"a power must be a plain number from -{MAX_POWER:g} to {MAX_POWER:g}")
        self.i += 1
        if self.op("^"):
            raise self.wrong("a power of a power needs parentheses", at)
        power = -t.value if minus else t.value
        return Power(self.number(base), power, at)

    def atom(self) -> Node:
        t = self.now
        if t.kind == "number":
            self.i += 1
            return NumberLiteral(t.value, t.at)
        if t.kind == "text":
            self.i += 1
            return TextLiteral(t.text, t.at)
        if t.kind == "column":
            self.i += 1
            return ColumnName(t.text, t.at)
        if self.op("("):
            out = self.deeper(self.any_of)
            self.need(")", f"for the parenthesis at character {t.at + 1}")
            return out
        if t.kind != "name":
            raise self.wrong(
                "something is missing at the end" if t.kind == "end" else f"{t.text} is in the wrong place"
            )
        follows = self.tokens[self.i + 1]
        if follows.kind == "op" and follows.text == "(" and t.text.casefold() not in {"in", "and", "or", "not"}:
            return self.call(t)
        if t.text.casefold() in _WORDS - set(FUNCTIONS):
            raise self.wrong(f'"{t.text}" is in the wrong place; put a column with that name in square brackets')
        self.i += 1
        return ColumnName(t.text, t.at)

    def call(self, t: _Token) -> Node:
        name = t.text.casefold()
        if name not in FUNCTIONS:
            raise self.wrong(f"there is no function {t.text[:40]}; there are {', '.join(sorted(FUNCTIONS))}")
        self.i += 2
        of = [self.deeper(self.any_of)]
        while self.op(","):
            of.append(self.deeper(self.any_of))
        self.need(")", f"after the values of {name}")
        low, high = FUNCTIONS[name]
        if not low <= len(of) <= high:
            count = str(low) if low == high else f"{low} to {high}"
            raise self.wrong(f"{name} takes {count} value{'s' if high > 1 else ''}, not {len(of)}", t.at)
        for k, node in enumerate(of):
            (self.condition if name == "where" and k == 0 else self.number)(node)
        if name == "round" and len(of) == 2:
            digits = of[1].of if isinstance(of[1], Sign) else of[1]
            if not (isinstance(digits, NumberLiteral) and digits.value in range(10)):
                raise self.wrong("round takes a whole number of digits from -9 to 9", of[1].at)
        return Call(name, tuple(of), t.at)


def parse(text: str) -> Node:
    """The tree of a rule or formula.

    Raises:
        FormulaError: with the place of the trouble; nothing else is ever raised, whatever the text.
    """
    reader = _Reader(text)
    out = reader.any_of()
    if reader.now.kind != "end":
        word = reader.now.text[:40]
        near = "two values are next to each other; an operator or a word such as and is missing between them"
        raise reader.wrong(f'"{word}" is unexpected' if reader.now.kind == "op" else near)
    return out
