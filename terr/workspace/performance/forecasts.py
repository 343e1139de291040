"""Forecast, pipeline and customers as the page shows them: tables, lines of charts, files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.model.progress import UNWATCHED, Progress
from terr.report.safe import safe_frame
from terr.view.text import count, markdown, short
from terr.workspace.facts.customers import ContractOutlook, Customers, contracts_outlook, customers_of
from terr.workspace.facts.forecasting import EVERY, forecast_orders, history_of
from terr.workspace.facts.performance import NOBODY, FactSet, row_groups
from terr.workspace.facts.pipeline import NO_DATE, OVERDUE, Pipeline, pipeline_of
from terr.workspace.performance.grouping import Grouping

ALL = "all"
_ENDS = ("mean", "low80", "high80", "low95", "high95")


@dataclass(frozen=True, eq=False)
class ForecastReport:
    """Forecasts of groups that add up to that of all.

    Attributes:
        by: how the groups were made; every: "month" or "quarter".
        series: as `terr forecast --json` gives them; the last is "all".
        history: key -> periods and sums so far.
    """

    by: str
    every: str
    series: tuple[dict[str, Any], ...]
    history: dict[str, tuple[list[str], np.ndarray[Any, np.dtype[np.float64]]]]

    @property
    def whole(self) -> dict[str, Any]:
        """The series of all."""
        return self.series[-1]

    @property
    def enough(self) -> bool:
        """Whether there are two years of history."""
        return bool(self.whole["enough_history"])

    def chart(self, key: str, currency: str, periods_back: int = 12) -> pd.DataFrame:
        """Rows of a fan chart, in order of time: `period`, `actual`, `mean`, the ends of the intervals, `text`.

        The last finished period stands in both lines, so that they meet.
        """
        one = next(s for s in self.series if s["key"] == key)
        names, sums = self.history[key]
        past = list(zip(names, sums.tolist(), strict=True))[-periods_back:]
        out: list[dict[str, Any]] = [{"period": n, "actual": v, "text": short(v, currency)} for n, v in past]
        out[-1] |= dict.fromkeys(_ENDS, past[-1][1])
        for point in one["points"]:
            ends = f"{short(point['low80'], currency)} to {short(point['high80'], currency)}"
            out.append({**point, "text": f"{short(point['mean'], currency)} (80%: {ends})"})
        return pd.DataFrame(out, columns=["period", "actual", *_ENDS, "text"])

    def largest(self, most: int = 12) -> list[str]:
        """The groups with most expected, the largest first; none if there is no more than one."""
        groups = [s for s in self.series[:-1] if s["key"] != NOBODY]
        ranked = sorted(groups, key=lambda s: -sum(p["mean"] for p in s["points"]))
        return [s["key"] for s in ranked[:most]] if len(ranked) > 1 else []

    def said(self) -> str:
        """By which method the total was made, or that there is too little history."""
        one = self.whole
        if not self.enough:
            return (
                "There is less than two years of history, so no method could be tried: the same periods of the last "
                "year are shown, with a wide interval."
            )
        return (
            f"Method for the total: {one['method']}; tried on earlier dates of this history (error "
            f"{one['mase']:.2f}; repeating the year before: {one['mase_naive']:.2f}). Groups add up to it."
        )

    def back_test(self) -> str:
        """How many groups a method beat the seasonal naive forecast in."""
        tried = [s for s in self.series[:-1] if s["mase"] is not None]
        if not tried:
            return ""
        better = sum(s["mase"] < s["mase_naive"] for s in tried)
        mean, naive = (float(np.mean([s[f] for s in tried])) for f in ("mase", "mase_naive"))
        return (
            f"Back-test at six earlier dates: in {better} of {len(tried)} groups the method beat the seasonal naive "
            f"forecast; mean error {mean:.2f} against {naive:.2f}."
        )

    def methods(self) -> pd.DataFrame:
        """One row per series: method, error of the back-test, that of the seasonal naive forecast, next periods."""
        rows = []
        for one in self.series:
            row = {
                "Group": "All" if one["key"] == ALL else one["key"],
                "Method": one["method"],
                "Back-test error": np.nan if one["mase"] is None else one["mase"],
                "Seasonal naive": np.nan if one["mase_naive"] is None else one["mase_naive"],
            }
            rows.append(row | {p["period"]: p["mean"] for p in one["points"]})
        return pd.DataFrame(rows)

    def csv(self) -> bytes:
        """The file: what `terr forecast --json` says, one line per group and period."""
        rows = [
            {
                "by": self.by,
                "key": s["key"],
                "method": s["method"],
                "mase": s["mase"],
                "mase_naive": s["mase_naive"],
                **p,
            }
            for s in self.series
            for p in s["points"]
        ]
        text: str = safe_frame(pd.DataFrame(rows)).to_csv(index=False)
        return text.encode("utf-8-sig")


def forecast_of(
    facts: FactSet, grouping: Grouping, *, every: str, periods: int, progress: Progress = UNWATCHED
) -> ForecastReport:
    """Forecast of each group and of all.

    Args:
        facts: with orders.
        grouping: whose orders.
        every: "month" or "quarter"; periods: how many.
        progress: told how far it is.

    Raises:
        InputError: no orders, too many periods, nothing finished yet.
        StoppedError: if the person stopped it.
    """
    orders = facts.by_kind.get("orders")
    if orders is None:
        raise InputError("a forecast is made from orders; import a file of orders on the Accounts page")
    of = row_groups(orders, grouping.groups, column=grouping.column) if grouping.named else grouping.groups
    series = forecast_orders(orders, of, periods=periods, every=every, progress=progress)
    history = {key: (names, sums) for key, names, sums in history_of(orders, of, every=every)}
    return ForecastReport(grouping.by, every, tuple(series), history)


def longest(every: str) -> int:
    """How many periods a forecast covers at most."""
    return 36 // EVERY[every]


def pipeline_in(facts: FactSet, grouping: Grouping, basis: str = "accounts") -> tuple[Pipeline, pd.DataFrame]:
    """The open deals, and one row per group: deals, amount, weighted amount; "All" last.

    Raises:
        InputError: no opportunities.
    """
    joined = facts.by_kind.get("opportunities")
    if joined is None:
        raise InputError("a pipeline needs a file of opportunities; import it on the Accounts page")
    found = pipeline_of(joined, facts.last_day())
    names = row_groups(joined, grouping.groups, basis, grouping.column)[found.deals["row"].to_numpy(dtype=np.int64)]
    figures = {"Open deals": ("amount", "size"), "Open amount": ("amount", "sum"), "Weighted": ("weighted", "sum")}
    table = found.deals.assign(Group=names).groupby("Group", as_index=False).agg(**figures)
    table = table.sort_values("Weighted", ascending=False, kind="stable", ignore_index=True)
    whole = pd.DataFrame(
        [{"Group": "All", "Open deals": len(names), "Open amount": found.amount, "Weighted": found.weighted}]
    )
    return found, whole if not grouping.named else pd.concat([table, whole], ignore_index=True)


def pipeline_months(found: Pipeline, currency: str) -> pd.DataFrame:
    """Bars of the pipeline: `label`, `deals`, `amount`, `weighted` and both in words, in order."""
    frame = found.by_month()
    names = {OVERDUE: "Overdue", NO_DATE: "No date"}
    labels = [names[d] if d else f"{m:%b %Y}" for d, m in zip(frame["due"], frame["month"], strict=True)]
    frame = frame.assign(
        label=labels,
        amount_text=[short(v, currency) for v in frame["amount"].tolist()],
        weighted_text=[short(v, currency) for v in frame["weighted"].tolist()],
    )
    return frame[["label", "deals", "amount", "weighted", "amount_text", "weighted_text"]]


def pipeline_words(found: Pipeline, currency: str) -> str:
    """The open deals in a line of Markdown, and what they are weighted by."""
    how = (
        "by the stage each is in, from the stages that your closed deals had reached"
        if found.by_stage
        else "by how long each has been open, from your closed deals that were open as long"
    )
    if not found.rates:
        how = "not yet: ten closed deals are needed to tell how often deals are won"
    late = found.deals[found.deals["due"] == OVERDUE]
    overdue = f" {count(len(late), 'deal is', 'deals are')} past the close date." if len(late) else ""
    return (
        f"{count(len(found.deals), 'open deal')}, {markdown(short(found.amount, currency))}; expected "
        f"{markdown(short(found.weighted, currency))}, weighted {how}.{overdue}"
    )


def rate_table(found: Pipeline) -> pd.DataFrame:
    """What the weights are: stage or age, closed deals, how many of them were won, weight in percent."""
    return pd.DataFrame(
        {
            "Stage" if found.by_stage else "Deal": [r.name for r in found.rates],
            "Closed": [r.closed for r in found.rates],
            "Won": [r.won for r in found.rates],
            "Weight": [100 * r.weight for r in found.rates],
        }
    )


def customer_words(found: Customers, currency: str) -> str:
    """The customers in a line of Markdown."""
    table = found.table
    said = f"**{count(len(table), 'customer')}**"
    if found.activity is None:
        return said + "."
    active, orders = float(table["p_active"].sum()), float(table["orders_12"].sum())
    said += f", about {active:,.0f} of them still active; expected in the next 12 months: {orders:,.0f} orders"
    if found.spend is not None:
        said += f", {markdown(short(float(table['value_12'].sum()), currency))}"
    return f"{said}. {count(len(found.at_risk()), 'customer')} at risk."


def customers_in(facts: FactSet) -> tuple[Customers | None, ContractOutlook | None, str]:
    """What is to come of customers by their orders and by their contracts, and why there is nothing to say.

    Returns:
        Either may be None: then the text says why; it is "" if both are there.
    """
    why = []
    orders, contracts = facts.by_kind.get("orders"), facts.by_kind.get("contracts")
    customers = outlook = None
    if orders is not None:
        try:
            customers = customers_of(orders)
        except InputError as error:
            why.append(str(error))
    if contracts is not None:
        try:
            outlook = contracts_outlook(contracts, facts.last_day())
        except InputError as error:
            why.append(str(error))
    return customers, outlook, "; ".join(why)


def customer_table(rows: pd.DataFrame, accounts: Accounts) -> pd.DataFrame:
    """Customers for a person: name, owner, last order, revenue of two years, chance to be active, what is expected."""
    at = rows["account"].to_numpy(dtype=np.int64)
    frame = accounts.frame
    return pd.DataFrame(
        {
            "Account ID": frame["account_id"].astype(str).to_numpy(dtype=object)[at],
            "Account": frame["name"].astype(str).to_numpy(dtype=object)[at],
            "Owner": frame["owner"].astype(str).to_numpy(dtype=object)[at],
            "Orders": rows["orders"].to_numpy(),
            "Last order": rows["last"].dt.date.to_numpy(),
            "Last 12 months": rows["revenue_12"].to_numpy(),
            "12 months before": rows["revenue_before"].to_numpy(),
        }
        | ({"Days silent": rows["silent"], "Usual gap": rows["usual"]} if "usual" in rows else {})
        | {
            "Chance active": 100 * rows["p_active"].to_numpy(),
            "Expected orders": rows["orders_12"].to_numpy(),
            "Expected revenue": rows["value_12"].to_numpy(),
        }
    ).reset_index(drop=True)


def contract_table(found: ContractOutlook, accounts: Accounts) -> pd.DataFrame:
    """Customers with a running contract: expected years and value, most value first."""
    at = np.flatnonzero(np.isfinite(found.value))
    at = at[np.argsort(-found.value[at], kind="stable")]
    frame = accounts.frame
    return pd.DataFrame(
        {
            "Account ID": frame["account_id"].astype(str).to_numpy(dtype=object)[at],
            "Account": frame["name"].astype(str).to_numpy(dtype=object)[at],
            "Expected years": found.years[at],
            "Lifetime value": found.value[at],
        }
    )


def table_csv(frame: pd.DataFrame) -> bytes:
    """A table as a file."""
    text: str = safe_frame(frame).to_csv(index=False)
    return text.encode("utf-8-sig")
