"""Data sets changed by several at once, and plans given other accounts: guarded on either database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from terr.errors import ConflictError, LocateError
from terr.store import Store, open_store


def saved(store: Store, name: str = "q1") -> str:
    return store.datasets.save(name, sha256="0" * 64, filename="a.csv", mapping={"n": 0}, summary={"rows": 1}).id


def planned(store: Store, dataset_id: str) -> str:
    return store.scenarios.create(
        "Plan",
        dataset_id=dataset_id,
        level="county",
        region=["DE"],
        units_version="v",
        n_units=3,
        measure="Revenue",
        tolerance=0.05,
        settings={"kept": 1},
    ).id


def test_no_change_of_a_mapping_is_lost(address: str) -> None:
    store = open_store(address)
    one = saved(store)

    def more(_: int) -> None:
        store.datasets.change(one, lambda info: ({**info.mapping, "n": info.mapping["n"] + 1}, info.summary))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(more, range(40)))
    assert store.datasets.get(one).mapping["n"] == 40
    assert dict(store.datasets.get(one).summary) == {"rows": 1}
    store.close()


def test_a_change_that_fails_leaves_everything(address: str) -> None:
    store = open_store(address)
    one = saved(store)

    def fails(_: Any) -> Any:
        raise ConflictError("no")

    with pytest.raises(ConflictError):
        store.datasets.change(one, fails)
    assert dict(store.datasets.get(one).mapping) == {"n": 0}
    with pytest.raises(LocateError):
        store.datasets.change("f" * 20, lambda info: (info.mapping, info.summary))
    store.close()


def test_a_plan_is_given_other_accounts_once(address: str) -> None:
    store = open_store(address)
    first, second = saved(store), saved(store, "q2")
    sid = planned(store, first)
    before = store.scenarios.get(sid)
    now = store.scenarios.use_dataset(sid, second, expected=first, settings={"extracts": [first]})
    assert (now.dataset_id, now.rev, now.seq) == (second, before.rev, before.seq + 1)
    assert dict(now.settings) == {"kept": 1, "extracts": [first]}
    with pytest.raises(ConflictError, match="other accounts meanwhile"):
        store.scenarios.use_dataset(sid, second, expected=first, settings={})
    with pytest.raises(LocateError):
        store.scenarios.use_dataset(sid, "f" * 20, expected=second, settings={})
    assert store.scenarios.use_dataset(sid, first, expected=second, settings={}).dataset_id == first
    assert store.scenarios.find(dataset_id=second) == []
    store.close()
