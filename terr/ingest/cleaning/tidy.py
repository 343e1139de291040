"""Small repairs of text cells, each kept with its cells so that it can be told and refused."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.cleaning.countries import rows_at_home
from terr.ingest.cleaning.marks import changed, fits, plain, visible
from terr.ingest.columns.columns import ColumnMap
from terr.ingest.reading.files import RawTable

_WRAPPED = r'="[^"]*"|\'[^\']*'
_NOUGHT = r"[0-9]+\.0+"
_WHOLE = r"[0-9]+(?:\.0+)?"
_SHORT_ZIP = r"[0-9]{3,4}(?:-[0-9]{4})?|[0-9]{7,8}"
_LONG_ZIP = r"[0-9]{9}"
_ZERO_STATES = frozenset(
    (
        "ct",
        "ma",
        "me",
        "nh",
        "nj",
        "ny",
        "ri",
        "vt",
        "pr",
        "vi",
        "ae",
        "connecticut",
        "massachusetts",
        "maine",
        "newhampshire",
        "newjersey",
        "newyork",
        "rhodeisland",
        "vermont",
        "puertorico",
        "virginislands",
        "usvirginislands",
    )
)
"""States with ZIPs that begin with 0."""


class Cells(Mapping[str, pd.Series]):
    """Each column's trimmed text, made when asked for; its index are the row positions, so `[column][at]` is a cell."""

    def __init__(self, raw: RawTable) -> None:
        self._raw, self._made = raw, dict[str, pd.Series]()

    def __getitem__(self, column: str) -> pd.Series:
        if column not in self._made:
            before = self._raw.rows[column].reset_index(drop=True)
            after = changed(before.str.strip(), _nothing)
            self._made[column] = before if after.equals(before) else after
        return self._made[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw.columns)

    def __len__(self) -> int:
        return len(self._raw.columns)

    def mask(self, column: str, value: str) -> NDArray[np.bool_]:
        """Where the trimmed cell is `value`."""
        return np.asarray(self[column] == value, dtype=np.bool_)

    def moved(self, column: str) -> NDArray[np.intp]:
        """Positions of cells that lost white space."""
        if self[column] is self._raw.rows[column] or self[column].equals(self._raw.rows[column]):
            return np.empty(0, dtype=np.intp)
        return np.flatnonzero(np.asarray(self[column].array != self._raw.rows[column].array, dtype=np.bool_))


def _nothing(cell: str) -> str:
    return cell if visible(cell) else ""


@dataclass(frozen=True, eq=False)
class RepairedCells:
    """Cells of one column that one kind of repair changes, or would change if it weren't refused.

    Attributes:
        code, column: as in `Repair`.
        at: row positions, rising.
        after: row position -> the text afterwards.
        refused: whether the cells were left as they stood.
    """

    code: str
    column: str
    at: NDArray[np.intp]
    after: Callable[[int], str]
    refused: bool


class RefusedRepairs:
    """What a person doesn't want repaired: codes ("padded_zip"), or a code for one column ("padded_zip:Zip")."""

    def __init__(self, codes: Collection[str]) -> None:
        self._codes = frozenset(codes)

    def __call__(self, code: str, column: str) -> bool:
        """Whether this repair is left out in this column."""
        return code in self._codes or f"{code}:{column}" in self._codes


