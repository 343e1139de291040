"""Cadences over working days: cases by hand, then what must always hold."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.places.working_days import public_holidays
from terr.planbook.cadence import (
    USUAL_CADENCES,
    Cadence,
    CadenceStep,
    TouchMove,
    lay_out,
    outside,
    overfull,
)
from tests.helpers.effort import examples

YEAR = date(2027, 1, 1), date(2027, 12, 31)
MONDAY = date(2027, 1, 4)
TWO = Cadence("A", 2, (CadenceStep(1, 0, "Email"), CadenceStep(2, 2, "Call")))


def days(touches, account):
    return [(t.day.isoformat(), t.channel) for t in touches if t.account_id == account]


def test_one_account_by_hand():
    found = lay_out([("a", "A")], [TWO], MONDAY, most_a_day=8)
    # Monday of week 1, Wednesday of week 2, and the decision on the Monday after week 2
    assert days(found, "a") == [("2027-01-04", "Email"), ("2027-01-13", "Call"), ("2027-01-18", "Decision")]


def test_a_full_day_passes_touches_on_and_the_more_important_comes_first():
    found = lay_out([("a", "A"), ("b", "A"), ("c", "A")], [TWO], MONDAY, most_a_day=1, slack=0)
    assert [d for d, c in days(found, "a") if c == "Email"] == ["2027-01-04"]
    assert [d for d, c in days(found, "b") if c == "Email"] == ["2027-01-05"]
    assert [d for d, c in days(found, "c") if c == "Email"] == ["2027-01-06"]


def test_touches_are_evened_out_over_two_more_working_days():
    found = lay_out([(x, "A") for x in "abcd"], [TWO], MONDAY, most_a_day=8)
    first = [t.day.isoformat() for t in found if t.channel == "Email"]
    assert first == ["2027-01-04", "2027-01-04", "2027-01-05", "2027-01-06"]  # a, d; b; c


def test_holidays_weekends_and_a_start_in_the_middle_of_a_week():
    king = public_holidays(*YEAR, "US")
    assert king[date(2027, 1, 18)].startswith("Martin Luther King")
    one = Cadence("A", 1, (CadenceStep(1, 0, "Email"), CadenceStep(1, 4, "Call"), CadenceStep(1, 5, "Visit")))
    found = lay_out([("a", "A")], [one], date(2027, 1, 18), most_a_day=3, slack=0, closed=king)
    # Monday is a holiday, Saturday isn't worked
    assert days(found, "a")[:3] == [("2027-01-19", "Email"), ("2027-01-22", "Call"), ("2027-01-25", "Visit")]
    late = lay_out([("a", "A")], [one], date(2027, 1, 7), most_a_day=3, slack=0)
    assert days(late, "a")[0] == ("2027-01-07", "Email")  # Monday lies before the start


def test_holidays_are_of_the_state_and_unknown_places_are_told():
    assert date(2027, 3, 31) in public_holidays(*YEAR, "US", "CA")  # Cesar Chavez Day
    assert date(2027, 3, 31) not in public_holidays(*YEAR, "US", "OH")
    assert public_holidays(*YEAR, "") == {}
    for country, state in (("XX", ""), ("US", "Nowhere"), ("=1+1", "")):
        with pytest.raises(InputError, match="write a country as US"):
            public_holidays(*YEAR, country, state)


def test_a_day_chosen_by_a_person_stays_and_counts():
    moved = [TouchMove("a", 0, date(2027, 1, 5)), TouchMove("gone", 0, date(2027, 1, 5))]
    found = lay_out([("a", "A"), ("b", "A")], [TWO], MONDAY, most_a_day=1, slack=0, moves=moved)
    assert days(found, "a")[0] == ("2027-01-05", "Email")
    assert days(found, "b")[0] == ("2027-01-04", "Email")
    weekend = lay_out([("a", "A")], [TWO], MONDAY, most_a_day=1, moves=[TouchMove("a", 0, date(2027, 1, 9))])
    assert [t.day for t in outside(weekend, (0, 1, 2, 3, 4), ())] == [date(2027, 1, 9)]
    both = [TouchMove("a", 0, date(2027, 1, 5)), TouchMove("b", 0, date(2027, 1, 5))]
    full = lay_out([("a", "A"), ("b", "A")], [TWO], MONDAY, most_a_day=1, moves=both)
    assert overfull(full, 1) == (date(2027, 1, 5),)


def test_a_tier_without_a_cadence_gets_nothing_and_no_day_is_told():
    assert lay_out([("a", "Z")], [TWO], MONDAY, most_a_day=1) == ()
    assert lay_out([], [TWO], MONDAY, most_a_day=1) == ()
    with pytest.raises(InputError, match="at least one touch a day"):
        lay_out([("a", "A")], [TWO], MONDAY, most_a_day=0)
    shut = [MONDAY + timedelta(days=d) for d in range(1200)]
    with pytest.raises(InputError, match="no working day"):
        lay_out([("a", "A")], [TWO], MONDAY, most_a_day=1, closed=shut)


def test_cadences_check_themselves():
    with pytest.raises(InputError, match="after its last week"):
        Cadence("A", 1, (CadenceStep(2, 0, "Call"),))
    for week, day, channel in ((0, 0, "Call"), (1, 7, "Call"), (1, 0, "Pigeon")):
        with pytest.raises(InputError):
            CadenceStep(week, day, channel)
    with pytest.raises(InputError, match="1 to 26 weeks"):
        Cadence("A", 0, ())


@examples(40)
@given(
    tiers=st.lists(st.sampled_from("ABCZ"), max_size=25),
    start=st.dates(date(2026, 1, 1), date(2028, 12, 31)),
    most=st.integers(1, 9),
    slack=st.integers(0, 4),
    weekdays=st.sets(st.integers(0, 6), min_size=1),
    off=st.lists(st.integers(0, 60), max_size=10),
)
def test_what_always_holds(tiers, start, most, slack, weekdays, off):
    accounts = [(f"a{k}", t) for k, t in enumerate(tiers)]
    closed = {start + timedelta(days=d) for d in off}
    found = lay_out(accounts, USUAL_CADENCES, start, most_a_day=most, slack=slack, weekdays=weekdays, closed=closed)
    touches = [t for t in found if not t.decision]
    assert all(t.day >= start and t.day.weekday() in weekdays and t.day not in closed for t in found)
    assert max(Counter(t.day for t in touches).values(), default=0) <= most
    steps = {c.tier: len(c.steps) for c in USUAL_CADENCES}
    for account, tier in accounts:
        mine = [t for t in found if t.account_id == account]
        assert len(mine) == (steps[tier] + 1 if tier in steps else 0)
        assert [t.step for t in mine] == sorted(t.step for t in mine)  # never two on a day, never out of order
        assert len({t.day for t in mine}) == len(mine)
        assert all(t.day >= t.wanted for t in mine)
    assert [t.day for t in found] == sorted(t.day for t in found)
