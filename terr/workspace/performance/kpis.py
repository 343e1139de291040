"""The figures of the Performance page: what they are called, how they are read, and which file they come from."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

from terr.view.text import number, percent, short

MONEY, SHARE, COUNT, DAYS, TIMES = "money", "share", "count", "days", "times"
KIND_TITLES = {
    "orders": "orders",
    "opportunities": "opportunities",
    "activities": "activities",
    "contracts": "contracts",
    "quotas": "quotas",
}


@dataclass(frozen=True)
class Kpi:
    """A figure of a group in a period.

    Attributes:
        key: in the rows of `terr.workspace.facts.performance.performance`.
        title: for a person.
        unit: "money", "share" (0 to 1), "count", "days" or "times".
        kinds: the files it comes from; any of them will do.
        formula: what it is, in words.
        better: "up" or "down", "" where neither is.
    """

    key: str
    title: str
    unit: str
    kinds: tuple[str, ...]
    formula: str
    better: str = "up"

    def text(self, value: float | None, currency: str = "") -> str:
        """The figure as a person reads it; an en dash where there is none."""
        if value is None or math.isnan(value):
            return "–"
        if self.unit == MONEY:
            return short(value, currency)
        if self.unit == SHARE:
            return percent(100 * value, signed=self.key == "growth")
        if self.unit == DAYS:
            return f"{number(value)} days"
        return f"{number(value, 1)}×" if self.unit == TIMES else number(value)


ORDERS, DEALS, TOUCHES, CONTRACTS, QUOTAS = (
    ("orders",),
    ("opportunities",),
    ("activities",),
    ("contracts",),
    ("quotas",),
)
KPIS = (
    Kpi("revenue", "Revenue", MONEY, ORDERS, "Sum of the orders in the period"),
    Kpi("revenue_before", "A year before", MONEY, ORDERS, "Sum of the orders in the same period a year before", ""),
    Kpi("growth", "Year on year", SHARE, ORDERS, "Revenue / revenue a year before - 1"),
    Kpi("orders", "Orders", COUNT, ORDERS, "Different order IDs in the period"),
    Kpi("customers", "Customers", COUNT, ORDERS, "Accounts with an order in the period"),
    Kpi("new_customers", "New customers", COUNT, ORDERS, "Accounts whose first order ever falls in the period"),
    Kpi("repeat_rate", "Repeat rate", SHARE, ORDERS, "Customers with two or more orders / customers"),
    Kpi(
        "nrr",
        "Net retention",
        SHARE,
        ("orders", "contracts"),
        "(start - churn - contraction + expansion) / start, of the customers of a year before",
    ),
    Kpi(
        "grr",
        "Gross retention",
        SHARE,
        ("orders", "contracts"),
        "(start - churn - contraction) / start, of the customers of a year before",
    ),
    Kpi(
        "churned",
        "Customers lost",
        COUNT,
        ("orders", "contracts"),
        "Customers of the same period a year before without an order in this one",
        "down",
    ),
    Kpi("won_amount", "Bookings", MONEY, DEALS, "Sum of the deals won in the period"),
    Kpi("won", "Deals won", COUNT, DEALS, "Deals won in the period"),
    Kpi("lost", "Deals lost", COUNT, DEALS, "Deals lost in the period", "down"),
    Kpi(
        "win_rate_shrunk",
        "Win rate",
        SHARE,
        DEALS,
        "Won / (won + lost), drawn toward the team's rate where deals are few (beta-binomial estimate)",
    ),
    Kpi("deal_median", "Median deal", MONEY, DEALS, "Median amount of the deals won in the period"),
    Kpi("cycle_days_median", "Sales cycle", DAYS, DEALS, "Median days from created to won", "down"),
    Kpi("open_amount", "Open pipeline", MONEY, DEALS, "Sum of the deals that are open now"),
    Kpi("quota", "Quota", MONEY, QUOTAS, "Sum of the quotas of the period", ""),
    Kpi("attainment", "Attainment", SHARE, QUOTAS, "Bookings, or revenue without deals, / quota"),
    Kpi("pipeline_coverage", "Pipeline coverage", TIMES, QUOTAS, "Open pipeline / (quota - bookings)"),
    Kpi("coverage", "Accounts contacted", SHARE, TOUCHES, "Accounts with an activity in the period / accounts"),
    Kpi("untouched", "Not contacted", COUNT, TOUCHES, "Accounts without an activity in the period", "down"),
    Kpi("activities", "Activities", COUNT, TOUCHES, "Calls, visits, emails and meetings in the period"),
)
BY_KEY = {k.key: k for k in KPIS}
CARDS = (
    "revenue",
    "growth",
    "won_amount",
    "attainment",
    "win_rate_shrunk",
    "new_customers",
    "nrr",
    "coverage",
    "deal_median",
    "open_amount",
    "customers",
    "repeat_rate",
)
"""Of which the first that there are facts for become the cards of the page."""


def shown(kinds: Collection[str]) -> tuple[Kpi, ...]:
    """The figures that facts of these kinds say something of."""
    return tuple(k for k in KPIS if set(k.kinds) & set(kinds))


def missing(kinds: Collection[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Kind of file that isn't there -> titles of the figures it would bring."""
    out = []
    for kind, title in KIND_TITLES.items():
        brings = tuple(k.title for k in KPIS if kind in k.kinds and not set(k.kinds) & set(kinds))
        if kind not in kinds and brings:
            out.append((title, brings))
    return tuple(out)
