"""Today's plan on the command line: the owner column instead of a plan file."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_cli import refused, report, run

OWNED = """Account ID,Name,County,State,Owner,Revenue
A-1,One,Kent,DE,Ann Poe,100
A-2,Two,New Castle,DE,"Poe, Ann",250
A-3,Three,New Castle,DE,Bob Ray,50
A-4,Four,Sussex,DE,bob ray,120
A-5,Five,Sussex,DE,House Account,80
"""
ON_DELAWARE = ("--level", "county", "--region", "DE", "--measure", "revenue")


def test_todays_plan_is_the_owner_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "owned.csv"
    file.write_text(OWNED)
    code, found = report(capsys, "certify", str(file), *ON_DELAWARE, "--limit", "revenue=1", "--today", "owners")
    assert code == 0
    loads = {t["id"]: t["load"]["revenue"] for t in found["territories"]}
    assert loads == {"Ann Poe": 400.0, "Bob Ray": 200.0}
    said = " ".join(e["message"] for e in found["explanations"])
    assert "the owner column: 2 owners; 1 of 4 owned accounts lie in another owner's area" in said
    assert "House Account (1 account) look like house accounts" in said
    out = tmp_path / "plan.csv"
    code, found = report(
        capsys, "rebalance", str(file), *ON_DELAWARE, "--limit", "revenue=.01", "--today", "owners", "--out", str(out)
    )
    assert code == 0
    assert {t["load"]["revenue"] for t in found["territories"]} == {300.0}
    # Kent goes from Ann to Bob, and A-3 of New Castle was Bob's: 150 of 600, 2 of 5 accounts
    assert found["disruption"]["load_pct"]["revenue"] == pytest.approx(25)
    assert found["disruption"]["accounts_pct"] == pytest.approx(40)


def test_today_is_a_plan_file_or_the_owners(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "owned.csv"
    file.write_text(
        OWNED.replace("Ann Poe", "").replace('"Poe, Ann"', "").replace("Bob Ray", "").replace("bob ray", "")
    )
    said = refused(capsys, "design", str(file), *ON_DELAWARE, "--territories", "2", "--today", "owners")
    assert "no account in this region has an owner" in said
    said = refused(capsys, "rebalance", str(file), *ON_DELAWARE)
    assert "--plan" in said
    assert "--today" in said


def test_questions_about_owners_are_listed_by_check_and_answered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "owned.csv"
    file.write_text(OWNED)
    _, found = report(capsys, "check", str(file))
    (one,) = [q for q in found["questions"] if q["code"] == "owners"]
    assert (one["key"], one["column"], one["answer"], one["answered"]) == ("owners:house", "Owner", "none", False)
    assert [c["value"] for c in one["choices"]] == ["none", "own"]
    _, found = report(capsys, "check", str(file), "--answer", "owners:house=own")
    assert [(q["answer"], q["answered"]) for q in found["questions"]] == [("own", True)]
    assert found["answers"] == {"owners:house": "own"}

    today = ("certify", str(file), *ON_DELAWARE, "--limit", "revenue=1", "--today", "owners")
    _, found = report(capsys, *today)
    assert '(else: --answer "owners:house=own")' in " ".join(e["message"] for e in found["explanations"])
    # Sussex: 120 of Bob's, 80 of the house account
    _, found = report(capsys, *today, "--answer", "owners:house=own")
    assert sum(t["load"]["revenue"] for t in found["territories"]) == 600.0
    said = " ".join(e["message"] for e in found["explanations"])
    assert "3 owners" in said
    assert "Taken as: keep each as a territory of its own" in said
    assert "else:" not in said
    assert "choose none, own" in refused(capsys, *today, "--answer", "owners:house=maybe")
    assert "the questions about owners" in refused(capsys, *today, "--answer", "owners:moon=own")
    design = ("design", str(file), *ON_DELAWARE, "--territories", "2")
    assert "need --today owners" in refused(capsys, *design, "--answer", "owners:house=own")


def test_a_plan_is_compared_with_todays_owners(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, plan = tmp_path / "owned.csv", tmp_path / "plan.csv"
    file.write_text(OWNED)
    plan.write_text("unit_id,territory\n10001,Bob Ray\n10003,Ann Poe\n10005,Bob Ray\n")
    compare = ("compare", str(file), *ON_DELAWARE, "--limit", "revenue=1")
    code, found = report(capsys, *compare, "--today", "owners", "--plan", str(plan))
    assert code == 0
    assert {t["id"]: t["load"]["revenue"] for t in found["a"]["territories"]} == {"Ann Poe": 400.0, "Bob Ray": 200.0}
    assert [(m["unit_id"], m["from"], m["to"]) for m in found["moves"]] == [("10001", "Ann Poe", "Bob Ray")]
    # Kent's account of Ann's, and A-3 of New Castle, which is Bob's: 150 of 600, 2 of 5 accounts
    assert found["disruption"]["load_pct"]["revenue"] == pytest.approx(25)
    assert found["disruption"]["accounts_pct"] == pytest.approx(40)
    assert any(e["code"] == "as_owned" for e in found["a"]["explanations"])
    assert not any(e["code"] == "as_owned" for e in found["b"]["explanations"])
    code, said, _ = run(capsys, *compare, "--today", "owners", "--plan", str(plan))
    assert code == 0
    assert "first: today's plan is the owner column: 2 owners" in said
    assert "--today owners needs one plan" in refused(
        capsys, *compare, "--today", "owners", "--plan", str(plan), "--plan", str(plan)
    )
    assert "or --today owners" in refused(capsys, *compare, "--plan", str(plan))
