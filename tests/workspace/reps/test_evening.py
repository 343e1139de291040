"""What would even a plan out becomes a scenario: shares by capacity, fewest moves, the plan itself left alone."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from terr.engine.rebalancing import rebalance
from terr.errors import ConflictError, InputError
from terr.model.person import Person
from terr.model.reps import Rep
from terr.workspace.design import apply_result, solve_task
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reps import assignment as people
from terr.workspace.reps import fairness_change as change
from terr.workspace.reps.evening import evening_basis
from terr.workspace.reps.scorecard import scorecard
from terr.workspace.workspace import Workspace
from tests.helpers.spaces import RHODE_ISLAND, data_set, more, start

DAY = date(2026, 6, 1)
BRISTOL, KENT, NEWPORT, PROVIDENCE, WASHINGTON = range(5)
ME = Person("me@example.com", "Me")


def reps(second: float) -> tuple[Rep, ...]:
    return (Rep("R1", "Ann", "02903"), Rep("R2", "Bob", "02879", second), Rep("R3", "Cy", "02840"))


@pytest.fixture
def ws(tmp_path) -> Workspace:
    return Workspace(tmp_path)


def uneven(ws: Workspace, second: float = 1.0) -> str:
    """Ann has 110 of 120, Bob 10; the third territory is empty of reps and areas."""
    info = start(ws, "RI", data=data_set(ws, RHODE_ISLAND, reps=reps(second)))
    more(ws, info.id, ["South"])
    editing.paint(ws, info.id, [BRISTOL, KENT, NEWPORT, PROVIDENCE], 0)
    editing.paint(ws, info.id, [WASHINGTON], 1)
    people.assign_reps(ws, info.id, ws.rev(info.id), {0: "R1", 1: "R2"})
    return info.id


def evened(ws: Workspace, sid: str, within: float):
    shown = plan_snapshot(ws, sid)
    basis = evening_basis(shown, people.people_settings(shown.info), DAY, "Revenue")
    task = solve_task.evening_task(ws, sid, basis.measure, basis.amounts, basis.shares, within)
    return task, rebalance(task.problem, seed=1, time_limit_s=5)


def test_shares_follow_capacity_and_two_territories_of_a_rep_share_theirs(ws) -> None:
    sid = uneven(ws, 0.5)
    shown = plan_snapshot(ws, sid)
    basis = evening_basis(shown, people.people_settings(shown.info), DAY, "Revenue")
    assert dict(basis.shares) == {0: 1.0, 1: 0.5}
    assert basis.amounts.sum() == 120
    editing.give_to_rep(ws, sid, ws.rev(sid), 1, "R1")
    shown = plan_snapshot(ws, sid)
    basis = evening_basis(shown, people.people_settings(shown.info), DAY, "Revenue")
    assert basis.shares == pytest.approx({0: 110 / 120, 1: 10 / 120})


def test_a_scenario_is_even_per_full_rep_and_the_plan_stays(ws) -> None:
    sid = uneven(ws, 5 / 7)
    before = ws.plan(sid)[0].assign.copy()
    task, found = evened(ws, sid, 0.1)
    effect = apply_result.evening_effect(task, found)
    assert (effect.before, effect.after) == pytest.approx((0.8, 0.0))  # 10 of 50 before; 70 and 50 after
    made = apply_result.moves_as_scenario(ws, task, found, "Evened", by=ME)
    assert np.array_equal(ws.plan(sid)[0].assign, before)
    shown = plan_snapshot(ws, made.id)
    assert (shown.info.measure, shown.info.name) == ("Revenue", "Evened")
    cards = [scorecard(plan_snapshot(ws, i), people.PeopleSettings(), DAY) for i in (sid, made.id)]
    table = change.fairness_change(*cards).set_index("Measure, per full rep")
    assert table.loc["Revenue", "Max / min before"] == pytest.approx(110 / 14)
    assert table.loc["Revenue", "Max / min after"] == pytest.approx(1.0)
    assert table.loc["Revenue", "Fairer"] == change.AFTER
    rows = change.rep_change(*cards, "Revenue").set_index("Rep")
    assert rows.loc["Bob"].tolist() == pytest.approx([5 / 7, 10, 14, 50, 70, 56])


def test_moves_of_an_older_plan_are_refused(ws) -> None:
    sid = uneven(ws)
    task, found = evened(ws, sid, 0.1)
    editing.paint(ws, sid, [KENT], 1)
    with pytest.raises(ConflictError, match="edited since"):
        apply_result.moves_as_scenario(ws, task, found, "Late", by=ME)


def test_territories_that_nobody_works_in_stay_as_they_are(ws) -> None:
    sid = uneven(ws)
    more(ws, sid, ["Island"])
    editing.paint(ws, sid, [NEWPORT], 2)
    shown = plan_snapshot(ws, sid)
    basis = evening_basis(shown, people.people_settings(shown.info), DAY, "Revenue")
    assert basis.left_out == ("Island",)
    task, found = evened(ws, sid, 0.2)
    made = apply_result.moves_as_scenario(ws, task, found, "Evened", by=ME)
    assign = ws.plan(made.id)[0].assign
    assert assign[NEWPORT] == 2
    assert not ws.plan(made.id)[0].territories[2].locked


def test_hours_can_be_evened_out_and_travel_can_not(ws) -> None:
    shown = plan_snapshot(ws, uneven(ws))
    assert evening_basis(shown, people.PeopleSettings(), DAY, "Hours").amounts.sum() > 0
    with pytest.raises(InputError, match="can't be balanced"):
        evening_basis(shown, people.PeopleSettings(), DAY, "Travel hours")
    with pytest.raises(InputError, match="have no potential"):
        evening_basis(shown, people.PeopleSettings(), DAY, "Potential")
