"""What travels between processes: it comes out as it went in, and anything else is refused."""

from __future__ import annotations

import pickle
from dataclasses import fields, replace
from functools import partial
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.engine import design
from terr.engine.remote.calls import designed, pack_call, perform, reply
from terr.engine.remote.wire import Packed, UnsendableError, check_work, pack, unpack
from terr.engine.search.drafts import ready
from terr.engine.search.search import anew, first_plan, redrawn
from terr.errors import InputError, PlanError, SolveError
from terr.model.problem import Problem
from terr.model.progress import UNWATCHED
from tests.helpers.effort import examples
from tests.helpers.strategies import grid, problems


def alike(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return type(a) is type(b) and a == b


@given(problems(start=True))
@examples(40)
def test_a_problem_arrives_as_it_left(problem: Problem) -> None:
    back = unpack(pack(problem))
    assert [f.name for f in fields(problem) if not alike(getattr(problem, f.name), getattr(back, f.name))] == []


@given(problems())
@examples(20)
def test_working_arrays_arrive_as_they_left(problem: Problem) -> None:
    work = ready(problem)
    back = unpack(pack(work))
    names = [f.name for f in fields(work) if f.name != "arena"]
    assert [n for n in names if not alike(getattr(work, n), getattr(back, n))] == []
    assert [n for n, a, b in zip(work.arena._fields, work.arena, back.arena, strict=True) if not alike(a, b)] == []
    assert back.g.flags.writeable  # compiled loops know arrays that can be written


def test_a_result_arrives_as_it_left() -> None:
    made = design(grid(4, 4, 2), seed=1, effort=0.1)
    back = unpack(pack(made))
    assert [f.name for f in fields(made) if not alike(getattr(made, f.name), getattr(back, f.name))] == []


def test_what_many_calls_share_is_packed_once() -> None:
    p = grid(5, 5, 3)
    calls = [pack_call(partial(designed, None, 0.1), (replace(p, continuity=float(z)), z)) for z in range(3)]
    assert len({d for c in calls for d in c.shared}) == 1


def test_only_known_things_travel() -> None:
    for value in (object(), {1: 2}, print, np.array(["a"]), np.zeros(2, complex)):
        with pytest.raises(UnsendableError):
            pack(value)
    with pytest.raises(UnsendableError):
        pack_call(partial(redrawn, ready(grid(3, 3, 2)), np.zeros(9, np.int64), None, lambda *_: None), (None, 1))
    with pytest.raises(UnsendableError):
        pack_call(print, 1)


@given(st.binary(max_size=200))
@examples(60)
def test_other_bytes_are_refused(data: bytes) -> None:
    for packed in (Packed(data, {}), Packed(pickle.dumps({"a": 1}), {})):
        with pytest.raises(SolveError, match=r"over the network|background job"):
            reply(perform(packed, UNWATCHED, watched=False))


@pytest.mark.parametrize(
    "array",
    [
        ["<f8", "<f8", [3], b"\0" * 16],
        ["<f8", "<f8", [-1, -2], b"\0" * 16],
        ["|O", "|O", [2], b"\0" * 16],
        ["<f8", "<f8", [2, 1, 1], b"\0" * 16],
        ["|b1", "|b1", [2], b"\2\0"],
        ["<f8", "<f8", [2**40, 2**40], b""],
    ],
)
def test_arrays_that_lie_are_refused(array: list[Any]) -> None:
    with pytest.raises(SolveError, match="over the network"):
        unpack(Packed(msgspec.msgpack.encode([["a", 0], [array]]), {}))


def test_a_problem_that_breaks_its_rules_is_refused() -> None:
    p = grid(4, 4, 2)
    outside = np.full(16, 7, np.int16)
    for bad in (replace(p, locked=outside), replace(p, targets=-p.targets), replace(p, indices=p.indices + 9)):
        with pytest.raises(SolveError, match="over the network"):
            unpack(pack(bad))
    twice = pack(p)
    digest = next(iter(twice.shared))
    with pytest.raises(SolveError, match="damaged"):
        unpack(Packed(twice.head.replace(digest.encode(), b"0" * 32), {"0" * 32: twice.shared[digest]}))


def test_working_arrays_that_would_read_outside_memory_are_refused() -> None:
    work = ready(grid(4, 4, 2))
    for bad in (
        replace(work, ix=work.ix + 16),
        replace(work, ip=work.ip[:-1]),
        replace(work, arena=work.arena._replace(home=work.arena.home + 5)),
        replace(work, arena=work.arena._replace(toll=work.arena.toll[:-1])),
        replace(work, lo=work.lo.astype(np.int64)),
    ):
        with pytest.raises(ValueError, match="working arrays"):
            check_work(bad)


def test_a_call_with_a_plan_that_does_not_fit_is_refused() -> None:
    from terr.engine.search.improve import Clock

    p = grid(4, 4, 2)
    work, clock = ready(p), Clock(p)
    group = np.array([0, 1])
    for plan, groups in ((np.full(16, 5), group), (np.zeros(9, np.int64), group), (np.zeros(16, np.int64), group + 1)):
        call = pack_call(partial(redrawn, work, plan, clock, anew), (groups, 1))
        with pytest.raises(SolveError, match="over the network"):
            reply(perform(call, UNWATCHED, watched=False))
    seeds = np.array([3, 99])
    with pytest.raises(SolveError, match="seeds"):
        reply(perform(pack_call(partial(first_plan, work, seeds, 1, clock), 0), UNWATCHED, watched=False))


def test_what_a_call_raises_comes_back() -> None:
    call = pack_call(partial(designed, None, 0.1), (grid(2, 2, 5), 1))
    with pytest.raises(PlanError, match="or fewer"):
        reply(perform(call, UNWATCHED, watched=True))
    assert issubclass(InputError, ValueError)
