"""`terr facts`, `terr performance` and `terr forecast`, as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from terr.cli.main import main
from tests.workspace.facts.test_performance import ACCOUNTS, ORDERS, file_of


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    accounts, orders = tmp_path / "accounts.csv", tmp_path / "orders.csv"
    accounts.write_bytes(file_of(ACCOUNTS))
    orders.write_bytes(file_of(ORDERS))
    return str(accounts), str(orders)


def test_facts_are_checked(files, capsys: pytest.CaptureFixture[str]) -> None:
    accounts, orders = files
    assert main(["facts", orders, "--accounts", accounts, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["rows_in"], told["rows_joined"], told["rows_unjoined"]) == ("orders", 8, 7, 1)
    assert main(["facts", orders, "--accounts", accounts]) == 0
    assert "8 rows of orders: 7 joined to 3 accounts, 1 without an account" in capsys.readouterr().out


def test_performance_by_rep_territory_and_a_column_of_the_orders(files, tmp_path, capsys) -> None:
    accounts, orders = files
    plan = tmp_path / "plan.csv"
    plan.write_text("unit_id,territory\nTX,South\nMA,North\n", encoding="utf-8")
    asked = ["performance", accounts, "--orders", orders, "--from", "2025-01-01", "--to", "2025-12-31"]
    assert main([*asked, "--by", "rep", "--json"]) == 0
    rows = {r["key"]: r for r in json.loads(capsys.readouterr().out)["rows"]}
    assert rows["Ann"]["revenue"] == 110
    by_territory = ["--by", "territory", "--plan", str(plan), "--level", "state", "--region", "TX,MA"]
    assert main([*asked, *by_territory, "--json"]) == 0
    rows = {r["key"]: r["revenue"] for r in json.loads(capsys.readouterr().out)["rows"]}
    assert rows == {"North": 60, "South": 110, "–": 1000, "all": 1170}
    assert main([*asked, "--by", "segment:sales rep", "--json"]) == 0
    assert main([*asked, "--by", "territory"]) == 2
    assert "needs a plan" in capsys.readouterr().err
    assert main([*asked, "--by", "segment:Mood"]) == 2
    assert "no column" in capsys.readouterr().err


def test_a_forecast_says_when_there_is_too_little_history(files, capsys) -> None:
    accounts, orders = files
    assert main(["forecast", accounts, "--orders", orders, "--json"]) == 0
    series = json.loads(capsys.readouterr().out)["series"]
    assert [s["key"] for s in series] == ["all"]
    assert series[0]["mase"] is None
    assert len(series[0]["points"]) == 4
    assert main(["forecast", accounts]) == 2
    assert "no facts" in capsys.readouterr().err
