"""Reports as text for a terminal: aligned tables, units, thousands separators. The same figures as the JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from terr.view.text import count, full, metric_text, metric_title, percent, unit_noun
from terr.workspace.accounts.dataset import WAYS, Intake, check_report
from terr.workspace.levels import place_name
from terr.workspace.plan.tolerance import range_words

if TYPE_CHECKING:
    from terr.workspace.batch.inputs import BatchInputs
    from terr.workspace.batch.reading import Placements
    from terr.workspace.batch.report import Metric, PlanReport
    from terr.workspace.batch.solve import BatchComparison, MeasuredPlans
    from terr.workspace.batch.sweep import Sweep

_SHOWN = 12
STATUS = {
    "optimal": "proven best for its model, within every limit",
    "feasible": "within every limit",
    "stopped": "stopped early, within every limit",
    "limit_broken": "OUTSIDE A LIMIT (see below)",
    "infeasible": "no plan can keep the limits (see below)",
}


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 1) -> list[str]:
    """Lines of an aligned table; the first `left` columns are text, the others are set to the right."""
    cells = [list(head), *[list(r) for r in rows]]
    widths = [max(len(r[c]) for r in cells) for c in range(len(head))]
    lines = []
    for r in cells:
        parts = [v.ljust(w) if c < left else v.rjust(w) for c, (v, w) in enumerate(zip(r, widths, strict=True))]
        lines.append("  ".join(parts).rstrip())
    lines.insert(1, "  ".join("-" * w for w in widths))
    return lines


def clean(text: str, length: int = 60) -> str:
    """A person's text on one line without control characters, shortened."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= length else flat[: length - 1] + "…"


def check_text(taken: Intake, places: Placements | None = None) -> str:
    """What `terr check` says: rows, money, columns, places and what is wrong, by kind."""
    own = None if places is None else places.own
    it = check_report(taken, own)
    where = ", ".join(
        str(v) for v in (it["format"].upper(), it["encoding"], it["sheet"] and f'sheet "{clean(it["sheet"])}"') if v
    )
    lines = [f"{clean(it['file'])}: {where}, header in row {it['header_row']}", ""]
    lines.append(
        f"{count(it['rows_in'], 'row')} in = {it['rows_accepted']:,} accepted + {it['rows_excluded']:,} excluded "
        f"+ {it['rows_rejected']:,} rejected"
    )
    if it["measures"]:
        rows = [
            [_with_unit(m, t["currency"]), *(full(t[k]) for k in ("total_in", "accepted", "excluded", "rejected"))]
            for m, t in it["measures"].items()
        ]
        lines += ["", *table(["Measure", "in", "accepted", "excluded", "rejected"], rows)]
    columns = {**it["columns"], **{f"measure {m}": c for m, c in taken.columns.measures.items()}}
    lines += ["", *table(["Field", "Column"], [[clean(f), clean(c)] for f, c in columns.items()], left=2)]
    if own is None:
        lines += ["", "Located: " + ", ".join(f"{n:,} {WAYS[way]}" for way, n in it["located"].items() if n)]
    lines += [_abroad(one) for one in it.get("abroad", ())]
    if places is not None:
        lines += ["", *(clean(line, 600) for line in places.lines)]
    kinds: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for issue in it["issues"]:
        kinds.setdefault((issue["fate"], issue["code"]), []).append(issue)
    if kinds:
        lines += ["", "Issues"]
    for (fate, code), found in sorted(kinds.items(), key=lambda k: (k[0][0] == "accepted", -len(k[1]))):
        first = found[0]
        lines.append(
            f"- {code} ({fate}): {len(found):,}, first in row {first['row']:,}: {clean(first['message'], 160)}"
        )
    return "\n".join(lines)


def _abroad(one: dict[str, Any]) -> str:
    sums = ", ".join(f"{full(v)} {clean(m, 30)}" for m, v in one["measures"].items())
    return f"- {one['message'][0].upper()}{one['message'][1:]}: {count(one['rows'], 'account')}, {sums}"


