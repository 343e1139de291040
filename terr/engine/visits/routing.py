"""PyVRP's door: visits of one day, or of several, as a vehicle routing problem with windows and prizes.

PyVRP: N. A. Wouda, L. Lan, W. Kool, "PyVRP: a high-performance VRP solver package", INFORMS Journal on Computing 36
(2024). Its search is stopped after a number of steps, so the same seed gives the same route.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from terr.engine.visits.problem import VisitProblem

if TYPE_CHECKING:
    from pyvrp import ProblemData


@dataclass(frozen=True)
class Routed:
    """What PyVRP found.

    Attributes:
        routes: of each day, the visits in order, as positions in what was given.
        cost: of the ways, in the units of the matrix; feasible: nothing is broken.
    """

    routes: tuple[tuple[int, ...], ...]
    cost: int
    feasible: bool


def solve_data(data: ProblemData, *, steps: int, seed: int, stop: Callable[[], bool] = lambda: False) -> Routed:
    """The best routes PyVRP finds in so many steps; `routes` hold positions of clients."""
    from pyvrp import solve

    done = solve(data, _Steps(steps, stop), seed=seed, collect_stats=False)
    routes = tuple(tuple(a.idx for a in route if a.is_client()) for route in done.best.routes())
    return Routed(routes, int(done.best.distance_cost()), bool(done.best.is_feasible()))


class _Steps:
    """PyVRP's criterion: so many steps, or somebody stopped the work."""

    def __init__(self, steps: int, stop: Callable[[], bool]) -> None:
        self.left, self.stop = steps, stop

    def __call__(self, best_cost: int) -> bool:  # noqa: ARG002 (its name is part of the protocol)
        self.left -= 1
        return self.left < 0 or self.stop()


def day_data(problem: VisitProblem, day: int, visits: Sequence[int]) -> ProblemData:
    """One day as PyVRP's data: each visit is a client with its call, opening hours and prize, none of them required."""
    from pyvrp import Client, Depot, Location, ProblemData, VehicleType

    at = np.array([0, *(int(problem.account[v]) + 1 for v in visits)], dtype=np.int64)
    clients = []
    prizes = problem.prizes()
    for k, v in enumerate(visits):
        i = int(problem.account[v])
        service = int(problem.service[i])
        early = int(max(problem.opens[i, day], 0))
        clients.append(
            Client(
                k + 1,
                service_duration=service,
                tw_early=early,
                tw_late=int(max(early, problem.closes[i, day] - service)),
                prize=int(prizes[v]),
                required=False,
            )
        )
    car = VehicleType(
        1,
        tw_early=problem.day_start,
        tw_late=problem.day_end,
        shift_duration=problem.day_end - problem.day_start,
    )
    places = [Location(0.0, 0.0) for _ in at]
    across = np.ix_(at, at)
    ways: list[Any] = [problem.cost[across], problem.minutes[across]]  # PyVRP's own annotation of arrays is off
    return ProblemData(places, clients, [Depot(0)], [car], ways[:1], ways[1:])


def route_day(
    problem: VisitProblem,
    day: int,
    visits: Sequence[int],
    *,
    steps: int = 300,
    seed: int = 1,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[int, ...]:
    """The visits of a day in the best order found; those that don't fit are missing, so that the least is lost.

    Args:
        visits: positions of visits that may be on that day.
        steps: of PyVRP's search.
    """
    if not visits:
        return ()
    found = solve_data(day_data(problem, day, visits), steps=steps, seed=seed, stop=stop)
    if not found.feasible or not found.routes:
        return ()
    return tuple(visits[k] for k in found.routes[0])
