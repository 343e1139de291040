"""What is to come of each account: the forecast of all orders, spread by what each customer is expected to buy."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.workspace.facts.customers import Customers, customers_of
from terr.workspace.facts.forecasting import forecast_orders
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.facts.performance import FactSet

ACTIVE, ORDERS, SALES, FORECAST = "active", "expected orders", "expected sales", "forecast"
_KNOWN: WeakKeyDictionary[JoinedFacts, Customers] = WeakKeyDictionary()


def known_customers(orders: JoinedFacts) -> Customers:
    """`customers_of`, fitted once for as long as the orders are in memory."""
    found = _KNOWN.get(orders)
    if found is None:
        found = _KNOWN[orders] = customers_of(orders)
    return found


def account_outlook(
    orders: JoinedFacts, what: str, n_accounts: int, progress: Progress = UNWATCHED
) -> NDArray[np.float64]:
    """A figure of each account for the twelve months after the newest order; it adds up over accounts.

    Args:
        orders: the orders.
        what: "active" (chance to be active, 0 to 1), "expected orders", "expected sales" or "forecast": the forecast of
            all orders, of which each account gets the share that it has of expected sales (of last year's sales where
            there are too few customers for a model).
        n_accounts: how many accounts there are.
        progress: told how far it is.

    Returns:
        float64 (n_accounts,), 0 for accounts without orders.

    Raises:
        InputError: no order has a day; too few customers for a model that is needed; an unknown figure.
        StoppedError: if the person stopped it.
    """
    if what not in {ACTIVE, ORDERS, SALES, FORECAST}:
        raise InputError(f"there is no outlook called '{what[:40]}'")
    found = known_customers(orders)
    table, out = found.table, np.zeros(n_accounts)
    at = table["account"].to_numpy(dtype=np.int64)
    if what != FORECAST:
        if found.activity is None:
            raise InputError(found.why)
        column = {ACTIVE: "p_active", ORDERS: "orders_12", SALES: "value_12"}[what]
        out[at] = np.nan_to_num(table[column].to_numpy(dtype=np.float64))
        return out
    progress.check()
    series = forecast_orders(orders, np.zeros(0, dtype=object), periods=4, every="quarter", progress=progress)
    total = sum(max(point["mean"], 0.0) for point in series[-1]["points"])
    weight = np.nan_to_num(table["value_12"].to_numpy(dtype=np.float64))
    if not weight.sum() > 0:
        weight = np.clip(table["revenue_12"].to_numpy(dtype=np.float64), 0.0, None)
    if not weight.sum() > 0:
        weight = np.ones(len(table))
    out[at] = total * weight / weight.sum()
    return out


def last_year(facts: FactSet, n_accounts: int) -> NDArray[np.float64]:
    """float64 (n_accounts,), sum of each account's orders of the twelve months that end with the newest fact.

    Raises:
        InputError: no fact has a day.
    """
    orders, period = facts.by_kind["orders"], facts.usual_period()
    use = (orders.account >= 0) & period.holds(orders.days())
    sums = np.bincount(orders.account[use], weights=orders.amounts[use], minlength=n_accounts)
    return sums.astype(np.float64)
