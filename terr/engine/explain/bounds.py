"""What every plan within the limits must keep, for proofs that none can; and words for them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import bridge_pieces, joined_graph, too_many_pieces
from terr.model.problem import ROUNDING, Problem

F = NDArray[np.float64]
Ints = NDArray[np.int64]
WIDE = 2 * ROUNDING
"""Share of the target added to both sides of a limit, so that what a plan is forgiven isn't called impossible."""


@dataclass(frozen=True, eq=False)
class Bounds:
    """What any plan within the limits must keep, a little widened.

    Attributes:
        lo, hi: float64 (k, m), loads; goal: (k, m), what excess is measured in.
        may: bool (n, k), pairs that locks and distances allow.
        must: bool (n,), units that can't stay without a territory.
        ip, ix: CSR of the graph territories must be in one piece on, bridges included.
        alike: territories of the same limits and pairs: a list of them for each kind.
    """

    lo: F
    hi: F
    goal: F
    may: NDArray[np.bool_]
    must: NDArray[np.bool_]
    ip: Ints
    ix: Ints
    alike: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, problem: Problem) -> Bounds:
        """The bounds of a problem. Groups and the most that may move are left out, which only allows more plans."""
        k = problem.territories
        even = np.maximum(problem.weights.sum(axis=0) / k, 1e-300)
        goal = np.where(problem.targets > 0, problem.targets, even)
        locked = problem.locked.astype(np.int64)
        may = ((locked[:, None] < 0) | (locked[:, None] == np.arange(k))) & ~problem.too_far()
        share = problem.shares()
        must = (locked >= 0) | (share > problem.remainder + ROUNDING) | (problem.remainder <= 0)
        ip, ix, _ = joined_graph(problem, bridge_pieces(problem) if too_many_pieces(problem) else [])
        lo, hi = problem.lowest - WIDE * goal, problem.highest + WIDE * goal
        kinds: dict[tuple[bytes, ...], list[int]] = {}
        for j in range(k):
            key = (lo[j].tobytes(), hi[j].tobytes(), problem.targets[j].tobytes(), np.packbits(may[:, j]).tobytes())
            kinds.setdefault(key, []).append(j)
        return cls(lo, hi, goal, may, must, ip, ix, tuple(tuple(v) for v in kinds.values()))


def names(problem: Problem, units: list[int] | tuple[int, ...] | Ints, most: int = 3) -> str:
    """Names in a sentence, `most` at most."""
    text = [problem.name(int(u)) for u in units[:most]]
    if len(units) > most:
        return f"{', '.join(text)} and {len(units) - most} more"
    return " and ".join([", ".join(text[:-1]), text[-1]]) if len(text) > 1 else "".join(text)


def amount(load: float) -> str:
    """A load in a sentence: whole numbers with commas, small ones to three digits."""
    return f"{load:,.0f}" if abs(load) >= 100 or float(load).is_integer() else f"{load:.3g}"
