"""What travels to another process: numbers, words and arrays of known kinds, checked when they arrive. No pickle.

A value is packed as a tree (msgpack) and the arrays it names, each once. What many calls share, the arrays of a map,
is packed apart and named by its digest, so that it travels once.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
import numpy as np
from numpy.typing import NDArray

from terr.engine.arrays import WorkArrays
from terr.engine.frontier import FrontierPoint
from terr.engine.kernels import Arena
from terr.engine.search.improve import Clock
from terr.errors import InputError, PlanError, SolveError
from terr.model.problem import Problem
from terr.model.progress import Progress
from terr.model.result import Explanation, Result

DTYPES = ("<f8", "<i8", "<i4", "<i2", "|i1", "|u1", "|b1")
"""Kinds of numbers an array may have."""
MOST_BYTES = 2**31
DEPTH = 12
GROUND = ("weights", "measures", "xy_km", "indptr", "indices", "border_km", "area_km2", "outer_km", "unit_names")
"""Fields of a `Problem` that the designs of one sweep share."""
PLAIN = (Result, Explanation, FrontierPoint)
"""Dataclasses that travel field by field and check themselves."""
HELD = 6
"""Maps a worker keeps ready."""
_packed: WeakKeyDictionary[Any, tuple[str, bytes]] = WeakKeyDictionary()
_held: OrderedDict[str, Any] = OrderedDict()
_lock = threading.Lock()


class UnsendableError(TypeError):
    """A value that doesn't travel; the call is worked out here."""


@dataclass(frozen=True)
class Packed:
    """A value ready to travel.

    Attributes:
        head: the value.
        shared: digest -> what it shares with others.
    """

    head: bytes
    shared: Mapping[str, bytes]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return len(self.head) + sum(len(b) for b in self.shared.values())


@dataclass(frozen=True)
class Surroundings:
    """What a call finds where it runs.

    Attributes:
        names: name -> function of the engine that may be asked for.
        progress: asked whether to stop, and told how far the work is.
    """

    names: Mapping[str, Callable[..., Any]]
    progress: Progress


def pack(value: Any, names: Mapping[Callable[..., Any], str] | None = None) -> Packed:
    """A value ready to travel.

    Args:
        value: of None, numbers, words, tuples, lists, dicts by word, arrays, `Problem`, `WorkArrays`, `Clock`, results.
        names: function -> name of those that may be named.

    Raises:
        UnsendableError: for anything else.
    """
    shared: dict[str, bytes] = {}
    return Packed(_Packer(shared, names or {}).whole(value), shared)


class _Packer:
    def __init__(self, shared: dict[str, bytes], names: Mapping[Callable[..., Any], str]) -> None:
        self._shared, self._names = shared, names
        self._arrays: list[Any] = []
        self._at: dict[int, int] = {}
        self._alive: list[Any] = []  # so that no id is given twice

    def whole(self, value: Any) -> bytes:
        tree = self._tree(value)
        return msgspec.msgpack.encode([tree, self._arrays])

    def _tree(self, value: Any) -> Any:
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, np.ndarray):
            return ["a", self._array(value)]
        if isinstance(value, Arena):
            return ["n", [self._tree(v) for v in value]]
        if isinstance(value, tuple | list):
            return ["t" if isinstance(value, tuple) else "l", [self._tree(v) for v in value]]
        if isinstance(value, dict) and all(isinstance(k, str) for k in value):
            return ["d", {k: self._tree(v) for k, v in value.items()}]
        if isinstance(value, Problem):
            own = {f.name: self._tree(getattr(value, f.name)) for f in fields(value) if f.name not in GROUND}
            return ["p", self._apart(value, {name: getattr(value, name) for name in GROUND}), own]
        if isinstance(value, WorkArrays):
            return ["w", self._apart(value, {f.name: getattr(value, f.name) for f in fields(value)})]
        if isinstance(value, Clock):
            return ["c", None if value.limit is None else max(0.0, value.left())]
        for kind in PLAIN:
            if isinstance(value, kind):
                return ["r", kind.__name__, {f.name: self._tree(getattr(value, f.name)) for f in fields(value)}]
        if callable(value) and value in self._names:
            return ["f", self._names[value]]
        raise UnsendableError(type(value).__name__)

    def _array(self, value: NDArray[Any]) -> int:
        if id(value) not in self._at:
            flat = np.ascontiguousarray(value)
            sent = flat
            if flat.dtype == np.int64 and flat.size:  # plans and graphs are half as long this way
                for smaller in (np.int16, np.int32):
                    room = np.iinfo(smaller)
                    if room.min <= int(flat.min()) and int(flat.max()) <= room.max:
                        sent = flat.astype(smaller)
                        break
            if flat.dtype.str not in DTYPES:
                raise UnsendableError(str(flat.dtype))
            self._at[id(value)] = len(self._arrays)
            self._alive.append(value)
            self._arrays.append([flat.dtype.str, sent.dtype.str, list(value.shape), sent.tobytes()])
        return self._at[id(value)]

    def _apart(self, owner: Any, values: dict[str, Any]) -> str:
        with _lock:
            known = _packed.get(owner)
        if known is None:
            data = _Packer({}, {}).whole(values)
            known = (hashlib.blake2b(data, digest_size=16).hexdigest(), data)
            with _lock:
                _packed[owner] = known
        self._shared[known[0]] = known[1]
        return known[0]


