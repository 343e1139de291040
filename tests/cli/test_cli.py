from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr import __version__
from terr.boundaries.layers.catalog import load_units
from terr.cli.main import main
from tests.helpers.effort import examples

ROOT = Path(__file__).resolve().parents[2]
CHECK = [
    "file",
    "format",
    "encoding",
    "delimiter",
    "sheet",
    "header_row",
    "rows_in",
    "rows_accepted",
    "rows_excluded",
    "rows_rejected",
    "columns",
    "measures",
    "located",
    "issues",
    "rows_are",
    "accounts",
    "questions",
    "answers",
    "repairs",
    "mended_cells",
    "duplicates",
    "families",
    "parent_column",
    "family_remarks",
    "decided",
]
PLAN = [
    "status",
    "level",
    "region",
    "territories_requested",
    "territories",
    "max_deviation_pct",
    "cv_pct",
    "gini",
    "extra_components",
    "unassigned_units",
    "bridges",
    "compactness",
    "certificate",
    "disruption",
    "explanations",
    "seed",
    "runtime_s",
    "boundaries",
    "located",
]
TERRITORY = ["id", "units", "load", "target", "deviation_pct", "components", "polsby_popper", "rep"]
COMPACTNESS = ["polsby_popper_mean", "reock_mean", "moment_of_inertia_km2", "mean_distance_km", "border_km"]
MOVED = ["units_pct", "accounts_pct", "load_pct"]

# One account per state: loads 10, 20, 30, 40. NH and RI share no border; MA borders all three others.
STATES = {"CT": 10, "MA": 20, "NH": 30, "RI": 40}
ZIPS = {"CT": "06103", "MA": "02108", "NH": "03301", "RI": "02903"}
WHERE = ["--level", "state", "--region", "CT,MA,NH,RI", "--measure", "revenue"]


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    rows = [f"A-{s},{s} Works,{s},{ZIPS[s]},{v},{-v}" for s, v in STATES.items()]
    path = tmp_path / "accounts.csv"
    path.write_text("account_id,name,state,zip,Annual Revenue,credit\n" + "\n".join(rows) + "\n")
    return path


@pytest.fixture
def jersey(tmp_path: Path) -> Path:
    """One to three accounts in each of New Jersey's 21 counties."""
    lines = ["id,name,county fips,Revenue,Visits"]
    for i, county in enumerate(load_units("county", "NJ").ids):
        lines += [f"{county}-{j},Firm {i}.{j},{county},{100 + 10 * (i % 5)},{1 + j}" for j in range(1 + i % 3)]
    path = tmp_path / "jersey.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def plan_file(path: Path, **territory: str) -> Path:
    path.write_text("unit_id,territory\n" + "".join(f"{u},{t}\n" for u, t in territory.items()))
    return path


def territories(path: Path) -> dict[str, str]:
    head, *rows = csv.reader(io.StringIO(path.read_text("utf-8"), newline=""))
    assert head == ["unit_id", "territory"]
    return dict(rows)


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(w) for w in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def report(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict]:
    code, out, _ = run(capsys, *words, "--json")
    return code, json.loads(out)


