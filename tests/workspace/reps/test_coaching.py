"""Coaching: for whom skills and figures call for it, notes with every earlier state, and who sees whose."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from terr.errors import InputError, RoleError
from terr.model.person import Person
from terr.model.reps import Rep
from terr.workspace.access.guarded_store import for_person
from terr.workspace.accounts.dataset import dataset
from terr.workspace.plan import editing
from terr.workspace.plan.snapshot import plan_snapshot
from terr.workspace.reps import assignment as people
from terr.workspace.reps import coaching
from terr.workspace.reps.homes_on_map import map_homes
from terr.workspace.reps.roster_table import roster_frame, roster_reach, seen_by
from tests.helpers.spaces import data_set, start

ME = Person("", "me")
REPS = (
    Rep("U-1", "Ann Poe", "19901", email="ann@x.com", manager="U-9"),
    Rep("U-2", "Bob Ray", "19801", email="bob@x.com", skills=("Food",)),
    Rep("U-9", "Zoe Max", role="manager", email="zoe@x.com"),
)


@pytest.fixture
def shown(ws):  # type: ignore[no-untyped-def]
    info = start(ws, data=data_set(ws, reps=REPS))
    people.assign_reps(ws, info.id, ws.rev(info.id), {ws.plan(info.id)[0].territories[0].code: "U-1"})
    return plan_snapshot(ws, info.id)


def test_a_note_keeps_every_state_and_comes_back(ws, shown) -> None:  # type: ignore[no-untyped-def]
    note = coaching.add_coaching(ws, shown, "U-1", " Shadow Bob ", date(2027, 1, 15), by=ME)
    coaching.add_coaching(ws, shown, "U-2", "Negotiation", None, by=ME)
    later = coaching.change_coaching(ws, shown, replace(note, note="Shadow Bob twice"), by=ME)
    coaching.change_coaching(ws, shown, replace(later, done=True), "Finished", by=ME)
    changes = coaching.coaching_changes(ws, shown)
    assert [c.note for c in changes] == ["Shadow Bob", "Negotiation", "Shadow Bob twice", "Shadow Bob twice"]
    assert [(n.rep_id, n.done) for n in coaching.coaching_notes(changes)] == [("U-2", False), ("U-1", True)]
    coaching.change_coaching(ws, shown, changes[0], "Restored", by=ME)
    now = coaching.coaching_notes(coaching.coaching_changes(ws, shown))
    assert [(n.note, n.due, n.done) for n in now] == [
        ("Shadow Bob", date(2027, 1, 15), False),
        ("Negotiation", None, False),
    ]
    coaching.change_coaching(ws, shown, replace(now[0], removed=True), "Removed", by=ME)
    assert [n.rep_id for n in coaching.coaching_notes(coaching.coaching_changes(ws, shown))] == ["U-2"]


def test_notes_kept_before_there_was_history_are_there_and_can_be_done(ws, shown) -> None:  # type: ignore[no-untyped-def]
    old = people.PeopleSettings(coaching=(people.CoachingNote("U-1", "Old note", date(2026, 5, 1)),))
    people.save_people(ws, shown.info.id, old)
    again = plan_snapshot(ws, shown.info.id)
    (note,) = coaching.coaching_notes(coaching.coaching_changes(ws, again))
    assert (note.rep_id, note.note, note.done) == ("U-1", "Old note", False)
    coaching.change_coaching(ws, again, replace(note, done=True), "Finished", by=ME)
    (note,) = coaching.coaching_notes(coaching.coaching_changes(ws, again))
    assert note.done


@pytest.mark.parametrize(("rep", "note", "said"), [("U-1", " ", "needs words"), ("U-7", "x", "isn't on the roster")])
def test_a_note_that_cannot_be_is_refused(ws, shown, rep: str, note: str, said: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=said):
        coaching.add_coaching(ws, shown, rep, note, None, by=ME)


def test_a_skill_gap_and_a_figure_below_call_for_coaching(ws, shown) -> None:  # type: ignore[no-untyped-def]
    segment = next(c for c in shown.accounts.frame.columns if c not in {"account_id", "name"} and _few(shown, c))
    value = str(shown.accounts.frame[segment].iloc[0])
    code = shown.plan.territories[0].code
    editing.paint(ws, shown.info.id, list(range(len(shown.units))), code)
    again = plan_snapshot(ws, shown.info.id)
    settings = people.PeopleSettings(needs={f"{segment}:{value}": "Food"})
    below = (("Bob Ray", "Bob Ray: win rate 10% (90% interval 5% to 20%) is below the team's 40%."),)
    notes = coaching.coaching_notes(())
    needs = coaching.coaching_needs(again, settings, below, notes, None)
    assert needs["Rep"].tolist() == ["Ann Poe", "Bob Ray"]
    assert "needs Food, a skill not listed" in needs["Why"][0]
    assert needs["Why"][1] == "Win rate 10% (90% interval 5% to 20%) is below the team's 40%"
    assert coaching.coaching_needs(again, settings, below, notes, frozenset({"U-2"}))["Rep"].tolist() == ["Bob Ray"]
    note = coaching.add_coaching(ws, again, "U-1", "=Food basics", date(2027, 2, 1), by=ME)
    text = coaching.coaching_csv(needs, (note,), {"U-1": "Ann Poe"}).decode("utf-8-sig")
    assert "Ann Poe,'=Food basics,2027-02-01,Open," in text
    assert "Bob Ray,,,Needed,Win rate" in text


def _few(shown, column: str) -> bool:  # type: ignore[no-untyped-def]
    values = shown.accounts.frame[column].astype(str)
    return bool(values.iloc[0]) and 1 <= values.nunique() <= 20 and not values.iloc[0].replace(".", "").isdigit()


def test_each_role_sees_and_writes_what_is_theirs(ws, shown) -> None:  # type: ignore[no-untyped-def]
    for rep in ("U-1", "U-2"):
        coaching.add_coaching(ws, shown, rep, f"For {rep}", None, by=ME)
    ws.whole.sign_in = True
    try:
        boss = Person("boss@x.com", "Boss")
        for who, role in (
            ("boss", "owner"),
            ("ann", "viewer"),
            ("bob", "commenter"),
            ("zoe", "viewer"),
            ("ed", "editor"),
        ):
            ws.whole.store.roles.give(shown.info.id, f"{who}@x.com", role, by=boss)
        seen = {}
        for who in ("boss", "ann", "bob", "zoe", "ed"):
            view = for_person(ws, Person(f"{who}@x.com", who))
            seen[who] = sorted(n.rep_id for n in coaching.coaching_changes(view, shown))
            if who in {"ann", "bob", "zoe"}:
                with pytest.raises(RoleError):
                    coaching.add_coaching(view, shown, "U-1", "x", None, by=view.person)
        assert seen == {"boss": ["U-1", "U-2"], "ann": ["U-1"], "bob": ["U-2"], "zoe": ["U-1"], "ed": ["U-1", "U-2"]}
    finally:
        ws.whole.sign_in = False


def test_each_role_sees_the_homes_that_are_theirs(ws, shown) -> None:  # type: ignore[no-untyped-def]
    data = dataset(ws, shown.info.dataset_id)
    ws.whole.sign_in = True
    try:
        boss = Person("boss@x.com", "Boss")
        for who, role in (("boss", "owner"), ("ann", "viewer"), ("zoe", "viewer"), ("ed", "editor"), ("new", "viewer")):
            ws.whole.store.roles.give(shown.info.id, f"{who}@x.com", role, by=boss)
        on_map, table, without_plan = {}, {}, {}
        for who in ("boss", "ann", "zoe", "ed", "new"):
            view = for_person(ws, Person(f"{who}@x.com", who))
            on_map[who] = sorted(h["name"] for h in map_homes(view, shown)["homes"])
            reach = roster_reach(view, data, shown.info.id)
            frame = roster_frame(data.reps)
            frame = frame if reach is None else seen_by(frame, reach)
            table[who] = sorted(frame.loc[frame["Home"] != "", "Name"])
            without_plan[who] = roster_reach(view, data, None)
        everybody = ["Ann Poe", "Bob Ray"]
        assert on_map == {"boss": everybody, "ann": ["Ann Poe"], "zoe": ["Ann Poe"], "ed": everybody, "new": []}
        assert table == on_map
        assert (without_plan["ann"], without_plan["new"]) == (frozenset({"U-1"}), frozenset())
    finally:
        ws.whole.sign_in = False
