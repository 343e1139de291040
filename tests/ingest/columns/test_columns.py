"""Columns: what CRMs and people call them, checked by content."""

from __future__ import annotations

import csv
import io

import pytest

from terr.errors import InputError
from terr.ingest.columns.columns import ColumnMap, candidates, check_map, header_key, recognise
from terr.ingest.reading.files import RawTable, read_table


def table(header: list[str], *rows: list[str]) -> RawTable:
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    return read_table(out.getvalue().encode(), "accounts.csv")


SALESFORCE = table(
    [
        "Account ID",
        "Account Name",
        "Account Owner",
        "Type",
        "Annual Revenue",
        "Employees",
        "Billing Street",
        "Billing City",
        "Billing State/Province",
        "Billing Zip/Postal Code",
        "Billing Country",
        "Phone",
        "Year Started",
        "Last Activity",
    ],
    [
        "0015000000AbCdE",
        "Acme",
        "Ann",
        "Customer",
        "$1,250,000.50",
        "12",
        "1 Main St",
        "Boston",
        "MA",
        "02139",
        "US",
        "6175550100",
        "1999",
        "1/2/2024",
    ],
    [
        "0015000000AbCde",
        "Bolt",
        "Bob",
        "Prospect",
        "",
        "7",
        "2 Main St",
        "Holtsville",
        "NY",
        "00501",
        "US",
        "6315550100",
        "2004",
        "1/3/2024",
    ],
)


def test_salesforce() -> None:
    found = recognise(SALESFORCE)
    assert dict(found.fields) == {
        "account_id": "Account ID",
        "name": "Account Name",
        "owner": "Account Owner",
        "zip": "Billing Zip/Postal Code",
        "city": "Billing City",
        "state": "Billing State/Province",
    }
    assert dict(found.measures) == {"Annual Revenue": "Annual Revenue", "Employees": "Employees"}
    check_map(SALESFORCE, found)


def test_salesforce_api_names() -> None:
    raw = table(
        [
            "Id",
            "Name",
            "OwnerId",
            "ParentId",
            "BillingPostalCode",
            "BillingLatitude",
            "BillingLongitude",
            "AnnualRevenue",
        ],
        ["001", "Acme", "005", "", "02139", "42.36", "-71.1", "5"],
    )
    assert dict(recognise(raw).fields) == {
        "account_id": "Id",
        "name": "Name",
        "owner": "OwnerId",
        "zip": "BillingPostalCode",
        "latitude": "BillingLatitude",
        "longitude": "BillingLongitude",
    }
    assert list(recognise(raw).measures) == ["AnnualRevenue"]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            [
                "Record ID",
                "Company name",
                "Company owner",
                "City",
                "State/Region",
                "Postal Code",
                "Country/Region",
                "Annual Revenue",
            ],
            {"account_id": 0, "name": 1, "owner": 2, "city": 3, "state": 4, "zip": 5},
        ),
        (
            ["hs_object_id", "name", "hubspot_owner_id", "city", "state", "zip", "country", "annualrevenue"],
            {"account_id": 0, "name": 1, "owner": 2, "city": 3, "state": 4, "zip": 5},
        ),
        (
            [
                "(Do Not Modify) Account",
                "Account Name",
                "Owner",
                "Address 1: City",
                "Address 1: State/Province",
                "Address 1: ZIP/Postal Code",
                "Address 1: Country/Region",
                "Annual Revenue",
            ],
            {"account_id": 0, "name": 1, "owner": 2, "city": 3, "state": 4, "zip": 5},
        ),
        (
            ["Kundennummer", "Firma", "Besitzer", "Ort", "Bundesland", "PLZ", "Land", "Umsatz"],
            {"account_id": 0, "name": 1, "owner": 2, "city": 3, "state": 4, "zip": 5},
        ),
    ],
)
def test_other_crms(header: list[str], fields: dict[str, int]) -> None:
    raw = table(header, ["17", "Acme", "Ann", "Boston", "MA", "02139", "US", "1.234,50 €"])
    found = recognise(raw)
    assert dict(found.fields) == {f: header[i] for f, i in fields.items()}
    assert dict(found.measures) == {header[7]: header[7]}


