"""What is to come of each account: measures that add up, and two years beside a plan."""

from __future__ import annotations

import numpy as np
import pytest

from terr.edits import moves
from terr.errors import InputError
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import read_table
from terr.workspace import Workspace
from terr.workspace.accounts import dataset
from terr.workspace.facts.account_forecast import FORECAST, account_outlook, known_customers, last_year
from terr.workspace.facts.fact_measures import figure_named, figure_values
from terr.workspace.facts.facts_upload import save_figures
from terr.workspace.facts.forecasting import forecast_orders
from terr.workspace.facts.kept_facts import keep_facts
from terr.workspace.performance.outlook import LAST_YEAR, NEXT_YEAR, account_years, has_orders, territory_years
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from tests.workspace.facts.test_performance import ACCOUNTS, file_of
from tests.workspace.performance.test_forecasts import accounts, monthly, shop  # noqa: F401


def total_ahead(joined) -> float:
    series = forecast_orders(joined, np.zeros(0, dtype=object), periods=4)
    return sum(p["mean"] for p in series[-1]["points"])


def test_outlooks_add_up_and_a_forecast_goes_by_what_is_expected() -> None:
    found, facts = shop()
    orders = facts.by_kind["orders"]
    table = known_customers(orders).table.set_index("account")
    values = {n: figure_values(facts, figure_named(n), 60) for n in FIGURES}
    np.testing.assert_allclose(values["Chance active"][table.index], table["p_active"])
    np.testing.assert_allclose(values["Expected orders in 12 months"][table.index], table["orders_12"])
    ahead = values["Forecast of 12 months"]
    assert ahead.sum() == pytest.approx(total_ahead(orders))
    assert ahead[:10].max() < 1  # they stopped ordering
    np.testing.assert_allclose(ahead / ahead.sum(), values["Expected sales in 12 months"] / table["value_12"].sum())
    assert last_year(facts, 60).sum() == pytest.approx(table["revenue_12"].sum(), rel=0.02)
    assert known_customers(orders) is known_customers(orders)
    with pytest.raises(InputError, match="leave the filter out"):
        figure_values(facts, figure_named("Chance active, Category = Pumps"), len(found))


FIGURES = (
    "Chance active",
    "Expected orders in 12 months",
    "Expected sales in 12 months",
    "Forecast of 12 months",
)


def test_with_few_customers_a_forecast_goes_by_last_years_sales(accounts) -> None:  # noqa: F811
    orders = monthly(accounts, 36).by_kind["orders"]
    ahead = account_outlook(orders, FORECAST, 3)
    assert ahead.sum() == pytest.approx(total_ahead(orders))
    assert ahead[1] / ahead[0] == pytest.approx(2, rel=0.05)
    with pytest.raises(InputError, match="at least 30 customers"):
        account_outlook(orders, "active", 3)
    with pytest.raises(InputError, match="no outlook"):
        account_outlook(orders, "luck", 3)


def test_future_demand_is_a_measure_and_stands_beside_a_plan(ws: Workspace) -> None:
    raw, columns = dataset.inspect(file_of(ACCOUNTS), "accounts.csv")
    data = dataset.save(ws, file_of(ACCOUNTS), dataset.intake(raw, columns, {"Revenue": "USD"}))
    assert not has_orders(ws, data.info.id)
    lines = [("Order ID", "Customer ID", "Order Date", "Sales")]
    for month in range(30):
        day = f"{2023 + month // 12}-{1 + month % 12:02d}-28"
        lines += [(f"{month}-{k}", f"A-{k}", day, str(100 * k)) for k in (1, 2, 3)]
    facts = read_facts(read_table(file_of(lines), "orders.csv"), "orders")
    keep_facts(ws, data.info.id, facts, "orders.csv")
    save_figures(ws, data.info.id, ["Forecast of 12 months"])
    data = dataset.dataset(ws, data.info.id)
    assert "Forecast of 12 months" in data.accounts.measures
    plan = editing.create(ws, dataset_id=data.info.id, level="state", region="TX,MA", measure="Forecast of 12 months")
    _, rev = ws.plan(plan.id)
    slots = np.array([0 if u == "TX" else 1 for u in ws.units(plan).ids], dtype=np.int16)
    names = ["South", "North"]
    editing.edit(ws, plan.id, rev, lambda p, c: moves.adopt(p, slots, next_code=c, kind="import", k=2, names=names))
    shown = plan_snapshot(ws, plan.id)
    made = account_years(ws, data)
    assert account_years(ws, data) is made
    both = territory_years(shown, made)
    assert both[LAST_YEAR].tolist() == [3600, 3600]
    np.testing.assert_allclose(both[NEXT_YEAR], [3600, 3600], rtol=0.01)  # what never changes goes on
    np.testing.assert_allclose(both[NEXT_YEAR], shown.table["load"])
