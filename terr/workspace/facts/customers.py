"""Customers by their orders: who is still active, what is to come of them, who is at risk and who grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.facts.lifetime import ActivityModel, OrderHistory, SpendModel, fit_activity, fit_spend
from terr.facts.renewals import RenewalModel, fit_renewals
from terr.one_processor import one_processor
from terr.workspace.facts.joined_facts import JoinedFacts

YEAR = 365.25
_RISK, _RISK_ORDERS, _SILENT, _SILENT_DAYS = 0.5, 3, 4.0, 60
"""At risk: less likely than not to be active, or silent for so many times what usually lies between two orders (and so
many days), after at least so many orders. Of orders that come at random, 2 in 100 gaps are that long."""
_SLACK, _LEAST = 0.05, 5
"""Years by which a contract may end early and count as run out; customers from which a share can be told."""


@dataclass(frozen=True, eq=False)
class Customers:
    """What is to come of the accounts that ordered.

    Attributes:
        table: one row per account with an order: `account` (position), `orders` (days with an order), `first`, `last`
            (datetime64), `revenue_12`, `revenue_before` (the last twelve months and those before), `p_active` (0 to 1),
            `orders_12` and `value_12` (expected in the next twelve months); NaN where the model can't tell.
        why: why there is no model, "" if there is one.
        activity: the fitted model of orders; spend: that of their amounts; None without.
        until: the newest day.
    """

    table: pd.DataFrame
    why: str
    activity: ActivityModel | None
    spend: SpendModel | None
    until: np.datetime64

    def at_risk(self) -> pd.DataFrame:
        """Customers that ordered several times and are probably gone, or far over their own rhythm; most revenue first.

        With `usual` and `silent`: days that usually lie between two orders, and since the last one.
        """
        table = self.table
        usual = (table["last"] - table["first"]).dt.days / np.maximum(table["orders"] - 1, 1)
        silent = (pd.Timestamp(self.until) - table["last"]).dt.days
        late = silent > np.maximum(_SILENT * usual, _SILENT_DAYS)
        risk = ((table["p_active"] < _RISK) | late) & (table["orders"] >= _RISK_ORDERS)
        found = table.assign(usual=usual, silent=silent)[risk]
        total = found["revenue_12"] + found["revenue_before"]
        return found.loc[total.sort_values(ascending=False, kind="stable").index]

    def growing(self) -> pd.DataFrame:
        """Customers that bought more in the last twelve months than in those before; most growth first."""
        more = self.table["revenue_12"] - self.table["revenue_before"]
        found = self.table[(more > 0) & (self.table["revenue_before"] > 0)]
        return found.loc[more[found.index].sort_values(ascending=False, kind="stable").index]


def customers_of(joined: JoinedFacts) -> Customers:
    """The customers of a file of orders.

    Orders of one day count once; lines that come to nothing or less (credit notes) are no orders, but lower the amount
    of what is spent. BG/NBD and Gamma-Gamma (see `terr.facts.lifetime`), fitted to all customers, in days.

    Raises:
        InputError: no order of a known account has a day.
    """
    days, account, money = joined.days(), joined.account, joined.amounts
    use = (account >= 0) & ~np.isnat(days)
    if not use.any():
        raise InputError("no order of a known account has a day; check the column of dates")
    until = days[~np.isnat(days)].max()
    lines = pd.DataFrame({"account": account[use], "day": days[use].astype("datetime64[s]"), "money": money[use]})
    daily = lines.groupby(["account", "day"], as_index=False)["money"].sum()
    bought = daily[daily["money"] > 0]
    year_ago = pd.Timestamp(until) - pd.DateOffset(years=1)
    two_ago = pd.Timestamp(until) - pd.DateOffset(years=2)
    table = bought.groupby("account", as_index=False).agg(
        orders=("day", "size"), first=("day", "min"), last=("day", "max"), spent=("money", "sum")
    )
    for name, part in (
        ("revenue_12", lines[lines["day"] > year_ago]),
        ("revenue_before", lines[(lines["day"] > two_ago) & (lines["day"] <= year_ago)]),
    ):
        table[name] = table["account"].map(part.groupby("account")["money"].sum()).fillna(0.0)
    first_amount = bought.drop_duplicates("account").set_index("account")["money"]
    repeats = table["orders"].to_numpy(dtype=np.float64) - 1
    later = table["spent"].to_numpy() - first_amount.reindex(table["account"]).to_numpy()
    history = OrderHistory(
        repeats,
        (table["last"] - table["first"]).dt.days.to_numpy(dtype=np.float64),
        (pd.Timestamp(until) - table["first"]).dt.days.to_numpy(dtype=np.float64),
        np.divide(later, repeats, out=np.zeros(len(table)), where=repeats > 0),
    )
    table = table.drop(columns="spent")
    nothing = np.full(len(table), np.nan)
    try:
        with one_processor():
            activity = fit_activity(history)
    except InputError as error:
        return Customers(
            table.assign(p_active=nothing, orders_12=nothing, value_12=nothing), str(error), None, None, until
        )
    orders = activity.orders(history, YEAR)
    spend, value, why = None, nothing, ""
    try:
        with one_processor():
            spend = fit_spend(history)
        value = orders * _amounts(spend, history)
    except InputError as error:
        why = str(error)
    return Customers(
        table.assign(p_active=activity.active(history), orders_12=orders, value_12=value), why, activity, spend, until
    )


def _amounts(spend: SpendModel, history: OrderHistory) -> NDArray[np.float64]:
    """float64 (customers,), expected amount of the next order.

    Where a few customers spend so much that the model has no mean of all (q <= 1), each keeps its own mean, and those
    without a repeated order get the mean of all repeated orders.
    """
    if spend.q > 1:
        return spend.amount(history)
    again = history.repeats > 0
    mean = float((history.repeats * history.spend)[again].sum() / history.repeats[again].sum())
    return np.where(again, history.spend, mean)


@dataclass(frozen=True, eq=False)
class ContractOutlook:
    """What running contracts are worth.

    Attributes:
        model: chance to stay, by years.
        cohort: customers at the start and after each year, as far as contracts show it.
        years: float64 (accounts,), expected further years of each account with a running contract; NaN for the others.
        value: float64 (accounts,), annual amount that runs now times those years.
    """

    model: RenewalModel
    cohort: tuple[float, ...]
    years: NDArray[np.float64]
    value: NDArray[np.float64]


def contracts_outlook(joined: JoinedFacts, until: np.datetime64, *, discount: float = 0.1) -> ContractOutlook:
    """Years that customers with a contract are expected to stay (shifted beta-geometric), and what these are worth.

    The cohort holds every customer from its first contract on: of those seen long enough to have reached a year, the
    share that stayed, multiplied up (Kaplan and Meier 1958).

    Args:
        joined: contracts.
        until: the newest day known.
        discount: of a year's amount per year to come.

    Raises:
        InputError: no contract of a known account with a start, fewer than two years, or nobody left.
    """
    start, end, money = joined.days("start"), joined.days("end"), joined.amounts
    use = (joined.account >= 0) & ~np.isnat(start) & (start <= until)
    if not use.any():
        raise InputError("no contract of a known account has a start; check the column of dates")
    far = np.where(np.isnat(end), until + np.timedelta64(1, "D"), end)
    lines = pd.DataFrame(
        {
            "account": joined.account[use],
            "start": start[use].astype("datetime64[s]"),
            "end": far[use].astype("datetime64[s]"),
        }
    )
    first = lines.groupby("account")["start"].min()
    last = lines.groupby("account")["end"].max()
    seen = (pd.Timestamp(until) - first).dt.days / YEAR
    stayed = (last - first).dt.days / YEAR
    gone = last <= pd.Timestamp(until)

    def there(year: int) -> NDArray[np.bool_]:
        """Customers seen that long who are still there after that year's renewal."""
        stays = (stayed > year + _SLACK) | ~gone if year else np.ones(len(first), dtype=np.bool_)
        return np.asarray(stays, dtype=np.bool_)

    kept = [float(len(first))]
    for year in range(1, 1 + int(seen.max())):
        before = np.asarray(seen >= year + _SLACK) & there(year - 1)
        if before.sum() < _LEAST:
            break
        kept.append(kept[-1] * float((before & there(year)).sum()) / float(before.sum()))
    model = fit_renewals(kept)
    years = np.full(joined.n_accounts, np.nan)
    value = np.full(joined.n_accounts, np.nan)
    running = use & (np.isnat(end) | (end > until))
    amount = np.bincount(joined.account[running], weights=money[running], minlength=joined.n_accounts)
    for account in np.unique(joined.account[running]):
        years[account] = model.expected_left(int(seen[account]), discount=discount)
        value[account] = years[account] * amount[account]
    return ContractOutlook(model, tuple(kept), years, value)
