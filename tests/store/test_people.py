"""Rosters with their history, and quotas that are proposed and decided."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from terr.errors import InputError, LocateError, PlanError
from terr.model.person import Person
from terr.model.reps import Rep
from terr.store import Store, open_store

ANN, BOB = Person("ann@x.com", "Ann"), Person("bob@x.com", "Bob")
FULL = Rep(
    "U2", "Bob Ray", "02116", 0.8, "bob@x.com", "rep", "U1", date(2026, 1, 15), date(2026, 12, 31), 1400.0,
    ("Med", "Tax"), 3, 1_200_000.0, False,
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(tmp_path / "terr.db")


def data_of(store: Store) -> str:
    return store.datasets.save("Book", sha256="a" * 64, filename="b.csv", mapping={}, summary={}).id


def test_a_rep_with_all_fields_comes_back(store: Store) -> None:
    data = data_of(store)
    store.reps.save(data, [FULL, Rep("U1", "Ann")])
    assert store.reps.of(data) == (Rep("U1", "Ann"), FULL)


def test_every_roster_stays_in_the_history(store: Store) -> None:
    data = data_of(store)
    store.reps.save(data, [FULL], by=ANN, note="Uploaded reps.csv")
    store.reps.save(data, [], by=BOB, note="Removed Bob Ray")
    told = store.reps.history(data)
    assert [(v.id, v.note, v.by) for v in told] == [(2, "Removed Bob Ray", BOB), (1, "Uploaded reps.csv", ANN)]
    assert store.reps.at(data, 1) == (FULL,)
    with pytest.raises(LocateError, match="isn't kept"):
        store.reps.at(data, 9)


def test_quotas_are_proposed_and_settled_once(store: Store) -> None:
    plan = store.scenarios.create(
        "P", dataset_id=data_of(store), level="county", region=("DE",), units_version="u", n_units=3, measure="m",
        tolerance=0.05,
    ).id  # fmt: skip
    first = store.quotas.add(plan, "2027", "Blend", {"target": 5.0}, reason="as agreed", by=ANN)
    second = store.quotas.add(plan, "2027", "Equal", {"target": 5.0}, by=ANN)
    assert (first.state, first.kept["target"], first.by) == ("proposed", 5.0, ANN)
    done = store.quotas.accept(plan, first.id, by=BOB)
    assert (done.state, done.decided_by) == ("accepted", "Bob")
    with pytest.raises(PlanError, match="accepted already, by Bob"):
        store.quotas.reject(plan, first.id, decision="too late", by=BOB)
    with pytest.raises(InputError, match="say why"):
        store.quotas.reject(plan, second.id, decision=" ", by=BOB)
    store.quotas.withdraw(plan, second.id, by=ANN)
    assert [q.state for q in store.quotas.of(plan)] == ["withdrawn", "accepted"]
    with pytest.raises(LocateError, match="aren't found"):
        store.quotas.accept(plan, 99, by=BOB)
