"""A Dask cluster against this machine's own threads and processes, in pairs, and how both grow, by a simulation.

    python -m benchmarks.engine.cluster [--pairs 5] [--designs 16]

Each pair is one run here and one on a scheduler and two workers of this machine, in turn first, with the same seed; the
plans must be the same. What is reported is the median of the pairs' ratios, which a busy machine moves less than it
does times. The simulation takes the calls, bytes and seconds measured in the same run.
"""

from __future__ import annotations

import argparse
import heapq
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.engine.cases import lower48, many_cells, texas
from terr.engine import design
from terr.engine.executor import Threads
from terr.engine.pool import BEHIND, Pool, Processes
from terr.engine.remote.calls import designed
from terr.engine.remote.cluster import Batch, Cluster
from terr.model.problem import Problem
from terr.model.progress import Progress
from tests.helpers.cluster import LoopbackCluster

WORKERS = 2
LINK_BYTES_S = 1.25e9 / 2
"""What a link of 10 Gbit/s gives two that share it."""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    out = work()
    return time.perf_counter() - began, out


def pairs(
    here: Callable[[int], Any], there: Callable[[int], Any], count: int, same: Callable[[Any, Any], bool]
) -> tuple[list[float], list[float]]:
    """Seconds of both, run in turn; the order changes from pair to pair."""
    times: tuple[list[float], list[float]] = ([], [])
    for seed in range(1, count + 1):
        ways = [(0, here), (1, there)]
        made: dict[int, Any] = {}
        for which, way in ways if seed % 2 else ways[::-1]:
            seconds, made[which] = timed(lambda way=way, seed=seed: way(seed))
            times[which].append(seconds)
        assert same(made[0], made[1]), "not the same plan"
    return times


def median_ratio(a: Sequence[float], b: Sequence[float]) -> float:
    return statistics.median(x / y for x, y in zip(a, b, strict=True))


def one_design(name: str, problem: Problem, effort: float, address: str, count: int) -> tuple[list[Batch], float]:
    """Overhead on one design; gives what the last one sent, and its seconds outside such calls."""
    last: list[Cluster] = []

    def there(seed: int) -> Any:
        last[:] = [Cluster(address, Threads(WORKERS))]
        return design(problem, seed=seed, effort=effort, executor=last[0])

    design(problem, seed=99, effort=effort / 10, executor=Cluster(address, Threads(WORKERS)))  # loads what is needed
    a, b = pairs(
        lambda seed: design(problem, seed=seed, effort=effort, executor=Threads(WORKERS)),
        there,
        count,
        lambda x, y: bool(np.array_equal(x.assign, y.assign)) and not last[0].notes,
    )
    sent = last[0]
    print(
        f"one design, {name} ({len(problem):,} areas, {problem.territories} territories): here "
        f"{statistics.median(a):.1f} s, cluster {statistics.median(b):.1f} s, "
        f"ratio {median_ratio(b, a):.3f} of {count} pairs "
        f"({', '.join(f'{y / x:.2f}' for x, y in zip(a, b, strict=True))}); "
        f"{sent.sent_calls} calls, {sent.sent_bytes / 1e6:.2f} MB sent"
    )
    for batch in sent.batches:
        worth = f"{min(batch.seconds):.3f}-{max(batch.seconds):.3f} s" if batch.seconds else "none"
        print(
            f"    {batch.name}: {batch.calls} calls of {worth}, {batch.sent_bytes / 1e3:.0f} kB, {batch.wall_s:.2f} s"
        )
    return sent.batches, max(0.0, b[-1] - sum(x.wall_s for x in sent.batches))


