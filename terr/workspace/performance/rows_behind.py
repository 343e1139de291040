"""The rows of the files behind one figure of one group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.ingest.facts.fact_rows import LOST, OPEN, WON
from terr.model.accounts import Accounts
from terr.report.safe import safe_frame
from terr.workspace.facts.joined_facts import JoinedFacts
from terr.workspace.facts.performance import FactSet, Period, row_groups
from terr.workspace.performance.grouping import Grouping
from terr.workspace.performance.kpis import BY_KEY

_BEFORE_TOO = {"growth", "nrr", "grr", "churned"}
_LOST_TOO = {"lost", "win_rate_shrunk"}
_FIELDS = {
    "id": "ID",
    "date": "Date",
    "closed": "Closed",
    "created": "Created",
    "start": "Start",
    "end": "End",
    "period": "Period",
    "amount": "Amount",
    "product": "Product",
    "type": "Type",
    "stage": "Stage",
    "status": "Status",
    "rep": "Rep",
    "territory": "Territory",
}


@dataclass(frozen=True, eq=False)
class RowsBehind:
    """Rows of a file, or accounts, that a figure is made of.

    Attributes:
        kind: of the file, or "accounts".
        frame: one line each, days as dates.
        total: sum of their amounts, NaN where the kind has none.
    """

    kind: str
    frame: pd.DataFrame
    total: float

    def csv(self) -> bytes:
        """The rows as a file."""
        text: str = safe_frame(self.frame).to_csv(index=False)
        return text.encode("utf-8-sig")


def rows_behind(
    facts: FactSet, accounts: Accounts, grouping: Grouping, period: Period, basis: str, figure: str, key: str
) -> RowsBehind:
    """The rows a figure is made of: of a comparison with the year before, those of both years.

    Args:
        facts, grouping, period, basis: as the figure was made.
        accounts: their names.
        figure: key of a `Kpi`.
        key: the group, "all" for all.
    """
    kind = next(k for k in BY_KEY[figure].kinds if k in facts.by_kind)
    joined = facts.by_kind[kind]
    if figure in {"untouched", "coverage"}:
        return _accounts(facts, joined, accounts, grouping, period, key, missed=figure == "untouched")
    use = _used(joined, figure, period)
    if figure == "churned" and kind == "orders":
        use &= _lost(joined, period)
    if key != "all":
        if kind == "quotas":
            names = [joined.facts.frame[f].astype(str) == key for f in ("rep", "territory") if f in joined.facts.frame]
            use &= np.any(names, axis=0)
        else:
            use &= row_groups(joined, grouping.groups, basis, grouping.column) == key
    return _listed(joined, accounts, use)


def _used(joined: JoinedFacts, figure: str, period: Period) -> NDArray[np.bool_]:
    """bool (rows,), rows of the period that the figure looks at."""
    days, kind = joined.days(), joined.facts.kind
    now = period.holds(days)
    if kind == "quotas":
        return now | np.isnat(days)
    if kind == "contracts":
        end = joined.days("end")
        return (days <= period.end) & (np.isnat(end) | (end >= period.start - np.timedelta64(1, "D")))
    if kind == "opportunities":
        status = joined.facts.frame["status"].to_numpy(dtype=object)
        if figure == "open_amount":
            return np.asarray(status == OPEN)
        wanted = (WON, LOST) if figure == "win_rate_shrunk" else (LOST,) if figure == "lost" else (WON,)
        return np.asarray(now & np.isin(status.astype(str), wanted))
    if figure == "revenue_before":
        return period.before.holds(days)
    if figure in _BEFORE_TOO:
        return now | period.before.holds(days)
    if figure == "new_customers":
        return now & (joined.account >= 0) & period.holds(joined.first_days)[np.maximum(joined.account, 0)]
    return now


def _lost(joined: JoinedFacts, period: Period) -> NDArray[np.bool_]:
    """bool (rows,), rows of accounts that bought a year before and don't now."""
    days, known = joined.days(), joined.account >= 0
    sums = [
        np.bincount(
            joined.account[known & p.holds(days)],
            weights=joined.amounts[known & p.holds(days)],
            minlength=joined.n_accounts,
        )
        for p in (period.before, period)
    ]
    gone = (sums[0] > 0) & ~(sums[1] > 0)
    return np.asarray(known & gone[np.maximum(joined.account, 0)])


def _listed(joined: JoinedFacts, accounts: Accounts, use: NDArray[np.bool_]) -> RowsBehind:
    frame = joined.facts.frame[use]
    names = np.append(accounts.frame["name"].astype(str).to_numpy(dtype=object), "")
    ids = np.append(accounts.frame["account_id"].astype(str).to_numpy(dtype=object), "")
    at = joined.account[use]
    out = pd.DataFrame({"Account ID": ids[at], "Account": names[at]})
    for field, title in _FIELDS.items():
        if field not in frame:
            continue
        column = frame[field].reset_index(drop=True)
        out[title] = column.dt.date if column.dtype.kind == "M" else column
    out["Row of the file"] = frame["source_row"].to_numpy()
    day = next((t for t in ("Date", "Closed", "Start", "Period") if t in out), None)
    if day is not None:
        out = out.sort_values(day, ascending=False, kind="stable", ignore_index=True)
    total = float(joined.amounts[use].sum()) if "amount" in frame else float("nan")
    return RowsBehind(joined.facts.kind, out, total)


def _accounts(
    facts: FactSet,
    joined: JoinedFacts,
    accounts: Accounts,
    grouping: Grouping,
    period: Period,
    key: str,
    *,
    missed: bool,
) -> RowsBehind:
    touched = np.zeros(len(accounts), dtype=np.bool_)
    touched[joined.account[period.holds(joined.days()) & (joined.account >= 0)]] = True
    use = (~touched & (facts.top if len(facts.top) else True)) if missed else touched
    if key != "all" and len(grouping.groups):
        use &= grouping.groups == key
    frame = accounts.frame[use]
    out = pd.DataFrame(
        {
            "Account ID": frame["account_id"].astype(str),
            "Account": frame["name"].astype(str),
            "Owner": frame["owner"].astype(str),
        }
    ).reset_index(drop=True)
    return RowsBehind("accounts", out, float("nan"))
