"""What a target is divided by: revenue of past periods, potential and capacity, by territory or owner."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.reps import Rep
from terr.people.capacity import Ramp, Service, capacity_between
from terr.people.quotas import QuotaBasis
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.reps.team import POTENTIAL_WORDS, REVENUE_WORDS, amounts, measure_named

Floats = NDArray[np.float64]
YEARS = 4
"""So many like periods of history are looked at for the chance to reach a quota."""


@dataclass(frozen=True)
class QuotaPeriod:
    """A year, a quarter or a month: its name, and its first and last day."""

    name: str
    first: date
    last: date

    def before(self, years: int) -> QuotaPeriod:
        """The same days some years earlier."""
        moved = [pd.Timestamp(d) - pd.DateOffset(years=years) for d in (self.first, self.last)]
        return QuotaPeriod(f"{moved[0].date()} to {moved[1].date()}", moved[0].date(), moved[1].date())


def read_period(text: str) -> QuotaPeriod:
    """A period: 2027, 2027-Q1 or 2027-03.

    Raises:
        InputError: for anything else.
    """
    found = re.fullmatch(r"(?:FY\s?)?(\d{4})(?:[- ]?(?:[Qq]([1-4])|(0[1-9]|1[0-2])))?", text.strip())
    if found is None or not 1990 <= int(found[1]) <= 2200:
        raise InputError(f'"{text[:30]}" isn\'t a period; write a year, a quarter or a month: 2027, 2027-Q1 or 2027-03')
    year = int(found[1])
    if found[2]:
        start, months = 3 * int(found[2]) - 2, 3
    elif found[3]:
        start, months = int(found[3]), 1
    else:
        start, months = 1, 12
    end = start + months - 1
    return QuotaPeriod(text.strip().upper(), date(year, start, 1), date(year, end, calendar.monthrange(year, end)[1]))


@dataclass(frozen=True, eq=False)
class KeyedBasis:
    """A basis, the rep of each key, and like periods of history.

    Attributes:
        basis: what the target is divided by.
        reps: the rep of each key, None = nobody on the roster.
        history: float64 (k, y), revenue in up to `YEARS` like periods, the newest first; empty without orders.
        monthly: float64 (m,), revenue of all by month from a January on, the newest last; empty without orders.
        notes: what was taken for granted.
    """

    basis: QuotaBasis
    reps: tuple[Rep | None, ...]
    history: Floats
    monthly: Floats
    notes: tuple[str, ...]


def keyed_basis(
    keys: Sequence[str],
    of: NDArray[np.int64],
    reps: Sequence[Rep | None],
    accounts: Accounts,
    period: QuotaPeriod,
    *,
    orders: JoinedFacts | None = None,
    ramp: Ramp | None = None,
    hours: Floats | None = None,
) -> KeyedBasis:
    """What is known of some territories or owners.

    Args:
        keys: k names.
        of: int64 (n_accounts,), position of each account's key, -1 = none.
        reps: of each key.
        accounts: n accounts.
        period: the quotas are for.
        orders: joined to these accounts; without them the last period is a measure of revenue of the accounts.
        ramp: of new reps, the usual one if not given.
        hours: float64 (k,), workload a year.
    """
    k, notes = len(keys), list[str]()
    inside = of >= 0
    history, monthly = np.zeros((k, 0)), np.zeros(0)
    last = before = None
    if orders is not None and len(orders.account):
        history, monthly, told = _from_orders(orders, of, k, period)
        notes.append(told)
        last, before = history[:, 0], history[:, 1] if history.shape[1] > 1 else None
    else:
        measure = measure_named(accounts, REVENUE_WORDS)
        values = amounts(accounts, measure)
        if values is not None:
            last = np.bincount(of[inside], values[inside], k).astype(np.float64)
            notes.append(f"Last period is {measure} of the accounts; import orders for a trend")
    potential = None
    measure = measure_named(accounts, POTENTIAL_WORDS)
    values = amounts(accounts, measure)
    if values is not None:
        potential = np.bincount(of[inside], values[inside], k).astype(np.float64)
        notes.append(f"Potential is {measure} of the accounts")
    capacity = np.array([1.0 if r is None else _capacity(r, period, ramp or Ramp()) for r in reps])
    gone = [key for key, c, r in zip(keys, capacity.tolist(), reps, strict=True) if r is not None and c == 0]
    if gone:
        notes.append(f"Nobody works in the period for {', '.join(gone[:5])}: no quota there until somebody is assigned")
    basis = QuotaBasis(tuple(keys), last, before, potential, capacity, hours)
    return KeyedBasis(basis, tuple(reps), history, monthly, tuple(notes))


def _capacity(rep: Rep, period: QuotaPeriod, ramp: Ramp) -> float:
    """Share of a full rep over the period."""
    return capacity_between(Service(rep.start, rep.end, rep.capacity), period.first, period.last, ramp)


def capacity_of(rep: Rep, day: date, ramp: Ramp | None = None) -> float:
    """Share of a full rep on a day, what `rep.capacity` becomes with start, end and ramp; 0 while not there."""
    return capacity_between(Service(rep.start, rep.end, rep.capacity), day, day, ramp or Ramp())


def _from_orders(orders: JoinedFacts, of: NDArray[np.int64], k: int, period: QuotaPeriod) -> tuple[Floats, Floats, str]:
    """Revenue by key in like periods of the years before, newest first; by month in all; and which periods they are."""
    days, money = orders.days(), orders.amounts
    known = ~np.isnat(days) & (orders.account >= 0)
    days, money, account = days[known], money[known], orders.account[known]
    if not len(days):
        return np.zeros((k, 1)), np.zeros(0), "No order has a day and an account"
    first, newest = days.min().astype(object), days.max().astype(object)
    back = next(n for n in range(1, 200) if period.before(n).first <= newest)
    base = period.before(back)
    whole = base.last <= newest
    told = f"Last period is {base.first:%b %-d, %Y} to {base.last:%b %-d, %Y}, from orders"
    if not whole:  # the newest like period isn't over: the same length, ending with the newest order
        length = period.last - period.first
        base = QuotaPeriod("", newest - length, newest)
        told = f"Last period is the {length.days + 1} days to {newest:%b %-d, %Y}, the newest order"
    key = of[account]
    rows = []
    for n in range(YEARS):
        one = base if n == 0 else base.before(n)
        if n and one.first < first - timedelta(days=7):
            break
        mine = (days >= np.datetime64(one.first)) & (days <= np.datetime64(one.last)) & (key >= 0)
        rows.append(np.bincount(key[mine], money[mine], k).astype(np.float64))
    months = days.astype("datetime64[M]").astype(int)  # since January 1970
    start = int(months.min()) // 12 * 12
    if int(months.min()) % 12:
        start += 12  # a year that begins in the middle tells no season
    later = months >= start
    monthly = np.bincount(months[later] - start, money[later]).astype(np.float64) if later.any() else np.zeros(0)
    return np.column_stack(rows), monthly, told
