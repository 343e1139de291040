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
from terr.facts.medians import median_interval
from terr.facts.retention import retention
from terr.facts.win_rates import win_rates
from terr.ingest.facts.fact_rows import LOST, OPEN, WON
from terr.workspace.facts.joined_facts import JoinedFacts, coded_texts

NOBODY = "–"
"""What has no group: an account outside every territory, a fact that names no rep."""
FIELDS = (
    "revenue revenue_before growth orders won won_amount lost open open_amount win_rate win_rate_shrunk win_rate_low"
    " win_rate_high deal_median deal_low deal_high cycle_days_median cycle_days_low cycle_days_high new_customers"
    " customers customers_before grr nrr churned repeat_customers repeat_rate quota attainment pipeline_coverage"
    " accounts coverage activities untouched"
).split()
"""The figures of a group, in the order of files."""


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


def _past(joined: JoinedFacts) -> NDArray[np.datetime64]:
    """The day of each fact; an open deal was there when it was created."""
    days, frame = joined.days(), joined.facts.frame
    return np.where(frame["status"] == OPEN, joined.days("created"), days) if "status" in frame else days


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
        return max(d.max() for d in self._days())

    def first_day(self) -> np.datetime64:
        """The oldest day of any fact.

        Raises:
            InputError: if no fact has a day.
        """
        return min(d.min() for d in self._days())

    def _days(self) -> list[NDArray[np.datetime64]]:
        """The days of each kind that has some; when an open deal will close is a guess, and doesn't count."""
        days = [d[~np.isnat(d)] for kind, j in self.by_kind.items() if kind != "quotas" for d in [_past(j)]]
        known = [d for d in days if len(d)]
        if not known:
            raise InputError("no fact has a day, so there is no period to measure; check the column of dates")
        return known

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
    kinds = [kind for kind in facts.by_kind if kind != "quotas"]
    coded = {kind: coded_rows(facts.by_kind[kind], groups, basis, column) for kind in kinds}
    own = bool(column) and all(column in facts.by_kind[kind].facts.frame for kind in kinds)
    keys = sorted(
        {n for _, names in coded.values() for n in names} | (set() if own else {str(g) for g in pd.unique(groups)})
        if len(groups)
        else set()
    )
    rows: list[dict[str, Any]] = [{"key": k, **dict.fromkeys(FIELDS)} for k in (*keys, "all")]
    of = dict(zip((*keys, "all"), rows, strict=True))
    at = {key: k for k, key in enumerate(keys)}
    row_of = {
        kind: np.array([at.get(n, -1) for n in names], dtype=np.int64)[code] for kind, (code, names) in coded.items()
    }
    n = len(facts.owners)
    of_account = np.array([at[str(g)] for g in groups], dtype=np.int64) if keys and not own else np.full(n, -1)
    asked = _Asked(keys, of_account, facts.top if len(facts.top) else np.ones(n, dtype=np.bool_), period)
    for kind, add in (("orders", _orders), ("opportunities", _deals), ("activities", _touches)):
        if kind in coded:
            add(of, facts.by_kind[kind], row_of[kind], asked)
    if "quotas" in facts.by_kind:
        _quotas(of, facts.by_kind["quotas"], period)
    if "orders" not in facts.by_kind and "contracts" in facts.by_kind:
        _contracts(of, facts.by_kind["contracts"], asked)
    for row in rows:
        if row["quota"] is not None:
            got = row["won_amount"] if row["won_amount"] is not None else row["revenue"]
            row["attainment"] = got / row["quota"] if got is not None and row["quota"] > 0 else None
            left = row["quota"] - (got or 0.0)
            row["pipeline_coverage"] = (
                row["open_amount"] / left if row["open_amount"] is not None and left > 0 else None
            )
    return rows


def coded_rows(
    joined: JoinedFacts, groups: NDArray[np.object_], basis: str = "accounts", column: str = ""
) -> tuple[NDArray[np.int64], list[str]]:
    """The group of each fact: by a column of its own, else its account's, or the rep it names.

    Returns:
        int64 (rows,), positions in the names, and the names, each of which some row has.
    """
    frame = joined.facts.frame
    if column and column in frame:
        return _named(frame[column])
    if not len(groups):
        return np.zeros(len(joined.account), dtype=np.int64), [NOBODY]
    of, names = _named(pd.Series(groups, dtype=object))
    names.append(NOBODY)
    code = np.append(of, len(names) - 1)[joined.account]  # -1 takes the last
    if basis == "owner" and "rep" in frame:
        rep, reps = joined.reps[0], [r or NOBODY for r in joined.reps[1]]
        given = np.array([r != NOBODY for r in reps], dtype=np.bool_)[rep]
        code = np.where(given, rep + len(names), code)
        names += reps
    return _used(code, names)


