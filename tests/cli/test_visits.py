"""`terr visits`, as a person types it; files opened by other libraries than the ones that wrote them."""

from __future__ import annotations

import csv
import io
import itertools
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import icalendar
import pytest

from terr.cli.main import main

START = "2035-01-01"  # a Monday, and a public holiday
ACCOUNTS = """Account ID,Name,County,State,ZIP,Owner,Tier,Last Visit,Opening Hours
A-1,One,Kent,DE,19901,,A,2034-12-20,9-17
A-2,Two,New Castle,DE,19801,,A,2034-12-29,Mon-Thu 8-12
A-3,Three,New Castle,DE,19702,,B,,
A-4,Four,Sussex,DE,19966,,C,2034-01-01,
A-5,Five,Sussex,DE,19947,,C,2034-12-01,
A-6,Six,,,,Ann Poe,A,,
A-7,Seven,Kent,DE,19904,,X,,
A-8,Eight,Kent,DE,19904,,B,,Sat-Sun 9-17
"""
ROSTER = "User ID,Full Name,Home ZIP\nU-1,Ann Poe,19901\nU-2,Bob Ray,19801\nU-3,No Home,\nU-4,Far Off,99501\n"
PLAN = "unit_id,territory\n10001,Ann Poe\n10003,Bob Ray\n10005,Ann Poe\n"
CALLS = ["--calls", "A=52,B=26,C=4"]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    for name, text in {"accounts": ACCOUNTS, "roster": ROSTER, "plan": PLAN}.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return {"dir": str(tmp_path), **{n: str(tmp_path / f"{n}.csv") for n in ("accounts", "roster", "plan")}}


def words(files: dict[str, str], *more: str) -> list[str]:
    place = ["--plan", files["plan"], "--level", "county", "--region", "DE", "--start", START]
    return ["visits", files["accounts"], "--roster", files["roster"], *place, *more]


def told(capsys: pytest.CaptureFixture[str], *asked: str) -> dict[str, Any]:
    assert main([*asked, "--json"]) == 0
    out: dict[str, Any] = json.loads(capsys.readouterr().out)
    return out


def refused(capsys: pytest.CaptureFixture[str], *asked: str) -> str:
    assert main([*asked]) == 2
    return capsys.readouterr().err


