"""What is asked of Generate: checked, turned into the engine's terms, kept with the plan, told in words."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from terr.edits import moves
from terr.errors import InputError
from terr.model.reps import Rep
from terr.workspace.accounts import dataset
from terr.workspace.design import apply_result, form, preview_text
from terr.workspace.design.form import COUNTED, HARD, HIGH, LOW, MEASURE, SHARE, START
from terr.workspace.design.planned_territories import bundles, planned_territories
from terr.workspace.design.request import DesignRequest, bounds_of, to_json
from terr.workspace.plan import editing, plan_settings, undo
from terr.workspace.plan.rule_check import broken_rules
from terr.workspace.plan.rules import MeasureLimit, PlanRules, UnitGroup, read_rules, rules_json
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.plan.targets import targets
from terr.workspace.plan.tolerance import SIDES, limit_words, within
from tests.helpers.grids import grid_units, make_plan
from tests.helpers.spaces import DELAWARE, KENT, NEW_CASTLE, SUSSEX, data_set, more, start

REPS = (Rep("U-1", "Ann", "19901", 1.0), Rep("U-2", "Bob", "19801", 0.5))
"""Homes in Dover (Kent) and Wilmington (New Castle)."""


def asked(k: int = 2, **more_of: object) -> DesignRequest:
    return DesignRequest(**({"territories": k, "measure": "Revenue", "tolerance": 0.3} | more_of))  # type: ignore[arg-type]


@pytest.fixture
def sid(ws):
    """Kent (100) and Sussex (200) in Territory 1, New Castle (300) in South."""
    made = start(ws, reps=REPS, tolerance=0.3).id
    more(ws, made, ["South"])
    editing.paint(ws, made, [KENT, SUSSEX], 0)
    editing.paint(ws, made, [NEW_CASTLE], 1)
    return made


def test_limits_become_shares_and_loads():
    limits = (
        MeasureLimit("Visits", 0.8, 1.2),
        MeasureLimit("Revenue", None, 1.1),
        MeasureLimit("Revenue", 40.0, 90.0, as_load=True),
        MeasureLimit("Calls", hard=False),
    )
    shares, floors, caps = bounds_of("Revenue", 0.2, limits)
    assert shares["Visits"] == (pytest.approx(0.2), pytest.approx(0.2))
    assert shares["Revenue"] == (0.2, pytest.approx(0.1)), "the narrower side counts"
    assert (floors, caps) == ({"Revenue": 40.0}, {"Revenue": 90.0})
    assert "Calls" not in shares


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"low": 1.0}, "below 100% of target"),
        ({"high": 0.9}, "above 100% of target"),
        ({"low": 0.9, "high": 0.5}, "above its maximum"),
        ({"low": -1.0, "as_load": True}, "above zero"),
        ({"high": float("inf"), "as_load": True}, "must be a number"),
        ({}, "a minimum or a maximum"),
        ({"low": 50.0, "high": 40.0, "as_load": True}, "swap them"),
    ],
)
def test_limits_that_mean_nothing_are_refused(limit, words):
    with pytest.raises(InputError, match=words):
        MeasureLimit("Visits", **limit)


@pytest.mark.parametrize(
    ("more_of", "words"),
    [
        ({"balance": "Very"}, "Off, Low, Medium and High"),
        ({"shape": "Off"}, "shapes always count"),
        ({"most_moved": 1.5}, "may move"),
        ({"unassigned": -0.1}, "may stay unassigned"),
        ({"shares": (("rep:U-1", 9.0),)}, "5% and 500%"),
        ({"centred": True}, "need reps"),
        ({"most_km": 10.0}, "need reps"),
        ({"reps": REPS, "most_km": 0.0}, "above zero"),
        ({"groups": (UnitGroup("A", ("1",)),)}, "fewer than two areas"),
        ({"groups": (UnitGroup("A", ("1", "2")), UnitGroup("B", ("2", "3")))}, 'in "A" and in "B"'),
        ({"limits": (MeasureLimit("V", 0.5), MeasureLimit("V", 0.6))}, "two more limits in % of target"),
    ],
)
def test_requests_that_mean_nothing_are_refused(more_of, words):
    with pytest.raises(InputError, match=words):
        asked(**more_of)


def test_priorities_are_prices_beside_the_shape():
    assert asked().prices() == ({}, 0.0)
    assert asked(balance="Medium", keep="High").prices() == ({"Revenue": 2.0}, 4.0)
    assert asked(balance="Medium", shape="Low").prices()[0]["Revenue"] == pytest.approx(5.0), "less shape, more of it"
    wish = (MeasureLimit("Visits", hard=False),)
    assert asked(limits=wish).prices()[0] == {"Visits": 2.0}
    assert asked(limits=wish).measures == ("Revenue", "Visits")


def test_what_is_kept_comes_back():
    rules = PlanRules(
        (MeasureLimit("Visits", 0.8, None),), (UnitGroup("A", ("10001", "10003")),), ((0, 0.6), (3, 1.5)), 0.05
    )
    assert read_rules(json.loads(json.dumps(rules_json(rules)))) == rules
    for junk in (None, 5, [], {"limits": 3, "shares": [1], "groups": {"a": 1}, "unassigned": "x"}):
        assert read_rules(junk) == PlanRules()
    limits = [{"measure": "V"}, {"measure": "V", "low": 2.0, "high": None, "as_load": False, "hard": True}]
    assert read_rules({"limits": limits, "shares": {"0": 0.5, "x": 1, "1": "y", "2": 9}}) == PlanRules(
        shares=((0, 0.5),)
    )


def test_targets_follow_shares(ws, sid):
    plan, _ = ws.plan(sid)
    loads = plan_snapshot(ws, sid).loads
    assert targets(plan, loads).tolist() == [300.0, 300.0]
    assert targets(plan, loads, {1: 0.5}).tolist() == [400.0, 200.0]
    locked = moves.apply(plan, moves.lock_territory(plan, 1, True))
    assert targets(locked, loads, {1: 0.5}).tolist() == [300.0, 200.0], "what the locked one leaves is the other's"


def test_slots_are_todays_territories_or_the_reps(ws, sid):
    plan, _ = ws.plan(sid)
    units, loads = plan_snapshot(ws, sid).units, plan_snapshot(ws, sid).loads
    plain = planned_territories(units, plan, asked(3), loads)
    assert [(s.key, s.label, s.code, s.share) for s in plain] == [
        ("territory:0", "Territory 1", -1, 1.0),
        ("territory:1", "South", -1, 1.0),
        ("new:1", "New territory 1", -1, 1.0),
    ]
    kept = planned_territories(units, plan, asked(2, keep="Low", shares=(("territory:1", 0.6),)), loads)
    assert [(s.code, s.share) for s in kept] == [(0, 1.0), (1, 0.6)]
    reps = planned_territories(units, plan, asked(3, reps=REPS), loads)
    assert [(s.key, s.share) for s in reps] == [("rep:U-1", 1.0), ("rep:U-2", 0.5), ("new:1", 1.0)]
    editing.edit(ws, sid, ws.store.scenarios.rev(sid), lambda p, _: moves.set_rep(p, 1, "U-1"))
    both = planned_territories(units, ws.plan(sid)[0], asked(3, reps=REPS, keep="Low"), loads)
    assert [(s.code, s.rep.name if s.rep else "") for s in both] == [(0, ""), (1, "Ann"), (-1, "Bob")]


def test_reps_near_a_territory_take_it_when_there_is_no_new_one(ws, sid):
    plan, _ = ws.plan(sid)
    units, loads = plan_snapshot(ws, sid).units, plan_snapshot(ws, sid).loads
    slots = planned_territories(units, plan, asked(2, reps=REPS, keep="Low"), loads)
    assert [(s.code, s.rep.name) for s in slots] == [(0, "Ann"), (1, "Bob")], "Wilmington is in the north"


def test_groups_that_share_a_unit_become_one(ws, sid):
    units = plan_snapshot(ws, sid).units
    got = bundles(units, (UnitGroup("A", ("10001", "10003")), UnitGroup("B", ("99999", "10005"))))
    assert got[KENT] == got[NEW_CASTLE] != -1
    assert got[SUSSEX] == -1, "one known unit is no group"
    assert len(set(bundles(units, (), ("DE",)).tolist())) == 1


def test_the_problem_says_what_was_asked(ws, sid):
    request = asked(
        reps=REPS,
        centred=True,
        most_km=80.0,
        unassigned=0.1,
        keep="Medium",
        most_moved=0.25,
        balance="Low",
        groups=(UnitGroup("A", ("10001", "10005")),),
        limits=(MeasureLimit("Revenue", None, 450.0, as_load=True),),
    )
    task = apply_result.design_task(ws, sid, request)
    p = task.problem
    assert p.targets[:, 0].tolist() == [400.0, 200.0], "a full share and half a one"
    assert p.start.tolist() == [0, 1, 0]
    assert p.cap[:, 0].tolist() == [450.0, 450.0]
    assert (p.continuity, p.max_moved, p.remainder) == (1.0, 0.25, 0.1)
    assert p.balance.tolist() == [0.5]
    assert p.groups[KENT] == p.groups[SUSSEX] != -1
    assert not np.isnan(p.centres).any()
    assert p.max_km.tolist() == [80.0, 80.0]
    assert p.homes.tolist() == p.centres.tolist()
    assert p.seeds.tolist() == [KENT, NEW_CASTLE]
    assert (task.codes, task.settled) == ((0, 1), True)


def test_a_largest_distance_holds_for_a_rep_with_locked_units_too(ws, sid):
    editing.edit(ws, sid, ws.store.scenarios.rev(sid), lambda p, _: moves.set_rep(p, 0, "U-1"))
    editing.set_locks(ws, sid, [SUSSEX], True)
    p = apply_result.design_task(ws, sid, asked(reps=REPS, most_km=40.0)).problem
    assert p.locked.tolist() == [-1, -1, 0]
    assert p.max_km.tolist() == [40.0, 40.0]
    assert p.seeds.tolist() == [-1, NEW_CASTLE]
    assert p.too_far().tolist() == [[False, True], [True, False], [True, True]], "Ann lives in Kent, Bob in New Castle"


def test_unplaced_load_does_not_count_as_changing_hands(ws, sid):
    editing.paint(ws, sid, [KENT], -1)  # 100 of 600
    p = apply_result.design_task(ws, sid, asked(keep="Low", most_moved=0.1)).problem
    assert p.max_moved == pytest.approx(0.1 + 100 / 600)


def test_nothing_to_keep_is_said(ws):
    empty = start(ws).id
    told = apply_result.design_task(ws, empty, asked(keep="High")).warnings
    assert told[0].message == "Nothing is assigned yet, so there are no current assignments to keep"


def test_a_smaller_share_is_kept_with_the_plan_and_undone_with_it(ws, sid):
    from terr.engine import design

    request = asked(reps=REPS, tolerance=0.5, limits=(MeasureLimit("Revenue", None, 390.0, as_load=True),))
    task = apply_result.design_task(ws, sid, request)
    result = design(task.problem, seed=1)
    shown = apply_result.proposal(ws, task, result)
    done = apply_result.apply_design(ws, task, result, ws.store.scenarios.rev(sid))
    one = plan_snapshot(ws, sid)
    for b in (shown, one):
        by_rep = b.table.set_index("rep")
        assert by_rep["target"].to_dict() == {"Ann": 400.0, "Bob": 200.0}
    assert one.rules.limits == request.limits
    assert {one.plan.territory(c).rep: s for c, s in one.rules.shares} == {"U-2": 0.5}
    again = apply_result.rebalance_task(ws, sid).problem
    assert sorted(again.targets[:, 0].tolist()) == [200.0, 400.0]
    assert again.cap.max() == 390.0
    undo.undo(ws, sid, done.rev)
    assert plan_snapshot(ws, sid).rules == PlanRules()
    assert plan_snapshot(ws, sid).table["target"].tolist() == [300.0, 300.0]
    undo.redo(ws, sid, ws.store.scenarios.rev(sid))
    assert plan_snapshot(ws, sid).rules == one.rules


def test_a_limit_on_one_side_judges_that_side(ws, sid):
    editing.paint(ws, sid, [KENT], 1)  # 200 and 400 of 600: a third below and a third above
    ws.store.scenarios.update_settings(sid, tolerance=0.2)
    for sides, inside in (("both", [False, False]), ("over", [True, False]), ("under", [False, True])):
        plan_settings.save_rules(ws, sid, ws.store.scenarios.get(sid).head, PlanRules(sides=sides))
        one = plan_snapshot(ws, sid)
        assert one.inside(one.table["deviation"]).tolist() == inside
        assert not one.within
        p = apply_result.rebalance_task(ws, sid).problem
        assert (p.low[0], p.high[0]) == (np.inf if sides == "over" else 0.2, np.inf if sides == "under" else 0.2)
    task = apply_result.design_task(ws, sid, asked(tolerance=0.4, sides="over"))
    apply_result.apply_design(
        ws, task, apply_result.ImportedAssignment(np.array([1, 1, 0])), ws.store.scenarios.rev(sid)
    )
    assert plan_snapshot(ws, sid).rules.sides == "over"
    assert plan_snapshot(ws, sid).within


def test_a_plan_the_engine_calls_within_is_within():
    assert within([0.05 + 1e-7, -0.05 - 1e-7, 0.0501, np.nan], 0.05).tolist() == [True, True, False, False]
    assert within([-0.9, 0.05, 0.06], 0.05, "over").tolist() == [True, True, False]
    assert within([0.9, -0.05, -0.06], 0.05, "under").tolist() == [True, True, False]
    assert [limit_words(0.075, s) for s in SIDES] == [
        "±7.5%",
        "at most 7.5% over target",
        "at most 7.5% under target",
    ]


def test_a_plan_is_judged_by_its_rules(ws, sid):
    rules = PlanRules(
        limits=(MeasureLimit("Revenue", None, 250.0, as_load=True), MeasureLimit("Revenue", 0.99, None)),
        groups=(UnitGroup("Coast", ("10001", "10003")),),
    )
    assert plan_snapshot(ws, sid).within
    plan_settings.save_rules(ws, sid, ws.store.scenarios.get(sid).head, rules)
    one = plan_snapshot(ws, sid)
    assert not one.within
    assert one.broken == (
        "Revenue of Territory 1 ($300) and South ($300) isn't at most $250",
        "Coast is split between territories",
    )
    plan_settings.save_rules(ws, sid, ws.store.scenarios.get(sid).head, PlanRules(unassigned=0.2))
    editing.paint(ws, sid, [KENT], -1)
    assert plan_snapshot(ws, sid).unassigned_load == 100
    assert not plan_snapshot(ws, sid).within, "200 of 300 is outside the limit"


def test_what_was_asked_is_what_the_drawer_opens_with(ws, sid):
    shown = plan_snapshot(ws, sid)
    fresh = form.draft_of(shown, 7)
    assert (fresh.territories, fresh.measure, fresh.tolerance, fresh.keep) == (7, "Revenue", 0.3, "Off")
    request = asked(
        3,
        tolerance=0.2,
        names=("A", "B"),
        reps=REPS[:1],
        keep="High",
        most_moved=0.1,
        most_km=40.0,
        centred=True,
        groups=(UnitGroup("G", ("10001", "10003")),),
        unassigned=0.05,
        shares=(("rep:U-1", 0.7),),
        limits=(MeasureLimit("Revenue", 100.0, None, as_load=True),),
        sides="under",
        starts=(("new:1", "10005"),),
    )
    plan_settings.save_setting(
        ws, sid, plan_settings.ASKED, {**to_json(request, miles=False), "base": form.base_of(shown)}
    )
    assert plan_settings.asked(ws.store.scenarios.get(sid)) == {
        **to_json(request, miles=False),
        "base": form.base_of(shown),
    }, "what is kept is equal to what was asked, so that nothing is kept twice"
    got = form.draft_of(plan_snapshot(ws, sid), 7)
    assert (got.territories, got.tolerance, got.names, got.reps) == (3, 0.2, "A\nB", ("U-1",))
    assert (got.keep, got.most_moved, got.most_km, got.centred, got.miles) == ("High", 0.1, 40.0, True, False)
    assert (got.sides, got.starts) == ("under", {"new:1": "10005"})
    assert (got.groups, got.limits, got.shares, got.unassigned) == (
        request.groups,
        request.limits,
        {"rep:U-1": 0.7},
        0.05,
    )
    ws.store.scenarios.update_settings(sid, tolerance=0.4)
    moved_on = form.draft_of(plan_snapshot(ws, sid), 7)
    assert (moved_on.territories, moved_on.tolerance) == (7, 0.4), "the plan's own settings were changed since"
    assert moved_on.keep == "High"


def test_tables_of_the_drawer_and_back():
    limits = (MeasureLimit("Visits", 0.8, 1.2), MeasureLimit("Revenue", None, 500.0, as_load=True))
    frame = form.limits_frame(limits)
    assert frame[LOW].tolist()[0] == 80.0
    assert form.limits_from(frame) == limits
    assert form.limits_from(form.limits_frame(())) == ()
    row = {MEASURE: "Visits", LOW: None, HIGH: 120.0, COUNTED: None, HARD: None}
    assert form.limits_from(pd.DataFrame([row])) == (MeasureLimit("Visits", None, 1.2),)
    assert form.limits_from(pd.DataFrame([row | {MEASURE: None}])) == ()
    with pytest.raises(InputError, match="a minimum or a maximum"):
        form.limits_from(pd.DataFrame([row | {HIGH: None}]))


def test_only_shares_changed_by_hand_are_kept(ws, sid):
    plan, _ = ws.plan(sid)
    slots = planned_territories(plan_snapshot(ws, sid).units, plan, asked(3, reps=REPS), plan_snapshot(ws, sid).loads)
    frame = form.shares_frame(slots, {"new:1": 0.6})
    assert frame[SHARE].tolist() == [100.0, 50.0, 60.0]
    assert form.shares_from(frame, slots) == (("new:1", 0.6),)
    shown = plan_snapshot(ws, sid)
    frame = form.shares_frame(slots, {}, {"new:1": "10005"})
    assert form.starts_from(frame, slots, shown) == (("new:1", "10005"),)
    named = frame.assign(**{START: ["Kent, DE", None, " "]})
    assert form.starts_from(named, slots, shown) == (("rep:U-1", "10001"),)
    for text in ("Atlantis", "10001, 10003"):
        with pytest.raises(InputError, match="can't start Ann: give one id, such as 10001"):
            form.starts_from(frame.assign(**{START: [text, "", ""]}), slots, shown)
    with pytest.raises(InputError, match="enter a share for Bob"):
        form.shares_from(frame.assign(**{SHARE: [100.0, float("nan"), 60.0]}), slots)


def sentences(ws, sid, request, **how):
    return preview_text.what_will_happen(plan_snapshot(ws, sid), request, apply_result.foresee(ws, sid, request), **how)


def test_what_will_happen_in_words(ws, sid):
    assert sentences(ws, sid, asked()) == [
        "Terr will divide 3 counties of Delaware into 2 territories of about $300 Revenue each (±30%), each in one "
        "piece and compact."
    ]
    editing.set_locks(ws, sid, [KENT], True)
    got = sentences(
        ws,
        sid,
        asked(
            reps=REPS,
            centred=True,
            most_km=160.9344,
            balance="High",
            keep="Low",
            most_moved=0.075,
            unassigned=0.02,
            limits=(MeasureLimit("Revenue", None, 450.0, as_load=True),),
            groups=(UnitGroup("North", ("10001", "10003")),),
            tolerance=1.0,
            starts=(("rep:U-1", "10005"),),
        ),
    )
    assert got[0].endswith(
        "by their shares, a full one with about $400 Revenue (±100%), each in one piece and compact."
    )
    assert got[1:] == [
        "1 locked county stays where it is.",
        "Each territory also keeps Revenue at most $450.",
        "Within the limit, territories are made as equal as possible.",
        "Today's assignments are kept where that costs little.",
        "At most 7.5% of Revenue moves.",
        "The homes of 2 reps stay the centers of their territories.",
        "Not a full territory: Bob 50%.",
        "No county is farther than 100 miles from its rep's home.",
        "Kept together: North (2 counties).",
        "Territories start around Sussex, DE.",
        "Up to 2% of Revenue may stay unassigned where no territory can take it.",
    ]
    assert "(at most 30% over target)" in sentences(ws, sid, asked(sides="over"))[0]
    assert "161 km" in " ".join(sentences(ws, sid, asked(reps=REPS, most_km=160.9344), miles=False))


def test_distances_are_read_as_typed():
    assert preview_text.kilometers(100, miles=True) == pytest.approx(160.9344)
    assert preview_text.typed(160.9344, miles=True) == 100.0
    assert preview_text.kilometers(None, miles=True) is preview_text.typed(None, miles=False) is None


def test_states_are_kept_whole(ws):
    data = data_set(ws, DELAWARE)
    sid = start(ws, "DE, RI", data=data).id
    task = apply_result.design_task(ws, sid, asked(2, whole_states=("RI",), tolerance=1.0))
    state = ws.units(ws.store.scenarios.get(sid)).frame["state"].to_numpy()
    assert len(set(task.problem.groups[state == "RI"].tolist())) == 1
    assert (task.problem.groups[state == "DE"] == -1).all()


def test_an_unknown_further_measure_is_named(ws, sid):
    with pytest.raises(InputError, match='"Calls" is not a measure'):
        apply_result.design_task(ws, sid, asked(limits=(MeasureLimit("Calls", 0.5),)))
    assert dataset.dataset(ws, ws.store.scenarios.get(sid).dataset_id).accounts.figures == ("Revenue",)


def test_a_state_kept_whole_is_kept_by_its_code_and_told_when_it_is_divided():
    rules = PlanRules(whole_states=("RI", "XX"))
    assert read_rules(rules_json(rules)) == rules
    assert read_rules({"whole_states": ["RI", 5, None]}).whole_states == ("RI",)
    assert read_rules({"whole_states": "RI"}).whole_states == ()
    units = grid_units(2, 2, state="RI")
    assert broken_rules(make_plan(units, [0, 0, 1, 0]), units, rules, {}) == (
        "Rhode Island is split between territories",
    )
    assert broken_rules(make_plan(units, [0, 0, 0, 0]), units, rules, {}) == ()
