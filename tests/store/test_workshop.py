"""What a workshop keeps beside the plan, on both stores: roles, presence, comments, proposals, marks, exceptions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from terr.edits import moves
from terr.errors import ConflictError, InputError, LocateError, PlanError, StoreError
from terr.model.edit import Edit
from terr.model.person import Person
from terr.store import Access, ExceptionRequest, Store, WindowPresence, open_store, same_view
from tests.helpers.steps import back, forth

ANN, BOB = Person("ann@x", "Ann"), Person("bob@x", "Bob")


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    opened = open_store(address)
    yield opened
    opened.close()


@pytest.fixture
def sid(store: Store) -> str:
    """Revision 3: territories 0 and 1; units 0 and 1 belong to 0."""
    made = make(store)
    store.edits.append(made, moves.new_territory(store.plans.load(made)[0], "West", next_code=0), 0)
    store.edits.append(made, moves.new_territory(store.plans.load(made)[0], "East", next_code=1), 1)
    store.edits.append(made, moves.assign(store.plans.load(made)[0], [0, 1], 0, author="Ann", note="start").edit, 2)
    return made


def make(store: Store, name: str = "Base", owner: Person = Person()) -> str:  # noqa: B008 (frozen)
    return store.scenarios.create(
        name,
        dataset_id="",
        level="county",
        region=("TX",),
        units_version="u",
        n_units=8,
        measure="revenue",
        tolerance=0.05,
        owner=owner,
    ).id


def test_a_plan_without_roles_is_everybodys_and_the_first_role_makes_it_private(store: Store, sid: str) -> None:
    assert store.roles.of(sid) == ()
    assert store.roles.access(sid, "ann@x") == Access(exists=True)
    with pytest.raises(PlanError, match="needs an owner"):
        store.roles.give(sid, "bob@x", "editor", by=ANN)
    assert store.roles.of(sid) == ()
    store.roles.give(sid, "ann@x", "owner", by=ANN)
    store.roles.give(sid, "bob@x", "viewer", by=ANN)
    assert [(r.user_id, r.role, r.given_by) for r in store.roles.of(sid)] == [
        ("ann@x", "owner", "Ann"),
        ("bob@x", "viewer", "Ann"),
    ]
    assert store.roles.access(sid, "bob@x") == Access(exists=True, role="viewer", owned=True)
    assert store.roles.access(sid, "eve@x") == Access(exists=True, owned=True)
    assert store.roles.access("f" * 20, "eve@x") == Access(exists=False)
    for act in (
        lambda: store.roles.give(sid, "ann@x", "", by=ANN),
        lambda: store.roles.give(sid, "ann@x", "editor", by=ANN),
    ):
        with pytest.raises(PlanError, match="needs an owner"):
            act()
    store.roles.give(sid, "bob@x", "owner", by=ANN)
    store.roles.give(sid, "ann@x", "", by=BOB)
    assert store.roles.access(sid, "ann@x").role == ""
    with pytest.raises(InputError, match="is no role"):
        store.roles.give(sid, "ann@x", "king", by=BOB)


def test_a_list_shows_ones_own_and_everybodys(store: Store) -> None:
    mine, theirs, all_of_us = make(store, "mine", ANN), make(store, "theirs", BOB), make(store, "open")
    assert {i.id for i in store.scenarios.find(user_id="ann@x")} == {mine, all_of_us}
    assert {i.id for i in store.scenarios.find(user_id="")} == {all_of_us}
    assert {i.id for i in store.scenarios.find()} == {mine, theirs, all_of_us}
    copy = store.scenarios.duplicate(theirs, owner=ANN).id
    assert store.roles.access(copy, "bob@x").role == ""
    assert store.roles.access(copy, "ann@x").role == "owner"


def test_presence_is_one_row_per_window_and_fades(store: Store, sid: str) -> None:
    first = WindowPresence("w1", ANN, territory=1, view={"units": [3, 4]})
    store.presence.seen(sid, first, at=1000.0)
    store.presence.seen(sid, WindowPresence("w2", BOB, presenting=True), at=1010.0)
    found = store.presence.here(sid, at=1011.0)
    assert [(h.session, h.who, h.territory, h.presenting, h.seen_at) for h in found] == [
        ("w1", ANN, 1, False, 1000.0),
        ("w2", BOB, None, True, 1010.0),
    ]
    assert dict(found[0].view) == {"units": [3, 4]}
    assert same_view(found[0], first)
    assert not same_view(found[0], replace(first, territory=None))
    store.presence.seen(sid, replace(first, territory=None), at=1012.0)
    assert [h.territory for h in store.presence.here(sid, at=1012.0)] == [None, None]
    assert [h.session for h in store.presence.here(sid, at=1031.0)] == ["w1"]
    store.presence.left(sid, "w1")
    assert store.presence.here(sid, at=1012.0)[0].session == "w2"
    with pytest.raises(InputError, match="leave something out"):
        store.presence.seen(sid, WindowPresence("w1", ANN, view={"x": "y" * 5000}))
    with pytest.raises(StoreError):
        store.presence.seen("f" * 20, first)
    assert store.changes.since(sid, 3, store.scenarios.get(sid).seq).lines == ()  # presence is no change


def test_comments(store: Store, sid: str) -> None:
    one = store.comments.add(sid, " Too far for Al ", target="unit", target_id="48001", by=ANN)
    two = store.comments.add(sid, "Agreed", answers=one.id, by=BOB)
    assert (one.text, one.target, two.target_id, two.answers, two.by) == (
        "Too far for Al",
        "unit",
        "48001",
        one.id,
        BOB,
    )
    assert store.comments.of(sid) == (one, two)
    settled = store.comments.resolve(sid, one.id, by=BOB)
    assert (settled.resolved_by, settled.resolved_at is None) == ("Bob", False)
    assert store.comments.resolve(sid, one.id, by=BOB, on=False) == one
    store.comments.delete(sid, two.id, by=BOB)
    assert store.comments.of(sid) == (one,)
    for act in (
        lambda: store.comments.delete(sid, two.id, by=BOB),
        lambda: store.comments.add(sid, "x", answers=99, by=ANN),
        lambda: store.comments.add("f" * 20, "x", by=ANN),
        lambda: store.comments.of("\0"),
    ):
        with pytest.raises(LocateError):
            act()
    for bad in (
        {"text": " "},
        {"text": "x" * 4001},
        {"text": "x", "target": "planet"},
        {"text": "x", "target": "unit"},
    ):
        with pytest.raises(InputError):
            store.comments.add(sid, **bad, by=ANN)
    assert [x.action for x in store.changes.since(sid, 3, 0).lines] == [
        "said",
        "said",
        "settled",
        "reopened",
        "deleted",
    ]


def move(store: Store, sid: str, units: list[int], to: int) -> Edit:
    return moves.assign(store.plans.load(sid)[0], units, to).edit


def test_a_proposal_is_challenged_and_accepted_as_one_edit(store: Store, sid: str) -> None:
    before = store.plans.load(sid)
    made = store.proposals.add(sid, move(store, sid, [0, 5], 1), 3, reason="nearer to Al", by=BOB)
    assert (made.state, made.rev, made.title, made.edit.units.tolist()) == (
        "open",
        3,
        "Moved 2 counties to East",
        [0, 5],
    )
    assert store.plans.load(sid)[1] == before[1]
    store.proposals.challenge(sid, made.id, "he knows the customer", by=ANN)
    found = store.proposals.of(sid, undecided=True)[0]
    assert (found.state, [c.reason for c in found.challenges]) == ("challenged", ["he knows the customer"])
    rev, done = store.proposals.accept(sid, made.id, 3, by=ANN, decision="fine")
    assert (rev, done.state, done.edit_id, done.decided_by, done.decision) == (4, "accepted", 4, "Ann", "fine")
    assert store.plans.load(sid)[0].assign.tolist() == [1, 0, -1, -1, -1, 1, -1, -1]
    step = store.edits.history(sid).steps[-1]
    assert (step.author, step.note, step.title) == ("Bob", "nearer to Al", "Moved 2 counties to East")
    for act in (
        lambda: store.proposals.accept(sid, made.id, 4, by=ANN),
        lambda: store.proposals.reject(sid, made.id, by=ANN),
        lambda: store.proposals.withdraw(sid, made.id, by=BOB),
        lambda: store.proposals.challenge(sid, made.id, "late", by=ANN),
    ):
        with pytest.raises((ConflictError, PlanError)):
            act()
    assert store.scenarios.rev(sid) == 4
    assert store.proposals.of(sid, undecided=True) == ()


def test_a_proposal_whose_units_moved_is_not_forced_in(store: Store, sid: str) -> None:
    made = store.proposals.add(sid, move(store, sid, [0, 5], 1), 3, reason="why", by=BOB)
    store.edits.append(sid, move(store, sid, [5], 0), 3)
    seq = store.scenarios.get(sid).seq
    with pytest.raises(ConflictError) as stale:
        store.proposals.accept(sid, made.id, 3, by=ANN)
    assert (stale.value.expected, stale.value.found) == (3, 4)
    with pytest.raises(ConflictError) as moved:
        store.proposals.accept(sid, made.id, 4, by=ANN)
    assert moved.value.units == (5,)
    assert (store.scenarios.get(sid).seq, store.proposals.of(sid)[0].state, store.scenarios.rev(sid)) == (
        seq,
        "open",
        4,
    )
    rev, done = store.proposals.accept(sid, made.id, 4, by=ANN, edit=move(store, sid, [0], 1))
    assert (rev, done.state) == (5, "accepted")
    assert store.plans.load(sid)[0].assign.tolist()[:6] == [1, 0, -1, -1, -1, 0]


def test_rejected_withdrawn_and_impossible_proposals(store: Store, sid: str) -> None:
    one, two = (store.proposals.add(sid, move(store, sid, [u], 1), 3, reason="r", by=BOB) for u in (2, 3))
    assert (
        store.proposals.reject(sid, one.id, by=ANN, decision="no").state,
        store.proposals.withdraw(sid, two.id, by=BOB).state,
    ) == (
        "rejected",
        "withdrawn",
    )
    assert [p.id for p in store.proposals.of(sid)] == [two.id, one.id]
    with pytest.raises(ConflictError, match="rejected by Ann first"):
        store.proposals.challenge(sid, one.id, "x", by=ANN)
    with pytest.raises(InputError, match="reason is empty"):
        store.proposals.add(sid, move(store, sid, [2], 1), 3, reason=" ", by=BOB)
    with pytest.raises(PlanError, match="nothing to propose"):
        store.proposals.add(sid, Edit(kind="assign"), 3, reason="r", by=BOB)
    with pytest.raises(ConflictError):
        store.proposals.add(sid, Edit(kind="assign", units=[0], before=[1], after=[0]), 3, reason="r", by=BOB)
    with pytest.raises(LocateError):
        store.proposals.reject(sid, 999, by=ANN)
    assert store.scenarios.rev(sid) == 3


def test_versions_tags_notes_and_branches(store: Store, sid: str) -> None:
    board = store.marks.add(sid, "version", "Board", edit_id=2, by=ANN)
    store.marks.add(sid, "tag", "draft", edit_id=3, by=ANN)
    store.marks.add(sid, "tag", "draft", by=ANN)  # of the scenario, beside that of the point
    store.marks.add(sid, "note", "ask Al", by=BOB)
    for bad in (
        ("version", "Board", 3),
        ("tag", "draft", 3),
        ("tag", "draft", None),
        ("version", "x", None),
        ("star", "x", None),
        ("note", "", None),
    ):
        with pytest.raises(InputError):
            store.marks.add(sid, bad[0], bad[1], edit_id=bad[2], by=ANN)
    with pytest.raises(LocateError, match="no change 9"):
        store.marks.add(sid, "version", "x", edit_id=9, by=ANN)
    assert store.marks.archive(sid, board.id, by=BOB).archived_by == "Bob"
    assert [m.text for m in store.marks.of(sid)] == ["draft", "draft", "ask Al"]
    assert [m.text for m in store.marks.of(sid, "version", include_archived=True)] == ["Board"]
    assert store.marks.archive(sid, board.id, by=BOB, on=False) == board
    store.exceptions.add(sid, [ExceptionRequest("A1", "named", 1)], by=ANN)
    branch = store.scenarios.branch(sid, 2, "What if", by=BOB)
    assert (branch.origin_id, branch.origin_edit, branch.head, branch.rev) == (sid, 2, 2, 4)
    assert store.plans.load(branch.id)[0].same_as(store.plans.at(sid, 2))
    assert [m.text for m in store.marks.of(branch.id)] == ["Board", "draft", "draft", "ask Al"]
    assert [e.what.account_id for e in store.exceptions.of(branch.id)] == ["A1"]
    rev = forth(store, branch.id, 3, 4)
    assert store.plans.load(branch.id)[0].same_as(store.plans.load(sid)[0])
    assert store.edits.append(branch.id, move(store, branch.id, [7], 1), rev) == 6
    assert store.scenarios.rev(sid) == 3
    assert store.roles.access(branch.id, "eve@x").role == ""
    with pytest.raises(LocateError):
        store.scenarios.branch(sid, 77, "x", by=BOB)
    assert len(store.scenarios.find()) == 2


def test_archive_hides_and_nothing_is_lost(store: Store, sid: str) -> None:
    assert store.scenarios.archive(sid, by=ANN).archived_at is not None
    assert store.scenarios.find() == []
    assert [i.id for i in store.scenarios.find(include_archived=True)] == [sid]
    assert store.plans.load(sid)[1] == 3
    assert store.scenarios.archive(sid, on=False).archived_at is None
    assert [i.id for i in store.scenarios.find()] == [sid]


def test_an_exception_with_a_first_day_leaves_what_stands_before_it(store: Store, sid: str) -> None:
    week = {"since": date(2026, 6, 1), "until": date(2026, 6, 7)}
    next_week = {"since": date(2026, 6, 8), "until": date(2026, 6, 14)}
    add = store.exceptions.add
    assert add(sid, [ExceptionRequest("A1", "named", 1)], by=ANN) == 0
    assert add(sid, [ExceptionRequest("A1", "holdover", 0, **week)], by=ANN) == 0
    assert add(sid, [ExceptionRequest("A1", "holdover", 2, **next_week)], by=ANN) == 0
    assert add(sid, [ExceptionRequest("A1", "holdover", 2, **week)], by=ANN) == 1, "the same days"
    found = store.exceptions.of(sid)
    assert [(e.what.since, e.what.territory) for e in found] == [
        (None, 1), (next_week["since"], 2), (week["since"], 2)
    ]  # fmt: skip
    assert [found[2].holds_on(date(2026, d, n)) for d, n in ((5, 31), (6, 1), (6, 7), (6, 8))] == [
        False, True, True, False
    ]  # fmt: skip
    assert found[2].begins_after(date(2026, 5, 31))
    assert add(sid, [ExceptionRequest("A1", "named", 0)], by=ANN) == 3, "one that always holds replaces all"
    with pytest.raises(InputError, match="ends before it begins"):
        ExceptionRequest("A1", "named", 1, since=date(2026, 6, 2), until=date(2026, 6, 1))


def test_exceptions_keep_their_history(store: Store, sid: str) -> None:
    hold = ExceptionRequest("A2", "holdover", rep="r1", until=date(2026, 6, 30), reason="renewal")
    assert store.exceptions.add(sid, [ExceptionRequest("A1", "named", 1, reason="strategic"), hold], by=ANN) == 0
    found = store.exceptions.of(sid)
    assert [(e.what.account_id, e.what.kind, e.by) for e in found] == [("A1", "named", ANN), ("A2", "holdover", ANN)]
    assert found[1].what == hold
    assert (found[1].holds_on(date(2026, 6, 30)), found[1].holds_on(date(2026, 7, 1))) == (True, False)
    assert store.exceptions.add(sid, [ExceptionRequest("A1", "override", 0)], by=BOB) == 1
    assert store.exceptions.end(sid, ["A2", "A9"], reason="signed", by=BOB) == 1
    assert [(e.what.account_id, e.what.kind) for e in store.exceptions.of(sid)] == [("A1", "override")]
    everything = store.exceptions.of(sid, history=True)
    assert [(e.what.account_id, e.ended_by, e.ended_reason) for e in everything] == [
        ("A1", "Bob", "another one took its place"),
        ("A1", "", ""),
        ("A2", "Bob", "signed"),
    ]
    with pytest.raises(InputError, match="given twice"):
        store.exceptions.add(sid, [ExceptionRequest("A1", "named", 1), ExceptionRequest("A1 ", "named", 0)], by=ANN)
    for bad in ({"kind": "vip", "territory": 1}, {"kind": "named"}, {"kind": "holdover", "rep": "r"}):
        with pytest.raises(InputError):
            ExceptionRequest("A1", **bad)
    many = [ExceptionRequest(f"B{n}", "named", n % 2) for n in range(1200)]
    assert store.exceptions.add(sid, many, by=ANN) == 0
    assert store.exceptions.add(sid, many, by=BOB) == 1200
    assert len(store.exceptions.of(sid)) == 1201


def test_changes_are_told_once_and_the_story_reads_well(store: Store, sid: str) -> None:
    start = store.changes.since(sid, 3, 0)
    assert (start.rev, start.seq, start.head, start.visits, start.lines) == (3, 0, 3, (), ())
    back(store, sid, 3, author="Bob")
    store.comments.add(sid, "hm", by=ANN)
    store.scenarios.rename(sid, "FY27", by=ANN)
    new = store.changes.since(sid, 3, 0)
    assert [(v.rev, v.action) for v in new.visits] == [(4, "undo")]
    assert [(x.seq, x.topic, x.by) for x in new.lines] == [(1, "comment", ANN), (2, "scenario", ANN)]
    assert new.topics == {"comment", "scenario"}
    assert store.changes.since(sid, new.rev, new.seq) == replace(new, visits=(), lines=())
    told = [(e.who, e.what, e.why, e.rev) for e in store.changes.timeline(sid)]
    assert told == [
        ("Ann", "Renamed to FY27", "", None),
        ("Ann", "Commented on the plan: hm", "", None),
        ("Bob", "Undid: moved 2 counties to West", "", 4),
        ("Ann", "Moved 2 counties to West", "start", 3),
        ("", "Created East", "", 2),
        ("", "Created West", "", 1),
    ]
    assert [e.rev for e in store.changes.timeline(sid, limit=1, before=store.changes.timeline(sid)[2].at)] == [3]
    with pytest.raises(LocateError):
        store.changes.since("f" * 20, 0, 0)


def test_two_who_change_settings_both_succeed(store: Store, sid: str) -> None:
    store.scenarios.change_settings(sid, lambda now: {**now, "a": 1})
    assert dict(store.scenarios.change_settings(sid, lambda now: {**now, "b": 2}).settings) == {"a": 1, "b": 2}
    with pytest.raises(InputError):
        store.scenarios.change_settings(sid, lambda now: {**now, "c": float("nan")})


@pytest.mark.parametrize("text", ["'; DROP TABLE comments; --", "<script>alert(1)</script>", "%s {0} :x ?", "東京 🗺️"])
def test_hostile_texts_round_trip(store: Store, sid: str, text: str) -> None:
    eve = Person(text, text)
    assert store.comments.add(sid, text, target="account", target_id=text, by=eve).text == text
    assert store.marks.add(sid, "version", text, edit_id=0, by=eve).text == text
    assert store.proposals.add(sid, move(store, sid, [2], 1), 3, reason=text, by=eve).reason == text
    store.exceptions.add(sid, [ExceptionRequest(text, "named", 1, text, reason=text)], by=eve)
    assert store.exceptions.of(sid)[0].what == ExceptionRequest(text, "named", 1, text, reason=text)
    store.presence.seen(sid, WindowPresence(text, eve, view={text: text}))
    assert (store.presence.here(sid)[0].session, dict(store.presence.here(sid)[0].view)) == (text, {text: text})
    store.roles.give(sid, text, "owner", by=eve)
    assert store.roles.access(sid, text).role == "owner"
