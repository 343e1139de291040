"""`design`: the whole way from a problem to a plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from terr.engine.arrays import WorkArrays
from terr.engine.check import FATAL, precheck
from terr.engine.models.groups import merged, unmerged
from terr.engine.objective import moment_km2
from terr.engine.result import finish
from terr.engine.search.centering import polish
from terr.engine.search.drafts import ready
from terr.engine.search.improve import Clock, rank
from terr.engine.search.search import crew, drafts, refine, windows
from terr.errors import PlanError
from terr.model.problem import Problem
from terr.model.progress import Listener, Progress
from terr.model.result import Result

Labels = NDArray[np.int64]
LARGE = 10_000
"""Above so many units first plans are few, and good already."""


@dataclass(frozen=True)
class SearchEffort:
    """How much work one design does: drafts, how many of them are refined, steps per unit there, rounds of windows.

    A round draws about 21 territories anew, so that each of k is drawn 12 times, in small problems 40 times.
    """

    drafts: int
    refined: int
    trees: int
    flips: int
    rounds: int

    @classmethod
    def of(cls, n: int, k: int, effort: float) -> SearchEffort:
        """For n units and k territories."""
        if k in {1, n}:
            return cls(1, 1, 1, 1, 0)
        if n > LARGE:
            return cls(max(1, round(4 * effort)), 2, 0, max(1, round(120 * effort)), round(10 * effort))
        return cls(
            max(1, round(16 * effort)),
            2 if n > 1000 else 4,
            2,
            max(2, round(500 * effort)),
            round(effort * (40 if n < 500 else 12) * k / 21) + 1,
        )


def design(
    problem: Problem,
    *,
    seed: int = 1,
    time_limit_s: float | None = None,
    progress: Progress | Listener | None = None,
    cancel: Callable[[], bool] | None = None,
    effort: float = 1.0,
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

    Raises:
        PlanError: if no plan can exist, e.g. more territories than units.
        SolveError: if no solver can run.
    """
    small, node, grouped = merged(problem)
    notes = (*unmerged(precheck(small), node), *grouped)
    for note in notes:
        if note.code in FATAL:
            raise PlanError(note.message)
    clock = Clock(small, time_limit_s, Progress.of(progress, cancel), node=node)
    work = ready(small)
    trace: list[tuple[float, float, float]] = []
    best: Labels | None = None
    top = (np.inf, np.inf, np.inf)

    def keep(plan: Labels) -> None:
        nonlocal best, top
        new = rank(work, plan)
        if best is None or new < top:
            best, top = plan, new
            shown = np.where(plan == work.rest, -1, plan)
            deviation = float(np.abs(small.deviations(shown)[:, 0]).max())
            trace.append((clock.seconds(), deviation, moment_km2(small, shown)))

    clock.tell("Looking at the map", None, 0.0, force=True)
    steps, n = SearchEffort.of(work.n, work.k, effort), work.n
    with crew() as run:
        made = drafts(work, small.seeds, seed, steps.drafts, run, clock)
        keep(made[0])
        clock.tell("Improving the best drafts", best, 0.15, force=True)
        if not clock.over():
            for plan in run(
                lambda z: refine(
                    work, made[z], seed * 1000 + z, clock, trees=steps.trees * n, flips=steps.flips * n, heat=1.0
                ),
                range(min(steps.refined, len(made))),
            ):
                keep(plan)

        def told(plan: Labels, done: float) -> None:
            keep(plan)
            clock.tell("Drawing parts anew", best, 0.3 + 0.5 * done)

        if best is None:
            raise PlanError("there is nothing to start from")
        keep(windows(work, best, steps.rounds, seed, run, clock, told))
        if top[0] > 0:
            clock.tell("Bringing loads within their limits", best, 0.8, force=True)
            keep(windows(work, best, 3 * steps.rounds, seed + 1, run, clock, told, until_inside=True))
        if steps.rounds and effort >= 0.1:
            keep(run_last(work, best, seed, steps, clock))
    solver = ""
    if not clock.over():
        clock.tell("Polishing with the exact model", best, 0.85, force=True)
        better, solver = polish(
            work, best, clock, lambda p: clock.tell("Polishing with the exact model", p, 0.9), rounds=1
        )
        keep(better)
    best = relabel(small, work, best)
    clock.tell("Done", best, 1.0, force=True)
    return finish(problem, work, best, clock, notes, tuple(trace), solver, node=node)


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
