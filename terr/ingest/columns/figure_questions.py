"""Questions about figures: decimal mark, currency, words for thousands, and ranges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from terr.ingest.cleaning.clean import ParsedNumbers, read_column, shorten, style_of
from terr.ingest.cleaning.header_scales import doubtful, scaled_by_default
from terr.ingest.cleaning.judge import currencies
from terr.ingest.cleaning.tidy import Cells
from terr.ingest.columns.answers import ALL, AS_IS, HEADER_SCALE, SCALED, figures_of, scale_in
from terr.ingest.columns.asking import EXAMPLES, LOOKED_AT, Question, asked, cell, tried, with_code
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.reading.files import RawTable


def decimal(raw: RawTable, columns: ColumnMap, answers: Mapping[str, str]) -> Iterator[Question]:
    """A figure that could be thousands or decimals."""
    if columns.decimal != "auto":
        return
    for column in columns.measures.values():
        read = read_column(raw.rows[column].iloc[:LOOKED_AT], "auto", _typed(raw, column))
        text = raw.rows[column].iloc[:LOOKED_AT].str.strip()
        loose = np.flatnonzero(text.str.contains(r"^\D*\d{1,3}[.,]\d{3}\D*$").to_numpy(dtype=np.bool_))
        if not len(loose):  # a cell with more than a figure in it can be unclear as well
            loose = np.flatnonzero(text.str.contains(r"[.,]").to_numpy(dtype=np.bool_))
        cells = text.iloc[loose].tolist()
        unclear = [k for k, shown in zip(loose.tolist(), cells, strict=True) if style_of(shown) == "?"]
        votes = Counter(style_of(t) for t in text[text.str.contains(r"[.,]")].unique().tolist())
        torn = bool(votes["."] and votes[","])
        if read.guessed is None and not torn:
            continue
        at = unclear[:EXAMPLES]
        if torn:
            at = [k for k in range(len(text)) if style_of(text.iloc[k]) in {".", ","}][:EXAMPLES] + at
        options = [
            (".", "1.234 is one and a bit; 1,234 is a thousand"),
            (",", "1.234 is a thousand; 1,234 is one and a bit"),
        ]
        choices = tried(raw, columns, answers, f"decimal:{column}", options)
        why = "most cells that are clear use it" if torn else "no cell is clear, and US files use it"
        shown = shorten(cell(raw, column, at[0]))
        title = f"'{shown}' in '{shorten(column, 40)}' can be read in two ways. Which is the decimal mark?"
        yield asked(raw, "decimal", column, title, at, choices, read.decimal, why, partial(cell, raw, column))


def _typed(raw: RawTable, column: str) -> NDArray[np.bool_] | None:
    typed = raw.numeric.get(column)
    return None if typed is None else typed[:LOOKED_AT]


def figures(raw: RawTable, columns: ColumnMap, cells: Cells, answers: Mapping[str, str]) -> Iterator[Question]:
    """What the measures leave open beside their decimal mark; each column is read once."""
    left = {k: v for k, v in answers.items() if not k.startswith("range:")}
    reads = {column: figures_of(raw, columns, column, left) for column in columns.measures.values()}
    yield from _currency(raw, columns, cells, answers, reads)
    yield from _scale(raw, columns, answers, reads)
    yield from _header_scale(raw, columns, answers, reads)
    yield from _ranges(raw, columns, answers, reads)


def _currency(
    raw: RawTable, columns: ColumnMap, cells: Cells, answers: Mapping[str, str], reads: Mapping[str, ParsedNumbers]
) -> Iterator[Question]:
    """Several currencies in one column."""
    for column, read in reads.items():
        codes = currencies(raw, column, read, cells)
        counted = Counter(codes[codes != ""].tolist())
        if len(counted) < 2:
            continue
        order = [c for c, _ in counted.most_common()]
        options = [(c, f"only {c}: {counted[c]:,} rows; the others are listed for conversion") for c in order]
        options.append((ALL, "add all, without converting"))
        choices = tried(raw, columns, answers, f"currency:{column}", options)
        at = sorted(k for c in order for k in np.flatnonzero(codes == c)[:2].tolist())
        title = f"'{shorten(column, 40)}' is in {', '.join(order)}. Sums need one currency: which?"
        yield asked(
            raw,
            "currency",
            column,
            title,
            at,
            choices,
            order[0],
            f"most cells that name one name {order[0]}",
            partial(with_code, raw, column, codes),
        )


def _scale(
    raw: RawTable, columns: ColumnMap, answers: Mapping[str, str], reads: Mapping[str, ParsedNumbers]
) -> Iterator[Question]:
    """A word that is a thousand to some and a million to others."""
    for column, read in reads.items():
        word = read.means.asked
        if not word:
            continue
        options = [("thousand", f"{word} is a thousand"), ("million", f"{word} is a million")]
        choices = tried(raw, columns, answers, f"scale:{column}", options)
        at = np.flatnonzero(read.scaled)
        cells = raw.rows[column].iloc[at].str.casefold()
        other = cells.str.contains("mm", regex=False).to_numpy(dtype=np.bool_)
        shown = [*at[~other][:3].tolist(), *at[other][:2].tolist()]
        if word == "M":
            title = f"'{shorten(column, 40)}' has figures with M and with MM. What is M?"
            why = "whoever writes MM for a million writes M for a thousand"
        else:
            title = f"In '{shorten(column, 40)}', is 'mil' a thousand (Spanish, Portuguese) or a million?"
            why = "no other word of the column tells its language"
        default = "thousand" if word == "M" else "million"
        yield asked(raw, "scale", column, title, shown, choices, default, why, partial(cell, raw, column))


def _header_scale(
    raw: RawTable, columns: ColumnMap, answers: Mapping[str, str], reads: Mapping[str, ParsedNumbers]
) -> Iterator[Question]:
    """A header that may say that its figures are thousands or millions."""
    for column in reads:
        scale = scale_in(raw, column)
        if scale is None:
            continue
        bare = figures_of(raw, columns, column, {**answers, f"{HEADER_SCALE}{column}": AS_IS})
        if not doubtful(scale, bare.amounts, bare.scaled):
            continue
        options = [(SCALED, f"multiply them by {scale.size:,.0f}"), (AS_IS, "they are written out in full")]
        choices = tried(raw, columns, answers, f"{HEADER_SCALE}{column}", options)
        at = np.flatnonzero(~np.isnan(bare.amounts))[:EXAMPLES].tolist()
        applied = scaled_by_default(scale, bare.amounts)
        title = f"'{shorten(scale.unit)}' may be the unit of '{shorten(column, 40)}'. Are its figures to be multiplied?"
        why = "it stands where a unit stands" if applied else "multiplied, most of them would be too large to be true"
        default = SCALED if applied else AS_IS
        yield asked(raw, "header_scale", column, title, at, choices, default, why, partial(cell, raw, column))


def _ranges(
    raw: RawTable, columns: ColumnMap, answers: Mapping[str, str], reads: Mapping[str, ParsedNumbers]
) -> Iterator[Question]:
    """Ranges in a column of figures."""
    for column, read in reads.items():
        at = [k for k, number in read.odd.items() if number.code == "range"]
        if not at:
            continue
        options = [
            ("blank", "leave these cells blank"),
            ("low", "take the low end"),
            ("middle", "take the middle"),
            ("high", "take the high end"),
        ]
        choices = tried(raw, columns, answers, f"range:{column}", options)
        what = "cell is a range" if len(at) == 1 else "cells are ranges"
        title = f"{len(at):,} {what} or a bound in '{shorten(column, 40)}'. What figure should stand for it?"
        why = "a blank adds nothing that the file doesn't say, and the rows stay"
        yield asked(raw, "range", column, title, at, choices, "blank", why, partial(cell, raw, column))
