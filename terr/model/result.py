"""Result: what the engine hands back, and the small records that travel with it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import PlanError
from terr.model.arrays import frozen

STATUSES = ("optimal", "feasible", "infeasible", "limit_broken", "stopped")
"""optimal: a bound on the same model proves it. feasible: within every limit. limit_broken: the best plan found breaks
a limit or leaves a territory in pieces. stopped: ended early by the person or the clock, within
every limit. infeasible: no plan exists."""


@dataclass(frozen=True)
class Explanation:
    """Why a plan can't be better, in a sales leader's words.

    Attributes:
        code: stable word for programs, e.g. "unit_too_large".
        message: one line for a person.
        units: codes (row positions) of the units it names.
    """

    code: str
    message: str
    units: tuple[int, ...] = ()


@dataclass(frozen=True)
class Move:
    """One unit that changes territory.

    Attributes:
        unit: code of the unit.
        source: territory index before, -1 = unassigned.
        target: territory index after.
        load: (m,) the unit's weights.
        effect: change of the plan's largest deviation (first measure) if only this unit moves; negative is better.
    """

    unit: int
    source: int
    target: int
    load: tuple[float, ...]
    effect: float


@dataclass(frozen=True, eq=False)
class Result:
    """A plan the engine found, with how good it is and how that is known.

    Attributes:
        assign: int16 (n,), territory index per unit. Read-only.
        status: one of `STATUSES`.
        violation: sum over territories and limited measures of how far the load is outside its limits, as a share of
            the target; 0 = within every limit.
        objective: what was minimised: moment of inertia in km2 (design), share of the first measure's load that moves
            plus 0.2 of a mean unit's load per moved unit (rebalance).
        bound: a proven lower bound on `objective` for the model named in `model`, None if none is known.
        runtime_s: wall-clock seconds.
        trace: (seconds, largest deviation of the first measure, moment of inertia in km2) each time the best improved.
        explanations: why the plan isn't better, or what was done to make one possible.
        model: the model `objective` and `bound` belong to, in words.
        solver: programs that ran, e.g. "terr annealing + HiGHS".
        max_deviation: (m,) largest |load / target - 1| per measure.
    """

    assign: NDArray[np.int16]
    status: str
    violation: float
    objective: float
    bound: float | None
    runtime_s: float
    trace: tuple[tuple[float, float, float], ...]
    explanations: tuple[Explanation, ...]
    model: str
    solver: str
    max_deviation: tuple[float, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "assign", frozen(self.assign, np.int16))
        if self.status not in STATUSES:
            raise PlanError(f'"{self.status}" is not a status a result can have')
        if self.status == "optimal" and self.bound is None:
            raise PlanError("a result is optimal only with a proven bound")
        if self.status in {"optimal", "feasible"} and self.violation > 0:
            raise PlanError("a result outside its limits can't be called feasible")

    @property
    def gap(self) -> float | None:
        """(objective - bound) / objective, 0 if both are 0, None without a bound."""
        if self.bound is None:
            return None
        if self.objective <= 0:
            return 0.0
        return max(0.0, (self.objective - self.bound) / self.objective)
