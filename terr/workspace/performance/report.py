"""The figures of one choice of groups and period, as page, file and command line show them, and over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.report.safe import safe_frame
from terr.workspace.facts.performance import FIELDS, FactSet, Period, performance
from terr.workspace.performance.grouping import Grouping
from terr.workspace.performance.kpis import BY_KEY, Kpi, shown
from terr.workspace.performance.periods import NamedPeriod, periods_of

BASES = {
    "accounts": "Accounts as today",
    "owner": "As owned then",
}
"""What a fact belongs to: the group its account is in today, or that of the rep it names."""
_PERIODS = {"Month": 12, "Quarter": 8, "Year": 5}


@dataclass(frozen=True, eq=False)
class PerformanceReport:
    """The figures of groups in a period.

    Attributes:
        grouping: what the rows are.
        period: what is measured; basis: one of `BASES`.
        rows: of `terr.workspace.facts.performance.performance`; the last is all of them.
        kinds: of facts there are.
        currency: ISO code of the money, "" if no file names one.
    """

    grouping: Grouping
    period: Period
    basis: str
    rows: tuple[dict[str, Any], ...]
    kinds: tuple[str, ...]
    currency: str

    @property
    def groups(self) -> tuple[dict[str, Any], ...]:
        """The rows without that of all."""
        return self.rows[:-1]

    @property
    def whole(self) -> dict[str, Any]:
        """The row of all."""
        return self.rows[-1]

    @property
    def kpis(self) -> tuple[Kpi, ...]:
        """The figures some row has."""
        return tuple(k for k in shown(self.kinds) if any(r[k.key] is not None for r in self.rows))

    def table(self) -> pd.DataFrame:
        """One row per group and, last, "All": its name and the figures there are, shares in percent."""
        frame = pd.DataFrame({"Group": [*(r["key"] for r in self.groups), "All"]})
        for kpi in self.kpis:
            values = np.array([np.nan if r[kpi.key] is None else float(r[kpi.key]) for r in self.rows])
            frame[kpi.title] = 100 * values if kpi.unit == "share" else values
        return frame

    def csv(self) -> bytes:
        """The file: what `terr performance --json` says, one line per group."""
        head = {
            "from": str(self.period.start),
            "to": str(self.period.end),
            "basis": self.basis,
        }
        used = [f for f in FIELDS if any(r[f] is not None for r in self.rows)]
        frame = pd.DataFrame(
            [{"by": self.grouping.by, "key": r["key"], **head, **{f: r[f] for f in used}} for r in self.rows]
        )
        text: str = safe_frame(frame).to_csv(index=False)
        return text.encode("utf-8-sig")


def performance_of(
    facts: FactSet, grouping: Grouping, period: Period, basis: str = "accounts", currency: str = ""
) -> PerformanceReport:
    """The figures of one choice; `currency` is that of the money.

    Raises:
        InputError: an unknown basis.
    """
    rows = performance(facts, grouping.groups, period, basis=basis, column=grouping.column)
    return PerformanceReport(grouping, period, basis, tuple(rows), tuple(facts.by_kind), currency)


def currency_of(facts: FactSet, accounts: Accounts) -> str:
    """The one currency of all files that name one, else that of the accounts; "" where they differ or none does."""
    found = {j.facts.currency for j in facts.by_kind.values() if j.facts.currency}
    found = found or {code for _, code in accounts.currency}
    return found.pop() if len(found) == 1 else ""


def over_time(
    facts: FactSet,
    grouping: Grouping,
    length: str,
    kpi: Kpi,
    basis: str = "accounts",
    progress: Progress = UNWATCHED,
) -> pd.DataFrame:
    """A figure of each group, period by period, beside the same period a year before.

    Args:
        facts, grouping, basis: see `performance_of`.
        length: "Month", "Quarter" or "Year".
        kpi: which figure.
        progress: told how far it is.

    Returns:
        Rows `key`, `period` (title), `start` (datetime64), `value`, `before` (NaN where there is none), oldest first,
        "All" among the keys.

    Raises:
        StoppedError: if the person stopped it.
    """
    chosen = periods_of(facts, length)[: _PERIODS[length]][::-1]
    first = facts.first_day()
    out = []
    for at, one in enumerate(chosen):
        progress.tell(at / len(chosen), f"measuring {one.title}")
        now = _values(facts, grouping, one.period, kpi, basis)
        then = one.period.before
        old = _values(facts, grouping, then, kpi, basis) if then.start >= first - np.timedelta64(31, "D") else {}
        for key in dict.fromkeys((*now, *old)):
            out.append(
                {
                    "key": "All" if key == "all" else key,
                    "period": one.title,
                    "start": one.period.start.astype("datetime64[s]"),
                    "value": now.get(key, np.nan),
                    "before": old.get(key, np.nan),
                }
            )
    return pd.DataFrame(out, columns=["key", "period", "start", "value", "before"])


def _values(facts: FactSet, grouping: Grouping, period: Period, kpi: Kpi, basis: str) -> dict[str, float]:
    wanted = {*kpi.kinds, *(("orders", "opportunities") if "quotas" in kpi.kinds else ())}
    part = FactSet({k: j for k, j in facts.by_kind.items() if k in wanted}, facts.owners, facts.top)
    rows = performance(part, grouping.groups, period, basis=basis, column=grouping.column)
    return {r["key"]: np.nan if r[kpi.key] is None else float(r[kpi.key]) for r in rows}


def default_period(facts: FactSet) -> NamedPeriod:
    """The twelve months that end with the newest fact."""
    return periods_of(facts, "12 months")[0]


def largest(report: PerformanceReport, key: str, most: int) -> list[str]:
    """The groups with most of a figure, the largest first; those without one come last."""
    kpi = BY_KEY[key]
    ranked = sorted(report.groups, key=lambda r: -(r[kpi.key] if r[kpi.key] is not None else -np.inf))
    return [r["key"] for r in ranked[:most]]


def kinds_text(kinds: Sequence[str]) -> str:
    """ "orders, activities"."""
    return ", ".join(kinds)
