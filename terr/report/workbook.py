"""Tables as a formatted Excel workbook: frozen heads, filters, formats, bars, and totals by formula.

Rows go to a temporary file as they are written, so that more accounts need no more memory. A text of a person is
always a string cell, which never runs; those that look like a formula are quoted too, so that editing
doesn't start them.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.model.wording import money_pattern, number_language
from terr.report.documents.content import Column, Table
from terr.report.safe import is_formula

EXCEL_ROWS = 1_048_576
EXCEL_CELL = 32_767
WIDEST = 40
ROWS_AT_ONCE = 2_000
"""Between two looks whether somebody stopped the work."""
WRITING = "Writing the accounts"
CHANGE_PICTURE = "+0.0%;-0.0%;0.0%"
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CAD": "C$", "AUD": "A$"}
_SAMPLE = 5_000
"""So many cells of a column tell how wide it is."""
_BAR, _OVER, _UNDER = "#8CC4C8", "#B54708", "#3F6598"


@dataclass(frozen=True, eq=False)
class Sheet:
    """A sheet to be written.

    Attributes:
        name: one that Excel takes (see `terr.report.safe.safe_sheet_name`).
        frame: its rows; numbers, texts, dates.
        pictures: column -> how Excel writes its numbers; others have thousands separators.
        sums: columns with their sum below, a formula; bars: columns with bars in their cells; changes: columns of
            deviations, the far ones colored.
        formulas: (row, column) of a cell, from 0 below the head -> the formula in place of its value, "" = none.
        total: what stands below columns that don't add up, by column.
    """

    name: str
    frame: pd.DataFrame
    pictures: Mapping[str, str] = field(default_factory=dict)
    sums: tuple[str, ...] = ()
    bars: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    formulas: Mapping[tuple[int, int], str] = field(default_factory=dict)
    total: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_table(cls, name: str, table: Table) -> Sheet:
        """A document's table with all its columns."""
        titles = distinct([c.title for c in table.columns])
        frame = pd.DataFrame({t: pd.Series([r[j] for r in table.rows]) for j, t in enumerate(titles)})
        for title, column in zip(titles, table.columns, strict=True):
            if column.numeric:
                frame[title] = pd.to_numeric(frame[title], errors="coerce").astype(np.float64)
        kinds = dict(zip(titles, table.columns, strict=True))
        given = {} if not table.total else dict(zip(titles, table.total, strict=True))
        return cls(
            name,
            frame,
            {t: column_picture(c) for t, c in kinds.items() if c.numeric},
            sums=tuple(t for t, c in kinds.items() if c.adds_up) if table.total else (),
            bars=tuple(t for t, c in kinds.items() if c.bar),
            changes=tuple(t for t, c in kinds.items() if c.kind == "change"),
            total={t: v for t, v in given.items() if not kinds[t].adds_up and v is not None},
        )


def distinct(names: Sequence[str]) -> list[str]:
    """The same names, with a number where one would be there twice."""
    out: list[str] = []
    for name in names:
        text, n = name, 1
        while text in out:
            n += 1
            text = f"{name} ({n})"
        out.append(text)
    return out


def column_picture(column: Column) -> str:
    """How Excel writes the numbers of a document's column."""
    if column.kind == "amount":
        return money_picture(column.currency)
    share = f"0.0{number_language().percent}%"
    return {"share": share, "change": CHANGE_PICTURE, "count": "#,##0"}.get(column.kind, "#,##0.00")


def money_picture(currency: str, *, cents: bool = False) -> str:
    """How Excel writes money of a currency; a plain number with thousands separators without one."""
    sign = _SYMBOLS.get(currency, f"{currency} " if currency.isalpha() else "")
    digits = "#,##0.00" if cents else "#,##0"
    if not sign:
        return digits
    pattern = money_pattern()
    before, after = pattern.replace("¤", sign if "¤#" in pattern else sign.strip()).split("#")
    one = (f'"{before}"' if before else "") + digits + (f'"{after}"' if after else "")
    return f"{one};-{one}"


