"""The command line on ZIPs, ZIP3s and boundaries of one's own, on small cases worked by hand."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import shapely

from terr.cli.main import main

ROWS = """Account ID,Name,ZIP,City,State,County,Latitude,Longitude,Revenue
A-1,Dover Supply,19901,,DE,,,,100
A-2,Box 12,19905,,DE,,,,20
A-3,Wilmington Works,19801-1234,,DE,,,,130
A-4,By point,,,DE,,39.15,-75.52,30
A-5,By city,,Newark,DE,,,,50
A-6,By county,,,DE,Kent,,,7
A-7,Elsewhere,75201,,TX,,,,1000
A-8,Nowhere,,,,,,,3
"""
"""In Delaware: ZIP 19901 has 100 + 20 (a PO box) + 30 (by its point), 19801 has 130, Newark has 50; 7 is nowhere."""


@pytest.fixture(autouse=True)
def shelf_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TERR_DATA_DIR", str(tmp_path / "terr"))
    return tmp_path / "terr"


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.csv"
    path.write_text(ROWS)
    return path


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(w) for w in words])
    out, err = capsys.readouterr()
    return code, out, err


def report(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict]:
    code, out, err = run(capsys, *words, "--json")
    assert out, err
    return code, json.loads(out)


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    last = err.splitlines()[-1]
    assert last.startswith("terr: error: ")
    return last


def boxes(path: Path, shapes: dict[str, tuple[float, float, float, float]], key: str = "code") -> Path:
    """A GeoJSON file of boxes (west, south, east, north) with an id and a name."""
    features = [
        {
            "type": "Feature",
            "properties": {key: name, "title": f"District {name}", "size": i},
            "geometry": shapely.geometry.mapping(shapely.box(*box)),
        }
        for i, (name, box) in enumerate(shapes.items())
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


GERMANY = {"N": (8.0, 52.0, 12.0, 54.0), "S": (8.0, 50.0, 12.0, 52.0), "E": (12.0, 50.0, 14.0, 54.0)}
ABROAD = """Id,Name,PLZ,Latitude,Longitude,Umsatz
1,Hamburg,20095,53.55,10.0,300
2,Kassel,34117,51.3,9.5,200
3,Berlin,10115,52.5,13.4,100
4,Madrid,28001,40.4,-3.7,50
5,Blank,,,,25
"""


@pytest.fixture
def german(tmp_path: Path) -> list[object]:
    """Accounts in Germany, three of them in a file of three boxes, and the words that name both."""
    path = tmp_path / "konten.csv"
    path.write_text(ABROAD)
    areas = boxes(tmp_path / "gebiete.geojson", GERMANY)
    return [path, "--boundaries", areas, "--measure", "Umsatz"]


# ---- ZIPs


def test_check_says_how_accounts_come_to_their_zips(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, it = report(capsys, "check", accounts, "--level", "zip", "--region", "DE")
    assert code == 0
    assert it["located"] == {
        "lat_lon": 1,
        "zip": 3,
        "city_state": 1,
        "county": 0,
        "id": 0,
        "outside": 1,
        "unlocated": 2,
        "reasons": {
            "a county alone doesn't say which ZIP it is": 1,
            "coordinates, ZIP, city and county are blank": 1,
        },
    }
    assert it["boundaries"]["approximate"] is True
    assert it["boundaries"]["title"] == "ZIP areas, approximate"
    assert it["boundaries"]["areas"] > 50
    assert "approximate" in it["notes"][0]
    assert it["rows_accepted"] == 8
    code, text, _ = run(capsys, "check", accounts, "--level", "zip", "--region", "DE")
    assert code == 0
    assert "3 by ZIP, 1 by city and state; 1 account outside the region, 2 not located" in text
    assert "- 1 not located: a county alone doesn't say which ZIP it is" in text
    assert "areas are approximate" in text


def test_check_without_a_level_is_as_it_was(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, it = report(capsys, "check", accounts)
    assert it["located"] == {"lat_lon": 1, "zip": 4, "city_state": 1, "county": 1, "unlocated": 1}
    assert "boundaries" not in it


def test_design_on_zips_loses_no_money(accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["design", accounts, "--level", "zip", "--region", "DE", "--measure", "revenue", "--territories", 2]
    code, it = report(capsys, *words, "--limit", "revenue=0.2", "--out", tmp_path / "plan.csv")
    assert code == 0, it["explanations"]
    assert (it["level"], it["region"]) == ("zip", ["DE"])
    loads = sorted(t["load"]["revenue"] for t in it["territories"])
    assert loads == [150.0, 180.0]  # 19901 alone; 19801 with Newark
    told = {e["code"]: e["message"] for e in it["explanations"]}
    assert "approximate" in told["approximate_areas"]
    assert told["outside_region"] == "1 account with 1,000 of revenue lies outside Delaware, so no territory has it"
    assert told["unlocated"].startswith("2 accounts with 10 of revenue lie at no known place")
    assert "1: a county alone doesn't say which ZIP it is" in told["unlocated"]
    assert sum(v for k, v in it["located"].items() if k != "reasons") == 8
    lines = (tmp_path / "plan.csv").read_text().splitlines()
    assert lines[0] == "unit_id,territory"
    assert len(lines) - 1 == it["boundaries"]["areas"]
    where = ["--level", "zip", "--region", "DE", "--measure", "revenue"]
    code, again = report(capsys, "certify", accounts, *where, "--plan", tmp_path / "plan.csv", "--time-limit", 5)
    assert code == 3  # 5% can't be met by these three
    assert again["boundaries"] == it["boundaries"]
    _, both = report(
        capsys, "compare", accounts, *where, "--plan", tmp_path / "plan.csv", "--plan", tmp_path / "plan.csv"
    )
    assert both["moves"] == []
    assert both["a"]["located"] == it["located"]


def test_the_text_of_a_design_says_zips_and_that_they_are_approximate(
    accounts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["design", accounts, "--level", "zip", "--region", "DE", "--measure", "revenue", "--territories", 2]
    _, text, _ = run(capsys, *words)
    assert "approximate ZIPs, revenue" in text.splitlines()[0]
    assert "ZIPs" in text.splitlines()[2]
    assert re.search(r"^Unassigned ZIPs +0$", text, re.MULTILINE)


def test_zip3s(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["design", accounts, "--level", "zip3", "--region", "DE,MD", "--measure", "revenue", "--territories", 2]
    _, it = report(capsys, *words, "--limit", "revenue=0.5")
    assert it["level"] == "zip3"
    assert it["located"]["zip"] == 3
    assert it["located"]["city_state"] == 1
    assert it["located"]["reasons"]["a county alone doesn't say which ZIP3 it is"] == 1
    assert sum(t["load"]["revenue"] for t in it["territories"]) == 330
    assert it["boundaries"]["title"] == "ZIP3 areas, approximate"


# ---- boundaries of one's own


def test_boundaries_of_ones_own_anywhere(german: list[object], tmp_path: Path, capsys) -> None:
    plan = tmp_path / "plan.csv"
    code, it = report(
        capsys,
        "design",
        *german,
        "--territories",
        2,
        "--limit",
        "Umsatz=0.01",
        "--boundaries-name",
        "title",
        "--out",
        plan,
    )
    assert code == 0, it["explanations"]
    assert sorted(t["load"]["Umsatz"] for t in it["territories"]) == [300.0, 300.0]
    assert it["region"] == ["*"]
    assert it["level"].startswith("own-")
    assert it["boundaries"]["title"] == "gebiete.geojson"
    assert (it["boundaries"]["approximate"], it["boundaries"]["areas"]) == (False, 3)
    assert it["located"]["lat_lon"] == 3
    assert (it["located"]["outside"], it["located"]["unlocated"]) == (1, 1)
    assert {line.split(",")[0] for line in plan.read_text().splitlines()[1:]} == {"E", "N", "S"}
    for command in ("rebalance", "certify"):
        code, again = report(capsys, command, *german, "--boundaries-name", "title", "--plan", plan)
        assert again["boundaries"] == it["boundaries"], "the second time it comes from the shelf"
        assert again["located"] == it["located"]
    _, text, _ = run(capsys, "compare", *german, "--boundaries-name", "title", "--plan", plan, "--plan", plan)
    assert text.startswith("Comparison: gebiete.geojson, 3 areas")


def test_the_file_is_kept_once_and_found_by_its_content(german, shelf_of_its_own: Path, capsys) -> None:
    report(capsys, "check", *german[:3])
    kept = [p for p in (shelf_of_its_own / "boundaries").iterdir() if p.is_dir()]
    report(capsys, "check", *german[:3])
    assert [p for p in (shelf_of_its_own / "boundaries").iterdir() if p.is_dir()] == kept
    assert len(kept) == 1


def test_the_id_column_can_be_named(german, capsys) -> None:
    _, it = report(capsys, "design", *german, "--territories", 1, "--boundaries-id", "size")
    _, other = report(capsys, "design", *german, "--territories", 1)
    assert it["level"] != other["level"]
    assert "--boundaries-id" in refused(capsys, "design", *german, "--territories", 1, "--boundaries-id", "nix")
    assert "has no column" in refused(capsys, "design", *german, "--territories", 1, "--boundaries-name", "nix")


def test_an_id_column_of_the_accounts_places_them(tmp_path: Path, capsys) -> None:
    areas = boxes(tmp_path / "areas.geojson", GERMANY)
    accounts = tmp_path / "a.csv"
    accounts.write_text("Id,Name,District,Umsatz\n1,a,N,10\n2,b,S,20\n3,c,E,30\n4,d,X,5\n")
    words = ["design", accounts, "--boundaries", areas, "--measure", "Umsatz", "--territories", 1]
    _, it = report(capsys, *words, "--map", "zip=District")
    assert it["located"]["id"] == 3
    assert it["located"]["unlocated"] == 1


def test_own_zips_take_accounts_by_zip_and_may_name_a_region(accounts: Path, tmp_path: Path, capsys) -> None:
    areas = boxes(
        tmp_path / "zips.geojson",
        {
            "19901": (-75.8, 38.9, -75.2, 39.4),
            "19801": (-75.6, 39.4, -75.2, 39.9),
            "19711": (-75.8, 39.4, -75.6, 39.9),
            "75201": (-97.0, 32.5, -96.5, 33.0),
        },
        key="ZCTA5",
    )
    words = ["design", accounts, "--boundaries", areas, "--measure", "revenue", "--territories", 2]
    code, it = report(capsys, *words, "--region", "DE", "--limit", "revenue=0.2")
    assert code == 0, it["explanations"]
    assert it["region"] == ["DE"]
    assert it["located"]["zip"] == 3
    assert it["located"]["lat_lon"] == 1
    assert it["located"]["outside"] == 1
    assert sorted(t["load"]["revenue"] for t in it["territories"]) == [150.0, 180.0]
    _, whole = report(capsys, *words)
    assert (whole["region"], whole["located"]["zip"]) == (["*"], 4)


def test_what_cannot_be_used_is_one_line(accounts: Path, german, tmp_path: Path, capsys) -> None:
    where = ["--measure", "revenue", "--territories", 2]
    assert "--level is needed" in refused(capsys, "design", accounts, "--region", "DE", *where)
    assert "--region is needed" in refused(capsys, "design", accounts, "--level", "zip", *where)
    assert '"block" is not a level' in refused(capsys, "check", accounts, "--level", "block", "--region", "DE")
    assert "--region is needed" in refused(capsys, "check", accounts, "--level", "zip")
    assert "have no states" in refused(capsys, "design", *german, "--region", "DE", "--territories", 2)
    assert "there is no boundaries file" in refused(
        capsys, "design", accounts, "--boundaries", tmp_path / "none.zip", *where
    )
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04 nothing")
    assert "broken.zip" in refused(capsys, "design", accounts, "--boundaries", broken, *where)
    assert "own-0123456789ab" in refused(
        capsys, "design", accounts, "--level", "own-0123456789ab", "--region", "DE", *where
    )
    assert not [p for p in tmp_path.iterdir() if p.suffix == ".csv" and p.name.startswith("plan")]
