"""What was sold, won, kept and touched in a period, by territory, rep, type or segment, beside the period before.

Two bases: these accounts, whoever owned them then (fair for territories), and as owned then, by the rep each fact names
(fair for reps).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.errors import InputError
from terr.facts.retention import retention
from terr.facts.win_rates import win_rates
from terr.ingest.facts.fact_rows import LOST, OPEN, WON
from terr.workspace.facts.joined_facts import JoinedFacts

NOBODY = "–"
"""What has no group: an account outside every territory, a fact that names no rep."""
_FIGURES = (
    "revenue revenue_before growth orders won won_amount lost open open_amount win_rate win_rate_shrunk win_rate_low"
    " win_rate_high deal_median cycle_days_median new_customers customers grr nrr churned repeat_rate quota attainment"
    " pipeline_coverage coverage activities untouched"
).split()


@dataclass(frozen=True)
class Period:
    """Days from `start` to `end`, both counted.

    Raises:
        InputError: an end before its start.
    """

    start: np.datetime64
    end: np.datetime64

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise InputError(f"the period ends ({self.end}) before it starts ({self.start}); swap the two days")

    @property
    def before(self) -> Period:
        """The same days of the year before; of a longer period, of as many years before as it has begun."""
        years = 1 + int((self.end - self.start).astype(int)) // 366
        return Period(_years_before(self.start, years), _years_before(self.end, years))

    def holds(self, days: NDArray[np.datetime64]) -> NDArray[np.bool_]:
        """Which days lie in it; NaT doesn't."""
        return (days >= self.start) & (days <= self.end)


def _years_before(day: np.datetime64, years: int) -> np.datetime64:
    stamp = pd.Timestamp(day) - pd.DateOffset(years=years)
    return np.datetime64(stamp.date())


@dataclass(frozen=True, eq=False)
class FactSet:
    """The facts of a data set, by kind.

    Attributes:
        by_kind: "orders", "opportunities", "activities", "contracts", "quotas" -> facts.
        owners: object (accounts,), rep of each account today.
        top: bool (accounts,), accounts that must not stay untouched; all of them without tiers.
    """

    by_kind: Mapping[str, JoinedFacts]
    owners: NDArray[np.object_]
    top: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))

    def last_day(self) -> np.datetime64:
        """The newest day on which something happened; the day an open deal is expected to close has yet to come.

        Raises:
            InputError: if no fact has a day.
        """
        known = []
        for kind, joined in self.by_kind.items():
            days = joined.days()
            if kind == "opportunities":
                days = np.where(joined.facts.frame["status"] == OPEN, joined.days("created"), days)
            days = days[~np.isnat(days)]
            if len(days) and kind != "quotas":
                known.append(days.max())
        if not known:
            raise InputError("no fact has a day, so there is no period to measure; check the column of dates")
        return max(known)

    def usual_period(self) -> Period:
        """The twelve months that end with the newest fact."""
        last = self.last_day()
        return Period(_years_before(last, 1) + np.timedelta64(1, "D"), last)


