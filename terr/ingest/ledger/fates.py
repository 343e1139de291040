"""Which rows of a table are accounts: blank rows, totals, footers and copies are told apart, each with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning.tidy import Cells
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.reading.files import RawTable

TOTAL = re.compile(
    r"(?:(?:grand|overall|report)[ -]+|sub[ -]?)?totals?\b.*|.*\b(?:grand |sub[ -]?)?totals?\s*:?(?:\s*\([^)]*\))?"
    r"|sum|summe|gesamt(?:summe)?|zwischensumme|average|count|record count:?.*|total g[ée]n[ée]ral",
    re.IGNORECASE | re.DOTALL,
)
"""What the label of a total reads like."""

_TOTAL_WORDS = "(?i)total|sum|gesamt|average|count"
"""One of these stands in every label of a total."""

_FOOTER = re.compile(
    r"copyright\b|©|\(c\) ?\d|confidential\b|generated (?:by|on)\b|exported (?:by|on|from)\b|printed (?:by|on)\b"
    r"|all rights reserved|report (?:generated|run|created)\b|filter(?:ed|s)?\b ?(?:by|:)|as of\b|source:|notes?:"
    r"|\* |page \d+ of|end of report",
    re.IGNORECASE,
)
_COMMENT = r"^(?:#+ |#+$|##|#[A-Za-z]+:|//|/\*)"
_FOOTER_ROWS = 40


@dataclass(frozen=True)
class RowFates:
    """Something about one cell or row.

    Attributes:
        at: row position, or -1 for the header.
        column: the column, "" for the whole row.
        value: the cell as it stands.
        code: short name of the reason.
        message: the reason, for a person.
        fate: what it means for the row: "accepted" (a note), "excluded" or "rejected".
    """

    at: int
    column: str
    value: str
    code: str
    message: str
    fate: str


def not_accounts(raw: RawTable, cmap: ColumnMap, text: Cells) -> list[RowFates]:
    """Rows that are no accounts: blank, a repeated header, totals and subtotals, the footer. One finding per row."""
    filled = np.column_stack([~text.mask(c, "") for c in raw.columns])
    count = filled.sum(axis=1)
    out = [RowFates(int(at), "", "", "blank_row", "the row is blank", "excluded") for at in np.flatnonzero(count == 0)]
    gone = count == 0
    for at in np.flatnonzero(~gone & _repeats_header(raw, text)).tolist():
        first = text[raw.columns[0]][at]
        out.append(RowFates(at, raw.columns[0], first, "header_row", "the row repeats the header", "excluded"))
        gone[at] = True
    for at in _comments(raw, text, gone):
        cell = text[raw.columns[0]][at]
        why = "the line is a comment, as programs write it"
        out.append(RowFates(at, raw.columns[0], cell, "comment", why, "excluded"))
        gone[at] = True
    keys = [raw.columns.index(c) for f, c in cmap.fields.items() if f != "owner"]
    measured = set(cmap.measures.values())
    words = [i for i, c in enumerate(raw.columns) if c not in measured]
    id_at = raw.columns.index(cmap.fields["account_id"]) if "account_id" in cmap.fields else -1
    maybe = ~gone & (filled[:, keys].sum(axis=1) <= 1)
    if maybe.any():  # most tables have few rows so empty; in others the words tell at once
        said = np.zeros(len(raw.rows), dtype=np.bool_)
        for i in words:
            said |= text[raw.columns[i]].str.contains(_TOTAL_WORDS).to_numpy(dtype=np.bool_)
        maybe &= said
    for at in np.flatnonzero(maybe).tolist():
        look = [id_at] if id_at >= 0 and filled[at, id_at] else [i for i in words if filled[at, i]]
        label = next((i for i in look if TOTAL.fullmatch(text[raw.columns[i]][at])), None)
        # A place or name that isn't the label itself is an account's.
        if label is None or (filled[at, keys].any() and label not in keys):
            continue
        column = raw.columns[label]
        message = "the row is a total of other rows, which would be counted twice"
        out.append(RowFates(at, column, raw.rows[column].iloc[at], "total_row", message, "excluded"))
        gone[at] = True
    for at in _footer(raw, text, filled, gone, id_at):
        column = raw.columns[int(np.flatnonzero(filled[at])[0])]
        out.append(
            RowFates(
                at, column, raw.rows[column].iloc[at], "footer", "the row is part of the report's footer", "excluded"
            )
        )
        gone[at] = True
    for at in np.flatnonzero(~gone & ~filled[:, keys].any(axis=1)).tolist():
        column = raw.columns[int(np.flatnonzero(filled[at])[0])]
        message = "the row has no account id, name or place; fill one in"
        out.append(RowFates(at, column, raw.rows[column].iloc[at], "no_account", message, "rejected"))
    return out


def _comments(raw: RawTable, text: Cells, gone: NDArray[np.bool_]) -> list[int]:
    """Positions of lines that begin with a comment's sign, in a text file whose other lines don't."""
    if raw.delimiter is None:
        return []
    marked = text[raw.columns[0]].str.contains(_COMMENT).to_numpy(dtype=np.bool_) & ~gone
    return np.flatnonzero(marked).tolist() if 0 < marked.sum() <= max(1, 0.1 * len(marked)) else []


def _repeats_header(raw: RawTable, text: Cells) -> NDArray[np.bool_]:
    """Rows whose cells are the header's own, as in exports glued together."""
    same = np.ones(len(raw.rows), dtype=np.bool_)
    for at, column in enumerate(raw.columns):
        if column == f"Column {at + 1}" or re.search(r" \(\d+\)$", column):
            continue
        same &= text.mask(column, column)
        if not same.any():
            break
    return same


