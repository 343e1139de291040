"""Disruption: what changes hands between two plans. All are percentages; each says of what."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def _share(changed: NDArray[Any], weight: NDArray[Any]) -> float:
    total = float(weight.sum())
    return 100.0 * float(weight[changed].sum()) / total if total > 0 else 0.0


def units_pct(before: NDArray[Any], after: NDArray[Any]) -> float:
    """% of all units whose territory differs. Denominator: every unit; a change from or to unassigned counts.

    Args:
        before: int (n,), territory per unit, -1 = unassigned.
        after: int (n,), in the same naming of territories.

    >>> units_pct(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]))
    25.0
    """
    changed = np.asarray(before) != np.asarray(after)
    return _share(changed, np.ones(len(changed)))


def accounts_pct(before: NDArray[Any], after: NDArray[Any], accounts: NDArray[Any]) -> float:
    """% of located accounts whose unit's territory differs. Denominator: accounts located on any unit.

    Args:
        before: int (n,), territory per unit.
        after: int (n,).
        accounts: (n,), number of accounts on each unit.
    """
    return _share(np.asarray(before) != np.asarray(after), np.asarray(accounts, np.float64))


def load_pct(before: NDArray[Any], after: NDArray[Any], weights: NDArray[Any]) -> NDArray[np.float64]:
    """(m,), % of each measure's load on units whose territory differs. Denominator: the measure's sum over all units.

    Args:
        before: int (n,), territory per unit.
        after: int (n,).
        weights: (n, m) or (n,).
    """
    w = np.asarray(weights, np.float64)
    w = w[:, None] if w.ndim == 1 else w
    changed = np.asarray(before) != np.asarray(after)
    return np.array([_share(changed, w[:, q]) for q in range(w.shape[1])])
