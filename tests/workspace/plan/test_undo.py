"""Undo and redo are one, whichever way they are asked for: on the map, or on page Scenarios."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.edits import moves
from terr.errors import ConflictError
from terr.model.person import Person
from terr.workspace import Workspace
from terr.workspace.live import edit_queue
from terr.workspace.plan import editing, undo
from tests.helpers.effort import examples
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, data_set, more, start


@pytest.fixture
def sid(ws):
    """Territory 1 (0): New Castle; South (1): Kent and Sussex. Edits: 1 new, 2 new, 3 Eve's paint, 4 Zoe's."""
    made = start(ws).id
    more(ws, made, ["South"])
    editing.paint(ws, made, [NEW_CASTLE], 0, author="Eve")
    editing.paint(ws, made, [KENT, SUSSEX], 1, author="Zoe")
    return made


def names(ws, sid):
    plan, _ = ws.plan(sid)
    label = {t.code: t.name for t in plan.territories} | {-1: ""}
    return [label[c] for c in plan.assign.tolist()]


def on_map(ws, sid, author, kind, *, n, window="", **more):
    """As the map's key sends it by its line; the notices."""
    queue = f"{window or author}-{sid}~"
    event = {"s": queue, "n": n, "k": kind, "p": sid, "rev": ws.store.scenarios.rev(sid), **more}
    return edit_queue.apply_queue(ws, sid, queue, [event], Person("", author)).notices


def on_page(ws, sid, author, kind):
    """As the buttons of page Scenarios do it."""
    return {"undo": undo.undo, "redo": undo.redo}[kind](ws, sid, ws.store.scenarios.rev(sid), author=author)


def offered(ws, sid, author):
    steps = undo.undo_steps(ws, sid, author=author)
    return steps.undo and steps.undo.title, steps.redo and steps.redo.title


def test_what_was_undone_on_the_map_while_others_edit_is_redone_on_scenarios(ws, sid):
    on_map(ws, sid, "Eve", "paint", n=1, units=[KENT], to=0, seen=[1])
    editing.paint(ws, sid, [SUSSEX], 0, author="Zoe")
    assert on_map(ws, sid, "Eve", "undo", n=2) == ("“Moved 1 county to Territory 1” is undone.",)
    assert names(ws, sid) == ["South", "Territory 1", "Territory 1"]
    assert undo.undo_steps(ws, sid, author="Eve").undo.edit == 3, "the edit before, not the one that was undone"
    assert on_page(ws, sid, "Eve", "redo").notice == "“Moved 1 county to Territory 1” is redone."
    assert names(ws, sid) == ["Territory 1"] * 3
    on_map(ws, sid, "Eve", "undo", n=3)
    assert on_page(ws, sid, "Eve", "undo").changed
    assert names(ws, sid) == ["South", "", "Territory 1"]
    assert ws.store.edits.history(sid).steps[-1].title == "Undid: moved 1 county to Territory 1"


def test_undo_leaves_what_others_did_since(ws, sid):
    done = on_page(ws, sid, "Eve", "undo")
    assert done.notice == "“Moved 1 county to Territory 1” is undone."
    assert names(ws, sid) == ["South", "", "South"], "Zoe's counties stay"
    assert on_page(ws, sid, "Eve", "redo").changed
    assert names(ws, sid) == ["South", "Territory 1", "South"]
    assert on_page(ws, sid, "Eve", "redo").notice == "There is nothing to redo."


def test_later_edits_of_others_on_the_same_units_stay_and_are_said(ws, sid):
    editing.paint(ws, sid, [KENT, NEW_CASTLE], 0, author="Zoe")
    editing.paint(ws, sid, [SUSSEX, KENT], -1, author="Eve")  # 6: Eve takes two out
    editing.paint(ws, sid, [KENT], 1, author="Zoe")  # 7: Zoe puts Kent into South
    done = on_page(ws, sid, "Eve", "undo")
    assert done.notice == "“Unassigned 2 counties” is undone, except for 1 county (changed since, or locked)."
    assert names(ws, sid) == ["South", "Territory 1", "South"], "Sussex is back in South; Kent stays as Zoe put it"