def row_groups(
    joined: JoinedFacts, groups: NDArray[np.object_], basis: str = "accounts", column: str = ""
) -> NDArray[np.object_]:
    """object (rows,), the same as names."""
    code, names = coded_rows(joined, groups, basis, column)
    return np.array(names, dtype=object)[code]


def _named(texts: pd.Series) -> tuple[NDArray[np.int64], list[str]]:
    code, words = coded_texts(texts)
    return code, [str(w) or NOBODY for w in words]


def _used(code: NDArray[np.int64], names: list[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Names once each, and only those that some row has."""
    seen = np.bincount(code, minlength=len(names)) > 0
    kept = list(dict.fromkeys(n for n, some in zip(names, seen, strict=True) if some))
    at = {n: k for k, n in enumerate(kept)}
    return np.array([at.get(n, 0) for n in names], dtype=np.int64)[code], kept


Rows = dict[str, dict[str, Any]]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Asked:
    """What all kinds are measured by.

    Attributes:
        keys: names of the groups.
        of_account: int64 (accounts,), position of each account's group in `keys`; -1 if there are no groups.
        top: bool (accounts,), accounts that must not stay untouched.
        period: what is measured.
    """

    keys: list[str]
    of_account: NDArray[np.int64]
    top: Flags
    period: Period

    def sums(self, of: NDArray[np.int64], use: Flags, weights: Floats | None = None) -> Floats:
        """float64 (groups + 1,): count or sum of the rows used in each group and, last, in all of them."""
        k = len(self.keys)
        at, w = of[use], None if weights is None else weights[use]
        parts = np.bincount(at[at >= 0], weights=None if w is None else w[at >= 0], minlength=k)
        return np.append(parts.astype(np.float64), float(len(at)) if w is None else float(w.sum()))

    def rows(self, of: NDArray[np.int64], use: Flags) -> list[NDArray[np.int64]]:
        """int64, positions of the rows used in each group and, last, in all of them."""
        at = np.flatnonzero(use)
        code: NDArray[np.int16 | np.int32] = of[at].astype(np.int32)
        if len(self.keys) < np.iinfo(np.int16).max:
            code = code.astype(np.int16)  # 16 bits are sorted in one pass
        ordered = at[np.argsort(code, kind="stable")]
        inside = code[code >= 0]
        bounds = len(code) - len(inside) + np.append(0, np.cumsum(np.bincount(inside, minlength=len(self.keys))))
        return [*(ordered[bounds[k] : bounds[k + 1]] for k in range(len(self.keys))), at]


def _orders(of: Rows, joined: JoinedFacts, row: NDArray[np.int64], asked: _Asked) -> None:
    days, money, account = joined.days(), joined.amounts, joined.account
    now, before = asked.period.holds(days), asked.period.before.holds(days)
    ids, known, n = joined.order_codes, account >= 0, joined.n_accounts
    new = asked.period.holds(joined.first_days)
    revenue, revenue_before = asked.sums(row, now, money), asked.sums(row, before, money)
    every, old, current = (asked.rows(row, use) for use in (now, known & before, known & now))
    account_of = joined.order_accounts
    for at, out in enumerate(of.values()):
        out["revenue"], out["revenue_before"] = float(revenue[at]), float(revenue_before[at])
        out["growth"] = out["revenue"] / out["revenue_before"] - 1 if out["revenue_before"] > 0 else None
        out["orders"] = len(_different(ids[every[at]], len(account_of)))
        times = np.bincount(account_of[_different(ids[current[at]], len(account_of))], minlength=n)  # orders of each
        out["customers"], out["new_customers"] = int((times > 0).sum()), int(((times > 0) & new).sum())
        out["repeat_customers"] = int((times >= 2).sum())
        out["repeat_rate"] = out["repeat_customers"] / out["customers"] if out["customers"] else None
        spent = [
            np.bincount(account[r], weights=money[r], minlength=n).astype(np.float64) for r in (old[at], current[at])
        ]
        kept = retention(*spent)
        out["grr"], out["nrr"] = kept.gross, kept.net
        out["churned"], out["customers_before"] = kept.customers_lost, kept.customers_before


def _different(codes: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """Each of some positions below `n` once; many of them are ticked off, few are looked up."""
    if len(codes) * 16 < n:
        return np.asarray(pd.unique(codes), dtype=np.int64)
    seen = np.zeros(n, dtype=np.bool_)
    seen[codes] = True
    return np.flatnonzero(seen)


def _deals(of: Rows, joined: JoinedFacts, row: NDArray[np.int64], asked: _Asked) -> None:
    money, status = joined.amounts, joined.facts.frame["status"].to_numpy(dtype=object)
    closed, created = joined.days("closed"), joined.days("created")
    now = asked.period.holds(closed)
    cycle = (closed - created).astype("timedelta64[D]").astype(np.float64)
    cycle[np.isnat(closed) | np.isnat(created) | (cycle < 0)] = np.nan
    is_won, is_lost, waits = now & (status == WON), now & (status == LOST), status == OPEN
    won, lost = (asked.sums(row, use).astype(np.int64) for use in (is_won, is_lost))
    won_amount, open_amount = asked.sums(row, is_won, money), asked.sums(row, waits, money)
    still_open = asked.sums(row, waits)
    rates = win_rates(won[:-1], lost[:-1]) if len(won) > 1 else win_rates(won, lost)
    whole = win_rates(won[-1:], lost[-1:])
    deals = pd.DataFrame({"of": row, "money": money, "days": cycle})[is_won]
    by_group = {int(code): part for code, part in deals.groupby("of")}
    for at, (key, out) in enumerate(of.items()):
        shown, i = (whole, 0) if key == "all" else (rates, at)
        out["won"], out["lost"], out["open"] = int(won[at]), int(lost[at]), int(still_open[at])
        out["won_amount"], out["open_amount"] = float(won_amount[at]), float(open_amount[at])
        if won[at] + lost[at]:
            out["win_rate"] = float(shown.raw[i])
        out["win_rate_shrunk"], out["win_rate_low"], out["win_rate_high"] = (
            float(v[i]) for v in (shown.estimate, shown.low, shown.high)
        )
        hers = deals if key == "all" else by_group.get(at, deals.iloc[:0])
        for name, column in (("deal", "money"), ("cycle_days", "days")):
            middle = median_interval(hers[column].dropna().to_numpy(dtype=np.float64))
            if middle is not None:
                out[f"{name}_median"], *ends = middle
                if np.isfinite(ends).all():  # too few deals have no interval
                    out[f"{name}_low"], out[f"{name}_high"] = ends


def _touches(of: Rows, joined: JoinedFacts, row: NDArray[np.int64], asked: _Asked) -> None:
    now = asked.period.holds(joined.days())
    touched = np.zeros(len(asked.of_account), dtype=np.bool_)
    touched[joined.account[now & (joined.account >= 0)]] = True
    every = np.ones(len(touched), dtype=np.bool_)
    counts = asked.sums(row, now)
    accounts, reached, missed = (asked.sums(asked.of_account, use) for use in (every, touched, ~touched & asked.top))
    for at, out in enumerate(of.values()):
        out["activities"] = int(counts[at])
        if accounts[at]:
            out["accounts"] = int(accounts[at])
            out["coverage"], out["untouched"] = float(reached[at] / accounts[at]), int(missed[at])


def _quotas(of: Rows, joined: JoinedFacts, period: Period) -> None:
    frame, money = joined.facts.frame, joined.amounts
    days = joined.days()
    now = period.holds(days) | np.isnat(days)
    for key, out in of.items():
        mine = now.copy()
        if key != "all":
            names = [frame[f].astype(str).to_numpy() == key for f in ("rep", "territory") if f in frame]
            mine &= np.any(names, axis=0) if names else False
        out["quota"] = float(money[mine].sum()) if mine.any() else None


def _contracts(of: Rows, joined: JoinedFacts, asked: _Asked) -> None:
    """Retention of annual amounts: contracts that ran on the day before the period, and those that run on its last."""
    start, end, money = joined.days("start"), joined.days("end"), joined.amounts
    known = joined.account >= 0
    n = len(asked.of_account)

    def runs(day: np.datetime64) -> NDArray[np.float64]:
        on = known & (start <= day) & (np.isnat(end) | (end >= day))
        return np.bincount(joined.account[on], weights=money[on], minlength=n)[:n].astype(np.float64)

    old, new = runs(asked.period.start - np.timedelta64(1, "D")), runs(asked.period.end)
    for at, (key, out) in enumerate(of.items()):
        mine = np.ones(n, dtype=np.bool_) if key == "all" else asked.of_account == at
        kept = retention(old[mine], new[mine])
        out["grr"], out["nrr"] = kept.gross, kept.net
        out["churned"], out["customers_before"] = kept.customers_lost, kept.customers_before
