"""The next months or quarters of orders, in all and by group, adding up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from terr.errors import InputError
from terr.facts.forecast import Forecast, forecast, reconciled
from terr.model.progress import UNWATCHED, Progress
from terr.workspace.facts.joined_facts import JoinedFacts

EVERY = {"month": 1, "quarter": 3}


def forecast_orders(
    joined: JoinedFacts,
    of: NDArray[np.object_],
    *,
    periods: int = 4,
    every: str = "quarter",
    progress: Progress = UNWATCHED,
) -> list[dict[str, Any]]:
    """The contract of `terr forecast --json`: one series per group and, last, "all".

    The last month counts only if it is over by the newest order; an unfinished one would look like a slump.

    Args:
        joined: orders.
        of: object (rows,), group of each order; an empty array for the whole alone.
        periods: how many; every: "month" or "quarter".

    Raises:
        InputError: no orders with a day, an unknown length of periods, too many of them.
        StoppedError: if the person stopped it.
    """
    if every not in EVERY:
        raise InputError(f"periods are a month or a quarter long, not '{every}'")
    months = EVERY[every]
    if not 1 <= periods <= 36 // months:
        raise InputError(f"a forecast covers 1 to {36 // months} {every}s, not {periods}")
    table, keys, first = _monthly(joined, of, months)
    made: dict[str, Forecast] = {}
    for at, key in enumerate(keys):
        part = progress.part(at / (len(keys) + 1), (at + 1) / (len(keys) + 1))
        made[key] = forecast(table[at], 12, periods, months=months, progress=part)
    whole = forecast(
        table.sum(axis=0), 12, periods, months=months, progress=progress.part(len(keys) / (len(keys) + 1), 1)
    )
    parts, total = reconciled(made, whole)
    begin = first + np.timedelta64(table.shape[1], "M")
    return [_series(k, f, begin, months) for k, f in (*parts.items(), ("all", total))]


def history_of(
    joined: JoinedFacts, of: NDArray[np.object_], *, every: str = "quarter"
) -> list[tuple[str, list[str], NDArray[np.float64]]]:
    """What a forecast is made from: key, periods and sums of each group and, last, of all of them.

    Args:
        joined, of, every: see `forecast_orders`.

    Raises:
        InputError: as there.
    """
    if every not in EVERY:
        raise InputError(f"periods are a month or a quarter long, not '{every}'")
    months = EVERY[every]
    table, keys, first = _monthly(joined, of, months)
    first = first + int(table.shape[1]) % months  # the oldest quarter may have begun before the first order
    sums = table[:, table.shape[1] % months :].reshape(len(table), -1, months).sum(axis=2)
    names = [_name(first + np.timedelta64(months * k, "M"), months) for k in range(sums.shape[1])]
    parts = [(key, names, sums[at]) for at, key in enumerate(keys)]
    return [*parts, ("all", names, sums.sum(axis=0))]


def _monthly(
    joined: JoinedFacts, of: NDArray[np.object_], months: int
) -> tuple[NDArray[np.float64], list[str], np.datetime64]:
    """float64 (groups, months), sums of finished months (of finished quarters); the groups; the first month."""
    days, money = joined.days(), joined.amounts
    dated = ~np.isnat(days)
    if not dated.any():
        raise InputError("no order has a day, so there is nothing to forecast from; check the column of dates")
    month = days.astype("datetime64[M]")
    first, last = month[dated].min(), month[dated].max()
    over = days[dated].max() >= (last + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(4, "D")
    n = int((last - first).astype(int)) + int(over)
    if months > 1:  # history ends with a whole quarter of the calendar
        end = int((first + np.timedelta64(n, "M")).astype(int)) % months
        n -= end
    if n < 1:
        raise InputError(f"the orders don't cover one whole {'quarter' if months > 1 else 'month'} yet")
    at = (month - first).astype(int)
    use = dated & (at < n) & (at >= 0)
    if not len(of):
        return np.bincount(at[use], weights=money[use], minlength=n)[None, :n].astype(np.float64), [], first
    keys = sorted(set(of[use].tolist()))
    table = np.zeros((len(keys), n))
    for k, key in enumerate(keys):
        mine = use & (of == key)
        table[k] = np.bincount(at[mine], weights=money[mine], minlength=n)[:n]
    return table, keys, first


def _series(key: str, one: Forecast, begin: np.datetime64, months: int) -> dict[str, Any]:
    names = [_name(begin + np.timedelta64(months * h, "M"), months) for h in range(len(one.mean))]
    ends = zip(names, one.mean, one.low80, one.high80, one.low95, one.high95, strict=True)
    fields = ("period", "mean", "low80", "high80", "low95", "high95")
    return {
        "key": key,
        "method": one.method,
        "mase": one.mase,
        "mase_naive": one.mase_naive,
        "enough_history": one.enough,
        "points": [
            {f: (v if isinstance(v, str) else float(v)) for f, v in zip(fields, row, strict=True)} for row in ends
        ],
    }


def _name(month: np.datetime64, months: int) -> str:
    year, at = str(month).split("-")
    return f"{year} Q{(int(at) + 2) // 3}" if months == 3 else f"{year}-{at}"
