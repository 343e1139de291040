"""Calendars of visits: by hand, against all possible ones, and random ones judged by a checker of the tests' own."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.engine.visits.planning import APART, CLOSED, FAR, FULL, NO_DAY, moved, plan_visits, routes_of
from terr.engine.visits.problem import VisitProblem, timed
from terr.engine.visits.routing import day_data, route_day, solve_data
from terr.engine.visits.search import best_days, worth
from terr.errors import InputError
from terr.model.progress import Progress
from tests.engine.visits.cases import on_a_line, random_problem
from tests.engine.visits.checker import broken
from tests.helpers.effort import examples

pytestmark = pytest.mark.filterwarnings("error")
QUICK = 0.02


def test_a_day_by_hand() -> None:
    problem = on_a_line([10, 20, 30], days=1)
    [route] = plan_visits(problem, effort=QUICK).routes
    assert sorted(route.visits) == [0, 1, 2]
    assert (route.miles, route.drive, route.service, route.wait) == (6_000, 60, 90, 0)
    assert (route.start, route.end) == (480, 480 + 150)


def test_a_rep_leaves_late_rather_than_wait_at_a_door() -> None:
    problem = on_a_line([10], days=1, opens=np.full((1, 1), 600))
    route = timed(problem, 0, (0,))
    assert route is not None
    assert (route.start, route.arrive, route.leave, route.end, route.wait) == (590, (600,), (630,), 640, 0)
    two = on_a_line([10, 20], days=1, opens=np.array([[0], [600]]), closes=np.array([[525], [1440]]))
    route = timed(two, 0, (0, 1))
    assert route is not None  # the first closes at 8:45, so there is a wait at the second
    assert (route.start, route.begin, route.wait) == (485, (495, 600), 65)


def test_towns_share_a_day() -> None:
    """Two towns an hour apart on two days: one day each, not both on both."""
    problem = on_a_line([60, 61, -60, -61], days=2, hours=6)
    found = plan_visits(problem, effort=QUICK)
    assert {tuple(sorted(r.visits)) for r in found.routes} == {(0, 1), (2, 3)}
    assert found.sums.miles == 2 * 122 * 100
    assert broken(problem, found.routes) == []


def least(problem: VisitProblem) -> int:
    """The least cost of all calendars, by trying every one."""
    visits = range(len(problem.account))
    best = worth(problem, [[] for _ in range(problem.days)])
    for where in itertools.product(range(-1, problem.days), repeat=len(visits)):
        groups = [[v for v in visits if where[v] == d] for d in range(problem.days)]
        orders = [list(itertools.permutations(g)) for g in groups]
        per_day = []
        for d, some in enumerate(orders):
            good = [list(o) for o in some if (r := timed(problem, d, o)) is not None and not broken(problem, (r,))]
            if not good:
                break
            per_day.append(
                min(good, key=lambda o, d=d: worth(problem, [[] if k != d else o for k in range(problem.days)]))
            )
        else:
            if not broken(problem, routes_of(problem, per_day)):
                best = min(best, worth(problem, per_day))
    return best


@pytest.mark.parametrize("seed", range(12))
def test_small_calendars_are_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, days = 5, 2
    at = rng.integers(-120, 121, n).tolist()
    opens = np.repeat(rng.choice([0, 480, 600], (n, 1)), days, 1)
    problem = on_a_line(
        at,
        days=days,
        hours=float(rng.choice([3, 4, 6])),
        opens=opens,
        closes=opens + rng.choice([120, 900], (n, 1)),
        account=np.array([0, 0, 1, 2, 3]),
        first=np.zeros(n),
        last=rng.choice([0, 1], n),
        value=rng.choice([1, 2, 5], n),
    )
    days_found = best_days(problem, effort=0.2)
    assert broken(problem, routes_of(problem, days_found)) == []
    assert worth(problem, days_found) == least(problem)


@given(st.integers(0, 1_000_000))
@examples(50)
def test_no_rule_is_broken(seed: int) -> None:
    problem = random_problem(seed)
    found = plan_visits(problem, effort=QUICK)
    assert broken(problem, found.routes) == []
    placed = sorted(v for r in found.routes for v in r.visits)
    assert sorted([*placed, *found.missed]) == list(range(len(problem.account)))
    assert set(found.missed.values()) <= {NO_DAY, FAR, CLOSED, APART, FULL}
    total = worth(problem, [list(r.visits) for r in found.routes])
    assert total >= 0


@given(st.integers(0, 1_000_000))
@examples(20)
def test_the_comparison_obeys_the_same_rules_and_nearest_neighbor_is_no_better(seed: int) -> None:
    from terr.engine.visits.sequential import in_order, nearest_neighbor

    problem = random_problem(seed)
    nearest = nearest_neighbor(problem)  # where the search begins
    assert worth(problem, best_days(problem, effort=QUICK)) <= worth(problem, nearest)
    for days in (nearest, in_order(problem, np.arange(len(problem.service))[::-1].copy())):
        assert broken(problem, routes_of(problem, days)) == []


@given(st.integers(0, 1_000_000), st.data())
@examples(20)
def test_a_moved_visit_breaks_nothing_either(seed: int, data: st.DataObject) -> None:
    problem = random_problem(seed)
    if not len(problem.account):
        return
    days = best_days(problem, effort=QUICK)
    visit = data.draw(st.integers(0, len(problem.account) - 1))
    day = data.draw(st.integers(-1, problem.days - 1))
    after = moved(problem, days, visit, day)
    if isinstance(after, str):
        assert after in {NO_DAY, FAR, CLOSED, APART, FULL}
        return
    assert broken(problem, routes_of(problem, after)) == []
    assert visit in (after[day] if day >= 0 else [visit])
    before = {v for d in days for v in d}
    assert {v for d in after for v in d} == (before | {visit} if day >= 0 else before - {visit})


def test_same_seed_same_calendar() -> None:
    problem = random_problem(5)
    one, two = (best_days(problem, seed=7, effort=QUICK) for _ in range(2))
    assert one == two


def test_why_a_visit_is_missing() -> None:
    n, days = 5, 3
    opens, closes = np.zeros((n, days)), np.full((n, days), 1440)
    opens[1], closes[1] = 400, 420  # closes before a rep can be there
    problem = on_a_line(
        [500, 10, 20, 5, 5],
        days=days,
        opens=opens,
        closes=closes,
        day_number=np.array([0, 1, 7]),
        account=np.array([0, 1, 2, 3, 3]),
        first=np.array([0, 0, 3, 0, 1]),
        last=np.array([9, 9, 5, 0, 1]),
        gap=np.array([1, 1, 1, 1, 3]),
    )
    missed = plan_visits(problem, effort=QUICK).missed
    assert {v: missed[v] for v in (0, 1, 2)} == {0: FAR, 1: CLOSED, 2: NO_DAY}
    assert [missed[v] for v in (3, 4) if v in missed] == [APART]


def test_what_doesnt_fit_is_left_out_by_the_least_loss() -> None:
    """Two hours a day, one day, three calls of 50 minutes: the two of most value stay, however far."""
    problem = on_a_line([1, 2, 3], days=1, call=50, hours=2, value=np.array([1, 5, 9]))
    found = plan_visits(problem, effort=QUICK)
    assert found.missed == {0: FULL}


def test_a_stop_keeps_the_best_so_far() -> None:
    asked = threading.Event()
    problem = random_problem(11)
    found = plan_visits(problem, effort=5, progress=Progress(lambda _: asked.set(), asked.is_set))
    assert found.status == "stopped"
    assert broken(problem, found.routes) == []


def test_no_visit_is_a_calendar_too() -> None:
    empty = on_a_line([5], account=np.zeros(0), first=np.zeros(0), last=np.zeros(0), gap=np.zeros(0), value=np.zeros(0))
    found = plan_visits(empty, effort=QUICK)
    assert (found.sums.visits, found.sums.miles, found.missed) == (0, 0, {})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"day_end": 480}, "begin before it ends"),
        ({"value": np.array([0, 1])}, "between 1 and 1,000"),
        ({"minutes": np.zeros((2, 2))}, "every two accounts"),
        ({"opens": np.zeros((1, 5))}, "opening hours"),
        ({"miles": np.full((3, 3), -1)}, "below 0"),
        ({"miles": np.ones((3, 3))}, "to itself"),
        ({"account": np.array([1, 0])}, "together"),
        ({"account": np.array([1, 7])}, "name accounts"),
        ({"day_number": np.zeros(5)}, "rise"),
    ],
)
def test_what_cant_be_is_refused(more: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        on_a_line([1, 2], **more)


def test_too_many_visits_are_refused_with_what_to_do() -> None:
    account = np.zeros(3_001)
    with pytest.raises(InputError, match="fewer weeks"):
        on_a_line([1], account=account, first=account, last=account, gap=account + 1, value=account + 1)


@given(st.integers(0, 1_000_000))
@examples(10)
def test_a_day_costs_what_pyvrp_says_itself(seed: int) -> None:
    """One day through our door and PyVRP's own model built by hand: the same cost."""
    import pyvrp
    from pyvrp.stop import MaxIterations

    rng = np.random.default_rng(seed)
    problem = on_a_line(rng.integers(-100, 100, int(rng.integers(2, 9))).tolist(), days=1, hours=9)
    visits = list(range(len(problem.account)))
    model = pyvrp.Model()
    places = [model.add_location(0, 0) for _ in range(len(visits) + 1)]
    model.add_depot(places[0])
    model.add_vehicle_type(1, tw_early=480, tw_late=480 + 540, shift_duration=540)
    for v in visits:
        model.add_client(
            places[v + 1], service_duration=30, tw_late=1410, prize=int(problem.prizes()[v]), required=False
        )
    for a in range(len(places)):
        for b in range(len(places)):
            if a != b:
                model.add_edge(places[a], places[b], int(problem.miles[a, b]), int(problem.minutes[a, b]))
    direct = model.solve(MaxIterations(300), seed=1, display=False).best
    ours = solve_data(day_data(problem, 0, visits), steps=300, seed=1)
    assert ours.cost == direct.distance_cost()
    route = route_day(problem, 0, visits)
    timed_route = timed(problem, 0, route)
    assert timed_route is not None
    assert timed_route.miles == direct.distance_cost()


@pytest.mark.parametrize(
    "name", ["OkSmall.txt", "OkSmallPrizes.txt", "OkSmallWaitTime.txt", "E-n22-k4.txt", "RC208.vrp"]
)
def test_pyvrps_own_instances_cost_the_same_through_our_door(name: str) -> None:
    """From PyVRP 0.14.1, tests/data."""
    import pyvrp
    from pyvrp.stop import MaxIterations

    data = pyvrp.read(Path(__file__).parent / "instances" / name, round_func="round" if "22" in name else "dimacs")
    direct = pyvrp.solve(data, MaxIterations(200), seed=3, collect_stats=False, display=False).best
    ours = solve_data(data, steps=200, seed=3)
    assert (ours.cost, ours.feasible) == (direct.distance_cost(), direct.is_feasible())
    assert [list(r) for r in ours.routes] == [[a.idx for a in r if a.is_client()] for r in direct.routes()]


def test_warming_up_plans_visits_too() -> None:
    from terr.engine.warmup import warm

    warm()
