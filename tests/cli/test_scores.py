"""`--scores FILE.json`: what the Scores page keeps, on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from terr.cli.main import main

EXAMPLE = Path(__file__).with_name("scores_example.json")
ROWS = """account_id,name,state,zip,Users,Annual Revenue
A-1,Alder,CT,06103,40,100
A-2,Birch,MA,02108,30,100
A-3,Cedar,NH,03301,9,50
A-4,Drake,RI,02903,5,10
"""


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.csv"
    path.write_text(ROWS)
    return path


def run(accounts: Path, measure: str, scores: Path, *more: str) -> int:
    return main(
        [
            "design",
            str(accounts),
            "--level",
            "state",
            "--region",
            "CT,MA,NH,RI",
            "--territories",
            "2",
            "--measure",
            measure,
            "--limit",
            f"{measure}=1",
            "--json",
            "--scores",
            str(scores),
            *more,
        ]
    )


@pytest.mark.parametrize(
    ("measure", "total"),
    [("White space", 580.0), ("white SPACE", 580.0), ("Annual Revenue · Large", 200.0), ("revenue", 260.0)],
)
def test_kept_measures_are_measures_like_any_other(
    accounts: Path, measure: str, total: float, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(accounts, measure, EXAMPLE) == 0
    report = json.loads(capsys.readouterr().out)
    loads = [t["load"] for t in report["territories"]]
    name = {"white SPACE": "White space"}.get(measure, measure)
    assert sum(load[name] for load in loads) == pytest.approx(total)


def test_hours_are_planned_beside_money(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(accounts, "Hours a year", EXAMPLE, "--limit", "revenue=1") == 0
    report = json.loads(capsys.readouterr().out)
    assert sum(t["load"]["revenue"] for t in report["territories"]) == 260
    # tier A (400 + 300 of 840): 24 calls of an hour; B (90): 4 of 45 minutes; C (50): one of 30; and the travel
    assert sum(t["load"]["Hours a year"] for t in report["territories"]) > 24 + 3 + 0.5


def test_what_cant_be_used_is_one_line(accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(accounts, "Tier", EXAMPLE) == 2
    assert '"Tier" of --scores can\'t be used: it is a text, not a measure' in capsys.readouterr().err
    accounts.write_text(ROWS.replace("Users", "Seats"))
    assert run(accounts, "White space", EXAMPLE) == 2
    assert 'can\'t be used: there is no column "Users"' in capsys.readouterr().err
    assert run(accounts, "revenue", EXAMPLE) == 0, "what isn't asked for is left out and told"
    told = json.loads(capsys.readouterr().out)["explanations"]
    assert '"Potential by users" is left out: there is no column "Users"' in " ".join(e["message"] for e in told)
    bad = tmp_path / "bad.json"
    bad.write_text("{}")
    assert run(accounts, "revenue", bad) == 2
    assert capsys.readouterr().err.startswith("terr: error: this is not a file of scores")
