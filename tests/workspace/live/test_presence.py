"""Several people on one plan: who is here, edits taken in once, clashes told, proposals fitted to what others did."""

from __future__ import annotations

import sqlite3
import threading

import numpy as np
import pytest
from sqlalchemy import event

from terr.edits import moves
from terr.errors import ConflictError, InputError, PlanError, RoleError
from terr.model.person import Person
from terr.store import WindowPresence
from terr.view.colors import color
from terr.workspace import Workspace
from terr.workspace.live import broadcast, comments, edit_queue, presence, proposals
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, more, start

ANN, BOB = Person("", "Ann"), Person("", "Bob")


@pytest.fixture
def sid(ws):
    """Delaware: Kent and Sussex in Territory 1 (code 0), New Castle in B (1), C (2) empty; revision 5."""
    made = start(ws).id
    more(ws, made, ["B", "C"])
    editing.paint(ws, made, [KENT, SUSSEX], 0)
    editing.paint(ws, made, [NEW_CASTLE], 1)
    return made


class Map:
    """One person's map: its queue of edits, sent whole each time until it is acknowledged."""

    def __init__(self, ws, sid, who, name):
        self.ws, self.sid, self.who, self.name = ws, sid, who, name
        self.n, self.queue = 0, []

    def do(self, kind, **more):
        self.n += 1
        self.queue.append(
            {
                "s": self.name,
                "n": self.n,
                "k": kind,
                "p": self.sid,
                "rev": self.ws.store.scenarios.rev(self.sid),
                **more,
            }
        )
        return self.send()

    def send(self):
        return edit_queue.apply_queue(self.ws, self.sid, self.name, self.queue, self.who)

    def paint(self, unit, to, seen):
        return self.do("paint", units=[unit], to=to, seen=[seen])


def assign(ws, sid):
    return ws.plan(sid)[0].assign.tolist()


def test_a_queue_sent_again_is_taken_in_once_also_by_another_program(ws, sid, tmp_path):
    ann = Map(ws, sid, ANN, "a~")
    assert ann.paint(KENT, 1, 0) == edit_queue.QueueResult(1, 6)
    assert ann.send() == edit_queue.QueueResult(1, 6)
    assert ann.paint(SUSSEX, 1, 0).n == 2
    other = Workspace(ws.root)
    again = Map(other, sid, ANN, "a~")
    again.queue = ann.queue
    assert again.send().rev == 7
    assert len(other.store.edits.history(sid).steps) == 7
    other.close()


def test_edits_of_different_units_merge_and_the_later_one_of_the_same_is_told_who_was_first(ws, sid):
    ann, bob = Map(ws, sid, ANN, "a~"), Map(ws, sid, BOB, "b~")
    seen_by_bob = ws.store.scenarios.rev(sid)
    ann.paint(KENT, 1, 0)
    assert bob.paint(SUSSEX, 2, 0).clashes == ()
    bob.queue.append(
        {"s": "b~", "n": 2, "k": "paint", "p": sid, "rev": seen_by_bob, "units": [KENT], "to": 2, "seen": [0]}
    )
    bob.n = 2
    done = bob.send()
    (clash,) = done.clashes
    assert (clash.units, clash.now, clash.to, clash.who) == ((KENT,), 1, 2, "Ann")
    assert 0 <= clash.ago_s < 60
    assert assign(ws, sid) == [1, 1, 2]
    assert "by Ann first and is now in B" in edit_queue.sentence(ws, sid, clash)
    assert bob.paint(KENT, 2, 1).clashes == ()  # made again, knowing it
    assert assign(ws, sid) == [2, 1, 2]


def test_undo_takes_back_ones_own_last_edit_and_leaves_what_others_changed_since(ws, sid):
    ann, bob = Map(ws, sid, ANN, "a~"), Map(ws, sid, BOB, "b~")
    ann.do("paint", units=[KENT, SUSSEX], to=2, seen=[0, 0])
    bob.paint(SUSSEX, 1, 2)
    done = ann.do("undo")
    assert assign(ws, sid) == [0, 1, 1]
    assert done.notices == ("“Moved 2 counties to C” is undone, except for 1 county (changed since, or locked).",)
    bob.do("undo")
    assert assign(ws, sid) == [0, 1, 2]
    assert ann.do("redo", rev=5).notices == ("“Moved 2 counties to C” is redone.",)
    assert assign(ws, sid) == [2, 1, 2]


