"""Fit, skills, fairness, attainability and goals: by hand, then properties."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from terr.errors import InputError
from terr.people.attainability import Expectation, attainability, chance_to_reach, from_history
from terr.people.fairness import fairness
from terr.people.fit import FitWeights, demand, fit, relationships_lost, seniority_short, skills_missing, why
from terr.people.goals import Conversion, Goal, activity_targets
from terr.people.skills import SkillWords, check_need, inventory, listed
from tests.helpers.effort import examples, rounds

REVENUE = np.array([60.0, 40.0, 10.0])
TERRITORY = np.array([0, 0, 1])
NEEDED = np.array(["health", "", "tax"], dtype=object)


def test_skills_missing_by_hand() -> None:
    found = skills_missing(REVENUE, TERRITORY, NEEDED, [frozenset(), frozenset({"health"}), frozenset({"tax"})], 2)
    assert found.tolist() == [[0.6, 0.0, 0.6], [1.0, 1.0, 0.0]]


def test_relationships_lost_by_hand() -> None:
    owner = np.array([0, 1, -1])
    assert relationships_lost(REVENUE, TERRITORY, owner, 2, 2).tolist() == [
        [pytest.approx(0.4), pytest.approx(0.6)],
        [0, 0],
    ]
    stranger = np.array([2, 1, 2])  # an owner who isn't on the roster is lost whoever comes
    assert relationships_lost(REVENUE, TERRITORY, stranger, 2, 2).tolist() == [[1.0, pytest.approx(0.6)], [1, 1]]


def test_seniority_short_by_hand() -> None:
    short = seniority_short(np.array([1.0, 0.5]), np.array([1.0, 2.0, 3.0, np.nan]))
    assert short.tolist() == [[1.0, 0.5, 0.0, 0.0], [0.5, 0.0, 0.0, 0.0]]
    assert not seniority_short(np.array([1.0]), np.array([2.0, 2.0])).any()
    assert demand(np.array([1.0, 5.0, 3.0])).tolist() == [0.0, 1.0, 0.5]


@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(1, 5))
@examples(60)
def test_one_more_skill_never_makes_a_fit_worse(seed: int, t: int, r: int) -> None:
    rng = np.random.default_rng(seed)
    n, names = 30, np.array(["", "a", "b", "c"], dtype=object)
    revenue, territory = rng.random(n) * (rng.random(n) < 0.8), rng.integers(-1, t, n)
    needed = names[rng.integers(0, 4, n)]
    has = [frozenset(names[1:][rng.random(3) < 0.5].tolist()) for _ in range(r)]
    rich = [h | {"a"} if k == 0 else h for k, h in enumerate(has)]
    travel = rng.random((t, r)) * 9
    zero = np.zeros((t, r))
    weights = FitWeights(*rng.random(4))
    before = fit(travel, travel, skills_missing(revenue, territory, needed, has, t), zero, zero, weights).cost
    after = fit(travel, travel, skills_missing(revenue, territory, needed, rich, t), zero, zero, weights).cost
    assert (after <= before + 1e-12).all()
    assert np.allclose(after[:, 1:], before[:, 1:])


def test_the_cost_is_in_hours_and_an_unknown_home_is_a_day() -> None:
    found = fit(
        np.array([[2.0, np.nan]]),
        np.array([[60.0, np.nan]]),
        np.array([[0.5, 0.0]]),
        np.zeros((1, 2)),
        np.zeros((1, 2)),
        FitWeights(),
    )
    assert found.cost.tolist() == [[6.0, 8.0]]  # 2 h + 8 h x .5
    said = {"travel_hours": 0.7, "skills_missing": 0.09, "relationships_lost": 0.2, "seniority_short": 0.0}
    assert why(said, miles=21, skill_share=0.9, owned=True, a_accounts=(14, 18)) == (
        "covers 90% of the revenue that needs a skill; keeps 14 of 18 A accounts; lives 42 minutes (21 mi) away"
    )
    with pytest.raises(InputError, match="above 0"):
        FitWeights(0, 0, 0, 0)


def test_skills_of_a_cell_and_their_synonyms() -> None:
    assert listed(" Healthcare;  spanish | healthcare, ") == ("Healthcare", "spanish")
    words = SkillWords({"Med": "Healthcare"})
    assert words.of("MED") == words.of("healthcare") == "healthcare"
    with pytest.raises(InputError, match="synonym"):
        SkillWords({"a": "b", "b": "a"})


def test_the_inventory_names_what_is_missing() -> None:
    segments = np.array(["Hospitals", "hospitals", "Banks", "Shops"], dtype=object)
    revenue, hours = np.array([10.0, 5.0, 7.0, 1.0]), np.array([900.0, 600.0, 100.0, 50.0])
    reps = [("Ann", ["med"], 1000.0), ("Bob", [], 1000.0)]
    found = inventory(
        {"Hospitals": "Healthcare", "Banks": "Finance"},
        segments,
        revenue,
        hours,
        reps,
        SkillWords({"med": "healthcare"}),
    )
    assert [(n.skill, n.revenue, n.hours, n.reps, n.supply, n.gap) for n in found] == [
        ("Healthcare", 15.0, 1500.0, ("Ann",), 1000.0, 500.0),
        ("Finance", 7.0, 100.0, (), 0.0, 100.0),
    ]
    assert found[1].note == "Nobody has the skill Finance, which 1 accounts need"
    with pytest.raises(InputError, match="no account is in the segment"):
        check_need("Farms", ["Banks"])


def test_fairness_by_hand() -> None:
    # per full rep 100 and 300: mean 200, sd 100 -> CV 50%; Gini .25; max / min 3
    found = fairness("Potential", ("Ann", "Bob"), np.array([50.0, 300.0]), np.array([0.5, 1.0]))
    assert found.each.tolist() == [100.0, 300.0]
    assert (found.cv_pct, found.gini, found.max_min) == (pytest.approx(50), pytest.approx(0.25), pytest.approx(3))
    assert found.rank.tolist() == [2, 1]
    assert found.flags[0].startswith("Potential: 50% variation")
    assert "Bob has 50% more Potential per full rep than the median rep" in found.flags


@pytest.mark.parametrize(
    ("values", "capacity", "said"),
    [
        ([5.0], [1.0], "nobody to compare with"),
        ([5.0, 3.0], [1.0, 0.0], "nobody to compare with"),
        ([0.0, 0.0], [1.0, 1.0], "is zero for every rep"),
        (None, [1.0, 1.0], "isn't known for any rep"),
        ([np.nan, np.nan], [1.0, 1.0], "isn't known for any rep"),
        ([-1.0, 2.0], [1.0, 1.0], "below zero"),
    ],
)
def test_what_has_no_spread_is_said_in_words(values: list[float] | None, capacity: list[float], said: str) -> None:
    names = tuple(f"R{k}" for k in range(len(capacity)))
    found = fairness("Hours", names, None if values is None else np.array(values), np.array(capacity))
    assert said in found.note
    assert (found.cv_pct, found.gini, found.max_min) == (None, None, None)


def test_the_chance_is_calibrated_over_simulated_companies() -> None:
    """Companies whose years vary as a normal: quotas they reach are as many as predicted, within a 99.9% interval."""
    rng = np.random.default_rng(8)
    n = rounds(3000, long=30_000)
    hits, chances = 0, []
    for _ in range(n):
        years = rng.normal(100, 15, 5)
        base = from_history(years[:4])
        assert base is not None
        quota = base.mean + float(rng.normal(0, 1)) * base.spread
        chances.append(chance_to_reach(quota, base))
        hits += bool(years[4] >= quota)
    expected = float(np.mean(chances))
    low, high = binom.interval(0.999, n, expected)
    assert low <= hits <= high


def test_the_chance_with_deals_by_hand() -> None:
    sure = Expectation(0.0, 0.0)
    assert chance_to_reach(10, sure, [10.0], [1.0]) == 1
    assert chance_to_reach(11, sure, [10.0], [1.0]) == 0
    assert chance_to_reach(20, sure, [10.0, 10.0], [0.5, 0.5]) == pytest.approx(0.25, abs=0.02)
    assert chance_to_reach(5, Expectation(5.0, 2.0)) == pytest.approx(0.5)
    assert from_history(np.array([1.0, np.nan])) is None
    with pytest.raises(InputError, match="0 to 1"):
        chance_to_reach(1, sure, [1.0], [80.0])


def test_attainability_has_words_for_what_is_missing() -> None:
    found = attainability("Ann", 120, potential=0, last=100, pipeline=60, won=100)
    assert (found.of_potential, found.of_last, found.coverage) == (None, 1.2, 3.0)
    assert found.note == "potential is zero; the chance needs two like periods of history or more"
    assert attainability("Ann", 120).note.startswith("no potential is known; no last period is known")


def test_a_goal_has_a_measure_a_date_and_an_owner() -> None:
    goal = Goal("Win hospitals", "New customers", 0, 10, date(2026, 12, 31), "Ann")
    assert goal.progress(4) == pytest.approx(0.4)
    assert goal.progress(None) is None
    begun = date(2026, 1, 1)
    assert goal.status(4, date(2026, 3, 1), begun) == "On track"
    assert goal.status(4, date(2026, 11, 1), begun) == "Behind"
    assert goal.status(10, date(2026, 11, 1), begun) == "Reached"
    assert goal.status(9, date(2027, 1, 1), begun) == "Missed"
    assert goal.status(math.nan, date(2027, 1, 1), begun) == "No figure yet"
    down = Goal("Fewer untouched", "Untouched A accounts", 20, 5, date(2026, 12, 31), "Ann")
    assert down.progress(10) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"title": " "}, "what the goal is"),
        ({"metric": ""}, "nothing to measure it by"),
        ({"due": None}, "has no date"),
        ({"owner": ""}, "has no owner"),
        ({"target": 0.0}, "differs from where it starts"),
    ],
)
def test_a_goal_that_is_not_smart_is_refused(fields: dict[str, object], said: str) -> None:
    usual: dict[str, object] = {
        "title": "Win",
        "metric": "Wins",
        "start": 0.0,
        "target": 3.0,
        "due": date(2026, 1, 1),
        "owner": "A",
    }
    with pytest.raises(InputError, match=said):
        Goal(**(usual | fields))  # type: ignore[arg-type]


def test_activities_are_worked_back_from_the_gap() -> None:
    # 100,000 / 5,000 / 25% = 80 deals; 10 calls each over 20 weeks = 40 a week
    found = activity_targets(100_000, 20, Conversion(5_000, 0.25, {"calls": 10, "demos": 0.5}))
    assert found == {"deals": 80.0, "calls": 40.0, "demos": 2.0}
    assert activity_targets(-5, 20, Conversion(5_000, 0.25, {"calls": 10}))["calls"] == 0
    with pytest.raises(InputError, match="over"):
        activity_targets(1, 0, Conversion(1, 1, {}))
    with pytest.raises(InputError, match="win rate"):
        Conversion(1, 0, {})
