"""How many reps: examples of the literature, and by hand."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

from terr.errors import InputError
from terr.people.capacity import (
    STEADY,
    Ramp,
    Service,
    capacity_between,
    capacity_on,
    hiring_plan,
    months_between,
    quarters,
)
from terr.people.sizing import TierWork, by_marginal_return, by_potential, by_workload


def test_the_textbook_case_of_talleys_workload_method() -> None:
    """1,000 A accounts at 36 calls and 2,000 B accounts at 12 need 60,000 calls; at 1,000 calls a rep, 60 reps."""
    found = by_workload((TierWork("A", 1000, 36, 60), TierWork("B", 2000, 12, 60)), selling_hours=1000)
    assert found.hours == 60_000
    assert found.reps == 60


def test_the_workload_method_in_hours() -> None:
    """Churchill, Ford and Walker, Sales Force Management: 200 A at 52 x 60 min, 350 B at 24 x 30, 480 C at 12 x 15 are
    16,040 hours; 48 weeks of 40 hours, 40% of them selling, are 768: 20.9 reps."""
    tiers = (TierWork("A", 200, 52, 60), TierWork("B", 350, 24, 30), TierWork("C", 480, 12, 15))
    found = by_workload(tiers, selling_hours=768)
    assert found.hours == 16_040
    assert found.reps == pytest.approx(20.885, abs=0.001)
    assert found.each["C"] == pytest.approx(256)  # 768 h / 3 h


def test_semlows_two_territories() -> None:
    """As the literature retells Semlow: territories of 1% of potential sold $160,000, those of 5% $200,000; then 100
    territories sell $16M and 20 sell $4M."""
    sales, potential = np.array([200_000.0] * 19 + [160_000.0] * 5), np.array([5.0] * 19 + [1.0] * 5)
    found = by_potential(sales, potential, margin=0.25, cost=20_000, most=200)
    assert found.response == pytest.approx(math.log(200 / 160) / math.log(5))

    def sold(n: int) -> float:
        return 160_000 * (1 / n / 0.01) ** found.response * n

    assert sold(100) == pytest.approx(16e6)
    assert sold(20) == pytest.approx(4e6)
    assert found.sales == pytest.approx(sold(found.reps), rel=1e-9)
    assert all(0.25 * sold(n) - 20_000 * n <= found.profit + 1e-6 for n in range(1, 201))


def test_potential_says_where_it_says_nothing() -> None:
    x = np.array([1.0, 2.0, 4.0])
    assert "sell no more" in by_potential(10 * x, x, 0.3, 1.0).note  # sales in proportion: smaller ones bring nothing
    assert "says little" in by_potential(1 / x, x, 0.3, 0.1).note
    with pytest.raises(InputError, match="two territories"):
        by_potential(np.array([1.0]), np.array([1.0]), 0.3, 1.0)
    with pytest.raises(InputError, match="margin"):
        by_potential(x, x, 30, 1.0)


def test_marginal_return_by_hand() -> None:
    # sales = 100 sqrt(n); margin .5: the n-th rep brings 50 (sqrt n - sqrt(n - 1)): 10.65 for the 6th, 9.81 for the 7th
    found = by_marginal_return(4, 200.0, 0.5, 10.0, elasticity=0.5)
    assert found.reps == 6
    assert found.next_sales == pytest.approx(100 * (math.sqrt(5) - 2))
    assert found.next_margin == pytest.approx(50 * (math.sqrt(5) - 2))


def test_ramp_by_full_months() -> None:
    new = Service(start=date(2026, 1, 15))
    days = [date(2026, 1, 14), date(2026, 1, 15), date(2026, 2, 14), date(2026, 2, 15), date(2026, 5, 15)]
    assert [capacity_on(new, d, Ramp()) for d in days] == [0, 0, 0, 0.25, 1.0]
    assert months_between(date(2026, 1, 31), date(2026, 2, 28)) == 1
    assert months_between(date(2026, 3, 1), date(2026, 2, 1)) == -1


def test_capacity_of_a_period() -> None:
    first, last = quarters(2026)[0]
    assert (first, last) == (date(2026, 1, 1), date(2026, 3, 31))
    assert capacity_between(Service(), first, last, STEADY) == 1
    leaver = Service(end=date(2026, 1, 30), share=0.5, days_off=26)
    assert capacity_between(leaver, first, last, STEADY) == pytest.approx(30 / 90 * 0.5 * 0.9)
    assert quarters(2026, 7)[3][1] == date(2027, 6, 30)


def test_hiring_starts_as_late_as_the_ramp_allows() -> None:
    plan = hiring_plan([10.0] * 4 + [12.0] * 4, [10.0] * 8, date(2026, 1, 20))
    assert [m.hires for m in plan] == [2, 0, 0, 0, 0, 0, 0, 0]  # fully ramped after four months
    assert plan[4].hired == 2
    assert not any(m.short for m in plan)
    assert plan[1].month == date(2026, 2, 1)


def test_a_hole_nobody_can_fill_in_time_is_said() -> None:
    plan = hiring_plan([11.0] * 6, [10.0] * 6, date(2026, 1, 1))
    assert [round(m.short, 2) for m in plan] == [1, 0.75, 0.5, 0.25, 0, 0]
    assert sum(m.hires for m in plan) == 1


def test_attrition_is_replaced() -> None:
    plan = hiring_plan([10.0] * 12, [10.0] * 12, date(2026, 1, 1), attrition=0.3)
    assert plan[11].there == pytest.approx(10 * 0.7 ** (11 / 12))
    assert sum(m.hires for m in plan) == 4  # 7.2 stay of ten; four hires ramp up in turn
    assert not any(m.short for m in plan[4:])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Ramp((0.5, 0.2)), "can't fall"),
        (lambda: Ramp((1.5,)), "0 to 100%"),
        (lambda: Service(date(2026, 2, 1), date(2026, 1, 1)), "before the start"),
        (lambda: Service(share=0), "above 0"),
        (lambda: capacity_between(Service(), date(2026, 2, 1), date(2026, 1, 1), STEADY), "first day"),
        (lambda: hiring_plan([1.0], [1.0, 2.0], date(2026, 1, 1)), "120 months"),
        (lambda: hiring_plan([1.0], [1.0], date(2026, 1, 1), attrition=1), "attrition"),
        (lambda: by_workload((), 0), "selling hours"),
        (lambda: TierWork("A", 1, -1, 30), "tier A"),
        (lambda: by_marginal_return(0, 1, 0.5, 1), "a rep or more"),
    ],
)
def test_bad_input_is_refused_in_words(make: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()  # type: ignore[operator]
