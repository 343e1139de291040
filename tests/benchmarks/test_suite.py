"""The engine's benchmark: judging, marks on the median seed, peers that are slow or fail, on numbers worked by hand."""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import marks
from benchmarks.engine import cases, exact, isolated, judging, ours, real_maps, rivals, runs, suite, verdicts
from benchmarks.engine.cases import Design, Rebalance
from benchmarks.engine.instances import Instance
from benchmarks.engine.judging import Quality
from tests.helpers.grids import grid_units

OPTIONS = argparse.Namespace(seeds=2, quick=True)


def grid(rows: int, cols: int, k: int, weights: np.ndarray | None = None) -> Instance:
    units = grid_units(rows, cols)
    n = rows * cols
    w = np.ones((n, 1)) if weights is None else np.asarray(weights, float).reshape(n, -1)
    return Instance(
        "grid",
        k,
        w,
        tuple(f"m{q}" for q in range(w.shape[1])),
        units.xy_km,
        units.area_km2,
        units.outer_km,
        units.indptr,
        units.indices,
        units.border_km,
    )


def four_by_four() -> Instance:
    return grid(4, 4, 2)


def sleeper(_: str) -> Callable[[int], int]:
    """Answers seeds below 3 at once, then sleeps."""

    def call(seed: int) -> int:
        if seed >= 3:
            time.sleep(60)
        return 10 * seed

    return call


def breaker(_: str) -> Callable[[int], int]:
    def call(seed: int) -> int:
        if seed == 2:
            raise ValueError("no cut found in /some/where/file.py")
        return seed

    return call


def told(path: str) -> Callable[[int], None]:
    """Writes down its process, then sleeps."""

    def call(_: int) -> None:
        Path(path).write_text(str(os.getpid()))
        time.sleep(60)

    return call


def never(instance: Instance, within: float) -> Callable[[int], int]:
    """Has no plan in time, as `runs.Peer.make`."""
    return lambda _: time.sleep(60)


# ---- judging


def test_a_plan_is_judged_on_all_measures_and_may_have_too_many_territories() -> None:
    two = np.column_stack([np.ones(16), np.where(np.arange(16) < 4, 3.0, 1.0)])  # second measure: 24, half is 12
    instance = grid(4, 4, 2, two)
    halves = np.repeat([0, 1], 8)
    plan = judging.judge(instance, instance.weights, halves, 2)
    assert plan.deviation == pytest.approx(100 * 4 / 12)  # 16 and 8
    assert (plan.extra, plan.complete, plan.kept) == (0, True, True)
    quarters = judging.judge(instance, instance.weights[:, 0], np.repeat([0, 1, 2, 3], 4), 2)
    assert not quarters.complete
    assert quarters.deviation == pytest.approx(50.0)  # 4 of 8 each
    assert not quarters.feasible(0.6)
    holes = judging.judge(instance, instance.weights[:, 0], np.where(np.arange(16) == 5, -1, halves), 2)
    assert not holes.complete


def test_locks_that_are_broken_make_a_plan_infeasible() -> None:
    instance = four_by_four()
    halves = np.repeat([0, 1], 8)
    locked = np.full(16, -1)
    locked[0] = 0
    assert judging.judge(instance, instance.weights, halves, 2, locked).feasible(0.05)
    locked[15] = 0
    assert not judging.judge(instance, instance.weights, halves, 2, locked).feasible(0.05)


@pytest.mark.parametrize(
    ("plan", "feasible"),
    [
        (Quality(5.0, 0, 1.0), True),
        (Quality(5.00005, 0, 1.0), True),  # rounding
        (Quality(5.01, 0, 1.0), False),
        (Quality(1.0, 1, 1.0), False),
    ],
)
def test_feasible_is_in_one_piece_and_within_the_tolerance(plan: Quality, feasible: bool) -> None:
    assert plan.feasible(0.05) is feasible


