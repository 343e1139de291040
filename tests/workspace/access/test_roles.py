"""What each role may do, at the use cases the pages and the map call, on both stores; and what strangers see."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import event

from terr.edits import moves
from terr.errors import InputError, LocateError, PlanError, RoleError
from terr.ingest.columns.columns import recognise
from terr.ingest.reading.files import read_table
from terr.model.person import NOONE, ROLES, Person
from terr.store import ExceptionRequest, WindowPresence
from terr.workspace import Workspace
from terr.workspace.access import roles
from terr.workspace.access.guarded_store import CLOSED, PLAN_ACTIONS, for_person
from terr.workspace.accounts import database_query, dataset
from terr.workspace.boundary_library import at_hand
from terr.workspace.live import edit_queue
from terr.workspace.plan import editing, plan_settings, undo
from terr.workspace.plan.map_layers import choices
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reports import downloads
from terr.workspace.reps import roster
from terr.workspace.scores import recipe

ANA, BOB, EVE = Person("ana@example.com", "Ana"), Person("bob@example.com", "Bob"), Person("eve@example.com", "Eve")
ADMIN = Person("root@example.com", "Root")
FILE = b"id,name,zip,revenue\n1,A,05401,10\n2,B,03101,20\n3,C,04101,30\n"
STRANGE = "this plan isn't found; choose one from the list"


@pytest.fixture
def whole(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A workspace where people sign in."""
    monkeypatch.setenv(roles.ADMINS, f"{ADMIN.user_id.upper()}, other@example.com")
    made = Workspace(tmp_path / "data", database=address)
    made.sign_in = True
    yield made
    made.close()


def load(ws: Workspace, name: str = "Book") -> dataset.Dataset:
    raw = read_table(FILE, "book.csv")
    return dataset.save(ws, FILE, dataset.intake(raw, recognise(raw)), name=name)


def plan(ws: Workspace, data: dataset.Dataset, name: str = "") -> str:
    return editing.create(
        ws, dataset_id=data.info.id, level="state", region="VT,NH,ME", measure="revenue", name=name, author="x"
    ).id


@pytest.fixture
def sid(whole: Workspace) -> str:
    """Ana's plan: one territory, revision 1."""
    ana = for_person(whole, ANA)
    return plan(ana, load(ana), "Base")


def shared(whole: Workspace, sid: str, role: str) -> Workspace:
    """Bob's view of Ana's plan, with a role of his."""
    roles.give(whole, sid, ANA, " Bob@Example.com ", role)
    return for_person(whole, BOB)


def commented(ws: Workspace, sid: str, person: Person = ANA) -> int:
    return for_person(ws, person).store.comments.add(sid, "hm", by=NOONE).id


def proposed(ws: Workspace, sid: str, person: Person = ANA) -> int:
    mine = for_person(ws, person)
    now, rev = mine.plan(sid)
    return mine.store.proposals.add(sid, moves.assign(now, [0], now.codes[0]).edit, rev, reason="why", by=NOONE).id


def marked(ws: Workspace, sid: str) -> int:
    return for_person(ws, ANA).store.marks.add(sid, "tag", "board", by=NOONE).id


def painted(ws: Workspace, sid: str, author: str = "x") -> Any:
    return editing.paint(ws, sid, [1], ws.plan(sid)[0].codes[0], author=author)


def clicked(ws: Workspace, sid: str) -> Any:
    """As the map sends it; what it may not do becomes a notice."""
    event = {"s": "m~", "n": 1, "k": "paint", "p": sid, "units": [2], "to": ws.plan(sid)[0].codes[0]}
    done = edit_queue.apply_queue(ws, sid, "m~", [event], ws.person)
    if done.notices:
        raise RoleError(done.notices[0])


def imported(ws: Workspace, sid: str) -> Any:
    rows = "\n".join(f"{u},North" for u in plan_snapshot(ws, sid).units.ids)
    return downloads.import_plan(
        ws, sid, ws.store.scenarios.rev(sid), f"unit_id,territory\n{rows}\n".encode(), author="x"
    )


Act = Callable[[Workspace, Workspace, str], Any]
"""Gets Bob's workspace, the whole one (to prepare), and the plan."""

