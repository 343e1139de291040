"""Calls a year become visits with windows."""

from __future__ import annotations

import numpy as np
import pytest

from terr.engine.visits.frequency import due_visits, least_gap
from terr.errors import InputError

WORKING = np.array([7 * w + d for w in range(4) for d in range(5)])
NAN = float("nan")


def windows(calls: float, last: float = NAN, days: int = 28) -> list[tuple[int, int, int]]:
    working = np.array([d for d in range(days) if d % 7 < 5])
    due = due_visits(np.array([calls]), np.array([last]), days, working)
    return list(zip(due.first.tolist(), due.last.tolist(), due.gap.tolist(), strict=True))


@pytest.mark.parametrize(
    ("calls", "last", "expected"),
    [
        (52, NAN, [(0, 6, 1), (7, 13, 3), (14, 20, 3), (21, 27, 3)]),  # each calendar week, three days apart
        (52, -1, [(2, 6, 1), (7, 13, 3), (14, 20, 3), (21, 27, 3)]),  # not within three days of the last one
        (26, NAN, [(0, 13, 1), (14, 27, 7)]),
        (13, NAN, [(0, 27, 1)]),
        (13, -1, [(13, 27, 1)]),  # due on day 27, half its interval from the last one at the earliest
        (13, -60, [(0, 14, 1)]),  # overdue: within half its interval
        (4, -30, []),  # due on day 61
        (4, -80, [(0, 27, 1)]),  # due on day 11, 45 days either way
        (24, -1, [(7, 21, 1)]),  # due on day 14.17, half of 15.17 days either way
        (0, -500, []),
        (104, NAN, [(0, 1, 1), (2, 4, 3), (7, 8, 3), (9, 11, 3), (14, 15, 3), (16, 18, 3), (21, 22, 3), (23, 25, 3)]),
    ],
)
def test_by_hand(calls: float, last: float, expected: list[tuple[int, int, int]]) -> None:
    assert windows(calls, last) == expected


def test_daily_calls_are_on_each_working_day() -> None:
    assert [(a, b) for a, b, _ in windows(260)] == [(d, d) for d in WORKING.tolist()]


def test_least_gap_is_half_the_interval_and_three_days_at_least_where_there_is_room() -> None:
    assert [least_gap(t) for t in (1.4, 2.33, 3.5, 7, 14, 28, 91)] == [1, 2, 3, 3, 7, 14, 45]


def test_calls_of_unknown_last_visits_add_up() -> None:
    due = due_visits(np.full(100, 4.0), np.full(100, NAN), 28, WORKING)
    assert len(due.account) == round(100 * 4 * 28 / 364)
    assert np.diff(due.account).max() - np.diff(due.account).min() <= 1  # spread evenly over the list
    assert (due.next_due == -1).all()


def test_overdue_and_what_is_due_next_are_told() -> None:
    due = due_visits(np.array([13.0, 13.0, 4.0]), np.array([-60.0, -3.0, -30.0]), 28, WORKING)
    assert due.overdue.tolist() == [32, 0, 0]
    assert due.next_due.tolist() == [-1, -1, 61]


@pytest.mark.parametrize(
    ("calls", "days", "words"),
    [(-1, 28, "calls a year"), (261, 28, "260"), (NAN, 28, "calls"), (4, 6, "1 to 52 weeks")],
)
def test_what_cant_be_is_refused(calls: float, days: int, words: str) -> None:
    with pytest.raises(InputError, match=words):
        due_visits(np.array([calls]), np.array([NAN]), days, WORKING)
