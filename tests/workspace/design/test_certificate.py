"""What is told of a plan's worth: proofs, the curve of balance against change, causes and repairs; in plain words."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from terr.engine import causes, certify, frontier
from terr.errors import InputError
from terr.view import charts
from terr.workspace.design import apply_result, certificate
from terr.workspace.design import causes as imbalance_causes
from terr.workspace.design import frontier as plan_frontier
from terr.workspace.plan import editing, plan_settings, undo
from terr.workspace.plan.snapshot import plan_snapshot
from tests.helpers.spaces import KENT, NEW_CASTLE, RHODE_ISLAND, SUSSEX, more, start

BEST = "Proven: this is the best possible plan; none within these limits is more compact."
BRISTOL, KENT_RI, NEWPORT, PROVIDENCE, WASHINGTON = range(5)


@pytest.fixture
def ri(ws):
    """Rhode Island, 120 in all: Territory 1 with 110, B with Washington's 10; 60 each is the target."""
    sid = start(ws, "RI", RHODE_ISLAND, tolerance=0.2).id
    more(ws, sid, ["B"])
    editing.paint(ws, sid, [BRISTOL, KENT_RI, NEWPORT, PROVIDENCE], 0)
    editing.paint(ws, sid, [WASHINGTON], 1)
    return sid


def proof(**said):
    return replace(
        plan_settings.Proof("feasible", 100.0, 90.0, 0.1, "m", "s", 30.0, "Revenue", 0.05, priced=False, early=False),
        **said,
    )


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"gap": 0.0, "status": "optimal"}, BEST),
        ({"gap": 0.00005}, BEST),
        ({"gap": 0.0203}, "No plan within these limits can be more than 2.1% more compact than this one."),
        ({"gap": 0.021}, "No plan within these limits can be more than 2.1% more compact than this one."),
        ({"gap": 0.12, "early": True}, "At most 12.0% better is possible; a longer time limit may narrow this."),
        ({"gap": 0.12}, "No plan within these limits can be more than 12.0% more compact than this one."),
        ({"gap": None, "bound": None}, "No result in 30 s. Try a longer time limit."),
        ({"gap": None, "seconds": 300.0}, "No result in 5 minutes. Try a longer time limit."),
        ({"gap": float("inf")}, "No result in 30 s. Try a longer time limit."),
        ({"status": "infeasible"}, "Proven: no plan can meet these limits. Widen a limit or unlock something."),
        ({"gap": 0.03, "priced": True}, "can be more than 3.0% better by the priorities you set than this one."),
    ],
)
def test_a_proof_is_one_plain_sentence(said, words):
    assert certificate.proof_sentence(proof(**said)).endswith(words)


def test_what_stands_behind_a_proof():
    details = dict(certificate.proof_details(proof(gap=0.1, objective=14283.4)))
    assert details["This plan"] == "5,515 square miles"
    assert details["No plan below"] == "35 square miles"
    assert details["Gap"] == "10.00%"
    assert details["Limit"] == "Revenue ±5%"
    one_sided = dict(certificate.proof_details(proof(gap=0.1, sides="over")))
    assert one_sided["Limit"] == "Revenue at most 5% over target"
    assert dict(certificate.proof_details(proof(gap=None, bound=None)))["Gap"] == "–"


def test_a_proof_is_kept_with_the_plan_it_is_of(ws, ri):
    editing.paint(ws, ri, [KENT_RI, NEWPORT], 1)  # 70 and 50
    task = certificate.proof_task(ws, ri)
    result = certify(task.problem, task.assign, time_limit_s=20)
    info = ws.store.scenarios.get(ri)
    kept = certificate.proof_of(result, info.measure, info.tolerance)
    assert kept.gap is not None
    plan_settings.save_certificate(ws, ri, info.head, kept)
    assert certificate.current_proof(ws, ws.store.scenarios.get(ri)) == (kept, True)
    assert plan_snapshot(ws, ri).info.settings["proofs"]
    done = editing.paint(ws, ri, [BRISTOL], 1)
    assert certificate.current_proof(ws, ws.store.scenarios.get(ri)) == (kept, False), "stale after an edit"
    undo.undo(ws, ri, done.rev)
    assert certificate.current_proof(ws, ws.store.scenarios.get(ri)) == (kept, True), "and good again after Undo"
    ws.store.scenarios.update_settings(ri, tolerance=0.5)
    assert certificate.current_proof(ws, ws.store.scenarios.get(ri))[1] is False, "another limit, another question"