USES: dict[str, tuple[str, Act]] = {
    "see the board": ("view", lambda b, _w, s: plan_snapshot(b, s)),
    "see its map's choices": ("view", lambda b, _w, s: choices(b, plan_snapshot(b, s))),
    "export": ("view", lambda b, _w, s: downloads.export(b, s, "plan.csv")),
    "read the story": ("view", lambda b, _w, s: b.store.changes.timeline(s)),
    "be here": ("view", lambda b, _w, s: b.store.presence.seen(s, WindowPresence("w", ANA))),
    "copy": ("view", lambda b, _w, s: b.store.scenarios.duplicate(s)),
    "branch": ("view", lambda b, _w, s: b.store.scenarios.branch(s, 1, "mine", by=ANA)),
    "see people": ("view", lambda b, _w, s: roles.people(b, s, BOB)),
    "comment": ("comment", lambda b, _w, s: b.store.comments.add(s, "why?", by=ANA)),
    "settle a comment": ("comment", lambda b, w, s: b.store.comments.resolve(s, commented(w, s), by=ANA)),
    "take back another's comment": ("decide", lambda b, w, s: b.store.comments.delete(s, commented(w, s), by=ANA)),
    "propose": ("propose", lambda _b, w, s: proposed(w, s, BOB)),
    "challenge": ("challenge", lambda b, w, s: b.store.proposals.challenge(s, proposed(w, s), "no", by=ANA)),
    "take back another's proposal": ("decide", lambda b, w, s: b.store.proposals.withdraw(s, proposed(w, s), by=ANA)),
    "accept": ("decide", lambda b, w, s: b.store.proposals.accept(s, proposed(w, s), b.store.scenarios.rev(s), by=ANA)),
    "reject": ("decide", lambda b, w, s: b.store.proposals.reject(s, proposed(w, s), by=ANA)),
    "paint": ("edit", lambda b, _w, s: painted(b, s)),
    "click on the map": ("edit", lambda b, _w, s: clicked(b, s)),
    "lock": ("edit", lambda b, _w, s: editing.set_locks(b, s, [0], True)),
    "take in a plan file": ("edit", lambda b, _w, s: imported(b, s)),
    "keep what was asked": ("edit", lambda b, _w, s: plan_settings.save_setting(b, s, "asked", {"k": 3})),
    "undo": ("undo", lambda b, w, s: (painted(w, s, "Bob"), undo.undo(b, s, b.store.scenarios.rev(s)))),
    "go to": (
        "undo",
        lambda b, w, s: (painted(w, s), b.store.edits.go_to(s, 1, b.store.scenarios.rev(s), action="undo")),
    ),
    "tag": ("mark", lambda b, _w, s: b.store.marks.add(s, "tag", "board", by=ANA)),
    "put a tag away": ("mark", lambda b, w, s: b.store.marks.archive(s, marked(w, s), by=ANA)),
    "enter an exception": (
        "except",
        lambda b, _w, s: b.store.exceptions.add(
            s, [ExceptionRequest("1", "holdover", rep="r", until=date(2030, 1, 1), reason="old")], by=ANA
        ),
    ),
    "end an exception": ("except", lambda b, _w, s: b.store.exceptions.end(s, ["1"], by=ANA)),
    "rename": ("rename", lambda b, _w, s: b.store.scenarios.rename(s, "Other")),
    "measure something else": ("rename", lambda b, _w, s: b.store.scenarios.update_settings(s, tolerance=0.1)),
    "archived": ("archive", lambda b, _w, s: b.store.scenarios.archive(s)),
    "delete": ("delete", lambda b, _w, s: b.store.scenarios.delete(s)),
    "restore": ("delete", lambda b, w, s: (for_person(w, ANA).store.scenarios.delete(s), b.store.scenarios.restore(s))),
    "give roles": ("give", lambda b, _w, s: roles.give(b, s, BOB, "cy@example.com", "viewer")),
    "give roles by the store": ("give", lambda b, _w, s: b.store.roles.give(s, "cy@example.com", "viewer", by=ANA)),
}


