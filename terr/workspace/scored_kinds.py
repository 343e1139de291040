"""Kinds of kept definitions: each says what it reads, what it makes, and makes it; plain values that JSON keeps.

Segments, formulas and potential are here, the others in `scored_more`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.reps import Rep
from terr.scoring import columns, potential, segments
from terr.scoring.language import parse
from terr.scoring.nodes import FormulaError, is_condition, names
from terr.scoring.potential import Potential
from terr.scoring.segments import Segment

Floats = NDArray[np.float64]
Told = Callable[[float, str], None]
ACCOUNTS = "Number of accounts"
"""What a segment counts beside its measures."""
LONGEST_NAME, MOST_SEGMENTS = 80, 40
WAYS = ("formula", "history", "blend")


@dataclass(frozen=True, eq=False)
class Ground:
    """What a definition is worked out on.

    Attributes:
        accounts: with what earlier definitions made.
        base: the accounts before any definition.
        reps: the roster.
        told: is told the share that is done and what is being done; what it raises ends the work.
    """

    accounts: Accounts
    base: Accounts
    reps: tuple[Rep, ...] = ()
    told: Told = lambda _share, _text: None


@dataclass(frozen=True, eq=False)
class Made:
    """What a definition made.

    Attributes:
        values: new measure -> float64 (n_accounts,), NaN = unknown.
        currency: new measure -> ISO code, for money.
        texts: new attribute -> object (n_accounts,) of texts.
        notes: what was taken for granted or left out, in sentences.
        detail: the full result of `terr.scoring`, for a page that explains it.
        off: why there is no figure worth using although it could be worked out, "" if there is one.
    """

    values: Mapping[str, Floats] = field(default_factory=dict)
    currency: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[str, NDArray[np.object_]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    detail: Any = None
    off: str = ""


class Definition(Protocol):
    """What every kind has. `kind` names it in JSON, `rank` is its place in the suggested order."""

    kind: ClassVar[str]
    rank: ClassVar[int]

    @property
    def name(self) -> str:
        """How people call it; its measure or attribute has that name too."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs, as it names them."""

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it, without its kind."""

    def work(self, on: Ground) -> Made:
        """Make the new columns; raises InputError if that can't be done."""


def checked_name(name: str, what: str) -> None:
    """Refuse a name that can't be a column's.

    Raises:
        InputError: if it is empty, too long, or holds signs that can't be shown.
    """
    if not name.strip() or name != name.strip():
        raise InputError(f"{what} needs a name, without blanks around it")
    if len(name) > LONGEST_NAME or not name.isprintable():
        raise InputError(f"the name of {what} may have up to {LONGEST_NAME} letters and no line breaks")
    if not columns.plain(name):
        raise InputError(f"the name of {what} needs a letter or a digit")


def _formula_names(text: str) -> tuple[str, ...]:
    tree = parse(text)
    if is_condition(tree):
        raise FormulaError("this is a condition, not a figure; use where(condition, 1, 0)", 0, text)
    return names(tree)


