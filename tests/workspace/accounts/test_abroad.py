"""A row whose country isn't the USA is on no map of the USA, and is told with its country, rows and money."""

from __future__ import annotations

from pathlib import Path

import pytest

from terr.ui.accounts.review import verdict
from terr.workspace.accounts.abroad import all_questions
from terr.workspace.accounts.check_report import check_report
from terr.workspace.accounts.column_roles import roles_of, with_roles
from terr.workspace.accounts.intake import Intake, inspect, intake
from terr.workspace.accounts.review import findings_of, need_of
from terr.workspace.accounts.upload import open_file
from terr.workspace.workspace import Workspace
from tests.helpers.intakes import csv_bytes

CASES = Path(__file__).resolve().parents[2] / "cases"
HEAD = ["Account ID", "Account Name", "City", "State", "ZIP", "Country", "Annual Revenue"]


def taken_of(data: bytes, **options: object) -> Intake:
    raw, columns = inspect(data, "in.csv")
    return intake(raw, columns, **options)  # type: ignore[arg-type]


def taken(*rows: list[str], head: list[str] = HEAD) -> Intake:
    return taken_of(csv_bytes([head, *rows]))


def places(found: Intake) -> dict[str, tuple[str, str]]:
    """Account -> its county or "", and what is said of it."""
    frame = found.accounts.frame
    return {str(a): (str(c), str(n)) for a, c, n in zip(frame["account_id"], frame["county"], found.notes, strict=True)}


def test_only_the_one_american_row_is_located() -> None:
    found = taken_of((CASES / "foreign_rows" / "in.csv").read_bytes())
    assert found.located == {"lat_lon": 0, "zip": 1, "city_state": 0, "county": 0, "unlocated": 16}
    ledger = found.ledger
    assert (ledger.rows_in, ledger.rows_accepted, ledger.rows_excluded, ledger.rows_rejected) == (17, 17, 0, 0)
    money = ledger.totals["Annual Revenue"]
    assert (money.total_in, money.accepted, money.excluded, money.rejected) == (38e6, 38e6, 0.0, 0.0)
    said = places(found)
    assert said["A3"] == ("48453", "")
    assert said["A2"] == said["A17"] == ("", "outside the USA: France")
    assert said["A10"] == ("", "outside the USA: Canada")
    assert {said[f"A{k}"][0] for k in range(1, 18) if k != 3} == {""}
    told = {one["message"].rpartition(": ")[2]: (one["rows"], one["measures"]) for one in found.abroad()}
    assert told["Italy"] == (5, {"Annual Revenue": 10e6})
    assert told["France"] == (2, {"Annual Revenue": 6e6})
    assert sum(rows for rows, _ in told.values()) == 16
    assert check_report(found)["abroad"] == found.abroad()


def test_the_page_tells_each_country_with_rows_and_money() -> None:
    groups = findings_of(taken_of((CASES / "foreign_rows" / "in.csv").read_bytes()), "Annual Revenue").groups
    told = {g.title: (g.rows, g.money, g.needs) for g in groups}
    assert told["Outside the USA: Italy"] == (5, 10e6, False)
    assert told["Outside the USA: Germany"] == (1, 5e6, False)
    assert "Accounts without a location" not in told


def test_us_territories_are_not_covered_and_nothing_to_fix() -> None:
    found = taken(
        ["A", "Tex", "Austin", "TX", "78701", "", "10"],
        ["B", "Isla", "San Juan", "PR", "00901", "", "20"],
        ["C", "Sol", "Ponce", "Puerto Rico", "00716", "US", "30"],
        ["D", "Lost", "", "", "", "", "40"],
    )
    assert need_of(found) == 1, "only the one without a place"
    told = {g.title: (g.fate, g.rows, g.money, g.needs) for g in findings_of(found, "Annual Revenue").groups}
    assert told["In Puerto Rico: the maps cover the 50 states and DC"] == ("not covered", 2, 50.0, False)
    assert told["Accounts without a location"] == ("unlocated", 1, 40.0, True)
    said = verdict(found, "Annual Revenue").replace("\\", "")
    assert "2 accounts (50) outside the 50 states and DC, not covered by the maps. 1 row has an issue." in said


