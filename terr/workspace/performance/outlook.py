"""What a plan's territories sold last year and are expected to sell next year, whatever is balanced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.aggregate import account_codes
from terr.errors import InputError
from terr.model.progress import UNWATCHED, Progress
from terr.workspace.accounts.dataset import Dataset
from terr.workspace.caches import CacheKind
from terr.workspace.facts.account_forecast import FORECAST, account_outlook, last_year
from terr.workspace.facts.kept_facts import fact_set_of, facts_kept
from terr.workspace.performance.report import currency_of
from terr.workspace.plan.snapshot import PlanSnapshot
from terr.workspace.workspace import Workspace

LAST_YEAR, NEXT_YEAR = "Sales, last 12 months", "Forecast of 12 months"


@dataclass(frozen=True, eq=False)
class AccountYears:
    """Two years of each account.

    Attributes:
        past: float64 (accounts,), sales of the twelve months that end with the newest fact.
        ahead: float64 (accounts,), forecast of the next four quarters; NaN where there is too little to forecast from.
        currency: ISO code, "" where none is known.
    """

    past: NDArray[np.float64]
    ahead: NDArray[np.float64]
    currency: str


YEARS = CacheKind[tuple[str, str, str], AccountYears]("last year and forecast", 32, dataset_of=lambda key: key[0])
"""By data set, its version and the revision of its orders."""


def has_orders(ws: Workspace, dataset_id: str) -> bool:
    """Whether a data set has orders to tell years from."""
    return any(f.kind == "orders" for f in facts_kept(ws, dataset_id))


def years_key(ws: Workspace, data: Dataset) -> tuple[str, str, str]:
    """Another one whenever the years may differ."""
    revision = next((f.revision for f in facts_kept(ws, data.info.id) if f.kind == "orders"), "")
    return data.info.id, data.key, revision


def account_years(ws: Workspace, data: Dataset, progress: Progress = UNWATCHED) -> AccountYears:
    """Last year and forecast of each account of a data set with orders.

    Raises:
        InputError: no order has a day.
        StoppedError: if the person stopped it.
    """

    def make() -> AccountYears:
        facts, n = fact_set_of(ws, data.info.id, data.accounts), len(data.accounts)
        progress.tell(0.2, "forecasting orders")
        try:
            ahead = account_outlook(facts.by_kind["orders"], FORECAST, n, progress.part(0.3, 1.0))
        except InputError:  # not one finished quarter yet
            ahead = np.full(n, np.nan)
        return AccountYears(last_year(facts, n), ahead, currency_of(facts, data.accounts))

    return ws.caches[YEARS].get_or_make(years_key(ws, data), make)


def territory_years(shown: PlanSnapshot, years: AccountYears) -> pd.DataFrame:
    """One row per territory in plan order: `LAST_YEAR` and `NEXT_YEAR`, sums over the accounts it has now."""
    codes = account_codes(shown.accounts, shown.units, shown.plan, held=shown.held)
    mine = [codes == t.code for t in shown.plan.territories]
    return pd.DataFrame(
        {
            LAST_YEAR: [float(years.past[m].sum()) for m in mine],
            NEXT_YEAR: [float(years.ahead[m].sum()) for m in mine],
        }
    )
