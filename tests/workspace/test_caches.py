"""What is kept in memory: budgets, what goes first, threads, and whose eyes it is for."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from pkgutil import walk_packages
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

import terr.workspace
from terr.errors import LocateError
from terr.model.accounts import Accounts
from terr.workspace.caches import CacheKind, Caches, TypedCache, memory_of
from tests.helpers.grids import make_accounts

ARRAYS = CacheKind[str, NDArray[np.uint8]]("arrays of a test", 1)
KB = 1024


def cache(megabytes: float = 1.0) -> TypedCache[Any, Any]:
    return TypedCache(CacheKind[Any, Any]("of a test", megabytes))


# --- budgets --------------------------------------------------------------------------------------------------------


def test_the_budget_holds_and_what_is_longest_unused_goes():
    kept = cache()
    for n in range(10):
        kept.put(n, np.zeros(100 * KB, dtype=np.uint8))
    assert len(kept) == 10
    assert kept.get(0) is not None  # used just now
    for n in range(10, 15):
        kept.put(n, np.zeros(100 * KB, dtype=np.uint8))
        assert kept.bytes <= 1024 * KB
    assert [n for n in range(15) if kept.get(n) is not None] == [0, 6, 7, 8, 9, 10, 11, 12, 13, 14]


def test_a_value_larger_than_the_budget_is_kept_alone():
    kept = cache()
    kept.put("small", b"x")
    large = np.zeros(5_000 * KB, dtype=np.uint8)
    assert kept.put("large", large) is large
    assert kept.get("large") is large
    assert kept.get("small") is None
    kept.put("small", b"x")
    assert kept.get("large") is None
    assert len(kept) == 1


def test_a_value_put_again_counts_once():
    kept = cache()
    for size in (900, 100, 500):
        kept.put("a", np.zeros(size * KB, dtype=np.uint8))
    assert 500 * KB < kept.bytes < 501 * KB
    kept.put("b", np.zeros(400 * KB, dtype=np.uint8))
    assert len(kept) == 2


def test_kinds_do_not_push_one_another_out():
    caches = Caches()
    other = CacheKind[str, str]("others", 1)
    caches[other].put("a", "kept")
    for n in range(20):
        caches[ARRAYS].put(str(n), np.zeros(500 * KB, dtype=np.uint8))
    assert caches[other].get("a") == "kept"
    assert len(caches[ARRAYS]) == 2


def test_every_kind_has_its_own_name_and_all_budgets_together_are_what_a_small_server_has():
    modules = [import_module(m.name) for m in walk_packages(terr.workspace.__path__, "terr.workspace.")]
    kinds = {value for module in modules for value in vars(module).values() if isinstance(value, CacheKind)}
    assert len(kinds) > 20
    assert len({k.name for k in kinds}) == len(kinds)
    assert sum(k.megabytes for k in kinds) < 2_048


# --- sizes ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Thing:
    figures: NDArray[np.float64]
    texts: tuple[str, ...]
    of: Accounts | None = None


def test_arrays_tables_and_texts_count_in_full():
    assert 80_000 <= memory_of(np.zeros(10_000)) < 80_200
    frame = pd.DataFrame({"a": np.zeros(10_000), "b": ["abcdefgh"] * 10_000})
    assert memory_of(frame) >= 80_000 + 80_000
    assert memory_of(frame["a"]) >= 80_000
    assert 1_000_000 <= memory_of(b"x" * 1_000_000) < 1_000_200
    assert 1_000_000 <= memory_of({"text": ["x" * 500_000, "y" * 500_000]}) < 1_001_000
    thing = Thing(np.zeros(10_000), ("x" * 10_000,))
    assert 90_000 <= memory_of(thing) < 90_500
    assert memory_of(object()) == memory_of(1) < 100


def test_long_collections_are_measured_by_a_sample():
    assert memory_of(tuple("x" * 100 for _ in range(1))) < 300
    texts = [f"{k:0100}" for k in range(100_000)]
    assert memory_of(texts) == pytest.approx(100_000 * (100 + 64), rel=0.01)
    assert memory_of(dict.fromkeys(texts, 1.0)) == pytest.approx(100_000 * (100 + 64 + 64), rel=0.05)
    texts[-1] = "x" * 1_000_000  # not among those that are measured
    assert memory_of(texts) < 17_000_000


def test_accounts_count_where_they_belong_and_what_is_shared_counts_once():
    book = make_accounts(["01001"] * 10_000, ARR=np.arange(10_000.0))
    thing = Thing(np.zeros(10), (), book)
    assert memory_of(thing) < 1_000
    whole = memory_of(thing, accounts=True)
    assert whole > 160_000
    assert memory_of((thing, Thing(np.zeros(10), (), book)), accounts=True) < whole + 1_000


# --- threads --------------------------------------------------------------------------------------------------------


def test_windows_that_ask_at_once_wait_for_one_that_makes_it():
    kept, made, gate = cache(), [], threading.Barrier(8)

    def make() -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    def ask(_: int) -> object:
        gate.wait()
        return kept.get_or_make("plan", make)

    with ThreadPoolExecutor(8) as pool:
        got = set(map(id, pool.map(ask, range(8))))
    assert got == {id(made[0])}
    assert len(made) == 1


def test_other_keys_do_not_wait():
    kept, begun, release = cache(), threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        assert release.wait(10)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(kept.get_or_make, "a", slow)
        assert begun.wait(10)
        assert kept.get_or_make("b", lambda: "quick") == "quick"
        assert kept.get("a") is None
        release.set()
        assert waiting.result(10) == "slow"


def test_when_making_fails_the_next_in_line_makes_it():
    kept, tries, gate = cache(), [], threading.Barrier(4)

    def make() -> str:
        tries.append(1)
        time.sleep(0.02)
        if len(tries) == 1:
            raise LocateError("not now")
        return "made"

    def ask(_: int) -> str:
        gate.wait()
        try:
            return str(kept.get_or_make("a", make))
        except LocateError:
            return "refused"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(ask, range(4))) == ["made", "made", "made", "refused"]
    assert len(tries) == 2


def test_a_value_that_is_not_good_any_more_is_made_of_the_old_one():
    kept = cache()
    assert kept.renew("a", lambda old: (old, 1), lambda _: False) == (None, 1)
    assert kept.renew("a", lambda old: (old, 2), lambda _: False) == ((None, 1), 2)
    assert kept.renew("a", lambda old: (old, 3), lambda _: True) == ((None, 1), 2)


def test_none_can_be_what_was_found():
    kept, asked = cache(), []
    for _ in range(3):
        assert kept.get_or_make("a", lambda: asked.append(1)) is None
    assert len(asked) == 1


def test_a_thing_that_needs_itself_does_not_wait_for_ever():
    kept = cache()
    assert kept.get_or_make("a", lambda: kept.get_or_make("a", lambda: "inner") + " outer") == "inner outer"


def test_many_threads_keep_the_budget():
    kept = cache(0.5)

    def work(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for n in rng.integers(0, 40, 200).tolist():
            found = kept.get_or_make(n, lambda n=n: np.full(1 + 3_000 * n, n % 256, dtype=np.uint8))
            assert found[0] == n % 256
            assert len(found) == 1 + 3_000 * n
            assert kept.bytes <= 512 * KB

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work, seed) for seed in range(8)]:
            done.result()


def test_all_threads_get_the_same_cache_of_a_kind():
    for _ in range(50):
        caches, gate = Caches(), threading.Barrier(8)

        def ask(_: int, caches: Caches = caches, gate: threading.Barrier = gate) -> int:
            gate.wait()
            return id(caches[ARRAYS])

        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(ask, range(8)))) == 1


# --- people ---------------------------------------------------------------------------------------------------------


def test_what_is_about_a_data_set_is_for_those_who_may_see_it():
    caches = Caches()
    about = CacheKind[tuple[str, int], str]("about data sets", 1, dataset_of=lambda key: key[0])
    free = CacheKind[tuple[str, int], str]("about nothing", 1)

    def ask(dataset_id: str) -> None:
        if dataset_id != "mine":
            raise LocateError("not found")

    theirs = caches.guarded(ask)
    for kind in (about, free):
        caches[kind].put(("mine", 1), "a")
        caches[kind].put(("hers", 1), "b")
    assert theirs[about].get(("mine", 1)) == "a"
    assert theirs[free].get(("hers", 1)) == "b"
    for look in (
        lambda: theirs[about].get(("hers", 1)),
        lambda: theirs[about].get_or_make(("hers", 2), lambda: "made"),
        lambda: theirs[about].renew(("hers", 1), lambda _: "made", lambda _: True),
    ):
        with pytest.raises(LocateError):
            look()
    theirs[about].put(("mine", 2), "c")
    assert caches[about].get(("mine", 2)) == "c"  # one memory for all
    assert caches[about].get(("hers", 2)) is None
