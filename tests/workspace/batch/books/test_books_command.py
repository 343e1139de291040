"""`terr design --by accounts`: the contract's keys, conservation, rules, families, homes, and bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from terr.cli.main import main

CITIES = [("Austin", 30.27, -97.74), ("Dallas", 32.78, -96.80), ("Houston", 29.76, -95.37), ("El Paso", 31.76, -106.49)]


def accounts_file(folder: Path, n: int = 40, *, parents: bool = False) -> Path:
    """Accounts around four cities of Texas, some without an industry."""
    path = folder / "accounts.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        write = csv.writer(out)
        write.writerow(
            ["Account ID", "Name", "Latitude", "Longitude", "Revenue", "Industry", "Owner"]
            + (["Parent Account ID"] if parents else [])
        )
        for i in range(n):
            city, lat, lon = CITIES[i % 4]
            industry = ("Health", "Retail", "")[i % 3]
            row: list[Any] = [f"A-{i}", f"{city} {i}", lat + i * 0.004, lon + i * 0.003, 1000 + 37 * (i % 11), industry]
            row.append(("Ann Lee", "Bo Diaz")[i % 2])
            write.writerow(row + ([f"A-{i - i % 4}" if i % 4 and i < 12 else ""] if parents else []))
    return path


def roster_file(folder: Path, zips: list[str]) -> Path:
    """Reps, each with a home ZIP or none."""
    path = folder / "roster.csv"
    names = ["Ann Lee", "Bo Diaz", "Cy Ode", "Di Fox"]
    rows = [f"u{j},{names[j]},{z},{'Health' if j == 1 else ''}" for j, z in enumerate(zips)]
    path.write_text("User ID,Name,Home ZIP,Skills\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, Any, str]:
    """Exit code, the JSON or None, and what was said on stderr."""
    code = main(["design", *(str(w) for w in words), "--by", "accounts", "--json"])
    out = capsys.readouterr()
    return code, json.loads(out.out) if out.out else None, out.err


def test_every_account_is_in_one_book_and_the_file_says_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = accounts_file(tmp_path), tmp_path / "books.csv"
    roster = roster_file(tmp_path, ["78701", "75201", "77002", "79901"])
    words = ["--territories", "4", "--measure", "revenue", "--roster", roster, "--out", out, "--limit", "revenue=0.1"]
    code, it, _ = run(capsys, file, *words, "--accounts-range", "8:12")
    assert code == 0
    assert [a["account_id"] for a in it["accounts"]] == [f"A-{i}" for i in range(40)]
    assert set(it["accounts"][0]) == {"account_id", "territory", "why", "second", "second_cost"}
    assert sum(t["accounts"] for t in it["territories"]) == 40
    assert all(8 <= t["accounts"] <= 12 for t in it["territories"])
    assert it["certificate"]["bound"] <= it["certificate"]["objective"] * (1 + 1e-9)
    total = sum(t["load"]["revenue"] for t in it["territories"])
    assert total == pytest.approx(sum(1000 + 37 * (i % 11) for i in range(40)))
    rows = list(csv.DictReader(out.read_text(encoding="utf-8").splitlines()))
    assert [(r["account_id"], r["territory"]) for r in rows] == [
        (a["account_id"], a["territory"]) for a in it["accounts"]
    ]
    again = run(capsys, file, *words, "--accounts-range", "8:12")[1]
    assert again["accounts"] == it["accounts"]


def test_rules_take_accounts_in_their_order_and_say_what_falls_through(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, roster = accounts_file(tmp_path), roster_file(tmp_path, ["78701", "75201", "77002", "79901"])
    code, it, _ = run(
        capsys, file, "--territories", "4", "--measure", "revenue", "--roster", roster, "--limit", "revenue=0.5",
        "--rule", 'Health=Industry = "Health"', "--rule", "Big=Revenue >= 1300",
        "--rule", 'None=Industry = "Mining"',
    )  # fmt: skip
    assert code == 0
    health, big, none, rest = it["layers"]
    assert health["accounts"] == 14
    assert big["accounts"] > 0
    assert (none["accounts"], none["territories"]) == (0, 0)
    assert "catches no account" in " ".join(none["notes"])
    assert "in a layer before it" in " ".join(big["notes"])
    assert rest["accounts"] + health["accounts"] + big["accounts"] == 40
    assert health["falls_through"] == 26
    assert sum(v["territories"] for v in it["layers"]) == 4
    assert it["accounts"][0]["territory"] == "Bo Diaz", "who has the skill Health takes the rule Health"


def test_a_rule_that_catches_everything_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = accounts_file(tmp_path)
    code, it, _ = run(
        capsys,
        file,
        "--territories",
        "2",
        "--measure",
        "accounts",
        "--limit",
        "accounts=0.1",
        "--rule",
        "All=Revenue > 0",
    )
    assert code == 0
    assert [v["accounts"] for v in it["layers"]] == [40, 0]
    assert "nothing falls through" in " ".join(it["layers"][0]["notes"])


def test_families_stay_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = accounts_file(tmp_path, parents=True)
    _, it, _ = run(capsys, file, "--territories", "2", "--measure", "accounts", "--limit", "accounts=0.2", "--families")
    at = [a["territory"] for a in it["accounts"]]
    assert all(len(set(at[i : i + 4])) == 1 for i in (0, 4, 8))


def test_owners_that_are_kept_have_the_books(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = accounts_file(tmp_path)
    _, it, _ = run(
        capsys, file, "--territories", "2", "--measure", "accounts", "--limit", "accounts=0.1", "--keep-owner", "5000"
    )
    assert {t["id"] for t in it["territories"]} == {"Ann Lee", "Bo Diaz"}
    assert it["disruption"]["accounts_pct"] == 0


def test_a_home_that_is_missing_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, roster = accounts_file(tmp_path), roster_file(tmp_path, ["78701", ""])
    code, it, _ = run(capsys, file, "--territories", "2", "--measure", "revenue", "--roster", roster)
    assert code == 0
    assert any(e["code"] == "home_missing" and "Bo Diaz" in e["message"] for e in it["explanations"])


def test_more_territories_than_accounts_breaks_the_limit_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = accounts_file(tmp_path, 3)
    code, it, _ = run(capsys, file, "--territories", "5", "--measure", "revenue")
    assert code == 3
    assert any(e["code"] == "too_few_accounts" for e in it["explanations"])
    assert len({a["territory"] for a in it["accounts"]}) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rule", 'Gone=Planet = "Mars"'], "Planet"),
        (["--rule", "Broken=Revenue >="], "Broken"),
        (["--rule", "A=Revenue > 1", "--rule", "a=Revenue > 2"], "given twice"),
        (["--families"], "--families needs a column"),
        (["--accounts-range", "9:3"], "FEWEST:MOST"),
        (["--level", "county"], "leave --level"),
        (["--lock", "A-1=2"], "--lock is of areas"),
        (["--need", "Mining=Geology"], "no account is in the segment"),
        (["--territories", "0"], "at least 1 territory"),
        (
            ["--territories", "1", "--rule", 'Health=Industry = "Health"'],
            "ask for more, or leave rules out",
        ),
    ],
)
def test_bad_input_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    file = accounts_file(tmp_path)
    more = [] if "--territories" in words else ["--territories", "3"]
    code, it, err = run(capsys, file, "--measure", "revenue", *more, *words)
    assert (code, it) == (2, None)
    assert said in err.splitlines()[-1]


def test_options_of_books_are_not_left_aside_for_areas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = accounts_file(tmp_path)
    code = main(
        ["design", str(file), "--level", "county", "--region", "TX", "--territories", "2", "--measure", "revenue",
         "--families"]
    )  # fmt: skip
    assert code == 2
    assert "add --by accounts" in capsys.readouterr().err


def test_an_overlay_is_divided_among_people_of_its_role_and_leaves_the_rest_uncovered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, roster, out = accounts_file(tmp_path), tmp_path / "roster.csv", tmp_path / "sdr.csv"
    roster.write_text(
        "User ID,Name,Home ZIP,Role\nu0,Ann Lee,78701,Rep\nu1,Sam Ito,75201,SDR\nu2,Sue Poe,77002,SDR\n",
        encoding="utf-8",
    )
    words = ["--territories", "2", "--measure", "revenue", "--limit", "revenue=0.2", "--roster", roster, "--out", out]
    code, it, _ = run(capsys, file, *words, "--role", "SDR", "--only-rules", "--rule", 'Health=industry = "Health"')
    assert code == 0
    assert it["role"] == "SDR"
    assert {t["rep"] for t in it["territories"]} == {"Sam Ito", "Sue Poe"}
    covered = [f"A-{i}" for i in range(40) if i % 3 == 0]
    assert [a["account_id"] for a in it["accounts"]] == covered
    with file.open() as source:
        amounts = {r["Account ID"]: float(r["Revenue"]) for r in csv.DictReader(source)}
    rest = sum(v for i, v in amounts.items() if i not in covered)
    assert it["not_covered"] == {"accounts": 40 - len(covered), "amount": pytest.approx(rest)}
    inside = sum(next(iter(t["load"].values())) for t in it["territories"])
    assert inside + rest == pytest.approx(sum(amounts.values()))
    with out.open() as written:
        assert [r["account_id"] for r in csv.DictReader(written)] == covered


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--only-rules"], "name its role and at least one rule"),
        (["--role", "rep"], "second role"),
        (["--role", "SDR", "--only-rules", "--rule", "None=revenue > 1M"], "cover nothing"),
    ],
)
def test_an_overlay_that_cannot_be_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    code, it, err = run(capsys, accounts_file(tmp_path), "--territories", "2", "--measure", "revenue", *words)
    assert (code, it) == (2, None)
    assert said in err
