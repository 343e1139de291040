"""Forecast, pipeline and customers of small tables made by hand."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from terr.errors import InputError
from terr.model.accounts import Accounts
from terr.workspace.batch.reading import read_accounts
from terr.workspace.facts.customers import contracts_outlook, customers_of
from terr.workspace.facts.groups import ALL, REP
from terr.workspace.facts.joined_facts import JoinedFacts, facts_of
from terr.workspace.facts.performance import FactSet
from terr.workspace.facts.pipeline import pipeline_of
from terr.workspace.performance.forecasts import (
    customer_table,
    customer_words,
    customers_in,
    forecast_of,
    longest,
    pipeline_in,
    pipeline_months,
    pipeline_words,
    rate_table,
)
from terr.workspace.performance.grouping import Grouping
from tests.workspace.facts.test_performance import ACCOUNTS, file_of

TODAY = np.datetime64("2025-06-30")


@pytest.fixture(scope="module")
def accounts() -> Accounts:
    return read_accounts(file_of(ACCOUNTS), "accounts.csv").accounts


def facts_from(accounts: Accounts, rows: Sequence[Sequence[str]], kind: str) -> FactSet:
    joined: JoinedFacts = facts_of(file_of(rows), f"{kind}.csv", accounts, kind=kind)
    return FactSet({kind: joined}, accounts.frame["owner"].to_numpy(dtype=object))


def monthly(accounts: Accounts, months: int) -> FactSet:
    rng = np.random.default_rng(3)
    lines = [("Order ID", "Customer ID", "Order Date", "Sales")]
    for month in range(months):
        for k, account in enumerate(("A-1", "A-2", "A-3")):
            day = np.datetime64("2022-01", "M") + month
            amount = (k + 1) * (100 + 40 * (month % 12)) + rng.normal(0, 4)
            lines.append((str(len(lines)), account, f"{day}-28", f"{amount:.2f}"))
    return facts_from(accounts, lines, "orders")


def by_rep(accounts: Accounts) -> Grouping:
    return Grouping(REP, accounts.frame["owner"].to_numpy(dtype=object))


def test_groups_add_up_and_the_chart_meets_the_history(accounts: Accounts) -> None:
    facts = monthly(accounts, 36)
    made = forecast_of(facts, by_rep(accounts), every="quarter", periods=4)
    assert [s["key"] for s in made.series] == ["Ann", "Bob", "all"]
    assert made.enough
    assert "error" in made.said()
    assert "of 2 groups" in made.back_test()
    assert made.largest() == ["Ann", "Bob"] or made.largest() == ["Bob", "Ann"]
    file = pd.read_csv(io.BytesIO(made.csv()))
    sums = file[file["key"] != "all"].groupby("period")["mean"].sum()
    whole = file[file["key"] == "all"].set_index("period")["mean"]
    np.testing.assert_allclose(sums[whole.index], whole)
    drawn = made.chart("all", "USD")
    assert drawn["period"].tolist()[-5:] == ["2024 Q4", "2025 Q1", "2025 Q2", "2025 Q3", "2025 Q4"]
    last = drawn[drawn["actual"].notna()].iloc[-1]
    assert last["mean"] == last["actual"] == pytest.approx(facts.by_kind["orders"].amounts[-9:].sum())
    first = drawn.iloc[-4]
    assert first["low95"] < first["low80"] < first["mean"] < first["high80"] < first["high95"]
    assert "(80%: $" in first["text"]
    table = made.methods()
    assert table["Group"].tolist() == ["Ann", "Bob", "All"]
    assert {"Method", "Back-test error", "Seasonal naive", "2025 Q1"} <= set(table.columns)
    assert (longest("quarter"), longest("month")) == (12, 36)


def test_under_two_seasons_it_says_so(accounts: Accounts) -> None:
    made = forecast_of(monthly(accounts, 15), Grouping(ALL, np.zeros(0, dtype=object)), every="month", periods=2)
    assert not made.enough
    assert "less than two years of history" in made.said()
    assert made.largest() == []
    assert made.back_test() == ""
    with pytest.raises(InputError, match="made from orders"):
        forecast_of(FactSet({}, np.zeros(0, dtype=object)), by_rep(accounts), every="month", periods=2)


def deals(stage_column: bool) -> list[tuple[str, ...]]:
    """20 won after 10 days, 20 lost after 100; two are open."""
    head = ("Opportunity ID", "Account ID", "Stage", "Amount", "Created Date", "Close Date")
    lines = [(*head, "Last Stage") if stage_column else head]
    for k in range(40):
        won = k < 20
        row = (f"O-{k}", "A-1", "Closed Won" if won else "Closed Lost", "10", "2025-01-01")
        row = (*row, "2025-01-11" if won else "2025-04-11")
        lines.append((*row, "Demo > Offer" if won else "Demo") if stage_column else row)
    for name, account, stage, amount, created, closes in (
        ("new", "A-1", "Offer", "1000", "2025-06-25", "2025-08-15"),
        ("old", "A-3", "Demo", "500", "2025-01-01", "2025-05-01"),
        ("undated", "A-3", "Demo", "70", "", ""),
    ):
        row = (name, account, stage, amount, created, closes)
        lines.append((*row, "") if stage_column else row)
    return lines


def test_the_pipeline_by_age_and_by_stage(accounts: Accounts) -> None:
    facts = facts_from(accounts, deals(stage_column=False), "opportunities")
    found = pipeline_of(facts.by_kind["opportunities"], TODAY)
    assert not found.by_stage
    assert found.amount == 1570
    new, old, undated = found.deals["weight"]
    assert new == undated == pytest.approx(0.5, abs=0.1), "all 40 were open for a day, half of them were won"
    assert old < 0.1, "none that was open so long was won"
    assert found.weighted == pytest.approx(1000 * new + 500 * old + 70 * undated)
    months = pipeline_months(found, "USD").set_index("label")
    assert months["amount"].to_dict() == {"No date": 70, "Overdue": 500, "Aug 2025": 1000}
    assert months["weighted"].sum() == pytest.approx(found.weighted)
    said = pipeline_words(found, "USD")
    assert "3 open deals" in said
    assert "1 deal is past the close date" in said
    assert rate_table(found).columns.tolist() == ["Deal", "Closed", "Won", "Weight"]
    _, table = pipeline_in(facts, by_rep(accounts))
    assert dict(zip(table["Group"], table["Open amount"], strict=True)) == {"Ann": 1000, "Bob": 570, "All": 1570}
    staged = pipeline_of(
        facts_from(accounts, deals(stage_column=True), "opportunities").by_kind["opportunities"], TODAY
    )
    assert staged.by_stage
    offer, demo, _ = staged.deals["weight"]
    assert offer > 0.8
    assert demo == pytest.approx(0.5, abs=0.1)
    few = facts_from(accounts, deals(stage_column=False)[:6] + deals(stage_column=False)[-1:], "opportunities")
    nothing = pipeline_of(few.by_kind["opportunities"], TODAY)
    assert nothing.weighted == 0
    assert "ten closed deals are needed" in pipeline_words(nothing, "USD")


def shop() -> tuple[Accounts, FactSet]:
    """60 customers that order every 30 days; the first ten stopped in 2024, the next ten buy twice as much now."""
    names = [("Account ID", "Account Name", "ZIP", "Owner")]
    names += [(f"C-{k}", f"Firm {k}", "78701", "Ann") for k in range(60)]
    lines = [("Order ID", "Customer ID", "Order Date", "Sales")]
    rng = np.random.default_rng(5)
    for k in range(60):
        day = np.datetime64("2022-01-01") + int(rng.integers(0, 60))
        while day <= TODAY and not (k < 10 and day > np.datetime64("2024-01-01")):
            recent = 10 <= k < 20 and day > np.datetime64("2024-07-01")
            lines.append((str(len(lines)), f"C-{k}", str(day), "200" if recent else "100"))
            day += int(rng.integers(10, 50))
    accounts = read_accounts(file_of(names), "accounts.csv").accounts
    return accounts, facts_from(accounts, lines, "orders")


def test_customers_that_stopped_are_at_risk_and_those_that_grow_are_listed() -> None:
    accounts, facts = shop()
    found, contracts, why = customers_in(facts)
    assert found is not None
    assert contracts is None
    assert why == ""
    assert set(found.at_risk()["account"]) == set(range(10))
    assert set(found.growing()["account"][:10]) == set(range(10, 20))
    table = found.table.set_index("account")
    assert (table.loc[:9, "p_active"] < 0.5).all()
    assert (table.loc[20:, "p_active"] > 0.9).all()
    assert table.loc[20:, "orders_12"].mean() == pytest.approx(12.4, rel=0.1)
    assert table.loc[20:, "value_12"].mean() == pytest.approx(1240, rel=0.1)
    orders = facts.by_kind["orders"]
    recent = orders.days() > found.until - np.timedelta64(365, "D")
    assert table["revenue_12"].sum() == pytest.approx(orders.amounts[recent].sum())
    shown = customer_table(found.at_risk(), accounts)
    assert shown["Account"].str.startswith("Firm ").all()
    assert (shown["Days silent"] > 4 * shown["Usual gap"]).all()
    assert "10 customers at risk" in customer_words(found, "USD")


def test_too_few_customers_are_said(accounts: Accounts) -> None:
    found = customers_of(monthly(accounts, 12).by_kind["orders"])
    assert found.activity is None
    assert "at least 30 customers" in found.why
    assert found.table["p_active"].isna().all()
    assert customer_words(found, "USD") == "**3 customers**."


def test_contracts_by_hand() -> None:
    """20 customers since Jan 2021: five left after one year, five after two; ten are there."""
    names = [("Account ID", "Account Name", "ZIP"), *((f"C-{k}", f"Firm {k}", "78701") for k in range(20))]
    accounts = read_accounts(file_of(names), "accounts.csv").accounts
    lines = [("Contract Number", "Account ID", "Start Date", "End Date", "ARR")]
    for k in range(20):
        for year in range(2021, 2022 if k < 5 else 2023 if k < 10 else 2026):
            lines.append((f"{k}-{year}", f"C-{k}", f"{year}-01-01", f"{year}-12-31", "100"))
    joined = facts_of(file_of(lines), "contracts.csv", accounts, kind="contracts")
    found = contracts_outlook(joined, TODAY)
    assert found.cohort == (20, 15, 10, 10, 10)
    assert np.isnan(found.value[:10]).all()
    assert (found.value[10:] == 100 * found.years[10:]).all()
    assert (found.years[10:] > 1).all()
    _, outlook, _ = customers_in(FactSet({"contracts": joined}, np.zeros(20, dtype=object)))
    assert outlook is not None
    stayed = facts_of(file_of([lines[0], *lines[-25:]]), "contracts.csv", accounts, kind="contracts")
    with pytest.raises(InputError, match="nobody of this cohort left"):
        contracts_outlook(stayed, TODAY)
