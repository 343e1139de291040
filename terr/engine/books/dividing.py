"""`design_books`: the whole way from accounts to books."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from terr.engine.books.diving import dive
from terr.engine.books.exact import settle
from terr.engine.books.exchange import anneal, judge
from terr.engine.books.items import Costs, Items, costs_at, items_of, set_aside
from terr.engine.books.middles import first_centers, middles
from terr.engine.books.notes import cant_hold, told_before
from terr.engine.books.prices import cheapest, first_prices, grain
from terr.engine.books.problem import BooksProblem
from terr.engine.books.reasons import reasons
from terr.engine.books.relaxation import Relaxed, relax
from terr.engine.books.result import BooksResult
from terr.model.progress import Listener, Progress
from terr.model.result import Explanation

F = NDArray[np.float64]
Ints = NDArray[np.int64]
MODEL = "accounts to territories at least travel, owner changes and missing skills, within the limits"
TIGHT = 1e-9
"""Violation that is none."""
OPTIMAL_GAP = 1e-6
"""Largest gap at which books are called optimal."""


@dataclass
class Watch:
    """Time and progress of one run.

    Attributes:
        limit: seconds, None = no limit; progress: who follows.
        stopped: the caller asked to stop; late: the limit cut work short.
        trace: (seconds, violation, cost) each time the best improved.
    """

    limit: float | None
    progress: Progress
    began: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)
    stopped: bool = False
    late: bool = False
    trace: list[tuple[float, float, float]] = field(default_factory=list)

    def seconds(self) -> float:
        """Since the start."""
        return time.perf_counter() - self.began

    def over(self) -> bool:
        """True if work must end now."""
        self.stopped = self.stopped or self.progress.stopped()
        self.late = self.late or (self.limit is not None and self.seconds() > self.limit)
        return self.stopped or self.late

    def keep(self, violation: float, cost: float) -> None:
        """Notes a better plan."""
        if not self.trace or (violation, cost) < self.trace[-1][1:]:
            self.trace.append((self.seconds(), violation, cost))


def design_books(
    problem: BooksProblem,
    *,
    seed: int = 1,
    time_limit_s: float | None = None,
    progress: Progress | Listener | None = None,
    cancel: Callable[[], bool] | None = None,
    effort: float = 1.0,
) -> BooksResult:
    """Divides accounts into books: families and locks kept, within the limits if possible, then at the least cost.

    Where a book has no home its middle and its accounts are found in turns. Then, for these centers, a linear
    relaxation (PuLP on HiGHS, columns by price) gives the bound and almost whole books; of the accounts it divides the
    large ones are fixed one after another, the small ones rounded, and exchanges repair and improve.

    Args:
        problem: what to divide.
        seed: same problem, seed and effort give the same books unless the time limit stops the work.
        time_limit_s: seconds, None = until the fixed number of steps is done.
        progress: a `Progress`, or a function called with a `ProgressUpdate`; stopping ends the work with the best so
            far.
        cancel: asked at each step, if `progress` isn't a `Progress`.
        effort: multiplies the number of steps.

    Raises:
        SolveError: if no solver can run.
    """
    watch = Watch(time_limit_s, Progress.of(progress, cancel))
    watch.progress.show(0.0, "Looking at the accounts")
    items = items_of(problem)
    centers = first_centers(problem, seed)
    most = _break_price(items, costs_at(items, centers))
    price = None
    if np.isnan(problem.homes[:, 0]).any():
        centers, price = middles(problem, items, centers, most, seed, watch.progress.part(0.0, 0.3), watch.over)
    items = set_aside(items, costs_at(items, centers))
    costs = costs_at(items, centers)
    watch.progress.show(0.3, "Sharing accounts among reps")
    price = first_prices(items, costs.open, most, seed, price)
    relaxed = relax(items, costs.open, price, most, watch.progress.part(0.3, 0.4), watch.over)
    whole = dive(items, costs.open, relaxed, most, watch.progress.part(0.4, 0.5), watch.over)
    watch.progress.show(0.5, "Exchanging accounts")
    best, violation, cost = exchanges(items, costs, whole, seed, effort, watch)
    settled = None if watch.over() else settle(items, costs, relaxed, best, watch.over)
    if settled is not None:
        least = judge(costs.full, items.w, items.lo, items.hi, items.rate, settled.assign)
        if (max(least[0], 0.0), least[1]) <= (max(violation, 0.0), cost):
            best, cost = settled.assign, float(least[1])
        whole = replace(whole, bound=max(whole.bound, min(settled.bound, cost)))
    relaxed = replace(relaxed, bound=max(relaxed.bound, whole.bound))  # its prices say why, as nothing is fixed by them
    return _finish(problem, items, costs, centers, relaxed, best, cost, seed, watch)


def _break_price(items: Items, costs: Costs) -> F:
    """float64 (k, R): km for breaking a limit by one of the row's units; dearer than any way around it."""
    finite = np.where(np.isfinite(costs.open), costs.open, 0.0)
    whole = float((finite.max(axis=1) - np.where(np.isfinite(costs.open), costs.open, np.inf).min(axis=1)).sum())
    return items.rate * max(20.0 * whole / items.k, 1.0)


@dataclass(frozen=True)
class Stage:
    """One annealing.

    Attributes:
        reach: pairs within this many grains of reduced cost of an item's best take part.
        steps: per item.
        heat: first and last temperature, in grains.
        fine: first and last price of a limit broken by all of a target, in mean duals.
        needed: only if a limit is still broken.
        after: only if such a stage ran, which mends at any cost.
    """

    reach: float
    steps: int
    heat: tuple[float, float]
    fine: tuple[float, float]
    needed: bool = False
    after: bool = False