def test_the_best_and_the_median_plan_go_by_pieces_then_balance_then_shape() -> None:
    torn, unbalanced = Quality(1.0, 1, 10.0), Quality(7.0, 0, 20.0)
    wide, tight = Quality(4.0, 0, 40.0), Quality(5.0, 0, 30.0)
    plans = [torn, wide, unbalanced, tight]
    assert judging.best(plans, 0.05) is tight
    assert judging.median_seed(plans, 0.05) is unbalanced  # tight, wide, unbalanced, torn: the third of four
    assert judging.median_seed([torn, wide, tight], 0.05) is wide


def test_a_row_is_medians_and_shares_worked_out_by_hand() -> None:
    plans = [Quality(1.0, 0, 80.0, 0.2), Quality(3.0, 0, 100.0, 0.4), Quality(9.0, 2, 90.0, 0.6)]
    made = judging.row("case", "method", 0.05, plans, [1.0, 9.0, 2.0], 120.0)
    assert made.seeds == 3
    assert made.feasible == pytest.approx(2 / 3)
    assert (made.seconds, made.deviation, made.extra, made.polsby, made.moment) == (2.0, 3.0, 2, 0.4, 90.0)
    assert made.ratio == pytest.approx(0.75)
    worst = ("9.00 s", "9.00%", "100")
    shown = ("2.00 s", worst[0], "3.00%", worst[1], "2", "0.400", "90", worst[2], "0.750", "")
    assert made.cells() == ("case", "method", "5%", "3", "2 of 3", *shown)
    empty = judging.row("case", "method", 0.05, [], [], 120.0, "> 60 s")
    assert empty.cells() == ("case", "method", "5%", "0", *[""] * 10, "> 60 s")
    assert empty.plain()["ratio"] is None


# ---- marks


def design_case(**more: object) -> Design:
    return Design("TX10", "a design", four_by_four, 0.05, 2.0, least_ratio=0.9, **more)  # type: ignore[arg-type]


def met(figures: list[marks.Figure]) -> dict[str, bool | None]:
    return {f.name.split(",")[0]: f.met for f in figures}


def test_marks_of_a_design_are_judged_on_its_median_seed() -> None:
    plans = [Quality(4.0, 0, 80.0), Quality(4.0, 0, 89.0), Quality(4.0, 0, 95.0)]
    figures = verdicts.design_figures(design_case(), plans, [1.0, 1.9, 30.0], 100.0, 3)
    assert met(figures) == {
        "time": True,  # 1.9 s in the middle
        "seeds in one piece": None,
        "extra components": True,
        "deviation": True,
        "moment of inertia / METIS": True,  # 89%
    }
    assert figures[-1].value == pytest.approx(89.0)
    torn = verdicts.design_figures(design_case(), [Quality(4.0, 1, 10.0)] * 2 + plans[:1], [1.0] * 3, 100.0, 3)
    assert met(torn)["extra components"] is False


def test_every_seed_counts_where_that_is_promised() -> None:
    plans = [Quality(4.0, 0, 80.0), Quality(4.0, 0, 80.0), Quality(6.0, 0, 80.0)]
    figures = verdicts.design_figures(design_case(every=True), plans, [1.0, 1.0, 2.5], 100.0, 3)
    found = met(figures)
    assert found["time"] is False  # the longest
    assert found["seeds in one piece"] is False  # two of three
    assert found["deviation"] is True


def test_a_mark_isnt_met_with_too_few_seeds_or_without_metis() -> None:
    plans = [Quality(4.0, 0, 80.0)]
    assert set(met(verdicts.design_figures(design_case(), plans, [1.0], 100.0, 10)).values()) == {False, None}
    alone = verdicts.design_figures(design_case(), plans, [1.0], None, 1)
    assert met(alone)["moment of inertia / METIS"] is False
    assert verdicts.design_figures(design_case(), [], [], 100.0, 10)[0].met is False


def test_marks_of_a_rebalance() -> None:
    case = Rebalance("r", "a rebalance", four_by_four, 0.05, 5.0, 1.0, 1.05, 2, 60.0)
    plans = [Quality(4.0, 0, 80.0)] * 3
    good = verdicts.rebalance_figures(case, plans, [0.5, 0.9, math.nan], [3.0, 3.1, 9.0], 3.0, 3)
    assert met(good) == {
        "first answer within the limits": True,
        "seeds in one piece": None,
        "moved load / exact model's": True,  # 3.1 / 3
    }
    never_within = verdicts.rebalance_figures(case, plans, [math.nan, math.nan, 0.1], [3.2, 3.2, 3.2], math.nan, 3)
    assert [never_within[0].met, never_within[2].met] == [False, False]


