"""Any country's postal codes on areas of one's own: the longest id that begins the code."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from terr.cli.main import main
from terr.places.postal import bare_code, beginnings, foreign_form, whole_code
from tests.helpers.effort import examples
from tests.helpers.geofiles import geojson, squares

CASES = Path(__file__).resolve().parents[1] / "cases" / "postal_prefix"


def check(capsys: pytest.CaptureFixture[str], accounts: Path, areas: Path) -> dict:
    assert main(["check", str(accounts), "--boundaries", str(areas), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path / "data"))


@pytest.mark.parametrize(("name", "areas", "rows"), [("uk", "uk_districts", 5), ("fsa", "fsa", 3)])
def test_the_cases(capsys: pytest.CaptureFixture[str], name: str, areas: str, rows: int) -> None:
    found = check(capsys, CASES / f"{name}.csv", CASES / f"{areas}.geojson")
    assert (found["rows_in"], found["rows_accepted"]) == (rows, rows)
    assert (found["located"]["zip"], found["located"]["unlocated"], found["located"]["outside"]) == (rows, 0, 0)
    assert found["issues"] == []
    assert found["questions"] == []
    assert "abroad" not in found


@pytest.mark.parametrize(
    ("ids", "header", "codes", "placed", "said"),
    [
        (["10", "11", "12", "13"], "PLZ", ["10115", "11011", "12043"], 3, {}),
        (
            ["01", "10", "20", "99"],
            "PLZ,Land",
            ["1067,Germany", "10115,Germany", "99084,DE"],
            3,
            {2: "1067 read as 01067"},
        ),
        (["0800", "2000", "3000"], "Postcode", ["800", "2000", "3000"], 3, {2: "800 read as 0800"}),
        (["1012", "3011", "9711"], "Postcode", ["1012 AB", "3011XZ", "9711 nj"], 3, {}),
        (["D02", "T12", "H91"], "Postcode", ["D02 X285", "T12X70A", "H91 E9X2"], 3, {}),
        (["N1", "N10", "E"], "Postcode", ["N1 9GU", "N10 1AA", "E2 8HD"], 3, {}),
        (["EC1", "EC2", "W1"], "Postcode", ["EC1A 1BB", "EC2V 7HH", "W1A 0AX"], 3, {}),
        (["M5V 3", "M5V 2", "K1A 0"], "Postal Code", ["M5V 3L9", "m5v2t6", "K1A-0B1"], 3, {}),
        (["1000", "1050", "2000"], "Code postal", ["B-1000", "B-1050", "2000"], 3, {}),
        (["75", "13", "69"], "Code postal", ["75001", "13008", "69003"], 3, {}),
        (["100", "530", "604"], "Postal Code", ["100-0005", "530-0001", "604-8005"], 3, {}),
    ],
)
def test_codes_of_many_countries(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    ids: list[str],
    header: str,
    codes: list[str],
    placed: int,
    said: dict[int, str],
) -> None:
    (tmp_path / "areas.geojson").write_bytes(geojson(squares(ids, west=8.0, south=50.0)))
    rows = "\n".join(f"A{k},x,{code}" for k, code in enumerate(codes))
    (tmp_path / "in.csv").write_text(f"Account ID,Account Name,{header}\n{rows}\n", encoding="utf-8")
    found = check(capsys, tmp_path / "in.csv", tmp_path / "areas.geojson")
    located = found["located"]
    assert located["zip"] + located["id"] == placed
    assert "US ZIP" not in json.dumps(found["issues"])
    told = {i["row"]: i["message"] for i in found["issues"] if i["code"] == "located_with_note"}
    assert told.keys() == said.keys()
    assert all(part in told[row] for row, part in said.items())


def test_numbers_of_regions_are_no_postal_codes(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "areas.geojson").write_bytes(geojson(squares(["1", "2", "3"], west=8.0, south=50.0)))
    (tmp_path / "in.csv").write_text("Account ID,Account Name,PLZ\nA,x,10115\nB,x,20095\n", encoding="utf-8")
    assert check(capsys, tmp_path / "in.csv", tmp_path / "areas.geojson")["located"]["zip"] == 0


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("M5V 3L9", "CA"),
        ("sw1a 1aa", "GB"),
        ("1012 AB", "NL"),
        ("D02 X285", "IE"),
        ("D-10115", "DE"),
        ("1000-205", "PT"),
        ("00-950", "PL"),
        ("02116", ""),
        ("02116-1234", ""),
        ("2116", ""),
        ("", ""),
        ("TX 78701", ""),
    ],
)
def test_forms_no_us_zip_has(text: str, country: str) -> None:
    assert foreign_form(text) == country


@examples(200)
@given(st.text(max_size=30))
def test_no_text_raises(text: str) -> None:
    foreign_form(text)
    code = whole_code(text, "DE", 5)
    assert bare_code(code) == code
    assert all(code.startswith(b) for b in beginnings(code))


PLZ = ["10115", "20095", "75175", "60311", "80331"]


def placed(capsys: pytest.CaptureFixture[str], folder: Path, ids: list[str], text: str) -> dict[str, int]:
    """How many accounts came into an area, and how."""
    (folder / "areas.geojson").write_bytes(geojson(squares(ids, west=8.0, south=50.0)))
    (folder / "in.csv").write_text(text, encoding="utf-8")
    return check(capsys, folder / "in.csv", folder / "areas.geojson")["located"]


@pytest.mark.parametrize(
    "ids", [PLZ, [i[:2] for i in PLZ], [i[:3] for i in PLZ]], ids=["five digits", "two digits", "three digits"]
)
def test_a_us_row_matches_no_german_code(capsys: pytest.CaptureFixture[str], tmp_path: Path, ids: list[str]) -> None:
    """10115 is Berlin and Manhattan, 75175 Pforzheim and Dallas: the country decides."""
    text = "Account ID,Account Name,PLZ,Country\nA,x,10115,DE\nB,x,20095,Germany\nC,x,10115,US\nD,x,75175,USA\n"
    found = placed(capsys, tmp_path, ids, text + "E,x,60311,\nF,x,80331,DE\n")
    assert (found["zip"] + found["id"], found["outside"] + found["unlocated"]) == (4, 2)


def test_a_file_of_us_rows_comes_on_no_german_map(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = "Account ID,Account Name,ZIP,Country\nA,x,10115,US\nB,x,75175,US\nC,x,60311,US\n"
    found = placed(capsys, tmp_path, PLZ, text)
    assert (found["zip"] + found["id"], found["outside"] + found["unlocated"]) == (0, 3)


def test_without_a_country_the_city_at_the_zip_tells(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    text = "Account ID,Account Name,City,PLZ\nA,x,Berlin,10115\nB,x,Hamburg,20095\nC,x,New York,10115\nD,x,,60311\n"
    found = placed(capsys, tmp_path, PLZ, text)
    assert (found["zip"] + found["id"], found["outside"] + found["unlocated"]) == (3, 1)


def test_rows_of_another_country_than_the_areas_are_told_with_their_money(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """75001 begins like Karlsruhe's 75, and is Paris; a point inside, and a row without a country, are as before."""
    around = {"10": (13.2, 52.4), "75": (8.6, 48.8), "20": (9.9, 53.5), "69": (8.6, 49.3)}  # cities of Germany inside
    boxes = [shapely.box(x, y, x + 0.4, y + 0.4) for x, y in around.values()]
    areas = tmp_path / "gebiete.geojson"
    areas.write_bytes(geojson(gpd.GeoDataFrame({"id": list(around)}, geometry=boxes, crs=4326)))
    text = (
        "Account ID,Account Name,PLZ,Country,Latitude,Longitude,Umsatz\n"
        "A,x,10115,DE,,,1\nB,x,20095,Germany,,,2\nC,x,75001,France,,,4\nD,x,69003,FR,,,8\nE,x,75175,Deutschland,,,16\n"
        "F,x,75008,France,48.9,8.7,32\nG,x,2000,Belgium,,,64\nH,x,69115,,,,128\n"
    )
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    found = check(capsys, path, areas)
    said = {i["row"]: i["message"] for i in found["issues"] if i["code"] == "unlocated"}
    assert {row: word for row, word in said.items() if row in {4, 5, 8}} == {
        4: "its country, France, isn't that of gebiete.geojson",
        5: "its country, France, isn't that of gebiete.geojson",
        8: "its country, Belgium, isn't that of gebiete.geojson",
    }
    assert (found["located"]["zip"], found["located"]["lat_lon"], found["located"]["unlocated"]) == (4, 1, 3)
    assert [(a["country"], a["rows"], a["measures"]["Umsatz"]) for a in found["abroad"]] == [
        ("FR", 2, 12),
        ("BE", 1, 64),
    ]
