"""`terr match`, `terr quota` and `terr size`, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from terr.cli.main import main

ACCOUNTS = """Account ID,Name,County,State,Industry,Owner,Annual Revenue,Potential
A-1,One,Kent,DE,Healthcare,Ann Poe,100,300
A-2,Two,New Castle,DE,Retail,Bob Ray,400,500
A-3,Three,New Castle,DE,Healthcare,Ann Poe,100,700
A-4,Four,Sussex,DE,Retail,Cy Oh,200,300
"""
ROSTER = """User ID,Full Name,Home ZIP,Skills,Seniority,Start Date,FTE
U-1,Ann Poe,19901,Healthcare,3,2020-01-01,100%
U-2,Bob Ray,19801,,2,2027-01-01,100%
U-3,Cy Oh,19966,,1,,50%
"""
PLAN = "unit_id,territory\n10001,Middle\n10003,North\n10005,South\n"
ORDERS = """Order ID,Account ID,Order Date,Amount
O-1,A-1,2026-03-01,50
O-2,A-2,2026-05-01,150
O-3,A-4,2026-12-31,100
O-4,A-1,2025-03-01,40
O-5,A-2,2025-05-01,100
O-6,A-4,2025-12-31,60
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    texts = {"accounts": ACCOUNTS, "roster": ROSTER, "plan": PLAN, "orders": ORDERS}
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: str(tmp_path / f"{name}.csv") for name in texts}


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([*words, "--json"]) == 0
    out: dict[str, Any] = json.loads(capsys.readouterr().out)
    return out


def place(files: dict[str, str]) -> list[str]:
    return ["--plan", files["plan"], "--level", "county", "--region", "DE"]


def test_who_lives_nearest_covers_what(files, capsys) -> None:
    asked = ["match", files["accounts"], "--roster", files["roster"], *place(files), "--weights"]
    near = told(capsys, *asked, "travel=1,skills=0,relationships=0,seniority=0")
    assert {p["territory"]: p["rep"] for p in near["pairs"]} == {"Middle": "U-1", "North": "U-2", "South": "U-3"}
    assert (near["status"], near["unmatched_reps"], near["unmatched_territories"]) == ("optimal", [], [])
    assert near["total"] == pytest.approx(sum(p["cost"] for p in near["pairs"]))
    assert near["bound"] == pytest.approx(near["total"])
    north = next(p for p in near["pairs"] if p["territory"] == "North")
    assert north["miles"] < 25
    assert set(north["parts"]) == {"travel_hours", "skills_missing", "relationships_lost", "seniority_short"}
    assert north["second"]["rep"] == "U-1"
    assert north["second"]["cost"] > 0