def test_an_edit_of_which_nothing_is_left_is_passed_over(ws, sid):
    editing.paint(ws, sid, [KENT], 0, author="Eve")  # 5
    editing.paint(ws, sid, [KENT], -1, author="Zoe")
    assert offered(ws, sid, "Eve") == ("Moved 1 county to Territory 1", None)
    assert undo.undo_steps(ws, sid, author="Eve").undo.edit == 3
    assert on_page(ws, sid, "Eve", "undo").changed
    assert names(ws, sid) == ["", "", "South"]
    editing.paint(ws, sid, [KENT], 0, author="Zoe")  # as Eve had it: hers again to undo
    assert undo.undo_steps(ws, sid, author="Eve").undo.edit == 5


def test_when_nothing_is_left_of_any_edit_it_is_said(ws):
    sid = start(ws).id
    editing.paint(ws, sid, [KENT], 0, author="Eve")
    editing.paint(ws, sid, [KENT], -1, author="Zoe")
    done = on_page(ws, sid, "Eve", "undo")
    assert done.notice == "“Moved 1 county to Territory 1” can't be undone: all of it was changed since, or is locked."
    assert done.notice == undo.undo_steps(ws, sid, author="Eve").no_undo
    assert undo.undo_steps(ws, sid, author="Cy").no_undo.startswith("There is no change of yours to undo.")


def test_step_by_step_and_a_new_edit_ends_redo(ws, sid):
    editing.paint(ws, sid, [KENT], 0, author="Eve")  # 5
    assert on_page(ws, sid, "Eve", "undo").changed
    assert names(ws, sid)[KENT] == "South"
    assert on_page(ws, sid, "Eve", "undo").changed  # 3
    assert names(ws, sid)[NEW_CASTLE] == ""
    assert offered(ws, sid, "Eve") == (None, "Moved 1 county to Territory 1")
    editing.paint(ws, sid, [SUSSEX], 0, author="Eve")
    assert undo.undo_steps(ws, sid, author="Eve").redo is None


def test_a_note_somebody_typed_undoes_nothing(ws, sid):
    for note in ("change 3: x", "Took back an own edit"):
        editing.edit(
            ws,
            sid,
            -1,
            lambda p, _, n=note: moves.assign(p, [KENT], -p.assign[KENT], author="Eve", note=n).edit,
            strict=False,
        )
    assert undo.undo_steps(ws, sid, author="Eve").undo.edit == 6


def test_a_territory_somebody_filled_since_is_not_deleted_with_its_making(ws, sid):
    editing.edit(ws, sid, 4, lambda p, c: moves.new_territory(p, "West", next_code=c, author="Eve"))
    editing.paint(ws, sid, [SUSSEX], 2, author="Zoe")
    assert undo.undo_steps(ws, sid, author="Eve").undo.edit == 3
    editing.paint(ws, sid, [NEW_CASTLE], -1, author="Zoe")
    done = on_page(ws, sid, "Eve", "undo")
    assert not done.changed
    assert "“Created West” can't be undone" in done.notice
    assert names(ws, sid)[SUSSEX] == "West"


def test_nobody_undoes_what_they_have_not_seen(ws, sid):
    editing.paint(ws, sid, [KENT], 0, author="Eve")  # in another window of hers
    with pytest.raises(ConflictError, match="another window"):
        undo.undo(ws, sid, 4, author="Eve")
    assert undo.undo(ws, sid, 5, author="Eve").changed
    undo.redo(ws, sid, 6, author="Eve")
    with pytest.raises(ConflictError):
        undo.undo(ws, sid, 6, author="Eve")  # she saw it undone
    undo.undo(ws, sid, 7, author="Eve")
    with pytest.raises(ConflictError):
        undo.redo(ws, sid, 7, author="Eve")
    assert undo.redo(ws, sid, 8, author="Eve").changed


