"""Books of other shapes: `python -m benchmarks.books.shapes [--accounts 2000] [--books 15] [--seeds 10] [--only NAME]`.

Each shape is what some company has: a few accounts of a fifth of a rep's target, reps in one city, families, locks,
skills, places far from the origin, equal accounts, accounts without revenue, twice or half the reps.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.books.suite import GAP_MARK, LIMIT, MEASURES, ours
from terr.engine import BooksProblem, warm

OUT = Path(__file__).resolve().parents[1] / "out" / "books_shapes.json"
Given = dict[str, Any]


def usual(n: int, k: int, rng: np.random.Generator) -> Given:
    """Accounts in towns, three measures that go together, owners by nearest home with errors."""
    towns = rng.uniform(0, 3000, (max(5, 2 * k), 2))
    xy = towns[rng.choice(len(towns), n, p=rng.dirichlet(np.full(len(towns), 0.5)))] + rng.normal(0, 60, (n, 2))
    size = rng.normal(0, 1.0, n)
    weights = np.exp(np.column_stack([size, size + rng.normal(0, 0.5, n), 0.5 * size + rng.normal(0, 0.3, n)]))
    homes = xy[rng.choice(n, k, replace=False)]
    return {"weights": weights, "books": k, "xy_km": xy, "homes": homes}


def _owned(given: Given, rng: np.random.Generator) -> Given:
    """Owners of today, one in ten anybody."""
    homes, xy = given["homes"], given["xy_km"]
    near = np.array([int(((homes - p) ** 2).sum(axis=1).argmin()) for p in xy])
    given["start"] = np.where(rng.random(len(xy)) < 0.1, rng.integers(0, len(homes), len(xy)), near)
    given["keep_price"] = 10.0
    return given


def lumps(n: int, k: int, rng: np.random.Generator) -> Given:
    """One account for each two reps is 5 to 20% of a rep's target."""
    given = usual(n, k, rng)
    w = given["weights"]
    rows = rng.choice(n, max(1, k // 2), replace=False)
    w[rows] = rng.uniform(0.05, 0.2, (len(rows), 1)) * w.sum(axis=0) / k * rng.uniform(0.8, 1.2, (len(rows), 3))
    return given


def one_city(n: int, k: int, rng: np.random.Generator) -> Given:
    """Two thirds of the reps live in one city."""
    given = usual(n, k, rng)
    given["homes"][: 2 * k // 3] = given["homes"][0] + rng.normal(0, 15, (2 * k // 3, 2))
    return given


def half_the_reps(n: int, k: int, rng: np.random.Generator) -> Given:
    return usual(n, max(2, k // 2), rng)


def twice_the_reps(n: int, k: int, rng: np.random.Generator) -> Given:
    return usual(n, 2 * k, rng)


def skilled(n: int, k: int, rng: np.random.Generator) -> Given:
    """A tenth of the accounts asks for one skill, which half of the reps have, another tenth for another."""
    given = usual(n, k, rng)
    needs, has = rng.random((n, 2)) < 0.1, rng.random((k, 2)) < 0.5
    has[0] = True
    return {**given, "needs": needs, "has": has, "skills": ("Cloud", "Spanish")}


def families(n: int, k: int, rng: np.random.Generator) -> Given:
    """A third of the accounts are branches of a company, three of each on average."""
    return {**usual(n, k, rng), "families": np.where(rng.random(n) < 1 / 3, rng.integers(0, max(1, n // 9), n), -1)}


def locked(n: int, k: int, rng: np.random.Generator) -> Given:
    """A tenth stays with the rep who lives nearest."""
    given = usual(n, k, rng)
    near = np.array([int(((given["homes"] - p) ** 2).sum(axis=1).argmin()) for p in given["xy_km"]])
    room = np.zeros((k, 3))
    out = np.full(n, -1)
    share = given["weights"].sum(axis=0) / k
    for i in rng.permutation(n)[: n // 10].tolist():  # no more than half of a book, or nothing could hold the limits
        if ((room[near[i]] + given["weights"][i]) < 0.5 * share).all():
            room[near[i]] += given["weights"][i]
            out[i] = near[i]
    return {**given, "locked": out}


def far_away(n: int, k: int, rng: np.random.Generator) -> Given:
    """Coordinates of another continent's projection: far from the origin, below zero."""
    given = usual(n, k, rng)
    return {**given, "xy_km": given["xy_km"] - [14_000.0, 9_000.0], "homes": given["homes"] - [14_000.0, 9_000.0]}


def equal(n: int, k: int, rng: np.random.Generator) -> Given:
    """Every account weighs the same."""
    return {**usual(n, k, rng), "weights": np.ones((n, 3))}


def zeros(n: int, k: int, rng: np.random.Generator) -> Given:
    """Half of the accounts have nothing yet, in one measure or in all."""
    given = usual(n, k, rng)
    given["weights"][rng.random(n) < 0.25] = 0.0
    given["weights"][rng.random(n) < 0.25, 0] = 0.0
    return given


def owned(n: int, k: int, rng: np.random.Generator) -> Given:
    """As the main benchmark: owners of today, and a price for leaving them."""
    return _owned(usual(n, k, rng), rng)


SHAPES: dict[str, Callable[[int, int, np.random.Generator], Given]] = {
    "lumps": lumps, "reps in one city": one_city, "half the reps": half_the_reps, "twice the reps": twice_the_reps,
    "skills": skilled, "families": families, "locks": locked, "far coordinates": far_away, "equal accounts": equal,
    "accounts without anything": zeros, "owned today": owned,
}  # fmt: skip


def problem_of(shape: str, n: int, k: int, seed: int) -> BooksProblem:
    """A shape's problem: three measures within 3%."""
    given = SHAPES[shape](n, k, np.random.default_rng([seed, len(shape)]))
    return BooksProblem.from_arrays(given.pop("weights"), MEASURES, limits=dict.fromkeys(MEASURES, LIMIT), **given)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=2_000)
    parser.add_argument("--books", type=int, default=15)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--only", choices=sorted(SHAPES))
    parser.add_argument("--json", type=Path, default=OUT)
    options = parser.parse_args()
    warm()
    found: dict[str, Any] = {}
    for shape in [options.only] if options.only else SHAPES:
        rows = [ours(problem_of(shape, options.accounts, options.books, s)) for s in range(1, options.seeds + 1)]
        gaps = [100.0 if r["gap_pct"] is None else r["gap_pct"] for r in rows]
        found[shape] = {
            "feasible": f"{sum(r['within'] for r in rows)} of {len(rows)}",
            "gap_pct": {"median": round(statistics.median(gaps), 3), "worst": max(gaps), "mark": GAP_MARK},
            "cpu_s": {"median": statistics.median(r["cpu_s"] for r in rows), "worst": max(r["cpu_s"] for r in rows)},
            "seeds": rows,
        }
        print(shape, {k: v for k, v in found[shape].items() if k != "seeds"}, flush=True)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
