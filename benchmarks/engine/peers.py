"""What a planner without Terr's engine would reach for first: METIS, and k-means weighted by load."""

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


def kmeans(units: Units, loads: NDArray[np.float64], k: int, seed: int) -> Slots:
    """int64 (n,): scikit-learn's k-means on the units' points, weighted by load; nothing balances it."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # peers run side by side
        found = KMeans(k, n_init=1, random_state=seed).fit(units.xy_km, sample_weight=loads)
    return found.labels_.astype(np.int64)