def test_a_window_without_a_name_undoes_what_it_did_alone_and_as_a_guest(ws, sid):
    editing.paint(ws, sid, [KENT], 0, author="me")
    editing.paint(ws, sid, [SUSSEX], 0, author="Guest 4F2")
    editing.paint(ws, sid, [NEW_CASTLE], 1, author="Zoe")
    known = {"author": "me", "known_as": ("Guest 4F2",)}
    assert undo.undo(ws, sid, 7, **known).changed
    assert undo.undo(ws, sid, 8, **known).changed
    assert names(ws, sid) == ["South"] * 3
    assert undo.undo_steps(ws, sid, author="Guest 111").undo is None


def test_two_windows_that_undo_at_once_undo_two_edits(ws, sid):
    for n in range(8):
        editing.paint(ws, sid, [KENT], n % 2, author="Eve")
    seen, lost = ws.store.scenarios.rev(sid), []

    def work(window):
        other = Workspace(ws.root)
        for n in range(4):
            lost.extend(
                edit_queue.apply_queue(
                    other,
                    sid,
                    window,
                    [{"s": window, "n": n + 1, "k": "undo", "p": sid, "rev": 10**6}],
                    Person("", "Eve"),
                ).notices
            )
        other.close()

    threads = [threading.Thread(target=work, args=(w,)) for w in ("a~", "b~")]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert lost == []
    assert ws.store.scenarios.rev(sid) == seen + 8
    assert names(ws, sid)[KENT] == "South"


@pytest.fixture
def shared(ws):
    return ws, data_set(ws)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["Ann", "Bob"]),
        st.sampled_from(["paint", "paint", "lock", "new", "merge", "rename", "undo", "undo", "redo"]),
        st.booleans(),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    min_size=3,
    max_size=14,
)


@examples(60)
@given(acts=ACTS)
def test_all_ways_agree_whatever_two_people_do(shared, acts):
    """Each undo and redo is asked for one way here and the other way in a copy; both come to the same."""
    ws, data = shared
    sid = start(ws, data=data).id
    more(ws, sid, ["B"])
    for n, (who, act, mapped, unit, pick) in enumerate(acts, 1):
        if act in {"undo", "redo"}:
            before = ws.plan(sid)[0]
            copy = ws.store.scenarios.duplicate(sid).id
            for one, way in ((sid, mapped), (copy, not mapped)):
                on_map(ws, one, who, act, n=n) if way else on_page(ws, one, who, act)
            after, there = ws.plan(sid)[0], ws.plan(copy)[0]
            assert after.same_as(there)
            for person in ("Ann", "Bob"):
                assert _steps(ws, sid, person) == _steps(ws, copy, person)
            back = on_page(ws, copy, who, "redo" if act == "undo" else "undo")
            if not after.same_as(before):
                assert back.changed
                assert ws.plan(copy)[0].same_as(before)
        else:
            _edit(ws, sid, who, act, unit, pick, n)


def _steps(ws, sid, author):
    found = undo.undo_steps(ws, sid, author=author)
    return [(s.edit, s.title, s.head, s.again) if s else None for s in (found.undo, found.redo)], found.no_undo


def _edit(ws, sid, who, act, unit, pick, n):
    codes = ws.plan(sid)[0].codes
    code = codes[pick % len(codes)]
    if act == "paint":
        on_map(ws, sid, who, "paint", n=n, units=[unit], to=-1 if pick == 3 else code)
    elif act == "lock":
        on_map(ws, sid, who, "lock", n=n, units=[unit], on=bool(pick % 2))
    elif act == "new":
        editing.edit(ws, sid, -1, lambda p, c: moves.new_territory(p, next_code=c, author=who), strict=False)
    elif act == "rename":
        editing.edit(ws, sid, -1, lambda p, _: moves.rename(p, code, f"N{n}", author=who), strict=False)
    elif act == "merge" and len(codes) > 1 and not ws.plan(sid)[0].fixed().any():
        editing.edit(ws, sid, -1, lambda p, _: moves.merge(p, codes[-1], codes[0], author=who), strict=False)
