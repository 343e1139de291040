"""What each role may do, at the use cases the pages and the map call, on both stores; and what strangers see."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from terr.edits import moves
from terr.errors import InputError, LocateError, PlanError, RoleError
from terr.ingest.columns.columns import recognise
from terr.ingest.reading.files import read_table
from terr.store import ACTIONS, NOONE, ROLES, ExceptionRequest, Person, Store, WindowPresence
from terr.workspace import Workspace
from terr.workspace.access import guarded_store, roles
from terr.workspace.access.guarded_store import for_person
from terr.workspace.accounts import database_query, dataset
from terr.workspace.boundary_library import at_hand
from terr.workspace.live import map_events
from terr.workspace.plan import editing, plan_settings
from terr.workspace.plan.map_layers import choices
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reports import downloads
from terr.workspace.reps import roster

ANA, BOB, EVE = Person("ana@example.com", "Ana"), Person("bob@example.com", "Bob"), Person("eve@example.com", "Eve")
ADMIN = Person("root@example.com", "Root")
FILE = b"id,name,zip,revenue\n1,A,05401,10\n2,B,03101,20\n3,C,04101,30\n"
STRANGE = "this scenario isn't found; choose one from the list"


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
    return for_person(ws, person).store.comment(sid, "hm", by=NOONE).id


def proposed(ws: Workspace, sid: str, person: Person = ANA) -> int:
    mine = for_person(ws, person)
    now, rev = mine.plan(sid)
    return mine.store.propose(sid, moves.assign(now, [0], now.codes[0]).edit, rev, reason="why", by=NOONE).id


def marked(ws: Workspace, sid: str) -> int:
    return for_person(ws, ANA).store.mark(sid, "tag", "board", by=NOONE).id


def painted(ws: Workspace, sid: str) -> Any:
    return editing.paint(ws, sid, [1], ws.plan(sid)[0].codes[0], author="x")


def clicked(ws: Workspace, sid: str) -> Any:
    """As the map sends it; what it may not do becomes a notice."""
    code = ws.plan(sid)[0].codes[0]
    value = {"events": [{"s": "m", "n": 1, "k": "paint", "p": sid, "units": [2], "to": code}]}
    seen = map_events.apply_events(ws, sid, map_events.WindowState(rev=1, active=code), value, author="x")
    if seen.notices:
        raise RoleError(seen.notices[0])


def imported(ws: Workspace, sid: str) -> Any:
    rows = "\n".join(f"{u},North" for u in plan_snapshot(ws, sid).units.ids)
    return downloads.import_plan(ws, sid, ws.store.rev(sid), f"unit_id,territory\n{rows}\n".encode(), author="x")


Act = Callable[[Workspace, Workspace, str], Any]
"""Gets Bob's workspace, the whole one (to prepare), and the plan."""