def test_a_segment_that_needs_a_skill_and_a_lock_change_who(files, capsys) -> None:
    asked = ["match", files["accounts"], "--roster", files["roster"], *place(files)]
    skilled = told(capsys, *asked, "--weights", "travel=0,skills=1", "--need", "Healthcare=healthcare")
    middle = next(p for p in skilled["pairs"] if p["territory"] == "Middle")
    assert middle["rep"] == "U-1"
    assert middle["parts"]["skills_missing"] == 0
    assert "covers 100% of the revenue that needs a skill" in middle["why"].lower()
    locked = told(capsys, *asked, "--lock", "Middle=Cy Oh")
    assert next(p["rep"] for p in locked["pairs"] if p["territory"] == "Middle") == "U-3"
    assert main([*asked]) == 0
    assert "proven best" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--need", "Farms=tractors"], 'no account is in the segment "Farms"'),
        (["--lock", "Middle=Zoe"], "Zoe"),
        (["--lock", "Nowhere=U-1"], "Nowhere"),
        (["--weights", "speed=1"], "has no speed"),
        (["--weights", "travel"], "NAME=NUMBER"),
        (["--weights", "travel=0,skills=0,relationships=0,seniority=0"], "above 0"),
    ],
)
def test_a_match_that_cannot_be_is_said_in_a_line(files, capsys, more: list[str], said: str) -> None:
    assert main(["match", files["accounts"], "--roster", files["roster"], *place(files), *more]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_quotas_by_owner_add_up_and_show_their_parts(files, capsys) -> None:
    asked = ["quota", files["accounts"], "--target", "1000", "--period", "2027", "--orders", files["orders"]]
    found = told(capsys, *asked, "--roster", files["roster"], "--round", "10")
    assert found["total"] == 1000
    assert sum(round(100 * r["quota"]) for r in found["rows"]) == 100_000
    for row in found["rows"]:
        assert sum(round(100 * v) for v in row["parts"].values()) == round(100 * row["quota"])
    assert {r["key"]: (r["rep"], r["last"]) for r in found["rows"]} == {
        "Ann Poe": ("U-1", 50), "Bob Ray": ("U-2", 150), "Cy Oh": ("U-3", 100),
    }  # fmt: skip
    assert any("Jan 1, 2026 to Dec 31, 2026" in n for n in found["notes"])
    bob = next(r for r in found["rows"] if r["key"] == "Bob Ray")
    assert bob["parts"]["ramp"] < 0  # starts with the year
    assert main(asked) == 0
    assert "Quotas for 2027: 1,000.00" in capsys.readouterr().out


def test_quotas_are_set_beside_the_open_deals_that_could_fill_them(files, capsys, tmp_path) -> None:
    deals = tmp_path / "deals.csv"
    deals.write_text(
        "Opportunity ID,Account ID,Stage,Amount,Created Date,Close Date\n"
        "D-1,A-1,Negotiation,200,2026-11-01,2027-02-01\n"
        "D-2,A-2,Closed Won,100,2026-11-01,2027-01-15\n"
        "D-3,A-2,Proposal,150,2026-12-01,2027-05-01\n",
        encoding="utf-8",
    )
    asked = ["quota", files["accounts"], "--target", "1000", "--period", "2027"]
    assert all(r["coverage"] is None for r in told(capsys, *asked)["rows"])
    found = {r["key"]: r for r in told(capsys, *asked, "--opportunities", str(deals))["rows"]}
    ann, bob = found["Ann Poe"], found["Bob Ray"]
    assert ann["coverage"] == pytest.approx(200 / ann["quota"])
    assert bob["coverage"] == pytest.approx(150 / (bob["quota"] - 100))
    assert found["Cy Oh"]["coverage"] == 0


def test_quotas_of_a_plan_without_orders_say_what_they_rest_on(files, capsys) -> None:
    found = told(capsys, "quota", files["accounts"], "--target", "12500000", "--period", "2027-Q1", *place(files))
    assert [r["key"] for r in found["rows"]] == ["Middle", "North", "South"]
    assert found["total"] == 12_500_000
    assert found["weights"]["trend"] == 0
    assert any("weight of trend is 0" in n for n in found["notes"])
    assert found["rows"][0]["last"] == 100


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--target", "1000", "--period", "next year"], "isn't a period"),
        (["--target", "1000", "--period", "2027", "--floor", "90"], "9,000%"),
        (["--target", "1", "--period", "2027", "--floor", ".9"], "floors add up to"),
        (["--target", "1000", "--period", "2027", "--floor", "1.4", "--cap", "1.3"], "above the cap"),
        (["--target", "0", "--period", "2027"], "above 0"),
        (["--target", "1000", "--period", "2027", "--plan", "x.csv"], ""),
    ],
)
def test_quotas_that_cannot_be_are_said_in_a_line(files, capsys, more: list[str], said: str) -> None:
    assert main(["quota", files["accounts"], *more]) == 2
    assert said in capsys.readouterr().err


def test_three_methods_of_sizing_side_by_side(files, capsys) -> None:
    asked = ["size", files["accounts"], "--roster", files["roster"]]
    found = told(capsys, *asked, "--calls", "A=12,B=6,C=2", "--minutes", "A=60,B=30,C=30", "--selling-hours", "10")
    hours = sum(t["accounts"] * t["calls"] * t["minutes"] / 60 for t in found["tiers"])
    assert found["workload"] == {"hours": hours, "selling_hours": 10, "reps": hours / 10}
    assert sum(t["accounts"] for t in found["tiers"]) == 4
    assert found["potential"]["reps"] >= 1
    assert found["marginal"]["reps"] >= 1
    assert found["reps"] == 3
    assert main(asked) == 0
    assert "By workload (Talley 1961)" in capsys.readouterr().out
    assert main([*asked, "--calls", "Z=3"]) == 2
    assert "no account is in tier Z" in capsys.readouterr().err


def test_a_design_follows_capacity_as_of_a_day_and_names_who_is_away(files, capsys) -> None:
    asked = ["design", files["accounts"], "--level", "county", "--region", "DE", "--measure", "Annual Revenue"]
    asked += ["--territories", "2", "--from-homes", "--roster", files["roster"], "--limit", "Annual Revenue=0.6"]
    found = told(capsys, *asked, "--as-of", "2026-12-31")
    assert any("not working on 2026-12-31" in e["message"] and "Bob Ray" in e["message"] for e in found["explanations"])
    targets = {t["id"]: t["target"]["Annual Revenue"] for t in found["territories"]}
    assert targets == pytest.approx({"Ann Poe": 800 * 2 / 3, "Cy Oh": 800 / 3})
    assert main([*asked, "--as-of", "2026-12-31", "--rep", "Bob Ray"]) == 2
    assert "won't be working on 2026-12-31" in capsys.readouterr().err
    assert main([*asked, "--as-of", "tomorrow"]) == 2
    assert "write it as 2027-03-31" in capsys.readouterr().err
