"""Marks, tables and the judging of plans, on numbers worked out by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import marks
from benchmarks.engine import engine, peers
from benchmarks.marks import Figure
from tests.helpers.grids import grid_units


@pytest.mark.parametrize(
    ("figure", "met"),
    [
        (Figure("a", "time", 5.0, "s", 5.0), True),
        (Figure("a", "time", 5.01, "s", 5.0), False),
        (Figure("a", "kept", 100, "", 100, exact=True), True),
        (Figure("a", "kept", 101, "", 100, exact=True), False),
        (Figure("a", "p50", 40.0, "ms", 60.0, n=30, least_n=30), True),
        (Figure("a", "p50", 40.0, "ms", 60.0, n=29, least_n=30), False),  # fast, but measured too rarely
        (Figure("a", "only shown", 1.0), None),
    ],
)
def test_a_mark_is_met_up_to_its_value(figure: Figure, met: bool | None) -> None:
    assert figure.met is met
    assert figure.row()[4] == {True: "yes", False: "missed", None: ""}[met]


def test_timings_are_judged_by_median_or_maximum() -> None:
    values = [9.0, 1.0, 2.0, 3.0]
    middle = marks.timed("a", "time", values, "s", 2.5, by="p50")
    worst = marks.timed("a", "time", values, "s", 2.5, by="max")
    assert (middle.value, middle.met, middle.n) == (2.5, True, 4)
    assert (worst.value, worst.met) == (9.0, False)
    assert middle.also == {"max": "9.00 s"}
    assert marks.timed("a", "time", list(range(11)), "ms", 9, by="p50").also == {"p90": "9 ms", "max": "10 ms"}


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(12.345, "ms", "12 ms"), (1234.5, "ms", "1,234 ms"), (2.345, "s", "2.35 s"), (0, "", "0"), (5000, "", "5,000")],
)
def test_amounts(value: float, unit: str, text: str) -> None:
    assert marks.amount(value, unit) == text


def test_table_and_summary_name_what_is_missed() -> None:
    figures = [
        Figure("paint", "p50", 12.0, "ms", 60, n=40, least_n=30),
        Figure("paint", "max", 80.0, "ms", 60),
        Figure("x", "shown", 3),
    ]
    lines = marks.table(figures).splitlines()
    assert len(lines) == 5
    assert len({len(line) for line in lines}) == 1
    assert "≤ 60 ms, n ≥ 30" in lines[2]
    assert "missed" in lines[3]
    assert marks.summary(figures) == "1 of 2 marks met; missed: paint: max"
    assert json.loads(json.dumps(figures[1].plain()))["met"] is False


@pytest.mark.slow
def test_the_command_writes_json_and_exits_0_with_a_mark_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks.app import intake

    monkeypatch.setattr(intake, "SECONDS", 0.0)
    monkeypatch.setattr(intake, "_RUNS", 1)
    out = tmp_path / "deep" / "figures.json"
    assert command.main(["--only", "intake", "--json", str(out)]) == 0
    told = json.loads(out.read_text())
    assert [f["met"] for f in told["figures"]] == [False, True]
    assert told["machine"]["cores"] >= 1
    assert "missed: 5,000-row workbook to ledger: library call, max" in capsys.readouterr().out


def test_a_plan_is_judged_as_worked_out_by_hand() -> None:
    units = grid_units(4, 4)
    loads = np.ones(16)
    halves = np.repeat([0, 1], 8)
    good = engine.judge(units, loads, halves, 2)
    assert (good.deviation, good.extra) == (0.0, 0)
    corners = np.where(np.isin(np.arange(16), [0, 15]), 1, 0)  # 14 and 2 units, the 2 at opposite corners
    bad = engine.judge(units, loads, corners, 2)
    assert bad.deviation == pytest.approx(75.0)
    assert bad.extra == 1
    assert good.rank(0.05) < bad.rank(0.05)


def test_peers_give_every_unit_a_territory() -> None:
    units = grid_units(8, 8)
    loads = np.ones(64)
    for slots in (peers.metis(units, loads, 4, 0.05, 1), peers.kmeans(units, loads, 4, 1)):
        assert slots.shape == (64,)
        assert set(slots.tolist()) == {0, 1, 2, 3}
    assert engine.judge(units, loads, peers.metis(units, loads, 4, 0.05, 1), 4).extra == 0


def test_edits_are_made_stored_and_taken_back() -> None:
    from benchmarks.app import edits

    figures = edits.measured(edits.Case("county", "NJ", 3), clicks=2)
    assert [f.name.split(",")[0] for f in figures] == [
        "new metrics",
        "edit stored",
        "undo stored",
        "event to all that is sent",
        "plan opened after a restart",
    ]
    assert figures[0].case == "one edit, 21 units, 3 territories"
    assert figures[0].met is False, "fast, but measured too rarely"
    assert all(f.value > 0 for f in figures)


def test_memory_is_told_by_session() -> None:
    from benchmarks.app import edits

    first, second = edits.memory_mb(edits.Case("county", "NJ", 3), sessions=2, clicks=1)
    assert second >= first > 10


def test_made_up_accounts_lie_on_their_units() -> None:
    from benchmarks.app import edits
    from terr.aggregate import totals

    for case in (edits.Case("county", "DE", 2), edits.Case("zip3", "DE", 2)):
        whole = totals(edits.accounts_on(case.units, 50), case.units)
        assert (whole.accepted.rows, whole.in_region.rows) == (50, 50)
