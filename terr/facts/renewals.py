"""Contracts that are renewed or not: how many of a cohort stay how long.

Fader and Hardie, "How to Project Customer Retention" (Journal of Interactive Marketing 2007): shifted beta-geometric.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln

from terr.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RenewalModel:
    """A fitted shifted beta-geometric model.

    Attributes:
        alpha, beta: of the beta distribution of the chance to leave at a renewal.
        log_likelihood: of the cohort it was fitted to.
    """

    alpha: float
    beta: float
    log_likelihood: float

    def staying(self, periods: int) -> Floats:
        """Share of a cohort that is there after 0, 1, ... `periods` renewals: float64 (periods + 1,)."""
        t = np.arange(periods + 1)
        return np.asarray(np.exp(betaln(self.alpha, self.beta + t) - betaln(self.alpha, self.beta)))

    def expected_left(self, age: int, *, discount: float = 0.0) -> float:
        """Expected further periods of a customer after `age` renewals, discounted per period (0.1 = 10%), at most 100.

        Raises:
            InputError: a discount below 0.
        """
        if discount < 0:
            raise InputError(f"a discount is at least 0%, not {100 * discount:g}%")
        stay = self.staying(age + 100)
        return float(np.sum(stay[age + 1 :] / stay[age] / (1 + discount) ** np.arange(1, 101)))


def fit_renewals(cohort: Sequence[float]) -> RenewalModel:
    """The model that explains a cohort best.

    Args:
        cohort: customers at the start and after each period, falling: 1000, 631, 468 ...

    Raises:
        InputError: fewer than two periods, a count that grows, or nobody who left.
    """
    kept = np.asarray(cohort, dtype=np.float64)
    if len(kept) < 3 or not np.isfinite(kept).all() or (kept < 0).any() or (np.diff(kept) > 0).any():
        raise InputError(
            "renewals need a cohort's customers at the start and after at least two periods, never growing"
        )
    lost = -np.diff(kept)
    if not lost.sum():
        raise InputError("nobody of this cohort left, so there is no rate to tell")
    t = np.arange(1, len(kept))

    def minus(logs: Floats) -> float:
        alpha, beta = np.exp(np.clip(logs, -12, 12))
        base = betaln(alpha, beta)
        left = betaln(alpha + 1, beta + t - 1) - base
        return -float(lost @ left + kept[-1] * (betaln(alpha, beta + t[-1]) - base))

    found = min(
        (
            minimize(minus, np.log(s), method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-10, "maxiter": 4_000})
            for s in ((1.0, 1.0), (0.5, 5.0))
        ),
        key=lambda f: float(f.fun),
    )
    alpha, beta = (float(v) for v in np.exp(found.x))
    return RenewalModel(alpha, beta, -float(found.fun))
