"""What a document says of a plan: one gatherer for the pages and the command line."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import drawn_points
from terr.errors import TerrError
from terr.metrics import evaluate, shown_in
from terr.model.progress import UNWATCHED, Progress
from terr.report.accounts import accounts_table
from terr.report.documents.content import (
    PLAIN,
    AccountRows,
    Bar,
    BarChart,
    Column,
    ColumnChart,
    Figure,
    PlanDocument,
    Section,
    Series,
)
from terr.view.text import and_list, count, date_text, number, percent, sentence, short, unit_noun, units_title
from terr.workspace.facts.performance import NOBODY
from terr.workspace.performance.grouping import Grouping
from terr.workspace.performance.kpis import KIND_TITLES, missing
from terr.workspace.performance.periods import period_text
from terr.workspace.performance.report import currency_of, performance_of
from terr.workspace.plan.editing import natural
from terr.workspace.plan.tolerance import limit_words, within_words
from terr.workspace.reports.document_inputs import DocumentInputs
from terr.workspace.reports.document_tables import performance_table, table_of, territories_table
from terr.workspace.reports.plan_maps import map_before, plan_map

MOST_FLOWS = 25
"""Rows of the table of what moves; the rest is one row."""


def gather(
    inputs: DocumentInputs, *, accounts: bool = True, maps: bool = True, progress: Progress = UNWATCHED
) -> PlanDocument:
    """Everything a document about a plan says.

    Args:
        inputs: the plan and what is known of it.
        accounts: single accounts may be shown, in files that can; maps: they are drawn.
        progress: told how far it is.

    Raises:
        StoppedError: if it was stopped.
    """
    progress.tell(0.0, "Measuring the plan")
    made = [
        _summary(inputs),
        _map(inputs, progress.part(0.1, 0.7)) if maps else None,
        _balance(inputs),
        _territories(inputs),
        *_changes(inputs),
        _quotas(inputs),
        _performance(inputs),
        _best(inputs),
        _method(inputs),
    ]
    progress.tell(0.75, "Writing the sentences")
    totals = inputs.totals
    parts = (totals.accepted, totals.assigned, totals.unassigned, totals.outside, totals.unlocated)
    return PlanDocument(
        title=inputs.name,
        subtitle=f"{inputs.place}, balanced by {inputs.measure}",
        sections=tuple(s for s in made if s is not None),
        source=_source(inputs),
        date=date_text(inputs.made.date()),
        made=inputs.made,
        measure=inputs.measure,
        brand=inputs.brand,
        accounts=_account_rows(inputs) if accounts else None,
        parts={
            "accounts": tuple(float(p.rows) for p in parts),
            **{m: tuple(float(p.loads[j]) for p in parts) for j, m in enumerate(totals.measures)},
        },
    )


def _source(inputs: DocumentInputs) -> str:
    files = and_list(list(inputs.files), 3) if inputs.files else ""
    title, origin = inputs.boundaries
    area = ", ".join(v for v in (title, origin) if v)
    return ". ".join(v for v in (f"Data: {files}" if files else "", f"Map: {area}" if area else "") if v)


def _summary(inputs: DocumentInputs) -> Section:
    context, word = inputs.context, unit_noun(inputs.units.level, len(inputs.units))
    k, total = context.k, float(context.total[0])
    placed = int(inputs.totals.assigned.rows)
    covered_units = number(int(context.tally.size.sum()))
    said = [
        f"{_capital(count(k, 'territory', 'territories'))} {'covers' if k == 1 else 'cover'} "
        f"{covered_units} of {number(len(inputs.units))} {word} and {count(placed, 'account')} with "
        f"{_amount(inputs, float(context.load[:, 0].sum()))} of {inputs.measure}."
    ]
    said += [_balance_sentence(inputs)] if k and total > 0 else []
    said += _moved_sentences(inputs)
    free = int(context.free.sum())
    if free:
        left = float(context.weights[context.free, 0].sum())
        noun = unit_noun(inputs.units.level, free)
        said.append(
            f"{number(free)} {noun} with {_amount(inputs, left)} {'belongs' if free == 1 else 'belong'} "
            "to no territory."
        )
    out, lost = inputs.totals.outside.rows, inputs.totals.unlocated.rows
    if out or lost:
        some = [f"{count(out, 'account')} outside the region"] if out else []
        some += [f"{number(lost)} that couldn't be located"] if lost else []
        said.append(f"Not counted: {and_list(some)}.")
    most, covered = _worst(inputs), sum(1 for r in inputs.rep_names if r)
    cards = [
        Figure("Territories", number(k), f"{number(covered)} with a rep" if covered else "no rep assigned"),
        Figure("Accounts", number(placed), f"of {number(inputs.totals.accepted.rows)} imported"),
        Figure(inputs.measure, _amount(inputs, float(context.load[:, 0].sum())), "in territories"),
        Figure(
            "Max deviation",
            "–" if most is None else percent(100 * abs(context.deviation[most, 0]), limit=100 * inputs.tolerance),
            f"limit {limit_words(inputs.tolerance, inputs.sides)}",
        ),
    ]
    return Section("summary", "Summary", tuple(said), figures=tuple(cards))


def _balance_sentence(inputs: DocumentInputs) -> str:
    k, inside, most = inputs.context.k, int(inputs.inside.sum()), _worst(inputs)
    words = within_words(inputs.tolerance, inputs.sides)
    if most is None:
        return ""
    name = inputs.plan.territories[most].name
    off = float(inputs.context.deviation[most, 0])
    far = f"{percent(100 * abs(off), limit=100 * inputs.tolerance)} {'over' if off > 0 else 'under'} target"
    if inside == k:
        lead = "The territory is" if k == 1 else "Both territories are" if k == 2 else f"All {k} territories are"
        return f"{lead} within {words} of target; {name} is furthest, {far}."
    return f"{number(inside)} of {number(k)} territories are within {words} of target; {name} is furthest, {far}."


def _worst(inputs: DocumentInputs) -> int | None:
    off = np.abs(inputs.context.deviation[:, 0])
    return int(np.nanargmax(off)) if len(off) and np.isfinite(off).any() else None


def _moved_sentences(inputs: DocumentInputs) -> list[str]:
    if inputs.context.before is None:
        return []
    load, moved = float(inputs.context.moved_load[0]), inputs.context.moved_accounts
    total = float(inputs.context.total[0])
    against = _against(inputs)
    if not moved and not load:
        return [f"Nothing moved {against}."]
    share = f"{percent(100 * load / total)} of {inputs.measure}" if total > 0 else inputs.measure
    return [f"{_capital(count(moved, 'account'))} with {_amount(inputs, load)}, {share}, moved {against}."]


def _against(inputs: DocumentInputs) -> str:
    usual = inputs.baseline in ("Generate", "the import")
    if inputs.baseline == "as owned today":
        return "compared with today's owners"
    return f"since {inputs.baseline}" if usual else f"compared with {inputs.baseline or 'the plan before'}"


def _map(inputs: DocumentInputs, progress: Progress) -> Section:
    same = inputs.context.before is None or not bool(inputs.context.changed.any())
    before = (
        None if same else map_before(inputs, f"Before: {inputs.baseline or 'the plan before'}", progress.part(0.0, 0.5))
    )
    now = plan_map(inputs, "The plan" if before is None else "After: the plan", progress.part(0.5, 1.0))
    said = [f"Colors and numbers are those of the tables. {sentence(inputs.rough)}".strip()]
    return Section("map", "Territories on the map", tuple(said), maps=(*([before] if before else []), now))


def _balance(inputs: DocumentInputs) -> Section | None:
    context = inputs.context
    if not context.k or not bool(context.shared[0]):
        return None
    bars = []
    for j in inputs.order:
        off = float(context.deviation[j, 0])
        known = math.isfinite(off)
        bars.append(
            Bar(
                inputs.plan.territories[j].name,
                inputs.fills[j],
                100 * (1 + off) if known else 0.0,
                percent(100 * off, signed=True, limit=100 * inputs.tolerance) if known else "–",
                bool(inputs.inside[j]),
            )
        )
    low = None if inputs.sides == "over" else 100 * (1 - inputs.tolerance)
    high = None if inputs.sides == "under" else 100 * (1 + inputs.tolerance)
    goal, words = context.goal[:, 0], limit_words(inputs.tolerance, inputs.sides)
    even = bool(np.allclose(goal, goal[0], rtol=1e-9, atol=0))
    said = [_balance_sentence(inputs)]
    said += [f"Each territory's target is {_amount(inputs, float(goal[0]))}."] if even and context.k > 1 else []
    return Section(
        "balance",
        f"Balance of {inputs.measure}",
        tuple(s for s in said if s),
        bars=BarChart(tuple(bars), low, high, inputs.measure),
        note=f"Bars: {inputs.measure} in percent of target; the band is the limit, {words}.",
    )


def _territories(inputs: DocumentInputs) -> Section | None:
    if not inputs.context.k:
        return None
    gaps = () if any(inputs.rep_names) else ("No reps are assigned. Add a roster and assign reps to see them here.",)
    return Section(
        "territories", "Territories", table=territories_table(inputs, units_title(inputs.units.level)), missing=gaps
    )


def _changes(inputs: DocumentInputs) -> list[Section | None]:
    """What moves from whom to whom, and who gains and loses."""
    if inputs.context.before is None:
        gap = "What moves isn't known: there is no plan to compare with. Name today's plan, or import owners."
        return [Section("disruption", "What moves", missing=(gap,))]
    before, now = _slots_before(inputs), inputs.context.slots
    names = {j: t.name for j, t in enumerate(inputs.plan.territories)} | {-1: "No territory"}
    gone = [int(v) for v in np.unique(before) if v not in names]
    names |= {v: inputs.before_names.get(-v - 2, "A territory that is gone") for v in gone}
    loads, counts = inputs.context.weights[:, 0], inputs.context.tally.counts
    moved = np.flatnonzero(before != now)
    flows: dict[tuple[int, int], list[float]] = {}
    for i in moved.tolist():
        cell = flows.setdefault((int(before[i]), int(now[i])), [0, 0, 0.0])
        cell[0] += 1
        cell[1] += int(counts[i])
        cell[2] += float(loads[i])
    ranked = sorted(flows.items(), key=lambda f: (-f[1][2], -f[1][1], f[0]))
    rows = [(names[a], names[b], int(c[0]), int(c[1]), c[2]) for (a, b), c in ranked]
    if len(rows) > MOST_FLOWS:
        rest = rows[MOST_FLOWS:]
        areas, moved_accounts = sum(r[2] for r in rest), sum(r[3] for r in rest)
        last = (f"{number(len(rest))} smaller moves", "", areas, moved_accounts, math.fsum(r[4] for r in rest))
        rows = [*rows[:MOST_FLOWS], last]
    word = units_title(inputs.units.level)
    columns = [
        Column("From"),
        Column("To"),
        Column(word, "count", adds_up=True),
        Column("Accounts", "count", adds_up=True),
        Column(inputs.measure, "amount", inputs.currency, adds_up=True, bar=True),
    ]
    by_area = inputs.context.handed is not None
    note = f"Here whole {unit_noun(inputs.units.level)} are counted, each as its main owner's." if by_area else ""
    said = _moved_sentences(inputs)
    disruption = Section(
        "disruption",
        "What moves",
        tuple(said),
        table=table_of(columns, rows, name="All moves") if rows else None,
        note=note if rows else "",
    )
    return [disruption, _gains(inputs, before, now, note) if rows else None]


def _slots_before(inputs: DocumentInputs) -> NDArray[np.int64]:
    """int64 (n_units,): position of each unit's earlier territory, -1 = none, -2 - code if the plan has it no more."""
    at = {code: j for j, code in enumerate(inputs.plan.codes)}
    codes, back = np.unique(np.asarray(inputs.context.before, dtype=np.int64), return_inverse=True)
    values = np.array([at.get(int(c), -2 - int(c) if c >= 0 else -1) for c in codes], dtype=np.int64)
    out: NDArray[np.int64] = values[back.reshape(-1)]
    return out


