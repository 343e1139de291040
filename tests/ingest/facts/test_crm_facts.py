"""Facts as programs export them: recognized by the headers of Salesforce, HubSpot, SAP, QuickBooks and shops."""

from __future__ import annotations

import numpy as np
import pytest

from terr.ingest.columns.kinds import kind_of_rows
from terr.ingest.facts.fact_rows import FactRows, read_facts
from terr.ingest.reading.files import read_table

SALESFORCE = """"Opportunity Owner","Account Name","Stage","Amount Currency","Amount","Close Date","Created Date","Opportunity ID","Account ID"
"Ann Poe","Acme","Closed Won","USD","12,000.00","1/31/2026","11/2/2025","006A","001A"
"Ann Poe","Beta","Closed Lost","USD","5,000.00","2/13/2026","3/2/2026","006B","001B"
"Bob Ray","Delta","Negotiation/Review","EUR","9,000.00","4/30/2026","1/2/2026","006C","001C"
"Total","","","","26,000.00","","","",""
"""  # noqa: E501
HUBSPOT = """Record ID,Deal Name,Deal Stage,Close Date,Create Date,Amount,Deal owner,Associated Company IDs
9001,Acme renewal,Closed won,2026-01-31 10:22,2025-11-02 09:00,12000,Ann Poe,123
"""
SHOP = """Name,Email,Financial Status,Currency,Subtotal,Total,Created at,Lineitem quantity,Lineitem name,Billing Name
#1001,a@x.com,paid,USD,100.00,113.00,2026-01-05 09:58:00 -0500,1,Shirt,Ann Poe
#1001,a@x.com,,,,,2026-01-05 09:58:00 -0500,1,Hat,
#1002,b@x.com,refunded,USD,40.00,48.00,2026-01-06 09:58:00 -0500,2,Sock,Bob Ray
"""
SAP = """Verkaufsbeleg;Auftraggeber;Name 1;Angelegt am;Nettowert;Währung;Material;Auftragsmenge
4500001;0000100001;Müller GmbH;05.01.2026;1.234,50;EUR;M-1;2
4500002;0000100002;Schmidt AG;06.02.2026;234,50-;EUR;M-2;1
4500003;0000100002;Schmidt AG;07.02.2026;99,00;USD;M-2;1
"""
QUICKBOOKS = """Invoice Date,No.,Customer,Memo,Due Date,Amount,Open Balance
01/05/2026,1001,Acme Inc,Widgets,02/04/2026,"1,100.00",0.00
13/05/2026,1002,Beta LLC,Widgets,12/06/2026,(70.00),0.00
"""
QUOTAS = "User,Forecasting Type,Start Date,Quota Amount\nAnn Poe,Opportunity Revenue,1/15/2026,250000\n"
GERMAN = """Deal-ID;Konto-ID;Phase;Betrag;Erstellt am;Abschlussdatum
1;A1;Gewonnen;100,50;01.02.2026;03.03.2026
"""


def taken(text: str) -> tuple[str, FactRows]:
    raw = read_table(text.encode(), "export.csv")
    kind = kind_of_rows(raw.columns)
    return kind, read_facts(raw)


@pytest.mark.parametrize(
    ("text", "kind", "fields"),
    [
        (SALESFORCE, "opportunities", {"id": "Opportunity ID", "account": "Account ID", "rep": "Opportunity Owner"}),
        (HUBSPOT, "opportunities", {"id": "Record ID", "account": "Associated Company IDs", "rep": "Deal owner"}),
        (SHOP, "orders", {"id": "Name", "account": "Email", "date": "Created at", "amount": "Subtotal"}),
        (
            SAP,
            "orders",
            {"id": "Verkaufsbeleg", "account": "Auftraggeber", "date": "Angelegt am", "amount": "Nettowert"},
        ),
        (QUICKBOOKS, "orders", {"account_name": "Customer", "date": "Invoice Date", "amount": "Amount"}),
        (QUOTAS, "quotas", {"rep": "User", "period": "Start Date", "amount": "Quota Amount"}),
        (GERMAN, "opportunities", {"id": "Deal-ID", "account": "Konto-ID", "created": "Erstellt am"}),
    ],
)
def test_an_export_is_recognized_and_asks_nothing(text: str, kind: str, fields: dict[str, str]) -> None:
    found, facts = taken(text)
    assert found == kind
    assert fields.items() <= dict(facts.fields).items()
    assert facts.questions == ()


def test_one_column_of_days_tells_for_the_others() -> None:
    _, facts = taken(SALESFORCE)
    assert facts.frame["created"].dt.strftime("%Y-%m-%d").tolist() == ["2025-11-02", "2026-03-02"]
    assert facts.issues["code"].tolist() == ["total_row", "mixed_currency", "closed_before_created"]


def test_order_lines_of_a_shop_count_each_order_once() -> None:
    _, facts = taken(SHOP)
    assert facts.money["in"] == 140
    assert facts.frame["account"].tolist() == ["a@x.com", "a@x.com", "b@x.com"]


def test_days_with_points_are_day_first_and_a_column_of_currencies_is_heard() -> None:
    _, facts = taken(SAP)
    assert facts.frame["date"].dt.strftime("%m-%d").tolist() == ["01-05", "02-06"]
    assert np.isclose(facts.money["in"] - facts.money["rejected"], 1000.0)
    assert facts.currency == "EUR"
