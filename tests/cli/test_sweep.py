"""`terr sweep`: many designs, each measured; the same on processes of this machine and on a cluster."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from terr.cli import options
from tests.cli.test_cli import STATES, WHERE, ZIPS, plan_file, refused, report, run
from tests.helpers.cluster import LoopbackCluster

POINT = "point territories limit seed status max_deviation_pct compactness disruption runtime_s plan".split()


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    path = tmp_path / "accounts.csv"
    rows = [f"A-{s},Acme {s},{ZIPS[s]},{s},{v}" for s, v in STATES.items()]
    path.write_text("\n".join(["Account ID,Account Name,Zip,State,Revenue", *rows, ""]))
    return path


@pytest.mark.slow
def test_a_sweep_of_two_numbers_limits_and_seeds(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two territories can be 50|50; of four, each state is one, 10 to 40 where 25 is meant."""
    today = plan_file(tmp_path / "today.csv", CT="South", MA="South", NH="North", RI="South")
    words = ["--territories", "2:4:2", "--each-limit", "5%,0.7", "--seeds", "1:2", "--plan", today]
    out, folder = tmp_path / "sweep.csv", tmp_path / "plans"
    folder.mkdir()
    code, it = report(capsys, "sweep", accounts, *WHERE, *words, "--out", out, "--out-dir", folder)
    assert code == 0
    assert (it["territories"], it["limits"], it["seeds"]) == ([2, 4], [0.05, 0.7], [1, 2])
    points = it["points"]
    assert [list(p) for p in points] == [POINT] * 8
    assert [(p["territories"], p["limit"], p["seed"]) for p in points][:3] == [(2, 0.05, 1), (2, 0.05, 2), (2, 0.7, 1)]
    assert {p["max_deviation_pct"]["revenue"] for p in points[:2]} == {0.0}
    assert [p["status"] for p in points[4:]] == ["limit_broken"] * 2 + ["feasible"] * 2
    assert points[4]["max_deviation_pct"]["revenue"] == pytest.approx(60)
    assert 0 < points[0]["disruption"]["load_pct"]["revenue"] < 100
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len(rows) == 8
    assert rows[4]["max_deviation_pct revenue"] == str(points[4]["max_deviation_pct"]["revenue"])
    plan = list(csv.DictReader((folder / "point-1.csv").read_text().splitlines()))
    assert len({r["territory"] for r in plan}) == 2
    code, alone = report(capsys, "design", accounts, *WHERE, "--territories", "2", "--seed", "2", "--plan", today)
    assert points[1]["disruption"] == alone["disruption"]
    assert points[1]["compactness"] == alone["compactness"]


@pytest.mark.slow
def test_the_same_on_a_cluster(
    accounts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = LoopbackCluster(tmp_path)
    words = ["sweep", accounts, *WHERE, "--territories", "2", "--each-limit", "0.05,0.5"]
    try:
        monkeypatch.setenv("TERR_SCHEDULER", cluster.ready(1))
        _, there = report(capsys, *words)
        assert [e["code"] for e in there["explanations"] if e["code"].startswith("cluster")] == []
        cluster.close()
        _, out, told = run(capsys, *words, "--json")
        here = json.loads(out)
        assert [e["code"] for e in here["explanations"] if e["code"].startswith("cluster")] == ["cluster_away"]
        assert "this machine does the work" in told
    finally:
        cluster.close()
    for point in (*there["points"], *here["points"]):
        del point["runtime_s"]
    assert there["points"] == here["points"]


def test_what_a_sweep_cannot_be(accounts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", accounts, *WHERE, "--territories"]
    assert "between 1 and 500" in refused(capsys, *words, "0:3")
    assert "more than the 1,000 a sweep may have" in refused(capsys, *words, "1:500", "--seeds", "1:3")
    assert "FROM:TO" in refused(capsys, *words, "9:3")
    assert "each limit once" in refused(capsys, *words, "2", "--each-limit", "0.05,5%")
    assert "--each-limit" in refused(capsys, *words, "2", "--limit", "revenue=:0.2")
    assert "can't be made of 4" in refused(capsys, *words, "2:5")


def test_ranges() -> None:
    assert options.whole_range("8:20:5") == (8, 13, 18)
    assert options.whole_range("15, 8,10") == (8, 10, 15)
    assert options.whole_range("7") == (7,)
    assert options.shares("10%,0.05") == (0.05, 0.1)
