"""Figures of facts per account: sums, counts, averages, last days and growth, over a window, with a filter.

A figure has a name that says all of it, such as "Sales, last 12 months", "Orders, 2017" or "Sales, last 6 months,
Category = Furniture"; the name is what is kept, asked for on the command line, and shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.ingest.facts.fact_rows import LOST, OPEN, WON
from terr.model.accounts import Accounts
from terr.report.safe import shown
from terr.scoring.columns import with_measures
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.facts.performance import FactSet, Period

FIGURES = "fact_figures"
"""Where a data set's mapping keeps the names of figures a person added to the usual ones."""
MOST_FIGURES = 40
SUM, COUNT, MEAN, LAST, GROWTH, RUNNING = "sum", "count", "mean", "last", "growth", "running"
AHEAD = ("active", "expected orders", "expected sales", "forecast")
"""Outlooks of `account_forecast.account_outlook`."""


@dataclass(frozen=True)
class FactFigure:
    """What is measured of the facts of a kind.

    Attributes:
        kind: of the facts.
        how: "sum" of a field; "count" of rows or of ids; "mean" amount per id; "last": days from the newest row to the
            end of the facts; "growth": sum in the window / sum in the same window a year before - 1; "running": sum
            over contracts that run on the last day; one of `AHEAD`: what the next twelve months bring.
        field: that is summed, or "" for a count.
        status: only deals that are "open", "won" or "lost"; "" for all.
        windowed: whether it needs a window; the others say how things stand now.
        money: whether it is in the facts' currency.
    """

    kind: str
    how: str
    field: str = ""
    status: str = ""
    windowed: bool = True
    money: bool = False


WORDS: Mapping[str, FactFigure] = MappingProxyType(
    {
        "Sales": FactFigure("orders", SUM, "amount", money=True),
        "Profit": FactFigure("orders", SUM, "profit", money=True),
        "Quantity": FactFigure("orders", SUM, "quantity"),
        "Orders": FactFigure("orders", COUNT),
        "Average order": FactFigure("orders", MEAN, "amount", money=True),
        "Sales growth": FactFigure("orders", GROWTH, "amount"),
        "Days since last order": FactFigure("orders", LAST, windowed=False),
        "Forecast of 12 months": FactFigure("orders", "forecast", "amount", windowed=False, money=True),
        "Expected sales in 12 months": FactFigure("orders", "expected sales", "amount", windowed=False, money=True),
        "Expected orders in 12 months": FactFigure("orders", "expected orders", windowed=False),
        "Chance active": FactFigure("orders", "active", windowed=False),
        "Won": FactFigure("opportunities", SUM, "amount", WON, money=True),
        "Deals won": FactFigure("opportunities", COUNT, status=WON),
        "Deals lost": FactFigure("opportunities", COUNT, status=LOST),
        "Open pipeline": FactFigure("opportunities", SUM, "amount", OPEN, windowed=False, money=True),
        "Open deals": FactFigure("opportunities", COUNT, status=OPEN, windowed=False),
        "Activities": FactFigure("activities", COUNT),
        "Days since last activity": FactFigure("activities", LAST, windowed=False),
        "Annual contract value": FactFigure("contracts", RUNNING, "amount", windowed=False, money=True),
    }
)
"""First words of a name -> what is measured."""
USUAL = (
    "Sales, last 12 months",
    "Orders, last 12 months",
    "Won, last 12 months",
    "Open pipeline",
    "Activities, last 12 months",
    "Annual contract value",
)
"""Figures that every data set with such facts has as measures; they add up over accounts."""
OFFERED = (
    "Forecast of 12 months",
    "Expected orders in 12 months",
    "Expected sales in 12 months",
    "Chance active",
    "Sales, last 3 months",
    "Profit, last 12 months",
    "Quantity, last 12 months",
    "Average order, last 12 months",
    "Sales growth, last 12 months",
    "Days since last order",
    "Deals won, last 12 months",
    "Open deals",
    "Days since last activity",
)
"""Others to choose from: what is to come, for plans that balance future demand, and averages, days and growth, which
don't add up over accounts and serve scores and segments."""
_LAST = re.compile(r"last (\d{1,3}) (month|year|day)s?", re.IGNORECASE)
_PART = re.compile(r"(\d{4})(?:[ -]?Q([1-4])|-(\d{2}))?", re.IGNORECASE)


