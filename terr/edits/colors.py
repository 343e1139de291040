"""Colours: neighbouring territories differ, and a territory keeps its colour while it lives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from terr.errors import PlanError

PALETTE = 7
"""Number of colours of the map."""


def least_used(used: Iterable[int]) -> int:
    """The palette index used least, the lowest one of several."""
    count = Counter(used)
    return min(range(PALETTE), key=lambda c: (count[c], c))


def choose_colors(
    slots: ArrayLike, indptr: ArrayLike, indices: ArrayLike, k: int, fixed: ArrayLike | None = None
) -> NDArray[np.int64]:
    """A colour for each territory so that neighbours differ where the palette allows it.

    DSATUR (Brelaz 1979, https://doi.org/10.1145/359094.359101) on the graph of neighbouring territories: next comes the
    territory whose neighbours show most colours, then the one with most neighbours, then the first; it takes the least
    used colour no neighbour has, or the one fewest neighbours have if they show all. Same input, same colours.

    Args:
        slots: int (n_units,), slot 0..k-1 of each unit, -1 = unassigned.
        indptr: int (n_units + 1,), CSR row pointers of the border graph.
        indices: int (nnz,), neighbours.
        k: number of territories.
        fixed: int (k,), the colour a territory has already (kept, even beside its like), -1 = to choose.

    Returns:
        int64 (k,), palette indices 0..6.

    Raises:
        PlanError: if the shapes don't fit.
    """
    slot = np.asarray(slots, dtype=np.int64).reshape(-1)
    pointer = np.asarray(indptr, dtype=np.int64)
    other = np.asarray(indices, dtype=np.int64)
    out = np.full(k, -1, dtype=np.int64) if fixed is None else np.array(fixed, dtype=np.int64).reshape(-1)
    if len(out) != k or len(pointer) != len(slot) + 1 or pointer[-1] != len(other):
        raise PlanError("the colours, the units and their borders must fit each other")
    if len(slot) and (slot.min() < -1 or slot.max() >= k):
        raise PlanError(f"a unit is in a territory outside the {k} given")
    near = _touching(slot, pointer, other, k)
    out[out >= PALETTE] %= PALETTE
    usage = Counter(int(c) for c in out if c >= 0)
    todo = [t for t in range(k) if out[t] < 0]
    while todo:
        shown = {t: [int(out[v]) for v in near[t] if out[v] >= 0] for t in todo}
        chosen = min(todo, key=lambda t: (-len(set(shown[t])), -len(near[t]), t))
        around = Counter(shown[chosen])
        color = min(range(PALETTE), key=lambda c: (around[c], usage[c], c))
        out[chosen] = color
        usage[color] += 1
        todo.remove(chosen)
    return out


def _touching(
    slot: NDArray[np.int64], indptr: NDArray[np.int64], indices: NDArray[np.int64], k: int
) -> list[NDArray[np.int64]]:
    """For each territory the territories it touches."""
    a = np.repeat(slot, np.diff(indptr))
    b = slot[indices]
    across = (a >= 0) & (b >= 0) & (a != b)
    pairs = np.unique(np.concatenate([a[across] * k + b[across], b[across] * k + a[across]]))
    first, second = np.divmod(pairs, max(k, 1))
    return [second[first == t] for t in range(k)]