def tidy_fields(
    raw: RawTable, cmap: ColumnMap, cells: Cells, refused: RefusedRepairs
) -> tuple[dict[str, pd.Series], list[RepairedCells]]:
    """Each mapped text field after its repairs, and the repairs; coordinates aren't touched.

    A field nobody mapped is missing from the answer. ZIPs are padded only where the row says it is in the USA: by its
    country, or by a state whose ZIPs begin with 0.
    """
    out: dict[str, pd.Series] = {}
    fixed: list[RepairedCells] = []
    for field, column in cmap.fields.items():
        if field in {"latitude", "longitude"}:
            continue
        code = "trimmed_id" if field == "account_id" else "trimmed_text"
        text, moved = cells[column], cells.moved(column)
        if len(moved):
            no = refused(code, column)
            fixed.append(RepairedCells(code, column, moved, reader(text), no))
            if no:
                text = raw.rows[column].reset_index(drop=True)
        if field != "name":
            text = plain_marks(text, column, plain if field == "zip" else visible, refused, fixed)
        text = _change(text, "unwrapped_text", column, _WRAPPED, _unwrap, None, refused, fixed)
        if field == "zip":
            text = _change(text, "stripped_decimal", column, _NOUGHT, _whole, None, refused, fixed)
            home = _american(raw, cmap, cells)
            text = _change(text, "padded_zip", column, _SHORT_ZIP, _pad, home, refused, fixed)
            text = _change(text, "dashed_zip", column, _LONG_ZIP, _dash, home, refused, fixed)
        elif field in {"account_id", "county"}:
            filled = text[text != ""]
            if len(filled) and bool(filled.str.fullmatch(_WHOLE).all()):
                text = _change(text, "stripped_decimal", column, _NOUGHT, _whole, None, refused, fixed)
        out[field] = text
    return out, fixed


def plain_marks(
    text: pd.Series,
    column: str,
    make: Callable[[str], str],
    refused: RefusedRepairs,
    fixed: list[RepairedCells],
) -> pd.Series:
    """The column without invisible marks, and with plain digits where `make` says so; noted, and left if refused."""
    after = changed(text, make)
    if after is text:
        return text
    at = np.flatnonzero(np.asarray(after.array != text.array, dtype=np.bool_))
    no = refused("plain_marks", column)
    fixed.append(RepairedCells("plain_marks", column, at, reader(after), no))
    return text if no else after


def _change(
    text: pd.Series,
    code: str,
    column: str,
    pattern: str,
    make: Callable[[str], str],
    only: NDArray[np.bool_] | None,
    refused: RefusedRepairs,
    fixed: list[RepairedCells],
) -> pd.Series:
    """The column with the cells that fit a pattern changed, unless that is refused; the change is noted either way."""
    hit = fits(text, pattern)
    if only is not None:
        hit = hit & only
    at = np.flatnonzero(hit)
    if not len(at):
        return text
    no = refused(code, column)
    fixed.append(RepairedCells(code, column, at, lambda k: make(str(text[k])), no))
    if no:
        return text
    changed = text.copy()
    changed.iloc[at] = np.array([make(c) for c in text.iloc[at].tolist()], dtype=object)
    return changed


def reader(text: pd.Series) -> Callable[[int], str]:
    """A column's text by row position."""
    return lambda at: str(text[at])


def _unwrap(cell: str) -> str:
    return (cell[2:-1] if cell.startswith("=") else cell[1:]).strip()


def _whole(cell: str) -> str:
    return cell.split(".", maxsplit=1)[0]


def _pad(cell: str) -> str:
    if len(cell) in {7, 8} and "-" not in cell:
        return _dash(cell.zfill(9))
    front, dash, back = cell.partition("-")
    return front.zfill(5) + dash + back


def _dash(cell: str) -> str:
    return f"{cell[:5]}-{cell[5:]}"


def _word(cell: str) -> str:
    flat = unicodedata.normalize("NFKD", cell).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z]", "", flat)


def _american(raw: RawTable, cmap: ColumnMap, cells: Cells) -> NDArray[np.bool_]:
    """Rows whose ZIP may have lost a zero: in the USA, and in a state that has such ZIPs (or in none named)."""
    n = len(raw.rows)
    home, unsaid = rows_at_home(raw, cmap, cells)
    state = _words(cells, cmap.fields.get("state"), n)
    zero = np.asarray(state.isin(_ZERO_STATES), dtype=np.bool_)
    stateless = np.asarray(state == "", dtype=np.bool_)
    return np.asarray((home & (stateless | zero)) | (unsaid & zero), dtype=np.bool_)


def _words(cells: Cells, column: str | None, n: int) -> pd.Series:
    """A column's cells as bare words, worked out once per different cell."""
    if column is None:
        return pd.Series("", index=range(n), dtype="str")
    text = cells[column]
    return text.map({w: _word(str(w)) for w in text.unique()}).astype("str")