def gate_lines(more: dict[str, Any]) -> list[str]:
    """What `terr check` says of questions, repairs, duplicates and families."""
    lines: list[str] = []
    if more["questions"]:
        lines += ["", "Questions (answer them with --answer QUESTION=CHOICE)"]
    for q in more["questions"]:
        given = "answered" if q["answered"] else "used without an answer"
        choices = ", ".join(c["value"] for c in q["choices"])
        lines.append(f"- {clean(q['key'])}: {clean(q['title'], 160)} {clean(q['answer'])} is {given}; {choices}")
    if more["repairs"]:
        lines += ["", "Automatic corrections (keep the original with --refuse CORRECTION:COLUMN)"]
    for r in more["repairs"]:
        row, before, after = r["examples"][0]
        told = "refused" if r["refused"] else f'row {row:,}: "{clean(before, 30)}" -> "{clean(after, 30)}"'
        lines.append(f"- {r['code']}:{clean(r['column'])}: {count(r['count'], 'cell')}, {told}")
    if more["duplicates"]:
        lines += ["", f"Likely duplicates: {len(more['duplicates']):,}; decide them on the Accounts page"]
    for d in more["duplicates"][:_SHOWN]:
        lines.append(f"- {clean(d['name'])}: {', '.join(clean(i, 24) for i in d['accounts'][:6])} ({d['score']:.0f}%)")
    if more["families"]:
        lines += ["", f"Families that may be counted twice: {len(more['families']):,}"]
    for f in more["families"][:_SHOWN]:
        sums = ", ".join(
            f"{clean(m, 30)} {full(o['parent'])} and {full(o['children'])}" for m, o in f["measures"].items()
        )
        lines.append(f"- {clean(f['name'])} and its {count(len(f['children']), 'child', 'children')}: {sums}")
    if more["decided"] is not None:
        after = ", ".join(f"{clean(m)} {full(t['after'])}" for m, t in more["decided"]["measures"].items())
        lines += ["", f"After the decisions: {count(more['decided']['accounts'], 'account')}, {after}"]
        lines += [f"- {clean(n, 200)}" for n in more["decided"]["notes"]]
    return lines


def answer_text(answer: PlanReport, *, title: str, wrote: str = "") -> str:
    """What `terr design` and `terr rebalance` say: headline, territories, and why it isn't better."""
    it, ground = answer.report, answer.ground
    lines = [f"{title}: {_where(ground)}, {count(len(it['territories']), 'territory', 'territories')}", ""]
    lines += _territories(answer)
    lines += ["", f"Result: {STATUS[it['status']]}", *table(["Metric", "value"], _metrics(answer))]
    if it["disruption"] is not None:
        lines.append("Moves: " + _moves(answer))
    proof = it["certificate"]
    if proof is not None:
        gap = "" if proof["gap_pct"] is None else f", gap {proof['gap_pct']:.2f}%"
        lines.append(f"Proof: objective {proof['objective']:.5g}, bound {proof['bound']:.5g}{gap} ({proof['model']})")
    seed = "" if it["seed"] is None else f", seed {it['seed']}"
    lines.append(f"Time: {it['runtime_s']:.1f} s{seed}")
    if it["explanations"]:
        lines += ["", "Notes", *(f"- {clean(e['message'], 600)}" for e in it["explanations"])]
    if wrote:
        lines += ["", f"Plan written to {clean(wrote, 200)}"]
    return "\n".join(lines)


