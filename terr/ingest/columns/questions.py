"""What a file leaves open, asked once with the evidence; the answers are plain words, kept for the layout."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np

from terr.ingest.cleaning.clean import shorten
from terr.ingest.cleaning.tidy import Cells
from terr.ingest.columns import figure_questions, row_questions, sheet_questions
from terr.ingest.columns.answers import ALL, BESIDE, NEITHER
from terr.ingest.columns.asking import EXAMPLES, LOOKED_AT, Question, QuestionChoice, asked, beside, cell, tried
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.dates import DATE, date_columns
from terr.ingest.columns.day_numbers import DAYS, date_of_day, day_numbers
from terr.ingest.columns.words import MEASURE_WORDS, MONEY_WORDS, compact, tokens
from terr.ingest.ledger.roster import ROSTER
from terr.ingest.reading.encodings import LABELS
from terr.ingest.reading.files import RawTable
from terr.ingest.reading.header import header_like, known_words
from terr.model.progress import UNWATCHED, Progress

_ZIPS = r"[0-9]{5}"
_NUMBERLIKE = frozenset(("code", "area", "region", "territory", "location", "place", "geo", "district"))


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


def questions(
    raw: RawTable,
    columns: ColumnMap,
    answers: Mapping[str, str] | None = None,
    *,
    progress: Progress = UNWATCHED,
) -> tuple[Question, ...]:
    """What the file leaves open, most far-reaching first; those answered already are left out.

    Args:
        raw: the table.
        columns: which column is what.
        answers: a person's answers so far; the choices of other questions are worked out with them.
        progress: told the share done.

    Raises:
        StoppedError: if the person stopped it.
    """
    answers = dict(answers or {})
    cells = Cells(raw)
    parts: tuple[Iterator[Question], ...] = (
        _encoding(raw),
        _sheet(raw),
        _header(raw),
        sheet_questions.hidden_rows(raw, columns, answers),
        sheet_questions.hidden_columns(raw, columns, answers),
        sheet_questions.fill_down(raw, columns, cells, answers),
        row_questions.rows_per_account(raw, columns, answers),
        _measure(raw, columns, answers),
        _zip(raw, columns, cells, answers),
        figure_questions.decimal(raw, columns, answers),
        figure_questions.figures(raw, columns, cells, answers),
        _days(raw, columns, cells, answers),
        _dates(raw, columns, cells),
    )
    made: list[Question] = []
    for at, part in enumerate(parts):  # each is worked out when it is asked for
        progress.tell(at / len(parts), "checking for questions")
        made += part
    return tuple(q for q in made if q.key not in answers)


def _encoding(raw: RawTable) -> Iterator[Question]:
    if not raw.encodings:
        return
    choices = tuple(QuestionChoice(name, f"{LABELS[name]}: {sample}") for name, sample in raw.encodings)
    name = raw.encodings[0][0]
    odd = [
        (int(raw.source_rows[k]), shorten(cell))
        for c in raw.columns
        for k, cell in enumerate(raw.rows[c].iloc[:200].tolist())
        if not cell.isascii()
    ]
    title = "The file doesn't say how its letters are encoded. Which of these reads right?"
    why = "its letters look most like words that way"
    yield Question("encoding", "", title, tuple(sorted(odd)[:EXAMPLES]), choices, name, why, len(raw.rows))


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
    why = "its header has the most account fields"
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
    why = "it is the first row whose cells are field names Terr knows"
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
        options = [(c, f"only '{shorten(c, 40)}'") for c in columns_of_one] + [(ALL, "each is its own measure")]
        choices = tried(raw, columns, answers, f"measure:{key}", options)
        named = " and ".join(f"'{shorten(c, 40)}'" for c in columns_of_one)
        title = f"{named} seem to hold the same kind of amount. Which one do you plan with?"
        at = [k for k in range(min(len(raw.rows), 200)) if all(cell(raw, c, k).strip() for c in columns_of_one)]
        yield asked(
            raw,
            "measure",
            key,
            title,
            at,
            choices,
            ALL,
            "no amount is dropped unless you say so",
            partial(beside, raw, tuple(columns_of_one)),
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
        options = [("zip", "a ZIP code"), ("number", "an amount to add up")] if measure else [("zip", "a ZIP code")]
        choices = tried(raw, columns, answers, f"zip:{column}", [*options, (NEITHER, "neither, just a label")])
        default = "number" if measure else NEITHER
        why = "the header doesn't say ZIP" + (", and every cell is a number" if measure else "")
        title = f"The five digits in '{shorten(column, 40)}' could be ZIP codes or figures. Which are they?"
        at = filled.index[:EXAMPLES].tolist()
        yield asked(raw, "zip", column, title, at, choices, default, why, partial(cell, raw, column))


def _days(raw: RawTable, columns: ColumnMap, cells: Cells, answers: Mapping[str, str]) -> Iterator[Question]:
    """Figures that are all days of 2000 to 2030 as Excel counts them, under a header that says neither."""
    for column in columns.measures.values():
        text = cells[column].iloc[:LOOKED_AT]
        if any(w in compact(column) for w in MEASURE_WORDS) or not day_numbers(text, column):
            continue
        options = [("number", "figures to add up"), ("date", "dates, which Excel counts in days since 1900")]
        choices = tried(raw, columns, answers, f"{DAYS}{column}", options)
        at = np.flatnonzero(np.asarray(text != "", dtype=np.bool_))[:EXAMPLES].tolist()
        first = str(text.iloc[at[0]])
        title = f"'{first}' in '{shorten(column, 40)}' is also how Excel writes {date_of_day(first)}. What are they?"
        why = "the header doesn't speak of dates"
        yield asked(raw, "days", column, title, at, choices, "number", why, partial(cell, raw, column))


_KEPT = re.compile(r"\(do not modify\)", re.IGNORECASE)
"""What Dynamics writes before columns that are its own bookkeeping."""


def _dates(raw: RawTable, columns: ColumnMap, cells: Cells) -> Iterator[Question]:
    found = date_columns(raw, columns, cells)
    # a day beyond 12 tells its column's order, and so that of a file whose columns all fit it
    month_first = all(m == n for n, m, _ in found.values()) and any(d < n for n, _, d in found.values())
    day_first = all(d == n for n, _, d in found.values()) and any(m < n for n, m, _ in found.values())
    for column, (total, mdy, dmy) in found.items():
        if month_first or day_first or _KEPT.match(column):
            continue
        choices = (
            QuestionChoice("mdy", "month first, as in the USA", mdy),
            QuestionChoice("dmy", "day first", dmy),
            QuestionChoice("as_is", "leave the cells as they are", total),
        )
        if max(mdy, dmy) == total and min(mdy, dmy) < total:
            continue  # some day is beyond 12, and all fit the other order: the column tells by itself
        text = cells[column]
        at = np.flatnonzero(text.str.fullmatch(DATE).to_numpy(dtype=np.bool_))[:EXAMPLES].tolist()
        shown = shorten(cell(raw, column, at[0]), 20)
        title = f"'{shown}' in '{shorten(column, 40)}' can be read month first or day first. Which is it?"
        why = "this column isn't used for planning, so its cells stay as they are"
        yield asked(raw, "date_order", column, title, at, choices, "as_is", why, partial(cell, raw, column))
