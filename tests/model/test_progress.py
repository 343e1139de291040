"""The one protocol of long work: the share never falls, parts compose, and a stop is heard once."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from terr.errors import StoppedError
from terr.model.progress import UNWATCHED, Progress
from tests.helpers.following import followed

SHARES = st.floats(-0.5, 1.5)
PARTS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted), max_size=4)


@given(st.lists(st.tuples(PARTS, SHARES), min_size=1, max_size=20))
def test_what_is_told_never_falls_and_stays_inside(tells) -> None:
    whole, seen = followed()
    for parts, share in tells:
        piece = whole
        for low, high in parts:
            piece = piece.part(low, high)
        piece.tell(share, "counting")
    told = [now.fraction for now in seen]
    assert len(told) == len(tells)
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1
    assert [now.seconds for now in seen] == sorted(now.seconds for now in seen)


@given(PARTS, st.floats(0, 1))
def test_a_part_of_a_part_is_where_it_should_be(parts, share) -> None:
    piece, seen = followed()
    wanted = share
    for low, high in reversed(parts):
        wanted = low + (high - low) * wanted
    for low, high in parts:
        piece = piece.part(low, high)
    piece.tell(share, "counting")
    assert seen[0].fraction == pytest.approx(wanted, abs=1e-12)


def test_parts_in_a_row_meet() -> None:
    whole, seen = followed()
    for z in range(4):
        part = whole.part(z / 4, (z + 1) / 4)
        part.tell(0.0, f"{z} begins")
        part.tell(1.0, f"{z} ends")
    assert [now.fraction for now in seen] == [0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1]


def test_a_stop_raises_before_anything_more_is_told() -> None:
    progress, seen = followed(stop_after=2)
    progress.tell(0.1, "one")
    progress.part(0.2, 0.4).tell(0.5, "two")
    assert progress.stopped()
    for stopped in (progress, progress.part(0.5, 1.0)):
        with pytest.raises(StoppedError, match="nothing was kept"):
            stopped.tell(0.9, "three")
        with pytest.raises(StoppedError):
            stopped.check()
    assert [now.stage for now in seen] == ["one", "two"]
    progress.show(0.9, "ending")  # who ends with the best so far still says so
    progress.settled().part(0.9, 1.0).tell(1.0, "the second half of what was kept")
    assert [now.stage for now in seen[2:]] == ["ending", "the second half of what was kept"]


def test_nobody_watching_costs_nothing_and_stops_nothing() -> None:
    UNWATCHED.part(0.2, 0.8).tell(0.5, "counting")
    assert not UNWATCHED.stopped()


def test_a_plan_told_is_a_copy_that_crosses_processes() -> None:
    progress, seen = followed()
    plan = np.array([0, 1], dtype=np.int16)
    progress.show(0.5, "drawing", best_deviation=0.25, assign=plan)
    plan[0] = 7
    there = pickle.loads(pickle.dumps(seen[0]))  # noqa: S301 (our own)
    assert (there.fraction, there.stage, there.best_deviation, there.assign.tolist()) == (0.5, "drawing", 0.25, [0, 1])
    with pytest.raises(ValueError, match="read-only"):
        seen[0].assign[0] = 3


def test_what_callers_of_the_engine_give() -> None:
    progress, seen = followed()
    assert Progress.of(progress) is progress
    Progress.of(seen.append).tell(0.5, "told to a function")
    assert [now.stage for now in seen] == ["told to a function"]
    Progress.of(None).tell(0.5, "told to nobody")
    assert Progress.of(None, lambda: True).stopped()
    with pytest.raises(TypeError, match="Progress"):
        Progress.of(progress, lambda: True)
