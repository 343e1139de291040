"""Dead ends in words, and how even a plan can be at best because of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.engine.explain import dead_end_sets
from terr.engine.explain.bounds import Bounds, names
from terr.model.problem import Problem
from terr.model.result import Explanation

F = NDArray[np.float64]
Ints = NDArray[np.int64]
NODES = 20_000
"""Sets tried per unit when looking for dead ends."""
CAREFUL = 3000
"""The same where the pieces that a set cuts off are judged, which takes longer."""
ENDS = 5
"""Dead ends looked for at most."""
CORNER = 8
"""Units a corner has at most, to be called one."""


@dataclass(frozen=True, eq=False)
class DeadEndSearch:
    """`corners.joined_set` for one problem: columns w (n, q) and limits lo, hi (k, q) of them.

    Attributes:
        problem, bounds: what was asked.
        w, lo, hi: loads and limits.
        others: territories besides the one of the set, -1 where units may stay without a territory.
        inside: int64 (n,), the last set; seen: uint8 (n,), units of any set met.
    """

    problem: Problem
    bounds: Bounds
    w: F
    lo: F
    hi: F
    others: int
    inside: Ints
    seen: NDArray[np.uint8]

    @classmethod
    def of(cls, problem: Problem, bounds: Bounds, w: F, lo: F, hi: F) -> DeadEndSearch:
        """With arrays laid out for the compiled search."""
        n, others = len(problem), problem.territories - 1 if problem.remainder <= 0 else -1
        inside, seen = np.empty(n, np.int64), np.zeros(n, np.uint8)
        rows = [np.ascontiguousarray(a) for a in (w, lo, hi)]
        return cls(problem, bounds, rows[0], rows[1], rows[2], others, inside, seen)

    def kinds(self, u: int) -> list[int]:
        """A territory of each kind that unit u may be in."""
        return [kind[0] for kind in self.bounds.alike if self.bounds.may[u, kind[0]]]

    def run(
        self, u: int, j: int, nodes: int, *, careful: bool = True, prune: bool = True
    ) -> tuple[int, int, float, float, int]:
        """Looks for a set with unit u that could be territory j; `careful` judges the pieces it cuts off."""
        b = self.bounds
        found: tuple[int, int, float, float, int] = dead_end_sets.joined_set(
            u,
            self.w,
            self.problem.xy_km,
            self.lo[j],
            self.hi[j],
            b.may[:, j].astype(np.uint8),
            b.ip,
            b.ix,
            self.lo.min(axis=0),
            self.hi.max(axis=0),
            self.others if careful else -1,
            nodes,
            prune,
            self.inside,
            self.seen,
        )
        return found


def _limited(problem: Problem, bounds: Bounds) -> Ints:
    on = np.isfinite(bounds.lo).any(axis=0) | np.isfinite(bounds.hi).any(axis=0)
    return np.flatnonzero(on & (problem.weights.sum(axis=0) > 0)).astype(np.int64)


def dead_ends(
    problem: Problem, bounds: Bounds, first: Ints, over: Callable[[], bool]
) -> tuple[list[Explanation], list[int]]:
    """Units of which no connected set makes a territory within the limits.

    All units first without a look at what a set cuts off, which takes 0.02 s for 3,109 counties, then with it.

    Args:
        problem: what was asked.
        bounds: of the problem.
        first: units in the order in which they are tried.
        over: True once time is up.

    Returns:
        Explanations of those that don't overlap, the smallest corner first, and a unit of each dead end.
    """
    cols = _limited(problem, bounds)
    if not len(cols) or not (bounds.lo[:, cols] > 0).any():
        return [], []
    search = DeadEndSearch.of(problem, bounds, problem.weights[:, cols], bounds.lo[:, cols], bounds.hi[:, cols])
    notes: list[Explanation] = []
    ends: list[int] = []
    for careful in (False, True):
        done = ~bounds.must
        done[ends] = True
        if careful and search.others < 0:
            break
        for u in first.tolist():
            if over() or len(ends) == ENDS:
                break
            if done[u]:
                continue
            done[u] = dead = True
            for j in search.kinds(u):
                got, size, *_ = search.run(u, j, CAREFUL if careful else NODES, careful=careful)
                if got != dead_end_sets.NONE_LEFT:
                    done[search.inside[:size]] = True
                    dead = False
                    break
            if dead:
                note = _told(problem, bounds, cols, u)
                done[list(note.units)] = True
                notes.append(note)
                ends.append(u)
    said: list[Explanation] = []
    for note in sorted(notes, key=lambda e: len(e.units)):  # the smallest corner says most
        if not any(set(note.units) & set(e.units) for e in said):
            said.append(note)
    return said, ends


def _told(problem: Problem, bounds: Bounds, cols: Ints, u: int) -> Explanation:
    """A dead end in words. What is nearest to fitting is only told where all sets could be tried."""
    q = int(cols[0])
    search = DeadEndSearch.of(problem, bounds, problem.weights[:, cols], bounds.lo[:, cols], bounds.hi[:, cols])
    below, above, cutting, whole = 0.0, np.inf, 0, True
    kinds = search.kinds(u)
    for j in kinds:
        got, _, b, a, c = search.run(u, j, CAREFUL, prune=False)
        whole &= got == dead_end_sets.NONE_LEFT
        below, above, cutting = max(below, b), min(above, a), cutting + c
    met = _by_steps(bounds, u, np.flatnonzero(search.seen))
    which = " and ".join(problem.measures[int(c)] for c in cols)
    if len(met) <= CORNER:
        where = f"the corner around {problem.name(u)}" + (f" ({names(problem, met[1:])})" if len(met) > 1 else "")
        text = f"{where} is a dead end: no areas in one piece there make a territory within the limits on {which}"
    else:
        text = f"no areas in one piece with {problem.name(u)} make a territory within the limits on {which}"
        met = met[:1]
    goals = problem.targets[kinds, q]
    if whole and len(cols) == 1 and not cutting and np.ptp(goals) <= 1e-9 * goals.max() and goals.max() > 0:
        near = [f"{100 * v / goals[0]:.1f}%" for v in (below, above) if 0 < v < np.inf]
        text += f"; the nearest have {' or '.join(near)} of a territory's {which}" if near else ""
    elif cutting:
        text += " without cutting off areas that can't be a territory"
    return Explanation("dead_end", f"{text}; allow more, or ask for another number of territories", tuple(met.tolist()))


def _by_steps(bounds: Bounds, u: int, units: Ints) -> Ints:
    """The units, those fewest borders away from u first."""
    left, out, ring = set(units.tolist()) - {u}, [u], [u]
    while ring and left:
        near = {int(v) for s in ring for v in bounds.ix[bounds.ip[s] : bounds.ip[s + 1]]}
        ring = sorted(near & left)
        left -= set(ring)
        out += ring
    return np.array([*out, *sorted(left)], np.int64)


def least_deviation(problem: Problem, bounds: Bounds, q: int, ends: list[int], most: float) -> tuple[float, Ints]:
    """A deviation of measure q that no plan is below, and the units that prove it.

    From each unit alone; from the whole load against all targets; and from dead ends, where all connected sets are
    tried. Limits of other measures are left out.

    Args:
        problem: what was asked.
        bounds: of the problem.
        q: the measure.
        ends: a unit of each dead end.
        most: a largest deviation that some plan has, unassigned units left out of account.
    """
    goal, w = problem.targets[:, q], problem.weights[:, q]
    if not (goal > 0).all():
        return 0.0, np.zeros(0, np.int64)
    best, units = 0.0, np.zeros(0, np.int64)
    each = np.where(bounds.may & bounds.must[:, None], w[:, None] / goal - 1, np.inf).min(axis=1)
    each[~np.isfinite(each)] = 0.0
    if each.max() > best:
        best, units = float(each.max()), np.array([int(each.argmax())])
    if problem.remainder <= 0:
        off = abs(float(w.sum() / goal.sum()) - 1)
        if off > best:
            best, units = off, np.zeros(0, np.int64)
    for u in ends:
        proven = _nearest(problem, bounds, q, u, most)
        if proven > best:
            best, units = proven, np.array([u])
    return best, units


def _nearest(problem: Problem, bounds: Bounds, q: int, u: int, most: float) -> float:
    """The least deviation of any set with unit u that could be a territory, at most `most`; 0 if it isn't known."""
    goal, w = problem.targets[:, q : q + 1], problem.weights[:, q : q + 1]
    d = most
    for _ in range(100):
        step = d * (1 - 1e-9) - 1e-9
        search = DeadEndSearch.of(problem, bounds, w, goal * (1 - step), goal * (1 + step))
        found = np.inf
        for j in search.kinds(u):
            got, size, *_ = search.run(u, j, CAREFUL)
            if got == dead_end_sets.GAVE_UP:
                return 0.0
            if got == dead_end_sets.FOUND:
                found = min(found, abs(float(w[search.inside[:size]].sum()) / float(goal[j, 0]) - 1))
        if not np.isfinite(found):
            return max(0.0, step)
        d = found
    return 0.0