def performance(
    facts: FactSet, groups: NDArray[np.object_], period: Period, *, basis: str = "accounts", column: str = ""
) -> list[dict[str, Any]]:
    """The figures of each group and, last, of all of them under the key "all".

    Args:
        facts: of one data set.
        groups: object (accounts,), group of each account, `NOBODY` where it has none; empty for one group alone.
        period: what is measured; beside it stands the year before.
        basis: "accounts", or "owner": a fact then belongs to the rep it names.
        column: of the facts' own files; facts that have it are grouped by it, to the cent, rather than by account.

    Returns:
        One dictionary per group, in order of their names: `key` and the figures of docs/interface.md; None where no
        file says anything of it.

    Raises:
        InputError: an unknown basis.
    """
    if basis not in {"accounts", "owner"}:
        raise InputError(f"the basis is accounts or owner, not '{basis}'")
    rows_of = {kind: row_groups(j, groups, basis, column) for kind, j in facts.by_kind.items() if kind != "quotas"}
    own = bool(column) and all(column in facts.by_kind[kind].facts.frame for kind in rows_of)
    named = {str(g) for of in rows_of.values() for g in np.unique(of.astype(str)).tolist()}
    keys = sorted(named | (set() if own else {str(g) for g in groups.tolist()}))
    if not len(groups):
        keys, groups = [], np.full(len(facts.owners), NOBODY, dtype=object)
    rows: list[dict[str, Any]] = [{"key": k, **dict.fromkeys(_FIGURES)} for k in (*keys, "all")]
    of = dict(zip((*keys, "all"), rows, strict=True))
    asked = _Asked(groups, facts.top if len(facts.top) else np.ones(len(groups), dtype=np.bool_), period)
    for kind, add in (("orders", _orders), ("opportunities", _deals), ("activities", _touches), ("quotas", _quotas)):
        joined = facts.by_kind.get(kind)
        if joined is not None:
            add(of, joined, rows_of.get(kind, groups), asked)
    if "orders" not in facts.by_kind and "contracts" in facts.by_kind:
        joined = facts.by_kind["contracts"]
        _contracts(of, joined, groups, asked)
    for row in rows:
        if row["quota"] is not None:
            got = row["won_amount"] if row["won_amount"] is not None else row["revenue"]
            row["attainment"] = got / row["quota"] if got is not None and row["quota"] > 0 else None
            left = row["quota"] - (got or 0.0)
            row["coverage_of_pipeline"] = (
                row["open_amount"] / left if row["open_amount"] is not None and left > 0 else None
            )
    return rows


def row_groups(
    joined: JoinedFacts, groups: NDArray[np.object_], basis: str = "accounts", column: str = ""
) -> NDArray[np.object_]:
    """object (rows,), group of each fact: by a column of its own, else its account's, or the rep it names."""
    frame = joined.facts.frame
    if column and column in frame:
        text = frame[column].astype(str).to_numpy(dtype=object)
        return np.asarray(np.where(text == "", NOBODY, text), dtype=object)
    if not len(groups):
        return np.full(len(joined.account), NOBODY, dtype=object)
    of_account = np.append(groups, NOBODY)[joined.account]  # -1 takes the last
    if basis == "owner" and "rep" in joined.facts.frame:
        rep = joined.facts.frame["rep"].astype(str).to_numpy(dtype=object)
        return np.where(rep != "", rep, of_account)
    return np.asarray(of_account, dtype=object)


Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class _Asked:
    """What all kinds are measured by: object (accounts,) groups, bool (accounts,) top accounts, and the period."""

    groups: NDArray[np.object_]
    top: NDArray[np.bool_]
    period: Period


def _orders(of: Rows, joined: JoinedFacts, row: NDArray[np.object_], asked: _Asked) -> None:
    days, money = joined.days(), joined.amounts
    now, before = asked.period.holds(days), asked.period.before.holds(days)
    ids = joined.facts.frame["id"] if "id" in joined.facts.frame else joined.facts.frame["source_row"].astype(str)
    first = pd.Series(days).groupby(joined.account).min()
    n = len(asked.groups)
    for key, out in of.items():
        mine = np.ones(len(row), dtype=np.bool_) if key == "all" else row == key
        out["revenue"] = float(money[mine & now].sum())
        out["revenue_before"] = float(money[mine & before].sum())
        out["growth"] = out["revenue"] / out["revenue_before"] - 1 if out["revenue_before"] > 0 else None
        out["orders"] = int(ids[mine & now].nunique())
        customers = np.unique(joined.account[mine & now & (joined.account >= 0)])
        out["customers"] = len(customers)
        began = first.reindex(customers).to_numpy().astype("datetime64[D]")
        out["new_customers"] = int(asked.period.holds(began).sum())
        known = mine & (joined.account >= 0)
        old, new = (
            np.bincount(joined.account[known & w], weights=money[known & w], minlength=n)[:n].astype(np.float64)
            for w in (before, now)
        )
        kept = retention(old, new)
        out["grr"], out["nrr"], out["churned"] = kept.gross, kept.net, kept.customers_lost
        bought = pd.DataFrame({"a": joined.account[known & now], "o": ids[known & now]}).groupby("a")["o"].nunique()
        out["repeat_rate"] = float((bought >= 2).mean()) if len(bought) else None


