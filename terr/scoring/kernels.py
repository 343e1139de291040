"""The three products that fitting a model is made of, each on one processor.

The matrix library would spread them over all processors, and wait long for those that are busy with other people's
work: on a busy machine a fit of 0.7 s then takes 14 s.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@numba.njit(cache=True, nogil=True)
def times(x: Floats, b: Floats) -> Floats:
    """x @ b: float64 (n,) of x (n, p) and b (p,)."""
    out = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        total = 0.0
        for j in range(x.shape[1]):
            total += x[i, j] * b[j]
        out[i] = total
    return out


@numba.njit(cache=True, nogil=True)
def down(x: Floats, v: Floats) -> Floats:
    """x.T @ v: float64 (p,) of x (n, p) and v (n,)."""
    out = np.zeros(x.shape[1])
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            out[j] += x[i, j] * v[i]
    return out


@numba.njit(cache=True, nogil=True)
def weighted(x: Floats, w: Floats) -> Floats:
    """x.T @ diag(w) @ x: float64 (p, p) of x (n, p) and w (n,). Zeros, of which levels are full, cost nothing."""
    p = x.shape[1]
    out = np.zeros((p, p))
    for i in range(x.shape[0]):
        for j in range(p):
            a = x[i, j] * w[i]
            if a != 0.0:
                for k in range(j, p):
                    out[j, k] += a * x[i, k]
    for j in range(p):
        for k in range(j):
            out[j, k] = out[k, j]
    return out
