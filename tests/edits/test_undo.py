"""What a person can undo and redo, told from the history; and edits reversed under later ones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.edits import moves
from terr.edits.applied import apply
from terr.edits.history import EditNode, History, Visit
from terr.edits.undo import MOST, NextStep, go_back, reverse, undo_state
from tests.helpers.effort import examples
from tests.helpers.grids import grid_units, make_plan

UNITS = grid_units(2, 4)
AT = datetime(2026, 1, 1, tzinfo=UTC)


class Story:
    """A history told edit by edit; edit 1 makes the first territory."""

    def __init__(self) -> None:
        self.steps: list[EditNode] = []
        self.visits: list[Visit] = []
        self.head = 0
        self.edit("")

    def edit(self, author: str, kind: str = "assign", of: int = 0) -> int:
        number = len(self.visits) + 1
        self.steps.append(EditNode(number, self.head, kind, f"e{number}", author, "", AT, of))
        self._visit(number, "edit", author)
        return number

    def go(self, head: int, action: str, author: str) -> None:
        self._visit(head, action, author)

    def _visit(self, head: int, action: str, author: str) -> None:
        self.head = head
        self.visits.append(Visit(len(self.visits) + 1, head, action, author, AT, f"{author}~"))

    def can(self, *names: str) -> tuple[list[int], list[int]]:
        state = undo_state(History(tuple(self.steps), tuple(self.visits)), names)
        return [s.edit for s in state.undo], [s.edit for s in state.redo]


def test_one_person_goes_back_and_forth_and_the_first_edit_stays() -> None:
    story = Story()
    for _ in range(3):
        story.edit("Ann")
    assert story.can("Ann") == ([4, 3, 2], [])
    story.go(3, "undo", "Ann")
    story.go(2, "undo", "Ann")
    assert story.can("Ann") == ([2], [3, 4])
    story.go(3, "redo", "Ann")
    assert story.can("Ann") == ([3, 2], [4])
    assert story.edit("Ann") == 8
    assert story.can("Ann") == ([8, 3, 2], []), "an edit ends redo"
    story.go(3, "undo", "Ann")
    assert story.can("Ann") == ([3, 2], [8])


def test_each_person_undoes_their_own_and_what_nobody_in_particular_made() -> None:
    story = Story()
    a, me, b = story.edit("Ann"), story.edit("me"), story.edit("Bob")
    assert story.can("Ann") == ([me, a], [])
    assert story.can("Bob") == ([b, me], [])
    assert story.can("me") == ([me], [])
    assert story.can("Bob", "Guest 4F2") == ([b, me], [])
    c = story.edit("Guest 4F2")
    assert story.can("Bob", "Guest 4F2") == ([c, b, me], [])


def test_undone_and_redone_under_others_edits_and_said_by_what_was_done_first() -> None:
    story = Story()
    a, _b = story.edit("Ann"), story.edit("Bob")
    back = story.edit("Ann", "takeback", a)
    assert story.can("Ann") == ([], [back])
    again = story.edit("Ann", "again", back)
    assert story.can("Ann") == ([again], [])
    back = story.edit("Ann", "takeback", again)
    assert story.can("Ann") == ([], [back])
    state = undo_state(History(tuple(story.steps), tuple(story.visits)), {"Ann"})
    assert state.redo == (NextStep(back, f"e{a}", back, "Ann~", None),)
    assert story.can("Bob") == ([_b], [])


def test_what_was_gone_back_from_is_made_again_by_a_new_edit_when_others_came_between() -> None:
    story = Story()
    story.edit("Bob")
    a = story.edit("Ann")
    story.go(2, "undo", "Ann")
    state = undo_state(History(tuple(story.steps), tuple(story.visits)), {"Ann"})
    assert state.redo == (NextStep(a, f"e{a}", 4, "Ann~", a, True),)
    story.edit("Bob")
    state = undo_state(History(tuple(story.steps), tuple(story.visits)), {"Ann"})
    assert state.redo == (NextStep(a, f"e{a}", 4, "Ann~", None, True),)
    again = story.edit("Ann", "again", a)
    assert story.can("Ann") == ([again], [])


def test_an_edit_of_another_that_one_went_back_from_can_be_redone_by_both() -> None:
    """As histories of earlier versions have it: undo took back the last edit, whoever made it."""
    story = Story()
    b = story.edit("Bob")
    story.go(1, "undo", "Ann")
    assert story.can("Ann") == ([], [b])
    assert story.can("Bob") == ([], [b])
    assert story.can("Cy") == ([], [])
    story.go(b, "redo", "Ann")
    assert (story.can("Ann"), story.can("Bob")) == (([], []), ([b], []))


def test_a_branch_can_redo_what_lies_ahead() -> None:
    story = Story()
    a, b = story.edit("Ann"), story.edit("Bob")
    story.go(1, "branch", "Cy")
    assert story.can("Cy") == ([], [a, b])
    assert story.can("Ann") == ([], [a])


def test_a_long_history_is_told_at_once() -> None:
    story = Story()
    for n in range(20_000):
        story.edit(("Ann", "Bob")[n % 2])
    undo, redo = story.can("Ann")
    assert (undo[:2], len(undo), redo) == ([20_000, 19_998], MOST, [])


edits_of = st.lists(
    st.tuples(st.lists(st.integers(0, 7), min_size=1, max_size=4), st.integers(-1, 1)), min_size=1, max_size=6
)


@examples(60)
@given(steps=edits_of, which=st.integers(0, 5))
def test_reversing_touches_only_what_the_edit_did_and_nobody_changed_since(steps, which) -> None:
    plan = make_plan(UNITS, [0, 0, 0, 0, 1, 1, 1, 1])
    done, before = [], []
    for units, code in steps:
        change = moves.assign(plan, units, code).edit
        before.append(plan)
        done.append(change)
        plan = apply(plan, change)
    n = which % len(done)
    made = reverse(plan, done[n], of_edit=n + 1, author="Ann").edit
    assert (made.kind, made.of_edit, made.author) == ("takeback", n + 1, "Ann")
    after = apply(plan, made)
    touched_since = set().union(*(set(e.units.tolist()) for e in done[n + 1 :]), set())
    for unit in range(len(UNITS)):
        was_changed = unit in done[n].units.tolist()
        if was_changed and unit not in touched_since:
            assert after.assign[unit] == before[n].assign[unit]
        elif not was_changed:
            assert after.assign[unit] == plan.assign[unit]
    assert apply(after, reverse(after, made, kind="again", of_edit=9).edit).same_as(plan)
    assert apply(plan, go_back(plan, before[n])).same_as(before[n]) if go_back(plan, before[n]) else True


@pytest.mark.parametrize("where", ["unit", "territory"])
def test_what_was_locked_since_stays(where) -> None:
    plan = make_plan(UNITS, [0, 0, 0, 0, 1, 1, 1, 1])
    change = moves.assign(plan, [0, 4], 1).edit
    plan = apply(plan, change)
    lock = moves.lock_units(plan, [0], True) if where == "unit" else moves.lock_territory(plan, 1, True)
    made = reverse(apply(plan, lock), change)
    assert (bool(made.edit), made.left_units) == (False, 1)