@pytest.mark.parametrize("kept", [None, 3, {}, {"status": 3}, {"status": "feasible", "gap": "small"}])
def test_a_kept_proof_that_cant_be_read_is_none(ws, ri, kept):
    head = ws.store.scenarios.get(ri).head
    plan_settings.save_setting(ws, ri, plan_settings.PROOFS, {str(head): kept})
    assert certificate.current_proof(ws, ws.store.scenarios.get(ri)) == (None, False)


def test_what_is_missing_for_a_proof(ws, ri):
    with pytest.raises(InputError, match="bring the plan within its limits first"):
        certificate.proof_task(ws, ri)
    editing.paint(ws, ri, [KENT_RI], -1)
    with pytest.raises(InputError, match=r"disconnected area|without a territory"):
        certificate.proof_task(ws, ri)
    alone = start(ws, "RI", data=None, rows=RHODE_ISLAND).id
    with pytest.raises(InputError, match="at least two territories"):
        certificate.proof_task(ws, alone)


@dataclass
class Repair:
    gap: float | None
    status: str = "feasible"


def test_how_good_suggested_moves_are():
    assert certificate.repair_sentence(Repair(0.0)) == "Proven: no plan within the limit changes less."
    assert certificate.repair_sentence(Repair(0.123)) == "Proven: at most 12.3% less could move."
    assert certificate.repair_sentence(Repair(0.9)) == certificate.repair_sentence(Repair(None)) == ""
    assert certificate.repair_sentence(Repair(0.0, "limit_broken")) == ""


def test_points_of_deviation():
    assert certificate.points_text(-0.0114) == "1.1 points closer to target"
    assert certificate.points_text(0.02) == "2.0 points farther from target"
    assert certificate.points_text(-0.0001) == "no change"


def test_suggested_moves_say_from_where_and_what_it_helps(ws, ri):
    task = apply_result.rebalance_task(ws, ri)
    after = task.assign.copy()
    after[KENT_RI] = 1
    (one,) = apply_result.suggestions(ws, task, apply_result.ImportedAssignment(after))
    assert (one.unit, one.origin, one.target, one.load) == ("Kent, RI", "Territory 1", "B", 20.0)
    # 110 and 10 to 90 and 30: the larger deviation of the two falls from 5/6 to 1/2
    assert one.effect == pytest.approx(-1 / 3)


@dataclass
class Point:
    """A point of the frontier, made by hand."""

    result: apply_result.ImportedAssignment
    moved: float
    deviation: float


def point(task, *moved_units: int) -> Point:
    after = task.assign.copy()
    after[list(moved_units)] = 1
    problem = task.problem
    off = float(np.abs(problem.deviations(after)[:, 0]).max())
    return Point(apply_result.ImportedAssignment(after), float(problem.weights[list(moved_units), 0].sum()) / 120, off)


