"""`design`: the whole way from a problem to a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from terr.engine.arrays import WorkArrays
from terr.engine.check import FATAL, precheck
from terr.engine.executor import Executor
from terr.engine.kernels import sums
from terr.engine.models.contraction import contracted
from terr.engine.models.groups import merged, unmerged
from terr.engine.objective import moment_km2
from terr.engine.result import finish
from terr.engine.search.aside import open_part
from terr.engine.search.centering import FULL, polish
from terr.engine.search.drafts import ready
from terr.engine.search.drawing import SMOOTH, Keep, SearchEffort, lumpy, shaped, smoothed, spread, widened
from terr.engine.search.improve import Clock, compiled, excess, rank
from terr.engine.search.search import Run, crew, refine, windows
from terr.errors import PlanError
from terr.model.problem import Problem
from terr.model.progress import Listener, Progress
from terr.model.result import Result

Labels = NDArray[np.int64]
HOMEWARD = 4
"""Times at most that territories of different targets change places to lie nearer their seeds."""


def design(
    problem: Problem,
    *,
    seed: int = 1,
    time_limit_s: float | None = None,
    progress: Progress | Listener | None = None,
    cancel: Callable[[], bool] | None = None,
    effort: float = 1.0,
    executor: Executor | None = None,
) -> Result:
    """Draws territories: contiguous, locks kept, within the limits if possible, then at the least price.

    The price is the moment of inertia plus what else the problem prices (see `terr.engine.objective`). Starts from many
    balanced power diagrams and METIS; refines the best by recombination and annealing; draws windows of a few
    territories anew on all cores, those outside a limit first; and polishes by a PuLP mixed-integer model with
    contiguity cuts.

    Args:
        problem: what to design.
        seed: same problem, seed and effort give the same plan unless the time limit stops the work.
        time_limit_s: wall-clock seconds, None = until the fixed number of steps is done.
        progress: a `Progress`, or a function called with a `ProgressUpdate`, a few times a second; stopping it ends
            the work with the best plan so far.
        cancel: as of a `Progress`; for callers of 0.1.0.
        effort: multiplies the number of steps.
        executor: where drafts and windows are worked out, which doesn't change the plan; None = threads.

    Raises:
        PlanError: if no plan can exist, e.g. more territories than units.
        SolveError: if no solver can run.
    """
    progress = Progress.of(progress, cancel)
    progress.show(0.0, "Looking at the map")
    compiled()
    clock = Clock(problem, time_limit_s, progress)
    small, node, grouped = merged(problem)
    notes = (*unmerged(precheck(small), node), *grouped)
    for note in notes:
        if note.code in FATAL:
            raise PlanError(note.message)
    clock = replace(clock, problem=small, node=node)
    tiny, fold = contracted(small)
    work = ready(small)
    part = open_part(work if tiny is small else ready(tiny))
    steps = SearchEffort.of(part.work.n, part.work.k, effort)
    found = _Best(work, clock)

    def shown(plan: Labels) -> Labels:
        return part.joined(plan)[fold]

    with crew(executor) as run:
        known = part.seeds(tiny.seeds)
        keep = found.follower(part.work, shown)
        if tiny is small and not work.too_large:
            found.keep(shown(spread(part.work, known, seed, steps, run, clock, keep)))
        else:
            plan = lumpy(part.work, known, seed, steps, run, clock, keep)
            if tiny is small or excess(part.work, plan) == 0:
                plan = shaped(part.work, plan, seed, steps, run, clock, keep)
            found.keep(shown(plan))
        if tiny is not small and excess(work, found.plan) > 0:  # empty units by themselves leave ways that were closed

            def told(plan: Labels, done: float) -> None:
                found.keep(plan)
                clock.tell("Bringing territories within their limits", found.plan, 0.7 + 0.1 * done)

            found.keep(widened(small, work, found.plan, seed + 3, steps, run, clock, told))
        if len(part.units) < work.n:
            clock.tell("Fine-tuning", found.plan, 0.8, force=True)
            found.plan = smoothed(work, found.plan, seed * 1000 + 700, max(1, round(SMOOTH * effort)), clock)
        elif steps.rounds and effort >= 0.1:
            found.keep(run_last(work, found.plan, seed, steps, clock))
        _homeward(small, found, seed, steps, run, clock)
    solver = ""
    if not clock.over() and len(part.units) == work.n and (work.n <= FULL or excess(work, found.plan) == 0):
        clock.tell("Fine-tuning", found.plan, 0.85, force=True)
        better, solver = polish(work, found.plan, clock, lambda p: clock.tell("Fine-tuning", p, 0.9), rounds=1)
        found.keep(better)
    best = exchanged(small, work, relabel(small, work, found.plan), fitting=True)
    clock.tell("Done", best, 1.0, force=True)
    notes = (*notes, *(executor.notes if executor is not None else ()))
    return finish(problem, work, best, clock, notes, tuple(found.trace), solver, node=node)


class _Best:
    """The best plan so far, and how it came about."""

    def __init__(self, work: WorkArrays, clock: Clock) -> None:
        self.work, self.clock = work, clock
        self.plan: Labels = np.zeros(0, np.int64)
        self.top = (np.inf, np.inf, np.inf)
        self.trace: list[tuple[float, float, float]] = []

    def keep(self, plan: Labels) -> None:
        """Takes a plan if it is better."""
        new = rank(self.work, plan)
        if not len(self.plan) or new < self.top:
            self.plan, self.top = plan, new
            self._note(plan)

    def _note(self, plan: Labels) -> None:
        shown = np.where(plan == self.work.rest, -1, plan)
        problem = self.clock.problem
        deviation = float(np.abs(problem.deviations(shown)[:, 0]).max())
        self.trace.append((self.clock.seconds(), deviation, moment_km2(problem, shown)))

    def follower(self, searched: WorkArrays, shown: Callable[[Labels], Labels]) -> Keep:
        """Follows a search on other arrays, whose plans `shown` makes plans of all units."""
        top = (np.inf, np.inf, np.inf)
        plan: Labels = self.plan

        def keep(now: Labels, stage: str, fraction: float) -> None:
            nonlocal top, plan
            new = rank(searched, now)
            first = not len(plan)
            if first or new < top:
                top, plan = new, shown(now)
                self._note(plan)
            self.clock.tell(stage, plan, fraction, force=first)

        return keep


def _homeward(small: Problem, found: _Best, seed: int, steps: SearchEffort, run: Run[Labels], clock: Clock) -> None:
    """Lets territories of different targets change places to lie nearer their seeds, where the limits still hold."""
    work = found.work
    for turn in range(HOMEWARD):
        nearer = exchanged(small, work, found.plan)
        if clock.over() or np.array_equal(nearer, found.plan):
            break
        fitted = refine(work, nearer, seed * 1000 + 800 + turn, clock, trees=0, flips=steps.flips * work.n, heat=0.3)
        fitted = windows(
            work,
            fitted,
            3 * steps.rounds,
            seed + 2,
            run,
            clock,
            lambda plan, _: clock.tell("Fine-tuning", plan, 0.8),
            until_inside=True,
            draw=shifted,
        )
        new = rank(work, fitted)
        if new[0] > found.top[0]:
            break
        found.plan, found.top = fitted, new


def shifted(small: WorkArrays, now: Labels, seed: int, clock: Clock) -> Labels:
    """A window's plan with other borders only: no territory changes its place."""
    return refine(small, now, seed, clock, trees=0, flips=300 * small.n, heat=(0.3, 1.0)[seed % 2])