def unpack(packed: Packed, around: Surroundings | None = None) -> Any:
    """The value; what is shared is checked once and kept ready.

    Raises:
        SolveError: if it isn't what `pack` makes, or breaks a rule of the arrays it claims to be.
    """
    try:
        return _Unpacker(packed.shared, around).whole(packed.head)
    except (msgspec.MsgspecError, InputError, PlanError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise SolveError(f"what came over the network can't be used: {error}") from error


class _Unpacker:
    def __init__(self, shared: Mapping[str, bytes], around: Surroundings | None) -> None:
        self._shared, self._around = shared, around
        self._arrays: list[NDArray[Any]] = []

    def whole(self, data: bytes) -> Any:
        tree, arrays = msgspec.msgpack.decode(data, type=tuple[Any, list[tuple[str, str, list[int], bytes]]])
        self._arrays = [_array(*a) for a in arrays]
        return self._value(tree, 0)

    def _value(self, tree: Any, depth: int) -> Any:
        if not isinstance(tree, list):
            return tree
        if depth > DEPTH:
            raise ValueError("nested too deep")
        tag, *rest = tree
        if tag == "a":
            return self._arrays[rest[0]]
        if tag in {"t", "l", "n"}:
            inner = [self._value(v, depth + 1) for v in rest[0]]
            return tuple(inner) if tag == "t" else Arena(*inner) if tag == "n" else inner
        if tag == "d":
            return {k: self._value(v, depth + 1) for k, v in rest[0].items()}
        if tag == "w":
            return self._ready(rest[0], lambda given: check_work(WorkArrays(**given)))
        if tag == "p":
            own = {k: self._value(v, depth + 1) for k, v in rest[1].items()}
            return checked_problem(own | self._ready(rest[0], lambda given: given))
        if tag == "r":
            kind = next(k for k in PLAIN if k.__name__ == rest[0])
            return kind(**{k: self._value(v, depth + 1) for k, v in rest[1].items()})
        if self._around is not None and tag == "f":
            return self._around.names[rest[0]]
        if self._around is not None and tag == "c":
            limit = rest[0] if rest[0] is None else float(rest[0])
            return Clock(None, limit, self._around.progress)  # type: ignore[arg-type]  # no plan is shown from here
        raise ValueError("of an unknown kind")

    def _ready(self, digest: str, make: Callable[[Any], Any]) -> Any:
        with _lock:
            if digest in _held:
                _held.move_to_end(digest)
                return _held[digest]
        data = self._shared[digest]
        if hashlib.blake2b(data, digest_size=16).hexdigest() != digest:
            raise ValueError("damaged on its way")
        made = make(_Unpacker({}, None).whole(data))
        with _lock:
            _held[digest] = made
            while len(_held) > HELD:
                _held.popitem(last=False)
        return made


def _array(dtype: str, sent: str, shape: list[int], data: bytes) -> NDArray[Any]:
    """An array whose bytes are as many as its shape says; one of its own, as the compiled loops want it."""
    if dtype not in DTYPES or sent not in DTYPES or not 1 <= len(shape) <= 2 or min(shape) < 0:
        raise ValueError("an array of an unknown kind")
    size = int(np.prod(shape, dtype=object)) * np.dtype(sent).itemsize
    if size != len(data) or size > MOST_BYTES:
        raise ValueError("an array whose size isn't what it says")
    if dtype == "|b1" and np.frombuffer(data, np.uint8).max(initial=0) > 1:
        raise ValueError("an array of truths that holds something else")
    return np.frombuffer(data, sent).reshape(shape).astype(dtype)


def checked_problem(given: Mapping[str, Any]) -> Problem:
    """A problem that passed every check of `Problem.from_arrays`.

    Raises:
        InputError, PlanError: what they refuse.
    """
    names = given["measures"]

    def side(bound: float) -> float | None:
        return float(bound) if np.isfinite(bound) else None

    def table(which: str) -> dict[str, NDArray[np.float64]]:
        values = np.where(np.isfinite(given[which]), given[which], np.nan)
        return {name: values[:, q] for q, name in enumerate(names)}

    moved = float(given["max_moved"])
    return Problem.from_arrays(
        *(given[name] for name in GROUND if name != "unit_names"),
        territories=given["territories"],
        limits={m: (side(given["low"][q]), side(given["high"][q])) for q, m in enumerate(names)},
        targets=given["targets"],
        locked=given["locked"],
        start=given["start"],
        seeds=given["seeds"],
        unit_names=given["unit_names"],
        floors=table("floor"),
        caps=table("cap"),
        balance=dict(zip(names, given["balance"].tolist(), strict=True)),
        continuity=given["continuity"],
        max_moved=moved if np.isfinite(moved) else None,
        centres=given["centres"],
        max_km=given["max_km"],
        homes=given["homes"],
        groups=given["groups"],
        remainder=given["remainder"],
    )


def check_plan(plan: Any, work: WorkArrays) -> None:
    """Refuse anything but int64 (n,) from 0 to k: the compiled loops index with it.

    Raises:
        ValueError: if it isn't that.
    """
    if not (isinstance(plan, np.ndarray) and plan.dtype == np.int64 and plan.shape == (work.n,)):
        raise ValueError("a plan that doesn't fit the map")
    if plan.size and not 0 <= plan.min() <= plan.max() <= work.k:
        raise ValueError("a plan that names a territory that isn't there")


def check_work(work: WorkArrays) -> WorkArrays:
    """Refuse working arrays whose shapes, kinds or indices don't fit each other: compiled loops check no bounds.

    Raises:
        ValueError: naming the field.
    """
    t, (n, k) = work.arena, (work.n, work.k)
    q, edges = work.w.shape[1], len(work.ix)
    shapes: dict[str, tuple[Any, tuple[int, ...], str]] = {
        "lo": (work.lo, (k, q), "f"),
        "hi": (work.hi, (k, q), "f"),
        "sc": (work.sc, (k, q), "f"),
        "fixed": (work.fixed, (n,), "b"),
        "aim": (work.aim, (k,), "f"),
    }
    for side, label in ((work, ""), (t, "arena ")):
        shapes |= {
            f"{label}xy": (side.xy, (n, 2), "f"),
            f"{label}g": (side.g, (n,), "f"),
            f"{label}w": (side.w, (n, q), "f"),
            f"{label}ip": (side.ip, (n + 1,), "i"),
            f"{label}ix": (side.ix, (edges,), "i"),
            f"{label}bw": (side.bw, (edges,), "f"),
            f"{label}locked": (side.locked, (n,), "i"),
        }
    shapes |= {f"arena {name}": (getattr(t, name), (k + 1, q), "f") for name in ("lo", "hi", "sc", "goal")}
    shapes |= {f"arena {name}": (getattr(t, name), (n,), "f") for name in ("toll", "share", "part", "left")}
    shapes |= {
        "arena soft": (t.soft, (q,), "f"),
        "arena center": (t.centre, (k + 1, 2), "f"),
        "arena home": (t.home, (n,), "i"),
    }
    if t.far.shape != (0, 0):
        shapes["arena far"] = (t.far, (n, k + 1), "u")
    for name, (array, shape, kind) in shapes.items():
        if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype.kind != kind:
            raise ValueError(f'working arrays whose "{name}" doesn\'t fit the map')
    for ip, ix, locked in ((work.ip, work.ix, work.locked), (t.ip, t.ix, t.locked)):
        if ip[0] != 0 or ip[-1] != edges or (np.diff(ip) < 0).any() or (edges and not 0 <= ix.min() <= ix.max() < n):
            raise ValueError("working arrays whose graph names an area that isn't there")
        if n and not -9 <= locked.min() <= locked.max() <= k:
            raise ValueError("working arrays with a lock on a territory that isn't there")
    if n and not -9 <= t.home.min() <= t.home.max() <= k:
        raise ValueError("working arrays with a home in a territory that isn't there")
    return work