def _footer(raw: RawTable, text: Cells, filled: NDArray[np.bool_], gone: NDArray[np.bool_], id_at: int) -> list[int]:
    """Positions of footer lines: rows at the end with one cell, in the first column, that reads like a sentence.

    A line counts if it has a footer's words, if the first column holds ids (which have no blanks), or if a blank row, a
    total or another footer line stands above it in the block.
    """
    n, width = filled.shape
    if width < 3:
        return []
    first = text[raw.columns[0]]
    block: list[int] = []
    for at in range(n - 1, max(-1, n - 1 - _FOOTER_ROWS), -1):
        cells = np.flatnonzero(filled[at])
        cell = text[raw.columns[int(cells[0])]][at] if len(cells) else ""
        known = bool(len(cells)) and len(cells) <= 2 and _FOOTER.search(cell) is not None
        lone = len(cells) == 1 and cells[0] == 0 and (" " in cell or ":" in cell)
        if not (gone[at] or known or lone):
            break
        block.append(at)
    out: list[int] = []
    above = False
    for at in reversed(block):
        if gone[at]:
            above = True
            continue
        known = _FOOTER.search(text[raw.columns[int(np.flatnonzero(filled[at])[0])]][at]) is not None
        if known or above or (id_at == 0 and " " in first[at]):
            out.append(at)
            above = True
    return out


def copies(raw: RawTable, column: str, ids: pd.Series, text: Cells, alive: NDArray[np.bool_]) -> list[RowFates]:
    """Rows that are exact copies of an earlier row.

    Args:
        raw: the table.
        column: the id's column.
        ids: the ids; case matters (15-character ids differ by it alone); blank ones aren't compared.
        text: trimmed cells by column.
        alive: bool (rows,), rows that are still accounts.
    """
    live = ids[alive & np.asarray(ids != "", dtype=np.bool_)]
    at = live.index[live.duplicated(keep=False)].to_numpy()
    if not len(at):
        return []
    code = np.zeros(len(at), dtype=np.int64)
    for name in raw.columns:  # all cells of a row as one number, column by column
        part, words = pd.factorize(live[at] if name == column else text[name].iloc[at])
        code = pd.factorize(code * (len(words) + 1) + part)[0]
    first = at[np.unique(code, return_index=True)[1]][code]
    out = []
    for row, before in zip(at[first != at].tolist(), first[first != at].tolist(), strict=True):
        message = f"the row is an exact copy of row {raw.source_rows[before]}"
        out.append(RowFates(row, column, raw.rows[column].iloc[row], "duplicate_row", message, "excluded"))
    return out


def made_ids(raw: RawTable, at: Sequence[int], taken: set[str]) -> list[str]:
    """Ids for rows without one, from the row number ("row-18"), different from all ids of the file."""
    out: list[str] = []
    for position in at:
        name = f"row-{raw.source_rows[position]}"
        while name in taken:
            name += "-x"
        taken.add(name)
        out.append(name)
    return out