@pytest.mark.parametrize("use", USES)
def test_each_use_by_each_role_and_by_a_stranger(whole: Workspace, sid: str, use: str) -> None:
    action, act = USES[use]
    for role in ROLES:
        one = plan(for_person(whole, ANA), load(for_person(whole, ANA)))
        bob = shared(whole, one, role)
        before = whole.store.changes.latest(one)
        if ROLES.index(role) >= ROLES.index(roles.ACTIONS[action]):
            act(bob, whole, one)
            assert roles.can(whole, one, BOB, action) or use == "delete"
            continue
        with pytest.raises(RoleError, match=r"^You can .*; ask (ana@example\.com|its owner) for the right to "):
            act(bob, whole, one)
        if use != "restore":  # deleted by now
            assert roles.needs(whole, one, BOB, action).startswith("You can ")
        if use not in {"undo", "go to", "restore", *(u for u in USES if "another" in u or "tag" in u)} | {
            "settle a comment",
            "challenge",
            "accept",
            "reject",
        }:  # those prepare something as Ana
            assert whole.store.changes.latest(one) == before
    eve = for_person(whole, EVE)
    if use not in {"propose", "see people", "give roles"}:  # these name Bob
        with pytest.raises(LocateError, match=f"^{STRANGE}$"):
            act(eve, whole, plan(for_person(whole, ANA), load(for_person(whole, ANA))))


def test_a_stranger_can_not_tell_a_plan_from_none(whole: Workspace, sid: str) -> None:
    asked: list[str] = []
    engine = whole.store._db.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _cur, sql, *_: asked.append(sql))
    heard = []
    for wanted in (sid, "0" * len(sid), "", "\0", "'; DROP TABLE roles"):
        asked.clear()
        with pytest.raises(LocateError) as said:
            for_person(whole, EVE).store.scenarios.get(wanted)
        heard.append((str(said.value), list(asked)))
    assert {text for text, _ in heard} == {STRANGE}
    assert all(sql == heard[0][1] for _, sql in heard)  # the same questions, so about as long
    assert sum("SELECT" in sql for sql in heard[0][1]) == 1
    eve = for_person(whole, EVE)
    assert eve.store.scenarios.find() == []
    assert eve.store.datasets.all() == ()
    assert all(not shelved.plans for shelved in at_hand(eve))
    with pytest.raises(LocateError, match=STRANGE):
        plan_snapshot(eve, sid)
    with pytest.raises(LocateError, match=STRANGE):
        roles.role_of(whole, sid, EVE)
    with pytest.raises(LocateError, match=STRANGE):
        roles.may(whole, sid, NOONE)  # nobody: a request without a sign-in


