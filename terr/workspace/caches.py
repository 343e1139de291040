"""What is kept in memory between two clicks: one cache per kind of thing, each with its own keys and its own budget.

A module that keeps something declares its kind beside the thing, such as `SNAPSHOTS`, and asks `ws.caches[SNAPSHOTS]`.
What is longest unused goes when a kind is over its budget; no kind pushes out another.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import islice
from threading import Condition, get_ident
from typing import Any, Generic, NamedTuple, TypeVar, cast

import numpy as np
import pandas as pd
from cachetools import LRUCache

from terr.model.accounts import Accounts
from terr.model.units import Units

K = TypeVar("K")
V = TypeVar("V")

_SMALL = 64
"""Bytes a number or anything unknown is taken for, and what each thing takes beside its contents."""
_SAMPLE = 100
"""Of longer collections so many items are measured, and the rest taken for the same."""


@dataclass(frozen=True, eq=False)
class CacheKind(Generic[K, V]):
    """A kind of thing that is kept, with the types of its keys and values.

    Attributes:
        name: for a person; each kind has its own.
        megabytes: memory it may take; the newest thing is kept even if it alone takes more.
        accounts: accounts in a value belong to it; else they are somebody else's, and count nothing.
        dataset_of: which data set a key is about, if only people who may see that data set may have the value.
    """

    name: str
    megabytes: float
    accounts: bool = False
    dataset_of: Callable[[K], str] | None = None


class _Entry(NamedTuple):
    value: Any
    bytes: int


class TypedCache(Generic[K, V]):
    """What is kept of one kind; safe to share among threads."""

    def __init__(self, kind: CacheKind[K, V]) -> None:
        self._kind = kind
        self._most = int(kind.megabytes * 2**20)
        self._items: LRUCache[K, _Entry] = LRUCache(self._most, getsizeof=lambda entry: entry.bytes)
        self._making: dict[K, int] = {}
        self._free = Condition()  # guards both, and wakes those who wait for what another thread makes
        self._ask: Callable[[str], None] | None = None

    def __len__(self) -> int:
        return len(self._items)

    @property
    def bytes(self) -> int:
        """Memory taken, as estimated."""
        return int(self._items.currsize)

    def get(self, key: K) -> V | None:
        """The value, or None.

        Raises:
            LocateError: if it is of a data set this person may not see.
        """
        self._allow(key)
        with self._free:
            found = self._items.get(key)
        return None if found is None else cast(V, found.value)

    def put(self, key: K, value: V) -> V:
        """Keep the value, forget what is longest unused, and give the value back."""
        size = memory_of((key, value), accounts=self._kind.accounts)
        with self._free:
            self._items[key] = _Entry(value, min(size, self._most))
        return value

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """The value, made if it isn't there; see `renew`."""
        return self.renew(key, lambda _: make(), lambda _: True)

    def renew(self, key: K, make: Callable[[V | None], V], good: Callable[[V], bool]) -> V:
        """The value if it is still good, else one made of it, or of None; one thread makes it, and others wait for it.

        Raises:
            LocateError: if it is of a data set this person may not see.
        """
        self._allow(key)
        me = get_ident()
        with self._free:
            while self._making.get(key, me) != me:
                self._free.wait()
            found = self._items.get(key)
            if found is not None and good(found.value):
                return cast(V, found.value)
            self._making[key] = me
        try:
            return self.put(key, make(None if found is None else found.value))
        finally:
            with self._free:
                self._making.pop(key, None)
                self._free.notify_all()

    def guarded(self, ask: Callable[[str], None]) -> TypedCache[K, V]:
        """The same memory; `ask` is given the data set of each key first, and refuses by raising."""
        made = copy.copy(self)
        made._ask = ask
        return made

    def _allow(self, key: K) -> None:
        if self._ask is not None and self._kind.dataset_of is not None:
            self._ask(self._kind.dataset_of(key))


class Caches:
    """The caches of one workspace, by kind."""

    def __init__(self) -> None:
        self._kept: dict[CacheKind[Any, Any], TypedCache[Any, Any]] = {}
        self._ask: Callable[[str], None] | None = None

    def __getitem__(self, kind: CacheKind[K, V]) -> TypedCache[K, V]:
        found = self._kept.get(kind)
        if found is None:
            found = self._kept.setdefault(kind, TypedCache(kind))  # one for all threads
        return found if self._ask is None else found.guarded(self._ask)

    def guarded(self, ask: Callable[[str], None]) -> Caches:
        """The same memory for a person; `ask` refuses, by raising, a data set they may not see."""
        made = copy.copy(self)
        made._ask = ask
        return made


def memory_of(value: object, *, accounts: bool = False) -> int:
    """Bytes a value takes in memory, roughly: arrays and tables in full, long collections by a sample.

    Units are counted nowhere: the boundaries keep them. Accounts are counted only if asked for.
    """
    return _memory(value, (Units,) if accounts else (Units, Accounts), set())


def _memory(value: object, others: tuple[type, ...], seen: set[int]) -> int:
    if isinstance(value, others) or id(value) in seen:
        return _SMALL
    seen.add(id(value))
    if isinstance(value, str | bytes):
        return _SMALL + len(value)
    if isinstance(value, np.ndarray):
        return _SMALL + value.nbytes + (_SMALL * value.size if value.dtype == object else 0)
    if isinstance(value, pd.DataFrame):
        return _SMALL + int(value.memory_usage(deep=True).sum())
    if isinstance(value, pd.Series | pd.Index):
        return _SMALL + int(value.memory_usage(deep=True))
    if isinstance(value, Mapping):
        return _many(value.keys(), others, seen) + _many(value.values(), others, seen)
    if isinstance(value, tuple | list | set | frozenset):
        return _many(value, others, seen)
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is not None and not isinstance(value, type):
        return _SMALL + sum(_memory(getattr(value, name), others, seen) for name in fields)
    return _SMALL


def _many(items: Collection[object], others: tuple[type, ...], seen: set[int]) -> int:
    measured = sum(_memory(item, others, seen) for item in islice(items, _SAMPLE))
    return _SMALL + measured * len(items) // max(min(len(items), _SAMPLE), 1)
