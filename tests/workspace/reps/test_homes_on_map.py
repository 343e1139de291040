"""Homes of reps on the map of a plan: who, where, what they cover and how far, and the colors of reps."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from terr.edits import moves
from terr.locate import home_points
from terr.model.reps import Rep
from terr.view.colors import NEUTRAL
from terr.workspace.live import broadcast
from terr.workspace.live.map_events import WindowState, apply_events
from terr.workspace.plan import editing, map_layers
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reps.assignment import people_settings, save_people
from terr.workspace.reps.homes_on_map import map_homes
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start

DOVER, WILMINGTON = "19901", "19801"
HOSTILE = "<img src=x onerror=alert(1)> ${1}"
REPS = (
    Rep("1", HOSTILE, DOVER),
    Rep("2", "Bob", WILMINGTON),
    Rep("3", "Cleo"),
    Rep("4", "Dan", DOVER, role="manager"),
    Rep("5", "Eve", DOVER, active=False),
)


@pytest.fixture
def sid(ws) -> str:
    """Territory 1 (Kent and New Castle) and B (Sussex) are of rep 1, C (empty) of Bob."""
    made = start(ws, reps=REPS).id
    more(ws, made, ["B", "C"])
    editing.paint(ws, made, [KENT, NEW_CASTLE], 0)
    editing.paint(ws, made, [SUSSEX], 1)
    for code, rep in ((0, "1"), (1, "1"), (2, "2")):
        editing.edit(ws, made, -1, lambda p, _, c=code, r=rep: moves.set_rep(p, c, r), strict=False)
    return made


def miles_by_road(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Haversine on a sphere of 6,371 km, 1.2 by road."""
    (p, q), (r, s) = [tuple(map(math.radians, x)) for x in (a, b)]
    h = math.sin((r - p) / 2) ** 2 + math.cos(p) * math.cos(r) * math.sin((s - q) / 2) ** 2
    return 1.2 * 2 * 6371.0 * math.asin(math.sqrt(h)) / 1.609344


def test_homes_say_what_is_covered_and_how_far(ws, sid):
    shown = plan_snapshot(ws, sid)
    told = map_homes(ws, shown)
    assert [h["name"] for h in told["homes"]] == [HOSTILE, "Bob"], "the farthest first; managers and who left have none"
    one, bob = told["homes"]
    home = tuple(home_points([DOVER])[0])
    lat_lon = shown.units.lat_lon
    north = tuple(np.average(lat_lon[[KENT, NEW_CASTLE]], axis=0, weights=[100, 300]))
    miles = [miles_by_road(home, north), miles_by_road(home, tuple(lat_lon[SUSSEX]))]
    assert (one["lat"], one["lon"]) == pytest.approx(home, abs=1e-4)
    assert one["lines"] == [
        "Home: ZIP 19901",
        *(
            f"{n}: about {m:,.0f} mi by road, {m * 1.609344 / 50:,.1f} hours"
            for n, m in zip(["Territory 1", "B"], miles, strict=True)
        ),
    ]
    assert (one["codes"], one["far"], one["label"]) == ([0, 1], False, f"{max(miles) * 1.609344 / 50:.1f} h")
    assert [q[:2] for q in one["to"]] == [pytest.approx(north, abs=1e-4), pytest.approx(lat_lon[SUSSEX], abs=1e-4)]
    assert (bob["lines"], bob["to"], bob["label"]) == (["Home: ZIP 19801", "C: nothing in it yet"], [], "")
    assert told["note"] == "1 home not known: Cleo. Add them on page Reps."


def test_a_home_farther_than_the_plan_allows_is_flagged(ws, sid):
    before = map_homes(ws, plan_snapshot(ws, sid))
    info = ws.store.scenarios.get(sid)
    save_people(ws, sid, replace(people_settings(info), far_hours=0.5))
    one = map_homes(ws, plan_snapshot(ws, sid))["homes"][0]
    assert one["far"]
    assert "More than 0.5 hours away" in one["lines"]
    assert map_homes(ws, plan_snapshot(ws, sid))["version"] != before["version"]


def test_an_edit_moves_the_centers(ws, sid):
    before = map_homes(ws, plan_snapshot(ws, sid))
    assert map_homes(ws, plan_snapshot(ws, sid))["version"] == before["version"]
    editing.paint(ws, sid, [NEW_CASTLE], 2)
    after = map_homes(ws, plan_snapshot(ws, sid))
    assert after["version"] != before["version"]
    bob = next(h for h in after["homes"] if h["name"] == "Bob")
    assert bob["to"][0][:2] == pytest.approx(plan_snapshot(ws, sid).units.lat_lon[NEW_CASTLE], abs=1e-4)


def test_homes_are_sent_once_they_are_asked_for(ws, sid):
    event = {"s": "s1", "n": 1, "k": "homes", "p": sid}
    seen = apply_events(ws, sid, WindowState(rev=1, active=0), {"events": [event]})
    assert seen.homes
    again = apply_events(ws, sid, seen, {"events": [{"s": "s2", "n": 1, "k": "hello", "p": ""}]})
    assert not again.homes, "a map made anew holds nothing yet"


def test_page_and_line_tell_the_same_colors_of_reps(ws, sid):
    def told(state):
        return broadcast.territories(ws, sid, state)

    before = broadcast.broadcast_state(ws, sid, *ws.store.changes.latest(sid))
    rows = told(before)
    assert rows[0]["rep_color"] == rows[1]["rep_color"] != rows[2]["rep_color"]
    assert [(r["rep"], r["rep_id"]) for r in rows] == [(HOSTILE, "1"), (HOSTILE, "1"), ("Bob", "2")]
    shown = plan_snapshot(ws, sid)
    of_reps = list(ws.rep_colors(shown.info, shown.plan).values())
    assert map_layers.territory_rows(shown.plan, shown.reps, shown.table["color"].tolist(), of_reps) == rows
    editing.edit(ws, sid, -1, lambda p, _: moves.set_rep(p, 1, ""), strict=False)
    now = broadcast.broadcast_state(ws, sid, *ws.store.changes.latest(sid), before)
    assert broadcast.difference(ws, sid, before, now)["territories"][1]["rep_color"] == NEUTRAL
