"""The Visits page as a person meets it, run without a browser."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

import pytest

from terr.model.person import Person
from terr.model.reps import Rep
from terr.workspace.access.guarded_store import for_person
from terr.workspace.accounts import dataset
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reps import assignment as people
from terr.workspace.visits import kept
from terr.workspace.visits.choices import days_off_from, days_off_text
from terr.workspace.visits.settings import VisitSettings, next_monday
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start
from tests.pages.test_pages import HOSTILE, ok, one, press

NASTY = HOSTILE[:60].strip()
REPS = (
    Rep("U-1", "Ann Poe", "19901", email="ann@x.com", manager="M"),
    Rep("U-2", NASTY, "19801", email="bob@x.com", manager="M"),
    Rep("U-3", "Cy Oh", "", manager="M"),
    Rep("M", "Mia Boss", email="mia@x.com", role="manager"),
)
ROWS = [
    f'A-{k},"{NASTY if k == 1 else f"Account {k}"}",{z},DE,{t},{100 * k}'
    for k, (z, t) in enumerate(
        [
            ("19901", "A"),
            ("19904", "B"),
            ("19934", "C"),
            ("19943", "A"),
            ("19801", "A"),
            ("19702", "B"),
            ("19966", "A"),
        ],
        1,
    )
]


def save_data(ws: Any) -> Any:
    data = "\n".join(["Account ID,Name,ZIP,State,Tier,Revenue", *ROWS]).encode()
    raw, columns = dataset.inspect(data, "accounts.csv")
    return dataset.save(ws, data, dataset.intake(raw, columns, {"Revenue": "USD"}), reps=REPS)


@pytest.fixture
def ws(open_app):
    from terr.ui.session import state

    return state.workspace()


@pytest.fixture
def sid(ws):
    """Ann has Kent, the rep of a hostile name New Castle, and one without a home Sussex."""
    info = start(ws, data=save_data(ws))
    more(ws, info.id, ["North", "South"])
    for code, county in enumerate((KENT, NEW_CASTLE, SUSSEX)):
        editing.paint(ws, info.id, [county], code)
    people.assign_reps(ws, info.id, ws.rev(info.id), {0: "U-1", 1: "U-2", 2: "U-3"})
    return info.id


def planned(ws, sid, rep="U-1", **more: Any) -> None:
    settings = VisitSettings(
        next_monday(kept.today()) + timedelta(7), calls={"A": 52, "B": 26, "C": 13}, country="", **more
    )
    keep = kept.plan_calendar(ws, plan_snapshot(ws, sid), rep, settings, by="me")
    kept.keep(ws, sid, {rep: keep})


def settled(window):
    """The window once its work is done."""
    for _ in range(100):
        if "terr_visits" not in window.session_state:
            return ok(window)
        time.sleep(0.2)
        window.run()
    raise AssertionError("still at work")


def opened_for(open_app, sid, rep: str = "U-1"):
    window = ok(open_app("visits", scenario=sid))
    one(window.selectbox, "visits_rep").set_value(rep)
    return ok(window.run())


def frame(window, column: str):
    return next(d for d in window.dataframe if column in d.value.columns)


def click(window, label: str):
    next(b for b in window.button if b.label == label).click()
    return settled(window.run())


def test_a_plan_without_reps_says_where_to_go(open_app, ws) -> None:
    info = start(ws, data=save_data(ws))
    window = ok(open_app("visits", scenario=info.id))
    assert any("No territory has a rep yet" in i.value for i in window.info)


def test_visits_are_planned_shown_and_kept(open_app, ws, sid) -> None:
    window = opened_for(open_app, sid)
    assert any("No visits planned yet" in i.value for i in window.info)
    click(window, "Plan visits")
    figures = {m.label: m.value for m in window.metric}
    kept_now = kept.kept_visits(ws.scenario(sid)).reps["U-1"]
    assert figures["Visits"] == str(sum(map(len, kept_now.days)))
    assert int(figures["Miles"].replace(",", "")) > 0
    stops = frame(window, "Arrive").value
    assert (stops["Account"].iloc[0], stops["Account"].iloc[-1]) == ("Leave home", "Back home")
    fresh = opened_for(open_app, sid)  # kept with the plan
    assert {m.label: m.value for m in fresh.metric}["Visits"] == figures["Visits"]


def test_a_moved_visit_is_routed_again_and_rules_hold(open_app, ws, sid) -> None:
    planned(ws, sid)
    window = opened_for(open_app, sid)
    before = kept.kept_visits(ws.scenario(sid)).reps["U-1"].days
    ok(press(window, "visits_moved"))
    after = kept.kept_visits(ws.scenario(sid)).reps["U-1"].days
    assert after != before
    assert sorted(v for d in after for v in d) == sorted(v for d in before for v in d)
    opened = kept.open_calendar(ws, plan_snapshot(ws, sid), "U-1")
    visit = next(v for d in after for v in d)
    assert opened is not None
    weekly = next(s.visit for d in opened.found.days for s in d.stops if s.account_id == "A-1")
    far = opened.ground.days[-1]
    with pytest.raises(ValueError, match="lies outside the days"):
        kept.move_visit(opened, weekly, far)
    with pytest.raises(ValueError, match="isn't a working day"):
        kept.move_visit(opened, visit, date(2020, 1, 1))
    off = kept.move_visit(opened, weekly, None)
    assert weekly not in {v for d in off.days for v in d}


def test_what_cant_be_planned_is_said_beside_the_form(open_app, ws, sid) -> None:
    window = ok(open_app("visits", scenario=sid))
    one(window.selectbox, "visits_rep").set_value("U-3")
    ok(window.run())
    next(b for b in window.button if b.label == "Plan visits").click()
    window.run()
    for _ in range(50):
        if window.error:
            break
        time.sleep(0.1)
        window.run()
    assert any("has no home" in e.value for e in window.error)
    window = ok(open_app("visits", scenario=sid))
    one(window.text_input, "visits_off").set_value("soon")
    next(b for b in window.button if b.label == "Plan visits").click()
    window.run()
    assert any("isn't a date" in e.value for e in window.error)


def test_all_reps_at_once_name_those_that_cant_be(open_app, ws, sid) -> None:
    window = ok(open_app("visits", scenario=sid))
    click(window, "Plan visits of all 3 reps")
    assert set(kept.kept_visits(ws.scenario(sid)).reps) == {"U-1", "U-2"}
    assert any("has no home" in w.value for w in window.warning)


def test_a_calendar_is_out_of_date_when_its_ground_moved(open_app, ws, sid) -> None:
    planned(ws, sid)
    editing.paint(ws, sid, [SUSSEX], 0)
    window = opened_for(open_app, sid)
    assert any("plan them again" in w.value for w in window.warning)
    assert not window.metric


def test_files_hold_every_visit_and_links_only_coordinates(ws, sid) -> None:
    planned(ws, sid, "U-2")
    opened = kept.open_calendar(ws, plan_snapshot(ws, sid), "U-2")
    assert opened is not None
    for kind, mark in (("csv", b"A-5"), ("ics", b"BEGIN:VEVENT"), ("gpx", b"<rtept")):
        file = kept.visit_file(opened, kind, "My plan")
        assert mark in file.data
        assert file.name.startswith("my-plan-visits")
        assert kind != "gpx" or b"<img" not in file.data
    day = next(d for d in opened.found.days if d.stops)
    (link,) = kept.links_of(opened, day)
    assert link.startswith("https://www.google.com/maps/dir/?api=1")
    assert "Poe" not in link


def test_a_rep_sees_their_own_visits_and_a_manager_the_teams(ws, sid) -> None:
    planned(ws, sid)
    ws.whole.sign_in = True
    try:
        boss = Person("own@x.com", "Own")
        for who, role in (("own", "owner"), ("ann", "viewer"), ("mia", "viewer"), ("zoe", "viewer")):
            ws.whole.store.roles.give(sid, f"{who}@x.com", role, by=boss)
        seen = {}
        for who in ("own", "ann", "mia", "zoe"):
            view = for_person(ws, Person(f"{who}@x.com", who))
            shown = plan_snapshot(view, sid)
            seen[who] = sorted(r.rep_id for r in kept.visible_reps(view, shown))
        assert seen == {"own": ["U-1", "U-2", "U-3"], "ann": ["U-1"], "mia": ["U-1", "U-2", "U-3"], "zoe": []}
        ann = for_person(ws, Person("ann@x.com", "ann"))
        shown = plan_snapshot(ann, sid)
        assert kept.open_calendar(ann, shown, "U-1") is not None
        with pytest.raises(ValueError, match="aren't yours to see"):
            kept.open_calendar(ann, shown, "U-2")
        with pytest.raises(PermissionError):
            kept.keep(ann, sid, dict(kept.kept_visits(shown.info).reps))
    finally:
        ws.whole.sign_in = False


def test_what_is_kept_and_broken_is_left_out_and_a_past_start_becomes_the_next_monday(ws, sid) -> None:
    planned(ws, sid)
    info = ws.scenario(sid)
    kept_now = kept.kept_visits(info)
    assert kept_now.asked == kept_now.reps["U-1"].settings
    settings = {**info.settings["visits"], "reps": {"U-1": {"mark": 7}, "U-2": "x"}, "asked": []}
    ws.store.scenarios.change_settings(sid, lambda now: {**now, "visits": settings})
    assert kept.kept_visits(ws.scenario(sid)) == kept.KeptVisits()
    late = kept.usual_settings(info, kept_now.asked.start + timedelta(1))
    assert late.start == kept_now.asked.start + timedelta(7)


def test_days_off_as_they_are_typed() -> None:
    days = days_off_from("2026-12-24 to 2026-12-26, 2027-01-02")
    assert [d.day for d in days] == [24, 25, 26, 2]
    assert days_off_from(days_off_text(days)) == days
    for wrong in ("soon", "2026-12-26 to 2026-12-24", "2026-12-01 to 2026-12-02 to 2026-12-03"):
        with pytest.raises(ValueError, match="day"):
            days_off_from(wrong)
