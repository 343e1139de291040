"""What a plan would sell over another, by the model of `terr.people.uplift`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from terr.aggregate import measure_values
from terr.people.uplift import Uplift, UpliftAssumptions, uplift
from terr.view.text import percent
from terr.workspace.scenarios.comparison import ComparedPlan, PlanComparison

__all__ = ["Uplift", "UpliftAssumptions", "plan_uplift", "uplift_sentence"]

Floats = NDArray[np.float64]


def plan_uplift(found: PlanComparison, measure: str, assumed: UpliftAssumptions) -> Uplift:
    """The second plan of a comparison over the first.

    Each territory has the selling time of its rep's capacity, a full one where it has no rep; all of a plan's time is
    taken as the same in both, so that a plan gains nothing by having more territories.

    Args:
        found: the comparison.
        measure: the potential, by account.
        assumed: what the estimate rests on.

    Raises:
        InputError: if nothing can be compared.
    """
    whole = found.total(measure, found.inside)
    hands = found.rep_changed if found.has_reps else found.changed
    moved = found.total(measure, found.inside & hands) / whole if whole > 0 else 0.0
    amounts = measure_values(found.accounts, (measure,))[:, 0]
    capacity = {r.rep_id: r.capacity for r in found.reps}
    sides = [_side(one, amounts, capacity) for one in (found.a, found.b)]
    return uplift(sides[0], sides[1], min(1.0, max(0.0, moved)), assumed)


def _side(one: ComparedPlan, amounts: Floats, capacity: dict[str, float]) -> tuple[Floats, Floats]:
    place = {c: i for i, c in enumerate(one.plan.codes)}
    at = np.array([place.get(int(c), -1) for c in one.codes], dtype=np.int64)
    known = (at >= 0) & (amounts > 0)
    potential = np.bincount(at[known], weights=amounts[known], minlength=len(place)).astype(np.float64)
    effort = np.array([capacity.get(t.rep, 1.0) for t in one.plan.territories], dtype=np.float64)
    return potential, effort / effort.sum() if len(effort) else effort


def uplift_sentence(found: Uplift, first: str, second: str) -> str:
    """What the estimate says, in a sentence for a person."""
    ends = f"between {percent(100 * found.low, signed=True)} and {percent(100 * found.high, signed=True)}"
    parts = f"{percent(100 * found.alignment, signed=True)} from evener territories"
    if found.disruption < 0:
        parts += f", {percent(100 * found.disruption, signed=True)} from accounts that change hands"
    if found.low <= 0.0 <= found.high:
        said = f"By these assumptions nothing sure can be said: {second} sells {ends} of {first} in its first year"
    else:
        said = f"By these assumptions {second} sells {ends} over {first} in its first year"
    return f"{said}, likely {percent(100 * found.likely, signed=True)} ({parts})."