def comparison_text(both: BatchComparison) -> str:
    """What `terr compare` says: both plans in two columns, what moves, and the heaviest moves."""
    a, b, ground = both.a.report, both.b.report, both.a.ground
    lines = [f"Comparison: {_where(ground)}", ""]
    rows = [["Result", a["status"].replace("_", " "), b["status"].replace("_", " ")]]
    rows += _metrics(both.a, both.b)
    lines += table(["", "first", "second"], [[clean(c) for c in r] for r in rows])
    lines += ["", "From the first to the second: " + _moves(both.b)]
    moves = both.report["moves"]
    first = ground.measures[0]
    if moves:
        names = dict(zip(ground.units.ids, ground.units.names, strict=True))
        shown = [
            [
                clean(names[v["unit_id"]]),
                clean(v["from"] or "-"),
                clean(v["to"] or "-"),
                f"{v['accounts']:,}",
                full(v["load"][first]),
            ]
            for v in moves[:_SHOWN]
        ]
        lines += ["", *table([_one(ground), "from", "to", "accounts", _unit(ground, first)], shown, left=3)]
        if len(moves) > _SHOWN:
            lines.append(f"and {len(moves) - _SHOWN:,} more (all with --json)")
    for label, one in (("first", a), ("second", b)):
        lines += [f"- {label}: {clean(e['message'], 600)}" for e in one["explanations"] if e["code"] in _OF_BOTH]
    return "\n".join(lines)


def frontier_text(found: MeasuredPlans, *, wrote: str = "") -> str:
    """What `terr frontier` says: one line per plan, from today's to the most even one."""
    from terr.workspace.batch.report import BROKEN

    ground = found.ground
    lines = [f"Balance against change: {_where(ground)}", ""]
    first = ground.measures[0]
    head = ["Plan", "moves", "max deviation", unit_noun(ground.units.level) + " moved", "result"]
    rows = [
        [
            str(p["point"]),
            _percent(p["moved_pct"]),
            _percent(p["max_deviation_pct"][first]),
            f"{p['units_moved']:,}",
            "within every limit" if p["status"] not in BROKEN else "outside a limit",
        ]
        for p in found.report["points"]
    ]
    lines += table(head, rows)
    lines += ["", f"Shares are of all {clean(first)} in the region.", f"Time: {found.report['runtime_s']:.1f} s"]
    if wrote:
        lines += ["", f"Plans written to {clean(wrote, 200)}: point-1.csv to point-{len(rows)}.csv"]
    return "\n".join(lines)


def sweep_text(found: Sweep, *, wrote: Sequence[str] = ()) -> str:
    """What `terr sweep` says: one line per plan."""
    from terr.workspace.batch.report import BROKEN

    ground, first = found.ground, found.ground.measures[0]
    lines = [f"Sweep: {_where(ground)}", ""]
    head = ["Plan", "territories", "limit", "seed", "max deviation", "compactness", "moves", "result"]
    rows = [
        [
            str(p["point"]),
            str(p["territories"]),
            f"{100 * p['limit']:g}%",
            str(p["seed"]),
            _percent(p["max_deviation_pct"][first]),
            f"{p['compactness']['polsby_popper_mean']:.2f}",
            "" if p["disruption"] is None else _percent(p["disruption"]["load_pct"][first]),
            "within every limit" if p["status"] not in BROKEN else "outside a limit",
        ]
        for p in found.report["points"]
    ]
    lines += [*table(head, rows), "", f"Time: {found.report['runtime_s']:.1f} s"]
    told = [e["message"] for e in found.report["explanations"]]
    if told:
        lines += ["", "Notes", *(f"- {clean(m, 600)}" for m in told)]
    lines += ["", *(f"Written to {clean(w, 200)}" for w in wrote)] if wrote else []
    return "\n".join(lines)


_OF_PLAN = ("limit_broken", "unassigned", "pieces")
_OF_BOTH = (*_OF_PLAN, "as_owned", "owners")


def _one(ground: BatchInputs) -> str:
    word = unit_noun(ground.units.level, 1)
    return word[0].upper() + word[1:]


