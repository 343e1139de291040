"""Files of facts too large to be held as text cells: read piece by piece, each piece judged as a small file is.

Only orders and activities come in such numbers. Pieces end between rows; what a whole file tells (the order of days,
the currency, copies of rows) is settled over all pieces.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.columns.kinds import kind_of_rows
from terr.ingest.facts.fact_dates import read_days
from terr.ingest.facts.fact_fields import DATES
from terr.ingest.facts.fact_rows import FactRows, read_facts
from terr.ingest.reading.files import RawTable, display_name, read_table
from terr.model.progress import UNWATCHED, Progress

LARGE_BYTES = 60 * 2**20
"""Text files above this are read piece by piece."""
MOST_BYTES = 2 * 2**30
_PIECE, _HEAD = 25 * 2**20, 2**18
_MANY = ("orders", "activities")
_FEW = 0.2
"""Text columns with at most this share of different cells are kept as categories."""


def is_large(data: bytes) -> bool:
    """Whether a file is read piece by piece: a text file of more than `LARGE_BYTES`."""
    wide = data[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\x00" in data[:1_000]
    return len(data) > LARGE_BYTES and data[:4] != b"PAR1" and data[:2] != b"PK" and not wide


def head_of(data: bytes, filename: str) -> RawTable:
    """The first rows of a large file, by which its kind and columns are told.

    Raises:
        InputError: if they can't be read.
    """
    return read_table(data[: data.index(b"\n", _HEAD) + 1], filename)


def in_pieces(data: bytes, filename: str, kind: str | None = None) -> bool:
    """Whether a file is large and holds orders or activities; other large files are read as a whole.

    Raises:
        InputError: if its first rows can't be read.
    """
    return is_large(data) and (kind or kind_of_rows(head_of(data, filename).columns)) in _MANY


def read_large_facts(
    data: bytes,
    filename: str,
    kind: str | None = None,
    *,
    chosen: Mapping[str, str] | None = None,
    answers: Mapping[str, str] | None = None,
    progress: Progress = UNWATCHED,
) -> FactRows:
    """Read a large text file of orders or activities; see `terr.ingest.facts.fact_rows.read_facts`.

    Raises:
        InputError: if it can't be used, is too large, or its pieces contradict each other.
        StoppedError: if the person stopped it.
    """
    name, given = display_name(filename), dict(answers or {})
    if len(data) > MOST_BYTES:
        raise InputError(f"{name} has more than {MOST_BYTES / 2**30:.0f} GB; split it or leave out columns")
    parts: list[FactRows] = []
    marks: list[NDArray[np.uint64]] = []
    orders: dict[str, str] = {}  # column -> how its days are written, once a piece tells
    doubtful: list[int] = []
    pieces, above = list(_pieces(data)), [0]  # rows of the file above each piece
    for n, (start, end) in enumerate(pieces):
        raw = _piece_table(data, start, end, above[n], name, progress)
        above.append(int(raw.source_rows[-1]) - 1)
        told = kind or kind_of_rows(raw.columns)
        if told not in _MANY:
            raise InputError(
                f"{name} has more than {LARGE_BYTES / 2**20:.0f} MB, which only orders and activities may have"
            )
        part, open_days = _read_piece(raw, told, chosen, given, orders)
        doubtful += [n] if open_days else []
        parts.append(part)
        marks.append(_marks(raw))
        progress.tell(0.95 * (n + 1) / len(pieces), "reading the rows")
    if "dmy" in orders.values():  # month first was taken where nothing told
        for n in doubtful:
            raw = _piece_table(data, *pieces[n], above[n], name, progress)
            parts[n], _ = _read_piece(raw, parts[n].kind, chosen, given, orders)
    return _joined(parts, np.concatenate(marks), orders, name)


def _pieces(data: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each piece below the header; a piece never ends within quotes."""
    begin = data.index(b"\n") + 1
    while begin < len(data):
        end, wanted, quotes = begin, begin + _PIECE, 0
        while end < len(data):
            at = data.find(b"\n", min(max(wanted, end), len(data) - 1))
            to = len(data) if at < 0 else at + 1
            quotes += data.count(b'"', end, to)
            end = to
            if quotes % 2 == 0:
                break
        yield begin, end
        begin = end


