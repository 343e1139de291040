"""What a map sends by the line becomes edits: in order, once, and never over somebody else's."""

from __future__ import annotations

import math

import pytest

from terr.edits import moves
from terr.model.person import Person
from terr.workspace import Workspace
from terr.workspace.live import edit_queue
from terr.workspace.live.edit_queue import QueueResult, apply_queue
from terr.workspace.plan import editing
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start

ME = Person("", "me")


class Window:
    """One browser window: its queue grows until the server has acknowledged it."""

    def __init__(self, ws, sid, session="s1~"):
        self.ws, self.sid, self.session = ws, sid, session
        self.rev = ws.plan(sid)[1]
        self.queue = []
        self.n = 0

    def event(self, kind, **more):
        self.n += 1
        self.queue.append({"s": self.session, "n": self.n, "k": kind, "p": self.sid, "rev": self.rev, **more})

    def send(self):
        done = apply_queue(self.ws, self.sid, self.session, list(self.queue), ME)
        self.rev = done.rev
        return done

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
    assert window.send() == QueueResult(2, 4)
    assert assign(window) == [1, -1, 1]
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
    assert window.send() == QueueResult(100, 2 + 100)
    assert edits(window) == before + 100
    assert assign(window)[KENT] == 1


HUGE = 10**400
BAD = [
    {"s": 5, "n": 1, "k": "undo"},
    {"s": "s1~", "n": "1", "k": "undo"},
    {"s": "s1~", "n": True, "k": "undo"},
    {"s": "s1~", "n": 1.5, "k": "undo"},
    {"s": "s1~", "n": math.inf, "k": "undo"},
    {"s": "s1~", "n": math.nan, "k": "undo"},
    {"s": "s1~", "n": HUGE, "k": "undo"},
    {"s": "s1~", "n": 1, "k": "drop table"},
    {"s": "s1~", "n": 1},
    {"s": "s1~", "n": 1, "k": "paint"},
    {"s": "s1~", "n": 1, "k": "paint", "units": "0", "to": 0},
    {"s": "s1~", "n": 1, "k": "paint", "units": [0, "1"], "to": 0},
    {"s": "s1~", "n": 1, "k": "paint", "units": [0.5], "to": 0},
    {"s": "s1~", "n": 1, "k": "paint", "units": [True], "to": 0},
    {"s": "s1~", "n": 1, "k": "paint", "units": [HUGE], "to": 0},
    {"s": "s1~", "n": 1, "k": "paint", "units": [2**40], "to": 0},
    {"s": "s1~", "n": 1, "k": "paint", "units": [0], "to": HUGE},
    {"s": "s1~", "n": 1, "k": "paint", "units": [0], "to": None},
    {"s": "s1~", "n": 1, "k": "paint", "units": [0] * 100_001, "to": 0},
    {"s": "s1~", "n": 1, "k": "lock", "units": None, "on": True},
    {"s": "s1~", "n": 1, "k": "lock", "units": [2**40], "on": True},
    {"s": "s1~", "n": 1, "k": "active", "to": 1},
    {"s": "s1~", "n": 1, "k": ["paint"], "units": [0], "to": 0},
]


@pytest.mark.parametrize("bad", BAD, ids=range(len(BAD)))
def test_malformed_events_are_passed_over_and_those_after_them_taken(window, bad):
    bad = {**bad, "p": window.sid}
    good = {"s": "s1~", "n": 2, "p": window.sid, "k": "paint", "units": [SUSSEX], "to": 1, "seen": [-1]}
    assert apply_queue(window.ws, window.sid, "s1~", [bad, good], ME).n == 2
    assert assign(window) == [-1, -1, 1]


@pytest.mark.parametrize("units", [[99], [-1], [0, 99]])
def test_units_that_do_not_exist_become_a_notice(window, units):
    window.event("paint", units=units, to=0)
    window.event("lock", units=units, on=True)
    assert len(window.send().notices) == 2
    assert assign(window) == [-1, -1, -1]


def test_a_new_queue_starts_its_own_count(window):
    window.paint([KENT], 0, [-1])
    window.paint([SUSSEX], 0, [-1])
    window.send()
    window.session, window.n, window.queue = "s2~", 0, []  # the page was reloaded
    window.paint([NEW_CASTLE], 1, [-1])
    assert window.send().n == 1
    assert assign(window) == [0, 1, 0]


