"""A problem checks itself, says every fault at once, and travels to another process."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from terr.errors import InputError, PlanError
from terr.model.problem import Problem
from terr.model.result import Result
from tests.helpers.strategies import grid


def build(**change: Any) -> Problem:
    g = grid(2, 2, 2)
    args: dict[str, Any] = {
        "weights": [1, 2, 3, 4],
        "measures": ["load"],
        "xy_km": g.xy_km,
        "indptr": g.indptr,
        "indices": g.indices,
        "border_km": g.border_km,
        "territories": 2,
        "limits": {"load": 0.1},
    }
    return Problem.from_arrays(**(args | change))


def test_defaults() -> None:
    p = build()
    assert p.targets.tolist() == [[5.0], [5.0]]
    assert p.low.tolist() == p.high.tolist() == [0.1]
    assert p.locked.tolist() == [-1] * 4
    assert p.loads(np.array([0, 0, 1, 1])).tolist() == [[3.0], [7.0]]
    assert p.deviations(np.array([0, 0, 1, 1])).ravel() == pytest.approx([-0.4, 0.4])
    assert p.excess(np.array([0, 0, 1, 1])).ravel() == pytest.approx([0.3, 0.3])
    assert p.name(3) == "area 3"


def test_one_sided_limits() -> None:
    p = build(limits={"load": (None, 0.2)})
    assert p.low.tolist() == [np.inf]
    assert p.high.tolist() == [0.2]
    assert p.excess(np.array([0, 1, 1, 1])).ravel() == pytest.approx([0.0, 0.6])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"weights": [1, 2, -3, 4]}, "below zero in 1 area"),
        ({"weights": [1, 2, float("nan"), 4]}, "isn't a number"),
        ({"weights": [["a"], ["b"], ["c"], ["d"]]}, "must be numbers"),
        ({"weights": []}, "no areas"),
        ({"measures": ["a", "b"]}, "different measure names"),
        ({"territories": 0}, "between 1 and 500"),
        ({"limits": {"load": 0}}, "areas can't be split"),
        ({"limits": {"load": -0.1}}, "allow at least"),
        ({"limits": {"load": (0.1, 0.1, 0.1)}}, "two: below and above"),
        ({"limits": {"profit": 0.1}}, 'no measure "profit"'),
        ({"limits": {"load": float("nan")}}, "a share such as 0.05"),
        ({"targets": [[1.0]]}, "2 rows of 1"),
        ({"targets": [[0.0], [10.0]]}, "a target above zero"),
    ],
)
def test_faults_a_person_made(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        build(**change)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"xy_km": np.zeros((3, 2))}, "needs a point"),
        ({"indptr": [0, 1]}, "row pointers"),
        ({"indices": np.array([1, 2, 0, 3, 0, 3, 1, 9])}, "isn't an area"),
        ({"indices": np.array([0, 2, 0, 3, 0, 3, 1, 2])}, "can't border itself"),
        ({"indices": np.array([1, 3, 0, 3, 0, 3, 1, 2])}, "isn't symmetric"),
        ({"border_km": -np.ones(8)}, "a length in km"),
        ({"locked": [0, 1, 2, -1]}, "from 0 to 1"),
        ({"start": [0.5, 0, 0, 0]}, "whole numbers"),
        ({"seeds": [0, 0]}, "2 different areas"),
        ({"area_km2": [1, 2]}, "areas must be 4"),
        ({"unit_names": ["a"]}, "names don't fit"),
    ],
)
def test_faults_of_what_was_built(change: dict[str, Any], words: str) -> None:
    with pytest.raises(PlanError, match=words):
        build(**change)


def test_all_faults_at_once() -> None:
    with pytest.raises(InputError) as error:
        build(weights=[1, 2, -3, 4], limits={"profit": 0.1}, locked=[9, 0, 0, 0])
    for word in ("below zero", "profit", "locks"):
        assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_frozen_and_picklable() -> None:
    given = np.array([1.0, 2, 3, 4])
    p = build(weights=given, start=[0, 0, 1, 1])
    given[0] = 99
    assert p.weights[0, 0] == 1
    q = pickle.loads(pickle.dumps(p))  # noqa: S301 (our own)
    for each in (p, q):
        with pytest.raises(ValueError, match="read-only"):
            each.weights[0, 0] = 5
    assert np.array_equal(p.indices, q.indices)
    assert q.measures == p.measures


def result(**change: Any) -> Result:
    args: dict[str, Any] = {
        "assign": [0, 1],
        "status": "feasible",
        "violation": 0.0,
        "objective": 2.0,
        "bound": 1.5,
        "runtime_s": 0.1,
        "trace": (),
        "explanations": (),
        "model": "",
        "solver": "",
        "max_deviation": (0.0,),
    }
    return Result(**(args | change))


def test_result_checks_itself() -> None:
    assert result().gap == 0.25
    assert result(bound=None).gap is None
    assert result(objective=0.0, bound=0.0).gap == 0.0
    for bad in ({"status": "great"}, {"status": "optimal", "bound": None}, {"violation": 0.1}):
        with pytest.raises(PlanError):
            result(**bad)
