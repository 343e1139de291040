"""Tables of a document: the numbers, and the same as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from terr.report.documents.content import Column, Table
from terr.view.text import full, number, percent, short
from terr.workspace.performance.kpis import MONEY, SHARE, Kpi
from terr.workspace.performance.report import PerformanceReport
from terr.workspace.reports.document_inputs import DocumentInputs


def cell_text(value: Any, column: Column, limit: float | None = None) -> str:
    """A value as it is read under a column; an en dash where nothing is known.

    Args:
        value: text, number or None.
        column: what it stands under.
        limit: in percent; a change is never rounded onto its other side.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if column.kind == "text":
        return str(value)
    if column.kind == "count":
        return number(value)
    if column.kind == "amount":
        return short(value, column.currency)
    if column.kind == "share":
        return percent(100 * value)
    return percent(100 * value, signed=True, limit=limit) if column.kind == "change" else full(value)


def table_of(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Any]],
    *,
    name: str = "All territories",
    total: Sequence[Any] | None = None,
    colors: Sequence[str] = (),
    short_columns: Sequence[int] = (),
    limit: float | None = None,
) -> Table:
    """A table with its texts, and a row of sums below the columns that add up.

    Args:
        columns: its columns; rows: values.
        name: in the row of sums, under the first column of text; "" = no such row.
        total: values of the last row that aren't sums, None where a sum or nothing stands.
        colors: of the rows; short_columns: see `Table.short`.
        limit: see `cell_text`.
    """
    plain = [tuple(v.item() if isinstance(v, np.generic) else v for v in row) for row in rows]
    last: list[Any] = []
    if name and plain:
        given = list(total or [None] * len(columns))
        last = [_sum([r[j] for r in plain]) if c.adds_up else given[j] for j, c in enumerate(columns)]
        last[next((j for j, c in enumerate(columns) if c.kind == "text"), 0)] = name
    texts = [tuple(cell_text(v, c, limit) for v, c in zip(r, columns, strict=True)) for r in plain]
    below = tuple("" if v is None else cell_text(v, c, limit) for v, c in zip(last, columns, strict=bool(last)))
    return Table(tuple(columns), tuple(plain), tuple(texts), tuple(last), below, tuple(colors), tuple(short_columns))


def _sum(values: Sequence[Any]) -> float | int | None:
    known = [v for v in values if v is not None and not (isinstance(v, float) and math.isnan(v))]
    if not known:
        return None
    return sum(known) if all(isinstance(v, int) for v in known) else math.fsum(known)


def territories_table(inputs: DocumentInputs, units_title: str) -> Table:
    """One row per territory: rep, areas, accounts, load, target, deviation, and its other measures."""
    context, money = inputs.context, dict(inputs.accounts.currency)
    columns = [
        Column("#", "count"),
        Column("Territory"),
        Column("Rep"),
        Column(units_title, "count", adds_up=True),
        Column("Accounts", "count", adds_up=True),
        Column(inputs.measure, "amount", inputs.currency, adds_up=True, bar=True),
        Column("Target", "amount", inputs.currency, adds_up=True),
        Column("Deviation", "change"),
        Column("Pieces", "count"),
        Column("Compactness", "number"),
        *(Column(m, "amount", money.get(m, ""), adds_up=True) for m in inputs.measures[1:]),
    ]
    rows = []
    for n, j in enumerate(inputs.order, start=1):
        off = float(context.deviation[j, 0])
        rows.append(
            (
                n,
                inputs.plan.territories[j].name,
                inputs.rep_names[j],
                int(context.tally.size[j]),
                int(context.accounts[j]),
                float(context.load[j, 0]),
                float(context.goal[j, 0]),
                off if math.isfinite(off) else None,
                int(context.tally.pieces[j]),
                round(float(context.tally.polsby_popper[j]), 2),
                *(float(v) for v in inputs.loads[j, 1:]),
            )
        )
    reps = any(inputs.rep_names)
    brief = [0, 1, *([2] if reps else []), 3, 4, 5, 6, 7, *([] if reps else [8])]
    colors = [inputs.fills[j] for j in inputs.order]
    made = table_of(columns, rows, colors=colors, short_columns=brief, limit=100 * inputs.tolerance)
    texts = tuple((t[0], t[1], "" if t[2] == "–" else t[2], *t[3:]) for t in made.texts)
    return Table(made.columns, made.rows, texts, made.total, made.total_texts, made.colors, made.short)


def performance_table(inputs: DocumentInputs, report: PerformanceReport) -> Table | None:
    """The figures facts give of each territory, None where no territory has one."""
    by_name = {str(r["key"]): r for r in report.groups}
    kpis = [k for k in report.kpis if any(r.get(k.key) is not None for r in report.groups)]
    if not kpis:
        return None
    columns = [Column("Territory"), *(_column(k, report.currency) for k in kpis)]
    rows = [
        (t.name, *((by_name.get(t.name) or {}).get(k.key) for k in kpis))
        for t in (inputs.plan.territories[j] for j in inputs.order)
    ]
    total = ["", *(report.whole.get(k.key) for k in kpis)]
    wanted = ("revenue", "growth", "won_amount", "win_rate_shrunk", "quota", "attainment", "customers", "coverage")
    brief = [j + 1 for w in wanted for j, k in enumerate(kpis) if k.key == w][:6]
    made = table_of(
        columns,
        rows,
        name="All accounts",
        total=total,
        colors=[inputs.fills[j] for j in inputs.order],
        short_columns=[0, *(brief or range(1, min(7, len(columns))))],
    )
    texts = tuple((r[0], *(k.text(v, report.currency) for k, v in zip(kpis, r[1:], strict=True))) for r in made.rows)
    last = ("All accounts", *(k.text(report.whole.get(k.key), report.currency) for k in kpis))
    return Table(made.columns, made.rows, texts, made.total, last, made.colors, made.short)


def _column(kpi: Kpi, currency: str) -> Column:
    if kpi.unit == MONEY:
        return Column(kpi.title, "amount", currency)
    if kpi.unit == SHARE:
        return Column(kpi.title, "change" if kpi.key == "growth" else "share")
    return Column(kpi.title, "count" if kpi.unit == "count" else "number")
