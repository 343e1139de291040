"""How many reps: by workload, by potential, by marginal return; and how many accounts one rep can have.

* Workload: W. J. Talley Jr., "How to Design Sales Territories", Journal of Marketing 25(3), 1961, 7-13.
* Potential: W. J. Semlow, "How Many Salesmen Do You Need?", Harvard Business Review 37, May-June 1959, 126-132. C. B.
  Weinberg and H. C. Lucas ("Semlow's Results Are Based on a Spurious Relationship", Journal of Marketing 41(2), 1977)
  showed that dividing sales by potential before fitting makes a relation of nothing; here sales themselves are fitted.
* Marginal return: sales = a x reps ^ elasticity, a concave response as in B. Skiera and S. Albers, "COSTA: Contribution
  Optimizing Sales Territory Alignment", Marketing Science 17(3), 1998. The usual elasticity of 0.31 is the mean of S.
  Albers, M. K. Mantrala and S. Sridhar, "Personal Selling Elasticities: A Meta-Analysis", Journal of Marketing Research
  47(5), 2010.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from terr.errors import InputError

USUAL_ELASTICITY = 0.31
MOST_REPS = 100_000


@dataclass(frozen=True)
class TierWork:
    """One tier: how many accounts, calls a year on each, minutes a call (travel included where it is to count)."""

    tier: str
    accounts: int
    calls: float
    minutes: float

    def __post_init__(self) -> None:
        if self.accounts < 0 or not 0 <= self.calls <= 1000 or not 0 <= self.minutes <= 1440:
            raise InputError(
                f"tier {self.tier[:40]} needs 0 accounts or more, 0 to 1,000 calls a year and 0 to 1,440 minutes a call"
            )

    @property
    def hours(self) -> float:
        """Hours a year."""
        return self.accounts * self.calls * self.minutes / 60


@dataclass(frozen=True)
class WorkloadSize:
    """Reps by workload: `reps` = `hours` / `selling_hours`; `each`: tier -> accounts of it alone that fill a rep."""

    hours: float
    selling_hours: float
    reps: float
    each: dict[str, float | None]


def by_workload(tiers: tuple[TierWork, ...], selling_hours: float, travel_hours: float = 0.0) -> WorkloadSize:
    """Talley's workload method: accounts x calls x length of a call / selling time of one rep.

    Args:
        tiers: of the accounts.
        selling_hours: a year of one full rep, above 0.
        travel_hours: a year in all, added to the calls.

    Raises:
        InputError: selling hours that aren't above 0, or over 8,784 (a year).
    """
    if not 0 < selling_hours <= 8784:
        raise InputError("selling hours a year of one rep must lie above 0 and up to 8,784, such as 1,200")
    hours = sum(t.hours for t in tiers) + travel_hours
    one = {t.tier: t.calls * t.minutes / 60 for t in tiers}
    each = {tier: selling_hours / h if h > 0 else None for tier, h in one.items()}
    return WorkloadSize(hours, selling_hours, hours / selling_hours, each)


@dataclass(frozen=True)
class PotentialSize:
    """Reps by potential.

    Attributes:
        reps: the number with the highest profit.
        response: sales = a x share of potential ^ response; low, high: its 90% interval, NaN with two territories.
        sales, profit: at that number, a year; today: profit with the reps there are.
        note: what to be careful of, "" if nothing.
    """

    reps: int
    response: float
    low: float
    high: float
    sales: float
    profit: float
    today: float
    note: str


def by_potential(
    sales: NDArray[np.float64], potential: NDArray[np.float64], margin: float, cost: float, most: int = 1000
) -> PotentialSize:
    """Semlow's method: what territories of larger and smaller potential sell tells what a number of equal ones would.

    With sales = a p^b for a territory with the share p of all potential, n equal ones sell n a (1/n)^b = a n^(1 - b).

    Args:
        sales, potential: float64 (k,) of today's territories, k at least 2, above 0.
        margin: share of sales that is contribution, above 0 up to 1.
        cost: of a rep a year.
        most: reps at most.

    Raises:
        InputError: too few territories, or all of one size: nothing can be learned then.
    """
    _check_money(margin, cost)
    use = np.isfinite(sales) & np.isfinite(potential) & (np.nan_to_num(sales) > 0) & (np.nan_to_num(potential) > 0)
    share = potential[use] / potential[use].sum() if use.any() else potential[use]
    k = int(use.sum())
    if k < 2 or np.ptp(np.log(share)) < 1e-6:
        raise InputError("the potential method needs two territories or more of different potential, with sales")
    x, y = np.log(share), np.log(sales[use])
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    level = math.exp(float(y.mean()) - slope * float(x.mean()))
    low = high = math.nan
    if k > 2:
        left = y - y.mean() - slope * (x - x.mean())
        error = math.sqrt(float((left**2).sum()) / (k - 2) / float(((x - x.mean()) ** 2).sum()))
        reach = float(student.ppf(0.95, k - 2)) * error
        low, high = slope - reach, slope + reach
    n = np.arange(1, most + 1, dtype=np.float64)
    sold = level * n ** (1 - slope)
    profit = margin * sold - cost * n
    best = int(profit.argmax())
    note = ""
    if slope >= 1 - 1e-9:
        note = "Sales rise at least as fast as potential here, so smaller territories would sell no more"
    elif slope <= 0:
        note = "Sales don't rise with potential here, so this method says little; rely on the other two"
    elif best == most - 1:
        note = f"Profit still rises at {most:,} reps; check margin and cost"
    today = float(margin * level * k ** (1 - slope) - cost * k)
    return PotentialSize(int(n[best]), slope, low, high, float(sold[best]), float(profit[best]), today, note)


@dataclass(frozen=True)
class MarginalSize:
    """Reps by marginal return.

    Attributes:
        reps: the number from which one more rep costs more than the margin it brings.
        next_sales, next_margin: what one more rep than today is expected to sell and bring, a year.
        cost: of that rep.
    """

    reps: int
    next_sales: float
    next_margin: float
    cost: float


def by_marginal_return(
    reps: int, sales: float, margin: float, cost: float, elasticity: float = USUAL_ELASTICITY
) -> MarginalSize:
    """Add reps while the next one's margin is above its cost.

    sales(n) = sales x (n / reps) ^ elasticity. The best n is the last whose margin covers its cost.

    Args:
        reps: today, 1 or more; sales: a year today.
        margin: share of sales that is contribution; cost: of a rep a year.
        elasticity: 0 to 1 without the ends.

    Raises:
        InputError: figures outside these.
    """
    _check_money(margin, cost)
    if reps < 1 or not sales > 0 or not 0 < elasticity < 1:
        raise InputError("marginal return needs a rep or more, sales above 0 and an elasticity between 0 and 1")

    def sold(n: int) -> float:
        return float(sales * (n / reps) ** elasticity)

    # the differences fall with n (concave), so the last one that covers the cost is found by bisection
    low, high = 0, MOST_REPS
    while low < high:
        middle = (low + high + 1) // 2
        if margin * (sold(middle) - sold(middle - 1)) >= cost:
            low = middle
        else:
            high = middle - 1
    more = sold(reps + 1) - sold(reps)
    return MarginalSize(max(1, low), more, margin * more, cost)


def _check_money(margin: float, cost: float) -> None:
    if not 0 < margin <= 1:
        raise InputError("the margin is a share of sales above 0 and up to 1, such as 0.3 or 30%")
    if not (math.isfinite(cost) and cost > 0):
        raise InputError("the cost of a rep a year must be above 0, such as 150,000")
