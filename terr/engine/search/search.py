"""The search behind `design`: drafts, refined, then windows of a few territories drawn anew on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import WorkArrays
from terr.engine.executor import CORES, Executor
from terr.engine.kernels import sums
from terr.engine.search.drafts import FEW, metis_labels, power_labels, whole
from terr.engine.search.improve import Clock, priced, rank, run_anneal, run_recombine
from terr.engine.search.windows import around, cut_out, neighbors_of

Labels = NDArray[np.int64]
T = TypeVar("T")
Run = Callable[[Callable[..., T], Sequence[Any]], list[T]]
AT_ONCE = 4
"""Windows of one round, the same on every machine, so that the plan doesn't depend on the number of cores."""
SIZES = (3, 4, 6, 8)
"""Territories in a window."""
PRESS = (0.3, 10.0)
"""First and last factor of the penalty where shape counts."""
LUMPY = (1.0, 100.0)
"""The same where loads come in lumps."""
FIRM = (0.3, 2000.0)
"""The same where units may stay without a territory, which is dear but better than breaking a limit."""
SOFT = 0.005
"""First factor of the penalty where change counts: so low that a plan leaves home only as far as it must."""


@contextmanager
def crew(executor: Executor | None = None) -> Iterator[Run[Any]]:
    """A function that maps over threads, or where the executor has it done. The kernels run outside Python's lock.

    An executor sends a call elsewhere if what it maps is a `partial` of a function in `terr.engine.remote.calls`.
    """
    if executor is not None:
        yield executor.run
        return
    if CORES == 1:
        yield lambda f, items: [f(i) for i in items]
        return
    with ThreadPoolExecutor(CORES) as pool:
        yield lambda f, items: list(pool.map(f, items))


def drafts(work: WorkArrays, seeds: Labels | None, seed: int, count: int, run: Run[Any], clock: Clock) -> list[Labels]:
    """Contiguous first plans, best first: balanced power diagrams from many centres, and METIS.

    A plan that is compact but unbalanced is worth little later, so penalties count as much as prices.
    """
    if work.k == 1:
        return [np.zeros(work.n, np.int64)]

    found = [d for d in run(partial(first_plan, work, seeds, seed, clock), range(count)) if d is not None]
    found.sort(key=lambda d: d[:2])
    return [d[2] for d in found]


def first_plan(
    work: WorkArrays, seeds: Labels | None, seed: int, clock: Clock, number: int
) -> tuple[float, int, Labels] | None:
    """One draft with what it is worth and its number; None if there is no time for it and it isn't the first."""
    if number > 0 and (clock.over() or clock.past(0.25)):
        return None
    if number % 6 == 5 and work.n >= FEW * work.k and seeds is None:
        raw = metis_labels(work, seed * 100 + number, 20)
    else:
        raw = power_labels(work, np.random.default_rng([seed, number]), seeds, outer=12)
    plan = whole(work, raw)
    penalty, cost, _ = rank(work, plan)
    return cost * (1 + min(0.5, penalty / work.k)), number, plan


def refine(
    work: WorkArrays,
    plan: Labels,
    seed: int,
    clock: Clock,
    *,
    trees: int,
    flips: int,
    heat: float,
    edge: float | None = None,
    press: tuple[float, float] | None = None,
    merit: Callable[[Labels], Any] | None = None,
) -> Labels:
    """Recombination, then annealing; the best plan met, `plan` included.

    Args:
        work: the working arrays.
        plan: a contiguous plan.
        seed: of the random numbers.
        clock: stops it between chunks.
        trees, flips: steps of each.
        heat: first temperature in units of 1 / n of the plan's price.
        edge: price of the plan's borders in units of its price.
        press: first and last factor of the penalty; `PRESS` or `FIRM` if None.
        merit: what the better of `plan` and the answer is judged by; `rank` if None.
    """
    n = work.n
    arena = priced(work, plan) if edge is None else priced(work, plan, edge=edge)
    out = run_recombine(arena, plan, trees, heat / 2 / n, 2.0, seed, clock) if trees else plan
    press = FIRM if arena.rest else press or PRESS
    out = run_anneal(arena, out, flips, (heat / n, 2e-3 / n), press, seed, clock)
    return min((plan, out), key=merit or (lambda p: rank(work, p)))


def outside(work: WorkArrays, plan: Labels) -> NDArray[np.float64]:
    """float64 (k,), how far each territory is outside its limits, as a share; units too far away count too."""
    _, load, _ = sums(work.xy, work.g, work.w, plan, work.k + 1)
    load = load[: work.k]
    over = np.maximum(np.maximum(work.lo - load, load - work.hi) / work.sc, 0.0).max(axis=1, initial=0.0)
    far = work.arena.far
    if len(far):
        over += np.bincount(plan, far[np.arange(work.n), plan], work.k + 1)[: work.k]
    out: NDArray[np.float64] = over
    return out