def test_undo_and_redo_of_one_person_alone_walk_through_the_history(ws, sid):
    ann = Map(ws, sid, ANN, "a~")
    ann.paint(KENT, 1, 0)
    ann.paint(SUSSEX, 1, 0)
    ann.do("undo")
    ann.do("undo")
    assert assign(ws, sid) == [0, 1, 0]
    ann.do("redo")
    assert assign(ws, sid) == [1, 1, 0]
    assert len(ws.store.edits.history(sid).steps) == 7  # nothing new was made


@pytest.mark.parametrize("trouble", ["the disk is full", "may not be written"])
def test_what_cant_be_stored_isnt_taken_in_and_can_be_sent_again(ws, sid, trouble):
    """The real database: without room for another page, or read-only."""
    with sqlite3.connect(ws.root / "terr.db") as c:
        pages = c.execute("PRAGMA page_count").fetchone()[0]
    c.close()
    statement = f"PRAGMA max_page_count = {pages}" if trouble == "the disk is full" else "PRAGMA query_only = ON"

    def hinder(connection, _record):
        connection.execute(statement).close()

    engine = ws.store._db.engine
    engine.dispose()
    event.listen(engine, "connect", hinder)
    ann = Map(ws, sid, ANN, "a~")
    for turn in range(400):  # on a full disk there is room in pages that are there already
        done = ann.paint(KENT, 1 - turn % 2, turn % 2)
        if done.waits:
            break
    assert trouble in done.waits
    assert done.n == ann.n - 1
    before = assign(ws, sid)
    assert ann.send().waits  # sent again, it waits again
    assert assign(ws, sid) == before
    event.remove(engine, "connect", hinder)
    engine.dispose()
    done = ann.send()
    assert (done.n, done.waits, done.rev) == (ann.n, "", 5 + ann.n)
    assert assign(ws, sid)[KENT] == ann.n % 2


def test_nonsense_is_passed_over_and_a_missing_territory_is_told(ws, sid):
    ann = Map(ws, sid, ANN, "a~")
    ann.queue += [None, 5, {"s": "x~", "n": 1, "k": "paint"}, {"s": "a~", "n": "1"}]
    assert ann.do("paint", units={"short": "9-1"}, to=0).notices == ()
    assert ann.do("dance").notices == ()
    assert "no territory 99" in ann.paint(KENT, 99, 0).notices[0]
    assert ann.send().n == 3
    assert assign(ws, sid) == [0, 1, 0]


def test_a_commenter_may_propose_but_not_edit(ws, sid):
    ws.sign_in = True
    ws.store.roles.give(sid, "o", "owner", by=Person("o", "Olga"))
    ws.store.roles.give(sid, "c", "commenter", by=Person("o", "Olga"))
    cy = Map(ws, sid, Person("c", "Cy"), "c~")
    assert "ask o for the right" in cy.paint(KENT, 1, 0).notices[0]
    assert (
        cy.do("propose", units=[KENT], codes=[1], why="nearer").notices[0].startswith("Proposed: Moved 1 county to B")
    )
    (one,) = ws.store.proposals.of(sid)
    shown = proposals.effect(ws, sid, one)
    with pytest.raises(RoleError):
        proposals.accept(ws, sid, one.id, shown, by=Person("c", "Cy"))
    proposals.accept(ws, sid, one.id, shown, by=Person("o", "Olga"))
    assert assign(ws, sid) == [1, 1, 0]


def test_the_effect_of_a_proposal_is_told_before_and_follows_others_edits(ws, sid):
    # Kent 100 and Sussex 200 in Territory 1, New Castle 300 in B, C empty: the target is 200
    one = proposals.propose(ws, sid, [KENT, SUSSEX], [2, 2], reason="fill C", by=ANN)
    found = proposals.effect(ws, sid, one)
    assert found.deviation == pytest.approx((1.0, 1.0))
    assert (found.amount, found.load) == pytest.approx((300.0, 0.5))
    editing.paint(ws, sid, [KENT], 1, author="Bob")
    later = proposals.effect(ws, sid, one)
    assert (later.overtaken, later.fit.units.tolist()) == (1, [SUSSEX])
    said = " ".join(proposals.effect_text(ws, sid, later))
    assert "Skipped: 1 of its counties moved since" in said
    with pytest.raises(ConflictError):  # the effect that was shown is not what would be done now
        proposals.accept(ws, sid, one.id, found, by=BOB)
    rev, done = proposals.accept(ws, sid, one.id, later, by=BOB, decision="agreed")
    assert (assign(ws, sid), done.state, rev) == ([1, 1, 2], "accepted", 7)
    assert ws.store.edits.history(sid).steps[-1].author == "Ann"
    with pytest.raises(ConflictError, match="accepted by Bob first"):
        proposals.reject(ws, sid, one.id, by=ANN)