def sweep(problem: Problem, effort: float, address: str, count: int, designs: int) -> Batch:
    """Throughput on a sweep, the cluster's as a share of that of this machine's processes."""
    pool, last = Pool(WORKERS), list[Cluster]()

    def items(seed: int) -> list[tuple[Problem, int]]:
        return [(problem, 100 * seed + z) for z in range(designs)]

    def there(seed: int) -> Any:
        last[:] = [Cluster(address, Threads(WORKERS))]
        return last[0].run(partial(designed, None, effort), items(seed), progress=Progress(), stage="Plan")

    def here(seed: int) -> Any:
        return Processes(pool).run(partial(designed, None, effort), items(seed), progress=Progress(), stage="Plan")

    try:
        here(99)
        a, b = pairs(
            here, there, count, lambda x, y: all(np.array_equal(p.assign, q.assign) for p, q in zip(x, y, strict=True))
        )
    finally:
        pool.shutdown()
    batch = last[0].batches[0]
    print(
        f"sweep of {designs} designs ({len(problem):,} areas): processes {statistics.median(a):.1f} s, cluster "
        f"{statistics.median(b):.1f} s, throughput {1 / median_ratio(b, a):.3f} x of {count} pairs "
        f"({', '.join(f'{x / y:.2f}' for x, y in zip(a, b, strict=True))}); {batch.sent_bytes / 1e6:.2f} MB sent"
    )
    return batch


def makespan(seconds: Sequence[float], workers: int, per_call: float, each_bytes: float, first_bytes: float) -> float:
    """Seconds until all calls are done, in order, each to the worker that is free first.

    Args:
        seconds: of each call.
        workers: how many.
        per_call: seconds the scheduler and the client take for each call, one after the other.
        each_bytes: that go with a call; first_bytes: that a worker gets before its first one.
    """
    free = [first_bytes / LINK_BYTES_S] * workers
    heapq.heapify(free)
    sent = 0.0
    for one in seconds:
        sent += per_call + each_bytes / LINK_BYTES_S
        heapq.heappush(free, max(heapq.heappop(free), sent) + one)
    return max(free)


def per_call(address: str) -> float:
    """Seconds a call costs beside its own work, one after the other: of empty designs of a tiny map."""
    from tests.helpers.strategies import grid

    tiny = grid(2, 2, 1)
    cluster = Cluster(address, Threads())
    items = [(tiny, seed) for seed in range(200)]
    function = partial(designed, None, 0.01)
    cluster.run(function, items[:8], progress=Progress())
    cluster.run(function, items, progress=Progress())
    batch = cluster.batches[-1]
    return max(1e-4, batch.wall_s / batch.calls - statistics.fmean(batch.seconds) / WORKERS)


def simulate(batches: Sequence[Batch], alone: float, swept: Batch, points: int, cost: float) -> None:
    """How one design and a sweep grow with workers."""
    print(f"simulation: {1e3 * cost:.1f} ms of scheduler and client per call, {LINK_BYTES_S / 1e6:.0f} MB/s per link")
    ask = [swept.seconds[z % len(swept.seconds)] for z in range(points)]
    base: tuple[float, float] | None = None
    for workers in (1, 2, 4, 8, 16, 32, 64):
        one = alone + sum(
            makespan(b.seconds, min(workers, len(b.seconds)), cost, b.sent_bytes / b.calls, 0.0)
            for b in batches
            if b.calls
        )
        many = makespan(ask, workers, cost, swept.sent_bytes / swept.calls, swept.sent_bytes)
        base = base or (one, many)
        print(
            f"    {workers:2d} workers: one design {one:6.1f} s ({base[0] / one:4.1f} x), sweep of {points} designs "
            f"{many:7.1f} s ({base[1] / many:4.1f} x)"
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--designs", type=int, default=16)
    parser.add_argument("--effort", type=float, default=1.0, help="of one design, as a share of the usual")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        alike = LoopbackCluster(Path(folder), nice=BEHIND)  # the processes of the pool stand back too
        try:
            address = alike.ready(WORKERS)
            swept = sweep(texas().problem(0.05), 1.0, address, args.pairs, args.designs)
            cost = per_call(address)
        finally:
            alike.close()
        loopback = LoopbackCluster(Path(folder))
        try:
            address = loopback.ready(WORKERS)
            one_design("counties of the lower 48", lower48().problem(0.05), args.effort, address, args.pairs)
            cells = many_cells().problem(0.05)
            batches, alone = one_design("Voronoi cells", cells, args.effort, address, max(1, args.pairs // 2))
            simulate(batches, alone, swept, 195, cost)
        finally:
            loopback.close()


if __name__ == "__main__":
    main()