def anew(small: WorkArrays, now: Labels, seed: int, clock: Clock, press: tuple[float, float] | None = None) -> Labels:
    """A window's plan with a better shape: from a new draft, or from the plan as it is, warm."""
    n = small.n
    fresh = seed % 5 < 3
    if fresh:
        now = whole(small, power_labels(small, np.random.default_rng(seed), None, outer=8))
    heat = 2.0 if fresh else 0.7
    return refine(small, now, seed, clock, trees=3 * n + 200, flips=150 * n, heat=heat, press=press)


def firm(small: WorkArrays, now: Labels, seed: int, clock: Clock) -> Labels:
    """As `anew`, with the limits first: for loads in lumps, where a plan slips out of its limits for a little shape."""
    return anew(small, now, seed, clock, press=LUMPY)


def returned(small: WorkArrays, now: Labels, seed: int, clock: Clock) -> Labels:
    """A window's plan nearer home: from units' homes under a penalty that grows slowly, or from the plan as it is."""
    n, home = small.n, small.arena.home
    fresh = seed % 5 < 3
    if fresh:
        now = whole(small, np.where((home >= 0) & (home < small.k), home, now))
    heat = (0.3, 1.0)[seed % 2]
    if seed % 3 == 0:
        now = run_recombine(small.arena, now, n + 100, heat / n, 2.0, seed, clock)
    return run_anneal(small.arena, now, 800 * n, (heat / n, 1e-3 / n), (SOFT if fresh else 0.3, 10.0), seed, clock)


Draw = Callable[[WorkArrays, Labels, int, Clock], Labels]


def redraw(work: WorkArrays, plan: Labels, group: Labels, seed: int, clock: Clock, draw: Draw) -> Labels | None:
    """A better plan of the territories of `group` and the same elsewhere, or None.

    Args:
        work: the working arrays.
        plan: a contiguous plan.
        group: territories, sorted.
        seed: of the random numbers.
        clock: stops it.
        draw: makes a window's new plan from the one it has.
    """
    small, units, now = cut_out(work, plan, group)
    if small.n <= small.k or clock.over():
        return None
    new = draw(small, now, seed, clock)
    if rank(small, new)[:2] >= rank(small, now)[:2]:
        return None
    out = plan.copy()
    out[units] = np.append(group, work.k)[new]
    return out


def redrawn(work: WorkArrays, plan: Labels, clock: Clock, draw: Draw, job: tuple[Labels, int]) -> Labels | None:
    """`redraw` of one of several windows: its territories and seed."""
    return redraw(work, plan, job[0], job[1], clock, draw)


def windows(
    work: WorkArrays,
    plan: Labels,
    rounds: int,
    seed: int,
    run: Run[Any],
    clock: Clock,
    tell: Callable[[Labels, float], None],
    *,
    until_inside: bool = False,
    patience: int | None = None,
    draw: Draw = anew,
    sizes: tuple[int, ...] = SIZES,
) -> Labels:
    """Rounds of windows drawn anew at once, those around territories outside their limits first.

    Args:
        work: the working arrays.
        plan: a contiguous plan.
        rounds: how many, of `AT_ONCE` windows each.
        seed: of the random numbers.
        run: maps over the cores.
        clock: stops it.
        tell: called after each round with the best plan and the share done.
        until_inside: stop once all limits hold.
        patience: stop after so many rounds in which no limit came nearer; None = never.
        draw: makes a window's new plan.
        sizes: numbers of territories a window may have.
    """
    if work.k == 1:
        return plan
    rng = np.random.default_rng([seed, 77])
    best, top = plan, rank(work, plan)
    nearer, last = top[0], 0
    for z in range(rounds):
        if top[0] < nearer:
            nearer, last = top[0], z
        if clock.over() or (until_inside and top[0] == 0) or (patience is not None and z - last >= patience):
            break
        bad = outside(work, best)
        near = neighbors_of(work, best)
        groups: list[Labels] = []
        used = np.zeros(work.k, bool)
        order = np.lexsort((rng.random(work.k), np.where(bad > 1e-9, -rng.random(work.k), 0.0)))
        for first in order.tolist():
            if used[first] or len(groups) == AT_ONCE:
                continue
            size = int(rng.integers(2, 9)) if bad[first] > 1e-9 else int(rng.choice(sizes))
            group = around(near & ~used, first, min(size, work.k), rng)
            if len(group) > 1:
                groups.append(group)
                used[group] = True
        jobs = [(g, int(rng.integers(2**31))) for g in groups]
        for g, new in zip(groups, run(partial(redrawn, work, best, clock, draw), jobs), strict=True):
            if new is None:
                continue
            both = best.copy()
            inside = np.isin(best, g)
            both[inside] = new[inside]
            score = rank(work, both)
            if score < top:
                best, top = both, score
        tell(best, (z + 1) / rounds)
    return best
