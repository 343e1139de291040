"""Scenarios, their history and data sets in a real database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from terr.edits import moves
from terr.edits.history import History
from terr.errors import ConflictError, InputError, LocateError, PlanError, StoreError
from terr.model.edit import Edit
from terr.model.plan import Plan
from terr.model.reps import Rep
from terr.model.scenario import ScenarioInfo
from terr.store import Store, open_store
from terr.store import schema as t
from terr.store.codec import edit_from_bytes, edit_to_bytes, pack, plan_from_bytes, unpack
from terr.store.edit_tree import trail_to
from tests.helpers.effort import examples
from tests.helpers.steps import back, forth

HOSTILE = [
    "'; DROP TABLE scenarios; --",
    '" OR 1=1 --',
    "<script>alert(1)</script>",
    "Überfluß 東京 🗺️",
    "../../etc/passwd",
    "%s %(x)s {0} :name ?",
    "=HYPERLINK(1)",
    "a\u202eb\\n\u200d",
]


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    opened = open_store(address)
    yield opened
    opened.close()


def make(store: Store, name: str = "Base", n_units: int = 16) -> ScenarioInfo:
    return store.scenarios.create(
        name,
        dataset_id="",
        level="county",
        region=("OK", "TX"),
        units_version="grid",
        n_units=n_units,
        measure="revenue",
        tolerance=0.05,
        settings={"keep": True},
    )


def save(store: Store, scenario_id: str, edit: Edit) -> int:
    return store.edits.append(scenario_id, edit, store.scenarios.rev(scenario_id))


def two_territories(store: Store) -> tuple[str, Plan]:
    """Revision 3: West (0) holds units 0 and 1, East (1) none."""
    sid = make(store).id
    save(store, sid, moves.new_territory(store.plans.load(sid)[0], "West", next_code=0))
    save(store, sid, moves.new_territory(store.plans.load(sid)[0], "East", next_code=1))
    save(store, sid, moves.assign(store.plans.load(sid)[0], [0, 1], 0, author="Ann", note="why").edit)
    return sid, store.plans.load(sid)[0]


def test_a_new_scenario_is_empty(store: Store) -> None:
    info = make(store)
    assert (info.region, info.rev, info.head, info.next_code) == (("OK", "TX"), 0, 0, 0)
    assert dict(info.settings) == {"keep": True}
    plan, rev = store.plans.load(info.id)
    assert rev == 0
    assert plan.same_as(Plan.empty(16, "grid"))
    assert store.scenarios.find() == [info]
    assert store.edits.history(info.id) == History()


def test_append_and_steps_back_and_forth(store: Store, address: str) -> None:
    sid, plan = two_territories(store)
    assert store.scenarios.get(sid).next_code == 2
    rev, (undone,) = back(store, sid, 3, author="Bob")
    assert rev == 4
    assert moves.apply(plan, undone).assign.tolist() == [-1] * 16
    rev, (redone,) = store.edits.go_to(sid, 3, 4, action="redo")
    assert (rev, redone.author, redone.note) == (5, "Ann", "why")
    other = open_store(address)  # nothing in its memory
    found, rev = other.plans.load(sid)
    assert rev == 5
    assert found.same_as(plan)
    other.close()
    for expected in (5, 6, 7):
        back(store, sid, expected)
    story = store.edits.history(sid)
    assert [v.action for v in story.visits] == ["edit"] * 3 + ["undo", "redo"] + ["undo"] * 3
    assert story.visits[3].author == "Bob"
    assert [s.title for s in story.steps] == ["Created West", "Created East", "Moved 2 counties to West"]


def test_an_edit_that_undoes_another_names_it(store: Store, address: str) -> None:
    sid, plan = two_territories(store)
    undone = moves.assign(plan, [0, 1], -1).edit
    save(store, sid, replace(undone, kind="takeback", of_edit=3))
    again = replace(undone.inverse(), kind="again", of_edit=4)
    save(store, sid, again)
    with closing(open_store(address)) as other:
        steps = other.edits.history(sid).steps
        assert [(s.of_edit, s.reverses, s.title) for s in steps[2:]] == [
            (0, False, "Moved 2 counties to West"),
            (3, True, "Undid: moved 2 counties to West"),
            (4, False, "Redid: moved 2 counties to West"),
        ]
        assert [other.edits.get(sid, n).of_edit for n in (3, 4, 5)] == [0, 3, 4]
        assert other.edits.history(other.scenarios.duplicate(sid).id) == other.edits.history(sid)
    with pytest.raises(PlanError, match="no change 9"):
        save(store, sid, replace(undone, kind="takeback", of_edit=9))


def test_a_code_is_never_used_again(store: Store) -> None:
    sid, _ = two_territories(store)
    back(store, sid, 3)
    back(store, sid, 4)  # East is gone
    assert store.plans.load(sid)[0].codes == (0,)
    assert store.scenarios.get(sid).next_code == 2


def test_an_edit_after_undo_opens_a_branch_and_nothing_is_erased(store: Store, address: str) -> None:
    sid, plan = two_territories(store)
    back(store, sid, 3)
    rev = save(store, sid, moves.assign(store.plans.load(sid)[0], [5], 1).edit)  # edit 5 beside 3
    branch = store.plans.load(sid)[0]
    assert store.plans.at(sid, 3).same_as(plan)
    rev, steps = store.edits.go_to(sid, 3, rev, action="redo")
    walked = branch
    for edit in steps:
        walked = moves.apply(walked, edit)
    assert walked.same_as(plan)
    with pytest.raises(LocateError, match="no change 99"):
        store.edits.go_to(sid, 99, rev, action="redo")
    with pytest.raises(LocateError, match="no change 4"):
        store.plans.at(sid, 4)  # revision 4 was an undo
    other = open_store(address)
    assert other.plans.at(sid, 5).same_as(branch)
    other.close()


def test_edits_between_revisions_lead_from_one_plan_to_the_other(store: Store) -> None:
    sid, _ = two_territories(store)
    back(store, sid, 3)
    forth(store, sid, 3, 4)
    assert store.edits.between(sid, 3, 5) == []  # done and undone in between
    back(store, sid, 5)
    save(store, sid, moves.assign(store.plans.load(sid)[0], [5], 1).edit)
    story = store.edits.history(sid)
    heads = [0, *(v.head for v in story.visits)]
    for a in range(len(heads)):
        for b in range(len(heads)):
            plan = store.plans.at(sid, heads[a])
            for edit in store.edits.between(sid, a, b):
                plan = moves.apply(plan, edit)
            assert plan.same_as(store.plans.at(sid, heads[b]))
    with pytest.raises(LocateError, match="no revision 50"):
        store.edits.between(sid, 0, 50)


def test_the_loser_gets_both_revisions_and_nothing_is_written(store: Store) -> None:
    sid, plan = two_territories(store)
    before = store.edits.history(sid)
    for act in (
        lambda: store.edits.append(sid, moves.assign(plan, [5], 1).edit, 2),
        lambda: store.edits.go_to(sid, 2, 2, action="undo"),
        lambda: store.edits.go_to(sid, 1, 7, action="redo"),
    ):
        with pytest.raises(ConflictError, match="somebody else changed the plan") as caught:
            act()
        assert caught.value.found == 3
        assert caught.value.expected in (2, 7)
    assert store.edits.history(sid) == before


def test_an_edit_that_does_not_fit_is_not_stored(store: Store) -> None:
    sid, plan = two_territories(store)
    with pytest.raises(ConflictError) as caught:
        store.edits.append(sid, Edit(kind="assign", units=[0], before=[1], after=[0]), 3)
    assert caught.value.units == (0,)
    with pytest.raises(PlanError, match="unknown territory"):
        store.edits.append(sid, Edit(kind="assign", units=[5], before=[-1], after=[9]), 3)
    with pytest.raises(PlanError, match="nothing to save"):
        store.edits.append(sid, moves.assign(plan, [0], 0).edit, 3)
    with pytest.raises(InputError, match="note has 5,000"):
        store.edits.append(sid, moves.assign(plan, [5], 0, note="x" * 5000).edit, 3)
    assert store.scenarios.rev(sid) == 3


def test_checkpoints_and_replay_agree(store: Store, address: str) -> None:
    sid, plan = two_territories(store)
    rng = np.random.default_rng(5)
    rev, plans = 3, {3: plan}
    while rev < 230:
        edit = moves.assign(plan, rng.integers(0, 16, 2), int(rng.integers(-1, 2))).edit
        if edit:
            rev = store.edits.append(sid, edit, rev)
            plan = plans[rev] = moves.apply(plan, edit)
    with store._db.read() as c:
        assert c.execute(text("SELECT edit_id FROM checkpoints ORDER BY edit_id")).scalars().all() == [100, 200]
    fresh = open_store(address)
    with fresh._db.read() as c:
        assert trail_to(c, sid, 230) == list(range(230, 199, -1))  # no further back than the checkpoint
    for at in (230, 200, 199, 101, 100, 99, 3):
        assert fresh.plans.at(sid, at).same_as(plans[at])
    fresh.close()


def test_rename_settings_delete_restore(store: Store) -> None:
    sid = make(store).id
    assert store.scenarios.rename(sid, " FY27 ").name == "FY27"
    info = store.scenarios.update_settings(sid, measure="accounts", tolerance=0.1, settings={"a": [1]})
    assert (info.measure, info.tolerance, dict(info.settings), info.rev) == ("accounts", 0.1, {"a": [1]}, 0)
    assert store.scenarios.update_settings(sid).measure == "accounts"
    store.scenarios.delete(sid)
    assert store.scenarios.find() == []
    assert store.scenarios.find(include_deleted=True)[0].deleted_at is not None
    for act in (
        lambda: store.scenarios.get(sid),
        lambda: store.plans.load(sid),
        lambda: store.scenarios.rev(sid),
        lambda: store.scenarios.rename(sid, "x"),
        lambda: store.scenarios.delete(sid),
        lambda: store.edits.go_to(sid, 0, 0, action="undo"),
        lambda: store.edits.history(sid),
        lambda: store.scenarios.duplicate(sid),
        lambda: store.edits.append(sid, Edit(kind="lock", lock_units=[0], lock_after=[True]), 0),
        lambda: store.scenarios.get("nope"),
        lambda: store.scenarios.restore("nope"),
    ):
        with pytest.raises(LocateError, match="isn't found"):
            act()
    assert store.scenarios.restore(sid).name == "FY27"
    assert store.plans.load(sid)[1] == 0


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\0b", "\ud800"])
def test_impossible_names_are_refused(store: Store, name: str) -> None:
    with pytest.raises(InputError, match="name of the scenario"):
        make(store, name)


@pytest.mark.parametrize("tolerance", [float("nan"), -0.1, float("inf")])
def test_impossible_settings_are_refused(store: Store, tolerance: float) -> None:
    with pytest.raises(InputError, match="deviation"):
        store.scenarios.update_settings(make(store).id, tolerance=tolerance)
    with pytest.raises(InputError, match="settings can't be stored"):
        store.scenarios.update_settings(make(store).id, settings={"x": float("nan")})


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_round_trip(store: Store, name: str) -> None:
    info = make(store, name)
    assert store.scenarios.get(info.id).name == name
    assert store.scenarios.rename(info.id, name + "2").name == name + "2"
    save(store, info.id, moves.new_territory(store.plans.load(info.id)[0], name, next_code=0, author=name, note=name))
    step = store.edits.history(info.id).steps[0]
    assert (step.author, step.note, step.title) == (name, name, f"Created {name}")
    copy = store.scenarios.duplicate(info.id)
    assert copy.name == name + "2 (copy)"
    assert store.plans.load(copy.id)[0].territory(0).name == name
    data = store.datasets.save(name, sha256="0" * 64, filename=name, mapping={name: name}, summary={"x": name})
    assert (data.name, data.filename, dict(data.mapping)) == (name, name, {name: name})
    store.reps.save(data.id, [Rep(name, name)])
    assert store.reps.of(data.id) == (Rep(name, name),)
    for wrong in (lambda: store.scenarios.get(name), lambda: store.datasets.get(name)):
        with pytest.raises(LocateError):
            wrong()


def test_duplicate_copies_the_whole_history_and_goes_its_own_way(store: Store) -> None:
    sid, plan = two_territories(store)
    back(store, sid, 3)
    copy = store.scenarios.duplicate(sid, "Copy")
    assert (copy.name, copy.rev, copy.next_code) == ("Copy", 4, 2)
    assert store.edits.history(copy.id) == store.edits.history(sid)
    forth(store, copy.id, 3, 4)
    assert store.plans.load(copy.id)[0].same_as(plan)
    save(store, copy.id, moves.delete(plan, 0))
    assert store.scenarios.rev(sid) == 4
    assert store.plans.at(sid, 3).same_as(plan)


def test_data_sets_and_reps(store: Store) -> None:
    data = store.datasets.save("Q3", sha256="a" * 64, filename="q3.xlsx", mapping={"zip": "Zip"}, summary={"rows": 5})
    assert store.datasets.get(data.id) == data
    assert store.datasets.all() == (data,)
    assert dict(store.datasets.update(data.id, name="Q4", summary={"rows": 6}).summary) == {"rows": 6}
    team = [Rep("r2", "Bo", "02139", 0.5), Rep("r1", "Al")]
    store.reps.save(data.id, team)
    store.reps.save(data.id, team)
    assert store.reps.of(data.id) == (team[1], team[0])
    with pytest.raises(InputError, match='two reps have the id "r1"'):
        store.reps.save(data.id, [Rep("r1", "A"), Rep("r1", "B")])
    assert len(store.reps.of(data.id)) == 2
    with pytest.raises(LocateError):
        store.reps.save("nope", team)
    with pytest.raises(LocateError):
        store.scenarios.create(
            "x",
            dataset_id="nope",
            level="county",
            region=("TX",),
            units_version="v",
            n_units=1,
            measure="revenue",
            tolerance=0.05,
        )


def test_changed_bytes_are_noticed(store: Store, address: str) -> None:
    sid, _ = two_territories(store)
    with store._db.write() as c:
        payload = c.execute(select(t.edits.c.payload).where(t.edits.c.id == 3)).scalar_one()
        bad = payload[:-1] + bytes([payload[-1] ^ 1])
        c.execute(update(t.edits).where(t.edits.c.id == 3).values(payload=bad))
    fresh = open_store(address)
    with pytest.raises(StoreError, match="damaged"):
        fresh.plans.load(sid)
    assert len(fresh.plans.at(sid, 2).territories) == 2
    fresh.close()


@examples(100)
@given(st.data())
def test_no_bytes_but_the_right_ones_are_read(data: st.DataObject) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    good = edit_to_bytes(Edit(kind="assign", units=[1, 2], before=[0, 0], after=[1, -1], author="Ann", at=at))
    cut = data.draw(st.integers(0, len(good) - 1))
    flipped = good[:cut] + bytes([good[cut] ^ data.draw(st.integers(1, 255))]) + good[cut + 1 :]
    for bad in (flipped, good[:cut], data.draw(st.binary(max_size=40))):
        with pytest.raises(StoreError):
            edit_from_bytes(bad)
    with pytest.raises(StoreError):
        plan_from_bytes(good)
    with pytest.raises(StoreError, match="can't be read"):
        edit_from_bytes(pack({**unpack(good), "units": [1, 2, 3]}))


def test_a_payload_that_swells_is_refused() -> None:
    with pytest.raises(StoreError, match="too large"):
        unpack(pack({"x": "0" * (65 * 1024 * 1024)}))


@examples(15)
@given(st.lists(st.sampled_from(["assign", "new", "delete", "lock", "undo", "redo"]), max_size=25), st.data())
def test_the_store_agrees_with_memory(address: str, acts: list[str], data) -> None:
    with closing(open_store(address)) as store:  # examples share a database, each has a scenario of its own
        _compare_with_memory(store, address, acts, data)


def _compare_with_memory(store: Store, address: str, acts: list[str], data: st.DataObject) -> None:
    sid, rev, plans, head = make(store).id, 0, {0: Plan.empty(16, "grid")}, 0
    for act in acts:
        plan, info = plans[head], store.scenarios.get(sid)
        assert (info.rev, info.head) == (rev, head)
        edit = None
        if act == "assign":
            target = data.draw(st.sampled_from((-1, *plan.codes)))
            edit = moves.assign(plan, data.draw(st.lists(st.integers(0, 15), max_size=4)), target).edit
        elif act == "new":
            edit = moves.new_territory(plan, next_code=info.next_code)
        elif act == "lock":
            edit = moves.lock_units(plan, data.draw(st.lists(st.integers(0, 15), max_size=2)), True)
        elif act == "delete" and plan.codes and not plan.fixed().any():
            edit = moves.delete(plan, plan.codes[0])
        elif act == "undo" and head:
            rev, (undone,) = back(store, sid, rev)
            head = store.scenarios.get(sid).head
            assert moves.apply(plan, undone).same_as(plans[head])
        elif act == "redo":
            head = data.draw(st.sampled_from(sorted(plans)))
            rev, edits = store.edits.go_to(sid, head, rev, action="redo")
            for edit in edits:
                plan = moves.apply(plan, edit)
            assert plan.same_as(plans[head])
            edit = None
        if edit:
            rev = head = store.edits.append(sid, edit, rev)
            plans[head] = moves.apply(plan, edit)
    with closing(open_store(address)) as fresh:
        assert fresh.plans.load(sid)[0].same_as(plans[head])
        for at, plan in plans.items():
            assert fresh.plans.at(sid, at).same_as(plan)
