"""Pieces, borders and compactness of territories, counted over the whole plan at once: what a tally must come to."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

F = NDArray[np.float64]
Ints = NDArray[np.int64]


def _rows(indptr: NDArray[Any]) -> Ints:
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))


def _pieces(slots: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any]) -> tuple[int, NDArray[np.int32]]:
    a = np.asarray(slots)
    rows = _rows(indptr)
    on = (a[rows] == a[indices]) & (a[rows] >= 0)
    graph = coo_matrix((np.ones(int(on.sum()), np.int8), (rows[on], np.asarray(indices)[on])), shape=(len(a), len(a)))
    count, label = connected_components(graph, directed=False)
    return int(count), label


def components(slots: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any], k: int) -> Ints:
    """int64 (k,), number of connected pieces of each territory by shared borders and bridges; 0 if it has no unit."""
    a = np.asarray(slots)
    count, label = _pieces(a, indptr, indices)
    owner = np.full(count, -1, np.int64)
    owner[label] = a
    return np.bincount(owner[owner >= 0], minlength=k).astype(np.int64)


def stray_pieces(
    slots: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any], weights: NDArray[Any]
) -> list[tuple[int, tuple[int, ...]]]:
    """(territory, unit codes) for every piece except each territory's heaviest one (ties: most units, lowest code).

    Args:
        slots: int (n,).
        indptr: CSR row pointers.
        indices: CSR neighbors.
        weights: (n,) load that decides which piece is heaviest.
    """
    a = np.asarray(slots)
    _, label = _pieces(a, indptr, indices)
    load = np.bincount(label, np.asarray(weights, np.float64))
    size = np.bincount(label)
    units: dict[int, list[int]] = {}
    for i in np.flatnonzero(a >= 0).tolist():
        units.setdefault(int(label[i]), []).append(i)
    by_territory: dict[int, list[int]] = {}
    for c, members in units.items():
        by_territory.setdefault(int(a[members[0]]), []).append(c)
    out = []
    for j in sorted(by_territory):
        ranked = sorted(by_territory[j], key=lambda c: (-load[c], -size[c], units[c][0]))
        out += [(j, tuple(units[c])) for c in ranked[1:]]
    return out


def perimeter_km(
    slots: NDArray[Any], indptr: NDArray[Any], indices: NDArray[Any], border: NDArray[Any], outer: NDArray[Any], k: int
) -> F:
    """float64 (k,), km: borders with other territories or unassigned units, plus the outer border."""
    a = np.asarray(slots)
    rows = _rows(indptr)
    cut = (a[rows] != a[indices]) & (a[rows] >= 0)
    on = a >= 0
    inner = np.bincount(a[rows[cut]].astype(np.int64), np.asarray(border)[cut], k).astype(np.float64)
    out: F = inner + np.bincount(a[on].astype(np.int64), np.asarray(outer)[on], k)
    return out


def polsby_popper(
    slots: NDArray[Any],
    indptr: NDArray[Any],
    indices: NDArray[Any],
    border: NDArray[Any],
    area: NDArray[Any],
    outer: NDArray[Any],
    k: int,
) -> F:
    """float64 (k,), 4 pi area / perimeter^2: 1 for a circle, pi / 4 for a square; 0 for a territory without units.

    Source: Polsby and Popper 1991, Yale Law & Policy Review 9.
    """
    a = np.asarray(slots)
    on = a >= 0
    size = np.bincount(a[on].astype(np.int64), np.asarray(area)[on], k)
    around = perimeter_km(a, indptr, indices, border, outer, k)
    out: F = np.where(around > 0, 4 * np.pi * size / np.where(around > 0, around, 1.0) ** 2, 0.0)
    return out
