"""From a board to what charts, tables and lines of text show."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np
import pandas as pd

from terr.view.colors import COLOR_NAMES, color
from terr.view.text import (
    clear_digits,
    count,
    markdown,
    metric_format,
    metric_text,
    metric_title,
    percent,
    short,
    unit_noun,
)
from terr.workspace.plan import segment_filter
from terr.workspace.plan.segment_filter import SegmentFilter
from terr.workspace.plan.snapshot import Metric, PlanSnapshot, shown_in
from terr.workspace.plan.tolerance import limit_words


def chart_frame(board: PlanSnapshot, before: PlanSnapshot | None = None) -> pd.DataFrame:
    """The frame `view.charts.balance` draws, sorted by deviation; `before` adds the earlier loads."""
    names = ("code", "territory", "load", "target", "deviation", "color")
    rows = {name: board.table[name].tolist() for name in names}
    old = {} if before is None else dict(zip(before.table["code"].tolist(), before.table["load"].tolist(), strict=True))

    def share(load: float | None, target: float) -> float:
        return np.nan if load is None or not target > 0 else 100 * load / target

    shares = [share(load, target) for load, target in zip(rows["load"], rows["target"], strict=True)]
    frame = pd.DataFrame(
        {
            "code": rows["code"],
            "territory": rows["territory"],
            "load_pct": [0.0 if np.isnan(s) else s for s in shares],
            "deviation_pct": [100 * d for d in rows["deviation"]],
            "color": [color(c) for c in rows["color"]],
            "load_text": [short(v, board.currency) for v in rows["load"]],
            "target_text": [short(v, board.currency) for v in rows["target"]],
            "label": [percent(100 * d, signed=True, limit=board.limit) for d in rows["deviation"]],
            "before_pct": [share(old.get(c), t) for c, t in zip(rows["code"], rows["target"], strict=True)],
            "inside": board.inside(board.table["deviation"]),
        }
    )
    return frame.sort_values("deviation_pct", ascending=False, kind="stable", ignore_index=True)


def table_frame(board: PlanSnapshot, only: SegmentFilter | None = None) -> pd.DataFrame:
    """The table under the map; one row per territory in plan order, numbers as numbers; `only` adds its accounts."""
    table, reps = board.table, rep_choices(board)
    columns: dict[str, Any] = {
        "Territory": table["territory"],
        "Rep": [reps.get(t.rep, t.rep) for t in board.plan.territories],
        "Color": [COLOR_NAMES[c % len(COLOR_NAMES)] for c in table["color"].tolist()],
        "Locked": table["locked"],
    }
    for metric in (m for m in columns_shown() if m.column in table):
        values = table[metric.column]
        if not metric.per_measure and len(values) and values.isna().all():  # books have no shape
            continue
        columns[metric_title(metric, board.measure, board.info.level)] = 100 * values if metric.unit == "%" else values
        if metric.key == "accounts" and only is not None:
            sums = segment_filter.per_territory(board, only)
            titles = segment_filter.column_titles(only, board.measure)
            columns |= dict(zip(titles, (sums[name] for name in sums.columns), strict=True))
    return pd.DataFrame(columns)


def rep_choices(board: PlanSnapshot) -> dict[str, str]:
    """What each rep is called in the table, by id; "" is nobody. Two of a name are told apart by their ids."""
    now = {t.rep for t in board.plan.territories}
    team = {r.rep_id for r in board.team}
    reps = [r for r in board.reps if r.rep_id in team or r.rep_id in now]  # an SDR or a vacancy owns no territory
    names = [r.name for r in reps]
    return {"": "–"} | {r.rep_id: r.name if names.count(r.name) == 1 else f"{r.name} ({r.rep_id})" for r in reps}


def columns_shown() -> tuple[Metric, ...]:
    """Metrics of territories in the table under the map; those of the measure first."""
    return tuple(sorted(shown_in("plan", per_territory=True), key=lambda m: not m.per_measure))


def heading(board: PlanSnapshot, *, preview: bool = False) -> str:
    """What this plan is, in one line; `preview` = what the map shows isn't applied yet."""
    return (
        f"{'Preview: ' if preview else ''}{count(len(board.table), 'territory', 'territories')} · "
        f"limit {limit_words(board.info.tolerance, board.rules.sides)}"
    )


def column_format(board: PlanSnapshot, metric: Metric) -> str:
    """How a column of the table is written: deviations with as many decimals as tell them from the limit."""
    if metric.column != "deviation" or not len(board.table):
        return metric_format(metric, board.currency)
    known = board.table["deviation"][np.isfinite(board.table["deviation"])]
    digits = max((clear_digits(100 * d, board.limit, metric.decimals) for d in known), default=metric.decimals)
    return metric_format(metric, board.currency, digits=digits)


def state_of_balance(board: PlanSnapshot) -> tuple[str, str]:
    """(icon, sentence in Markdown): whether the plan is within its limit, and what keeps it from it."""
    if not len(board.table):
        return (
            "info",
            f"No territories yet. Generate some, or create one and assign {unit_noun(board.info.level)} on the map.",
        )
    if np.isnan(board.max_deviation):
        return "info", f"{markdown(board.measure)} adds up to zero here; choose another measure."
    problems = []
    over = int((~board.inside(board.table["deviation"])).sum())
    if over:
        problems.append(f"{count(over, 'territory is', 'territories are')} outside the limit")
    if board.unassigned_units and not board.within:
        word = unit_noun(board.info.level, board.unassigned_units)
        problems.append(
            f"{board.unassigned_units:,} {word} unassigned ({markdown(short(board.unassigned_load, board.currency))})"
        )
    if board.strays:
        problems.append(count(len(board.strays), "disconnected area"))
    problems += [markdown(line) for line in board.broken[:2]]
    if problems:
        said = "; ".join(problems) + "."
        return "error", said[0].upper() + said[1:]
    if board.unassigned_units:
        word = unit_noun(board.info.level, board.unassigned_units)
        return "check_circle", (
            f"Every territory is within the limit and in one piece; {board.unassigned_units:,} {word} stay unassigned "
            f"({markdown(short(board.unassigned_load, board.currency))}), as allowed."
        )
    return "check_circle", "Every territory is within the limit and in one piece."


def headline(board: PlanSnapshot, *, rev: int = -1) -> str:
    """HTML of the plan's few large figures, each explained on hover; `rev` tells the map which revision they show."""
    blocks = []
    for metric in shown_in("plan"):
        value, help_ = board.metrics.figure(metric.key), metric.formula
        kind, limit = "", None
        label = metric_title(metric, board.measure, board.info.level)
        if metric.key == "max_deviation_pct":
            kind, limit = "ok" if board.inside(board.table["deviation"]).all() else "off", board.limit
        if metric.key == "load_pct":
            label = f"{board.measure} moved {board.compared}"
            help_ += f". {board.moved_share_of}"
        blocks.append(
            f'<div class="{kind}" title="{escape(help_)}"><small>{escape(label)}</small>'
            f"<b>{escape(metric_text(metric, value, board.currency, limit=limit))}</b></div>"
        )
    return f'<div class="terr-figures" data-rev="{rev}">{"".join(blocks)}</div>'
