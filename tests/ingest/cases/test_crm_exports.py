"""Accounts as five usual CRMs export them: each comes in whole, on the map, and without a question."""

from __future__ import annotations

from pathlib import Path

import pytest

from terr.workspace.accounts.abroad import all_questions
from terr.workspace.accounts.intake import inspect, intake
from tests.helpers.intakes import csv_bytes

EXPORTS = Path(__file__).resolve().parents[2] / "cases" / "crm_exports"
IDS = {
    "salesforce_report": "Account ID",
    "hubspot_companies": "Record ID",
    "dynamics_365": "(Do Not Modify) Account",
    "zoho_accounts": "Record Id",
    "pipedrive_organizations": "Organization - ID",
}
REVENUE = 1_250_000 + 480_000 + 96_500.5 + 2_300_000 + 75_000 + 310_250 + 8_900 + 1_040_000
COUNTIES = ["48453", "25025", "13121", "08031", "17031", "53033", "12086", "34013"]


@pytest.mark.parametrize("name", sorted(IDS))
def test_an_export_comes_in_without_a_question(name: str) -> None:
    raw, columns = inspect((EXPORTS / f"{name}.csv").read_bytes(), f"{name}.csv")
    assert [q.title for q in all_questions(raw, columns)] == []
    found = intake(raw, columns)
    frame = found.accounts.frame
    assert (found.ledger.rows_accepted, found.ledger.rows_rejected, found.kind) == (8, 0, "accounts")
    assert frame["county"].tolist() == COUNTIES
    assert {"name", "city", "state", "zip", "owner"} <= set(found.columns.fields)
    assert found.columns.fields["account_id"] == IDS[name]
    assert set(frame["owner"].str[:5]) == {"Dana ", "Luis "}
    money = next(m for m in found.accounts.measures if "revenue" in m.lower())
    assert found.ledger.totals[money].accepted == pytest.approx(REVENUE)
    assert found.ledger.totals[money].rejected == 0.0


@pytest.mark.parametrize(
    ("cells", "asked"),
    [
        ([("1/2/2024", "1/14/2024"), ("3/4/2024", "5/6/2024")], 0),  # the other column has a 14th
        ([("1/2/2024", "14/1/2024"), ("3/4/2024", "5/6/2024")], 0),
        ([("1/2/2024", "1/3/2024"), ("3/4/2024", "5/6/2024")], 2),
        ([("1/14/2024", "14/1/2024"), ("3/4/2024", "5/6/2024")], 0),  # each tells its own
    ],
)
def test_a_column_of_dates_tells_the_order_of_the_others(cells: list[tuple[str, str]], asked: int) -> None:
    rows = [[f"A{k}", "TX", "Austin", *pair, "5"] for k, pair in enumerate(cells)]
    raw, columns = inspect(csv_bytes([["Account ID", "State", "City", "Created", "Seen", "Revenue"], *rows]), "in.csv")
    assert [q.code for q in all_questions(raw, columns)] == ["date_order"] * asked
