"""Headers as CRMs, ERPs and people write them: at least 150 for each kind of field, and whole exports."""

from __future__ import annotations

from itertools import product

import pytest

from terr.ingest import build_ledger, recognise
from terr.ingest.cleaning.countries import country_column
from terr.ingest.columns.headers import USUAL
from tests.helpers.effort import some
from tests.helpers.intakes import counts, money, table

CONTENTS = {"account_id": "A1", "owner": "Ann Lee", "city": "Austin", "state": "TX", "county": "Travis", "zip": "78701"}


def mapped(header: list[str], *rows: list[str]):
    return dict(recognise(table(header, *rows)).fields)


@pytest.mark.parametrize("field", sorted(CONTENTS))
def test_at_least_150_usual_names_of_each_field_are_known(field: str) -> None:
    names = USUAL[field]
    assert len(names) >= 150
    for name in some(names, 40):
        cell = CONTENTS[field]
        beside = ["Latitude", "Longitude"]
        got = mapped([name, *beside], [cell, "30.2", "-97.7"], [cell, "30.2", "-97.7"])
        assert got.get(field) == name, name


OWNERS = ["", "Billing ", "Bill To ", "HQ ", "Shipping ", "Ship To ", "Mailing ", "Company ", "Account ", "Primary "]
OWNERS += ["Customer ", "Site ", "Corporate ", "Headquarters ", "Location ", "Office "]
COUNTRIES = [
    "Country",
    "Country Code",
    "Country/Region",
    "Country Name",
    "Country ISO",
    "Nation",
    "Ctry",
    "Land",
    "Pays",
]
COUNTRIES += ["País", "Country ISO Code"]


def test_at_least_150_usual_names_of_the_country_are_known() -> None:
    names = [o + c for o, c in product(OWNERS, COUNTRIES)]
    assert len(names) >= 150
    for name in names:
        raw = table(["Account ID", "City", "State", name], *([f"A{i}", "Austin", "TX", "USA"] for i in range(3)))
        assert country_column(raw, recognise(raw)) == name, name


WHEN = ["", "Annual ", "Yearly ", "Total ", "Net ", "Gross ", "FY ", "YTD ", "LTM ", "Last 12 Months ", "Current Year "]
WHEN += ["Prior Year ", "Estimated ", "Trailing 12M "]
MONEY = [
    "Revenue",
    "Sales",
    "Turnover",
    "Amount",
    "Bookings",
    "Spend",
    "Umsatz",
    "Revenue ($)",
    "Sales (USD)",
    "Revenue USD",
]
MONEY += ["Sales Amount", "Revenue 2024"]


def test_at_least_150_usual_names_of_revenue_are_measures() -> None:
    names = [w + m for w, m in product(WHEN, MONEY)]
    assert len(names) >= 150
    for name in names:
        raw = table(
            ["Account ID", "ZIP", name], ["A", "78701", "$5"], ["B", "78701", "tbd"], ["C", "78701", "$1,250.50"]
        )
        assert list(recognise(raw).measures.values()) == [name], name


