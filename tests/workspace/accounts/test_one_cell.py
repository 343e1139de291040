"""A place in one cell: an address, "City, State", a point; degrees of all kinds."""

from __future__ import annotations

from pathlib import Path

import pytest

from terr.errors import InputError
from terr.workspace.accounts.intake import Intake, inspect, intake
from tests.helpers.intakes import csv_bytes

CASES = Path(__file__).resolve().parents[2] / "cases" / "place_in_one_cell"


def taken_of(data: bytes, **options: object) -> Intake:
    raw, columns = inspect(data, "in.csv")
    return intake(raw, columns, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "column", "counties", "ways", "money"),
    [
        ("address.csv", "Address", ["48453", "48113", "48309"], {"zip": 2, "city_state": 1}, 6000.0),
        ("point.csv", "Location", ["48453", "48113"], {"lat_lon": 2}, 3000.0),
    ],
)
def test_the_cases(name: str, column: str, counties: list[str], ways: dict[str, int], money: float) -> None:
    found = taken_of((CASES / name).read_bytes())
    frame = found.accounts.frame
    assert frame["county"].tolist() == counties
    assert {w: n for w, n in found.located.items() if n} == ways
    assert set(found.notes) == {""}
    total = found.ledger.totals["Annual Revenue"]
    assert (total.total_in, total.accepted, total.excluded, total.rejected) == (money, money, 0.0, 0.0)
    assert [(r.code, r.column, r.count) for r in found.ledger.repairs] == [("split_place", column, len(counties))]
    assert column in frame.columns  # the cell itself stays an attribute


@pytest.mark.parametrize(
    ("header", "cells", "counties"),
    [
        ("City", ["Austin, TX", "Waco, Tex."], ["48453", "48309"]),
        ("Headquarters", ["Austin, Texas, USA", "Waco, TX, United States"], ["48453", "48309"]),
        ("City/State/Zip", ["Austin TX 78701", "Waco TX 76701"], ["48453", "48309"]),
        ("Billing Address", ["1 Main St\nAustin, TX 78701\nUSA", "2 Elm\nWaco, TX 76701"], ["48453", "48309"]),
        ("Coordinates", ["30°16'2\"N 97°44'35\"W", "31.5493° N, 97.1467° W"], ["48453", "48309"]),
        ("Lat/Long", ["30.2672,-97.7431", "31.5493,-97.1467"], ["48453", "48309"]),
        ("the_geom", ["POINT (-97.7431 30.2672)", "SRID=4326;POINT(-97.1467 31.5493)"], ["48453", "48309"]),
        ("Koordinaten", ["30,2672; -97,7431", "31,5493; -97,1467"], ["48453", "48309"]),
        ("Customer site", ["1 Main St, Austin, TX 78701", "2 Elm, Waco, TX 76701"], ["48453", "48309"]),
        ("Location", ["Travis County, TX", "McLennan County, Texas"], ["48453", "48309"]),
    ],
)
def test_places_under_many_headers(header: str, cells: list[str], counties: list[str]) -> None:
    rows = [[f"A{k}", f"Company {k}", cell, "5"] for k, cell in enumerate(cells)]
    found = taken_of(csv_bytes([["Account ID", "Account Name", header, "Revenue"], *rows]))
    assert found.accounts.frame["county"].tolist() == counties


def test_a_foreign_address_is_told_with_its_country() -> None:
    rows = [["A", "x", "10 Rue de Rivoli, 75001 Paris, France"], ["B", "x", "1 Main St, Austin, TX 78701"]]
    found = taken_of(csv_bytes([["Account ID", "Account Name", "Address"], *rows]))
    assert found.accounts.frame["county"].tolist() == ["", "48453"]
    assert found.notes[0] == "outside the USA: France"


def test_a_table_with_places_of_its_own_isnt_taken_apart() -> None:
    head = ["Account ID", "Account Name", "Address", "City", "State", "ZIP"]
    raw, columns = inspect(
        csv_bytes([head, ["A", "x", "1 Main St, Dallas, TX 75201", "Austin", "TX", "78701"]]), "in.csv"
    )
    assert "place" not in columns.fields
    assert intake(raw, columns).accounts.frame["county"].tolist() == ["48453"]


def test_doctors_are_no_towns_in_maryland() -> None:
    _, columns = inspect(csv_bytes([["Account ID", "Contact"], ["A", "Smith, MD"], ["B", "Jones, PA"]]), "in.csv")
    assert "place" not in columns.fields


def test_what_cant_be_read_names_the_column_and_how_to_split_it() -> None:
    data = csv_bytes([["Account ID", "Account Name", "Location"], ["A", "x", "second floor"], ["B", "y", "annex"]])
    with pytest.raises(
        InputError, match=r"'Location' may hold the places.*'second floor'\); split it into City, State"
    ):
        taken_of(data)


def test_degrees_with_letters_and_minutes_in_two_columns() -> None:
    head = ["Account ID", "Account Name", "Latitude", "Longitude"]
    rows = [
        ["A", "x", "30° 16' 2\" N", "97° 44' 35\" W"],
        ["B", "x", "31.5493 N", "97.1467 W"],
        ["C", "x", "30,2672", "-97,7431"],
        ["D", "x", "30.2672", "-97.7431"],
        ["E", "x", "N 30 16.03", "W 97 44.59"],
    ]
    found = taken_of(csv_bytes([head, *rows]))
    assert found.accounts.frame["county"].tolist() == ["48453", "48309", "48453", "48453", "48453"]
    assert {r.code: r.count for r in found.ledger.repairs if r.column == "Latitude"} == {
        "read_degrees": 3,
        "decimal_comma": 1,
    }
    refused = taken_of(csv_bytes([head, *rows]), refuse=("read_degrees",))
    assert refused.accounts.frame["county"].tolist() == ["", "", "48453", "48453", ""]


def test_states_as_numbers_are_states() -> None:
    head = ["Account ID", "Account Name", "City", "State", "Revenue"]
    found = taken_of(csv_bytes([head, ["A", "x", "Austin", "48", "5"], ["B", "x", "Boston", "25", "6"]]))
    assert found.accounts.frame["county"].tolist() == ["48453", "25025"]
    assert list(found.accounts.measures) == ["Revenue"]