def _gains(inputs: DocumentInputs, before: NDArray[np.int64], now: NDArray[np.int64], note: str) -> Section:
    loads, counts = inputs.context.weights[:, 0], inputs.context.tally.counts
    changed = before != now
    rows, old, new = [], [], []
    for j in inputs.order:
        had, has = before == j, now == j
        inn, out = has & changed, had & changed
        was, is_ = float(loads[had].sum()), float(loads[has].sum())
        old.append(was)
        new.append(is_)
        rows.append(
            (
                inputs.plan.territories[j].name,
                inputs.rep_names[j],
                was,
                is_,
                is_ - was,
                (is_ / was - 1) if was > 0 else None,
                int(counts[inn].sum()),
                int(counts[out].sum()),
            )
        )
    money = inputs.currency
    columns = [
        Column("Territory"),
        Column("Rep"),
        Column("Before", "amount", money, adds_up=True),
        Column("After", "amount", money, adds_up=True),
        Column("Change", "amount", money, adds_up=True, bar=True),
        Column("Change in %", "change"),
        Column("Accounts in", "count", adds_up=True),
        Column("Accounts out", "count", adds_up=True),
    ]
    brief = [0, *([1] if any(inputs.rep_names) else []), 2, 3, 4, 5, 6, 7]
    table = table_of(columns, rows, colors=[inputs.fills[j] for j in inputs.order], short_columns=brief)
    table = replace(table, texts=tuple((t[0], "" if t[1] == "–" else t[1], *t[2:]) for t in table.texts))
    most = max(rows, key=lambda r: r[4])
    least = min(rows, key=lambda r: r[4])
    said = []
    if most[4] > 0:
        said.append(f"{most[0]} gains most: {_amount(inputs, most[4])}.")
    if least[4] < 0:
        said.append(f"{least[0]} gives most: {_amount(inputs, -least[4])}.")
    chart = ColumnChart(
        f"{inputs.measure} before and after",
        tuple(r[0] for r in rows),
        (Series("Before", tuple(old), PLAIN), Series("After", tuple(new), inputs.brand.accent)),
        money,
    )
    return Section(
        "gains", "Who gains and who gives", (" ".join(said),) if said else (), chart=chart, table=table, note=note
    )


