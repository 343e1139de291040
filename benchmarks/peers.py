"""What a planner without Terr's engine would reach for: METIS at its best of many seeds, and balanced k-means."""

from __future__ import annotations

import numpy as np
import pymetis
from numpy.typing import NDArray

from terr.model.units import Units

Slots = NDArray[np.int64]


def metis(units: Units, loads: NDArray[np.float64], k: int, tolerance: float, seed: int) -> Slots:
    """int64 (n,): one k-way partition asked to be contiguous and within the tolerance, cutting few borders.

    Borders count 1 each: weighed by length, the best of many seeds was less compact here.
    """
    weights = np.maximum(1, np.rint(loads / loads.sum() * 1e7)).astype(int)  # METIS sums them in 32 bits
    _, part = pymetis.part_graph(
        k,
        pymetis.CSRAdjacency(units.indptr, units.indices),
        vweights=weights.tolist(),
        recursive=False,
        options=pymetis.Options(contig=True, ufactor=round(1000 * tolerance), seed=seed),
    )
    return np.asarray(part, dtype=np.int64)


def kmeans(units: Units, loads: NDArray[np.float64], k: int, seed: int, rounds: int = 100) -> Slots:
    """int64 (n,): load-weighted Lloyd's algorithm on the units' points, started by k-means++; nothing balances it."""
    rng = np.random.default_rng(seed)
    xy, w = units.xy_km, np.maximum(loads, 1e-9 * max(loads.max(), 1.0))
    centres = xy[rng.choice(len(xy), 1, p=w / w.sum())]
    while len(centres) < k:
        near = ((xy[:, None] - centres[None]) ** 2).sum(axis=2).min(axis=1) * w
        centres = np.r_[centres, xy[rng.choice(len(xy), 1, p=near / near.sum())]]
    slots = np.full(len(xy), -1, dtype=np.int64)
    for _ in range(rounds):
        new = ((xy[:, None] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
        if np.array_equal(new, slots):
            break
        slots = new
        total = np.maximum(np.bincount(slots, w, k), 1e-12)
        centres = np.column_stack([np.bincount(slots, w * xy[:, d], k) / total for d in (0, 1)])
    return slots