@dataclass(frozen=True)
class NamedFigure:
    """A figure with its window and filter.

    Attributes:
        name: as it is shown; figure: what is measured.
        window: of days for the last day of the facts; None for figures that say how things stand.
        column, value: only facts with this text in this column; "" for all.
    """

    name: str
    figure: FactFigure
    window: Callable[[np.datetime64], Period] | None
    column: str = ""
    value: str = ""


def figure_named(name: str) -> NamedFigure | None:
    """The figure of a name, None if it names none; letters' case doesn't count."""
    parts = [p.strip() for p in name.split(",")]
    words = {w.casefold(): w for w in WORDS}
    word = words.get(parts[0].casefold())
    if word is None:
        return None
    figure, rest = WORDS[word], parts[1:]
    window, told = None, [word]
    if figure.windowed:
        window = _window(rest[0]) if rest else None
        if window is None:
            return None
        told.append(rest[0])
        rest = rest[1:]
    if not rest:
        return NamedFigure(", ".join(told), figure, window)
    column, equals, value = ", ".join(rest).partition("=")
    if not equals or not column.strip():
        return None
    told.append(f"{column.strip()} = {value.strip()}")
    return NamedFigure(", ".join(told), figure, window, column.strip(), value.strip())


def _window(text: str) -> Callable[[np.datetime64], Period] | None:
    found = _LAST.fullmatch(text)
    if found and int(found[1]):
        n, unit = int(found[1]), found[2].casefold()
        return lambda last: Period(_before(last, n, unit) + np.timedelta64(1, "D"), last)
    found = _PART.fullmatch(text)
    if not found:
        return None
    if found[3] is not None and not 1 <= int(found[3]) <= 12:
        return None
    month, length = (3 * int(found[2]) - 2, 3) if found[2] else (int(found[3] or 1), 1 if found[3] else 12)
    start = np.datetime64(f"{found[1]}-{month:02d}", "M")
    end = (start + length).astype("datetime64[D]") - np.timedelta64(1, "D")
    return lambda _: Period(start.astype("datetime64[D]"), end)


def _before(day: np.datetime64, n: int, unit: str) -> np.datetime64:
    if unit == "day":
        return day - np.timedelta64(n, "D")
    offset = pd.DateOffset(months=n) if unit == "month" else pd.DateOffset(years=n)
    return np.datetime64((pd.Timestamp(day) - offset).date())