def test_the_first_answer_is_the_first_of_the_trace_within_the_tolerance() -> None:
    trace = ((0.1, 0.33, 9.0), (0.2, 0.05, 8.0), (0.3, 0.01, 7.0))
    assert ours.first_within(trace, 0.05) == 0.2
    assert math.isnan(ours.first_within(trace, 0.001))


# ---- processes of their own


@pytest.mark.slow
def test_a_call_that_takes_too_long_is_ended_and_the_seeds_before_it_are_kept() -> None:
    outcome = isolated.run(sleeper, ("",), (1, 2, 3, 4), 0.5)
    assert [(t.seed, t.answer) for t in outcome.tries] == [(1, 10), (2, 20)]
    assert (outcome.late, outcome.failed) == (True, "")
    assert runs.note_of(outcome) == "stopped after 0.5 s"


@pytest.mark.slow
def test_a_call_that_raises_is_a_reason_without_paths() -> None:
    outcome = isolated.run(breaker, ("",), (1, 2, 3), 30.0)
    assert [t.seed for t in outcome.tries] == [1]
    assert runs.note_of(outcome) == "failed: ValueError: no cut found in ..."


@pytest.mark.slow
def test_a_call_ends_when_the_run_is_killed(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = f"import tests.benchmarks.test_suite as t; t.isolated.run(t.told, ({str(note)!r},), (1,), 60.0)"
    here = Path(__file__).resolve().parents[2]
    run = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{here.parent}"}
    )
    until = time.monotonic() + 60
    while not (note.exists() and note.read_text()) and time.monotonic() < until:
        time.sleep(0.1)
    child = int(note.read_text())
    run.kill()
    run.wait()
    while time.monotonic() < until:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the call is still running")


@pytest.mark.slow
def test_a_peer_without_a_plan_in_time_gives_rows_and_isnt_tried_on_larger_maps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runs, "QUICK_PEER_S", 0.3)
    slow = runs.Peer("slow", never, 3)
    monkeypatch.setattr(runs, "PEERS", (slow,))
    report = suite.Report()
    larger = Design("Z2000", "larger", lambda: grid(5, 5, 2), 0.05, 1.0)
    runs.run_peer(slow, [larger, design_case()], report, OPTIONS)
    assert [(r.case, r.seeds, r.note) for r in report.ordered()] == [
        ("TX10", 0, "> 0.3 s"),
        ("Z2000", 0, "not tried: > 0.3 s at 16 units"),
    ]


# ---- peers and cases


@pytest.mark.slow
@pytest.mark.parametrize(
    "peer", [p for p in runs.PEERS if p.name != "GerryChain, ReCom short bursts"], ids=lambda p: p.name
)
@pytest.mark.filterwarnings("ignore")
def test_each_peer_gives_every_unit_a_territory(peer: runs.Peer) -> None:
    instance = grid(6, 6, 4)
    slots = peer.make(instance, 0.25)(1)
    assert slots.shape == (36,)
    assert slots.min() == 0
    assert slots.max() < 9


@pytest.mark.filterwarnings("ignore")
def test_recom_keeps_to_the_tolerance_and_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals, "BURSTS", 3)
    instance = grid(6, 6, 4)
    plan = rivals.recom_bursts(instance, 0.25)(1)
    assert judging.judge(instance, instance.weights, plan, 4).feasible(0.25)


def test_the_exact_model_moves_the_least_load() -> None:
    line = grid(1, 6, 2, np.array([1, 1, 1, 1, 1, 3.0]))  # 3 and 5, target 4: one unit of 1 must move
    start = np.repeat([0, 1], 3)
    plan, told = exact.least_moved(line, 0.05, start, 2, 10.0)(1)
    assert plan.tolist() == [0, 0, 0, 0, 1, 1]
    assert told["bound"] == pytest.approx(1 / 8)


