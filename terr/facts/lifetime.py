"""Customers without a contract: who is still active, how many orders are to come, and what they are worth.

Fader, Hardie and Lee, "Counting Your Customers" the Easy Way (Marketing Science 2005): BG/NBD; the same authors' note
on the Gamma-Gamma model of spend (2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from terr.errors import InputError

Floats = NDArray[np.float64]
_LEAST_CUSTOMERS, _LEAST_REPEATS = 30, 10
_EVEN = 8.0
"""Logarithm of the largest r: rates of customers then differ by 2%, and more likeness can't be told from none."""
_STARTS = ((1.0, 5.0, 1.0, 2.0), (0.3, 3.0, 0.8, 2.5), (2.0, 20.0, 0.5, 5.0))


@dataclass(frozen=True, eq=False)
class OrderHistory:
    """What the model needs of each customer.

    Attributes:
        repeats: float64 (customers,), orders beyond the first (days with several orders count once).
        recency: float64, time from the first to the last order; 0 where there is one.
        age: float64, time from the first order to the end of what is known. Same unit as recency.
        spend: float64, mean amount of the orders beyond the first; 0 where there is none.
    """

    repeats: Floats
    recency: Floats
    age: Floats
    spend: Floats

    def __post_init__(self) -> None:
        parts = (self.repeats, self.recency, self.age, self.spend)
        if len({p.shape for p in parts}) != 1 or not all(np.isfinite(p).all() for p in parts):
            raise InputError("an order history needs four finite figures per customer")
        if (self.repeats < 0).any() or (self.recency < 0).any() or (self.recency > self.age + 1e-9).any():
            raise InputError("no customer orders before the first order or after the last day known")


@dataclass(frozen=True)
class ActivityModel:
    """A fitted BG/NBD model.

    Attributes:
        r, alpha: of the gamma distribution of order rates.
        a, b: of the beta distribution of the chance to leave after an order.
        log_likelihood: of the data it was fitted to.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float

    def active(self, history: OrderHistory) -> Floats:
        """Chance that each customer is still active, 0 to 1."""
        return np.asarray(1.0 / (1.0 + self._odds_of_gone(history)))

    def orders(self, history: OrderHistory, time: float) -> Floats:
        """Expected orders of each customer in the `time` after what is known (equation 10 of the paper)."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        x, age = history.repeats, history.age
        if abs(a - 1.0) < 1e-8:
            a += 1e-7  # the formula has a hole there, its limit doesn't
        # ((alpha + age) / (alpha + age + time)) ** (r + x) * 2F1(r + x, b + x; ...; ...), by Pfaff's transformation:
        # the power would vanish and the function overflow where all customers order at one pace (r is large)
        gauss = hyp2f1(r + x, a - 1, a + b + x - 1, -time / (alpha + age))
        some = (a + b + x - 1) / (a - 1) * (1 - gauss)
        return np.asarray(some / (1.0 + self._odds_of_gone(history)))

    def _odds_of_gone(self, history: OrderHistory) -> Floats:
        x = history.repeats
        ratio = (self.r + x) * (np.log(self.alpha + history.age) - np.log(self.alpha + history.recency))
        gone = self.a / np.maximum(self.b + x - 1, 1e-12) * np.exp(np.minimum(ratio, 700.0))
        return np.asarray(np.where(x > 0, gone, 0.0))


@dataclass(frozen=True)
class SpendModel:
    """A fitted Gamma-Gamma model of the amount of an order.

    Attributes:
        p, q, v: its parameters (gamma shape of an order; gamma shape and scale of customers).
        log_likelihood: of the data it was fitted to.
    """

    p: float
    q: float
    v: float
    log_likelihood: float

    def amount(self, history: OrderHistory) -> Floats:
        """Expected amount of each customer's next order: own mean and everybody's, by how many orders there are.

        Customers without a repeated order get everybody's mean; NaN if that has none (q <= 1).
        """
        below = self.p * history.repeats + self.q - 1
        with np.errstate(divide="ignore", invalid="ignore"):
            out = self.p * (self.v + history.repeats * history.spend) / below
        return np.asarray(np.where(below > 0, out, np.nan))


