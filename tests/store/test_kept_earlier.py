"""What Terr 0.1.0 wrote as JSON still opens; `schemas/0.1.0.json` is its own writing, taken down once."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from terr.errors import InputError, StoreError
from terr.ingest import ColumnMap
from terr.matching.duplicates import DuplicateDecision
from terr.matching.families import FamilyDecision
from terr.model.json_values import to_text
from terr.model.plan import Territory
from terr.scoring.scores import Ingredient
from terr.scoring.segments import Segment
from terr.scoring.workload import Effort
from terr.store import codec
from terr.workspace.accounts import decisions_file, merge_rules
from terr.workspace.accounts.import_settings import CorrectionStep, ImportSettings
from terr.workspace.plan.rules import MeasureLimit, PlanRules, UnitGroup, read_rules, rules_json
from terr.workspace.scores import recipe
from terr.workspace.scores.likeness import LikenessTo
from terr.workspace.scores.potential import Formula, PotentialBy
from terr.workspace.scores.score import ScoreBy
from terr.workspace.scores.segments import Segments
from terr.workspace.scores.tiers import TiersBy
from terr.workspace.scores.workload import WorkloadBy

KEPT = json.loads((Path(__file__).parent / "schemas" / "0.1.0.json").read_text(encoding="utf-8"))


def test_edits_and_plans() -> None:
    edit = codec.edit_from_bytes(base64.b64decode(KEPT["edit"]))
    assert (edit.kind, edit.author, edit.note) == ("new", "Ann", "why")
    assert (edit.units.tolist(), edit.before.tolist(), edit.after.tolist()) == ([2, 0], [-1, 3], [4, 4])
    assert (edit.lock_units.tolist(), edit.lock_after.tolist()) == ([1, 5], [True, False])
    assert edit.territories == (
        (None, Territory(4, "Zoë", "R-1", True, 2)),
        (Territory(3, "B"), Territory(3, "C")),
    )
    assert edit.at == datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    plan = codec.plan_from_bytes(base64.b64decode(KEPT["plan"]))
    assert (plan.assign.tolist(), plan.locked_units.tolist()) == ([0, -1, 3], [False, False, True])
    assert (plan.territories, plan.units_version) == ((Territory(0, "A", "R-1"), Territory(3, "B", color=5)), "v1")


@pytest.mark.parametrize("change", [{"units": ["0"]}, {"after": [99_999, 1]}, {"at": "noon"}, {"territories": [3]}])
def test_an_edit_that_isnt_one_is_told(change: dict[str, object]) -> None:
    whole = codec.unpack(base64.b64decode(KEPT["edit"]))
    with pytest.raises(StoreError, match="restore the database"):
        codec.edit_from_bytes(codec.pack({**whole, **change}))


@pytest.mark.parametrize("change", [{"assign": None}, {"locked": [7]}, {"territories": [[1]]}, {"units_version": 3}])
def test_a_plan_that_isnt_one_is_told(change: dict[str, object]) -> None:
    whole = codec.unpack(base64.b64decode(KEPT["plan"]))
    with pytest.raises(StoreError, match="restore the database"):
        codec.plan_from_bytes(codec.pack({**whole, **change}))


def test_definitions_of_scores() -> None:
    found = recipe.recipe_in({recipe.KEY: KEPT["recipe"]})
    assert found.kept == (
        PotentialBy("Potential", formula="Users * 10", current="Revenue"),
        TiersBy("Tier", "Potential", (0.7,), ("A", "B"), "measure"),
        ScoreBy("Score", (Ingredient("Potential", 3), Ingredient("Industry", 1, False, "skip", (("Health", 100.0),)))),
        WorkloadBy("Hours", "Tier", Effort(calls_a_day=5), homes=False, territories=2),
        Segments(
            "Size",
            (Segment("Large", "Users >= 10"), Segment("Health", column="Industry", values=("health", ""))),
            ("Revenue",),
        ),
        LikenessTo("Like", "Stage", ("Won",), ("Lost",)),
        Formula("F", "Users / 2"),
    )
    assert recipe.recipe_of(json.dumps(KEPT["recipe"]).encode()) == found
    assert recipe.recipe_in({recipe.KEY: json.loads(found.to_json())}) == found


def test_a_definition_of_a_later_version_is_kept_as_it_is() -> None:
    later = {"kind": "formula", "name": "F", "text": "Users", "unit": "people"}
    found = recipe.recipe_in({recipe.KEY: {"terr_scores": 1, "kept": [later]}})
    assert found.kept[0].why == 'the definition "F" can\'t be read: "unit" isn\'t known here'
    assert found.to_plain()["kept"] == [later]


def test_how_a_file_is_read_and_what_was_decided_about_it() -> None:
    columns = ColumnMap({"name": "Name", "zip": "Zip"}, {"Visits": "V", "Revenue": "Rev"}, ",")
    found = ImportSettings.of(KEPT["mapping"])
    assert found == ImportSettings(
        columns,
        {"Revenue": "USD"},
        {"decimal:Rev": ","},
        ("padded_zip:Zip",),
        (
            CorrectionStep(1, "cells", "2024-05-06T07:08:09+00:00", ((7, "Rev", "oops", "500"),)),
            CorrectionStep(2, "file", "2024-05-06T07:08:09+00:00", (), "ab" * 32, "mended.csv"),
        ),
        "Sheet1",
    )
    assert list(found.columns.measures) == ["Visits", "Revenue"]
    assert ImportSettings.of(json.loads(to_text(found.plain(), "it"))) == found
    assert ImportSettings.of({"fields": {"name": "N"}, "measures": {"M": "m"}, "money": None, "sheet": None}) == (
        ImportSettings(ColumnMap({"name": "N"}, {"M": "m"}))
    )
    merge, family = (
        DuplicateDecision(("A-1", "A-2"), "max", "A-1", {"Visits": "sum"}),
        FamilyDecision("P", "children", ("Revenue",)),
    )
    assert (merge_rules.merges_in(KEPT), merge_rules.families_in(KEPT)) == ((merge,), (family,))
    file = {**KEPT["mapping"], "format": decisions_file.FORMAT, "merges": KEPT["merges"], "families": KEPT["families"]}
    file["cells"] = [[7, "Rev", "500"]]
    read = decisions_file.read_decisions(json.dumps(file, indent=1).encode())
    assert read == decisions_file.Decisions(
        {"decimal:Rev": ","}, ("padded_zip:Zip",), ((7, "Rev", "500"),), (merge,), (family,), columns, "Sheet1"
    )
    with pytest.raises(InputError, match='"cells\\[0\\]" should be a list of length 3, not 2'):
        decisions_file.read_decisions(json.dumps({**file, "cells": [[1, "a"]]}).encode())


def test_what_a_plan_is_held_to() -> None:
    found = read_rules(KEPT["rules"])
    assert found == PlanRules(
        (
            MeasureLimit("Visits", 0.9, None),
            MeasureLimit("Rev", None, None, hard=False),
            MeasureLimit("Rev", 100, 200.5, as_load=True),
        ),
        (UnitGroup("Home", ("10001", "10003")),),
        ((3, 0.5), (4, 1.25)),
        0.05,
        ("DE",),
    )
    told = json.loads(to_text(rules_json(found), "rules"))
    assert told | KEPT["rules"] == told, "an earlier Terr finds what it knows"
    assert json.loads(to_text(rules_json(found), "rules")) == {**KEPT["rules"], "sides": "both"}, "all that came since"
