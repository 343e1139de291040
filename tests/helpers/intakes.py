"""What the tests of the gate share: tables from rows, files from rows, and a ledger as plain values."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from terr.ingest import IngestResult, RawTable, build_ledger, read_table, recognise

Rows = Sequence[Sequence[object]]


def csv_bytes(rows: Rows, encoding: str = "utf-8", delimiter: str = ",", end: str = "\r\n") -> bytes:
    """Every cell quoted, as CRMs write."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, delimiter=delimiter, lineterminator=end).writerows(rows)
    return out.getvalue().encode(encoding)


def book_bytes(sheets: Mapping[str, Rows], hidden: Sequence[str] = ()) -> bytes:
    """A workbook as Excel writes it."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False}) as wb:
        for name, rows in sheets.items():
            ws = wb.add_worksheet(name)
            if name in hidden:
                ws.hide()
            elif not any(n not in hidden for n in list(sheets)[: list(sheets).index(name)]):
                ws.activate()
                ws.set_first_sheet()
            for r, row in enumerate(rows):
                ws.write_row(r, 0, row)
    return out.getvalue()


def table(header: Sequence[str], *rows: Sequence[str]) -> RawTable:
    return read_table(csv_bytes([header, *rows]), "accounts.csv")


def taken(header: Sequence[str], *rows: Sequence[str], **options: Any) -> IngestResult:
    """The rows taken in, their columns recognised."""
    raw = table(header, *rows)
    return build_ledger(raw, recognise(raw), **options)


def issues(found: IngestResult) -> list[tuple[int, str, str, str, str]]:
    """(row, column, value, code, fate) of each issue."""
    frame = found.ledger.issues[["row", "column", "value", "code", "fate"]]
    return [tuple(r) for r in frame.itertuples(index=False)]


def counts(found: IngestResult) -> tuple[int, int, int, int]:
    """Rows in, accepted, excluded, rejected."""
    ledger = found.ledger
    return ledger.rows_in, ledger.rows_accepted, ledger.rows_excluded, ledger.rows_rejected


def money(found: IngestResult, measure: str) -> tuple[float, float, float, float]:
    """Sums in, accepted, excluded, rejected."""
    total = found.ledger.totals[measure]
    return total.total_in, total.accepted, total.excluded, total.rejected


def repairs(found: IngestResult) -> list[tuple[str, str, int]]:
    """(code, column, cells) of each repair made."""
    return [(r.code, r.column, r.count) for r in found.ledger.repairs if not r.refused]