def test_a_unit_somebody_else_changed_is_left_alone_and_told(window):
    editing.paint(window.ws, window.sid, [KENT], 1, author="Eve")
    window.paint([KENT, SUSSEX], 0, [-1, -1])
    done = window.send()
    assert assign(window) == [1, -1, 0]
    (clash,) = done.clashes
    assert edit_queue.sentence(window.ws, window.sid, clash).startswith(
        "Kent, DE was changed by Eve first and is now in B"
    )
    assert done.rev == window.ws.plan(window.sid)[1]


def test_a_list_of_seen_that_does_not_fit_is_ignored(window):
    window.paint([KENT, SUSSEX], 0, [-1])
    assert window.send().notices == ()
    assert assign(window) == [0, -1, 0]


def test_lock_undo_and_redo(window):
    window.event("lock", units=[KENT], on=True)
    window.paint([KENT, SUSSEX], 0, [-1, -1])
    assert window.send().notices == ("1 locked county was not changed.",)
    assert assign(window) == [-1, -1, 0]
    for kind in ("undo", "undo", "redo"):
        window.event(kind)
    assert window.send().rev == window.ws.plan(window.sid)[1]
    plan, _ = window.ws.plan(window.sid)
    assert plan.assign.tolist() == [-1, -1, -1]
    assert plan.locked_units.tolist() == [True, False, False]
    window.event("lock", units=[KENT], on=False)
    window.event("redo")
    assert window.send().notices == ("There is nothing to redo.",)


def test_a_territory_deleted_meanwhile_becomes_a_notice_and_the_rest_goes_on(window):
    _, rev = window.ws.plan(window.sid)
    editing.edit(window.ws, window.sid, rev, lambda p, _: moves.delete(p, 1))
    window.paint([KENT], 1, [-1])
    window.paint([SUSSEX], 0, [-1])
    done = window.send()
    assert len(done.notices) == 1
    assert "deleted" in done.notices[0]
    assert assign(window) == [-1, -1, 0]


def test_a_plan_deleted_meanwhile_becomes_a_notice(window):
    window.ws.store.scenarios.delete(window.sid)
    window.paint([KENT], 0, [-1])
    window.paint([SUSSEX], 0, [-1])
    done = window.send()
    assert "isn't found" in done.notices[0]
    assert (done.n, done.waits) == (2, "")
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
    other = Workspace(window.ws.root)  # the server forgot; the browser sends its last queue again
    again = apply_queue(other, window.sid, "s1~", list(window.queue), ME)
    other.close()
    assert (edits(window), window.ws.plan(window.sid)[1]) == before
    assert again == QueueResult(3, before[1])


def test_events_meant_for_another_plan_are_passed_over(window):
    window.queue.append({"s": "s1~", "n": 1, "k": "paint", "p": "another", "units": [KENT], "to": 0, "seen": [-1]})
    assert window.send().n == 1
    assert assign(window) == [-1, -1, -1]


def test_events_meant_for_the_plan_open_before_change_nothing_here(window):
    other = start(window.ws).id
    window.paint([KENT], 0, [-1])
    window.event("undo")
    assert apply_queue(window.ws, other, "s1~", window.queue, ME) == QueueResult(2, 1)
    assert window.ws.plan(other)[0].assign.tolist() == [-1, -1, -1]
    assert assign(window) == [-1, -1, -1]


def test_an_undo_never_undoes_what_its_author_has_not_seen(window):
    ws, sid = window.ws, window.sid
    editing.paint(ws, sid, [KENT], 0, author="me")  # another window of theirs; this one still shows the plan before
    window.event("undo")
    done = window.send()
    assert assign(window) == [0, -1, -1]
    assert "another window" in done.notices[0]
    assert done.rev == ws.plan(sid)[1]
    window.event("undo")  # now it has been shown
    assert window.send().notices == ()
    assert assign(window) == [-1, -1, -1]


def test_a_burst_of_paints_and_undos_of_one_window_goes_through(window):
    for unit in (KENT, SUSSEX, NEW_CASTLE):
        window.event("paint", units=[unit], to=0, seen=[-1])
    for _ in range(3):
        window.event("undo")
    assert window.send().notices == ()
    assert assign(window) == [-1, -1, -1]