AUSTIN = ["A", "Tex", "Austin", "TX", "78701", "{us}", "1"]


@pytest.mark.parametrize(
    ("header", "home", "abroad", "country"),
    [
        ("Country", "US", "IT", "Italy"),
        ("Billing Country", "United States", "Norway", "Norway"),
        ("BillingCountryCode", "US", "AU", "Australia"),
        ("Country/Region", "USA", "Canada", "Canada"),
        ("Address 1: Country/Region", "U.S.A.", "México", "Mexico"),
        ("Ctry", "US", "CH", "Switzerland"),
        ("Country Key", "US", "DE", "Germany"),
        ("Land", "Vereinigte Staaten", "Österreich", "Austria"),
        ("Pays", "États-Unis", "Belgique", "Belgium"),
        ("País", "Estados Unidos", "España", "Spain"),
        ("ISO Country Code", "USA", "FIN", "Finland"),
        ("Country Code", "840", "76", "Brazil"),
        ("Ship To Country", "United States", "Korea, Republic of", "South Korea"),
        ("Country Name", "United States of America", "日本", "Japan"),
    ],
)
def test_the_country_is_known_under_many_headers(header: str, home: str, abroad: str, country: str) -> None:
    head = [*HEAD[:5], header, HEAD[6]]
    found = taken(
        ["A", "Tex", "Austin", "TX", "78701", home, "1"],
        ["B", "Like one in Texas", "Paris", "TX", "75460", abroad, "20"],
        ["C", "Without a country", "Waco", "TX", "", "", "300"],
        head=head,
    )
    assert {a: c for a, (c, _) in places(found).items()} == {"A": "48453", "B": "", "C": "48309"}
    assert places(found)["B"][1] == f"outside the USA: {country}"
    assert [(one["rows"], one["measures"]) for one in found.abroad()] == [(1, {"Annual Revenue": 20.0})]


def test_of_several_countries_the_one_beside_the_zip_counts() -> None:
    head = ["Account ID", "Account Name", "Shipping Country", "Billing City", "Billing Zip", "Billing Country"]
    found = taken(
        ["A", "Bills at home", "France", "Austin", "78701", "United States"],
        ["B", "Bills abroad", "United States", "Paris", "75001", "France"],
        head=head,
    )
    assert {a: c for a, (c, _) in places(found).items()} == {"A": "48453", "B": ""}


def test_a_column_of_other_things_called_country_is_no_country() -> None:
    found = taken(
        ["A", "One", "Austin", "TX", "", "Travis", "1"],
        ["B", "Two", "Dallas", "TX", "", "Dallas", "1"],
        ["C", "Three", "Lebanon", "TN", "", "Lebanon", "1"],
    )
    assert found.located["city_state"] == 3
    assert found.abroad() == []


def test_a_country_that_cant_be_read_decides_nothing() -> None:
    found = taken(["A", "One", "Austin", "TX", "78701", "USA", "1"], ["B", "Two", "Waco", "TX", "", "n/a", "1"])
    assert [c for c, _ in places(found).values()] == ["48453", "48309"]


def test_territories_are_said_as_such() -> None:
    found = taken(
        ["A", "One", "San Juan", "PR", "00901", "Puerto Rico", "1"],
        ["B", "Two", "Hagåtña", "GU", "96910", "Guam", "1"],
        ["C", "Three", "Austin", "TX", "78701", "USA", "1"],
    )
    assert places(found)["A"] == ("", "in Puerto Rico: the maps cover the 50 states and DC")
    assert places(found)["B"] == ("", "in Guam: the maps cover the 50 states and DC")


def test_the_country_decides_before_coordinates_and_counties() -> None:
    head = ["Account ID", "Account Name", "County", "State", "Latitude", "Longitude", "Country"]
    found = taken(
        ["A", "By county", "Orange County", "CA", "", "", "Canada"],
        ["B", "By a point in Texas", "", "", "30.27", "-97.74", "Germany"],
        ["C", "By a point in France", "", "", "48.85", "2.35", "France"],
        ["D", "At home", "", "", "30.27", "-97.74", "US"],
        head=head,
    )
    assert [c for c, _ in places(found).values()] == ["", "", "", "48453"]
    frame = found.accounts.frame
    assert frame.loc[2, ["lat", "lon"]].tolist() == [48.85, 2.35]  # kept, for boundaries of one's own


