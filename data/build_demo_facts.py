"""Three years of orders, opportunities, activities, contracts and quotas of the demo's accounts, all invented.

Planted, for the pages to find: seasons by industry, growth by rep, customers that leave and join, win rates and sales
cycles by rep, reps who neglect some of their accounts, and owners who changed on `HANDOVER`. The last twelve months of
an account's orders add up to its annual revenue, and its last order has the day the account names.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from terr.demo import demo_reps

SEED = 20260702
FIRST_DAY, LAST_DAY = np.datetime64("2023-07-01"), np.datetime64("2026-06-30")
HANDOVER = np.datetime64("2025-01-01")
"""Before this day some accounts had another owner."""
MONTHS = 36
GROWTH = (0.04, 0.09, 0.22, 0.05, -0.02, 0.07, 0.03, 0.06, 0.11, 0.02, 0.08, -0.14)
"""Growth of a rep's accounts by year, in the order of the reps: Priya Nair's grow, Marcus Hale's shrink."""
WIN_RATE = (0.42, 0.40, 0.61, 0.38, 0.36, 0.41, 0.44, 0.39, 0.52, 0.40, 0.43, 0.24)
CYCLE_DAYS = (60, 55, 45, 70, 65, 58, 62, 95, 50, 60, 57, 80)
CARE = (1.0, 0.9, 1.3, 0.9, 0.7, 1.0, 1.1, 1.0, 1.0, 0.9, 0.8, 0.45)
"""Touches of a rep, beside the usual number."""
_PEAKS = {"Retail": (11, 0.5), "Food and Beverage": (12, 0.3), "Construction": (6, 0.45), "Education": (8, 0.5)}
"""Industry -> its best month and how far that is above the average; the others sell most in June and December."""
PRODUCTS = ("Sensors", "Controllers", "Service plan", "Spare parts", "Software")
STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation")


