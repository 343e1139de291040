"""A plan measured, as the command line's JSON (docs/interface.md) and as the figures behind its text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import account_codes, measure_values, override_loads, placed
from terr.boundaries.layers.catalog import outlines_km
from terr.metrics import Context, Metric, MetricValues, each_measure, evaluate, shown_in
from terr.metrics.tally import tally
from terr.model.plan import Plan
from terr.model.problem import Problem
from terr.model.result import Explanation, Result
from terr.model.units import UNASSIGNED
from terr.report.plan import plan_csv
from terr.view.text import unit_noun
from terr.workspace.batch.inputs import BatchInputs
from terr.workspace.design.problem import SolveTask, pieces_warning
from terr.workspace.levels import boundaries_report, located_report
from terr.workspace.plan.editing import natural
from terr.workspace.plan.targets import targets

__all__ = ["Metric", "each_measure", "shown_in"]  # of other floors, for the pages

BROKEN = ("limit_broken", "infeasible")
"""Statuses of a plan outside its limits."""

NOWHERE = 40_000
"""Territories of the plan before that are none of the new one's are numbered from here on."""
BREAKS = ("limit_broken", "group_apart", "too_far")
"""Codes of what makes a plan nobody solved for one that breaks a limit."""


@dataclass(frozen=True, eq=False)
class PlanReport:
    """A plan, measured.

    Attributes:
        ground: what it is for; plan: the plan; values: its metrics.
        order: positions of the territories as they are listed.
        report: the contract's JSON of it.
    """

    ground: BatchInputs
    plan: Plan
    values: MetricValues
    order: tuple[int, ...]
    report: dict[str, Any]

    @property
    def broken(self) -> bool:
        """The plan breaks a limit."""
        return self.report["status"] in BROKEN

    def plan_csv(self) -> bytes:
        """The plan as a plan file."""
        return plan_csv(self.plan, self.ground.units)


def plan_report(
    ground: BatchInputs,
    plan: Plan,
    shares: Iterable[tuple[int, float]] = (),
    *,
    result: Result | None = None,
    told: Sequence[Explanation] = (),
    seed: int | None = None,
    before: Plan | None = None,
) -> PlanReport:
    """Measure a plan.

    Args:
        ground: what it is for.
        plan: on the ground's units.
        shares: (territory code, share of a full territory), where it isn't 1.
        result: of the engine, if it made the plan.
        told: explanations beside the ground's own; without a result they judge the plan (see `faults`).
        seed: the engine's.
        before: the plan it was made from, to say what moves.
    """
    units = ground.units
    values = evaluate(context_of(ground, plan, dict(shares), before))
    pieces = [] if result is not None else _pieces(plan, values)
    said = dict.fromkeys((*ground.notes, *ground.left_out(plan), *pieces_warning(units), *told, *pieces))
    broken = any(e.code in BREAKS for e in told)
    order = sorted(range(len(plan.territories)), key=lambda j: natural(plan.territories[j].name))
    rows = [
        {
            "id": plan.territories[j].name,
            **_figures(ground, values, territory=j),
            "rep": plan.territories[j].rep or None,
        }
        for j in order
    ]
    report = {
        "status": result.status if result else "limit_broken" if broken else "feasible",
        "level": units.level,
        "region": list(units.region),
        "territories_requested": len(rows),
        "territories": rows,
        **_figures(ground, values),
        "bridges": [list(pair) for pair in units.bridges],
        "compactness": _figures(ground, values, "compactness"),
        "certificate": _certificate(result),
        "disruption": None if before is None else _figures(ground, values, "disruption"),
        "explanations": [
            {"code": e.code, "message": e.message, "units": [units.ids[u] for u in e.units]} for e in said
        ],
        "seed": seed,
        "runtime_s": 0.0 if result is None else result.runtime_s,
        "boundaries": boundaries_report(units, ground.asked.findings),
        "located": located_report(placed(ground.accounts, units)),
    }
    return PlanReport(ground, plan, values, tuple(order), report)


def context_of(ground: BatchInputs, plan: Plan, shares: dict[int, float], before: Plan | None) -> Context:
    """The plan to be measured; territories of the plan before are matched by name, "" = unassigned."""
    weights, measures = ground.weights, ground.measures
    by_name, named_accounts = override_loads(ground.accounts, plan, measures, ground.overrides)
    goals = [targets(plan, weights[:, q], shares, by_name[:, q]) for q in range(len(measures))]
    was, handed = None, None
    if before is not None:
        code = {t.name.casefold(): t.code for t in plan.territories} | {"": UNASSIGNED}
        gone = [t.name.casefold() for t in before.territories if t.name.casefold() not in code]
        code |= {name: NOWHERE + k for k, name in enumerate(gone)}
        was = np.array([code[n.casefold()] for n in named(before)], dtype=np.int64)
        if ground.owned is not None:  # whose each account is today, not only who mostly has its unit
            then = np.array([*(code[t.name.casefold()] for t in before.territories), UNASSIGNED])[ground.owned]
            now = account_codes(ground.accounts, ground.units, plan, held=ground.overrides)
            moved = (ground.owned >= 0) & (then != now)
            handed = measure_values(ground.accounts, measures)[moved].sum(axis=0), int(moved.sum())
    counted = tally(plan, ground.units, weights, ground.counts)
    outlines = partial(outlines_km, ground.units)
    return Context(counted, measures, np.column_stack(goals), by_name, named_accounts, was, outlines, handed)


