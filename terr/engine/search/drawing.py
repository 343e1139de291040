"""The two ways to draw territories: of loads spread over most units, and of loads in points and lumps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import WorkArrays
from terr.engine.models.contraction import contracted
from terr.engine.search.drafts import ready
from terr.engine.search.improve import Clock, border, excess, price, rank
from terr.engine.search.search import LUMPY, Run, drafts, firm, refine, windows
from terr.engine.search.starts import MANY, metis_starts, raced
from terr.model.problem import Problem

Labels = NDArray[np.int64]
STARTS = 32
"""METIS plans to choose from where loads come in lumps."""
PATIENCE = 24
"""Rounds without any limit coming nearer after which windows give up on it."""
TURNS = 4
"""Times at most that empty units are joined anew where limits don't hold."""
SMOOTH = 100
"""Steps per unit of the annealing that smooths borders once empty units are by themselves again."""


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
    starts: int

    @classmethod
    def of(cls, n: int, k: int, effort: float) -> SearchEffort:
        """For n units and k territories."""
        if k in {1, n}:
            return cls(1, 1, 1, 1, 0, 0)
        starts = max(1, round(STARTS * effort))
        if n > MANY:
            return cls(
                max(1, round(4 * effort)), 2, 0, max(1, round(120 * effort)), round(10 * effort), max(1, starts // 4)
            )
        return cls(
            max(1, round(16 * effort)),
            2 if n > 1000 else 4,
            2,
            max(2, round(500 * effort)),
            round(effort * (40 if n < 500 else 12) * k / 21) + 1,
            starts,
        )


Keep = Callable[[Labels, str, float], None]
"""Takes a plan, what is being done, and the share of the search done."""


def spread(
    work: WorkArrays,
    seeds: Labels | None,
    seed: int,
    steps: SearchEffort,
    run: Run[Labels],
    clock: Clock,
    keep: Keep,
) -> Labels:
    """A plan of loads that most units have: power diagrams, refined, then windows.

    Where no refined plan holds the limits, windows that put limits first come before those that look for shape, and
    where they don't help, METIS plans are raced with the best.
    """
    made = drafts(work, seeds, seed, steps.drafts, run, clock)
    best = made[0]
    keep(best, "Improving the best drafts", 0.15)
    if not clock.over():
        each = (steps.trees * work.n, steps.flips * work.n)
        improved = run(partial(refined, work, clock, seed, each), list(enumerate(made[: steps.refined])))
        best = min((best, *improved), key=lambda p: rank(work, p))

    def told(plan: Labels, done: float) -> None:
        keep(plan, "Fine-tuning", 0.3 + 0.5 * done)

    def hurry(plan: Labels, done: float) -> None:
        keep(plan, "Bringing territories within their limits", 0.2 + 0.1 * done)

    best = pressed(work, best, seed, steps, run, clock, hurry)
    best = windows(work, best, steps.rounds, seed, run, clock, told)
    if excess(work, best) > 0:
        keep(best, "Bringing territories within their limits", 0.8)
        best = windows(work, best, 3 * steps.rounds, seed + 1, run, clock, told, until_inside=True, draw=firm)
    return best


def pressed(
    work: WorkArrays,
    plan: Labels,
    seed: int,
    steps: SearchEffort,
    run: Run[Labels],
    clock: Clock,
    tell: Callable[[Labels, float], None],
) -> Labels:
    """A plan outside its limits brought inside, if it can be: by windows, then by a race with METIS plans."""
    if steps.rounds and excess(work, plan) > 0 and not clock.over():
        plan = windows(
            work, plan, steps.rounds, seed + 1, run, clock, tell, until_inside=True, patience=PATIENCE, draw=firm
        )
    if steps.rounds and work.n <= MANY and excess(work, plan) > 0 and not clock.over():
        others = metis_starts(work, seed, steps.starts, clock, share=0.5)
        if others:
            plan = raced(work, [plan, *others], seed, run, clock, tell)
    return plan


def refined(work: WorkArrays, clock: Clock, seed: int, effort: tuple[int, int], draft: tuple[int, Labels]) -> Labels:
    """A numbered draft refined, by so many steps of recombination and of annealing."""
    number, plan = draft
    return refine(work, plan, seed * 1000 + number, clock, trees=effort[0], flips=effort[1], heat=1.0)


def lumpy(
    work: WorkArrays,
    seeds: Labels | None,
    seed: int,
    steps: SearchEffort,
    run: Run[Labels],
    clock: Clock,
    keep: Keep,
) -> Labels:
    """A plan of loads in points and lumps: METIS plans and a power diagram, raced, then windows for the limits."""

    def found(plan: Labels) -> None:
        keep(plan, "Improving the best drafts", 0.05)

    def racing(plan: Labels, done: float) -> None:
        keep(plan, "Improving the best drafts", 0.15 + 0.25 * done)

    def inside(plan: Labels, done: float) -> None:
        keep(plan, "Bringing territories within their limits", 0.4 + 0.1 * done)

    plans = [] if seeds is not None else metis_starts(work, seed, steps.starts, clock, found)
    made = [] if plans and clock.past(0.25) else drafts(work, seeds, seed, max(1, steps.drafts // 4), run, clock)
    if made:
        found(made[0])
        if not clock.over():
            made[0] = refine(
                work, made[0], seed * 1000, clock, trees=steps.trees * work.n, flips=steps.flips * work.n, heat=1.0
            )
    plans += made[:1]
    best = raced(work, plans, seed, run, clock, racing)
    if seeds is not None and excess(work, best) > 0 and not clock.over():
        best = raced(work, [best, *metis_starts(work, seed, steps.starts, clock, found)], seed + 7, run, clock, racing)
    if excess(work, best) > 0:
        best = windows(
            work, best, 3 * steps.rounds, seed + 1, run, clock, inside, until_inside=True, patience=PATIENCE, draw=firm
        )
    return best


def shaped(
    work: WorkArrays, plan: Labels, seed: int, steps: SearchEffort, run: Run[Labels], clock: Clock, keep: Keep
) -> Labels:
    """A more compact plan of loads in points and lumps, by windows that put limits first."""

    def told(plan: Labels, done: float) -> None:
        keep(plan, "Fine-tuning", 0.5 + 0.3 * done)

    return windows(work, plan, steps.rounds, seed, run, clock, told, draw=firm)


def widened(
    small: Problem,
    work: WorkArrays,
    plan: Labels,
    seed: int,
    steps: SearchEffort,
    run: Run[Labels],
    clock: Clock,
    tell: Callable[[Labels, float], None],
) -> Labels:
    """A plan outside its limits brought inside over ways that were closed when empty units were joined.

    In turns: each empty unit joins a loaded one of the same territory, windows are drawn on these, and all borders are
    smoothed, so that the next turn joins other units. After half of the turns METIS plans of all units come in, and
    once the limits hold the turns left look for shape. What that doesn't bring inside, windows on all units try.

    Args:
        small: the problem; work: its arrays, empty units by themselves.
        plan: int64 (n,), contiguous.
        seed: of the random numbers.
        steps: of the joined problem; run: maps over the cores; clock: stops it.
        tell: called with plans and the share done.
    """
    best = plan
    for turn in range(TURNS):
        if turn == TURNS // 2 and excess(work, best) > 0:
            many = steps.starts if work.n <= MANY else steps.starts // 4
            others = metis_starts(work, seed, many, clock, share=0.5)
            best = min((best, *others[:1]), key=lambda p: rank(work, p))
        if clock.over():
            break
        inside = excess(work, best) == 0
        tiny, fold = contracted(small, best)
        if tiny is small:
            continue
        new = np.zeros(len(tiny), np.int64)
        new[fold] = best

        def told(now: Labels, done: float, fold: Labels = fold, turn: int = turn) -> None:
            tell(now[fold], (turn + done) / TURNS)

        new = windows(
            ready(tiny),
            new,
            steps.rounds if inside else 3 * steps.rounds,
            seed + turn,
            run,
            clock,
            told,
            until_inside=not inside,
            patience=None if inside else PATIENCE // 2,
            draw=firm,
        )
        best = min((best, new[fold]), key=lambda p: rank(work, p))
        if turn + 1 < TURNS:
            best = smoothed(work, best, seed * 1000 + 600 + turn, SMOOTH // 5, clock)
    if excess(work, best) > 0:
        best = pressed(work, best, seed, SearchEffort.of(work.n, work.k, 1.0), run, clock, tell)
    return best


def smoothed(work: WorkArrays, plan: Labels, seed: int, steps: int, clock: Clock) -> Labels:
    """A plan with shorter borders and no worse limits, at most a little less compact: for empty units that were joined.

    Where units are empty only borders tell where they should go, so borders count here: all of them as much as a
    fiftieth of the moment of inertia.
    """
    scale, length = max(price(work, plan), 1e-12), max(border(work, plan), 1e-12)

    def merit(p: Labels) -> tuple[float, float]:
        return excess(work, p), price(work, p) / scale + 0.02 * border(work, p) / length

    best = plan
    for z, heat in enumerate((1.0, 0.05)):
        if clock.over():
            break
        flips = steps * work.n // (1 + 2 * z)
        new = refine(work, best, seed + z, clock, trees=0, flips=flips, heat=heat, edge=0.1, press=LUMPY, merit=merit)
        best = min((best, new), key=merit)
    return best
