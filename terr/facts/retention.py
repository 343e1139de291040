"""What became of last year's customers: churned, shrunk, grown, and who is new."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError


@dataclass(frozen=True)
class Retention:
    """Money of two windows of one length, split by what happened: start - churn - contraction + expansion + new = end.

    Attributes:
        start, end: sums of the window before and of this one, over customers whose sum is above zero.
        churn: of customers with a sum before and none now.
        contraction, expansion: of customers with both.
        new: of customers with a sum now and none before.
        customers_before, customers_lost: with a sum before, and of these none now.
    """

    start: float
    end: float
    churn: float
    contraction: float
    expansion: float
    new: float
    customers_before: int
    customers_lost: int

    @property
    def gross(self) -> float | None:
        """Gross revenue retention, (start - churn - contraction) / start; None without a start."""
        return (self.start - self.churn - self.contraction) / self.start if self.start > 0 else None

    @property
    def net(self) -> float | None:
        """Net revenue retention, the same + expansion / start."""
        return None if self.gross is None else self.gross + self.expansion / self.start


def retention(before: NDArray[np.float64], now: NDArray[np.float64]) -> Retention:
    """Split the difference of two windows.

    A customer whose sum of a window isn't above zero (nothing but credit notes) counts as absent in it.

    Args:
        before, now: float64 (customers,), sum per customer in the window before and in this one; same order.

    Raises:
        InputError: unequal lengths or figures that aren't finite.
    """
    before, now = np.asarray(before, dtype=np.float64), np.asarray(now, dtype=np.float64)
    if before.shape != now.shape or not np.isfinite(before).all() or not np.isfinite(now).all():
        raise InputError("retention needs the same customers in both windows, with finite sums")
    old, new = np.where(before > 0, before, 0.0), np.where(now > 0, now, 0.0)
    stayed = (old > 0) & (new > 0)
    gone = (old > 0) & (new == 0)
    change = np.where(stayed, new - old, 0.0)
    return Retention(
        start=float(old.sum()),
        end=float(new.sum()),
        churn=float(old[gone].sum()),
        contraction=float(-change[change < 0].sum()),
        expansion=float(change[change > 0].sum()),
        new=float(new[old == 0].sum()),
        customers_before=int((old > 0).sum()),
        customers_lost=int(gone.sum()),
    )
