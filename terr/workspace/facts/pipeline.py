"""The open deals by the month they are expected to close, each weighted by this company's own conversions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from terr.facts.pipeline import StageRate, age_rates, age_weights, stage_rates
from terr.ingest.columns.words import compact
from terr.ingest.facts.fact_rows import OPEN, WON
from terr.workspace.facts.joined_facts import JoinedFacts

_HISTORY = (
    "stagehistory stagebeforeclose laststage lastopenstage furthereststage furtheststage previousstage priorstage"
    " loststage stagereached lostatstage stagewhenlost"
).split()
OVERDUE, NO_DATE = "overdue", "no date"


@dataclass(frozen=True, eq=False)
class Pipeline:
    """Open deals and what they are worth.

    Attributes:
        deals: one row per open deal: `row` (position in the facts), `month` (datetime64 of its first day, NaT where it
            has none), `due` ("overdue", "no date" or ""), `amount`, `weight`, `weighted`.
        rates: what the weights are; by_stage: whether they go by stage, else by how long deals have been open.
        overall: share of all closed deals that were won, None where none is closed.
    """

    deals: pd.DataFrame
    rates: tuple[StageRate, ...]
    by_stage: bool
    overall: float | None

    @property
    def amount(self) -> float:
        """Sum of the open deals."""
        return float(self.deals["amount"].sum())

    @property
    def weighted(self) -> float:
        """Sum of the open deals, each by its weight."""
        return float(self.deals["weighted"].sum())

    def by_month(self) -> pd.DataFrame:
        """`month` (NaT for overdue deals and those without a date), `due`, `deals`, `amount`, `weighted`; in order."""
        return (
            self.deals.groupby(["due", "month"], dropna=False)
            .agg(deals=("amount", "size"), amount=("amount", "sum"), weighted=("weighted", "sum"))
            .reset_index()
            .sort_values(["month", "due"], na_position="first", ignore_index=True)
        )


def pipeline_of(joined: JoinedFacts, today: np.datetime64) -> Pipeline:
    """The open deals of a file of opportunities.

    A deal is weighted by the stage it is in if a column tells which stages closed deals had reached; else by its age:
    of the closed deals that were still open at that age, the share that was won. Where fewer than ten deals are closed,
    nothing can be said and the weight is 0.

    Args:
        joined: opportunities.
        today: the newest day of the facts; a deal that was to close before is overdue.
    """
    frame, amounts = joined.facts.frame, joined.amounts
    status = frame["status"].to_numpy(dtype=object)
    closed, won = status != OPEN, status == WON
    created, ends = joined.days("created"), joined.days("closed")
    reached = _history(frame, closed)
    rates: tuple[StageRate, ...] = ()
    waits = np.flatnonzero(status == OPEN)
    weight = np.zeros(len(waits))
    by_stage = reached is not None and "stage" in frame
    if by_stage and reached is not None:
        rates = stage_rates(reached, won[closed])
        base = float(won[closed].mean()) if closed.any() else 0.0
        by_name = {r.name: r.weight for r in rates}
        weight = np.array([by_name.get(s, base) for s in frame["stage"].astype(str).to_numpy(dtype=object)[waits]])
    else:
        taken = (ends - created).astype("timedelta64[D]").astype(np.float64)
        taken[np.isnat(ends) | np.isnat(created) | (taken < 0)] = np.nan
        if np.isnan(taken[closed]).all():  # without created dates all deals weigh the same
            taken = np.zeros(len(taken))
        rates = age_rates(taken[closed], won[closed])
        age = (today - created).astype("timedelta64[D]").astype(np.float64)
        age[np.isnat(created)] = np.nan
        if rates:
            weight = age_weights(age[waits], rates)
    due_day = ends[waits]
    month = due_day.astype("datetime64[M]").astype("datetime64[s]")
    due = np.where(np.isnat(due_day), NO_DATE, np.where(due_day < today, OVERDUE, "")).astype(object)
    month[due != ""] = np.datetime64("NaT")
    deals = pd.DataFrame(
        {
            "row": waits,
            "month": month,
            "due": due,
            "amount": amounts[waits],
            "weight": weight,
            "weighted": amounts[waits] * weight,
        }
    )
    return Pipeline(deals, rates, by_stage, float(won[closed].mean()) if closed.any() else None)


def _history(frame: pd.DataFrame, closed: NDArray[np.bool_]) -> Sequence[frozenset[str]] | None:
    """Stages each closed deal is known to have reached; None without a column that says so."""
    names = {compact(str(c)): c for c in frame.columns}
    column = next((names[w] for w in _HISTORY if w in names), None)
    if column is None:
        return None
    texts = frame[column].astype(str).to_numpy(dtype=object)[closed]
    out = []
    for text in texts:
        parts = [p.strip() for p in str(text).replace("→", ">").replace("->", ">").replace(";", ">").split(">")]
        out.append(frozenset(p for p in parts if p and p != "nan"))
    return out if any(out) else None