def test_a_proposal_is_accepted_while_others_edit_other_units(ws, sid):
    one = proposals.propose(ws, sid, [KENT], [1], reason="why not", by=ANN)
    shown = proposals.effect(ws, sid, one)
    editing.paint(ws, sid, [SUSSEX], 2, author="Bob")
    proposals.accept(ws, sid, one.id, shown, by=BOB)
    assert assign(ws, sid) == [1, 1, 2]


def test_only_the_proposer_withdraws_and_locked_units_are_left_out(ws, sid):
    one = proposals.propose(ws, sid, [KENT, SUSSEX], [1, 1], reason="r", by=ANN)
    with pytest.raises(RoleError):
        proposals.withdraw(ws, sid, one.id, by=BOB)
    editing.set_locks(ws, sid, [KENT], True)
    assert proposals.effect(ws, sid, one).locked == 1
    proposals.challenge(ws, sid, one.id, "too far", by=BOB)
    assert proposals.withdraw(ws, sid, one.id, by=ANN).state == "withdrawn"
    with pytest.raises(PlanError):
        proposals.propose(ws, sid, [KENT], [1], reason="r", by=ANN)  # locked: nothing to propose
    with pytest.raises(InputError):
        proposals.propose(ws, sid, [SUSSEX], [1], reason=" ", by=ANN)


def test_comments_find_their_place_and_only_ones_own_are_deleted(ws, sid):
    shown = plan_snapshot(ws, sid)
    assert comments.unit_named(shown, "kent") == shown.units.frame["unit_id"].iloc[KENT]
    assert comments.account_named(shown, "customer a-4") == "A-4"
    with pytest.raises(InputError, match="no county here"):
        comments.unit_named(shown, "Atlantis")
    with pytest.raises(InputError, match="several fit"):
        comments.account_named(shown, "customer")
    on_unit = comments.say(ws, sid, "keep", target="unit", target_id=comments.unit_named(shown, "Kent"), by=ANN)
    on_account = comments.say(ws, sid, "big", target="account", target_id="A-4", by=BOB)
    on_territory = comments.say(ws, sid, "thin", target="territory", target_id="2", by=BOB)
    comments.say(ws, sid, "overall", by=BOB)
    assert [broadcast.place_of(ws, sid, c) for c in ws.store.comments.of(sid)] == [
        {"unit": KENT},
        {"unit": SUSSEX},
        {"territory": 2},
        None,
    ]
    assert [comments.about(shown, c) for c in ws.store.comments.of(sid)] == [
        "Kent, DE",
        "Customer A-4",
        "C",
        "the plan",
    ]
    with pytest.raises(RoleError):
        comments.delete(ws, sid, on_unit.id, by=BOB)
    comments.delete(ws, sid, on_unit.id, by=ANN)
    comments.resolve(ws, sid, on_account.id, by=ANN)
    pins = broadcast.broadcast_state(ws, sid, *ws.store.changes.latest(sid)).pins
    assert [(p["id"], p["territory"], p["who"]) for p in pins] == [(on_territory.id, 2, "Bob")]


def test_windows_are_told_the_plan_and_then_what_is_different(ws, sid):
    first = broadcast.broadcast_state(ws, sid, *ws.store.changes.latest(sid))
    whole = broadcast.whole(ws, sid, first)
    codes = [int(c) for run in whole["runs"].split(",") for c, n in [run.split("*")] for _ in range(int(n))]
    assert codes == assign(ws, sid)
    editing.paint(ws, sid, [KENT], 2)
    editing.set_locks(ws, sid, [SUSSEX], True)
    editing.edit(ws, sid, -1, lambda p, _: moves.rename(p, 2, "Coast"), strict=False)
    now = broadcast.broadcast_state(ws, sid, *ws.store.changes.latest(sid), first)
    told = broadcast.difference(ws, sid, first, now)
    assert (told["rev"], told["units"], told["codes"], told["locked"]) == (8, [KENT], [2], [SUSSEX])
    assert [t["name"] for t in told["territories"]] == ["Territory 1", "B", "Coast"]
    assert "pins" not in told
    assert broadcast.difference(ws, sid, now, now)["units"] == []
    assert broadcast.measured(ws, sid)["off"] == {0: 0.0, 1: 50.0, 2: -50.0}