def column_letters(j: int) -> str:
    """Letters of a column counted from 0: 0 -> "A", 26 -> "AA"."""
    out, n = "", j + 1
    while n:
        n, rest = divmod(n - 1, 26)
        out = chr(65 + rest) + out
    return out


def cells(j: int, first: int, last: int) -> str:
    """A column's rows, counted from 1, that stay put when a formula is copied: "$F$2:$F$9"."""
    letter = column_letters(j)
    return f"${letter}${first}:${letter}${last}"


def workbook(
    sheets: Mapping[str, pd.DataFrame],
    pictures: Mapping[str, str] = MappingProxyType({}),
    progress: Progress = UNWATCHED,
) -> bytes:
    """Plain tables as an Excel workbook, a sheet for each. No cell is a formula.

    Args:
        sheets: name of the sheet -> table.
        pictures: column -> how Excel writes its numbers; others have thousands separators.
        progress: told how far it is; stops it between any two rows.

    Raises:
        StoppedError: if `progress` was stopped.
        InputError: if there are more rows than an Excel sheet has.
    """
    return workbook_of([Sheet(name, frame, pictures) for name, frame in sheets.items()], progress)


def workbook_of(sheets: Sequence[Sheet], progress: Progress = UNWATCHED) -> bytes:
    """Sheets as an Excel workbook.

    Raises:
        StoppedError: if `progress` was stopped.
        InputError: if there are more rows than an Excel sheet has.
    """
    import xlsxwriter

    if any(len(s.frame) + bool(s.sums) >= EXCEL_ROWS for s in sheets):
        raise InputError(f"an Excel sheet holds {EXCEL_ROWS - 1:,} rows and there are more; download the CSV instead")
    out = io.BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        made = _Writer(book, sum(len(s.frame) for s in sheets), progress)
        for sheet in sheets:
            made.add(sheet)
    return out.getvalue()


@dataclass(frozen=True)
class _Column:
    """One column as it is written: cells (None = left empty), formats, and the widest cell in characters."""

    cells: list[Any]
    numbers: bool
    style: Any
    guarded: Any
    width: int