def test_data_sets_are_seen_by_who_loaded_them_and_through_plans(
    whole: Workspace, sid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset_id = whole.store.scenarios.get(sid).dataset_id
    ana, eve = for_person(whole, ANA), for_person(whole, EVE)
    dataset.ledger_of(ana, dataset_id)
    kept = dataset.dataset(ana, dataset_id)  # both in memory now
    for act in (
        lambda w: dataset.dataset(w, dataset_id),
        lambda w: dataset.ledger_of(w, dataset_id),
        lambda w: w.store.reps.of(dataset_id),
        lambda w: w.store.files.read_frame(dataset_id),
        lambda w: roster.set_reps(w, dataset_id, ()),
        lambda w: w.store.datasets.update(dataset_id, name="x"),
        lambda w: plan(w, load(ana)),
        lambda w: w.store.scenarios.create("x", dataset_id=dataset_id),
    ):
        with pytest.raises(LocateError, match="this data set isn't found"):
            act(eve)
    bob = shared(whole, sid, "editor")
    assert [d.id for d in bob.store.datasets.all()] == [dataset_id]
    assert dataset.dataset(bob, dataset_id).info.owner == ANA.user_id
    for act in (
        lambda w: roster.set_reps(w, dataset_id, ()),
        lambda w: w.store.datasets.update(dataset_id, name="x"),
    ):
        with pytest.raises(RoleError, match=r"only ana@example\.com, who imported them, can change them"):
            act(bob)
        act(ana)
    roles.give(whole, sid, ANA, BOB.user_id, "")
    with pytest.raises(LocateError):
        bob.store.datasets.get(dataset_id)
    monkeypatch.setattr("terr.workspace.access.guarded_store._FRESH_S", 0.0)
    for look in (
        lambda: dataset.dataset(for_person(whole, BOB), dataset_id),
        lambda: bob.caches[dataset.DATASETS].get(dataset_id),
        lambda: bob.caches[dataset.INTAKES].get(dataset_id),
        lambda: bob.caches[dataset.RAW_TABLES].get_or_make((dataset_id, ""), lambda: dataset.raw_of(whole, kept.info)),
        lambda: recipe.recalled(bob, dataset_id),
    ):
        with pytest.raises(LocateError):
            look()
    assert whole.caches[dataset.DATASETS].get(dataset_id) is not None


def test_a_role_that_is_taken_stops_the_next_edit_at_once_and_the_next_look_soon(
    whole: Workspace, sid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = shared(whole, sid, "editor")
    assert painted(bob, sid).changed
    roles.give(whole, sid, ANA, BOB.user_id, "viewer")
    with pytest.raises(RoleError):
        editing.paint(bob, sid, [2], 0)
    roles.give(whole, sid, ANA, BOB.user_id, "")
    with pytest.raises(LocateError, match=STRANGE):
        editing.paint(bob, sid, [2], 0)
    monkeypatch.setattr("terr.workspace.access.guarded_store._FRESH_S", 0.0)
    with pytest.raises(LocateError, match=STRANGE):
        bob.store.scenarios.get(sid)


def test_nobody_works_under_another_name(whole: Workspace, sid: str) -> None:
    bob = shared(whole, sid, "owner")
    editing.paint(bob, sid, [1], 0, author="Ana")
    bob.store.edits.append(sid, moves.assign(bob.plan(sid)[0], [2], 0, author="Ana").edit, bob.store.scenarios.rev(sid))
    bob.store.scenarios.rename(sid, "Other", by=ANA)
    bob.store.comments.add(sid, "x", by=ANA)
    bob.store.presence.seen(sid, WindowPresence("w", ANA))
    undo.undo(bob, sid, bob.store.scenarios.rev(sid), author="Ana")
    assert {visit.author for visit in bob.store.changes.since(sid, 1, 0).visits} == {"Bob"}
    assert {line.by for line in bob.store.changes.since(sid, 1, 1).lines} == {BOB}
    assert [here.who for here in bob.store.presence.here(sid)] == [BOB]
    assert bob.store.edits.get(sid, 2).author == "Bob"
    assert whole.store.roles.access(bob.store.scenarios.duplicate(sid, owner=ANA).id, ANA.user_id).role == ""


def test_a_commenter_takes_back_what_is_their_own(whole: Workspace, sid: str) -> None:
    bob = shared(whole, sid, "commenter")
    bob.store.comments.delete(sid, commented(whole, sid, BOB), by=BOB)
    assert bob.store.proposals.withdraw(sid, proposed(whole, sid, BOB), by=BOB).state == "withdrawn"


def test_owners_give_and_take_roles_and_the_last_one_stays(whole: Workspace, sid: str) -> None:
    roles.give(whole, sid, ANA, "BOB@example.com", "editor")
    assert [(r.user_id, r.role) for r in roles.people(whole, sid, BOB)] == [
        (ANA.user_id, "owner"),
        (BOB.user_id, "editor"),
    ]
    with pytest.raises(RoleError, match=r"ask ana@example\.com"):
        roles.give(whole, sid, BOB, "bob@example.com", "owner")
    for role in ("", "editor"):
        with pytest.raises(PlanError, match="needs an owner"):
            roles.give(whole, sid, ANA, ANA.user_id, role)
    for bad in (
        "",
        "bob",
        "bob@",
        "@x.com",
        "b b@x.com",
        "bob@x.com\nana@x.com",
        "bób@x.com",
        "\u212aate@x.com",
        "a" * 300,
    ):
        with pytest.raises(InputError, match="not an email address"):
            roles.give(whole, sid, ANA, bad, "viewer")
    with pytest.raises(InputError, match="is no role"):
        roles.give(whole, sid, ANA, "bob@example.com", "king")
    roles.give(whole, sid, BOB, "bob@example.com", "")  # one may always go
    with pytest.raises(LocateError):
        roles.people(whole, sid, BOB)
    roles.give(whole, sid, ANA, "bob@example.com", "owner")
    roles.give(whole, sid, ANA, ANA.user_id, "")
    assert [r.user_id for r in whole.store.roles.of(sid)] == [BOB.user_id]


def test_plans_from_before_the_sign_in_are_an_administrators_to_take_over(whole: Workspace, sid: str) -> None:
    whole.sign_in = False
    old = plan(whole, load(whole), "Old")
    whole.sign_in = True
    for person in (EVE, ANA, NOONE):
        with pytest.raises(LocateError, match=STRANGE):
            plan_snapshot(for_person(whole, person), old)
        assert roles.nobodys(whole, person) == ()
    admin = for_person(whole, ADMIN)
    assert [i.id for i in roles.nobodys(whole, ADMIN)] == [old]
    assert [i.id for i in admin.store.scenarios.find()] == [old]  # not Ana's
    assert plan_snapshot(admin, old).info.name == "Old"
    with pytest.raises(LocateError):
        roles.take_over(whole, sid, ADMIN)
    with pytest.raises(LocateError):
        roles.take_over(whole, old, EVE)
    roles.take_over(whole, old, ADMIN)
    assert roles.nobodys(whole, ADMIN) == ()
    assert whole.store.datasets.get(whole.store.scenarios.get(old).dataset_id).owner == ADMIN.user_id
    with pytest.raises(RoleError, match="has an owner"):
        roles.take_over(whole, old, ADMIN)


def test_without_a_sign_in_everybody_is_the_owner_of_everything(whole: Workspace, sid: str) -> None:
    whole.sign_in = False
    assert for_person(whole, Person("", "me")) is whole
    assert roles.may(whole, sid, Person("", "me"), "delete") == "owner"
    assert painted(whole, sid).changed
    with pytest.raises(LocateError, match=STRANGE):
        roles.may(whole, "nosuch", NOONE)


def test_only_administrators_ask_databases_in_the_machines_name(
    whole: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "crm.db")) as c:
        c.executescript("CREATE TABLE a (id TEXT, zip TEXT, revenue REAL); INSERT INTO a VALUES ('1', '05401', 2)")
    monkeypatch.setenv("TERR_SOURCE_CRM", f"sqlite:///{tmp_path / 'crm.db'}")
    ask = "SELECT id, zip, revenue FROM a"
    with pytest.raises(RoleError, match="Only an administrator"):
        database_query.open_query(for_person(whole, ANA), "TERR_SOURCE_CRM", ask)
    assert database_query.open_query(for_person(whole, ADMIN), "TERR_SOURCE_CRM", ask) is not None
    whole.sign_in = False
    assert database_query.open_query(whole, "TERR_SOURCE_CRM", ask) is not None


def public(one: object) -> set[str]:
    return {name for name in dir(one) if not name.startswith("_")}


def test_every_method_of_the_store_is_open_by_decision_or_closed(whole: Workspace) -> None:
    bob = cast(Any, for_person(whole, BOB).store)
    repositories = public(whole.store) & set(vars(bob))
    assert public(whole.store) - repositories <= CLOSED
    for name in repositories:
        kept, own = getattr(whole.store, name), {m for m in public(getattr(bob, name)) if m not in CLOSED}
        closed = {method for repository, _, method in (c.partition(".") for c in CLOSED) if repository == name}
        listed = set(PLAN_ACTIONS.get(name, {}))
        assert listed | own | closed >= public(kept) - {"root"}, f"decide who may use these of {name}"
        assert listed | own <= public(kept), f"{name} lists what isn't there"
        assert not (listed | own) & closed
    assert {action for table in PLAN_ACTIONS.values() for action in table.values()} <= set(roles.ACTIONS)


@pytest.mark.parametrize("name", sorted(CLOSED | {"nosuch", "plans.nosuch", "datasets.nosuch", "files.root"}))
def test_what_is_closed_or_unlisted_is_refused(whole: Workspace, name: str) -> None:
    with pytest.raises(RoleError, match="is closed"):
        attrgetter(name)(for_person(whole, EVE).store)


@pytest.mark.parametrize("role", ROLES)
def test_each_action_by_each_role(whole: Workspace, sid: str, role: str) -> None:
    bob = shared(whole, sid, role)
    for action, least in roles.ACTIONS.items():
        if ROLES.index(role) >= ROLES.index(least):
            assert roles.may(bob, sid, BOB, action) == role
        else:
            with pytest.raises(RoleError, match=f"You can {roles.WORDS[role]}; ask ana@example.com"):
                roles.may(bob, sid, BOB, action)