def figure_values(facts: FactSet, wanted: NamedFigure, n_accounts: int) -> NDArray[np.float64]:
    """A figure of each account.

    Args:
        facts: of the data set.
        wanted: what is measured.
        n_accounts: how many accounts there are.

    Returns:
        float64 (n_accounts,); sums and counts are 0 without facts, the others NaN.

    Raises:
        InputError: if there are no such facts, or they lack the column.
    """
    one = wanted.figure
    joined = facts.by_kind.get(one.kind)
    if joined is None:
        raise InputError(f"{shown(wanted.name)} needs {one.kind}; import them first")
    frame = joined.facts.frame
    if one.field and one.field not in frame:
        raise InputError(f"{shown(wanted.name)} needs a column of {one.field}, which the {one.kind} don't have")
    if one.how in AHEAD:
        if wanted.column:
            raise InputError(f"{shown(wanted.name)}: what is to come is told of all orders; leave the filter out")
        from terr.workspace.facts.account_forecast import account_outlook  # late: only outlooks need its libraries

        return account_outlook(joined, one.how, n_accounts)
    mine = (joined.account >= 0) & _filtered(joined, wanted)
    if one.status:
        mine &= (frame["status"] == one.status).to_numpy()
    days, last = joined.days(), facts.last_day()
    if one.how == LAST:
        newest = pd.Series(days[mine]).groupby(joined.account[mine]).max().reindex(range(n_accounts))
        since = last - newest.to_numpy().astype("datetime64[D]")
        return np.where(np.isnat(since), np.nan, since.astype(np.float64))
    if one.how == RUNNING:
        end = joined.days("end")
        now = mine & (days <= last) & (np.isnat(end) | (end >= last))
        return _summed(joined, now, one.field, n_accounts)
    period = wanted.window(last) if wanted.window is not None else None
    now = mine if period is None else mine & period.holds(days)
    if one.how == SUM:
        return _summed(joined, now, one.field, n_accounts)
    if one.how == GROWTH and period is not None:
        before = _summed(joined, mine & period.before.holds(days), one.field, n_accounts)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(before > 0, _summed(joined, now, one.field, n_accounts) / before - 1, np.nan)
    counted = _counted(joined, now, n_accounts)
    if one.how == COUNT:
        return counted
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(counted > 0, _summed(joined, now, one.field, n_accounts) / counted, np.nan)


def _filtered(joined: JoinedFacts, wanted: NamedFigure) -> NDArray[np.bool_]:
    frame = joined.facts.frame
    if not wanted.column:
        return np.ones(len(frame), dtype=np.bool_)
    names = {str(c).casefold(): str(c) for c in frame.columns}
    names |= {column.casefold(): f for f, column in joined.facts.fields.items()}
    column = names.get(wanted.column.casefold())
    if column is None:
        raise InputError(f"{shown(wanted.name)}: the {joined.facts.kind} have no column {shown(wanted.column)}")
    return np.asarray(frame[column].astype("str").str.casefold() == wanted.value.casefold(), dtype=np.bool_)


def _summed(joined: JoinedFacts, rows: NDArray[np.bool_], field: str, n: int) -> NDArray[np.float64]:
    values = joined.facts.frame[field].fillna(0.0).to_numpy(dtype=np.float64)
    return np.bincount(joined.account[rows], weights=values[rows], minlength=n).astype(np.float64)


def _counted(joined: JoinedFacts, rows: NDArray[np.bool_], n: int) -> NDArray[np.float64]:
    """Ids, or rows where there are none, per account; the lines of an order are one order."""
    account = joined.account[rows]
    if "id" in joined.facts.frame:
        ids, _ = pd.factorize(joined.facts.frame["id"])
        pairs = np.unique(account * np.int64(len(joined.account) + 1) + ids[rows])
        account = pairs // np.int64(len(joined.account) + 1)
    return np.bincount(account, minlength=n).astype(np.float64)


def usual_figures(kinds: Collection[str], more: Sequence[str] = ()) -> tuple[NamedFigure, ...]:
    """The figures a data set with these facts has: the usual ones, and those a person added."""
    found = (figure_named(n) for n in (*USUAL, *more))
    return tuple({f.name: f for f in found if f is not None and f.figure.kind in kinds}.values())


def with_figures(
    accounts: Accounts, facts: FactSet, figures: Sequence[NamedFigure]
) -> tuple[Accounts, tuple[str, ...]]:
    """The accounts with figures of their facts as measures.

    A figure whose name a column of the file has already is left out.

    Returns:
        The accounts, and why some figures couldn't be made.
    """
    values: dict[str, NDArray[np.float64]] = {}
    money: dict[str, str] = {}
    notes = []
    for one in figures:
        if one.name in accounts.frame.columns:
            continue
        try:
            values[one.name] = figure_values(facts, one, len(accounts))
        except InputError as error:
            notes.append(str(error))
            continue
        currency = facts.by_kind[one.figure.kind].facts.currency
        if one.figure.money and currency:
            money[one.name] = currency
    return (with_measures(accounts, values, money) if values else accounts), tuple(notes)