def _quotas(inputs: DocumentInputs) -> Section:
    found = inputs.quotas
    if found is None or not found.rows:
        gap = "Quotas aren't shown: the plan has none. Divide a target on page Quotas, or name a file of quotas."
        return Section("quotas", "Quotas", missing=(gap,))
    money = inputs.currency or "USD"
    columns = [
        Column("Territory"),
        Column("Rep"),
        Column("Quota", "amount", money, adds_up=True, bar=True),
        Column("Share", "share"),
        Column("Last period", "amount", money, adds_up=True),
        Column("Growth", "change"),
    ]
    total = math.fsum(r[2] for r in found.rows)
    rows = [
        (
            t,
            rep,
            quota,
            quota / total if total > 0 else None,
            last,
            quota / last - 1 if last is not None and last > 0 else None,
        )
        for t, rep, quota, last in sorted(found.rows, key=lambda r: natural(r[0]))
    ]
    known = any(r[4] is not None for r in rows)
    lasts = [r[4] for r in rows if r[4] is not None]
    grown = total / math.fsum(lasts) - 1 if known and len(lasts) == len(rows) and math.fsum(lasts) > 0 else None
    table = table_of(
        columns,
        rows,
        total=[None, None, None, 1.0 if total > 0 else None, None, grown],
        short_columns=[0, 1, 2, 3, *([4, 5] if known else [])],
    )
    state = "" if found.state == "accepted" else f" ({found.state}, not accepted yet)"
    many = count(len(rows), "territory", "territories")
    said = [f"Quotas for {found.period}{state} add up to {short(total, money)} over {many}."]
    if found.hidden:
        said.append(f"{count(found.hidden, 'quota')} of other reps {'is' if found.hidden == 1 else 'are'} left out.")
    series = [Series("Last period", tuple(r[4] for r in rows), PLAIN)] if known else []
    chart = ColumnChart(
        f"Quota for {found.period}", tuple(r[0] for r in rows),
        (*series, Series("Quota", tuple(r[2] for r in rows), inputs.brand.accent)), money,
    )  # fmt: skip
    return Section("quotas", f"Quotas for {found.period}", (" ".join(said),), chart=chart, table=table)


