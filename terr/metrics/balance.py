"""Balance: how evenly a measure's load is shared. Loads are (k, m) arrays; a column is one measure."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

F = NDArray[np.float64]


def loads(slots: NDArray[Any], weights: NDArray[Any], k: int) -> F:
    """Sum of each measure per territory.

    Formula: load[j, q] = sum of weights[i, q] over units i with slots[i] = j.

    Args:
        slots: int (n,), territory position 0..k-1 per unit, -1 = unassigned (counts nowhere).
        weights: (n, m) or (n,).
        k: number of territories.

    Returns:
        float64 (k, m).

    >>> loads([0, 0, 1, -1], [1.0, 2.0, 4.0, 8.0], 2).ravel().tolist()
    [3.0, 4.0]
    """
    a = np.asarray(slots)
    w = np.asarray(weights, np.float64)
    w = w[:, None] if w.ndim == 1 else w
    on = a >= 0
    at = a[on].astype(np.int64)
    out = np.zeros((k, w.shape[1]))
    for q in range(w.shape[1]):
        out[:, q] = np.bincount(at, w[on, q], k)
    return out


def deviation(load: NDArray[Any], target: NDArray[Any]) -> F:
    """load / target - 1, same shape; 0 where both are 0, inf where only the target is.

    >>> deviation(np.array([3.0, 4.0]), np.array([4.0, 4.0])).tolist()
    [-0.25, 0.0]
    """
    load, target = np.asarray(load, np.float64), np.asarray(target, np.float64)
    out = np.zeros(np.broadcast(load, target).shape)
    np.divide(load, target, out=out, where=target > 0)
    out[target > 0] -= 1.0
    out[(target <= 0) & (load > 0)] = np.inf
    return out


def max_deviation(load: NDArray[Any], target: NDArray[Any]) -> F:
    """(m,), largest |deviation| over the territories of each measure; 0 without territories."""
    d = np.abs(deviation(load, target))
    out: F = d.max(axis=0, initial=0.0)
    return out


def cv_pct(load: NDArray[Any]) -> F:
    """(m,), coefficient of variation in %: 100 x population standard deviation / mean; 0 if the mean is 0."""
    load = np.asarray(load, np.float64)
    if not len(load):
        return np.zeros(load.shape[1:])
    mean = load.mean(axis=0)
    out: F = np.where(mean > 0, 100.0 * load.std(axis=0) / np.where(mean > 0, mean, 1.0), 0.0)
    return out


def gini(load: NDArray[Any]) -> F:
    """(m,), Gini coefficient, 0 = equal, (k - 1) / k = one has all; 0 if the sum is 0.

    Formula: sum over pairs |x_i - x_j| / (2 k^2 mean), computed on the sorted loads as
    sum((2 i - k - 1) x_(i)) / (k sum x). Source: Gini 1912; sorted form of Sen 1973, On Economic Inequality.

    >>> float(gini(np.array([[1.0], [3.0]]))[0])
    0.25
    """
    x = np.sort(np.asarray(load, np.float64), axis=0)
    k = len(x)
    if k == 0:
        return np.zeros(x.shape[1:])
    total = x.sum(axis=0)
    rank = (2 * np.arange(1, k + 1) - k - 1).reshape(-1, *[1] * (x.ndim - 1))
    out: F = np.where(total > 0, (rank * x).sum(axis=0) / np.where(total > 0, k * total, 1.0), 0.0)
    return out


def balance_index(load: NDArray[Any], target: NDArray[Any]) -> F:
    """(m,), 100 x (1 - mean |deviation|), clipped at 0. Show it beside the largest deviation, which it hides."""
    d = np.abs(deviation(load, target))
    if not len(d):
        return np.full(d.shape[1:], 100.0)
    out: F = np.maximum(0.0, 100.0 * (1.0 - d.mean(axis=0)))
    return out


def max_min(load: NDArray[Any]) -> F:
    """(m,), largest territory / smallest territory; inf if the smallest is 0 and the largest isn't, 1 if both are 0."""
    load = np.asarray(load, np.float64)
    if not len(load):
        return np.ones(load.shape[1:])
    top, low = load.max(axis=0), load.min(axis=0)
    out: F = np.where(low > 0, top / np.where(low > 0, low, 1.0), np.where(top > 0, np.inf, 1.0))
    return out
