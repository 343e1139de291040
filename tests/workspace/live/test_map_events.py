"""What the map sends becomes edits: in order, once, and never over somebody else's."""

from __future__ import annotations

import math

import pytest

from terr.edits import moves
from terr.workspace.live import map_events
from terr.workspace.live.map_events import WindowState, apply_events
from terr.workspace.plan import editing
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start


class Window:
    """One browser window: its queue grows until the server has acknowledged it."""

    def __init__(self, ws, sid, session="s1"):
        self.ws, self.sid, self.session = ws, sid, session
        self.seen = WindowState(rev=ws.plan(sid)[1], active=0)
        self.queue = []
        self.n = 0

    def event(self, kind, **more):
        self.n += 1
        self.queue.append({"s": self.session, "n": self.n, "k": kind, "p": self.sid, "have": "v1", **more})

    def send(self):
        self.seen = apply_events(
            self.ws, self.sid, map_events.without_notices(self.seen), {"events": list(self.queue)}, author="me"
        )
        return self.seen

    def paint(self, units, to, seen):
        self.event("paint", units=units, to=to, seen=seen)


@pytest.fixture
def window(ws):
    sid = start(ws).id
    more(ws, sid, ["B"])
    return Window(ws, sid)


def assign(window):
    return window.ws.plan(window.sid)[0].assign.tolist()


def edits(window):
    return len(window.ws.store.edits.history(window.sid).steps)


def test_events_are_taken_in_order_and_once(window):
    window.paint([KENT], 0, [-1])
    window.paint([KENT, SUSSEX], 1, [0, -1])
    seen = window.send()
    assert assign(window) == [1, -1, 1]
    assert seen.ack == ("s1", 2)
    assert seen.have == "v1"
    assert seen.rev == 4
    assert seen.notices == ()
    before = edits(window)
    window.send()  # the same queue again: the acknowledgement hadn't reached the browser
    window.paint([NEW_CASTLE], 0, [-1])
    window.send()
    assert edits(window) == before + 1
    assert assign(window) == [1, 0, 1]


def test_a_hundred_clicks_are_a_hundred_edits(window):
    before = edits(window)
    now = -1
    for i in range(100):
        to = i % 2
        window.paint([KENT], to, [now])
        now = to
        if i % 7 == 0:
            window.send()
    seen = window.send()
    assert edits(window) == before + 100
    assert seen.ack == ("s1", 100)
    assert seen.notices == ()
    assert assign(window)[KENT] == 1


@pytest.mark.parametrize(
    "value",
    [None, 5, "events", [], {}, {"events": None}, {"events": "abc"}, {"events": 3}, {"events": [None, 1, "x", [], {}]}],
)
def test_values_that_are_no_queue_are_passed_over(window, value):
    assert apply_events(window.ws, window.sid, window.seen, value) == window.seen


