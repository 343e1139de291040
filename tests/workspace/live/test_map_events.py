"""What the map says with its value: what a window wants to see, and, without a line, the queue of its edits."""

from __future__ import annotations

import pytest

from terr.model.person import Person
from terr.workspace.live.map_events import WindowState, apply_events, without_notices
from terr.workspace.plan import editing
from tests.helpers.spaces import KENT, SUSSEX, more, start


@pytest.fixture
def sid(ws):
    made = start(ws).id
    more(ws, made, ["B"])
    return made


def view(sid, n, kind, session="s1", **more):
    return {"s": session, "n": n, "k": kind, "p": sid, "have": "v1", **more}


@pytest.mark.parametrize(
    "value",
    [None, 5, "events", [], {}, {"events": None}, {"events": "abc"}, {"events": 3}, {"events": [None, 1, "x", [], {}]}],
)
def test_values_that_are_no_queue_are_passed_over(ws, sid, value):
    seen = WindowState(rev=2, active=0)
    assert apply_events(ws, sid, seen, value) == seen


def test_events_are_read_in_order_and_once(ws, sid):
    seen = apply_events(
        ws, sid, WindowState(rev=2, active=0), {"events": [view(sid, 1, "active", to=1), view(sid, 2, "points")]}
    )
    assert (seen.active, seen.points, seen.ack, seen.have) == (1, True, ("s1", 2), "v1")
    assert apply_events(ws, sid, seen, {"events": [view(sid, 1, "active", to=0)]}) == seen
    anew = apply_events(ws, sid, seen, {"events": [view(sid, 1, "hello", "s2")]})
    assert (anew.active, anew.points, anew.ack) == (1, False, ("s2", 1))


def test_a_table_of_accounts_is_wanted_once(ws, sid):
    seen = apply_events(ws, sid, WindowState(rev=2, active=0), {"events": [view(sid, 1, "accounts", unit=KENT, to=-1)]})
    assert seen.listed == (KENT, -1)
    assert without_notices(seen).listed == (-1, -1)


def test_events_of_the_plan_open_before_are_passed_over(ws, sid):
    seen = apply_events(ws, sid, WindowState(rev=2, active=0), {"events": [view("another", 1, "active", to=1)]})
    assert (seen.active, seen.ack) == (0, ("s1", 1))


@pytest.mark.parametrize("kind", ["paint", "lock", "undo", "redo", "propose"])
def test_an_edit_outside_the_queue_changes_nothing(ws, sid, kind):
    editing.paint(ws, sid, [KENT], 0, author="me")
    event = view(sid, 1, kind, units=[SUSSEX], to=1, on=True, codes=[1], why="x", rev=3)
    seen = apply_events(ws, sid, WindowState(rev=3, active=0), {"events": [event]}, person=Person("", "me"))
    assert (seen.notices, ws.store.scenarios.rev(sid), ws.store.proposals.of(sid)) == ((), 3, ())


def test_without_a_line_the_queue_comes_with_the_value(ws, sid):
    paint = view(sid, 1, "paint", "q~", units=[KENT], to=0, seen=[-1], rev=2)
    lock = view(sid, 2, "lock", "q~", units=[SUSSEX], on=True)
    value = {"events": [view(sid, 1, "active", to=1), paint, lock]}
    seen = apply_events(ws, sid, WindowState(rev=2, active=0), value, person=Person("", "Ann"))
    assert (seen.edits, seen.rev, seen.active, seen.notices) == (("q~", 2), 4, 1, ())
    assert ws.plan(sid)[0].assign.tolist() == [0, -1, -1]
    assert ws.store.edits.history(sid).steps[-1].author == "Ann"
    assert apply_events(ws, sid, seen, value).rev == 4, "taken in once"
    editing.paint(ws, sid, [KENT], 1, author="Bob")
    clash = view(sid, 3, "paint", "q~", units=[KENT], to=-1, seen=[0], rev=4)
    told = apply_events(ws, sid, seen, {"events": [clash]}, person=Person("", "Ann"))
    assert told.notices[0].startswith("Kent, DE was changed by Bob first and is now in B")
    assert without_notices(told).notices == ()
