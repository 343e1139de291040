"""How good a plan is, proven: the task for the engine, what is kept of its answer, and the sentence for a person."""

from __future__ import annotations

import math

from terr.errors import InputError
from terr.model.result import Result
from terr.model.scenario import ScenarioInfo
from terr.view.text import area_text, count, percent, unit_noun
from terr.workspace.design.problem import SolveTask
from terr.workspace.design.solve_task import rebalance_task
from terr.workspace.plan.plan_settings import Proof, proof_at
from terr.workspace.plan.snapshot import PlanSnapshot, plan_snapshot
from terr.workspace.plan.tolerance import limit_words
from terr.workspace.workspace import Workspace

BEST = 1e-4
"""Largest gap at which a plan is called the best possible."""
CLOSE = 0.05
"""Gap up to which the search for a proof is taken as a success."""
MINUTES = (1, 5, 15)
"""Times a proof may take; the second is the usual one."""


def proof_task(ws: Workspace, scenario_id: str) -> SolveTask:
    """The problem a plan as it stands is judged by.

    Raises:
        InputError: if there is nothing to prove of it yet, saying what is missing.
    """
    missing = whats_missing(plan_snapshot(ws, scenario_id))
    if missing:
        raise InputError(missing)
    task = rebalance_task(ws, scenario_id)
    if task is None:
        raise InputError("there is nothing to compare until two unlocked territories aren't empty")
    return task


def whats_missing(shown: PlanSnapshot) -> str:
    """Why nothing can be proven of a plan yet; "" if it can."""
    if len(shown.table) < 2:
        return "this needs at least two territories"
    if shown.strays:
        return f"join the {count(len(shown.strays), 'disconnected area')} first: each territory must be in one piece"
    if shown.within:
        return ""
    if shown.unassigned_load > 0 and shown.unassigned_units:
        word = unit_noun(shown.info.level, shown.unassigned_units)
        return f"assign the {shown.unassigned_units:,} {word} without a territory first"
    return "bring the plan within its limits first; what is outside them can't be compared"


def proof_of(result: Result, measure: str, tolerance: float, sides: str = "both") -> Proof:
    """What is kept of a proof; `sides`: where the limit holds."""
    objective, bound, gap = (
        None if v is None or not math.isfinite(v) else v for v in (result.objective, result.bound, result.gap)
    )
    return Proof(
        status=result.status,
        objective=objective,
        bound=bound,
        gap=gap,
        model=result.model,
        solver=result.solver,
        seconds=result.runtime_s,
        measure=measure,
        tolerance=tolerance,
        sides=sides,
        priced="prices" in result.model,
        early=result.status == "stopped" or any(e.code == "time_limit" for e in result.explanations),
    )


def current_proof(ws: Workspace, info: ScenarioInfo) -> tuple[Proof | None, bool]:
    """The newest proof on this line of work, and whether it is of the plan, measure and limit as they stand."""
    proof, same = proof_at(ws, info)
    return proof, same and proof is not None and (proof.measure, proof.tolerance) == (info.measure, info.tolerance)


def proof_sentence(proof: Proof) -> str:
    """One plain sentence; percentages are rounded up, so that they never promise more than was proven."""
    better = "better by the priorities you set" if proof.priced else "more compact"
    status, gap = proof.status, proof.gap
    if status == "infeasible":
        return "Proven: no plan can meet these limits. Widen a limit or unlock something."
    if gap is None or not math.isfinite(gap):
        return f"No result in {_time(proof)}. Try a longer time limit."
    if status == "optimal" or gap <= BEST:
        return f"Proven: this is the best possible plan; none within these limits is {better}."
    most = percent(math.ceil(1000 * gap - 1e-9) / 10)
    if gap <= CLOSE or not proof.early:
        return f"No plan within these limits can be more than {most} {better} than this one."
    return f"At most {most} better is possible; a longer time limit may narrow this."


def repair_sentence(result: Result) -> str:
    """How good suggested moves are, as far as it is proven; "" if nothing is known."""
    gap = result.gap
    if gap is None or result.status == "limit_broken":
        return ""
    if gap <= BEST:
        return "Proven: no plan within the limit changes less."
    most = percent(math.ceil(1000 * gap - 1e-9) / 10)
    return f"Proven: at most {most} less could move." if gap <= 0.5 else ""


def points_text(effect: float) -> str:
    """Change of a deviation in percentage points: "1.1 points closer to target"."""
    value = round(100 * effect, 1) + 0.0
    return f"{abs(value):.1f} points {'closer to' if value < 0 else 'farther from'} target" if value else "no change"


def proof_details(proof: Proof, *, miles: bool = True) -> list[tuple[str, str]]:
    """What stands behind the sentence: (what, value)."""
    return [
        ("This plan", _area(proof.objective, miles=miles)),
        ("No plan below", _area(proof.bound, miles=miles)),
        ("Gap", "–" if proof.gap is None else percent(100 * proof.gap, 2)),
        ("What is compared", proof.model),
        ("Proven by", proof.solver or "–"),
        ("Time", _time(proof)),
        ("Limit", f"{proof.measure} {limit_words(proof.tolerance, proof.sides)}"),
    ]


def _area(value: float | None, *, miles: bool) -> str:
    return "–" if value is None or not math.isfinite(value) else area_text(value, miles=miles)


def _time(proof: Proof) -> str:
    return f"{proof.seconds:.0f} s" if proof.seconds < 120 else f"{proof.seconds / 60:.0f} minutes"