def _piece_table(data: bytes, start: int, end: int, above: int, name: str, progress: Progress) -> RawTable:
    header = data[: data.index(b"\n") + 1]
    raw = read_table(header + data[start:end], name, header_row=1, progress=progress.part(0.0, 0.0))
    return replace(raw, source_rows=raw.source_rows + above)


def _read_piece(
    raw: RawTable, kind: str, chosen: Mapping[str, str] | None, given: Mapping[str, str], orders: dict[str, str]
) -> tuple[FactRows, bool]:
    """The facts of a piece, small in memory, and whether nothing tells how its days are written."""
    known = {f"date_order:{c}": o for c, o in orders.items()}
    facts = read_facts(raw, kind, chosen=chosen, answers={**known, **given})
    doubt = False
    for field, column in facts.fields.items():
        if field in DATES and column not in orders and f"date_order:{column}" not in given:
            days = read_days(raw.rows[column].str.strip())
            if days.order and not days.asked:
                orders[column] = days.order
            doubt = doubt or days.asked
    frame = facts.frame.copy(deep=False)
    for column in frame.columns:
        if frame[column].dtype.kind not in "fiM" and frame[column].nunique() <= _FEW * max(len(frame), 5):
            frame[column] = frame[column].astype("category")
    return replace(facts, frame=frame, fates=facts.fates.astype("U8")), doubt


def _marks(raw: RawTable) -> NDArray[np.uint64]:
    """One number per row of a piece, equal for equal rows."""
    return np.asarray(pd.util.hash_pandas_object(raw.rows, index=False).to_numpy(), dtype=np.uint64)


def _joined(parts: list[FactRows], marks: NDArray[np.uint64], orders: Mapping[str, str], name: str) -> FactRows:
    """One table of all pieces; an exact copy of a row of an earlier piece is left out."""
    currencies = {p.currency for p in parts if p.currency}
    if len(currencies) > 1:
        raise InputError(f"{name}: amounts are in {' and in '.join(sorted(currencies))}; convert them to one currency")
    columns: dict[str, pd.Series] = {}
    for column in parts[0].frame.columns:
        pieces = [p.frame[column] for p in parts]
        if any(isinstance(p.dtype, pd.CategoricalDtype) for p in pieces):
            same = [p.astype("category") for p in pieces]
            columns[str(column)] = pd.Series(pd.api.types.union_categoricals(same, ignore_order=True))
        else:
            columns[str(column)] = pd.concat(pieces, ignore_index=True)
    frame = pd.DataFrame(columns)
    fates = np.concatenate([p.fates for p in parts])
    again = pd.Series(marks).duplicated(keep="first").to_numpy() & (fates == "accepted")
    money = {k: float(sum(p.money[k] for p in parts)) for k in parts[0].money}
    issues = pd.concat([p.issues for p in parts], ignore_index=True)
    if again.any():
        keep = ~again[fates == "accepted"]
        rows = frame["source_row"].to_numpy()[~keep]
        if "amount" in frame:
            money["excluded"] += float(frame["amount"].to_numpy()[~keep].sum())
        fates[again] = "excluded"
        frame = frame[keep].reset_index(drop=True)
        copies = pd.DataFrame({"row": rows, "column": "", "code": "duplicate_row"})
        copies["message"], copies["fate"] = "the row is an exact copy of an earlier one", "excluded"
        issues = pd.concat([issues, copies], ignore_index=True)
    questions = tuple(q for q in parts[0].questions if q["key"].removeprefix("date_order:") not in orders)
    return replace(
        parts[0],
        frame=frame,
        fates=fates,
        money=money,
        issues=issues,
        questions=questions,
        currency=next(iter(currencies), ""),
    )