def exchanged(problem: Problem, work: WorkArrays, plan: Labels, *, fitting: bool = False) -> Labels:
    """Territories named so that their centers are nearest the homes (or seeds) in total, whatever their targets.

    Those with locks, without a seed, or with a center or reach of their own keep their names, and all do where today's
    plan counts. `fitting` = only names under which no territory is further outside its limits.
    """
    if problem.seeds is None or problem.start is not None:
        return plan
    tied = (problem.seeds < 0) | np.isfinite(problem.centres).any(axis=1) | np.isfinite(problem.max_km)
    free = np.flatnonzero(~tied & ~np.isin(np.arange(work.k), work.locked))
    if len(free) < 2:
        return plan
    at = work.centres(plan)[free] + problem.xy_km.mean(axis=0)
    homes = np.where(np.isnan(problem.homes), problem.xy_km[problem.seeds], problem.homes)[free]
    miles = np.hypot(*np.moveaxis(at[:, None] - homes[None], 2, 0))
    if fitting:
        load = sums(work.xy, work.g, work.w, plan, work.k + 1)[1][free, None]
        out = np.maximum(np.maximum(work.lo[free] - load, load - work.hi[free]) / work.sc[free], 0.0).max(axis=2)
        miles[out > np.diagonal(out)[:, None] + 1e-9] = 1e9
    old, new = linear_sum_assignment(miles)
    if miles.trace() - miles[old, new].sum() <= 1e-6 * miles.trace():
        return plan
    name = np.arange(work.k + 1)
    name[free[old]] = free[new]
    return name[plan]


def run_last(work: WorkArrays, plan: Labels, seed: int, steps: SearchEffort, clock: Clock) -> Labels:
    """A last, cool annealing of the whole plan, with a light hand on borders: shape first."""
    flips = max(1, steps.flips // 4) * work.n
    return refine(work, plan, seed * 1000 + 900, clock, trees=0, flips=flips, heat=0.1, edge=0.02)


def relabel(problem: Problem, work: WorkArrays, plan: Labels) -> Labels:
    """Renames territories that are alike in target and hold no lock so that they match `start` or the seeds."""
    if problem.start is None and problem.seeds is None:
        return plan
    k = work.k
    gain = np.zeros((k, k))
    if problem.start is not None:
        on = (problem.start >= 0) & (plan < k)
        np.add.at(gain, (plan[on], problem.start[on]), work.g[on])
    elif problem.seeds is not None:
        c = work.centres(plan) + problem.xy_km.mean(axis=0)
        known = problem.seeds >= 0
        gain[:, known] = -((c[:, None] - problem.xy_km[problem.seeds[known]][None]) ** 2).sum(axis=2)
    homes = np.where(np.isfinite(problem.max_km)[:, None], problem.homes_km, problem.centres)
    fixed = np.nan_to_num(np.column_stack([homes, np.minimum(problem.max_km, 1e9)]), nan=-1e9)
    kind = np.column_stack([problem.targets, work.lo, work.hi, fixed])
    held = np.isin(np.arange(k), work.locked)
    alike = (np.abs(kind[:, None] - kind[None]).max(axis=2) <= 1e-9 * np.abs(kind).max()) & ~held[:, None] & ~held[None]
    np.fill_diagonal(alike, val=True)
    old, new = linear_sum_assignment(np.where(alike, -gain, 1e18))
    name = np.arange(k + 1)
    name[old] = new
    return name[plan]