def bg_nbd_log_likelihood(r: float, alpha: float, a: float, b: float, history: OrderHistory) -> float:
    """Log-likelihood of equation 6 of the paper, summed over customers."""
    x = history.repeats
    known = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + betaln(a, b + x) - betaln(a, b)
    stays = -(r + x) * np.log(alpha + history.age)
    leaves = np.log(a) - np.log(np.maximum(b + x - 1, 1e-12)) - (r + x) * np.log(alpha + history.recency)
    # B(a+1, b+x-1) / B(a, b+x) = a / (b+x-1)
    return float(np.sum(known + np.where(x > 0, np.logaddexp(stays, leaves), stays)))


def fit_activity(history: OrderHistory) -> ActivityModel:
    """The BG/NBD model that explains the histories best (maximum likelihood from several starts).

    Raises:
        InputError: too few customers or repeated orders to say anything.
    """
    n, again = len(history.repeats), int((history.repeats > 0).sum())
    if n < _LEAST_CUSTOMERS or again < _LEAST_REPEATS:
        raise InputError(
            f"who is still active can be told from at least {_LEAST_CUSTOMERS} customers of whom {_LEAST_REPEATS} "
            f"ordered more than once; there are {n:,} and {again:,}"
        )
    unit = max(float(history.age.max()) / 100.0, 1e-9)  # times near 1, so that one tolerance fits days and weeks
    scaled = OrderHistory(history.repeats, history.recency / unit, history.age / unit, history.spend)

    def minus(logs: Floats) -> float:
        r, alpha, a, b = (float(v) for v in np.exp(np.clip(logs, -12, 12)))
        return -bg_nbd_log_likelihood(r, alpha, a, b, scaled)

    best = min(
        (
            minimize(
                minus,
                np.log(start),
                method="L-BFGS-B",
                bounds=[(-12, _EVEN), (-12, 12), (-12, 12), (-12, 12)],
                options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-9},
            )
            for start in _STARTS
        ),
        key=lambda found: float(found.fun),
    )
    r, alpha, a, b = (float(v) for v in np.exp(best.x))
    return ActivityModel(r, alpha * unit, a, b, bg_nbd_log_likelihood(r, alpha * unit, a, b, history))


def fit_spend(history: OrderHistory) -> SpendModel:
    """The Gamma-Gamma model that explains the mean amounts of customers with repeated orders best.

    Raises:
        InputError: fewer than 10 customers with repeated orders of a positive amount.
    """
    use = (history.repeats > 0) & (history.spend > 0)
    x, mean = history.repeats[use], history.spend[use]
    if len(x) < _LEAST_REPEATS:
        raise InputError(
            f"what an order is worth can be told from at least {_LEAST_REPEATS} customers with repeated orders; "
            f"there are {len(x):,}"
        )
    unit = float(mean.mean())
    money = mean / unit

    def minus(logs: Floats) -> float:
        p, q, v = np.exp(np.clip(logs, -10, 10))
        return -float(
            np.sum(
                gammaln(p * x + q)
                - gammaln(p * x)
                - gammaln(q)
                + q * np.log(v)
                + (p * x - 1) * np.log(money)
                + p * x * np.log(x)
                - (p * x + q) * np.log(x * money + v)
            )
        )

    found = min(
        (
            minimize(minus, np.log(start), method="L-BFGS-B", bounds=[(-10, 10)] * 3, options={"maxiter": 500})
            for start in ((6.0, 4.0, 0.5), (1.0, 2.0, 1.0), (20.0, 10.0, 0.5))
        ),
        key=lambda f: float(f.fun),
    )
    p, q, v = (float(e) for e in np.exp(found.x))
    return SpendModel(p, q, v * unit, -float(found.fun) - float(np.log(unit)) * len(x))
