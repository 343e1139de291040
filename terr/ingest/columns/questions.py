"""What a file leaves open, asked once with the evidence; the answers are plain words, kept for the layout."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.ingest.cleaning.clean import read_column, shorten, style_of
from terr.ingest.cleaning.judge import currencies
from terr.ingest.cleaning.tidy import Cells
from terr.ingest.columns.answers import ALL, BESIDE, NEITHER
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.dates import DATE, date_columns
from terr.ingest.columns.words import MONEY_WORDS, compact, tokens
from terr.ingest.ledger.ledger import judge_rows
from terr.ingest.ledger.roster import ROSTER
from terr.ingest.reading.files import RawTable
from terr.ingest.reading.header import header_like, known_words
from terr.model.json_values import to_plain
from terr.model.progress import UNWATCHED

LOOKED_AT = 100_000
"""Rows from the top by which the choices are worked out; of a longer table it is said that they are these."""

_EXAMPLES = 5
_ZIPS = r"\d{5}"
_NUMBERLIKE = frozenset(("code", "area", "region", "territory", "location", "place", "geo", "district"))


@dataclass(frozen=True)
class QuestionChoice:
    """One answer to a question.

    Attributes:
        value: what goes into the answers.
        title: for a person.
        rows: rows accepted with it; for a date order, cells that are dates in it; None if it isn't known beforehand.
        money: measure -> accepted sum with it; empty if it isn't known beforehand.
    """

    value: str
    title: str
    rows: int | None = None
    money: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Question:
    """Something the file doesn't tell.

    Attributes:
        code: "sheet", "header_row", "measure", "zip", "decimal", "currency" or "date_order".
        column: of the file; "" if it is about the whole; columns joined by " | " if it is about several.
        title: what is unclear, one sentence.
        examples: (row of the file, what stands there).
        choices: at least two.
        default: value of the choice that is taken without an answer.
        why: why that one.
        rows_looked_at: rows by which the choices were worked out.
    """

    code: str
    column: str
    title: str
    examples: tuple[tuple[int, str], ...]
    choices: tuple[QuestionChoice, ...]
    default: str
    why: str
    rows_looked_at: int

    @property
    def key(self) -> str:
        """The name of the answer in the dict that `read_table` and `take_in` take."""
        return f"{self.code}:{self.column}"

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {"key": self.key, **to_plain(self)}


def layout_key(raw: RawTable) -> str:
    """A hash of the format, the sheet's name and the header, the same for each export of one report.

    Answers are kept under the key of the table as it is read without any, so that those about sheet and header row are
    found again too.
    """
    parts = [raw.format, raw.sheet or "", *(" ".join(c.casefold().split()) for c in raw.columns)]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def reusable_answers(answers: Mapping[str, str], asked: tuple[Question, ...]) -> dict[str, str]:
    """The answers that still fit what is asked, to be used again for the same layout; the rest must be asked anew.

    An answer about a sheet, header row or columns that were chosen before isn't asked again, and is kept.
    """
    choices = {q.key: {c.value for c in q.choices} for q in asked}
    return {k: v for k, v in answers.items() if k not in choices or v in choices[k]}


def questions(raw: RawTable, columns: ColumnMap, answers: Mapping[str, str] | None = None) -> tuple[Question, ...]:
    """What the file leaves open, most far-reaching first; those answered already are left out.

    Args:
        raw: the table.
        columns: which column is what.
        answers: a person's answers so far; the choices of other questions are worked out with them.
    """
    answers = dict(answers or {})
    cells = Cells(raw)
    made = [
        *_sheet(raw),
        *_header(raw),
        *_measure(raw, columns, answers),
        *_zip(raw, columns, cells, answers),
        *_decimal(raw, columns, answers),
        *_currency(raw, columns, cells, answers),
        *_dates(raw, columns, cells),
    ]
    return tuple(q for q in made if q.key not in answers)


def _top(raw: RawTable) -> RawTable:
    """The rows by which choices are worked out."""
    n = min(len(raw.rows), LOOKED_AT)
    if n == len(raw.rows):
        return raw
    return RawTable(
        raw.columns,
        raw.rows.iloc[:n],
        raw.source_rows[:n].copy(),
        raw.format,
        raw.encoding,
        raw.delimiter,
        raw.sheet,
        raw.sheets,
        raw.header_row,
        raw.sha256,
        raw.filename,
        {k: v for k, v in raw.broken.items() if k < n},
        tuple(k for k in raw.short if k < n),
        {c: m[:n] for c, m in raw.numeric.items()},
    )


def _tried(
    raw: RawTable, columns: ColumnMap, answers: Mapping[str, str], key: str, options: list[tuple[str, str]]
) -> tuple[QuestionChoice, ...]:
    """The choices with the rows and money that each would give."""
    top = _top(raw)
    out = []
    for value, title in options:
        try:
            judged = judge_rows(top, columns, {**answers, key: value}, (), UNWATCHED)
        except ValueError:  # the choice leaves a measure without any figure
            out.append(QuestionChoice(value, title, 0, {}))
            continue
        alive = judged.fates == "accepted"
        money = {m: math.fsum(n.amounts[alive & ~np.isnan(n.amounts)].tolist()) for m, n in judged.numbers.items()}
        out.append(QuestionChoice(value, title, int(alive.sum()), MappingProxyType(money)))
    return tuple(out)


def _asked(
    raw: RawTable,
    code: str,
    column: str,
    title: str,
    at: list[int],
    choices: tuple[QuestionChoice, ...],
    default: str,
    why: str,
    shown: Callable[[int], str],
) -> Question:
    examples = tuple((int(raw.source_rows[k]), shorten(shown(k))) for k in at[:_EXAMPLES])
    return Question(code, column, title, examples, choices, default, why, min(len(raw.rows), LOOKED_AT))


def _cell(raw: RawTable, column: str, at: int) -> str:
    return str(raw.rows[column].iloc[at])


def _beside(raw: RawTable, columns: tuple[str, ...], at: int) -> str:
    return "; ".join(f"{c}: {_cell(raw, c, at)}" for c in columns)


def _with_code(raw: RawTable, column: str, codes: NDArray[np.object_], at: int) -> str:
    return f"{_cell(raw, column, at)} ({codes[at]})"


def _sheet(raw: RawTable) -> Iterator[Question]:
    tables = [t for t in raw.tables if t.known >= 2 and t.rows >= 2 and t.visible]
    if raw.sheet is not None and not ROSTER.search(raw.sheet):
        tables = [t for t in tables if not ROSTER.search(t.name)]  # it is read as the roster beside the accounts
    hidden = [t for t in raw.tables if not t.visible]
    if raw.sheet is None or len(tables) < 2:
        return
    choices = [QuestionChoice(t.name, f"{t.name}: {t.rows - 1:,} rows below its first", t.rows - 1) for t in tables]
    choices += [QuestionChoice(t.name, f"{t.name} (hidden)") for t in hidden]
    names = ", ".join(f"'{t.name}'" for t in tables)
    why = "its header has most of the words that accounts have, and of equal ones it is the longest"
    title = f"Several sheets look like accounts: {names}. Which one is it?"
    yield Question("sheet", "", title, (), tuple(choices), raw.sheet, why, len(raw.rows))


def _header(raw: RawTable) -> Iterator[Question]:
    first = raw.header_row - len(raw.above)
    below = [tuple(str(v) for v in raw.rows.iloc[k]) for k in range(min(3, len(raw.rows)))]
    rows = [*raw.above, raw.columns, *below]
    width = len(raw.columns)
    likely = [
        k
        for k in header_like(rows)
        if sum(bool(c.strip()) for c in rows[k]) >= max(2, 0.6 * width)
        and (k > len(raw.above) or first + k not in {raw.header_row, raw.upper_row})
    ]
    own = len(raw.above)
    likely = [k for k in likely if k != own and first + k != raw.upper_row]
    # A text row right below the header is data in a table without figures; only a row above it, or one with known
    # words, makes the header doubtful.
    likely = [k for k in likely if k < own or _names(rows[k])]
    if not raw.header_row or not likely:
        return
    at = sorted([own, *likely])
    examples = tuple((first + k, shorten(", ".join(c for c in rows[k] if c.strip()), 100)) for k in at)
    choices = tuple(
        QuestionChoice(str(first + k), f"row {first + k}", len(raw.rows) + (own - k) if k != own else len(raw.rows))
        for k in at
    )
    why = "it is the first row whose cells are names Terr knows and no data"
    title = "More than one row could be the header. Which one holds the columns' names?"
    yield Question("header_row", "", title, examples, choices, str(raw.header_row), why, len(raw.rows))


def _names(cells: tuple[str, ...]) -> bool:
    return known_words(cells) >= 2


def _measure(raw: RawTable, columns: ColumnMap, answers: Mapping[str, str]) -> Iterator[Question]:
    """Money columns of one meaning, of which two would be taken for two measures."""
    groups: dict[str, list[str]] = {}
    for column in columns.measures.values():
        plain = re.sub(r"\(\d+\)$", "", column)
        word = next((w for w in MONEY_WORDS if w in compact(plain) or w in tokens(plain)), "")
        if word:
            groups.setdefault(
                {"sales": "revenue", "umsatz": "revenue", "turnover": "revenue"}.get(word, word), []
            ).append(column)
    for columns_of_one in groups.values():
        if len(columns_of_one) < 2:
            continue
        key = BESIDE.join(columns_of_one)
        options = [(c, f"only '{shorten(c, 40)}'") for c in columns_of_one] + [(ALL, "each is a measure of its own")]
        choices = _tried(raw, columns, answers, f"measure:{key}", options)
        named = " and ".join(f"'{shorten(c, 40)}'" for c in columns_of_one)
        title = f"{named} seem to hold the same kind of money. Which one do you plan with?"
        at = [k for k in range(min(len(raw.rows), 200)) if all(_cell(raw, c, k).strip() for c in columns_of_one)]
        yield _asked(
            raw,
            "measure",
            key,
            title,
            at,
            choices,
            ALL,
            "no figure is left out without your word",
            partial(_beside, raw, tuple(columns_of_one)),
        )


def _zip(raw: RawTable, columns: ColumnMap, cells: Cells, answers: Mapping[str, str]) -> Iterator[Question]:
    """Five-digit figures that could be ZIPs, in a table whose ZIP nobody has named."""
    if "zip" in columns.fields:
        return
    for column in raw.columns:
        if column in columns.fields.values() or not (
            set(tokens(column)) & _NUMBERLIKE or column in columns.measures.values()
        ):
            continue
        text = cells[column].iloc[:LOOKED_AT]
        filled = text[text != ""]
        if len(filled) < 3 or filled.str.fullmatch(_ZIPS).mean() < 0.9:
            continue
        measure = column in columns.measures.values()
        options = [("zip", "a ZIP code"), ("number", "a figure to add up")] if measure else [("zip", "a ZIP code")]
        choices = _tried(raw, columns, answers, f"zip:{column}", [*options, (NEITHER, "neither, just a label")])
        default = "number" if measure else NEITHER
        why = "the header doesn't say ZIP" + (", and every cell is a number" if measure else "")
        title = f"The five digits in '{shorten(column, 40)}' could be ZIP codes or figures. Which are they?"
        at = filled.index[:_EXAMPLES].tolist()
        yield _asked(raw, "zip", column, title, at, choices, default, why, partial(_cell, raw, column))


def _decimal(raw: RawTable, columns: ColumnMap, answers: Mapping[str, str]) -> Iterator[Question]:
    if columns.decimal != "auto":
        return
    for column in columns.measures.values():
        read = read_column(raw.rows[column].iloc[:LOOKED_AT], "auto", _typed(raw, column))
        text = raw.rows[column].iloc[:LOOKED_AT].str.strip()
        loose = np.flatnonzero(text.str.contains(r"^\D*\d{1,3}[.,]\d{3}\D*$").to_numpy(dtype=np.bool_))
        if not len(loose):  # a cell with more than a figure in it can be unclear as well
            loose = np.flatnonzero(text.str.contains(r"[.,]").to_numpy(dtype=np.bool_))
        unclear = [k for k in loose.tolist() if style_of(text.iloc[k]) == "?"]
        votes = Counter(style_of(t) for t in text[text.str.contains(r"[.,]")].unique().tolist())
        torn = bool(votes["."] and votes[","])
        if read.guessed is None and not torn:
            continue
        at = unclear[:_EXAMPLES]
        if torn:
            at = [k for k in range(len(text)) if style_of(text.iloc[k]) in {".", ","}][:_EXAMPLES] + at
        options = [
            (".", "1.234 is one and a bit; 1,234 is a thousand"),
            (",", "1.234 is a thousand; 1,234 is one and a bit"),
        ]
        choices = _tried(raw, columns, answers, f"decimal:{column}", options)
        why = (
            "most cells that prove anything have it"
            if torn
            else "no cell proves either, and files from the USA have it"
        )
        cell = shorten(_cell(raw, column, at[0]))
        title = f"'{cell}' in '{shorten(column, 40)}' can be read in two ways. Which is the decimal mark?"
        yield _asked(raw, "decimal", column, title, at, choices, read.decimal, why, partial(_cell, raw, column))


def _typed(raw: RawTable, column: str) -> NDArray[np.bool_] | None:
    typed = raw.numeric.get(column)
    return None if typed is None else typed[:LOOKED_AT]


def _currency(raw: RawTable, columns: ColumnMap, cells: Cells, answers: Mapping[str, str]) -> Iterator[Question]:
    for column in columns.measures.values():
        read = read_column(raw.rows[column], columns.decimal, raw.numeric.get(column))
        codes = currencies(raw, column, read, cells)
        counted = Counter(codes[codes != ""].tolist())
        if len(counted) < 2:
            continue
        order = [c for c, _ in counted.most_common()]
        options = [(c, f"only {c}: {counted[c]:,} rows; the others come back to be converted") for c in order]
        options.append((ALL, "add all as they stand, without converting"))
        choices = _tried(raw, columns, answers, f"currency:{column}", options)
        at = sorted(k for c in order for k in np.flatnonzero(codes == c)[:2].tolist())
        title = f"'{shorten(column, 40)}' is in {', '.join(order)}. Sums need one currency: which?"
        yield _asked(
            raw,
            "currency",
            column,
            title,
            at,
            choices,
            order[0],
            f"most cells that name one name {order[0]}",
            partial(_with_code, raw, column, codes),
        )


def _dates(raw: RawTable, columns: ColumnMap, cells: Cells) -> Iterator[Question]:
    for column, (total, mdy, dmy) in date_columns(raw, columns, cells).items():
        choices = (
            QuestionChoice("mdy", "month first, as in the USA", mdy),
            QuestionChoice("dmy", "day first", dmy),
            QuestionChoice("as_is", "leave the cells as they stand", total),
        )
        if max(mdy, dmy) == total and min(mdy, dmy) < total:
            continue  # some day is beyond 12, and all fit the other order: the column tells by itself
        text = cells[column]
        at = np.flatnonzero(text.str.fullmatch(DATE).to_numpy(dtype=np.bool_))[:_EXAMPLES].tolist()
        cell = shorten(_cell(raw, column, at[0]), 20)
        title = f"'{cell}' in '{shorten(column, 40)}' can be read month first or day first. Which is it?"
        why = "nothing is planned by this column yet, so its cells stay as they are"
        yield _asked(raw, "date_order", column, title, at, choices, "as_is", why, partial(_cell, raw, column))
