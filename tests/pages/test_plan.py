"""Generate's drawer and what stands beside the map, run without a browser."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from terr.engine.executor import Threads
from terr.model.person import Person
from terr.model.progress import Progress
from terr.model.reps import Rep
from terr.workspace.design import form, sweep
from terr.workspace.design.request import DesignRequest, to_json
from terr.workspace.plan import editing, plan_settings, undo
from terr.workspace.plan.rules import MeasureLimit, UnitGroup
from terr.workspace.plan.snapshot import plan_snapshot
from tests.helpers.spaces import KENT, NEW_CASTLE, RHODE_ISLAND, SUSSEX, more, start
from tests.pages.test_pages import frame, html, ok, press

REPS = (Rep("U-1", "Ann Poe", "19901"), Rep("U-2", "Bob Ray", "19801", 0.5))


@pytest.fixture
def ws(open_app):
    from terr.ui.session import state

    return state.workspace()


@pytest.fixture
def sid(ws):
    """Kent and Sussex (300) in Territory 1, New Castle (300) in South."""
    made = start(ws, reps=REPS).id
    more(ws, made, ["South"])
    editing.paint(ws, made, [KENT, SUSSEX], 0)
    editing.paint(ws, made, [NEW_CASTLE], 1)
    return made


@pytest.fixture
def uneven(ws):
    """Rhode Island: 110 of 120 in Territory 1, 10 in B, within 20% wanted."""
    made = start(ws, "RI", RHODE_ISLAND, tolerance=0.2).id
    more(ws, made, ["B"])
    editing.paint(ws, made, [0, 1, 2, 3], 0)
    editing.paint(ws, made, [4], 1)
    return made


def said(window) -> str:
    return " ".join([*(m.value for m in window.markdown), *(c.value for c in window.caption)]).replace("\\", "")


def wait_for(window, found, seconds: float = 40):
    ends = time.monotonic() + seconds
    while not found(window) and time.monotonic() < ends:
        time.sleep(0.3)
        ok(window.run())
    assert found(window), said(window)
    return window


def keys(window) -> set[str]:
    return {b.key for b in window.button if b.key}


def test_the_drawer_opens_with_sensible_defaults(open_app, sid):
    window = ok(press(open_app("plan", scenario=sid), "generate"))
    assert window.number_input(key="gen_k").value == 2
    assert window.number_input(key="gen_tolerance").value == 5.0
    sliders = {n: window.select_slider(key=f"gen_{n}").value for n in ("balance", "shape", "keep")}
    assert sliders == {"balance": "Medium", "shape": "Medium", "keep": "Off"}
    assert window.number_input(key="gen_moved").value is None
    assert window.number_input(key="gen_rest").value == 0
    assert "into 2 territories of about $300 Revenue each (±5%), each in one piece and compact." in said(window)
    assert not window.warning
    assert "gen_go" in keys(window)


def test_what_is_asked_is_told_and_remembered(open_app, ws, sid):
    window = press(open_app("plan", scenario=sid), "generate")
    window.select_slider(key="gen_keep").set_value("High")
    window.number_input(key="gen_moved").set_value(10.0)
    window.number_input(key="gen_rest").set_value(2.0)
    window.selectbox(key="gen_sides").set_value("over")
    ok(press(window, "generate"))
    told = said(window)
    assert "Today's assignments are kept above all else." in told
    assert "At most 10% of Revenue moves." in told
    assert "Up to 2% of Revenue may stay unassigned" in told
    assert "(at most 5% over target)" in told
    kept = plan_settings.asked(ws.store.scenarios.get(sid))
    assert (kept["keep"], kept["most_moved"], kept["unassigned"]) == ("High", 0.1, 0.02)
    again = ok(press(open_app("plan", scenario=sid), "generate"))
    assert again.select_slider(key="gen_keep").value == "High"
    assert again.number_input(key="gen_moved").value == 10.0
    assert again.selectbox(key="gen_sides").value == "over"


def test_a_drawer_only_looked_at_keeps_nothing(open_app, ws, sid):
    ok(press(open_app("plan", scenario=sid), "generate"))
    assert plan_settings.asked(ws.store.scenarios.get(sid)) == {}


def remember(ws, sid, **asked):
    request = DesignRequest(**({"territories": 2, "measure": "Revenue", "tolerance": 0.05} | asked))
    base = form.base_of(plan_snapshot(ws, sid))
    plan_settings.save_setting(ws, sid, plan_settings.ASKED, {**to_json(request), "base": base})


def test_further_limits_groups_and_shares_are_told(open_app, ws, sid):
    remember(
        ws,
        sid,
        tolerance=1.0,
        reps=REPS,
        limits=(MeasureLimit("Revenue", None, 450.0, as_load=True),),
        groups=(UnitGroup("Bay", ("10001", "10003")),),
        starts=(("rep:U-2", "10005"),),
    )
    window = ok(press(open_app("plan", scenario=sid), "generate"))
    told = said(window)
    assert "Each territory also keeps Revenue at most $450." in told
    assert "Kept together: Bay (2 counties)." in told
    assert "Not a full territory: Bob Ray 50%." in told
    shares = next(d.value for d in window.dataframe if form.SHARE in d.value)
    assert shares[form.WHO].tolist() == ["Ann Poe", "Bob Ray"]
    assert shares[form.SHARE].tolist() == [100.0, 50.0]
    assert shares[form.START].tolist() == ["", "10005"]
    assert "Territories start around Sussex, DE." in told
    press(window, "generate", "gen_group_gone_0")
    window = ok(press(window, "generate"))


def test_units_are_put_together_in_the_drawer(open_app, ws, sid):
    window = press(open_app("plan", scenario=sid), "generate")
    window.multiselect(key="gen_group_units").set_value(["10001", "10005"])
    window.text_input(key="gen_group_name").set_value("Lower bay")
    window.button(key="gen_group_add").click()
    ok(window.run())
    assert [g["name"] for g in plan_settings.asked(ws.store.scenarios.get(sid)).get("groups", [])] in (
        [],
        ["Lower bay"],
    )
    assert window.session_state["terr_gen_groups"] == [UnitGroup("Lower bay", ("10001", "10005"))]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"reps": (Rep("U-9", "Zoe Nowhere", ""),)}, "home of Zoe Nowhere"),
        ({"groups": (UnitGroup("A", ("10001", "10003")), UnitGroup("B", ("10003", "10005")))}, None),
    ],
)
def test_what_cannot_be_is_one_line(open_app, ws, sid, asked, words):
    if words is None:  # such a request can't even be made
        with pytest.raises(Exception, match='in "A" and in "B"'):
            remember(ws, sid, **asked)
        return
    from terr.workspace.reps import roster

    roster.set_reps(ws, ws.store.scenarios.get(sid).dataset_id, asked["reps"])
    remember(ws, sid, **asked)
    window = press(open_app("plan", scenario=sid), "generate")
    assert not window.exception
    assert [words in e.value for e in window.error] == [True]
    assert window.button(key="gen_go").disabled


def test_more_reps_than_territories_is_said_beside_the_field_and_one_click_mends_it(open_app, ws, sid):
    from terr.workspace.reps import roster

    roster.set_reps(ws, ws.store.scenarios.get(sid).dataset_id, REPS)
    window = press(open_app("plan", scenario=sid), "generate")
    window.multiselect(key="gen_reps").set_value([r.rep_id for r in REPS])
    window.number_input(key="gen_k").set_value(1)
    press(window, "generate")
    assert "2 reps for 1 territory: each rep needs one." in [e.value for e in window.error]
    assert window.button(key="gen_go").disabled
    press(window, "gen_use_reps")
    ok(press(window, "generate"))
    assert window.number_input(key="gen_k").value == 2
    assert not window.button(key="gen_go").disabled


def test_a_unit_too_large_can_be_shown_on_the_map(open_app, uneven):
    window = press(open_app("plan", scenario=uneven), "generate")
    window.number_input(key="gen_k").set_value(4)
    ok(press(window, "generate"))
    assert any("Providence, RI" in w.value for w in window.warning)
    ok(press(window, "generate", "gen_show_0"))
    assert window.session_state["terr_marked"] == [3]


def test_a_smaller_share_is_what_the_plan_is_held_to(open_app, ws, sid):
    remember(ws, sid, tolerance=0.6, reps=REPS)
    window = press(open_app("plan", scenario=sid), "generate")
    press(window, "generate", "gen_go")
    wait_for(window, lambda w: "apply_design" in keys(w))
    ok(press(window, "apply_design"))
    one = plan_snapshot(ws, sid).table.set_index("rep")["target"]
    assert one.to_dict() == {"Ann Poe": 400.0, "Bob Ray": 200.0}
    assert plan_snapshot(ws, sid).rules.shares


def beside(window, what: str):
    """The window as it is once the map is up, with this beside it."""
    window.session_state["terr_seen"] = replace(window.session_state["terr_seen"], have="drawn")
    window.session_state["side_part"] = what
    return ok(window.run())


def test_a_proof_in_one_sentence_that_an_edit_makes_old(open_app, ws, sid):
    window = beside(ok(open_app("plan", scenario=sid)), "Proof")
    assert "Find out how much better any plan within the same limits could be" in said(window)
    press(window, "prove")
    wait_for(window, lambda w: "Proven" in said(w) and "proof_stop" not in keys(w))
    assert "Proven: this is the best possible plan" in said(window)
    assert "No plan below" in said(window), "the details"
    rev = ws.store.scenarios.rev(sid)
    editing.set_locks(ws, sid, [KENT], True)
    ok(window.run())
    beside(window, "Proof")
    assert "The plan or its limit changed since then" in said(window)
    undo.undo(ws, sid, rev + 1)
    ok(window.run())
    beside(window, "Proof")
    assert "changed since" not in said(window)


def test_a_plan_outside_its_limits_is_told_what_is_missing(open_app, uneven):
    window = beside(ok(open_app("plan", scenario=uneven)), "Proof")
    assert "Bring the plan within its limits first" in said(window)
    assert "prove" not in keys(window)


@pytest.mark.slow
def test_a_point_of_the_curve_is_previewed_dropped_and_applied(open_app, ws, demo_ws):
    from terr.workspace.accounts import demo

    data = demo.demo_dataset(ws)
    made = start(ws, "CT", data=data, measure="Potential", tolerance=0.2).id
    more(ws, made, ["B", "C"])
    for code in range(3):
        editing.paint(ws, made, [u for u in range(9) if u % 3 == code], code)
    before, rev = ws.plan(made)
    window = beside(ok(open_app("plan", scenario=made)), "Trade-off")
    press(window, "trade_go")
    wait_for(window, lambda w: any(s.key and s.key.startswith("trade_pick") for s in w.selectbox), 60)

    def pick(number: int):
        box = next(s for s in window.selectbox if s.key and s.key.startswith("trade_pick"))
        box.set_value(number)
        return ok(window.run())

    pick(1)
    assert window.session_state["terr_proposal"].rev == rev
    assert ws.plan(made)[0].same_as(before), "a preview changes nothing"
    ok(press(window, "drop_point"))
    assert "terr_proposal" not in window.session_state
    pick(1)
    ok(press(window, "apply_point"))
    assert ws.store.scenarios.rev(made) == rev + 1
    assert not ws.plan(made)[0].same_as(before)
    undo.undo(ws, made, rev + 1)
    assert ws.plan(made)[0].same_as(before)


def test_why_a_territory_is_outside_and_its_repair(open_app, ws, uneven):
    window = ok(open_app("plan", scenario=uneven))
    beside(window, "Moves")

    def list_of(w):
        return next((s for s in w.selectbox if s.key and s.key.startswith("why_pick")), None)

    wait_for(window, lambda w: list_of(w) is not None)
    list_of(window).set_value(0)
    ok(window.run())
    assert "Territory 1 is 83.3% above its target for Revenue" in said(window)
    assert window.session_state["terr_marked"]
    if "apply_repair" in keys(window):
        press(window, "preview_repair")
        assert window.session_state["terr_preview"]
        ok(press(window, "apply_repair"))
        table = frame(window, "terr_table").value.set_index("Territory")
        assert abs(table.loc["Territory 1", "Deviation"]) <= 20.0


# --- figures that don't contradict each other -----------------------------------------------------------------------


def test_no_figure_on_the_page_is_rounded_into_its_limit(open_app, ws):
    """1,050.4 and 949.6 of 2,000: 5.04% from the target, where 5% is allowed."""
    sid = start(ws, rows=[("A-1", "Kent", "DE", 1050.4), ("A-2", "Sussex", "DE", 949.6)]).id
    more(ws, sid, ["South"])
    editing.paint(ws, sid, [KENT, NEW_CASTLE], 0)
    editing.paint(ws, sid, [SUSSEX], 1)
    window = ok(open_app("plan", scenario=sid))
    assert "5.04%" in html(window)
    assert "2 territories are outside the limit" in said(window)
    assert "limit ±5%" in said(window)
    assert "within ±5%" not in said(window)
    assert "5.0%" not in html(window) + said(window)


def test_what_was_moved_names_its_baseline_and_measure(open_app, ws, sid):
    editing.edit(
        ws,
        sid,
        ws.rev(sid),
        lambda plan, code: editing.adopt_names(plan, ["A", "B", "B"], code, ws.units(ws.scenario(sid)).graph()),
    )
    editing.paint(ws, sid, [SUSSEX], next(t.code for t in ws.plan(sid)[0].territories if t.name == "A"))
    window = ok(open_app("plan", scenario=sid))
    assert "Revenue moved since the import" in html(window)


# --- as owned today -------------------------------------------------------------------------------------------------


def test_a_plan_starts_as_owned_today_with_questions_answered(open_app, ws):
    from tests.workspace.scenarios.test_as_owned import data_of

    data = data_of(ws)
    window = ok(open_app("accounts"))
    assert [e.label for e in window.expander if "owners" in e.label] == ["Today's owners: 1 question"]
    asked = next(r for r in window.radio if r.key.endswith("house"))
    assert "House Account (1 account)" in asked.label.replace("\\", "")
    asked.set_value("own")
    window.multiselect(key="new_plan_region").set_value(["Delaware"])
    ok(press(window, "new_plan_owned"))
    (info,) = ws.store.scenarios.find()
    assert (info.name, info.dataset_id) == ("As owned today", data.info.id)
    assert sorted(t.name for t in ws.plan(info.id)[0].territories) == ["Ann Poe", "Bob Ray", "House Account"]
    window = ok(open_app("plan", scenario=info.id))
    press(window, "measure")
    window.selectbox(key="set_compared").set_value("owners")
    ok(press(window, "set_go"))
    assert plan_settings.compared_with(ws.scenario(info.id)) == "owners"
    assert "Revenue moved against as owned today" in html(ok(window.run()))


def test_a_sweep_is_shown_and_its_plans_open_as_scenarios(open_app, ws, sid):
    before, rev = ws.plan(sid)
    window = ok(press(open_app("plan", scenario=sid), "generate"))
    window.number_input(key="sweep_from").set_value(2)
    window.number_input(key="sweep_to").set_value(3)
    window.text_input(key="sweep_limits").set_value("5, x")
    window = press(window, "generate")
    assert any("write numbers with commas" in e.value for e in window.error)
    window.text_input(key="sweep_limits").set_value("5, 80")
    window = press(ok(press(window, "generate")), "generate", "sweep_go")
    assert "gen_go" not in keys(window), "the drawer closes"
    beside(window, "Trade-off")
    wait_for(window, lambda w: "sweep_open" in keys(w), 60)
    table = next(d for d in window.dataframe if d.key == "terr_sweep_plans").value
    assert table["Number"].tolist() == [2, 2, 3, 3]
    assert "Seed" not in table, "one seed needs no column"
    assert table["Limit"].tolist() == ["5%", "80%"] * 2
    assert table["Max dev."].tolist()[0] == "0.0%"
    assert window.button(key="sweep_open").disabled
    assert ws.plan(sid)[0].same_as(before)
    assert ws.plan(sid)[1] == rev


def test_each_plan_of_a_sweep_becomes_a_scenario(ws, sid):
    grid = sweep.SweepGrid((2, 3), (0.8,), (1, 2))
    asked = DesignRequest(2, "Revenue", 0.05)
    found = sweep.sweep_plan(ws, sid, asked, grid, Threads(), Progress(), time_limit_s=10.0)
    assert found.frame["territories"].tolist() == [2, 2, 3, 3]
    assert found.frame["inside"].all()
    before, _ = ws.plan(sid)
    for place, one in enumerate(found.plans):
        made = sweep.open_as_scenario(ws, found, place, by=Person("u", "Ann"))
        shown = plan_snapshot(ws, made.id)
        assert len(shown.plan.territories) == one.point.territories
        assert 100 * shown.max_deviation == pytest.approx(found.frame["deviation_pct"][place])
        assert shown.info.tolerance == 0.8
    assert made.name.endswith(": 3 territories, 80%, seed 2")
    assert ws.plan(sid)[0].same_as(before)
