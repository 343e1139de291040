"""Visits: 200 accounts on 20 days, seconds of a processor, miles, and what ten times the search would save.

Run it with `python -m benchmarks.visits.visits`; it prints a table and writes JSON where `--json FILE` says.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from terr.engine.visits.planning import plan_visits
from terr.engine.visits.problem import VisitProblem

SEEDS = (1, 2)
MOST_S, MOST_LOSS = 30.0, 0.03


def towns(load: float, *, accounts: int = 200, days: int = 20, seed: int = 3) -> VisitProblem:
    """Accounts in eight towns around a home, one in ten weekly, three in ten every two weeks."""
    rng = np.random.default_rng(seed)
    middles = rng.normal(0, 1, (8, 2)) * 12
    at = np.vstack([[0, 0], middles[rng.integers(0, 8, accounts)] + rng.normal(0, 4, (accounts, 2))])
    road = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) * 1.2
    tier = rng.choice(3, accounts, p=[0.1, 0.3, 0.6])
    often = np.array([4, 2, 1])[tier]
    often[(tier == 2) & (rng.random(accounts) < 0.5)] = 0
    account = np.repeat(np.arange(accounts), often)
    k, f = np.concatenate([np.arange(x) for x in often]), often[account]
    period = 7 * days // 5
    opens = np.full((accounts, days), 540)
    return VisitProblem(
        np.ceil(road / 40 * 60).astype(np.int64),
        np.round(road * 100).astype(np.int64),
        (np.array([45, 30, 20])[tier] * load).astype(np.int64),
        opens,
        opens + 480,
        np.array([7 * w + d for w in range(days // 5) for d in range(5)]),
        480,
        1_080,
        account,
        k * period // f,
        (k + 1) * period // f - 1,
        np.where(k > 0, np.maximum(3, period // f // 2), 1),
        np.array([9, 3, 1])[tier][account],
    )


def measured(name: str, problem: VisitProblem) -> dict[str, Any]:
    """One case at effort 1 and 10, the worst of the seeds beside the best found at all."""
    rows = []
    for effort in (1.0, 10.0):
        for seed in SEEDS:
            began = time.process_time()
            found = plan_visits(problem, seed=seed, effort=effort)
            rows.append((effort, time.process_time() - began, found.sums.visits, found.sums.miles / 100))
    usual, longer = [r for r in rows if r[0] == 1.0], [r for r in rows if r[0] == 10.0]
    best = min(r[3] for r in longer)
    return {
        "case": name,
        "visits": len(problem.account),
        "planned": [r[2] for r in usual],
        "seconds": round(max(r[1] for r in usual), 1),
        "miles": [r[3] for r in usual],
        "miles_ten_times": [r[3] for r in longer],
        "planned_ten_times": [r[2] for r in longer],
        "loss": round(max(r[3] for r in usual) / best - 1, 4),
        "miles_nearest_neighbor": found.nearest.miles / 100,
        "visits_nearest_neighbor": found.nearest.visits,
    }


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", metavar="FILE")
    args = parser.parse_args()
    plan_visits(towns(0.7), effort=0.001)  # compiled
    rows = [measured("room for all visits", towns(0.7)), measured("more visits than hours", towns(1.0))]
    for r in rows:
        print(
            f"{r['case']}: {r['planned']} of {r['visits']} visits, {r['seconds']} s, {r['miles']} miles; ten times the "
            f"search {r['miles_ten_times']} ({r['planned_ten_times']} visits), {r['loss']:+.1%}; nearest neighbor "
            f"{r['visits_nearest_neighbor']} visits, {r['miles_nearest_neighbor']:,.1f} miles"
        )
    if args.json:
        Path(args.json).write_text(json.dumps(rows, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
