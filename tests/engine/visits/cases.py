"""Small problems with known answers, and random ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from terr.engine.visits.frequency import due_visits
from terr.engine.visits.problem import VisitProblem


def on_a_line(at: list[int], *, days: int = 5, call: int = 30, hours: float = 8.0, **more: Any) -> VisitProblem:
    """Accounts at so many miles east of home, a minute a mile, one visit each; `more` replaces fields."""
    places = np.array([0, *at])
    miles = np.abs(places[:, None] - places[None, :])
    n = len(at)
    fields: dict[str, Any] = {
        "minutes": miles,
        "miles": miles * 100,
        "service": np.full(n, call),
        "opens": np.zeros((n, days)),
        "closes": np.full((n, days), 1440),
        "day_number": np.arange(days),
        "day_start": 480,
        "day_end": 480 + int(60 * hours),
        "account": np.arange(n),
        "first": np.zeros(n),
        "last": np.full(n, days - 1),
        "gap": np.ones(n),
        "value": np.ones(n),
    } | more
    return VisitProblem(**fields)


def random_problem(seed: int, *, accounts: int = 30, weeks: int = 4) -> VisitProblem:
    """Accounts in towns around a home, with windows, days off, last visits and far places."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, accounts + 1))
    towns = rng.normal(0, rng.choice([10, 25, 60]), (int(rng.integers(1, 6)), 2))
    at = np.vstack([[0, 0], towns[rng.integers(0, len(towns), n)] + rng.normal(0, 5, (n, 2))])
    miles = np.hypot(*(at[:, None] - at[None, :]).transpose(2, 0, 1)) * 1.2
    calls = rng.choice([0, 4, 12, 13, 24, 26, 52, 104, 260], n).astype(float)
    last = np.where(rng.random(n) < 0.5, -rng.integers(1, 120, n).astype(float), np.nan)
    working = np.array([d for d in range(7 * weeks) if d % 7 < 5 and rng.random() > 0.08])
    due = due_visits(calls, last, 7 * weeks, working)
    opens = np.where(rng.random(n) < 0.5, 0, rng.integers(420, 780, n))
    closes = np.where(rng.random(n) < 0.5, 1440, opens + rng.integers(20, 600, n))
    opens, closes = np.repeat(opens[:, None], len(working), 1), np.repeat(closes[:, None], len(working), 1)
    closes[rng.random(closes.shape) < 0.1] = -1  # closed that day
    return VisitProblem(
        np.ceil(miles * 1.5),
        np.round(miles * 100),
        rng.integers(5, 90, n),
        opens,
        closes,
        working,
        480,
        480 + int(rng.integers(3, 11)) * 60,
        due.account,
        due.first,
        due.last,
        due.gap,
        np.maximum(1, calls[due.account]),
    )