USES: dict[str, tuple[str, Act]] = {
    "see the board": ("view", lambda b, _w, s: plan_snapshot(b, s)),
    "see its map's choices": ("view", lambda b, _w, s: choices(b, plan_snapshot(b, s))),
    "export": ("view", lambda b, _w, s: downloads.export(b, s, "plan.csv")),
    "read the story": ("view", lambda b, _w, s: b.store.timeline(s)),
    "be here": ("view", lambda b, _w, s: b.store.seen(s, WindowPresence("w", ANA))),
    "copy": ("view", lambda b, _w, s: b.store.duplicate(s)),
    "branch": ("view", lambda b, _w, s: b.store.branch(s, 1, "mine", by=ANA)),
    "see people": ("view", lambda b, _w, s: roles.people(b, s, BOB)),
    "comment": ("comment", lambda b, _w, s: b.store.comment(s, "why?", by=ANA)),
    "settle a comment": ("comment", lambda b, w, s: b.store.resolve_comment(s, commented(w, s), by=ANA)),
    "take back another's comment": ("decide", lambda b, w, s: b.store.delete_comment(s, commented(w, s), by=ANA)),
    "propose": ("propose", lambda _b, w, s: proposed(w, s, BOB)),
    "challenge": ("challenge", lambda b, w, s: b.store.challenge(s, proposed(w, s), "no", by=ANA)),
    "take back another's proposal": ("decide", lambda b, w, s: b.store.withdraw(s, proposed(w, s), by=ANA)),
    "accept": ("decide", lambda b, w, s: b.store.accept(s, proposed(w, s), b.store.rev(s), by=ANA)),
    "reject": ("decide", lambda b, w, s: b.store.reject(s, proposed(w, s), by=ANA)),
    "paint": ("edit", lambda b, _w, s: painted(b, s)),
    "click on the map": ("edit", lambda b, _w, s: clicked(b, s)),
    "lock": ("edit", lambda b, _w, s: editing.set_locks(b, s, [0], True)),
    "take in a plan file": ("edit", lambda b, _w, s: imported(b, s)),
    "keep what was asked": ("edit", lambda b, _w, s: plan_settings.save_setting(b, s, "asked", {"k": 3})),
    "undo": ("undo", lambda b, w, s: (painted(for_person(w, ANA), s), editing.undo(b, s, b.store.rev(s)))),
    "go to": ("undo", lambda b, w, s: (painted(for_person(w, ANA), s), b.store.go_to(s, 1, b.store.rev(s)))),
    "tag": ("mark", lambda b, _w, s: b.store.mark(s, "tag", "board", by=ANA)),
    "put a tag away": ("mark", lambda b, w, s: b.store.archive_mark(s, marked(w, s), by=ANA)),
    "enter an exception": (
        "except",
        lambda b, _w, s: b.store.add_exceptions(
            s, [ExceptionRequest("1", "holdover", rep="r", until=date(2030, 1, 1), reason="old")], by=ANA
        ),
    ),
    "end an exception": ("except", lambda b, _w, s: b.store.end_exceptions(s, ["1"], by=ANA)),
    "rename": ("rename", lambda b, _w, s: b.store.rename(s, "Other")),
    "measure something else": ("rename", lambda b, _w, s: b.store.update_settings(s, tolerance=0.1)),
    "put away": ("archive", lambda b, _w, s: b.store.archive(s)),
    "delete": ("delete", lambda b, _w, s: b.store.delete(s)),
    "restore": ("delete", lambda b, w, s: (for_person(w, ANA).store.delete(s), b.store.restore(s))),
    "give roles": ("give", lambda b, _w, s: roles.give(b, s, BOB, "cy@example.com", "viewer")),
    "give roles by the store": ("give", lambda b, _w, s: b.store.give_role(s, "cy@example.com", "viewer", by=ANA)),
}


@pytest.mark.parametrize("use", USES)
def test_each_use_by_each_role_and_by_a_stranger(whole: Workspace, sid: str, use: str) -> None:
    action, act = USES[use]
    for role in ROLES:
        one = plan(for_person(whole, ANA), load(for_person(whole, ANA)))
        bob = shared(whole, one, role)
        before = whole.store.stand(one)
        if ROLES.index(role) >= ROLES.index(ACTIONS[action]):
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
            assert whole.store.stand(one) == before
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
            for_person(whole, EVE).store.scenario(wanted)
        heard.append((str(said.value), list(asked)))
    assert {text for text, _ in heard} == {STRANGE}
    assert all(sql == heard[0][1] for _, sql in heard)  # the same questions, so about as long
    assert sum("SELECT" in sql for sql in heard[0][1]) == 1
    eve = for_person(whole, EVE)
    assert eve.store.list_scenarios() == []
    assert eve.store.list_datasets() == ()
    assert all(not shelved.plans for shelved in at_hand(eve))
    with pytest.raises(LocateError, match=STRANGE):
        plan_snapshot(eve, sid)
    with pytest.raises(LocateError, match=STRANGE):
        roles.role_of(whole, sid, EVE)
    with pytest.raises(LocateError, match=STRANGE):
        roles.may(whole, sid, NOONE)  # nobody: a request without a sign-in