@dataclass(frozen=True)
class Segments:
    """A set of segments, such as all industries or size bands.

    Attributes:
        name: of the set.
        parts: the segments.
        measures: what is counted for each of them as a measure of its own; `ACCOUNTS` counts accounts.
    """

    kind: ClassVar[str] = "segments"
    rank: ClassVar[int] = 5
    name: str
    parts: tuple[Segment, ...]
    measures: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        checked_name(self.name, "a set of segments")
        if not 1 <= len(self.parts) <= MOST_SEGMENTS:
            raise InputError(f"a set has 1 to {MOST_SEGMENTS} segments")
        told = [columns.plain(p.name) or p.name.strip() for p in self.parts]
        if len(set(told)) < len(told):
            raise InputError("two segments of a set have the same name; give each its own")

    @property
    def split(self) -> str:
        """The column this set merely splits up by its values, "" if it does more than that."""
        first = {p.column for p in self.parts}
        return next(iter(first)) if len(first) == 1 and all(len(p.picks) == 1 for p in self.parts) else ""

    @property
    def reads(self) -> tuple[str, ...]:
        """Columns it needs."""
        asked = [c for p in self.parts for c in p.columns] + [m for m in self.measures if m != ACCOUNTS]
        return tuple(dict.fromkeys(asked))

    @property
    def makes(self) -> tuple[str, ...]:
        """Columns it makes."""
        counted = tuple(segments.measure_name(m, p) for m in self.measures for p in self.parts)
        return counted if self.split else (self.name, *counted)

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it, without its kind."""
        return {"name": self.name, "parts": [p.to_plain() for p in self.parts], "measures": list(self.measures)}

    @staticmethod
    def from_plain(kept: Mapping[str, Any]) -> Segments:
        """The definition of its JSON."""
        return Segments(
            kept["name"], tuple(Segment.from_plain(p) for p in kept["parts"]), tuple(map(str, kept.get("measures", ())))
        )

    def work(self, on: Ground) -> Made:
        """Make the new columns."""
        found = [segments.members(on.accounts, p) for p in self.parts]
        money = dict(on.accounts.currency)
        values: dict[str, Floats] = {}
        codes: dict[str, str] = {}
        for m in self.measures:
            whole = columns.Column(m, np.ones(len(on.accounts))) if m == ACCOUNTS else columns.numbers(on.accounts, m)
            for part, who in zip(self.parts, found, strict=True):
                name = segments.measure_name(m, part)
                values[name] = np.where(who.mask, whole.amounts, 0.0)
                codes[name] = whole.currency or money.get(whole.name, "")
        first = np.full(len(on.accounts), -1)
        for k in range(len(found) - 1, -1, -1):
            first[found[k].mask] = k
        labels = np.array([*(p.name for p in self.parts), ""], dtype=object)[first]
        several = int((np.sum([f.mask for f in found], axis=0) > 1).sum())
        unknown = int(np.any([f.unknown for f in found], axis=0).sum())
        outside = int((first < 0).sum())
        told = [n for f in found for n in f.notes]
        if several:
            told.append(f"{several:,} account(s) are in several of these segments; as a column they show the first.")
        if outside:
            told.append(f"{outside:,} account(s) are in none of these segments.")
        if unknown:
            told.append(f"{unknown:,} account(s) can't be told, as a number a rule compares is blank.")
        texts = {} if self.split else {self.name: labels}
        return Made(values, codes, texts, tuple(dict.fromkeys(told)), detail=(tuple(found), labels))


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

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it, without its kind."""
        return {"name": self.name, "text": self.text}

    @staticmethod
    def from_plain(kept: Mapping[str, Any]) -> Formula:
        """The definition of its JSON."""
        return Formula(kept["name"], kept["text"])

    def work(self, on: Ground) -> Made:
        """Make the new columns."""
        found = potential.by_formula(on.accounts, self.text)
        return _potential_made({self.name: found}, found.notes, found)


def _potential_made(found: Mapping[str, Potential], notes: Sequence[str], detail: Any) -> Made:
    return Made(
        {m: p.amounts for m, p in found.items()}, {m: p.currency for m, p in found.items()},
        notes=tuple(dict.fromkeys(notes)), detail=detail,
    )  # fmt: skip


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
            if columns.plain(self.white) == columns.plain(self.name):
                raise InputError("potential and white space need different names")
        if self.how not in WAYS:
            raise InputError("a potential goes by formula, by history, or by a blend")
        if self.how != "history":
            _formula_names(self.formula)
        if self.how != "formula" and len(self.periods) < 2:
            raise InputError("history needs two or more columns of figures, the oldest period first")
        if not 0 <= self.weight <= 1:
            raise InputError("the share of the formula must lie between 0 % and 100 %")

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

    def to_plain(self) -> dict[str, Any]:
        """As JSON keeps it, without its kind."""
        return {
            "name": self.name, "how": self.how, "formula": self.formula, "periods": list(self.periods),
            "ahead": self.ahead, "weight": self.weight, "current": self.current, "white": self.white,
            "blank_is_zero": self.blank_is_zero,
        }  # fmt: skip

    @staticmethod
    def from_plain(kept: Mapping[str, Any]) -> PotentialBy:
        """The definition of its JSON."""
        return PotentialBy(**{**kept, "periods": tuple(map(str, kept.get("periods", ())))})

    def work(self, on: Ground) -> Made:
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
