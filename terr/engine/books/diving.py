"""Whole books out of shares, large accounts first: those that decide most are fixed, and the relaxation is solved anew.

The relaxation divides at most as many items as limits bind, yet a divided item of a fifth of a book can't be mended by
exchanges: whole books change around it. So the largest items are fixed where most of them is, the others find their
shares anew, and so on down to items that exchanges put right at next to no cost (a diving heuristic; Achterberg,
Constraint Integer Programming, 2007, chapter 9).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from terr.engine.books.items import Items
from terr.engine.books.relaxation import Relaxed, relax
from terr.model.progress import Progress

F = NDArray[np.float64]
TURNS = 4
SMALL = 0.02
"""Share of a mean book up to which a divided item is left to exchanges."""
STEP = 0.35
"""Each turn fixes the divided items above this share of the largest one, and all others as large as these."""
ROUNDS, BOX = 8, 4.0
"""Of the relaxation in each turn: prices change more than in the first."""

LARGE, BRANCHES = 0.2, 4
"""Share of a mean book from which on a divided item is tried in each book; books tried at most."""


def branched(
    items: Items, cost: F, relaxed: Relaxed, most: F, progress: Progress, late: Callable[[], bool]
) -> tuple[Relaxed, float]:
    """The relaxation with its largest divided item whole, in the book where it costs least, and a better bound.

    Wherever the item goes, the cost is at least what the relaxation says with it there: the least of these is a bound.
    Books that aren't tried count with the bound so far and the item's reduced cost.

    Returns:
        The relaxation to go on from, and the bound; what was given if no item is large.
    """
    size = items.w.max(axis=1)
    i = int(relaxed.split[np.argmax(size[relaxed.split])]) if len(relaxed.split) else -1
    if i < 0 or size[i] < LARGE or relaxed.slack.sum() > 1e-6:
        return relaxed, relaxed.bound
    reduced = cost[i] - relaxed.price @ items.w[i]
    least = relaxed.bound + reduced - reduced.min()
    best, bound = relaxed, np.inf
    for turn, j in enumerate(np.argsort(least, kind="stable").tolist()):
        if least[j] >= bound:
            return best, max(relaxed.bound, bound)
        if turn == BRANCHES or late():
            return best, max(relaxed.bound, min(bound, float(least[j])))
        there = cost.copy()
        there[i] = np.inf
        there[i, j] = cost[i, j]
        found = relax(items, there, relaxed.price, most, progress, late, ROUNDS, BOX)
        if found.bound < bound and found.slack.sum() <= 1e-6:
            best = found
        bound = min(bound, found.bound)
    return best, max(relaxed.bound, bound)


def dive(items: Items, cost: F, relaxed: Relaxed, most: F, progress: Progress, late: Callable[[], bool]) -> Relaxed:
    """The relaxation with large items whole: its shares and prices, and a bound at least that of the one it began with.

    Args:
        items: what is divided.
        cost: float64 (N, k), inf = out of the question.
        relaxed: of the same.
        most: float64 (k, R), price of breaking a limit by one of the row's units.
        progress: is told.
        late: asked between turns.

    Raises:
        SolveError: if no solver can run.
    """
    if not len(relaxed.split):
        return relaxed
    size = items.w.max(axis=1)
    open_ = cost.copy()
    now, bound = branched(items, cost, relaxed, most, progress, late)
    few = len(now.split)
    for turn in range(TURNS):
        divided = now.split[np.argsort(-size[now.split], kind="stable")]
        if late() or not len(divided) or size[divided[0]] <= SMALL:
            break
        level = STEP * size[divided[0]]
        chosen = divided[size[divided] >= level][:few]
        whole = np.flatnonzero(size >= level)
        whole = np.union1d(whole[~np.isin(whole, divided)], chosen)
        trial = open_.copy()
        trial[whole] = np.inf
        trial[whole, now.assign[whole]] = cost[whole, now.assign[whole]]
        found = relax(items, trial, now.price, most, progress.part(turn / TURNS, (turn + 1) / TURNS), late, ROUNDS, BOX)
        if found.slack.sum() > now.slack.sum() + 1e-6:
            # too much at once; the largest alone, or not there at all
            if len(chosen) == 1:
                at = (chosen[0], now.assign[chosen[0]])
                if np.isfinite(open_[chosen[0]]).sum() < 2:
                    break
                open_[at] = np.inf
                now = relax(items, open_, now.price, most, progress, late, ROUNDS, BOX)
            few = max(1, len(chosen) // 4)
            continue
        open_, now, few = trial, found, len(relaxed.split)
    return Relaxed(now.assign, relaxed.split, now.price, bound, relaxed.slack, relaxed.columns)