def test_windows_are_told_the_colors_the_page_shows(ws, sid):
    def told():
        now = broadcast.broadcast_state(ws, sid, *ws.store.changes.latest(sid))
        return [t["color"] for t in broadcast.whole(ws, sid, now)["territories"]], now

    _, before = told()
    same = before.plan.territories[0].color  # wanted by two, shown by one
    editing.edit(ws, sid, -1, lambda p, c: moves.new_territory(p, "D", next_code=c, color=same), strict=False)
    colors, now = told()
    assert len(set(colors)) == 4
    assert colors == [color(c) for c in plan_snapshot(ws, sid).table["color"]]
    assert [t["color"] for t in broadcast.difference(ws, sid, before, now)["territories"]] == colors


def test_company_of_two_programs_and_colours_that_stay(ws, sid):
    mine, other = presence.present_people(ws, sid), Workspace(ws.root)
    theirs = presence.PresenceRoom(other, sid)
    mine.say(WindowPresence("w1", ANN, 0, False, {"to": 0}))
    theirs.say(WindowPresence("w2", BOB, 1, True, {"units": [KENT]}))
    theirs.keep_up()
    mine.keep_up()
    assert [(p.name, p.presenting, dict(p.view)) for p in mine.people()] == [
        ("Ann", False, {"to": 0}),
        ("Bob", True, {"units": [KENT]}),
    ]
    colors = {p.name: p.color for p in mine.people()}
    mine.say(WindowPresence("w3", Person()))
    assert [p.name for p in mine.people()] == ["Ann", "Bob", "Guest W3"]
    mine.leave("w1")
    assert {p.name: p.color for p in mine.people()}["Bob"] == colors["Bob"]
    before = mine.version
    mine.say(WindowPresence("w3", Person()))
    assert mine.version == before  # nothing new
    other.close()


def test_tickets_are_secret_and_of_one_plan(ws, sid):
    tickets = presence.WindowTokens()
    one = tickets.issue(ws, sid, ANN)
    assert tickets.find(one.token) == one
    assert one.window not in one.token
    for wrong in ("", one.window, one.token[:-1], None, 5, "x" * 40):
        assert tickets.find(wrong) is None
    renamed = tickets.issue(ws, sid, Person("", "Anna"), old=one.token)
    assert (renamed.token, tickets.find(one.token).person.name) == (one.token, "Anna")
    elsewhere = tickets.issue(ws, "another", ANN, old=one.token, window=one.window)
    assert elsewhere.token != one.token
    assert tickets.find(one.token) is None


@pytest.mark.parametrize(
    "told",
    [
        None,
        5,
        {"units": ["x"]},
        {"units": [1] * 25},
        {"box": [1, 2]},
        {"box": [1, 2, 3, float("nan")]},
        {"look": "\x00"},
    ],
)
def test_a_view_that_isnt_one_is_empty(told):
    assert presence.view_of(told) == {}


def test_people_without_a_name_are_called_guests_only_among_others(ws, sid):
    ticket = presence.WindowTokens().issue(ws, sid, Person())
    presence.present_people(ws, sid).say(WindowPresence(ticket.window, ticket.person))
    assert presence.signed(ticket).name == "me"
    presence.present_people(ws, sid).say(WindowPresence("w2", BOB))
    assert presence.signed(ticket).name == presence.guest(ticket.window)
    assert [presence.initials(n) for n in ("Ann Poe", "bob", "J. R. Ewing", "", "🙂")] == ["AP", "B", "JE", "?", "?"]


def test_many_at_once_lose_nothing(ws, sid):
    """Ten maps, twenty edits each, from as many threads: each edit is there once."""
    data = start(ws).id
    more(ws, data, ["B"])

    def work(n):
        mine = Map(ws, data, Person("", f"w{n}"), f"m{n}~")
        for turn in range(20):
            mine.do("paint", units=[n % 3], to=turn % 2)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(10)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    steps = ws.store.edits.history(data).steps
    rev = ws.store.scenarios.rev(data)
    assert rev == len(steps)
    assert np.isin(assign(ws, data), [0, 1]).all()
    assert all(ws.store.edits.taken(data, f"m{n}~") > 0 for n in range(3))


def test_of_a_view_what_can_be_read_is_told_on():
    told = {"to": 3, "units": [1, 2], "box": [0, 1.23456789, None, 2], "look": " measure:Visits ", "more": [[]]}
    assert presence.view_of(told) == {"to": 3, "units": [1, 2], "look": "measure:Visits"}
    assert presence.view_of({"box": [0, 1.23456789, 5, -2]}) == {"box": [0.0, 1.234568, 5.0, -2.0]}