def _deals(of: Rows, joined: JoinedFacts, row: NDArray[np.object_], asked: _Asked) -> None:
    frame, money = joined.facts.frame, joined.amounts
    status = frame["status"].to_numpy(dtype=object)
    closed, created = joined.days("closed"), joined.days("created")
    now = asked.period.holds(closed)
    cycle = (closed - created).astype("timedelta64[D]").astype(np.float64)
    cycle[np.isnat(closed) | np.isnat(created) | (cycle < 0)] = np.nan
    counts = {key: (np.ones(len(row), dtype=np.bool_) if key == "all" else row == key) for key in of}
    won = np.array([int((m & now & (status == WON)).sum()) for m in counts.values()], dtype=np.int64)
    lost = np.array([int((m & now & (status == LOST)).sum()) for m in counts.values()], dtype=np.int64)
    rates = win_rates(won[:-1], lost[:-1]) if len(won) > 1 else win_rates(won, lost)
    whole = win_rates(won[-1:], lost[-1:])
    for at, (key, mine) in enumerate(counts.items()):
        out, shown = of[key], whole if key == "all" else rates
        i = 0 if key == "all" else at
        hers = mine & now & (status == WON)
        waits = mine & (status == OPEN)
        out["won"], out["lost"], out["open"] = int(won[at]), int(lost[at]), int(waits.sum())
        out["won_amount"], out["open_amount"] = float(money[hers].sum()), float(money[waits].sum())
        if won[at] + lost[at]:
            out["win_rate"] = float(shown.raw[i])
        out["win_rate_shrunk"], out["win_rate_low"], out["win_rate_high"] = (
            float(v[i]) for v in (shown.estimate, shown.low, shown.high)
        )
        out["deal_median"] = float(np.median(money[hers])) if hers.any() else None
        some = cycle[hers & ~np.isnan(cycle)]
        out["cycle_days_median"] = float(np.median(some)) if len(some) else None


def _touches(of: Rows, joined: JoinedFacts, row: NDArray[np.object_], asked: _Asked) -> None:
    now = asked.period.holds(joined.days())
    touched = np.zeros(len(asked.groups), dtype=np.bool_)
    touched[joined.account[now & (joined.account >= 0)]] = True
    for key, out in of.items():
        mine = np.ones(len(asked.groups), dtype=np.bool_) if key == "all" else asked.groups == key
        out["activities"] = int((now if key == "all" else now & (row == key)).sum())
        if mine.any():
            out["coverage"] = float(touched[mine].mean())
            out["untouched"] = int((mine & ~touched & asked.top).sum())


def _quotas(of: Rows, joined: JoinedFacts, _row: NDArray[np.object_], asked: _Asked) -> None:
    frame, money = joined.facts.frame, joined.amounts
    days = joined.days()
    now = asked.period.holds(days) | np.isnat(days)
    for key, out in of.items():
        mine = now.copy()
        if key != "all":
            names = [frame[f].astype(str).to_numpy() == key for f in ("rep", "territory") if f in frame]
            mine &= np.any(names, axis=0) if names else False
        out["quota"] = float(money[mine].sum()) if mine.any() else None


def _contracts(of: Rows, joined: JoinedFacts, _row: NDArray[np.object_], asked: _Asked) -> None:
    """Retention of annual amounts: contracts that ran on the day before the period, and those that run on its last."""
    start, end, money = joined.days("start"), joined.days("end"), joined.amounts
    known = joined.account >= 0
    n = len(asked.groups)

    def runs(day: np.datetime64) -> NDArray[np.float64]:
        on = known & (start <= day) & (np.isnat(end) | (end >= day))
        return np.bincount(joined.account[on], weights=money[on], minlength=n)[:n].astype(np.float64)

    old, new = runs(asked.period.start - np.timedelta64(1, "D")), runs(asked.period.end)
    for key, out in of.items():
        mine = np.ones(n, dtype=np.bool_) if key == "all" else asked.groups == key
        kept = retention(old[mine], new[mine])
        out["grr"], out["nrr"], out["churned"] = kept.gross, kept.net, kept.customers_lost