def _metrics(*answers: PlanReport) -> list[list[str]]:
    """Rows of a table: what a metric is called, and its value for each plan; change has a line of its own."""
    from terr.workspace.batch.report import each_measure, shown_in  # late: `check` loads no engine

    ground, rows = answers[0].ground, []
    chosen = [m for m in shown_in("text") if m.inside != "disruption"]
    for metric, q in each_measure(chosen, len(ground.measures)):
        title = _title(ground, metric, q)
        if metric.key == "max_deviation_pct":
            title += f" (limit {_limit(ground, ground.measures[q])})"
        rows.append([clean(title, 120), *(_text(a.ground, metric, float(a.values.of(metric, q)), q) for a in answers)])
    return rows


def _text(ground: BatchInputs, metric: Metric, value: float, measure: int) -> str:
    """A value with its unit; a deviation so that rounding doesn't put it on the other side of its limit."""
    limit = None
    if metric.key == "max_deviation_pct" or metric.column == "deviation":
        limit = ground.asked.bounds()[0].get(ground.measures[measure])
    return metric_text(metric, value, limit=100 * limit if isinstance(limit, float) else None)


def _title(ground: BatchInputs, metric: Metric, q: int) -> str:
    """What a metric is called, with the measure it is of."""
    measure = _unit(ground, ground.measures[q])
    title = metric_title(metric, measure, ground.units.level)
    return f"{title}, {measure}" if metric.per_measure and measure not in title else title


def _moves(answer: PlanReport) -> str:
    """What moves, each share of all there is in the region."""
    from terr.workspace.batch.report import each_measure, shown_in

    chosen = [m for m in shown_in("text") if m.inside == "disruption"]
    told = [
        f"{metric_title(m, clean(answer.ground.measures[q]), answer.ground.units.level)} "
        f"{metric_text(m, float(answer.values.of(m, q)))}"
        for m, q in each_measure(chosen, len(answer.ground.measures))
    ]
    return ", ".join(told) + ", each of all in the region"


def _territories(answer: PlanReport) -> list[str]:
    from terr.workspace.batch.report import each_measure, shown_in

    ground, values = answer.ground, answer.values
    chosen = each_measure(shown_in("text", per_territory=True), len(ground.measures))
    head = ["Territory", *(metric_title(m, _unit(ground, ground.measures[q]), ground.units.level) for m, q in chosen)]
    found = [((m, q), values.of(m, q)) for m, q in chosen]
    rows = [
        [clean(t["id"]), *(_text(answer.ground, m, float(v if np.ndim(v) == 0 else v[j]), q) for (m, q), v in found)]
        for j, t in zip(answer.order, answer.report["territories"], strict=True)
    ]
    target = values.values["target"]
    if len(target) and bool((target == target[0]).all()):
        rows.append(["Target", *(metric_text(m, target[0, q]) if m.key == "load" else "" for m, q in chosen)])
    return table(head, rows)


def _where(ground: BatchInputs) -> str:
    units, n = ground.units, len(ground.units)
    limits = ", ".join(f"{m} {_limit(ground, m)}" for m in ground.measures)
    return clean(f"{place_name(units)}, {n:,} {_rough(ground)}{unit_noun(units.level, n)}, {limits}", 200)


def _rough(ground: BatchInputs) -> str:
    return "approximate " if any(n.code == "approximate_areas" for n in ground.notes) else ""


def _limit(ground: BatchInputs, measure: str) -> str:
    """A measure's limits: "±5%", "at most 10% over target", "none", and least and most loads."""
    limits, floors, caps = ground.asked.bounds()
    limit = limits.get(measure)
    low, high = limit if isinstance(limit, tuple) else (limit, limit)
    parts = [] if low is None and high is None else [range_words(low, high)]
    parts += [f"at least {full(floors[measure])}"] if measure in floors else []
    parts += [f"at most {full(caps[measure])}"] if measure in caps else []
    return " and ".join(parts) or "none"


def _unit(ground: BatchInputs, measure: str) -> str:
    return _with_unit(measure, dict(ground.accounts.currency).get(measure, ""))


def _with_unit(measure: str, currency: str) -> str:
    return clean(f"{measure} ({currency})" if currency else measure, 40)


def _percent(value: float | None) -> str:
    return percent(math.nan if value is None else value)