def test_dynamics_bookkeeping_columns_are_no_measures() -> None:
    raw = table(
        [
            "(Do Not Modify) Account",
            "(Do Not Modify) Row Checksum",
            "(Do Not Modify) Modified On",
            "Account Name",
            "ZIP",
        ],
        ["8a1f-01", "44821", "45321.5", "Acme", "02139"],
    )
    assert not recognise(raw).measures


def test_content_outranks_the_header() -> None:
    raw = table(["Id", "Zip", "Postal Code", "Lat", "Lon"], ["A", "see notes", "02139", "north", "east"])
    assert dict(recognise(raw).fields) == {"account_id": "Id", "zip": "Postal Code"}


def test_ids_codes_and_percentages_are_no_measures() -> None:
    rows = [[f"A{i}", "02139", f"{10_000_000 + i}", f"0{i}", f"{i}%", f"{i}.5"] for i in range(5)]
    raw = table(["Id", "Zip", "Contract", "Segment", "Share", "Potential"], *rows)
    assert list(recognise(raw).measures) == ["Potential"]


def test_a_number_of_something_is_a_measure_and_a_number_is_not() -> None:
    raw = table(["Id", "ZIP3", "Zip", "Number of Employees", "Contract Number"], ["A", "021", "02139", "7", "18"])
    assert list(recognise(raw).measures) == ["Number of Employees"]


def test_candidates() -> None:
    found = candidates(SALESFORCE).set_index("column")
    assert found.loc["Annual Revenue", "role"] == "measure"
    assert found.loc["Annual Revenue", "filled"] == 0.5
    assert found.loc["Annual Revenue", "numeric"] == 1.0
    assert found.loc["Billing City", "samples"] == "Boston, Holtsville"
    assert found.loc["Phone", "role"] == "attribute"


@pytest.mark.parametrize(
    ("fields", "measures", "says"),
    [
        ({"zip": "Zipp"}, {}, "has no column 'Zipp' for zip; it has 'Account ID'"),
        ({"zip": "billing zip/postal code"}, {}, "did you mean 'Billing Zip/Postal Code'"),
        ({"name": "Account Name"}, {}, "no column that says where an account is"),
        ({"city": "Billing City"}, {}, "no column that says where an account is"),
        ({"latitude": "Phone"}, {}, "needs both latitude and longitude; name the column for longitude"),
        ({"zip": "Phone", "city": "Phone"}, {}, "can't be both zip and city"),
        ({"zip": "Phone"}, {"m": "Account Name"}, "for the measure 'm' has no number.*row 2 holds 'Acme'"),
        ({"zip": "Phone"}, {"zip": "Employees"}, "can't be called 'zip'"),
    ],
)
def test_maps_that_do_not_fit(fields: dict[str, str], measures: dict[str, str], says: str) -> None:
    with pytest.raises(InputError, match=says):
        check_map(SALESFORCE, ColumnMap(fields, measures))


def test_unknown_fields_and_marks() -> None:
    with pytest.raises(InputError, match="no field 'colour'"):
        ColumnMap({"colour": "x"})
    with pytest.raises(InputError, match="decimal mark"):
        ColumnMap({"zip": "x"}, decimal=";")  # type: ignore[arg-type]


def test_no_measure_is_fine() -> None:
    check_map(SALESFORCE, ColumnMap({"zip": "Billing Zip/Postal Code"}))


def test_header_key() -> None:
    same = table(["Id ", "zip"], ["A", "02139"])
    assert header_key(same) == header_key(table(["ID", "Zip"], ["B", "10001"]))
    assert header_key(same) != header_key(table(["Zip", "Id"], ["02139", "A"]))
