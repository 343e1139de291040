"""Every accepted account with its territory and rep: as a table, for a CRM (CSV), for people (Excel)."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from terr.report.documents.content import Table
from terr.report.safe import safe_frame, safe_sheet_name
from terr.report.workbook import (
    CHANGE_PICTURE,
    EXCEL_ROWS,
    ROWS_AT_ONCE,
    WRITING,
    Sheet,
    cells,
    column_letters,
    money_picture,
    workbook_of,
)

STATUSES = ("assigned", "unassigned", "outside the region", "unlocated")
_BEFORE = ("account_id", "name", "owner", "territory", "rep", "rep_id", "unit_id", "unit", "state", "zip", "city")
_AFTER = ("status", "located_by", "located_note", "source_row")


Reasons = Callable[["pd.Series[str]", Sequence[str]], Mapping[str, Any]]
"""From ids of accounts and the names of their territories to further columns: why each is there."""


def accounts_table(
    accounts: Accounts,
    units: Units,
    plan: Plan,
    reps: Iterable[Rep],
    held: Overrides = NOBODY_HELD,
    reasons: Reasons | None = None,
) -> pd.DataFrame:
    """One row for each accepted account, in the order of the file; those of `held` are where they go by name.

    Returns:
        DataFrame with the columns `account_id, name, owner, territory, rep, rep_id, unit_id, unit, state, zip, city`,
        the measures (float64, NaN = blank), `status` (one of STATUSES), `located_by` (how the account came to its
        unit), `located_note` (why it has none, or what contradicts), `source_row`, then the file's other columns. A
        measure or other column whose name is taken is called "<name> (file)". With exceptions there is a column
        `exception` behind `status`: "yes", or "" for the accounts that follow geography; then what `reasons` gives.

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
    told = {} if reasons is None else reasons(frame["account_id"], columns["territory"].tolist())
    taken |= {c.casefold() for c in told}
    columns |= {**told, "located_by": found.by, "located_note": found.note}
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
    reasons: Reasons | None = None,
) -> bytes:
    """`accounts_table` as CSV: UTF-8 with a byte-order mark, commas, formulas neutralised, ids and ZIPs as they are.

    Excel itself drops leading zeros when it opens a CSV by double click; `accounts_xlsx` keeps them there too.

    Raises:
        PlanError: if the plan was made on other map areas.
        StoppedError: if `progress` was stopped.
    """
    table = accounts_table(accounts, units, plan, reps, held, reasons)
    for column in table.columns[table.dtypes == np.float64]:
        values = table[column]
        if ((values % 1 == 0) & (values.abs() < 2**53) | values.isna()).all():
            table[column] = values.astype("Int64")  # 1200, not 1200.0
    parts = [b"\xef\xbb\xbf"]
    for first in range(0, max(1, len(table)), ROWS_AT_ONCE):
        progress.tell(first / max(1, len(table)), WRITING)
        part = safe_frame(table.iloc[first : first + ROWS_AT_ONCE])
        text: str = part.to_csv(index=False, header=first == 0, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
        parts.append(text.encode("utf-8"))
    return b"".join(parts)


def accounts_xlsx(
    accounts: Accounts,
    units: Units,
    plan: Plan,
    reps: Iterable[Rep],
    table: pd.DataFrame,
    more: Mapping[str, pd.DataFrame | Table] = MappingProxyType({}),
    held: Overrides = NOBODY_HELD,
    progress: Progress = UNWATCHED,
    *,
    per_rep: bool = False,
    reasons: Reasons | None = None,
) -> bytes:
    """An Excel workbook with the sheets Accounts, Territories, Totals and further ones.

    Totals are formulas over the rows, with their values beside them: they follow when somebody changes a cell. No text
    of a person is a formula.

    Args:
        accounts: the accounts.
        units: the units.
        plan: the plan.
        reps: the roster.
        table: one row for each territory: `code, name, rep` and the columns of metrics, see `terr.metrics.columns`.
        more: further sheets: name -> table.
        held: accounts that go to a territory by name.
        progress: told how far it is; stops it between any two rows.
        per_rep: a sheet for each territory's rep too, with the accounts of it.
        reasons: further columns of the accounts.

    Raises:
        PlanError: if the plan was made on other map areas.
        StoppedError: if `progress` was stopped.
        InputError: if there are more accounts than an Excel sheet has rows.
    """
    if len(accounts) >= EXCEL_ROWS:
        raise InputError(
            f"an Excel sheet holds {EXCEL_ROWS - 1:,} accounts and there are more; download the CSV instead"
        )
    roster = tuple(reps)
    money = dict(accounts.currency)
    territories, pictures = _territories(table, accounts.measures, noun(units.level))
    pictures |= {t: money_picture(money[m]) for t, m in _sums(territories, accounts.measures).items() if m in money}
    listed = accounts_table(accounts, units, plan, roster, held, reasons)
    figures = dict(zip(_measure_columns(listed, accounts), accounts.figures, strict=True))
    kinds = {"source_row": "0", **{c: money_picture(money[m], cents=True) for c, m in figures.items() if m in money}}
    sums = ("accounts", noun(units.level), *_sums(territories, accounts.measures))
    bars = tuple(c for c, m in _sums(territories, accounts.measures).items() if c == m)[:1]
    off = tuple(c for c in territories.columns if pictures.get(str(c)) == CHANGE_PICTURE)
    sheets = [
        Sheet("Accounts", listed, kinds),
        Sheet("Territories", territories, pictures, sums=sums, bars=bars, changes=off),
        totals_sheet(plan_totals(accounts, units, plan, held), listed, figures),
        *(
            Sheet.of_table(name, one) if isinstance(one, Table) else Sheet(name, one, pictures)
            for name, one in more.items()
        ),
    ]
    if per_rep:
        sheets += _rep_sheets(listed, plan, roster, kinds, tuple(figures), [s.name for s in sheets])
    return workbook_of(sheets, progress)


def _rep_sheets(
    listed: pd.DataFrame,
    plan: Plan,
    reps: Iterable[Rep],
    kinds: Mapping[str, str],
    figures: tuple[str, ...],
    taken: Iterable[str],
) -> list[Sheet]:
    """A sheet for each territory that has accounts, called by its rep where it has one, the largest account first."""
    names = {r.rep_id: r.name for r in reps}
    used, out = list(taken), []
    kept = [
        c for c in listed.columns if c not in ("territory", "rep", "rep_id", "status", "located_note", "source_row")
    ]
    groups = dict(iter(listed.groupby("territory", sort=False)))
    for territory in plan.territories:
        mine = groups.get(territory.name)
        if mine is None:
            continue
        rep = names.get(territory.rep, territory.rep)
        name = safe_sheet_name(f"{rep} - {territory.name}" if rep else territory.name, used)
        used.append(name)
        order = mine.sort_values(figures[0], ascending=False, na_position="last", kind="stable") if figures else mine
        out.append(Sheet(name, order[kept], kinds, sums=figures, bars=figures[:1]))
    return out


def _measure_columns(listed: pd.DataFrame, accounts: Accounts) -> list[str]:
    """The columns of `accounts_table` that hold the measures, in their order."""
    first = len(_BEFORE)
    return [str(c) for c in listed.columns[first : first + len(accounts.figures)]]


def _sums(territories: pd.DataFrame, measures: tuple[str, ...]) -> dict[str, str]:
    """Columns of the territories' sheet that add up -> their measure: loads and targets."""
    wanted = {m: m for m in measures} | {f"{m} target": m for m in measures}
    return {str(c): wanted[str(c)] for c in territories.columns if str(c) in wanted}


def totals_sheet(totals: PlanTotals, listed: pd.DataFrame, figures: Mapping[str, str]) -> Sheet:
    """`totals_table`, its cells formulas over the sheet of accounts.

    Args:
        totals: of the plan; listed: of `accounts_table`; figures: its column -> measure.
    """
    frame = totals_table(totals)
    columns = [str(c) for c in listed.columns]
    last = max(2, len(listed) + 1)
    status = f"Accounts!{cells(columns.index('status'), 2, last)}"
    by_measure = {m: c for c, m in figures.items()}
    formulas: dict[tuple[int, int], str] = {}
    for j in range(1, len(frame.columns) if len(listed) else 1):
        letter = column_letters(j)
        for i, part in enumerate(frame["part"]):
            rows = f"{letter}3:{letter}6"
            if part == "difference":
                formulas[i, j] = f"=ROUND({letter}2-SUM({rows}),2)"
            elif part == "accepted":
                formulas[i, j] = f"=ROWS(Accounts!{cells(0, 2, last)})" if j == 1 else ""
            elif j == 1:
                formulas[i, j] = f'=COUNTIF({status},"{part}")'
            if j > 1 and part != "difference":
                source = by_measure.get(totals.measures[j - 2])
                if source is None:
                    continue
                sums = f"Accounts!{cells(columns.index(source), 2, last)}"
                formulas[i, j] = f"=SUM({sums})" if part == "accepted" else f'=SUMIF({status},"{part}",{sums})'
    return Sheet("Totals", frame, {str(c): "#,##0.00" for c in frame.columns[2:]}, formulas=formulas)


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
            pictures[title] = CHANGE_PICTURE if metric.direction == "none" else "0.0%"
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
