"""Values as JSON and back: what was stored opens, any JSON gives a value or words, and nothing is rounded to fit."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from terr.errors import InputError, TerrError
from terr.matching.duplicates import DuplicateDecision
from terr.matching.families import FamilyDecision
from terr.model.edit import Edit
from terr.model.json_values import parse, read, read_each, readable, to_plain, to_text
from terr.model.plan import Territory
from terr.scoring.scores import Ingredient
from terr.scoring.segments import Segment
from terr.scoring.tiers import Cuts
from terr.scoring.workload import Effort, Tier
from terr.workspace.accounts.decisions_file import Decisions
from terr.workspace.accounts.import_settings import CorrectionStep, ImportSettings
from terr.workspace.scores.kinds import KINDS
from tests.helpers.effort import examples

TYPES: tuple[Any, ...] = (
    *KINDS.values(),
    Cuts,
    Decisions,
    DuplicateDecision,
    Edit,
    Effort,
    FamilyDecision,
    ImportSettings,
    Ingredient,
    Segment,
    Territory,
    Tier,
)


@dataclass(frozen=True)
class Inner:
    name: str
    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise InputError("a share lies between 0 and 1")


@dataclass(frozen=True, eq=False)
class Outer:
    count: int
    way: Literal["a", "b"] = "a"
    inner: tuple[Inner, ...] = ()
    by_code: Mapping[int, float] = field(default_factory=dict)
    array: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, dtype=np.int16))


def test_a_value_goes_through_json_and_back() -> None:
    value = Outer(3, "b", (Inner("x"),), MappingProxyType({7: 0.25}), np.array([1, -1], dtype=np.int16))
    text = to_text(value, "it")
    assert json.loads(text) == {
        "count": 3,
        "way": "b",
        "inner": [{"name": "x", "share": 0.5}],
        "by_code": {"7": 0.25},
        "array": [1, -1],
    }
    assert to_plain(value) == json.loads(text)
    back = read(Outer, json.loads(text), "it")
    assert (back.count, back.way, back.inner, back.by_code) == (3, "b", (Inner("x"),), {7: 0.25})
    assert back.array.dtype == np.int16
    assert back.array.tolist() == [1, -1]


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (3, "the thing can't be read: it should be an object, not a whole number"),
        ({}, 'the thing can\'t be read: "count" is missing'),
        ({"count": "3"}, 'the thing can\'t be read: "count" should be a whole number, not a text'),
        ({"count": True}, 'the thing can\'t be read: "count" should be a whole number, not true or false'),
        ({"count": 1.5}, 'the thing can\'t be read: "count" should be a whole number, not a number'),
        ({"count": 1, "inner": [{}]}, 'the thing can\'t be read: "name" is missing in "inner[0]"'),
        ({"count": 1, "inner": [{"name": None}]}, '"inner[0].name" should be a text, not nothing'),
        ({"count": 1, "inner": [{"name": "x", "share": 2}]}, "a share lies between 0 and 1"),
        ({"count": 1, "inner": [{"name": "x", "share": 10**400}]}, '"inner[0].share": number out of range'),
        ({"count": 1, "way": "c"}, "\"way\": invalid enum value 'c'"),
        ({"count": 1, "by_code": {"x": 1}}, '"keys of by_code" should be a whole number, not a text'),
        ({"count": 1, "array": [40_000]}, "out of bounds for int16"),
        ({"count": 1, "array": [1.5]}, "should be a whole number, not a number"),
        ({"count": 1, "array": "12"}, "should be a list, not a text"),
        ({"count": 1, "more": 1}, "the thing can't be read: \"more\" isn't known here"),
        ({"count": 1, "inner": [{"name": "x", "more": 1}]}, '"more" isn\'t known here'),
    ],
)
def test_what_is_wrong_is_said_in_words(kept: Any, words: str) -> None:
    with pytest.raises(InputError) as told:
        read(Outer, kept, "the thing", closed=True)
    assert words in str(told.value)
    assert "\n" not in str(told.value)


def test_keys_that_arent_known_are_left_out_unless_they_matter() -> None:
    assert read(Inner, {"name": "x", "more": 1}, "it") == Inner("x")
    assert read_each(Inner, [{"name": "x"}, {"name": 3}, 5, {"name": "y", "share": 3}]) == (Inner("x"),)
    assert read_each(Inner, None) == read_each(Inner, {"name": "x"}) == ()


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float64(math.nan), {"a": [-math.inf]}, object(), {1j: 1}])
def test_what_json_cant_hold_is_refused(value: Any) -> None:
    with pytest.raises(InputError, match="the settings can't be stored"):
        to_text({"value": value}, "the settings")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe\xff",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"NaN",
        b"[1e999]",
        b"9" * 5_000,
        b'"\\ud800"',
        '"' + "\ud800" + '"',
    ],
)
def test_text_that_is_no_json_is_refused(data: bytes | str) -> None:
    with pytest.raises(InputError, match=r"^the file can't be read"):
        parse(data, "the file")


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_files_may_have_any_of_the_encodings_of_json(code: str) -> None:
    assert parse('{"name": "Zoë"}'.encode(code), "the file") == {"name": "Zoë"}


def test_a_value_nested_too_deeply_is_refused() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(InputError, match="nested too deeply"):
        to_text(deep, "it")
    with pytest.raises(InputError, match="it can't be read"):
        read(Inner, deep, "it")


NAMES = sorted({f.name for kind in TYPES for f in fields(kind)} | {"order", "decimal"})
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**19), 2**63])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["sum", "keep", "parent", "cells", "auto", "formula", "2024-01-01T00:00:00Z", "assign"])
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6),
    max_leaves=12,
)


@examples(300)
@given(kind=st.sampled_from(TYPES), value=JSON)
def test_any_json_is_a_value_or_words(kind: Any, value: Any) -> None:
    names = [f.name for f in fields(kind)]
    for kept in (value, dict.fromkeys(names, value)):
        with suppress(TerrError):
            made = read(kind, kept, "it", closed=True)
            text = to_text(made, "it")
            assert to_text(read(kind, json.loads(text), "it"), "it") == text


@examples(200)
@given(st.binary(max_size=60) | st.text(alphabet='[]{}",:0123456789.eE-+truefalsn\\u \ud800\ufeff', max_size=60))
@example(b"\xef\xbb\xbf")
def test_any_bytes_are_json_or_words(data: bytes | str) -> None:
    with suppress(InputError):
        parse(data, "the file")


TEXT = st.text(min_size=1, max_size=12).filter(lambda t: t.strip() == t and t.isprintable() and t.isalnum())
TEXTS = st.lists(TEXT, min_size=2, max_size=4, unique=True).map(tuple)
SHARE = st.floats(0, 1)
VALUES = st.one_of(
    st.builds(
        lambda shares, names: Cuts(tuple(sorted(shares)), tuple(f"{n}{k}" for k, n in enumerate(names))),
        st.lists(st.floats(0.01, 0.99), min_size=2, max_size=2, unique=True),
        st.lists(TEXT, min_size=3, max_size=3),
    ),
    st.builds(
        Ingredient,
        TEXT,
        st.floats(0.1, 1e6),
        st.booleans(),
        st.sampled_from(["middle", "lowest", "skip"]),
        st.lists(st.tuples(TEXT, st.floats(0, 100)), max_size=3).map(tuple),
    ),
    st.builds(
        Effort,
        st.lists(st.builds(Tier, TEXT, st.floats(0, 1000), st.floats(0, 1440)), min_size=1, max_size=1).map(tuple),
        st.floats(1, 50),
        st.floats(1, 3),
        st.floats(5, 150),
        st.floats(0, 50),
    ),
    st.builds(lambda name, values: Segment(name, column="C", values=values), TEXT, TEXTS),
    TEXTS.flatmap(
        lambda ids: st.builds(
            DuplicateDecision,
            st.just(ids),
            st.sampled_from(["keep", "sum", "max", "apart"]),
            st.sampled_from(ids),
            st.dictionaries(TEXT, st.sampled_from(["keep", "sum", "max"]), max_size=2),
        )
    ),
    st.builds(FamilyDecision, TEXT, st.sampled_from(["parent", "children", "rest", "both"]), TEXTS),
    st.builds(
        CorrectionStep,
        st.integers(1, 2000),
        st.sampled_from(["cells", "file"]),
        TEXT,
        st.lists(st.tuples(st.integers(1, 10**6), TEXT, st.text(max_size=5), st.text(max_size=5)), max_size=3).map(
            tuple
        ),
    ),
    st.builds(Territory, st.integers(0, 31_999), TEXT, TEXT, st.booleans(), st.integers(0, 20)),
)


@examples(200)
@given(VALUES)
def test_every_value_comes_back_as_it_was(value: Any) -> None:
    assert read(type(value), json.loads(to_text(value, "it")), "it", closed=True) == value
    assert read(type(value), to_plain(value), "it") == value


def test_of_settings_what_can_be_read_is_taken() -> None:
    kept = {
        "count": "three",
        "way": "b",
        "inner": [{"name": "x"}, 7, {"name": "y", "share": 9}],
        "by_code": {"1": 0.5, "x": 1.0, "2": "y"},
        "array": [1, "2"],
        "more": 1,
    }
    assert readable(Outer, kept) == {"way": "b", "inner": (Inner("x"),), "by_code": {1: 0.5}}
    assert readable(Outer, None) == readable(Outer, [kept]) == {}
