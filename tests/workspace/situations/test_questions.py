"""What can't be answered is said with what to do, before anything is worked on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from terr.errors import InputError
from terr.model.reps import Rep
from terr.workspace import Workspace
from terr.workspace.plan import editing
from terr.workspace.situations.ground import SituationGround, ground_of
from terr.workspace.situations.questions import (
    Coverage,
    Merge,
    MidYear,
    Question,
    RepLeaves,
    RepsHired,
    Split,
    Swap,
    check,
    sentence_of,
)
from tests.helpers.spaces import more, start
from tests.workspace.situations.places import DAY, LATER, REPS, TODAY, new_jersey

YESTERDAY = date(2026, 11, 30)


@pytest.fixture
def ground(ws: Workspace) -> SituationGround:
    return replace(ground_of(ws, new_jersey(ws)), today=TODAY)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (RepLeaves(0, YESTERDAY), "Nov 30, 2026 is in the past; choose today or a later date"),
        (Coverage(0, LATER, DAY), "coverage ends on Jan 4, 2027, before it starts on Mar 31, 2027"),
        (Coverage(0, DAY, LATER, "U-2"), "Bob Ray already covers Middle; choose somebody without a territory"),
        (Coverage(0, DAY, LATER, "nobody"), "isn't on the roster"),
        (RepsHired((), DAY), "each needs a home"),
        (RepsHired((Rep("n", "Eve"),), DAY), "Eve: no home; enter a ZIP, or city and state"),
        (RepsHired((Rep("n", "Eve", "00000"),), DAY), "Eve: ZIP 00000 isn't known"),
        (RepsHired((Rep("n", "Eve", "07102", start=YESTERDAY),), DAY), "in the past; enter a later day"),
        (RepsHired((REPS[0],), DAY), "Ann Poe already covers North"),
        (RepsHired((REPS[3], REPS[3]), DAY), "named twice"),
        (RepsHired(tuple(Rep(f"n{i}", f"E{i}", "07102") for i in range(19)), DAY), "can give 18 counties"),
        (Merge(1, 1, DAY), "two different territories"),
        (Split(0, DAY, 8), "North has 7 counties, so it can't be split into 8"),
        (Split(0, DAY, 1), "2 to 20 parts"),
        (Split(0, DAY, 2, (REPS[3], REPS[3])), "room for 1 more"),
        (Swap(1, 1, DAY), "two different territories"),
        (MidYear(DAY, 0.0), "above 0%"),
    ],
)
def test_what_cannot_be_is_said_with_the_way_out(ground: SituationGround, asked: Question, said: str) -> None:
    with pytest.raises(InputError) as error:
        check(ground, asked)
    assert said in str(error.value)


def test_a_leaver_who_owns_nothing(ws: Workspace, ground: SituationGround) -> None:
    more(ws, ground.scenario_id, ["Empty"])
    now = replace(ground_of(ws, ground.scenario_id), today=TODAY)
    with pytest.raises(InputError, match="Empty owns nothing in this plan"):
        check(now, RepLeaves(3, DAY))
    with pytest.raises(InputError, match="Di Fay has no territory in this plan, so no account moves"):
        now.territory_of("di fay", "the rep who leaves")
    with pytest.raises(InputError, match='there is no rep or territory "Zed" in this plan; it has Ann Poe'):
        now.territory_of("Zed", "the rep who leaves")
    assert now.territory_of("u-2", "x").name == now.territory_of("middle", "x").name == "Middle"


def test_locks_are_respected_and_said(ws: Workspace, ground: SituationGround) -> None:
    sid = ground.scenario_id
    editing.set_locks(ws, sid, [0], True)  # Atlantic, in South

    def now() -> SituationGround:
        return replace(ground_of(ws, sid), today=TODAY)

    with pytest.raises(InputError, match="1 county of South is locked; unlock first"):
        check(now(), RepLeaves(2, DAY))
    editing.lock_territory(ws, sid, ws.rev(sid), 0, True)
    with pytest.raises(InputError, match="North is locked"):
        check(now(), RepLeaves(0, DAY))
    editing.lock_territory(ws, sid, ws.rev(sid), 2, True)
    with pytest.raises(InputError, match="Middle is the only territory that isn't locked"):
        check(now(), RepLeaves(1, DAY))


def test_a_territory_of_one_area_cannot_be_split(ws: Workspace) -> None:
    info = start(ws)
    editing.paint(ws, info.id, [0], 0)
    with pytest.raises(InputError, match="has 1 county, so it can't be split into 2"):
        check(replace(ground_of(ws, info.id), today=TODAY), Split(0, DAY))


def test_a_vacant_territory_has_nobody_who_comes_back(ws: Workspace) -> None:
    vacant = replace(ground_of(ws, new_jersey(ws, reps=())), today=TODAY)
    with pytest.raises(InputError, match="has no rep who could come back"):
        check(vacant, Coverage(0, DAY, LATER))
    check(vacant, Coverage(0, DAY, LATER, ""))
    with pytest.raises(InputError, match="the same rep, so a swap changes nothing"):
        check(vacant, Swap(0, 1, DAY))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (RepLeaves(1, DAY), "Bob Ray leaves, from Jan 4, 2027"),
        (Coverage(1, DAY, LATER), "Bob Ray is covered until Mar 31, 2027, then comes back"),
        (Coverage(1, DAY, LATER, "U-4"), "Bob Ray is covered until Mar 31, 2027, then Di Fay follows"),
        (Coverage(1, DAY, LATER, ""), "Bob Ray is covered until Mar 31, 2027, then somebody new follows"),
        (RepsHired((REPS[3],), DAY), "1 rep hired (Di Fay), from Jan 4, 2027"),
        (Merge(0, 1, DAY), "Middle merges into North, from Jan 4, 2027"),
        (Split(0, DAY, 3), "North splits into 3, from Jan 4, 2027"),
        (Swap(0, 1, DAY), "Ann Poe and Bob Ray swap territories, from Jan 4, 2027"),
        (MidYear(DAY), "Balanced mid-year, from Jan 4, 2027"),
    ],
)
def test_a_situation_in_words(ground: SituationGround, asked: Question, words: str) -> None:
    assert sentence_of(ground, asked) == words


def test_checks_pass_what_can_be(ground: SituationGround) -> None:
    fine: list[Callable[[], Question]] = [lambda: RepLeaves(0, TODAY), lambda: Split(0, DAY, 7)]
    for one in fine:
        check(ground, one())