@pytest.mark.slow
def test_drawn_accounts_repeat_and_lie_where_the_demo_has_some() -> None:
    few, again = (real_maps.drawn_map.__wrapped__("county", "TX", 5, 500) for _ in range(2))
    assert np.array_equal(few.weights, again.weights)
    assert few.weights.sum() > 0
    demo = real_maps.demo_map("county", "TX", 5, 3)
    assert demo.weights.shape == (254, 3)
    assert not ((few.weights[:, 0] > 0) & (demo.weights[:, 2] == 0)).any()
    assert float(demo.weights[:, 2].sum()) == int(demo.weights[:, 2].sum())


def test_a_lump_is_split_and_nothing_is_lost() -> None:
    lumpy = grid(4, 4, 4, np.r_[np.ones(15), 25.0])  # 40 in all, target 10
    split = real_maps.with_lump_split(lumpy)
    assert split.weights.sum() == pytest.approx(40.0)
    assert split.weights[15, 0] == 5.0
    assert split.weights[0, 0] == pytest.approx(35 / 15)


def test_hospitals_are_read_only_where_their_path_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(real_maps.HOSPITALS, raising=False)
    with pytest.raises(FileNotFoundError, match="--hospitals"):
        real_maps.hospital_map("county", "lower48", 7)
    with pytest.raises(SystemExit):
        suite.main(["--only", "hospitals-zips-50"])


def test_three_measures_correlate_and_repeat() -> None:
    made = cases.three_measures()
    assert made.weights.shape == (2000, 3)
    logs = np.corrcoef(np.log(made.weights).T)[0]
    assert logs[1] == pytest.approx(0.7, abs=0.05)
    assert logs[2] == pytest.approx(0.4, abs=0.05)
    assert np.array_equal(made.weights, cases.three_measures().weights)


def test_homes_and_locks_fit_each_other() -> None:
    instance = grid(8, 8, 4)
    made = cases.homes_and_locks(instance)
    assert len(set(made["seeds"].tolist())) == 4
    held = made["locked"]
    assert [held[made["seeds"][j]] for j in range(4)] == [0, -1, -1, 3]
    instance.problem(0.05, **made)  # its checks raise if they don't


def test_a_certificate_is_the_gap_of_what_certify_returns(monkeypatch: pytest.MonkeyPatch) -> None:
    import terr.engine

    limits = []

    def certify(problem: object, assign: np.ndarray, *, time_limit_s: float) -> SimpleNamespace:
        limits.append(time_limit_s)
        return SimpleNamespace(objective=100.0, bound=98.0, gap=0.02)

    monkeypatch.setattr(terr.engine, "certify", certify, raising=False)
    monkeypatch.setattr(ours, "warm", lambda: None)
    monkeypatch.setattr(ours, "design", lambda *_, **__: SimpleNamespace(assign=np.zeros(16, np.int16)))
    told = ours.certificates(four_by_four(), 0.05, 300.0)(1)[1]
    assert (told["gap"], told["bound"], limits) == (0.02, 98.0, [300.0])
    report = suite.Report()
    done = isolated.Outcome((isolated.Try(1, 301.0, (np.zeros(16), told)),))
    monkeypatch.setattr(isolated, "run", lambda *_: done)
    runs.run_certificate(cases.CERTIFICATES[0], report, argparse.Namespace(quick=False))
    assert (report.figures[0].value, report.figures[0].met) == (2.0, True)


# ---- the command


def test_the_command_writes_tables_and_json_without_a_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = isolated.Outcome((), "ImportError: cannot import name 'certify' from 'terr.engine'")
    monkeypatch.setattr(isolated, "run", lambda *_: outcome)
    out, page = tmp_path / "deep" / "a.json", tmp_path / "a.md"
    assert suite.main(["--only", "certificate", "--json", str(out), "--markdown", str(page)]) == 0
    told = json.loads(out.read_text())
    assert [f["met"] for f in told["figures"]] == [False]
    assert told["figures"][0]["value"] is None
    assert told["figures"][0]["also"] == {"certificate": "not there"}
    assert page.read_text() == capsys.readouterr().out.rstrip("\n") + "\n"