def test_the_curve_of_balance_against_change(ws, ri):
    task, shown = apply_result.rebalance_task(ws, ri), plan_snapshot(ws, ri)
    # 110 and 10; with Kent's 20: 90 and 30; with Newport's 20 too: 70 and 50
    points = plan_frontier.apart(task, (point(task), point(task, KENT_RI), point(task, KENT_RI, NEWPORT)))
    assert len(points) == 2, "today's plan isn't offered twice"
    frame = plan_frontier.frontier_frame(task, shown, points)
    assert frame["label"].tolist() == ["today", "1", "2"]
    assert frame["moved_pct"].tolist() == pytest.approx([0, 100 / 6, 100 / 3])
    assert frame["deviation_pct"].tolist() == pytest.approx([250 / 3, 50, 50 / 3])
    assert frame["inside"].tolist() == [False, False, True]
    shape = [f"{round(s + 1e-12, 2):.2f}" for s in frame["shape"]]
    assert plan_frontier.point_line(frame, 0) == f"This plan · max deviation 83.3%, compactness {shape[0]}"
    assert plan_frontier.point_line(frame, 1) == (
        f"1 · max deviation 50.0%, moves 16.7% from this plan, compactness {shape[0]} → {shape[1]}"
    )
    assert (
        plan_frontier.frontier_sentence(frame, "Revenue", 0.2)
        == "Moving 33.3% of Revenue from this plan brings every territory within the limit (±20%)."
    )
    assert plan_frontier.frontier_sentence(frame, "Revenue", 0.2, "over").endswith("(at most 20% over target).")
    assert plan_frontier.frontier_sentence(frame.iloc[:2], "Revenue", 0.2) == (
        "No plan found meets the limit (±20%); the most balanced one moves 16.7% of Revenue."
    )
    within = plan_frontier.frontier_frame(task, shown, points).assign(inside=True)
    assert plan_frontier.frontier_sentence(within, "Revenue", 0.9) == (
        "Within the limit (±90%) already. Moving 33.3% of Revenue from this plan brings the max deviation to 16.7%."
    )
    change = apply_result.proposal(ws, task, points[1].result)
    assert change.max_deviation == pytest.approx(1 / 6)
    done = apply_result.apply_moves(ws, task, points[1].result)
    after = plan_snapshot(ws, ri).context.tally.polsby_popper
    assert frame["shape"].iloc[2] == pytest.approx(after.mean()), "what it cost in shape is what was told"
    assert plan_snapshot(ws, ri).table["load"].tolist() == [70.0, 50.0]
    undo.undo(ws, ri, done.rev)
    assert ws.plan(ri)[0].same_as(shown.plan)


def test_the_curve_is_drawn_with_the_limit_as_a_band(ws, ri):
    task = apply_result.rebalance_task(ws, ri)
    frame = plan_frontier.frontier_frame(task, plan_snapshot(ws, ri), (point(task, KENT_RI),))
    shape = charts.frontier(frame, measure="Revenue", limit=20.0, chosen=1).to_dict()
    band, *others = shape["layer"]
    assert band["mark"]["type"] == "rect"
    assert [p["name"] for layer in others for p in layer.get("params", [])] == ["point"] or shape["params"]
    assert shape["height"] == 225


def test_the_engines_curve_fits_the_chart(demo_ws):
    ws, data = demo_ws
    sid = start(ws, "CT", data=data, measure="Potential", tolerance=0.2).id
    more(ws, sid, ["B", "C"])
    for code in range(3):
        editing.paint(ws, sid, [u for u in range(9) if u % 3 == code], code)
    task = apply_result.rebalance_task(ws, sid)
    points = plan_frontier.apart(task, frontier(task.problem, seed=1, time_limit_s=10))
    frame = plan_frontier.frontier_frame(task, plan_snapshot(ws, sid), points)
    assert len(points) >= 1
    assert frame["moved_pct"].is_monotonic_increasing


def test_what_the_curve_says(ws):
    sid = start(ws, tolerance=0.05).id
    more(ws, sid, ["South"])
    editing.paint(ws, sid, [NEW_CASTLE], 0)
    editing.paint(ws, sid, [KENT, SUSSEX], 1)  # 300 and 300
    task = apply_result.rebalance_task(ws, sid)
    frame = plan_frontier.frontier_frame(task, plan_snapshot(ws, sid), ())
    assert plan_frontier.frontier_sentence(frame, "Revenue", 0.05).startswith("No move improves the balance")


def test_why_a_territory_is_outside_and_what_mends_it(ws, ri):
    task = apply_result.rebalance_task(ws, ri)
    shown = plan_snapshot(ws, ri)
    found = imbalance_causes.reasons_of(ws, shown, task, causes(task.problem, task.assign))
    assert {r.territory for r in found} == {"Territory 1", "B"}
    first = next(r for r in found if r.territory == "Territory 1")
    assert first.sentence.startswith("Territory 1 is 83.3% above its target for Revenue")
    mended = next(r for r in found if r.moves)
    assert mended.repair_sentence.startswith("Smallest fix: ")
    done = apply_result.apply_moves(ws, task, apply_result.ImportedAssignment(mended.assign))
    row = plan_snapshot(ws, ri).table.set_index("code").loc[mended.code]
    assert abs(row["deviation"]) <= 0.2 + 1e-9
    undo.undo(ws, ri, done.rev)
    assert ws.plan(ri)[0].same_as(shown.plan)
