"""A plan measured, as the command line's JSON (docs/interface.md) and as the figures behind its text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from terr.aggregate import override_loads, placed
from terr.boundaries.geometry.adjacency import plane_km
from terr.boundaries.layers.catalog import ALBERS, LOWER48
from terr.metrics import Scorecard, disruption, score, shape
from terr.model.plan import Plan
from terr.model.problem import Problem
from terr.model.result import Explanation, Result
from terr.model.units import Units
from terr.report.plan import plan_csv
from terr.view.text import unit_noun
from terr.workspace.batch.inputs import BatchInputs
from terr.workspace.design.named_account_loads import with_named_accounts
from terr.workspace.design.problem import SolveTask, pieces_warning
from terr.workspace.levels import boundaries_report, located_report
from terr.workspace.plan.editing import natural
from terr.workspace.plan.targets import targets

BROKEN = ("limit_broken", "infeasible")
"""Statuses of a plan outside its limits."""

BREAKS = ("limit_broken", "group_apart", "too_far")
"""Codes of what makes a plan nobody solved for one that breaks a limit."""


@dataclass(frozen=True, eq=False)
class PlanReport:
    """A plan, measured.

    Attributes:
        ground: what it is for; plan: the plan; card: its figures.
        counts: int64 (k,), accounts per territory.
        report: the contract's JSON of it.
    """

    ground: BatchInputs
    plan: Plan
    card: Scorecard
    counts: NDArray[np.int64]
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
    units, k, slots = ground.units, len(plan.territories), plan.slots()
    weights, named_counts = _with_named(ground, plan)
    goals = np.column_stack([targets(plan, weights[:, q], dict(shares)) for q in range(weights.shape[1])])
    card = score(slots, k, weights, ground.measures, goals, units)
    reock = shape.reock(slots, outlines_km(units), units.area_km2, k)
    pieces = [] if result is not None else _pieces(plan, card)
    said = dict.fromkeys((*ground.notes, *ground.left_out(plan), *pieces_warning(units), *told, *pieces))
    broken = any(e.code in BREAKS for e in told)
    status = result.status if result else "limit_broken" if broken else "feasible"
    held = card.components > 0
    ids, m = units.ids, ground.measures
    rows = [
        {
            "id": territory.name,
            "units": row["units"],
            "load": row["load"],
            "target": row["target"],
            "deviation_pct": {q: finite(v) for q, v in row["deviation_pct"].items()},
            "components": row["components"],
            "polsby_popper": row["polsby_popper"],
            "rep": territory.rep or None,
        }
        for territory, row in zip(plan.territories, card.table(), strict=True)
    ]
    order = sorted(range(k), key=lambda j: natural(plan.territories[j].name))
    report = {
        "status": status,
        "level": units.level,
        "region": list(units.region),
        "territories_requested": k,
        "territories": [rows[j] for j in order],
        "max_deviation_pct": {q: finite(100 * v) for q, v in zip(m, card.max_deviation.tolist(), strict=True)},
        "cv_pct": dict(zip(m, card.cv_pct.tolist(), strict=True)),
        "gini": dict(zip(m, card.gini.tolist(), strict=True)),
        "extra_components": card.extra_components,
        "unassigned_units": card.unassigned_units,
        "bridges": [list(pair) for pair in units.bridges],
        "compactness": {
            "polsby_popper_mean": card.polsby_popper_mean,
            "reock_mean": float(reock[held].mean()) if held.any() else 0.0,
            "moment_of_inertia_km2": card.moment_of_inertia_km2,
            "mean_distance_km": card.mean_distance_km,
            "border_km": card.border_km,
        },
        "certificate": _certificate(result),
        "disruption": None if before is None else disruption_report(ground, before, plan),
        "explanations": [{"code": e.code, "message": e.message, "units": [ids[u] for u in e.units]} for e in said],
        "seed": seed,
        "runtime_s": 0.0 if result is None else result.runtime_s,
        "boundaries": boundaries_report(units, ground.asked.findings),
        "located": located_report(placed(ground.accounts, units)),
    }
    counts = np.bincount(slots[slots >= 0], ground.counts[slots >= 0], k).astype(np.int64) + named_counts
    return PlanReport(ground, plan, card, counts[order], report)


def _with_named(ground: BatchInputs, plan: Plan) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """float64 (n_units, m), loads with what goes by name laid on a unit of its territory; int64 (k,), its accounts."""
    if not len(ground.overrides):
        return ground.weights, np.zeros(len(plan.territories), dtype=np.int64)
    free = np.full(len(plan), -1, dtype=np.int16)
    unlocked = plan.with_changes(territories=tuple(replace(t, locked=False) for t in plan.territories))
    laid = with_named_accounts(
        ground.units,
        unlocked,
        ground.accounts,
        ground.overrides,
        ground.measures,
        ground.weights,
        free,
        plan.codes,
        np.ones(len(plan), dtype=np.bool_),
    )
    return laid.loads, override_loads(ground.accounts, plan, ground.measures, ground.overrides)[1]


def disruption_report(ground: BatchInputs, before: Plan, after: Plan) -> dict[str, Any]:
    """What changes hands, in % of all units, of all accounts and of each measure's whole load in the region.

    Territories are matched by name; a change from or to "unassigned" counts.
    """
    keys = {name: j for j, name in enumerate(dict.fromkeys(n.casefold() for n in (*named(before), *named(after))))}
    was, now = (np.array([keys[n.casefold()] for n in named(p)], dtype=np.int64) for p in (before, after))
    loads = disruption.load_pct(was, now, ground.weights)
    return {
        "units_pct": disruption.units_pct(was, now),
        "accounts_pct": disruption.accounts_pct(was, now, ground.counts),
        "load_pct": dict(zip(ground.measures, loads.tolist(), strict=True)),
    }


def named(plan: Plan) -> list[str]:
    """Territory name per unit, "" = unassigned."""
    names = [*(t.name for t in plan.territories), ""]
    return [names[s] for s in plan.slots().tolist()]


def outlines_km(units: Units) -> NDArray[np.object_]:
    """Outlines of the units on an equal-area plane in km, as shapely geometries (n,)."""
    crs = ALBERS if set(units.region) <= set(LOWER48) else None
    shapes = units.frame.geometry.to_numpy()
    xy = shapely.get_coordinates(shapes)
    plane = plane_km(xy[:, 0], xy[:, 1], crs)
    out: NDArray[np.object_] = shapely.set_coordinates(np.array(shapes, dtype=object), plane)
    return out


def finite(value: float) -> float | None:
    """The number, or None where JSON has none (a load without a target)."""
    return value if math.isfinite(value) else None


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
        out.append(Explanation("group_apart", "units that should stay together are in different territories"))
    if wrong["far"] > 0:
        out.append(Explanation("too_far", "some units are farther from their rep's home than allowed"))
    return out


def _pieces(plan: Plan, card: Scorecard) -> list[Explanation]:
    return [
        Explanation("pieces", f"{plan.territories[j].name} is in {int(card.components[j])} pieces")
        for j in np.flatnonzero(card.components > 1).tolist()
    ]


def _limit_line(problem: Problem, name: str, measure: str, load: float, j: int, q: int) -> str:
    """One limit that a territory breaks: the share if that is the one, else the load."""
    above = load > problem.highest[j, q]
    off = load / problem.targets[j, q] - 1 if problem.targets[j, q] > 0 else math.inf
    side, allowed = ("above", problem.high[q]) if above else ("below", problem.low[q])
    if math.isfinite(allowed) and (off > allowed if above else -off > allowed):
        return f"{name} is {100 * abs(off):.1f} % {side} its target for {measure}, the limit is {100 * allowed:g} %"
    bound = problem.cap[j, q] if above else problem.floor[j, q]
    return f"{name} has {load:,.0f} of {measure}, {'more' if above else 'less'} than the {bound:,.0f} allowed"