def _performance(inputs: DocumentInputs) -> Section:
    facts = inputs.facts
    kinds = tuple(facts.by_kind) if facts is not None else ()
    gaps = [
        f"A file of {KIND_TITLES[kind]} would bring {and_list([t.lower() for t in titles], 5)}."
        for kind, titles in missing(kinds)
        if kind not in ("contracts", "quotas")
    ]
    title = "Performance by territory"
    if facts is None or not kinds:
        return Section("performance", title, missing=(f"No orders or deals are imported. {' '.join(gaps)}",))
    names = np.array([*(t.name for t in inputs.plan.territories), NOBODY], dtype=object)
    grouping = Grouping("territory", names[inputs.territory_of])
    try:
        period = facts.usual_period()
        report = performance_of(facts, grouping, period, "accounts", currency_of(facts, inputs.accounts))
    except TerrError as error:
        return Section("performance", title, missing=(sentence(str(error)),))
    table = performance_table(inputs, report)
    if table is None:
        return Section("performance", title, missing=("The imported facts belong to no account of a territory.",))
    said = f"Figures of {period_text(period)}, by the territory each account is in now."
    return Section("performance", title, (said,), table=table, missing=tuple(gaps))


def _best(inputs: DocumentInputs) -> Section:
    title = "How near the best"
    if inputs.proof:
        said = (inputs.proof, "The bound is proven by a solver on the same limits; details are on page Plan.")
        return Section("best", title, said)
    gap = "Not proven yet how near the best plan this is. Run the proof on page Plan."
    return Section("best", title, missing=(gap,))