def demo_fact_tables(accounts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Kind -> facts of the demo's accounts, under the headers of a CRM; days as datetime64, figures as float64."""
    rng = np.random.default_rng(SEED)
    names = [r.name for r in demo_reps() if r.covers]
    rep = np.array([names.index(o) for o in accounts["Account Owner"]])
    revenue = pd.to_numeric(accounts["Annual Revenue"]).to_numpy(float)
    last = accounts["Last Order"].where(accounts["Last Order"] != "", None).to_numpy(dtype="datetime64[D]")
    before = np.where(rng.random(len(rep)) < 0.12, (rep + rng.integers(1, len(names), len(rep))) % len(names), rep)
    base = Book(accounts, np.array(names, dtype=object), rep, before, revenue, last)
    orders, deals = order_table(rng, base), opportunity_table(rng, base)
    return {
        "orders": orders,
        "opportunities": deals,
        "activities": activity_table(rng, base),
        "contracts": contract_table(rng, base),
        "quotas": quota_table(base, deals),
    }


class Book:
    """The accounts, and who has and had them: `rep` and `before` are positions in `names`."""

    def __init__(
        self,
        accounts: pd.DataFrame,
        names: np.ndarray,
        rep: np.ndarray,
        before: np.ndarray,
        revenue: np.ndarray,
        last: np.ndarray,
    ) -> None:
        self.ids = accounts["Account ID"].to_numpy(dtype=object)
        self.industry = accounts["Industry"].to_numpy(dtype=object)
        self.names, self.rep, self.before, self.revenue, self.last = names, rep, before, revenue, last

    def owner_on(self, account: np.ndarray, day: np.ndarray) -> np.ndarray:
        """Names of the reps who had the accounts on those days."""
        return self.names[np.where(day < HANDOVER, self.before[account], self.rep[account])]


def season(industry: np.ndarray) -> np.ndarray:
    """float (accounts, 12), how much of the average a month sells; each row has the mean 1."""
    month = np.arange(1, 13)
    out = np.ones((len(industry), 12))
    for k, name in enumerate(industry):
        if name in _PEAKS:
            peak, height = _PEAKS[name]
            out[k] = 1 + height * np.cos(2 * np.pi * (month - peak) / 12)
        else:
            out[k] = np.where(np.isin(month, (6, 12)), 1.2, 0.96)
    return out / out.mean(axis=1, keepdims=True)


def order_table(rng: np.random.Generator, book: Book) -> pd.DataFrame:
    """Orders: a customer buys at its own rate, between its first order and its last."""
    buys = ~np.isnat(book.last)
    n = len(buys)
    rate = rng.gamma(2.0, 2.0, n).clip(0.8, 14.0)  # orders a year
    began = np.where(rng.random(n) < 0.22, rng.integers(60, 1_000, n), 0)  # days after the first: new customers
    began = np.minimum(began, (np.where(buys, book.last, FIRST_DAY) - FIRST_DAY).astype(int).clip(0))
    by_month = season(book.industry)
    growth = np.array(GROWTH)[book.rep]
    account, day, size = [], [], []
    months = FIRST_DAY.astype("datetime64[M]") + np.arange(MONTHS)
    for k in np.flatnonzero(buys):
        trend = (1 + growth[k]) ** ((np.arange(MONTHS) - 30) / 12)
        wish = rate[k] / 12 * by_month[k][np.arange(MONTHS) % 12 - 6] * trend
        count = rng.poisson(wish)
        at = np.repeat(np.arange(MONTHS), count)
        when = months[at].astype("datetime64[D]") + rng.integers(0, 28, len(at))
        when = when[(when >= FIRST_DAY + began[k]) & (when < book.last[k])]
        when = np.append(np.sort(when), book.last[k])  # the account's own last order
        pays = rng.lognormal(0.0, 0.45, len(when)) * (1.1 + growth[k]) ** ((when - LAST_DAY).astype(int) / 365.25)
        account.append(np.full(len(when), k))
        day.append(when)
        size.append(pays)
    who, when, pays = np.concatenate(account), np.concatenate(day), np.concatenate(size)
    year = when > LAST_DAY - 365
    lately = np.bincount(who[year], weights=pays[year], minlength=n)
    in_all = np.bincount(who, weights=pays, minlength=n) / 3
    price = book.revenue / np.where(lately > 0, lately, np.where(in_all > 0, in_all, 1))
    money = np.round(pays * price[who], 2)
    order = np.argsort(when, kind="stable")
    who, when, money = who[order], when[order], money[order]
    credit = rng.random(len(who)) < 0.004  # credit notes
    money[credit & ~year[order]] *= -0.3
    return pd.DataFrame(
        {
            "Order ID": [f"SO-{k:06d}" for k in range(1, len(who) + 1)],
            "Account ID": book.ids[who],
            "Order Date": when.astype("datetime64[s]"),
            "Amount": money.round(2),
            "Product": rng.choice(PRODUCTS, len(who), p=(0.3, 0.25, 0.15, 0.2, 0.1)),
            "Sales Rep": book.owner_on(who, when),
        }
    )


def opportunity_table(rng: np.random.Generator, book: Book) -> pd.DataFrame:
    """Deals: won and lost as their rep wins them; those of the last months are open."""
    n = 6_000
    who = rng.choice(len(book.rep), n, p=_by_size(book))
    created = FIRST_DAY + rng.integers(0, int((LAST_DAY - FIRST_DAY).astype(int)), n)
    rep = np.where(created < HANDOVER, book.before[who], book.rep[who])
    cycle = np.array(CYCLE_DAYS)[rep] * rng.lognormal(0.0, 0.4, n)
    closed = created + cycle.astype(int).clip(5)
    won = rng.random(n) < np.array(WIN_RATE)[rep]
    over = closed <= LAST_DAY
    late = rng.random(n) < 0.05  # some open deals have a close date that is past
    age = ((LAST_DAY - created).astype(int) / np.maximum(cycle, 1) * len(STAGES)).astype(int).clip(0, len(STAGES) - 1)
    stage = np.where(over, np.where(won, "Closed Won", "Closed Lost"), np.array(STAGES, dtype=object)[age])
    stage = np.where(over & late & (closed > LAST_DAY - 60), "Negotiation", stage)
    amount = np.round(book.revenue[who].clip(4_000) * 0.35 * rng.lognormal(0.0, 0.7, n), -2).clip(500)
    kind = np.where(book.revenue[who] == 0, "New Business", rng.choice(("Expansion", "Renewal"), n, p=(0.6, 0.4)))
    order = np.argsort(created, kind="stable")
    table = pd.DataFrame(
        {
            "Opportunity ID": "",
            "Account ID": book.ids[who],
            "Opportunity Owner": book.names[rep],
            "Stage": stage,
            "Amount": amount,
            "Created Date": created.astype("datetime64[s]"),
            "Close Date": closed.astype("datetime64[s]"),
            "Type": kind,
            "Product": rng.choice(PRODUCTS, n),
        }
    )
    table = table.iloc[order].reset_index(drop=True)
    table["Opportunity ID"] = [f"OP-{k:05d}" for k in range(1, n + 1)]
    return table


def activity_table(rng: np.random.Generator, book: Book) -> pd.DataFrame:
    """Calls, visits, emails, demos and meetings, most with large accounts."""
    care = np.array(CARE)[book.rep] * np.sqrt(_by_size(book))
    n = 30_000
    who = rng.choice(len(book.rep), n, p=care / care.sum())
    when = FIRST_DAY + rng.integers(0, int((LAST_DAY - FIRST_DAY).astype(int)) + 1, n)
    weekend = (when.astype("datetime64[D]").view("int64") + 3) % 7 >= 5
    when = np.where(weekend & (when > FIRST_DAY + 2), when - 2, when)
    order = np.argsort(when, kind="stable")
    who, when = who[order], when[order]
    return pd.DataFrame(
        {
            "Activity ID": [f"AC-{k:05d}" for k in range(1, n + 1)],
            "Account ID": book.ids[who],
            "Activity Type": rng.choice(
                ("Call", "Email", "Visit", "Meeting", "Demo"), n, p=(0.38, 0.3, 0.17, 0.1, 0.05)
            ),
            "Activity Date": when.astype("datetime64[s]"),
            "Assigned To": book.owner_on(who, when),
        }
    )


def contract_table(rng: np.random.Generator, book: Book) -> pd.DataFrame:
    """Service contracts of a year each: most are renewed, some for more or less, some not."""
    some = rng.choice(np.flatnonzero(book.revenue > 0), 900, replace=False)
    rows = []
    for k in some.tolist():
        start = FIRST_DAY - 365 + int(rng.integers(0, 1_000))
        money = float(np.round(book.revenue[k] * 0.12 * rng.lognormal(0.0, 0.4), -2).clip(600))
        leaves = 0.08 if book.rep[k] != len(GROWTH) - 1 else 0.25
        while start <= LAST_DAY:
            end = start + 364
            rows.append((k, start, end, money))
            if rng.random() < leaves:
                break
            money = float(np.round(money * rng.choice((0.8, 1.0, 1.05, 1.2), p=(0.1, 0.4, 0.35, 0.15)), -2).clip(600))
            start = end + 1
    who, start, end, money = (np.array(c) for c in zip(*rows, strict=True))
    ended = end < LAST_DAY
    return pd.DataFrame(
        {
            "Contract ID": [f"CT-{k:04d}" for k in range(1, len(who) + 1)],
            "Account ID": book.ids[who],
            "Start Date": start.astype("datetime64[s]"),
            "End Date": end.astype("datetime64[s]"),
            "ARR": money,
            "Status": np.where(ended, "Expired", "Active"),
        }
    )


def quota_table(book: Book, deals: pd.DataFrame) -> pd.DataFrame:
    """A quota of won deals per rep and quarter: what its deals of a usual quarter are worth at a usual win rate."""
    ended = deals[deals["Stage"].str.startswith("Closed")]
    usual = float(np.mean(WIN_RATE)) * 1.05
    first, last = (int(d.astype("datetime64[M]").astype(int)) // 3 for d in (FIRST_DAY, LAST_DAY))
    worth = ended.groupby("Opportunity Owner")["Amount"].sum() / (last - first + 1)
    rows = []
    for q in range(first, last + 1):
        for name in book.names:
            start = np.datetime64("1970-01", "M") + 3 * q
            quota = round(float(worth[name]) * usual * 1.03 ** ((q - last) / 4), -3)
            rows.append((f"Q-{len(rows) + 1:03d}", name, start.astype("datetime64[s]"), quota))
    return pd.DataFrame(rows, columns=["Quota ID", "Rep", "Period", "Quota Amount"])


def _by_size(book: Book) -> np.ndarray:
    weight = np.sqrt(book.revenue + 10_000)
    return weight / weight.sum()
