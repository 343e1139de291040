"""Win rates that few deals can't distort: every group's rate drawn toward the team's as far as its deals are few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError

_MEANS = np.linspace(0.005, 0.995, 100)
_STRENGTHS = np.geomspace(2.0, 2_000.0, 60)
"""Of the team's rate, in deals: how many of a group's own count as much as what is known of the others."""
COVERAGE = 0.90


@dataclass(frozen=True, eq=False)
class WinRates:
    """Win rates of groups, in the order given.

    Attributes:
        raw: float64, won / (won + lost); NaN where nothing was closed.
        estimate, low, high: float64, posterior mean and the ends of its 90% interval.
        team: float64, posterior mean of the rate of a group of which nothing is known.
    """

    raw: NDArray[np.float64]
    estimate: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    team: float


def win_rates(won: NDArray[np.int64], lost: NDArray[np.int64]) -> WinRates:
    """The rates of groups under a beta-binomial model: won ~ Binomial(n, p), p ~ Beta(m s, (1 - m) s).

    The mean m (uniform) and the strength s (density s^-3/2, 2 to 2,000 deals) are not plugged in at their likeliest
    values but averaged over, on a grid, by how well they explain all groups (Gelman et al., Bayesian Data Analysis,
    section 5.3, with its prior): with few groups a plugged-in prior makes intervals too narrow. A group's mixture of
    betas is then replaced by the beta of the same mean and variance.

    Args:
        won, lost: int64 (groups,), deals closed.

    Raises:
        InputError: unequal lengths, or a negative count.
    """
    from scipy.special import betaln  # late: who only checks a file does without
    from scipy.stats import beta

    won, lost = np.asarray(won, dtype=np.int64), np.asarray(lost, dtype=np.int64)
    if won.shape != lost.shape or won.ndim != 1 or (won < 0).any() or (lost < 0).any():
        raise InputError("win rates need one count of won and one of lost deals per group, none below zero")
    n = won + lost
    raw = np.where(n > 0, won / np.maximum(n, 1), np.nan)
    mean, strength = (grid.ravel() for grid in np.meshgrid(_MEANS, _STRENGTHS, indexing="ij"))
    a, b = mean * strength, (1 - mean) * strength
    pairs, times = np.unique(np.stack([won, lost])[:, n > 0], axis=1, return_counts=True)
    fit = -0.5 * np.log(strength)
    for (w, m), count in zip(pairs.T.tolist(), times.tolist(), strict=True):
        fit += count * (betaln(a + w, b + m) - betaln(a, b))
    weight = np.exp(fit - fit.max())
    weight /= weight.sum()
    use = weight > 1e-7
    a, b, weight = a[use], b[use], weight[use] / weight[use].sum()
    total = a + b + n[:, None]
    means = (a + won[:, None]) / total
    estimate = means @ weight
    second = (means * (1 - means) / (total + 1) + means**2) @ weight
    variance = np.maximum(second - estimate**2, 1e-12)
    size = np.maximum(estimate * (1 - estimate) / variance - 1, 1e-6)
    tail = (1 - COVERAGE) / 2
    low = beta.ppf(tail, estimate * size, (1 - estimate) * size)
    high = beta.ppf(1 - tail, estimate * size, (1 - estimate) * size)
    return WinRates(raw, estimate, low, high, float((a / (a + b)) @ weight))
