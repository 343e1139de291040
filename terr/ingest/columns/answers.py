"""A person's answers to the questions of `terr.ingest.columns.questions`, as plain words, put to use."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from terr.ingest.cleaning.clean import ParsedNumbers, read_column, with_header
from terr.ingest.cleaning.header_scales import HeaderScale, header_scale, scaled_by_default
from terr.ingest.cleaning.ranges import ENDS, End
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.columns.day_numbers import DAYS
from terr.ingest.columns.words import MONEY_WORDS, compact
from terr.ingest.reading.files import RawTable

ALL = "all"
NEITHER = "neither"
LEAVE = "leave_out"
BESIDE = " | "
"""Between the columns in the key of a question about several."""


def mapped(cmap: ColumnMap, answers: Mapping[str, str]) -> ColumnMap:
    """The columns after the answers about which of several is the measure, and whether figures are ZIPs."""
    fields, measures = dict(cmap.fields), dict(cmap.measures)
    for key, answer in answers.items():
        if key.startswith("measure:") and answer != ALL and answer in measures.values():
            among = key.removeprefix("measure:").split(BESIDE)
            measures = {m: c for m, c in measures.items() if c == answer or c not in among}
        if key.startswith("hidden_columns:") and answer == LEAVE:
            among = key.removeprefix("hidden_columns:").split(BESIDE)
            fields = {f: c for f, c in fields.items() if c not in among}
            measures = {m: c for m, c in measures.items() if c not in among}
        if key.startswith(DAYS) and answer == "date":
            measures = {m: c for m, c in measures.items() if c != key.removeprefix(DAYS)}
        if not key.startswith("zip:"):
            continue
        column = key.removeprefix("zip:")
        if answer == "zip" and "zip" not in fields and column not in fields.values():
            fields["zip"] = column
            measures = {m: c for m, c in measures.items() if c != column}
        elif answer == NEITHER:
            measures = {m: c for m, c in measures.items() if c != column}
    return ColumnMap(fields, measures, cmap.decimal)


HIDDEN_ROWS = "hidden_rows:"
FILL = "fill:"
"""What the key of the question about labels that aren't repeated begins with."""


def shaped(raw: RawTable, answers: Mapping[str, str]) -> RawTable:
    """The table after the answer about labels that stand only in the first row of their group."""
    for key, answer in answers.items():
        columns = [c for c in key.removeprefix(FILL).split(BESIDE) if c in raw.columns]
        if not key.startswith(FILL) or answer != "down" or not columns:
            continue
        rows = raw.rows.copy(deep=False)
        for column in columns:
            text = rows[column]
            rows[column] = text.where(text.str.strip() != "").ffill().fillna("").astype("str")
        blank = (raw.rows == "").all(axis=1)
        for column in columns:
            rows[column] = rows[column].where(~blank, "")
        raw = replace(raw, rows=rows, source_rows=raw.source_rows.copy())
    return raw


HEADER_SCALE = "header_scale:"
SCALED, AS_IS = "scaled", "as_is"


def figures_of(
    raw: RawTable,
    cmap: ColumnMap,
    column: str,
    answers: Mapping[str, str],
    refuse: Collection[str] = (),
    rows: NDArray[np.intp] | None = None,
) -> ParsedNumbers:
    """A column's figures, read as the answers say; the one reader of a table's figures.

    Args:
        raw: the table; cmap: which column is what; column: of the table.
        answers: a person's.
        refuse: repairs left out.
        rows: positions of the rows wanted, by default all; what a column tells is taken from all of them.
    """
    read = _figures_of(raw, cmap, column, answers, refuse)
    return (
        read
        if rows is None
        else replace(
            read,
            amounts=read.amounts[rows],
            currency=read.currency[rows],
            worded=read.worded[rows],
            scaled=read.scaled[rows],
            ranged=read.ranged[rows],
            by_header=read.by_header[rows] if len(read.by_header) else read.by_header,
            odd={k: read.odd[at] for k, at in enumerate(rows.tolist()) if at in read.odd},
        )
    )


def scale_in(raw: RawTable, column: str) -> HeaderScale | None:
    """What a column's header says of its figures; a line above the table speaks of money alone."""
    own = header_scale(column)
    if own is not None or not raw.above:
        return own
    money = any(w in compact(column) for w in MONEY_WORDS)
    return header_scale(column, raw.above[-5:]) if money else None


def _figures_of(
    raw: RawTable, cmap: ColumnMap, column: str, answers: Mapping[str, str], refuse: Collection[str]
) -> ParsedNumbers:
    ends: End = next((end for end in ENDS if end == answers.get(f"range:{column}")), "blank")
    read = read_column(
        raw.rows[column],
        decimal_of(cmap, column, answers),
        raw.numeric.get(column),
        scale=answers.get(f"scale:{column}"),
        ends=ends,
    )
    scale = scale_in(raw, column)
    if scale is None or answers.get(f"{HEADER_SCALE}{column}") == AS_IS:
        return read
    wanted = answers.get(f"{HEADER_SCALE}{column}") == SCALED or scaled_by_default(scale, read.amounts)
    if not wanted:
        return read
    refused = not {"header_scale", f"header_scale:{column}"}.isdisjoint(refuse)
    return with_header(read, raw.rows[column].reset_index(drop=True), scale, apply=not refused)


def decimal_of(cmap: ColumnMap, column: str, answers: Mapping[str, str]) -> str:
    """The decimal mark of a column: answered, given for all, or "auto"."""
    answer = answers.get(f"decimal:{column}")
    return answer if answer in {".", ","} else cmap.decimal