def _method(inputs: DocumentInputs) -> Section:
    word = unit_noun(inputs.units.level)
    found = evaluate(inputs.context, shown_in("files"))
    points = [
        f"Accounts are placed on {word}; a territory is the {word} it covers, and accounts reassigned by name.",
        "Target: equal shares of the measure, unless shares were set. Deviation: measure / target - 1.",
        f"Limit: {limit_words(inputs.tolerance, inputs.sides)} of target.",
    ]
    title, origin = inputs.boundaries
    if title:
        points.append(f"Boundaries: {title}{f' ({origin})' if origin else ''}; drawn simplified here.")
    if inputs.rough:
        points.append(sentence(inputs.rough))
    blank = int(np.isnan(inputs.accounts.frame[inputs.measure].to_numpy(dtype=np.float64)).sum()) if (
        inputs.measure in inputs.accounts.frame.columns
    ) else 0  # fmt: skip
    if blank:
        points.append(f"{count(blank, 'account')} without {inputs.measure} {'counts' if blank == 1 else 'count'} as 0.")
    if "polsby_popper_mean" in found.values:
        mean = found.figure("polsby_popper_mean")
        if math.isfinite(mean):
            points.append(f"Mean compactness {number(mean, 2)} (Polsby-Popper; 1 is a circle).")
    points.append("Figures shown as – are unknown, not zero.")
    return Section("method", "Method and limits", points=tuple(points))


def _account_rows(inputs: DocumentInputs) -> AccountRows:
    frame = accounts_table(inputs.accounts, inputs.units, inputs.plan, inputs.reps, inputs.held)
    lat, lon = drawn_points(inputs.accounts, inputs.units)
    fills = np.array([*inputs.fills, PLAIN], dtype=object)
    return AccountRows(
        frame,
        lat,
        lon,
        fills[inputs.territory_of],
        tuple(inputs.accounts.figures),
        dict(inputs.accounts.currency),
    )


def _amount(inputs: DocumentInputs, value: float) -> str:
    return short(value, inputs.currency)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
