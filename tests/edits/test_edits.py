"""Moves, colours and history on a 4x4 grid, then on any sequence of moves."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from terr.edits import moves
from terr.edits.history import EditNode, History, UndoPath, Visit, describe
from terr.errors import ConflictError, LocateError, PlanError
from terr.model.edit import Edit
from terr.model.plan import Plan, Territory
from terr.store.codec import edit_from_bytes, edit_to_bytes, plan_from_bytes, plan_to_bytes
from tests.helpers.effort import examples

# 0  1  2  3
# 4  5  6  7      columns 0-1 are West (code 0), column 2 is East (code 1), column 3 is unassigned
# 8  9 10 11
# 12 13 14 15
WEST, EAST = 0, 1


def grid(**west: object) -> Plan:
    assign = np.array([0, 0, 1, -1] * 4, dtype=np.int16)
    return Plan(
        assign=assign,
        territories=(Territory(WEST, "West", color=0, **west), Territory(EAST, "East", color=1)),
        locked_units=np.zeros(16, dtype=bool),
        units_version="grid",
    )


def grid_borders() -> tuple[np.ndarray, np.ndarray]:
    near = [
        [r * 4 + c for r, c in ((i - 1, j), (i + 1, j), (i, j - 1), (i, j + 1)) if 0 <= r < 4 and 0 <= c < 4]
        for i in range(4)
        for j in range(4)
    ]
    return np.cumsum([0, *map(len, near)]), np.concatenate(near)


def test_assign_moves_units_and_drops_those_already_there() -> None:
    plan = grid()
    painted = moves.assign(plan, [3, 2, 7, 3, 6], EAST, author="Ann", note="closer")
    assert painted.skipped_locked == 0
    assert painted.edit.units.tolist() == [3, 7]
    assert painted.edit.before.tolist() == [-1, -1]
    assert (painted.edit.author, painted.edit.note) == ("Ann", "closer")
    after = moves.apply(plan, painted.edit)
    assert after.assign.tolist() == [0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, -1, 0, 0, 1, -1]
    assert moves.apply(after, painted.edit.inverse()).same_as(plan)


def test_assign_to_where_all_are_is_empty() -> None:
    painted = moves.assign(grid(), [0, 1], WEST)
    assert not painted.edit
    assert painted.skipped_locked == 0
    assert not moves.assign(grid(), [], EAST).edit


def test_unassign() -> None:
    after = moves.apply(grid(), moves.assign(grid(), [0, 3], -1).edit)
    assert after.assign[[0, 3]].tolist() == [-1, -1]


def test_locked_units_are_left_alone_and_counted() -> None:
    plan = moves.apply(grid(), moves.lock_units(grid(), [0, 1], True))
    painted = moves.assign(plan, [0, 1, 4], EAST)
    assert painted.edit.units.tolist() == [4]
    assert painted.skipped_locked == 2


def test_locked_territories_neither_lose_nor_gain() -> None:
    plan = grid(locked=True)
    assert moves.assign(plan, [0, 1], EAST).skipped_locked == 2
    into = moves.assign(plan, [2, 3, 0], WEST)  # 0 is there already, which is no skip
    assert not into.edit
    assert into.skipped_locked == 2


@pytest.mark.parametrize("units", [[16], [-1], [0, 99]])
def test_unknown_units_are_refused(units: list[int]) -> None:
    with pytest.raises(PlanError, match="outside this plan's 16 areas"):
        moves.assign(grid(), units, EAST)
    with pytest.raises(PlanError, match="outside"):
        moves.lock_units(grid(), units, True)


def test_unknown_territories_are_refused() -> None:
    for act in (
        lambda p: moves.assign(p, [0], 9),
        lambda p: moves.rename(p, 9, "x"),
        lambda p: moves.set_rep(p, 9, "r"),
        lambda p: moves.set_color(p, 9, 1),
        lambda p: moves.merge(p, 9, 0),
        lambda p: moves.merge(p, 0, 9),
        lambda p: moves.delete(p, 9),
        lambda p: moves.lock_territory(p, 9, True),
    ):
        with pytest.raises(PlanError, match="no territory 9"):
            act(grid())


def test_apply_refuses_what_changed_meanwhile_and_names_the_units() -> None:
    plan = grid()
    mine = moves.assign(plan, [3, 7, 11], WEST).edit
    theirs = moves.apply(plan, moves.assign(plan, [7, 11], EAST).edit)
    with pytest.raises(ConflictError, match="2 areas changed territory") as caught:
        moves.apply(theirs, mine)
    assert caught.value.units == (7, 11)
    assert moves.expected_conflicts(theirs, [3, 11, 7], [-1, -1, -1]).tolist() == [11, 7]
    with pytest.raises(PlanError, match="one length"):
        moves.expected_conflicts(theirs, [3], [])

    locked = moves.lock_units(plan, [5], True)
    with pytest.raises(ConflictError, match="the lock of 1 area") as caught:
        moves.apply(moves.apply(plan, locked), locked)
    assert caught.value.units == (5,)

    rename = moves.rename(plan, WEST, "Pacific")
    with pytest.raises(ConflictError, match='"West" changed meanwhile'):
        moves.apply(moves.apply(plan, moves.set_rep(plan, WEST, "r1")), rename)


def test_new_territory_takes_an_unused_name_code_and_color() -> None:
    edit = moves.new_territory(grid(), next_code=5)
    made = edit.territories[0][1]
    assert made == Territory(5, "Territory 3", color=2)
    plan = moves.apply(grid(), edit)
    assert plan.codes == (0, 1, 5)
    plan = moves.apply(plan, moves.rename(plan, 5, "territory 4"))
    assert moves.new_territory(plan, next_code=6).territories[0][1].name == "Territory 5"
    with pytest.raises(PlanError, match="in use"):
        moves.new_territory(plan, next_code=5)
    for name, words in (
        ("west", "exists already"),
        ("  ", "1 to 80"),
        ("a\0b", "invisible characters"),
        ("x" * 81, "1 to 80"),
    ):
        with pytest.raises(PlanError, match=words):
            moves.new_territory(plan, name, next_code=6)


def test_a_color_that_another_territory_has_is_exchanged() -> None:
    plan = grid()
    after = moves.apply(plan, moves.set_color(plan, WEST, 1))
    assert (after.territory(WEST).color, after.territory(EAST).color) == (1, 0)
    assert moves.apply(plan, moves.set_color(plan, WEST, 7)).territory(EAST).color == 1, "a free one changes one only"
    assert not moves.set_color(plan, WEST, 0)
    with pytest.raises(PlanError, match="choose another"):
        moves.set_color(plan, WEST, 12)


def test_rename_set_rep_and_lock_are_empty_if_nothing_changes() -> None:
    plan = grid()
    assert moves.apply(plan, moves.rename(plan, WEST, "  WEST ")).territory(WEST).name == "WEST"
    with pytest.raises(PlanError, match='"EAST" exists already'):
        moves.rename(plan, WEST, "EAST")
    assert not moves.rename(plan, WEST, "West")
    assert not moves.set_rep(plan, WEST, "")
    assert not moves.lock_territory(plan, WEST, False)
    assert not moves.lock_units(plan, [1, 2], False)
    assert moves.apply(plan, moves.set_rep(plan, WEST, "r7")).territory(WEST).rep == "r7"


def test_merge_and_delete() -> None:
    plan = grid()
    merged = moves.apply(plan, moves.merge(plan, EAST, WEST))
    assert merged.codes == (WEST,)
    assert merged.assign.tolist() == [0, 0, 0, -1] * 4
    gone = moves.apply(plan, moves.delete(plan, WEST))
    assert gone.assign.tolist() == [-1, -1, 1, -1] * 4
    with pytest.raises(PlanError, match="into itself"):
        moves.merge(plan, WEST, WEST)
    locked = moves.apply(plan, moves.lock_territory(plan, WEST, True))
    for act in (
        lambda: moves.delete(locked, WEST),
        lambda: moves.merge(locked, WEST, EAST),
        lambda: moves.merge(locked, EAST, WEST),
    ):
        with pytest.raises(PlanError, match='"West" is locked; unlock it first'):
            act()
    held = moves.apply(plan, moves.lock_units(plan, [2], True))
    with pytest.raises(PlanError, match='"East" holds 1 locked area'):
        moves.delete(held, EAST)


def test_adopt_rows_instead_of_columns() -> None:
    plan = grid(rep="r1")
    rows = np.repeat([0, 1, 2, 3], 4)
    edit = moves.adopt(plan, rows, next_code=7, names=["", "North", "", "South"], colors=[5, 5, 4, 3])
    after = moves.apply(plan, edit)
    assert after.codes == (0, 1, 7, 8)
    assert [t.name for t in after.territories] == ["West", "North", "Territory 3", "South"]
    assert [t.color for t in after.territories] == [0, 1, 4, 3]
    assert after.territory(WEST).rep == "r1"
    assert after.slots().tolist() == rows.tolist()
    assert moves.apply(after, edit.inverse()).same_as(plan)


def test_adopt_with_fewer_territories_deletes_the_rest() -> None:
    plan = grid()
    edit = moves.adopt(plan, np.zeros(16, dtype=int), next_code=2, codes=[EAST])
    after = moves.apply(plan, edit)
    assert after.codes == (EAST,)
    assert (after.assign == EAST).all()
    kept = moves.apply(plan, moves.adopt(plan, np.zeros(16, dtype=int), next_code=2, k=2))
    assert kept.codes == (WEST, EAST)


def test_adopt_keeps_locks() -> None:
    plan = moves.apply(grid(), moves.lock_units(grid(), [0], True))
    with pytest.raises(PlanError, match="1 area would change territory although locked"):
        moves.adopt(plan, np.ones(16, dtype=int), next_code=2)
    locked = grid(locked=True)
    with pytest.raises(PlanError, match='"West" is locked and would gain'):
        moves.adopt(locked, np.array([0, 0, 1, 0] * 4), next_code=2, kind="rebalance")
    edit = moves.adopt(locked, np.array([0, 0, 1, 1] * 4), next_code=2, kind="rebalance")
    assert edit.units.tolist() == [3, 7, 11, 15]
    empty = Plan(np.full(4, -1), (Territory(0, "West", locked=True),), np.zeros(4, dtype=bool), "u")
    with pytest.raises(PlanError, match='"West" is locked'):
        moves.adopt(empty, np.zeros(4, dtype=int), next_code=1, codes=[-1])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"slots": np.zeros(15)}, "15 areas, the plan 16"),
        ({"slots": np.full(16, 2), "k": 2}, "outside the 2 asked for"),
        ({"slots": np.zeros(16), "codes": [0, 0]}, "the same territory"),
        ({"slots": np.zeros(16), "codes": [9]}, "no territory 9"),
        ({"slots": np.zeros(16), "names": ["a", "b"], "k": 1}, "for each of the 1"),
        ({"slots": np.zeros(16), "names": ["East", "EAST"]}, "two territories are called"),
    ],
)
def test_adopt_refuses_what_does_not_fit(arguments: dict[str, object], words: str) -> None:
    slots = arguments.pop("slots")
    with pytest.raises(PlanError, match=words):
        moves.adopt(grid(), slots, next_code=2, **arguments)


def test_match_codes_keeps_most_where_it_is() -> None:
    plan = grid()
    slots = np.array([1, 1, 0, 2] * 4)  # East is slot 0, West slot 1, slot 2 is new
    assert moves.match_codes(plan, slots, 3).tolist() == [EAST, WEST, -1]
    assert not moves.adopt(plan, np.where(slots == 2, -1, slots), next_code=2, codes=[EAST, WEST])
    heavy = np.ones(16)
    heavy[0] = 100
    mixed = np.array([0] + [1] * 15)
    assert moves.match_codes(plan, mixed, 2).tolist() == [-1, WEST]  # 7 shared units beat 1 + 4
    assert moves.match_codes(plan, mixed, 2, weights=heavy).tolist() == [WEST, EAST]
    held = moves.apply(plan, moves.lock_units(plan, [0], True))
    assert moves.match_codes(held, mixed, 2)[0] == WEST


def step(number: int, parent: int) -> EditNode:
    return EditNode(number, parent, "assign", f"e{number}", "Ann", "", datetime(2026, 1, 1, tzinfo=UTC))


def visit(rev: int, head: int, action: str) -> Visit:
    return Visit(rev, head, action, "Ann", datetime(2026, 1, 1, tzinfo=UTC))


def test_history_of_a_branch() -> None:
    # 1 - 2      undo, then 4 beside 2; undo that
    #  \- 4
    story = History(
        (step(1, 0), step(2, 1), step(4, 1)),
        (visit(1, 1, "edit"), visit(2, 2, "edit"), visit(3, 1, "undo"), visit(4, 4, "edit"), visit(5, 1, "undo")),
    )
    assert (story.head, story.rev) == (1, 5)
    assert story.path(2, 4) == UndoPath((2,), (4,))
    assert story.path(0, 2) == UndoPath((), (1, 2))
    assert story.path(0, 1) == UndoPath((), (1,))
    assert story.path(4, 1) == UndoPath((4,), ())
    assert story.path(4, 4) == UndoPath((), ())
    with pytest.raises(LocateError, match="no change 3"):
        story.path(3, 1)


def test_history_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(LocateError, match="isn't stored"):
        History((step(2, 1),))
    with pytest.raises(LocateError, match="isn't stored"):
        History((step(1, 0),), (visit(1, 7, "edit"),))


def test_titles() -> None:
    plan = grid()
    for edit, title in (
        (moves.assign(plan, [3, 7], EAST).edit, "Moved 2 counties to East"),
        (moves.assign(plan, [0], -1).edit, "Unassigned 1 county"),
        (moves.new_territory(plan, "North", next_code=2), "Created North"),
        (moves.rename(plan, WEST, "Pacific"), "Renamed West to Pacific"),
        (moves.set_rep(plan, WEST, "r1"), "Assigned West to r1"),
        (moves.set_color(plan, WEST, 5), "Changed the color of West"),
        (moves.merge(plan, EAST, WEST), "Merged East into West"),
        (moves.delete(plan, EAST), "Deleted East"),
        (moves.lock_units(plan, [1], True), "Locked 1 county"),
        (moves.lock_territory(plan, WEST, True), "Locked West"),
        (moves.adopt(plan, np.arange(16) // 4, next_code=2), "Generated 4 territories"),
        (moves.adopt(plan, np.array([0, 0, 1, 1] * 4), next_code=2, kind="rebalance"), "Rebalanced: 4 counties moved"),
    ):
        assert describe(edit, plan, "county") == title


class AnyMoves(RuleBasedStateMachine):
    """Whatever is done: undoing all gives the first plan, doing all again the last, and no unit is lost."""

    @initialize()
    def start(self) -> None:
        self.plan = Plan.empty(16, "grid")
        self.done: list[Edit] = []
        self.undone: list[Edit] = []
        self.next_code = 0

    def do(self, edit: Edit) -> None:
        again = edit_from_bytes(edit_to_bytes(edit))
        after = moves.apply(self.plan, again)
        assert after.same_as(moves.apply(self.plan, edit))
        if edit:
            self.plan = after
            self.done.append(edit)
            self.undone.clear()
        for _, new in edit.territories:
            if new is not None:
                self.next_code = max(self.next_code, new.code + 1)

    def pick(self, data: st.DataObject) -> int:
        return data.draw(st.sampled_from(self.plan.codes))

    @rule(data=st.data(), units=st.lists(st.integers(0, 15)))
    def assign(self, data: st.DataObject, units: list[int]) -> None:
        code = data.draw(st.sampled_from((-1, *self.plan.codes)))
        before, fixed = self.plan, self.plan.fixed()
        painted = moves.assign(before, units, code)
        wanted = {u for u in units if before.assign[u] != code}
        assert len(painted.edit.units) + painted.skipped_locked == len(wanted)
        self.do(painted.edit)
        assert (self.plan.assign[fixed] == before.assign[fixed]).all()

    @rule(units=st.lists(st.integers(0, 15)), locked=st.booleans())
    def lock(self, units: list[int], locked: bool) -> None:
        self.do(moves.lock_units(self.plan, units, locked))

    @rule()
    def new(self) -> None:
        self.do(moves.new_territory(self.plan, next_code=self.next_code))

    @precondition(lambda self: self.plan.territories)
    @rule(data=st.data(), name=st.text(min_size=1, max_size=8), locked=st.booleans())
    def retouch(self, data: st.DataObject, name: str, locked: bool) -> None:
        code = self.pick(data)
        self.do(moves.lock_territory(self.plan, code, locked))
        self.do(moves.set_rep(self.plan, code, name))
        try:
            edit = moves.rename(self.plan, code, name)
        except PlanError:
            return
        self.do(edit)

    @precondition(lambda self: self.plan.territories)
    @rule(data=st.data(), into=st.booleans())
    def remove(self, data: st.DataObject, into: bool) -> None:
        code, other = self.pick(data), self.pick(data)
        try:
            edit = moves.merge(self.plan, code, other) if into else moves.delete(self.plan, code)
        except PlanError:
            return
        self.do(edit)

    @rule(slots=st.lists(st.integers(-1, 3), min_size=16, max_size=16))
    def adopt(self, slots: list[int]) -> None:
        codes = moves.match_codes(self.plan, slots, 4)
        try:
            edit = moves.adopt(self.plan, slots, next_code=self.next_code, codes=codes)
        except PlanError:
            assert self.plan.fixed().any() or any(t.locked for t in self.plan.territories)
            return
        self.do(edit)
        assert len(self.plan.territories) == 4

    @precondition(lambda self: self.done)
    @rule()
    def undo(self) -> None:
        edit = self.done.pop()
        self.plan = moves.apply(self.plan, edit.inverse())
        self.undone.append(edit)

    @precondition(lambda self: self.undone)
    @rule()
    def redo(self) -> None:
        edit = self.undone.pop()
        self.plan = moves.apply(self.plan, edit)
        self.done.append(edit)

    @invariant()
    def all_back_and_forth(self) -> None:
        if not hasattr(self, "plan"):
            return
        assert plan_from_bytes(plan_to_bytes(self.plan)).same_as(self.plan)
        counts = [int((self.plan.assign == c).sum()) for c in (-1, *self.plan.codes)]
        assert sum(counts) == 16
        back = self.plan
        for edit in reversed(self.done):
            back = moves.apply(back, edit.inverse())
        assert back.same_as(Plan.empty(16, "grid"))
        for edit in self.done:
            back = moves.apply(back, edit)
        assert back.same_as(self.plan)


AnyMoves.TestCase.settings = examples(40, stateful_step_count=25)
TestAnyMoves = AnyMoves.TestCase
