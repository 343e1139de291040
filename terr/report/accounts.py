"""Every accepted account with its territory and rep: as a table, for a CRM (CSV), for people (Excel)."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from terr.aggregate import OUTSIDE, UNLOCATED, PlanTotals, account_codes, placed, plan_totals
from terr.errors import InputError
from terr.metrics import each_measure, shown_in
from terr.model.accounts import CORE, HIDDEN, Accounts
from terr.model.overrides import NOBODY_HELD, Overrides
from terr.model.plan import Plan
from terr.model.progress import UNWATCHED, Progress
from terr.model.reps import Rep
from terr.model.units import UNASSIGNED, Units, noun
from terr.report.safe import is_formula, safe_frame

STATUSES = ("assigned", "unassigned", "outside the region", "unlocated")
_BEFORE = ("account_id", "name", "owner", "territory", "rep", "rep_id", "unit_id", "unit", "state", "zip", "city")
_AFTER = ("status", "located_by", "located_note", "source_row")
_EXCEL_ROWS = 1_048_576
_EXCEL_CELL = 32_767
_WIDEST = 40
_ROWS_AT_ONCE = 2_000
"""Between two looks whether somebody stopped the work."""
_WRITING = "Writing the accounts"
_DEVIATION = "+0.0%;-0.0%;0.0%"


def accounts_table(
    accounts: Accounts, units: Units, plan: Plan, reps: Iterable[Rep], held: Overrides = NOBODY_HELD
) -> pd.DataFrame:
    """One row for each accepted account, in the order of the file; those of `held` are where they go by name.

    Returns:
        DataFrame with the columns `account_id, name, owner, territory, rep, rep_id, unit_id, unit, state, zip, city`,
        the measures (float64, NaN = blank), `status` (one of STATUSES), `located_by` (how the account came to its
        unit), `located_note` (why it has none, or what contradicts), `source_row`, then the file's other columns. A
        measure or other column whose name is taken is called "<name> (file)". With exceptions there is a column
        `exception` behind `status`: "yes", or "" for the accounts that follow geography.

    Raises:
        PlanError: if the plan was made on other map areas.
    """
    frame = accounts.frame
    found = placed(accounts, units)
    unit = found.codes
    territory = account_codes(accounts, units, plan, codes=unit, held=held)
    roster = {r.rep_id: r.name for r in reps}
    slot_of = {UNASSIGNED: UNASSIGNED, **{code: j for j, code in enumerate(plan.codes)}}
    position = np.array([slot_of[c] for c in territory.tolist()], dtype=np.int64)
    place = np.maximum(unit, UNLOCATED)  # outside and unlocated accounts alike have no unit to name
    status = np.where(territory != UNASSIGNED, STATUSES[0], STATUSES[1])
    lost = territory == UNASSIGNED
    status = np.where(lost & (unit == OUTSIDE), STATUSES[2], np.where(lost & (unit == UNLOCATED), STATUSES[3], status))
    columns: dict[str, Any] = {
        "account_id": frame["account_id"],
        "name": frame["name"],
        "owner": frame["owner"],
        "territory": _pick([t.name for t in plan.territories], position),
        "rep": _pick([roster.get(t.rep, "") for t in plan.territories], position),
        "rep_id": _pick([t.rep for t in plan.territories], position),
        "unit_id": _pick(units.ids, place),
        "unit": _pick(units.names, place),
        **{c: frame[c] for c in ("state", "zip", "city")},
    }
    taken = {c.casefold() for c in (*_BEFORE, *_AFTER, *(["exception"] if len(held) else []))}
    for measure in accounts.figures:
        columns[_free(measure, taken)] = frame[measure].astype(np.float64)
    columns["status"] = status.astype(object)
    if len(held):
        columns["exception"] = np.where(np.isin(np.arange(len(frame)), held.rows), "yes", "").astype(object)
    columns |= {"located_by": found.by, "located_note": found.note}
    columns["source_row"] = frame["source_row"]
    for attribute in frame.columns:
        if attribute not in (*CORE, *HIDDEN) and attribute not in accounts.measures:
            columns[_free(str(attribute), taken)] = frame[attribute]
    return pd.DataFrame(columns, index=frame.index)


def accounts_csv(
    accounts: Accounts,
    units: Units,
    plan: Plan,
    reps: Iterable[Rep],
    held: Overrides = NOBODY_HELD,
    progress: Progress = UNWATCHED,
) -> bytes:
    """`accounts_table` as CSV: UTF-8 with a byte-order mark, commas, formulas neutralised, ids and ZIPs as they are.

    Excel itself drops leading zeros when it opens a CSV by double click; `accounts_xlsx` keeps them there too.

    Raises:
        PlanError: if the plan was made on other map areas.
        StoppedError: if `progress` was stopped.
    """
    table = accounts_table(accounts, units, plan, reps, held)
    for column in table.columns[table.dtypes == np.float64]:
        values = table[column]
        if ((values % 1 == 0) & (values.abs() < 2**53) | values.isna()).all():
            table[column] = values.astype("Int64")  # 1200, not 1200.0
    parts = [b"\xef\xbb\xbf"]
    for first in range(0, max(1, len(table)), _ROWS_AT_ONCE):
        progress.tell(first / max(1, len(table)), _WRITING)
        part = safe_frame(table.iloc[first : first + _ROWS_AT_ONCE])
        text: str = part.to_csv(index=False, header=first == 0, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
        parts.append(text.encode("utf-8"))
    return b"".join(parts)


def accounts_xlsx(
    accounts: Accounts,
    units: Units,
    plan: Plan,
    reps: Iterable[Rep],
    table: pd.DataFrame,
    more: Mapping[str, pd.DataFrame] = MappingProxyType({}),
    held: Overrides = NOBODY_HELD,
    progress: Progress = UNWATCHED,
) -> bytes:
    """An Excel workbook with the sheets Accounts, Territories, Totals and further ones. No cell is a formula.

    Args:
        accounts: the accounts.
        units: the units.
        plan: the plan.
        reps: the roster.
        table: one row for each territory: `code, name, rep` and the columns of metrics, see `terr.metrics.columns`.
        more: further sheets: name -> table.
        held: accounts that go to a territory by name.
        progress: told how far it is; stops it between any two rows.

    Raises:
        PlanError: if the plan was made on other map areas.
        StoppedError: if `progress` was stopped.
        InputError: if there are more accounts than an Excel sheet has rows.
    """
    if len(accounts) >= _EXCEL_ROWS:
        raise InputError(
            f"an Excel sheet holds {_EXCEL_ROWS - 1:,} accounts and there are more; download the CSV instead"
        )
    territories, pictures = _territories(table, accounts.measures, noun(units.level))
    sheets = {
        "Accounts": accounts_table(accounts, units, plan, reps, held),
        "Territories": territories,
        "Totals": totals_table(plan_totals(accounts, units, plan, held)),
        **more,
    }
    return workbook(sheets, {"source_row": "0", **pictures}, progress)


def workbook(
    sheets: Mapping[str, pd.DataFrame],
    pictures: Mapping[str, str] = MappingProxyType({}),
    progress: Progress = UNWATCHED,
) -> bytes:
    """Tables as an Excel workbook, a sheet for each. No cell is a formula.

    Args:
        sheets: name of the sheet -> table.
        pictures: column -> how Excel writes its numbers; others have thousands separators.
        progress: told how far it is; stops it between any two rows.

    Raises:
        StoppedError: if `progress` was stopped.
        InputError: if there are more rows than an Excel sheet has.
    """
    import xlsxwriter

    if any(len(frame) >= _EXCEL_ROWS for frame in sheets.values()):
        raise InputError(f"an Excel sheet holds {_EXCEL_ROWS - 1:,} rows and there are more; download the CSV instead")
    out = io.BytesIO()
    options = {
        "constant_memory": True,  # rows go to a temporary file as they are written: no more memory for more accounts
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        made = _Sheets(book, sum(len(frame) for frame in sheets.values()), progress)
        for name, frame in sheets.items():
            made.add(name, frame, pictures)
    return out.getvalue()


def totals_table(totals: PlanTotals) -> pd.DataFrame:
    """accepted, its four parts, and the difference (0), in accounts and in each measure."""
    parts = (totals.accepted, totals.assigned, totals.unassigned, totals.outside, totals.unlocated)
    labels = ["accepted", *STATUSES, "difference"]
    taken = {"part", "accounts"}
    rows = [p.rows for p in parts]
    out: dict[str, Any] = {"part": labels, "accounts": [*rows, rows[0] - sum(rows[1:])]}
    for j, measure in enumerate(totals.measures):
        loads = [p.loads[j] for p in parts]
        # rounding of the last bit is no difference: PlanTotals has checked the sum
        out[_free(measure, taken)] = [*loads, round(loads[0] - math.fsum(loads[1:]), 2) + 0.0]
    return pd.DataFrame(out)


def _territories(table: pd.DataFrame, measures: tuple[str, ...], units: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """The sheet, and how its numbers are written where their metric says it: shares, and fractions of one unit."""
    wanted, pictures = {"name": "territory", "rep": "rep"}, {}
    for metric, j in each_measure(shown_in("files", per_territory=True), len(measures)):
        label = metric.label.lower()
        title = f"{measures[j]} {label}".removesuffix(" load") if metric.per_measure else label.replace("units", units)
        wanted[f"{metric.column}_{measures[j]}" if metric.per_measure else metric.column] = title
        if metric.unit == "%":
            pictures[title] = _DEVIATION if metric.direction == "none" else "0.0%"
        elif metric.decimals:
            pictures[title] = f"#,##0.{'0' * metric.decimals}"
    return table[[c for c in wanted if c in table.columns]].rename(columns=wanted), pictures


def _pick(values: list[str], index: Any) -> Any:
    """object (n,): values[index], "" where index is -1."""
    return np.array([*values, ""], dtype=object)[index]


def _free(name: str, taken: set[str]) -> str:
    out, count = name, 1
    while out.casefold() in taken:
        out = f"{name} (file)" if count == 1 else f"{name} (file {count})"
        count += 1
    taken.add(out.casefold())
    return out


@dataclass(frozen=True)
class _Column:
    """One column as it is written: cells (None = left empty), formats, and the widest cell in characters."""

    cells: list[Any]
    numbers: bool
    style: Any
    guarded: Any
    width: int


class _Sheets:
    """Writes tables into one workbook, with one set of formats."""

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

    def add(self, name: str, frame: pd.DataFrame, pictures: Mapping[str, str]) -> None:
        """A sheet with a frozen header and an autofilter; for `pictures` see `workbook`."""
        sheet = self._book.add_worksheet(name)
        columns: list[_Column] = []
        for j, column in enumerate(frame.columns):
            title, values = str(column), frame.iloc[:, j]
            guarded = {"quote_prefix": True} if is_formula(title) else {}
            sheet.write_string(0, j, title[:_EXCEL_CELL], self._format(bold=True, bottom=1, **guarded))
            if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
                columns.append(self._numbers(values, pictures.get(title, "")))
            else:
                columns.append(self._texts(values))
            sheet.set_column(j, j, min(_WIDEST, max(8, len(title), columns[-1].width) + 2))
        for i, row in enumerate(zip(*(c.cells for c in columns), strict=True), start=1):
            if i % _ROWS_AT_ONCE == 1:
                self._progress.tell(0.95 * (self._done + i) / self._rows, _WRITING)
            for j, (cell, column) in enumerate(zip(row, columns, strict=True)):
                if cell is None:
                    continue
                if column.numbers:
                    sheet.write_number(i, j, cell, column.style)
                else:
                    # the text stays as it is, since a string cell never runs; the prefix holds when somebody edits it
                    sheet.write_string(i, j, cell, column.guarded if is_formula(cell) else column.style)
        self._done += len(frame)
        sheet.freeze_panes(1, 0)
        if len(frame.columns):
            sheet.autofilter(0, 0, len(frame), len(frame.columns) - 1)

    def _numbers(self, values: pd.Series, picture: str) -> _Column:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        finite = numbers[np.isfinite(numbers)]
        picture = picture or ("#,##0" if (finite % 1 == 0).all() else "#,##0.00")
        style = self._format(num_format=picture)
        cells = [number if math.isfinite(number) else None for number in numbers.tolist()]
        return _Column(cells, True, style, style, len(f"{np.abs(finite).max():,.2f}") if len(finite) else 0)

    def _texts(self, values: pd.Series) -> _Column:
        text, guarded = self._format(num_format="@"), self._format(num_format="@", quote_prefix=True)
        cells: list[Any] = []
        for value in values.tolist():
            cell = value if isinstance(value, str) else "" if pd.isna(value) else str(value)
            # Excel's limit; the CSV has it all
            cells.append((cell if len(cell) <= _EXCEL_CELL else cell[: _EXCEL_CELL - 1] + "…") or None)
        return _Column(cells, False, text, guarded, max((len(c) for c in cells if c), default=0))
