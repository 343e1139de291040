"""States, cities and counties in the spellings people use, those of former years among them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.locate import locate
from terr.locate.former_counties import FORMER
from terr.locate.gazetteer import gazetteer
from terr.locate.town_names import city_keys, county_words, split_state
from terr.places.states import is_military, state_code, territory_code
from tests.helpers.effort import examples

CASES = Path(__file__).resolve().parents[1] / "cases"


def located(**columns: list[str]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    blank = {c: [""] * n for c in ("zip", "city", "state", "county")} | {c: [float("nan")] * n for c in ("lat", "lon")}
    return locate(pd.DataFrame({**blank, **columns}))


@pytest.mark.parametrize(
    ("code", "spellings"),
    [
        ("NC", "NC|nc|N.C.|N. Carolina|No. Carolina|North Carolina|NORTH CAROLINA|N Car|37|US-NC|NC - North Carolina"),
        ("CA", "Calif.|Calif|Cal|California|CA, USA|California (CA)|6|06|06.0|Californa|State of California"),
        ("TX", "Tex.|TEX|US-TX|TX - Texas|Texas (TX)|48|48.0|tx |Texas, United States|USA-TX|TX: Texas"),
        ("MA", "Mass.|Mass|Massachusets|Commonwealth of Massachusetts|25"),
        ("PA", "Penn|Penna.|Pennsylvania|Pensylvania|Pa."),
        ("DC", "DC|D.C.|D. C.|Washington, D.C.|Washington DC|District of Columbia|11"),
        ("WV", "W. Va.|W Virginia|West Virginia|WVA"),
        ("WA", "Wash.|Washington|Washington State|State of Washington|53"),
        ("NY", "N.Y.|NYS|New  York|New York (NY)"),
        ("TN", "Tenn|Tenn.|Tennesee"),
        ("NM", "N. Mex.|N.M.|New Mex|New Mexico"),
        ("SD", "S. Dak.|So. Dakota|S.D."),
        ("", "|ON|Ontario|Bayern|Victoria|57|0|99|TX/OK|Carolina|PR|Puerto Rico|Guam|n/a|USA|x"),
    ],
)
def test_states_as_people_write_them(code: str, spellings: str) -> None:
    assert {s: state_code(s) for s in spellings.split("|")} == dict.fromkeys(spellings.split("|"), code)


def test_territories_and_military_mail_are_no_states() -> None:
    assert [
        territory_code(t) for t in ("PR", "P.R.", "Puerto Rico", "Guam", "U.S. Virgin Islands", "CNMI", "PW", "")
    ] == (["PR", "PR", "PR", "GU", "VI", "MP", "PW", ""])
    assert is_military("AE", "")
    assert is_military("", "APO AE")
    assert is_military("Armed Forces Europe", "")
    assert not is_military("AK", "Apollo")
    found = located(zip=["09021", "", "96301"], city=["APO", "FPO AP", "Seoul"], state=["AE", "", "AP"])
    assert set(found["locate_note"]) == {"a military address (APO, FPO or DPO), which lies in no state"}


def test_the_case_of_state_and_city_spellings() -> None:
    table = pd.read_csv(CASES / "state_spellings" / "in.csv", dtype=str, keep_default_na=False)
    found = located(city=table["City"].tolist(), state=table["State"].tolist())
    lost = table.loc[(found["county"] == "").to_numpy(), "City"].tolist()
    assert lost == ["Tex"]
    where = dict(zip(table["Account ID"], found["county"], strict=True))
    assert (where["A1"], where["A4"], where["A13"], where["A35"]) == ("36061", "48439", "06037", "48113")
    assert {where[f"A{k}"] for k in (14, 15, 16, 17, 18, 36)} == {"48453"}


@pytest.mark.parametrize(
    ("city", "state", "county"),
    [
        ("N.Y.C.", "NY", "36061"),
        ("Philly", "Pa.", "42101"),
        ("Vegas", "Nev.", "32003"),
        ("SLC", "Utah", "49035"),
        ("KC", "Missouri", "29095"),
        ("Mpls", "Minn.", "27053"),
        ("St. Pete", "Fla.", "12103"),
        ("Ft Lauderdale", "FL", "12011"),
        ("Saint Paul", "MN", "27123"),
        ("City of Chicago", "Ill.", "17031"),
        ("Town of Hempstead", "NY", "36059"),
        ("Washington DC", "", "11001"),
        ("Waco TX", "", "48309"),
        ("Waco, Tex.", "", "48309"),
        ("Charleston, West Virginia", "", "54039"),
        ("Austin, TX, USA", "", "48453"),
        ("Louisville/Jefferson", "KY", "21111"),
        ("Winston-Salem", "N.C.", "37067"),
        ("Mt. Vernon", "NY", "36119"),
        ("Seattle (Downtown)", "Wash.", "53033"),
    ],
)
def test_cities_as_people_write_them(city: str, state: str, county: str) -> None:
    found = located(city=[city], state=[state])
    assert (found["county"][0], found["located_by"][0], found["locate_note"][0]) == (county, "city_state", "")


@pytest.mark.parametrize(
    ("county", "state", "code"),
    [
        ("Shannon County", "South Dakota", "46102"),
        ("Dade County", "Fla.", "12086"),
        ("Dade", "GA", "13083"),
        ("Bedford city", "VA", "51019"),
        ("Clifton Forge City", "VA", "51005"),
        ("Wade Hampton", "AK", "02158"),
        ("12025", "FL", "12086"),
        ("51515", "", "51019"),
        ("City of Richmond", "VA", "51760"),
        ("Richmond (city)", "VA", "51760"),
        ("Richmond County", "VA", "51159"),
        ("Fairfax City", "VA", "51600"),
        ("Fairfax", "VA", "51059"),
        ("Alexandria", "VA", "51510"),
        ("Roanoke", "VA", "51161"),
        ("St. Louis City", "MO", "29510"),
        ("Saint Louis County", "MO", "29189"),
        ("Baltimore (Independent City)", "MD", "24510"),
        ("Dona Ana", "NM", "35013"),
        ("La Salle Parish", "LA", "22059"),
        ("De Kalb County", "GA", "13089"),
        ("Travis Cnty", "TX", "48453"),
        ("County of Los Angeles", "CA", "06037"),
        ("Travis County, Texas", "", "48453"),
        ("Prince Georges", "MD", "24033"),
        ("Municipality of Anchorage", "AK", "02020"),
        ("Capitol Planning Region", "CT", "09110"),
    ],
)
def test_counties_as_people_write_them(county: str, state: str, code: str) -> None:
    found = located(county=[county], state=[state])
    assert (found["county"][0], found["locate_note"][0]) == (code, "")


def test_divided_counties_go_to_where_most_of_them_is_and_are_told() -> None:
    table = pd.read_csv(CASES / "former_counties" / "names.csv", dtype=str, keep_default_na=False)
    found = located(county=table["County"].tolist(), state=table["State"].tolist())
    assert found["county"].tolist() == ["09110", "09190", "09170", "09110"]
    assert found["locate_note"][0] == (
        "Hartford County was divided; Capitol, CT, where most of it is, was used: a ZIP or city would tell"
    )
    assert all("was divided" in note for note in found["locate_note"])
    numbers = located(county=["9003", "09001", "2261", "02280"])
    assert numbers["county"].tolist() == ["09110", "09190", "02063", "02195"]
    assert all("was divided" in note for note in numbers["locate_note"])


def test_a_zip_or_city_places_an_account_of_a_divided_county_exactly() -> None:
    found = located(county=["Fairfield", "Fairfield"], state=["CT", "CT"], city=["Bridgeport", ""], zip=["", "06604"])
    assert found["county"].tolist() == ["09120", "09120"]
    assert found["locate_note"].tolist() == ["", ""]


def test_every_former_county_leads_to_one_there_is() -> None:
    assert {f.now for f in FORMER} <= set(gazetteer().row)
    assert not {f.code for f in FORMER} & set(gazetteer().geoid)


@examples(200)
@given(st.text(max_size=60))
def test_no_text_raises(text: str) -> None:
    assert state_code(text) in {"", *gazetteer().county_state}
    assert territory_code(text) == "" or state_code(text) == ""
    head, state = split_state(text)
    assert not state or head
    assert list(city_keys(text, state or "TX"))
    county_words(text)