HUGE = 10**400
BAD = [
    {"s": 5, "n": 1, "k": "undo"},
    {"s": "s1", "n": "1", "k": "undo"},
    {"s": "s1", "n": True, "k": "undo"},
    {"s": "s1", "n": 1.5, "k": "undo"},
    {"s": "s1", "n": math.inf, "k": "undo"},
    {"s": "s1", "n": math.nan, "k": "undo"},
    {"s": "s1", "n": HUGE, "k": "undo"},
    {"s": "s1", "n": 1, "k": "drop table"},
    {"s": "s1", "n": 1},
    {"s": "s1", "n": 1, "k": "paint"},
    {"s": "s1", "n": 1, "k": "paint", "units": "0", "to": 0},
    {"s": "s1", "n": 1, "k": "paint", "units": [0, "1"], "to": 0},
    {"s": "s1", "n": 1, "k": "paint", "units": [0.5], "to": 0},
    {"s": "s1", "n": 1, "k": "paint", "units": [True], "to": 0},
    {"s": "s1", "n": 1, "k": "paint", "units": [HUGE], "to": 0},
    {"s": "s1", "n": 1, "k": "paint", "units": [2**40], "to": 0},
    {"s": "s1", "n": 1, "k": "paint", "units": [0], "to": HUGE},
    {"s": "s1", "n": 1, "k": "paint", "units": [0], "to": None},
    {"s": "s1", "n": 1, "k": "paint", "units": [0] * 100_001, "to": 0},
    {"s": "s1", "n": 1, "k": "lock", "units": None, "on": True},
    {"s": "s1", "n": 1, "k": "lock", "units": [2**40], "on": True},
    {"s": "s1", "n": 1, "k": "active", "to": "x"},
    {"s": "s1", "n": 1, "k": ["paint"], "units": [0], "to": 0},
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_malformed_events_are_passed_over_and_those_after_them_taken(window, bad):
    bad = {**bad, "p": window.sid}
    good = {"s": "s1", "n": 2, "p": window.sid, "k": "paint", "units": [SUSSEX], "to": 1, "seen": [-1]}
    seen = apply_events(window.ws, window.sid, window.seen, {"events": [bad, good]})
    assert assign(window) == [-1, -1, 1]
    assert seen.ack == ("s1", 2)


@pytest.mark.parametrize("units", [[99], [-1], [0, 99]])
def test_units_that_do_not_exist_become_a_notice(window, units):
    window.event("paint", units=units, to=0)
    window.event("lock", units=units, on=True)
    seen = window.send()
    assert len(seen.notices) == 2
    assert assign(window) == [-1, -1, -1]


def test_a_new_map_session_starts_its_own_count(window):
    window.paint([KENT], 0, [-1])
    window.paint([SUSSEX], 0, [-1])
    window.send()
    window.session, window.n, window.queue = "s2", 0, []  # the page was reloaded
    window.paint([NEW_CASTLE], 1, [-1])
    seen = window.send()
    assert seen.ack == ("s2", 1)
    assert assign(window) == [0, 1, 0]


def test_a_unit_somebody_else_changed_is_left_alone_and_told(window):
    editing.paint(window.ws, window.sid, [KENT], 1)
    window.paint([KENT, SUSSEX], 0, [-1, -1])
    seen = window.send()
    assert assign(window) == [1, -1, 0]
    assert len(seen.notices) == 1
    assert seen.notices[0].startswith("Kent, DE was changed in another window first")
    assert seen.rev == window.ws.plan(window.sid)[1]


def test_a_list_of_seen_that_does_not_fit_is_ignored(window):
    window.paint([KENT, SUSSEX], 0, [-1])
    assert window.send().notices == ()
    assert assign(window) == [0, -1, 0]


def test_lock_undo_redo_and_active(window):
    window.event("active", to=1)
    window.event("lock", units=[KENT], on=True)
    window.paint([KENT, SUSSEX], 0, [-1, -1])
    seen = window.send()
    assert seen.active == 1
    assert seen.notices == ("1 locked county was left alone.",)
    assert assign(window) == [-1, -1, 0]
    for kind in ("undo", "undo", "redo"):
        window.event(kind)
    seen = window.send()
    plan, rev = window.ws.plan(window.sid)
    assert plan.assign.tolist() == [-1, -1, -1]
    assert plan.locked_units.tolist() == [True, False, False]
    assert seen.rev == rev
    window.event("lock", units=[KENT], on=False)
    window.event("redo")
    assert window.send().notices == ("There is nothing to redo.",)


def test_a_stale_undo_undoes_nothing_and_shows_the_newest(window):
    window.paint([KENT], 0, [-1])
    window.send()
    editing.paint(window.ws, window.sid, [SUSSEX], 1)  # another window
    window.event("undo")
    seen = window.send()
    assert assign(window) == [0, -1, 1]
    assert len(seen.notices) == 1
    assert "another window" in seen.notices[0]
    assert seen.rev == window.ws.plan(window.sid)[1]
    window.event("undo")  # having seen it
    window.send()
    assert assign(window) == [0, -1, -1]


def test_a_territory_deleted_meanwhile_becomes_a_notice_and_the_rest_goes_on(window):
    _, rev = window.ws.plan(window.sid)
    editing.edit(window.ws, window.sid, rev, lambda p, _: moves.delete(p, 1))
    window.paint([KENT], 1, [-1])
    window.paint([SUSSEX], 0, [-1])
    seen = window.send()
    assert len(seen.notices) == 1
    assert "deleted" in seen.notices[0]
    assert assign(window) == [-1, -1, 0]


def test_a_plan_deleted_meanwhile_becomes_a_notice(window):
    window.ws.store.scenarios.delete(window.sid)
    window.paint([KENT], 0, [-1])
    window.paint([SUSSEX], 0, [-1])
    seen = window.send()
    assert len(seen.notices) == 2
    assert seen.ack == ("s1", 2)
    window.ws.store.scenarios.restore(window.sid)
    assert assign(window) == [-1, -1, -1]


def test_the_authors_name_is_kept(window):
    window.paint([KENT], 0, [-1])
    window.send()
    assert window.ws.store.edits.history(window.sid).steps[-1].author == "me"


def test_what_was_stored_before_a_restart_is_not_taken_in_again(window):
    window.paint([KENT], 0, [-1])
    window.event("undo")
    window.event("redo")
    window.send()
    before = edits(window), window.ws.plan(window.sid)[1]
    fresh = WindowState(rev=before[1], active=0)  # the server forgot; the browser sends its last queue again
    again = apply_events(window.ws, window.sid, fresh, {"events": list(window.queue)})
    assert (edits(window), window.ws.plan(window.sid)[1]) == before
    assert again.ack == ("s1", 3)
    assert again.notices == ()


def test_events_meant_for_another_plan_are_passed_over(window):
    window.queue.append({"s": "s1", "n": 1, "k": "paint", "p": "another", "units": [KENT], "to": 0, "seen": [-1]})
    seen = window.send()
    assert assign(window) == [-1, -1, -1]
    assert seen.ack == ("s1", 1)


def test_events_meant_for_the_plan_open_before_change_nothing_here(window):
    other = start(window.ws).id
    window.paint([KENT], 0, [-1])
    window.event("undo")
    window.event("active", to=1)
    seen = apply_events(window.ws, other, WindowState(rev=1, active=0), {"events": window.queue})
    assert seen.ack == ("s1", 3)
    assert seen.notices == ()
    assert seen.active == 0
    assert window.ws.plan(other)[0].assign.tolist() == [-1, -1, -1]
    assert assign(window) == [-1, -1, -1]


def test_an_undo_never_takes_back_what_its_author_has_not_seen(window):
    ws, sid = window.ws, window.sid
    rev = ws.plan(sid)[1]
    editing.paint(ws, sid, [KENT], 0)  # another window; this one still shows `rev`
    window.event("undo", rev=rev)
    seen = window.send()
    assert assign(window)[0] == 0 or 0 in assign(window)
    assert ws.plan(sid)[1] == rev + 1
    assert "another window" in seen.notices[0]
    window.event("undo", rev=rev + 1)  # now it has been shown
    window.send()
    assert ws.plan(sid)[1] == rev + 2


def test_a_burst_of_paints_and_undos_of_one_window_goes_through(window):
    rev = window.ws.plan(window.sid)[1]
    for unit in (KENT, SUSSEX, NEW_CASTLE):
        window.event("paint", units=[unit], to=0, seen=[-1], rev=rev)
    for _ in range(3):
        window.event("undo", rev=rev)
    seen = window.send()
    assert assign(window) == [-1, -1, -1]
    assert seen.notices == ()