STAGES = (
    Stage(0.2, 300, (0.006, 0.0001), (3.0, 3e3)),  # rounds what is still divided, which is small, and improves
    Stage(1.5, 60, (0.02, 0.0003), (100.0, 3e3), needed=True),
    Stage(1e9, 90, (0.1, 0.0003), (100.0, 1e5), needed=True),
    Stage(0.3, 150, (0.006, 0.0003), (30.0, 3e3), after=True),
)
PARTS = 16
"""Between the parts of a stage somebody may stop it."""
MOST_STEPS, FEWEST_STEPS = 12_000_000, 100_000
"""Of the longest stage; the others keep their proportion."""


def exchanges(
    items: Items, costs: Costs, relaxed: Relaxed, seed: int, effort: float, watch: Watch
) -> tuple[Ints, float, float]:
    """Rounds and repairs by annealing over pairs that the prices call close; (books, violation, cost)."""
    best = relaxed.assign.copy()
    width = min(8, items.k)
    cols, value = np.zeros((items.n, width), np.int32), np.zeros((items.n, width))
    cheapest(costs.open, items.w, relaxed.price, cols, value)
    price = np.take_along_axis(costs.full, np.maximum(cols, 0), axis=1)
    grains = grain(costs.open)
    middle = float(np.median(grains))
    limits = (items.lo, items.hi, items.rate)
    violation, cost = judge(costs.full, items.w, *limits, best)
    watch.keep(float(violation), float(cost))
    if items.w.shape[1] == 0 or items.k == 1:
        return best, float(violation), float(cost)
    dual = np.abs(relaxed.price)
    dear = 1.3 * dual
    usual = max(float(dual.mean()), 0.01 * middle * items.n / items.k)
    scale = effort * min(1.0, MOST_STEPS / (STAGES[0].steps * items.n))
    whole = sum(s.steps for s in STAGES)
    done, mended = 0, False
    for number, stage in enumerate(STAGES):
        done += stage.steps
        if (stage.needed and violation <= TIGHT) or (stage.after and not mended):
            continue
        mended |= stage.needed
        near = np.where(value - value[:, :1] <= stage.reach * grains[:, None], cols, -1).astype(np.int32)
        have = (near >= 0).sum(axis=1).astype(np.int64)
        movable = np.flatnonzero(have > 1)
        if not len(movable):
            continue
        item, place = np.nonzero(near >= 0)
        book = near[item, place].astype(np.int64)
        order = np.argsort(book, kind="stable")
        ptr = np.concatenate([[0], np.cumsum(np.bincount(book, minlength=items.k))]).astype(np.int64)
        steps = int(max(scale * stage.steps * items.n, FEWEST_STEPS))
        heat, fine = (middle * v for v in stage.heat), (usual * v for v in stage.fine)
        course = (steps, *heat, *fine)
        a = best.copy()
        for part in range(PARTS):
            if watch.over():
                return best, float(violation), float(cost)
            violation, cost = anneal(
                costs.full, items.w, *limits, dear, near, have, price, movable, ptr, item[order].astype(np.int64), a,
                steps * part // PARTS, steps * (part + 1) // PARTS, *course, seed * 1000 + number * 100 + part,
                best, violation, cost,
            )  # fmt: skip
            watch.keep(float(violation), float(cost))
            share = (done - stage.steps * (1 - (part + 1) / PARTS)) / whole
            watch.progress.show(0.5 + 0.45 * share, "Exchanging accounts")
    return best, float(violation), float(cost)


def _finish(
    problem: BooksProblem, items: Items, costs: Costs, centers: F, relaxed: Relaxed, best: Ints,
    cost: float, seed: int, watch: Watch,
) -> BooksResult:  # fmt: skip
    """Judges the books against the problem itself, and says why they are as they are."""
    assign = best[items.node].astype(np.int32)
    freely = np.ones(items.n, bool)
    freely[items.node[problem.locked >= 0]] = False  # a person's lock is followed, whatever it goes against
    unable = float(costs.wrong[np.arange(items.n), best][freely].sum())
    broken = float(problem.excess(assign).sum()) + unable
    at = centers[assign]
    km = np.nan_to_num(np.hypot(*(problem.xy_km - at).T), nan=0.0)
    changed = (problem.start >= 0) & (problem.start != assign)
    lacking = (problem.needs & ~problem.has[assign]).sum(axis=1)
    bound = min(relaxed.bound, cost) if broken == 0 else None
    notes: list[Explanation] = [
        *told_before(problem, items_of(problem), costs),
        *cant_hold(problem, items, relaxed, assign),
    ]
    status = "limit_broken" if broken > 0 else "stopped" if watch.stopped else "feasible"
    if watch.late:
        notes.append(
            Explanation("time_limit", f"{watch.limit:g} seconds were too short for all steps; more may find better")
        )
    if status == "feasible" and bound is not None and cost - bound <= OPTIMAL_GAP * abs(cost) + 1e-9:
        status = "optimal"
    prices = np.zeros((items.k, len(problem.measures) + 1))
    prices[:, items.row] = relaxed.price / items.unit
    watch.progress.show(0.97, "Giving each account its reason")
    return BooksResult(
        assign=assign,
        status=status,
        violation=broken,
        objective=cost,
        bound=bound,
        centers=centers,
        km=km,
        changed=changed,
        lacking=lacking.astype(np.int16),
        split=len(relaxed.split),
        columns=relaxed.columns,
        prices=prices,
        **reasons(problem, items, costs, centers, relaxed.price, best),
        explanations=tuple(notes),
        model=MODEL,
        solver="PuLP with HiGHS, exchanges",
        seed=seed,
        runtime_s=watch.seconds(),
        cpu_s=time.process_time() - watch.cpu,
        trace=tuple(watch.trace),
    )
