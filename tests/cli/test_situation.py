"""`terr situation`, as a person types it."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from terr.cli.main import main
from tests.workspace.situations.places import COUNTIES, MIDDLE, NORTH, SOUTH

ROSTER = "User ID,Full Name,Home ZIP\nU-1,Ann Poe,07102\nU-2,Bob Ray,08901\nU-3,Cy Oh,08102\nU-4,Di Fay,07740\n"


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    accounts = ["Account ID,Name,County,State,Revenue"]
    accounts += [f"N-{i},Customer {i},{c},NJ,10" for i, c in enumerate(COUNTIES, start=1)]
    owner = {**dict.fromkeys(NORTH, "Ann Poe"), **dict.fromkeys(MIDDLE, "Bob Ray"), **dict.fromkeys(SOUTH, "Cy Oh")}
    plan = ["unit_id,territory"] + [f"{34001 + 2 * i},{owner[c]}" for i, c in enumerate(COUNTIES)]
    texts = {"accounts": "\n".join(accounts), "plan": "\n".join(plan), "roster": ROSTER}
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    return {**{name: str(tmp_path / f"{name}.csv") for name in texts}, "out": str(out)}


def words(files: dict[str, str], kind: str, *more: str) -> list[str]:
    of = ["--plan", files["plan"], "--roster", files["roster"], "--level", "county", "--region", "NJ"]
    return ["situation", kind, files["accounts"], *of, "--measure", "revenue", *more]


def told(capsys: pytest.CaptureFixture[str], asked: list[str], code: int = 0) -> dict[str, Any]:
    assert main([*asked, "--json"]) == code
    out: dict[str, Any] = json.loads(capsys.readouterr().out)
    return out


def test_a_rep_leaves(files, capsys) -> None:
    found = told(capsys, words(files, "leave", "--rep", "Bob Ray", "--from", "2099-01-04"))
    assert (found["situation"], found["from"], found["until"]) == ("leave", "2099-01-04", None)
    assert found["what"] == "Bob Ray leaves, from Jan 4, 2099"
    few, near = found["options"]
    assert (few["option"], near["option"]) == ("fewest", "travel")
    assert few["title"] == "Fewest changes, most even"
    assert few["status"] == "feasible"
    assert [t["id"] for t in few["territories"]] == ["Ann Poe", "Cy Oh"]
    assert few["changes"]["accounts"] == len(few["accounts"]) == 7
    assert {a["from_rep"] for a in few["accounts"]} == {"Bob Ray"}
    assert all(a["why"] for a in few["accounts"])
    assert few["changes"]["between_reps_who_stay"] == 0
    assert few["changes"]["share_pct"] == pytest.approx(100 / 3)


def test_others_cover_until_a_day(files, capsys) -> None:
    asked = words(
        files, "leave", "--rep", "U-2", "--from", "2099-01-04", "--until", "2099-03-31", "--successor", "Di Fay"
    )
    found = told(capsys, asked)
    assert found["until"] == "2099-03-31"
    assert [o["title"] for o in found["options"]] == ["One rep covers", "Shared evenly", "Shortest travel"]
    assert found["what"].endswith("then Di Fay follows")


def test_reps_are_hired_by_name_or_home(files, capsys) -> None:
    found = told(capsys, words(files, "hire", "--rep", "Di Fay", "--home", "07740", "--count", "2"), 3)
    assert {o["changes"]["between_reps_who_stay"] for o in found["options"]} == {0}
    names = [t["id"] for t in found["options"][0]["territories"]]
    assert set(names) == {"Ann Poe", "Bob Ray", "Cy Oh", "Di Fay", "New rep 1"}


def test_merge_and_split(files, capsys) -> None:
    found = told(capsys, words(files, "merge", "--territory", "Ann Poe", "--territory", "Bob Ray"))
    assert found["options"][0]["territories_requested"] == 2
    found = told(capsys, words(files, "split", "--territory", "Ann Poe", "--rep", "Di Fay", "--count", "2"), 3)
    assert found["options"][0]["territories_requested"] == 4


def test_as_text_with_plans_and_letters_in_a_folder(files, capsys) -> None:
    assert main(words(files, "leave", "--rep", "Bob Ray", "--out-dir", files["out"])) == 0
    out = capsys.readouterr().out
    assert "Bob Ray leaves" in out
    assert "Shortest travel" in out
    assert "Ann Poe gains 4 accounts" in out
    plan = (Path(files["out"]) / "fewest.csv").read_text().splitlines()
    assert plan[0] == "unit_id,territory"
    assert len(plan) == 22
    letters = zipfile.ZipFile(io.BytesIO((Path(files["out"]) / "fewest-letters.zip").read_bytes()))
    assert len(letters.namelist()) == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["leave"], "name who leaves: --rep NAME"),
        (["leave", "--rep", "Di Fay"], "Di Fay has no territory in this plan"),
        (["leave", "--rep", "Bob Ray", "--from", "2020-01-01"], "is in the past"),
        (["leave", "--rep", "Bob Ray", "--from", "soon"], "is not a day"),
        (["leave", "--rep", "Bob Ray", "--successor", "Di Fay"], "--successor needs --until"),
        (["hire", "--count", "2", "--home", "07740"], "--count 2 needs as many homes"),
        (["hire"], "each needs a home"),
        (["hire", "--home", "99999"], "ZIP 99999 isn't known"),
        (["hire", "--rep", "Ann Poe"], "already covers"),
        (["merge", "--territory", "Ann Poe"], "name the two territories"),
        (["merge", "--territory", "Ann Poe", "--territory", "Zed"], 'no rep or territory "Zed"'),
        (["split", "--territory", "Ann Poe", "--count", "8"], "has 7 counties"),
        (["merge", "--until", "2099-01-01"], "--until says nothing about merge"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(files, capsys, more: list[str], said: str) -> None:
    assert main(words(files, more[0], *more[1:])) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
