"""Quotas: by hand, then to the cent in many random cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.people.apportion import cents, largest_remainder
from terr.people.quotas import (
    QuotaBasis,
    QuotaRules,
    Quotas,
    QuotaWeights,
    divide,
    fair_band,
    in_periods,
    manager_levels,
    raised,
    season_shares,
)
from tests.helpers.effort import examples, rounds

AB = QuotaBasis(("A", "B"), np.array([60.0, 40.0]), np.array([40.0, 40.0]), np.array([100.0, 300.0]))


def adds_up(found: Quotas) -> bool:
    rows = all(sum(cents(p) for p in r.parts.values()) == cents(r.quota) for r in found.rows)
    return rows and sum(cents(r.quota) for r in found.rows) == cents(found.target)


def test_two_territories_by_hand() -> None:
    # history .6/.4; trend 2x60-40=80 and 40, so 2/3 and 1/3; potential 1/4 and 3/4
    # A = 1200 x (.5 x .6 + .25 x 2/3 + .25 x 1/4) = 360 + 200 + 75
    found = divide(1200, AB, QuotaWeights(0.5, 0.25, 0.25))
    assert [r.quota for r in found.rows] == [635.0, 565.0]
    assert found.rows[0].parts["history"] == 360
    assert found.rows[0].parts["trend"] == 200
    assert found.rows[0].parts["potential"] == 75
    assert adds_up(found)


def test_ramp_takes_from_the_new_rep_what_the_others_get() -> None:
    # equal 600 each; capacities 1 and .5 share 1200 as 800 and 400
    basis = QuotaBasis(("A", "B"), ramp=np.array([1.0, 0.5]))
    found = divide(1200, basis, QuotaWeights(0, 0, 0, 1))
    assert [r.quota for r in found.rows] == [800.0, 400.0]
    assert [r.parts["ramp"] for r in found.rows] == [200.0, -200.0]


def test_floors_and_caps_hold_and_the_rest_is_rescaled() -> None:
    basis = QuotaBasis(("A", "B", "C"), np.array([100.0, 100.0, 100.0]), potential=np.array([700.0, 200.0, 100.0]))
    found = divide(330, basis, QuotaWeights(0, 0, 1), QuotaRules(floor=0.9, cap=1.3))
    # wanted 231, 66, 33: A is capped at 130, C held at its floor of 90, B takes the 110 left
    assert [r.quota for r in found.rows] == [130.0, 110.0, 90.0]
    assert (found.rows[0].floor, found.rows[0].cap, found.rows[0].last) == (90.0, 130.0, 100.0)


def test_rounding_to_a_step_keeps_the_sum() -> None:
    basis = QuotaBasis(("A", "B", "C"))
    found = divide(10_000, basis, QuotaWeights(0, 0, 0, 1), QuotaRules(step=1000))
    assert sorted(r.quota for r in found.rows) == [3000.0, 3000.0, 4000.0]
    odd = divide(10_000.37, basis, QuotaWeights(0, 0, 0, 1), QuotaRules(step=1000))
    assert odd.total == 10_000.37
    assert any("multiple" in note for note in odd.notes)


def test_workload_lowers_a_quota_only_when_asked() -> None:
    basis = QuotaBasis(("A", "B"), hours=np.array([1000.0, 3000.0]))
    equal = QuotaWeights(0, 0, 0, 1)
    assert [r.quota for r in divide(400, basis, equal).rows] == [200.0, 200.0]
    found = divide(400, basis, equal, QuotaRules(workload=1))
    assert [r.quota for r in found.rows] == [300.0, 100.0]  # 2000/1000 : 2000/3000 = 3 : 1
    assert found.rows[1].parts["workload"] == -100.0


@pytest.mark.parametrize(
    ("basis", "used", "said"),
    [
        (QuotaBasis(("A", "B"), potential=np.array([1.0, 3.0])), {"potential": 1.0}, "no revenue of a last period"),
        (QuotaBasis(("A", "B"), np.array([1.0, 1.0])), {"history": 1.0}, "two periods"),
        (QuotaBasis(("A", "B")), {"equal": 1.0}, "Nothing is known"),
        (QuotaBasis(("A", "B"), np.array([1.0, 1.0]), potential=np.zeros(2)), {"history": 1.0}, "no potential"),
    ],
)
def test_weights_fall_to_what_there_is_and_it_is_said(basis: QuotaBasis, used: dict[str, float], said: str) -> None:
    found = divide(100, basis)
    assert {k: v for k, v in found.weights.items() if v} == pytest.approx(used)
    assert any(said in note for note in found.notes)


@pytest.mark.parametrize("rules", [QuotaRules(floor=1.2), QuotaRules(cap=0.8)])
def test_a_conflict_of_limits_and_target_is_named(rules: QuotaRules) -> None:
    with pytest.raises(InputError, match=r"add up to (120|80)\.00, (more|less) than the target of 100\.00"):
        divide(100, AB, rules=rules)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: QuotaWeights(0, 0, 0, 0), "above 0"),
        (lambda: QuotaWeights(history=-1), "history"),
        (lambda: QuotaRules(floor=1.4, cap=1.3), "above the cap"),
        (lambda: QuotaRules(step=0), "rounded"),
        (lambda: QuotaBasis(()), "nobody"),
        (lambda: QuotaBasis(("A", "A")), "A occurs twice"),
        (lambda: divide(0, AB), "above 0"),
        (lambda: divide(1e18, AB), "to the cent"),
        (lambda: divide(10, QuotaBasis(("A",), ramp=np.array([0.0]))), "capacity in the period"),
    ],
)
def test_bad_input_is_refused_in_words(make: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()  # type: ignore[operator]


def test_random_companies_add_up_to_the_cent_or_name_the_conflict() -> None:
    rng = np.random.default_rng(20)
    named = refused = 0
    for _ in range(rounds(250, long=1000)):
        k = int(rng.integers(1, 25))
        last = np.where(rng.random(k) < 0.8, np.round(rng.lognormal(11, 1, k), 2), np.nan)
        before = last * rng.uniform(0.5, 1.5, k)
        potential = rng.lognormal(12, 1, k) * (rng.random(k) < 0.9)
        basis = QuotaBasis(
            tuple(f"T{i}" for i in range(k)),
            last,
            before,
            potential,
            np.maximum(rng.random(k), 0.05),
            rng.uniform(0, 9, k),
        )
        target = float(np.round(np.nansum(last) * rng.uniform(0.7, 1.5) + 1000 * rng.random(), 2))
        floor, cap = (float(rng.uniform(0.5, 1)), float(rng.uniform(1, 1.6))) if rng.random() < 0.7 else (None, None)
        rules = QuotaRules(floor, cap, float(rng.choice([0.01, 1, 100, 1000])), float(rng.choice([0.0, 0.5])))
        weights = QuotaWeights(*(rng.random(4) + 0.001))
        try:
            found = divide(target, basis, weights, rules)
        except InputError as error:
            named += "add up to" in str(error)
            refused += 1
            continue
        assert adds_up(found)
        for r in found.rows:
            assert r.quota >= (r.floor or 0) - 1e-9
            assert r.cap is None or r.quota <= r.cap + 1e-9
    assert 0 < named == refused < rounds(200, long=800)


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=20), st.integers(0, 10**9), st.integers(1, 1000))
@examples(100)
def test_largest_remainder_keeps_the_sum_and_stays_near(shares: list[float], total: int, step: int) -> None:
    out = largest_remainder(np.array(shares), total, step)
    assert sum(out) == total
    exact = np.array(shares) / sum(shares) * total
    assert (np.abs(np.array(out) - exact) < 2 * step + 1).all()


def test_managers_get_less_than_their_street_quotas() -> None:
    quotas = divide(1050, QuotaBasis(("a", "b", "c")), QuotaWeights(0, 0, 0, 1))
    found = manager_levels(quotas, ["Kim", "Kim", "Lee"], over=1.05)
    assert [(m.manager, m.street, m.reps) for m in found] == [("Kim", 700.0, ("a", "b")), ("Lee", 350.0, ("c",))]
    assert sum(cents(m.quota) for m in found) == 100_000
    with pytest.raises(InputError, match="1 or more"):
        manager_levels(quotas, ["Kim"] * 3, over=0.9)


def test_seasons_come_from_whole_years() -> None:
    months = np.concatenate([np.ones(11), [13.0], np.full(5, 99.0)])  # December has 13 of 24; the rest is no year yet
    shares, note = season_shares(months)
    assert shares[11] == pytest.approx(13 / 24)
    assert note == ""
    equal, note = season_shares(np.ones(7))
    assert equal.tolist() == [1 / 12] * 12
    assert "Less than a year" in note
    assert sum(cents(v) for v in in_periods(100.01, shares)) == 10_001


def test_a_quota_set_by_hand_is_a_part() -> None:
    found = raised(divide(1200, AB), "A", 700)
    assert found.rows[0].quota == 700
    assert sum(found.rows[0].parts.values()) == pytest.approx(700)
    with pytest.raises(InputError, match="choose one of the rows"):
        raised(found, "Z", 1)


def test_the_fair_band_is_around_the_median() -> None:
    assert fair_band(np.array([1.0, 1.0, 1.1, 1.5, np.nan])).tolist() == [False, False, False, True, False]
    assert not fair_band(np.array([5.0])).any()