def test_one_rep_as_the_contract_says(files, capsys) -> None:
    found = told(capsys, *words(files, "--rep", "Ann Poe", *CALLS))
    assert {"rep", "days", "not_visited", "miles", "miles_nearest_neighbor", "status"} <= set(found)
    assert (found["rep"], found["rep_id"], found["status"]) == ("Ann Poe", "U-1", "planned")
    days = {d["date"]: d for d in found["days"]}
    assert "2035-01-01" not in days  # New Year's Day
    assert "2035-01-15" not in days  # Martin Luther King Jr. Day
    assert len(days) == 18
    seen = [(d["date"], s) for d in found["days"] for s in d["stops"]]
    one = [d for d, s in seen if s["account_id"] == "A-1"]
    weeks = [(date.fromisoformat(d) - date.fromisoformat(START)).days // 7 for d in one]
    assert weeks == [0, 1, 2, 3]  # an A account each week
    dates = [date.fromisoformat(d) for d in one]
    assert min(b - a for a, b in itertools.pairwise(dates)) >= timedelta(3)
    assert all(s["arrive"] >= "09:00" and s["leave"] <= "17:00" for _, s in seen if s["account_id"] == "A-1")
    assert found["miles"] == pytest.approx(sum(d["miles"] for d in found["days"]))
    assert found["miles"] <= found["miles_nearest_neighbor"] + 1e-9
    why = {n["account_id"]: (n["code"], n["visits_missing"]) for n in found["not_visited"]}
    assert why["A-6"] == ("no_place", 0)
    assert why["A-7"] == ("no_calls", 0)
    assert why["A-8"] == ("closed", 2)
    assert why["A-5"] == ("not_due", 0)
    assert {o["account_id"]: o["days"] for o in found["overdue"]} == {"A-1": 5, "A-4": 274}
    assert all(o["visit"] is not None for o in found["overdue"])


def test_all_reps_and_a_text_for_a_person(files, capsys) -> None:
    found = told(capsys, *words(files, *CALLS))
    assert [r["rep"] for r in found["reps"]] == ["Ann Poe", "Bob Ray"]
    assert found["failed"] == []
    assert found["miles"] == pytest.approx(sum(r["miles"] for r in found["reps"]))
    assert main(words(files, *CALLS)) == 0
    text = capsys.readouterr().out
    assert "By nearest neighbor" in text
    assert "By today's order" in text
    assert "Not visited: Eight (A-8)" in text


def test_days_off_and_other_working_days_are_kept(files, capsys) -> None:
    asked = ["--workdays", "Tue,Sat", "--day-off", "2035-01-09", "--holidays", "none", "--leave-home", "7:30"]
    found = told(capsys, *words(files, "--rep", "U-1", *CALLS, *asked))
    assert [d["date"][-2:] for d in found["days"]] == ["02", "06", "13", "16", "20", "23", "27"]
    assert "A-8" in {s["account_id"] for d in found["days"] for s in d["stops"]}  # open on Saturdays


def test_files_open_elsewhere_and_agree(files, capsys) -> None:
    bad = ACCOUNTS.replace("One", '"=HYPERLINK(""http://x"",""<b>One</b>"")"').replace(
        "Four", '"]]></name>\x0b&BEGIN:VEVENT"'
    )
    Path(files["accounts"]).write_text(bad, encoding="utf-8")
    out = {k: str(Path(files["dir"]) / f"out.{k}") for k in ("csv", "ics", "gpx")}
    asked = words(files, *CALLS, "--out", out["csv"], "--ics", out["ics"], "--gpx", out["gpx"])
    found = told(capsys, *asked)
    visits = sum(r["visits"] for r in found["reps"])
    table = list(csv.DictReader(io.StringIO(Path(out["csv"]).read_text(encoding="utf-8-sig"))))
    assert len(table) == visits
    assert any(r["name"].startswith("'=HYPERLINK") for r in table)  # no formula
    assert all(not v.startswith(("=", "+", "@", "\t")) for r in table for v in r.values())
    assert all(r["map"].startswith("https://www.google.com/maps/dir/?api=1") for r in table)
    book = icalendar.Calendar.from_ical(Path(out["ics"]).read_bytes())
    events = [e for e in book.walk() if e.name == "VEVENT"]
    assert len(events) == visits == len({str(e["uid"]) for e in events})
    first = next(e for e in events if "One" in str(e["summary"]))
    assert (first["dtstart"].dt.hour, (first["dtend"].dt - first["dtstart"].dt).seconds) == (9, 3600)
    assert all("\n" not in str(e["summary"]) for e in events)
    root = ElementTree.fromstring(Path(out["gpx"]).read_bytes())  # noqa: S314 (written above)
    space = {"g": "http://www.topografix.com/GPX/1/1"}
    routes = root.findall("g:rte", space)
    assert len(routes) == sum(bool(d["stops"]) for r in found["reps"] for d in r["days"])
    points = [p for r in routes for p in r.findall("g:rtept", space)]
    assert len(points) == visits + 2 * len(routes)  # home twice
    assert any("]]></name> &BEGIN:VEVENT" in (p.findtext("g:name", "", space)) for p in points)


def test_drive_times_of_ones_own_go_before_estimates(files, capsys) -> None:
    matrix = Path(files["dir"]) / "ways.csv"
    matrix.write_text("From,To,Minutes,Miles\nhome,A-4,90,70\nA-1,A-4,90,70\nhome,A-1,1,0.5\n", encoding="utf-8")
    found = told(capsys, *words(files, "--rep", "U-1", *CALLS, "--matrix", str(matrix)))
    day = next(d for d in found["days"] if any(s["account_id"] == "A-4" for s in d["stops"]))
    assert day["drive_minutes"] >= 180
    assert any("ways.csv" in n for n in found["notes"])
    assert "there is no file of drive times" in refused(capsys, *words(files, "--matrix", "no.csv"))
    matrix.write_text("From,To,Minutes\nhome,A-4,soon\n", encoding="utf-8")
    assert 'row 2: "soon" isn\'t minutes' in refused(capsys, *words(files, "--matrix", str(matrix)))
    matrix.write_text("From,Minutes\nhome,5\n", encoding="utf-8")
    assert "has no column to" in refused(capsys, *words(files, "--matrix", str(matrix)))


def test_more_visits_than_hours_say_which_fall_out(files, capsys) -> None:
    asked = "--leave-home 9:00 --hours 1.5 --minutes A=80,C=20,X=50 --workdays Tue --holidays none".split()
    found = told(capsys, *words(files, "--rep", "U-1", "--calls", "A=52,X=13", *asked))
    out = {n["account_id"]: n for n in found["not_visited"] if n["visits_missing"]}
    assert list(out) == ["A-7"]  # one call on Tuesdays, and the one of 52 a year counts more than the one of 13
    assert "are full; it loses least (13 calls a year" in out["A-7"]["reason"]
    assert any("1 visit (50 min of calls, without the way) more than 4 days" in n for n in found["notes"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--start", "2020-01-06"], "is in the past"),
        (["--start", "soon"], "isn't a date"),
        (["--hours", "0"], "hours a day must lie above 0"),
        (["--hours", "17"], "up to 16"),
        (["--weeks", "0"], "weeks must lie between 1 and 13"),
        (["--calls", "A=-1"], "between 0 and 260"),
        (["--calls", "Z=4"], 'no account is in tier "Z"; there are A, B, C, X'),
        (["--minutes", "A=600"], "minutes a call of tier A"),
        (["--rep", "Nobody"], "isn't in the roster"),
        (["--rep", "U-3"], "No Home covers no account"),
        (["--workdays", "Someday"], "isn't a day of the week"),
        (["--holidays", "XX"], "holidays of XX aren't known"),
        (["--leave-home", "25:00"], "isn't a time"),
        (["--leave-home", "20:00"], "before midnight"),
        (["--column", "size=Tier"], "--column has no size"),
        (["--column", "hours=Nope"], "there is no column"),
        (["--road-factor", "9"], "road factor"),
        (["--speed", "0"], "the speed"),
        (["--out", "/no/such/folder/x.csv"], "no folder"),
    ],
)
def test_bad_input_says_what_and_how(files, capsys, more: list[str], said: str) -> None:
    asked = words(files, *CALLS, *more) if "--calls" not in more else words(files, *more)
    assert said in refused(capsys, *asked)


def test_homes_that_cant_be(files, capsys) -> None:
    Path(files["plan"]).write_text(PLAN.replace("Bob Ray", "No Home"), encoding="utf-8")
    assert "No Home has no home. Add it to the roster" in refused(capsys, *words(files, "--rep", "U-3"))
    both = told(capsys, *words(files, *CALLS))
    assert [f["rep"] for f in both["failed"]] == ["No Home"]
    Path(files["plan"]).write_text(PLAN.replace("Bob Ray", "Far Off"), encoding="utf-8")
    assert "more than a working day there and back" in refused(capsys, *words(files, "--rep", "U-4", *CALLS))


def test_no_plan_and_one_of_nobody(files, capsys) -> None:
    asked = ["visits", files["accounts"], "--roster", files["roster"]]
    assert "there is no plan" in refused(capsys, *asked)
    assert "--level and --region" in refused(capsys, *asked, "--plan", files["plan"])
    Path(files["plan"]).write_text("unit_id,territory\n10001,1\n10003,2\n10005,1\n", encoding="utf-8")
    assert "named after a rep" in refused(capsys, *words(files))


def test_nobody_has_a_place(files, capsys) -> None:
    header = ACCOUNTS.splitlines()[0]
    rows = [f"A-{k},N{k},,,,Ann Poe,A,," for k in range(3)] + ["A-9,Elsewhere,New Castle,DE,19801,,A,,"]
    Path(files["accounts"]).write_text("\n".join([header, *rows]), encoding="utf-8")
    assert "none of Ann Poe's 3 accounts has a location" in refused(
        capsys, *words(files, "--rep", "U-1", *CALLS[:1], "A=52")
    )