BARE = ["Account ID", "Account Name", "City", "State", "ZIP", "Annual Revenue"]
UNSAID = [
    ["A1", "Berlin GmbH", "Berlin", "", "10115", "5"],
    ["A2", "Paris SA", "Paris", "", "75001", "4"],
    ["A3", "Tex", "Austin", "TX", "78701", "1"],
    ["A4", "Melb", "Melbourne", "VIC", "3000", "2"],
    ["A5", "Toronto", "Toronto", "ON", "M5V 3L9", "2"],
    ["A6", "Cagliari", "Cagliari", "CA", "09121", "2"],
    ["A7", "Paris in Texas", "Paris", "TX", "75460", "2"],
    ["A8", "London in Kentucky", "London", "", "40741", "2"],
]


def test_without_a_country_what_looks_foreign_is_asked_once_with_evidence() -> None:
    raw, columns = inspect(csv_bytes([BARE, *UNSAID]), "in.csv")
    asked = {q.key: q for q in all_questions(raw, columns)}
    assert list(asked) == ["abroad:"]
    one = asked["abroad:"]
    assert one.title == (
        "No country is given, and 2 rows look like Germany, France rather than the USA. Where are they?"
    )
    assert one.examples == ((2, "10115, Berlin (Germany?)"), (3, "75001, Paris (France?)"))
    assert [(c.value, c.rows, dict(c.money)) for c in one.choices] == [
        ("abroad", 0, {"Annual Revenue": 0.0}),
        ("usa", 2, {"Annual Revenue": 9.0}),
    ]
    assert one.default == "abroad"
    assert [q.key for q in all_questions(raw, columns, {"abroad:": "usa"})] == []


def test_the_money_of_a_choice_is_read_like_the_accounts_own() -> None:
    """Ranges, words, the mark of the whole column and the header's scale, as answered."""
    head = [*BARE[:-1], "Revenue (in thousands)"]
    rows = [[*r[:-1], cell] for r, cell in zip(UNSAID, ["1-3", "2 mil", "1", "1,5", "2", "2", "2", "2"], strict=True)]
    raw, columns = inspect(csv_bytes([head, *rows]), "in.csv")
    answers = {"range:Revenue (in thousands)": "high", "scale:Revenue (in thousands)": "thousand"}
    one = {q.key: q for q in all_questions(raw, columns, answers)}["abroad:"]
    made = taken_of(csv_bytes([head, *rows]), answers={**answers, "abroad:": "usa"}).accounts.frame
    measure = next(iter(columns.measures))
    assert one.choices[1].money[measure] == made[measure].iloc[:2].sum() == 3_000 + 2e6


@pytest.mark.parametrize(
    ("answer", "located", "reason"),
    [
        (None, {"A3", "A7", "A8"}, "looks to be outside the USA: France"),
        ("abroad", {"A3", "A7", "A8"}, "outside the USA: France"),
        ("usa", {"A1", "A2", "A3", "A7", "A8"}, ""),
    ],
)
def test_the_answer_decides_and_the_default_keeps_them_off_the_map(
    answer: str | None, located: set[str], reason: str
) -> None:
    found = taken_of(csv_bytes([BARE, *UNSAID]), answers={"abroad:": answer} if answer else {})
    said = places(found)
    assert {a for a, (county, _) in said.items() if county} == located
    assert said["A2"][1] == reason


