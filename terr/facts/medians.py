"""The median of a sample, with an interval that assumes nothing of how the figures are spread."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

COVERAGE = 0.90


def median_interval(values: NDArray[np.float64], coverage: float = COVERAGE) -> tuple[float, float, float] | None:
    """Median and the order statistics between which the true one lies (Conover, Nonparametric Statistics, 3.2).

    Args:
        values: float64 (n,), finite, in any order.
        coverage: of the interval, at least; with too few values for it the ends are -inf and inf.

    Returns:
        Median, low and high end; None without values.
    """
    n = len(values)
    if not n:
        return None
    ordered = np.sort(values)
    from scipy.stats import binom  # late: who only checks a file does without

    at = int(binom.ppf((1 - coverage) / 2, n, 0.5))  # at most `at - 1` values below it with that chance
    while at > 0 and binom.cdf(at - 1, n, 0.5) > (1 - coverage) / 2:
        at -= 1
    low, high = (float(ordered[at - 1]), float(ordered[n - at])) if at > 0 else (-np.inf, np.inf)
    return float(np.median(ordered)), low, high
