"""Why a territory is outside its limits: the units that cause it, and the cheapest repair, in words and as moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.engine import Cause
from terr.model.result import Explanation
from terr.view.text import and_list, percent, short
from terr.workspace.design.apply_result import ImportedAssignment, MoveSuggestion, suggestions
from terr.workspace.design.problem import SolveTask
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.workspace import Workspace

MOST = 12
"""Territories told about, the worst first."""


@dataclass(frozen=True, eq=False)
class ImbalanceReason:
    """Why one territory is outside its limits.

    Attributes:
        code, territory: which, by code and name.
        measure: which limit; deviation: load / target - 1.
        units: codes of the units that cause it, in the plan.
        sentence: the cause; repair_sentence: the cheapest repair, or why there is none.
        moves: of the repair; () if there is none.
        assign: int16 (problem units,), the plan after the repair, for `apply_result.apply_moves`; or None.
    """

    code: int
    territory: str
    measure: str
    deviation: float
    units: tuple[int, ...]
    sentence: str
    repair_sentence: str
    moves: tuple[MoveSuggestion, ...]
    assign: NDArray[np.int16] | None


def reasons_of(
    ws: Workspace, shown: PlanSnapshot, task: SolveTask, found: Sequence[Cause]
) -> tuple[ImbalanceReason, ...]:
    """The reasons of territories outside their limits, the worst first, from the engine's causes.

    Args:
        ws: the workspace.
        shown: the plan.
        task: the plan's, as `terr.workspace.design.solve_task.rebalance_task` gives it.
        found: what `terr.engine.causes` says of it.
    """
    return tuple(_reason(ws, shown, task, c) for c in _first(found))


def _first(found: Sequence[Cause]) -> list[Cause]:
    """One cause per territory, the worst."""
    out: dict[int, Cause] = {}
    for cause in found:
        out.setdefault(cause.territory, cause)
    return list(out.values())[:MOST]


def _reason(ws: Workspace, shown: PlanSnapshot, task: SolveTask, cause: Cause) -> ImbalanceReason:
    code = int(task.codes[cause.territory])
    name = shown.plan.territory(code).name
    units = tuple(int(task.rows[u]) for u in cause.units)
    names = and_list([shown.units.names[u] for u in units], 3)
    above = cause.deviation > 0
    side = "above" if above else "below"
    sentence = (
        f"{name} is {percent(100 * abs(cause.deviation), limit=shown.limit)} {side} its target for {cause.measure}"
    )
    if units:
        sentence += f": without {names} it would be within the limit" if above else f": {names} would bring it up"
    assign: NDArray[np.int16] | None = None
    moves: tuple[MoveSuggestion, ...] = ()
    if cause.repair:
        assign = task.assign.copy()
        for move in cause.repair:
            assign[move.unit] = move.target
        assign.setflags(write=False)
        moves = suggestions(ws, task, ImportedAssignment(assign))
    return ImbalanceReason(
        code,
        name,
        cause.measure,
        float(cause.deviation),
        units,
        sentence,
        _repair(shown, name, cause, moves),
        moves,
        assign,
    )


def _repair(shown: PlanSnapshot, name: str, cause: Cause, moves: tuple[MoveSuggestion, ...]) -> str:
    if not moves:
        return str(cause.reason)
    after = percent(100 * abs(cause.after))
    where = f"{after} {'above' if cause.after > 0 else 'below'}"
    load = short(sum(m.load for m in moves), shown.currency)
    return f"Smallest fix: move {load}; {name} is then {where}"


def on_the_plan(task: SolveTask, shown: PlanSnapshot, told: tuple[Explanation, ...]) -> tuple[Explanation, ...]:
    """The engine's explanations with territories by name and units by their code in the plan."""
    names = [shown.plan.territory(c).name if c in shown.plan.codes else "a new territory" for c in task.codes]
    return task.explained(told, names)
