"""What a plan would sell over another: the plans' own figures go into the model."""

from __future__ import annotations

import numpy as np
import pytest

from terr.people.uplift import UpliftAssumptions
from terr.people.uplift import uplift as by_model
from terr.workspace.plan import editing
from terr.workspace.scenarios.comparison import PlanPoint, compare
from terr.workspace.scenarios.plan_uplift import plan_uplift, uplift_sentence
from tests.helpers.spaces import KENT, NEW_CASTLE, SUSSEX, data_set, more, start

ROWS = (("A-1", "Kent", "DE", 100.0), ("A-2", "New Castle", "DE", 300.0), ("A-3", "Sussex", "DE", 200.0))


@pytest.fixture
def found(ws):
    """Revenue 400 and 200; then 300 and 300, with Kent's 100 of 600 in other hands."""
    data = data_set(ws, ROWS)
    made = start(ws, data=data).id
    more(ws, made, ["South"])
    editing.paint(ws, made, [KENT, NEW_CASTLE], 0)
    before = editing.paint(ws, made, [SUSSEX], 1).rev
    editing.paint(ws, made, [KENT], 1)
    return compare(ws, PlanPoint(made, before, "First"), PlanPoint(made, None, "Second"))


def test_the_estimate_is_the_model_on_the_plans_figures(found) -> None:
    assumed = UpliftAssumptions((0.2, 0.5, 0.6), (0.0, 0.1, 0.2))
    told = plan_uplift(found, "Revenue", assumed)
    half = np.array([0.5, 0.5])
    assert told == by_model((np.array([400.0, 200.0]), half), (np.array([300.0, 300.0]), half), 1 / 6, assumed)
    assert told.alignment > 0 > told.low
    said = uplift_sentence(told, "First", "Second")
    assert said.startswith("By these assumptions nothing sure can be said: Second sells between −")
    sure = plan_uplift(found, "Revenue", UpliftAssumptions((0.2, 0.5, 0.6), (0.0, 0.0, 0.0)))
    assert uplift_sentence(sure, "First", "Second").startswith("By these assumptions Second sells between +")
