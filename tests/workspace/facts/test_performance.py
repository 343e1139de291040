"""Facts joined, measured and forecast: small files by hand, money that never gets lost."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import InputError
from terr.ingest.facts.fact_dates import read_days
from terr.ingest.facts.fact_rows import read_facts
from terr.ingest.reading.files import read_table
from terr.model.accounts import Accounts
from terr.workspace.batch.reading import read_accounts
from terr.workspace.facts.forecasting import forecast_orders
from terr.workspace.facts.joined_facts import JoinedFacts, facts_of
from terr.workspace.facts.performance import FactSet, Period, performance
from tests.helpers.effort import examples

ACCOUNTS = (
    ("Account ID", "Account Name", "ZIP", "Owner", "Revenue"),
    ("A-1", "Alpha Inc.", "78701", "Ann", "100"),
    ("A-2", "Beta LLC", "78702", "Ann", "200"),
    ("A-3", "Gamma", "02116", "Bob", "300"),
)
ORDERS = (
    ("Order ID", "Customer ID", "Order Date", "Sales", "Sales Rep"),
    ("1", "A-1", "2024-03-01", "$100.00", "Ann"),
    ("2", "A-1", "2025-03-01", "50", "Bob"),
    ("3", "A-2", "2024-05-01", "40", "Ann"),
    ("4", "a-2", "2025-06-30", "60", "Ann"),
    ("5", "A-3", "2025-07-01", "70", "Bob"),
    ("6", "A-3", "2025-07-02", "(10)", "Bob"),
    ("7", "A-9", "2025-07-02", "1000", "Bob"),
    ("8", "A-3", "soon", "5", "Bob"),
)


def file_of(rows: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


@pytest.fixture(scope="module")
def accounts() -> Accounts:
    return read_accounts(file_of(ACCOUNTS), "accounts.csv").accounts


def joined(accounts: Accounts, rows: Sequence[Sequence[str]], kind: str | None = None) -> JoinedFacts:
    return facts_of(file_of(rows), "facts.csv", accounts, kind=kind)


def owners(accounts: Accounts) -> np.ndarray:
    return accounts.frame["owner"].to_numpy(dtype=object)


def by_owner(accounts: Accounts, by_kind: dict[str, JoinedFacts], period: Period) -> dict[str, dict[str, Any]]:
    rows = performance(FactSet(by_kind, owners(accounts)), owners(accounts), period)
    return {r["key"]: r for r in rows}


def test_every_order_is_joined_or_listed_with_its_money(accounts: Accounts) -> None:
    found = joined(accounts, ORDERS)
    assert found.account.tolist() == [0, 0, 1, 1, 2, 2, -1, 2]
    assert dict(found.ways) == {"id": 6, "id in other letters": 1}
    report = found.report()
    assert report["money"] == {"in": 1315, "excluded": 0, "rejected": 0, "joined": 315, "unjoined": 1000}
    assert report["unjoined"] == [{"key": "A-9", "name": "", "rows": 1, "amount": 1000.0}]
    assert (report["first_date"], report["last_date"]) == ("2024-03-01", "2025-07-02")
    assert {"bad_date"} <= {i["code"] for i in report["issues"]}


def test_the_figures_by_hand(accounts: Accounts) -> None:
    """2025: Ann's accounts sold 50 + 60 (before 100 + 40), Bob's 70 - 10; the order of nobody's account is nobody's."""
    found = FactSet({"orders": joined(accounts, ORDERS)}, owners(accounts))
    year = Period(np.datetime64("2025-01-01"), np.datetime64("2025-12-31"))
    rows = {r["key"]: r for r in performance(found, owners(accounts), year)}
    assert list(rows) == ["Ann", "Bob", "–", "all"]
    ann, bob = rows["Ann"], rows["Bob"]
    assert (ann["revenue"], ann["revenue_before"], ann["customers"], ann["new_customers"]) == (110, 140, 2, 0)
    assert (ann["grr"], ann["nrr"], ann["churned"]) == (pytest.approx(90 / 140), pytest.approx(110 / 140), 0)
    assert (bob["revenue"], bob["revenue_before"], bob["new_customers"], bob["repeat_rate"]) == (60, 0, 1, 1.0)
    assert rows["–"]["revenue"] == 1000
    assert rows["all"]["revenue"] == 1170
    assert ann["won"] is None  # no file of deals
    by_rep = {r["key"]: r for r in performance(found, owners(accounts), year, basis="owner")}
    assert (by_rep["Ann"]["revenue"], by_rep["Bob"]["revenue"]) == (60, 1110)
    assert by_rep["all"]["revenue"] == 1170


DEALS = (
    ("Opportunity ID", "Account ID", "Stage", "Amount", "Created Date", "Close Date"),
    ("O-1", "A-1", "Closed Won", "100", "2025-01-01", "2025-01-31"),
    ("O-2", "A-1", "Closed Lost", "50", "2025-01-01", "2025-02-01"),
    ("O-3", "A-2", "Gewonnen", "300", "2025-03-01", "2025-02-01"),
    ("O-4", "A-3", "Proposal", "70", "2025-03-01", "2026-01-01"),
    ("O-5", "A-3", "Closed Won", "10", "2025-03-01", ""),
    ("O-1", "A-1", "Closed Won", "120", "2025-01-01", "2025-01-31"),
)


def test_deals_by_hand(accounts: Accounts) -> None:
    found = joined(accounts, DEALS)
    codes = found.facts.issues["code"].tolist()
    assert {"id_used_twice", "no_close_date", "closed_before_created"} <= set(codes)
    assert found.money() == {"in": 650, "excluded": 100, "rejected": 0, "joined": 550, "unjoined": 0}
    year = Period(np.datetime64("2025-01-01"), np.datetime64("2025-12-31"))
    rows = by_owner(accounts, {"opportunities": found}, year)
    ann = rows["Ann"]
    assert (ann["won"], ann["lost"], ann["won_amount"], ann["deal_median"]) == (2, 1, 420, 210)
    assert ann["cycle_days_median"] == 30
    assert ann["win_rate"] == pytest.approx(2 / 3)
    assert ann["win_rate_low"] < ann["win_rate_shrunk"] < ann["win_rate_high"]
    assert (rows["Bob"]["open"], rows["Bob"]["open_amount"]) == (1, 70)


def test_touches_quotas_and_contracts_by_hand(accounts: Accounts) -> None:
    touches = joined(
        accounts,
        (
            ("Activity ID", "Account ID", "Activity Type", "Activity Date"),
            ("1", "A-1", "Call", "2025-05-01"),
            ("2", "A-1", "Visit", "2025-05-02"),
        ),
    )
    quotas = joined(
        accounts,
        (
            ("Quota ID", "Rep", "Period", "Quota Amount"),
            ("1", "Ann", "2025-Q2", "200"),
            ("2", "Bob", "2025", "50"),
        ),
    )
    contracts = joined(
        accounts,
        (
            ("Contract Number", "Account ID", "Start Date", "End Date", "ARR"),
            ("1", "A-1", "2024-01-01", "2024-12-31", "100"),
            ("2", "A-2", "2024-01-01", "2026-12-31", "80"),
            ("3", "A-3", "2025-02-01", "2026-01-31", "30"),
        ),
    )
    year = Period(np.datetime64("2025-01-01"), np.datetime64("2025-12-31"))
    every = {"activities": touches, "quotas": quotas, "contracts": contracts}
    rows = by_owner(accounts, every, year)
    assert (rows["Ann"]["activities"], rows["Ann"]["coverage"], rows["Ann"]["untouched"]) == (2, 0.5, 1)
    assert (rows["Ann"]["quota"], rows["Bob"]["quota"], rows["all"]["quota"]) == (200, 50, 250)
    assert (rows["Ann"]["grr"], rows["Ann"]["churned"]) == (pytest.approx(80 / 180), 1)
    assert rows["Bob"]["grr"] is None


def test_a_list_of_accounts_is_no_file_of_facts(accounts: Accounts) -> None:
    with pytest.raises(InputError, match="looks like a list of accounts"):
        joined(accounts, ACCOUNTS)
    with pytest.raises(InputError, match="don't say whose they are"):
        read_facts(read_table(file_of((("Order ID", "Order Date", "Sales"), ("1", "2025-01-01", "3"))), "o.csv"))


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2025-02-03", "2025-02-03"),
        ("2025-02-03T10:00:00Z", "2025-02-03"),
        ("20250203", "2025-02-03"),
        ("2/3/2025", "2025-02-03"),
        ("3-Feb-2025", "2025-02-03"),
        ("Feb 3, 2025", "2025-02-03"),
        ("3. März 2025", "2025-03-03"),
        ("2025 Q3", "2025-07-01"),
        ("Q3/2025", "2025-07-01"),
        ("2025-04", "2025-04-01"),
        ("FY2025", "2025-01-01"),
        ("45292", "2024-01-01"),
        ("31/12/2025", "2025-12-31"),
        ("2025-13-01", "NaT"),
        ("later", "NaT"),
    ],
)
def test_days_as_people_write_them(cell: str, day: str) -> None:
    assert str(read_days(pd.Series([cell], dtype="str")).days[0]) == day


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A-1", "A-2", "A-3", "X", ""]),
            st.floats(-1e5, 1e5),
            st.sampled_from(["2024-01-05", "2025-02-01", "?", ""]),
        ),
        min_size=1,
        max_size=25,
    )
)
@examples(30)
def test_money_and_rows_are_kept_at_each_station(accounts: Accounts, lines: list[tuple[str, float, str]]) -> None:
    rows = [
        ("Order ID", "Customer ID", "Order Date", "Sales"),
        *((str(k), a, d, f"{m:.2f}") for k, (a, m, d) in enumerate(lines)),
    ]
    found = joined(accounts, rows)
    money = found.money()
    assert money["joined"] + money["unjoined"] + money["excluded"] + money["rejected"] == pytest.approx(money["in"])
    assert money["in"] == pytest.approx(sum(round(m, 2) for _, m, _ in lines))
    always = Period(np.datetime64("2000-01-01"), np.datetime64("2030-01-01"))
    if not np.isnat(found.days()).all():
        made = performance(FactSet({"orders": found}, owners(accounts)), owners(accounts), always)
        assert sum(r["revenue"] for r in made[:-1]) == pytest.approx(made[-1]["revenue"], abs=1e-6)


def test_forecasts_of_groups_add_up(accounts: Accounts) -> None:
    rng = np.random.default_rng(1)
    lines = [("Order ID", "Customer ID", "Order Date", "Sales")]
    for month in range(36):
        for a in ("A-1", "A-2", "A-3"):
            day = np.datetime64("2022-01", "M") + month
            lines.append((str(len(lines)), a, f"{day}-15", f"{100 + 30 * (month % 12) + rng.normal(0, 5):.2f}"))
    lines.append((str(len(lines)), "A-1", "2024-12-31", "1"))
    found = joined(accounts, lines)
    of = np.array(["Ann", "Ann", "Bob"], dtype=object)[found.account]
    series = {s["key"]: s for s in forecast_orders(found, of, periods=2)}
    assert [p["period"] for p in series["all"]["points"]] == ["2025 Q1", "2025 Q2"]
    for at in range(2):
        parts = series["Ann"]["points"][at]["mean"] + series["Bob"]["points"][at]["mean"]
        assert parts == pytest.approx(series["all"]["points"][at]["mean"])
    with pytest.raises(InputError, match="1 to 12 quarters"):
        forecast_orders(found, of, periods=13)