def _figures(
    ground: BatchInputs, values: MetricValues, inside: str = "", *, territory: int | None = None
) -> dict[str, Any]:
    """The metrics of one object of the JSON: numbers, or one for each measure by its name.

    Args:
        ground: what was planned.
        values: of the plan.
        inside: the object, see `Metric.inside`.
        territory: the position of the one whose metrics are wanted; None = those of the plan.
    """
    out: dict[str, Any] = {}
    for metric in shown_in("json", per_territory=territory is not None):
        if metric.inside == inside:
            found = [values.of(metric, q) for q in range(len(ground.measures) if metric.per_measure else 1)]
            plain = [finite(v if territory is None or metric.key in values.failures else v[territory]) for v in found]
            out[metric.key] = dict(zip(ground.measures, plain, strict=True)) if metric.per_measure else plain[0]
    return out


def named(plan: Plan) -> list[str]:
    """Territory name per unit, "" = unassigned."""
    names = [*(t.name for t in plan.territories), ""]
    return [names[s] for s in plan.slots().tolist()]


def finite(value: Any) -> float | int | None:
    """The number as Python's own, or None where JSON has none (a load without a target)."""
    return (value.item() if isinstance(value, np.generic) else value) if math.isfinite(value) else None


def _certificate(result: Result | None) -> dict[str, Any] | None:
    if result is None or result.bound is None:
        return None
    gap = result.gap
    return {
        "objective": result.objective,
        "bound": result.bound,
        "gap_pct": None if gap is None else 100 * gap,
        "model": result.model,
        "solver": result.solver,
    }


def faults(ground: BatchInputs, task: SolveTask, assign: NDArray[np.int16], plan: Plan) -> list[Explanation]:
    """What is wrong with a plan nobody solved for: limits it breaks, units nobody has, what is too far or apart.

    Args:
        ground: what it is for.
        task: of changing it.
        assign: int16 (problem units,), the plan to judge.
        plan: gives the names of territories.
    """
    problem, out = task.problem, []
    names = [plan.territory(code).name for code in task.codes]
    over, off = problem.excess(assign), problem.deviations(assign)
    for q, measure in enumerate(problem.measures):
        for j in np.argsort(-np.abs(off[:, q]), kind="stable").tolist():
            if over[j, q] > 0:
                load = float(problem.loads(assign)[j, q])
                out.append(Explanation("limit_broken", _limit_line(problem, names[j], measure, load, j, q)))
    free = np.flatnonzero(np.asarray(assign) < 0)
    if len(free):
        sums = problem.weights[free].sum(axis=0).tolist()
        some = "; ".join(f"{v:,.0f} of {m}" for m, v in zip(problem.measures, sums, strict=True))
        noun = unit_noun(ground.units.level, len(free))
        units = tuple(task.rows[free].tolist())
        out.append(Explanation("unassigned", f"{len(free):,} {noun} with {some} belong to no territory", units))
    wrong = problem.excesses(assign)
    if wrong["parted"] > 0:
        out.append(Explanation("group_apart", "areas that should stay together are in different territories"))
    if wrong["far"] > 0:
        out.append(Explanation("too_far", "some areas are farther from their rep's home than allowed"))
    return out


def _pieces(plan: Plan, values: MetricValues) -> list[Explanation]:
    pieces = zip(plan.territories, values.values["components"].tolist(), strict=True)
    return [Explanation("pieces", f"{t.name} is in {n} pieces") for t, n in pieces if n > 1]


def _limit_line(problem: Problem, name: str, measure: str, load: float, j: int, q: int) -> str:
    """One limit that a territory breaks: the share if that is the one, else the load."""
    above = load > problem.highest[j, q]
    off = load / problem.targets[j, q] - 1 if problem.targets[j, q] > 0 else math.inf
    side, allowed = ("above", problem.high[q]) if above else ("below", problem.low[q])
    if math.isfinite(allowed) and (off > allowed if above else -off > allowed):
        return f"{name} is {100 * abs(off):.1f}% {side} its target for {measure}, the limit is {100 * allowed:g}%"
    bound = problem.cap[j, q] if above else problem.floor[j, q]
    return f"{name} has {load:,.0f} of {measure}, {'more' if above else 'less'} than the {bound:,.0f} allowed"
