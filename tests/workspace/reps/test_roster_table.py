"""The roster as an edited table: there and back, and each row that can't be."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from terr import demo
from terr.errors import InputError
from terr.model.reps import Rep
from terr.people.capacity import Ramp
from terr.workspace.reps.roster_table import (
    reps_from,
    restore_roster,
    roster_frame,
    roster_history,
    roster_warnings,
    save_table,
)
from terr.workspace.reps.scorecard import reps_as_of
from tests.helpers.spaces import data_set


def test_a_table_is_the_roster_there_and_back() -> None:
    reps = demo.demo_reps()
    assert reps_from(roster_frame(reps)) == reps
    with_empty = pd.concat([roster_frame(reps), roster_frame(reps[:1]).map(lambda _: None)], ignore_index=True)
    assert reps_from(with_empty) == reps


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("ID", "", "row 1, Hannah Lindqvist: the rep has no ID"),
        ("ID", "U-102", "Hannah Lindqvist and Daniel Reyes both have the ID U-102"),
        ("Manager", "Zoe", 'the manager "Zoe" isn\'t on the roster'),
        ("Manager", "Hannah Lindqvist", "their own manager"),
        ("End", pd.Timestamp("2020-01-01"), "before the start on 2021-03-01"),
        ("FTE %", 0.0, "above 0"),
        ("Home", "Boston", "isn't a ZIP"),
        ("Home", "Bostn, MA", "row 1, Hannah Lindqvist: 'Bostn, MA' isn't known; check the spelling"),
        ("Role", "boss", "must be one of"),
        ("Level", 99.0, "seniority level"),
        ("Quota", -1.0, "0 or more"),
        ("Hours a year", 9999.0, "up to 8,784"),
    ],
)
def test_a_row_that_cannot_be_is_said_with_its_place(column: str, value: object, said: str) -> None:
    frame = roster_frame(demo.demo_reps()).astype({column: object})
    frame.loc[0, column] = value
    with pytest.raises(InputError, match=said):
        reps_from(frame)


def test_managers_in_a_circle_are_refused() -> None:
    frame = roster_frame([Rep("1", "A", manager="2"), Rep("2", "B", manager="3"), Rep("3", "C", manager="1")])
    with pytest.raises(InputError, match="circle: A → B → C → A"):
        reps_from(frame)


def test_what_a_person_should_look_at() -> None:
    reps = (
        Rep("1", "Ann", "00000"),
        Rep("2", "Ann", "02116", 1.5),
        Rep("3", "Cy", "02116", end=date(2026, 1, 1), manager="9"),
    )
    told = " | ".join(roster_warnings(reps, date(2026, 6, 1)))
    for words in (
        "No home found for Ann",
        "called Ann",
        "Over 100% of a full rep: Ann",
        "still active: Cy",
        "manager of Cy",
    ):
        assert words in told
    assert roster_warnings(demo.demo_reps(), date(2026, 12, 1)) == ()


def test_edits_are_kept_with_history(ws) -> None:  # type: ignore[no-untyped-def]
    data = data_set(ws, reps=demo.demo_reps())
    frame = roster_frame(data.reps)
    at = frame.index[frame["ID"] == "U-103"][0]
    frame.loc[at, "Skills"] = "Healthcare"
    saved, note = save_table(ws, data.info.id, frame[frame["ID"] != "U-130"])
    assert note == "Removed Vacant: Phoenix; changed Priya Nair"
    assert next(r for r in saved.reps if r.rep_id == "U-103").skills == ("Healthcare",)
    told = roster_history(ws, data.info.id)
    assert [t.version for t in told] == [2, 1]
    back = restore_roster(ws, data.info.id, 1)
    assert set(back.reps) == set(demo.demo_reps())
    assert roster_history(ws, data.info.id)[0].note == "Restored version 1"


def test_targets_follow_capacity_as_of_a_day() -> None:
    reps = [r for r in demo.demo_reps() if r.rep_id in {"U-101", "U-105", "U-110"}]
    ramp = Ramp()
    assert [r.capacity for r in reps_as_of(reps, None, ramp)] == [1.0, 0.8, 1.0]
    # Victor Almeida started on October 5, 2026: two full months by December 5
    assert [r.capacity for r in reps_as_of(reps, date(2026, 12, 5), ramp)] == [1.0, 0.8, 0.5]
    assert reps_as_of(reps[2:], date(2026, 10, 6), ramp)[0].capacity == 0.05
    with pytest.raises(InputError, match="Elena Marsh won't be working on Feb 1, 2027"):
        reps_as_of(reps, date(2027, 2, 1), ramp)