class _Writer:
    """Writes sheets into one workbook, with one set of formats."""

    def __init__(self, book: Any, rows: int, progress: Progress) -> None:
        self._book = book
        self._rows, self._done = max(1, rows), 0
        self._progress = progress
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def _format(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(properties)
        return self._formats[key]

    def add(self, one: Sheet) -> None:
        """A sheet with a frozen header and an autofilter."""
        frame, sheet = one.frame, self._book.add_worksheet(one.name)
        columns: list[_Column] = []
        for j, column in enumerate(frame.columns):
            title, values = str(column), frame.iloc[:, j]
            guarded = {"quote_prefix": True} if is_formula(title) else {}
            head = self._format(bold=True, bottom=1, text_wrap=True, valign="top", **guarded)
            sheet.write_string(0, j, title[:EXCEL_CELL], head)
            if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
                columns.append(self._numbers(values, one.pictures.get(title, "")))
            else:
                columns.append(self._texts(values))
            sheet.set_column(j, j, min(WIDEST, max(8, len(title), columns[-1].width) + 2))
        self._rules(sheet, one)
        number, string = sheet.write_number, sheet.write_string  # looked up once for millions of cells
        for i, row in enumerate(zip(*(c.cells for c in columns), strict=True), start=1):
            if i % ROWS_AT_ONCE == 1:
                self._progress.tell(0.95 * (self._done + i) / self._rows, WRITING)
            for j, cell in enumerate(row):
                if cell is None:
                    continue
                column = columns[j]
                if one.formulas and (formula := one.formulas.get((i - 1, j))):
                    sheet.write_formula(i, j, formula, column.style, cell)
                elif column.numbers:
                    number(i, j, cell, column.style)
                else:
                    # the text stays as it is, since a string cell never runs; the prefix holds when somebody edits it
                    plain = cell[0].isalnum() or not is_formula(cell)
                    string(i, j, cell, column.style if plain else column.guarded)
        if (one.sums or one.total) and len(frame):
            self._total(sheet, one, columns)
        self._done += len(frame)
        sheet.freeze_panes(1, 0)
        if len(frame.columns):
            sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)

    def _rules(self, sheet: Any, one: Sheet) -> None:
        """Bars in cells, and colors of deviations; Excel works them out, so that they follow the cells."""
        last = len(one.frame)
        if not last:
            return
        titles = [str(c) for c in one.frame.columns]
        for title in one.bars:
            j = titles.index(title)
            sheet.conditional_format(1, j, last, j, {"type": "data_bar", "bar_color": _BAR})
        for title in one.changes:
            j = titles.index(title)
            for sign, limit, color in ((">", 0.1, _OVER), ("<", -0.1, _UNDER)):
                style = self._format(font_color=color, bold=True)
                sheet.conditional_format(
                    1, j, last, j, {"type": "cell", "criteria": sign, "value": limit, "format": style}
                )

    def _total(self, sheet: Any, one: Sheet, columns: Sequence[_Column]) -> None:
        """The row of sums: formulas, with the values they have now."""
        at = len(one.frame) + 1
        titles = [str(c) for c in one.frame.columns]
        label = next((j for j, c in enumerate(columns) if not c.numbers), None)
        for j, (title, column) in enumerate(zip(titles, columns, strict=True)):
            picture = one.pictures.get(title, "")
            if title in one.sums and column.numbers:
                value = math.fsum(v for v in column.cells if v is not None)
                whole = all(v is None or v % 1 == 0 for v in column.cells)
                style = self._format(bold=True, top=1, num_format=picture or ("#,##0" if whole else "#,##0.00"))
                sheet.write_formula(at, j, f"=SUM({cells(j, 2, at)})", style, value)
            elif title in one.total and column.numbers:
                style = self._format(bold=True, top=1, num_format=picture or "#,##0.00")
                sheet.write_number(at, j, float(one.total[title]), style)
            elif j == label:
                words = str(one.total.get(title) or "Total")
                style = self._format(bold=True, top=1, num_format="@")
                sheet.write_string(at, j, words[:EXCEL_CELL], style)
            else:
                sheet.write_blank(at, j, None, self._format(bold=True, top=1))

    def _numbers(self, values: pd.Series, picture: str) -> _Column:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        finite = numbers[np.isfinite(numbers)]
        picture = picture or ("#,##0" if (finite % 1 == 0).all() else "#,##0.00")
        style = self._format(num_format=picture)
        kept = [number if math.isfinite(number) else None for number in numbers.tolist()]
        wide = len(f"{np.abs(finite).max():,.2f}") if len(finite) else 0
        return _Column(kept, True, style, style, 9 if "%" in picture else wide)

    def _texts(self, values: pd.Series) -> _Column:
        text, guarded = self._format(num_format="@"), self._format(num_format="@", quote_prefix=True)
        kept: list[Any] = []
        for value in values.tolist():
            cell = value if isinstance(value, str) else _plain(value)
            # Excel's limit; the CSV has it all
            kept.append((cell if len(cell) <= EXCEL_CELL else cell[: EXCEL_CELL - 1] + "…") or None)
        return _Column(kept, False, text, guarded, max((len(c) for c in kept[:_SAMPLE] if c), default=0))


def _plain(value: Any) -> str:
    if isinstance(value, datetime) and not pd.isna(value):
        return value.strftime("%Y-%m-%d %H:%M" if value.hour or value.minute else "%Y-%m-%d")
    if isinstance(value, date) and not pd.isna(value):
        return value.isoformat()
    return "" if pd.isna(value) else str(value)
