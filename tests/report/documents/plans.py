"""A small document made by hand: three territories on a grid of squares, hostile names among them."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import shapely

from terr.report.accounts import accounts_table
from terr.report.documents.content import (
    AccountRows,
    Bar,
    BarChart,
    Brand,
    Column,
    ColumnChart,
    Figure,
    MapPicture,
    MapShape,
    PlanDocument,
    Section,
    Series,
    Table,
)
from tests.helpers.grids import grid_units, make_accounts, make_plan

MADE = datetime(2026, 11, 30, 12, tzinfo=UTC)
COLORS = ("#E69E6C", "#428FEE", "#26C8B5", "#DDD660")
HOSTILE = (
    '=HYPERLINK("http://evil.example","x")',
    "<script>alert(1)</script>&<b>",
    '#read("/etc/passwd") $x$ *b*',
    "]]></name><x a='\"",
)


def document(names=("North", "South", "West"), *, accounts: bool = True, brand: Brand | None = None) -> PlanDocument:
    """The document; every territory has a stripe of squares, 100 of revenue for each of its accounts."""
    k = len(names)
    units = grid_units(k, 4)
    at = np.repeat(np.arange(k), 4)
    plan = make_plan(units, at.tolist(), names)
    rows = make_accounts([f"{4 * j + 1:05d}" for j in range(k)], revenue=[100.0 * (j + 1) for j in range(k)])
    geometry = units.frame.geometry.to_numpy()
    shapes = tuple(MapShape(names[j], j + 1, COLORS[j % 4], shapely.union_all(geometry[at == j])) for j in range(k))
    total = sum(100.0 * (j + 1) for j in range(k))
    columns = (
        Column("#", "count"),
        Column("Territory"),
        Column("Accounts", "count", adds_up=True),
        Column("Revenue", "amount", "USD", adds_up=True, bar=True),
        Column("Deviation", "change"),
    )
    values = [(j + 1, names[j], 1, 100.0 * (j + 1), k * 100.0 * (j + 1) / total - 1) for j in range(k)]
    texts = [(str(v[0]), v[1], "1", f"${v[3]:,.0f}", f"{100 * v[4]:+.1f}%") for v in values]
    table = Table(
        columns,
        tuple(values),
        tuple(texts),
        (None, "All territories", k, total, None),
        ("", "All territories", str(k), f"${total:,.0f}", ""),
        tuple(s.color for s in shapes),
    )
    bars = tuple(
        Bar(v[1], COLORS[j % 4], 100 * (1 + v[4]), texts[j][4], abs(v[4]) < 0.05) for j, v in enumerate(values)
    )
    series = Series("Before", tuple(total / k for _ in names)), Series("After", tuple(v[3] for v in values))
    sections = (
        Section(
            "summary",
            "Summary",
            (f"{names[0]} is small.",),
            figures=(Figure("Territories", str(k)), Figure("Revenue", f"${total:,.0f}", "in territories")),
        ),
        Section("map", "Territories on the map", maps=(MapPicture("The plan", shapes),)),
        Section("balance", "Balance of Revenue", bars=BarChart(bars, 95.0, 105.0, "Revenue")),
        Section("territories", "Territories", table=table),
        Section("gains", "Who gains", chart=ColumnChart("Before and after", tuple(names), series, "USD")),
        Section("quotas", "Quotas", missing=("Name a file of quotas.",)),
        Section("method", "Method and limits", points=("Target: equal shares.",)),
    )
    shown = None
    if accounts:
        n = len(rows)
        shown = AccountRows(
            accounts_table(rows, units, plan, ()),
            np.full(n, 40.05),
            np.linspace(-99.9, -99.7, n),
            np.array([COLORS[j % 4] for j in range(n)], dtype=object),
            ("revenue",),
            {"revenue": "USD"},
        )
    return PlanDocument(
        title="Plan A",
        subtitle="Nebraska by county",
        sections=sections,
        source="Data: accounts.csv",
        date="Nov 30, 2026",
        made=MADE,
        measure="Revenue",
        brand=brand or Brand(),
        accounts=shown,
    )