@pytest.mark.parametrize(
    "rows",
    [
        [["A", "x", "Paris", "TX", "75460", "1"], ["B", "x", "Athens", "GA", "30601", "1"]],
        [["A", "x", "Birmingham", "", "35203", "1"], ["B", "x", "London", "", "40741", "1"]],
        [["A", "x", "Toronto", "ON", "M5V 3L9", "1"], ["B", "x", "Sydney", "NSW", "2000", "1"]],  # nothing to win
        [["A", "x", "Naples", "FL", "34102", "1"], ["B", "x", "Vienna", "VA", "2218", "1"]],
        [["A", "x", "", "", "10115", "1"], ["B", "x", "", "", "75001", "1"]],  # a code alone gives nothing away
        [["A", "x", "San Juan", "PR", "00901", "1"], ["B", "x", "Cambridge", "MA", "2139", "1"]],
    ],
)
def test_american_rows_and_rows_without_a_chance_are_not_asked_about(rows: list[list[str]]) -> None:
    raw, columns = inspect(csv_bytes([BARE, *rows]), "in.csv")
    assert all_questions(raw, columns) == ()


FOUR = ["Account ID", "Account Name", "Postcode", "Annual Revenue"]


@pytest.mark.parametrize(
    "codes",
    [
        ["2000", "3000", "4101", "5000", "6001", "2601"],  # Australia
        ["1553", "5003", "7010", "4006", "9008"],  # Norway, without Oslo's zeros
        ["1050", "2100", "8000", "5000", "9000"],  # Denmark
        ["8001", "3011", "4051", "1201", "6003", "9000"],  # Switzerland
    ],
)
def test_a_file_of_nothing_but_four_digits_is_no_northeast(codes: list[str]) -> None:
    """Each was read as a ZIP that lost its zero: 1201 as Pittsfield, 8001 as Alloway."""
    data = csv_bytes([FOUR, *([f"A{k}", "x", code, "10"] for k, code in enumerate(codes))])
    raw, columns = inspect(data, "in.csv")
    (one,) = all_questions(raw, columns)
    assert (one.key, one.default) == ("abroad:", "abroad")
    assert one.title.startswith("No country or state is given, and all codes have four digits, as in Australia")
    assert f"of {len(codes)} different codes would be ZIPs that lost their first zero" in one.why
    assert taken_of(data).located["unlocated"] == len(codes)
    assert set(taken_of(data).notes) == {"looks to be outside the USA"}
    at_home = taken_of(data, answers={"abroad:": "usa"})
    assert at_home.located["zip"] == one.choices[1].rows > 0
    assert set(taken_of(data, answers={"abroad:": "abroad"}).notes) == {"outside the USA"}


@pytest.mark.parametrize(
    ("head", "rows"),
    [
        (FOUR, [[f"A{k}", "x", z, "1"] for k, z in enumerate(("2116", "2139", "6103", "8540", "3801", "4101"))]),
        (FOUR, [["A", "x", "2116", "1"], ["B", "x", "78701", "1"]]),
        (["Account ID", "Account Name", "City", "Zip", "Revenue"], [["A", "x", "Cambridge", "2139", "1"]]),
        (["Account ID", "Account Name", "State", "Zip", "Revenue"], [["A", "x", "CT", "6000", "1"]]),
    ],
)
def test_zips_that_lost_their_zero_are_not_asked_about(head: list[str], rows: list[list[str]]) -> None:
    raw, columns = inspect(csv_bytes([head, *rows]), "in.csv")
    assert all_questions(raw, columns) == ()


def test_too_few_codes_to_tell_are_asked_about_and_taken_for_zips() -> None:
    data = csv_bytes([FOUR, ["A", "x", "2116", "1"], ["B", "x", "2139", "1"]])
    raw, columns = inspect(data, "in.csv")
    (one,) = all_questions(raw, columns)
    assert (one.default, one.choices[1].rows) == ("usa", 2)
    assert taken_of(data).located["zip"] == 2
    assert taken_of(data, answers={"abroad:": "abroad"}).located["unlocated"] == 2


def test_the_page_shows_which_column_is_the_country(ws: Workspace) -> None:
    draft = open_file(ws, (CASES / "foreign_rows" / "in.csv").read_bytes(), "in.csv")
    roles = roles_of(draft)
    assert dict(zip(draft.raw.columns, roles, strict=True))["Country"] == "Country"
    assert with_roles(draft, roles).columns == draft.columns  # nothing was chosen
    moved = ["Keep as attribute" if r == "Country" else "Country" if r == "State" else r for r in roles]
    assert with_roles(draft, moved).columns.fields["country"] == "State"