@pytest.mark.parametrize(
    ("header", "row", "fields", "measures"),
    [
        (  # Salesforce
            ["Account ID", "Account Name", "Account Owner", "Billing City", "Billing State/Province",
             "Billing Zip/Postal Code", "Shipping City", "Shipping Zip/Postal Code", "Annual Revenue", "Employees"],
            ["0015e00000AbCdE", "Acme", "Ann", "Austin", "TX", "78701", "Waco", "76701", "5", "9"],
            {"account_id": "Account ID", "owner": "Account Owner", "city": "Billing City",
             "zip": "Billing Zip/Postal Code"},
            ["Annual Revenue", "Employees"],
        ),
        (  # HubSpot
            ["Record ID", "Company name", "Company owner", "City", "State/Region", "Postal Code", "Annual Revenue"],
            ["101", "Acme", "Ann", "Austin", "TX", "78701", "5"],
            {"account_id": "Record ID", "state": "State/Region", "zip": "Postal Code", "owner": "Company owner"},
            ["Annual Revenue"],
        ),
        (  # Dynamics
            ["(Do Not Modify) Account", "Account Name", "Owner", "Address 1: City", "Address 1: State/Province",
             "Address 1: ZIP/Postal Code", "Annual Revenue"],
            ["a-1", "Acme", "Ann", "Austin", "TX", "78701", "5"],
            {"account_id": "(Do Not Modify) Account", "city": "Address 1: City", "zip": "Address 1: ZIP/Postal Code"},
            ["Annual Revenue"],
        ),
        (  # NetSuite
            ["Internal ID", "Company Name", "Sales Rep", "Billing City", "Billing State/Province", "Billing Zip",
             "Total Sales"],
            ["77", "Acme", "Ann", "Austin", "TX", "78701", "5"],
            {"account_id": "Internal ID", "owner": "Sales Rep", "zip": "Billing Zip"},
            ["Total Sales"],
        ),
        (  # SAP
            ["KUNNR", "NAME1", "ORT01", "PSTLZ", "REGIO", "Net Sales"],
            ["0000100001", "Acme", "Austin", "78701", "TX", "5"],
            {"account_id": "KUNNR", "city": "ORT01", "zip": "PSTLZ", "state": "REGIO"},
            ["Net Sales"],
        ),
        (  # Zoho
            ["Record Id", "Account Name", "Account Owner", "Billing City", "Billing State", "Billing Code",
             "Annual Revenue"],
            ["zcrm_1", "Acme", "Ann", "Austin", "TX", "78701", "5"],
            {"account_id": "Record Id", "city": "Billing City", "state": "Billing State"},
            ["Annual Revenue"],
        ),
        (  # Medicare's list of hospitals
            ["Facility ID", "Facility Name", "City/Town", "State", "County/Parish", "Beds"],
            ["010001", "SOUTHEAST HEALTH", "DOTHAN", "AL", "HOUSTON", "420"],
            {"account_id": "Facility ID", "name": "Facility Name", "city": "City/Town", "county": "County/Parish"},
            ["Beds"],
        ),
        (
            ["Customer #", "Name", "Ship To City", "Ship-To State", "Ship To ZIP", "Salesperson Code", "Sales"],
            ["0012", "a", "Austin", "TX", "78701", "JS", "5"],
            {"account_id": "Customer #", "name": "Name", "zip": "Ship To ZIP", "owner": "Salesperson Code"},
            ["Sales"],
        ),
        (
            ["Cust. No.", "Customer", "HQ City", "HQ State", "HQ Postal Code", "Mailing City", "Territory Manager",
             "FY24 Revenue"],
            ["C1", "a", "Austin", "TX", "78701", "Waco", "Ann", "5"],
            {"account_id": "Cust. No.", "city": "HQ City", "zip": "HQ Postal Code", "owner": "Territory Manager"},
            ["FY24 Revenue"],
        ),
    ],
)  # fmt: skip
def test_whole_exports(header: list[str], row: list[str], fields: dict[str, str], measures: list[str]) -> None:
    raw = table(header, row, [f"{row[0]}9", *row[1:]])
    found = recognise(raw)
    assert {f: found.fields.get(f) for f in fields} == fields
    assert list(found.measures) == measures
    got = build_ledger(raw, found)
    assert counts(got) == (2, 2, 0, 0)
    assert money(got, measures[0])[1] == 2 * float(row[header.index(measures[0])])


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("Parent Account ID", ["P1", "P1"]),
        ("Order Number", ["7", "8"]),
        ("Product Code", ["X", "Y"]),
        ("Phone #", ["5125550100", "5125550101"]),
        ("# of Employees", ["5", "6"]),
        ("Opportunity ID", ["O1", "O2"]),
    ],
)
def test_what_is_no_account_id(header: str, cells: list[str]) -> None:
    assert "account_id" not in mapped(["ZIP", header], ["78701", cells[0]], ["78702", cells[1]])
