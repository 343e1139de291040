"""Books of accounts beside its peers: `python -m benchmarks.books.suite [--seeds 10] [--large 3] [--json OUT]`.

Accounts lie in clusters of uneven size; revenue and potential are log-normal and go together, hours less so. Three
measures within 3%. Peers: the whole assignment model on HiGHS (time limit 60 s, one seed), round robin by size, the
nearest rep, and k-means-constrained, where it is installed (it bounds the number of accounts only).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pulp
from numpy.typing import NDArray

from terr.engine import BooksProblem, design_books

OUT = Path(__file__).resolve().parents[1] / "out" / "books.json"
MEASURES = ("Revenue", "Potential", "Hours")
LIMIT = 0.03
CASES = {"5,000 x 30": (5_000, 30, 5.0), "50,000 x 200": (50_000, 200, 60.0)}
WHOLE_SECONDS = 60.0
GAP_MARK = 0.5
Way = Callable[[BooksProblem], NDArray[np.int64] | None]


def lumpy(n: int, k: int, seed: int) -> BooksProblem:
    """Clustered accounts, log-normal measures, homes drawn from the accounts, owners by nearest home with errors."""
    rng = np.random.default_rng(seed)
    towns = rng.uniform(0, 3000, (max(5, 2 * k), 2))
    xy = towns[rng.choice(len(towns), n, p=rng.dirichlet(np.full(len(towns), 0.5)))] + rng.normal(0, 60, (n, 2))
    revenue = np.exp(rng.normal(0, 1.2, n))
    weights = np.column_stack([revenue, revenue * np.exp(rng.normal(0, 0.5, n)), np.exp(rng.normal(0, 0.5, n))])
    homes = xy[rng.choice(n, k, replace=False)]
    owner = np.array([int(((homes - p) ** 2).sum(axis=1).argmin()) for p in xy])
    owner = np.where(rng.random(n) < 0.1, rng.integers(0, k, n), owner)
    return BooksProblem.from_arrays(
        weights,
        MEASURES,
        books=k,
        xy_km=xy,
        homes=homes,
        limits=dict.fromkeys(MEASURES, LIMIT),
        start=owner,
        keep_price=10.0,
    )


def nearest(problem: BooksProblem) -> NDArray[np.int64]:
    return np.asarray(problem.distances(problem.homes).argmin(axis=1), np.int64)


def round_robin(problem: BooksProblem) -> NDArray[np.int64]:
    """Largest first, forth and back."""
    out = np.zeros(len(problem), np.int64)
    place = np.arange(len(problem))
    turn, at = place // problem.books, place % problem.books
    out[np.argsort(-problem.weights[:, 0], kind="stable")] = np.where(turn % 2, problem.books - 1 - at, at)
    return out


def whole_model(problem: BooksProblem) -> NDArray[np.int64] | None:
    """Every pair in one PuLP model on HiGHS."""
    n, k = len(problem), problem.books
    cost = problem.distances(problem.homes) + problem.keep[:, None] * (np.arange(k) != problem.start[:, None])
    lp = pulp.LpProblem("whole", pulp.LpMinimize)
    x = [[lp.add_variable(f"x{i}_{j}", 0, 1, pulp.LpBinary) for j in range(k)] for i in range(n)]
    lp += pulp.LpAffineExpression([(x[i][j], float(cost[i, j])) for i in range(n) for j in range(k)])
    for i in range(n):
        lp += pulp.LpAffineExpression([(v, 1.0) for v in x[i]]) == 1
    for j in range(k):
        for q in range(len(MEASURES)):
            scale = float(problem.targets[j, q])
            load = pulp.LpAffineExpression([(x[i][j], float(problem.weights[i, q]) / scale) for i in range(n)])
            lp += load <= 1 + LIMIT
            lp += load >= 1 - LIMIT
    lp.solve(pulp.HiGHS(msg=False, timeLimit=WHOLE_SECONDS, threads=1))
    value = np.array([[v.varValue or 0.0 for v in row] for row in x])
    return value.argmax(axis=1) if value.sum() > n / 2 else None


def constrained_k_means(problem: BooksProblem) -> NDArray[np.int64] | None:
    """Number of accounts within the limit, around the homes."""
    try:
        from k_means_constrained import KMeansConstrained  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        return None
    size = len(problem) / problem.books
    model = KMeansConstrained(
        problem.books,
        size_min=int(size * (1 - LIMIT)),
        size_max=int(np.ceil(size * (1 + LIMIT))),
        init=problem.homes,
        n_init=1,
    )
    return np.asarray(model.fit_predict(problem.xy_km), np.int64)


def figures(problem: BooksProblem, assign: NDArray[Any]) -> dict[str, Any]:
    """Balance, travel and owners of any books."""
    km = problem.distances(problem.homes)[np.arange(len(problem)), assign]
    return {
        "worst_off_pct": round(100 * float(np.abs(problem.deviations(assign)).max()), 2),
        "within": bool(not problem.excess(assign).any()),
        "mean_km": round(float(km.mean()), 2),
        "changed_pct": round(100 * float((problem.start != assign).mean()), 2),
    }


def ours(problem: BooksProblem) -> dict[str, Any]:
    result = design_books(problem, seed=1)
    return {
        **figures(problem, result.assign),
        "status": result.status,
        "gap_pct": None if result.gap is None else round(100 * result.gap, 3),
        "split": result.split,
        "columns": result.columns,
        "seconds": round(result.runtime_s, 2),
        "cpu_s": round(result.cpu_s, 2),
    }


def peer(problem: BooksProblem, way: Way) -> dict[str, Any] | None:
    clock, cpu = time.perf_counter(), time.process_time()
    assign = way(problem)
    spent = {"seconds": round(time.perf_counter() - clock, 2), "cpu_s": round(time.process_time() - cpu, 2)}
    return (
        {"within": False, "note": "no answer or not installed", **spent}
        if assign is None
        else {
            **figures(problem, assign),
            **spent,
        }
    )


def run(name: str, seeds: int) -> dict[str, Any]:
    n, k, mark = CASES[name]
    design_books(lumpy(300, 4, 0), effort=0.1)  # compiles
    rows, peers = [], {}
    for seed in range(1, seeds + 1):
        problem = lumpy(n, k, seed)
        rows.append({"seed": seed, **ours(problem)})
        print(name, rows[-1], flush=True)
        if seed == 1:
            ways: dict[str, Way] = {"nearest rep": nearest, "round robin by size": round_robin}
            if n <= 5_000:
                ways |= {"k-means-constrained": constrained_k_means, "HiGHS, whole model": whole_model}
            for label, way in ways.items():
                peers[label] = peer(problem, way)
                print(" ", label, peers[label], flush=True)
    gaps = [r["gap_pct"] for r in rows if r["gap_pct"] is not None]
    cpu = [r["cpu_s"] for r in rows]
    summary = {
        "feasible": f"{sum(r['within'] for r in rows)} of {seeds}",
        "gap_pct": {
            "median": statistics.median(gaps) if gaps else None,
            "worst": max(gaps, default=None),
            "mark": GAP_MARK,
        },
        "cpu_s": {"median": statistics.median(cpu), "worst": max(cpu), "mark": mark},
        "seconds": {"median": statistics.median(r["seconds"] for r in rows), "worst": max(r["seconds"] for r in rows)},
        "mean_km": statistics.median(r["mean_km"] for r in rows),
    }
    print(name, summary, flush=True)
    return {"summary": summary, "seeds": rows, "peers": peers}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--large", type=int, default=3, help="seeds of the large case, 0 = leave it out")
    parser.add_argument("--json", type=Path, default=OUT)
    options = parser.parse_args()
    found = {name: run(name, n) for name, n in zip(CASES, (options.seeds, options.large), strict=True) if n}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