def refused(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    code, out, err = run(capsys, *words)
    assert (code, out) == (2, "")
    assert err.startswith("terr: error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    return err


def plan_keys(it: dict, measures: list[str]) -> None:
    assert list(it) == PLAN
    for territory in it["territories"]:
        assert list(territory) == TERRITORY
        assert all(list(territory[k]) == measures for k in ("load", "target", "deviation_pct"))
    assert all(list(it[k]) == measures for k in ("max_deviation_pct", "cv_pct", "gini"))
    assert list(it["compactness"]) == COMPACTNESS
    assert all(list(e) == ["code", "message", "units"] for e in it["explanations"])
    if it["disruption"] is not None:
        assert list(it["disruption"]) == MOVED
    if it["certificate"] is not None:
        assert list(it["certificate"]) == ["objective", "bound", "gap_pct", "model", "solver"]


# --- check


def test_check_accounts_for_every_row_and_every_dollar(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "dirty.csv"
    path.write_text(
        'Account ID,Account Name,Zip,Revenue\n1,Acme,78701,"$1,000"\n2,Bolt,78702,oops\n3,=HYPERLINK(1),99999,50\n'
        '1,Acme,78701,"$1,000"\n'
    )
    out = tmp_path / "rejects.csv"
    code, it = report(capsys, "check", path, "--rejects", out)
    assert code == 0
    assert list(it) == CHECK
    assert (it["rows_in"], it["rows_accepted"], it["rows_excluded"], it["rows_rejected"]) == (4, 2, 1, 1)
    assert it["file"] == "dirty.csv"
    assert it["columns"]["zip"] == "Zip"
    money = it["measures"]["Revenue"]
    assert list(money) == ["total_in", "accepted", "excluded", "rejected", "currency"]
    assert money["total_in"] == money["accepted"] + money["excluded"] + money["rejected"] == 2050
    assert list(it["located"]) == ["lat_lon", "zip", "city_state", "county", "unlocated"]
    assert it["located"]["unlocated"] == 1
    assert all(list(i) == ["row", "column", "value", "code", "message", "fate"] for i in it["issues"])
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8-sig"))))
    assert [(r["Row"], r["Status"]) for r in rows] == [("3", "rejected"), ("4", "unlocated"), ("5", "excluded")]
    assert rows[1]["Account Name"] == "'=HYPERLINK(1)"
    assert all(r["Reason"] for r in rows)


def test_check_reads_as_text_too(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "check", accounts, "--map", "name=account_id", "--map", "account_id=name")
    assert (code, err) == (0, "")
    assert "4 rows in = 4 accepted + 0 excluded + 0 rejected" in out
    assert "4 by ZIP" in out


def test_rejects_of_a_clean_file_are_a_header_alone(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "check", accounts, "--rejects", tmp_path / "r.csv")[0] == 0
    assert (tmp_path / "r.csv").read_text("utf-8-sig").splitlines() == [
        "account_id,name,state,zip,Annual Revenue,credit,Row,Status,Reason"
    ]


# --- design


def test_design_draws_balanced_territories_and_writes_the_plan(
    jersey: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["design", jersey, "--level", "county", "--region", "nj", "--measure", "revenue", "--territories", 4]
    words += ["--limit", "revenue=0.1", "--limit", "Visits=40%", "--lock", "34003=2", "--lock", "34001=Territory 4"]
    code, it = report(capsys, *words, "--out", tmp_path / "a.csv")
    assert code == 0
    plan_keys(it, ["revenue", "Visits"])
    assert (it["status"], it["level"], it["region"], it["territories_requested"]) == ("feasible", "county", ["NJ"], 4)
    assert [t["id"] for t in it["territories"]] == [f"Territory {j}" for j in (1, 2, 3, 4)]
    assert sum(t["units"] for t in it["territories"]) == 21
    frame = pd.read_csv(jersey)
    assert sum(t["load"]["revenue"] for t in it["territories"]) == pytest.approx(frame["Revenue"].sum())
    assert all(t["target"]["Visits"] == pytest.approx(frame["Visits"].sum() / 4) for t in it["territories"])
    assert it["max_deviation_pct"]["revenue"] <= 10
    assert it["max_deviation_pct"]["Visits"] <= 40
    assert it["max_deviation_pct"]["revenue"] == max(abs(t["deviation_pct"]["revenue"]) for t in it["territories"])
    assert (it["extra_components"], it["unassigned_units"], it["disruption"]) == (0, 0, None)
    assert 0 < it["compactness"]["reock_mean"] < 1
    assert it["seed"] == 1
    plan = territories(tmp_path / "a.csv")
    assert list(plan) == load_units("county", "NJ").ids
    assert (plan["34003"], plan["34001"]) == ("Territory 2", "Territory 4")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "jersey.csv"]

    again, once_more = report(capsys, *words, "--out", tmp_path / "b.csv")
    assert again == 0
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert {**it, "runtime_s": 0} == {**once_more, "runtime_s": 0}


def test_a_unit_too_large_breaks_the_limit_and_the_plan_is_written_all_the_same(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "design", accounts, *WHERE, "--territories", 4, "--out", tmp_path / "p.csv")
    assert code == 3
    assert "OUTSIDE A LIMIT" in out
    assert "Rhode Island alone holds 160% of a territory's revenue" in out
    assert "terr: error" not in err
    assert "limit ±5%" in out
    assert len((tmp_path / "p.csv").read_text().splitlines()) == 5


def test_json_says_which_limit_breaks_and_why(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, it = report(capsys, "design", accounts, *WHERE, "--territories", 4)
    assert code == 3
    plan_keys(it, ["revenue"])
    assert it["status"] == "limit_broken"
    large = [e["units"] for e in it["explanations"] if e["code"] == "unit_too_large"]
    assert sorted(large) == [["NH"], ["RI"]]  # 30 and 40 where 25 is the target


def test_a_region_in_pieces_and_accounts_outside_are_told(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--level", "state", "--region", "RI,NH", "--measure", "revenue", "--territories", 2]
    code, it = report(capsys, "design", accounts, *words, "--limit", "revenue=0.2")
    assert code == 0
    told = {e["code"]: e for e in it["explanations"]}
    assert it["bridges"] == [["NH", "RI"]]
    assert "New Hampshire – Rhode Island" in told["region_in_pieces"]["message"]
    assert told["outside_region"]["message"].startswith("2 accounts with 30 of revenue lie outside")


def test_accounts_can_be_counted(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--level", "state", "--region", "CT,MA,NH,RI", "--measure", "accounts", "--territories", 4]
    code, it = report(capsys, "design", accounts, *words)
    assert code == 0
    assert [t["load"] for t in it["territories"]] == [{"accounts": 1.0}] * 4


# --- rebalance and compare, by hand


def test_rebalance_moves_the_least(accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # North has 10 + 20, South 30 + 40, targets are 50. Within 20% the least move gives NH (30) to North.
    today = plan_file(tmp_path / "today.csv", CT="North", MA="North", NH="South", RI="South")
    words = ["rebalance", accounts, *WHERE, "--plan", today, "--limit", "revenue=0.2"]
    code, it = report(capsys, *words, "--max-moved", "0.3", "--out", tmp_path / "next.csv")
    assert code == 0
    plan_keys(it, ["revenue"])
    assert {t["id"]: t["load"]["revenue"] for t in it["territories"]} == {"North": 60, "South": 40}
    assert it["disruption"] == {"units_pct": 25, "accounts_pct": 25, "load_pct": {"revenue": pytest.approx(30)}}
    assert territories(tmp_path / "next.csv")["NH"] == "North"
    assert it["territories_requested"] == 2

    code, it = report(capsys, *words, "--max-moved", "0.10", "--out", tmp_path / "next.csv")
    assert code == 3
    assert it["status"] == "limit_broken"
    why = next(e["message"] for e in it["explanations"] if e["code"] == "max_moved")
    # NH and RI share no border, so that even one piece each moves MA's 20
    assert why == "20.0% of revenue changes territory, more than the 10% allowed; allow more, or a wider limit"
    assert it["disruption"]["load_pct"]["revenue"] == pytest.approx(20)

    code, it = report(capsys, *words, "--max-moved", "0.2")
    assert code == 3, "the cap holds, the limit doesn't"
    assert it["disruption"]["load_pct"]["revenue"] == pytest.approx(20)
    why = next(e["message"] for e in it["explanations"] if e["code"] == "max_moved")
    assert "moves at most 20% of revenue" in why

    code, out, _ = run(capsys, *words)
    assert code == 0
    assert "Moves: States moved 25.0%, Accounts moved 25.0%, revenue moved 30.0%, each of all in the region" in out


def test_rebalance_names_territories_as_the_plan_does(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    today = plan_file(tmp_path / "today.csv", CT="North", MA="North", NH="South", RI="Coast")
    code, it = report(capsys, "rebalance", accounts, *WHERE, "--plan", today)
    assert code == 3
    broken = [e["message"] for e in it["explanations"] if e["code"] == "limit_broken"]
    assert broken
    assert all(m.startswith(("North is", "South is", "Coast is")) for m in broken)


def test_compare_measures_both_plans_and_lists_the_moves(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = plan_file(tmp_path / "a.csv", CT="North", MA="North", NH="South", RI="South")
    b = plan_file(tmp_path / "b.csv", CT="North", MA="North", NH="", RI="NORTH")
    b.write_text(b.read_text().replace("NORTH", "North") + "")
    words = ["compare", accounts, *WHERE, "--plan", a, "--plan", b]
    code, it = report(capsys, *words)
    assert code == 0
    assert list(it) == ["a", "b", "moves", "disruption"]
    for side in ("a", "b"):
        plan_keys(it[side], ["revenue"])
    first, second = it["a"], it["b"]
    assert [t["deviation_pct"]["revenue"] for t in first["territories"]] == pytest.approx([-40, 40])
    assert first["cv_pct"]["revenue"] == pytest.approx(40)
    assert first["gini"]["revenue"] == pytest.approx(0.2)
    assert first["extra_components"] == 1  # NH and RI share no border
    assert (first["status"], first["seed"], first["certificate"]) == ("limit_broken", None, None)
    assert second["unassigned_units"] == 1
    assert next(e for e in second["explanations"] if e["code"] == "unassigned")["units"] == ["NH"]
    assert it["moves"] == [
        {"unit_id": "RI", "from": "South", "to": "North", "accounts": 1, "load": {"revenue": 40}},
        {"unit_id": "NH", "from": "South", "to": "", "accounts": 1, "load": {"revenue": 30}},
    ]
    assert it["disruption"] == {"units_pct": 50, "accounts_pct": 50, "load_pct": {"revenue": pytest.approx(70)}}
    code, out, err = run(capsys, *words)
    assert (code, err) == (0, "")
    assert "Rhode Island" in out


def test_plans_that_differ_in_spelling_alone_move_nothing(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a = plan_file(tmp_path / "a.csv", CT="North", MA="North", NH="²", RI="²")
    b = plan_file(tmp_path / "b.csv", CT="NORTH", MA="NORTH", NH="²", RI="²")
    _, it = report(capsys, "compare", accounts, *WHERE, "--plan", a, "--plan", b)
    assert it["moves"] == []
    assert it["disruption"]["units_pct"] == 0


# --- input that can't be used


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--territories", "0"], "0 territories can't be made"),
        (["--territories", "-3"], "-3 territories can't be made"),
        (["--territories", "5"], "5 territories can't be made of 4 states; ask for at most 4"),
        (["--territories", "501"], "choose a number from 1 to 500"),
        (["--territories", "two"], "not a whole number"),
        (["--limit", "revenue=0"], "a tolerance of 0% can't be used"),
        (["--limit", "revenue=-0.1"], "a tolerance of -10%"),
        (["--limit", "revenue=nan"], "must be a share"),
        (["--limit", "revenue"], "needs a measure and a share"),
        (["--limit", "revenue=0.1", "--limit", "revenue=0.2"], "twice"),
        (["--limit", "revenue=0.1", "--limit", "Annual Revenue=0.2"], "already has a limit"),
        (["--limit", "potential=0.1"], 'there is no measure "potential"'),
        (["--measure", "revenu"], "there is no measure"),
        (["--measure", "credit"], "credit is below zero in 4 areas, first in Connecticut"),
        (["--region", "Conecticut"], '"Conecticut" is not a state or region; the closest is Connecticut'),
        (["--region", "TX"], '"revenue" adds up to zero in Texas'),
        (["--region", ""], "no region is given"),
        (["--level", "planet"], '"planet" is not a level; choose state, county'),
        (["--boundaries", "x.zip"], 'there is no boundaries file "x.zip"'),
        (["--boundaries-id", "GEOID"], "--boundaries-id names a column of --boundaries, which isn't given"),
        (["--map", "zip=Postcode"], "has no column 'Postcode' for zip"),
        (["--map", "revenue=Beds"], "has no column 'Beds' for revenue"),
        (["--map", "zip"], "an equals sign"),
        (["--map", "zip=zip", "--map", "zip=state"], "twice"),
        (["--lock", "TX=1"], 'area "TX" can\'t be locked'),
        (["--lock", "ct=1"], "did you mean CT"),
        (["--lock", "CT=3"], 'can\'t be locked to territory "3"'),
        (["--lock", "CT=0"], "choose 1 to 2"),
        (["--seed", "-1"], "choose a seed"),
        (["--time-limit", "0"], "more than 0"),
        (["--time-limit", "inf"], "the time must be seconds"),
        (["--sheet", "Accounts"], "is a text file without sheets"),
        (["--frobnicate"], "unrecognized arguments"),
    ],
)
def test_bad_options_are_one_line(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    before = sorted(tmp_path.iterdir())
    line = refused(capsys, "design", accounts, *WHERE, "--territories", 2, "--out", tmp_path / "p.csv", *words)
    assert says in line
    assert sorted(tmp_path.iterdir()) == before


def test_a_measure_that_is_zero_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "zero.csv"
    path.write_text("id,state,zip,Revenue\n1,CT,06103,0\n2,MA,02108,0\n")
    line = refused(capsys, "design", path, *WHERE, "--territories", 2)
    assert '"revenue" adds up to zero in' in line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no file"),
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "is a PNG image"),
        (b"PK\x03\x04" + bytes(40), "terr: error"),
        (b"id,name,revenue\n1,Acme,5\n", "no column that says where an account is"),
        (b"just one line of words", "terr: error"),
        (bytes(range(256)) * 40, "terr: error"),
    ],
)
def test_files_that_are_no_accounts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None, says: str
) -> None:
    path = tmp_path / "accounts.csv"
    if content is not None:
        path.write_bytes(content)
    for words in (["check", path], ["design", path, *WHERE, "--territories", 2]):
        assert says in refused(capsys, *words)


def test_folders_and_devices_are_no_files(accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is a folder" in refused(capsys, "check", tmp_path)
    assert "not a file on disk" in refused(capsys, "check", os.devnull)
    assert "can't have" in refused(capsys, "check", "a\0b.csv")
    words = ["design", accounts, *WHERE, "--territories", 2, "--out"]
    assert "is a folder" in refused(capsys, *words, tmp_path)
    assert "there is no folder" in refused(capsys, *words, tmp_path / "none" / "p.csv")
    assert "not a file on disk" in refused(capsys, *words, os.devnull)
    assert "is the file that is read" in refused(capsys, *words, accounts)
    assert "is the file that is read" in refused(capsys, "check", accounts, "--rejects", accounts)


def test_a_folder_that_cant_be_written(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # nobody may make files there, not even the superuser
    line = refused(capsys, "design", accounts, *WHERE, "--territories", 2, "--out", "/proc/plan.csv")
    assert "can't be written" in line


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "the plan file is empty"),
        ("unit,owner\nXX,North\nYY,South\n", "has no column with the states of this region"),
        ("unit_id,territory\nCT,A\nMA,A\nNH,B\nRI,B\nTX,B\n", 'area "TX" isn\'t in this region'),
        ("unit_id,territory\nCT,A\nMA,A\nNH,B\nRI,B\nRI,A\n", "again in row 6"),
        ("unit_id,territory\nCT,\nMA,\nNH,\nRI,\n", "assigns nothing to any territory"),
        ('unit_id,territory\nCT,"A\nMA,A\n', "can't be read as CSV"),
    ],
)
def test_damaged_plan_files(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, says: str
) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_bytes(content.encode("utf-8", "surrogateescape"))
    good = plan_file(tmp_path / "good.csv", CT="A", MA="A", NH="B", RI="B")
    assert says in refused(capsys, "rebalance", accounts, *WHERE, "--plan", bad, "--out", tmp_path / "n.csv")
    line = refused(capsys, "compare", accounts, *WHERE, "--plan", good, "--plan", bad)
    assert says in line
    assert "second plan: " in line
    assert not (tmp_path / "n.csv").exists()


def test_compare_needs_two_plans_and_rebalance_a_share(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = plan_file(tmp_path / "p.csv", CT="A", MA="A", NH="B", RI="B")
    assert "needs two plans, 1 given" in refused(capsys, "compare", accounts, *WHERE, "--plan", plan)
    assert "there is no plan file" in refused(capsys, "rebalance", accounts, *WHERE, "--plan", tmp_path / "none.csv")
    assert "share from 0 to 1" in refused(capsys, "rebalance", accounts, *WHERE, "--plan", plan, "--max-moved", "10")


def test_what_isnt_there_isnt_offered(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "invalid choice: 'divine'" in refused(capsys, "divine", accounts)
    assert "required" in refused(capsys)
    code, out, err = run(capsys, "--help")
    assert (code, err) == (0, "")
    assert "certify" in out
    assert "frontier" in out
    assert run(capsys, "--version")[:2] == (0, f"terr {__version__}\n")


# --- limits, targets and wishes beyond one share


TWO = ["--territories", 2]


def design_of(capsys: pytest.CaptureFixture[str], accounts: Path, *words: object) -> tuple[int, dict]:
    code, it = report(capsys, "design", accounts, *WHERE, *TWO, *words)
    plan_keys(it, ["revenue"])
    return code, it


def loads(it: dict) -> list[float]:
    return sorted(t["load"]["revenue"] for t in it["territories"])


# Two territories in one piece each can only be 10|90 (CT alone), 30|70 (NH), 40|60 (RI) or 50|50 (CT and RI).


def test_limits_above_and_below(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, it = design_of(capsys, accounts, "--limit", "revenue=:0.2")
    assert code == 0
    assert loads(it)[1] <= 60
    code, it = design_of(capsys, accounts, "--limit", "revenue=0.1:")
    assert (code, loads(it)) == (0, [50, 50])
    code, it = design_of(capsys, accounts, "--limit", "revenue=0.3:0.1")
    assert (code, loads(it)) == (0, [50, 50])
    code, out, _ = run(capsys, "design", accounts, *WHERE, *TWO, "--limit", "revenue=:0.2")
    assert "(limit at most 20% over target)" in out
    code, out, _ = run(capsys, "design", accounts, *WHERE, *TWO, "--limit", "revenue=0.3:0.1")
    assert "(limit −30% to +10%)" in out


def test_caps_and_floors_are_loads(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wide = ["--limit", "revenue=1"]
    code, it = design_of(capsys, accounts, *wide, "--cap", "revenue=55")
    assert (code, loads(it)) == (0, [50, 50])
    code, it = design_of(capsys, accounts, *wide, "--floor", "revenue=41")
    assert (code, loads(it)) == (0, [50, 50])
    code, it = design_of(capsys, accounts, *wide, "--cap", "revenue=45")
    assert code == 3
    code, out, _ = run(capsys, "design", accounts, *WHERE, *TWO, *wide, "--cap", "revenue=60", "--floor", "revenue=5")
    assert code == 0
    assert "(limit ±100% and at least 5 and at most 60)" in out


def test_a_target_is_a_share_of_a_full_territory(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # 100 in shares of 2/3 and 1: 40 and 60
    code, it = design_of(capsys, accounts, "--limit", "revenue=0.01", "--target", "1=0.6666667")
    assert code == 0
    first, second = it["territories"]
    assert first["target"]["revenue"] == pytest.approx(40, abs=1e-4)
    assert (first["load"]["revenue"], second["load"]["revenue"]) == (40, 60)
    assert it["max_deviation_pct"]["revenue"] < 0.001


def test_units_that_stay_together(accounts: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "p.csv"
    code, _ = design_of(
        capsys, accounts, "--limit", "revenue=1", "--keep-together", "RI,CT", "--keep-together", "NH,MA", "--out", out
    )
    plan = territories(out)
    assert code == 0
    assert plan["RI"] == plan["CT"] != plan["NH"] == plan["MA"]


def test_a_seed_is_where_a_territory_starts(accounts: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "p.csv"
    for unit in ("RI", "NH"):
        words = ["--limit", "revenue=0.45", "--seed-unit", f"{unit}=2", "--out", out]
        assert design_of(capsys, accounts, *words)[0] == 0
        assert territories(out)[unit] == "Territory 2"


def test_what_no_territory_can_take_may_stay_out(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # with at most 45 each only 10 and 40, 30 and 40 or such can be had: some 30 or less stays out
    words = ["--limit", "revenue=1", "--cap", "revenue=45", "--unassigned", "0.35"]
    code, it = design_of(capsys, accounts, *words)
    assert code == 0
    assert it["unassigned_units"] > 0
    assert max(loads(it)) <= 45
    code, it = design_of(capsys, accounts, *words[:-1], "0.05")
    assert code == 3


def test_a_design_that_keeps_close_to_today(accounts: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    today = plan_file(tmp_path / "today.csv", CT="North", MA="North", NH="North", RI="Coast")
    out = tmp_path / "p.csv"
    words = ["--limit", "revenue=1", "--plan", today, "--continuity", "50", "--out", out]
    code, it = design_of(capsys, accounts, *words)
    assert code == 0
    assert it["disruption"]["load_pct"]["revenue"] == 0
    assert territories(out) == {"CT": "North", "MA": "North", "NH": "North", "RI": "Coast"}
    code, it = report(capsys, "design", accounts, *WHERE, "--territories", 3, *words[:-2], "--max-moved", "0.3")
    assert [t["id"] for t in it["territories"]] == ["Coast", "North", "Territory 1"]
    assert it["disruption"]["load_pct"]["revenue"] <= 30


ROSTER = ["--roster", "roster.csv"]


@pytest.fixture
def roster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ann in Hartford, Bob in Littleton, New Hampshire, and Nan with no home."""
    (tmp_path / "roster.csv").write_text("User ID,Name,Zip\nU-1,Ann Poe,06103\nU-2,Bob Ray,03561\nU-3,Nan,\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--limit", "revenue=:"], "names no share"),
        (["--limit", "revenue=a:0.1"], "must be shares below and above"),
        (["--limit", "revenue=0:0.1"], "a tolerance of 0%"),
        (["--cap", "revenue=-1"], "is below zero"),
        (["--cap", "revenue=x"], "must be a number such as"),
        (["--cap", "potential=5"], "there is no measure"),
        (["--cap", "revenue=1", "--floor", "revenue=2"], "least is above the most"),
        (["--cap", "revenue=1", "--cap", "revenue=2"], "twice"),
        (["--cap", "revenue=1", "--cap", "Annual Revenue=2"], "already has a maximum"),
        (["--target", "9=0.5"], 'territory "9"; choose 1 to 2'),
        (["--target", "1=0"], "choose 0.05 to 5"),
        (["--target", "1=0.5", "--target", "Territory 1=0.6"], "has two targets"),
        (["--target", "0.5"], "needs a territory and a share"),
        (["--keep-together", "CT"], "fewer than two areas"),
        (["--keep-together", "CT,TX"], "can't be kept together"),
        (["--unassigned", "5"], "share from 0 to 1"),
        (["--seed-unit", "TX=1"], "can't start a territory"),
        (["--seed-unit", "CT=1", "--seed-unit", "MA=1"], "starts around two areas"),
        (["--seed-unit", "CT=7"], "choose 1 to 2"),
        (["--balance", "-1"], "between 0 and 1,000,000"),
        (["--balance", "credit=1"], "credit is below zero"),
        (["--continuity", "1"], "needs today's plan"),
        (["--keep", "high"], "needs today's plan; give it with --plan"),
        (["--keep", "very"], "argument --keep/--continuity: the price must be Off, Low, Medium, High or a number"),
        (["--shape", "Off"], 'argument --shape: "Off" must be one of Low, Medium, High'),
        (["--from-homes"], "there is no roster; name one with --roster FILE"),
        (["--max-distance", "100"], "there is no roster"),
        (["--roster", "none.csv"], 'there is no roster "none.csv"'),
        ([*ROSTER, "--rep", "Eve"], '--rep: "Eve" isn\'t in the roster; it has Ann Poe, Bob Ray, Nan'),
        ([*ROSTER, "--from-homes"], "3 reps are chosen for 2 territories; choose fewer reps"),
        ([*ROSTER, "--rep", "Nan"], "the home of Nan is missing or not known"),
        ([*ROSTER, "--max-distance", "-5"], "the distance -5 must be above zero: miles, such as 100, or 160km"),
        (
            [*ROSTER, "--max-distance", "far"],
            "argument --max-distance: the distance must be miles, such as 100, or 160km",
        ),
        (
            ["--lock-territory", "1"],
            '--lock-territory: "Territory 1" has no areas to keep; give today\'s plan with --plan',
        ),
        (["--lock-territory", "9"], '--lock-territory can\'t keep territory "9"; choose 1 to 2'),
        (["--leave-out", "TX"], 'area "TX" can\'t be left out'),
        (["--leave-out", "CT,MA,NH,RI"], "everything is locked"),
        (["--keep-whole", "TX"], '--keep-whole: "TX" isn\'t a state of'),
        (["--name", "A", "--name", "B", "--name", "C"], "3 names are given for 2 territories"),
        (["--name", "A", "--name", "a"], "given twice"),
        (["--target", "1=0.01"], "argument --target: the target of 1 is 0.01 of a full territory; choose 0.05 to 5"),
        (["--max-moved", "0.1"], "needs today's plan"),
    ],
)
@pytest.mark.usefixtures("roster")
def test_bad_wishes_are_one_line(
    accounts: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert says in refused(capsys, "design", accounts, *WHERE, *TWO, *words)


@pytest.mark.usefixtures("roster")
def test_reps_start_from_home_and_their_territories_bear_their_names(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*ROSTER, "--rep", "U-1", "--rep", "bob ray", "--limit", "revenue=1", "--out", tmp_path / "p.csv"]
    code, it = design_of(capsys, accounts, *words)
    assert code == 0
    assert [(t["id"], t["rep"]) for t in it["territories"]] == [("Ann Poe", "U-1"), ("Bob Ray", "U-2")]
    plan = territories(tmp_path / "p.csv")
    assert (plan["CT"], plan["NH"]) == ("Ann Poe", "Bob Ray")
    code, it = design_of(capsys, accounts, *words, "--max-distance", "50")
    assert code == 3
    assert "distance" in " ".join(e["message"] for e in it["explanations"])
    code, it = design_of(capsys, accounts, *words, "--max-distance", "50", "--unassigned", "1")
    assert (code, it["unassigned_units"]) == (0, 2)


def test_a_workbooks_own_sheet_of_reps_is_the_roster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "book.xlsx"
    with pd.ExcelWriter(book, engine="openpyxl") as writer:
        pd.DataFrame(
            {"account_id": [*STATES], "name": [*STATES], "zip": [*ZIPS.values()], "revenue": [*STATES.values()]}
        ).to_excel(writer, sheet_name="Accounts", index=False)
        pd.DataFrame({"User ID": ["U-9"], "Name": ["Dee Fox"], "Zip": ["03301"]}).to_excel(
            writer, sheet_name="Reps", index=False
        )
    code, it = design_of(capsys, book, "--from-homes", "--limit", "revenue=1")
    assert code == 0
    assert {t["rep"] for t in it["territories"]} == {"U-9", None}


@pytest.mark.usefixtures("roster")
def test_a_plan_is_kept_within_reach_of_the_reps_it_is_named_after(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    today = plan_file(tmp_path / "today.csv", CT="Ann Poe", MA="Ann Poe", NH="Bob Ray", RI="Ann Poe")
    words = ["--plan", today, "--limit", "revenue=1", *ROSTER, "--max-distance"]
    code, it = report(capsys, "rebalance", accounts, *WHERE, *words, "150km")
    assert (code, it["disruption"]["units_pct"]) == (0, 0)
    code, it = report(capsys, "frontier", accounts, *WHERE, *words, "20km")
    assert code == 3
    assert all(p["status"] == "limit_broken" for p in it["points"])


@pytest.mark.usefixtures("roster")
def test_named_accounts_go_where_they_are_said_to(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    today = plan_file(tmp_path / "today.csv", CT="Ann Poe", MA="South", NH="South", RI="Ann Poe")
    named = tmp_path / "named.csv"
    named.write_text(
        "account_id,rep,reason,since,until\nA-NH,Ann Poe,Headquarters,,\nA-MA,U-1,,,2020-01-31\nA-RI,U-1,,2999-01-31,\n"
    )
    words = ["certify", accounts, *WHERE, "--plan", today, *ROSTER, "--limit", "revenue=1", "--named", named]
    code, it = report(capsys, *words, "--time-limit", "20")
    assert code == 0
    assert {t["id"]: t["load"]["revenue"] for t in it["territories"]} == {"Ann Poe": 80, "South": 20}
    assert [t["target"]["revenue"] for t in it["territories"]] == [50, 50]
    told = {e["code"]: e["message"] for e in it["explanations"]}
    assert told["exceptions_past"] == "1 row of named.csv past the last day is left out"
    assert told["exceptions_ahead"] == "1 row of named.csv with a first day ahead is left out"
    assert told["many_exceptions"].startswith("1 account of 4")
    assert "Ann Poe keeps 1 account by exception" in told["exceptions_counted"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("account,territory\nA-CT,North\n", "--named: named.csv needs the columns account_id and territory or rep"),
        ("account_id\nA-CT\n", "needs the columns account_id and territory or rep"),
        ("account_id,territory\nA-CT,North\nA-XX,North\n", 'row 3 of named.csv: account "A-XX" isn\'t among'),
        ("account_id,territory\nA-CT,West\n", 'row 2 of named.csv: there is no territory "West"; choose 1 to 2'),
        ("account_id,territory,rep\nA-CT,,\n", "row 2 of named.csv: say where account A-CT goes"),
        ("account_id,rep\nA-CT,Eve\n", 'row 2 of named.csv: "Eve" isn\'t in the roster'),
        (
            "account_id,rep\nA-CT,U-2\n",
            "goes to a rep who has no territory in the plan of the plan; give --plan with one named",
        ),
        (
            "account_id,territory,until\nA-CT,North,May 3\n",
            'row 2 of named.csv: "May 3" is no day; write it as 2027-03-31',
        ),
        ("account_id,territory,kind\nA-CT,North,forever\n", 'row 2 of named.csv: "forever" is not a kind of exception'),
        ("account_id,territory,kind\nA-CT,North,holdover\n", "give the last day for account A-CT"),
    ],
)
@pytest.mark.usefixtures("roster")
def test_named_accounts_that_cant_be(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, says: str
) -> None:
    today = plan_file(tmp_path / "today.csv", CT="North", MA="North", NH="Ann Poe", RI="Ann Poe")
    (tmp_path / "named.csv").write_text(content)
    words = ["rebalance", accounts, *WHERE, "--plan", today, *ROSTER, "--named", "named.csv"]
    assert says in refused(capsys, *words)


def test_named_accounts_need_a_territory_with_units(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = tmp_path / "named.csv"
    named.write_text("account_id,territory\nA-CT,1\n")
    line = refused(capsys, "design", accounts, *WHERE, *TWO, "--named", named)
    assert 'row 2 of named.csv: "Territory 1" has no areas yet; give today\'s plan with --plan' in line


def test_a_plan_is_judged_as_it_stands(accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    today = plan_file(tmp_path / "today.csv", CT="North", MA="North", NH="South", RI="South")
    words = [accounts, *WHERE, "--plan", today, "--lock", "NH=North"]
    for verb in ("certify", "frontier"):
        assert "area NH isn't where it is to be locked or left out" in refused(capsys, verb, *words)
    _, it = report(capsys, "rebalance", *words, "--limit", "revenue=0.25")
    assert {t["id"]: t["load"]["revenue"] for t in it["territories"]}["North"] == 60


def test_compare_judges_by_every_limit(accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a = plan_file(tmp_path / "a.csv", CT="North", MA="North", NH="North", RI="South")  # 60 and 40
    words = ["compare", accounts, *WHERE, "--limit", "revenue=1", "--plan", a, "--plan", a]
    assert report(capsys, *words)[1]["a"]["status"] == "feasible"
    _, it = report(capsys, *words, "--cap", "revenue=50")
    assert it["a"]["status"] == "limit_broken"
    assert [e["message"] for e in it["a"]["explanations"] if e["code"] == "limit_broken"] == [
        "North has 60 of revenue, more than the 50 allowed"
    ]
    _, it = report(capsys, *words, "--keep-together", "RI,CT")
    assert it["a"]["status"] == "limit_broken"
    _, it = report(capsys, *words, "--target", "South=0.6666667")
    assert it["a"]["max_deviation_pct"]["revenue"] == pytest.approx(0, abs=1e-4)


# --- certify and frontier


def test_certify_proves_a_small_plan(accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    best = plan_file(tmp_path / "best.csv", CT="South", MA="North", NH="North", RI="South")
    words = ["certify", accounts, *WHERE, "--plan", best]
    code, it = report(capsys, *words, "--limit", "revenue=0.1")
    assert code == 0
    plan_keys(it, ["revenue"])
    assert it["status"] == "optimal", "the one split in one piece each within 10%"
    proof = it["certificate"]
    assert proof["bound"] <= proof["objective"]
    assert proof["bound"] == pytest.approx(proof["objective"], rel=1e-4)
    assert proof["gap_pct"] == pytest.approx(0, abs=0.01)
    assert it["disruption"] is None
    code, out, _ = run(capsys, *words, "--limit", "revenue=0.1", "--time-limit", "20")
    assert code == 0
    assert "Proof: objective" in out
    uneven = plan_file(tmp_path / "uneven.csv", CT="North", MA="North", NH="North", RI="South")
    code, it = report(capsys, "certify", accounts, *WHERE, "--plan", uneven, "--limit", "revenue=0.1")
    assert (code, it["status"]) == (3, "limit_broken")


def test_frontier_shows_what_change_buys(accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # 10 and 90: with RI's 40 moved, 50 and 50
    today = plan_file(tmp_path / "today.csv", CT="Coast", MA="North", NH="North", RI="North")
    folder = tmp_path / "curve"
    folder.mkdir()
    words = ["frontier", accounts, *WHERE, "--limit", "revenue=0.25", "--plan", today]
    code, it = report(capsys, *words, "--out-dir", folder)
    assert code == 0
    assert list(it) == ["level", "region", "measure", "territories", "points", "seed", "runtime_s"]
    points = it["points"]
    assert list(points[0]) == [
        "point",
        "status",
        "moved_pct",
        "max_deviation_pct",
        "disruption",
        "units_moved",
        "plan",
    ]
    assert [p["point"] for p in points] == list(range(1, len(points) + 1))
    assert points[0]["moved_pct"] == 0
    moved, off = [p["moved_pct"] for p in points], [p["max_deviation_pct"]["revenue"] for p in points]
    assert moved == sorted(moved)
    assert off == sorted(off, reverse=True)
    assert off[0] == pytest.approx(80)
    assert (moved[-1], off[-1]) == (pytest.approx(40), pytest.approx(0))
    assert points[-1]["status"] == "feasible"
    for p in points:
        assert set(territories(folder / p["plan"])) == set(STATES)
    assert p["disruption"]["load_pct"]["revenue"] == pytest.approx(p["moved_pct"])
    code, out, _ = run(capsys, *words)
    assert code == 0
    assert "moves" in out
    assert "within every limit" in out


def test_frontier_writes_over_nothing_it_reads(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    today = plan_file(tmp_path / "point-3.csv", CT="A", MA="B", NH="B", RI="B")
    words = ["frontier", accounts, *WHERE, "--plan", today, "--out-dir"]
    assert "is the file that is read" in refused(capsys, *words, tmp_path)
    assert "there is no folder" in refused(capsys, *words, tmp_path / "none")
    assert "8 to 40" in refused(capsys, *words, tmp_path, "--points", "2")


WORDS = st.sampled_from(
    [
        "CT",
        "=",
        "a=b",
        "revenue",
        "county=zip",
        "name",
        "zip=zip",
        "%s",
        "\0",
        "é\n",
        "-1",
        "1e400",
        "/",
        "",
        "CT=²",
        "²",
        "{}",
    ]
)
OPTIONS = st.sampled_from(
    [
        "--limit",
        "--map",
        "--lock",
        "--seed",
        "--time-limit",
        "--sheet",
        "--measure",
        "--region",
        "--level",
        "--territories",
    ]
)


@examples(60)
@given(st.lists(st.tuples(OPTIONS, WORDS), max_size=3))
def test_no_words_on_the_command_line_make_it_fall(
    accounts: Path, capsys: pytest.CaptureFixture[str], pairs: list[tuple[str, str]]
) -> None:
    words = ["design", accounts, *WHERE, "--territories", 2, "--limit", "revenue=0.6", *(w for p in pairs for w in p)]
    code, out, err = run(capsys, *words)
    assert code in {0, 2}
    if code == 2:
        assert out == ""
        assert err.startswith("terr: error: ")
        assert err.count("\n") == 1


# --- demo and the real program


def test_demo_doesnt_write_over_other_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = tmp_path / "demo.xlsx"
    assert run(capsys, "demo", book)[0] == 0
    first = book.read_bytes()
    assert run(capsys, "demo", book)[0] == 0
    assert book.read_bytes() == first
    book.write_bytes(b"something else")
    assert "holds something else" in refused(capsys, "demo", book)
    assert book.read_bytes() == b"something else"
    assert "ends in .xlsx" in refused(capsys, "demo", tmp_path / "demo.csv")


@pytest.mark.slow
def test_the_program_as_a_person_starts_it(tmp_path: Path) -> None:
    def terr(*words: str) -> subprocess.CompletedProcess[str]:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            [sys.executable, "-m", "terr", *words], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120
        )

    assert terr("demo", "out.xlsx").returncode == 0
    done = terr("check", "out.xlsx", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    it = json.loads(done.stdout)
    assert list(it) == CHECK
    assert it["rows_in"] == it["rows_accepted"] == 5000
    assert it["located"]["unlocated"] == 0
    wrong = terr("check", "none.csv")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.count("\n") == 1
    solved = terr(
        "design",
        "out.xlsx",
        "--level",
        "state",
        "--region",
        "WA,OR,ID,MT,WY",
        "--measure",
        "revenue",
        "--territories",
        "2",
        "--limit",
        "revenue=0.5",
        "--json",
    )
    assert solved.returncode == 0
    plan_keys(json.loads(solved.stdout), ["revenue"])
