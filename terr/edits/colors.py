"""Colors: touching territories never share one, and a territory keeps its own as long as that holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from terr.errors import PlanError
from terr.model.plan import Plan

PALETTE = 12
"""Number of colors of the map; so many territories have a color each."""

_TRIES = 200_000
"""Steps of the exact search before a clash is accepted; a map of areas needs a few per territory."""


def least_used(used: Iterable[int]) -> int:
    """The palette index used least, the lowest one of several."""
    count = Counter(used)
    return min(range(PALETTE), key=lambda c: (count[c], c))


def territory_colors(plan: Plan, indptr: ArrayLike, indices: ArrayLike) -> dict[int, int]:
    """Which color each territory of a plan is shown in: territory code -> palette index.

    What is stored with a territory is its preference. Where an edit makes two of a color touch, one of them is shown
    in another; when they part, it is shown in its own again. The same plan always has the same colors.

    Args:
        plan: the plan.
        indptr: int (n_units + 1,), CSR row pointers of the border graph.
        indices: int (nnz,), neighbors.
    """
    codes = [t.code for t in plan.territories]
    chosen = choose_colors(plan.slots(), indptr, indices, len(codes), [t.color for t in plan.territories])
    return dict(zip(codes, chosen.tolist(), strict=True))


def rep_colors(plan: Plan, indptr: ArrayLike, indices: ArrayLike) -> dict[int, int]:
    """Which color the territories of each rep are shown in: territory code -> palette index, -1 = it has no rep.

    All territories of a rep share one color, that of the first of them where it is free; see `choose_colors`.

    Args:
        plan: the plan.
        indptr: int (n_units + 1,), CSR row pointers of the border graph.
        indices: int (nnz,), neighbors.
    """
    wished: dict[str, int] = {}
    for t in plan.territories:
        if t.rep:
            wished.setdefault(t.rep, t.color)
    at = {rep: i for i, rep in enumerate(wished)}
    of = np.array([*(at.get(t.rep, -1) for t in plan.territories), -1], dtype=np.int64)  # the last one: unassigned
    chosen = choose_colors(of[plan.slots()], indptr, indices, len(at), list(wished.values())).tolist() if at else []
    return {t.code: int(chosen[at[t.rep]]) if t.rep else -1 for t in plan.territories}


def choose_colors(
    slots: ArrayLike, indptr: ArrayLike, indices: ArrayLike, k: int, preferred: ArrayLike | None = None
) -> NDArray[np.int64]:
    """A color for each territory so that no two that touch share one; up to 12 territories never share any.

    Preferences are kept but for the fewest that clash. What is left is colored by DSATUR (Brelaz 1979,
    https://doi.org/10.1145/359094.359101) on the graph of touching territories: next comes the one whose neighbors show
    most colors, then the one with most neighbors, then the first; it takes the least used color that is free. If none
    is free, preferences give way around it, and at last all. Same input, same colors.

    Args:
        slots: int (n_units,), slot 0..k-1 of each unit, -1 = unassigned.
        indptr: int (n_units + 1,), CSR row pointers of the border graph.
        indices: int (nnz,), neighbors.
        k: number of territories.
        preferred: int (k,), the color a territory would like to keep, -1 = any.

    Returns:
        int64 (k,), palette indices 0..11. Two that touch share one only where 12 colors can't do.

    Raises:
        PlanError: if the shapes don't fit.
    """
    slot = np.asarray(slots, dtype=np.int64).reshape(-1)
    pointer = np.asarray(indptr, dtype=np.int64)
    other = np.asarray(indices, dtype=np.int64)
    out = np.full(k, -1, dtype=np.int64) if preferred is None else np.array(preferred, dtype=np.int64).reshape(-1)
    if len(out) != k or len(pointer) != len(slot) + 1 or pointer[-1] != len(other):
        raise PlanError("the colors, the areas and their borders must fit each other")
    if len(slot) and (slot.min() < -1 or slot.max() >= k):
        raise PlanError(f"an area is in a territory outside the {k} given")
    out = np.where(out >= 0, out % PALETTE, -1)
    near = _touching(slot, pointer, other, k)
    # few territories: all count as touching, so that no color comes twice
    apart = near if k > PALETTE else [[v for v in range(k) if v != t] for t in range(k)]
    _drop_clashes(out, apart, near)
    if not _fill(out, apart):
        for t in [t for t in range(k) if out[t] < 0]:  # around what found no color, preferences give way
            out[apart[t]] = -1
        if not _fill(out, apart):
            out[:] = -1
            if not _fill(out, apart):
                _least_clashes(out, apart)
    return out


def _touching(
    slot: NDArray[np.int64], indptr: NDArray[np.int64], indices: NDArray[np.int64], k: int
) -> list[list[int]]:
    """For each territory the territories it touches, ascending."""
    a = np.repeat(slot, np.diff(indptr))
    b = slot[indices]
    across = (a >= 0) & (b >= 0) & (a != b)
    pairs = np.unique(np.concatenate([a[across] * k + b[across], b[across] * k + a[across]]))
    out: list[list[int]] = [[] for _ in range(k)]
    for first, second in zip(*(x.tolist() for x in np.divmod(pairs, max(k, 1))), strict=True):
        out[first].append(second)
    return out


def _drop_clashes(out: NDArray[np.int64], apart: Sequence[Sequence[int]], near: Sequence[Sequence[int]]) -> None:
    """Takes the color from the fewest territories (greedily) so that no two that must differ share one."""
    clashes = {
        t: {v for v in around if out[v] == out[t]}
        for t, around in enumerate(apart)
        if out[t] >= 0 and any(out[v] == out[t] for v in around)
    }
    while clashes:
        # the one with most clashes gives way; of equals the one with fewer neighbors, then the later one
        loser = max(clashes, key=lambda t: (len(clashes[t]), -len(near[t]), t))
        out[loser] = -1
        for v in clashes.pop(loser):
            clashes[v].discard(loser)
            if not clashes[v]:
                del clashes[v]


def _fill(out: NDArray[np.int64], apart: Sequence[Sequence[int]]) -> bool:
    """Colors what has none by DSATUR; goes on past what finds no free color, and says whether all found one."""
    usage = Counter(int(c) for c in out if c >= 0)
    todo = {t for t in range(len(out)) if out[t] < 0}
    whole = True
    while todo:
        shown = {t: {int(out[v]) for v in apart[t] if out[v] >= 0} for t in todo}
        t = min(todo, key=lambda t: (-len(shown[t]), -len(apart[t]), t))
        todo.remove(t)
        free = [c for c in range(PALETTE) if c not in shown[t]]
        if not free:
            whole = False
            continue
        out[t] = min(free, key=lambda c: (usage[c], c))
        usage[int(out[t])] += 1
    return whole


def _least_clashes(out: NDArray[np.int64], apart: Sequence[Sequence[int]]) -> None:
    """An exact search with limited steps, then the color fewest neighbors have: territories in many pieces only."""
    order = sorted(range(len(out)), key=lambda t: (-len(apart[t]), t))
    out[:] = -1
    at, steps = 0, 0
    while 0 <= at < len(order) and steps < _TRIES:
        steps += 1
        t = order[at]
        taken = {int(out[v]) for v in apart[t] if v != t and out[v] >= 0}
        following = next((c for c in range(int(out[t]) + 1, PALETTE) if c not in taken), None)
        if following is None:
            out[t] = -1
            at -= 1
        else:
            out[t] = following
            at += 1
    if at == len(order):
        return
    out[:] = -1
    for t in order:
        around = Counter(int(out[v]) for v in apart[t] if out[v] >= 0)
        out[t] = min(range(PALETTE), key=lambda c: (around[c], c))