def test_data_sets_are_seen_by_who_loaded_them_and_through_plans(whole: Workspace, sid: str) -> None:
    dataset_id = whole.store.scenario(sid).dataset_id
    ana, eve = for_person(whole, ANA), for_person(whole, EVE)
    dataset.dataset(ana, dataset_id)  # kept in memory now
    for act in (
        lambda w: dataset.dataset(w, dataset_id),
        lambda w: dataset.ledger_of(w, dataset_id),
        lambda w: w.store.reps(dataset_id),
        lambda w: w.files.read_frame(dataset_id),
        lambda w: roster.set_reps(w, dataset_id, ()),
        lambda w: w.store.update_dataset(dataset_id, name="x"),
        lambda w: plan(w, load(ana)),
        lambda w: w.store.create_scenario("x", dataset_id=dataset_id),
    ):
        with pytest.raises(LocateError, match="this data set isn't found"):
            act(eve)
    bob = shared(whole, sid, "editor")
    assert [d.id for d in bob.store.list_datasets()] == [dataset_id]
    assert dataset.dataset(bob, dataset_id).info.owner == ANA.user_id
    for act in (
        lambda w: roster.set_reps(w, dataset_id, ()),
        lambda w: w.store.update_dataset(dataset_id, name="x"),
    ):
        with pytest.raises(RoleError, match=r"only ana@example\.com, who loaded them, may change them"):
            act(bob)
        act(ana)
    roles.give(whole, sid, ANA, BOB.user_id, "")
    with pytest.raises(LocateError):
        bob.store.dataset(dataset_id)
    bob.views.put(BOB, None)
    with pytest.raises(LocateError):
        dataset.dataset(for_person(whole, BOB), dataset_id)


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
    monkeypatch.setattr(guarded_store, "_FRESH_S", 0.0)
    with pytest.raises(LocateError, match=STRANGE):
        bob.store.scenario(sid)


def test_nobody_works_under_another_name(whole: Workspace, sid: str) -> None:
    bob = shared(whole, sid, "owner")
    editing.paint(bob, sid, [1], 0, author="Ana")
    bob.store.append(sid, moves.assign(bob.plan(sid)[0], [2], 0, author="Ana").edit, bob.store.rev(sid))
    bob.store.rename(sid, "Other", by=ANA)
    bob.store.comment(sid, "x", by=ANA)
    bob.store.seen(sid, WindowPresence("w", ANA))
    editing.undo(bob, sid, bob.store.rev(sid), author="Ana")
    assert {visit.author for visit in bob.store.changes(sid, 1, 0).visits} == {"Bob"}
    assert {line.by for line in bob.store.changes(sid, 1, 1).lines} == {BOB}
    assert [here.who for here in bob.store.here(sid)] == [BOB]
    assert bob.store.edit(sid, 2).author == "Bob"
    assert whole.store.role_of(bob.store.duplicate(sid, owner=ANA).id, ANA.user_id) == ""


def test_a_commenter_takes_back_what_is_their_own(whole: Workspace, sid: str) -> None:
    bob = shared(whole, sid, "commenter")
    bob.store.delete_comment(sid, commented(whole, sid, BOB), by=BOB)
    assert bob.store.withdraw(sid, proposed(whole, sid, BOB), by=BOB).state == "withdrawn"


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
        with pytest.raises(InputError, match="no e-mail address"):
            roles.give(whole, sid, ANA, bad, "viewer")
    with pytest.raises(InputError, match="is no role"):
        roles.give(whole, sid, ANA, "bob@example.com", "king")
    roles.give(whole, sid, BOB, "bob@example.com", "")  # one may always go
    with pytest.raises(LocateError):
        roles.people(whole, sid, BOB)
    roles.give(whole, sid, ANA, "bob@example.com", "owner")
    roles.give(whole, sid, ANA, ANA.user_id, "")
    assert [r.user_id for r in whole.store.roles(sid)] == [BOB.user_id]


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
    assert [i.id for i in admin.store.list_scenarios()] == [old]  # not Ana's
    assert plan_snapshot(admin, old).info.name == "Old"
    with pytest.raises(LocateError):
        roles.take_over(whole, sid, ADMIN)
    with pytest.raises(LocateError):
        roles.take_over(whole, old, EVE)
    roles.take_over(whole, old, ADMIN)
    assert roles.nobodys(whole, ADMIN) == ()
    assert whole.store.dataset(whole.store.scenario(old).dataset_id).owner == ADMIN.user_id
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


def test_every_method_of_the_store_is_open_by_decision_or_closed(whole: Workspace) -> None:
    methods = {name for name in dir(Store) if not name.startswith("_")}
    assert methods - set(guarded_store.PLAN_ACTIONS) - guarded_store.DATA_METHODS - guarded_store.CLOSED == set()
    assert set(guarded_store.PLAN_ACTIONS) <= methods
    assert set(guarded_store.PLAN_ACTIONS.values()) <= set(ACTIONS)
    eve = for_person(whole, EVE)
    for name in guarded_store.CLOSED:
        with pytest.raises(RoleError, match="is closed"):
            getattr(eve.store, name)
